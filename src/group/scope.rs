//! A group whose tasks borrow from the stack of the thread that opened it.

use std::error::Error;
use std::fmt;
use std::panic;
use std::sync::Arc;

use super::first_failure::FirstFailure;
use super::members::Members;
use super::stopped::Stopped;
use super::task::Task;
use super::task_cell::{Spawner, with_scope};
use super::task_error::TaskError;
use crate::context::Context;
use crate::refused::Refused;
use crate::threads::Spec;
use crate::unwind::drop_quietly;
use crate::wait::Chain;

/// The inside of a group: starts its tasks.
///
/// [`ErrGroup::scope`](super::ErrGroup::scope) lends one to its body, whose tasks borrow whatever
/// outlives the scope. It is a cheap clone, so that tasks can start siblings: clone it, and move
/// the clone into the task.
///
/// The lifetimes are those of [`std::thread::Scope`]: `'s` is the scope itself, `'env` whatever it
/// borrows. `E` is the group's error.
pub struct Scope<'s, 'env: 's, E> {
    spawner: Spawner<'s, 'env, FirstFailure<E>>,
    spec: Spec,
}

pub(super) fn scope<'env, R, E>(
    members: Members,
    body: impl for<'s> FnOnce(&Scope<'s, 'env, E>) -> Result<R, E>,
) -> Result<R, E>
where
    E: Send + From<Stopped>,
{
    let group = FirstFailure::new(members);
    let result = with_scope(&group, group.members(), |spawner| {
        let result = body(&Scope::new(spawner));
        result.map_err(|error| group.failed(error, "the body of the group failed"))
    });
    // All tasks have ended. The first panic, of a task or of the body, comes before any error.
    if let Some(payload) = group.members().take_panic() {
        drop_quietly(group.close());
        panic::resume_unwind(payload);
    }
    group.outcome()?;
    match result {
        Some(Ok(result)) => Ok(result),
        _ => unreachable!("the error and the panic of the body have been recorded"),
    }
}

impl<'s, 'env: 's, E> Scope<'s, 'env, E> {
    pub(super) fn new(spawner: Spawner<'s, 'env, FirstFailure<E>>) -> Self {
        let spec = spawner.policy().members().spec().clone();
        Scope { spawner, spec }
    }

    pub(super) fn spawner(&self) -> &Spawner<'s, 'env, FirstFailure<E>> {
        &self.spawner
    }

    pub(super) fn group(&self) -> &Arc<FirstFailure<E>> {
        self.spawner.policy()
    }

    pub(super) fn members(&self) -> &Members {
        self.spawner.policy().members()
    }

    /// Returns the group's context, which every task gets: it ends when a task fails or panics,
    /// when the group's deadline passes or its parent is cancelled, and when the group ends.
    pub fn context(&self) -> &Context {
        self.members().context()
    }

    /// Cancels the group: running tasks are told to stop, others are skipped. Without another error,
    /// the group's result is made from the first task that was skipped, if there is one.
    pub fn cancel(&self) {
        self.members().cancel("the group was cancelled");
    }

    /// Returns the number of tasks that are running or queued just now. A task that has just been
    /// joined may still be counted.
    pub fn running(&self) -> usize {
        self.members().running()
    }

    /// Returns this scope with a name for the tasks that are started through it: that of their
    /// threads, and part of the errors about them.
    ///
    /// # Panics
    ///
    /// `Scope::named: the name of a thread has no NUL byte` if it has one.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::{ErrGroup, Stopped};
    ///
    /// let name = ErrGroup::scope(|g| {
    ///     let task = g.named("fetch").go(|_| Ok(std::thread::current().name().map(str::to_owned)));
    ///     Ok::<_, Stopped>(task.join()?)
    /// })?;
    /// assert_eq!(name.as_deref(), Some("fetch"));
    /// # Ok::<(), Stopped>(())
    /// ```
    #[must_use = "the scope itself is left unchanged"]
    #[track_caller]
    pub fn named(&self, name: &str) -> Self {
        let mut scope = self.clone();
        scope.spec.name = Some(Spec::check_name("Scope::named", name));
        scope
    }

    /// Returns this scope with a fresh thread for each task that is started through it, which exits after
    /// the task: no other task has used its thread-local values, and none will.
    ///
    /// `join`, and the end of the group, wait for the task and not for its thread: destructors of
    /// thread-local values may run later. To wait for those, use [`std::thread::scope`].
    #[must_use = "the scope itself is left unchanged"]
    pub fn own_thread(&self) -> Self {
        let mut scope = self.clone();
        scope.spec.own_thread = true;
        scope
    }
}

impl<E> Scope<'_, '_, E> {
    /// From now on, the error of a task that fails is mapped by `f`, which also gets a [`Stopped`] that tells
    /// which task it was.
    ///
    /// It is called once for each failed task, on the thread that ran the task. The error of the body of a
    /// scope is left as it is. If `f` panics, the panic is the group's.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::{ErrGroup, Stopped};
    ///
    /// let result = ErrGroup::scope(|g| {
    ///     g.map_errors(|task, error: anyhow::Error| error.context(task));
    ///     g.named("fetch").go(|_| Err::<(), _>(anyhow::anyhow!("connection refused")));
    ///     Ok(())
    /// });
    /// let error = result.unwrap_err();
    /// assert_eq!(format!("{error:#}"), "task 0 (fetch) failed: connection refused");
    /// assert_eq!(error.downcast_ref::<Stopped>().unwrap().name(), Some("fetch"));
    /// ```
    pub fn map_errors(&self, f: fn(Stopped, E) -> E) {
        self.group().map_errors(f);
    }
}

impl<E: From<TaskError> + Into<Box<dyn Error + Send + Sync>>> Scope<'_, '_, E> {
    /// From now on, the error of a task that fails is made into a [`TaskError`], which holds the task's
    /// place and name, and then into the group's error again.
    ///
    /// That works for boxed errors, [`std::io::Error`], `String`, and [`Stopped`]; for an error of your own,
    /// implement `From<TaskError>`. For `anyhow`, use [`map_errors`](Self::map_errors), since a boxed
    /// `anyhow::Error` hides its outermost error. The error of the body of a scope is left as it is.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::{ErrGroup, TaskError};
    ///
    /// type BoxError = Box<dyn std::error::Error + Send + Sync>;
    ///
    /// let result = ErrGroup::scope(|g| {
    ///     g.name_errors();
    ///     g.go(|_| Ok(()));
    ///     g.named("fetch").go(|_| Err::<(), BoxError>("connection refused".into()));
    ///     Ok(())
    /// });
    /// let error = result.unwrap_err();
    /// let task = error.downcast_ref::<TaskError>().unwrap();
    /// assert_eq!((task.index(), task.name()), (1, Some("fetch")));
    /// assert_eq!(task.to_string(), "task 1 (fetch) failed");
    /// assert_eq!(task.error().to_string(), "connection refused");
    /// ```
    pub fn name_errors(&self) {
        self.map_errors(|stopped, error| TaskError::new(&stopped, error.into()).into());
    }
}

impl<E> Scope<'_, '_, E> {
    /// From now on, if an error cancels the group, the error that `f` makes of it is the
    /// [cause](Context::cause) for which the group's context ends. Without this, the cause only names the
    /// task that failed.
    ///
    /// For errors that cannot be cloned; for others there is [`share_errors`](Self::share_errors). `f` is
    /// called on the thread that ran the task. Of several tasks that fail at the same time it may be called
    /// for each. If it panics, the panic is the group's.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::ErrGroup;
    /// use std::io;
    ///
    /// let result = ErrGroup::scope(|g| {
    ///     g.cancel_with(|error: &io::Error| error.kind().to_string().into());
    ///     g.go(|_| Err::<(), _>(io::ErrorKind::NotFound.into()));
    ///     assert_eq!(g.context().wait().to_string(), "context cancelled: entity not found");
    ///     Ok(())
    /// });
    /// assert_eq!(result.unwrap_err().kind(), io::ErrorKind::NotFound);
    /// ```
    pub fn cancel_with(&self, f: fn(&E) -> Box<dyn Error + Send + Sync>) {
        self.group().cancel_with(f);
    }

    /// From now on, if an error cancels the group, a clone of it is the [cause](Context::cause) for which
    /// the group's context ends. Without this, the cause only names the task that failed.
    ///
    /// # Compared with Go
    ///
    /// `errgroup.WithContext`, where the error is always the `context.Cause`.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::ErrGroup;
    ///
    /// let result = ErrGroup::scope(|g| {
    ///     g.share_errors();
    ///     g.go(|_| Err::<(), _>(String::from("connection refused")));
    ///     let cause = g.context().wait(); // as each task of the group does
    ///     assert_eq!(cause.error().unwrap().to_string(), "connection refused");
    ///     Ok(())
    /// });
    /// assert_eq!(result, Err(String::from("connection refused")));
    /// ```
    pub fn share_errors(&self)
    where
        E: Clone + Into<Box<dyn Error + Send + Sync>>,
    {
        self.cancel_with(|error| error.clone().into());
    }
}

impl<'s, 'env: 's, E: Send> Scope<'s, 'env, E> {
    /// Runs `f` as a task of this group.
    ///
    /// If `f` fails, its error is the group's, unless another came first, and the group is
    /// cancelled; if it panics, the group is cancelled at once, and the panic resumed when all
    /// tasks have ended. Once the group has stopped, `f` is dropped without having run.
    ///
    /// # Blocking
    ///
    /// In a group with a limit, waits for a slot, in the order of arrival, or until the group is
    /// cancelled. A task of this group that starts another does not wait: the other is queued, and
    /// run when a slot comes free.
    ///
    /// At the [thread limit](crate::set_max_threads), the task is queued.
    ///
    /// # Panics
    ///
    /// `ErrGroup::go: ...` if the operating system refuses a thread and there is none. `f` is dropped; the
    /// running tasks finish. [`try_go`](Self::try_go) returns `f` instead.
    ///
    /// # Compared with Go
    ///
    /// `errgroup.Group.Go`, which runs a task even after the group was cancelled, and waits for a
    /// slot even then.
    #[track_caller]
    pub fn go<T, F>(&self, f: F) -> Task<'s, T>
    where
        F: FnOnce(&Context) -> Result<T, E> + Send + 's,
        T: Send + 's,
    {
        self.start(f, true).unwrap_or_else(|refused| panic!("ErrGroup::go: {}", Chain(&refused)))
    }

    /// Runs `f` as [`go`](Self::go) does, if a slot of the group and a thread are free.
    ///
    /// # Errors
    ///
    /// [`Refused`], with `f` in it: the group is at its limit or has stopped, or there is no thread: the
    /// thread limit is reached, or the operating system refuses one.
    ///
    /// # Compared with Go
    ///
    /// `errgroup.Group.TryGo`.
    pub fn try_go<T, F>(&self, f: F) -> Result<Task<'s, T>, Refused<F>>
    where
        F: FnOnce(&Context) -> Result<T, E> + Send + 's,
        T: Send + 's,
    {
        self.start(f, false)
    }

    fn start<T, F>(&self, f: F, waits: bool) -> Result<Task<'s, T>, Refused<F>>
    where
        F: FnOnce(&Context) -> Result<T, E> + Send + 's,
        T: Send + 's,
    {
        Ok(Task::new(self.spawner.start(&self.spec, waits, f)?))
    }
}

impl<E> Clone for Scope<'_, '_, E> {
    fn clone(&self) -> Self {
        Scope { spawner: self.spawner.clone(), spec: self.spec.clone() }
    }
}

impl<E> fmt::Debug for Scope<'_, '_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("running", &self.running())
            .field("context", self.context())
            .finish_non_exhaustive()
    }
}
