//! Use these to guard what threads share: `parking_lot`'s locks, under names that the test kit knows.
//!
//! Without the feature `sim` they are `parking_lot`'s own types, and nothing else. With it they are
//! those of `phalanx::sim::sync`, which outside of a bubble do the same. That is what the names are
//! for: code that locks, and holds a lock where it blocks, is tested in a bubble as it is.
//!
//! Features are those of the whole build, so what the names mean can change without the crate that
//! uses them: do not show them in an interface between crates. There, name `parking_lot`'s types
//! themselves, or be generic over `lock_api::RawMutex`, as [`Cond`](crate::Cond) is.

#[cfg(feature = "sim")]
use crate::sim::sync as locks;
#[cfg(not(feature = "sim"))]
use parking_lot as locks;

pub use locks::{
    MappedMutexGuard, MappedRwLockReadGuard, MappedRwLockWriteGuard, MutexGuard, RwLockReadGuard,
    RwLockUpgradableReadGuard, RwLockWriteGuard,
};

/// A lock with what it guards inside.
///
/// # Compared with Go
///
/// `sync.Mutex`. Unlocking is the guard's `Drop`; in Go, to unlock what is not locked ends the process.
/// Both locks let newcomers overtake; Go's goes to a waiter after a millisecond, `parking_lot`'s every
/// half a millisecond on average.
///
/// # In detail
#[doc(inline)]
pub use locks::Mutex;

/// A lock for one writer or many readers, with what it guards inside.
///
/// # Compared with Go
///
/// `sync.RWMutex`. In both a writer that waits keeps new readers out, so a thread that reads twice may
/// wait for ever; here there is `read_recursive` for that. Only here can an upgradable reader become
/// the writer.
///
/// # In detail
#[doc(inline)]
pub use locks::RwLock;
