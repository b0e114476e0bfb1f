//! Go's concurrency toolbox for synchronous Rust: tasks on OS threads that borrow from the stack,
//! stop together when one fails, and give up when told to. No async, no runtime.

mod context;
mod refused;
mod sys;
mod threads;
mod unwind;
mod wait;
mod wait_group;

pub use context::{Cancelled, Canceller, Context, OnCancel};
pub use refused::{Refusal, Refused};
pub use wait::{Cause, CauseKind, Interrupted, Until};
pub use wait_group::{Token, WaitGroup};
