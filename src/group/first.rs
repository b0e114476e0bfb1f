//! The default policy: the first error cancels the group, and is the group's.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use parking_lot::Mutex;

use super::attempt::{Ended, attempt, skip};
use super::core::Core;
use super::task::{Promise, Stopped, WhyStopped};
use crate::context::Context;
use crate::unwind::drop_caught;
use crate::wait::Cause;

/// The first error of a group. A task that succeeds does not come here.
pub(super) struct First<E>(Mutex<Record<E>>);

struct Record<E> {
    /// The first error: recorded before the group is cancelled, so that no echo comes before it.
    error: Option<E>,
    /// The first task that never ran. Without an error, this is what the group reports.
    skipped: Option<Stopped>,
}

// The lock is never held while user code runs.
impl<E> UnwindSafe for First<E> {}
impl<E> RefUnwindSafe for First<E> {}

impl<E> First<E> {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(First(Mutex::new(Record { error: None, skipped: None })))
    }

    /// Runs a task and settles what became of it.
    pub(super) fn run<T>(
        &self,
        core: &Core,
        f: impl FnOnce(&Context) -> Result<T, E>,
        promise: Promise<T>,
    ) {
        self.settle(core, attempt(core, f), promise);
    }

    /// Settles a task that is not to run.
    pub(super) fn skip<T, F>(&self, core: &Core, f: F, cause: Cause, promise: Promise<T>) {
        self.settle(core, skip(f, cause), promise);
    }

    /// First the group learns what happened, then whoever joins the task.
    fn settle<T>(&self, core: &Core, ended: Ended<T, E>, promise: Promise<T>) {
        match ended {
            Ended::Ok(value) => promise.keep(value),
            Ended::Err(error) => {
                self.failed(core, error, &promise.stopped(WhyStopped::Failed).to_string());
                promise.break_because(WhyStopped::Failed);
            }
            Ended::Panicked(payload) => {
                core.panicked(payload);
                promise.break_because(WhyStopped::Panicked);
            }
            Ended::Skipped(cause) => {
                let skipped = promise.stopped(WhyStopped::Skipped(cause.clone()));
                self.0.lock().skipped.get_or_insert(skipped);
                promise.break_because(WhyStopped::Skipped(cause));
            }
        }
        // The handle may be gone, and the value with it: its drop is the user's code.
        if let Err(payload) = drop_caught(promise) {
            core.panicked(payload);
        }
    }

    /// Records an error, if it is the first, and cancels the group.
    pub(super) fn failed(&self, core: &Core, error: E, why: &str) {
        let mut record = self.0.lock();
        let surplus =
            if record.error.is_none() { record.error.replace(error) } else { Some(error) };
        drop(record);
        core.cancel(why);
        if let Err(payload) = drop_caught(surplus) {
            core.panicked(payload);
        }
    }

    /// What the group reports when all tasks have ended without a panic.
    pub(super) fn outcome(&self) -> Result<(), E>
    where
        E: From<Stopped>,
    {
        let mut record = self.0.lock();
        let (error, skipped) = (record.error.take(), record.skipped.take());
        drop(record);
        match (error, skipped) {
            (Some(error), _) => Err(error),
            (None, Some(skipped)) => Err(skipped.into()),
            (None, None) => Ok(()),
        }
    }
}
