//! A group whose tasks borrow from the stack of whoever opened it.

use std::fmt;
use std::panic;
use std::sync::Arc;

use super::core::{Admitted, Core};
use super::erase::{Fence, fenced};
use super::first::First;
use super::packet::Packet;
use super::stopped::Stopped;
use super::task::Task;
use crate::context::Context;
use crate::refused::Refused;
use crate::threads::Spec;

/// The inside of a group: starts its tasks.
///
/// [`ErrGroup::scope`](super::ErrGroup::scope) lends one to its body, whose tasks borrow whatever
/// outlives the scope. It is a cheap clone, so that tasks can start siblings: clone it, and move
/// the clone into the task.
///
/// The lifetimes are those of [`std::thread::Scope`]: `'s` is the scope itself, `'env` whatever it
/// borrows. `E` is the group's error.
pub struct Scope<'s, 'env: 's, E> {
    fence: Fence<'s, 'env>,
    first: Arc<First<E>>,
    spec: Spec,
}

pub(super) fn scope<'env, R, E>(
    core: &Arc<Core>,
    body: impl for<'s> FnOnce(&Scope<'s, 'env, E>) -> Result<R, E>,
) -> Result<R, E>
where
    E: Send + From<Stopped>,
{
    let first = First::new(core);
    let result = fenced(core, |fence| {
        let result = body(&Scope::new(fence, Arc::clone(&first)));
        result.map_err(|error| first.failed(core, error, "the body of the group failed"))
    });
    // All tasks have ended. A panic comes before any error: the body's, else the first of a task.
    if let Some(payload) = core.take_panic() {
        panic::resume_unwind(payload);
    }
    let result = result.unwrap_or_else(|payload| panic::resume_unwind(payload));
    first.outcome()?;
    Ok(result.unwrap_or_else(|()| unreachable!("the error of the body has been recorded")))
}

impl<'s, 'env: 's, E> Scope<'s, 'env, E> {
    pub(super) fn new(fence: Fence<'s, 'env>, first: Arc<First<E>>) -> Self {
        let spec = fence.core().spec().clone();
        Scope { fence, first, spec }
    }

    pub(super) fn first(&self) -> &First<E> {
        &self.first
    }

    pub(super) fn core(&self) -> &Arc<Core> {
        self.fence.core()
    }

    /// Returns the group's context, which every task gets: it ends when a task fails or panics,
    /// when the group's deadline passes or its parent is cancelled, and when the group ends.
    pub fn context(&self) -> &Context {
        self.core().context()
    }

    /// Cancels the group: running tasks are told to stop, others are skipped. Without another error,
    /// the group's result is made from the first task that was skipped, if there is one.
    pub fn cancel(&self) {
        self.core().cancel("the group was cancelled");
    }

    /// Returns the number of tasks that are running or queued just now. A task that has just been
    /// joined may still be counted.
    pub fn running(&self) -> usize {
        self.core().running()
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

    /// Returns this scope with a fresh thread for each task that is started through it, which ends
    /// with the task: for tasks that rely on thread-local values and their destructors.
    #[must_use = "the scope itself is left unchanged"]
    pub fn own_thread(&self) -> Self {
        let mut scope = self.clone();
        scope.spec.own_thread = true;
        scope
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
    /// # Panics
    ///
    /// `ErrGroup::go: ...` if the operating system refuses a thread. `f` is dropped; the running
    /// tasks finish. [`try_go`](Self::try_go) gives `f` back instead.
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
        self.start(f, true).unwrap_or_else(|refused| panic!("ErrGroup::go: {refused}"))
    }

    /// Runs `f` as [`go`](Self::go) does if that is possible at once, or gives it back.
    ///
    /// # Errors
    ///
    /// [`Refused`] with `f` in it: the group is at its limit or has stopped, or the operating
    /// system refuses a thread.
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

    fn start<T, F>(&self, f: F, patient: bool) -> Result<Task<'s, T>, Refused<F>>
    where
        F: FnOnce(&Context) -> Result<T, E> + Send + 's,
        T: Send + 's,
    {
        let core = self.core();
        let admitted = match core.admit(&self.spec, patient) {
            Ok(admitted) => admitted,
            Err(why) => return Err(Refused::new(why, f)),
        };
        let packet = Packet::new(&self.first, core.next_index(), &self.spec, f);
        let task = self.fence.handle(Arc::clone(&packet));
        if let Admitted::Skipped(cause) = admitted {
            packet.skip(cause);
        } else {
            self.fence.launch(admitted, packet);
        }
        Ok(task)
    }
}

impl<E> Clone for Scope<'_, '_, E> {
    fn clone(&self) -> Self {
        Scope { fence: self.fence.clone(), first: Arc::clone(&self.first), spec: self.spec.clone() }
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
