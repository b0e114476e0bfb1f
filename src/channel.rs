//! Channels: those of `crossbeam_channel`, and operations on them that can be given up.
//!
//! The types are `crossbeam_channel`'s own, version 0.5, so they can be exchanged with crates that use
//! it; a change of its major version is one of ours. Only [`tick`] differs from the original.
//!
//! [`SendUntil`] and [`RecvUntil`] give a sender and a receiver a `send_until`, a `recv_until` and an
//! `iter_until`, with a bound like all other blocking calls of the crate. [`merge`] receives from
//! several at once.
//!
//! In a bubble of the test kit these channels, which are not the crate's own, are seen with the feature
//! `sim-std`; [`after`] and [`tick`] run on its clock only then.
//!
//! # Compared with Go
//!
//! Channels and `select`, with a `case <-ctx.Done()` where it is needed: without writing it each time,
//! and at the price of a `try_recv` where nothing has to be waited for.

mod merge;
mod recv;
mod select;
mod send;
mod tick;

pub use crossbeam_channel::{
    IntoIter, Iter, ReadyTimeoutError, Receiver, RecvError, RecvTimeoutError, Select,
    SelectTimeoutError, SelectedOperation, SendError, SendTimeoutError, Sender, TryIter,
    TryReadyError, TryRecvError, TrySelectError, TrySendError, after, at, bounded, never, select,
    select_biased, unbounded,
};

pub use merge::{Merge, merge};
pub use recv::{IterUntil, RecvUntil, RecvUntilError};
pub use send::{SendUntil, SendUntilError};
pub use tick::tick;
