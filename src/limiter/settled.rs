//! The state of a limiter while it is locked: up to date, and with the threads that are to be woken.
//!
//! No timekeeper is lost. The threads in the line that are not the first of them sleep without an
//! alarm, so whoever changes who is first, or when the turn of the first comes, tells the first:
//!
//! - the timekeeper has been served, or its place goes to nobody as it has given up: `serve`;
//! - it leaves, or somebody does who stood before it: `leave`;
//! - tokens have come back, or another rate has been set: `cancel`, `set_rate`;
//! - a reservation that stands before it gets a thread: that one looks for itself before it sleeps.
//!
//! A change of the burst moves nobody.
//!
//! The timekeeper would serve all whose turn has come when it looks. That whoever makes a change
//! serves them at once saves those behind it a wake-up, and is not seen otherwise.

use std::sync::Arc;
use std::time::Instant;

use super::State;
use super::line::Number;
use crate::sys::MutexGuard;
use crate::wait::Waiter;

/// The state, locked and up to date. When this is dropped, the lock is released first, and only then
/// are threads woken: the fields are in this order.
pub(super) struct Settled<'a> {
    pub(super) state: MutexGuard<'a, State>,
    woken: Woken,
    pub(super) now: Instant,
}

/// Threads to be woken when this is dropped.
struct Woken(Vec<Arc<Waiter>>);

impl<'a> Settled<'a> {
    #[cold]
    pub(super) fn new(mut state: MutexGuard<'a, State>, now: Instant) -> Self {
        state.bucket.settle(now);
        let mut settled = Settled { state, woken: Woken(Vec::new()), now };
        settled.serve();
        settled
    }

    /// Takes tokens for somebody who is in no line.
    pub(super) fn take_now(&mut self, n: u64) -> bool {
        self.state.line.is_empty() && self.state.bucket.take(n)
    }

    /// Serves those whose turn has come. When nobody is left, what is too much is lost.
    pub(super) fn serve(&mut self) {
        let mut keeper_is_gone = false;
        loop {
            let State { bucket, line } = &mut *self.state;
            let Some((tokens, who)) = line.serve_first(bucket) else { break };
            let Some(waiter) = who else { continue };
            keeper_is_gone = true; // the timekeeper is the first of those who wait
            if waiter.grant() {
                self.woken.0.push(waiter);
            } else {
                bucket.put_back(tokens); // it has given up in this moment
            }
        }
        if self.state.line.is_empty() {
            self.state.bucket.spill();
        } else if keeper_is_gone {
            self.tell_timekeeper();
        }
    }

    /// Leaves the line, unless it has been served; those behind move up.
    pub(super) fn leave(&mut self, number: Number) -> bool {
        let left = self.state.line.leave(number);
        if left {
            self.serve();
            // The turn of those who stand before has not changed. So if many give up together,
            // nobody is woken for those at the end.
            if self.state.line.timekeeper().is_some_and(|(keeper, _)| number < keeper) {
                self.tell_timekeeper();
            }
        }
        left
    }

    /// The current thread need not be woken: it looks after this, and its next sleep would end at once.
    pub(super) fn is_awake(&mut self, waiter: &Arc<Waiter>) {
        self.woken.0.retain(|woken| !Arc::ptr_eq(woken, waiter));
    }

    /// Has the thread that keeps the time look again.
    pub(super) fn tell_timekeeper(&mut self) {
        let keeper = self.state.line.timekeeper().map(|(_, waiter)| Arc::clone(waiter));
        self.woken.0.extend(keeper);
    }
}

impl Drop for Woken {
    fn drop(&mut self) {
        for waiter in self.0.drain(..) {
            waiter.wake();
        }
    }
}
