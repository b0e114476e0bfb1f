//! Putting the current thread to sleep, and waking another one.
//!
//! Not by [`std::thread::park`]: its token belongs to the user, who may have been unparked while a call
//! of this crate sleeps, and would never learn of it. Each wait has a [`Parker`] of its own, so no wake-up
//! that comes late disturbs the next wait, either.
//!
//! A thread that runs tasks may have to see to something before it parks: see [`before_parking`].

use core::sync::atomic::AtomicU8;
use std::cell::Cell;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::atomic::{Acquire, HintUsize, Relaxed, Release};
use super::global::{Empty, Global, Static};
#[cfg(feature = "sim")]
use crate::sim::machine;

/// No wake-up has come, and the thread is awake.
const EMPTY: u8 = 0;
/// The thread sleeps, or is about to.
const ASLEEP: u8 = 1;
/// A wake-up has come.
const NOTIFIED: u8 = 2;

/// Where the thread that has made it sleeps, and others wake it.
#[derive(Debug)]
pub(crate) struct Parker {
    /// | value      | meaning                                | written by                  |
    /// |------------|----------------------------------------|-----------------------------|
    /// | `EMPTY`    | no wake-up, and nobody to be woken     | `new`; `park` on its way out |
    /// | `ASLEEP`   | the thread sleeps, or is about to      | `park`, under the lock      |
    /// | `NOTIFIED` | a wake-up that no `park` has taken yet | `unpark`                    |
    state: AtomicU8,
    lock: Mutex<()>,
    woken: Condvar,
    #[cfg(feature = "sim")]
    simulated: Option<machine::Unparker>,
}

impl Parker {
    /// For the current thread.
    pub(crate) fn new() -> Self {
        Parker {
            state: AtomicU8::new(EMPTY),
            lock: Mutex::new(()),
            woken: Condvar::new(),
            #[cfg(feature = "sim")]
            simulated: machine::unparker(),
        }
    }

    /// Ends the current or the next [`park`](Self::park).
    #[cfg_attr(feature = "sim", track_caller)]
    pub(crate) fn unpark(&self) {
        #[cfg(feature = "sim")]
        if let Some(thread) = &self.simulated {
            return thread.unpark();
        }
        // Release: pairs with Acquire in `sleep`; what was changed before this is visible to the thread
        // that it wakes.
        if self.state.swap(NOTIFIED, Release) == ASLEEP {
            // No wake-up is lost: the thread has set ASLEEP under the lock, and lets go of the lock only
            // in its sleep. So when we have had the lock it sleeps, or has left.
            drop(self.lock.lock());
            self.woken.notify_one();
        }
    }

    /// Sleeps until an [`unpark`](Self::unpark), one since the last `park` included, or for no reason at
    /// all: look at what you wait for, in a loop.
    #[cfg_attr(feature = "sim", track_caller)]
    pub(crate) fn park(&self) {
        parking(|| {
            #[cfg(feature = "sim")]
            if machine::park(None) {
                return;
            }
            self.sleep(None);
        });
    }

    /// Like [`park`](Self::park), and returns once `deadline` has passed.
    #[cfg_attr(feature = "sim", track_caller)]
    pub(crate) fn park_deadline(&self, deadline: Instant) {
        parking(|| {
            #[cfg(feature = "sim")]
            if machine::park(Some(deadline)) {
                return;
            }
            self.sleep(Some(deadline));
        });
    }

    fn sleep(&self, deadline: Option<Instant>) {
        let mut guard = self.lock.lock();
        // Relaxed: it publishes nothing, and a wake-up that is there is taken below.
        if self.state.compare_exchange(EMPTY, ASLEEP, Relaxed, Relaxed).is_ok() {
            match deadline {
                None => self.woken.wait(&mut guard),
                Some(deadline) => _ = self.woken.wait_until(&mut guard, deadline),
            }
        }
        // Acquire: pairs with Release in `unpark`.
        self.state.swap(EMPTY, Acquire);
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
