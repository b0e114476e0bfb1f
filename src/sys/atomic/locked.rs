//! Words of 64 bits for targets without atomic instructions of that width: each is a number under a lock.
//!
//! An operation is one critical section, and of two operations on the same word one *happens before* the
//! other. That is more than any of the orderings asks for, so they are ignored.

use core::fmt;
use core::ops::{BitAnd, BitOr};
use core::sync::atomic::Ordering;

use crate::sys::lock::Mutex;

pub(crate) type AtomicI64 = Word<i64>;
pub(crate) type AtomicU64 = Word<u64>;

/// A number under a lock, with the methods of an atomic one.
pub(crate) struct Word<N>(Mutex<N>);

/// What such a number can do.
pub(crate) trait Number:
    Copy + PartialEq + BitAnd<Output = Self> + BitOr<Output = Self>
{
    fn plus(self, n: Self) -> Self;
    fn minus(self, n: Self) -> Self;
}

impl Number for i64 {
    fn plus(self, n: Self) -> Self {
        self.wrapping_add(n)
    }

    fn minus(self, n: Self) -> Self {
        self.wrapping_sub(n)
    }
}

impl Number for u64 {
    fn plus(self, n: Self) -> Self {
        self.wrapping_add(n)
    }

    fn minus(self, n: Self) -> Self {
        self.wrapping_sub(n)
    }
}

impl<N> Word<N> {
    pub(crate) const fn new(value: N) -> Self {
        Word(Mutex::new(value))
    }
}

impl<N: Number> Word<N> {
    /// Changes the number, and returns what it was before.
    fn change(&self, f: impl FnOnce(N) -> N) -> N {
        let mut value = self.0.lock();
        let before = *value;
        *value = f(before);
        before
    }

    pub(crate) fn load(&self, _: Ordering) -> N {
        *self.0.lock()
    }

    pub(crate) fn store(&self, value: N, _: Ordering) {
        *self.0.lock() = value;
    }

    pub(crate) fn swap(&self, value: N, _: Ordering) -> N {
        self.change(|_| value)
    }

    pub(crate) fn fetch_add(&self, n: N, _: Ordering) -> N {
        self.change(|value| value.plus(n))
    }

    pub(crate) fn fetch_sub(&self, n: N, _: Ordering) -> N {
        self.change(|value| value.minus(n))
    }

    pub(crate) fn fetch_and(&self, bits: N, _: Ordering) -> N {
        self.change(|value| value & bits)
    }

    pub(crate) fn fetch_or(&self, bits: N, _: Ordering) -> N {
        self.change(|value| value | bits)
    }

    pub(crate) fn compare_exchange_weak(
        &self,
        current: N,
        new: N,
        _: Ordering,
        _: Ordering,
    ) -> Result<N, N> {
        let before = self.change(|value| if value == current { new } else { value });
        if before == current { Ok(before) } else { Err(before) }
    }
}

impl<N: fmt::Debug> fmt::Debug for Word<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.lock().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::{AtomicI64, AtomicU64, Ordering::Relaxed};

    #[test]
    fn each_operation_returns_the_value_before_it() {
        let word = AtomicU64::new(u64::MAX);
        assert_eq!((word.fetch_add(2, Relaxed), word.load(Relaxed)), (u64::MAX, 1));
        assert_eq!((word.fetch_sub(2, Relaxed), word.load(Relaxed)), (1, u64::MAX));
        assert_eq!((word.fetch_and(6, Relaxed), word.fetch_or(1, Relaxed)), (u64::MAX, 6));
        assert_eq!(
            (word.swap(1 << 40, Relaxed), format!("{word:?}")),
            (7, (1_u64 << 40).to_string())
        );
        word.store(3, Relaxed);
        assert_eq!(word.load(Relaxed), 3);
    }

    #[test]
    fn an_exchange_changes_only_the_value_that_it_expects() {
        let word = AtomicI64::new(-1);
        assert_eq!(word.compare_exchange_weak(7, 8, Relaxed, Relaxed), Err(-1));
        assert_eq!(word.compare_exchange_weak(-1, i64::MIN, Relaxed, Relaxed), Ok(-1));
        assert_eq!(word.load(Relaxed), i64::MIN);
    }
}
