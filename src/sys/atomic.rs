//! The atomic words of the crate.
//!
//! Aliases, not re-exports, so that clippy can tell this door from the platform's own.

#![expect(clippy::disallowed_types, reason = "this is the door")]

pub(crate) use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

pub(crate) type AtomicBool = core::sync::atomic::AtomicBool;
pub(crate) type AtomicU32 = core::sync::atomic::AtomicU32;
pub(crate) type AtomicUsize = core::sync::atomic::AtomicUsize;
