//! Use this to run tasks together: the first error stops the others, and nothing is left running.
//!
//! | file                        | what it holds                                                     |
//! |-----------------------------|-------------------------------------------------------------------|
//! | `scope`, `owned`            | the two forms of a group                                          |
//! | `task`                      | the handle of a task                                              |
//! | `task_cell`                 | a task's allocation, shared by its thread and its handle          |
//! | `members`                   | what the tasks of a group share: context, run queue, first panic  |
//! | `ended`                     | what became of a task, and the policy that is told                |
//! | `stopped`, `task_error`     | the errors about a task                                           |
//! | `first_failure`             | the default policy                                                |
//! | `policy`, `policies`, `policy_driver`, `policy_scope`, `policy_group` | policies of the user's                  |
//! | `builder`, `helpers`        | options, and the short forms                                      |

mod builder;
mod ended;
mod first_failure;
mod helpers;
mod members;
mod owned;
mod policies;
mod policy;
mod policy_driver;
mod policy_group;
mod policy_scope;
mod scope;
mod stopped;
mod task;
mod task_cell;
mod task_error;

pub use builder::{Builder, PolicyBuilder};
pub use helpers::{catch, infallible, par_map, par_map_all, race, run_all};
pub use policies::{AllErrors, Errors, FirstError, FirstOk, KeepGoing, Quorum, Settle, Tolerate};
pub use policy::{End, Flow, Outcome, Panicked, Policy};
pub use policy_group::PolicyGroup;
pub use policy_scope::PolicyScope;
pub use scope::Scope;
pub use stopped::{Stopped, WhyStopped};
pub use task::{JoinUntilError, Task};
pub use task_error::TaskError;

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
///   It starts soon, whatever other tasks do: it may block, sleep, wait for another task, or call C.
/// - The first error is recorded, then the context is cancelled, so the error reported is the
///   cause and never a secondary error of the cancellation. Tasks that have not started are skipped.
/// - The body of a scope is under the same contract: its error cancels the tasks, and it can wait
///   with the group's context.
/// - All tasks are joined, always. A deadline or a cancellation does not abandon a task: it tells
///   the task to stop.
/// - A panic, of a task or of the body, cancels the group at once; when all tasks have ended, the first
///   payload is resumed unchanged. A panic outranks an error. [`catch`] turns it into an error.
/// - If no task failed but some were skipped, because the deadline passed or the parent was cancelled,
///   the group's error is made from [`Stopped`].
///
/// # On whose stack a task runs
///
/// **A task may run on the stack of a thread that waits for it or its group.** Such a thread runs tasks
/// that have not begun instead of sleeping: those of its group at the end of a scope and in
/// [`wait`](Self::wait), that one task in [`Task::join`]. It never does so
///
/// - while it is unwinding: [`std::thread::panicking`] is `false` in every task;
/// - if less stack is left than the task was promised: see [`Builder::stack_size`];
/// - for a task with a name, a stack size or a thread of its own;
/// - if the group was built with [`run_inline(false)`](Builder::run_inline);
/// - in a wait with a bound. To wait without running tasks, use `wait_until` or `join_until` with
///   [`Until::FOREVER`](crate::Until::FOREVER).
///
/// What a task can see of it: thread-local values of the waiting thread (a `RefCell` that is borrowed
/// across a `join` is borrowed in the task; a `tracing` span is entered), its nice value and affinity,
/// its park token, and a lock that the thread holds. A lock that the waiting thread holds and the task
/// needs is a deadlock, as it is with two threads.
///
/// # At the thread limit
///
/// See [`set_max_threads`](crate::set_max_threads).
///
/// # One function for both forms
///
/// [`handle`](Self::handle) returns a [`Scope`], so a function that takes a `&Scope<'s, '_, E>` can start
/// tasks of a scope and of an owned group alike.
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
///     slow.join()?; // secondary: the group reports the cause
///     fails.join()?;
///     Ok(())
/// });
/// assert_eq!(result.unwrap_err().to_string(), "disk on fire");
/// ```
///
/// # Compile errors
///
/// **E0283, E0282** (type annotations needed): `ErrGroup::scope(|g| ...)?` in a function whose error
/// type can be made from many types, such as `anyhow::Error`, does not say what the group's error is.
/// Name it at the end of the body:
///
/// ```compile_fail,E0283
/// fn count() -> Result<usize, Box<dyn std::error::Error>> {
///     Ok(phalanx::ErrGroup::scope(|g| Ok(g.go(|_| Ok(1)).join()?))?)
/// }
/// ```
///
/// ```
/// use phalanx::{ErrGroup, Stopped};
///
/// fn count() -> Result<usize, Box<dyn std::error::Error>> {
///     Ok(ErrGroup::scope(|g| Ok::<_, Stopped>(g.go(|_| Ok(1)).join()?))?)
/// }
/// assert_eq!(count().unwrap(), 1);
/// ```
///
/// **E0599** (no function named `builder`): the builder has no error type yet; the group gets it from
/// its tasks.
///
/// ```compile_fail,E0599
/// phalanx::ErrGroup::<String>::builder();
/// ```
///
/// ```
/// let group: phalanx::ErrGroup<String> = phalanx::ErrGroup::builder().limit(2).start();
/// assert!(group.wait().is_ok());
/// ```
///
/// **E0373, E0521** (borrowed data escapes): a task cannot borrow the scope that its body was lent. To
/// start siblings from a task, move a clone of the scope into it.
///
/// ```compile_fail,E0373
/// # use phalanx::{ErrGroup, Stopped};
/// ErrGroup::scope(|g| {
///     g.go(|_| Ok(drop(g.go(|_| Ok(())))));
///     Ok::<_, Stopped>(())
/// });
/// ```
///
/// ```
/// # use phalanx::{ErrGroup, Stopped};
/// ErrGroup::scope(|g| {
///     let siblings = g.clone();
///     g.go(move |_| Ok(drop(siblings.go(|_| Ok(())))));
///     Ok::<_, Stopped>(())
/// })?;
/// # Ok::<(), Stopped>(())
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
