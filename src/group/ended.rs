//! What became of a task, and who is told.

use std::panic::{self, AssertUnwindSafe};

use super::members::Members;
use super::stopped::{Label, Stopped};
use crate::context::Context;
use crate::threads::{self, NoThread, Order};
use crate::unwind::Payload;
use crate::wait::Cause;

/// What became of a task.
pub(super) enum Ended<T, E> {
    Ok(T),
    Err(E),
    Panicked(Payload),
    Skipped(Cause),
    /// It was accepted, and there is no thread for it.
    Refused(NoThread),
}

/// What the handle of a task gets.
pub(super) type Outcome<T> = Result<T, Box<Stopped>>;

/// The part of a group that is told what became of its tasks.
pub(super) trait Policy<T, E>: Send + Sync {
    fn members(&self) -> &Members;

    /// Takes note of what became of a task, and returns what its handle gets, if it has one. It may
    /// run code of the user's. It does not unwind.
    fn settle(&self, label: Label, ended: Ended<T, E>) -> Option<Outcome<T>>;
}

/// Carries out an order: runs the task, unless its group has stopped in the meantime, or drops it.
pub(super) fn carry_out<T, E, F>(order: Order, context: &Context, f: F) -> Ended<T, E>
where
    F: FnOnce(&Context) -> Result<T, E>,
{
    match order {
        Order::Refuse(why) => caught(|| dropped(f, Ended::Refused(why))),
        Order::Run => caught(|| match context.ended() {
            Some(cause) => {
                threads::was_skipped();
                dropped(f, Ended::Skipped(cause))
            }
            None => match f(context) {
                Ok(value) => Ended::Ok(value),
                Err(error) => Ended::Err(error),
            },
        }),
    }
}

/// Drops a task that is not to run.
pub(super) fn skip<T, E, F>(f: F, cause: Cause) -> Ended<T, E> {
    caught(|| dropped(f, Ended::Skipped(cause)))
}

fn dropped<T, E, F>(f: F, ended: Ended<T, E>) -> Ended<T, E> {
    drop(f);
    ended
}

fn caught<T, E>(task: impl FnOnce() -> Ended<T, E>) -> Ended<T, E> {
    // AssertUnwindSafe: the task is used up; what it shares with others, it shares at its own
    // risk, as any thread does.
    panic::catch_unwind(AssertUnwindSafe(task)).unwrap_or_else(Ended::Panicked)
}
