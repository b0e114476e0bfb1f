//! The handle of one task.

use std::error::Error;
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

use super::stopped::Stopped;
use super::task_cell::Handle;
use crate::sys;
use crate::threads;
use crate::wait::{HasReason, Interrupted, Reason, Until, error_methods};

/// A running task; [`join`](Self::join) waits for its value.
///
/// A task that is never joined runs all the same: its group waits for it, and its failure is the
/// group's. A handle does not leave the scope whose task it is.
pub struct Task<'s, T> {
    handle: Handle<'s, T>,
}

impl<'s, T> Task<'s, T> {
    pub(super) fn new(handle: Handle<'s, T>) -> Self {
        Task { handle }
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
    /// **Runs the task on the calling thread, if it has not begun** and may run there (see
    /// [`ErrGroup`](crate::ErrGroup)); also if the group's limit holds it back and the caller is a task
    /// of the same group. Otherwise spins for some microseconds if that has paid, then parks until the
    /// task ends.
    ///
    /// # Errors
    ///
    /// [`Stopped`] if the task failed, panicked, or was skipped because its group had stopped. Its
    /// error is the group's; use `?` here, and the group reports the cause, not this secondary error.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn join(mut self) -> Result<T, Stopped> {
        if !self.is_done() {
            let queue = self.handle.queue();
            threads::run_task(queue, self.handle.index());
            if !self.is_done() {
                let _call = sys::blocking_call("Task::join");
                threads::wait_unbounded(queue, |until| self.handle.wait(until));
            }
        }
        self.result()
    }

    /// Waits until the task has ended, and no longer than `until`, and returns its value.
    ///
    /// # Blocking
    ///
    /// Parks until the task ends or the bound is reached. It never runs the task on this thread.
    ///
    /// # Errors
    ///
    /// [`JoinUntilError::Stopped`] as [`join`](Self::join) does; [`JoinUntilError::Interrupted`], with
    /// the handle, if the bound was reached first, which names the thread limit if that holds up tasks of
    /// the group. The task goes on.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::{ErrGroup, JoinUntilError, Stopped};
    /// use std::time::Duration;
    ///
    /// ErrGroup::scope(|g| {
    ///     let slow = g.go(|ctx| Ok(ctx.wait()));
    ///     let Err(JoinUntilError::Interrupted(slow, why)) = slow.join_until(Duration::ZERO) else {
    ///         panic!("the task waits for the end of its group");
    ///     };
    ///     assert!(why.is_timeout());
    ///     g.cancel();
    ///     drop(slow.join());
    ///     Ok::<_, Stopped>(())
    /// })
    /// .ok();
    /// # Ok::<(), Stopped>(())
    /// ```
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn join_until<'a>(
        mut self,
        until: impl Into<Until<'a>>,
    ) -> Result<T, JoinUntilError<Self>> {
        match self.wait_until(until) {
            Ok(()) => self.result().map_err(JoinUntilError::Stopped),
            Err(why) => Err(JoinUntilError::Interrupted(self, why)),
        }
    }

    /// The result of a task that has ended.
    fn result(&mut self) -> Result<T, Stopped> {
        match self.handle.take() {
            Some(result) => result.map_err(|stopped| *stopped),
            None => unreachable!("a task that has ended has left a result, which is taken once"),
        }
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
    /// [`Interrupted`] if the bound was reached first, which names the thread limit if that holds up tasks
    /// of the group. The task goes on.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait_until<'a>(&self, until: impl Into<Until<'a>>) -> Result<(), Interrupted> {
        let _call = sys::blocking_call("Task::join");
        if !self.is_done() {
            threads::see_to(self.handle.queue());
        }
        let waited = self.handle.wait(until.into());
        waited.map_err(|why| threads::explain(self.handle.queue(), why))
    }

    /// Returns `true` if the task has ended, so that [`join`](Self::join) does not wait.
    pub fn is_done(&self) -> bool {
        self.handle.is_done()
    }

    /// Returns the place of this task in the order in which its group started tasks, from zero.
    pub fn index(&self) -> usize {
        self.handle.index()
    }
}

impl<T> fmt::Debug for Task<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("index", &self.index())
            .field("name", &self.handle.name())
            .field("done", &self.is_done())
            .finish_non_exhaustive()
    }
}

/// A task's value was not there in time, or never will be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JoinUntilError<H> {
    /// The task has ended without a value.
    Stopped(Stopped),
    /// The bound was reached first; this is the handle.
    Interrupted(H, Interrupted),
}

impl<H> JoinUntilError<H> {
    /// Returns the handle, if the task goes on.
    pub fn into_inner(self) -> Option<H> {
        match self {
            JoinUntilError::Stopped(_) => None,
            JoinUntilError::Interrupted(handle, _) => Some(handle),
        }
    }

    /// Drops the handle: `?` into a boxed error needs this for a handle of a scope.
    #[must_use = "the error is returned"]
    pub fn without_inner(self) -> JoinUntilError<()> {
        match self {
            JoinUntilError::Stopped(stopped) => JoinUntilError::Stopped(stopped),
            JoinUntilError::Interrupted(_, why) => JoinUntilError::Interrupted((), why),
        }
    }
}

impl<H> HasReason for JoinUntilError<H> {
    fn reason(&self) -> Reason<'_> {
        match self {
            JoinUntilError::Stopped(stopped) => stopped.reason(),
            JoinUntilError::Interrupted(_, why) => why.reason(),
        }
    }
}

error_methods!([H] JoinUntilError<H>);

impl<H> fmt::Display for JoinUntilError<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JoinUntilError::Stopped(_) => f.write_str("the task has no value"),
            JoinUntilError::Interrupted(..) => f.write_str("gave up waiting for the task"),
        }
    }
}

impl<H: fmt::Debug> Error for JoinUntilError<H> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            JoinUntilError::Stopped(stopped) => Some(stopped),
            JoinUntilError::Interrupted(_, why) => Some(why),
        }
    }
}
