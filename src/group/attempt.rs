//! Running the user's closure, and what became of it.

use std::panic::{self, AssertUnwindSafe};

use super::core::Core;
use crate::context::Context;
use crate::unwind::{Payload, drop_caught};
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
    if let Some(cause) = core.context().cause() {
        return skip(f, cause);
    }
    // AssertUnwindSafe: `f` is used up; what it shares with others, it shares at its own risk, as
    // any thread does.
    match panic::catch_unwind(AssertUnwindSafe(|| f(core.context()))) {
        Ok(Ok(value)) => Ended::Ok(value),
        Ok(Err(error)) => Ended::Err(error),
        Err(payload) => Ended::Panicked(payload),
    }
}

/// Drops a task that is not to run.
pub(super) fn skip<T, E, F>(f: F, cause: Cause) -> Ended<T, E> {
    match drop_caught(f) {
        Ok(()) => Ended::Skipped(cause),
        Err(payload) => Ended::Panicked(payload),
    }
}
