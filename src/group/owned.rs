//! A group that can be stored and sent; its tasks borrow nothing.

use std::fmt;
use std::panic;
use std::sync::Arc;
use std::thread;

use super::core::Core;
use super::erase::Fence;
use super::first::First;
use super::{Builder, ErrGroup, Scope, Stopped, Task};
use crate::context::Context;
use crate::refused::Refused;
use crate::unwind::drop_quietly;
use crate::wait::{Interrupted, Until};

impl<E: Send + From<Stopped> + 'static> ErrGroup<E> {
    /// Creates an owned group, without limit or deadline.
    pub fn new() -> Self {
        Builder::new().start()
    }

    pub(super) fn owning(core: &Arc<Core>) -> Self {
        ErrGroup { tasks: Scope::new(Fence::open(core), First::new(core)) }
    }

    /// Returns a handle that starts tasks of this group: for tasks that start siblings, and for
    /// [named](Scope::named) ones. It does not keep the group open: once the group has ended,
    /// tasks started through it are skipped.
    pub fn handle(&self) -> Scope<'static, 'static, E> {
        self.tasks.clone()
    }

    /// Runs `f` as a task of this group; see [`Scope::go`].
    ///
    /// # Panics
    ///
    /// As [`Scope::go`].
    #[track_caller]
    pub fn go<T, F>(&self, f: F) -> Task<'static, T>
    where
        F: FnOnce(&Context) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
    {
        self.tasks.go(f)
    }

    /// Runs `f` if that is possible at once, or gives it back; see [`Scope::try_go`].
    ///
    /// # Errors
    ///
    /// As [`Scope::try_go`].
    pub fn try_go<T, F>(&self, f: F) -> Result<Task<'static, T>, Refused<F>>
    where
        F: FnOnce(&Context) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
    {
        self.tasks.try_go(f)
    }

    /// Returns the group's context; see [`Scope::context`].
    pub fn context(&self) -> &Context {
        self.tasks.context()
    }

    /// Cancels the group; see [`Scope::cancel`].
    pub fn cancel(&self) {
        self.tasks.cancel();
    }

    /// Waits until all tasks have ended, and returns the first error.
    ///
    /// # Blocking
    ///
    /// Runs what has not started yet on this thread, and waits for the rest without a bound;
    /// [`wait_until`](Self::wait_until) has one, and runs nothing.
    ///
    /// # Errors
    ///
    /// The first error of a task, or one made from [`Stopped`] if tasks were skipped and none
    /// failed.
    ///
    /// # Panics
    ///
    /// Resumes the first panic of a task. `ErrGroup::wait: called by a task of the group itself` if
    /// it is.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::{ErrGroup, Stopped};
    ///
    /// let group = ErrGroup::<Stopped>::new();
    /// let answer = group.go(|_| Ok(42));
    /// group.wait()?;
    /// assert_eq!(answer.join()?, 42);
    /// # Ok::<(), Stopped>(())
    /// ```
    pub fn wait(self) -> Result<(), E> {
        let core = self.tasks.core();
        assert!(!core.is_current(), "ErrGroup::wait: called by a task of the group itself");
        core.wait();
        let outcome = self.tasks.first().outcome();
        self.end();
        if let Some(payload) = core.take_panic() {
            panic::resume_unwind(payload);
        }
        // A handle may have started a task just before the end: that it failed is not lost; that it
        // was skipped is its handle's business.
        match self.tasks.first().error() {
            Some(late) if outcome.is_ok() => Err(late),
            late => {
                drop_quietly(late);
                outcome
            }
        }
    }

    /// Waits until all tasks have ended, and no longer than `until`. The group stays as it is;
    /// [`wait`](Self::wait) has its result.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the bound was reached first. The tasks go on.
    pub fn wait_until<'a>(&self, until: impl Into<Until<'a>>) -> Result<(), Interrupted> {
        self.tasks.core().wait_until(until.into())
    }
}

impl<E> ErrGroup<E> {
    /// Closes the group for handles that are still about, and waits for what they started. A task
    /// that drops its own group does not wait for itself.
    fn end(&self) {
        let core = self.tasks.core();
        core.cancel("the group has ended");
        if !core.is_current() {
            core.wait();
        }
    }
}

impl<E: Send + From<Stopped> + 'static> Default for ErrGroup<E> {
    fn default() -> Self {
        ErrGroup::new()
    }
}

/// Dropping a group cancels it and joins its tasks. The panic of a task is resumed, unless the
/// thread is panicking already. A task that drops its own group cancels it, and joins nobody.
impl<E> Drop for ErrGroup<E> {
    fn drop(&mut self) {
        self.end();
        match self.tasks.core().take_panic() {
            Some(payload) if thread::panicking() => drop_quietly(payload),
            Some(payload) => panic::resume_unwind(payload),
            None => {}
        }
    }
}

impl<E> fmt::Debug for ErrGroup<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrGroup")
            .field("running", &self.tasks.running())
            .field("context", self.tasks.context())
            .finish_non_exhaustive()
    }
}
