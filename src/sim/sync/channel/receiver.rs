//! The end that receives.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::state::Channel;
use super::{IntoIter, Iter, RecvError, RecvTimeoutError, TryIter, TryRecvError};
use crate::sys;
use crate::wait::Until;

/// The end of a channel that receives; a clone takes from the same channel, so that each message is
/// received once.
///
/// When the last of them is dropped, senders fail.
pub struct Receiver<T> {
    channel: Arc<Channel<T>>,
}

// No user code runs under the lock of a channel, so no panic leaves it half-changed.
impl<T> UnwindSafe for Receiver<T> {}
impl<T> RefUnwindSafe for Receiver<T> {}

impl<T> Receiver<T> {
    pub(super) fn new(channel: &Arc<Channel<T>>) -> Self {
        channel.look(|state| state.receivers += 1);
        Receiver { channel: Arc::clone(channel) }
    }

    /// Receives a message if there is one, or at a rendezvous a sender that waits.
    ///
    /// # Errors
    ///
    /// `Empty` if there is none, `Disconnected` if all senders are gone, too.
    #[track_caller]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        if self.channel.is_rendezvous() {
            self.channel.try_accept()
        } else {
            self.channel.try_take()
        }
    }

    /// Receives a message.
    ///
    /// # Blocking
    ///
    /// Until there is one.
    ///
    /// # Errors
    ///
    /// If there are no messages, and all senders are gone.
    #[track_caller]
    pub fn recv(&self) -> Result<T, RecvError> {
        self.recv_until(Until::FOREVER).map_err(|_| RecvError)
    }

    /// [`recv`](Self::recv), for no longer than `timeout`.
    ///
    /// # Errors
    ///
    /// `Timeout` if time was over first, `Disconnected` if there are no messages, and all senders are
    /// gone.
    #[track_caller]
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        self.recv_until(timeout.into())
    }

    /// [`recv_timeout`](Self::recv_timeout), up to an instant of [`sim::now`](crate::sim::now)'s.
    ///
    /// # Errors
    ///
    /// As there.
    #[track_caller]
    pub fn recv_deadline(&self, deadline: Instant) -> Result<T, RecvTimeoutError> {
        self.recv_until(deadline.into())
    }

    #[track_caller]
    fn recv_until(&self, until: Until<'_>) -> Result<T, RecvTimeoutError> {
        let _call = sys::blocking_call("channel::recv");
        if self.channel.is_rendezvous() {
            self.channel.accept(until)
        } else {
            self.channel.take(until)
        }
    }

    /// Receives until all senders are gone.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter::new(self)
    }

    /// Receives what is there, and does not wait for more.
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter::new(self)
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

    /// Returns `true` if both receive from the same channel.
    pub fn same_channel(&self, other: &Receiver<T>) -> bool {
        Arc::ptr_eq(&self.channel, &other.channel)
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Receiver::new(&self.channel)
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.channel.drop_receiver();
    }
}

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    fn into_iter(self) -> IntoIter<T> {
        IntoIter::new(self)
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}
