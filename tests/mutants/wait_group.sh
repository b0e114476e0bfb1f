mutant "wait_group: the last task wakes nobody" src/wait/task_count.rs \
    'waiters.grant_all();' '{}' wait_group
mutant "wait_group: the last task wakes one" src/wait/task_count.rs \
    'waiters.grant_all();' 'waiters.grant_one();' wait_group
mutant "wait_group: a waiter leaves no mark" src/wait/task_count.rs \
    'state | WAITING, Relaxed, Acquire' 'state, Relaxed, Acquire' wait_group
mutant "wait_group: a count below zero is taken" src/wait_group.rs \
    'refuse_done();' 'return;' misuse wait_group
mutant "wait_group: a panic is forgotten" src/wait_group/go.rs \
    'panic::resume_unwind(payload);' 'drop(payload);' wait_group_go
mutant "wait_group: the last panic is kept" src/wait_group/go.rs \
    'if first.is_none() { first.replace(payload) }' 'if true { first.replace(payload) }' wait_group_go
mutant "wait_group: a wait while unwinding raises the panic of a task" src/wait_group/go.rs \
    'load(Relaxed) || thread::panicking() {' 'load(Relaxed) {' inline
mutant "wait_group: a wait while unwinding loses the panic of a task" src/wait_group/go.rs \
    'load(Relaxed) || thread::panicking() {' 'load(Relaxed) || thread::panicking() {
            drop_quietly(tasks.first_panic.lock().take());' inline
mutant "wait_group: a task waits for itself" src/wait_group/go.rs \
    '!threads::is_inside(&tasks.queue),' 'true,' self_drop
mutant "wait_group: a refused task is not reported" src/wait_group/go.rs \
    'panic::catch_unwind(AssertUnwindSafe(|| refuse(f, &why)))' 'panic::catch_unwind(AssertUnwindSafe(|| drop((f, why))))' thread_limit
mutant "wait_group: try_go is not exact" src/wait_group/go.rs \
    'self.start(&Spec::DEFAULT, Start::Exact, f)' 'self.start(&Spec::DEFAULT, Start::Any, f)' thread_limit
mutant "wait_group: a task is counted out before its thread is free" src/wait_group/go.rs \
    'release.now();
        drop(token);' 'drop(token);
        release.now();' thread_limit
mutant "wait_group: of many tasks all but one are counted" src/wait_group/go.rs \
    'self.add(tasks.len());' 'self.add(tasks.len() - 1);' wait_group_go
mutant "wait_group: many tasks are counted though there are none" src/wait_group/go.rs \
    'if tasks.is_empty() {' 'self.add(1);
        if tasks.is_empty() {' wait_group_go
mutant "sim wait_group: the last task wakes nobody" src/wait/task_count.rs \
    'waiters.grant_all();' '{}' sim_wait_group
mutant "sim wait_group: the last task wakes one" src/wait/task_count.rs \
    'waiters.grant_all();' 'waiters.grant_one();' sim_wait_group
mutant "sim wait_group: the last task does not see who waits" src/wait/task_count.rs \
    'let step = if state == tasks | WAITING {' 'let step = if false {' sim_wait_group
mutant "sim wait_group: the waiters are granted whatever the count" src/wait/task_count.rs \
    'if step.is_ok() {' '{' sim_wait_group
mutant "sim wait_group: a waiter leaves no mark" src/wait/task_count.rs \
    'state | WAITING, Relaxed, Acquire' 'state, Relaxed, Acquire' sim_wait_group
mutant "sim wait_group: a waiter takes the mark for made" src/wait/task_count.rs \
    'zero may be what was found.
                Err(now) => state = now,' 'zero may be what was found.
                Err(_) => return false,' sim_wait_group
mutant "sim wait_group: a waiter enters the queue at zero" src/wait/task_count.rs \
    'while state >= ONE_TASK {' 'while state < usize::MAX {' sim_wait_group
mutant "sim wait_group: a step that failed is tried again as it was" src/wait/task_count.rs \
    'Err(now) => state = now,' 'Err(_) => {}' sim_wait_group
mutant "sim wait_group: an add that went too far is taken back unseen" src/wait/task_count.rs \
    'self.subtract(n * ONE_TASK);' 'self.state.fetch_sub(n * ONE_TASK, Release);' sim_wait_group
mutant "sim wait_group: an add that went too far is not taken back" src/wait/task_count.rs \
    'self.subtract(n * ONE_TASK);' '{}' sim_wait_group
mutant "sim wait_group: a count below zero is taken" src/wait_group.rs \
    'refuse_done();' 'return;' sim_wait_group
mutant "sim wait_group: a wait runs no tasks" src/wait_group/go.rs \
    'threads::drain(&tasks.queue, true);' '{}' sim_threads
mutant "sim wait_group: a bounded wait sees to nothing" src/wait_group.rs \
    'threads::see_to(&tasks.queue);' '{}' sim_run_queues
mutant "sim wait_group: a token that is dropped counts nothing out" src/wait_group/token.rs \
    'self.group().done();' '{}' sim_wait_group
mutant "sim wait_group: a clone of a token counts nothing in" src/wait_group/token.rs \
    'Token::new(self.0.clone())' 'Token(self.0.clone())' sim_wait_group
mutant "sim wait_group: a panic is forgotten" src/wait_group/go.rs \
    'panic::resume_unwind(payload);' 'drop(payload);' sim_wait_group
