mutant "sim semaphore: permits that come back wake nobody" src/semaphore.rs \
    'if self.state.fetch_add(n * ONE, Release) & WATCHED != 0 {' 'if self.state.fetch_add(n * ONE, Release) & WATCHED == 0 && false {' sim_semaphore
mutant "sim semaphore: a waiter leaves no mark" src/semaphore/acquire.rs \
    'state | WATCHED };' 'state };' sim_semaphore
mutant "sim semaphore: the mark stays for ever" src/semaphore.rs \
    'self.state.fetch_and(!WATCHED, Relaxed);' '' sim_semaphore
mutant "sim semaphore: the mark goes while permits are owed" src/semaphore.rs \
    'if queue.0 == 0 {
            // Relaxed' 'if true {
            // Relaxed' sim_semaphore
mutant "sim semaphore: the fast path overtakes those who wait" src/semaphore/acquire.rs \
    'let nobody_is_before = n == 0 || state & WATCHED == 0;' 'let nobody_is_before = true;' sim_semaphore
mutant "sim semaphore: a request for nothing waits" src/semaphore/acquire.rs \
    'let nobody_is_before = n == 0 || ' 'let nobody_is_before = ' sim_semaphore
mutant "sim semaphore: one that fits is served before the front" src/semaphore.rs \
    'queue.oldest(|_| true)' 'queue.oldest(|&n| n <= self.free())' sim_semaphore
mutant "sim semaphore: who gives up tells nobody behind" src/semaphore/acquire.rs \
    '|queue| self.serve(queue)' '|_| ()' sim_semaphore
mutant "sim semaphore: permits for one that gave up in that moment are lost" src/semaphore.rs \
    'if !queue.grant(key) {' 'if !queue.grant(key) && false {' sim_semaphore
mutant "sim semaphore: permits are taken after the grant" src/semaphore.rs \
    'self.take_under_lock(n);
            if !queue.grant(key) {
                // It has given up in this very moment: what it was owed goes to the next. Relaxed,
                // as nothing was done with them.
                self.state.fetch_add(n * ONE, Relaxed);
            }' 'if queue.grant(key) { self.take_under_lock(n); }' sim_semaphore
mutant "sim semaphore: a shrink is paid after those who wait" src/semaphore.rs \
    'let paid = queue.0.min(state / ONE);' 'let paid = if queue.oldest(|_| true).is_some() { 0 } else { queue.0.min(state / ONE) };' sim_semaphore
mutant "sim semaphore: a shrink leaves no mark" src/semaphore.rs \
    'let mark = if paid < queue.0 { WATCHED } else { 0 };' 'let mark = 0;' sim_semaphore
mutant "sim semaphore: a shrink leaves a mark that nobody needs" src/semaphore.rs \
    'let mark = if paid < queue.0 { WATCHED } else { 0 };' 'let mark = WATCHED;' sim_semaphore
mutant "sim semaphore: a shrink is paid twice" src/semaphore.rs \
    'Ok(_) => return queue.0 -= paid,' 'Ok(_) => return,' sim_semaphore
mutant "sim semaphore: a shrink leaves those who wait for too many" src/semaphore.rs \
    'queue.refuse_all(|&n| n > size);' '' sim_semaphore
mutant "sim semaphore: added permits are free though some are owed" src/semaphore.rs \
    'let stay = queue.0.min(n);' 'let stay = 0;' sim_semaphore
mutant "sim semaphore: added permits serve nobody" src/semaphore.rs \
    'self.state.fetch_add((n - stay) * ONE, Relaxed);
        self.serve(&mut queue);' 'self.state.fetch_add((n - stay) * ONE, Relaxed);' sim_semaphore
mutant "semaphore: what is forgotten leaves the size" src/semaphore.rs \
    'let removed = n.min(self.size());
        // The sum' 'let removed = 0; return;
        // The sum' semaphore
mutant "sim semaphore: close leaves those who wait" src/semaphore.rs \
    'queue.refuse_all(|_| true);' '' sim_semaphore
mutant "sim semaphore: who comes in after close is not refused" src/semaphore/acquire.rs \
    'if state & CLOSED != 0 {' 'if false {' sim_semaphore
mutant "semaphore: permits are given out after close" src/semaphore/acquire.rs \
    'state & CLOSED == 0 && nobody' 'nobody' semaphore
mutant "sim semaphore: a request for more than all waits" src/semaphore/acquire.rs \
    'if n > self.size() {
                return' 'if false {
                return' sim_semaphore
mutant "sim semaphore: refused counts as granted" src/wait/queue/wishes.rs \
    'Verdict::Refused => Ok(false),' 'Verdict::Refused => Ok(true),' sim_semaphore
mutant "sim semaphore: a refused thread is not woken" src/wait/queue/wishes.rs \
    'self.woken.extend(waiter);' 'drop(waiter);' sim_semaphore
mutant "sim semaphore: a context that has ended takes free permits" src/semaphore/acquire.rs \
    'until.enter()?;' '' sim_semaphore
mutant "semaphore: parts of a permit are doubled" src/semaphore/permit.rs \
    'self.n -= n;' '' semaphore
mutant "semaphore: a merged permit comes back twice" src/semaphore/permit.rs \
    'mem::take(&mut other.n)' 'other.n' semaphore
mutant "semaphore: permits of two semaphores are merged" src/semaphore/permit.rs \
    'ptr::eq(self.semaphore(), other.semaphore()),' 'true,' semaphore
mutant "semaphore: too many permits are taken for granted" src/semaphore.rs \
    'permits <= Self::MAX' 'permits <= usize::MAX' semaphore
mutant "sim semaphore: an open-ended one refuses" src/semaphore.rs \
    'size & OPEN_ENDED == 0 && n > size' 'n > size' semaphore sim_semaphore
mutant "sim semaphore: an open-ended one becomes a usual one" src/semaphore.rs \
    '(size * ONE_OF_SIZE) | open_ended' '(size * ONE_OF_SIZE) | (open_ended & 0)' semaphore sim_semaphore
