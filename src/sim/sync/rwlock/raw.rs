//! The lock in an `RwLock`: three doors, one behind the other, and the real lock behind them.
//!
//! | door     | shared by                       | taken alone by                          |
//! |----------|---------------------------------|-----------------------------------------|
//! | `entry`  | readers, on their way in        | a writer, from when it asks             |
//! | `update` |                                 | a writer, an upgradable reader          |
//! | `data`   | readers, an upgradable one, too | a writer                                |
//!
//! Doors are taken from the top. An upgradable reader that becomes a writer takes `entry` only if it
//! is to be had at once: if not, a writer that waits for `update` keeps new readers out already.

#![expect(unsafe_code, reason = "the traits of lock_api are unsafe")]

use std::fmt;

use parking_lot::lock_api::{self, RawRwLock as _, RawRwLockFair};

use super::way::Way;
use crate::sim::machine::{self, Kind};
use crate::sim::sync::door::{ALONE, Door, Patience, SHARED};

/// The lock in an [`RwLock`](super::RwLock).
pub struct RawRwLock {
    pub(super) entry: Door,
    pub(super) update: Door,
    pub(super) data: Door,
    /// The lock that keeps everybody else out: other bubbles, and threads that are in none.
    pub(super) real: parking_lot::RawRwLock,
}

impl RawRwLock {
    /// Takes the lock in one of four ways.
    #[track_caller]
    pub(super) fn take(&self, way: Way, patience: Patience) -> bool {
        let _call = patience.call(way.name());
        if self.enter(way, patience).is_none() {
            return false;
        }
        let locked = way.take(&self.real, patience);
        if !locked {
            self.leave(way);
        }
        locked
    }

    /// Takes the doors; all of them, or none.
    #[track_caller]
    fn enter(&self, way: Way, patience: Patience) -> Option<()> {
        match way {
            Way::Read => {
                let _entry = self.entry.take(SHARED, patience)?;
                self.data.take_next(SHARED, patience)?.keep();
            }
            Way::ReadAgain => self.data.take(SHARED, patience)?.keep(),
            Way::Update => {
                let update = self.update.take(ALONE, patience)?;
                self.data.take_next(SHARED, patience)?.keep();
                update.keep();
            }
            Way::Write => {
                let entry = self.entry.take(ALONE, patience)?;
                let update = self.update.take_next(ALONE, patience)?;
                self.data.take_next(ALONE, patience)?.keep();
                update.keep();
                entry.keep();
            }
        }
        Some(())
    }

    /// Gives the doors back; the real lock has been given back before.
    pub(super) fn leave(&self, way: Way) {
        self.data.release();
        if matches!(way, Way::Update | Way::Write) {
            self.update.release();
        }
        if way == Way::Write {
            self.entry.release();
        }
    }
}

// SAFETY:
// - a lock alone is exclusive, since whoever has it has `real` alone, which is.
unsafe impl lock_api::RawRwLock for RawRwLock {
    const INIT: Self = RawRwLock {
        entry: Door::new(),
        update: Door::new(),
        data: Door::new(),
        real: parking_lot::RawRwLock::INIT,
    };

    // The machine knows locks by the thread that has taken them.
    type GuardMarker = lock_api::GuardNoSend;

    #[track_caller]
    fn lock_shared(&self) {
        self.take(Way::Read, Patience::Endless);
    }

    #[track_caller]
    fn try_lock_shared(&self) -> bool {
        self.take(Way::Read, Patience::None)
    }

    unsafe fn unlock_shared(&self) {
        // SAFETY:
        // - the caller has a share of the lock, so it has one of the real one.
        machine::give_back(|| unsafe { self.real.unlock_shared() });
        self.leave(Way::Read);
    }

    #[track_caller]
    fn lock_exclusive(&self) {
        self.take(Way::Write, Patience::Endless);
    }

    #[track_caller]
    fn try_lock_exclusive(&self) -> bool {
        self.take(Way::Write, Patience::None)
    }

    unsafe fn unlock_exclusive(&self) {
        // SAFETY:
        // - the caller has the lock alone, so it has the real one.
        machine::give_back(|| unsafe { self.real.unlock_exclusive() });
        self.leave(Way::Write);
    }

    #[track_caller]
    fn is_locked(&self) -> bool {
        self.data.step(Kind::Load);
        self.real.is_locked()
    }

    #[track_caller]
    fn is_locked_exclusive(&self) -> bool {
        self.data.step(Kind::Load);
        self.real.is_locked_exclusive()
    }
}

// SAFETY:
// - as above; who gets the lock next is not a matter of safety.
unsafe impl RawRwLockFair for RawRwLock {
    unsafe fn unlock_shared_fair(&self) {
        // SAFETY:
        // - the caller has a share of the lock, so it has one of the real one.
        machine::give_back(|| unsafe { self.real.unlock_shared_fair() });
        self.leave(Way::Read);
    }

    unsafe fn unlock_exclusive_fair(&self) {
        // SAFETY:
        // - the caller has the lock alone, so it has the real one.
        machine::give_back(|| unsafe { self.real.unlock_exclusive_fair() });
        self.leave(Way::Write);
    }
}

impl fmt::Debug for RawRwLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawRwLock")
            .field("locked", &self.real.is_locked())
            .field("locked_exclusive", &self.real.is_locked_exclusive())
            .finish_non_exhaustive()
    }
}
