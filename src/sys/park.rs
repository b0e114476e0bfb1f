//! Putting the current thread to sleep, and waking another one.
//!
//! std's per-thread token is what we want: one futex word per thread, no table, and a wake-up
//! that comes before the sleep is not lost. The token is shared with everybody else who parks
//! this thread, so a return from [`park`] means nothing: look at your own flag, in a loop.

use std::thread::{self, Thread};
use std::time::{Duration, Instant};

#[cfg(feature = "sim")]
use crate::sim::machine;

/// A handle that wakes one thread.
#[derive(Debug)]
pub(crate) struct Unparker {
    thread: Thread,
    #[cfg(feature = "sim")]
    simulated: Option<machine::Unparker>,
}

impl Unparker {
    /// Ends the current or the next [`park`] of the thread.
    #[cfg_attr(feature = "sim", track_caller)]
    pub(crate) fn unpark(&self) {
        #[cfg(feature = "sim")]
        if let Some(thread) = &self.simulated {
            return thread.unpark();
        }
        self.thread.unpark();
    }
}

/// The handle that wakes the current thread.
pub(crate) fn unparker() -> Unparker {
    Unparker {
        thread: thread::current(),
        #[cfg(feature = "sim")]
        simulated: machine::unparker(),
    }
}

/// Sleeps until somebody unparks this thread, or for no reason at all.
#[cfg_attr(feature = "sim", track_caller)]
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) fn park() {
    #[cfg(feature = "sim")]
    if machine::park(None) {
        return;
    }
    thread::park();
}

/// Like [`park`], and returns once `deadline` has passed.
#[cfg_attr(feature = "sim", track_caller)]
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) fn park_deadline(deadline: Instant) {
    #[cfg(feature = "sim")]
    if machine::park(Some(deadline)) {
        return;
    }
    thread::park_timeout(deadline.saturating_duration_since(super::now()));
}

/// Stays away for a short while, so that others can go ahead. In a simulation no time passes.
#[cfg_attr(feature = "sim", track_caller)]
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) fn nap(duration: Duration) {
    #[cfg(feature = "sim")]
    if machine::inside() {
        // Who naps for so long tries again and again: time must pass.
        if duration >= Duration::from_millis(1) {
            machine::sleep(duration);
            return;
        }
        // One step, that others may take long before it or long after.
        return machine::step(machine::Kind::Sleep);
    }
    thread::sleep(duration);
}
