//! A guard for permits of a semaphore.

use std::fmt;
use std::mem;
use std::ptr;
use std::sync::Arc;

use super::Semaphore;

/// Permits of a [`Semaphore`], which go back to it when this guard is dropped.
///
/// It either borrows the semaphore, as a `Permit<&Semaphore>`, or owns a handle to it, as a
/// `Permit<Arc<Semaphore>>`.
///
/// # Examples
///
/// ```
/// use phalanx::Semaphore;
/// use std::sync::Arc;
///
/// let slots = Arc::new(Semaphore::new(3));
/// let mut permit = slots.acquire_owned(3)?;
/// let one = permit.split(1).unwrap();
/// std::thread::spawn(move || drop(one)).join().unwrap();
/// assert_eq!((permit.count(), slots.available()), (2, 1));
/// drop(permit);
/// assert_eq!(slots.available(), 3);
/// # Ok::<(), phalanx::AcquireError>(())
/// ```
#[must_use = "a permit that is dropped at once holds nothing"]
pub struct Permit<S: sealed::Handle> {
    semaphore: S,
    n: usize,
}

#[expect(unnameable_types, reason = "sealed: a permit holds one of two types")]
mod sealed {
    use super::{Arc, Semaphore};

    /// What a permit can hold: `&Semaphore` or `Arc<Semaphore>`.
    pub trait Handle {
        fn semaphore(&self) -> &Semaphore;
    }

    impl Handle for &Semaphore {
        fn semaphore(&self) -> &Semaphore {
            self
        }
    }

    impl Handle for Arc<Semaphore> {
        fn semaphore(&self) -> &Semaphore {
            self
        }
    }
}

impl<S: sealed::Handle> Permit<S> {
    /// A permit for what has been taken.
    #[inline]
    pub(super) fn of(semaphore: S, n: usize) -> Self {
        Permit { semaphore, n }
    }

    /// Returns the number of permits.
    pub fn count(&self) -> usize {
        self.n
    }

    /// Returns the semaphore.
    pub fn semaphore(&self) -> &Semaphore {
        self.semaphore.semaphore()
    }

    /// Splits off `n` permits, which are given back separately. Returns `None`, and changes nothing, if there are
    /// fewer.
    pub fn split(&mut self, n: usize) -> Option<Self>
    where
        S: Clone,
    {
        if n > self.n {
            return None;
        }
        let part = Permit::of(self.semaphore.clone(), n);
        self.n -= n;
        Some(part)
    }

    /// Takes over the permits of `other`, so that they are given back together.
    ///
    /// # Panics
    ///
    /// Panics with `Permit::merge: permits of two semaphores`. This permit is left unchanged, and `other` goes back
    /// to its semaphore.
    #[track_caller]
    pub fn merge(&mut self, mut other: Self) {
        assert!(
            ptr::eq(self.semaphore(), other.semaphore()),
            "Permit::merge: permits of two semaphores"
        );
        self.n += mem::take(&mut other.n);
    }

    /// Takes the permits out of use forever: the size of the semaphore is reduced by their number.
    ///
    /// If a shrink has left fewer than are forgotten, none are left, and those that were still owed to the shrink
    /// count as given back. Requests for more permits than are left fail, unless the semaphore is
    /// [open-ended](Semaphore::open_ended).
    pub fn forget(mut self) {
        let n = mem::take(&mut self.n);
        self.semaphore().forget(n);
    }
}

impl<S: sealed::Handle> Drop for Permit<S> {
    #[inline]
    fn drop(&mut self) {
        self.semaphore().release(self.n);
    }
}

impl<S: sealed::Handle> fmt::Debug for Permit<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("count", &self.n)
            .field("semaphore", self.semaphore())
            .finish_non_exhaustive()
    }
}
