//! The side of a job that delivers.

use std::sync::Arc;

use super::job::{Cell, Lost, Stage};
use crate::belt::Putter;
use crate::unwind::drop_quietly;

/// Delivers the result of a job, once. Dropping it says that the job was not done.
pub(super) struct Promise<R>(Option<To<R>>);

/// A result, with the number of its job.
pub(super) type Numbered<R> = (usize, Result<R, Lost>);

enum To<R> {
    /// For whoever has the handle of the job.
    Handle(Arc<Cell<R>>),
    /// For whoever waits for many jobs.
    Inbox(usize, Arc<Putter<Numbered<R>>>),
}

impl<R> Promise<R> {
    pub(super) fn to_handle(cell: Arc<Cell<R>>) -> Self {
        Promise(Some(To::Handle(cell)))
    }

    pub(super) fn to_inbox(number: usize, inbox: &Arc<Putter<Numbered<R>>>) -> Self {
        Promise(Some(To::Inbox(number, Arc::clone(inbox))))
    }

    /// Delivers the result. One that nobody wants any more is dropped here; a panic of that drop is
    /// nobody's but the worker's, who goes on.
    pub(super) fn deliver(mut self, result: Result<R, Lost>) {
        self.fill(result);
    }

    fn fill(&mut self, result: Result<R, Lost>) {
        match self.0.take() {
            Some(To::Handle(cell)) => {
                let mut stage = cell.lock();
                *stage = Stage::There(result);
                stage.grant_all();
                drop(stage);
                drop_quietly(cell); // perhaps the last owner of the result
            }
            Some(To::Inbox(number, inbox)) => drop_quietly(inbox.force((number, result))),
            None => {}
        }
    }
}

impl<R> Drop for Promise<R> {
    fn drop(&mut self) {
        self.fill(Err(Lost::NotDone));
    }
}
