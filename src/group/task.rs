//! The handle of one task.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use super::packet::Promised;
use super::stopped::Stopped;
use crate::sys;
use crate::threads;
use crate::wait::{Interrupted, Until};

/// A running task; [`join`](Self::join) waits for its value.
///
/// A task that is never joined runs all the same: its group waits for it, and its failure is the
/// group's. A handle does not leave the scope whose task it is.
pub struct Task<'s, T> {
    promised: Arc<dyn Promised<T> + 's>,
}

impl<'s, T> Task<'s, T> {
    pub(super) fn new(promised: Arc<dyn Promised<T> + 's>) -> Self {
        Task { promised }
    }
}

// No lock is held while user code runs.
impl<T> UnwindSafe for Task<'_, T> {}
impl<T> RefUnwindSafe for Task<'_, T> {}

impl<T> Task<'_, T> {
    /// Waits until the task has ended, and returns its value.
    ///
    /// # Blocking
    ///
    /// If the task has not started, runs it here and now; also if the group's limit holds it back,
    /// and the caller is a task of the same group. (A task that asked for a special thread gets
    /// it.) Otherwise spins for some microseconds where that has paid, then parks until the task
    /// ends.
    ///
    /// # Errors
    ///
    /// [`Stopped`] if the task failed, panicked, or was skipped because its group had stopped. Its
    /// error is the group's; use `?` here, and the group reports the cause, not this echo.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn join(self) -> Result<T, Stopped> {
        if !self.is_done() {
            self.promised.core().help(self.index());
        }
        let waited = self.wait_until(Until::FOREVER);
        debug_assert!(waited.is_ok(), "nothing interrupts a wait without a bound");
        let result = self.promised.place().take();
        result.unwrap_or_else(|| {
            unreachable!("a task that is done has left a result, which is taken once")
        })
    }

    /// Waits until the task has ended, and no longer than `until`; the value stays for
    /// [`join`](Self::join).
    ///
    /// # Blocking
    ///
    /// As [`join`](Self::join), until the bound is reached, and without running the task itself: a
    /// task that a limit of 1 holds back cannot end while a sibling waits for it here.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the bound was reached first. The task goes on.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait_until<'a>(&self, until: impl Into<Until<'a>>) -> Result<(), Interrupted> {
        let _call = sys::blocking_call("Task::join");
        if !self.is_done() {
            threads::hurry();
        }
        self.promised.place().wait(until.into())
    }

    /// Returns `true` if the task has ended, so that [`join`](Self::join) does not wait.
    pub fn is_done(&self) -> bool {
        self.promised.place().is_filled()
    }

    /// Returns the place of this task in the order in which its group started tasks, from zero.
    pub fn index(&self) -> usize {
        self.promised.index()
    }
}

impl<T> fmt::Debug for Task<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("index", &self.index())
            .field("name", &self.promised.spec().name)
            .field("done", &self.is_done())
            .finish_non_exhaustive()
    }
}

impl<T> Drop for Task<'_, T> {
    fn drop(&mut self) {
        drop(self.promised.place().abandon());
    }
}
