//! Use this to test code that locks.

#![expect(unsafe_code, reason = "the traits of lock_api are unsafe")]

use std::fmt;
use std::time::{Duration, Instant};

use parking_lot::lock_api::{self, RawMutex as _, RawMutexFair, RawMutexTimed};

use super::door::{ALONE, Door, Patience};
use crate::sim::machine::{self, Kind};

/// [`parking_lot::Mutex`], of which a bubble knows who has it and who waits.
///
/// Taking it is a step; so is an attempt, which fails if another thread has been stopped while it has
/// the lock. Which of the waiting threads gets it next is part of the schedule. If threads wait for
/// each other, the report says who has what, and where they ask for more.
///
/// The timeouts of `try_lock_for` are virtual; an instant for `try_lock_until` is one of
/// [`sim::now`](crate::sim::now).
///
/// # Examples
///
/// ```
/// use phalanx::sim;
/// use phalanx::sim::sync::Mutex;
///
/// // A transfer locks both accounts in the order in which they are given.
/// let transfer = |from: &Mutex<i32>, to: &Mutex<i32>| {
///     let (mut from, mut to) = (from.lock(), to.lock());
///     (*from, *to) = (*from - 1, *to + 1);
/// };
/// let failure = sim::Builder::new().try_check(move || {
///     let (a, b) = (Mutex::new(1), Mutex::new(1));
///     sim::scope(|s| {
///         s.spawn("there", || transfer(&a, &b));
///         s.spawn("back", || transfer(&b, &a));
///     });
/// });
/// let report = failure.expect_err("they wait for each other").to_string();
/// assert!(report.contains("DEADLOCK"));
/// assert!(report.contains("cycle: T0.0 -> T0.1 -> T0.0"), "{report}");
/// ```
pub type Mutex<T> = lock_api::Mutex<RawMutex, T>;

/// A [`Mutex`] that is locked, until this is dropped. It stays on its thread.
pub type MutexGuard<'a, T> = lock_api::MutexGuard<'a, RawMutex, T>;

/// A [`MutexGuard`] for a part of what is guarded, from `MutexGuard::map`.
pub type MappedMutexGuard<'a, T> = lock_api::MappedMutexGuard<'a, RawMutex, T>;

/// Makes a [`Mutex`], as `Mutex::new` does.
pub const fn const_mutex<T>(value: T) -> Mutex<T> {
    Mutex::new(value)
}

/// The lock in a [`Mutex`].
pub struct RawMutex {
    /// The lock that the bubble knows.
    door: Door,
    /// The lock that keeps everybody else out: other bubbles, and threads that are in none.
    real: parking_lot::RawMutex,
}

impl RawMutex {
    #[track_caller]
    fn take(&self, patience: Patience) -> bool {
        let _call = patience.call("Mutex::lock");
        let Some(door) = self.door.take(ALONE, patience) else { return false };
        let locked = self.take_real(patience);
        if locked {
            door.keep();
        }
        locked
    }

    /// Takes the real lock. In a bubble it is free, unless somebody outside has it: then no time
    /// passes.
    #[track_caller]
    fn take_real(&self, patience: Patience) -> bool {
        let attempt = |time| self.real.try_lock_for(time).then_some(());
        match patience {
            _ if self.real.try_lock() => true,
            Patience::None => machine::inside() && machine::try_outlast(attempt).is_some(),
            Patience::Until(_) | Patience::Endless if machine::inside() => {
                machine::outlast(attempt);
                true
            }
            Patience::Until(deadline) => self.real.try_lock_until(deadline),
            Patience::Endless => {
                self.real.lock();
                true
            }
        }
    }
}

// SAFETY:
// - it is exclusive, since whoever has it has `real`, which is.
unsafe impl lock_api::RawMutex for RawMutex {
    const INIT: Self = RawMutex { door: Door::new(), real: parking_lot::RawMutex::INIT };

    // The machine knows locks by the thread that has taken them.
    type GuardMarker = lock_api::GuardNoSend;

    #[track_caller]
    fn lock(&self) {
        self.take(Patience::Endless);
    }

    #[track_caller]
    fn try_lock(&self) -> bool {
        self.take(Patience::None)
    }

    unsafe fn unlock(&self) {
        // SAFETY:
        // - the caller has the lock, so it has the real one.
        machine::give_back(|| unsafe { self.real.unlock() });
        self.door.release();
    }

    #[track_caller]
    fn is_locked(&self) -> bool {
        self.door.step(Kind::Load);
        self.real.is_locked()
    }
}

// SAFETY:
// - as above; who gets the lock next is not a matter of safety.
unsafe impl RawMutexFair for RawMutex {
    unsafe fn unlock_fair(&self) {
        // SAFETY:
        // - the caller has the lock, so it has the real one.
        machine::give_back(|| unsafe { self.real.unlock_fair() });
        self.door.release();
    }
}

// SAFETY:
// - as above.
unsafe impl RawMutexTimed for RawMutex {
    type Duration = Duration;
    type Instant = Instant;

    #[track_caller]
    fn try_lock_for(&self, timeout: Duration) -> bool {
        self.take(Patience::lasting(timeout))
    }

    #[track_caller]
    fn try_lock_until(&self, deadline: Instant) -> bool {
        self.take(Patience::Until(deadline))
    }
}

impl fmt::Debug for RawMutex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let locked = self.real.is_locked();
        f.debug_struct("RawMutex").field("locked", &locked).finish_non_exhaustive()
    }
}
