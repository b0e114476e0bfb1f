//! An owned group whose outcomes go to a policy.

use std::fmt;
use std::panic;
use std::sync::Arc;
use std::thread;

use super::members::Members;
use super::policy::Policy;
use super::policy_driver::PolicyDriver;
use super::policy_scope::PolicyScope;
use super::task_cell::{Spawner, wait_for_all};
use crate::context::Context;
use crate::refused::Refused;
use crate::unwind::drop_quietly;
use crate::wait::{Interrupted, Until};

/// An owned group with a [`Policy`]: it can be stored and sent, and its tasks borrow nothing.
///
/// Made by [`PolicyBuilder::start`](super::PolicyBuilder::start). Dropping it cancels it and waits for
/// its tasks, as with an [`ErrGroup`](super::ErrGroup).
pub struct PolicyGroup<P: Policy<T, E>, T, E> {
    tasks: PolicyScope<'static, 'static, P, T, E>,
}

impl<P, T, E> PolicyGroup<P, T, E>
where
    P: Policy<T, E> + Send + 'static,
    T: Send + 'static,
    E: Send + 'static,
{
    pub(super) fn new(members: Members, policy: P, catch_panics: bool) -> Self {
        let driver = Arc::new(PolicyDriver::new(members, policy, catch_panics));
        PolicyGroup { tasks: PolicyScope::new(Spawner::owned(driver)) }
    }

    /// Returns a handle that starts tasks of this group. Once the group has ended, tasks started through
    /// it are skipped.
    pub fn handle(&self) -> PolicyScope<'static, 'static, P, T, E> {
        self.tasks.clone()
    }

    /// Runs `f` as a task of this group; see [`PolicyScope::go`].
    ///
    /// # Panics
    ///
    /// `PolicyScope::go: ...` if there is no thread for it, and there will be none.
    #[track_caller]
    pub fn go<F>(&self, f: F) -> usize
    where
        F: FnOnce(&Context) -> Result<T, E> + Send + 'static,
    {
        self.tasks.go(f)
    }

    /// Runs `f` if that is possible at once, or gives it back; see [`PolicyScope::try_go`].
    ///
    /// # Errors
    ///
    /// [`Refused`], with `f` in it: the group is at its limit or has stopped, or there is no thread.
    pub fn try_go<F>(&self, f: F) -> Result<usize, Refused<F>>
    where
        F: FnOnce(&Context) -> Result<T, E> + Send + 'static,
    {
        self.tasks.try_go(f)
    }

    /// Returns the group's context, which every task gets.
    pub fn context(&self) -> &Context {
        self.tasks.context()
    }

    /// Cancels the group: running tasks are told to stop, and others are skipped.
    pub fn cancel(&self) {
        self.tasks.members().cancel("the group was cancelled");
    }

    /// Waits until all tasks have ended, and returns what the policy makes of their outcomes.
    ///
    /// # Blocking
    ///
    /// **Runs tasks that have not begun on this thread**, and waits for the rest without a bound.
    ///
    /// # Panics
    ///
    /// Resumes the first panic of the policy, or, without `catch_panics`, of a task.
    /// `PolicyGroup::wait: called by a task of the group itself` if it is.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait(self) -> P::Output {
        let members = self.tasks.members();
        assert!(!members.is_inside(), "PolicyGroup::wait: called by a task of the group itself");
        members.wait();
        members.queue.close();
        // A handle may have started a task just before the end.
        members.wait();
        if let Some(payload) = members.take_panic() {
            self.tasks.driver().discard();
            panic::resume_unwind(payload);
        }
        self.tasks.driver().finish()
    }

    /// Waits until all tasks have ended, and no longer than `until`. The group stays as it is.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the bound was reached first, which names the thread limit if that holds up tasks
    /// of the group. The tasks go on.
    pub fn wait_until<'a>(&self, until: impl Into<Until<'a>>) -> Result<(), Interrupted> {
        self.tasks.members().wait_until(until.into())
    }
}

impl<P: Policy<T, E>, T, E> Drop for PolicyGroup<P, T, E> {
    fn drop(&mut self) {
        let members = self.tasks.members();
        members.queue.close();
        members.cancel("the group has ended");
        if members.may_be_inside() {
            self.tasks.spawner().outlive(&members.queue);
            return;
        }
        wait_for_all(members);
        self.tasks.driver().discard();
        match members.take_panic() {
            Some(payload) if thread::panicking() => drop_quietly(payload),
            Some(payload) => panic::resume_unwind(payload),
            None => {}
        }
    }
}

impl<P: Policy<T, E>, T, E> fmt::Debug for PolicyGroup<P, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyGroup")
            .field("running", &self.tasks.members().running())
            .field("context", self.tasks.context())
            .finish_non_exhaustive()
    }
}
