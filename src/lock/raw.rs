//! The locks themselves, without what they guard: those of `sys`, and beside each a mark for the threads
//! that wait for it in our own queue.
//!
//! Each step that may let such a thread in is followed by a look at the mark.

#![expect(unsafe_code, reason = "the traits of lock_api are unsafe")]

use std::fmt;
use std::time::{Duration, Instant};

use parking_lot::lock_api::{
    self, RawMutex as _, RawMutexFair, RawMutexTimed, RawRwLock as _, RawRwLockDowngrade,
    RawRwLockFair, RawRwLockRecursive, RawRwLockRecursiveTimed, RawRwLockTimed, RawRwLockUpgrade,
    RawRwLockUpgradeDowngrade, RawRwLockUpgradeFair, RawRwLockUpgradeTimed,
};

use super::queue::Mark;
use super::{Mutex, RwLock};
use crate::sys;

/// The lock in a [`Mutex`].
pub struct RawMutex {
    lock: sys::RawMutex,
    mark: Mark,
}

#[cfg(not(feature = "sim"))]
const _: () = assert!(size_of::<RawMutex>() == 2);

/// The lock in an [`RwLock`].
pub struct RawRwLock {
    lock: sys::RawRwLock,
    mark: Mark,
}

#[cfg(not(feature = "sim"))]
const _: () = assert!(size_of::<RawRwLock>() == 2 * size_of::<usize>());

/// The mark of a mutex.
pub(super) fn mark_of_mutex<T: ?Sized>(mutex: &Mutex<T>) -> &Mark {
    // SAFETY:
    // - nothing is locked or unlocked through it.
    unsafe { &mutex.raw().mark }
}

/// The mark of a lock for readers and writers.
pub(super) fn mark_of_rwlock<T: ?Sized>(lock: &RwLock<T>) -> &Mark {
    // SAFETY:
    // - nothing is locked or unlocked through it.
    unsafe { &lock.raw().mark }
}

impl RawMutex {
    /// After the lock has been given back.
    #[inline]
    fn released(&self) {
        if self.mark.is_set() {
            self.mark.call(true);
        }
    }
}

impl RawRwLock {
    /// After something has been given back, or a writer that kept readers out has given up.
    #[inline]
    fn released(&self) {
        if self.mark.is_set() {
            // It is asked after the step before: of two readers that leave, the last finds it free.
            self.mark.call(!self.lock.is_locked());
        }
    }

    /// After a reader has given its share back. While others have the lock this lets no thread in: one that
    /// wants it alone must wait for them as well, and one that shares it was not kept out by a reader. A
    /// writer that waits for the readers counts as one that has it. The last of those others comes here, or
    /// to [`released`](Self::released).
    #[inline]
    fn left(&self) {
        if self.mark.is_set() && !self.lock.is_locked() {
            self.mark.call(true);
        }
    }

    /// After an attempt to become a writer, which keeps readers out while it lasts.
    #[inline]
    fn attempted(&self, succeeded: bool) -> bool {
        if !succeeded {
            self.released();
        }
        succeeded
    }
}

// SAFETY:
// - it is exclusive, as `lock` is.
unsafe impl lock_api::RawMutex for RawMutex {
    const INIT: Self = RawMutex { lock: sys::RawMutex::INIT, mark: Mark::new() };

    // In every build that of the strictest: the test kit knows locks by the thread that has taken them.
    type GuardMarker = lock_api::GuardNoSend;

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    fn lock(&self) {
        self.lock.lock();
    }

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    fn try_lock(&self) -> bool {
        self.lock.try_lock()
    }

    #[inline]
    unsafe fn unlock(&self) {
        // SAFETY:
        // - the caller has the lock, which is `lock`.
        unsafe { self.lock.unlock() };
        self.released();
    }

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    fn is_locked(&self) -> bool {
        self.lock.is_locked()
    }
}

// SAFETY:
// - as above; who gets the lock next is not a matter of safety.
unsafe impl RawMutexFair for RawMutex {
    #[inline]
    unsafe fn unlock_fair(&self) {
        // SAFETY:
        // - the caller has the lock, which is `lock`.
        unsafe { self.lock.unlock_fair() };
        self.released();
    }

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    unsafe fn bump(&self) {
        if self.mark.is_set() {
            // SAFETY:
            // - the caller has the lock.
            unsafe { self.unlock_fair() };
            return self.lock();
        }
        // SAFETY:
        // - the caller has the lock, which is `lock`.
        unsafe { self.lock.bump() };
    }
}

// SAFETY:
// - as above.
unsafe impl RawMutexTimed for RawMutex {
    type Duration = Duration;
    type Instant = Instant;

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    fn try_lock_for(&self, timeout: Duration) -> bool {
        self.lock.try_lock_for(timeout)
    }

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    fn try_lock_until(&self, deadline: Instant) -> bool {
        self.lock.try_lock_until(deadline)
    }
}

// SAFETY:
// - it is exclusive or shared as `lock` is.
unsafe impl lock_api::RawRwLock for RawRwLock {
    const INIT: Self = RawRwLock { lock: sys::RawRwLock::INIT, mark: Mark::new() };

    type GuardMarker = lock_api::GuardNoSend;

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    fn lock_shared(&self) {
        self.lock.lock_shared();
    }

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    fn try_lock_shared(&self) -> bool {
        self.lock.try_lock_shared()
    }

    #[inline]
    unsafe fn unlock_shared(&self) {
        // SAFETY:
        // - the caller has a share of the lock, which is `lock`.
        unsafe { self.lock.unlock_shared() };
        self.left();
    }

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    fn lock_exclusive(&self) {
        self.lock.lock_exclusive();
    }

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    fn try_lock_exclusive(&self) -> bool {
        self.lock.try_lock_exclusive()
    }

    #[inline]
    unsafe fn unlock_exclusive(&self) {
        // SAFETY:
        // - the caller has the lock alone, which is `lock`.
        unsafe { self.lock.unlock_exclusive() };
        self.released();
    }

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    fn is_locked(&self) -> bool {
        self.lock.is_locked()
    }

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    fn is_locked_exclusive(&self) -> bool {
        self.lock.is_locked_exclusive()
    }
}

// SAFETY:
// - as above; who gets the lock next is not a matter of safety.
unsafe impl RawRwLockFair for RawRwLock {
    #[inline]
    unsafe fn unlock_shared_fair(&self) {
        // SAFETY:
        // - the caller has a share of the lock, which is `lock`.
        unsafe { self.lock.unlock_shared_fair() };
        self.left();
    }

    #[inline]
    unsafe fn unlock_exclusive_fair(&self) {
        // SAFETY:
        // - the caller has the lock alone, which is `lock`.
        unsafe { self.lock.unlock_exclusive_fair() };
        self.released();
    }

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    unsafe fn bump_shared(&self) {
        if self.mark.is_set() {
            // SAFETY:
            // - the caller has a share of the lock.
            unsafe { self.unlock_shared_fair() };
            return self.lock_shared();
        }
        // SAFETY:
        // - the caller has a share of the lock, which is `lock`.
        unsafe { self.lock.bump_shared() };
    }

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    unsafe fn bump_exclusive(&self) {
        if self.mark.is_set() {
            // SAFETY:
            // - the caller has the lock alone.
            unsafe { self.unlock_exclusive_fair() };
            return self.lock_exclusive();
        }
        // SAFETY:
        // - the caller has the lock alone, which is `lock`.
        unsafe { self.lock.bump_exclusive() };
    }
}

// SAFETY:
// - as above.
unsafe impl RawRwLockTimed for RawRwLock {
    type Duration = Duration;
    type Instant = Instant;

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    fn try_lock_shared_for(&self, timeout: Duration) -> bool {
        self.lock.try_lock_shared_for(timeout)
    }

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    fn try_lock_shared_until(&self, deadline: Instant) -> bool {
        self.lock.try_lock_shared_until(deadline)
    }

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    fn try_lock_exclusive_for(&self, timeout: Duration) -> bool {
        self.attempted(self.lock.try_lock_exclusive_for(timeout))
    }

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    fn try_lock_exclusive_until(&self, deadline: Instant) -> bool {
        self.attempted(self.lock.try_lock_exclusive_until(deadline))
    }
}

// SAFETY:
// - as above.
unsafe impl RawRwLockRecursive for RawRwLock {
    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    fn lock_shared_recursive(&self) {
        self.lock.lock_shared_recursive();
    }

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    fn try_lock_shared_recursive(&self) -> bool {
        self.lock.try_lock_shared_recursive()
    }
}

// SAFETY:
// - as above.
unsafe impl RawRwLockRecursiveTimed for RawRwLock {
    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    fn try_lock_shared_recursive_for(&self, timeout: Duration) -> bool {
        self.lock.try_lock_shared_recursive_for(timeout)
    }

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    fn try_lock_shared_recursive_until(&self, deadline: Instant) -> bool {
        self.lock.try_lock_shared_recursive_until(deadline)
    }
}

// SAFETY:
// - as above.
unsafe impl RawRwLockDowngrade for RawRwLock {
    #[inline]
    unsafe fn downgrade(&self) {
        // SAFETY:
        // - the caller has the lock alone, which is `lock`.
        unsafe { self.lock.downgrade() };
        self.released();
    }
}

// SAFETY:
// - as above.
unsafe impl RawRwLockUpgrade for RawRwLock {
    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    fn lock_upgradable(&self) {
        self.lock.lock_upgradable();
    }

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    fn try_lock_upgradable(&self) -> bool {
        self.lock.try_lock_upgradable()
    }

    #[inline]
    unsafe fn unlock_upgradable(&self) {
        // SAFETY:
        // - the caller has the lock as an upgradable reader, which is `lock`.
        unsafe { self.lock.unlock_upgradable() };
        self.released();
    }

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    unsafe fn upgrade(&self) {
        // SAFETY:
        // - the caller has the lock as an upgradable reader, which is `lock`.
        unsafe { self.lock.upgrade() };
    }

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    unsafe fn try_upgrade(&self) -> bool {
        // SAFETY:
        // - the caller has the lock as an upgradable reader, which is `lock`.
        unsafe { self.lock.try_upgrade() }
    }
}

// SAFETY:
// - as above; who gets the lock next is not a matter of safety.
unsafe impl RawRwLockUpgradeFair for RawRwLock {
    #[inline]
    unsafe fn unlock_upgradable_fair(&self) {
        // SAFETY:
        // - the caller has the lock as an upgradable reader, which is `lock`.
        unsafe { self.lock.unlock_upgradable_fair() };
        self.released();
    }

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    unsafe fn bump_upgradable(&self) {
        if self.mark.is_set() {
            // SAFETY:
            // - the caller has the lock as an upgradable reader.
            unsafe { self.unlock_upgradable_fair() };
            return self.lock_upgradable();
        }
        // SAFETY:
        // - the caller has the lock as an upgradable reader, which is `lock`.
        unsafe { self.lock.bump_upgradable() };
    }
}

// SAFETY:
// - as above.
unsafe impl RawRwLockUpgradeDowngrade for RawRwLock {
    #[inline]
    unsafe fn downgrade_upgradable(&self) {
        // SAFETY:
        // - the caller has the lock as an upgradable reader, which is `lock`.
        unsafe { self.lock.downgrade_upgradable() };
        self.released();
    }

    #[inline]
    unsafe fn downgrade_to_upgradable(&self) {
        // SAFETY:
        // - the caller has the lock alone, which is `lock`.
        unsafe { self.lock.downgrade_to_upgradable() };
        self.released();
    }
}

// SAFETY:
// - as above.
unsafe impl RawRwLockUpgradeTimed for RawRwLock {
    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    fn try_lock_upgradable_for(&self, timeout: Duration) -> bool {
        self.lock.try_lock_upgradable_for(timeout)
    }

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    fn try_lock_upgradable_until(&self, deadline: Instant) -> bool {
        self.lock.try_lock_upgradable_until(deadline)
    }

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    unsafe fn try_upgrade_for(&self, timeout: Duration) -> bool {
        // SAFETY:
        // - the caller has the lock as an upgradable reader, which is `lock`.
        let succeeded = unsafe { self.lock.try_upgrade_for(timeout) };
        self.attempted(succeeded)
    }

    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    unsafe fn try_upgrade_until(&self, deadline: Instant) -> bool {
        // SAFETY:
        // - the caller has the lock as an upgradable reader, which is `lock`.
        let succeeded = unsafe { self.lock.try_upgrade_until(deadline) };
        self.attempted(succeeded)
    }
}

impl fmt::Debug for RawMutex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let locked = self.lock.is_locked();
        f.debug_struct("RawMutex").field("locked", &locked).finish_non_exhaustive()
    }
}

impl fmt::Debug for RawRwLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawRwLock")
            .field("locked", &self.lock.is_locked())
            .field("locked_exclusive", &self.lock.is_locked_exclusive())
            .finish_non_exhaustive()
    }
}
