//! Tasks that are run by a thread which is not one of the pool's.

use std::cell::Cell;

use super::pool::{self, Id};
use super::worker::{Finish, Job, run};

thread_local! {
    /// How many tasks this thread is running inside one another, each waiting for the next.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// No thread runs more tasks inside one another than this: its stack has an end.
const DEEPEST: u32 = 8;

/// Runs a queued task on the calling thread, which is about to wait for it. `false` if there is
/// none, or it is not to be found at once.
///
/// `wanted` is asked about a task and its number, and told how many have been pushed.
pub(super) fn run_here(wanted: impl FnMut(&Id, usize, usize) -> bool) -> bool {
    let depth = DEPTH.get();
    if depth == DEEPEST || !pool::sight().is_queued() {
        return false;
    }
    let Some(job) = pool::lock().take_wanted(wanted) else { return false };
    DEPTH.set(depth + 1);
    run(job, Finish::of_nobody());
    DEPTH.set(depth);
    true
}

/// Runs tasks on the thread that started them: there is no other, nor is one to be had, and they have
/// been accepted.
pub(super) fn run_all(accepted: impl Iterator<Item = Job>) {
    accepted.for_each(|job| run(job, Finish::of_nobody()));
}
