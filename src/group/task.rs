//! The handle of one task, and the promise that fulfils it.

use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::core::Core;
use crate::sys;
use crate::sys::atomic::{Acquire, AtomicBool, Release};
use crate::wait::{Cause, Interrupted, Until, WaitQueue};

/// A running task; [`join`](Self::join) waits for its value.
///
/// A task that is never joined runs all the same: its group waits for it, and its failure is the
/// group's. A handle does not leave the scope whose task it is.
pub struct Task<'s, T> {
    core: Arc<Core>,
    cell: Arc<Cell<T>>,
    label: Label,
    scope: PhantomData<&'s ()>,
}

/// Where a task leaves what became of it.
struct Cell<T> {
    /// Whether there is something: for looking without the lock.
    filled: AtomicBool,
    result: WaitQueue<Option<Result<T, Stopped>>>,
}

/// Which task of a group.
#[derive(Clone, Debug)]
pub(super) struct Label {
    pub(super) index: usize,
    pub(super) name: Option<Arc<str>>,
}

/// The side of a task that delivers.
pub(super) struct Promise<T> {
    cell: Arc<Cell<T>>,
    label: Label,
}

/// Makes the two ends of a task's result.
pub(super) fn promise<'s, T>(core: &Arc<Core>, label: Label) -> (Promise<T>, Task<'s, T>) {
    let cell = Arc::new(Cell { filled: AtomicBool::new(false), result: WaitQueue::new(None) });
    let promise = Promise { cell: Arc::clone(&cell), label: label.clone() };
    (promise, Task { core: Arc::clone(core), cell, label, scope: PhantomData })
}

impl<T> Promise<T> {
    /// Delivers what became of the task.
    pub(super) fn deliver(&self, result: Result<T, Stopped>) {
        let mut cell = self.cell.result.lock();
        *cell = Some(result);
        // Release: pairs with Acquire in `is_done`. The lock orders the result itself.
        self.cell.filled.store(true, Release);
        cell.grant_all();
    }

    /// Whether the task still has a handle.
    pub(super) fn is_wanted(&self) -> bool {
        Arc::strong_count(&self.cell) > 1
    }

    /// What the task's handle reports where there is no value.
    pub(super) fn stopped(&self, why: WhyStopped) -> Stopped {
        Stopped { label: self.label.clone(), why }
    }
}

impl<T> Task<'_, T> {
    /// Waits until the task has ended, and returns its value.
    ///
    /// # Blocking
    ///
    /// If the task has not started, runs it here and now; also if the group's limit holds it back,
    /// and the caller is a task of the same group. (A task that asked for a special thread gets
    /// it.) Otherwise spins for some microseconds where that has paid, then parks until the task
    /// ends.
    ///
    /// # Errors
    ///
    /// [`Stopped`] if the task failed, panicked, or was skipped because its group had stopped. Its
    /// error is the group's; use `?` here, and the group reports the cause, not this echo.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn join(self) -> Result<T, Stopped> {
        if !self.is_done() {
            self.core.help(self.label.index);
        }
        let waited = self.wait_until(Until::FOREVER);
        debug_assert!(waited.is_ok(), "nothing interrupts a wait without a bound");
        let Some(result) = self.cell.result.lock().take() else {
            unreachable!("a task that is done has left a result, which is taken once")
        };
        result
    }

    /// Waits until the task has ended, and no longer than `until`; the value stays for
    /// [`join`](Self::join).
    ///
    /// # Blocking
    ///
    /// As [`join`](Self::join), until the bound is reached, and without running the task itself: a
    /// task that a limit of 1 holds back cannot end while a sibling waits for it here.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the bound was reached first. The task goes on.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait_until<'a>(&self, until: impl Into<Until<'a>>) -> Result<(), Interrupted> {
        let _call = sys::blocking_call("Task::join");
        self.cell.result.wait(until.into(), || self.is_done(), |result| result.is_some())
    }

    /// Returns `true` if the task has ended, so that [`join`](Self::join) does not wait.
    pub fn is_done(&self) -> bool {
        // Acquire: pairs with Release in `deliver`.
        self.cell.filled.load(Acquire)
    }

    /// Returns the place of this task in the order in which its group started tasks, from zero.
    pub fn index(&self) -> usize {
        self.label.index
    }
}

impl<T> fmt::Debug for Task<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("index", &self.label.index)
            .field("name", &self.label.name)
            .field("done", &self.is_done())
            .finish_non_exhaustive()
    }
}

/// A task ended without a value.
///
/// This is the echo of a failure that the group knows better: the group returns the failed task's
/// own error, or resumes its panic. It is a group's error only where no task failed, and some
/// work was skipped because the context had ended.
///
/// A group needs `E: From<Stopped>`; boxed errors have it, and so has `String`.
#[derive(Clone, Debug)]
pub struct Stopped {
    label: Label,
    why: WhyStopped,
}

/// Why a task ended without a value.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum WhyStopped {
    /// It returned an error, which the group has.
    Failed,
    /// It panicked; the group resumes the panic.
    Panicked,
    /// It was never run, because the group had stopped.
    Skipped(Cause),
    /// It was a pipeline that had not come to its end when the group was stopped; its name is
    /// "pipeline".
    CutShort(Cause),
}

impl Stopped {
    /// What is known about a task by its index alone.
    pub(super) fn new(index: usize, why: WhyStopped) -> Self {
        Stopped { label: Label { index, name: None }, why }
    }

    /// For the sink of a pipeline.
    pub(crate) fn cut_short(cause: Cause) -> Self {
        let label = Label { index: 0, name: Some("pipeline".into()) };
        Stopped { label, why: WhyStopped::CutShort(cause) }
    }

    /// Returns why there is no value.
    pub fn why(&self) -> &WhyStopped {
        &self.why
    }

    /// Returns the place of the task in the order of starting, from zero.
    pub fn index(&self) -> usize {
        self.label.index
    }

    /// Returns the name of the task, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.label.name.as_deref()
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}", self.index)?;
        match &self.name {
            Some(name) => write!(f, " ({name})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            WhyStopped::Failed => write!(f, "{} failed", self.label),
            WhyStopped::Panicked => write!(f, "{} panicked", self.label),
            WhyStopped::Skipped(cause) => write!(f, "{} was skipped: {cause}", self.label),
            WhyStopped::CutShort(cause) => write!(f, "the pipeline was cut short: {cause}"),
        }
    }
}

impl Error for Stopped {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.why {
            WhyStopped::Skipped(cause) | WhyStopped::CutShort(cause) => cause.source(),
            WhyStopped::Failed | WhyStopped::Panicked => None,
        }
    }
}

impl From<Stopped> for String {
    fn from(stopped: Stopped) -> Self {
        stopped.to_string()
    }
}
