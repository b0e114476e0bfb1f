//! Why a task has no value.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::threads::NoThread;
use crate::wait::{AnyError, Cancelled, Cause, Chain, HasReason, Reason, error_methods};

/// Which task of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) index: usize,
    pub(super) name: Option<Arc<str>>,
}

impl Label {
    /// What is reported of the task where there is no value.
    pub(super) fn stopped(self, why: WhyStopped) -> Stopped {
        Stopped { label: Some(self), why, wait: None }
    }
}

/// A task ended without a value.
///
/// This is the secondary error of a failure that the group knows better: the group returns the failed
/// task's own error, or resumes its panic. It is a group's error only if no task failed, and some
/// work was skipped because the context had ended; or if it was chosen as the error of the tasks: every
/// error of a wait converts into it, so `ctx.sleep(d)?` works in such a task.
///
/// A group needs `E: From<Stopped>`; boxed errors have it, and so have [`std::io::Error`], `String`, and
/// `&'static str`.
#[derive(Clone, Debug)]
pub struct Stopped {
    /// `None` if it was converted from an error of a wait.
    label: Option<Label>,
    why: WhyStopped,
    /// The error of the wait, exactly if that is why.
    wait: Option<Arc<dyn AnyError>>,
}

/// Why a task ended without a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhyStopped {
    /// It returned an error, which the group has.
    Failed,
    /// It panicked; the group resumes the panic.
    Panicked,
    /// It was never run, because the group had stopped.
    Skipped(Cancelled),
    /// It was never run, because there was no thread for it; the group was cancelled.
    Refused(NoThread),
    /// It was a pipeline that had not come to its end when the group was stopped; its name is
    /// "pipeline".
    CutShort(Cancelled),
    /// A call of this crate failed in it, and its error was converted into [`Stopped`]; the call's error
    /// is the [`source`](Error::source).
    Call,
}

impl Stopped {
    /// What is known about a task by its index alone.
    pub(super) fn new(index: usize, why: WhyStopped) -> Self {
        Label { index, name: None }.stopped(why)
    }

    /// For the sink of a pipeline.
    pub(crate) fn cut_short(cause: Cause) -> Self {
        let label = Label { index: 0, name: Some("pipeline".into()) };
        label.stopped(WhyStopped::CutShort(Cancelled::new(cause)))
    }

    /// For a call that failed in a task.
    pub(crate) fn call(error: impl AnyError + 'static) -> Self {
        Stopped { label: None, why: WhyStopped::Call, wait: Some(Arc::new(error)) }
    }

    pub(super) fn label(&self) -> Option<&Label> {
        self.label.as_ref()
    }

    /// With what is known of the task, if nothing was.
    pub(super) fn labelled(mut self, label: Label) -> Self {
        self.label.get_or_insert(label);
        self
    }

    /// Returns why there is no value.
    pub fn kind(&self) -> &WhyStopped {
        &self.why
    }

    /// Returns the place of the task in the order of starting, from zero; `None` for an error that was
    /// converted from that of a call.
    pub fn index(&self) -> Option<usize> {
        Some(self.label.as_ref()?.index)
    }

    /// Returns the name of the task, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.label.as_ref()?.name.as_deref()
    }

    /// The text with those of all sources.
    pub(crate) fn text(&self) -> String {
        Chain(self).to_string()
    }
}

impl HasReason for Stopped {
    fn reason(&self) -> Reason<'_> {
        match &self.why {
            WhyStopped::Failed | WhyStopped::Panicked => Reason::Other,
            WhyStopped::Skipped(cancelled) | WhyStopped::CutShort(cancelled) => cancelled.reason(),
            WhyStopped::Refused(_) => Reason::NoThread,
            WhyStopped::Call => self.wait.as_ref().map_or(Reason::Other, |error| error.reason()),
        }
    }
}

error_methods!([] Stopped);

/// The same task, and the same reason; of a failed call, the very same error.
impl PartialEq for Stopped {
    fn eq(&self, other: &Self) -> bool {
        let same_call = match (&self.wait, &other.wait) {
            (Some(ours), Some(theirs)) => Arc::ptr_eq(ours, theirs),
            (None, None) => true,
            _ => false,
        };
        self.label == other.label && self.why == other.why && same_call
    }
}

impl Eq for Stopped {}

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
        let what = match &self.why {
            WhyStopped::Failed => "failed",
            WhyStopped::Panicked => "panicked",
            WhyStopped::Skipped(_) => "was skipped",
            WhyStopped::Refused(_) => "was refused",
            WhyStopped::CutShort(_) => return f.write_str("the pipeline was cut short"),
            WhyStopped::Call => "could not go on",
        };
        match &self.label {
            Some(label) => write!(f, "{label} {what}"),
            None => write!(f, "the task {what}"),
        }
    }
}

impl Error for Stopped {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.why {
            WhyStopped::Skipped(cancelled) | WhyStopped::CutShort(cancelled) => Some(cancelled),
            WhyStopped::Refused(why) => Some(why),
            WhyStopped::Call => Some(self.wait.as_ref()?.as_error()),
            WhyStopped::Failed | WhyStopped::Panicked => None,
        }
    }
}
