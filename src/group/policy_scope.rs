//! A scope whose outcomes go to a policy.

use std::fmt;
use std::panic;
use std::sync::Arc;

use super::members::Members;
use super::policy::Policy;
use super::policy_driver::PolicyDriver;
use super::task_cell::{Spawner, with_scope};
use crate::context::Context;
use crate::refused::Refused;
use crate::wait::Chain;

/// The inside of a group with a [`Policy`]: starts its tasks, whose values and errors go to the
/// policy. A cheap clone, as [`Scope`](super::Scope) is.
pub struct PolicyScope<'s, 'env: 's, P, T, E> {
    spawner: Spawner<'s, 'env, PolicyDriver<P, T, E>>,
}

pub(super) fn policy_scope<'env, P, T, E>(
    members: Members,
    policy: P,
    catch_panics: bool,
    body: impl for<'s> FnOnce(&PolicyScope<'s, 'env, P, T, E>),
) -> P::Output
where
    P: Policy<T, E> + Send,
    T: Send,
    E: Send,
{
    let driver = Arc::new(PolicyDriver::new(members, policy, catch_panics));
    with_scope(&driver, driver.members(), |spawner| body(&PolicyScope::new(spawner)));
    if let Some(payload) = driver.members().take_panic() {
        driver.discard();
        panic::resume_unwind(payload);
    }
    driver.finish()
}

impl<'s, 'env: 's, P, T, E> PolicyScope<'s, 'env, P, T, E>
where
    P: Policy<T, E> + Send,
    T: Send,
    E: Send,
{
    /// Runs `f` as a task of this group, and returns its index: the place in the order of starting.
    ///
    /// Once the group has stopped, `f` is dropped, and the policy is told that it was skipped.
    ///
    /// # Blocking
    ///
    /// As [`Scope::go`](super::Scope::go).
    ///
    /// # Panics
    ///
    /// `PolicyScope::go: ...` if the operating system refuses a thread. `f` is dropped; the policy
    /// is not told.
    #[track_caller]
    pub fn go<F>(&self, f: F) -> usize
    where
        F: FnOnce(&Context) -> Result<T, E> + Send + 's,
    {
        self.start(f, true).unwrap_or_else(|refused| panic!("PolicyScope::go: {}", Chain(&refused)))
    }

    /// Runs `f` as [`go`](Self::go) does if that is possible at once, or gives it back.
    ///
    /// # Errors
    ///
    /// [`Refused`] with `f` in it: the group is at its limit or has stopped, or the operating
    /// system refuses a thread.
    pub fn try_go<F>(&self, f: F) -> Result<usize, Refused<F>>
    where
        F: FnOnce(&Context) -> Result<T, E> + Send + 's,
    {
        self.start(f, false)
    }

    fn start<F>(&self, f: F, waits: bool) -> Result<usize, Refused<F>>
    where
        F: FnOnce(&Context) -> Result<T, E> + Send + 's,
    {
        let spec = self.members().spec();
        Ok(self.spawner.start(spec, waits, f)?.index())
    }
}

impl<'s, 'env: 's, P, T, E> PolicyScope<'s, 'env, P, T, E> {
    pub(super) fn new(spawner: Spawner<'s, 'env, PolicyDriver<P, T, E>>) -> Self {
        PolicyScope { spawner }
    }

    pub(super) fn spawner(&self) -> &Spawner<'s, 'env, PolicyDriver<P, T, E>> {
        &self.spawner
    }

    pub(super) fn driver(&self) -> &PolicyDriver<P, T, E> {
        self.spawner.policy()
    }

    pub(super) fn members(&self) -> &Members {
        self.spawner.policy().members()
    }

    /// Returns the group's context, which every task gets.
    pub fn context(&self) -> &Context {
        self.members().context()
    }
}

impl<P, T, E> Clone for PolicyScope<'_, '_, P, T, E> {
    fn clone(&self) -> Self {
        PolicyScope { spawner: self.spawner.clone() }
    }
}

impl<P, T, E> fmt::Debug for PolicyScope<'_, '_, P, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyScope")
            .field("running", &self.members().running())
            .field("context", self.context())
            .finish_non_exhaustive()
    }
}
