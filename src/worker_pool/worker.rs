//! What a worker does.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use super::Entry;
use super::job::Lost;
use crate::belt::{Putter, Taker};
use crate::context::Context;
use crate::sys;
use crate::unwind::{drop_quietly, message};

pub(super) struct Worker<J, R> {
    pub(super) number: usize,
    pub(super) queue: Arc<Putter<Entry<J, R>>>,
    pub(super) taker: Taker<Entry<J, R>>,
}

/// Does one job after the other, until there are no more, or the pool is cancelled.
pub(super) fn work<S, J, R>(
    worker: Worker<J, R>,
    ctx: &Context,
    make_state: &impl Fn(usize) -> S,
    work_on: &impl Fn(&mut S, J, &Context) -> R,
) {
    let Worker { number, queue, mut taker } = worker;
    let _ours = Ours::enter(&queue);
    // A state whose drop panics harms nobody, whenever it is dropped; hence `drop_quietly`.
    let mut state = make_state(number);
    while let Some(Entry { job, promise }) = next(&mut taker, ctx) {
        // AssertUnwindSafe: a state that has seen a panic is thrown away.
        match panic::catch_unwind(AssertUnwindSafe(|| work_on(&mut state, job, ctx))) {
            Ok(result) => promise.deliver(Ok(result)),
            Err(payload) => {
                promise.deliver(Err(Lost::Panicked(message(&*payload).into())));
                drop_quietly(payload);
                // First the old one goes: there may be room for one only.
                drop_quietly(state);
                state = make_state(number);
            }
        }
    }
    drop_quietly(state);
    // If there are jobs left, the pool has been cancelled; others may be at long jobs still.
    queue.close();
    queue.take_back().for_each(drop_quietly);
}

/// Waits for a job; `None` if there are no more, or the pool has been cancelled.
fn next<J, R>(taker: &mut Taker<Entry<J, R>>, ctx: &Context) -> Option<Entry<J, R>> {
    let _call = sys::blocking_call("WorkerPool, waiting for a job");
    if ctx.ended().is_some() {
        return None;
    }
    taker.take(&ctx.into()).ok()?.map(|(_, entry)| entry)
}

thread_local! {
    /// The pool whose worker this thread is: the address of its queue.
    static POOL: Cell<usize> = const { Cell::new(0) };
}

/// Says that this thread is a worker of a pool, for as long as it lives; then it is what it was before.
pub(super) struct Ours(usize);

impl Ours {
    fn enter<T>(queue: &Arc<Putter<T>>) -> Self {
        Ours(POOL.replace(Arc::as_ptr(queue).addr()))
    }

    /// Whether this thread is a worker of the pool with that queue.
    pub(super) fn is_here<T>(queue: &Arc<Putter<T>>) -> bool {
        POOL.get() == Arc::as_ptr(queue).addr()
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        POOL.set(self.0);
    }
}
