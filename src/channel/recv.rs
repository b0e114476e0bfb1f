//! Receiving that can be given up.

use std::error::Error;
use std::fmt;
use std::iter::FusedIterator;

use crossbeam_channel::{Receiver, Select, TryRecvError};

use super::select::{Operations, Order, select_until};
use crate::sys;
use crate::wait::{Cancelled, HasReason, Interrupted, Reason, Until, error_methods};

/// Receiving with a bound.
///
/// # Examples
///
/// ```
/// use phalanx::Context;
/// use phalanx::channel::{RecvUntil, unbounded};
///
/// let (sender, receiver) = unbounded();
/// let (ctx, canceller) = Context::background().with_cancel();
/// sender.send(1).unwrap();
/// assert_eq!(receiver.recv_until(&ctx).unwrap(), 1);
/// std::thread::scope(|s| {
///     s.spawn(|| canceller.cancel());
///     assert!(receiver.recv_until(&ctx).unwrap_err().is_cancelled());
/// });
/// ```
pub trait RecvUntil<T>: sealed::Sealed {
    /// Receives a message, and waits for one no longer than `until`.
    ///
    /// # Blocking
    ///
    /// As the channel's `recv`. If there is a message at the instant of the bound, it is received.
    /// Where there is one at once this costs what a `try_recv` does, and a look at the context: some
    /// 50 instructions. A duration costs a look at the clock instead.
    ///
    /// # Errors
    ///
    /// [`RecvUntilError`] if there is no message and no sender any more, or if the bound was reached
    /// first. Nothing was received.
    ///
    /// # Compared with Go
    ///
    /// `select { case message, ok := <-ch: case <-ctx.Done(): return ctx.Err() }`, which may well
    /// receive when the context has been cancelled before.
    fn recv_until<'a>(&self, until: impl Into<Until<'a>>) -> Result<T, RecvUntilError>;

    /// Receives messages until there is no sender any more, and no longer than `until`, which bounds
    /// the whole of it: whether it was reached is the last item.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::channel::{RecvUntil, bounded};
    /// use phalanx::{Context, Interrupted};
    ///
    /// fn sum(ctx: &Context, numbers: &phalanx::channel::Receiver<u32>) -> Result<u32, Interrupted> {
    ///     numbers.iter_until(ctx).sum()
    /// }
    ///
    /// let (ctx, canceller) = Context::background().with_cancel();
    /// let (sender, numbers) = bounded(2);
    /// sender.send(1).unwrap();
    /// sender.send(2).unwrap();
    /// drop(sender);
    /// assert_eq!(sum(&ctx, &numbers).unwrap(), 3);
    /// canceller.cancel();
    /// assert!(sum(&ctx, &numbers).is_err()); // not zero
    /// ```
    ///
    /// # Compared with Go
    ///
    /// `for message := range ch`, which does not end when a context does.
    fn iter_until<'a>(&'a self, until: impl Into<Until<'a>>) -> IterUntil<'a, T>;
}

mod sealed {
    #[expect(unnameable_types, reason = "sealed: the trait is for receivers")]
    pub trait Sealed {}
    impl<T> Sealed for super::Receiver<T> {}
}

impl<T> RecvUntil<T> for Receiver<T> {
    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    fn recv_until<'a>(&self, until: impl Into<Until<'a>>) -> Result<T, RecvUntilError> {
        recv(self, &until.into())
    }

    fn iter_until<'a>(&'a self, until: impl Into<Until<'a>>) -> IterUntil<'a, T> {
        IterUntil { rest: Some((self, until.into())) }
    }
}

#[inline]
#[cfg_attr(feature = "sim", track_caller)]
fn recv<T>(receiver: &Receiver<T>, until: &Until<'_>) -> Result<T, RecvUntilError> {
    until.enter()?;
    if sys::is_simulated() {
        return recv_slow(receiver, until);
    }
    match receiver.try_recv() {
        Ok(message) => Ok(message),
        Err(TryRecvError::Empty) => recv_slow(receiver, until),
        Err(TryRecvError::Disconnected) => Err(RecvUntilError::Disconnected),
    }
}

#[cold]
#[cfg_attr(feature = "sim", track_caller)]
fn recv_slow<T>(receiver: &Receiver<T>, until: &Until<'_>) -> Result<T, RecvUntilError> {
    let _call = sys::blocking_call("Receiver::recv_until");
    select_until(until, Order::First, &One(receiver), |_, selected| selected.recv(receiver))
        .ok_or_else(|| until.why().into())
        .and_then(|message| message.map_err(|_| RecvUntilError::Disconnected))
}

struct One<'a, T>(&'a Receiver<T>);

impl<'a, T> Operations<'a> for One<'a, T> {
    fn count(&self) -> usize {
        1
    }

    fn enter(&self, _which: usize, select: &mut Select<'a>) {
        select.recv(self.0);
    }

    fn is_meeting(&self, _which: usize) -> bool {
        self.0.capacity() == Some(0)
    }
}

/// The messages of a channel: see [`RecvUntil::iter_until`].
#[must_use = "an iterator does nothing unless it is used"]
pub struct IterUntil<'a, T> {
    /// `None` when it has ended.
    rest: Option<(&'a Receiver<T>, Until<'a>)>,
}

impl<T> Iterator for IterUntil<'_, T> {
    type Item = Result<T, Interrupted>;

    #[cfg_attr(feature = "sim", track_caller)]
    fn next(&mut self) -> Option<Self::Item> {
        let (receiver, until) = self.rest.as_ref()?;
        match recv(receiver, until) {
            Ok(message) => Some(Ok(message)),
            Err(ended) => {
                self.rest = None;
                match ended {
                    RecvUntilError::Disconnected => None,
                    RecvUntilError::Interrupted(why) => Some(Err(why)),
                }
            }
        }
    }
}

impl<T> FusedIterator for IterUntil<'_, T> {}

impl<T> fmt::Debug for IterUntil<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IterUntil").field("ended", &self.rest.is_none()).finish_non_exhaustive()
    }
}

/// Nothing was received.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecvUntilError {
    /// There is no message and no sender any more.
    Disconnected,
    /// The bound was reached first.
    Interrupted(Interrupted),
}

impl HasReason for RecvUntilError {
    fn reason(&self) -> Reason<'_> {
        match self {
            RecvUntilError::Disconnected => Reason::Closed,
            RecvUntilError::Interrupted(interrupted) => interrupted.reason(),
        }
    }
}

error_methods!([] RecvUntilError);

impl From<Interrupted> for RecvUntilError {
    fn from(interrupted: Interrupted) -> Self {
        RecvUntilError::Interrupted(interrupted)
    }
}

impl From<Cancelled> for RecvUntilError {
    fn from(cancelled: Cancelled) -> Self {
        RecvUntilError::Interrupted(cancelled.into())
    }
}

impl fmt::Display for RecvUntilError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RecvUntilError::Disconnected => "the channel is empty and has no sender",
            RecvUntilError::Interrupted(_) => "gave up waiting for a message",
        })
    }
}

impl Error for RecvUntilError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            RecvUntilError::Disconnected => None,
            RecvUntilError::Interrupted(interrupted) => Some(interrupted),
        }
    }
}
