//! Locks that the machine gives: it knows who has one, and who waits for whom.

use std::panic::Location;
use std::time::Instant;

use super::here;
use super::id::Id;
use super::op::{Kind, Op};
use super::state::State;
use super::thread::On;

/// Takes a lock, or a share of it. `false` outside of a bubble.
#[track_caller]
pub(crate) fn acquire(object: &Id, shared: bool) -> bool {
    take(object, shared, None).is_some()
}

/// The same up to a deadline, and returns whether it was taken. `None` outside of a bubble.
#[track_caller]
pub(crate) fn acquire_until(object: &Id, shared: bool, deadline: Instant) -> Option<bool> {
    take(object, shared, Some(deadline))
}

#[track_caller]
fn take(object: &Id, shared: bool, deadline: Option<Instant>) -> Option<bool> {
    let kind = if shared { Kind::Share } else { Kind::Lock };
    let at = Location::caller();
    here::with(|here| {
        let number = object.number(here);
        here.step(Op { kind, object: number, at });
        let deadline = deadline.map(|at| here.nanos(at));
        loop {
            let mut state = here.state();
            // A release in time wins over the deadline, if nobody else is quicker.
            if state.take_lock(number, here.me, shared) {
                return true;
            }
            if deadline.is_some_and(|deadline| deadline <= state.now) {
                return false;
            }
            here.block(state, On::Lock(number), deadline);
        }
    })
}

/// Takes a lock, or a share, if it is to be had at once. `None` outside of a bubble.
#[track_caller]
pub(crate) fn try_acquire(object: &Id, shared: bool) -> Option<bool> {
    let kind = if shared { Kind::Share } else { Kind::Lock };
    let at = Location::caller();
    here::with(|here| {
        let number = object.number(here);
        here.step(Op { kind, object: number, at });
        here.state().take_lock(number, here.me, shared)
    })
}

/// Gives back what [`acquire`] took. Not a step: what follows is the same whether others run before
/// it or after.
pub(crate) fn release(object: &Id) {
    here::with(|here| {
        let number = object.number(here);
        let mut state = here.state();
        if let Some(lock) = state.locks.get_mut(&number) {
            if lock.writer == Some(here.me) {
                lock.writer = None;
            } else if let Some(place) = lock.readers.iter().position(|r| *r == here.me) {
                lock.readers.swap_remove(place);
            }
        }
        state.wake_blocked_on(On::Lock(number));
    });
}

impl State {
    fn take_lock(&mut self, number: u32, thread: usize, shared: bool) -> bool {
        let lock = self.locks.entry(number).or_default();
        let free = lock.writer.is_none() && (shared || lock.readers.is_empty());
        if free && shared {
            lock.readers.push(thread);
        } else if free {
            lock.writer = Some(thread);
        }
        free
    }
}
