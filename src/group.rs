//! Use this to run tasks together: the first error stops the others, and nothing is left running.
//!
//! The rooms: `scope` starts tasks, `owned` is the group without a scope, `task` the handle of one task; `core` is what all groups have in
//! common, `slots` its limit, `turn` a task's stay on a thread, `erase` the one place where lifetimes are forgotten; `first` is the
//! default policy; `policy` is the trait for others, `policies` those at hand, `ledger` calls them,
//! `policy_scope` is the scope under one; `builder` has the options, `helpers` the short forms.

mod attempt;
mod builder;
mod core;
mod erase;
mod first;
mod helpers;
mod ledger;
mod owned;
mod packet;
mod policies;
mod policy;
mod policy_scope;
mod scope;
mod slots;
mod stopped;
mod task;
mod turn;

pub use builder::{Builder, PolicyBuilder};
pub use helpers::{catch, infallible, par_map, race, run_all};
pub use policies::{AllErrors, Errors, FirstError, FirstOk, Quorum, Settle, Tolerate};
pub use policy::{End, Flow, Outcome, Panicked, Policy};
pub use policy_scope::PolicyScope;
pub use scope::Scope;
pub use stopped::{Stopped, WhyStopped};
pub use task::Task;

/// Runs tasks that may fail; the first error cancels the others and is the group's.
///
/// A group comes in two forms. [`ErrGroup::scope`] lends a [`Scope`] to its body, whose tasks
/// borrow from the stack, and returns when all of them have ended. An owned group, made by
/// [`new`](Self::new), can be stored and sent; its tasks borrow nothing. Options, and policies
/// other than "first error", come from the [`builder`](Self::builder).
///
/// The rules, for both:
///
/// - A task is a closure that gets the group's [`Context`](crate::Context) and returns a `Result`.
///   It starts soon, whatever others do, and has a thread to itself: it may block, sleep, wait for
///   another task, or call C. A thread that waits for the whole group, or joins a task, first runs
///   what has not started of it, instead of sleeping; never a task with a name, a stack size or a
///   thread of its own, and nothing of other groups.
/// - The first error is recorded, then the context is cancelled, so the error reported is the
///   cause and never an echo of the cancellation. Tasks that have not started are skipped.
/// - The body of a scope is under the same contract: its error cancels the tasks, and it can wait
///   with the group's context.
/// - All tasks are joined, always. A deadline or a cancellation does not abandon a task: it tells
///   the task to stop.
/// - A panic cancels the group at once; when all tasks have ended, the first payload is resumed
///   unchanged. A panic outranks an error. [`catch`] turns it into an error.
/// - Where no task failed but some were skipped, since the deadline passed or the parent was
///   cancelled, the group's error is made from [`Stopped`].
///
/// To drain instead of stopping, do not make the group a child of what is cancelled: let only the
/// loop that accepts work watch that context, merged with the group's own
/// ([`Context::merge`](crate::Context::merge)).
///
/// # Memory ordering
///
/// What a task did *happens before* the return of its `join`, and of the scope or `wait`.
///
/// # Examples
///
/// ```
/// use phalanx::ErrGroup;
///
/// let text = String::from("two words");
/// let (chars, words) = ErrGroup::scope(|g| {
///     let chars = g.go(|_ctx| Ok(text.chars().count())); // borrows `text`
///     let words = g.go(|_ctx| Ok(text.split(' ').count()));
///     Ok::<_, Box<dyn std::error::Error + Send + Sync>>((chars.join()?, words.join()?))
/// })?;
/// assert_eq!((chars, words), (9, 2));
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
///
/// One failure stops the rest:
///
/// ```
/// use phalanx::ErrGroup;
/// use std::time::Duration;
///
/// type Error = Box<dyn std::error::Error + Send + Sync>;
///
/// let result = ErrGroup::scope(|g| {
///     let slow = g.go(|ctx| Ok(ctx.sleep(Duration::from_secs(3600))?));
///     let fails = g.go(|_| Err::<(), Error>("disk on fire".into()));
///     slow.join()?; // the echo, not the cause
///     fails.join()?;
///     Ok(())
/// });
/// assert_eq!(result.unwrap_err().to_string(), "disk on fire");
/// ```
///
/// # Compared with Go
///
/// `errgroup.Group` and `errgroup.WithContext`. Tasks return values; a limit's wait can be
/// cancelled; a stopped group starts nothing; panics are resumed instead of ending the process;
/// a forgotten `Wait` is impossible.
pub struct ErrGroup<E> {
    tasks: Scope<'static, 'static, E>,
}

impl<E: Send + From<Stopped>> ErrGroup<E> {
    /// Runs `body` with a group whose tasks may borrow whatever outlives this call; returns when
    /// the body and all tasks have ended.
    ///
    /// # Blocking
    ///
    /// Waits for all tasks, without a bound: they are told to stop through their context.
    ///
    /// # Errors
    ///
    /// The first error of a task or of the body, or one made from [`Stopped`] if tasks were
    /// skipped and none failed.
    ///
    /// # Panics
    ///
    /// Resumes the first panic of a task or of the body.
    pub fn scope<'env, R>(
        body: impl for<'s> FnOnce(&Scope<'s, 'env, E>) -> Result<R, E>,
    ) -> Result<R, E> {
        Builder::new().scope(body)
    }
}

impl ErrGroup<Stopped> {
    /// Returns the options for a group: context, limit, deadline, name, stack size, policy.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::{Context, ErrGroup, Stopped};
    /// use std::time::Duration;
    ///
    /// let sum = ErrGroup::builder()
    ///     .context(&Context::background())
    ///     .limit(2)
    ///     .timeout(Duration::from_secs(60))
    ///     .name("sum")
    ///     .scope(|g| {
    ///         let tasks: Vec<_> = (0..10_u32).map(|n| g.go(move |_| Ok(n * n))).collect();
    ///         tasks.into_iter().map(|task| task.join()).sum::<Result<u32, Stopped>>()
    ///     })?;
    /// assert_eq!(sum, 285);
    /// # Ok::<(), Stopped>(())
    /// ```
    pub fn builder() -> Builder {
        Builder::new()
    }
}
