# Survivors of the first runs (load 8 to 18 on two cores), and why:
# - "gives back its slot after its thread": nobody can see the order, which is for the next starter only.
# - "an urgent queue is left to its attached worker", "a waiter that parks stays counted", "a look takes no
#   awaited queue", "no share but the own": the watcher looks a step later and takes all. In the kit that
#   costs no time, so only a delay of up to two of its sleeps could tell; the kit would need a slow watcher.
# - "a share that is given back changes its order": a joiner then misses the task, which a worker runs.
# - "a waiter runs only what was there, of a group too": workers run the rest.
# - "a worker that detaches stays counted": likewise, what is pushed then is left to the watcher.
# - "a drained queue stays urgent": that costs time only, since nothing of it is left to its waiter.
# - "no longer inside its outer tasks": the parent of the queue finds them as well.
# A task as a thread sees it.
mutant "threads: a task gives back its slot after its thread" src/threads/job.rs \
    '[self.slot.take(), self.thread.take()]' '[self.thread.take(), self.slot.take()]' err_group_limit thread_limit
mutant "threads: a task gives nothing back" src/threads/job.rs \
    'occupied.give_back();' 'let _ = occupied;' err_group_limit
mutant "threads: an inline task forbids user code on its thread" src/threads/job.rs \
    'if !self.is_inline {' 'if self.is_inline {' inline err_group

# The run queue.
mutant "sim threads: a push to a listed queue is not announced" src/threads/run_queue.rs \
    '} else if inner.attached > 0 && !inner.is_urgent {' '} else if inner.attached == 0 {
            News::None
        } else if inner.attached > 0 && !inner.is_urgent {' sim_threads_barrier
mutant "sim threads: a push to an empty queue is not announced" src/threads/run_queue.rs \
    'if !mem::replace(&mut inner.is_listed, true) {' 'if mem::replace(&mut inner.is_listed, true) {' sim_threads_barrier
mutant "sim threads: an urgent queue is left to its attached worker" src/threads/run_queue.rs \
    '} else if inner.attached > 0 && !inner.is_urgent {' '} else if inner.attached > 0 {' sim_run_queues
mutant "sim threads: a detached worker leaves its share behind" src/threads/run_queue.rs \
    'while let Some(entry) = tasks.pop_back() {
            insert(&mut inner.tasks, entry);
        }' 'tasks.len();' sim_run_queues
mutant "sim threads: a share that is given back changes its order" src/threads/run_queue.rs \
    'while let Some(entry) = tasks.pop_back() {
            insert(&mut inner.tasks, entry);' 'while let Some(entry) = tasks.pop_back() {
            inner.tasks.push_back(entry);' sim_run_queues
mutant "sim threads: a worker that detaches stays counted" src/threads/run_queue.rs \
    'if mem::take(is_attached) {
            inner.attached -= 1;
        }' 'mem::take(is_attached);' sim_run_queues
mutant "sim threads: a waiter that parks stays counted" src/threads/run_queue.rs \
    'if mem::take(&mut draining.is_counted) {
            inner.draining -= 1;
        }
        inner.is_unattended()' 'mem::take(&mut draining.is_counted);
        inner.is_unattended()' sim_run_queues
mutant "sim threads: no share but the own is looked into" src/threads/run_queue.rs \
    'entry = inner.shares.iter().find_map(|share| share.take_if(|_| true));' '{}' sim_run_queues
mutant "sim threads: a waiter runs tasks that came after it began" src/threads/run_queue.rs \
    'if draining.only_present {' 'if false {' sim_threads
mutant "sim threads: a waiter runs only what was there, of a group too" src/threads/run_queue.rs \
    'if draining.only_present {' 'if true {' sim_err_group
mutant "threads: a queue keeps its memory" src/threads/run_queue.rs \
    'if queue.is_empty() && queue.capacity() > KEPT {' 'if false {' leaves_nothing_behind
mutant "threads: the tasks that were held back keep their memory" src/threads/run_queue.rs \
    'give_memory_back(&mut slots.held);' '{}' leaves_nothing_behind
mutant "threads: the tasks that were held up keep their memory" src/threads/pool.rs \
    'give_memory_back(&mut self.held_up);' '{}' leaves_nothing_behind
mutant "sim threads: a joiner takes any task" src/threads/run_queue.rs \
    'let mut entry = remove(&mut inner.tasks, index);' 'let mut entry = inner.tasks.pop_front();' sim_threads sim_err_group
mutant "threads: a joiner does not run what the limit holds back" src/threads/run_queue.rs \
    'if entry.is_none() && held {' 'if false {' err_group_siblings
mutant "sim threads: any joiner runs what the limit holds back" src/threads/run_queue.rs \
    'if entry.is_none() && held {' 'if entry.is_none() {' sim_err_group_siblings
mutant "threads: a queue that is inside another is not found there" src/threads/run_queue.rs \
    'parent = here.parent(is_certain);' 'parent = None;' self_drop
mutant "threads: a wait counts groups that a task has left behind as its own" src/threads/run_queue.rs \
    'if self.waits || !is_certain {' 'if true {' self_drop
mutant "sim threads: a look takes no awaited queue" src/threads/run_queue.rs \
    'if inner.is_urgent || inner.is_awaited {' 'if inner.is_urgent {' sim_run_queues

# Slots.
mutant "sim threads: a slot that comes free starts no held task" src/threads/run_queue.rs \
    'let Some(mut entry) = slots.held.pop_front() else {' 'let Some(mut entry) = None::<Entry> else {' sim_err_group_siblings
mutant "threads: a slot that comes free is given to no starter" src/threads/run_queue.rs \
    'slots.free += 1;
            inner.grant_slots();' 'slots.free += 1;' err_group_limit
mutant "threads: a slot that comes free is lost" src/threads/run_queue.rs \
    'slots.free += 1;
            inner.grant_slots();' 'inner.grant_slots();' err_group_limit
mutant "threads: starters get slots only when half are free" src/threads/run_queue.rs \
    'is_busy && slots.free * 2 < slots.limit' 'slots.free * 2 < slots.limit' sim_run_queues
mutant "threads: the last queued task wakes no starter" src/threads/run_queue.rs \
    'if inner.slots.is_some() {
            inner.grant_slots();
        }' '{}' sim_run_queues
mutant "threads: a group has one slot more" src/threads/run_queue.rs \
    'free: limit,' 'free: limit + 1,' err_group_limit
mutant "sim threads: a held task does not take the slot that has come free" src/threads/run_queue.rs \
    'let has_slot = inner.take_slot();' 'let has_slot = false;' sim_err_group

# The pool: who is answerable.
mutant "sim threads: a push wakes no thread" src/threads/pool.rs \
    'if !is_patient && !pool.has_looker() {
        pool.summon(&mut wake_ups);
    }
    // The thread that comes may take from another queue first, and a waiter that drains this one may
    // block: so the watcher is awake for as long as a queue is listed. (A simulated one looks once, and
    // is woken when a thread relies on it.)
    if wake_ups.wakes_no_worker() || !sys::is_simulated() {
        pool.watch(&mut wake_ups);
    }' '{}' sim_threads_barrier
mutant "sim threads: a withheld wake-up is not told to the watcher" src/threads/pool.rs \
    'if wake_ups.wakes_no_worker() || !sys::is_simulated() {' 'if false {' sim_threads_barrier
mutant "sim threads: a push to an attached worker is not told to the watcher" src/threads/pool.rs \
    'News::Attached => rely_on_watcher(),' 'News::Attached => {}' sim_run_queues
mutant "sim threads: the watcher is thought awake when it is asleep" src/threads/pool.rs \
    'if !SHARED.get().is_watched.load(Relaxed) {' 'if false {' sim_run_queues
mutant "sim threads: a queue that is left behind gets no thread" src/threads/pool.rs \
    'let mut wake_ups = WakeUps::default();
    let mut pool = lock();
    if !pool.has_looker() {
        pool.summon(&mut wake_ups);
    }
    // The looker' 'let mut wake_ups = WakeUps::default();
    let mut pool = lock();
    // The looker' sim_run_queues
mutant "sim threads: a looker that has taken a task wakes no successor" src/threads/pool.rs \
    'if is_needed && !self.has_looker() {' 'if false {' sim_threads_barrier
mutant "sim threads: a promise outlives the thread that it was made to" src/threads/pool.rs \
    'may_take(old).then_some((old | HELD) & !PROMISED)' 'may_take(old).then_some(old | HELD)' sim_threads_barrier
mutant "sim threads: the role is never given up" src/threads/pool.rs \
    'SHARED.get().word.fetch_and(!HELD, Relaxed) / ONE_LISTED' 'SHARED.get().word.load(Relaxed) / ONE_LISTED' sim_threads_barrier
mutant "sim threads: an idle thread is promised nothing and the queue is thought seen to" src/threads/pool.rs \
    'wake_ups.look.push(worker);' 'drop(worker);' sim_threads_barrier
mutant "sim threads: a thread that leaves though it has orders loses them" src/threads/pool.rs \
    'if orders.is_some() || lock().withdraw(self) {' 'if orders.is_some() || { lock().withdraw(self); true } {' sim_threads
mutant "sim threads: a chosen queue is lost to the others" src/threads/pool.rs \
    'self.list.extend(queue.clone());' '{}' sim_threads_barrier
mutant "sim threads: a queue that is not empty is taken off the list" src/threads/run_queue.rs \
    'inner.is_empty().then(|| inner.unlist())' 'Some(inner.unlist())' sim_threads_barrier
mutant "sim threads: only the first queue is looked at" src/threads/pool.rs \
    'Judgement::Leave => {
                    is_left = true;
                    place += 1;
                }' 'Judgement::Leave => {
                    is_left = true;
                    break;
                }' sim_run_queues

# The pool: the thread limit.
mutant "threads: the limit is one too high" src/threads/pool.rs \
    'if self.living >= max_threads() {' 'if self.living > max_threads() {' thread_limit
mutant "threads: try_go accepts one too many" src/threads/pool.rs \
    'let refusal = if used + reserved >= limit {' 'let refusal = if used + reserved > limit {' thread_limit
mutant "threads: try_go forgets what it has accepted" src/threads/pool.rs \
    'shared.reserved.fetch_add(1, Relaxed);
        Ok(())' 'Ok(())' thread_limit
mutant "threads: a task without a reservation takes a reserved thread" src/threads/pool.rs \
    'if busy + reserved.load(Relaxed) <= max_threads() {' 'if busy <= max_threads() {' sim_thread_limit
mutant "threads: a thread counts as busy when its task has ended" src/threads/pool.rs \
    'lock().set_free(self, true);' '{}' thread_limit
mutant "threads: an idle thread of another kind makes no room" src/threads/pool.rs \
    'let Some(idle) = self.special.pop_front() else { return false };' 'return false;
            #[expect(unreachable_code)]
            let Some(idle) = self.special.pop_front() else { return false };' thread_limit
mutant "threads: an idle worker makes no room for a thread of another kind" src/threads/pool.rs \
    'if let Some(idle) = self.idle.pop_front() {
                wake_ups.exit = Some(idle);' 'if let Some(idle) = self.idle.pop_front().filter(|_| false) {
                wake_ups.exit = Some(idle);' thread_limit
mutant "threads: a worker makes no room for a task that the limit holds up" src/threads/pool.rs \
    'let makes_room = self.has_room_for_next();' 'let makes_room = false;' thread_limit
mutant "threads: a thread that ends leaves its place empty" src/threads/pool.rs \
    'self.fill_room(wake_ups);
        stays' 'stays' thread_limit
mutant "threads: a deadlock at the limit is not seen" src/threads/pool.rs \
    'self.suspicion = None;
                self.take_oldest()' 'self.suspicion = None;
                None' thread_limit
mutant "threads: a wait for a running task counts for nothing" src/threads/run_queue.rs \
    'self.has_queued() || (self.is_counted() && runs_on_limit())' 'self.has_queued() || (false && runs_on_limit())' thread_limit
mutant "threads: a task that was refused late is not counted out" src/threads/pool.rs \
    'slot_is_free(queue, slot, false);
    queue.count_out();' 'slot_is_free(queue, slot, false);' thread_limit
mutant "threads: a task is refused though a thread outside the limit runs others" src/threads/pool.rs \
    '&& self.waits.len() >= self.living' '' thread_limit

# Threads that the operating system refuses.
mutant "sim threads: a refused thread stays counted" src/threads/pool.rs \
    'self.wanted -= missing;' '{}' sim_threads_refused
mutant "sim threads: nobody asks again for a thread that was refused" src/threads/pool.rs \
    '// It asks again.
            pool.watch(&mut wake_ups);' '{}' sim_threads_refused
mutant "sim threads: the last refusal is the answer for ever" src/threads/pool.rs \
    'ask_again()?;
        return lock().reserve();' 'return lock().reserve();' sim_threads_refused
mutant "threads: a thread of a special kind that was refused stays counted" src/threads/dedicated.rs \
    'pool::lock().special_not_started(&mut wake_ups);' '{}' thread_limit
mutant "sim threads: no task is refused when the system refuses all threads" src/threads/watcher.rs \
    'refused.now(why);' 'std::mem::forget((refused, why));' sim_threads_refused

# Workers.
mutant "sim threads: a worker does not detach before it looks elsewhere" src/threads/worker.rs \
    'if self.detach() {
            return Some(());
        }
        let mut wake_ups' 'let mut wake_ups' sim_run_queues
mutant "sim threads: a worker keeps the role when it rests" src/threads/worker.rs \
    'if found.is_none() {
            self.role.give_up();' 'if found.is_none() {' sim_threads_barrier
mutant "sim threads: a worker that has taken a task keeps the role" src/threads/worker.rs \
    'let listed = self.role.give_up();' 'let listed = pool::listed();' sim_threads_barrier
mutant "sim threads: a worker leaves tasks behind without a word" src/threads/worker.rs \
    'if is_left || spread > 0 || is_much || (was_looking && listed > 0) {' 'if false {' sim_threads_barrier
mutant "sim threads: a looker does not look at the list again" src/threads/worker.rs \
    'is_much || (was_looking && listed > 0)' 'is_much || (was_looking && listed > usize::MAX)' sim_threads_barrier sim_run_queues
mutant "sim threads: a worker detaches from nothing when its task parks" src/threads/worker.rs \
    'sys::before_parking(Some(inline::on_park));' '{}' sim_run_queues
mutant "sim threads: a woken thread does not take the promised role" src/threads/worker.rs \
    'Some(Orders::Look) => shift.role.take_promised(),' 'Some(Orders::Look) => {}' sim_threads_barrier
mutant "sim threads: a worker is not told of the slot that its task gave back" src/threads/worker.rs \
    'pool::slot_is_free(queue, slot, true);' 'drop(slot);' sim_err_group_siblings

# Threads of special kinds.
mutant "threads: a claimed thread that gets no task is lost" src/threads/dedicated.rs \
    'Some(Claimed::Thread(worker)) => worker.order(Orders::Rest),' 'Some(Claimed::Thread(worker)) => drop(worker),' sim_single_flight sim_threads
mutant "sim threads: a thread of its own goes on after its task" src/threads/pool.rs \
    'let stays = !me.spec.own_thread && self.special.len() < MOST_SPECIAL;' 'let stays = self.special.len() < MOST_SPECIAL;' sim_threads
mutant "sim threads: a named thread is found by any name" src/threads/pool.rs \
    'rposition(|idle| idle.spec == *spec)' 'rposition(|_| true)' sim_threads
mutant "sim threads: any number of named threads is kept" src/threads/pool.rs \
    'self.special.len() < MOST_SPECIAL' 'self.special.len() < usize::MAX' sim_threads

# Inline execution.
mutant "threads: a task runs on a thread that unwinds" src/threads/inline.rs \
    ' && !thread::panicking()' '' inline
mutant "threads: a task runs on any stack" src/threads/inline.rs \
    'sys::remaining_stack() >= queue.promised_stack' 'queue.promised_stack < usize::MAX' inline
mutant "threads: a group that does not run inline does" src/threads.rs \
    'if inline { stack } else { usize::MAX }' 'if inline { stack } else { stack }' inline
mutant "sim threads: a task on a waiter's stack that parks leaves the queue to nobody" src/threads/inline.rs \
    'sys::before_parking(Some(on_park));' '{}' sim_run_queues
mutant "sim threads: a thread that parks wakes nobody for what it leaves" src/threads/inline.rs \
    'pool::see_to(&frame.queue);' '{}' sim_run_queues
mutant "sim threads: a draining ends though there is more" src/threads/run_queue.rs \
    'if draining.is_counted && inner.tasks.front().is_some_and(is_wanted) {' 'if false && inner.tasks.front().is_some_and(is_wanted) {' sim_threads sim_err_group
mutant "sim threads: a wait that runs nothing sees to nothing" src/threads.rs \
    'if !queue.seems_empty() {
        pool::see_to(queue);
    }' '{}' sim_run_queues
mutant "threads: a thread is no longer inside its outer tasks" src/threads/inline.rs \
    'frames.borrow().iter().any(is_inside)' 'frames.borrow().last().is_some_and(is_inside)' self_drop

# The watcher.
mutant "sim threads: the watcher looks at nothing" src/threads/watcher.rs \
    'let has_stalled = pool.look_for_stalls(sys::is_simulated(), &mut wake_ups);' 'let has_stalled = false;' sim_threads_barrier
mutant "sim threads: the watcher finds a stalled queue and wakes nobody" src/threads/pool.rs \
    'has_stalled && !self.has_looker() && self.summon(wake_ups)' 'has_stalled && false' sim_threads_barrier
mutant "sim threads: the watcher falls asleep with the light on" src/threads/pool.rs \
    'if sleeps {
            SHARED.get().is_watched.store(false, Relaxed);' 'if sleeps {' sim_threads_barrier
mutant "threads: the watcher starts no threads" src/threads/watcher.rs \
    'pool::start_threads();' '{}' thread_limit
mutant "sim threads: the watcher drops what it refuses while it is the watcher" src/threads/watcher.rs \
    'pool.leave_watch();' '{}' sim_threads_refused
mutant "sim threads: the watch is left for ever" src/threads/watcher.rs \
    'pool::lock().resume_watch(signal)' 'signal.lock();
    false' sim_threads_refused
mutant "sim threads: a new watcher refuses what its predecessor would have" src/threads/pool.rs \
    'pool.refusals = 0;' '{}' sim_threads_refused

# The statistics.
mutant "threads: a task of a thread of its own is not counted as started" src/threads/dedicated.rs \
    'pool::lock().count_start();' '{}' thread_limit
mutant "threads: a held task that its joiner runs is not counted as started" src/threads/inline.rs \
    'if is_held {
            pool::lock().count_start();' 'if false {
            pool::lock().count_start();' thread_limit
mutant "threads: a held task is counted as started" src/threads/run_queue.rs \
    'if !has_slot || special.is_some() {' 'if false {' thread_limit
mutant "threads: a held task that gets its slot is not counted as started" src/threads/run_queue.rs \
    'inner.counted = inner.counted.wrapping_sub(1);' '{}' thread_limit
mutant "threads: a task that is not to run is counted as started" src/threads/run_queue.rs \
    'let mut inner = self.inner.lock();
        inner.not_counted();
        inner.number()' 'let mut inner = self.inner.lock();
        inner.number()' thread_limit
mutant "threads: a refused task is counted as started" src/threads/run_queue.rs \
    'let entry = inner.tasks.pop_front()?;
        inner.not_counted();' 'let entry = inner.tasks.pop_front()?;' thread_limit
mutant "threads: a skipped task is counted as started" src/threads/pool.rs \
    'SHARED.get().skipped.fetch_add(1, Relaxed);' '{}' thread_limit
mutant "threads: a refusal is not counted" src/threads.rs \
    '.inspect_err(|_| pool::lock().count_refusal())' '' thread_limit
