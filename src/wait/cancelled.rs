//! The error of a context that has ended.

use std::error::Error;
use std::fmt;

use super::reason::{HasReason, Reason, error_methods};
use super::{Cause, CauseKind, Interrupted};

/// A context has ended: the error of [`Context::check`](crate::Context::check) and
/// [`Context::sleep`](crate::Context::sleep).
///
/// The error that was given to [`Canceller::cancel_because`](crate::Canceller::cancel_because) is its
/// [`source`](Error::source).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancelled(Cause);

impl Cancelled {
    pub(crate) const fn new(cause: Cause) -> Self {
        Cancelled(cause)
    }

    /// Tells a cancellation from a deadline that has passed.
    pub fn kind(&self) -> CauseKind {
        self.0.kind()
    }

    /// Returns why the context has ended.
    pub fn cause(&self) -> &Cause {
        &self.0
    }
}

impl HasReason for Cancelled {
    fn reason(&self) -> Reason<'_> {
        Reason::Ended(&self.0)
    }
}

error_methods!([] Cancelled, with a cause of its own);

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.kind().fmt(f)
    }
}

impl Error for Cancelled {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl From<Cancelled> for Interrupted {
    fn from(Cancelled(cause): Cancelled) -> Self {
        Interrupted::Cancelled(cause)
    }
}
