//! Use this to test code that locks, and shares.

mod raw;
mod timed;
mod upgrade;
mod way;

use parking_lot::lock_api;
pub use raw::RawRwLock;

/// [`parking_lot::RwLock`], of which a bubble knows who has it and who waits.
///
/// As in the original, a writer that waits keeps new readers out. So a thread that reads twice may
/// wait for a writer that waits for it: a bubble finds that, unless the second is a
/// `read_recursive`. Upgradable readers go together with readers, but not with each other or a
/// writer.
///
/// Which of the waiting threads is next is part of the schedule. Timeouts are virtual; see
/// [`Mutex`](super::Mutex).
///
/// # Examples
///
/// ```
/// use phalanx::sim;
/// use phalanx::sim::sync::RwLock;
///
/// let failure = sim::Builder::new().try_check(|| {
///     let config = RwLock::new((1, 2));
///     sim::scope(|s| {
///         s.spawn("reader", || {
///             let all = config.read();
///             let again = config.read(); // in a function, some calls deeper
///             assert_eq!(*all, *again);
///         });
///         s.spawn("writer", || *config.write() = (3, 4));
///     });
/// });
/// let report = failure.expect_err("a writer may come between").to_string();
/// assert!(report.contains("cycle: T0.0 -> T0.1 -> T0.0"), "{report}");
/// ```
pub type RwLock<T> = lock_api::RwLock<RawRwLock, T>;

/// An [`RwLock`] that is locked together with other readers, until this is dropped.
pub type RwLockReadGuard<'a, T> = lock_api::RwLockReadGuard<'a, RawRwLock, T>;

/// An [`RwLock`] that is locked by one thread alone, until this is dropped.
pub type RwLockWriteGuard<'a, T> = lock_api::RwLockWriteGuard<'a, RawRwLock, T>;

/// An [`RwLock`] that is locked together with other readers, one of which may become a writer: this
/// one.
pub type RwLockUpgradableReadGuard<'a, T> = lock_api::RwLockUpgradableReadGuard<'a, RawRwLock, T>;

/// A [`RwLockReadGuard`] for a part of what is guarded, from `RwLockReadGuard::map`.
pub type MappedRwLockReadGuard<'a, T> = lock_api::MappedRwLockReadGuard<'a, RawRwLock, T>;

/// A [`RwLockWriteGuard`] for a part of what is guarded, from `RwLockWriteGuard::map`.
pub type MappedRwLockWriteGuard<'a, T> = lock_api::MappedRwLockWriteGuard<'a, RawRwLock, T>;

/// Makes an [`RwLock`], as `RwLock::new` does.
pub const fn const_rwlock<T>(value: T) -> RwLock<T> {
    RwLock::new(value)
}
