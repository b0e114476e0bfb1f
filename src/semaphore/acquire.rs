//! The methods that hand out permits, and the engine behind them.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use super::{CLOSED, ONE, Permit, Semaphore, WATCHED};
use crate::sys;
use crate::sys::atomic::{Acquire, Relaxed};
use crate::wait::{Cancelled, HasReason, Interrupted, Patience, Reason, Until, error_methods};

impl Semaphore {
    /// Waits for `n` permits.
    ///
    /// # Blocking
    ///
    /// Returns at once if `n` permits are free and no other request waits. Otherwise spins for some microseconds,
    /// if that has paid lately, and parks until all earlier requests have been served and `n` permits are free. A
    /// thread that waits for permits while it holds others may wait for itself.
    ///
    /// # Errors
    ///
    /// Returns [`Closed`](AcquireError::Closed) if the semaphore is closed, and [`TooMany`](AcquireError::TooMany) if
    /// there are not so many permits in total: at once, or as soon as that is so. Nothing was taken. An
    /// [open-ended](Self::open_ended) semaphore waits instead of returning `TooMany`.
    #[cfg_attr(feature = "sim", track_caller)]
    #[inline]
    pub fn acquire(&self, n: usize) -> Result<Permit<&Semaphore>, AcquireError> {
        self.take(n)?;
        Ok(Permit::of(self, n))
    }

    /// Waits for `n` permits, but no longer than `until`.
    ///
    /// # Blocking
    ///
    /// See [`acquire`](Self::acquire). If the permits are granted at the instant of the bound, the grant wins. A
    /// request that is given up leaves the queue, and those behind it that fit are granted.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`acquire`](Self::acquire), and [`Interrupted`](AcquireError::Interrupted) if the bound
    /// was reached first. Nothing was taken.
    #[cfg_attr(feature = "sim", track_caller)]
    #[inline]
    pub fn acquire_until<'a>(
        &self,
        n: usize,
        until: impl Into<Until<'a>>,
    ) -> Result<Permit<&Semaphore>, AcquireError> {
        self.take_until(n, until.into())?;
        Ok(Permit::of(self, n))
    }

    /// Takes `n` permits if they are free and no other request waits.
    ///
    /// Fails while a large request waits, even if `n` permits are free: see [Fairness](Self#fairness), also for the
    /// alternative.
    ///
    /// # Errors
    ///
    /// [`TryAcquireError`]. Nothing was taken.
    #[inline]
    pub fn try_acquire(&self, n: usize) -> Result<Permit<&Semaphore>, TryAcquireError> {
        self.try_take(n)?;
        Ok(Permit::of(self, n))
    }

    /// Waits for `n` permits, like [`acquire`](Self::acquire). The permit owns a handle to the semaphore and borrows
    /// nothing.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`acquire`](Self::acquire).
    #[cfg_attr(feature = "sim", track_caller)]
    #[inline]
    pub fn acquire_owned(self: &Arc<Self>, n: usize) -> Result<Permit<Arc<Self>>, AcquireError> {
        self.take(n)?;
        Ok(Permit::of(Arc::clone(self), n))
    }

    /// Waits for `n` permits, like [`acquire_until`](Self::acquire_until). The permit owns a handle to the semaphore.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`acquire_until`](Self::acquire_until).
    #[cfg_attr(feature = "sim", track_caller)]
    #[inline]
    pub fn acquire_owned_until<'a>(
        self: &Arc<Self>,
        n: usize,
        until: impl Into<Until<'a>>,
    ) -> Result<Permit<Arc<Self>>, AcquireError> {
        self.take_until(n, until.into())?;
        Ok(Permit::of(Arc::clone(self), n))
    }

    /// Takes `n` permits, like [`try_acquire`](Self::try_acquire). The permit owns a handle to the semaphore.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`try_acquire`](Self::try_acquire).
    #[inline]
    pub fn try_acquire_owned(
        self: &Arc<Self>,
        n: usize,
    ) -> Result<Permit<Arc<Self>>, TryAcquireError> {
        self.try_take(n)?;
        Ok(Permit::of(Arc::clone(self), n))
    }

    #[cfg_attr(feature = "sim", track_caller)]
    #[inline]
    fn take(&self, n: usize) -> Result<(), AcquireError> {
        let _call = sys::blocking_call("Semaphore::acquire");
        if self.take_if_free(n) { Ok(()) } else { self.take_slow(n, &Until::FOREVER) }
    }

    #[cfg_attr(feature = "sim", track_caller)]
    #[inline]
    fn take_until(&self, n: usize, until: Until<'_>) -> Result<(), AcquireError> {
        let _call = sys::blocking_call("Semaphore::acquire");
        until.enter()?;
        if self.take_if_free(n) { Ok(()) } else { self.take_slow(n, &until) }
    }

    #[inline]
    fn try_take(&self, n: usize) -> Result<(), TryAcquireError> {
        if self.take_if_free(n) { Ok(()) } else { Err(self.why_not(n)) }
    }

    #[inline]
    fn take_if_free(&self, n: usize) -> bool {
        let mut state = self.state.load(Relaxed);
        while is_free(state, n) {
            // Acquire: pairs with Release in `release` and `add_permits`; what the last holder did is visible to this
            // thread.
            match self.state.compare_exchange_weak(state, state - n * ONE, Acquire, Relaxed) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    #[cold]
    fn take_slow(&self, n: usize, until: &Until<'_>) -> Result<(), AcquireError> {
        let mut refused = None;
        let enlist = |_: &mut _| match self.look(n) {
            Ok(taken) => taken,
            Err(why) => {
                refused = Some(why);
                true
            }
        };
        let granted = self.queue.ask(until, n, Patience::Spins, enlist, |queue| self.serve(queue));
        match refused {
            Some(why) => Err(why),
            None if granted? => Ok(()),
            None if self.is_closed() => Err(AcquireError::Closed),
            None => Err(AcquireError::TooMany),
        }
    }

    /// The last look, under the lock: takes the permits, or else `WATCHED` is set.
    ///
    /// No wake-up is lost: see `release`, which after this mark needs the lock that this thread holds until it is
    /// in the queue.
    fn look(&self, n: usize) -> Result<bool, AcquireError> {
        let mut state = self.state.load(Relaxed);
        loop {
            if state & CLOSED != 0 {
                return Err(AcquireError::Closed);
            }
            if self.is_too_many(n) {
                return Err(AcquireError::TooMany);
            }
            let taken = is_free(state, n);
            let next = if taken { state - n * ONE } else { state | WATCHED };
            // Acquire: as in `take_if_free`.
            match self.state.compare_exchange_weak(state, next, Acquire, Relaxed) {
                Ok(_) => return Ok(taken),
                Err(now) => state = now,
            }
        }
    }

    /// Why the permits could not be taken. If the size changes at the same time, the old or the new one counts.
    #[cold]
    fn why_not(&self, n: usize) -> TryAcquireError {
        if self.is_closed() {
            TryAcquireError::Closed
        } else if self.is_too_many(n) {
            TryAcquireError::TooMany
        } else {
            TryAcquireError::WouldBlock
        }
    }
}

/// Whether `n` permits can be taken without overtaking another request.
#[inline]
fn is_free(state: usize, n: usize) -> bool {
    let nobody_is_before = n == 0 || state & WATCHED == 0;
    state & CLOSED == 0 && nobody_is_before && n <= state / ONE
}

/// Why there are no permits. Nothing was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcquireError {
    /// The semaphore has been [closed](Semaphore::close).
    Closed,
    /// More permits were asked for than there are in all.
    TooMany,
    /// The bound of the call was reached first: of [`acquire_until`](Semaphore::acquire_until) only.
    Interrupted(Interrupted),
}

/// Why [`try_acquire`](Semaphore::try_acquire) has no permits. Nothing was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TryAcquireError {
    /// The semaphore has been [closed](Semaphore::close).
    Closed,
    /// More permits were asked for than there are in all.
    TooMany,
    /// Too few are free just now, or others wait.
    WouldBlock,
}

impl HasReason for AcquireError {
    fn reason(&self) -> Reason<'_> {
        match self {
            AcquireError::Closed => Reason::Closed,
            AcquireError::TooMany => Reason::TooMany,
            AcquireError::Interrupted(interrupted) => interrupted.reason(),
        }
    }
}

impl HasReason for TryAcquireError {
    fn reason(&self) -> Reason<'_> {
        match self {
            TryAcquireError::Closed => Reason::Closed,
            TryAcquireError::TooMany => Reason::TooMany,
            TryAcquireError::WouldBlock => Reason::WouldBlock,
        }
    }
}

error_methods!([] AcquireError);
error_methods!([] TryAcquireError);

impl From<Interrupted> for AcquireError {
    fn from(interrupted: Interrupted) -> Self {
        AcquireError::Interrupted(interrupted)
    }
}

impl From<Cancelled> for AcquireError {
    fn from(cancelled: Cancelled) -> Self {
        AcquireError::Interrupted(cancelled.into())
    }
}

const CLOSED_TEXT: &str = "the semaphore is closed";
const TOO_MANY_TEXT: &str = "the semaphore has fewer permits in all";

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AcquireError::Closed => CLOSED_TEXT,
            AcquireError::TooMany => TOO_MANY_TEXT,
            AcquireError::Interrupted(_) => "gave up waiting for permits",
        })
    }
}

impl fmt::Display for TryAcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TryAcquireError::Closed => CLOSED_TEXT,
            TryAcquireError::TooMany => TOO_MANY_TEXT,
            TryAcquireError::WouldBlock => "too few permits are free",
        })
    }
}

impl Error for AcquireError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            AcquireError::Interrupted(interrupted) => Some(interrupted),
            AcquireError::Closed | AcquireError::TooMany => None,
        }
    }
}

impl Error for TryAcquireError {}
