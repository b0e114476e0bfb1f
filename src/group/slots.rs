//! The limit of a group: how many of its tasks may run at once.

use std::collections::VecDeque;
use std::sync::Arc;

use super::turn::Member;
use crate::sys;
use crate::threads;
use crate::wait::{Interrupted, Until, WaitQueue};

/// The free slots, those who wait for one, and the tasks that wait for one.
///
/// A slot that comes free goes to the oldest queued task, else to the oldest waiting caller.
pub(super) struct Slots(WaitQueue<State>);

struct State {
    free: usize,
    /// Tasks started by running tasks of the same group while no slot was free.
    queued: VecDeque<Arc<dyn Member>>,
}

impl Slots {
    pub(super) fn new(limit: usize) -> Self {
        Slots(WaitQueue::new(State { free: limit, queued: VecDeque::new() }))
    }

    /// Takes a slot, if one is free.
    pub(super) fn try_take(&self) -> bool {
        self.0.lock().try_take()
    }

    /// Waits for a slot, in the order of arrival.
    pub(super) fn take(&self, until: Until<'_>) -> Result<(), Interrupted> {
        let _call = sys::blocking_call("ErrGroup::go, at the limit");
        until.enter()?;
        if self.try_take() {
            return Ok(());
        }
        // The slots are those of tasks that may not have started.
        threads::hurry();
        // A short task may be about to end: in the queue, so that the order is kept.
        self.0.wait_enlisted(until, || false, State::try_take)
    }

    /// Gives a slot back, or takes over a queued task to be run in it.
    pub(super) fn give_back(&self) -> Option<Arc<dyn Member>> {
        let mut state = self.0.lock();
        let next = state.queued.pop_front();
        if next.is_none() && !state.grant_one() {
            state.free += 1;
        }
        next
    }

    /// Queues a task, to be run by whoever gives a slot back: the calling task, at the latest. If
    /// a slot has come free in the meantime, takes it, and the task comes back.
    pub(super) fn queue(&self, queued: Arc<dyn Member>) -> Option<Arc<dyn Member>> {
        let mut state = self.0.lock();
        if state.try_take() {
            return Some(queued);
        }
        state.queued.push_back(queued);
        None
    }

    /// Takes a task out of the queue, if it is still there.
    pub(super) fn unqueue(&self, index: usize) -> Option<Arc<dyn Member>> {
        let mut state = self.0.lock();
        let place = state.queued.iter().position(|queued| queued.index() == index)?;
        state.queued.remove(place)
    }
}

impl State {
    fn try_take(&mut self) -> bool {
        let any = self.free > 0;
        if any {
            self.free -= 1;
        }
        any
    }
}
