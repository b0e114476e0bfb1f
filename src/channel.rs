//! Channels: those of `crossbeam_channel`, and operations on them that can be given up.
//!
//! The types are `crossbeam_channel`'s own, version 0.5, so they can be exchanged with crates that use
//! it; a change of its major version is one of ours. Only [`tick`] differs from the original.
//!
//! [`SendUntil`] and [`RecvUntil`] give a sender and a receiver a `send_until`, a `recv_until` and an
//! `iter_until`, with a bound like all other blocking calls of the crate. [`merge`] receives from
//! several at once.
//!
//! In a simulated run, `send_until`, `recv_until`, `iter_until`, [`merge`] and [`select!`](select) are seen
//! with the feature `sim` alone. The channels themselves are crossbeam's: their own calls are no steps of
//! the run, and those that block (`send`, `recv`, `recv_timeout`, an iterator, crossbeam's `select!`) need
//! `sim-std`, as do [`after`] and [`tick`], whose time is real without it.
//!
//! # Compared with Go
//!
//! Channels and `select`, with a `case <-ctx.Done()` where it is needed: without writing it each time,
//! and at the price of a `try_recv` where nothing has to be waited for.

mod merge;
mod recv;
mod select;
#[doc(hidden)]
pub mod selecting;
mod send;
mod tick;

pub use crossbeam_channel::{
    IntoIter, Iter, ReadyTimeoutError, Receiver, RecvError, RecvTimeoutError, Select,
    SelectTimeoutError, SelectedOperation, SendError, SendTimeoutError, Sender, TryIter,
    TryReadyError, TryRecvError, TrySelectError, TrySendError, after, at, bounded, never,
    select_biased, unbounded,
};

#[doc(inline)]
pub use crate::__select as select;
pub use merge::{Merge, merge};
pub use recv::{IterUntil, RecvUntil, RecvUntilError};
pub use send::{SendUntil, SendUntilError};
pub use tick::tick;
