//! The options of a group.

use std::time::{Duration, Instant};

use super::members::{Members, Setup};
use super::policies::{Errors, FirstOk, Settle};
use super::policy::{Outcome, Policy};
use super::policy_group::PolicyGroup;
use super::policy_scope::{PolicyScope, policy_scope};
use super::scope::{Scope, scope};
use super::stopped::Stopped;
use super::{ErrGroup, helpers};
use crate::context::Context;
use crate::sys;
use crate::threads::Spec;

/// The options of a group; made by [`ErrGroup::builder`].
#[derive(Clone, Debug)]
#[must_use = "options do nothing until a group is opened with them"]
pub struct Builder {
    setup: Setup,
    catch_panics: bool,
}

impl Builder {
    pub(super) fn new() -> Self {
        let setup = Setup {
            context: Context::default(),
            deadline: None,
            limit: None,
            spec: Spec::DEFAULT,
            caller_runs: false,
            inline: true,
        };
        Builder { setup, catch_panics: false }
    }

    /// The group's context becomes a child of `context`; the default is the background.
    pub fn context(mut self, context: &Context) -> Self {
        self.setup.context = context.clone();
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
        self.setup.limit = Some(limit);
        self
    }

    /// At the limit, [`go`](Scope::go) runs queued tasks of the group on its caller's stack, instead of
    /// waiting for a slot.
    ///
    /// That is the cheapest way to start many short tasks under a limit. Without this, `go` waits and
    /// runs nothing: a caller that feeds a channel, or holds a lock which a queued task needs, would
    /// block itself. **A task may then run on the stack of the thread that starts another one**, under
    /// the conditions that hold for waiting threads (see [`ErrGroup`](super::ErrGroup)). If all tasks in
    /// the slots are running, `go` waits.
    ///
    /// # Compared with Go
    ///
    /// Not in Go; Java's `CallerRunsPolicy`.
    pub fn caller_runs(mut self) -> Self {
        self.setup.caller_runs = true;
        self
    }

    /// Whether tasks may run on the stack of a thread that waits for them; they may by default.
    ///
    /// Switch it off for tasks that must not see the thread-local values of the waiting thread, and for
    /// groups on whose tasks threads wait that hold locks which the tasks need.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::{ErrGroup, Stopped};
    ///
    /// let waiter = std::thread::current().id();
    /// let elsewhere = ErrGroup::builder().run_inline(false).scope(|g| {
    ///     let task = g.go(|_| Ok(std::thread::current().id()));
    ///     Ok::<_, Stopped>(task.join()?)
    /// })?;
    /// assert_ne!(waiter, elsewhere);
    /// # Ok::<(), Stopped>(())
    /// ```
    pub fn run_inline(mut self, allowed: bool) -> Self {
        self.setup.inline = allowed;
        self
    }

    /// The group's context ends at `deadline`, or with its parent's earlier one.
    pub fn deadline(mut self, deadline: Instant) -> Self {
        self.setup.deadline = Some(deadline);
        self
    }

    /// The group's context ends when `timeout` has passed from now.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.setup.deadline = sys::now().checked_add(timeout);
        self
    }

    /// Names the threads of the group's tasks; [`Scope::named`] names one.
    ///
    /// # Panics
    ///
    /// `ErrGroup::name: the name of a thread has no NUL byte` if it has one.
    #[track_caller]
    pub fn name(mut self, name: &str) -> Self {
        self.setup.spec.name = Some(Spec::check_name("ErrGroup::name", name));
        self
    }

    /// The stack size of the group's threads, in bytes.
    ///
    /// Every task is promised a stack. Without this option that is 1 MiB, or half of `RUST_MIN_STACK` if
    /// the variable is set; with it, `bytes`. A task runs on the stack of a waiting thread only if at
    /// least that much is left there. The crate's own threads reserve four times the default promise
    /// (twice on 32-bit targets), for tasks that wait for tasks; a stack takes addresses, and memory only for the pages that are
    /// used.
    ///
    /// Tasks with a stack size of their own run on threads of their own kind, which are kept and used
    /// again, and never on the stack of a waiting thread.
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.setup.spec.stack_size = Some(bytes);
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
        scope(Members::of_scope(self.setup), body)
    }

    /// Creates an owned group.
    pub fn start<E: Send + From<Stopped> + 'static>(self) -> ErrGroup<E> {
        ErrGroup::owning(Members::of_owner(self.setup))
    }

    /// Has `policy` decide when the group stops and what it returns.
    pub fn policy<P>(self, policy: P) -> PolicyBuilder<P> {
        PolicyBuilder { options: self, policy }
    }

    /// Runs tasks until the first succeeds; see [`race`](helpers::race). With a
    /// [`context`](Self::context), all of them stop when that ends.
    ///
    /// # Errors
    ///
    /// The errors of all tasks, if none succeeds.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::{Cancelled, Context, ErrGroup};
    ///
    /// let (ctx, canceller) = Context::background().with_cancel();
    /// canceller.cancel();
    /// let slow = |ctx: &Context| ctx.sleep(std::time::Duration::from_secs(3600));
    /// let won = ErrGroup::builder().context(&ctx).race([slow, slow]);
    /// assert!(won.is_err());
    /// # let _: Result<_, phalanx::Errors<Cancelled>> = won;
    /// ```
    pub fn race<T, E, F>(self, tasks: impl IntoIterator<Item = F>) -> Result<T, Errors<E>>
    where
        F: FnOnce(&Context) -> Result<T, E> + Send,
        T: Send,
        E: Send,
    {
        helpers::all(self, FirstOk::new(), tasks)
    }

    /// Runs tasks until all have ended; see [`run_all`](helpers::run_all). With a
    /// [`context`](Self::context), all of them stop when that ends.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::{Context, ErrGroup, Outcome};
    ///
    /// let ended = ErrGroup::builder()
    ///     .context(&Context::background())
    ///     .run_all([1, 2].map(|n| move |_: &Context| Ok::<_, ()>(n * 10)));
    /// assert!(matches!(ended[..], [Outcome::Ok(10), Outcome::Ok(20)]));
    /// ```
    #[must_use = "the outcomes contain the errors"]
    pub fn run_all<T, E, F>(self, tasks: impl IntoIterator<Item = F>) -> Vec<Outcome<T, E>>
    where
        F: FnOnce(&Context) -> Result<T, E> + Send,
        T: Send,
        E: Send,
    {
        helpers::all(self, Settle::new(), tasks)
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
        let (members, width) = self.mapping();
        helpers::par_map_with(members, width, items, f)
    }

    /// Maps items concurrently, and returns every error; see [`par_map_all`](helpers::par_map_all). The
    /// limit is the number of threads; the default is one for each core.
    ///
    /// # Errors
    ///
    /// [`Errors`], if `f` failed for an item, or an item was skipped since the context ended first.
    pub fn par_map_all<I, T, R, E>(
        self,
        items: I,
        f: impl Fn(T, &Context) -> Result<R, E> + Sync,
    ) -> Result<Vec<R>, Errors<E>>
    where
        I: IntoIterator<Item = T>,
        T: Send,
        R: Send,
        E: Send,
    {
        let (members, width) = self.mapping();
        helpers::par_map_all_with(members, width, items, f)
    }

    /// A group for a number of tasks that share the items, and that number.
    fn mapping(self) -> (Members, usize) {
        let width = self.setup.limit.unwrap_or_else(sys::cores);
        (Members::of_scope(Setup { limit: None, ..self.setup }), width)
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
    /// Gives the panic of a task to the policy, as [`Outcome::Panicked`], instead
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
        policy_scope(Members::of_scope(self.options.setup), self.policy, catch_panics, body)
    }

    /// Creates an owned group whose outcomes go to the policy.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::{AllErrors, ErrGroup};
    ///
    /// let group = ErrGroup::builder().policy(AllErrors::new()).start();
    /// group.go(|_| Ok(1));
    /// group.go(|_| Err("disk full"));
    /// assert_eq!(group.wait().unwrap_err().to_string(), "1 failed; task 1: disk full");
    /// ```
    pub fn start<T, E>(self) -> PolicyGroup<P, T, E>
    where
        P: Policy<T, E> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        let catch_panics = self.options.catch_panics;
        PolicyGroup::new(Members::of_owner(self.options.setup), self.policy, catch_panics)
    }
}
