mutant "wait: a granted thread is not woken" src/wait/queue.rs \
    'waiter.wake();' '{}' wait_group
mutant "wait: an interrupted thread is not woken" src/wait/waiter.rs \
    'self.wake();' '{}' context_wait
mutant "wait: a context that has ended does not fail at once" src/wait/until.rs \
    'Some(cause) => Err(Interrupted::Cancelled(cause)),' 'Some(_) => Ok(()),' wait_group_until
mutant "wait: a give-up by the context is reported as a timeout" src/wait/until.rs \
    'Some(cause) => Interrupted::Cancelled(cause),' 'Some(_) => Interrupted::TimedOut,' context_wait wait_group
mutant "sim wait: the last look before the queue is skipped" src/wait/queue.rs \
    'if last(&mut self.state) {' 'if last(&mut self.state) && false {' sim_wait_group
mutant "sim wait: a granted thread is not woken" src/wait/queue.rs \
    'waiter.wake();' '{}' sim_wait_layer
mutant "sim wait: the granted are woken under the lock" src/wait/queue.rs \
    'self.guard = None;' '{}' sim_lib
mutant "sim wait: what a waiter that gave up was owed is lost" src/wait/queue.rs \
    'next = list.after(key);' 'return None;' sim_lib
mutant "sim wait: a granted waiter stays in the queue" src/wait/queue.rs \
    'return self.leave(key);' 'return Some(Arc::clone(waiter));' sim_lib
mutant "sim wait: everybody is one" src/wait/queue.rs \
    'while self.grant_one() {}' 'self.grant_one();' sim_wait_group
mutant "sim wait: who has given up can be granted" src/wait/waiter.rs \
    'self.decide(GRANTED)' 'self.decide(GRANTED) || true' sim_lib
mutant "sim wait: an interruption overrules a grant" src/wait/waiter.rs \
    'if self.decide(GIVEN_UP) {' 'self.state.store(GIVEN_UP, Release); {' sim_wait_layer
mutant "sim wait: an interrupted thread is not woken" src/wait/waiter.rs \
    'if self.decide(GIVEN_UP) {
            self.wake();' 'if self.decide(GIVEN_UP) {' sim_wait_layer
mutant "sim wait: a thread whose time is up overrules a grant" src/wait/waiter.rs \
    '} else if self.decide(GIVEN_UP) {' '} else {' sim_lib
mutant "sim wait: the clock comes before the event" src/wait/waiter.rs \
    'is taken, however late it is.
            if let Some(verdict) = self.verdict() {' 'is not taken.
            if let Some(verdict) = self.verdict().filter(|_| alarm > sys::now()) {' sim_lib
mutant "sim wait: a thread that sleeps for ever looks once" src/wait/waiter.rs \
    'sys::park();
        }' 'sys::park();
            return Verdict::Granted;
        }' sim_wait_layer
mutant "sim wait: a thread looks at the clock and not at its fate" src/wait/waiter.rs \
    'sys::park_deadline(alarm);' 'sys::park_deadline(alarm); return Verdict::Granted;' sim_wait_layer
mutant "sim wait: at the very instant there is still time" src/wait/waiter.rs \
    'alarm > sys::now()' 'alarm >= sys::now()' sim_wait_layer
mutant "sim wait: who has given up is taken for granted" src/wait/waiter.rs \
    '_ => Some(Verdict::GivenUp),' '_ => Some(Verdict::Granted),' sim_wait_layer
mutant "sim wait: a thread that does not sleep is unparked" src/wait/waiter.rs \
    'if state == WAITING || state & ASLEEP != 0 {' '{ let _ = state;' sim_lib
mutant "sim wait: a thread sleeps without a mark" src/wait/waiter.rs \
    'compare_exchange(WAITING, ASLEEP, Relaxed, Relaxed)' 'compare_exchange(REFUSED, ASLEEP, Relaxed, Relaxed)' sim_lib
mutant "sim wait: a thread that is asleep cannot be granted" src/wait/waiter.rs \
    'Err(ASLEEP) => {' 'Err(REFUSED) => {' sim_lib
mutant "sim wait: a thread that looks again sleeps without a mark" src/wait/waiter.rs \
    'self.mark_asleep();
        let bound' 'let bound' sim_limiter
mutant "sim wait: the end of the context is not heard" src/wait/waiter.rs \
    'let _watch = until.watch(self);' 'let _watch = ();' sim_wait_layer
mutant "sim wait: the end of the other context is not heard" src/wait/waiter.rs \
    'let _watch = other.watch(&waiter);' 'let _watch = other;' sim_wait_layer
mutant "sim wait: the deadline of the context is not kept" src/wait/until.rs \
    'of_source.into_iter().chain(self.deadline).min()' '{ let _ = of_source; self.deadline }' sim_wait_group
mutant "sim wait: the latest bound counts" src/wait/until.rs \
    'of_source.into_iter().chain(self.deadline).min()' 'of_source.into_iter().chain(self.deadline).max()' sim_wait_group
mutant "sim wait: a waiter that has gone stays with its context" src/wait/until.rs \
    'source.unwatch(key);' '{ let _ = (source, key); }' sim_lib
mutant "sim wait: a give-up by the context is reported as a timeout" src/wait/until.rs \
    'Some(cause) => Interrupted::Cancelled(cause),' 'Some(_) => Interrupted::TimedOut,' sim_wait_layer
mutant "sim wait: a thread that unwinds stays in the queue" src/wait/queue/wishes.rs \
    'None => self.waiter.gives_up(),' 'None => false,' sim_lib
mutant "sim wait: a thread that unwinds leaves its mark" src/wait/queue/wishes.rs \
    'left(&mut queue);' 'let _ = left;' sim_semaphore
mutant "sim wait: a thread that unwinds does not give up" src/wait/waiter.rs \
    'self.decide(GIVEN_UP) || self' 'self' sim_lib
mutant "wait: a waiter that gives up stays in the queue" src/wait/queue/wishes.rs \
    'queue.inner().leave(self.key);' '' lib
mutant "sim wait: a waiter that gives up stays in the queue" src/wait/queue/wishes.rs \
    'queue.inner().leave(self.key);' '' sim_lib
mutant "sim wait: a waiter that gives up leaves after the callbacks" src/wait/queue/wishes.rs \
    'drop(place);' '' sim_semaphore
mutant "wait: a slot is granted to a waiter that gave up" src/wait/queue.rs \
    'if entry.waiter.grant() {' 'if entry.waiter.grant() || true {' lib
mutant "sim wait: a slot is granted to a waiter that gave up" src/wait/queue.rs \
    'if entry.waiter.grant() {' 'if entry.waiter.grant() || true {' sim_lib
