//! Stores that depend on the value before.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use super::AtomicValue;
use crate::wait::{HasReason, Reason, error_methods};

impl<T> AtomicValue<T> {
    /// Replaces the value by what `f` makes of it, and returns the new one.
    ///
    /// `f` is called outside of every lock, and once more for each store that comes in between, so
    /// it should do nothing else; of those who update at once, one always gets through. If `f`
    /// panics, nothing is changed. If it stores to this value itself, each time, it never ends.
    ///
    /// # Examples
    ///
    /// ```
    /// let hosts = phalanx::AtomicValue::new(vec!["a"]);
    /// let new = hosts.update(|hosts| [&hosts[..], &["b"]].concat());
    /// assert_eq!(*new, ["a", "b"]);
    /// ```
    pub fn update(&self, mut f: impl FnMut(&T) -> T) -> Arc<T> {
        loop {
            let old = self.load();
            let new = Arc::new(f(&old));
            // By address, which is not used again as long as we have the value.
            let replaced = self.replace_if(|now| Arc::ptr_eq(now, &old), Arc::clone(&new));
            if replaced.is_ok() {
                return new;
            }
        }
    }

    /// Replaces the value by `new`, if it still is `current`, the very same `Arc`.
    ///
    /// # Errors
    ///
    /// [`Outdated`], with `new` and the newest value, if it is another. Nothing is changed.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::AtomicValue;
    ///
    /// let config = AtomicValue::new(1);
    /// let seen = config.load();
    /// config.compare_and_store(&seen, 2)?;
    ///
    /// let outdated = config.compare_and_store(&seen, 3).unwrap_err();
    /// assert_eq!((outdated.rejected, *outdated.current), (3, 2));
    /// # Ok::<(), phalanx::Outdated<i32>>(())
    /// ```
    ///
    /// # Compared with Go
    ///
    /// `CompareAndSwap` of `atomic.Pointer`; that of `atomic.Value` compares with `==`.
    #[expect(clippy::missing_panics_doc, reason = "what was not stored is nobody else's")]
    pub fn compare_and_store(&self, current: &Arc<T>, new: T) -> Result<(), Outdated<T>> {
        let mut newest = None;
        // By address, which is not used again as long as the caller has the value.
        let is_it = |now: &Arc<T>| {
            let same = Arc::ptr_eq(now, current);
            newest = (!same).then(|| Arc::clone(now));
            same
        };
        let replaced = self.replace_if(is_it, Arc::new(new));
        match (replaced, newest) {
            (Err(new), Some(current)) => {
                let rejected = Arc::into_inner(new).expect("nobody else has it");
                Err(Outdated { rejected, current })
            }
            _ => Ok(()),
        }
    }
}

/// A value was not stored, because there was another one than expected.
#[non_exhaustive]
pub struct Outdated<T> {
    /// What was not stored.
    pub rejected: T,
    /// The value there was instead of the expected one.
    pub current: Arc<T>,
}

impl<T> Outdated<T> {
    /// Drops the values: `?` into a boxed error needs this if they borrow something.
    #[must_use = "the error is returned"]
    pub fn without_inner(self) -> Outdated<()> {
        Outdated { rejected: (), current: Arc::new(()) }
    }
}

impl<T> fmt::Debug for Outdated<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outdated").finish_non_exhaustive()
    }
}

impl<T> fmt::Display for Outdated<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value has been replaced in the meantime")
    }
}

impl<T> Error for Outdated<T> {}

impl<T: Clone> Clone for Outdated<T> {
    fn clone(&self) -> Self {
        Outdated { rejected: self.rejected.clone(), current: Arc::clone(&self.current) }
    }
}

impl<T: PartialEq> PartialEq for Outdated<T> {
    fn eq(&self, other: &Self) -> bool {
        self.rejected == other.rejected && self.current == other.current
    }
}

impl<T: Eq> Eq for Outdated<T> {}

impl<T> HasReason for Outdated<T> {
    fn reason(&self) -> Reason<'_> {
        Reason::Outdated
    }
}

error_methods!([T] Outdated<T>);
