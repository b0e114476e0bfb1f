//! Why a task has no value.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::threads::NoThread;
use crate::wait::Cause;

/// Which task of a group.
#[derive(Clone, Debug)]
pub(super) struct Label {
    pub(super) index: usize,
    pub(super) name: Option<Arc<str>>,
}

impl Label {
    /// What is reported of the task where there is no value.
    pub(super) fn stopped(self, why: WhyStopped) -> Stopped {
        Stopped { label: self, why }
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
    /// It was never run, because there was no thread for it; the group was cancelled.
    Refused(NoThread),
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
            WhyStopped::Refused(why) => write!(f, "{} was refused: {why}", self.label),
            WhyStopped::CutShort(cause) => write!(f, "the pipeline was cut short: {cause}"),
        }
    }
}

impl Error for Stopped {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.why {
            WhyStopped::Skipped(cause) | WhyStopped::CutShort(cause) => cause.source(),
            WhyStopped::Refused(why) => why.source(),
            WhyStopped::Failed | WhyStopped::Panicked => None,
        }
    }
}

impl From<Stopped> for String {
    fn from(stopped: Stopped) -> Self {
        stopped.to_string()
    }
}
