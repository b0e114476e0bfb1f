//! The atomic words of the crate.
//!
//! Aliases, not re-exports, so that clippy can tell this door from the platform's own.

#![expect(clippy::disallowed_types, reason = "this is the door")]

#[cfg(all(any(test, not(target_has_atomic = "64")), not(feature = "sim")))]
mod locked;
#[cfg(feature = "sim")]
mod simulated;

use core::sync::atomic::Ordering::SeqCst;
pub(crate) use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

#[cfg(not(feature = "sim"))]
pub(crate) type AtomicBool = core::sync::atomic::AtomicBool;
#[cfg(not(feature = "sim"))]
pub(crate) type AtomicU32 = core::sync::atomic::AtomicU32;
#[cfg(not(feature = "sim"))]
pub(crate) type AtomicUsize = core::sync::atomic::AtomicUsize;
#[cfg(all(target_has_atomic = "64", not(feature = "sim")))]
pub(crate) type AtomicI64 = core::sync::atomic::AtomicI64;
#[cfg(all(target_has_atomic = "64", not(feature = "sim")))]
pub(crate) type AtomicU64 = core::sync::atomic::AtomicU64;
#[cfg(all(not(target_has_atomic = "64"), not(feature = "sim")))]
pub(crate) use locked::{AtomicI64, AtomicU64};

#[cfg(feature = "sim")]
pub(crate) use simulated::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, AtomicUsize};

/// Words that are no steps of a simulation: they are hints, or are changed under a lock and looked at
/// without it only where a stale value does no harm.
pub(crate) type HintByte = core::sync::atomic::AtomicU8;
pub(crate) type HintBool = core::sync::atomic::AtomicBool;
pub(crate) type HintUsize = core::sync::atomic::AtomicUsize;

/// A sequentially consistent fence.
pub(crate) fn fence() {
    core::sync::atomic::fence(SeqCst);
}

/// The same between an atomic read-modify-write and a later load of another word.
///
/// On x86 a read-modify-write is such a fence itself, so only the compiler must be kept from moving the
/// load. Miri goes by the rules of the language on every machine, and needs the fence.
#[inline]
pub(crate) fn fence_after_update() {
    if cfg!(all(any(target_arch = "x86", target_arch = "x86_64"), not(miri))) {
        core::sync::atomic::compiler_fence(SeqCst);
    } else {
        core::sync::atomic::fence(SeqCst);
    }
}
