mutant "cond: the mutex is unlocked before the thread counts as waiting" src/cond.rs \
    'let place = self.waiting.enter();
        MutexGuard::unlocked(guard, || {' 'MutexGuard::unlocked(guard, || {
            let place = self.waiting.enter();' sim_cond
mutant "cond: nobody asks again when the time is up" src/cond.rs \
    'return if condition(guard) { Err(interrupted) } else { Ok(()) };' 'return Err(interrupted);' cond
mutant "cond: the condition is asked though the context has ended" src/cond.rs \
    'until.enter()?;
        while' 'while' cond
mutant "cond: the mutex is unlocked though the context has ended" src/cond.rs \
    'until.enter()?;
        let call' 'let call' sim_cond
mutant "cond: a condition is asked only once" src/cond.rs \
    'while condition(guard) {
            self.wait(guard);' 'if condition(guard) {
            self.wait(guard);' sim_cond cond
mutant "tickets: a signal is for all" src/wait/tickets.rs \
    'self.use_up(|_| 1)' 'self.use_up(Word::holders)' sim_cond
mutant "tickets: a broadcast is for one" src/wait/tickets.rs \
    'self.use_up(Word::holders)' 'self.use_up(|_| 1)' sim_cond
mutant "tickets: a signal overtakes the list" src/wait/tickets.rs \
    'while !word.is_listed() {' 'while word.holders() > 0 || !word.is_listed() {' sim_cond
mutant "tickets: all get the same number" src/wait/tickets.rs \
    'before.new_ticket()' 'before.ticket(0)' sim_cond
mutant "tickets: a step that fails counts as a signal" src/wait/tickets.rs \
    'Err(now) => word = Word(now),' 'Err(_) => return true,' sim_cond
mutant "tickets: who parks leaves no mark" src/wait/tickets/listed.rs \
    'self.word.fetch_or(LISTED, Acquire)' 'self.word.load(Acquire)' sim_cond
mutant "tickets: who parks does not look again" src/wait/tickets/listed.rs \
    'line.take_place(ticket, waiter)' 'Some(line.push(Arc::clone(waiter)))' sim_cond
mutant "tickets: who parks keeps no places" src/wait/tickets/listed.rs \
    'self.keep_places(&mut line, word, older, 1);' 'self.keep_places(&mut line, word, 0, 1);' sim_cond
mutant "tickets: a place is kept for the wrong ticket" src/wait/tickets/listed.rs \
    'word.ticket(place)' 'word.ticket(place + 1)' sim_cond
mutant "tickets: the only core overtakes those with tickets" src/wait/tickets/listed.rs \
    'self.keep_places(&mut line, word, word.holders(), 0);' '' sim_lib
mutant "tickets: the only core leaves no mark" src/wait/tickets/listed.rs \
    'self.word.fetch_or(LISTED, Relaxed)' 'self.word.load(Relaxed)' sim_lib
mutant "tickets: a signal ends with the list" src/wait/tickets/listed.rs \
    'if granted.is_none() {' 'if false {' sim_cond sim_lib
mutant "tickets: a signal of the list is for a ticket too" src/wait/tickets/listed.rs \
    'if granted.is_none() {' '{' sim_cond sim_lib
mutant "tickets: a thread of the list is not woken" src/wait/tickets/listed.rs \
    'if let Some(Granted::Waiter(waiter)) = granted {' 'if let Some(Granted::Waiter(waiter)) = granted.filter(|_| false) {' sim_cond
mutant "tickets: a broadcast ends with the list" src/wait/tickets/listed.rs \
    'self.use_up_listed(Word::holders);' '' sim_cond
mutant "tickets: a broadcast wakes nobody in the list" src/wait/tickets/listed.rs \
    'for waiter in woken {
            waiter.wake();
        }' 'drop(woken);' sim_cond
mutant "tickets: the mark goes while some are in the list" src/wait/tickets/listed.rs \
    'if line.is_empty() {' '{' sim_cond
mutant "tickets: the mark stays for ever" src/wait/tickets/listed.rs \
    'if line.is_empty() {' 'if false {' sim_lib
mutant "tickets: the mark stays when it was set for nothing" src/wait/tickets/listed.rs \
    'self.settle(&line);
        key' 'key' sim_lib
mutant "tickets: who gives up stays in the list" src/wait/tickets/listed.rs \
    'line.leave(key);' '{ let _ = key; }' sim_lib
mutant "tickets: a ticket that is gone is taken for a signal" src/wait/tickets/place.rs \
    'word.place_of(ticket).is_none() && !word.is_listed()' 'word.place_of(ticket).is_none()' sim_cond
mutant "tickets: a dropped place keeps its signal" src/wait/tickets/place.rs \
    'self.tickets.signal();' '' sim_lib
mutant "tickets: a dropped place stays" src/wait/tickets/place.rs \
    'if self.at.is_some() && self' 'if false && self' sim_lib
mutant "tickets: a dropped place makes a signal up" src/wait/tickets/place.rs \
    'if self.at.is_some() && self.park(&Duration::ZERO.into()).is_ok() {' 'if self.at.is_some() { let _ = self.park(&Duration::ZERO.into());' sim_lib
mutant "tickets: a signal goes to one that has given up" src/wait/tickets/line.rs \
    'if waiter.grant() =>' 'if waiter.grant() || true =>' sim_cond
mutant "tickets: a broadcast stops at one that has given up" src/wait/tickets/line.rs \
    'while let Some(granted) = listed.grant_after(&mut given_up) {' 'while let (None, Some(granted)) = (given_up, listed.grant_after(&mut given_up)) {' sim_cond sim_lib
mutant "tickets: a signalled place is still kept" src/wait/tickets/line.rs \
    'self.places.retain(|(_, place)| *place != key);' '' sim_lib
mutant "tickets: numbers do not come again" src/wait/tickets/word.rs \
    'ticket.0.wrapping_sub(self.0 / ONE_USED) % Self::NUMBERS' 'ticket.0.saturating_sub(self.0 / ONE_USED)' lib
mutant "tickets: threads that park count as nobody" src/wait/tickets/word.rs \
    'self.0 % ONE_USED == 0' 'self.holders() == 0' sim_cond
