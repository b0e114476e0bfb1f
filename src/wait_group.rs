//! Use this to wait until a number of tasks are done.

mod go;
mod token;

use std::fmt;

use go::FirstPanic;
pub use token::Token;

use crate::sys;
use crate::sys::atomic::{AcqRel, Acquire, AtomicUsize, Relaxed, Release};
use crate::threads;
use crate::wait::{Interrupted, Until, WaitQueue};

/// Some thread may be waiting for zero.
const WAITING: usize = 1;
/// One task, in the bits above.
const ONE_TASK: usize = 1 << 1;

/// Counts the tasks that are running; [`wait`](Self::wait) returns when there are none.
///
/// Tasks are counted by [`go`](Self::go), which runs them too, by a [`token`](Self::token), which
/// counts itself out when it is dropped, or by hand with [`add`](Self::add) and
/// [`done`](Self::done). Any number of threads may wait. When the count reaches zero all of them
/// return, even if somebody adds again in the same instant: the group can be used over and over,
/// without rules. It holds no memory of its own and works in a `static`; it takes 32 bytes.
///
/// # Memory ordering
///
/// Each `done`, and each drop of a token, *synchronizes with* the `wait` that returns because of
/// it: what the task did before is visible after.
///
/// # Examples
///
/// Borrowed by scoped threads, with tokens:
///
/// ```
/// use phalanx::WaitGroup;
///
/// let group = WaitGroup::new();
/// std::thread::scope(|s| {
///     for _ in 0..5 {
///         let token = group.token();
///         s.spawn(move || drop(token)); // whatever happens, the token is dropped
///     }
///     group.wait();
/// });
/// ```
///
/// Shared, with tasks on the crate's own threads:
///
/// ```
/// use phalanx::WaitGroup;
/// use std::sync::Arc;
///
/// let group = Arc::new(WaitGroup::new());
/// for _ in 0..5 {
///     group.go(|| { /* work */ });
/// }
/// group.wait();
/// ```
///
/// # Compared with Go
///
/// `sync.WaitGroup`. Misuse is always found and changes nothing, where Go finds it sometimes and
/// leaves the count wrong; there is a bounded wait; a panicking task is reported by `wait` instead
/// of ending the process; and "reused before previous Wait has returned" does not exist.
pub struct WaitGroup {
    /// | bits  | meaning                               | written by                     |
    /// |-------|---------------------------------------|--------------------------------|
    /// | 0     | `WAITING`: the queue may not be empty | set by `enlist` under the lock |
    /// | 1..   | the number of running tasks           | `add`, `done`                  |
    ///
    /// While `WAITING` is set, the step to zero is made under the lock of `waiters`, together with
    /// clearing it and granting everybody. So whoever is in the queue has come since the count was
    /// last zero, and is granted by exactly that zero for which it waits.
    state: AtomicUsize,
    /// The waiting threads, and the first panic of a task that [`go`](Self::go) started.
    waiters: WaitQueue<FirstPanic>,
}

#[cfg(not(feature = "sim"))]
const _: () = assert!(size_of::<WaitGroup>() <= 32);

impl WaitGroup {
    /// The greatest number of tasks a group can count: 2147483647, on 32-bit targets 134217727.
    ///
    /// The word has room for sixteen times as much, so an `add` that goes too far can be taken
    /// back before anything wraps.
    pub const MAX: usize = if usize::BITS > 32 { i32::MAX as usize } else { usize::MAX >> 5 };

    /// Creates a group without tasks.
    pub const fn new() -> Self {
        WaitGroup { state: AtomicUsize::new(0), waiters: WaitQueue::new(FirstPanic::NONE) }
    }

    /// Adds `n` tasks to the count. Each is to be counted out by one [`done`](Self::done).
    ///
    /// # Panics
    ///
    /// `WaitGroup::add: more than 2147483647 tasks`. The count is left as it was.
    #[track_caller]
    #[inline]
    pub fn add(&self, n: usize) {
        if n > Self::MAX {
            refuse_add();
        }
        // Relaxed: adding publishes nothing; `done` does. It continues the release sequence of the
        // `done` calls before it, so the work of all tasks reaches the waiter.
        let before = self.state.fetch_add(n * ONE_TASK, Relaxed) / ONE_TASK;
        if before + n > Self::MAX {
            self.subtract(n * ONE_TASK);
            refuse_add();
        }
    }

    /// Counts one task out. The last one wakes all who wait.
    ///
    /// # Panics
    ///
    /// `WaitGroup::done: no task is running`. The count is left as it was.
    #[track_caller]
    #[inline]
    pub fn done(&self) {
        if !self.subtract(ONE_TASK) {
            refuse_done();
        }
    }

    /// Counts tasks out; `false`, and nothing is changed, if there are not so many.
    #[inline]
    fn subtract(&self, tasks: usize) -> bool {
        let mut state = self.state.load(Relaxed);
        loop {
            if state < tasks {
                return false;
            }
            let step = if state == tasks | WAITING {
                self.finish(tasks)
            } else {
                // Release: pairs with Acquire in `is_zero` and in `enlist`; everything the task
                // did is visible to whoever sees zero.
                self.state.compare_exchange_weak(state, state - tasks, Release, Relaxed)
            };
            match step {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
    }

    /// The step of the last tasks to zero, when somebody waits: zero, grant, unlock, wake. Fails if
    /// the count has changed before the lock was ours.
    #[cold]
    fn finish(&self, tasks: usize) -> Result<usize, usize> {
        let mut waiters = self.waiters.lock();
        // Release: as in `subtract`. Acquire: what the other tasks did is handed on to the waiters
        // by the grants, which this thread makes.
        let step = self.state.compare_exchange(tasks | WAITING, 0, AcqRel, Relaxed);
        if step.is_ok() {
            waiters.grant_all();
        }
        step
    }

    /// Counts one task in, and out again when the token is dropped, by a panic too.
    ///
    /// The token borrows the group; [`Token::new`] makes one of an `Arc<WaitGroup>`.
    ///
    /// # Panics
    ///
    /// As [`add`](Self::add).
    #[track_caller]
    #[inline]
    pub fn token(&self) -> Token<&WaitGroup> {
        Token::new(self)
    }

    /// Waits until no task is running.
    ///
    /// # Blocking
    ///
    /// First runs, on this thread, tasks of this group that [`go`](Self::go) has queued and nobody
    /// has started. Then returns at once if the count is zero; otherwise spins for some
    /// microseconds where that has paid, and parks. Returns once the count has been zero, even if
    /// it no longer is.
    ///
    /// # Panics
    ///
    /// Resumes the first panic of a task that [`go`](Self::go) started, once.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait(&self) {
        threads::run_group_here(self.address());
        let waited = self.wait_until(Until::FOREVER);
        debug_assert!(waited.is_ok(), "nothing interrupts a wait without a bound");
    }

    /// Waits until no task is running, and no longer than `until`.
    ///
    /// A wait that is given up leaves nothing behind, and stops no task.
    ///
    /// # Blocking
    ///
    /// As [`wait`](Self::wait), but runs no tasks. If the count reaches zero in the instant in which
    /// the bound is reached, zero wins.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the bound was reached first.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    ///
    /// # Compared with Go
    ///
    /// Not in Go; the usual wrapper leaks a goroutine.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait_until<'a>(&self, until: impl Into<Until<'a>>) -> Result<(), Interrupted> {
        let call = sys::blocking_call("WaitGroup::wait");
        if !self.is_zero() {
            threads::hurry();
        }
        self.waiters.wait_enlisted(until.into(), || self.is_zero(), |_| self.enlist())?;
        drop(call);
        self.resume_panic();
        Ok(())
    }

    /// Returns the number of tasks that are running just now.
    pub fn running(&self) -> usize {
        self.state.load(Relaxed) / ONE_TASK
    }

    #[inline]
    fn is_zero(&self) -> bool {
        // Acquire: pairs with Release in `done`.
        self.state.load(Acquire) < ONE_TASK
    }

    /// The last look, under the lock: zero, or else `WAITING` is set.
    ///
    /// No wake-up is lost: the mark and the count are in one word. A `done` comes before the mark,
    /// and we see its count, or after it, and then the step to zero needs the lock that we hold
    /// until we are in the queue.
    fn enlist(&self) -> bool {
        let mut state = self.state.load(Acquire);
        while state >= ONE_TASK {
            // Relaxed: the mark publishes nothing.
            match self.state.compare_exchange_weak(state, state | WAITING, Relaxed, Acquire) {
                Ok(_) => return false,
                // Acquire: pairs with Release in `done`; zero may be what we find.
                Err(now) => state = now,
            }
        }
        true
    }
}

impl Default for WaitGroup {
    fn default() -> Self {
        WaitGroup::new()
    }
}

#[cold]
#[track_caller]
fn refuse_add() -> ! {
    panic!("WaitGroup::add: more than {} tasks", WaitGroup::MAX);
}

#[cold]
#[track_caller]
fn refuse_done() -> ! {
    panic!("WaitGroup::done: no task is running");
}

impl fmt::Debug for WaitGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitGroup").field("running", &self.running()).finish_non_exhaustive()
    }
}
