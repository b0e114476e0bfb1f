//! Locking that can be given up.

use std::time::Instant;

use super::queue::Mark;
use super::raw::{mark_of_mutex, mark_of_rwlock};
use super::{
    Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockUpgradableReadGuard, RwLockWriteGuard,
};
use crate::sys;
use crate::wait::{Interrupted, Until};

/// Whether what is wanted excludes all others.
const ALONE: bool = true;
const SHARED: bool = false;

/// Locking a [`Mutex`] with a bound.
///
/// # Examples
///
/// ```
/// use phalanx::lock::MutexUntil;
/// use phalanx::{Context, Mutex};
/// use std::time::Duration;
///
/// let mutex = Mutex::new(1);
/// let (ctx, canceller) = Context::background().with_cancel();
/// let mut guard = mutex.lock_until(&ctx).unwrap();
/// std::thread::scope(|s| {
///     s.spawn(|| canceller.cancel());
///     assert!(mutex.lock_until(&ctx).is_err()); // the lock is taken; the cancellation wakes it
/// });
/// *guard += 1;
/// drop(guard);
/// assert_eq!(*mutex.lock_until(Duration::ZERO).unwrap(), 2);
/// ```
pub trait MutexUntil<T: ?Sized>: sealed::Sealed {
    /// Locks the mutex, and waits for it no longer than `until`.
    ///
    /// # Blocking
    ///
    /// With a duration or an instant, as `lock`. With a context the thread waits outside of
    /// `parking_lot`'s queue, and competes for the lock each time that it is unlocked. So a fair unlock
    /// (`MutexGuard::unlock_fair`) does not hand the lock to such a thread, and `MutexGuard::bump` may take
    /// the lock back before it: neither prefers it to other threads.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the bound was reached first: the mutex was not locked.
    ///
    /// # Compared with Go
    ///
    /// Not in Go, where one takes a channel with room for one element instead of the mutex.
    fn lock_until<'a>(&self, until: impl Into<Until<'a>>)
    -> Result<MutexGuard<'_, T>, Interrupted>;
}

/// Locking an [`RwLock`] with a bound.
///
/// # Examples
///
/// ```
/// use phalanx::lock::RwLockUntil;
/// use phalanx::{Context, RwLock};
/// use std::time::Duration;
///
/// let lock = RwLock::new(1);
/// let (ctx, _canceller) = Context::background().with_cancel();
/// let reader = lock.read_until(&ctx).unwrap();
/// assert!(lock.read_until(&ctx).is_ok());
/// assert!(lock.write_until((&ctx, Duration::from_millis(1))).is_err());
/// drop(reader);
/// *lock.write_until(&ctx).unwrap() = 2;
/// ```
pub trait RwLockUntil<T: ?Sized>: sealed::Sealed {
    /// Locks for reading, and waits no longer than `until`.
    ///
    /// # Blocking
    ///
    /// As [`MutexUntil::lock_until`].
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the bound was reached first: nothing was locked.
    fn read_until<'a>(
        &self,
        until: impl Into<Until<'a>>,
    ) -> Result<RwLockReadGuard<'_, T>, Interrupted>;

    /// Locks for writing, and waits no longer than `until`.
    ///
    /// # Blocking
    ///
    /// As [`MutexUntil::lock_until`]. With a duration or an instant, a writer that waits keeps new
    /// readers out. With a context it does not: if readers always overlap, it may wait until its bound.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the bound was reached first: nothing was locked.
    fn write_until<'a>(
        &self,
        until: impl Into<Until<'a>>,
    ) -> Result<RwLockWriteGuard<'_, T>, Interrupted>;

    /// Locks for reading in such a way that the reader can become the writer, and waits no longer than
    /// `until`.
    ///
    /// # Blocking
    ///
    /// As [`MutexUntil::lock_until`].
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the bound was reached first: nothing was locked.
    fn upgradable_read_until<'a>(
        &self,
        until: impl Into<Until<'a>>,
    ) -> Result<RwLockUpgradableReadGuard<'_, T>, Interrupted>;
}

mod sealed {
    #[expect(unnameable_types, reason = "sealed: the traits are for the crate's locks")]
    pub trait Sealed {}
    impl<T: ?Sized> Sealed for super::Mutex<T> {}
    impl<T: ?Sized> Sealed for super::RwLock<T> {}
}

impl<T: ?Sized> MutexUntil<T> for Mutex<T> {
    #[cfg_attr(feature = "sim", track_caller)]
    fn lock_until<'a>(
        &self,
        until: impl Into<Until<'a>>,
    ) -> Result<MutexGuard<'_, T>, Interrupted> {
        take(
            "Mutex::lock_until",
            &until.into(),
            (mark_of_mutex(self), ALONE),
            || self.try_lock(),
            |deadline| match deadline {
                Some(deadline) => self.try_lock_until(deadline),
                None => Some(self.lock()),
            },
        )
    }
}

impl<T: ?Sized> RwLockUntil<T> for RwLock<T> {
    #[cfg_attr(feature = "sim", track_caller)]
    fn read_until<'a>(
        &self,
        until: impl Into<Until<'a>>,
    ) -> Result<RwLockReadGuard<'_, T>, Interrupted> {
        take(
            "RwLock::read_until",
            &until.into(),
            (mark_of_rwlock(self), SHARED),
            || self.try_read(),
            |deadline| match deadline {
                Some(deadline) => self.try_read_until(deadline),
                None => Some(self.read()),
            },
        )
    }

    #[cfg_attr(feature = "sim", track_caller)]
    fn write_until<'a>(
        &self,
        until: impl Into<Until<'a>>,
    ) -> Result<RwLockWriteGuard<'_, T>, Interrupted> {
        take(
            "RwLock::write_until",
            &until.into(),
            (mark_of_rwlock(self), ALONE),
            || self.try_write(),
            |deadline| match deadline {
                Some(deadline) => self.try_write_until(deadline),
                None => Some(self.write()),
            },
        )
    }

    #[cfg_attr(feature = "sim", track_caller)]
    fn upgradable_read_until<'a>(
        &self,
        until: impl Into<Until<'a>>,
    ) -> Result<RwLockUpgradableReadGuard<'_, T>, Interrupted> {
        take(
            "RwLock::upgradable_read_until",
            &until.into(),
            (mark_of_rwlock(self), SHARED), // with readers
            || self.try_upgradable_read(),
            |deadline| match deadline {
                Some(deadline) => self.try_upgradable_read_until(deadline),
                None => Some(self.upgradable_read()),
            },
        )
    }
}

/// Takes a lock by `attempt`, or, if nothing can end but time, by waiting in the lock's own queue.
#[cfg_attr(feature = "sim", track_caller)]
fn take<G>(
    name: &'static str,
    until: &Until<'_>,
    (mark, alone): (&Mark, bool),
    attempt: impl Fn() -> Option<G>,
    wait: impl FnOnce(Option<Instant>) -> Option<G>,
) -> Result<G, Interrupted> {
    until.enter()?;
    let _call = sys::blocking_call(name);
    if !until.has_source() {
        return wait(until.alarm()).ok_or_else(|| until.why());
    }
    match attempt() {
        Some(got) => Ok(got),
        None => mark.wait(until, alone, attempt),
    }
}
