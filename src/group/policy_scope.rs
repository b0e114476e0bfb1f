//! A scope whose outcomes go to a policy.

use std::fmt;
use std::panic;
use std::sync::Arc;

use super::core::{Admitted, Core};
use super::erase::{Fence, fenced};
use super::ledger::Ledger;
use super::policy::Policy;
use super::turn::{Member, Turn};
use crate::context::Context;
use crate::refused::Refused;
use crate::sys::Mutex;
use crate::threads::{Runnable, Spec};

/// The inside of a group with a [`Policy`]: starts its tasks, whose values and errors go to the
/// policy. A cheap clone, as [`Scope`](super::Scope) is.
pub struct PolicyScope<'s, 'env: 's, P, T, E> {
    fence: Fence<'s, 'env>,
    ledger: Arc<Ledger<P, T, E>>,
}

pub(super) fn policy_scope<'env, P, T, E>(
    core: &Arc<Core>,
    policy: P,
    catch_panics: bool,
    body: impl for<'s> FnOnce(&PolicyScope<'s, 'env, P, T, E>),
) -> P::Output
where
    P: Policy<T, E> + Send,
    T: Send,
    E: Send,
{
    let ledger = Arc::new(Ledger::new(policy, catch_panics));
    let ended = fenced(core, |fence| body(&PolicyScope { fence, ledger: Arc::clone(&ledger) }));
    if let Some(payload) = core.take_panic().or(ended.err()) {
        ledger.discard();
        panic::resume_unwind(payload);
    }
    ledger.finish(core)
}

/// A task whose outcome goes to the ledger.
struct Entrant<F, P, T, E> {
    core: Arc<Core>,
    ledger: Arc<Ledger<P, T, E>>,
    index: usize,
    /// Until it is run.
    f: Mutex<Option<F>>,
}

impl<F, P, T, E> Member for Entrant<F, P, T, E>
where
    F: FnOnce(&Context) -> Result<T, E> + Send,
    P: Policy<T, E> + Send,
    T: Send,
    E: Send,
{
    fn core(&self) -> &Arc<Core> {
        &self.core
    }

    fn index(&self) -> usize {
        self.index
    }

    fn spec(&self) -> &Spec {
        self.core.spec()
    }

    fn run(&self, turn: &mut Turn<'_, '_>) {
        let f = self.f.lock().take();
        if let Some(f) = f {
            self.ledger.run(turn.core(), self.index, f);
        }
    }

    fn end(self: Arc<Self>) {}

    fn into_runnable<'a>(self: Arc<Self>) -> Arc<dyn Runnable + 'a>
    where
        Self: 'a,
    {
        self
    }
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
        self.start(f, true).unwrap_or_else(|refused| panic!("PolicyScope::go: {refused}"))
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

    fn start<F>(&self, f: F, patient: bool) -> Result<usize, Refused<F>>
    where
        F: FnOnce(&Context) -> Result<T, E> + Send + 's,
    {
        let core = self.fence.core();
        let admitted = match core.admit(core.spec(), patient) {
            Ok(admitted) => admitted,
            Err(why) => return Err(Refused::new(why, f)),
        };
        let index = core.next_index();
        if let Admitted::Skipped(cause) = admitted {
            self.ledger.skip(core, index, f, cause);
        } else {
            let (core, ledger) = (Arc::clone(core), Arc::clone(&self.ledger));
            let entrant = Entrant { core, ledger, index, f: Mutex::new(Some(f)) };
            self.fence.launch(admitted, Arc::new(entrant));
        }
        Ok(index)
    }
}

impl<P, T, E> PolicyScope<'_, '_, P, T, E> {
    /// Returns the group's context, which every task gets.
    pub fn context(&self) -> &Context {
        self.fence.core().context()
    }
}

impl<P, T, E> Clone for PolicyScope<'_, '_, P, T, E> {
    fn clone(&self) -> Self {
        PolicyScope { fence: self.fence.clone(), ledger: Arc::clone(&self.ledger) }
    }
}

impl<P, T, E> fmt::Debug for PolicyScope<'_, '_, P, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyScope")
            .field("running", &self.fence.core().running())
            .field("context", self.context())
            .finish_non_exhaustive()
    }
}
