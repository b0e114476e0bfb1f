//! How jobs come into a pool.

use std::error::Error;
use std::fmt;

use super::promise::Promise;
use super::worker::Ours;
use super::{Entry, Job, WorkerPool};
use crate::belt::{NotPut, TryPut};
use crate::sys;
use crate::wait::{HasReason, Interrupted, Reason, Until, error_methods};

impl<J, R> WorkerPool<J, R> {
    /// Submits a job, and waits for room in the queue.
    ///
    /// # Blocking
    ///
    /// Parks until there is room. A job that submits to its own pool does not wait, since all workers
    /// might: its job is queued beyond the bound. That holds on the worker's thread; on another one that
    /// the job has started, it does wait.
    ///
    /// # Errors
    ///
    /// [`SubmitError::Closed`], with the job.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn submit(&self, job: J) -> Result<Job<R>, SubmitError<J>> {
        self.submit_until(job, Until::FOREVER)
    }

    /// Submits a job, and waits for room in the queue no longer than `until`.
    ///
    /// # Errors
    ///
    /// The job, if the pool is closed, or the bound was reached first.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn submit_until<'a>(
        &self,
        job: J,
        until: impl Into<Until<'a>>,
    ) -> Result<Job<R>, SubmitError<J>> {
        let handle = Job::new();
        let entry = Entry { job, promise: Promise::to_handle(handle.cell()) };
        match self.put(entry, &until.into()) {
            Ok(()) => Ok(handle),
            Err(NotPut::Refused(entry)) => Err(SubmitError::Closed(entry.job)),
            Err(NotPut::Interrupted(entry, why)) => Err(SubmitError::Interrupted(entry.job, why)),
        }
    }

    /// Puts a job into the queue; one of this pool's own jobs does so without waiting.
    #[cfg_attr(feature = "sim", track_caller)]
    pub(super) fn put(
        &self,
        entry: Entry<J, R>,
        until: &Until<'_>,
    ) -> Result<(), NotPut<Entry<J, R>>> {
        let _call = sys::blocking_call("WorkerPool::submit");
        if let Err(why) = until.enter() {
            Err(NotPut::Interrupted(entry, why))
        } else if self.context().ended().is_some() {
            // The workers may not have noticed yet.
            Err(NotPut::Refused(entry))
        } else if Ours::is_here(&self.queue) {
            self.queue.force(entry).map_err(NotPut::Refused)
        } else {
            self.queue.put(entry, until)
        }
    }

    /// Submits a job if there is room in the queue.
    ///
    /// # Errors
    ///
    /// [`TrySubmitError`], with the job.
    pub fn try_submit(&self, job: J) -> Result<Job<R>, TrySubmitError<J>> {
        if self.context().ended().is_some() {
            return Err(TrySubmitError::Closed(job));
        }
        let handle = Job::new();
        let promise = Promise::to_handle(handle.cell());
        match self.queue.try_put(Entry { job, promise }) {
            Ok(()) => Ok(handle),
            Err(TryPut::Refused(entry)) => Err(TrySubmitError::Closed(entry.job)),
            Err(TryPut::Full(entry)) => Err(TrySubmitError::Full(entry.job)),
        }
    }
}

/// A job was not accepted. It comes back.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubmitError<J> {
    /// The pool accepts no more jobs: it was closed or cancelled, or its workers are gone.
    Closed(J),
    /// The bound was reached first: of [`submit_until`](WorkerPool::submit_until) only.
    Interrupted(J, Interrupted),
}

/// [`try_submit`](WorkerPool::try_submit) did not accept a job. It comes back.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrySubmitError<J> {
    /// The pool accepts no more jobs: it was closed or cancelled, or its workers are gone.
    Closed(J),
    /// There is no room in the queue just now.
    Full(J),
}

impl<J> SubmitError<J> {
    /// Returns the job.
    pub fn into_inner(self) -> J {
        match self {
            SubmitError::Closed(job) | SubmitError::Interrupted(job, _) => job,
        }
    }

    /// Drops the job: `?` into a boxed error needs this if the job borrows something.
    #[must_use = "the error is returned"]
    pub fn without_inner(self) -> SubmitError<()> {
        match self {
            SubmitError::Closed(_) => SubmitError::Closed(()),
            SubmitError::Interrupted(_, why) => SubmitError::Interrupted((), why),
        }
    }
}

impl<J> TrySubmitError<J> {
    /// Returns the job.
    pub fn into_inner(self) -> J {
        match self {
            TrySubmitError::Closed(job) | TrySubmitError::Full(job) => job,
        }
    }

    /// Drops the job: `?` into a boxed error needs this if the job borrows something.
    #[must_use = "the error is returned"]
    pub fn without_inner(self) -> TrySubmitError<()> {
        match self {
            TrySubmitError::Closed(_) => TrySubmitError::Closed(()),
            TrySubmitError::Full(_) => TrySubmitError::Full(()),
        }
    }
}

impl<J> HasReason for SubmitError<J> {
    fn reason(&self) -> Reason<'_> {
        match self {
            SubmitError::Closed(_) => Reason::Closed,
            SubmitError::Interrupted(_, interrupted) => interrupted.reason(),
        }
    }
}

impl<J> HasReason for TrySubmitError<J> {
    fn reason(&self) -> Reason<'_> {
        match self {
            TrySubmitError::Closed(_) => Reason::Closed,
            TrySubmitError::Full(_) => Reason::WouldBlock,
        }
    }
}

error_methods!([J] SubmitError<J>);
error_methods!([J] TrySubmitError<J>);

impl<J> fmt::Debug for SubmitError<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SubmitError::Closed(_) => f.write_str("Closed(..)"),
            SubmitError::Interrupted(_, why) => write!(f, "Interrupted(.., {why:?})"),
        }
    }
}

impl<J> fmt::Debug for TrySubmitError<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TrySubmitError::Closed(_) => "Closed(..)",
            TrySubmitError::Full(_) => "Full(..)",
        })
    }
}

const CLOSED_TEXT: &str = "the pool accepts no more jobs";

impl<J> fmt::Display for SubmitError<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SubmitError::Closed(_) => CLOSED_TEXT,
            SubmitError::Interrupted(..) => "gave up waiting for room in the queue of the pool",
        })
    }
}

impl<J> fmt::Display for TrySubmitError<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TrySubmitError::Closed(_) => CLOSED_TEXT,
            TrySubmitError::Full(_) => "the queue of the pool is full",
        })
    }
}

impl<J> Error for SubmitError<J> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            SubmitError::Closed(_) => None,
            SubmitError::Interrupted(_, interrupted) => Some(interrupted),
        }
    }
}

impl<J> Error for TrySubmitError<J> {}
