//! The threads that take tasks from the run queues.

use std::hint;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::inline::{self, Inside};
use super::job::{Order, Release};
use super::pool::{self, Orders, Role, WakeUps, Worker};
use super::run_queue::{Entry, Pace, RunQueue, SHARE, Share, Slot, TWO_WAKE_UPS, Taken};
use crate::sys::{self, Usage, user_code};
use crate::wait::ROUND_TRIP;

/// Halvings after which a looker all but stops spinning.
const LEAST: u32 = 6;

/// One attempt in this many goes to the full length.
const PROBE: u32 = 16;

/// How many rounds a spinning looker makes between two offers of its core to others.
const ROUNDS_PER_YIELD: u32 = 2;

/// How long a spinning looker waits between two looks at queues that it leaves to others.
const LOOK_AGAIN: Duration = Duration::from_micros(4);

/// The life of a worker: it works until there is nothing to do, and sleeps until it is woken.
pub(super) fn serve(me: &Arc<Worker>) {
    pool::become_own_thread();
    pool::lock().arrive();
    let mut shift = Shift::new(me);
    loop {
        shift.work();
        if shift.is_leaving {
            return;
        }
        match me.sleep() {
            Some(Orders::Look) => shift.role.take_promised(),
            _ => return,
        }
    }
}

/// What a worker is at, from being woken to sleeping again.
struct Shift<'a> {
    me: &'a Arc<Worker>,
    share: Arc<Share>,
    role: Role,
    /// The queue of the last task.
    queue: Option<(Arc<RunQueue>, Inside)>,
    /// When it began to run tasks of that queue, and how many they were, since their pace was noted.
    begun: Option<Instant>,
    tasks: u32,
    /// What the thread had used when it was woken, or when a task last took long.
    usage: Option<Usage>,
    /// How often in a row it has spun for nothing.
    failures: u32,
    /// Its place is needed by a thread of another kind.
    is_leaving: bool,
}

impl<'a> Shift<'a> {
    fn new(me: &'a Arc<Worker>) -> Self {
        let (share, role) = (Share::new(), Role::NONE);
        Shift {
            me,
            share,
            role,
            queue: None,
            begun: None,
            tasks: 0,
            usage: None,
            failures: 0,
            is_leaving: false,
        }
    }

    fn work(&mut self) {
        // With exact accounts no task is timed.
        self.usage = if sys::is_simulated() || pool::is_exact() { None } else { sys::usage() };
        while let Some(entry) = self.next() {
            self.run(entry);
            user_code::permit();
        }
        self.queue = None;
    }

    fn run(&mut self, entry: Entry) {
        let Some((queue, _)) = &self.queue else { unreachable!("its queue has been entered") };
        let slot = Slot::new(queue);
        // With exact accounts the thread counts as free before the task reports its end.
        let thread = if pool::is_exact() { Some(&**self.me as _) } else { None };
        let slot_of_task = if entry.has_slot { Some(&slot as _) } else { None };
        let mut release = Release::worker(slot_of_task, thread);
        sys::before_parking(Some(inline::on_park));
        sys::set_at_work(true);
        // A job catches what user code throws. Should one unwind all the same, the thread must not go
        // with it.
        let run = AssertUnwindSafe(|| entry.job.run(Order::Run, &mut release));
        if let Err(payload) = panic::catch_unwind(run) {
            mem::forget(payload);
        }
        sys::set_at_work(false);
        sys::before_parking(None);
        pool::slot_is_free(queue, slot, true);
        queue.count_out();
        self.tasks += 1;
    }

    /// The next task; `None` if the thread is idle now, or is to exit.
    fn next(&mut self) -> Option<Entry> {
        if pool::is_exact() {
            return self.next_exact();
        }
        if self.me.is_free() && self.queue.is_some() {
            // It gave its thread back under exact accounts, and may begin a task without the lock now.
            pool::lock().set_free(self.me, false);
        }
        if let Some(entry) = self.share.take() {
            pool::begin(&entry);
            return Some(entry);
        }
        loop {
            if let Some(entry) = self.take_own() {
                return Some(entry);
            }
            self.look()?;
        }
    }

    /// Takes from the queue of the last task.
    fn take_own(&mut self) -> Option<Entry> {
        let last = self.pace();
        let (queue, inside) = self.queue.as_mut()?;
        let share = &self.share;
        let taken = inside.attached(|mark| (queue.take_for_worker(Some(share), mark, last), *mark));
        let (Some(taken), is_attached) = taken else { return None };
        let queue = Arc::clone(queue);
        self.leave_behind(&queue, &taken, is_attached);
        pool::begin(&taken.entry);
        Some(taken.entry)
    }

    /// How long each of the last tasks took, and starts the clock for the next ones.
    fn pace(&mut self) -> Option<Pace> {
        let tasks = mem::take(&mut self.tasks);
        if sys::is_simulated() {
            let is_quick = || sys::guess(|| false);
            let quick = || if is_quick() { Pace::QUICK } else { Pace::SLOW };
            return (tasks > 0).then(quick);
        }
        let now = sys::now();
        let begun = self.begun.replace(now)?;
        if tasks == 0 {
            return None;
        }
        let each = now.saturating_duration_since(begun) / tasks;
        if each < SHARE {
            return Some(Pace { each, blocks: false });
        }
        // It has computed, or blocked, or other threads had the core: more threads help only if it blocked.
        let after = sys::usage();
        let before = mem::replace(&mut self.usage, after);
        Some(match (before, after) {
            (Some(before), Some(after)) if before.blocked == after.blocked => {
                Pace { each: each.min(after.cpu.saturating_sub(before.cpu) / tasks), blocks: false }
            }
            _ => Pace { each, blocks: true },
        })
    }

    /// Sees to what is left, here and in other queues, before a task of unknown length begins.
    fn leave_behind(&mut self, queue: &RunQueue, taken: &Taken, is_attached: bool) {
        let was_looking = self.role.is_held();
        let listed = self.role.give_up();
        let is_left = taken.left > 0 && !taken.is_attended;
        let spread = if taken.is_slow { taken.left.min(2) } else { 0 };
        let is_much = taken.work >= TWO_WAKE_UPS;
        if is_left || spread > 0 || is_much || (was_looking && listed > 0) {
            let mut wake_ups = WakeUps::default();
            let mut pool = pool::lock();
            pool.wake_successor(is_left, is_much, spread, &mut wake_ups);
            drop(pool);
            wake_ups.now();
        }
        if is_attached && !queue.seems_empty() {
            pool::rely_on_watcher();
        }
    }

    /// Finds a queue to take from; `None` if there is none, and the thread is idle now.
    fn look(&mut self) -> Option<()> {
        if self.role.try_take() && self.spin() {
            return Some(());
        }
        // Rule 1: an empty queue only, or else it is taken from.
        if self.detach() {
            return Some(());
        }
        let mut wake_ups = WakeUps::default();
        let mut pool = pool::lock();
        // From here on it may begin a task at any moment.
        pool.set_free(self.me, false);
        let found = pool.choose(&mut wake_ups);
        if found.is_none() {
            self.role.give_up();
            pool.rest(self.me);
        }
        drop(pool);
        wake_ups.now();
        self.switch_to(found?);
        Some(())
    }

    /// Gives back what it has taken from its queue and not begun. Returns whether tasks are queued there
    /// for which no thread is answerable.
    fn detach(&mut self) -> bool {
        let Some((queue, inside)) = &mut self.queue else { return false };
        let share = &self.share;
        inside.attached(|mark| queue.detach(share, mark))
    }

    fn switch_to(&mut self, queue: Arc<RunQueue>) {
        if self.queue.as_ref().is_some_and(|(own, _)| Arc::ptr_eq(own, &queue)) {
            return;
        }
        // The frame of the old queue has to end before the new one begins.
        self.queue = None;
        self.begun = None;
        self.tasks = 0;
        if let Some(inside) = Inside::work(&queue, Some(&self.share)) {
            self.queue = Some((queue, inside));
        }
    }

    /// Looks for work for about as long as a wake-up takes; `true` if it has found a queue.
    fn spin(&mut self) -> bool {
        if sys::is_simulated() {
            return false;
        }
        if sys::cores() == 1 {
            // The thread that is about to push needs this core.
            sys::yield_core();
            return self.queue.as_ref().is_some_and(|(own, _)| !own.seems_taken());
        }
        let (start, stay) = (sys::now(), self.stay());
        let (mut next_look, mut rounds) = (start, 0_u32);
        loop {
            if self.queue.as_ref().is_some_and(|(own, _)| !own.seems_taken()) {
                break;
            }
            let now = sys::now();
            if pool::listed() > 0 && now >= next_look {
                let mut wake_ups = WakeUps::default();
                let mut pool = pool::lock();
                pool.set_free(self.me, false);
                let found = pool.choose(&mut wake_ups);
                drop(pool);
                wake_ups.now();
                if let Some(queue) = found {
                    if self.detach() {
                        break;
                    }
                    self.switch_to(queue);
                    break;
                }
                next_look = now + LOOK_AGAIN;
            }
            if now.saturating_duration_since(start) >= stay {
                self.failures = self.failures.wrapping_add(1);
                return false;
            }
            for _ in 0..8 {
                hint::spin_loop();
            }
            rounds += 1;
            if rounds % ROUNDS_PER_YIELD == 0 {
                // The thread that is about to push may be waiting for this core.
                sys::yield_core();
            }
        }
        self.failures = 0;
        true
    }

    /// How long it is worth to spin: each failure halves it, and one attempt in sixteen goes to the full
    /// length.
    fn stay(&self) -> Duration {
        let halvings = if self.failures % PROBE == 0 { 0 } else { LEAST.min(self.failures) };
        ROUND_TRIP / (1 << halvings)
    }

    /// [`next`](Self::next) with exact accounts: every task is taken under the pool's lock.
    fn next_exact(&mut self) -> Option<Entry> {
        self.detach();
        self.tasks = 0;
        let mut has_spun = false;
        loop {
            let mut wake_ups = WakeUps::default();
            let mut pool = pool::lock();
            if pool.makes_room(self.me, &mut wake_ups) {
                self.is_leaving = true;
                self.role.give_up();
                pool.fill_room(&mut wake_ups);
                drop(pool);
                wake_ups.now();
                return None;
            }
            if let Some((queue, taken)) = pool.take(self.me, &mut wake_ups) {
                self.role.give_up();
                let spread = if taken.is_slow { taken.left.min(2) } else { 0 };
                pool.wake_successor(taken.left > 0, false, spread, &mut wake_ups);
                drop(pool);
                wake_ups.now();
                self.switch_to(queue);
                return Some(taken.entry);
            }
            pool.set_free(self.me, true);
            if !has_spun && self.role.try_take() {
                drop(pool);
                wake_ups.now();
                has_spun = true;
                self.spin_exact();
                continue;
            }
            self.role.give_up();
            pool.rest(self.me);
            drop(pool);
            wake_ups.now();
            return None;
        }
    }

    /// Waits, for about as long as a wake-up takes, until a queue is listed.
    fn spin_exact(&mut self) {
        if sys::cores() == 1 || sys::is_simulated() {
            return;
        }
        let (start, stay) = (sys::now(), self.stay());
        let listed = pool::listed();
        while pool::listed() == listed {
            if sys::now().saturating_duration_since(start) >= stay {
                self.failures = self.failures.wrapping_add(1);
                return;
            }
            for _ in 0..8 {
                hint::spin_loop();
            }
        }
        self.failures = 0;
    }
}
