//! The ways to take a real lock.

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

    /// Takes the real lock; in a bubble, after the doors. There it is free, unless a thread that is
    /// not of the bubble has it, and no time passes.
    pub(super) fn take(self, real: &RawRwLock, patience: Patience) -> bool {
        match patience {
            Patience::None => self.try_take(real),
            Patience::Until(deadline) if !machine::inside() => match self {
                Way::Read => real.try_lock_shared_until(deadline),
                Way::ReadAgain => real.try_lock_shared_recursive_until(deadline),
                Way::Update => real.try_lock_upgradable_until(deadline),
                Way::Write => real.try_lock_exclusive_until(deadline),
            },
            Patience::Until(_) | Patience::Endless => {
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
}
