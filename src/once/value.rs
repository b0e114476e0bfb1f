//! A value that is made once.

use std::fmt;
use std::sync::OnceLock;

use super::turn::Turns;
use crate::sys;
use crate::wait::{Interrupted, Until};

/// A place for a value that is made by the first who needs it.
///
/// However many threads ask, one at a time makes the value, and when one has succeeded no function is
/// called any more. An initialiser that fails or panics leaves the place empty, and its error or
/// panic goes to its own caller alone: of those who wait, the one that came first calls its own
/// initialiser next, the others wait on.
///
/// It takes 24 bytes beside a `OnceLock` on 64-bit targets, allocates only if threads wait, and works in a
/// `static`.
/// To get a value that is there is one load, a test and a branch: the code of `OnceLock::get`.
///
/// # Memory ordering
///
/// The making of the value *synchronizes with* whatever returns a reference to it.
///
/// # Examples
///
/// ```
/// use phalanx::OnceValue;
///
/// static PORT: OnceValue<u16> = OnceValue::new();
///
/// let port = |text: &str| PORT.get_or_try_init(|| text.parse());
/// assert!(port("none").is_err()); // it is still empty: the next one tries again
/// assert_eq!(port("8080"), Ok(&8080));
/// assert_eq!(port("none"), Ok(&8080)); // not called
/// assert_eq!(PORT.get(), Some(&8080));
/// ```
///
/// # Compared with Go
///
/// `sync.OnceValue`, in which an error stays for ever. Go's users write the rest by hand.
pub struct OnceValue<T> {
    /// The value. It is set by whoever has the turn, and so never twice; nothing here ever waits for
    /// std's lock, nor runs a function of the user's under it.
    pub(super) cell: OnceLock<T>,
    pub(super) turns: Turns,
}

#[cfg(not(feature = "sim"))]
const _: () = assert!(size_of::<OnceValue<usize>>() <= size_of::<OnceLock<usize>>() + 24);

impl<T> OnceValue<T> {
    /// Creates an empty place.
    pub const fn new() -> Self {
        OnceValue { cell: OnceLock::new(), turns: Turns::new() }
    }

    /// Returns the value, if it is there.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        self.cell.get()
    }

    /// Puts a value in, if the place is empty and nobody is about to make one.
    ///
    /// Does not block. To wait for an initialiser that runs, and put the value in if that fails, use
    /// [`get_or_init`](Self::get_or_init) or its bounded form.
    ///
    /// # Errors
    ///
    /// `value`, and nothing is changed.
    pub fn set(&self, value: T) -> Result<(), T> {
        let Some(turn) = self.turns.try_take(|| self.is_made()) else { return Err(value) };
        self.cell.set(value)?;
        turn.succeed();
        Ok(())
    }

    /// Waits until the value is there, without making it.
    ///
    /// # Panics
    ///
    /// `OnceValue::wait: called inside of the function it waits for`.
    #[track_caller]
    pub fn wait(&self) -> &T {
        unbounded(self.wait_until(Until::FOREVER))
    }

    /// Waits until the value is there, without making it, and no longer than `until`.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the bound was reached first.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    #[track_caller]
    pub fn wait_until<'a>(&self, until: impl Into<Until<'a>>) -> Result<&T, Interrupted> {
        self.wait_for("OnceValue::wait", &until.into())
    }

    /// Returns the value, which nobody else can reach.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.cell.get_mut()
    }

    /// Takes the value out: the place is empty, and can be used again.
    pub fn take(&mut self) -> Option<T> {
        self.cell.take()
    }

    /// Returns the value, if it was ever made.
    pub fn into_inner(self) -> Option<T> {
        self.cell.into_inner()
    }

    #[track_caller]
    pub(super) fn wait_for(
        &self,
        call: &'static str,
        until: &Until<'_>,
    ) -> Result<&T, Interrupted> {
        until.enter()?;
        if !self.is_made() {
            let _waits = sys::blocking_call(call);
            self.turns.wait(call, until, || self.is_made())?;
        }
        Ok(self.made())
    }

    pub(super) fn is_made(&self) -> bool {
        self.get().is_some()
    }

    pub(super) fn made(&self) -> &T {
        self.get().expect("the wait ended as the value was there")
    }
}

/// What came of a wait without a bound.
pub(super) fn unbounded<T>(waited: Result<T, Interrupted>) -> T {
    waited.expect("nothing interrupts a wait without a bound")
}

impl<T> Default for OnceValue<T> {
    fn default() -> Self {
        OnceValue::new()
    }
}

impl<T: Clone> Clone for OnceValue<T> {
    /// A place of its own with a clone of the value, or empty.
    fn clone(&self) -> Self {
        self.get().cloned().map_or_else(OnceValue::new, OnceValue::from)
    }
}

/// Two places are equal if their values are, or if both are empty.
impl<T: PartialEq> PartialEq for OnceValue<T> {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for OnceValue<T> {}

impl<T> From<T> for OnceValue<T> {
    /// A place with the value in it.
    fn from(value: T) -> Self {
        OnceValue { cell: OnceLock::from(value), turns: Turns::new() }
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceValue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceValue").field("value", &self.get()).finish_non_exhaustive()
    }
}
