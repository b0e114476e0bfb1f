//! A reader's own copy of the newest value.

use std::fmt;
use std::mem;
use std::sync::Arc;

use super::AtomicValue;
use crate::sys;
use crate::wait::{Interrupted, Until};

/// Keeps the newest value of an [`AtomicValue`] at hand.
///
/// [`get`](Self::get) looks whether there is a newer one, which is one plain load of a word that is
/// only written by a store, and fetches it if so. In between, the reader holds on to the value
/// that it has: a reader that is never asked again keeps an old value in memory.
///
/// Each thread has its own; [`clone`](Clone::clone) makes another that has seen as much. It takes
/// 24 bytes on 64-bit targets, and allocates nothing until it waits. A `get` that finds nothing new is seven
/// instructions on `x86_64`.
///
/// # Examples
///
/// ```
/// use phalanx::{AtomicValue, Reader};
/// use std::sync::Arc;
///
/// let config = Arc::new(AtomicValue::new(1));
/// let mut reader = Reader::new(Arc::clone(&config)); // `config.reader()` would borrow
/// let worker = std::thread::spawn(move || *reader.changed());
/// config.store(2);
/// assert_eq!(worker.join().unwrap(), 2);
/// ```
///
/// # Compared with Go
///
/// Not in Go, where each read is a load of the pointer, and a wait for a change needs a channel
/// beside it.
#[derive(Clone)]
pub struct Reader<V: sealed::Handle> {
    source: V,
    /// The newest value when this reader looked last, and its version.
    value: Arc<V::Value>,
    seen: usize,
}

#[expect(unnameable_types, reason = "sealed: a reader holds one of two types")]
mod sealed {
    use super::{Arc, AtomicValue};

    /// What a reader can hold: `&AtomicValue<T>` or `Arc<AtomicValue<T>>`.
    pub trait Handle {
        type Value;
        fn source(&self) -> &AtomicValue<Self::Value>;
    }

    impl<T> Handle for &AtomicValue<T> {
        type Value = T;
        #[inline]
        fn source(&self) -> &AtomicValue<T> {
            self
        }
    }

    impl<T> Handle for Arc<AtomicValue<T>> {
        type Value = T;
        #[inline]
        fn source(&self) -> &AtomicValue<T> {
            self
        }
    }
}

impl<V: sealed::Handle> Reader<V> {
    /// Makes a reader that has seen the newest value. `source` is a `&AtomicValue<T>` or an
    /// `Arc<AtomicValue<T>>`.
    pub fn new(source: V) -> Self {
        let (value, seen) = source.source().snapshot();
        Reader { source, value, seen }
    }

    /// Returns the newest value.
    ///
    /// If there is none newer than the last, takes no lock; if there is, takes it for as long as
    /// [`AtomicValue::load`] does, and drops the last one afterwards, if nobody else has it. What a
    /// reader sees when is told at [`AtomicValue`].
    ///
    /// # Examples
    ///
    /// ```
    /// let config = phalanx::AtomicValue::new(1);
    /// let mut reader = config.reader();
    /// config.store(2);
    /// assert_eq!(*reader.get(), 2);
    /// ```
    #[inline]
    pub fn get(&mut self) -> &V::Value {
        if self.has_changed() {
            self.refresh();
        }
        &self.value
    }

    /// Returns the value that this reader has seen last, to keep; looks for no newer one.
    pub fn last(&self) -> &Arc<V::Value> {
        &self.value
    }

    /// Returns `true` if there is a value that this reader has not seen.
    #[inline]
    pub fn has_changed(&self) -> bool {
        !self.source.source().is_at(self.seen)
    }

    /// Waits for a value that this reader has not seen, and returns the newest.
    ///
    /// # Blocking
    ///
    /// Returns at once if a value was stored since the last call of [`get`](Self::get) or
    /// `changed`, so none that is the newest is ever missed; of several, only the newest is
    /// returned. Otherwise spins for some microseconds where that has paid, and parks. A store
    /// counts as a change even if its value is equal to the one before; one that a reader has seen is
    /// no change for it any more.
    ///
    /// # Compared with Go
    ///
    /// Not in Go.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn changed(&mut self) -> &V::Value {
        let waited = self.wait_for_change(Until::FOREVER);
        debug_assert!(waited.is_ok(), "nothing interrupts a wait without a bound");
        &self.value
    }

    /// Waits for a value that this reader has not seen, and no longer than `until`.
    ///
    /// # Blocking
    ///
    /// As [`changed`](Self::changed). A store that came before the bound wins, however late this
    /// thread is woken; one in the instant in which the bound is reached may win or lose. If it loses,
    /// the next call returns it. A context that has ended before the call fails it at once.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the bound was reached first. The reader is left as it was.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn changed_until<'a>(
        &mut self,
        until: impl Into<Until<'a>>,
    ) -> Result<&V::Value, Interrupted> {
        self.wait_for_change(until.into())?;
        Ok(&self.value)
    }

    #[cfg_attr(feature = "sim", track_caller)]
    fn wait_for_change(&mut self, until: Until<'_>) -> Result<(), Interrupted> {
        let call = sys::blocking_call("Reader::changed");
        until.enter()?;
        let source = self.source.source();
        while !self.has_changed() {
            let waited =
                source.waiters.wait(until, || self.has_changed(), |()| source.enlist(self.seen));
            // The event before the bound. And a grant may come of a store that this reader has
            // seen, and which had not yet come to its waiters when this one joined them.
            if waited.is_err() && !self.has_changed() {
                return waited;
            }
        }
        drop(call);
        self.refresh();
        Ok(())
    }

    /// Takes over the newest value. The one before is dropped last, by code of the user's.
    #[cold]
    fn refresh(&mut self) {
        let (value, seen) = self.source.source().snapshot();
        self.seen = seen;
        drop(mem::replace(&mut self.value, value));
    }
}

impl<V: sealed::Handle<Value: fmt::Debug>> fmt::Debug for Reader<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("last", &self.value)
            .field("has_changed", &self.has_changed())
            .finish_non_exhaustive()
    }
}
