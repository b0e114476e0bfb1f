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
mutant "sim limiter: a wait overtakes" src/limiter.rs \
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
    'settled.put_back(self.tokens);' '' limiter
mutant "sim limiter: tokens that come back tell nobody" src/limiter.rs \
    'self.state.bucket.put_back(tokens);
        self.serve();
        self.tell(FRONT);' 'self.state.bucket.put_back(tokens);
        self.serve();' sim_limiter
mutant "sim limiter: a token for one that gave up in that moment is lost" src/limiter.rs \
    'bucket.put_back(tokens); // the' '// the' sim_limiter
mutant "sim limiter: a thread that is served is not woken" src/limiter.rs \
    'self.woken.0.push(waiter);' '' sim_limiter
mutant "sim limiter: a front that moves is not told" src/limiter.rs \
    '} else if front_has_moved {' '} else if false {' sim_limiter sim_lib
mutant "sim limiter: those behind a place that is left are not told" src/limiter.rs \
    'self.serve();
            self.tell(FRONT);' 'self.serve();' sim_limiter
mutant "sim limiter: only the first waiting thread keeps the time" src/limiter/waiting.rs \
    'line.wait_at(number, Arc::clone(waiter), turn);' 'line.wait_at(number, Arc::clone(waiter), turn.filter(|_| number == 0));' sim_lib
mutant "sim limiter: one thread is the front" src/limiter.rs \
    'const FRONT: usize = 4;' 'const FRONT: usize = 1;' sim_lib
mutant "sim limiter: a new rate is told to the front alone" src/limiter.rs \
    'settled.tell(usize::MAX);' 'settled.tell(FRONT);' sim_lib
mutant "sim limiter: a new rate is not told" src/limiter.rs \
    'settled.tell(usize::MAX);' '' sim_limiter
mutant "sim limiter: a thread that is told does not look" src/limiter/line.rs \
    'if !seat.is_outdated && seat.noted' 'if seat.noted' sim_limiter
mutant "sim limiter: a thread that looks too early sleeps for ever" src/limiter/line.rs \
    '(seat.noted, seat.is_outdated) = (turn, false);
        turn' '(seat.noted, seat.is_outdated) = (turn, false);
        turn.filter(|_| false)' sim_limiter
mutant "sim limiter: a thread is told again and again" src/limiter/line.rs \
    'seat.is_outdated = true;' '' sim_lib
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
    'let Some(entries) = Arc::get_mut(bin) else { continue };' 'let Some(entries) = Arc::get_mut(bin) else { gone += bin.len(); idle.push(Arc::clone(bin)); empty.push(hash); continue };' sim_limiter
mutant "limiter: a key whose limiter is held is dropped" src/limiter/keyed.rs \
    'let Some(limiter) = Arc::get_mut(&mut entry.limiter) else { return false };
        limiter.is_as_new(rate, burst, now)' 'let Some(limiter) = Arc::get_mut(&mut entry.limiter) else { return true };
        limiter.is_as_new(rate, burst, now)' limiter
mutant "limiter: a key with a rate of its own is dropped" src/limiter.rs \
    'if bucket.rate() != rate || bucket.burst() != burst {' 'if false {' limiter
mutant "sim limiter: one key is made twice" src/limiter/keyed.rs \
    '(Some(there), Some(known)) => Arc::ptr_eq(there, known),' '(Some(_), Some(_)) => true,' sim_limiter
mutant "limiter: idle keys are kept" src/limiter/keyed.rs \
    'if self.len > FEW {' 'if false {' limiter
mutant "limiter: idle keys are looked for at the same place each time" src/limiter/keyed.rs \
    'self.cursor = next.unwrap_or(0);' '' limiter
mutant "limiter: all keys are looked at for a new one" src/limiter/keyed.rs \
    'const LOOKS_PER_KEY: usize = 4;' 'const LOOKS_PER_KEY: usize = usize::MAX;' limiter
mutant "sim limiter: all keys of a shard are looked at under one lock" src/limiter/keyed.rs \
    'const LOOKS_PER_LOCK: usize = 64;' 'const LOOKS_PER_LOCK: usize = usize::MAX;' sim_limiter
mutant "limiter: a replay goes by the clock" src/limiter.rs \
    'Settled::new(self.state.lock(), now)' '{ let _ = now; Settled::new(self.state.lock(), sys::now()) }' limiter
mutant "limiter: a decimal of a time is cut off" src/limiter/rate.rs \
    'if part % scale != 0 {' 'if false {' limiter
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
