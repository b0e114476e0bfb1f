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
//! - a searcher that finds the queue empty, after it has looked out for a moment, goes idle.
//!
//! Who is the searcher is a word of its own, the `office`: a thread that has finished a task takes it
//! without the lock. Everything else about it is done under the lock. Nobody takes the office for a
//! thread that does not exist yet, since others rely on whoever has it.
//!
//! What the threads do is in `searcher`, how they look out for tasks in `lookout`. Where as many are
//! running as can be of use, a new searcher naps before it takes part, so that short tasks are
//! drained by the threads that are awake. It skips the nap when the one before has seen nobody take
//! a task: then the running tasks are blocked, and others are needed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::{io, iter};

use super::front::{Front, Sight};
use super::lent;
use super::office::{Office, Search};
use super::rescue::Rescue;
use super::searcher;
use super::sleeper::{Role, Sleeper};
use super::worker::Job;
use crate::sys;
use crate::sys::{Empty, Global, Mutex, MutexGuard, Static};

static POOL: Global<Shared> = Global::new();

struct Shared {
    pool: Mutex<Pool>,
    office: Office,
    front: Front,
}

/// The pool, locked.
pub(super) fn lock() -> MutexGuard<'static, Pool> {
    POOL.get().pool.lock()
}

/// Who is on the way to the queue.
pub(super) fn office() -> &'static Office {
    &POOL.get().office
}

/// What can be seen of the queue, or could a moment ago.
pub(super) fn sight() -> Sight {
    POOL.get().front.look()
}

/// Whether a task is queued for which somebody waits who will not run it.
pub(super) fn is_urgent() -> bool {
    POOL.get().front.is_urgent()
}

/// Has what is queued be taken as soon as possible.
pub(super) fn hurry() {
    let pushed = lock().pushed;
    POOL.get().front.hurry(pushed);
}

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
    pub(super) idle: VecDeque<Arc<Sleeper>>,
    /// How many threads are in user code, or on their way back from there.
    pub(super) running: usize,
    /// How many tasks have ever been taken: tells a nap whether the queue is being drained.
    pub(super) taken: usize,
    /// How many threads are napping, searchers or not.
    pub(super) napping: usize,
    /// Whether the last nap has seen nobody take a task.
    pub(super) stalled: bool,
    /// Whoever asks for a searcher later, where there was none to be had.
    pub(super) rescue: Option<Arc<Rescue>>,
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
#[inline]
pub(super) fn claim() -> io::Result<Claim> {
    // Without the lock: whether it still holds is looked at under the lock, in `run`.
    if office().get() != Search::Nobody {
        return Ok(Claim::Searched);
    }
    Ok(lock().appoint()?.map_or(Claim::Searched, Claim::Appointed))
}

impl Claim {
    #[inline]
    pub(super) fn run(self, id: Id, job: Job) {
        self.run_each(id, 1, iter::once(job));
    }

    /// Hands over so many tasks in one go, with one thread woken at most.
    #[inline]
    pub(super) fn run_each(self, id: Id, count: usize, jobs: impl Iterator<Item = Job>) {
        let mut pool = lock();
        jobs.for_each(|job| pool.push(id, job));
        let appointed = match self {
            Claim::Appointed(searcher) => Some(searcher),
            // The searcher of a moment ago may have gone.
            Claim::Searched => {
                let Ok(appointed) = pool.appoint() else {
                    let accepted = pool.take_newest(count);
                    drop(pool);
                    return lent::run_all(accepted);
                };
                appointed
            }
        };
        drop(pool);
        if let Some(searcher) = appointed {
            searcher.wake(Role::Searcher);
        }
    }
}

impl Empty for Shared {
    const EMPTY: Self = Shared { pool: Mutex::EMPTY, office: Office::EMPTY, front: Front::EMPTY };
}

impl Static for Shared {
    #[cfg(feature = "sim")]
    fn clear(&self) {
        self.pool.clear();
        self.office.set(Search::Nobody);
        self.front.show(0, false);
    }
}

impl Empty for Pool {
    const EMPTY: Pool = Pool {
        queue: VecDeque::new(),
        pushed: 0,
        idle: VecDeque::new(),
        running: 0,
        taken: 0,
        napping: 0,
        stalled: false,
        rescue: None,
    };
}

impl Pool {
    #[inline]
    fn push(&mut self, id: Id, job: Job) {
        let was_empty = self.queue.is_empty();
        self.queue.push_back(Queued { id, serial: self.pushed, job });
        self.pushed = self.pushed.wrapping_add(1);
        if was_empty {
            self.show_front();
        }
    }

    /// Makes a thread the searcher, which is to be woken outside the lock; `None` if there is one.
    pub(super) fn appoint(&mut self) -> io::Result<Option<Arc<Sleeper>>> {
        if office().get() != Search::Nobody {
            return Ok(None);
        }
        // A thread first, and then the office, which others look at without the lock: nobody relies
        // on a searcher that is then refused.
        let searcher = self.idle_or_new()?;
        if office().try_take() {
            return Ok(Some(searcher));
        }
        // A thread that has finished its task was faster.
        self.idle.push_back(searcher);
        Ok(None)
    }

    fn idle_or_new(&mut self) -> io::Result<Arc<Sleeper>> {
        self.idle.pop_back().map_or_else(searcher::start, Ok)
    }

    /// Takes the oldest task; a searcher that leaves others behind hands on its office first.
    pub(super) fn take(&mut self, role: Role) -> Take {
        if self.queue.is_empty() {
            return Take::Nothing;
        }
        let (mut successor, mut is_starved) = (None, false);
        if role == Role::Searcher {
            if self.queue.len() == 1 {
                office().set(Search::Nobody);
            } else if self.napping > 0 && self.is_busy() {
                office().set(Search::Napping);
            } else if let Ok(appointed) = self.idle_or_new() {
                successor = Some(appointed);
            } else if self.running > 0 {
                return Take::Refused;
            } else {
                office().set(Search::Nobody);
                is_starved = true;
            }
        }
        let Some(Queued { job, .. }) = self.queue.pop_front() else { return Take::Nothing };
        self.running += 1;
        self.taken = self.taken.wrapping_add(1);
        self.front_is_gone();
        let helper = if self.stalled && self.queue.len() > 1 { self.idle.pop_back() } else { None };
        Take::Task(Taken { job, successor, helper, is_starved })
    }

    fn front_is_gone(&mut self) {
        if self.queue.is_empty() {
            self.stalled = false;
        }
        self.show_front();
    }

    fn show_front(&self) {
        let oldest = self.queue.front().map(|oldest| oldest.serial);
        POOL.get().front.show(oldest.unwrap_or(self.pushed), oldest.is_some());
    }

    /// Takes a certain task: the oldest that is wanted, if it is at the front, or one of the newest.
    pub(super) fn take_wanted(
        &mut self,
        mut wanted: impl FnMut(&Id, usize, usize) -> bool,
    ) -> Option<Job> {
        let pushed = self.pushed;
        let newest = self.queue.len().saturating_sub(NEWEST)..self.queue.len();
        let place = iter::once(0).chain(newest.rev()).find(|place| {
            self.queue.get(*place).is_some_and(|one| wanted(&one.id, one.serial, pushed))
        })?;
        // Not counted as taken: a nap asks whether anybody drains the front.
        if place > 0 {
            return Some(self.queue.remove(place)?.job);
        }
        let Queued { job, .. } = self.queue.pop_front()?;
        self.front_is_gone();
        Some(job)
    }

    /// Takes so many of the newest tasks back.
    #[cold]
    fn take_newest(&mut self, count: usize) -> impl Iterator<Item = Job> + use<> {
        let others = self.queue.len().saturating_sub(count);
        let newest = self.queue.split_off(others);
        if self.queue.is_empty() {
            self.front_is_gone();
        }
        newest.into_iter().map(|queued| queued.job)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether another running thread would only be in the way of those that are awake, one of
    /// which is the thread that starts the tasks. Those that are blocked in this crate do not count.
    pub(super) fn is_busy(&self) -> bool {
        let awake = self.running.saturating_sub(sys::parked());
        awake > 0 && awake + 1 >= sys::cores() && !self.stalled
    }
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
    /// Whether tasks are left behind for which there was no searcher to be had.
    pub(super) is_starved: bool,
}

/// Takes a thread that wants to leave out of the idle ones. `false` if it has been appointed.
pub(super) fn withdraw(me: &Arc<Sleeper>) -> bool {
    let mut pool = lock();
    // The one that has been idle longest lies at the bottom, where the search begins.
    let place = pool.idle.iter().position(|idle| Arc::ptr_eq(idle, me));
    place.and_then(|place| pool.idle.remove(place)).is_some()
}
