mutant "counter: a change wakes nobody" src/counter/watched.rs \
    'self.wake();' '{}' counter sim_counter
mutant "counter: a waiter leaves no mark" src/counter/watched.rs \
    'self.waiting.store(true, Relaxed);' '{}' counter sim_counter
mutant "counter: the last look before the queue is skipped" src/counter/watched.rs \
    'self.word.fetch_add(0, AcqRel) != seen' 'seen != seen' sim_counter
mutant "counter: the last look comes before the mark" src/counter/watched.rs \
    '    fn enlist(&self, seen: u64) -> bool {' '    fn enlist(&self, seen: u64) -> bool {
        if self.get() == seen { self.waiting.store(true, Relaxed); return false; }' sim_counter
mutant "counter: one of many waiters is woken" src/counter/watched.rs \
    'waiters.grant_all();' 'waiters.grant_one();' sim_counter
mutant "counter: a swap tells nobody" src/counter/watched.rs \
    'self.tell(self.word.swap(new, AcqRel))' 'self.word.swap(new, AcqRel)' counter
mutant "counter: a wrapping step tells nobody" src/counter/watched.rs \
    'self.tell(self.word.fetch_add(n, AcqRel)).wrapping_add(n)' \
    'self.word.fetch_add(n, AcqRel).wrapping_add(n)' counter sim_counter
mutant "counter: a wait looks at no clock while the value changes" src/counter/watched.rs \
    'if until.is_over() {' 'if until.is_over() && seen == u64::MAX - 1 {' counter
mutant "counter: a wait begins under a context that has ended" src/counter/watched.rs \
    'until.enter()?;' '' counter
mutant "counter: the clock is asked before the value" src/counter/watched.rs \
    'if is_it(seen) {' 'if !until.is_over() && is_it(seen) {' counter
mutant "counter: a checked step wraps" src/counter/steps.rs \
    'value.checked_add(n))' 'Some(value.wrapping_add(n)))' counter sim_counter
mutant "counter: a subtraction adds" src/counter/steps.rs \
    'value.checked_sub(n))' 'value.checked_add(n))' counter
mutant "counter: a step is two" src/counter/watched.rs \
    'match self.word.compare_exchange_weak(seen, new, AcqRel, Acquire) {' \
    'match Ok::<u64, u64>(self.word.swap(new, AcqRel)) {' sim_counter

mutant "gauge: the peak stays" src/counter/gauge.rs \
    'peak(word).max(now)' 'peak(word)' counter
mutant "gauge: the peak falls" src/counter/gauge.rs \
    'peak(word).max(now)' 'now' counter
mutant "gauge: a restart forgets who is there" src/counter/gauge.rs \
    'Some(both(current(word), current(word)))' 'Some(both(current(word), 0))' counter sim_counter
mutant "gauge: a restart returns the count" src/counter/gauge.rs \
    'before = peak(word);' 'before = current(word);' counter sim_counter
mutant "gauge: the end of a tracking lowers the peak" src/counter/gauge.rs \
    'self.both.wrapping_add(ONE.wrapping_neg());' \
    'self.both.wrapping_add((ONE << PEAK_SHIFT).wrapping_neg().wrapping_sub(ONE));' counter
mutant "gauge: a full one goes round" src/counter/gauge.rs \
    'current(word).checked_add(1)?' 'current(word).wrapping_add(1)' lib

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
# - `fetch_add(0, AcqRel)` in `enlist` made a `load`: the kit is sequentially consistent; the argument is there.
# - AcqRel or Acquire in `watched.rs` made Relaxed: for ThreadSanitizer, with
#   `what_was_done_before_a_step_is_there_when_its_wait_returns` on data that is not atomic.
# - a `Slot` that is not given back, or shared by two late counters: tables grow, or cells change hands.
