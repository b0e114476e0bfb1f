//! Stands in for functions of the C library, so that the machine sees what unmodified code does:
//! std, `parking_lot`, crossbeam and whatever is built on them.
//!
//! The linker binds a program to the first definition of a function that it finds, and that is the
//! one here. Each asks the machine if the calling thread belongs to a bubble and is not about
//! the kit's own business, and the real function, the next one of that name, if not.
//!
//! | function | in a bubble |
//! |---|---|
//! | `syscall` | `futex`: waits and wakes in the model; `getrandom`; others are real |
//! | `clock_gettime` | virtual time; clocks of CPU time are real |
//! | `nanosleep`, `clock_nanosleep` | sleeps in virtual time |
//! | `sched_yield` | lets others run first |
//! | `pthread_create` | the thread belongs to the bubble, and is a child of its creator |
//! | `pthread_join` | waits in the model |
//! | `pthread_setname_np` | reports know the thread by that name |
//! | `getrandom` | bytes that depend on the thread and the number of the call |
//!
//! What is not seen: locks that the C library takes for itself, input and output, other functions
//! that block, and whatever makes system calls by itself.

#[cfg(all(
    feature = "sim-std",
    target_os = "linux",
    target_env = "gnu",
    target_pointer_width = "64",
    not(target_feature = "crt-static"),
    not(miri)
))]
mod glibc;
#[cfg(all(
    feature = "sim-std",
    target_os = "linux",
    target_env = "gnu",
    target_pointer_width = "64",
    not(target_feature = "crt-static"),
    not(miri)
))]
pub(super) use glibc::{Known, begin, body_is_over, prepare_thread, sees_waits};

#[cfg(not(all(
    feature = "sim-std",
    target_os = "linux",
    target_env = "gnu",
    target_pointer_width = "64",
    not(target_feature = "crt-static"),
    not(miri)
)))]
mod absent;
#[cfg(not(all(
    feature = "sim-std",
    target_os = "linux",
    target_env = "gnu",
    target_pointer_width = "64",
    not(target_feature = "crt-static"),
    not(miri)
)))]
pub(super) use absent::{Known, begin, body_is_over, prepare_thread, sees_waits};

#[cfg(all(target_os = "linux", not(miri)))]
mod symbols;
#[cfg(all(target_os = "linux", not(miri)))]
mod tid;
#[cfg(all(target_os = "linux", not(miri)))]
pub(super) use tid::tid;

/// What the kernel calls the current thread.
#[cfg(not(all(target_os = "linux", not(miri))))]
pub(super) fn tid() -> Option<u32> {
    None
}
