//! Sending and receiving through a buffer.
//!
//! No wake-up is lost: whoever changes the buffer wakes one thread of the other side after that, so a
//! thread that has looked before the change is in its queue by then. One is enough: each change
//! serves one thread, and a woken thread that finds its message or its room taken by another has been
//! woken for nothing, but has left nothing behind either.

use crossbeam_channel::{RecvTimeoutError, SendTimeoutError, TryRecvError, TrySendError};

use super::state::Channel;
use crate::sim::machine::Kind;
use crate::wait::Until;

impl<T> Channel<T> {
    #[track_caller]
    pub(super) fn try_put(&self, message: T) -> Result<(), TrySendError<T>> {
        self.step(Kind::Update, |channel| {
            let mut state = channel.state.lock();
            if state.receivers == 0 {
                return Err(TrySendError::Disconnected(message));
            }
            if channel.capacity.is_some_and(|capacity| state.messages.len() >= capacity) {
                return Err(TrySendError::Full(message));
            }
            state.messages.push_back(message);
            drop(state);
            channel.arrivals.lock().grant_one();
            Ok(())
        })
    }

    #[track_caller]
    pub(super) fn put(&self, mut message: T, until: Until<'_>) -> Result<(), SendTimeoutError<T>> {
        let mut timed_out = false;
        loop {
            message = match self.try_put(message) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Disconnected(message)) => {
                    return Err(SendTimeoutError::Disconnected(message));
                }
                // The room wins over the deadline.
                Err(TrySendError::Full(message)) if timed_out => {
                    return Err(SendTimeoutError::Timeout(message));
                }
                Err(TrySendError::Full(message)) => message,
            };
            timed_out = self.vacancies.wait_parked(until, |()| self.can_put()).is_err();
        }
    }

    fn can_put(&self) -> bool {
        let room = |len| self.capacity.is_none_or(|capacity| len < capacity);
        self.look(|state| state.receivers == 0 || room(state.messages.len()))
    }

    #[track_caller]
    pub(super) fn try_take(&self) -> Result<T, TryRecvError> {
        self.step(Kind::Update, |channel| {
            let mut state = channel.state.lock();
            let Some(message) = state.messages.pop_front() else {
                let over = state.senders == 0;
                return Err(if over { TryRecvError::Disconnected } else { TryRecvError::Empty });
            };
            drop(state);
            channel.vacancies.lock().grant_one();
            Ok(message)
        })
    }

    #[track_caller]
    pub(super) fn take(&self, until: Until<'_>) -> Result<T, RecvTimeoutError> {
        let mut timed_out = false;
        loop {
            match self.try_take() {
                Ok(message) => return Ok(message),
                Err(TryRecvError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
                // The message wins over the deadline.
                Err(TryRecvError::Empty) if timed_out => return Err(RecvTimeoutError::Timeout),
                Err(TryRecvError::Empty) => {}
            }
            timed_out = self.arrivals.wait_parked(until, |()| self.can_take()).is_err();
        }
    }

    fn can_take(&self) -> bool {
        self.look(|state| state.senders == 0 || !state.messages.is_empty())
    }
}
