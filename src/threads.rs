//! What runs every task: run queues of the groups' own, and the threads that take from them.
//!
//! Work is left where it was made. Each group has a [`RunQueue`]; starting a task touches that queue
//! alone, unless it was empty. A thread that waits for the group *drains* its queue, on its own stack.
//! Workers take from the queues that stand on the global list.
//!
//! | file         | what it holds                                                                |
//! |--------------|------------------------------------------------------------------------------|
//! | `job`        | a task as a thread sees it, and what it gives back before its end is known   |
//! | `run_queue`  | the queue of one group: its tasks, its limit, and who is answerable          |
//! | `pool`       | what all threads share, and the rules that keep a task from being forgotten  |
//! | `worker`     | the threads that take tasks from the queues                                  |
//! | `dedicated`  | threads with a name or a stack size, and those that end with their task      |
//! | `inline`     | tasks on the stack of a thread that waits                                    |
//! | `watcher`    | the helper thread that starts workers, and looks again after a wrong guess   |
//! | `limit`      | the thread limit, and what a refusal says                                    |
//! | `reserve`    | callbacks, and the thread outside the limit that runs them if no other can   |
//!
//! **Liveness.** A queued task starts at once behind tasks of other groups, and behind a sibling that
//! blocks inside this crate; behind one that blocks elsewhere, within two sleeps of the watcher.
//!
//! A thread keeps from one task to the next its thread-local values, whose destructors run only when
//! the thread exits. [`Spec::own_thread`] opts out.

mod dedicated;
mod inline;
mod job;
mod limit;
mod pool;
pub(crate) mod reserve;
mod run_queue;
mod spec;
mod watcher;
mod worker;

use std::cell::Cell;
use std::ops::Deref;
use std::sync::Arc;

pub(crate) use dedicated::Claim;
pub(crate) use job::{Job, Order, Owner, Release, Runnable};
pub use limit::{NoThread, max_threads, set_max_threads};
pub(crate) use run_queue::{Closed, Guess, RunQueue};
use run_queue::{Group, Parent, SpecialStart};
pub(crate) use spec::Spec;

use crate::sys::{self, Empty, Global, Mutex};
use crate::wait::{self, Cause, Interrupted, Until};

/// Starts the helper thread that starts all workers, unless it is running.
///
/// A thread inherits properties from the thread that starts it: its CPU affinity, its nice value and
/// its signal mask, on Linux. Workers are started by one helper thread, which is started by the first
/// task, and so inherits from whatever thread that task happened to be started on. To choose that
/// thread, call this early in `main`.
///
/// A task with a name, with a stack size, or with a thread of its own gets its thread from the thread
/// that starts it, as with `std::thread::Builder`.
///
/// After `fork`, the child has none of these threads: do not use the crate there, except to call
/// `exec`, and to poll a context ([`check`](crate::Context::check),
/// [`has_ended`](crate::Context::has_ended)), which looks at the clock itself there.
///
/// # Errors
///
/// The operating system's, if it refuses the thread.
///
/// # Examples
///
/// ```
/// fn main() -> std::io::Result<()> {
///     phalanx::start_helper()?; // before any thread is pinned, or any signal is blocked
///     Ok(())
/// }
/// ```
pub fn start_helper() -> std::io::Result<()> {
    Ok(start()?)
}

#[inline]
fn start() -> Result<(), NoThread> {
    if pool::has_watcher() { Ok(()) } else { start_slow() }
}

#[cold]
fn start_slow() -> Result<(), NoThread> {
    wait::explain_deadlines(explain_deadline);
    pool::start_watcher(watcher::watch, worker::serve)
}

/// What the threads of this crate are doing: see [`stats`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Threads that run a task, or are looking for one.
    pub running: usize,
    /// Threads that sleep until there is work.
    pub idle: usize,
    /// Tasks that have started since the process began; not those that were skipped or refused.
    pub started: usize,
    /// Tasks that were refused because of the thread limit or the operating system.
    pub refused: usize,
    /// Queued tasks that the thread limit holds up.
    pub held_up: usize,
}

/// Returns what the threads of this crate are doing.
///
/// The numbers are taken at one moment, but threads that are busy go on; they are for people and for
/// monitoring, not for decisions.
///
/// # Examples
///
/// ```
/// use phalanx::WaitGroup;
/// use std::sync::Arc;
///
/// let before = phalanx::stats().started;
/// let group = Arc::new(WaitGroup::new());
/// group.go(|| ());
/// group.wait();
/// assert!(phalanx::stats().started > before);
/// ```
pub fn stats() -> Stats {
    let (running, idle, started, refused, held_up) = pool::lock().statistics();
    Stats { running, idle, started, refused, held_up }
}

/// The options of a group, as far as they concern its threads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// How many of its tasks may run at a time.
    pub(crate) limit: Option<usize>,
    /// The stack that its tasks are promised, in bytes.
    pub(crate) stack: usize,
    /// Whether its tasks may run on the stack of a waiting thread.
    pub(crate) inline: bool,
    /// Whether the queue counts the group's tasks.
    pub(crate) counts: bool,
    /// Whether the task that creates the group cannot end before it.
    pub(crate) is_scope: bool,
}

/// How a task may be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// Sooner or later: it is queued at the thread limit.
    Any,
    /// Only if there is a thread for it.
    Exact,
}

thread_local! {
    /// The queue of a group that has ended on this thread, for the next group.
    static SPARE: Cell<Option<Arc<RunQueue>>> = const { Cell::new(None) };
}

/// The queue of a group. Its memory is kept for the next group when this one ends.
pub(crate) struct GroupQueue(Option<Arc<RunQueue>>);

impl GroupQueue {
    pub(crate) fn new(options: Options) -> Self {
        let Options { limit, stack, inline, counts, is_scope } = options;
        let promised_stack = if inline { stack } else { usize::MAX };
        let parent = Parent { queue: inline::current(), waits: is_scope };
        let in_callback = inline::is_in_callback();
        let mut group = Group { parent, limit, promised_stack, counts, in_callback };
        let spare = SPARE.try_with(Cell::take).ok().flatten();
        let spare = spare.filter(|spare| spare.renew(&mut group));
        GroupQueue(Some(spare.unwrap_or_else(|| RunQueue::new(group))))
    }
}

impl Deref for GroupQueue {
    type Target = Arc<RunQueue>;

    #[inline]
    fn deref(&self) -> &Arc<RunQueue> {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl Drop for GroupQueue {
    fn drop(&mut self) {
        // A simulated run starts afresh.
        let spare = self.0.take().filter(|queue| !sys::is_simulated() && queue.may_be_reused());
        if spare.is_some() {
            let _: Result<(), _> = SPARE.try_with(|place| place.set(spare));
        }
    }
}

/// The right to have one task run.
#[must_use = "a reservation waits for its task"]
pub(crate) enum Place {
    /// On any thread.
    Any,
    /// On any thread, and one is reserved.
    Reserved(Reservation),
    /// On a thread of a special kind.
    Special(Claim),
}

/// A thread that is reserved for a task to come.
pub(crate) struct Reservation(());

impl Drop for Reservation {
    fn drop(&mut self) {
        pool::unreserve();
    }
}

/// Finds out whether a task can be started, before it is made.
///
/// # Errors
///
/// There is no thread for it, and there will be none: the operating system refuses one; or, if `start`
/// is exact, there is none just now.
#[inline]
pub(crate) fn place(spec: &Spec, how: Start) -> Result<Place, NoThread> {
    find_place(spec, how).inspect_err(|_| pool::lock().count_refusal())
}

#[inline]
fn find_place(spec: &Spec, how: Start) -> Result<Place, NoThread> {
    start()?;
    if !spec.is_default() {
        return Ok(Place::Special(dedicated::claim(spec, how == Start::Exact)?));
    }
    match how {
        Start::Any => {
            if pool::is_refused() {
                pool::check_refusal()?;
            }
            Ok(Place::Any)
        }
        Start::Exact => {
            pool::reserve()?;
            Ok(Place::Reserved(Reservation(())))
        }
    }
}

/// A thread has taken a task, and has not run it, since its group had stopped.
pub(crate) fn was_skipped() {
    pool::count_skipped();
}

/// Starts a task of a group. `job` makes it, once its index is known.
#[inline]
pub(crate) fn go(
    queue: &Arc<RunQueue>,
    place: Place,
    guess: Guess,
    has_slot: bool,
    job: impl FnOnce(usize) -> Job,
) -> Result<usize, Closed> {
    match place {
        Place::Special(claim) => claim.run(queue, has_slot, job),
        Place::Any => {
            let pushed = queue.push(guess, has_slot, false, job)?;
            // A starter at the limit does not drain.
            let is_patient = || guess.is_quick() && !has_slot && !inline::is_inline();
            pool::hear(queue, pushed.news, is_patient);
            Ok(pushed.index)
        }
        Place::Reserved(reservation) => {
            let pushed = queue.push(guess, has_slot, true, job)?;
            // From now on it is the task's.
            std::mem::forget(reservation);
            pool::hear(queue, pushed.news, || guess.is_quick() && !inline::is_inline());
            Ok(pushed.index)
        }
    }
}

/// Starts several tasks of a group in one go: they are pushed under one lock.
pub(crate) fn go_many(queue: &Arc<RunQueue>, guess: Guess, jobs: Vec<Job>) {
    if let Ok(pushed) = queue.push_many(guess, jobs) {
        pool::hear(queue, pushed.news, || guess.is_quick() && !inline::is_inline());
    }
}

/// Starts a task beyond its group's limit, which waits for a slot that another task gives back.
pub(crate) fn go_held(
    queue: &Arc<RunQueue>,
    spec: &Spec,
    guess: Guess,
    job: impl FnOnce(usize) -> Job,
) -> Result<usize, Closed> {
    let special = (!spec.is_default())
        .then(|| Box::new(SpecialStart { spec: spec.clone(), start: dedicated::start_task }));
    let (pushed, special) = queue.push_held(guess, special, job)?;
    pool::hear(queue, pushed.news, || guess.is_quick());
    if let Some(special) = special {
        special.start_special(queue);
    }
    Ok(pushed.index)
}

/// Starts a task that belongs to no group.
pub(crate) fn go_alone(job: Job) -> Result<(), (NoThread, Job)> {
    match place(&Spec::DEFAULT, Start::Any) {
        Ok(place) => {
            go_placed(place, job);
            Ok(())
        }
        Err(refusal) => Err((refusal, job)),
    }
}

/// [`go_alone`] for a task whose place has been found.
pub(crate) fn go_placed(place: Place, job: Job) {
    let queue =
        Arc::clone(ALONE.get().lock().0.get_or_insert_with(|| RunQueue::new(Group::none(false))));
    let started = go(&queue, place, Guess::NONE, false, |_| job);
    debug_assert!(started.is_ok(), "the queue of tasks without a group is never closed");
}

/// The queue of the tasks that belong to no group.
static ALONE: Global<Mutex<Alone>> = Global::new();

struct Alone(Option<Arc<RunQueue>>);

impl Empty for Alone {
    const EMPTY: Self = Alone(None);
}

/// Waits for a slot of the group's limit, in the order of arrival, and no longer than `until`.
#[cfg_attr(feature = "sim", track_caller)]
pub(crate) fn wait_for_slot(queue: &Arc<RunQueue>, until: Until<'_>) -> Result<(), Interrupted> {
    // The slots are held by tasks that may not have started.
    see_to(queue);
    if !inline::is_worker() {
        return queue.wait_for_slot(until);
    }
    let mut is_registered = false;
    let waited = loop {
        let is_at_limit = pool::lock().is_at_limit();
        // At the thread limit there may be no thread but this one for the tasks in the slots.
        if is_at_limit && inline::can_run(queue) {
            if std::mem::take(&mut is_registered) {
                pool::lock().end_wait(queue);
            }
            if run_oldest(queue) && queue.try_take_slot() {
                break Ok(());
            }
        }
        if !std::mem::replace(&mut is_registered, true) {
            begin_wait(queue);
        }
        check_deadlock();
        let bound = if is_at_limit { until.and_timeout(pool::LOOK_AGAIN) } else { until };
        match queue.wait_for_slot(bound) {
            Err(_) if is_at_limit && !until.is_over() && until.enter().is_ok() => {}
            waited => break waited,
        }
    };
    if is_registered {
        pool::lock().end_wait(queue);
    }
    waited
}

/// Why a wait for tasks of `queue` was given up, with the thread limit if that holds up some of them.
#[cold]
pub(crate) fn explain(queue: &RunQueue, why: Interrupted) -> Interrupted {
    if !queue.has_queued() || !pool::lock().has_no_thread() {
        return why;
    }
    match why {
        Interrupted::Cancelled(cause) if cause.error().is_none() => {
            Interrupted::Cancelled(cause.with_error(NoThread::Limit(max_threads())))
        }
        Interrupted::TimedOut => Interrupted::HeldUp(max_threads()),
        why => why,
    }
}

/// Names the thread limit in the cause for which a wait of a task has ended, if that holds up tasks of
/// its group, for which it may have waited.
fn explain_deadline(cause: Cause) -> Cause {
    if inline::has_queued_siblings() && pool::lock().has_no_thread() {
        cause.with_error(NoThread::Limit(max_threads()))
    } else {
        cause
    }
}

/// Gives back a slot that was taken for nothing.
#[cold]
pub(crate) fn return_slot(queue: &Arc<RunQueue>) {
    let slot = run_queue::Slot::new(queue);
    job::Occupied::give_back(&slot);
    pool::slot_is_free(queue, slot, false);
}

/// Whether the innermost task of the current thread is one of `queue`.
pub(crate) fn is_current(queue: &RunQueue) -> bool {
    inline::is_current(queue)
}

/// Whether the current thread is inside a task of `queue`, which cannot end before the code that it is
/// running: that task is on this stack, or in a scope that was opened inside it.
pub(crate) fn is_inside(queue: &RunQueue) -> bool {
    inline::is_inside(queue, true)
}

/// Whether the current thread is inside a task of `queue`, or in a group that was created in such a task
/// and may have been left behind by it.
pub(crate) fn may_be_inside(queue: &RunQueue) -> bool {
    inline::is_inside(queue, false)
}

/// Runs the tasks of `queue` that have not begun: for a thread that is about to wait for all of them
/// without a bound. Those that are pushed from now on are left if `only_present`.
#[inline]
pub(crate) fn drain(queue: &Arc<RunQueue>, only_present: bool) {
    inline::drain(queue, only_present);
}

/// Runs a task that has not begun: for a thread that is about to wait for it without a bound.
#[inline]
pub(crate) fn run_task(queue: &Arc<RunQueue>, index: usize) {
    inline::run_task(queue, index, is_current(queue));
}

/// Runs the oldest queued task of the group, for a caller that waits for a slot.
pub(crate) fn run_oldest(queue: &Arc<RunQueue>) -> bool {
    inline::run_oldest(queue)
}

/// Makes sure that a thread comes for `queue`: for a thread that waits, and runs nothing itself.
#[inline]
pub(crate) fn see_to(queue: &RunQueue) {
    if !queue.seems_empty() {
        pool::see_to(queue);
    }
}

/// Waits without a bound for tasks of `queue`, by `wait`.
///
/// If every thread of the limit does so, and all for tasks that are queued, none of them can ever
/// start. Then the oldest queued task is refused.
pub(crate) fn wait_unbounded(
    queue: &Arc<RunQueue>,
    wait: impl Fn(Until<'_>) -> Result<(), Interrupted>,
) {
    see_to(queue);
    if !inline::is_worker() {
        let waited = wait(Until::FOREVER);
        debug_assert!(waited.is_ok(), "nothing interrupts a wait without a bound");
        return;
    }
    begin_wait(queue);
    loop {
        // At the limit, a task may be pushed later that no thread can start.
        let until = if check_deadlock() { pool::LOOK_AGAIN.into() } else { Until::FOREVER };
        if wait(until).is_ok() {
            break;
        }
    }
    pool::lock().end_wait(queue);
}

fn begin_wait(queue: &Arc<RunQueue>) {
    pool::lock().begin_wait(queue);
}

/// Refuses the oldest queued task if every thread of the limit waits for tasks that are queued. Returns
/// whether the thread limit is reached.
fn check_deadlock() -> bool {
    let mut pool = pool::lock();
    let (refused, is_at_limit) = (pool.take_deadlocked(sys::now), pool.is_at_limit());
    drop(pool);
    if let Some(refused) = refused {
        refused.now(NoThread::Limit(max_threads()));
    }
    is_at_limit
}

/// Calls `bury` on some thread when the tasks of `queue` have ended, without waiting for them.
pub(crate) fn when_ended(queue: &Arc<RunQueue>, bury: impl FnOnce() + Send + 'static) {
    let job = move || {
        let bury = move |_: Order, release: &mut Release<'_>| {
            bury();
            release.now();
        };
        // If there is no thread for it, it leaks.
        if let Err((_, job)) = go_alone(Job::once(bury)) {
            std::mem::forget(job);
        }
    };
    let mut wake_ups = pool::WakeUps::default();
    pool::lock().await_end(Arc::clone(queue), Box::new(job), &mut wake_ups);
    wake_ups.now();
}
