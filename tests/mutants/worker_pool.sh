mutant "worker_pool: a job of its own waits for room" src/worker_pool/submit.rs \
    '} else if Ours::is_here(&self.queue) {' '} else if false {' sim_worker_pool
mutant "worker_pool: a job that was not done has no result" src/worker_pool/promise.rs \
    'self.fill(Err(Lost::NotDone));' '{}' worker_pool
mutant "worker_pool: a result is there and nobody is woken" src/worker_pool/promise.rs \
    'stage.grant_all();' '{}' sim_worker_pool
mutant "worker_pool: a result that nobody wants ends its worker" src/worker_pool/promise.rs \
    'drop_quietly(cell);' 'drop(cell);' worker_pool
mutant "worker_pool: a numbered result that nobody wants ends its worker" src/worker_pool/promise.rs \
    'drop_quietly(inbox.force((number, result)))' 'drop(inbox.force((number, result)))' sim_worker_pool
mutant "worker_pool: a state that has seen a panic is used again" src/worker_pool/worker.rs \
    'drop_quietly(state);
                state = make_state(number);' '{}' worker_pool
mutant "worker_pool: a state whose drop panics cancels the pool" src/worker_pool/worker.rs \
    'drop_quietly(state);
    //' 'drop(state);
    //' sim_worker_pool
mutant "worker_pool: a job that panics ends its worker" src/worker_pool/worker.rs \
    'drop_quietly(payload);' 'std::panic::resume_unwind(payload);' worker_pool
mutant "worker_pool: the first worker to hear of the end tells nobody" src/worker_pool/worker.rs \
    'queue.close();
    queue.take_back().for_each(drop_quietly);' '' sim_worker_pool
mutant "worker_pool: a pool whose context has ended accepts jobs" src/worker_pool/submit.rs \
    '} else if self.context().ended().is_some() {' '} else if false {' worker_pool
mutant "worker_pool: cancel leaves the jobs in the queue" src/worker_pool.rs \
    'let left = self.queue.take_back().map(|entry| entry.job).collect();' 'let left = Vec::new();' worker_pool
mutant "worker_pool: cancel does not tell the jobs" src/worker_pool.rs \
    'self.group().cancel();' '{}' worker_pool
mutant "worker_pool: a cancelled pool stays open" src/worker_pool.rs \
    'pub fn cancel(&self) -> Vec<J> {
        self.queue.close();' 'pub fn cancel(&self) -> Vec<J> {' sim_worker_pool
mutant "worker_pool: jobs whose drops panic" src/worker_pool.rs \
    'self.cancel().into_iter().for_each(drop_quietly);' 'drop(self.cancel());' worker_pool
mutant "worker_pool: shutdown by a job waits for itself" src/worker_pool.rs \
    'self.refuse_own_job("WorkerPool::shutdown_until");' '{}' worker_pool
mutant "worker_pool: a worker takes several jobs" src/worker_pool/builder.rs \
    'belt::<Entry<J, R>>(queue, true)' 'belt::<Entry<J, R>>(queue, false)' worker_pool sim_worker_pool
mutant "worker_pool: results come by the order of their jobs" src/worker_pool/run.rs \
    'Promise::to_inbox(number, &inbox)' 'Promise::to_inbox(awaited, &inbox)' worker_pool
mutant "worker_pool: results wait till all jobs are submitted" src/worker_pool/run.rs \
    'while let Some((_, (number, result))) = results.try_take() {' 'while let Some((_, (number, result))) = None::<(u64, Numbered<R>)> {' sim_worker_pool
