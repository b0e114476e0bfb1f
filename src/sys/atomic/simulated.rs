//! The same words, of which each operation is a step that the machine knows of.

pub(crate) type AtomicBool = crate::sim::sync::atomic::AtomicBool;
pub(crate) type AtomicU32 = crate::sim::sync::atomic::AtomicU32;
pub(crate) type AtomicUsize = crate::sim::sync::atomic::AtomicUsize;
pub(crate) type AtomicI64 = crate::sim::sync::atomic::AtomicI64;
pub(crate) type AtomicU64 = crate::sim::sync::atomic::AtomicU64;
