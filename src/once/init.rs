//! Making the value of a [`OnceValue`], or waiting while another thread makes it.

use std::convert::Infallible;

use super::OnceValue;
use super::value::unbounded;
use crate::sys;
use crate::wait::{Interrupted, Until};

impl<T> OnceValue<T> {
    /// Returns the value; makes it with `f` if it is not there.
    ///
    /// # Blocking
    ///
    /// Waits while another caller's initialiser runs. If that fails, the caller that has waited
    /// longest is next.
    ///
    /// # Panics
    ///
    /// `OnceValue::get_or_init: called inside of the function it waits for`. And `f`'s panic.
    #[track_caller]
    #[inline]
    pub fn get_or_init(&self, f: impl FnOnce() -> T) -> &T {
        match self.get() {
            Some(value) => value,
            None => self.init_slow("OnceValue::get_or_init", f),
        }
    }

    /// Returns the value as [`get_or_init`](Self::get_or_init) does; waits for others no longer than
    /// `until`.
    ///
    /// # Blocking
    ///
    /// As [`get_or_init`](Self::get_or_init). The bound does not end an initialiser that runs: `f` is
    /// to look at it itself. If the turn comes in the instant in which the bound is reached, `f` is
    /// called.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the bound was reached while another caller's initialiser ran, or if the
    /// context had ended before. `f` was not called.
    ///
    /// # Panics
    ///
    /// As [`get_or_init`](Self::get_or_init).
    #[track_caller]
    pub fn get_or_init_until<'a>(
        &self,
        until: impl Into<Until<'a>>,
        f: impl FnOnce() -> T,
    ) -> Result<&T, Interrupted> {
        self.make("OnceValue::get_or_init", &until.into(), f)
    }

    /// Returns the value; makes it with `f`, which may fail, if it is not there.
    ///
    /// # Blocking
    ///
    /// As [`get_or_init`](Self::get_or_init).
    ///
    /// # Errors
    ///
    /// `f`'s error, of which nobody else learns. The place is still empty.
    ///
    /// # Panics
    ///
    /// `OnceValue::get_or_try_init: called inside of the function it waits for`. And `f`'s panic.
    #[track_caller]
    #[inline]
    pub fn get_or_try_init<E>(&self, f: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        match self.get() {
            Some(value) => Ok(value),
            None => self.try_init_slow("OnceValue::get_or_try_init", f),
        }
    }

    /// Returns the value as [`get_or_try_init`](Self::get_or_try_init) does; waits for others no
    /// longer than `until`.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] as [`get_or_init_until`](Self::get_or_init_until), outside; `f`'s error,
    /// inside.
    ///
    /// # Panics
    ///
    /// As [`get_or_try_init`](Self::get_or_try_init).
    #[track_caller]
    pub fn get_or_try_init_until<'a, E>(
        &self,
        until: impl Into<Until<'a>>,
        f: impl FnOnce() -> Result<T, E>,
    ) -> Result<Result<&T, E>, Interrupted> {
        self.try_make("OnceValue::get_or_try_init", &until.into(), f)
    }

    #[cold]
    #[track_caller]
    pub(super) fn init_slow(&self, call: &'static str, f: impl FnOnce() -> T) -> &T {
        let Ok(value) = self.try_init_slow(call, || Ok::<_, Infallible>(f()));
        value
    }

    #[cold]
    #[track_caller]
    fn try_init_slow<E>(
        &self,
        call: &'static str,
        f: impl FnOnce() -> Result<T, E>,
    ) -> Result<&T, E> {
        unbounded(self.make_slow(call, &Until::FOREVER, f))
    }

    /// The engine behind the doors whose function does not fail.
    #[track_caller]
    pub(super) fn make(
        &self,
        call: &'static str,
        until: &Until<'_>,
        f: impl FnOnce() -> T,
    ) -> Result<&T, Interrupted> {
        let Ok(value) = self.try_make(call, until, || Ok::<_, Infallible>(f()))?;
        Ok(value)
    }

    /// The engine behind all doors.
    #[track_caller]
    fn try_make<E>(
        &self,
        call: &'static str,
        until: &Until<'_>,
        f: impl FnOnce() -> Result<T, E>,
    ) -> Result<Result<&T, E>, Interrupted> {
        until.enter()?;
        match self.get() {
            Some(value) => Ok(Ok(value)),
            None => self.make_slow(call, until, f),
        }
    }

    #[track_caller]
    fn make_slow<E>(
        &self,
        call: &'static str,
        until: &Until<'_>,
        f: impl FnOnce() -> Result<T, E>,
    ) -> Result<Result<&T, E>, Interrupted> {
        let waits = sys::blocking_call(call);
        let turn = self.turns.take(call, until, || self.is_made())?;
        drop(waits);
        if let Some(turn) = turn {
            // An error and a panic drop the turn, which passes on.
            match f() {
                Ok(value) => {
                    let first = self.cell.set(value).is_ok();
                    debug_assert!(first, "nobody else has the turn");
                    turn.succeed();
                }
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(self.made()))
    }
}
