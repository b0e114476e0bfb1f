//! A result that is awaited later.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

use super::caller::Caller;
use super::{Flight, FlightError, Role};
use crate::sys;
use crate::wait::{Interrupted, Until};

/// A call of [`SingleFlight::start`](crate::SingleFlight::start) whose result is to be waited for.
///
/// Dropping it is to leave the call: when every caller has left, the function's context is cancelled,
/// and the next call for the key starts afresh.
#[must_use = "a caller leaves when this is dropped"]
pub struct PendingFlight<K, V, E> {
    caller: Caller<K, V, E>,
}

impl<K, V, E> PendingFlight<K, V, E> {
    pub(super) fn new(caller: Caller<K, V, E>) -> Self {
        PendingFlight { caller }
    }

    /// Waits until the function has returned, and returns what it brought.
    ///
    /// # Errors
    ///
    /// [`FlightError::Failed`] if the function failed.
    ///
    /// # Panics
    ///
    /// If the function panicked: the leader resumes that panic, a follower panics with
    /// `PendingFlight::join: the shared call panicked: ...`.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn join(self) -> Result<Flight<V>, FlightError<E>>
    where
        V: Clone,
    {
        const METHOD: &str = "PendingFlight::join";
        let _call = sys::blocking_call(METHOD);
        self.caller.wait(METHOD, Until::FOREVER)
    }

    /// Waits until the function has returned, and no longer than `until`; the result stays for
    /// [`join`](Self::join).
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the bound was reached first. The function goes on, and this caller still waits
    /// for it.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait_until<'a>(&self, until: impl Into<Until<'a>>) -> Result<(), Interrupted> {
        let _call = sys::blocking_call("PendingFlight::wait_until");
        self.caller.call().wait(until.into())
    }

    /// Returns `true` if the function has returned.
    pub fn is_done(&self) -> bool {
        self.caller.call().has_landed()
    }

    /// Returns whose function makes the value.
    pub fn role(&self) -> Role {
        self.caller.role()
    }
}

// No lock is held while user code runs, so no panic leaves what it guards half-changed.
impl<K, V, E> UnwindSafe for PendingFlight<K, V, E> {}
impl<K, V, E> RefUnwindSafe for PendingFlight<K, V, E> {}

impl<K, V, E> fmt::Debug for PendingFlight<K, V, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingFlight")
            .field("role", &self.role())
            .field("done", &self.is_done())
            .finish_non_exhaustive()
    }
}
