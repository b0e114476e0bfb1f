//! The only door to the platform: atomics, the clock, parking, threads.
//!
//! Whatever the rest of the crate asks of the machine passes through here, so that a simulated
//! machine can take this one's place. This room knows nothing of the crate.

pub(crate) mod atomic;
mod clock;
mod global;
mod lock;
mod park;
mod simulation;
mod spawn;

pub(crate) use clock::now;
pub(crate) use global::{Empty, Global, Static};
pub(crate) use lock::{Mutex, MutexGuard};
pub(crate) use park::{Unparker, nap, park, park_deadline, parked, unparker, working};
pub(crate) use simulation::{blocking_call, choose, idling, is_simulated, serving};
pub(crate) use spawn::{cores, spawn};
