//! A place in a limiter's line, to be used later.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::line::Number;
use super::{LimitError, Limiter, State};
use crate::sys;
use crate::wait::{Until, Waiter};

impl Limiter {
    /// Takes a token now that may be there only later; see [`Reservation`].
    ///
    /// # Errors
    ///
    /// Returns [`LimitError::TooMany`] if the burst is zero.
    ///
    /// # Compared with Go
    ///
    /// `Limiter.Reserve`, whose reservation has to be asked whether it is `OK`.
    pub fn reserve(&self) -> Result<Reservation<&Self>, LimitError> {
        self.reserve_n(1)
    }

    /// Takes `n` tokens in advance, like [`reserve`](Self::reserve).
    ///
    /// # Errors
    ///
    /// Returns [`LimitError::TooMany`] if `n` is more than the burst.
    pub fn reserve_n(&self, n: u64) -> Result<Reservation<&Self>, LimitError> {
        self.reserve_n_at(n, sys::now())
    }

    /// Takes `n` tokens in advance, like [`reserve_n`](Self::reserve_n), at the instant `now`.
    ///
    /// # Errors
    ///
    /// Returns [`LimitError::TooMany`] if `n` is more than the burst.
    ///
    /// # Compared with Go
    ///
    /// `Limiter.ReserveN`.
    pub fn reserve_n_at(&self, n: u64, now: Instant) -> Result<Reservation<&Self>, LimitError> {
        Reservation::new(self, n, now)
    }

    /// Takes `n` tokens in advance, like [`reserve_n`](Self::reserve_n). The reservation owns a handle to the
    /// limiter, so it can outlive this one and move to another thread.
    ///
    /// # Errors
    ///
    /// Returns [`LimitError::TooMany`] if `n` is more than the burst.
    pub fn reserve_owned(self: &Arc<Self>, n: u64) -> Result<Reservation<Arc<Self>>, LimitError> {
        Reservation::new(Arc::clone(self), n, sys::now())
    }
}

/// Tokens of a [`Limiter`] that were taken in advance.
///
/// It may be used when its turn has come: [`delay`](Self::delay) returns how long that takes, and
/// [`wait`](Self::wait) waits for it. [`cancel`](Self::cancel) gives everything back. Dropping it counts as
/// using it: the tokens are gone.
///
/// It either borrows the limiter, as a `Reservation<&Limiter>`, or owns a handle to it, as a
/// `Reservation<Arc<Limiter>>`.
///
/// # Examples
///
/// ```
/// use phalanx::{Limiter, Rate};
/// use std::time::Duration;
///
/// let limiter = Limiter::new(Rate::per_hour(1), 1);
/// let now = limiter.reserve()?;
/// assert_eq!(now.delay(), Some(Duration::ZERO));
///
/// let later = limiter.reserve()?;
/// assert!(later.delay().unwrap() > Duration::from_secs(3000));
/// later.cancel();
/// now.cancel();
/// assert!(limiter.allow());
/// # Ok::<(), phalanx::LimitError>(())
/// ```
///
/// # Compared with Go
///
/// `rate.Reservation`. Cancelling consumes it, so it cannot give back twice; it gives back all tokens, and
/// later reservations and waiting threads move up. So the delay can become shorter, or longer if the rate is
/// lowered.
#[must_use = "dropping it uses the tokens up; `cancel` gives them back"]
pub struct Reservation<L: sealed::Handle> {
    limiter: L,
    tokens: u64,
    /// Its place in the line, which may have been served; `None` if the tokens were there.
    place: Option<Number>,
    /// The bucket's era in which it was made.
    era: u64,
}

#[expect(unnameable_types, reason = "sealed: a reservation holds one of two types")]
mod sealed {
    use super::{Arc, Limiter};

    /// What a reservation can hold: `&Limiter` or `Arc<Limiter>`.
    pub trait Handle {
        fn limiter(&self) -> &Limiter;
    }

    impl Handle for &Limiter {
        fn limiter(&self) -> &Limiter {
            self
        }
    }

    impl Handle for Arc<Limiter> {
        fn limiter(&self) -> &Limiter {
            self
        }
    }
}

impl<L: sealed::Handle> Reservation<L> {
    fn new(limiter: L, n: u64, now: Instant) -> Result<Self, LimitError> {
        let mut settled = limiter.limiter().settle_at(now);
        if !settled.state.bucket.has_room_for(n) {
            return Err(LimitError::TooMany);
        }
        let served = n == 0 || settled.take_now(n);
        let place = if served { None } else { Some(settled.state.line.push(n)) };
        let era = settled.state.bucket.era();
        drop(settled);
        Ok(Reservation { limiter, tokens: n, place, era })
    }

    /// Returns the number of reserved tokens.
    pub fn tokens(&self) -> u64 {
        self.tokens
    }

    /// Returns the limiter.
    pub fn limiter(&self) -> &Limiter {
        self.limiter.limiter()
    }

    /// Returns how long it takes until the reservation may be used, as things are: zero if it may be used
    /// now, `None` if its turn never comes because the rate is zero.
    pub fn delay(&self) -> Option<Duration> {
        self.delay_from(sys::now())
    }

    /// Returns the delay, as [`delay`](Self::delay) does, at the instant `now`.
    ///
    /// # Compared with Go
    ///
    /// `Reservation.DelayFrom`.
    pub fn delay_from(&self, now: Instant) -> Option<Duration> {
        let settled = self.limiter().settle_at(now);
        let State { bucket, line } = &*settled.state;
        let Some(place) = self.place.filter(|place| line.has(*place)) else {
            return Some(Duration::ZERO);
        };
        let turn = line.turn_at(place, bucket)?;
        Some(turn.saturating_duration_since(now))
    }

    /// Waits until the reservation may be used.
    ///
    /// # Blocking
    ///
    /// See [`Limiter::wait`]. The place in the line is the one that was taken.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait(self) {
        let waited = self.wait_until(Until::FOREVER);
        debug_assert!(waited.is_ok(), "nothing interrupts a wait without a bound");
    }

    /// Waits until the reservation may be used, but no longer than `until`.
    ///
    /// # Blocking
    ///
    /// See [`Limiter::wait_until`]. The place in the line is the one that was taken.
    ///
    /// # Errors
    ///
    /// Returns [`LimitError::TooLate`], without waiting, if the turn would come after the bound, and
    /// [`LimitError::Interrupted`] if the bound was reached first. In both cases the reservation is cancelled.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait_until<'u>(self, until: impl Into<Until<'u>>) -> Result<(), LimitError> {
        let _call = sys::blocking_call("Reservation::wait");
        let until = until.into();
        match self.take_seat(&until) {
            // Leaving the seat gives the tokens back.
            Ok(Some((place, waiter))) => self.limiter().sleep(place, &waiter, &until),
            Ok(None) => Ok(()),
            Err(error) => {
                self.cancel();
                Err(error)
            }
        }
    }

    /// Seats this thread at the place. Returns `None` if the place has been served.
    fn take_seat(&self, until: &Until<'_>) -> Result<Option<(Number, Arc<Waiter>)>, LimitError> {
        until.enter()?;
        let Some(place) = self.place else { return Ok(None) };
        let waiter = Waiter::new();
        let mut settled = self.limiter().settle();
        let State { bucket, line } = &mut *settled.state;
        if !line.has(place) {
            return Ok(None);
        }
        let turn = line.turn_at(place, bucket);
        if until.alarm().is_some_and(|bound| turn.is_none_or(|turn| turn > bound)) {
            return Err(LimitError::TooLate);
        }
        line.wait_at(place, Arc::clone(&waiter), turn);
        Ok(Some((place, waiter)))
    }

    /// Gives the tokens back. Those behind it move up at once.
    ///
    /// A reservation can also be cancelled after its turn has come, as long as it was not used: its tokens go
    /// back to the bucket. Tokens that do not fit into the bucket are lost, as they would have been without
    /// the reservation. Tokens that were reserved while the rate was infinite, or before, do not come back,
    /// since the bucket has been filled anyway.
    ///
    /// # Compared with Go
    ///
    /// `Reservation.Cancel`, which gives nothing back once the turn has come, and before that only what later
    /// reservations have not claimed.
    pub fn cancel(self) {
        self.cancel_at(sys::now());
    }

    /// Gives the tokens back, as [`cancel`](Self::cancel) does, at the instant `now`.
    ///
    /// # Compared with Go
    ///
    /// `Reservation.CancelAt`.
    pub fn cancel_at(self, now: Instant) {
        let mut settled = self.limiter().settle_at(now);
        let left = self.place.is_some_and(|place| settled.leave(place));
        if !left && self.era == settled.state.bucket.era() {
            settled.put_back(self.tokens);
        }
    }
}

impl<L: sealed::Handle> fmt::Debug for Reservation<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reservation")
            .field("tokens", &self.tokens)
            .field("limiter", self.limiter())
            .finish_non_exhaustive()
    }
}
