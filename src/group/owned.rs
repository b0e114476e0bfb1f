//! A group that can be stored and sent; its tasks borrow nothing.

use std::error::Error;
use std::fmt;
use std::panic;
use std::thread;

use super::first_failure::FirstFailure;
use super::members::Members;
use super::task_cell::{Spawner, wait_for_all};
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

    pub(super) fn owning(members: Members) -> Self {
        ErrGroup { tasks: Scope::new(Spawner::owned(FirstFailure::new(members))) }
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

    /// From now on, if an error cancels the group, what `f` makes of it is the cause; see
    /// [`Scope::cancel_with`].
    pub fn cancel_with(&self, f: fn(&E) -> Box<dyn Error + Send + Sync>) {
        self.tasks.cancel_with(f);
    }

    /// From now on, if an error cancels the group, a clone of it is the cause; see
    /// [`Scope::share_errors`].
    pub fn share_errors(&self)
    where
        E: Clone + Into<Box<dyn Error + Send + Sync>>,
    {
        self.tasks.share_errors();
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
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait(self) -> Result<(), E> {
        let members = self.tasks.members();
        assert!(!members.is_inside(), "ErrGroup::wait: called by a task of the group itself");
        members.wait();
        let outcome = self.tasks.group().outcome();
        self.end();
        if let Some(payload) = members.take_panic() {
            drop_quietly(outcome);
            panic::resume_unwind(payload);
        }
        // A handle may have started a task just before the end: its error is not lost. If it was
        // skipped, its handle says so.
        match self.tasks.group().close() {
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
    /// [`Interrupted`] if the bound was reached first, which names the thread limit if that holds up tasks
    /// of the group. The tasks go on.
    pub fn wait_until<'a>(&self, until: impl Into<Until<'a>>) -> Result<(), Interrupted> {
        self.tasks.members().wait_until(until.into())
    }
}

impl<E> ErrGroup<E> {
    /// Closes the group for handles that still exist, and waits for what they started.
    fn end(&self) {
        let members = self.tasks.members();
        members.queue.close();
        members.cancel("the group has ended");
        wait_for_all(members);
    }
}

impl<E: Send + From<Stopped> + 'static> Default for ErrGroup<E> {
    fn default() -> Self {
        ErrGroup::new()
    }
}

/// Dropping a group cancels it and waits for its tasks. The panic of a task is resumed, unless the
/// thread is panicking already. A task that drops its own group, however deeply nested, cancels it and
/// does not wait.
impl<E> Drop for ErrGroup<E> {
    fn drop(&mut self) {
        let members = self.tasks.members();
        if members.may_be_inside() {
            members.queue.close();
            members.cancel("the group was dropped by one of its own tasks");
            drop_quietly(self.tasks.group().close());
            self.tasks.spawner().outlive(&members.queue);
            return;
        }
        self.end();
        drop_quietly(self.tasks.group().close());
        match self.tasks.members().take_panic() {
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
