//! Waiting for tokens.

use std::error::Error;
use std::fmt;
use std::mem;
use std::sync::Arc;

use super::line::Number;
use super::{Limiter, Settled, State};
use crate::sys;
use crate::wait::{
    Cancelled, HasReason, Interrupted, Reason, Until, Verdict, Waiter, error_methods,
};

impl Limiter {
    /// Waits for a token and takes it.
    ///
    /// # Blocking
    ///
    /// Returns at once if there is a token and the line is empty. Otherwise parks until its turn comes, first
    /// come, first served. At a rate of zero, the turn comes only after another rate is set.
    ///
    /// # Errors
    ///
    /// Returns [`TooMany`](LimitError::TooMany) if the burst is zero.
    ///
    /// # Compared with Go
    ///
    /// `Limiter.Wait`.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait(&self) -> Result<(), LimitError> {
        self.wait_n_until(1, Until::FOREVER)
    }

    /// Waits for a token, but no longer than `until`.
    ///
    /// # Blocking
    ///
    /// See [`wait`](Self::wait). If the turn comes at the very instant of the bound, the token is taken.
    ///
    /// # Errors
    ///
    /// Returns [`TooMany`](LimitError::TooMany) if the burst is zero, [`TooLate`](LimitError::TooLate), without
    /// waiting, if the turn would come after the bound, and [`Interrupted`](LimitError::Interrupted) if the
    /// bound was reached first. Nothing was taken, and those behind have moved up.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait_until<'a>(&self, until: impl Into<Until<'a>>) -> Result<(), LimitError> {
        self.wait_n_until(1, until)
    }

    /// Waits for `n` tokens at once, like [`wait`](Self::wait). Never waits for zero tokens.
    ///
    /// # Errors
    ///
    /// Returns [`TooMany`](LimitError::TooMany) if `n` is more than the burst.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait_n(&self, n: u64) -> Result<(), LimitError> {
        self.wait_n_until(n, Until::FOREVER)
    }

    /// Waits for `n` tokens at once, like [`wait_until`](Self::wait_until).
    ///
    /// # Errors
    ///
    /// Returns [`TooMany`](LimitError::TooMany) if `n` is more than the burst, and the other errors of
    /// [`wait_until`](Self::wait_until).
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait_n_until<'a>(&self, n: u64, until: impl Into<Until<'a>>) -> Result<(), LimitError> {
        let _call = sys::blocking_call("Limiter::wait");
        let until = until.into();
        until.enter()?;
        if self.allow_n(n) {
            return Ok(());
        }
        let waiter = Waiter::new();
        let Some(number) = self.settle().join(n, &waiter, &until)? else { return Ok(()) };
        self.sleep(number, &waiter, &until)
    }

    /// Waits at a place in the line.
    pub(super) fn sleep(
        &self,
        number: Number,
        waiter: &Arc<Waiter>,
        until: &Until<'_>,
    ) -> Result<(), LimitError> {
        let leaves = Leaves { limiter: self, number };
        let verdict = waiter.sleep_looking(until, || self.settle().next_look(number, waiter));
        if verdict == Verdict::GivenUp {
            // Before `why`, which may end the context, run callbacks, and unwind.
            drop(leaves);
            return Err(until.why().into());
        }
        mem::forget(leaves); // the grant has taken it out of the line
        Ok(())
    }
}

/// Leaves a place in the line, even if the thread unwinds. Does nothing if the place has been served.
struct Leaves<'a> {
    limiter: &'a Limiter,
    number: Number,
}

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.limiter.settle().leave(self.number);
    }
}

impl Settled<'_> {
    /// Takes the tokens, or else the last place in the line.
    pub(super) fn join(
        &mut self,
        n: u64,
        waiter: &Arc<Waiter>,
        until: &Until<'_>,
    ) -> Result<Option<Number>, LimitError> {
        if self.take_now(n) {
            return Ok(None);
        }
        let State { bucket, line } = &mut *self.state;
        if !bucket.has_room_for(n) {
            return Err(LimitError::TooMany);
        }
        let turn = line.end_at(n, bucket);
        if until.alarm().is_some_and(|bound| turn.is_none_or(|turn| turn > bound)) {
            return Err(LimitError::TooLate);
        }
        let number = line.push(n);
        line.wait_at(number, Arc::clone(waiter), turn);
        Ok(Some(number))
    }
}

/// Why there are no tokens. Nothing was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimitError {
    /// More tokens were asked for than the burst allows at once.
    TooMany,
    /// The turn would have come after the bound of the call, which did not wait.
    TooLate,
    /// The bound of the call was reached first.
    Interrupted(Interrupted),
}

impl HasReason for LimitError {
    fn reason(&self) -> Reason<'_> {
        match self {
            LimitError::TooMany => Reason::TooMany,
            LimitError::TooLate => Reason::TimedOut,
            LimitError::Interrupted(interrupted) => interrupted.reason(),
        }
    }
}

error_methods!([] LimitError);

impl From<Interrupted> for LimitError {
    fn from(interrupted: Interrupted) -> Self {
        LimitError::Interrupted(interrupted)
    }
}

impl From<Cancelled> for LimitError {
    fn from(cancelled: Cancelled) -> Self {
        LimitError::Interrupted(cancelled.into())
    }
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LimitError::TooMany => "more than the limiter's burst",
            LimitError::TooLate => "the limiter's turn would come after the deadline",
            LimitError::Interrupted(_) => "gave up waiting for the limiter",
        })
    }
}

impl Error for LimitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            LimitError::TooMany => None,
            // So that a chain of errors which begins here is known as a timeout.
            LimitError::TooLate => Some(&Interrupted::TimedOut),
            LimitError::Interrupted(interrupted) => Some(interrupted),
        }
    }
}
