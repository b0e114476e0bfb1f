//! A group's error that names its task.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use super::stopped::{Label, Stopped};
use crate::gave_up::reason_of;
use crate::wait::{HasReason, Reason, error_methods};

/// The error of a task, with the task's place and name: see
/// [`Scope::name_errors`](super::Scope::name_errors).
///
/// The task's own error is the [`source`](Error::source). The text is `task 2 (fetch) failed`.
#[derive(Clone, Debug)]
pub struct TaskError {
    label: Label,
    error: Arc<dyn Error + Send + Sync>,
}

impl TaskError {
    /// For the error of the task that `stopped` tells of.
    pub(super) fn new(stopped: &Stopped, error: Box<dyn Error + Send + Sync>) -> Self {
        let label = stopped.label().expect("a task that has failed is known").clone();
        TaskError { label, error: error.into() }
    }

    /// Returns the place of the task in the order of starting, from zero.
    pub fn index(&self) -> usize {
        self.label.index
    }

    /// Returns the name of the task, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.label.name.as_deref()
    }

    /// Returns the task's own error.
    pub fn error(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.error
    }
}

/// The reason of the task's error, through all that it is wrapped in.
impl HasReason for TaskError {
    fn reason(&self) -> Reason<'_> {
        reason_of(&*self.error)
    }
}

error_methods!([] TaskError);

/// The same task, and the very same error.
impl PartialEq for TaskError {
    fn eq(&self, other: &Self) -> bool {
        self.label == other.label && Arc::ptr_eq(&self.error, &other.error)
    }
}

impl Eq for TaskError {}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed", self.label)
    }
}

impl Error for TaskError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.error)
    }
}

/// One that was converted from the error of a call gets to know its task; another one is inside.
impl From<TaskError> for Stopped {
    fn from(error: TaskError) -> Self {
        match error.error.downcast_ref::<Stopped>() {
            Some(stopped) => stopped.clone().labelled(error.label),
            None => Stopped::call(error),
        }
    }
}
