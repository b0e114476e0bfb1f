mutant "group: siblings are cancelled before the error is recorded" src/group/first.rs \
    'let mut record = self.record.lock();
        let surplus =' 'core.cancel(why); std::thread::yield_now();
        let mut record = self.record.lock();
        let surplus =' err_group
mutant "group: the last error wins" src/group/first.rs \
    'if record.error.is_none() { record.error.replace(error) }' 'if true { record.error.replace(error) }' err_group
mutant "group: an error does not cancel the siblings" src/group/first.rs \
    'core.cancel(&why);' '{}' err_group
mutant "group: a later error is the cause of the end" src/group/first.rs \
    'record.why.get_or_insert_with(|| why.into())' '&Arc::<str>::from(why)' sim_err_group
mutant "group: a panic does not cancel the siblings" src/group/core.rs \
    'self.cancel("a task of the group panicked");' '{}' err_group_panics err_group
mutant "group: a panic is forgotten" src/group/core.rs \
    'if first.is_none() { first.replace(payload) }' 'if false { first.replace(payload) }' err_group_panics err_group
mutant "group: a stopped group starts tasks" src/group/attempt.rs \
    'match core.context().ended() {' 'match core.context().ended().filter(|_| false) {' sim_err_group
mutant "group: skipped work is not reported" src/group/first.rs \
    '(None, Some(skipped)) => Err(skipped.into()),' '(None, Some(_)) => Ok(()),' err_group_stop
mutant "group: the limit is one too high" src/group/slots.rs \
    'free: limit,' 'free: limit + 1,' err_group_limit
mutant "group: a slot that comes free wakes nobody" src/group/slots.rs \
    'next.is_none() && !state.grant_one()' 'next.is_none()' err_group_limit
mutant "group: the wait for a slot cannot be cancelled" src/group/core.rs \
    'slots.take(Until::from(&self.context))' 'slots.take(Until::FOREVER)' err_group_limit
mutant "group: a refused thread keeps the slot" src/group/core.rs \
    'self.give_slot_back();
                Err' 'Err' misuse err_group_limit
mutant "group: a queued sibling is not run by who joins it" src/group/task.rs \
    'self.promised.core().help(self.index());' '{}' err_group_siblings
mutant "group: dropping an owned group does not cancel it" src/group/owned.rs \
    'core.cancel("the group has ended");' '{}' err_group_owned
mutant "group: a task's thread dies with a callback's panic" src/group/core.rs \
    'self.keep_panic(payload);
        }' 'panic::resume_unwind(payload);
        }' err_group_panics
mutant "policy: stop is not heard" src/group/ledger.rs \
    'Ok(Flow::Stop) => self.stop(core),' 'Ok(Flow::Stop) => {}' policies
mutant "policy: outcomes that arrive during a call are lost" src/group/ledger.rs \
    'if entries.waiting.is_empty() {' 'if true {' sim_policies
mutant "policy: errors stay in the order of arrival" src/group/policies/errors.rs \
    'failed.sort_by_key(|(index, _)| *index);' 'failed.sort_by_key(|(index, _)| usize::MAX - *index);' policies
mutant "group: a slot that comes free while a task queues another is left alone" src/group/slots.rs \
    'if state.try_take() {
            return Some(queued);' 'if false {
            return Some(queued);' err_group_slots
mutant "group: the slot comes free after the join" src/group/first.rs \
    'turn.over();' '{}' sim_err_group

# A task and its handle share the place for the result. What becomes of a value that nobody takes:
mutant "group: a handle that goes leaves its value to the task" src/group/task.rs \
    'drop(self.promised.place().abandon());' '{}' sim_err_group_values
mutant "group: a task leaves its value to a handle that has gone" src/group/packet.rs \
    'if self.place.closed.load(Relaxed) {' 'if false {' sim_err_group_values
mutant "group: a value that nobody takes is dropped when slot and thread are others'" src/group/first.rs \
    'if let Some(unwanted) = promise.leave(result) {' 'if let Some(unwanted) = promise.leave(result) {
            turn.over();' sim_err_group_values
mutant "group: the panic of a value that nobody takes is lost" src/group/first.rs \
    'drop_caught(unwanted) {
                turn.core().panicked(payload);' 'drop_caught(unwanted) {
                std::mem::forget(payload);' sim_err_group_values
mutant "group: a task is joined when its value is there and its slot is not" src/group/packet.rs \
    '|_| self.is_filled())' '|left| left.is_some())' sim_err_group
mutant "group: a handle is told and not woken" src/group/packet.rs \
    'place.grant_all();' '{}' sim_err_group
mutant "group: a queued sibling that its joiner has run is run again" src/group/slots.rs \
    'state.queued.remove(place)' 'state.queued.get(place).cloned()' sim_err_group_siblings
mutant "group: a task goes on where one with another name has ended" src/group/turn.rs \
    'finish.suits(wanted)' '{ let _ = wanted; finish.suits(wanted); true }' sim_err_group_siblings
mutant "group: a thread that was lent is kept for queued tasks" src/threads/worker.rs \
    'Thread::Lent => false,' 'Thread::Lent => true,' sim_err_group_siblings
mutant "group: a scope returns before its tasks have ended" src/group/erase.rs \
    'core.wait();
    result' 'result' err_group
