//! The error of a context that has ended.

use std::error::Error;
use std::fmt;

use crate::wait::{Cause, Interrupted};

/// The context has ended: the error of [`Context::check`](crate::Context::check) and
/// [`Context::sleep`](crate::Context::sleep).
#[derive(Clone, Debug)]
pub struct Cancelled(pub(super) Cause);

impl Cancelled {
    /// Returns why the context has ended.
    pub fn cause(&self) -> &Cause {
        &self.0
    }
}

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
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
