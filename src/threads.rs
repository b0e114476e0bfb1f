//! The process-wide elastic cache of threads that runs every task.
//!
//! **Every task has a thread of its own, at once.** A task is given to an idle thread that is
//! claimed for it alone, or to a new one; there is no queue in which it could wait for a running
//! task, and so no pool size and no pool deadlock. Threads that have been idle for ten seconds
//! leave; the most recently used is claimed first, so the surplus ages.
//!
//! Claiming comes before the task is handed over: where the operating system refuses a thread,
//! [`claim`] fails and the caller still has its task.
//!
//! A finished task goes idle *before* it reports that it is done ([`Finish`]), so that whoever
//! waits for it and then starts another finds this very thread.
//!
//! What a reused thread keeps from one task to the next: thread-local values, whose destructors
//! run only when the thread leaves. [`Spec::own_thread`] opts out.

mod cache;
mod spec;
mod worker;

pub(crate) use cache::claim;
pub(crate) use spec::Spec;
pub(crate) use worker::{Claimed, Finish};
