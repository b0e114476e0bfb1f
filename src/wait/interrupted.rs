//! The error of every bounded wait.

use std::error::Error;
use std::fmt;

use super::Cause;
use super::reason::{HasReason, Reason, error_methods};

/// Why a wait was given up. Nothing was taken, nothing was changed.
///
/// A grant that has happened beats a give-up in the same instant, so this error is proof that the
/// operation did not take place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interrupted {
    /// The duration or instant given to this call has passed.
    TimedOut,
    /// The same, while tasks for which this call waits could not start because of the thread limit, which
    /// is this number: see [`set_max_threads`](crate::set_max_threads). Only waits for tasks return this.
    HeldUp(usize),
    /// The context given to this call has ended.
    Cancelled(Cause),
}

impl HasReason for Interrupted {
    fn reason(&self) -> Reason<'_> {
        match self {
            Interrupted::TimedOut | Interrupted::HeldUp(_) => Reason::TimedOut,
            Interrupted::Cancelled(cause) => Reason::Ended(cause),
        }
    }
}

error_methods!([] Interrupted);

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Interrupted::TimedOut => f.write_str("timed out"),
            Interrupted::HeldUp(limit) => {
                write!(f, "timed out while the thread limit of {limit} holds up tasks")
            }
            Interrupted::Cancelled(cause) => cause.kind().fmt(f),
        }
    }
}

impl Error for Interrupted {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Interrupted::TimedOut | Interrupted::HeldUp(_) => None,
            Interrupted::Cancelled(cause) => cause.source(),
        }
    }
}
