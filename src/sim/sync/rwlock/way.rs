//! The ways to take a real lock.

use std::time::Duration;

use parking_lot::RawRwLock;
use parking_lot::lock_api::{
    RawRwLock as _, RawRwLockRecursive, RawRwLockRecursiveTimed, RawRwLockTimed, RawRwLockUpgrade,
    RawRwLockUpgradeTimed,
};

use crate::sim::machine;
use crate::sim::sync::door::Patience;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Read,
    /// Together with readers, past a writer that waits.
    ReadAgain,
    /// Together with readers, to become a writer perhaps.
    Update,
    Write,
}

impl Way {
    pub(super) fn name(self) -> &'static str {
        match self {
            Way::Read => "RwLock::read",
            Way::ReadAgain => "RwLock::read_recursive",
            Way::Update => "RwLock::upgradable_read",
            Way::Write => "RwLock::write",
        }
    }

    /// Takes the real lock; in a bubble, after the doors. There it is free, unless somebody outside has
    /// it: then no time passes.
    #[track_caller]
    pub(super) fn take(self, real: &RawRwLock, patience: Patience) -> bool {
        if machine::inside() { self.take_inside(real, patience) } else { self.wait(real, patience) }
    }

    #[track_caller]
    fn take_inside(self, real: &RawRwLock, patience: Patience) -> bool {
        // Past a writer outside that waits: whether a reader has to wait has been decided by the doors.
        let way = if self == Way::Read { Way::ReadAgain } else { self };
        let attempt = |time| way.try_take_for(real, time).then_some(());
        if way.try_take(real) {
            true
        } else if patience == Patience::None {
            machine::try_outlast(attempt).is_some()
        } else {
            machine::outlast(attempt);
            true
        }
    }

    fn wait(self, real: &RawRwLock, patience: Patience) -> bool {
        match patience {
            Patience::None => self.try_take(real),
            Patience::Until(deadline) => match self {
                Way::Read => real.try_lock_shared_until(deadline),
                Way::ReadAgain => real.try_lock_shared_recursive_until(deadline),
                Way::Update => real.try_lock_upgradable_until(deadline),
                Way::Write => real.try_lock_exclusive_until(deadline),
            },
            Patience::Endless => {
                match self {
                    Way::Read => real.lock_shared(),
                    Way::ReadAgain => real.lock_shared_recursive(),
                    Way::Update => real.lock_upgradable(),
                    Way::Write => real.lock_exclusive(),
                }
                true
            }
        }
    }

    fn try_take(self, real: &RawRwLock) -> bool {
        match self {
            Way::Read => real.try_lock_shared(),
            Way::ReadAgain => real.try_lock_shared_recursive(),
            Way::Update => real.try_lock_upgradable(),
            Way::Write => real.try_lock_exclusive(),
        }
    }

    fn try_take_for(self, real: &RawRwLock, time: Duration) -> bool {
        match self {
            Way::Read => real.try_lock_shared_for(time),
            Way::ReadAgain => real.try_lock_shared_recursive_for(time),
            Way::Update => real.try_lock_upgradable_for(time),
            Way::Write => real.try_lock_exclusive_for(time),
        }
    }
}
