//! Readers of an `RwLock` that become writers, and writers that become readers.

#![expect(unsafe_code, reason = "the traits of lock_api are unsafe")]

use std::mem;
use std::time::{Duration, Instant};

use parking_lot::lock_api::{
    RawRwLockDowngrade, RawRwLockUpgrade, RawRwLockUpgradeDowngrade, RawRwLockUpgradeFair,
    RawRwLockUpgradeTimed,
};

use super::raw::RawRwLock;
use super::way::Way;
use crate::sim::machine::{self, Kind};
use crate::sim::sync::door::{ALONE, Patience, SHARED};

impl RawRwLock {
    /// Makes an upgradable reader a writer. The doors change hands in one step, if nobody reads.
    ///
    /// # Safety
    ///
    /// The thread has the lock as an upgradable reader.
    #[track_caller]
    unsafe fn rise(&self, patience: Patience) -> bool {
        let _call = patience.call("RwLockUpgradableReadGuard::upgrade");
        self.data.step(Kind::Lock);
        let entry = self.entry.grab(ALONE);
        let share = Parted::new(self);
        let Some(data) = self.data.take_next(ALONE, patience) else { return false };
        // SAFETY:
        // - the caller has the lock as an upgradable reader, so it has the real one.
        let risen = unsafe { self.rise_real(patience) };
        if risen {
            data.keep();
            mem::forget(share);
            if let Some(entry) = entry {
                entry.keep();
            }
        }
        risen
    }

    /// The same for the real lock.
    ///
    /// # Safety
    ///
    /// The thread has the real lock as an upgradable reader.
    #[track_caller]
    unsafe fn rise_real(&self, patience: Patience) -> bool {
        // SAFETY:
        // - as the caller promises: if an attempt fails, the thread still is an upgradable reader.
        let attempt = |time| unsafe { self.real.try_upgrade_for(time) }.then_some(());
        match patience {
            Patience::None if machine::inside() => machine::try_outlast(attempt).is_some(),
            // SAFETY:
            // - as the caller promises.
            Patience::None => unsafe { self.real.try_upgrade() },
            Patience::Until(_) | Patience::Endless if machine::inside() => {
                machine::outlast(attempt);
                true
            }
            // SAFETY:
            // - as the caller promises.
            Patience::Until(deadline) => unsafe { self.real.try_upgrade_until(deadline) },
            Patience::Endless => {
                // SAFETY:
                // - as the caller promises.
                unsafe { self.real.upgrade() };
                true
            }
        }
    }

    /// Takes a share of the data, of which no other thread is a writer.
    fn share_data(&self) {
        self.data.grab(SHARED).expect("RwLock: there is no other writer").keep();
    }
}

/// An upgradable reader's share of the data that is taken again when this is dropped.
struct Parted<'a>(&'a RawRwLock);

impl<'a> Parted<'a> {
    fn new(lock: &'a RawRwLock) -> Self {
        lock.data.release();
        Parted(lock)
    }
}

impl Drop for Parted<'_> {
    fn drop(&mut self) {
        self.0.share_data();
    }
}

// SAFETY:
// - the lock is exclusive or shared as `real` is.
unsafe impl RawRwLockDowngrade for RawRwLock {
    unsafe fn downgrade(&self) {
        // SAFETY:
        // - the caller has the lock alone, so it has the real one.
        machine::give_back(|| unsafe { self.real.downgrade() });
        self.leave(Way::Write);
        self.share_data();
    }
}

// SAFETY:
// - as above.
unsafe impl RawRwLockUpgrade for RawRwLock {
    #[track_caller]
    fn lock_upgradable(&self) {
        self.take(Way::Update, Patience::Endless);
    }

    #[track_caller]
    fn try_lock_upgradable(&self) -> bool {
        self.take(Way::Update, Patience::None)
    }

    unsafe fn unlock_upgradable(&self) {
        // SAFETY:
        // - the caller has the lock as an upgradable reader, so it has the real one.
        machine::give_back(|| unsafe { self.real.unlock_upgradable() });
        self.leave(Way::Update);
    }

    #[track_caller]
    unsafe fn upgrade(&self) {
        // SAFETY:
        // - the caller has the lock as an upgradable reader.
        unsafe { self.rise(Patience::Endless) };
    }

    #[track_caller]
    unsafe fn try_upgrade(&self) -> bool {
        // SAFETY:
        // - the caller has the lock as an upgradable reader.
        unsafe { self.rise(Patience::None) }
    }
}

// SAFETY:
// - as above; who gets the lock next is not a matter of safety.
unsafe impl RawRwLockUpgradeFair for RawRwLock {
    unsafe fn unlock_upgradable_fair(&self) {
        // SAFETY:
        // - the caller has the lock as an upgradable reader, so it has the real one.
        machine::give_back(|| unsafe { self.real.unlock_upgradable_fair() });
        self.leave(Way::Update);
    }
}

// SAFETY:
// - as above.
unsafe impl RawRwLockUpgradeDowngrade for RawRwLock {
    unsafe fn downgrade_upgradable(&self) {
        // SAFETY:
        // - the caller has the lock as an upgradable reader, so it has the real one.
        machine::give_back(|| unsafe { self.real.downgrade_upgradable() });
        self.update.release();
    }

    unsafe fn downgrade_to_upgradable(&self) {
        // SAFETY:
        // - the caller has the lock alone, so it has the real one.
        machine::give_back(|| unsafe { self.real.downgrade_to_upgradable() });
        self.data.release();
        self.share_data();
        self.entry.release();
    }
}

// SAFETY:
// - as above.
unsafe impl RawRwLockUpgradeTimed for RawRwLock {
    #[track_caller]
    fn try_lock_upgradable_for(&self, timeout: Duration) -> bool {
        self.take(Way::Update, Patience::lasting(timeout))
    }

    #[track_caller]
    fn try_lock_upgradable_until(&self, deadline: Instant) -> bool {
        self.take(Way::Update, Patience::Until(deadline))
    }

    #[track_caller]
    unsafe fn try_upgrade_for(&self, timeout: Duration) -> bool {
        // SAFETY:
        // - the caller has the lock as an upgradable reader.
        unsafe { self.rise(Patience::lasting(timeout)) }
    }

    #[track_caller]
    unsafe fn try_upgrade_until(&self, deadline: Instant) -> bool {
        // SAFETY:
        // - the caller has the lock as an upgradable reader.
        unsafe { self.rise(Patience::Until(deadline)) }
    }
}
