//! The end that sends.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::state::Channel;
use super::{SendError, SendTimeoutError, TrySendError};
use crate::sys;
use crate::wait::Until;

/// The end of a channel that sends; a clone sends to the same channel.
///
/// When the last of them is dropped, receivers take what is left, and then fail.
pub struct Sender<T> {
    channel: Arc<Channel<T>>,
}

// No user code runs under the lock of a channel, so no panic leaves it half-changed.
impl<T> UnwindSafe for Sender<T> {}
impl<T> RefUnwindSafe for Sender<T> {}

impl<T> Sender<T> {
    pub(super) fn new(channel: &Arc<Channel<T>>) -> Self {
        channel.look(|state| state.senders += 1);
        Sender { channel: Arc::clone(channel) }
    }

    /// Sends a message if there is room, or at a rendezvous a receiver that waits.
    ///
    /// # Errors
    ///
    /// `Full` if there is none, `Disconnected` if all receivers are gone; with the message.
    #[track_caller]
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        if self.channel.is_rendezvous() {
            self.channel.try_give(message)
        } else {
            self.channel.try_put(message)
        }
    }

    /// Sends a message.
    ///
    /// # Blocking
    ///
    /// Until there is room, or at a rendezvous until a receiver has taken the message.
    ///
    /// # Errors
    ///
    /// The message, if all receivers are gone.
    #[track_caller]
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        self.send_until(message, Until::FOREVER).map_err(|error| SendError(error.into_inner()))
    }

    /// [`send`](Self::send), for no longer than `timeout`.
    ///
    /// # Errors
    ///
    /// `Timeout` if time was over first, `Disconnected` if all receivers are gone; with the message.
    #[track_caller]
    pub fn send_timeout(&self, message: T, timeout: Duration) -> Result<(), SendTimeoutError<T>> {
        self.send_until(message, timeout.into())
    }

    /// [`send_timeout`](Self::send_timeout), up to an instant of [`sim::now`](crate::sim::now)'s.
    ///
    /// # Errors
    ///
    /// As there.
    #[track_caller]
    pub fn send_deadline(&self, message: T, deadline: Instant) -> Result<(), SendTimeoutError<T>> {
        self.send_until(message, deadline.into())
    }

    #[track_caller]
    fn send_until(&self, message: T, until: Until<'_>) -> Result<(), SendTimeoutError<T>> {
        let _call = sys::blocking_call("channel::send");
        if self.channel.is_rendezvous() {
            self.channel.give(message, until)
        } else {
            self.channel.put(message, until)
        }
    }

    /// Returns `true` if there are no messages. At a rendezvous there never are.
    #[track_caller]
    pub fn is_empty(&self) -> bool {
        self.channel.len() == 0
    }

    /// Returns `true` if there is no room. At a rendezvous there never is.
    #[track_caller]
    pub fn is_full(&self) -> bool {
        self.channel.is_full()
    }

    /// Returns the number of messages that have been sent and not yet received.
    #[track_caller]
    pub fn len(&self) -> usize {
        self.channel.len()
    }

    /// Returns the number of messages that there is room for; `None` if it has no bound.
    pub fn capacity(&self) -> Option<usize> {
        self.channel.capacity
    }

    /// Returns `true` if both send to the same channel.
    pub fn same_channel(&self, other: &Sender<T>) -> bool {
        Arc::ptr_eq(&self.channel, &other.channel)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Sender::new(&self.channel)
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.channel.drop_sender();
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}
