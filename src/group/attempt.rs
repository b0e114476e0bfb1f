//! Running the user's closure, and what became of it.

use std::panic::{self, AssertUnwindSafe};

use super::core::Core;
use crate::context::Context;
use crate::unwind::Payload;
use crate::wait::Cause;

/// What became of a task.
pub(super) enum Ended<T, E> {
    Ok(T),
    Err(E),
    Panicked(Payload),
    Skipped(Cause),
}

/// Runs a task, unless its group has stopped in the meantime; then the closure is dropped.
pub(super) fn attempt<T, E>(core: &Core, f: impl FnOnce(&Context) -> Result<T, E>) -> Ended<T, E> {
    caught(|| match core.context().ended() {
        Some(cause) => dropped(f, cause),
        None => match f(core.context()) {
            Ok(value) => Ended::Ok(value),
            Err(error) => Ended::Err(error),
        },
    })
}

/// Drops a task that is not to run.
pub(super) fn skip<T, E, F>(f: F, cause: Cause) -> Ended<T, E> {
    caught(|| dropped(f, cause))
}

fn dropped<T, E, F>(f: F, cause: Cause) -> Ended<T, E> {
    drop(f);
    Ended::Skipped(cause)
}

fn caught<T, E>(task: impl FnOnce() -> Ended<T, E>) -> Ended<T, E> {
    // AssertUnwindSafe: the task is used up; what it shares with others, it shares at its own
    // risk, as any thread does.
    panic::catch_unwind(AssertUnwindSafe(task)).unwrap_or_else(Ended::Panicked)
}
