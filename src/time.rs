//! Use these to have something happen later, or again and again.
//!
//! Whoever waits in a call looks at the clock itself. Only for a channel that somebody may select on,
//! and for a function to be called, an alarm is set with the timer thread.
//!
//! There is one order of two locks: that of a timer, a ticker or a function, and then that of the
//! alarms. Under the two of them the timer thread may be woken; it takes neither before it has run.

mod after_func;
mod ticker;
mod timer;
mod waiting;

pub use after_func::AfterFunc;
pub use ticker::Ticker;
pub use timer::Timer;

use std::time::{Duration, Instant};

use crate::sys;

/// The instant that is so far from now; `None` if the clock does not go so far, which means never.
fn from_now(delay: Duration) -> Option<Instant> {
    sys::now().checked_add(delay)
}
