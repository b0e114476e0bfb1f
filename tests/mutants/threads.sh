mutant "threads: a searcher that takes a task appoints nobody" src/threads/pool.rs \
    'successor = Some(appointed);' 'drop(appointed);' err_group_threads err_group
mutant "threads: a searcher goes idle and keeps its office" src/threads/searcher.rs \
    'pool::office().set(Search::Nobody);
            }
            pool.idle' '}
            pool.idle' err_group wait_group_go
mutant "threads: a nap has no end while tasks are blocked" src/threads/searcher.rs \
    'pool.stalled = pool.taken == taken;
        if pool.running < sys::cores() {
            break;
        }' '{}' err_group_threads
mutant "threads: a waiting thread runs tasks of others" src/threads.rs \
    'id.group == group && serial' 'serial' wait_group_go
mutant "threads: threads with names are never given up" src/threads/cache.rs \
    'let room = self.count < MOST_IDLE;' 'let room = true;' err_group_slots
mutant "threads: nobody counts the threads" src/threads/cap.rs \
    'if LIVING.fetch_add(1, Relaxed) >= most {' 'if LIVING.fetch_add(1, Relaxed) == usize::MAX {' max_threads
mutant "threads: a thread that is refused stays counted" src/threads/cap.rs \
    'LIVING.fetch_sub(1, Relaxed);
            let text' 'let text' max_threads

# What follows is found in the simulator. It sees no orderings; ThreadSanitizer does. Nor does it see
# what only saves time: whether a new searcher naps at all, whether it goes on as a searcher or as a
# helper when another has taken its place, whether helpers are woken where tasks are blocked.
mutant "sim threads: a searcher that has gone is relied upon" src/threads/pool.rs \
    'Claim::Searched => {' 'Claim::Searched if true => None,
            Claim::Searched => {' sim_threads
mutant "sim threads: a searcher that takes a task appoints nobody" src/threads/pool.rs \
    'successor = Some(appointed);' 'drop(appointed);' sim_threads
mutant "sim threads: a searcher leaves tasks behind" src/threads/pool.rs \
    'if self.queue.len() == 1 {' 'if true {' sim_threads
mutant "sim threads: a searcher keeps its office while it runs a task" src/threads/pool.rs \
    'office().set(Search::Nobody);
            } else if self.napping' '} else if self.napping' sim_threads
mutant "sim threads: nobody knows that there is a searcher" src/threads/office.rs \
    'compare_exchange(NOBODY, AWAKE,' 'compare_exchange(NOBODY, NOBODY,' sim_threads
mutant "sim threads: there is always enough running" src/threads/pool.rs \
    'awake > 0 && awake + 1 >= sys::cores() && !self.stalled' 'awake > 0' sim_threads
mutant "sim threads: a queued task is not to be seen" src/threads/pool.rs \
    'if was_empty {' 'if false {' sim_threads
mutant "sim threads: a waiting thread looks at the oldest task only" src/threads/pool.rs \
    '.chain(newest.rev())' '.chain(newest.rev().take(0))' sim_threads
mutant "sim threads: tasks are run inside one another without end" src/threads/lent.rs \
    'if depth == DEEPEST || ' 'if ' sim_threads
mutant "sim threads: a thread that leaves stays among the idle" src/threads/pool.rs \
    'place.and_then(|place| pool.idle.remove(place)).is_some()' 'place.is_some()' sim_threads
mutant "sim threads: a thread leaves though it has been appointed" src/threads/searcher.rs \
    'None if pool::withdraw(me) => return,' 'None if pool::withdraw(me) || true => return,' sim_threads
mutant "sim threads: a thread that has finished a task is not the searcher" src/threads/searcher.rs \
    'if pool::office().try_take() {' 'if false {' sim_threads
mutant "sim threads: a searcher goes idle and keeps its office" src/threads/searcher.rs \
    'pool::office().set(Search::Nobody);
            }
            pool.idle' '}
            pool.idle' sim_threads
mutant "sim threads: a successor is not woken" src/threads/searcher.rs \
    'successor.wake(Role::Searcher);' 'drop(successor);' sim_threads
mutant "sim threads: a nap has no end while tasks are blocked" src/threads/searcher.rs \
    'pool.stalled = pool.taken == taken;' '{ let _ = taken; }' sim_threads
mutant "sim threads: an office is left to a thread that does not nap" src/threads/pool.rs \
    'self.napping > 0 && self.is_busy()' 'self.is_busy()' sim_threads
mutant "sim threads: a thread that has napped counts as napping" src/threads/searcher.rs \
    'pool.napping -= 1;' '{}' sim_threads
mutant "sim threads: the office of one that naps is taken in name only" src/threads/searcher.rs \
    'self.role = Role::Searcher;
                continue;' 'continue;' sim_threads
mutant "sim threads: a role is not left for the sleeper" src/threads/sleeper.rs \
    '*place = Some(role);' '{ let _ = role; }' sim_threads
mutant "sim threads: a sleeper does not look for its role before it sleeps" src/threads/sleeper.rs \
    '|role| role.is_some()' '|_| false' sim_threads
mutant "sim threads: a waiting thread runs tasks of others" src/threads.rs \
    'id.group == group && serial' 'serial' sim_threads
mutant "sim threads: a waiting thread runs tasks without end" src/threads.rs \
    '< *end.get_or_insert(pushed)' '< *end.get_or_insert(pushed + 1000)' sim_threads
mutant "sim threads: a named thread does not end with a task of its own" src/threads/worker.rs \
    'worker.leaving.store(true, Relaxed);' '{}' sim_threads
mutant "sim threads: a named thread leaves though it has been claimed" src/threads/worker.rs \
    'if cache::withdraw(self) {' 'if cache::withdraw(self) || true {' sim_threads
mutant "sim threads: a named thread is not woken for its task" src/threads/worker.rs \
    'inbox.grant_one();' '{}' sim_threads
mutant "sim threads: a named thread finds the task before" src/threads/worker.rs \
    'self.posted.store(false, Relaxed);' '{}' sim_threads
mutant "sim threads: a named thread that leaves stays among the idle" src/threads/cache.rs \
    'place.map(|place| stack.remove(place)).is_some()' 'place.is_some()' sim_threads
mutant "sim threads: no named thread is used again" src/threads/cache.rs \
    'IDLE.get().lock().pop(spec)' '{ let _ = Idle::pop; None }' sim_threads
mutant "sim threads: a thread of its own is kept" src/threads/cache.rs \
    '!worker.spec.own_thread && IDLE' 'IDLE' sim_threads
mutant "sim threads: threads with names are never given up" src/threads/cache.rs \
    'let room = self.count < MOST_IDLE;' 'let room = true;' sim_threads

# Tasks that meet, and threads that are refused.
mutant "sim threads: no thread of the pool is used again" src/threads/pool.rs \
    'self.idle.pop_back().map_or_else(searcher::start, Ok)' 'searcher::start()' sim_threads_barrier
mutant "sim threads: tasks meet, and a searcher leaves some behind" src/threads/pool.rs \
    'if self.queue.len() == 1 {' 'if true {' sim_threads_barrier
mutant "sim threads: tasks meet, and a searcher that takes one appoints nobody" src/threads/pool.rs \
    'successor = Some(appointed);' 'drop(appointed);' sim_threads_barrier
mutant "sim threads: tasks meet, and a thread that leaves stays among the idle" src/threads/pool.rs \
    'place.and_then(|place| pool.idle.remove(place)).is_some()' 'place.is_some()' sim_threads_barrier
mutant "sim threads: tasks meet, and a thread leaves though it has been appointed" src/threads/searcher.rs \
    'None if pool::withdraw(me) => return,' 'None if pool::withdraw(me) || true => return,' sim_threads_barrier
mutant "sim threads: a thread reports before it can be used again" src/threads/searcher.rs \
    'if pool::office().try_take() {' 'if false {' sim_threads_barrier
mutant "sim threads: a thread that was refused is relied upon" src/threads/pool.rs \
    'let searcher = self.idle_or_new()?;' 'office().set(Search::Awake);
        let searcher = self.idle_or_new()?;' sim_threads_refused
mutant "sim threads: a searcher without a successor keeps its office" src/threads/pool.rs \
    'office().set(Search::Nobody);
                is_starved = true;' 'is_starved = true;' sim_threads_refused
mutant "sim threads: a searcher without a successor leaves no office" src/threads/pool.rs \
    '} else if self.running > 0 {
                return Take::Refused;' '} else if true {
                return Take::Refused;' sim_threads_refused
mutant "sim threads: a task is accepted though there is no thread for it" src/threads/pool.rs \
    'Ok(lock().appoint()?.map_or' 'Ok(lock().appoint().unwrap_or(None).map_or' sim_threads_refused
mutant "sim threads: a panic of a task is not caught where it runs" src/wait_group/go.rs \
    'if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(f)) {' 'if let Err(payload) = Ok::<(), Payload>(f()) {' sim_threads_barrier
mutant "sim threads: a panic of a callback is not caught where it runs" src/group/core.rs \
    'panic::catch_unwind(AssertUnwindSafe(|| self.canceller.cancel_because(why)))' 'Ok::<(), Payload>(self.canceller.cancel_because(why))' sim_threads_barrier
mutant "sim threads: a panic of a policy is not kept" src/group/ledger.rs \
    'core.panicked(payload);
                    drop_caught' 'drop(payload);
                    drop_caught' sim_threads_barrier
mutant "sim threads: no named thread of a refused task is given back" src/threads/cache.rs \
    'idle.map_or_else(|| worker::start(spec.clone()), Ok)' 'Ok(idle.unwrap_or_else(|| worker::start(spec.clone()).unwrap()))' sim_threads_refused
mutant "sim threads: nobody asks again for a searcher that was refused" src/threads/searcher.rs \
    'rescue::ask_later();' '{}' sim_threads_refused
mutant "sim threads: a task that nobody can run is left in the queue" src/threads/pool.rs \
    'let newest = self.queue.split_off(others);' 'let newest = self.queue.split_off(others + count);' sim_threads_refused
mutant "sim threads: a thread that came too late for the office is lost" src/threads/pool.rs \
    'self.idle.push_back(searcher);' 'drop(searcher);' sim_threads
mutant "sim threads: who is refused a thread has the office in the meantime" src/threads/pool.rs \
    'if office().get() != Search::Nobody {
            return Ok(None);
        }' 'if !office().try_take() {
            return Ok(None);
        }
        let here = self.idle_or_new();
        if here.is_err() {
            office().set(Search::Nobody);
        }
        return here.map(Some);
        #[expect(unreachable_code)]' sim_threads_office
