//! The only door to the platform: atomics, the clock, parking, threads.
//!
//! Whatever the rest of the crate asks of the machine passes through here, so that a simulated
//! machine can take this one's place. This room knows nothing of the crate.

pub(crate) mod atomic;
mod clock;
mod park;
mod spawn;

pub(crate) use clock::now;
pub(crate) use park::{Unparker, park, park_deadline, sleep, unparker};
pub(crate) use spawn::{cores, spawn};
