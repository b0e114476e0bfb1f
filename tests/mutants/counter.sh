mutant "counter: a change wakes nobody" src/counter.rs \
    'self.wake();' '{}' counter sim_counter
mutant "counter: a waiter leaves no mark" src/counter.rs \
    'self.waiting.store(true, Relaxed);' '{}' counter sim_counter
mutant "counter: the last look before the queue is skipped" src/wait/queue.rs \
    'register() != seen' '{ register(); false }' sim_counter
mutant "counter: the last look comes before the mark" src/counter.rs \
    '        self.waiting.store(true, Relaxed);' '        let seen = self.get();
        self.waiting.store(true, Relaxed);
        if seen != i64::MIN { return seen; }' sim_counter
mutant "counter: one of many waiters is woken" src/counter.rs \
    'waiters.grant_all();' 'waiters.grant_one();' sim_counter
mutant "counter: a swap tells nobody" src/counter.rs \
    'let previous = self.value.swap(value, AcqRel);
        self.changed();' 'let previous = self.value.swap(value, AcqRel);' counter
mutant "counter: an addition tells nobody" src/counter.rs \
    'let previous = self.value.fetch_add(n, AcqRel);
        self.changed();' 'let previous = self.value.fetch_add(n, AcqRel);' counter sim_counter
mutant "counter: setting a bit tells nobody" src/counter.rs \
    'let previous = self.value.fetch_or(bits, AcqRel);
        self.changed();' 'let previous = self.value.fetch_or(bits, AcqRel);' counter
mutant "counter: a refused step stays" src/counter.rs \
    'self.wrapping_sub(n);' '{}' counter sim_counter
mutant "counter: a large step is made before it is checked" src/counter.rs \
    'const LARGEST_UNCHECKED: u64 = 1 << 32;' 'const LARGEST_UNCHECKED: u64 = i64::MAX as u64;' sim_counter
mutant "counter: a step may leave the range" src/counter.rs \
    'value >= Counter::MIN && value <= Counter::MAX' 'value >= Counter::MIN && value <= Counter::MAX + 1' counter
mutant "counter: a wait looks at no clock while the value changes" src/wait/queue.rs \
    'if until.is_over() {' 'if false {' counter
mutant "counter: a wait begins under a context that has ended" src/wait/queue.rs \
    'until.enter()?;
        loop {' 'loop {' counter
mutant "counter: the clock is asked before the value" src/wait/queue.rs \
    'if condition(seen) {' 'if !until.is_over() && condition(seen) {' counter
mutant "counter: a checked step wraps" src/counter.rs \
    'self.try_update(|value| value.checked_add(n)).ok().map(|value| value + n)' \
    'self.try_update(|value| Some(value.wrapping_add(n))).ok().map(|value| value.wrapping_add(n))' counter sim_counter
mutant "counter: a subtraction adds" src/counter.rs \
    'self.add_and_check(-n)' 'self.add_and_check(n)' counter
mutant "counter: a step is two" src/counter.rs \
    'match self.value.compare_exchange_weak(seen, new, AcqRel, Acquire) {' \
    'match Ok::<i64, i64>(self.value.swap(new, AcqRel)) {' sim_counter

mutant "gauge: the peak stays" src/counter/gauge.rs \
    'while peak_in(seen) < now {' 'while false {' counter
mutant "gauge: a count that has passed is not in the peak" src/counter/gauge.rs \
    'if now > peak_in(before) && !self.raise_peak(now) {' 'if now > peak_in(before) && !self.raise_peak(self.current()) {' sim_counter
mutant "gauge: a restart forgets those in flight" src/counter/gauge.rs \
    'with_peak(seen, count(seen).min(Self::MAX))' 'with_peak(seen, 0) & !COUNT' counter sim_counter
mutant "gauge: a restart returns the count" src/counter/gauge.rs \
    'Ok(_) => return peak(seen),' 'Ok(_) => return count(seen),' counter sim_counter
mutant "gauge: an end lowers the peak" src/counter/gauge.rs \
    'if self.state.fetch_sub(ONE, Release)' 'if self.state.fetch_sub(ONE + (1 << PEAK_SHIFT), Release)' counter
mutant "gauge: a full one goes on" src/counter/gauge.rs \
    'if now > Self::MAX {' 'if false {' lib
mutant "gauge: a refused track stays" src/counter/gauge.rs \
    'self.end();
            refuse_track();' 'refuse_track();' lib
mutant "gauge: a waiter leaves no mark" src/counter/gauge.rs \
    'self.state.fetch_or(WAITING, Acquire)' 'self.state.load(Acquire)' sim_counter
mutant "gauge: an end wakes nobody" src/counter/gauge.rs \
    'if self.state.fetch_sub(ONE, Release) & WAITING' 'if self.state.fetch_sub(ONE, Release) & 0' sim_counter
mutant "gauge: a beginning wakes nobody" src/counter/gauge.rs \
    'if before & WAITING != 0 {' 'if false {' counter

mutant "sharded: what ended threads have counted is lost" src/counter/sharded/home.rs \
    'parts.rest += i128::from(cell.added());' '{}' counter_sharded
mutant "sharded: what ended threads have counted is counted twice" src/counter/sharded/home.rs \
    'cell.added.store(0, Relaxed);' '{}' counter_sharded
mutant "sharded: a sum falls between the rest and the cell" src/counter/sharded/home.rs \
    'cell.added.store(0, Relaxed);' \
    'drop(parts); cell.added.store(0, Relaxed); let mut parts = home.parts.lock();' \
    sim_counter_sharded
mutant "sharded: a cell is not used again" src/counter/sharded/home.rs \
    'parts.free.push(cell);' 'drop(cell);' counter_sharded sim_counter_sharded
mutant "sharded: threads that have ended keep their cells" src/counter/sharded/mine.rs \
    'fast.chain(others).for_each(move_out);' 'fast.chain(others).for_each(drop);' counter_sharded
mutant "sharded: a thread adds to the cell of a counter that is gone" src/counter/sharded/home.rs \
    'self.address == home.address()' 'self.address != usize::MAX || home.address() == 0' counter_sharded_slots
mutant "sharded: a fast slot is given to another counter" src/counter/sharded/slots.rs \
    'if self.0 >= FAST {' 'if true {' counter_sharded_slots
mutant "sharded: what is added as a thread ends is lost" src/counter/sharded.rs \
    'home.add(n);' '{}' counter_sharded
mutant "sharded: the part of a thread wraps" src/counter/sharded/home.rs \
    'self.added().checked_add(n)' 'Some(self.added().wrapping_add(n))' counter_sharded
mutant "sharded: the first addition is lost" src/counter/sharded.rs \
    'let added = mine::add(home, n);' 'let added = mine::add(home, 0);' counter_sharded

# Survivors, which cost time or memory and no test can see:
# - `self.waiting.store(false, Relaxed)` in `wake` dropped: each later change takes the lock in vain.
# - `fetch_add(0, AcqRel)` in `register` made a `load`: the kit is sequentially consistent; the argument is there.
# - AcqRel, Release or Acquire in `counter.rs` or `gauge.rs` made Relaxed: for ThreadSanitizer, with
#   `what_was_done_before_a_step_is_there_when_its_wait_returns` on data that is not atomic.
# - a `Slot` that is not given back, or shared by two late counters: tables grow, or cells change hands.
