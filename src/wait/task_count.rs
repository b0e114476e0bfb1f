//! A count of running tasks that threads can wait on until it is zero.

use super::{Interrupted, Until, WaitQueue};
use crate::sys::atomic::{AcqRel, Acquire, AtomicUsize, Relaxed, Release};

/// Some thread may be waiting for zero.
const WAITING: usize = 1;
/// One task, in the bits above.
const ONE_TASK: usize = 1 << 1;

/// Counts running tasks.
///
/// What a task did before [`done`](Self::done) *happens before* the return of the
/// [`wait`](Self::wait) that sees zero.
#[derive(Debug)]
pub(crate) struct TaskCount {
    /// | bits  | meaning                               | written by                     |
    /// |-------|---------------------------------------|--------------------------------|
    /// | 0     | `WAITING`: the queue may not be empty | set by `register` under the lock |
    /// | 1..   | the number of running tasks           | `add`, `done`                  |
    ///
    /// While `WAITING` is set, the step to zero is made under the lock of `waiters`, together with
    /// clearing the mark and granting every waiter. So a thread in the queue came after the count was
    /// last zero, and is granted by exactly the zero for which it waits.
    state: AtomicUsize,
    waiters: WaitQueue,
}

impl TaskCount {
    /// The greatest count. The word has room for sixteen times as much, so an `add` that goes too far
    /// can be taken back before anything wraps.
    pub(crate) const MAX: usize =
        if usize::BITS > 32 { i32::MAX as usize } else { usize::MAX >> 5 };

    pub(crate) const fn new() -> Self {
        TaskCount { state: AtomicUsize::new(0), waiters: WaitQueue::new(()) }
    }

    /// Adds `n` tasks. Returns `false`, and changes nothing, if that would be more than [`MAX`](Self::MAX).
    #[inline]
    pub(crate) fn add(&self, n: usize) -> bool {
        if n > Self::MAX {
            return false;
        }
        // Relaxed: adding publishes nothing; `done` does. It continues the release sequence of the
        // `done` calls before it, so the work of all tasks reaches the waiter.
        let before = self.state.fetch_add(n * ONE_TASK, Relaxed) / ONE_TASK;
        let fits = before + n <= Self::MAX;
        if !fits {
            self.subtract(n * ONE_TASK);
        }
        fits
    }

    /// Counts one task out; the last one wakes every waiter. Returns `false`, and changes nothing, if
    /// no task is running.
    #[inline]
    pub(crate) fn done(&self) -> bool {
        self.subtract(ONE_TASK)
    }

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
                // Release: pairs with Acquire in `is_zero` and in `register`; everything the task
                // did is visible to a thread that sees zero.
                self.state.compare_exchange_weak(state, state - tasks, Release, Relaxed)
            };
            match step {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
    }

    /// The step of the last tasks to zero while some thread waits: zero, grant, unlock, wake. Fails if
    /// the count has changed before the lock was taken.
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

    /// Waits until the count is zero, and no longer than `until`.
    #[cfg_attr(feature = "sim", track_caller)]
    pub(crate) fn wait(&self, until: Until<'_>) -> Result<(), Interrupted> {
        self.waiters.wait_enlisted(until, || self.is_zero(), |()| self.register())
    }

    pub(crate) fn running(&self) -> usize {
        // Relaxed: a number to look at.
        self.state.load(Relaxed) / ONE_TASK
    }

    #[inline]
    pub(crate) fn is_zero(&self) -> bool {
        // Acquire: pairs with Release in `done`.
        self.state.load(Acquire) < ONE_TASK
    }

    /// The last look, under the lock: zero, or else `WAITING` is set.
    ///
    /// No wake-up is lost: the mark and the count are in one word. A `done` comes before the mark,
    /// and this thread sees its count; or after it, and then the step to zero needs the lock, which
    /// this thread holds until it is in the queue.
    fn register(&self) -> bool {
        let mut state = self.state.load(Acquire);
        while state >= ONE_TASK {
            // Relaxed: the mark publishes nothing.
            match self.state.compare_exchange_weak(state, state | WAITING, Relaxed, Acquire) {
                Ok(_) => return false,
                // Acquire: pairs with Release in `done`; zero may be what was found.
                Err(now) => state = now,
            }
        }
        true
    }
}
