//! Taking an `RwLock` for no longer than some time, and again by a reader.

#![expect(unsafe_code, reason = "the traits of lock_api are unsafe")]

use std::time::{Duration, Instant};

use parking_lot::lock_api::{RawRwLockRecursive, RawRwLockRecursiveTimed, RawRwLockTimed};

use super::raw::RawRwLock;
use super::way::Way;
use crate::sim::sync::door::Patience;

// SAFETY:
// - all ways to take the lock are those of `RawRwLock::take`.
unsafe impl RawRwLockTimed for RawRwLock {
    type Duration = Duration;
    type Instant = Instant;

    #[track_caller]
    fn try_lock_shared_for(&self, timeout: Duration) -> bool {
        self.take(Way::Read, Patience::lasting(timeout))
    }

    #[track_caller]
    fn try_lock_shared_until(&self, deadline: Instant) -> bool {
        self.take(Way::Read, Patience::Until(deadline))
    }

    #[track_caller]
    fn try_lock_exclusive_for(&self, timeout: Duration) -> bool {
        self.take(Way::Write, Patience::lasting(timeout))
    }

    #[track_caller]
    fn try_lock_exclusive_until(&self, deadline: Instant) -> bool {
        self.take(Way::Write, Patience::Until(deadline))
    }
}

// SAFETY:
// - as above.
unsafe impl RawRwLockRecursive for RawRwLock {
    #[track_caller]
    fn lock_shared_recursive(&self) {
        self.take(Way::ReadAgain, Patience::Endless);
    }

    #[track_caller]
    fn try_lock_shared_recursive(&self) -> bool {
        self.take(Way::ReadAgain, Patience::None)
    }
}

// SAFETY:
// - as above.
unsafe impl RawRwLockRecursiveTimed for RawRwLock {
    #[track_caller]
    fn try_lock_shared_recursive_for(&self, timeout: Duration) -> bool {
        self.take(Way::ReadAgain, Patience::lasting(timeout))
    }

    #[track_caller]
    fn try_lock_shared_recursive_until(&self, deadline: Instant) -> bool {
        self.take(Way::ReadAgain, Patience::Until(deadline))
    }
}
