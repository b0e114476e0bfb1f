mutant "limiter: tokens come twice after the clock went back" src/limiter/bucket.rs \
    'if elapsed > 0 {' 'if elapsed == 0 { self.settled = Some(now); } else {' lib
mutant "limiter: the part of a token is rounded to whole parts of a slow rate" src/limiter/rate.rs \
    'const FINE: u64 = 1 << 56;' 'const FINE: u64 = 1;' lib
mutant "limiter: a burst has no end" src/limiter.rs \
    'state.bucket.spill();
        state.bucket.take(n)' 'state.bucket.take(n)' sim_limiter
mutant "limiter: an allow overtakes" src/limiter.rs \
    'if !state.line.is_empty() {
            return Settled::new(state, now).take_now(n);
        }' '' limiter sim_limiter
mutant "sim limiter: a wait overtakes" src/limiter/settled.rs \
    'self.state.line.is_empty() && self.state.bucket.take(n)' 'self.state.bucket.take(n)' sim_limiter
mutant "limiter: a turn comes a nanosecond early" src/limiter/bucket.rs \
    'missing.div_ceil(per_nano)' 'missing / per_nano' lib
mutant "limiter: an infinite rate is paid for" src/limiter/bucket.rs \
    'if self.rate.is_infinite() {
            return true;
        }' '' limiter
mutant "limiter: what an infinite rate gave away comes back" src/limiter/bucket.rs \
    'self.era += u64::from(rate.is_infinite() != self.rate.is_infinite());' '' limiter
mutant "limiter: a cancelled reservation gives nothing back" src/limiter/reservation.rs \
    'settled.state.bucket.put_back(self.tokens);' '' limiter
mutant "sim limiter: tokens that come back do not move the timekeeper's turn" src/limiter/reservation.rs \
    'settled.serve();
            settled.tell_timekeeper();' 'settled.serve();' sim_limiter
mutant "sim limiter: a token for one that gave up in that moment is lost" src/limiter/settled.rs \
    'bucket.put_back(tokens); // it' '// it' sim_limiter
mutant "sim limiter: a thread that is served is not woken" src/limiter/settled.rs \
    'self.woken.0.push(waiter);' '' sim_limiter
mutant "sim limiter: nobody follows a timekeeper that is served" src/limiter/settled.rs \
    '} else if keeper_is_gone {' '} else if false {' sim_limiter
mutant "sim limiter: nobody follows a timekeeper that leaves" src/limiter/settled.rs \
    'number < keeper)' 'number > keeper)' sim_limiter
mutant "sim limiter: who waits does not hear of a new rate" src/limiter.rs \
    'settled.serve();
        settled.tell_timekeeper();' 'settled.serve();' sim_limiter
mutant "sim limiter: a wait that unwinds or gives up keeps its place" src/limiter/waiting.rs \
    'self.limiter.settle().leave(self.number);' '' sim_limiter
mutant "sim limiter: a bound that comes too early is waited for" src/limiter/waiting.rs \
    'turn.is_none_or(|turn| turn > bound)) {
            return Err(LimitError::TooLate);' 'turn.is_none()) {
            return Err(LimitError::TooLate);' sim_limiter
mutant "sim limiter: a bound that comes just in time is refused" src/limiter/waiting.rs \
    'turn > bound' 'turn >= bound' sim_limiter
mutant "limiter: a reservation that comes too late is not cancelled" src/limiter/reservation.rs \
    'self.cancel();
                Err(error)' 'Err(error)' limiter
mutant "sim wait: who gives up does not look once more when its time is up" src/wait/waiter.rs \
    'let is_over = bound.is_some_and(|bound| bound <= sys::now());
            let next_look = look();' 'let next_look = look();
            let is_over = bound.is_some_and(|bound| bound <= sys::now());' sim_limiter
mutant "sim wait: who looks sleeps past its bound" src/wait/waiter.rs \
    'match next_look.into_iter().chain(bound).min() {' 'match next_look.or(bound) {' sim_limiter
mutant "sim limiter: a key in use is dropped" src/limiter/keyed.rs \
    'let Some(entries) = Arc::get_mut(bin) else { return true };' 'let Some(entries) = Arc::get_mut(bin) else { gone += bin.len(); idle.push(Arc::clone(bin)); return false };' sim_limiter
mutant "limiter: a key whose limiter is held is dropped" src/limiter/keyed.rs \
    'let Some(limiter) = Arc::get_mut(&mut entry.limiter) else { return false };
        limiter.is_as_new(rate, burst, now)' 'let Some(limiter) = Arc::get_mut(&mut entry.limiter) else { return true };
        limiter.is_as_new(rate, burst, now)' limiter
mutant "limiter: a key with a rate of its own is dropped" src/limiter.rs \
    'if bucket.rate() != rate || bucket.burst() != burst {' 'if false {' limiter
mutant "sim limiter: one key is made twice" src/limiter/keyed.rs \
    '(Some(there), Some(known)) if Arc::ptr_eq(there, known) => {}' '(Some(_), Some(_)) => {}' sim_limiter
mutant "limiter: idle keys are kept" src/limiter/keyed.rs \
    'Some(keys.take_idle(self.rate, self.burst, sys::now()))' 'Some(Vec::new())' limiter
mutant "limiter: the first call of Sometimes is like any other" src/limiter/sometimes.rs \
    'call == 0
            || ' '' limiter
mutant "limiter: a run of Sometimes that panics is not over" src/limiter/sometimes.rs \
    'let _ends = Ends(self);
        Some(f())' 'let value = f();
        drop(Ends(self));
        Some(value)' limiter
mutant "sim limiter: the interval of Sometimes is from the end of the first run" src/limiter/sometimes.rs \
    'state.ended = now.max(state.ended);' 'state.ended = state.ended.or(now);' sim_limiter
mutant "sim limiter: two run in the interval of Sometimes" src/limiter/sometimes.rs \
    'self.running == 0 && ' '' limiter
