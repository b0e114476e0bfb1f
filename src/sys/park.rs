//! Putting the current thread to sleep, and waking another one.
//!
//! std's per-thread token is what we want: one futex word per thread, no table, and a wake-up
//! that comes before the sleep is not lost. The token is shared with everybody else who parks
//! this thread, so a return from [`park`] means nothing: look at your own flag, in a loop.

use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// A handle that wakes one thread.
#[derive(Debug)]
pub(crate) struct Unparker(Thread);

impl Unparker {
    /// Ends the current or the next [`park`] of the thread.
    pub(crate) fn unpark(&self) {
        self.0.unpark();
    }
}

/// The handle that wakes the current thread.
pub(crate) fn unparker() -> Unparker {
    Unparker(thread::current())
}

/// Sleeps until somebody unparks this thread, or for no reason at all.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) fn park() {
    thread::park();
}

/// Like [`park`], and returns once `deadline` has passed.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) fn park_deadline(deadline: Instant) {
    thread::park_timeout(deadline.saturating_duration_since(super::now()));
}

/// Sleeps for a short while, whoever unparks this thread.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) fn sleep(duration: Duration) {
    thread::sleep(duration);
}
