//! The default policy of a group: the first error cancels it, and is its result.

use std::error::Error;
use std::panic::{self, AssertUnwindSafe, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use super::ended::{Ended, Outcome, Policy};
use super::members::Members;
use super::stopped::{Label, Stopped, WhyStopped};
use crate::sys::atomic::{HintBool, Relaxed};
use crate::sys::{Mutex, MutexGuard};
use crate::unwind::{drop_caught, drop_quietly};
use crate::wait::{Cancelled, Cause};

/// A group with the default policy.
pub(super) struct FirstFailure<E> {
    members: Members,
    record: Mutex<Record<E>>,
    /// Whether anything is recorded: a look at this takes no lock.
    is_recorded: HintBool,
}

pub(super) type AsCause<E> = fn(&E) -> Box<dyn Error + Send + Sync>;

struct Record<E> {
    /// The first error: recorded before the group is cancelled, so that no secondary one comes first.
    error: Option<E>,
    /// What the error of a task is mapped by.
    map: Option<fn(Stopped, E) -> E>,
    /// What makes a cause of the first error; if there is none, the cause names the task.
    as_cause: Option<AsCause<E>>,
    /// What the group is cancelled with because of it.
    cause: Option<Cause>,
    /// The first task that did not run. If there is no error, the group reports this.
    unrun: Option<Stopped>,
    /// No error is asked for from now on.
    is_closed: bool,
}

// The lock is never held while user code runs.
impl<E> UnwindSafe for FirstFailure<E> {}
impl<E> RefUnwindSafe for FirstFailure<E> {}

impl<E> FirstFailure<E> {
    pub(super) fn new(members: Members) -> Arc<Self> {
        let record = Record {
            error: None,
            map: None,
            as_cause: None,
            cause: None,
            unrun: None,
            is_closed: false,
        };
        let is_recorded = HintBool::new(false);
        Arc::new(FirstFailure { members, record: Mutex::new(record), is_recorded })
    }

    /// Locks the record, to write it.
    fn record(&self) -> MutexGuard<'_, Record<E>> {
        // Relaxed: a thread that has waited for the task sees it, since the task is counted out later.
        self.is_recorded.store(true, Relaxed);
        self.record.lock()
    }

    pub(super) fn members(&self) -> &Members {
        &self.members
    }

    /// From now on, errors of tasks are mapped by `map`.
    pub(super) fn map_errors(&self, map: fn(Stopped, E) -> E) {
        self.record.lock().map = Some(map);
    }

    /// The error of a task that `stopped` tells of; `None` if mapping it panicked.
    fn mapped(&self, stopped: &Stopped, error: E) -> Option<E> {
        let map = self.record.lock().map;
        let Some(map) = map else { return Some(error) };
        // AssertUnwindSafe: the error is used up.
        match panic::catch_unwind(AssertUnwindSafe(|| map(stopped.clone(), error))) {
            Ok(error) => Some(error),
            Err(payload) => {
                self.members.panicked(payload);
                None
            }
        }
    }

    /// From now on, the group is cancelled with what `as_cause` makes of the first error.
    pub(super) fn cancel_with(&self, as_cause: AsCause<E>) {
        self.record.lock().as_cause = Some(as_cause);
    }

    /// What the group is cancelled with if this error is the first.
    fn make_cause(&self, error: &E) -> Option<Cause> {
        let record = self.record.lock();
        let as_cause = if record.cause.is_none() { record.as_cause } else { None };
        drop(record);
        let as_cause = as_cause?;
        // AssertUnwindSafe: the error is only looked at.
        match panic::catch_unwind(AssertUnwindSafe(|| as_cause(error))) {
            Ok(error) => Some(Cause::because(error)),
            Err(payload) => {
                self.members.panicked(payload);
                None
            }
        }
    }

    /// Records an error, if it is the first, and cancels the group because of the first.
    pub(super) fn failed(&self, error: E, why: &str) {
        let mut made = self.make_cause(&error);
        let mut record = self.record();
        let is_first = record.error.is_none() && !record.is_closed;
        let surplus = if is_first { record.error.replace(error) } else { Some(error) };
        let cause = || made.take().unwrap_or_else(|| Cause::because(why.into()));
        let cause = record.cause.get_or_insert_with(cause).clone();
        drop(record);
        self.members.cancel_with(&cause);
        drop_quietly(made); // after the lock: another error was first
        if let Err(payload) = drop_caught(surplus) {
            self.members.panicked(payload);
        }
    }

    /// Takes the first error. Later ones are dropped by the tasks that return them.
    pub(super) fn close(&self) -> Option<E> {
        let mut record = self.record.lock();
        record.is_closed = true;
        record.error.take()
    }

    /// What the group reports when all tasks have ended without a panic.
    pub(super) fn outcome(&self) -> Result<(), E>
    where
        E: From<Stopped>,
    {
        // Relaxed: see `record`.
        if !self.is_recorded.load(Relaxed) {
            return Ok(());
        }
        let mut record = self.record.lock();
        let (error, unrun) = (record.error.take(), record.unrun.take());
        drop(record);
        match (error, unrun) {
            (Some(error), _) => Err(error),
            (None, Some(unrun)) => Err(unrun.into()),
            (None, None) => Ok(()),
        }
    }
}

impl<T: Send, E: Send> Policy<T, E> for FirstFailure<E> {
    fn members(&self) -> &Members {
        &self.members
    }

    fn settle(&self, label: Label, ended: Ended<T, E>) -> Option<Outcome<T>> {
        let stopped = match ended {
            Ended::Ok(value) => return Some(Ok(value)),
            Ended::Err(error) => {
                let stopped = label.stopped(WhyStopped::Failed);
                if let Some(error) = self.mapped(&stopped, error) {
                    self.failed(error, &stopped.to_string());
                }
                stopped
            }
            Ended::Panicked(payload) => {
                self.members.panicked(payload);
                label.stopped(WhyStopped::Panicked)
            }
            Ended::Skipped(cause) => {
                let stopped = label.stopped(WhyStopped::Skipped(Cancelled::new(cause)));
                self.record().unrun.get_or_insert_with(|| stopped.clone());
                stopped
            }
            Ended::Refused(why) => {
                let stopped = label.stopped(WhyStopped::Refused(why));
                self.record().unrun.get_or_insert_with(|| stopped.clone());
                self.members.cancel(&stopped.text());
                stopped
            }
        };
        Some(Err(Box::new(stopped)))
    }
}
