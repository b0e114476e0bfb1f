//! Receiving from several channels as if they were one.

use std::fmt;
use std::iter::FusedIterator;

use crossbeam_channel::{Receiver, RecvError, Select, TryRecvError};

use super::RecvUntilError;
use super::select::{Operations, Order, select_until};
use crate::sys;
use crate::wait::Until;

/// Receives from all of `receivers`, whichever has a message, until all are disconnected and empty.
///
/// Needs no thread: whoever receives waits for all of them. Messages of one channel stay in order.
///
/// # Examples
///
/// ```
/// use phalanx::channel::{merge, unbounded};
///
/// let (a, from_a) = unbounded();
/// let (b, from_b) = unbounded();
/// std::thread::scope(|s| {
///     s.spawn(move || (0..3).try_for_each(|n| a.send(n)));
///     s.spawn(move || (3..6).try_for_each(|n| b.send(n)));
/// });
/// let mut all: Vec<i32> = merge([from_a, from_b]).collect();
/// all.sort_unstable();
/// assert_eq!(all, [0, 1, 2, 3, 4, 5]);
/// ```
///
/// # Compared with Go
///
/// The `merge` of the pipelines article, with its goroutine for each input.
pub fn merge<T>(receivers: impl IntoIterator<Item = Receiver<T>>) -> Merge<T> {
    Merge { receivers: receivers.into_iter().collect(), next: 0 }
}

/// Several channels that are received from as if they were one: see [`merge`]. As an iterator it ends
/// when all are disconnected and empty.
///
/// Each call begins with the channel behind the one that had the last message, so that none is
/// starved. It looks at the others until it finds a message, and enters all of them if it must wait:
/// its cost grows with the number of channels that have none.
pub struct Merge<T> {
    /// Those that may have a message yet.
    receivers: Vec<Receiver<T>>,
    /// Where to look first; their number means the first of them.
    next: usize,
}

impl<T> Merge<T> {
    /// Receives a message, and waits for one no longer than `until`.
    ///
    /// # Blocking
    ///
    /// As [`RecvUntil::recv_until`](super::RecvUntil::recv_until).
    ///
    /// # Errors
    ///
    /// [`RecvUntilError`] if all are disconnected and empty, or if the bound was reached first.
    /// Nothing was received.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn recv_until<'a>(&mut self, until: impl Into<Until<'a>>) -> Result<T, RecvUntilError> {
        let _call = sys::blocking_call("Merge::recv_until");
        let until = until.into();
        until.enter()?;
        loop {
            sys::point();
            match self.try_recv() {
                Ok(message) => return Ok(message),
                Err(TryRecvError::Disconnected) => return Err(RecvUntilError::Disconnected),
                Err(TryRecvError::Empty) => {}
            }
            match self.select(&until) {
                Some(Ok(message)) => return Ok(message),
                Some(Err(RecvError)) => {} // the next look lets go of that channel
                None => return Err(until.why().into()),
            }
        }
    }

    /// Receives a message, if one is there.
    ///
    /// # Errors
    ///
    /// [`TryRecvError`] if there is none, or if all are disconnected and empty.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let mut left = self.receivers.len();
        while left > 0 {
            left -= 1;
            self.next %= self.receivers.len();
            match self.receivers[self.next].try_recv() {
                Ok(message) => {
                    self.next += 1;
                    return Ok(message);
                }
                Err(TryRecvError::Empty) => self.next += 1,
                Err(TryRecvError::Disconnected) => drop(self.receivers.remove(self.next)),
            }
        }
        Err(if self.receivers.is_empty() {
            TryRecvError::Disconnected
        } else {
            TryRecvError::Empty
        })
    }

    /// Waits for a message, or for the end of a channel; `None` if the bound was reached.
    fn select(&mut self, until: &Until<'_>) -> Option<Result<T, RecvError>> {
        let all = InTurn { receivers: &self.receivers, first: self.next };
        let (place, received) = select_until(until, Order::First, &all, |which, selected| {
            let place = all.place(which);
            (place, selected.recv(&self.receivers[place]))
        })?;
        // One that has ended is looked at first, and let go of.
        self.next = if received.is_ok() { place + 1 } else { place };
        Some(received)
    }
}

/// All channels, beginning with one of them.
struct InTurn<'a, T> {
    receivers: &'a [Receiver<T>],
    first: usize,
}

impl<T> InTurn<'_, T> {
    fn place(&self, which: usize) -> usize {
        (self.first + which) % self.receivers.len()
    }
}

impl<'a, T> Operations<'a> for InTurn<'a, T> {
    fn count(&self) -> usize {
        self.receivers.len()
    }

    fn enter(&self, which: usize, select: &mut Select<'a>) {
        select.recv(&self.receivers[self.place(which)]);
    }

    fn is_meeting(&self, which: usize) -> bool {
        self.receivers[self.place(which)].capacity() == Some(0)
    }
}

impl<T> Iterator for Merge<T> {
    type Item = T;

    #[cfg_attr(feature = "sim", track_caller)]
    fn next(&mut self) -> Option<T> {
        match self.recv_until(Until::FOREVER) {
            Ok(message) => Some(message),
            Err(RecvUntilError::Disconnected) => None,
            Err(RecvUntilError::Interrupted(_)) => {
                unreachable!("nothing interrupts a wait without a bound")
            }
        }
    }
}

impl<T> FusedIterator for Merge<T> {}

impl<T> fmt::Debug for Merge<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Merge").field("channels", &self.receivers.len()).finish_non_exhaustive()
    }
}
