//! The default policy: the first error cancels the group, and is the group's.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use super::attempt::{Ended, attempt, skip};
use super::core::Core;
use super::packet::Promise;
use super::stopped::{Stopped, WhyStopped};
use super::turn::Turn;
use crate::context::Context;
use crate::sys::Mutex;
use crate::unwind::drop_caught;
use crate::wait::Cause;

/// The first error of a group. A task that succeeds does not come here.
pub(super) struct First<E> {
    core: Arc<Core>,
    record: Mutex<Record<E>>,
}

struct Record<E> {
    /// The first error: recorded before the group is cancelled, so that no echo comes before it.
    error: Option<E>,
    /// What the group is cancelled with because of it.
    why: Option<Arc<str>>,
    /// The first task that never ran. Without an error, this is what the group reports.
    skipped: Option<Stopped>,
}

// The lock is never held while user code runs.
impl<E> UnwindSafe for First<E> {}
impl<E> RefUnwindSafe for First<E> {}

impl<E> First<E> {
    pub(super) fn new(core: &Arc<Core>) -> Arc<Self> {
        let record = Mutex::new(Record { error: None, why: None, skipped: None });
        Arc::new(First { core: Arc::clone(core), record })
    }

    /// The group whose error it is.
    pub(super) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Runs a task and settles what became of it.
    pub(super) fn run<T>(
        &self,
        turn: &mut Turn<'_, '_>,
        f: impl FnOnce(&Context) -> Result<T, E>,
        promise: &Promise<'_, T>,
    ) {
        let ended = attempt(turn.core(), f);
        self.settle(turn, ended, promise);
    }

    /// Settles a task that is not to run.
    pub(super) fn skip<T, F>(
        &self,
        turn: &mut Turn<'_, '_>,
        f: F,
        cause: Cause,
        promise: &Promise<'_, T>,
    ) {
        self.settle(turn, skip(f, cause), promise);
    }

    /// First the group learns what happened; then slot and thread are given back; then whoever
    /// joins the task learns.
    fn settle<T>(&self, turn: &mut Turn<'_, '_>, ended: Ended<T, E>, promise: &Promise<'_, T>) {
        let result = match ended {
            Ended::Ok(value) => Ok(value),
            Ended::Err(error) => {
                let why = promise.stopped(WhyStopped::Failed);
                self.failed(turn.core(), error, &why.to_string());
                Err(why)
            }
            Ended::Panicked(payload) => {
                turn.core().panicked(payload);
                Err(promise.stopped(WhyStopped::Panicked))
            }
            Ended::Skipped(cause) => {
                let why = promise.stopped(WhyStopped::Skipped(cause));
                self.record.lock().skipped.get_or_insert_with(|| why.clone());
                Err(why)
            }
        };
        if let Some(unwanted) = promise.leave(result) {
            // Its drop is the user's code: before slot and thread are given back.
            if let Err(payload) = drop_caught(unwanted) {
                turn.core().panicked(payload);
            }
        } else {
            turn.over();
            promise.deliver();
        }
    }

    /// Records an error, if it is the first, and cancels the group: whoever does it, because of the
    /// first.
    pub(super) fn failed(&self, core: &Core, error: E, why: &str) {
        let mut record = self.record.lock();
        let surplus =
            if record.error.is_none() { record.error.replace(error) } else { Some(error) };
        let why: Arc<str> = Arc::clone(record.why.get_or_insert_with(|| why.into()));
        drop(record);
        core.cancel(&why);
        if let Err(payload) = drop_caught(surplus) {
            core.panicked(payload);
        }
    }

    /// The first error, if no panic has come before it.
    pub(super) fn error(&self) -> Option<E> {
        self.record.lock().error.take()
    }

    /// What the group reports when all tasks have ended without a panic.
    pub(super) fn outcome(&self) -> Result<(), E>
    where
        E: From<Stopped>,
    {
        let mut record = self.record.lock();
        let (error, skipped) = (record.error.take(), record.skipped.take());
        drop(record);
        match (error, skipped) {
            (Some(error), _) => Err(error),
            (None, Some(skipped)) => Err(skipped.into()),
            (None, None) => Ok(()),
        }
    }
}
