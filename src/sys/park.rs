//! Putting the current thread to sleep, and waking another one.
//!
//! std's per-thread token is what we want: one futex word per thread, no table, and a wake-up
//! that comes before the sleep is not lost. The token is shared with everybody else who parks
//! this thread, so a return from [`park`] means nothing: look at your own flag, in a loop.
//!
//! A thread that runs tasks may have to see to something before it parks: see [`before_parking`].

use std::cell::Cell;
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use super::atomic::{HintUsize, Relaxed};
use super::global::{Empty, Global, Static};
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
    /// What to call before this thread parks in the middle of its work; it is called once.
    static BEFORE_PARKING: Cell<Option<fn()>> = const { Cell::new(None) };
    /// Whether this thread's parks are counted.
    static IS_AT_WORK: Cell<bool> = const { Cell::new(false) };
}

/// How many threads are parked in the middle of their work.
static PARKED: Global<Parked> = Global::new();

struct Parked(HintUsize);

impl Empty for Parked {
    const EMPTY: Self = Parked(HintUsize::new(0));
}

impl Static for Parked {
    #[cfg(feature = "sim")]
    fn clear(&self) {
        self.0.store(0, Relaxed);
    }
}

/// Arranges for `call` to be called, once, before this thread next parks. `None` undoes it. Returns
/// what was arranged before.
#[inline]
pub(crate) fn before_parking(call: Option<fn()>) -> Option<fn()> {
    BEFORE_PARKING.replace(call)
}

/// Whether this thread is in the middle of its work from now on, so that its parks are counted.
#[inline]
pub(crate) fn set_at_work(is_at_work: bool) {
    IS_AT_WORK.set(is_at_work);
}

/// Returns how many threads are parked in this crate in the middle of their work: a hint.
pub(crate) fn parked() -> usize {
    // Relaxed, as all its steps are: it orders nothing.
    PARKED.get().0.load(Relaxed)
}

/// Calls `park`, with the arranged call before it, and counted if the thread is at work. It does not
/// unwind.
#[cfg_attr(feature = "sim", track_caller)]
fn parking(park: impl FnOnce()) {
    if let Some(call) = BEFORE_PARKING.take() {
        call();
    }
    let is_counted = IS_AT_WORK.get();
    if is_counted {
        PARKED.get().0.fetch_add(1, Relaxed);
    }
    park();
    if is_counted {
        PARKED.get().0.fetch_sub(1, Relaxed);
    }
}

/// Sleeps until somebody unparks this thread, or for no reason at all.
#[cfg_attr(feature = "sim", track_caller)]
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) fn park() {
    parking(|| {
        #[cfg(feature = "sim")]
        if machine::park(None) {
            return;
        }
        thread::park();
    });
}

/// Like [`park`], and returns once `deadline` has passed.
#[cfg_attr(feature = "sim", track_caller)]
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) fn park_deadline(deadline: Instant) {
    parking(|| {
        #[cfg(feature = "sim")]
        if machine::park(Some(deadline)) {
            return;
        }
        thread::park_timeout(deadline.saturating_duration_since(super::now()));
    });
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

/// Lets another thread run on this core, if one is waiting for it: for a thread that spins, since the
/// system may have put the thread that it waits for on this very core.
#[inline]
pub(crate) fn yield_core() {
    thread::yield_now();
}
