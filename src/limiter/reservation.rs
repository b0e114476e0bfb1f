//! A place in a limiter's line, to be used later.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::line::Number;
use super::{LimitError, Limiter, State};
use crate::sys;
use crate::wait::{Until, Waiter};

impl Limiter {
    /// Takes a token now that may be there only later; see [`Reservation`].
    ///
    /// # Errors
    ///
    /// [`LimitError::TooMany`] if the burst is zero.
    ///
    /// # Compared with Go
    ///
    /// `Limiter.Reserve`, whose reservation has to be asked whether it is `OK`.
    pub fn reserve(&self) -> Result<Reservation<&Self>, LimitError> {
        self.reserve_n(1)
    }

    /// [`reserve`](Self::reserve) for `n` tokens at once.
    ///
    /// # Errors
    ///
    /// [`LimitError::TooMany`] if `n` is more than the burst.
    pub fn reserve_n(&self, n: u64) -> Result<Reservation<&Self>, LimitError> {
        Reservation::new(self, n)
    }

    /// [`reserve_n`](Self::reserve_n) with a handle of its own to the limiter, so that the reservation
    /// can go wherever it likes.
    ///
    /// # Errors
    ///
    /// As [`reserve_n`](Self::reserve_n).
    pub fn reserve_owned(self: &Arc<Self>, n: u64) -> Result<Reservation<Arc<Self>>, LimitError> {
        Reservation::new(Arc::clone(self), n)
    }
}

/// Tokens of a [`Limiter`] that were taken in advance.
///
/// It may be used when its turn has come: [`delay`](Self::delay) says how long that takes,
/// [`wait`](Self::wait) waits for it. [`cancel`](Self::cancel) gives everything back. Dropping it
/// counts as using it: the tokens are gone.
///
/// It borrows the limiter, as a `Reservation<&Limiter>`, or holds on to it, as a
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
/// `rate.Reservation`. Cancelling consumes it, so it cannot give back twice; it gives back all, and
/// whoever has reserved later, or waits, moves up. So the delay can become shorter, or longer if
/// the rate is lowered.
#[must_use = "dropping it uses the tokens up; `cancel` gives them back"]
pub struct Reservation<L: sealed::Handle> {
    limiter: L,
    tokens: u64,
    /// Its place in the line, which may have been served; `None` if it was served at once.
    place: Option<Number>,
    /// The era of the bucket in which it was made.
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
    fn new(limiter: L, n: u64) -> Result<Self, LimitError> {
        let mut settled = limiter.limiter().settle();
        if !settled.state.bucket.has_room_for(n) {
            return Err(LimitError::TooMany);
        }
        let served = n == 0 || settled.take_now(n);
        let place = if served { None } else { Some(settled.state.line.push(n)) };
        let era = settled.state.bucket.era();
        drop(settled);
        Ok(Reservation { limiter, tokens: n, place, era })
    }

    /// Returns how many tokens this stands for.
    pub fn tokens(&self) -> u64 {
        self.tokens
    }

    /// Returns the limiter.
    pub fn limiter(&self) -> &Limiter {
        self.limiter.limiter()
    }

    /// Returns how long it is until it may be used, as things are: zero if that is now, `None` if
    /// that is never, at a rate of zero.
    pub fn delay(&self) -> Option<Duration> {
        let settled = self.limiter().settle();
        let State { bucket, line } = &*settled.state;
        let Some(place) = self.place.filter(|place| line.has(*place)) else {
            return Some(Duration::ZERO);
        };
        let turn = line.turn_at(place, bucket)?;
        Some(turn.saturating_duration_since(settled.now))
    }

    /// Waits until it may be used.
    ///
    /// # Blocking
    ///
    /// As [`Limiter::wait`], at the place that was taken.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait(self) {
        let waited = self.wait_until(Until::FOREVER);
        debug_assert!(waited.is_ok(), "nothing interrupts a wait without a bound");
    }

    /// Waits until it may be used, and no longer than `until`.
    ///
    /// # Blocking
    ///
    /// As [`Limiter::wait_until`], at the place that was taken.
    ///
    /// # Errors
    ///
    /// [`LimitError::TooLate`], at once, if the turn would come after the bound, or
    /// [`LimitError::Interrupted`]: the reservation is cancelled.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait_until<'u>(self, until: impl Into<Until<'u>>) -> Result<(), LimitError> {
        let _call = sys::blocking_call("Reservation::wait");
        let until = until.into();
        match self.take_seat(&until) {
            // A seat that is left gives the tokens back by itself.
            Ok(Some((place, waiter))) => self.limiter().sleep(place, &waiter, &until),
            Ok(None) => Ok(()),
            Err(error) => {
                self.cancel();
                Err(error)
            }
        }
    }

    /// Has this thread wait at the place; `None` if it has been served.
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
        line.wait_at(place, Arc::clone(&waiter));
        Ok(Some((place, waiter)))
    }

    /// Gives the tokens back: those behind move up, at once.
    ///
    /// What the bucket has no room for is lost, as it would have been without the reservation. Nothing
    /// comes back of what was reserved before the rate was infinite, or while it was: then the bucket
    /// has been filled anyway.
    pub fn cancel(self) {
        let mut settled = self.limiter().settle();
        let left = self.place.is_some_and(|place| settled.leave(place));
        if !left && self.era == settled.state.bucket.era() {
            settled.state.bucket.put_back(self.tokens);
            settled.serve();
            settled.tell_timekeeper();
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
