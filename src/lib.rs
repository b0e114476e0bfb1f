//! Go's concurrency toolbox for synchronous Rust: tasks on OS threads that borrow from the stack,
//! stop together when one fails, and give up when told to. No async, no runtime.

mod context;
mod sys;
mod unwind;
mod wait;

pub use context::{Cancelled, Canceller, Context, OnCancel};
pub use wait::{Cause, CauseKind, Interrupted, Until};
