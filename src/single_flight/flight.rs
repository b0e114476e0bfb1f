//! What a caller gets: a value and how it came by it, or an error.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::threads::NoThread;
use crate::wait::{Cancelled, HasReason, Interrupted, Reason, error_methods};

/// A value that one call has made for all who asked for it at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "it holds the value"]
pub struct Flight<V> {
    value: V,
    role: Role,
    callers: usize,
}

/// Whose function made the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The caller's own.
    Leader,
    /// Another caller's; the caller's own was dropped.
    Follower,
}

impl<V> Flight<V> {
    pub(super) fn new(value: V, role: Role, callers: usize) -> Self {
        Flight { value, role, callers }
    }

    /// Returns the value.
    pub fn value(&self) -> &V {
        &self.value
    }

    /// Returns the value itself.
    pub fn into_value(self) -> V {
        self.value
    }

    /// Returns whose function made the value.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Returns how many callers got the value: those who were waiting when it was there.
    pub fn callers(&self) -> usize {
        self.callers
    }

    /// Returns `true` if others got the value too.
    ///
    /// # Compared with Go
    ///
    /// The third result of `Group.Do`, and as there it is the same for all who share;
    /// [`role`](Self::role) tells them apart.
    pub fn shared(&self) -> bool {
        self.callers > 1
    }
}

/// Why a call of [`SingleFlight`](crate::SingleFlight) brought no value.
#[derive(Debug)]
#[non_exhaustive]
pub enum FlightError<E> {
    /// The function failed; all who waited for it share the error. Whether the *function* gave up is
    /// asked of [`failed`](Self::failed).
    Failed(Arc<E>),
    /// This caller gave up. The function goes on as long as others wait.
    Interrupted(Interrupted),
    /// There is no thread for the function, which was not run.
    NoThread(NoThread),
}

impl<E> FlightError<E> {
    /// Returns the error of the function, if that is what it is.
    pub fn failed(&self) -> Option<&E> {
        match self {
            FlightError::Failed(error) => Some(error),
            FlightError::Interrupted(_) | FlightError::NoThread(_) => None,
        }
    }
}

impl<E> HasReason for FlightError<E> {
    fn reason(&self) -> Reason<'_> {
        match self {
            FlightError::Failed(_) => Reason::Other,
            FlightError::Interrupted(interrupted) => interrupted.reason(),
            FlightError::NoThread(_) => Reason::NoThread,
        }
    }
}

error_methods!([E] FlightError<E>);

impl<E> From<Interrupted> for FlightError<E> {
    fn from(interrupted: Interrupted) -> Self {
        FlightError::Interrupted(interrupted)
    }
}

impl<E> From<Cancelled> for FlightError<E> {
    fn from(cancelled: Cancelled) -> Self {
        FlightError::Interrupted(cancelled.into())
    }
}

impl<E> Clone for FlightError<E> {
    fn clone(&self) -> Self {
        match self {
            FlightError::Failed(error) => FlightError::Failed(Arc::clone(error)),
            FlightError::Interrupted(why) => FlightError::Interrupted(why.clone()),
            FlightError::NoThread(error) => FlightError::NoThread(error.clone()),
        }
    }
}

impl<E: PartialEq> PartialEq for FlightError<E> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (FlightError::Failed(ours), FlightError::Failed(theirs)) => ours == theirs,
            (FlightError::Interrupted(ours), FlightError::Interrupted(theirs)) => ours == theirs,
            (FlightError::NoThread(ours), FlightError::NoThread(theirs)) => ours == theirs,
            _ => false,
        }
    }
}

impl<E: Eq> Eq for FlightError<E> {}

/// The text of a failure is that of the function's error.
impl<E: fmt::Display> fmt::Display for FlightError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FlightError::Failed(error) => error.fmt(f),
            FlightError::Interrupted(_) => f.write_str("gave up waiting for the shared call"),
            FlightError::NoThread(_) => f.write_str("there is no thread for the shared call"),
        }
    }
}

// Also for errors that are no `Error` themselves, as `Box<dyn Error>` is not; so the function's error
// is no source.
impl<E: fmt::Debug + fmt::Display> Error for FlightError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            FlightError::Failed(_) => None,
            FlightError::Interrupted(interrupted) => Some(interrupted),
            FlightError::NoThread(error) => Some(error),
        }
    }
}
