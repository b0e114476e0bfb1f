//! What `?` converts: the errors of the crate into those that a function or a task may return.
//!
//! The table is in the docs of [`gave_up`](crate::gave_up).

use std::fmt::{Debug, Display};
use std::io;

use crate::atomic_value::Outdated;
use crate::channel::{RecvUntilError, SendUntilError};
use crate::group::{Errors, JoinUntilError, Panicked, Stopped, TaskError, WhyStopped};
use crate::limiter::LimitError;
use crate::refused::Refused;
use crate::semaphore::{AcquireError, TryAcquireError};
use crate::single_flight::FlightError;
use crate::threads::NoThread;
use crate::wait::{AnyError, Cancelled, CauseKind, Chain, HasReason, Interrupted, Reason};
use crate::worker_pool::{Lost, SubmitError, TrySubmitError};

/// The conversions of one error, into which `$whole` makes what can outlive its borrows.
macro_rules! convert {
    ([$($param:tt)*] $error:ty, $whole:expr) => {
        convert!(text [$($param)*] $error, $whole);

        impl<$($param)*> From<$error> for Stopped {
            fn from(error: $error) -> Self {
                Stopped::call($whole(error))
            }
        }

        /// The reason in a few words.
        impl<$($param)*> From<$error> for &'static str {
            fn from(error: $error) -> Self {
                words(error.reason())
            }
        }
    };
    (text [$($param:tt)*] $error:ty, $whole:expr) => {
        /// The error itself is inside, without the message, job, task or handle that it may hold.
        impl<$($param)*> From<$error> for io::Error {
            fn from(error: $error) -> Self {
                let error = $whole(error);
                io::Error::new(error.reason().io_kind(), error)
            }
        }

        /// The text with those of all sources.
        impl<$($param)*> From<$error> for String {
            fn from(error: $error) -> Self {
                Chain(&$whole(error)).to_string()
            }
        }
    };
}

/// For an error that borrows nothing.
fn whole<E: AnyError>(error: E) -> E {
    error
}

convert!([] Cancelled, whole);
convert!([] Interrupted, whole);
convert!([] AcquireError, whole);
convert!([] TryAcquireError, whole);
convert!([] LimitError, whole);
convert!([] RecvUntilError, whole);
convert!([T] SendUntilError<T>, SendUntilError::without_inner);
convert!([J] SubmitError<J>, SubmitError::without_inner);
convert!([J] TrySubmitError<J>, TrySubmitError::without_inner);
convert!(text [H] JoinUntilError<H>, JoinUntilError::without_inner);
convert!([F] Refused<F>, Refused::without_inner);
convert!([T] Outdated<T>, Outdated::without_inner);
convert!([E: Debug + Display + Send + Sync + 'static] FlightError<E>, whole);
convert!([E: Debug + Display + Send + Sync + 'static] Errors<E>, whole);
convert!([] NoThread, whole);
convert!([] Lost, whole);
convert!([] Panicked, whole);

/// The reason in a few words, for an error that is a `&'static str`.
fn words(reason: Reason<'_>) -> &'static str {
    match reason {
        Reason::TimedOut => "timed out",
        Reason::Ended(cause) => match cause.kind() {
            CauseKind::Cancelled => "context cancelled",
            CauseKind::DeadlineExceeded => "context deadline exceeded",
        },
        Reason::Closed => "closed, or without another side",
        Reason::WouldBlock => "the call would have had to wait",
        Reason::TooMany => "more than there can be",
        Reason::NoThread => "there is no thread",
        Reason::Outdated => "replaced in the meantime",
        Reason::Other => "failed, panicked, or lost",
    }
}

/// A kind after which neither std nor other libraries call again: for an error of a group, which has
/// waited for its tasks.
fn final_kind(kind: io::ErrorKind) -> io::ErrorKind {
    match kind {
        io::ErrorKind::Interrupted
        | io::ErrorKind::WouldBlock
        | io::ErrorKind::ConnectionAborted => io::ErrorKind::Other,
        kind => kind,
    }
}

/// The error itself is inside.
impl From<Stopped> for io::Error {
    fn from(stopped: Stopped) -> Self {
        io::Error::new(final_kind(stopped.reason().io_kind()), stopped)
    }
}

/// The text with those of all sources.
impl From<Stopped> for String {
    fn from(stopped: Stopped) -> Self {
        stopped.text()
    }
}

/// Why there is no value, in a few words.
impl From<Stopped> for &'static str {
    fn from(stopped: Stopped) -> Self {
        match stopped.kind() {
            WhyStopped::Failed => "a task failed",
            WhyStopped::Panicked => "a task panicked",
            _ => words(stopped.reason()),
        }
    }
}

/// As [`Task::join`](crate::Task::join) reports it, if the task has ended.
impl<H> From<JoinUntilError<H>> for Stopped {
    fn from(error: JoinUntilError<H>) -> Self {
        match error.without_inner() {
            JoinUntilError::Stopped(stopped) => stopped,
            given_up @ JoinUntilError::Interrupted(..) => Stopped::call(given_up),
        }
    }
}

/// Why there is no value, in a few words.
impl<H> From<JoinUntilError<H>> for &'static str {
    fn from(error: JoinUntilError<H>) -> Self {
        match error {
            JoinUntilError::Stopped(stopped) => stopped.into(),
            JoinUntilError::Interrupted(_, why) => why.into(),
        }
    }
}

/// The error itself is inside. The kind is that of the task's error, if that is an `io::Error`; but
/// `Other` instead of one after which std or other libraries call again.
impl From<TaskError> for io::Error {
    fn from(error: TaskError) -> Self {
        let of_task = error.error().downcast_ref::<io::Error>().map(io::Error::kind);
        io::Error::new(final_kind(of_task.unwrap_or(error.reason().io_kind())), error)
    }
}

/// The text with those of all sources.
impl From<TaskError> for String {
    fn from(error: TaskError) -> Self {
        Chain(&error).to_string()
    }
}
