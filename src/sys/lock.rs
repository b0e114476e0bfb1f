//! The locks inside the crate, for short sections in which no user code runs; and the raw locks for
//! those of the user.

#[cfg(feature = "sim")]
mod simulated;

#[cfg(not(feature = "sim"))]
pub(crate) use parking_lot::{Mutex, MutexGuard};
#[cfg(feature = "sim")]
pub(crate) use simulated::{Mutex, MutexGuard};

#[cfg(feature = "sim")]
pub(crate) use crate::sim::sync::{RawMutex, RawRwLock};
#[cfg(not(feature = "sim"))]
pub(crate) use parking_lot::{RawMutex, RawRwLock};
