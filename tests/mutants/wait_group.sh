mutant "wait_group: the last task wakes nobody" src/wait_group.rs \
    'waiters.grant_all();' '{}' wait_group
mutant "wait_group: the last task wakes one" src/wait_group.rs \
    'waiters.grant_all();' 'waiters.grant_one();' wait_group
mutant "wait_group: a waiter leaves no mark" src/wait_group.rs \
    'state | WAITING, Relaxed, Acquire' 'state, Relaxed, Acquire' wait_group
mutant "wait_group: a count below zero is taken" src/wait_group.rs \
    'refuse_done();' 'return;' misuse wait_group
mutant "wait_group: a panic is forgotten" src/wait_group/go.rs \
    'panic::resume_unwind(*payload);' 'drop(payload);' wait_group_go
mutant "wait_group: the last panic is kept" src/wait_group/go.rs \
    'if self.0.is_some() {' 'if false {' wait_group_go
mutant "sim wait_group: the last task wakes nobody" src/wait_group.rs \
    'waiters.grant_all();' '{}' sim_wait_group
mutant "sim wait_group: the last task wakes one" src/wait_group.rs \
    'waiters.grant_all();' 'waiters.grant_one();' sim_wait_group
mutant "sim wait_group: the last task does not see who waits" src/wait_group.rs \
    'let step = if state == tasks | WAITING {' 'let step = if false {' sim_wait_group
mutant "sim wait_group: the waiters are granted whatever the count" src/wait_group.rs \
    'if step.is_ok() {' '{' sim_wait_group
mutant "sim wait_group: a waiter leaves no mark" src/wait_group.rs \
    'state | WAITING, Relaxed, Acquire' 'state, Relaxed, Acquire' sim_wait_group
mutant "sim wait_group: a waiter takes the mark for made" src/wait_group.rs \
    'zero may be what we find.
                Err(now) => state = now,' 'zero may be what we find.
                Err(_) => return false,' sim_wait_group
mutant "sim wait_group: a waiter enters the queue at zero" src/wait_group.rs \
    'while state >= ONE_TASK {' 'while state < usize::MAX {' sim_wait_group
mutant "sim wait_group: a step that failed is tried again as it was" src/wait_group.rs \
    'Err(now) => state = now,' 'Err(_) => {}' sim_wait_group
mutant "sim wait_group: an add that went too far is taken back unseen" src/wait_group.rs \
    'self.subtract(n * ONE_TASK);' 'self.state.fetch_sub(n * ONE_TASK, Release);' sim_wait_group
mutant "sim wait_group: an add that went too far is not taken back" src/wait_group.rs \
    'self.subtract(n * ONE_TASK);' '{}' sim_wait_group
mutant "sim wait_group: a count below zero is taken" src/wait_group.rs \
    'refuse_done();' 'return;' sim_wait_group
mutant "sim wait_group: a wait runs no tasks" src/wait_group.rs \
    'threads::run_group_here(self.address());' '{}' sim_threads
mutant "sim wait_group: a token that is dropped counts nothing out" src/wait_group/token.rs \
    'self.group().done();' '{}' sim_wait_group
mutant "sim wait_group: a clone of a token counts nothing in" src/wait_group/token.rs \
    'Token::new(self.0.clone())' 'Token(self.0.clone())' sim_wait_group
mutant "sim wait_group: a panic is forgotten" src/wait_group/go.rs \
    'panic::resume_unwind(*payload);' 'drop(payload);' sim_wait_group
mutant "sim wait_group: a task reports before its thread is free" src/wait_group/go.rs \
    'drop(finish);
        drop(token);' 'drop(token);
        drop(finish);' sim_threads
mutant "wait_group: of many tasks the first may find itself alone" src/wait_group/go.rs \
    'self.add(tasks.len());
        let counted = || Token::counted(Arc::clone(self));' 'let counted = || Token::new(Arc::clone(self));' wait_group_go
mutant "wait_group: many tasks are counted though there are none" src/wait_group/go.rs \
    'if tasks.is_empty() {' 'self.add(1);
        if tasks.is_empty() {' wait_group_go
