//! What the ends of a channel share.

use std::collections::VecDeque;
use std::sync::Arc;

use super::rendezvous::{Offer, Seat};
use crate::sim::machine::{self, Id, Kind};
use crate::sys::Mutex;
use crate::wait::WaitQueue;

/// A channel.
///
/// Invariants:
/// 1. No step is taken under the lock, and nobody waits for it: in a bubble it is always free.
/// 2. No message is dropped under it.
/// 3. Threads are woken after it has been released.
pub(super) struct Channel<T> {
    id: Id,
    pub(super) capacity: Option<usize>,
    pub(super) state: Mutex<State<T>>,
    /// Receivers that wait for a message in the buffer.
    pub(super) arrivals: WaitQueue,
    /// Senders that wait for room in the buffer.
    pub(super) vacancies: WaitQueue,
}

pub(super) struct State<T> {
    /// The buffer.
    pub(super) messages: VecDeque<T>,
    /// The senders that wait at a rendezvous, oldest first.
    pub(super) offers: VecDeque<Offer<T>>,
    /// The receivers that wait at a rendezvous, oldest first.
    pub(super) wishes: VecDeque<Arc<Seat<Option<T>>>>,
    pub(super) senders: usize,
    pub(super) receivers: usize,
}

impl<T> Channel<T> {
    pub(super) fn new(capacity: Option<usize>) -> Arc<Self> {
        let state = State {
            messages: VecDeque::new(),
            offers: VecDeque::new(),
            wishes: VecDeque::new(),
            senders: 0,
            receivers: 0,
        };
        Arc::new(Channel {
            id: Id::new(),
            capacity,
            state: Mutex::new(state),
            arrivals: WaitQueue::new(()),
            vacancies: WaitQueue::new(()),
        })
    }

    /// Does something with the channel, as one step.
    #[track_caller]
    pub(super) fn step<R>(&self, kind: Kind, f: impl FnOnce(&Self) -> R) -> R {
        machine::point(kind, &self.id);
        machine::atomically(|| f(self))
    }

    /// Looks at the state, or changes it, as part of the step before.
    pub(super) fn look<R>(&self, f: impl FnOnce(&mut State<T>) -> R) -> R {
        machine::atomically(|| f(&mut self.state.lock()))
    }

    pub(super) fn is_rendezvous(&self) -> bool {
        self.capacity == Some(0)
    }

    #[track_caller]
    pub(super) fn len(&self) -> usize {
        self.step(Kind::Load, |channel| channel.state.lock().messages.len())
    }

    #[track_caller]
    pub(super) fn is_full(&self) -> bool {
        let len = self.len();
        self.capacity.is_some_and(|capacity| len >= capacity)
    }

    /// A sender is gone. If it was the last, those who wait for a message wait in vain.
    #[track_caller]
    pub(super) fn drop_sender(&self) {
        self.step(Kind::Update, |channel| {
            let mut state = channel.state.lock();
            state.senders -= 1;
            if state.senders == 0 {
                let wishes = std::mem::take(&mut state.wishes);
                drop(state);
                for seat in wishes {
                    seat.decide(None);
                }
                channel.arrivals.lock().grant_all();
            }
        });
    }

    /// A receiver is gone. If it was the last, those who have a message to send have it back. What
    /// is in an unbounded buffer is dropped, as in crossbeam's; the rest goes with the last sender.
    #[track_caller]
    pub(super) fn drop_receiver(&self) {
        let unwanted = self.step(Kind::Update, |channel| {
            let mut state = channel.state.lock();
            state.receivers -= 1;
            if state.receivers > 0 {
                return VecDeque::new();
            }
            let offers = std::mem::take(&mut state.offers);
            let unbounded = channel.capacity.is_none();
            let unwanted =
                if unbounded { std::mem::take(&mut state.messages) } else { VecDeque::new() };
            drop(state);
            offers.into_iter().for_each(Offer::decline);
            channel.vacancies.lock().grant_all();
            unwanted
        });
        drop(unwanted); // messages are the user's, and may take steps
    }
}
