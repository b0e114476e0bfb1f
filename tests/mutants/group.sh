# Survivors of the first runs, and why: "a refused task does not cancel the group" (its siblings are refused
# one by one), "a wait runs no tasks" (workers run them), "a bounded wait sees to nothing" (the watcher
# looks a step later).
# The default policy.
mutant "group: siblings are cancelled before the error is recorded" src/group/first_failure.rs \
    'let mut record = self.record();
        let is_first' 'self.members.cancel(why); std::thread::yield_now();
        let mut record = self.record();
        let is_first' err_group
mutant "group: the last error wins" src/group/first_failure.rs \
    'record.error.is_none() && !record.is_closed' '!record.is_closed' err_group
mutant "group: an error does not cancel the siblings" src/group/first_failure.rs \
    'self.members.cancel(&why);' '{}' err_group
mutant "group: a later error is the cause of the end" src/group/first_failure.rs \
    'record.why.get_or_insert_with(|| why.into())' '&Arc::<str>::from(why)' sim_err_group
mutant "group: skipped work is not reported" src/group/first_failure.rs \
    '(None, Some(unrun)) => Err(unrun.into()),' '(None, Some(_)) => Ok(()),' err_group_stop
mutant "group: a refused task does not cancel the group" src/group/first_failure.rs \
    'self.members.cancel(&stopped.to_string());' '{}' thread_limit
mutant "group: a refused task is not reported" src/group/first_failure.rs \
    'let stopped = label.stopped(WhyStopped::Refused(why));
                self.record().unrun.get_or_insert_with(|| stopped.clone());' 'let stopped = label.stopped(WhyStopped::Refused(why));' thread_limit

# The members.
mutant "group: a panic does not cancel the siblings" src/group/members.rs \
    'self.cancel("a task of the group panicked");' '{}' err_group_panics err_group
mutant "group: a panic is forgotten" src/group/members.rs \
    'if first.is_none() { first.replace(payload) }' 'if false { first.replace(payload) }' err_group_panics err_group
mutant "group: the last panic wins" src/group/members.rs \
    'if first.is_none() { first.replace(payload) }' 'if true { first.replace(payload) }' err_group_panics
mutant "group: a task's thread dies with a callback's panic" src/group/members.rs \
    'if let Err(payload) = cancelled {
            self.keep_panic(payload);' 'if let Err(payload) = cancelled {
            panic::resume_unwind(payload);' err_group_panics
mutant "group: the wait for a slot cannot be cancelled" src/group/members.rs \
    'threads::wait_for_slot(&self.queue, Until::from(&self.context))' 'threads::wait_for_slot(&self.queue, Until::FOREVER)' err_group_limit
mutant "group: a task of the group waits for a slot" src/group/members.rs \
    'if threads::is_current(&self.queue) {' 'if false {' sim_err_group_siblings
mutant "group: the caller always runs tasks" src/group/members.rs \
    'while self.caller_runs && threads::run_oldest' 'while threads::run_oldest' inline err_group_limit
mutant "group: the caller never runs tasks" src/group/members.rs \
    'while self.caller_runs && threads::run_oldest' 'while false && threads::run_oldest' inline
mutant "group: try_go waits for a slot" src/group/members.rs \
    'if !waits {
            return Err(Refusal::Limit);
        }' '' err_group_limit
mutant "group: a wait runs no tasks" src/group/members.rs \
    'threads::drain(&self.queue, false);' '{}' thread_limit
mutant "group: a bounded wait sees to nothing" src/group/members.rs \
    'threads::see_to(&self.queue);
        self.queue.count.wait(until)' 'self.queue.count.wait(until)' sim_err_group

# Tasks.
mutant "group: a stopped group starts tasks" src/group/task_cell.rs \
    'if let Some(cause) = members.context().ended() {' 'if let Some(cause) = members.context().ended().filter(|_| false) {' sim_err_group
mutant "group: a stopped group runs queued tasks" src/group/ended.rs \
    'match context.ended() {' 'match context.ended().filter(|_| false) {' sim_err_group
mutant "group: a refused thread keeps the slot" src/group/task_cell.rs \
    'if has_slot {
                    threads::return_slot(&members.queue);
                }' '{}' misuse thread_limit
mutant "group: a queued task is not run by the thread that joins it" src/group/task.rs \
    'threads::run_task(queue, self.handle.index());' '{}' err_group_siblings
mutant "group: a scope returns before its tasks have ended" src/group/task_cell.rs \
    'wait_for_all(members);
    // ' '// ' err_group
mutant "group: the body's panic is not the group's" src/group/task_cell.rs \
    'result.map_err(|payload| members.panicked(payload)).ok()' 'result.map_err(drop).ok()' err_group_panics
mutant "group: the slot comes free after the join" src/group/task_cell.rs \
    'let is_all = !release.is_needed() && state & WAITING == 0;' 'let is_all = state & WAITING == 0;' sim_err_group_siblings
mutant "group: a joiner that has left its mark is not woken" src/group/task_cell.rs \
    'let is_all = !release.is_needed() && state & WAITING == 0;' 'let is_all = !release.is_needed();' sim_err_group
mutant "group: a handle is told and not woken" src/group/task_cell.rs \
    'unsafe { &(*head).joiners }.lock().grant_all();' '{}' sim_err_group
mutant "group: a joiner leaves no mark" src/group/task_cell.rs \
    'self.state.fetch_or(WAITING, Acquire) & DONE != 0' 'self.state.load(Acquire) & DONE != 0' sim_err_group
mutant "group: a handle that goes leaves its value" src/group/task_cell.rs \
    'unwanted = unsafe { (*head.result.get()).take() };' 'unwanted = None::<Outcome<T>>;' sim_err_group_values
mutant "group: a task leaves its value to a handle that has gone" src/group/task_cell.rs \
    'if state & GONE == 0 {' 'if state & GONE == 0 || true {' sim_err_group_values
mutant "group: the cell is freed by both its owners" src/group/task_cell.rs \
    'if word.fetch_or(PARTED, AcqRel) & GONE == 0 { Owner::Other } else { Owner::Last }' 'if word.fetch_or(PARTED, AcqRel) & GONE == 0 { Owner::Last } else { Owner::Last }' sim_err_group
mutant "group: a value that no handle takes is dropped when slot and thread are others'" src/group/task_cell.rs \
    'if mem::needs_drop::<T>() || matches!(result, Some(Err(_))) {' 'release.now();
    if mem::needs_drop::<T>() || matches!(result, Some(Err(_))) {' sim_err_group_values
mutant "group: the panic of a value that no handle takes is lost" src/group/task_cell.rs \
    'if let Err(payload) = drop_caught(result) {
            members.panicked(payload);' 'if let Err(payload) = drop_caught(result) {
            mem::forget(payload);' sim_err_group_values

# Owned groups.
mutant "group: dropping an owned group does not cancel it" src/group/owned.rs \
    'members.cancel("the group has ended");' '{}' err_group_owned
mutant "group: an owned group that has ended starts tasks" src/group/owned.rs \
    'members.queue.close();
        members.cancel("the group has ended");' 'members.cancel("the group has ended");' sim_err_group_siblings
mutant "group: a task that drops its group waits for itself" src/group/owned.rs \
    'if members.may_be_inside() {
            members.queue.close();' 'if false {
            members.queue.close();' self_drop
mutant "group: a group that its task has dropped is not kept for the others" src/group/owned.rs \
    'self.tasks.spawner().outlive(&members.queue);' '{}' self_drop
mutant "group: a task that waits for its own group hangs" src/group/owned.rs \
    'assert!(!members.is_inside(), "ErrGroup::wait' 'assert!(true, "ErrGroup::wait' self_drop

# Policies.
mutant "policy: stop is not heard" src/group/policy_driver.rs \
    'Ok(Flow::Stop) => self.stop(),' 'Ok(Flow::Stop) => {}' policies
mutant "policy: outcomes that arrive during a call are lost" src/group/policy_driver.rs \
    'if pending.outcomes.is_empty() {' 'if true {' sim_policies
mutant "policy: the panic of a policy is not kept" src/group/policy_driver.rs \
    'members.panicked(payload);
                    drop_caught' 'drop(payload);
                    drop_caught' sim_threads_barrier
mutant "policy: errors stay in the order of arrival" src/group/policies/errors.rs \
    'failed.sort_by_key(|(index, _)| *index);' 'failed.sort_by_key(|(index, _)| usize::MAX - *index);' policies
