//! Use these to guard what threads share: the locks of `parking_lot`, with waits that can be given up.
//!
//! [`Mutex`] and [`RwLock`] are `lock_api`'s types, version 0.4, over raw locks of this crate. So code that
//! is generic over `lock_api::RawMutex` takes them, and they have the methods of `parking_lot`'s locks, which
//! do the work; [`MutexUntil`] and [`RwLockUntil`] add waits with a bound. In a simulated run of the test kit
//! the schedule decides which thread gets a lock. The names mean the same types in every build.
//!
//! They are not `parking_lot`'s types: for a condition take [`Cond`](crate::Cond), since
//! `parking_lot::Condvar` takes guards of its own mutex only.
//!
//! # The memory of a lock
//!
//! A thread that unlocks looks at the lock once more after it has released it. So the lock must stay alive
//! until the call that unlocks it has returned. Safe code cannot get this wrong. Unsafe code can: a thread
//! that has locked a lock after another thread must not free its memory while the other thread may still be
//! in the call that unlocked it. A lock in an `Arc` is safe, if each thread that unlocks it holds a clone.
//!
//! # Simulated runs
//!
//! A lock in a `static` may be used by one simulated run after another. Two runs at the same time, such as
//! two tests in one process, must not share it if a thread waits for it with a context: the lock notes that
//! there are waiting threads, each run has a queue of its own for them, and the note may be erased by the run
//! whose queue is empty. A thread of the other run may then wait although the lock is free. Create the lock
//! in the run.

mod queue;
mod raw;
mod until;

use parking_lot::lock_api;

pub use raw::{RawMutex, RawRwLock};
pub use until::{MutexUntil, RwLockUntil};

/// A lock with what it guards inside.
///
/// Its methods are those of [`lock_api::Mutex`]. A thread that waits spins a little, and parks.
///
/// # Examples
///
/// ```
/// use phalanx::Mutex;
///
/// static TOTAL: Mutex<u64> = Mutex::new(0);
///
/// std::thread::scope(|s| {
///     for n in 1..=3 {
///         s.spawn(move || *TOTAL.lock() += n);
///     }
/// });
/// assert_eq!(*TOTAL.lock(), 6);
/// ```
///
/// # Compared with Go
///
/// `sync.Mutex`. Unlocking is the guard's `Drop`; in Go, to unlock what is not locked ends the process.
/// Both locks let newcomers overtake; Go's goes to a waiter after a millisecond, this one every
/// half a millisecond on average.
pub type Mutex<T> = lock_api::Mutex<RawMutex, T>;

/// A [`Mutex`] that is locked, until this is dropped. It stays on its thread.
pub type MutexGuard<'a, T> = lock_api::MutexGuard<'a, RawMutex, T>;

/// A [`MutexGuard`] for a part of what is guarded, from `MutexGuard::map`.
pub type MappedMutexGuard<'a, T> = lock_api::MappedMutexGuard<'a, RawMutex, T>;

/// A lock for one writer or many readers, with what it guards inside.
///
/// Its methods are those of [`lock_api::RwLock`].
///
/// # Examples
///
/// ```
/// use phalanx::RwLock;
///
/// let config = RwLock::new((1, 2));
/// let (first, second) = (config.read(), config.read());
/// assert_eq!(*first, *second);
/// assert!(config.try_write().is_none());
/// drop((first, second));
/// config.write().0 = 3;
/// ```
///
/// # Compared with Go
///
/// `sync.RWMutex`. In both a writer that waits keeps new readers out, so a thread that reads twice may
/// wait for ever; here there is `read_recursive` for that. Only here can an upgradable reader become
/// the writer.
pub type RwLock<T> = lock_api::RwLock<RawRwLock, T>;

/// An [`RwLock`] that is locked together with other readers, until this is dropped.
pub type RwLockReadGuard<'a, T> = lock_api::RwLockReadGuard<'a, RawRwLock, T>;

/// An [`RwLock`] that is locked by one thread alone, until this is dropped.
pub type RwLockWriteGuard<'a, T> = lock_api::RwLockWriteGuard<'a, RawRwLock, T>;

/// An [`RwLock`] that is locked together with other readers, one of which may become a writer: this
/// one.
pub type RwLockUpgradableReadGuard<'a, T> = lock_api::RwLockUpgradableReadGuard<'a, RawRwLock, T>;

/// An [`RwLockReadGuard`] for a part of what is guarded, from `RwLockReadGuard::map`.
pub type MappedRwLockReadGuard<'a, T> = lock_api::MappedRwLockReadGuard<'a, RawRwLock, T>;

/// An [`RwLockWriteGuard`] for a part of what is guarded, from `RwLockWriteGuard::map`.
pub type MappedRwLockWriteGuard<'a, T> = lock_api::MappedRwLockWriteGuard<'a, RawRwLock, T>;
