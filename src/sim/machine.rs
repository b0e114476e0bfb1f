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
    expect(dead_code, reason = "unmodified code is not seen here")
)]
#![expect(clippy::disallowed_methods, reason = "it is the other side of the door")]
#![expect(clippy::disallowed_types, reason = "it is the other side of the door")]

mod awaiting;
mod bubble;
mod clock;
mod end;
pub(crate) mod foreign;
pub(crate) mod futex;
mod gate;
mod here;
mod hooks;
mod id;
mod instances;
mod kernel;
mod life;
mod locks;
mod op;
mod outside;
mod panics;
mod parking;
mod path;
mod pick;
pub(crate) mod place;
mod refusals;
mod spawning;
mod state;
mod thread;
mod trace;
mod turn;

pub(crate) use awaiting::{Awaited, await_any, sees_waits};
pub(crate) use bubble::Bubble;
pub(crate) use clock::{elapsed, next_deadline, now, sleep, wait_idle};
pub(crate) use end::{End, Ended, Failure, Seen, SeenStatus};
pub(crate) use here::{atomically, inside, real};
pub(crate) use hooks::{
    CORES, InCall, choose, external, guess, idling, in_call, invariant, point, step, yield_now,
};
pub(crate) use id::Id;
pub(crate) use instances::Instances;
pub(crate) use life::is_dismissal;
pub(crate) use locks::{acquire, acquire_until, release, try_acquire};
pub(crate) use op::{Kind, Op};
pub(crate) use outside::{give_back, outlast, try_outlast};
pub(crate) use panics::last as last_panic;
pub(crate) use parking::{Unparker, park, unparker};
pub use path::Path;
pub(crate) use refusals::{ask_for_thread, refuse_threads, refused_threads, refuses_threads};
pub(crate) use spawning::{Handle, newcomer, panicked, spawn, threads};
pub(crate) use state::{Limits, Setup};
pub(crate) use thread::{Idle, On};
pub(crate) use trace::{Step, Trace};
