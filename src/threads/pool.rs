//! What all threads share: the list of queues with work, the idle threads, and who looks for work.
//!
//! Lock order: the pool's lock, then a run queue's, then a share's.
//!
//! **Who is answerable.** These rules keep a queued task from being forgotten:
//!
//! 1. A worker that finds its queue empty takes the looking role before it detaches. If another thread
//!    has the role, it detaches only under the queue's lock, while the queue is empty.
//! 2. A looker that has taken a task gives up the role, looks at the list again, and wakes a successor
//!    if it finds a queue for which no thread is answerable.
//! 3. A thread that gives up the role without a task looks at the list once more, under the pool's
//!    lock, in the critical section in which it becomes idle.
//! 4. A thread that parks inside this crate detaches first, and wakes a thread for what it leaves
//!    behind. So does a waiter that stops draining, or that does not drain.
//! 5. The role is promised only to a thread that exists. A thread that is awake may take over a
//!    promised role.
//! 6. A thread that withholds a wake-up makes sure, after listing the queue, that the watcher is awake.
//!
//! **No wake-up is lost.** A push lists its queue and reads the role in one critical section of the
//! pool's lock. A looker gives up the role and looks at the list in one such section. Either the
//! looker's section comes second, and it sees the queue; or the push's does, and it finds no looker
//! and wakes a thread.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::job::{Occupied, Order, Release};
use super::limit::{NoThread, max_threads};
use super::run_queue::{Entry, Judgement, News, RunQueue, Slot, Taken, give_memory_back};
use super::spec::Spec;
use crate::sys::atomic::{HintBool, HintUsize, Relaxed};
use crate::sys::{self, Empty, Global, Mutex, MutexGuard, Static};
use crate::wait::{Until, WaitQueue};

/// How long a thread stays idle before it exits.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// How often a thread looks again whether all threads of the limit wait for queued tasks.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// After this many refusals in a row, with every thread blocked, a queued task is refused.
const REFUSALS: u32 = 4;

/// How many idle threads are looked at to find one on another core.
const CANDIDATES: usize = 8;

/// Up to this limit every task is taken under the pool's lock, so that the accounts are exact from the
/// first thread on.
const SMALL_LIMIT: usize = 64;

static SHARED: Global<Shared> = Global::new();

pub(super) struct Shared {
    pool: Mutex<Pool>,
    /// | bits | meaning                                      | written by                        |
    /// |------|----------------------------------------------|-----------------------------------|
    /// | 0    | `PROMISED`: a woken thread will look         | `summon` sets, `Role` clears      |
    /// | 1    | `HELD`: a thread that is awake looks         | `Role`                            |
    /// | 2..  | the number of listed queues                  | under the pool's lock             |
    ///
    /// `PROMISED` and `HELD` are never set together: else a promise could outlive the thread that it was
    /// made to.
    ///
    /// Relaxed everywhere: the word is read and changed by read-modify-writes, or under the pool's
    /// lock, where it matters; a spinning looker takes it as a hint.
    word: HintUsize,
    /// How many tasks were accepted by `try_go` and have not begun. Raised under the pool's lock.
    reserved: HintUsize,
    /// Whether every task is taken under the pool's lock: set under it, read anywhere.
    is_exact: HintBool,
    /// Whether the watcher will look: changed under the pool's lock, read anywhere.
    is_watched: HintBool,
    has_watcher: HintBool,
    has_reserve: HintBool,
    /// Whether the operating system has refused the last thread that was asked for.
    is_refused: HintBool,
    /// How many tasks were taken by a thread and not run, since their group had stopped.
    skipped: HintUsize,
}

const PROMISED: usize = 1;
const HELD: usize = 2;
const ONE_LISTED: usize = 4;

pub(super) struct Pool {
    list: VecDeque<Arc<RunQueue>>,
    /// The most recently used last.
    idle: VecDeque<Arc<Worker>>,
    /// Idle threads of special kinds, the most recently used last.
    special: VecDeque<Arc<Worker>>,
    /// Tasks for threads of a special kind that the limit holds up; each starts its own thread.
    held_up: VecDeque<Waiting>,
    /// Threads that run tasks, or that were asked for.
    living: usize,
    /// Of these, the ones that are awake and known to run no task.
    free: usize,
    /// Threads that were asked for and have not arrived; of these, the ones that are to be started.
    wanted: usize,
    to_start: usize,
    /// The queues for which threads of the limit wait without a bound.
    waits: Vec<Arc<RunQueue>>,
    /// How often a wait of such a thread has begun or ended; and how often it had when all of them seemed
    /// to wait for each other.
    events: usize,
    suspicion: Option<(usize, Instant)>,
    /// Groups that were dropped by one of their own tasks, and what to do when their tasks have ended.
    graves: Vec<(Arc<RunQueue>, Bury)>,
    watcher: Option<Arc<Signal>>,
    reserve: Option<Arc<Reserve>>,
    /// What a worker does.
    serve: Option<fn(&Arc<Worker>)>,
    /// Why the operating system refused the last thread that was asked for.
    refusal: Option<NoThread>,
    /// How many threads in a row were refused.
    refusals: u32,
    /// The same for the threads of a special kind whose tasks were accepted.
    special_refusal: Option<NoThread>,
    special_refusals: u32,
    started: usize,
    refused: usize,
}

/// Starts a task that the limit has held up on a thread of its own, for which there is room by now; or
/// refuses it.
pub(super) type HeldUp = Box<dyn FnOnce(Option<NoThread>) + Send>;

/// What is to be done when the tasks of a group have ended.
pub(super) type Bury = Box<dyn FnOnce() + Send>;

/// What wakes the watcher, or the reserve thread.
pub(super) type Signal = WaitQueue<bool>;

/// The reserve thread: see `reserve`.
pub(super) struct Reserve {
    /// The queue of the callbacks.
    pub(super) queue: Arc<RunQueue>,
    pub(super) signal: Signal,
    /// What the thread does.
    serve: fn(&Reserve),
    /// Whether there is the thread. Changed under the pool's lock.
    is_started: HintBool,
}

/// A thread that runs tasks.
pub(super) struct Worker {
    pub(super) spec: Spec,
    orders: WaitQueue<Option<Orders>>,
    /// Whether the pool counts it as free. Changed under the pool's lock.
    is_free: HintBool,
    /// The core that it ran on when it became idle. Changed under the pool's lock.
    core: HintUsize,
}

/// What an idle thread is woken for.
pub(super) enum Orders {
    /// To look for work; the role may have been promised to it.
    Look,
    /// To run this task.
    Run(Arc<RunQueue>, Entry),
    /// To become idle again: the task that it was claimed for is not run.
    Rest,
    /// To exit: another thread needs its place.
    Exit,
}

/// Threads to be woken when the pool's lock has been released.
#[must_use = "the threads have to be woken"]
#[derive(Default)]
pub(super) struct WakeUps {
    look: Vec<Arc<Worker>>,
    exit: Option<Arc<Worker>>,
    /// Whether this thread is to start the new threads itself.
    starts: bool,
    watcher: Option<Arc<Signal>>,
    reserve: Option<Arc<Reserve>>,
    held_up: Option<HeldUp>,
}

/// The pool, locked.
pub(super) fn lock() -> MutexGuard<'static, Pool> {
    SHARED.get().pool.lock()
}

/// Whether every task is taken under the pool's lock.
#[inline]
pub(super) fn is_exact() -> bool {
    SHARED.get().is_exact.load(Relaxed)
}

impl WakeUps {
    pub(super) fn now(self) {
        for worker in self.look {
            worker.order(Orders::Look);
        }
        if let Some(worker) = self.exit {
            worker.order(Orders::Exit);
        }
        if self.starts {
            start_threads();
        }
        if let Some(watcher) = self.watcher {
            wake(&watcher);
        }
        if let Some(reserve) = self.reserve {
            // Only a simulated run starts it so late. If that is refused, the watcher calls it again.
            drop(reserve.start());
            wake(&reserve.signal);
        }
        if let Some(start) = self.held_up {
            start(None);
        }
    }

    /// Whether no worker is woken.
    fn wakes_no_worker(&self) -> bool {
        self.look.is_empty()
    }
}

fn wake(signal: &Signal) {
    let mut signal = signal.lock();
    *signal = true;
    signal.grant_one();
}

impl Worker {
    /// `is_free` says whether the pool has counted it as free.
    pub(super) fn new(spec: Spec, is_free: bool) -> Arc<Self> {
        let (orders, is_free) = (WaitQueue::new(None), HintBool::new(is_free));
        Arc::new(Worker { spec, orders, is_free, core: HintUsize::new(0) })
    }

    /// Whether the pool counts it as free.
    pub(super) fn is_free(&self) -> bool {
        // Relaxed: read by the thread itself, which is awake; others set it before they wake it.
        self.is_free.load(Relaxed)
    }

    pub(super) fn order(&self, orders: Orders) {
        let mut place = self.orders.lock();
        *place = Some(orders);
        place.grant_one();
    }

    /// Sleeps until there are orders; `None` if there have been none for [`KEEP_ALIVE`], and the
    /// thread is to exit.
    pub(super) fn sleep(self: &Arc<Self>) -> Option<Orders> {
        let orders = sys::idling(|| self.orders_until(KEEP_ALIVE.into()));
        if orders.is_some() || lock().withdraw(self) {
            return orders;
        }
        // It has just been taken from the idle ones: the orders are on their way.
        self.orders_until(Until::FOREVER)
    }

    /// The first orders of a thread that was started for a task.
    pub(super) fn first_orders(&self) -> Orders {
        self.orders_until(Until::FOREVER).expect("a wait without a bound ends with orders")
    }

    fn orders_until(&self, until: Until<'_>) -> Option<Orders> {
        // However the wait ends, only the orders matter.
        drop(self.orders.wait_parked(until, |orders| orders.is_some()));
        self.orders.lock().take()
    }
}

/// The looking role, as one thread has it or not.
pub(super) struct Role {
    is_held: bool,
}

impl Role {
    pub(super) const NONE: Role = Role { is_held: false };

    /// Promises the role to a thread that is being woken, unless another thread has it or will have it.
    fn promise() {
        let is_vacant = |old: usize| old & (PROMISED | HELD) == 0;
        // Relaxed: see the word. It fails if the role is not vacant.
        let _: Result<_, _> = SHARED
            .get()
            .word
            .fetch_update(Relaxed, Relaxed, |old| is_vacant(old).then_some(old | PROMISED));
    }

    pub(super) fn is_held(&self) -> bool {
        self.is_held
    }

    /// Takes the role, or takes over one that was promised to a thread which is not awake yet.
    pub(super) fn try_take(&mut self) -> bool {
        if !self.is_held {
            self.take_if(|old| old & HELD == 0);
        }
        self.is_held
    }

    /// The thread has been woken: the role is its own if it was promised and no other thread has taken it over.
    pub(super) fn take_promised(&mut self) {
        self.take_if(|old| old & PROMISED != 0);
    }

    fn take_if(&mut self, may_take: impl Fn(usize) -> bool) {
        sys::point();
        // Relaxed: see the word.
        let taken = SHARED.get().word.fetch_update(Relaxed, Relaxed, |old| {
            may_take(old).then_some((old | HELD) & !PROMISED)
        });
        self.is_held |= taken.is_ok();
    }

    /// Gives the role up. Returns how many queues are listed.
    pub(super) fn give_up(&mut self) -> usize {
        if !mem::take(&mut self.is_held) {
            return 0;
        }
        sys::point();
        SHARED.get().word.fetch_and(!HELD, Relaxed) / ONE_LISTED
    }
}

/// How many queues are listed: a hint.
#[inline]
pub(super) fn listed() -> usize {
    SHARED.get().word.load(Relaxed) / ONE_LISTED
}

/// Starts the task that has got the slot of one that has ended. `is_patient` says that the calling
/// thread is about to look at the queue itself.
#[inline]
pub(super) fn slot_is_free(queue: &Arc<RunQueue>, slot: Slot<'_>, is_patient: bool) {
    let (news, special) = slot.into_news();
    hear(queue, news, || is_patient);
    if let Some(special) = special {
        special.start_special(queue);
    }
}

/// Tells the list what a push, or the return of a slot, has done to `queue`. `is_patient` says that a
/// wake-up may be left to the watcher.
#[inline]
pub(super) fn hear(queue: &Arc<RunQueue>, news: News, is_patient: impl FnOnce() -> bool) {
    match news {
        News::None => {}
        News::Attached => rely_on_watcher(),
        News::Nonempty => {
            let is_patient = sys::guess(is_patient);
            if is_patient {
                rely_on_watcher();
            } else {
                announce(queue, news, false);
            }
        }
        News::Unlisted => announce(queue, news, sys::guess(is_patient)),
    }
}

fn announce(queue: &Arc<RunQueue>, news: News, is_patient: bool) {
    let shared = SHARED.get();
    let mut pool = shared.pool.lock();
    if news == News::Unlisted {
        pool.list.push_back(Arc::clone(queue));
        shared.word.fetch_add(ONE_LISTED, Relaxed);
    }
    let mut wake_ups = WakeUps::default();
    if !is_patient && !pool.has_looker() {
        pool.summon(&mut wake_ups);
    }
    // The thread that comes may take from another queue first, and a waiter that drains this one may
    // block: so the watcher is awake for as long as a queue is listed. (A simulated one looks once, and
    // is woken when a thread relies on it.)
    if wake_ups.wakes_no_worker() || !sys::is_simulated() {
        pool.watch(&mut wake_ups);
    }
    drop(pool);
    wake_ups.now();
}

/// Wakes a thread for `queue`, unless one is on its way: for a thread that waits for the queue's tasks
/// and will not run them, or that leaves them behind.
#[cold]
pub(super) fn see_to(queue: &RunQueue) {
    if queue.seems_empty() || !queue.needs_thread() {
        return;
    }
    let mut wake_ups = WakeUps::default();
    let mut pool = lock();
    if !pool.has_looker() {
        pool.summon(&mut wake_ups);
    }
    // The looker may leave the queue alone.
    pool.watch(&mut wake_ups);
    drop(pool);
    wake_ups.now();
}

/// Wakes a thread to help with a queue that is being drained, if a core is free.
#[cold]
pub(super) fn call_helper() {
    let mut wake_ups = WakeUps::default();
    let mut pool = lock();
    if pool.has_free_core() && !pool.has_looker() {
        pool.summon(&mut wake_ups);
    }
    drop(pool);
    wake_ups.now();
}

/// Makes sure that the watcher is awake: for a task that is left to a thread which may block.
#[inline]
pub(super) fn rely_on_watcher() {
    // Relaxed: the queue is listed, so the watcher stays awake until it has looked at it under the
    // pool's lock; if it fell asleep before, the listing of the queue makes that visible here.
    sys::point();
    if !SHARED.get().is_watched.load(Relaxed) {
        let mut wake_ups = WakeUps::default();
        lock().watch(&mut wake_ups);
        wake_ups.now();
    }
}

/// Whether the operating system has refused the last thread that was asked for.
#[inline]
pub(super) fn is_refused() -> bool {
    // Relaxed: it decides whether to ask under the lock.
    SHARED.get().is_refused.load(Relaxed)
}

/// Asks for a thread again, if there is none at all.
#[cold]
pub(super) fn check_refusal() -> Result<(), NoThread> {
    if lock().living > 0 { Ok(()) } else { ask_again() }
}

/// Reserves a thread for a task that must not wait for one.
pub(super) fn reserve() -> Result<(), NoThread> {
    let refused = lock().reserve();
    if let Err(NoThread::System(_)) = refused {
        // That was the last answer: there may be another by now.
        ask_again()?;
        return lock().reserve();
    }
    refused
}

/// Starts a thread here and now.
fn ask_again() -> Result<(), NoThread> {
    let mut wake_ups = WakeUps::default();
    let mut pool = lock();
    pool.refusal = None;
    let is_coming = pool.summon(&mut wake_ups);
    wake_ups.starts = true;
    drop(pool);
    wake_ups.now();
    let refusal = lock().refusal();
    refusal.filter(|_| is_coming).map_or(Ok(()), Err)
}

/// Counts a task that a thread has taken and not run.
#[cold]
pub(super) fn count_skipped() {
    // Relaxed: a count.
    SHARED.get().skipped.fetch_add(1, Relaxed);
}

/// Whether there is a watcher.
#[inline]
pub(super) fn has_watcher() -> bool {
    // Relaxed: it publishes nothing; a thread that needs the watcher takes the pool's lock.
    SHARED.get().has_watcher.load(Relaxed)
}

/// Starts the watcher, unless there is one.
#[cold]
pub(super) fn start_watcher(
    watch: fn(&Arc<Signal>),
    serve: fn(&Arc<Worker>),
) -> Result<(), NoThread> {
    let mut pool = lock();
    if pool.watcher.is_none() {
        // It looks at once if its predecessor has left the watch.
        let looks = pool.serve.is_some();
        let signal = Arc::new(Signal::new(looks));
        let its_own = Arc::clone(&signal);
        // Under the lock, so that no thread relies on one that is then refused. Once a process.
        sys::spawn("phalanx-watcher".into(), None, move || watch(&its_own)).map_err(refused)?;
        pool.watcher = Some(signal);
        pool.serve = Some(serve);
        // It has been refused nothing yet.
        pool.refusals = 0;
        SHARED.get().has_watcher.store(true, Relaxed);
        SHARED.get().is_watched.store(looks, Relaxed);
    }
    Ok(())
}

/// Whether there is a reserve thread.
#[inline]
pub(super) fn has_reserve() -> bool {
    // Relaxed: it publishes nothing; the queue of the callbacks is behind a lock.
    SHARED.get().has_reserve.load(Relaxed)
}

/// Starts the reserve thread, unless there is one.
#[cold]
pub(super) fn start_reserve(queue: &Arc<RunQueue>, serve: fn(&Reserve)) -> Result<(), NoThread> {
    let reserve = Arc::new(Reserve {
        queue: Arc::clone(queue),
        signal: Signal::new(false),
        serve,
        is_started: HintBool::new(false),
    });
    let reserve = Arc::clone(lock().reserve.get_or_insert(reserve));
    if !sys::starts_late() {
        reserve.start()?;
    }
    SHARED.get().has_reserve.store(true, Relaxed);
    Ok(())
}

impl Reserve {
    /// Starts the thread, unless there is one.
    fn start(self: &Arc<Self>) -> Result<(), NoThread> {
        // Relaxed: under the lock, or else a thread that finds it started could also have come later.
        if self.is_started.load(Relaxed) {
            return Ok(());
        }
        let pool = lock();
        if !self.is_started.load(Relaxed) {
            let (its_own, stack) = (Arc::clone(self), Some(Spec::worker_stack()));
            // Under the lock, so that no thread relies on one that is then refused. Once a process.
            let body = move || (its_own.serve)(&its_own);
            sys::spawn("phalanx-reserve".into(), stack, body).map_err(refused)?;
            self.is_started.store(true, Relaxed);
        }
        drop(pool);
        Ok(())
    }
}

thread_local! {
    static IS_OWN: Cell<bool> = const { Cell::new(false) };
}

/// Whether the current thread is a worker, or the watcher.
fn is_own_thread() -> bool {
    IS_OWN.get()
}

/// The current thread is a worker, or the watcher.
pub(super) fn become_own_thread() {
    IS_OWN.set(true);
}

/// Starts the threads that were asked for. Returns `false` if one was refused.
pub(super) fn start_threads() -> bool {
    loop {
        let mut pool = lock();
        let Some(serve) = pool.serve.filter(|_| pool.starts_one()) else { return true };
        drop(pool);
        let worker = Worker::new(Spec::DEFAULT, true);
        let stack = Some(Spec::worker_stack());
        if let Err(error) = sys::spawn("phalanx".into(), stack, move || serve(&worker)) {
            let mut wake_ups = WakeUps::default();
            let mut pool = lock();
            pool.not_started(refused(error));
            pool.call_reserve(&mut wake_ups);
            // It asks again.
            pool.watch(&mut wake_ups);
            drop(pool);
            wake_ups.now();
            return false;
        }
    }
}

pub(super) fn refused(error: io::Error) -> NoThread {
    NoThread::System(Arc::new(error))
}

impl Pool {
    /// Whether a thread is looking, or will be.
    fn has_looker(&self) -> bool {
        self.wanted > 0 || SHARED.get().word.load(Relaxed) & (PROMISED | HELD) != 0
    }

    /// Wakes an idle thread to look for work, or asks for a new one. At the limit, an idle thread of
    /// another kind makes room; if there is none, the threads that are busy will look when they are not.
    pub(super) fn summon(&mut self, wake_ups: &mut WakeUps) -> bool {
        if let Some(worker) = self.take_idle() {
            // Only now, to a thread that exists.
            Role::promise();
            self.set_free(&worker, true);
            wake_ups.look.push(worker);
            return true;
        }
        if !self.admit(wake_ups) {
            self.call_reserve(wake_ups);
            return false;
        }
        self.free += 1;
        self.wanted += 1;
        self.to_start += 1;
        // A worker was started by the watcher, or by a worker; the program's own threads start none.
        if is_own_thread() || sys::is_simulated() {
            wake_ups.starts = true;
        } else {
            self.signal(wake_ups);
        }
        true
    }

    /// Takes an idle thread: if possible one that last ran on another core than the calling thread, which
    /// needs its own. (A thread that is woken goes where it last ran, more or less.) `None` if a new thread
    /// is better, which the kernel starts on an idle core.
    fn take_idle(&mut self) -> Option<Arc<Worker>> {
        let here =
            if sys::is_simulated() || sys::cores() == 1 { None } else { sys::current_core() };
        let newest = self.idle.len().checked_sub(1)?;
        let place = match here {
            None => newest,
            Some(here) => {
                let is_elsewhere = |&place: &usize| self.idle[place].core.load(Relaxed) != here;
                match (0..=newest).rev().take(CANDIDATES).find(is_elsewhere) {
                    Some(place) => place,
                    None if self.may_start_another() => return None,
                    None => newest,
                }
            }
        };
        self.idle.remove(place)
    }

    /// Whether another thread may be started though one is idle: there are few, and none was refused.
    fn may_start_another(&self) -> bool {
        self.living < max_threads().min(sys::cores() * 2) && self.refusal.is_none()
    }

    /// Counts a new thread in, if the limit allows one or an idle thread can make room.
    fn admit(&mut self, wake_ups: &mut WakeUps) -> bool {
        if self.living >= max_threads() {
            if wake_ups.exit.is_some() {
                return false;
            }
            let Some(idle) = self.special.pop_front() else { return false };
            wake_ups.exit = Some(idle);
            self.living -= 1;
        }
        self.living += 1;
        self.check_exactness();
        true
    }

    /// From half of the limit on, tasks are taken under the lock.
    fn check_exactness(&self) {
        let shared = SHARED.get();
        let limit = max_threads();
        // Relaxed: raised under this lock.
        let used = self.living + shared.reserved.load(Relaxed);
        let is_exact = limit <= SMALL_LIMIT || used.saturating_mul(2) >= limit;
        // Not back again while threads are at work: their accounts were kept in the other way.
        if shared.is_exact.load(Relaxed) != is_exact && (is_exact || self.living <= 1) {
            shared.is_exact.store(is_exact, Relaxed);
        }
    }

    pub(super) fn set_free(&mut self, worker: &Worker, is_free: bool) {
        // Relaxed: under the lock.
        if worker.is_free.load(Relaxed) != is_free {
            worker.is_free.store(is_free, Relaxed);
            if is_free {
                self.free += 1;
            } else {
                self.free -= 1;
            }
        }
    }

    /// Makes the watcher look, now or at its next turn.
    pub(super) fn watch(&mut self, wake_ups: &mut WakeUps) {
        let shared = SHARED.get();
        if shared.is_watched.load(Relaxed) {
            return;
        }
        if self.watcher.is_some() {
            shared.is_watched.store(true, Relaxed);
            self.signal(wake_ups);
        } else if self.serve.is_some() && !self.has_looker() {
            // The watcher is away, to drop a task.
            self.summon(wake_ups);
        }
    }

    fn signal(&self, wake_ups: &mut WakeUps) {
        wake_ups.watcher.clone_from(&self.watcher);
    }

    /// Chooses a queue to take from, which goes to the back of the list. Takes empty queues off it.
    pub(super) fn choose(&mut self, wake_ups: &mut WakeUps) -> Option<Arc<RunQueue>> {
        let (mut place, mut is_left) = (0, false);
        while let Some(queue) = self.list.get(place) {
            match queue.judge() {
                Judgement::Empty if self.unlist_at(place) => {}
                Judgement::Empty => place += 1,
                Judgement::Leave => {
                    is_left = true;
                    place += 1;
                }
                Judgement::Take => {
                    let queue = self.list.remove(place);
                    self.list.extend(queue.clone());
                    if is_left {
                        self.watch(wake_ups);
                    }
                    return queue;
                }
            }
        }
        if is_left {
            self.watch(wake_ups);
        }
        None
    }

    /// Takes the queue at that place off the list, if it is empty.
    fn unlist_at(&mut self, place: usize) -> bool {
        let started = self.list.get(place).and_then(|queue| queue.unlist());
        if let Some(started) = started {
            self.remove(place, started);
        }
        started.is_some()
    }

    /// Takes a queue off the list, of which this many tasks have started.
    fn remove(&mut self, place: usize, started: usize) {
        self.started = self.started.wrapping_add(started);
        self.list.remove(place);
        give_memory_back(&mut self.list);
        SHARED.get().word.fetch_sub(ONE_LISTED, Relaxed);
    }

    /// What a worker has to do after it has taken work: see rule 2. `spread` is how many threads more
    /// could be of use at once.
    pub(super) fn wake_successor(
        &mut self,
        is_needed: bool,
        is_much: bool,
        spread: usize,
        wake_ups: &mut WakeUps,
    ) {
        let is_needed = is_needed || (is_much && self.has_free_core());
        let is_needed = is_needed || self.list.iter().any(|queue| queue.wants_thread());
        if self.list.len() > 1 {
            // Others are left to waiters that drain them, and that may block.
            self.watch(wake_ups);
        }
        if is_needed && !self.has_looker() {
            self.summon(wake_ups);
        }
        while wake_ups.look.len() + self.wanted < spread && self.summon(wake_ups) {}
    }

    fn has_free_core(&self) -> bool {
        let looker = usize::from(SHARED.get().word.load(Relaxed) & HELD != 0);
        let awake = self.living - self.idle.len() - self.special.len();
        awake.saturating_sub(sys::parked() + looker) < sys::cores()
    }

    /// A thread has ended, or can: something that the limit holds up may take its place.
    pub(super) fn fill_room(&mut self, wake_ups: &mut WakeUps) {
        let is_next = wake_ups.held_up.is_none() && self.has_room_for_next();
        if is_next && self.admit_special(wake_ups) {
            wake_ups.held_up = self.pop_held_up();
        } else if !self.list.is_empty() && !self.has_looker() {
            self.summon(wake_ups);
        }
    }

    /// Makes the calling worker idle. It has found nothing in this critical section.
    pub(super) fn rest(&mut self, me: &Arc<Worker>) {
        self.set_free(me, false);
        // Relaxed: under the lock.
        me.core.store(sys::current_core().unwrap_or(0), Relaxed);
        self.idle.push_back(Arc::clone(me));
    }

    /// Takes a thread that wants to exit out of the idle ones. `false` if it has orders.
    fn withdraw(&mut self, me: &Arc<Worker>) -> bool {
        // The one that has been idle longest lies at the bottom, where the search begins.
        let is_me = |one: &Arc<Worker>| Arc::ptr_eq(one, me);
        let found = if let Some(place) = self.idle.iter().position(is_me) {
            self.idle.remove(place)
        } else if let Some(place) = self.special.iter().position(is_me) {
            self.special.remove(place)
        } else {
            None
        };
        if found.is_some() {
            self.living -= 1;
            self.check_exactness();
        }
        found.is_some()
    }

    // --- Exact accounts ------------------------------------------------------------------------

    /// How many threads are running a task, or may be.
    fn busy(&self) -> usize {
        self.living - self.idle.len() - self.special.len() - self.free
    }

    /// Takes a task under the lock, and counts the calling worker as busy. A task for which no thread
    /// is reserved is taken only if threads remain for all reservations.
    pub(super) fn take(
        &mut self,
        me: &Worker,
        wake_ups: &mut WakeUps,
    ) -> Option<(Arc<RunQueue>, Taken)> {
        let reserved = &SHARED.get().reserved;
        let busy = self.busy() + usize::from(me.is_free.load(Relaxed));
        let mut place = 0;
        while let Some(queue) = self.list.get(place) {
            let judgement = queue.judge();
            if judgement == Judgement::Empty && self.unlist_at(place) {
                continue;
            }
            let Some(queue) = self.list.get(place) else { break };
            let taken = if judgement == Judgement::Leave {
                None
            } else if busy + reserved.load(Relaxed) <= max_threads() {
                queue.take_for_worker(None, &mut false, None)
            } else {
                queue.take_reserved()
            };
            if let Some(taken) = taken {
                let queue = Arc::clone(queue);
                begin(&taken.entry);
                self.set_free(me, false);
                // To the back of the list.
                self.list.rotate_left(place + 1);
                self.watch(wake_ups);
                return Some((queue, taken));
            }
            place += 1;
        }
        if place > 0 {
            self.watch(wake_ups);
        }
        None
    }

    /// Whether the calling worker has to exit, so that a task which needs a thread of another kind
    /// can start.
    pub(super) fn makes_room(&mut self, me: &Worker, wake_ups: &mut WakeUps) -> bool {
        if self.held_up.is_empty() {
            return false;
        }
        if self.living < max_threads() {
            self.fill_room(wake_ups);
            return false;
        }
        self.set_free(me, true);
        let makes_room = self.has_room_for_next();
        if makes_room {
            self.set_free(me, false);
            wake_ups.held_up = self.pop_held_up();
        }
        makes_room
    }

    /// Accepts a task that must not wait for a thread, and reserves one for it.
    fn reserve(&mut self) -> Result<(), NoThread> {
        self.check_exactness();
        let (shared, limit) = (SHARED.get(), max_threads());
        let reserved = shared.reserved.load(Relaxed);
        let used = if shared.is_exact.load(Relaxed) { self.busy() } else { self.living };
        let refusal = if used + reserved >= limit {
            Some(NoThread::Limit(limit))
        } else if self.idle.len() + self.free > reserved {
            None
        } else {
            self.refusal.clone()
        };
        if let Some(refusal) = refusal {
            return Err(refusal);
        }
        shared.reserved.fetch_add(1, Relaxed);
        Ok(())
    }

    /// Counts a task that is refused.
    pub(super) fn count_refusal(&mut self) {
        self.refused += 1;
    }

    /// Counts the start of a task that did not lie in a queue.
    pub(super) fn count_start(&mut self) {
        self.started = self.started.wrapping_add(1);
    }

    /// Reserves a thread of a special kind: an idle one of that kind, or room for a new one.
    pub(super) fn claim_special(&mut self, spec: &Spec, wake_ups: &mut WakeUps) -> Special {
        self.check_exactness();
        if !self.has_room() {
            return Special::HeldUp;
        }
        if !spec.own_thread {
            if let Some(place) = self.special.iter().rposition(|idle| idle.spec == *spec) {
                return self.special.remove(place).map_or(Special::HeldUp, Special::Idle);
            }
        }
        if self.admit_special(wake_ups) { Special::New } else { Special::Soon }
    }

    /// Counts in a new thread of a special kind. At the limit, an idle thread makes room for it.
    fn admit_special(&mut self, wake_ups: &mut WakeUps) -> bool {
        if self.living >= max_threads() && self.special.is_empty() && wake_ups.exit.is_none() {
            if let Some(idle) = self.idle.pop_front() {
                wake_ups.exit = Some(idle);
                self.living -= 1;
            }
        }
        self.admit(wake_ups)
    }

    /// Whether another thread can be busy beside those for which tasks are reserved.
    fn has_room(&self) -> bool {
        self.busy() + SHARED.get().reserved.load(Relaxed) < max_threads()
    }

    /// Whether there is room for the first task that is held up, which may have its thread reserved.
    fn has_room_for_next(&self) -> bool {
        let Some(next) = self.held_up.front() else { return false };
        let others = SHARED.get().reserved.load(Relaxed) - usize::from(next.is_reserved);
        self.busy() + others < max_threads()
    }

    fn pop_held_up(&mut self) -> Option<HeldUp> {
        let next = self.held_up.pop_front()?;
        give_memory_back(&mut self.held_up);
        if next.is_reserved {
            unreserve();
        }
        Some(next.start)
    }

    /// Keeps a task until there is room for its thread, which there may be by now.
    pub(super) fn hold_up(&mut self, next: Waiting, wake_ups: &mut WakeUps) {
        self.held_up.push_back(next);
        self.fill_room(wake_ups);
        self.watch(wake_ups);
    }

    /// Keeps a task whose thread the operating system has refused.
    pub(super) fn keep(&mut self, start: HeldUp, refusal: NoThread, wake_ups: &mut WakeUps) {
        self.held_up.push_back(Waiting { start, is_reserved: false });
        self.special_refusal = Some(refusal);
        self.special_refusals = self.special_refusals.saturating_add(1);
        self.watch(wake_ups);
    }

    /// A thread of a special kind that was counted in has been started.
    pub(super) fn special_started(&mut self) {
        self.special_refusals = 0;
    }

    /// A thread of a special kind that was counted in has not been started.
    pub(super) fn special_not_started(&mut self, wake_ups: &mut WakeUps) {
        self.living -= 1;
        self.check_exactness();
        // What else could start now is left to the watcher: a whole row of such tasks may be refused.
        if !self.held_up.is_empty() || !self.list.is_empty() {
            self.watch(wake_ups);
        }
    }

    /// Makes a thread of a special kind idle before its task reports its end. Returns `false` if the
    /// thread is to exit.
    pub(super) fn rest_special(&mut self, me: &Arc<Worker>, wake_ups: &mut WakeUps) -> bool {
        let stays = !me.spec.own_thread && self.special.len() < MOST_SPECIAL;
        if stays {
            self.special.push_back(Arc::clone(me));
        } else {
            self.living -= 1;
            self.check_exactness();
        }
        self.fill_room(wake_ups);
        stays
    }

    // --- Callbacks -----------------------------------------------------------------------------

    /// Calls the reserve thread, if there are callbacks: there is no thread of the limit for them.
    fn call_reserve(&self, wake_ups: &mut WakeUps) {
        if self.reserve.as_ref().is_some_and(|reserve| !reserve.queue.seems_empty()) {
            wake_ups.reserve.clone_from(&self.reserve);
        }
    }

    /// Whether there is no thread of the limit that could take a callback.
    pub(super) fn lacks_thread(&self) -> bool {
        let is_refused = self.refusal.is_some() && self.idle.is_empty() && self.free == 0;
        is_refused || !self.has_room()
    }

    /// Wakes a thread of the limit, or asks for a new one, unless one is about to look at the list.
    pub(super) fn call_free_thread(&mut self, wake_ups: &mut WakeUps) {
        if self.free == 0 && !self.has_looker() {
            self.summon(wake_ups);
        }
    }

    fn is_of_callbacks(&self, queue: &Arc<RunQueue>) -> bool {
        self.reserve.as_ref().is_some_and(|reserve| Arc::ptr_eq(&reserve.queue, queue))
    }

    // --- Deadlocks at the limit ----------------------------------------------------------------

    /// A thread of the limit waits without a bound for tasks of `queue`.
    pub(super) fn begin_wait(&mut self, queue: &Arc<RunQueue>) {
        self.events = self.events.wrapping_add(1);
        self.waits.push(Arc::clone(queue));
    }

    pub(super) fn end_wait(&mut self, queue: &Arc<RunQueue>) {
        self.events = self.events.wrapping_add(1);
        if let Some(place) = self.waits.iter().rposition(|one| Arc::ptr_eq(one, queue)) {
            self.waits.swap_remove(place);
        }
    }

    /// The oldest queued task, to be refused, if every thread of the limit waits for tasks that are
    /// queued, or that run on such threads.
    pub(super) fn take_deadlocked(&mut self, now: impl FnOnce() -> Instant) -> Option<Refused> {
        let is_deadlocked = self.living >= max_threads()
            && self.waits.len() >= self.living
            && self.waits.iter().all(|queue| queue.depends_on_limit());
        if !is_deadlocked {
            self.suspicion = None;
            return None;
        }
        let now = now();
        // A thread whose wait is over may not have woken up yet: so nothing must have changed since an
        // earlier look, some time ago.
        match self.suspicion {
            Some((events, since)) if events == self.events => {
                if now.saturating_duration_since(since) < LOOK_AGAIN {
                    return None;
                }
                // The refusal ends a wait: the next verdict needs two looks of its own.
                self.suspicion = None;
                self.take_oldest()
            }
            _ => {
                self.suspicion = Some((self.events, now));
                None
            }
        }
    }

    /// Takes the oldest queued task, to refuse it. Callbacks are not refused.
    pub(super) fn take_oldest(&mut self) -> Option<Refused> {
        let mut queues = self.list.iter().filter(|queue| !self.is_of_callbacks(queue));
        let found = queues.find_map(|queue| Some((Arc::clone(queue), queue.take_refused()?)));
        let refused = if let Some((queue, entry)) = found {
            begin(&entry);
            Refused::Queued(queue, entry)
        } else {
            Refused::HeldUp(self.pop_held_up()?)
        };
        self.refused += 1;
        Some(refused)
    }

    // --- The watcher ---------------------------------------------------------------------------

    /// Whether a thread is to be started.
    fn starts_one(&mut self) -> bool {
        let starts = self.to_start > 0;
        if starts {
            self.to_start -= 1;
        }
        starts
    }

    /// The operating system has refused a thread: those that were to be started are not.
    fn not_started(&mut self, refusal: NoThread) {
        let missing = 1 + mem::take(&mut self.to_start);
        self.living -= missing;
        self.free -= missing;
        self.wanted -= missing;
        self.refusal = Some(refusal);
        self.refusals = self.refusals.saturating_add(1);
        SHARED.get().is_refused.store(true, Relaxed);
        self.check_exactness();
    }

    /// A new thread has arrived, and is about to look for work.
    pub(super) fn arrive(&mut self) {
        self.wanted -= 1;
        self.refusal = None;
        self.refusals = 0;
        SHARED.get().is_refused.store(false, Relaxed);
    }

    /// The watcher is about to run code of the user's: no thread relies on it until it is back, or replaced.
    pub(super) fn leave_watch(&mut self) {
        self.watcher = None;
        SHARED.get().has_watcher.store(false, Relaxed);
        SHARED.get().is_watched.store(false, Relaxed);
    }

    /// The thread that has left the watch takes it up again. `false` if there is another watcher.
    pub(super) fn resume_watch(&mut self, signal: &Arc<Signal>) -> bool {
        let resumes = self.watcher.is_none();
        if resumes {
            self.watcher = Some(Arc::clone(signal));
            SHARED.get().has_watcher.store(true, Relaxed);
            SHARED.get().is_watched.store(true, Relaxed);
        }
        resumes
    }

    /// Whether the operating system has refused the last thread that was asked for.
    pub(super) fn was_refused(&self) -> bool {
        self.refusals > 0 || self.special_refusals > 0
    }

    /// Calls `bury` when the tasks of `queue` have ended.
    pub(super) fn await_end(&mut self, queue: Arc<RunQueue>, bury: Bury, wake_ups: &mut WakeUps) {
        self.graves.push((queue, bury));
        self.watch(wake_ups);
    }

    /// What is to be called by now.
    pub(super) fn take_ended(&mut self) -> Option<Bury> {
        let place = self.graves.iter().position(|(queue, _)| queue.count.is_zero())?;
        Some(self.graves.swap_remove(place).1)
    }

    /// Whether the watcher has to look again later, whatever it does now.
    pub(super) fn waits_for_time(&self) -> bool {
        !self.held_up.is_empty() || !self.graves.is_empty()
    }

    /// Whether the thread limit is reached.
    pub(super) fn is_at_limit(&self) -> bool {
        self.living >= max_threads()
    }

    /// Whether the limit keeps queued tasks from their threads: it is reached, and no thread is idle; or, since
    /// it was lowered, those that are idle must not run.
    pub(super) fn has_no_thread(&self) -> bool {
        self.is_at_limit() && (self.idle.is_empty() || self.busy() >= max_threads())
    }

    /// Lets the watcher sleep until it is woken, if there is nothing to look at.
    pub(super) fn fall_asleep(&mut self) -> bool {
        // In a simulation, nothing that was listed at its last look is left to a guess.
        let is_done = self.held_up.is_empty() && self.graves.is_empty() && self.to_start == 0;
        let sleeps = is_done && (self.list.is_empty() || sys::is_simulated());
        if sleeps {
            SHARED.get().is_watched.store(false, Relaxed);
        }
        sleeps
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.list.is_empty()
    }

    /// Why the operating system refused the last thread that was asked for, if it did.
    fn refusal(&self) -> Option<NoThread> {
        self.refusal.clone()
    }

    /// Wakes a thread for the queues that have not moved since the last look, and starts what is held up.
    /// Returns whether a thread was woken.
    pub(super) fn look_for_stalls(&mut self, at_once: bool, wake_ups: &mut WakeUps) -> bool {
        let (mut place, mut has_stalled) = (0, false);
        while let Some(queue) = self.list.get(place) {
            let is_of_callbacks = self.is_of_callbacks(queue);
            match queue.watch(at_once) {
                Judgement::Empty if self.unlist_at(place) => continue,
                Judgement::Empty | Judgement::Leave => {}
                Judgement::Take => {
                    has_stalled = true;
                    if is_of_callbacks && self.lacks_thread() {
                        self.call_reserve(wake_ups);
                    }
                }
            }
            place += 1;
        }
        if !self.held_up.is_empty() {
            self.fill_room(wake_ups);
        } else if self.list.is_empty() {
            // The system may think better of it by the next task.
            self.refusals = 0;
        }
        has_stalled && !self.has_looker() && self.summon(wake_ups)
    }

    /// A task that was accepted and has no chance, with the reason: the operating system has refused threads
    /// for it, and every thread that runs tasks is blocked in this crate, or there is none.
    pub(super) fn take_hopeless(&mut self, wake_ups: &mut WakeUps) -> Option<(Refused, NoThread)> {
        let is_refused = self.refusals >= REFUSALS || self.special_refusals >= REFUSALS;
        if !is_refused || self.living - self.idle.len() - self.special.len() > sys::parked() {
            return None;
        }
        if self.special_refusals >= REFUSALS {
            self.special_refusals = 0;
            let why = self.special_refusal.take()?;
            let next = self.pop_held_up()?;
            self.refused += 1;
            return Some((Refused::HeldUp(next), why));
        }
        if self.idle.is_empty() {
            let why = self.refusal.clone()?;
            return Some((self.take_oldest()?, why));
        }
        if !self.list.is_empty() && !self.has_looker() {
            self.summon(wake_ups);
        }
        None
    }

    pub(super) fn statistics(&self) -> (usize, usize, usize, usize, usize) {
        let (mut started, mut queued) = (self.started, self.held_up.len());
        for queue in &self.list {
            let (new, waiting) = queue.statistics();
            started = started.wrapping_add(new);
            queued += waiting;
        }
        // Relaxed: a count.
        started = started.wrapping_sub(SHARED.get().skipped.load(Relaxed));
        let idle = self.idle.len() + self.special.len();
        let held_up = if self.has_no_thread() { queued } else { 0 };
        (self.living - idle, idle, started, self.refused, held_up)
    }
}

/// No more threads of special kinds than this are kept idle: a thread cannot change its name, so a
/// program that names each task differently would otherwise keep one for each.
const MOST_SPECIAL: usize = 32;

/// A thread of a special kind for a task.
pub(super) enum Special {
    Idle(Arc<Worker>),
    /// There is room for one, which the caller starts.
    New,
    /// A thread is free, and about to make room.
    Soon,
    /// The limit holds the task up.
    HeldUp,
}

/// A task that is held up.
pub(super) struct Waiting {
    pub(super) start: HeldUp,
    /// Whether a thread is reserved for it.
    pub(super) is_reserved: bool,
}

/// A task that is refused though it was accepted.
pub(super) enum Refused {
    Queued(Arc<RunQueue>, Entry),
    HeldUp(HeldUp),
}

impl Refused {
    /// Tells the task's group.
    pub(super) fn now(self, why: NoThread) {
        match self {
            Refused::Queued(queue, entry) => refuse(&queue, entry, why),
            Refused::HeldUp(start) => start(Some(why)),
        }
    }
}

/// Refuses a task that was accepted, which is an error of its group.
#[cold]
pub(super) fn refuse(queue: &Arc<RunQueue>, entry: Entry, why: NoThread) {
    let slot = Slot::new(queue);
    let mut release = Release::inline(if entry.has_slot { Some(&slot) } else { None });
    entry.job.run(Order::Refuse(why), &mut release);
    slot_is_free(queue, slot, false);
    queue.count_out();
}

/// A task has left its queue: the thread that was reserved for it is the one that runs it.
#[inline]
pub(super) fn begin(entry: &Entry) {
    if entry.is_reserved {
        SHARED.get().reserved.fetch_sub(1, Relaxed);
    }
}

/// Reserves a thread. Called under the pool's lock.
pub(super) fn reserve_one() {
    SHARED.get().reserved.fetch_add(1, Relaxed);
}

/// A reservation is not used.
pub(super) fn unreserve() {
    SHARED.get().reserved.fetch_sub(1, Relaxed);
}

impl Occupied for Worker {
    /// The thread counts as free before its task reports its end.
    fn give_back(&self) {
        lock().set_free(self, true);
    }
}

impl Empty for Shared {
    const EMPTY: Self = Shared {
        pool: Mutex::EMPTY,
        word: HintUsize::new(0),
        reserved: HintUsize::new(0),
        is_exact: HintBool::new(true),
        is_watched: HintBool::new(false),
        has_watcher: HintBool::new(false),
        has_reserve: HintBool::new(false),
        is_refused: HintBool::new(false),
        skipped: HintUsize::new(0),
    };
}

impl Static for Shared {
    #[cfg(feature = "sim")]
    fn clear(&self) {
        self.pool.clear();
        self.word.store(0, Relaxed);
        self.reserved.store(0, Relaxed);
        self.is_exact.store(true, Relaxed);
        self.is_watched.store(false, Relaxed);
        self.has_watcher.store(false, Relaxed);
        self.has_reserve.store(false, Relaxed);
        self.is_refused.store(false, Relaxed);
        self.skipped.store(0, Relaxed);
    }
}

impl Empty for Pool {
    const EMPTY: Pool = Pool {
        list: VecDeque::new(),
        idle: VecDeque::new(),
        special: VecDeque::new(),
        held_up: VecDeque::new(),
        living: 0,
        free: 0,
        wanted: 0,
        to_start: 0,
        waits: Vec::new(),
        events: 0,
        suspicion: None,
        graves: Vec::new(),
        watcher: None,
        reserve: None,
        serve: None,
        refusal: None,
        refusals: 0,
        special_refusal: None,
        special_refusals: 0,
        started: 0,
        refused: 0,
    };
}
