//! Use these to guard what threads share: `parking_lot`'s locks, under names that the test kit knows.
//!
//! Without the feature `sim` they are `parking_lot`'s own types, and nothing else. With it they are
//! those of `phalanx::sim::sync`, which outside of a bubble do the same. That is what the names are
//! for: code that locks, and holds a lock where it blocks, is tested in a bubble as it is.
//!
//! Features are those of the whole build, so what the names mean can change without the crate that
//! uses them: do not show them in an interface between crates. There, name `parking_lot`'s types
//! themselves, or be generic over `lock_api::RawMutex`, as [`Cond`](crate::Cond) is.

#[cfg(not(feature = "sim"))]
pub use parking_lot::{
    MappedMutexGuard, MappedRwLockReadGuard, MappedRwLockWriteGuard, Mutex, MutexGuard, RwLock,
    RwLockReadGuard, RwLockUpgradableReadGuard, RwLockWriteGuard,
};

#[cfg(feature = "sim")]
pub use crate::sim::sync::{
    MappedMutexGuard, MappedRwLockReadGuard, MappedRwLockWriteGuard, Mutex, MutexGuard, RwLock,
    RwLockReadGuard, RwLockUpgradableReadGuard, RwLockWriteGuard,
};
