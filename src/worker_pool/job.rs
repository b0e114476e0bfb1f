//! A job that was submitted, and its result.

use std::error::Error;
use std::fmt;
use std::mem;
use std::sync::Arc;

use crate::sys;
use crate::wait::{HasReason, Interrupted, Reason, Until, WaitQueue, error_methods};

/// A job that a pool has accepted; [`join`](Self::join) waits for its result. It is done all the same
/// if this is dropped.
///
/// Its size is that of a pointer; the result has a place on the heap.
pub struct Job<R> {
    cell: Arc<Cell<R>>,
}

const _: () = assert!(size_of::<Job<[u64; 8]>>() == size_of::<usize>());

/// Where a job leaves its result.
pub(super) type Cell<R> = WaitQueue<Stage<R>>;

pub(super) enum Stage<R> {
    Awaited,
    There(Result<R, Lost>),
    Taken,
}

/// There is no result.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lost {
    /// The job has panicked, with this message.
    Panicked(Box<str>),
    /// Nobody has begun the job: the pool was cancelled before, or did not accept it.
    NotDone,
}

impl<R> Job<R> {
    pub(super) fn new() -> Self {
        Job { cell: Arc::new(WaitQueue::new(Stage::Awaited)) }
    }

    pub(super) fn cell(&self) -> Arc<Cell<R>> {
        Arc::clone(&self.cell)
    }

    /// Waits until the job has been done, and returns its result.
    ///
    /// # Blocking
    ///
    /// Parks until the job has ended. In a job of the same pool this may wait for ever: when all
    /// workers wait for jobs that are in the queue.
    ///
    /// # Errors
    ///
    /// [`Lost`] if it has panicked, or was not done.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn join(self) -> Result<R, Lost> {
        loop {
            let result = self.cell.lock().take();
            if let Some(result) = result {
                return result;
            }
            let waited = self.wait_until(Until::FOREVER);
            debug_assert!(waited.is_ok(), "nothing interrupts a wait without a bound");
        }
    }

    /// Waits until the job has ended, and no longer than `until`; the result stays for
    /// [`join`](Self::join).
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the bound was reached first. The job is done all the same.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait_until<'a>(&self, until: impl Into<Until<'a>>) -> Result<(), Interrupted> {
        let _call = sys::blocking_call("Job::join");
        self.cell.wait_enlisted(until.into(), || self.is_done(), |stage| stage.is_there())
    }

    /// Returns `true` if the job has ended.
    pub fn is_done(&self) -> bool {
        self.cell.lock().is_there()
    }
}

impl<R> Stage<R> {
    fn is_there(&self) -> bool {
        matches!(self, Stage::There(_))
    }

    fn take(&mut self) -> Option<Result<R, Lost>> {
        match mem::replace(self, Stage::Taken) {
            Stage::There(result) => Some(result),
            before => {
                *self = before;
                None
            }
        }
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lost::Panicked(message) => write!(f, "the job panicked: {message}"),
            Lost::NotDone => f.write_str("the pool ended before the job was begun"),
        }
    }
}

impl Error for Lost {}

impl HasReason for Lost {
    fn reason(&self) -> Reason<'_> {
        Reason::Other
    }
}

error_methods!([] Lost);

impl<R> fmt::Debug for Job<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("done", &self.is_done()).finish_non_exhaustive()
    }
}
