//! Putting the current thread to sleep, and waking another one.
//!
//! std's per-thread token is what we want: one futex word per thread, no table, and a wake-up
//! that comes before the sleep is not lost. The token is shared with everybody else who parks
//! this thread, so a return from [`park`] means nothing: look at your own flag, in a loop.
//!
//! Whoever wants to know whether the threads that do its work are blocked has the parks counted.

use std::cell::Cell;
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use super::atomic::{AtomicUsize, Relaxed};
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

thread_local! {
    static IS_WORKING: Cell<bool> = const { Cell::new(false) };
}

/// How many threads are parked in the middle of their work.
static PARKED: AtomicUsize = AtomicUsize::new(0);

/// Calls `work`, and counts this thread as [parked](parked) whenever it is parked there. Not in a
/// simulation.
pub(crate) fn working<R>(work: impl FnOnce() -> R) -> R {
    let _restore = Restore(IS_WORKING.replace(!super::is_simulated()));
    work()
}

/// How many threads are parked in the middle of their work, in this crate: a number to go by.
pub(crate) fn parked() -> usize {
    // Relaxed, as all steps of it: it orders nothing.
    PARKED.load(Relaxed)
}

struct Restore(bool);

impl Drop for Restore {
    fn drop(&mut self) {
        IS_WORKING.set(self.0);
    }
}

/// Calls `park`, counted if the thread is at work. It does not unwind.
fn counted(park: impl FnOnce()) {
    let is_working = IS_WORKING.get();
    if is_working {
        PARKED.fetch_add(1, Relaxed);
    }
    park();
    if is_working {
        PARKED.fetch_sub(1, Relaxed);
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
    counted(thread::park);
}

/// Like [`park`], and returns once `deadline` has passed.
#[cfg_attr(feature = "sim", track_caller)]
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) fn park_deadline(deadline: Instant) {
    #[cfg(feature = "sim")]
    if machine::park(Some(deadline)) {
        return;
    }
    counted(|| thread::park_timeout(deadline.saturating_duration_since(super::now())));
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
