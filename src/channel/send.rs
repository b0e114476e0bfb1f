//! Sending that can be given up.

use std::error::Error;
use std::fmt;

use crossbeam_channel::{Select, Sender, TrySendError};

use super::select::{Operations, Order, select_until};
use crate::sys;
use crate::wait::{HasReason, Interrupted, Reason, Until, error_methods};

/// Sending with a bound.
///
/// # Examples
///
/// ```
/// use phalanx::channel::{SendUntil, bounded};
/// use std::time::Duration;
///
/// let (sender, _receiver) = bounded(1);
/// assert!(sender.send_until(1, Duration::ZERO).is_ok());
/// let full = sender.send_until(2, Duration::from_millis(1)).unwrap_err();
/// assert_eq!((full.is_timeout(), full.into_inner()), (true, 2));
/// ```
pub trait SendUntil<T>: sealed::Sealed {
    /// Sends a message, and waits for room no longer than `until`.
    ///
    /// # Blocking
    ///
    /// As the channel's `send`. If there is room at the instant of the bound, the message is sent.
    /// Where there is room at once this costs what a `try_send` does, and a look at the context: some
    /// 50 instructions. A duration costs a look at the clock instead.
    ///
    /// # Errors
    ///
    /// [`SendUntilError`], with the message, if there is no receiver any more, or if the bound was
    /// reached first.
    ///
    /// # Compared with Go
    ///
    /// `select { case ch <- message: case <-ctx.Done(): return ctx.Err() }`, which may well send when
    /// the context has been cancelled before.
    fn send_until<'a>(
        &self,
        message: T,
        until: impl Into<Until<'a>>,
    ) -> Result<(), SendUntilError<T>>;
}

mod sealed {
    #[expect(unnameable_types, reason = "sealed: the trait is for senders")]
    pub trait Sealed {}
    impl<T> Sealed for super::Sender<T> {}
}

impl<T> SendUntil<T> for Sender<T> {
    #[inline]
    #[cfg_attr(feature = "sim", track_caller)]
    fn send_until<'a>(
        &self,
        message: T,
        until: impl Into<Until<'a>>,
    ) -> Result<(), SendUntilError<T>> {
        let until = until.into();
        if let Err(interrupted) = until.enter() {
            return Err(SendUntilError::Interrupted(message, interrupted));
        }
        if sys::is_simulated() {
            return send_slow(self, message, &until);
        }
        match self.try_send(message) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(message)) => send_slow(self, message, &until),
            Err(TrySendError::Disconnected(message)) => Err(SendUntilError::Disconnected(message)),
        }
    }
}

#[cold]
#[cfg_attr(feature = "sim", track_caller)]
fn send_slow<T>(
    sender: &Sender<T>,
    message: T,
    until: &Until<'_>,
) -> Result<(), SendUntilError<T>> {
    let _call = sys::blocking_call("Sender::send_until");
    let mut message = Some(message);
    let sent = select_until(until, Order::First, &One(sender), |_, selected| {
        selected.send(sender, message.take().expect("it is sent once"))
    });
    match (sent, message) {
        (None, Some(message)) => Err(SendUntilError::Interrupted(message, until.why())),
        (sent, _) => {
            sent.map_or(Ok(()), |sent| sent.map_err(|e| SendUntilError::Disconnected(e.0)))
        }
    }
}

struct One<'a, T>(&'a Sender<T>);

impl<'a, T> Operations<'a> for One<'a, T> {
    fn count(&self) -> usize {
        1
    }

    fn enter(&self, _which: usize, select: &mut Select<'a>) {
        select.send(self.0);
    }

    fn is_meeting(&self, _which: usize) -> bool {
        self.0.capacity() == Some(0)
    }
}

/// A message was not sent. It comes back.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendUntilError<T> {
    /// There is no receiver any more.
    Disconnected(T),
    /// The bound was reached first.
    Interrupted(T, Interrupted),
}

impl<T> SendUntilError<T> {
    /// Returns the message.
    pub fn into_inner(self) -> T {
        match self {
            SendUntilError::Disconnected(message) | SendUntilError::Interrupted(message, _) => {
                message
            }
        }
    }

    /// Drops the message: `?` into a boxed error needs this if the message borrows something.
    #[must_use = "the error is returned"]
    pub fn without_inner(self) -> SendUntilError<()> {
        match self {
            SendUntilError::Disconnected(_) => SendUntilError::Disconnected(()),
            SendUntilError::Interrupted(_, why) => SendUntilError::Interrupted((), why),
        }
    }
}

impl<T> HasReason for SendUntilError<T> {
    fn reason(&self) -> Reason<'_> {
        match self {
            SendUntilError::Disconnected(_) => Reason::Closed,
            SendUntilError::Interrupted(_, interrupted) => interrupted.reason(),
        }
    }
}

error_methods!([T] SendUntilError<T>);

impl<T> fmt::Debug for SendUntilError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SendUntilError::Disconnected(_) => f.write_str("Disconnected(..)"),
            SendUntilError::Interrupted(_, why) => write!(f, "Interrupted(.., {why:?})"),
        }
    }
}

impl<T> fmt::Display for SendUntilError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SendUntilError::Disconnected(_) => "the channel has no receiver",
            SendUntilError::Interrupted(..) => "gave up waiting for room in the channel",
        })
    }
}

impl<T> Error for SendUntilError<T> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            SendUntilError::Disconnected(_) => None,
            SendUntilError::Interrupted(_, interrupted) => Some(interrupted),
        }
    }
}
