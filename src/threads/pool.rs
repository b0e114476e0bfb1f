//! The plain tasks: a queue, the threads that take from it, and the one *searcher*.
//!
//! The invariant, at every release of the lock:
//!
//! > If the queue is not empty, there is a searcher: a thread that is not in user code, and on its
//! > way to the queue. (Or the operating system refuses threads.)
//!
//! So every task starts within bounded time, whatever the running tasks do, as if each had a thread
//! of its own; and yet a burst of short tasks wakes one thread, not one for each. Being the
//! searcher is handed on, never merely announced:
//!
//! - whoever pushes a task while nobody searches makes an idle thread the searcher, or a new one;
//! - a searcher that takes a task and leaves others behind appoints its successor *before* it
//!   runs the task;
//! - a thread that has finished a task becomes the searcher, if nobody is, *before* it reports:
//!   whoever waits for the report and then starts another task finds it at work;
//! - a searcher that finds the queue empty looks for a moment longer, and then goes idle.
//!
//! What the threads do is in `searcher`. Where as many are running as can be of use, a new searcher naps before it takes part,
//! so that short tasks are drained by the threads that are awake. It skips the nap when the one
//! before has seen nobody take a task: then the running tasks are blocked, and others are needed.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::{io, iter};

use super::searcher;
use super::sleeper::{Role, Sleeper};
use super::worker::{Finish, Job, run};
use crate::sys;
use crate::sys::atomic::{AtomicBool, Relaxed};
use crate::sys::{Empty, Global, Mutex, MutexGuard, Static};

static POOL: Global<Shared> = Global::new();

struct Shared {
    pool: Mutex<Pool>,
    /// Whether the queue is not empty: a hint for the searcher, who then looks under the lock.
    queued: AtomicBool,
}

/// The pool, locked.
pub(super) fn lock() -> MutexGuard<'static, Pool> {
    POOL.get().pool.lock()
}

thread_local! {
    /// How many tasks this thread is running inside one another, each waiting for the next.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// No thread runs more tasks inside one another than this: its stack has an end.
const DEEPEST: u32 = 8;

/// How far from the back of the queue a waiting thread looks for its own tasks.
const NEWEST: usize = 64;

/// Which task: the address of its group, and its number there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Id {
    pub(crate) group: usize,
    pub(crate) index: usize,
}

struct Queued {
    id: Id,
    /// How many tasks had been pushed before.
    serial: usize,
    job: Job,
}

pub(super) struct Pool {
    queue: VecDeque<Queued>,
    /// How many tasks have ever been pushed.
    pushed: usize,
    /// The most recently used last.
    pub(super) idle: Vec<Arc<Sleeper>>,
    pub(super) search: Search,
    /// How many threads are in user code.
    pub(super) running: usize,
    /// How many tasks have ever been taken: tells a nap whether the queue is being drained.
    pub(super) taken: usize,
    /// How many threads are napping, searchers or not.
    pub(super) napping: usize,
    /// Whether the last nap has seen nobody take a task.
    pub(super) stalled: bool,
}

/// Who is on the way to the queue.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Search {
    Nobody,
    /// A searcher that is awake.
    Awake,
    /// A searcher that naps, while others are running; one of them that runs out of tasks replaces
    /// it.
    Napping,
}

/// The right to have one task run.
pub(super) enum Claim {
    /// There is a searcher.
    Searched,
    /// There was none; this thread has been made it, and is to be woken.
    Appointed(Arc<Sleeper>),
}

/// Makes sure that there is a searcher for a task to come.
///
/// # Errors
///
/// The operating system refused a thread.
pub(super) fn claim() -> io::Result<Claim> {
    let mut pool = lock();
    match pool.search {
        Search::Nobody => pool.appoint().map(Claim::Appointed),
        Search::Awake | Search::Napping => Ok(Claim::Searched),
    }
}

impl Claim {
    pub(super) fn run(self, id: Id, job: Job) {
        let mut pool = lock();
        pool.push(id, job);
        let appointed = match self {
            Claim::Appointed(searcher) => Some(searcher),
            Claim::Searched if pool.search != Search::Nobody => None,
            // The searcher of a moment ago has gone. Where there is no thread for another, the
            // next thread to finish a task takes this one.
            Claim::Searched => pool.appoint().ok(),
        };
        drop(pool);
        if let Some(searcher) = appointed {
            searcher.wake(Role::Searcher);
        }
    }
}

impl Empty for Shared {
    const EMPTY: Self = Shared { pool: Mutex::EMPTY, queued: AtomicBool::new(false) };
}

impl Static for Shared {
    #[cfg(feature = "sim")]
    fn clear(&self) {
        self.pool.clear();
        self.queued.store(false, Relaxed);
    }
}

impl Empty for Pool {
    const EMPTY: Pool = Pool {
        queue: VecDeque::new(),
        pushed: 0,
        idle: Vec::new(),
        search: Search::Nobody,
        running: 0,
        taken: 0,
        napping: 0,
        stalled: false,
    };
}

impl Pool {
    fn push(&mut self, id: Id, job: Job) {
        self.queue.push_back(Queued { id, serial: self.pushed, job });
        self.pushed = self.pushed.wrapping_add(1);
        // Relaxed: a hint; the lock orders the rest.
        POOL.get().queued.store(true, Relaxed);
    }

    /// Makes a thread the searcher, which is to be woken outside the lock.
    fn appoint(&mut self) -> io::Result<Arc<Sleeper>> {
        let searcher = match self.idle.pop() {
            Some(idle) => idle,
            // Under the lock, so that nobody relies on a searcher that is then refused.
            None => searcher::start()?,
        };
        self.search = Search::Awake;
        Ok(searcher)
    }

    /// Takes the oldest task; a searcher that leaves others behind hands on its office first.
    pub(super) fn take(&mut self, role: Role) -> Take {
        if self.queue.is_empty() {
            return Take::Nothing;
        }
        let mut successor = None;
        if role == Role::Searcher {
            if self.queue.len() == 1 {
                self.search = Search::Nobody;
            } else if self.napping > 0 && self.is_busy() {
                self.search = Search::Napping;
            } else if let Ok(appointed) = self.appoint() {
                successor = Some(appointed);
            } else if self.running > 0 {
                return Take::Refused;
            } else {
                self.search = Search::Nobody;
            }
        }
        let Some(Queued { job, .. }) = self.queue.pop_front() else { return Take::Nothing };
        self.running += 1;
        self.taken = self.taken.wrapping_add(1);
        self.look_whether_empty();
        let helper = if self.stalled && self.queue.len() > 1 { self.idle.pop() } else { None };
        Take::Task(Taken { job, successor, helper })
    }

    fn look_whether_empty(&mut self) {
        if self.queue.is_empty() {
            self.stalled = false;
            // Relaxed: a hint.
            POOL.get().queued.store(false, Relaxed);
        }
    }

    /// Takes a certain task: the oldest that is wanted, if it is at the front, or one of the newest.
    fn take_wanted(&mut self, wanted: impl Fn(&Id, usize) -> bool) -> Option<Job> {
        let newest = self.queue.len().saturating_sub(NEWEST)..self.queue.len();
        let place = iter::once(0)
            .chain(newest.rev())
            .find(|place| self.queue.get(*place).is_some_and(|one| wanted(&one.id, one.serial)))?;
        let Queued { job, .. } = self.queue.remove(place)?;
        // Not counted as taken: a nap asks whether anybody drains the front.
        self.look_whether_empty();
        Some(job)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether another running thread would only be in the way of those that are awake, one of
    /// which is the thread that starts the tasks.
    pub(super) fn is_busy(&self) -> bool {
        self.running > 0 && self.running + 1 >= sys::cores() && !self.stalled
    }
}

/// Runs a queued task on the calling thread, which is about to wait for it. `false` if there is
/// none, or it is not to be found at once.
pub(super) fn run_here(wanted: impl Fn(&Id, usize) -> bool) -> bool {
    let depth = DEPTH.get();
    if depth == DEEPEST || !is_queued() {
        return false;
    }
    let Some(job) = lock().take_wanted(wanted) else { return false };
    DEPTH.set(depth + 1);
    run(job, Finish::of_nobody());
    DEPTH.set(depth);
    true
}

/// How many tasks have been pushed so far.
pub(super) fn pushed() -> usize {
    lock().pushed
}

/// What a look at the queue has brought.
pub(super) enum Take {
    Task(Taken),
    Nothing,
    /// The operating system refuses a thread for a successor, and others are running: the searcher
    /// must not go into user code, but try again.
    Refused,
}

/// A task, and those to be woken before it is run.
pub(super) struct Taken {
    pub(super) job: Job,
    pub(super) successor: Option<Arc<Sleeper>>,
    pub(super) helper: Option<Arc<Sleeper>>,
}

/// Whether the queue is not empty, or was a moment ago.
pub(super) fn is_queued() -> bool {
    // Relaxed: a hint. What is missed here is found under the lock.
    POOL.get().queued.load(Relaxed)
}

/// Takes a thread that wants to leave out of the idle ones. `false` if it has been appointed.
pub(super) fn withdraw(me: &Arc<Sleeper>) -> bool {
    let mut pool = lock();
    // The one that has been idle longest lies at the bottom, where the search begins.
    let place = pool.idle.iter().position(|idle| Arc::ptr_eq(idle, me));
    place.map(|place| pool.idle.remove(place)).is_some()
}
