//! The options of a group.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::core::Core;
use super::policy::Policy;
use super::policy_scope::{PolicyScope, policy_scope};
use super::scope::{Scope, scope};
use super::stopped::Stopped;
use super::{ErrGroup, helpers};
use crate::context::Context;
use crate::sys;
use crate::threads::Spec;

/// The options of a group; made by [`ErrGroup::builder`].
#[derive(Clone, Debug, Default)]
#[must_use = "options do nothing until a group is opened with them"]
pub struct Builder {
    context: Context,
    limit: Option<usize>,
    deadline: Option<Instant>,
    catch_panics: bool,
    spec: Spec,
}

impl Builder {
    pub(super) fn new() -> Self {
        Builder::default()
    }

    /// The group's context becomes a child of `context`; the default is the background.
    pub fn context(mut self, context: &Context) -> Self {
        self.context = context.clone();
        self
    }

    /// At most `limit` tasks run at the same time; see [`Scope::go`] for who waits.
    ///
    /// Groups that are nested have limits of their own, so a task may open a group of limit 1
    /// inside a group of limit 1. A task may also start and join siblings at any limit. What
    /// cannot work: a task that waits in another way (a channel, a lock, a bounded wait, or on
    /// another thread) for a sibling that the limit holds back, or that starts a task in a full
    /// group *around* its own.
    ///
    /// # Panics
    ///
    /// `ErrGroup::limit: a group needs room for one task` if `limit` is zero.
    ///
    /// # Compared with Go
    ///
    /// `errgroup.Group.SetLimit`, which panics while tasks run under an earlier limit, and has `Wait`
    /// hang if they run under none; here the limit is given before there are tasks. There a negative
    /// number is no limit and zero blocks every `Go` for ever; here a group without this call has no
    /// limit. There a task that starts another at the limit may block for ever.
    #[track_caller]
    pub fn limit(mut self, limit: usize) -> Self {
        assert!(limit > 0, "ErrGroup::limit: a group needs room for one task");
        self.limit = Some(limit);
        self
    }

    /// The group's context ends at `deadline`, or with its parent's earlier one.
    pub fn deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The group's context ends when `timeout` has passed from now.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.deadline = sys::now().checked_add(timeout);
        self
    }

    /// Names the threads of the group's tasks; [`Scope::named`] names one.
    ///
    /// # Panics
    ///
    /// `ErrGroup::name: the name of a thread has no NUL byte` if it has one.
    #[track_caller]
    pub fn name(mut self, name: &str) -> Self {
        self.spec.name = Some(Spec::check_name("ErrGroup::name", name));
        self
    }

    /// The stack size of the group's threads in bytes; the default is that of `std::thread`.
    ///
    /// Of a stack only what has been used takes memory, in pages. So a smaller one saves addresses, and
    /// the kernel's tables for them: 4 of the 37 KiB that a blocked task takes, with 64 KiB on x86-64
    /// Linux (`cargo bench --bench memory`). The tasks run on threads of their own kind, which are kept
    /// and used again, and never on the thread that waits.
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.spec.stack_size = Some(bytes);
        self
    }

    /// Runs `body` with a group of tasks that borrow; see [`ErrGroup::scope`].
    ///
    /// # Errors
    ///
    /// As [`ErrGroup::scope`].
    pub fn scope<'env, R, E: Send + From<Stopped>>(
        self,
        body: impl for<'s> FnOnce(&Scope<'s, 'env, E>) -> Result<R, E>,
    ) -> Result<R, E> {
        scope(&self.core(), body)
    }

    /// Creates an owned group.
    pub fn start<E: Send + From<Stopped> + 'static>(self) -> ErrGroup<E> {
        ErrGroup::owning(&self.core())
    }

    /// Has `policy` decide when the group stops and what it returns.
    pub fn policy<P>(self, policy: P) -> PolicyBuilder<P> {
        PolicyBuilder { options: self, policy }
    }

    /// Maps items concurrently; see [`par_map`](helpers::par_map). The limit is the number of
    /// threads; the default is one for each core.
    ///
    /// # Errors
    ///
    /// The first error of `f`, or one made from [`Stopped`] if the context ended first.
    pub fn par_map<I, T, R, E>(
        self,
        items: I,
        f: impl Fn(T, &Context) -> Result<R, E> + Sync,
    ) -> Result<Vec<R>, E>
    where
        I: IntoIterator<Item = T>,
        T: Send,
        R: Send,
        E: Send + From<Stopped>,
    {
        let width = self.limit.unwrap_or_else(sys::cores);
        helpers::par_map_with(&Builder { limit: None, ..self }.core(), width, items, f)
    }

    fn core(self) -> Arc<Core> {
        let (context, limit) = (self.context, self.limit);
        Core::new(&context, self.deadline, limit, self.spec)
    }
}

/// The options of a group with a policy; made by [`Builder::policy`].
#[derive(Clone, Debug)]
#[must_use = "options do nothing until a group is opened with them"]
pub struct PolicyBuilder<P> {
    options: Builder,
    policy: P,
}

impl<P> PolicyBuilder<P> {
    /// Gives the panic of a task to the policy, as [`Outcome::Panicked`](super::Outcome), instead
    /// of cancelling the group and resuming it.
    pub fn catch_panics(mut self) -> Self {
        self.options.catch_panics = true;
        self
    }

    /// Runs `body` with a group of tasks that borrow, and returns what the policy makes of their
    /// outcomes when all have ended.
    ///
    /// # Panics
    ///
    /// Resumes the first panic of the body, of the policy, or, without
    /// [`catch_panics`](Self::catch_panics), of a task.
    ///
    /// # Examples
    ///
    /// Two answers out of three are enough:
    ///
    /// ```
    /// use phalanx::{ErrGroup, Quorum};
    ///
    /// let answers = ErrGroup::builder().policy(Quorum::new(2)).scope(|g| {
    ///     g.go(|_| Ok("a"));
    ///     g.go(|_| Err("replica down"));
    ///     g.go(|_| Ok("c"));
    /// });
    /// assert_eq!(answers.unwrap(), ["a", "c"]);
    /// ```
    pub fn scope<'env, T, E>(
        self,
        body: impl for<'s> FnOnce(&PolicyScope<'s, 'env, P, T, E>),
    ) -> P::Output
    where
        P: Policy<T, E> + Send,
        T: Send,
        E: Send,
    {
        let catch_panics = self.options.catch_panics;
        policy_scope(&self.options.core(), self.policy, catch_panics, body)
    }
}
