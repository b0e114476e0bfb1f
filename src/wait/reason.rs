//! Why a call failed, in one word: what every error of the crate answers its questions with.

use std::error::Error;
use std::io;

use super::{Cause, CauseKind};

/// Why a call failed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reason<'a> {
    /// The bound of the call has passed, or would have.
    TimedOut,
    /// A context has ended.
    Ended(&'a Cause),
    /// What the call is about has been closed, or has no other side.
    Closed,
    /// The call would have had to wait.
    WouldBlock,
    /// The call asks for more than there can be.
    TooMany,
    /// There is no thread.
    NoThread,
    /// There is another value than the call expected.
    Outdated,
    /// None of these.
    Other,
}

impl<'a> Reason<'a> {
    pub(crate) fn is_timeout(self) -> bool {
        matches!(self, Reason::TimedOut) || self.ended_by(CauseKind::DeadlineExceeded)
    }

    pub(crate) fn is_cancelled(self) -> bool {
        self.ended_by(CauseKind::Cancelled)
    }

    pub(crate) fn is_closed(self) -> bool {
        matches!(self, Reason::Closed)
    }

    pub(crate) fn gave_up(self) -> bool {
        matches!(self, Reason::TimedOut | Reason::Ended(_))
    }

    pub(crate) fn cause(self) -> Option<&'a Cause> {
        match self {
            Reason::Ended(cause) => Some(cause),
            _ => None,
        }
    }

    fn ended_by(self, kind: CauseKind) -> bool {
        self.cause().is_some_and(|cause| cause.kind() == kind)
    }

    /// The kind of an `io::Error` that holds such an error.
    ///
    /// Never `Interrupted` or `ConnectionAborted`, and `WouldBlock` only of a call that does not wait:
    /// std and other libraries call again when they see those.
    pub(crate) fn io_kind(self) -> io::ErrorKind {
        match self {
            Reason::TimedOut => io::ErrorKind::TimedOut,
            Reason::Ended(cause) => match cause.kind() {
                CauseKind::DeadlineExceeded => io::ErrorKind::TimedOut,
                CauseKind::Cancelled => io::ErrorKind::Other,
            },
            Reason::Closed => io::ErrorKind::BrokenPipe,
            Reason::WouldBlock => io::ErrorKind::WouldBlock,
            Reason::TooMany => io::ErrorKind::InvalidInput,
            Reason::NoThread => io::ErrorKind::ResourceBusy,
            Reason::Outdated | Reason::Other => io::ErrorKind::Other,
        }
    }
}

/// An error that says why the call failed.
pub(crate) trait HasReason {
    fn reason(&self) -> Reason<'_>;
}

/// An error of the crate whose type does not matter any longer.
pub(crate) trait AnyError: HasReason + Error + Send + Sync {
    fn as_error(&self) -> &(dyn Error + 'static);
}

impl<E: HasReason + Error + Send + Sync + 'static> AnyError for E {
    fn as_error(&self) -> &(dyn Error + 'static) {
        self
    }
}

/// The methods that all errors of the crate have.
macro_rules! error_methods {
    ([$($param:ident)*] $error:ty) => {
        $crate::wait::error_methods!([$($param)*] $error, with a cause of its own);

        impl<$($param),*> $error {
            /// Returns why the context ended, if the end of a context is the reason.
            pub fn cause(&self) -> Option<&$crate::wait::Cause> {
                $crate::wait::HasReason::reason(self).cause()
            }
        }
    };
    ([$($param:ident)*] $error:ty, with a cause of its own) => {
        impl<$($param),*> $error {
            /// Returns `true` if time ran out: the call's own bound, or the deadline of a context.
            ///
            /// Never `true` together with [`is_cancelled`](Self::is_cancelled). For an error that is
            /// boxed, or the source of another one, use [`phalanx::is_timeout`](crate::is_timeout).
            pub fn is_timeout(&self) -> bool {
                $crate::wait::HasReason::reason(self).is_timeout()
            }

            /// Returns `true` if a context was cancelled, and did not end by its deadline.
            ///
            /// For an error that is boxed, or the source of another one, use
            /// [`phalanx::is_cancelled`](crate::is_cancelled).
            pub fn is_cancelled(&self) -> bool {
                $crate::wait::HasReason::reason(self).is_cancelled()
            }

            /// Returns `true` if the call gave up: [`is_timeout`](Self::is_timeout) or
            /// [`is_cancelled`](Self::is_cancelled).
            pub fn gave_up(&self) -> bool {
                $crate::wait::HasReason::reason(self).gave_up()
            }

            /// Returns `true` if what the call was about has been closed, or its other side is gone.
            pub fn is_closed(&self) -> bool {
                $crate::wait::HasReason::reason(self).is_closed()
            }
        }
    };
}

pub(crate) use error_methods;
