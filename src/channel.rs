//! Channels: `crossbeam_channel`, whole, and operations on them that can be given up.
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

pub use crossbeam_channel::*;

pub use merge::{Merge, merge};
pub use recv::{IterUntil, RecvUntil, RecvUntilError};
pub use send::{SendUntil, SendUntilError};
