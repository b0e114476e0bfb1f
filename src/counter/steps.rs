//! The steps of a counter: each family says in its name what happens at the ends of the range.

use super::{Counter, signed, unsigned};

impl Counter {
    /// Adds `n`, and returns the new value.
    ///
    /// # Panics
    ///
    /// `Counter::add: overflow`. The value is left as it was, and nobody has seen another.
    ///
    /// # Compared with Go
    ///
    /// `Int64.Add`, which wraps; see [`wrapping_add`](Self::wrapping_add).
    #[track_caller]
    #[inline]
    pub fn add(&self, n: i64) -> i64 {
        let Some(new) = self.checked_add(n) else { refuse("add") };
        new
    }

    /// Subtracts `n`, and returns the new value.
    ///
    /// # Panics
    ///
    /// `Counter::sub: overflow`. The value is left as it was, and nobody has seen another.
    #[track_caller]
    #[inline]
    pub fn sub(&self, n: i64) -> i64 {
        let Some(new) = self.checked_sub(n) else { refuse("sub") };
        new
    }

    /// Adds one, and returns the new value.
    ///
    /// # Panics
    ///
    /// `Counter::inc: overflow`. The value is left as it was.
    #[track_caller]
    #[inline]
    pub fn inc(&self) -> i64 {
        let Some(new) = self.checked_add(1) else { refuse("inc") };
        new
    }

    /// Subtracts one, and returns the new value.
    ///
    /// # Panics
    ///
    /// `Counter::dec: overflow`. The value is left as it was.
    #[track_caller]
    #[inline]
    pub fn dec(&self) -> i64 {
        let Some(new) = self.checked_sub(1) else { refuse("dec") };
        new
    }

    /// Adds `n`, and returns the new value; `None`, and nothing is changed, if that is out of range.
    #[inline]
    pub fn checked_add(&self, n: i64) -> Option<i64> {
        self.step(|value| value.checked_add(n))
    }

    /// Subtracts `n`, and returns the new value; `None`, and nothing is changed, if that is out of
    /// range.
    #[inline]
    pub fn checked_sub(&self, n: i64) -> Option<i64> {
        self.step(|value| value.checked_sub(n))
    }

    /// Adds `n`, but stops at the ends of the range, and returns the new value.
    #[inline]
    pub fn saturating_add(&self, n: i64) -> i64 {
        self.update(|value| value.saturating_add(n))
    }

    /// Subtracts `n`, but stops at the ends of the range, and returns the new value.
    #[inline]
    pub fn saturating_sub(&self, n: i64) -> i64 {
        self.update(|value| value.saturating_sub(n))
    }

    /// Adds `n`, goes on at the other end of the range, and returns the new value.
    ///
    /// The cheapest step where many threads change the value: it never has to try again.
    #[inline]
    pub fn wrapping_add(&self, n: i64) -> i64 {
        signed(self.0.wrapping_add(unsigned(n)))
    }

    /// Subtracts `n`, goes on at the other end of the range, and returns the new value.
    #[inline]
    pub fn wrapping_sub(&self, n: i64) -> i64 {
        self.wrapping_add(n.wrapping_neg())
    }

    #[inline]
    fn step(&self, f: impl Fn(i64) -> Option<i64>) -> Option<i64> {
        self.0.update(|value| f(signed(value)).map(unsigned)).ok().map(signed)
    }
}

#[cold]
#[track_caller]
fn refuse(step: &str) -> ! {
    panic!("Counter::{step}: overflow");
}
