//! The only door to the platform: atomics, the clock, parking, threads.
//!
//! Whatever the rest of the crate asks of the machine passes through here, so that a simulated
//! machine can take this one's place. This room knows nothing of the crate.

pub(crate) mod atomic;
mod clock;
mod fork;
mod global;
mod hashing;
mod lazy;
mod lock;
mod park;
mod simulation;
mod spawn;
mod thread;
pub(crate) mod user_code;

pub(crate) use clock::now;
pub(crate) use fork::{is_forked, note_forks};
pub(crate) use global::{Empty, Global, Static};
pub(crate) use hashing::Hashing;
pub(crate) use lazy::Lazy;
pub(crate) use lock::{Mutex, MutexGuard, RawMutex, RawRwLock};
pub(crate) use park::{Parker, before_parking, nap, parked, set_at_work, yield_core};
pub(crate) use simulation::{
    blocking_call, choose, guess, idling, is_ending, is_simulated, point, serving, starts_late,
};
pub(crate) use spawn::{cores, spawn};
pub(crate) use thread::{Usage, current_core, remaining_stack, usage};
