//! Use this to replace a value while others read it, such as a configuration.

mod reader;
mod update;

use std::fmt;
use std::mem;
use std::panic::RefUnwindSafe;
use std::sync::Arc;

pub use reader::Reader;
pub use update::Outdated;

use crate::sys::atomic::{AtomicUsize, Relaxed};
use crate::sys::{Mutex, MutexGuard};
use crate::wait::WaitQueue;

/// Some reader may be asleep.
const WAITING: usize = 1;

/// Values of up to so many bytes are moved under the lock.
const SMALL: usize = 128;

/// A value that is replaced as a whole, while any number of threads read it.
///
/// [`load`](Self::load) returns the newest value, to keep. For a loop that reads it all the time
/// there is [`reader`](Self::reader), whose [`get`](Reader::get) costs one plain load while nothing
/// is new, takes no lock then, and writes to no memory that others read; and whose
/// [`changed`](Reader::changed) waits for the next value. A value is never changed in place: whoever
/// has one keeps it, and it is dropped when nobody has it any more.
///
/// For a value that may be missing, take an `AtomicValue<Option<T>>`.
///
/// # What a reader sees
///
/// - Whole values, as they were stored; never a mixture of two.
/// - Values in the order in which they were stored: never an older one after a newer one. Some may
///   be missed.
/// - Nothing older than what *happened before*: a reader that has heard of a store, by whatever
///   way, sees its value or a later one. This goes for the readers of one thread and of many.
///
/// # Blocking
///
/// One lock guards the pointer to the newest value. A store takes it to swap that pointer, or to replace
/// a small value that nobody else has where it is, and for
/// nothing else: it allocates before, and after it drops the old value and wakes whoever waits. A
/// [`load`](Self::load), and a reader that finds a newer value, take it to clone an `Arc`. So readers
/// wait for writers, and for each other, for as long as that takes, some nanoseconds; and longer only
/// if the system suspends a thread right there. A reader that finds nothing new never waits.
///
/// On 64-bit targets it takes 40 bytes beside the value, which is in an `Arc`. A store allocates one, unless
/// the value is small and no other thread has the one before; reading allocates nothing. Values are dropped
/// outside of every lock, by the last thread that has them.
///
/// # Memory ordering
///
/// Each store *synchronizes with* every call that returns its value or a later one.
///
/// # Examples
///
/// ```
/// use phalanx::AtomicValue;
/// use std::thread;
///
/// let limits = AtomicValue::new(vec![10, 20]);
/// thread::scope(|s| {
///     for _ in 0..2 {
///         s.spawn(|| {
///             let mut limits = limits.reader();
///             while limits.get().len() < 3 {
///                 limits.changed(); // sleeps until there is a newer one
///             }
///             assert_eq!(limits.get()[2], 30);
///         });
///     }
///     limits.update(|limits| [&limits[..], &[30]].concat());
/// });
/// ```
///
/// # Compared with Go
///
/// `atomic.Value` and `atomic.Pointer[T]`. The type is checked when it is compiled; it is never
/// empty, or it is an `Option`; there are an `update`, and a wait for the next value. The memory of
/// an old value is freed at once, but not before the slowest [`Reader`] looks again.
pub struct AtomicValue<T> {
    /// | bits | meaning                                | written by                    |
    /// |------|----------------------------------------|-------------------------------|
    /// | 0    | `WAITING`: some reader may be asleep   | `enlist` sets, a store clears |
    /// | 1..  | how many stores there were, and so     | a store                       |
    /// |      | which value is the newest              |                               |
    ///
    /// All write it under the lock of `current`, so that no step needs to be a read-modify-write.
    ///
    /// The number goes round, which nobody sleeps through: on a 32-bit target a reader would have to
    /// miss 2^31 stores to the very number.
    ///
    /// It publishes nothing and is always Relaxed: what belongs to a number is read under the lock.
    /// To see a store in time it is enough that a load which happens after a store reads no older
    /// number; and who reads a number before it takes the lock finds what belongs to it, or newer.
    version: AtomicUsize,
    /// The newest value.
    current: Mutex<Arc<T>>,
    /// The readers that wait for the next. Each store that finds the mark grants all of them.
    waiters: WaitQueue,
}

#[cfg(not(feature = "sim"))]
const _: () = assert!(size_of::<AtomicValue<[u8; 64]>>() <= 40);

impl<T> AtomicValue<T> {
    /// Creates one with a first value.
    pub fn new(value: T) -> Self {
        AtomicValue {
            version: AtomicUsize::new(0),
            current: Mutex::new(Arc::new(value)),
            waiters: WaitQueue::new(()),
        }
    }

    /// Returns the newest value.
    ///
    /// Takes the lock for the moment in which the `Arc` is cloned. A [`reader`](Self::reader) is
    /// faster by far.
    ///
    /// # Examples
    ///
    /// ```
    /// let greeting = phalanx::AtomicValue::new("hello");
    /// let old = greeting.load();
    /// greeting.store("goodbye");
    /// assert_eq!((*old, *greeting.load()), ("hello", "goodbye"));
    /// ```
    pub fn load(&self) -> Arc<T> {
        Arc::clone(&self.current.lock())
    }

    /// Returns what keeps the newest value at hand.
    ///
    /// The reader borrows; [`Reader::new`] makes one of an `Arc<AtomicValue<T>>`.
    pub fn reader(&self) -> Reader<&AtomicValue<T>> {
        Reader::new(self)
    }

    /// Replaces the value, and wakes all who wait for the next.
    ///
    /// The old value is dropped here, unless somebody still has it. If that panics, the new value is
    /// in place, and all have been woken.
    pub fn store(&self, value: T) {
        match self.replace_in_place(value) {
            Ok(old) => drop(old),
            Err(value) => drop(self.swap(value)),
        }
    }

    /// Replaces the value, and returns the old one.
    ///
    /// # Examples
    ///
    /// ```
    /// let token = phalanx::AtomicValue::new(Some("secret"));
    /// assert_eq!(*token.swap(None), Some("secret"));
    /// ```
    pub fn swap(&self, value: T) -> Arc<T> {
        let value = Arc::new(value);
        match self.replace_if(|_| true, value) {
            Ok(old) | Err(old) => old,
        }
    }

    /// Replaces the value if `is_it` says so of the one that is there, and returns that.
    ///
    /// # Errors
    ///
    /// The new value; nothing is changed.
    fn replace_if(
        &self,
        is_it: impl FnOnce(&Arc<T>) -> bool,
        value: Arc<T>,
    ) -> Result<Arc<T>, Arc<T>> {
        let mut current = self.current.lock();
        if !is_it(&current) {
            return Err(value);
        }
        let old = mem::replace(&mut *current, value);
        self.publish(current);
        Ok(old)
    }

    /// Replaces a small value of which nobody has the `Arc`, and returns the old one: the `Arc` stays.
    ///
    /// # Errors
    ///
    /// The new value; nothing is changed.
    fn replace_in_place(&self, value: T) -> Result<T, T> {
        if size_of::<T>() > SMALL {
            return Err(value); // it would be moved under the lock
        }
        let mut current = self.current.lock();
        // A load first, since as a rule others have it where anybody reads.
        if Arc::strong_count(&current) > 1 {
            return Err(value);
        }
        let Some(place) = Arc::get_mut(&mut current) else { return Err(value) };
        let old = mem::replace(place, value);
        self.publish(current);
        Ok(old)
    }

    /// Counts a store, and tells those who wait.
    fn publish(&self, current: MutexGuard<'_, Arc<T>>) {
        let before = self.version.load(Relaxed);
        self.version.store((before & !WAITING).wrapping_add(WAITING + 1), Relaxed);
        drop(current); // before anybody is woken, or can drop what there was
        if before & WAITING != 0 {
            self.waiters.lock().grant_all();
        }
    }

    /// The newest value, and its number.
    fn snapshot(&self) -> (Arc<T>, usize) {
        let current = self.current.lock();
        (Arc::clone(&current), self.version.load(Relaxed) & !WAITING)
    }

    /// Whether nothing was stored since the number was `seen`.
    #[inline]
    fn is_at(&self, seen: usize) -> bool {
        // As a rule nobody waits, and the first look is all.
        let version = self.version.load(Relaxed);
        version == seen || version & !WAITING == seen
    }

    /// The last look, under the lock of the queue: there is something newer, or else whoever stores
    /// it will know.
    ///
    /// No wake-up is lost: look and mark are one step, under the lock under which a store changes the
    /// word. A store comes before, and we see its number; or after, and it sees the mark and wants the
    /// lock of the queue, which we hold until we are in there.
    ///
    /// Lock order: that of the queue, then that of `current`. A store has let go of the one when it takes
    /// the other.
    fn enlist(&self, seen: usize) -> bool {
        let current = self.current.lock();
        let version = self.version.load(Relaxed);
        self.version.store(version | WAITING, Relaxed);
        drop(current);
        version & !WAITING != seen
    }
}

// The lock is never held while user code runs, so no panic leaves what it guards half-changed.
impl<T: RefUnwindSafe> RefUnwindSafe for AtomicValue<T> {}

impl<T: Default> Default for AtomicValue<T> {
    fn default() -> Self {
        AtomicValue::new(T::default())
    }
}

impl<T> From<T> for AtomicValue<T> {
    fn from(value: T) -> Self {
        AtomicValue::new(value)
    }
}

impl<T: fmt::Debug> fmt::Debug for AtomicValue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.load(); // the lock is free again when the value is shown
        f.debug_struct("AtomicValue").field("value", &value).finish_non_exhaustive()
    }
}
