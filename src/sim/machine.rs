//! A machine with one core and a clock of its own, made of threads of the operating system.
//!
//! It stands in for the operating system behind `sys`. Threads that it runs belong to a *bubble*:
//! exactly one of them runs at a time, from one step to the next, and a [`Chooser`](super::strategy)
//! says which. It knows nothing of the crate but that.

#![cfg_attr(
    not(all(
        feature = "sim-std",
        target_os = "linux",
        target_env = "gnu",
        target_pointer_width = "64",
        not(target_feature = "crt-static"),
        not(miri)
    )),
    expect(dead_code, unused_imports, reason = "unmodified code is not seen here")
)]
#![expect(clippy::disallowed_methods, reason = "it is the other side of the door")]
#![expect(clippy::disallowed_types, reason = "it is the other side of the door")]

mod bubble;
mod end;
pub(crate) mod foreign;
pub(crate) mod futex;
mod gate;
mod here;
mod hooks;
mod instances;
mod kernel;
mod op;
mod panics;
mod path;
pub(crate) mod place;
mod state;
mod thread;
mod trace;

pub(crate) use bubble::{Bubble, Newcomer, is_dismissal};
pub(crate) use end::{End, Ended, Failure, Seen, SeenStatus};
pub(crate) use here::{Real, any, atomically, become_real, inside, is_real, real};
pub(crate) use hooks::{
    CORES, Handle, Id, InCall, Unparker, acquire, choose, elapsed, external, idling, in_call,
    invariant, newcomer, next_deadline, now, panicked, park, point, release, sleep, spawn, step,
    threads, try_acquire, unparker, wait_idle, yield_now,
};
pub(crate) use instances::Instances;
pub(crate) use op::{Kind, Op};
pub(crate) use panics::last as last_panic;
pub use path::Path;
pub(crate) use state::{Limits, Setup};
pub(crate) use thread::{Idle, On};
pub(crate) use trace::{Step, Trace};
