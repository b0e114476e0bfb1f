//! What the current thread runs: the tasks on its stack, one inside another, and whether it may run
//! one more.
//!
//! A thread that waits for tasks runs those that have not begun on its own stack, since it could do
//! nothing else. It runs only tasks whose end it waits for without a bound; it runs none while it
//! unwinds, nor if less stack is left than the task was promised.

use std::cell::{Cell, RefCell};
use std::mem;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use super::job::{Order, Release};
use super::pool;
use super::run_queue::{Draining, Entry, Guess, RunQueue, SHARE, Share, Slot, TWO_WAKE_UPS};
use crate::sys;

/// A group that was drained in less time wakes no thread for its first task the next time.
const QUICK: Duration = Duration::from_micros(20);
/// The same holds if its tasks took less than this each.
const TINY: Duration = Duration::from_nanos(400);

/// One draining in this many is timed, if nothing calls for it.
const SAMPLE: u32 = 8;

thread_local! {
    /// The queues whose tasks this thread is running, the innermost last.
    static FRAMES: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
    static DRAININGS: Cell<u32> = const { Cell::new(0) };
}

/// A task, or a row of them, on the stack of the current thread.
struct Frame {
    queue: Arc<RunQueue>,
    role: Role,
}

/// What the thread is to the queue.
enum Role {
    /// A thread of the limit.
    Worker {
        /// The tasks that it has taken and not begun.
        share: Option<Arc<Share>>,
        is_attached: bool,
    },
    /// A thread that waits for all tasks of the queue, or for one.
    Waiter(Draining),
    /// The reserve thread, which is not a thread of the limit.
    Reserve,
}

impl Frame {
    fn is_worker(&self) -> bool {
        matches!(self.role, Role::Worker { .. })
    }

    fn is_waiter(&self) -> bool {
        matches!(self.role, Role::Waiter(_))
    }
}

/// A frame of the current thread, which ends when this is dropped.
pub(super) struct Inside(());

impl Inside {
    /// The calling worker begins to run tasks of `queue`.
    pub(super) fn work(queue: &Arc<RunQueue>, share: Option<&Arc<Share>>) -> Option<Self> {
        let role = Role::Worker { share: share.cloned(), is_attached: false };
        Inside::enter(Frame { queue: Arc::clone(queue), role })
    }

    /// The reserve thread begins to run a callback.
    pub(super) fn reserve(queue: &Arc<RunQueue>) -> Option<Self> {
        Inside::enter(Frame { queue: Arc::clone(queue), role: Role::Reserve })
    }

    /// The calling thread begins to run tasks of `queue`, for which it waits.
    fn wait(queue: &Arc<RunQueue>, only_present: bool) -> Option<Self> {
        let role = Role::Waiter(Draining::new(only_present, !is_worker()));
        Inside::enter(Frame { queue: Arc::clone(queue), role })
    }

    /// `None` if the thread-locals of the thread are gone.
    fn enter(frame: Frame) -> Option<Self> {
        FRAMES.try_with(|frames| frames.borrow_mut().push(frame)).ok()?;
        Some(Inside(()))
    }

    /// Calls `f` with the mark of a worker that says whether it is attached to the queue.
    #[inline]
    #[expect(clippy::unused_self, reason = "the frame is on top for as long as this lives")]
    pub(super) fn attached<R>(&mut self, f: impl FnOnce(&mut bool) -> R) -> R {
        FRAMES.with_borrow_mut(|frames| match frames.last_mut() {
            Some(Frame { role: Role::Worker { is_attached, .. }, .. }) => f(is_attached),
            _ => unreachable!("this is a worker's frame, and has not ended"),
        })
    }

    #[inline]
    #[expect(clippy::unused_self, reason = "the frame is on top for as long as this lives")]
    fn draining<R>(&mut self, f: impl FnOnce(&mut Draining) -> R) -> R {
        FRAMES.with_borrow_mut(|frames| match frames.last_mut() {
            Some(Frame { role: Role::Waiter(draining), .. }) => f(draining),
            _ => unreachable!("this is a waiter's frame, and has not ended"),
        })
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        // Not dropped under the borrow: the queue may go with it.
        drop(FRAMES.try_with(|frames| frames.borrow_mut().pop()));
    }
}

/// The queue of the task that the current thread is running, if it is.
pub(super) fn current() -> Weak<RunQueue> {
    let current = |frames: &RefCell<Vec<Frame>>| {
        frames.borrow().last().map_or_else(Weak::new, |frame| Arc::downgrade(&frame.queue))
    };
    FRAMES.try_with(current).unwrap_or_default()
}

/// Whether the innermost task of the current thread is one of `queue`.
pub(super) fn is_current(queue: &RunQueue) -> bool {
    let is_current = |frame: &Frame| std::ptr::eq(Arc::as_ptr(&frame.queue), queue);
    FRAMES.try_with(|frames| frames.borrow().last().is_some_and(is_current)).unwrap_or(false)
}

/// Whether the current thread is inside a task of `queue`, however deeply nested: on this stack, or in
/// a group that was created inside such a task. If `is_certain`, only tasks count that cannot end before
/// the current one.
pub(super) fn is_inside(queue: &RunQueue, is_certain: bool) -> bool {
    let is_inside = |frame: &Frame| frame.queue.is_inside(queue, is_certain);
    FRAMES.try_with(|frames| frames.borrow().iter().any(is_inside)).unwrap_or(false)
}

/// Whether the current thread is inside a callback, however deeply nested.
#[inline]
pub(super) fn is_in_callback() -> bool {
    let is_in_callback = |frame: &Frame| frame.queue.is_in_callback();
    FRAMES.try_with(|frames| frames.borrow().iter().any(is_in_callback)).unwrap_or(false)
}

/// Whether the current thread is one of the limit, at work on a task.
pub(super) fn is_worker() -> bool {
    let is_worker = |frames: &RefCell<Vec<Frame>>| frames.borrow().iter().any(Frame::is_worker);
    FRAMES.try_with(is_worker).unwrap_or(false)
}

/// Whether the current thread is running a task of a group that has queued ones.
pub(super) fn has_queued_siblings() -> bool {
    let has_queued = |frame: &Frame| frame.queue.has_queued();
    FRAMES.try_with(|frames| frames.borrow().iter().any(has_queued)).unwrap_or(false)
}

/// Whether the current thread is running a task on the stack of a wait.
pub(super) fn is_inline() -> bool {
    let is_inline =
        |frames: &RefCell<Vec<Frame>>| frames.borrow().last().is_some_and(Frame::is_waiter);
    FRAMES.try_with(is_inline).unwrap_or(false)
}

/// Called before a thread that runs tasks parks: see rule 4 of `pool`.
pub(super) fn on_park() {
    let detached = FRAMES.try_with(|frames| {
        for frame in frames.borrow_mut().iter_mut() {
            let is_unattended = match &mut frame.role {
                Role::Worker { share: Some(share), is_attached } => {
                    frame.queue.detach(share, is_attached)
                }
                Role::Waiter(draining) if draining.is_counted => {
                    frame.queue.stop_draining(draining)
                }
                Role::Worker { .. } | Role::Waiter(_) | Role::Reserve => continue,
            };
            if is_unattended {
                pool::see_to(&frame.queue);
            }
        }
    });
    debug_assert!(detached.is_ok(), "a thread that runs a task has its thread-locals");
}

/// Whether the current thread may run a task of `queue` on its own stack.
fn may_run(queue: &RunQueue) -> bool {
    sys::remaining_stack() >= queue.promised_stack() && !thread::panicking()
}

/// Whether the current thread may run a task of `queue`, and there seems to be one.
pub(super) fn can_run(queue: &RunQueue) -> bool {
    !queue.seems_empty() && may_run(queue)
}

/// Runs the tasks of `queue` that have not begun, or `only_present` ones: for a thread that is about to
/// wait for all of them.
#[inline]
pub(super) fn drain(queue: &Arc<RunQueue>, only_present: bool) {
    if !queue.seems_empty() {
        drain_slow(queue, only_present);
    }
}

fn drain_slow(queue: &Arc<RunQueue>, only_present: bool) {
    let inside = if may_run(queue) { Inside::wait(queue, only_present) } else { None };
    let Some(mut inside) = inside else { return };
    let before = sys::before_parking(None);
    let mut clock = None;
    loop {
        let (entry, guess, is_over) = inside.draining(|draining| {
            let entry = queue.take_for_waiter(draining);
            (entry, draining.guess, draining.is_over)
        });
        let clock = clock.get_or_insert_with(|| Clock::start(guess));
        if let Some(entry) = entry {
            run(queue, entry);
            clock.tick(queue);
        }
        if is_over && inside.draining(|draining| queue.end_draining(draining)) {
            break;
        }
    }
    if let Some(clock) = clock {
        clock.stop();
    }
    sys::before_parking(before);
}

/// Runs the task with that index, if it has not begun: for a thread that is about to wait for it. A task
/// that the group's limit holds back is run only if `held` says so.
pub(super) fn run_task(queue: &Arc<RunQueue>, index: usize, held: bool) {
    if (queue.seems_empty() && !held) || !may_run(queue) {
        return;
    }
    let is_foreign = !is_worker();
    let Some(inside) = Inside::wait(queue, false) else { return };
    let (entry, is_held) = queue.take_task(index, held, is_foreign);
    let ends_foreign = is_foreign && entry.is_some();
    if let Some(entry) = entry.and_then(|entry| entry.start_special(queue)) {
        if is_held {
            pool::lock().count_start();
        }
        run_one(queue, entry);
    }
    if ends_foreign {
        queue.end_foreign();
    }
    drop(inside);
}

/// Runs the oldest task on the calling thread, which has no slot for another one. `false` if there is
/// none, or if it may not run here.
pub(super) fn run_oldest(queue: &Arc<RunQueue>) -> bool {
    if !can_run(queue) {
        return false;
    }
    let is_foreign = !is_worker();
    let Some(inside) = Inside::wait(queue, false) else { return false };
    let entry = queue.take_any(is_foreign);
    let is_found = entry.is_some();
    if let Some(entry) = entry {
        run_one(queue, entry);
    }
    if is_found && is_foreign {
        queue.end_foreign();
    }
    drop(inside);
    is_found
}

/// Runs a single task, and arranges again what was arranged for the next park of the waiting thread.
fn run_one(queue: &Arc<RunQueue>, entry: Entry) {
    let before = sys::before_parking(None);
    run(queue, entry);
    sys::before_parking(before);
}

fn run(queue: &Arc<RunQueue>, entry: Entry) {
    pool::begin(&entry);
    let slot = Slot::new(queue);
    let mut release = Release::inline(if entry.has_slot { Some(&slot) } else { None });
    sys::before_parking(Some(on_park));
    entry.job.run(Order::Run, &mut release);
    pool::slot_is_free(queue, slot, false);
    queue.count_out();
}

/// Times how long the tasks of a draining take: after the first, the second, the fourth, and so on.
struct Clock {
    start: Option<Instant>,
    guess: Guess,
    tasks: u32,
    next: u32,
    has_helper: bool,
}

impl Clock {
    fn start(guess: Guess) -> Self {
        let drainings = DRAININGS.get().wrapping_add(1);
        DRAININGS.set(drainings);
        let is_timed = drainings % SAMPLE == 0 || !guess.is_quick();
        let start = (is_timed && !sys::is_simulated()).then(sys::now);
        Clock { start, guess, tasks: 0, next: 1, has_helper: false }
    }

    #[inline]
    fn tick(&mut self, queue: &Arc<RunQueue>) {
        self.tasks = self.tasks.wrapping_add(1);
        if self.tasks == self.next {
            self.next = self.next.wrapping_mul(2);
            self.measure(queue);
        }
    }

    fn measure(&mut self, queue: &Arc<RunQueue>) {
        let Some(start) = self.start else { return };
        let pace = sys::now().saturating_duration_since(start) / self.tasks;
        let work = queue.set_pace(pace);
        if pace >= TINY && work >= TWO_WAKE_UPS && !mem::replace(&mut self.has_helper, true) {
            pool::call_helper();
        }
    }

    /// Remembers whether the draining was quick, for the next group with such closures.
    fn stop(&self) {
        let Some(start) = self.start.filter(|_| self.tasks > 0) else { return };
        let elapsed = sys::now().saturating_duration_since(start);
        let pace = elapsed / self.tasks;
        if elapsed <= QUICK || pace < TINY {
            self.guess.was_drained();
        } else {
            // The workers find out whether such tasks block.
            self.guess.was_not_drained(pace, pace >= SHARE && self.guess.is_slow());
        }
    }
}
