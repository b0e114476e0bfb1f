//! Use this to test code that sends messages.
//!
//! A channel has the interface, the errors and the promises of `crossbeam_channel`'s. To send, to
//! receive and to drop the last sender or receiver is one step each; a wait takes no real time.
//!
//! - [`bounded`]`(n)` holds `n` messages; [`bounded`]`(0)` none, so that a sender waits for a receiver
//!   to take the message from its hands; [`unbounded`] any number.
//! - Messages arrive in the order in which they were sent. Who has waited longest is woken first, but
//!   as in the original, another thread may come before it and take what it was woken for; only at a
//!   rendezvous are senders and receivers brought together in the order in which they came.
//! - Without receivers, sending fails and gives the message back; without senders, receiving fails
//!   once all messages are taken.
//!
//! Timeouts are virtual in a bubble; a deadline is an instant of [`sim::now`](crate::sim::now). There
//! is no `select!`, `after` or `tick`: [`channel::select!`](crate::channel::select) is seen on crossbeam's
//! own channels; for the others there is the feature `sim-std`.
//!
//! # Examples
//!
//! ```
//! use phalanx::sim;
//! use phalanx::sim::sync::channel;
//! use std::time::Duration;
//!
//! sim::check(|| {
//!     let (sender, receiver) = channel::bounded(1);
//!     sim::scope(|s| {
//!         s.spawn("doubles", move || {
//!             for n in 1..=3 {
//!                 sender.send(2 * n).expect("the receiver is there");
//!             }
//!         });
//!         assert_eq!(receiver.iter().collect::<Vec<_>>(), [2, 4, 6]);
//!     });
//!     let minute = Duration::from_secs(60);
//!     assert!(receiver.recv_timeout(minute).is_err_and(|error| error.is_disconnected()));
//! });
//! ```

mod buffer;
mod iter;
mod receiver;
mod rendezvous;
mod sender;
mod state;

pub use crossbeam_channel::{
    RecvError, RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError,
};

pub use iter::{IntoIter, Iter, TryIter};
pub use receiver::Receiver;
pub use sender::Sender;
use state::Channel;

/// Makes a channel that holds at most `capacity` messages. With none, senders and receivers meet.
pub fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    ends(Some(capacity))
}

/// Makes a channel that holds any number of messages.
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    ends(None)
}

fn ends<T>(capacity: Option<usize>) -> (Sender<T>, Receiver<T>) {
    let channel = Channel::new(capacity);
    (Sender::new(&channel), Receiver::new(&channel))
}
