//! The watcher: the helper thread that starts the workers, and that looks at queues whose wake-up was
//! withheld.
//!
//! It bounds the price of a wrong guess. A thread that leaves a queue to an attached worker, to a
//! draining waiter or to a looker makes sure that the watcher is awake. A queue that has not moved
//! between two of its looks gets a thread, and nothing of it is left to others until it is empty.
//!
//! It runs and drops nothing of the user's: a task that it refuses, because the operating system refuses
//! threads and all that there are are blocked, is dropped by this thread only after it has left the watch
//! (the next task that is started finds no watcher, and starts one). It takes the watch up again
//! afterwards, if no other thread has.

use std::sync::Arc;
use std::time::Duration;

use super::pool::{self, Bury, Signal, WakeUps};
use crate::sys;
use crate::wait::Until;

/// The first sleep after a wake-up or a stall. Each is twice as long as the one before.
const SHORTEST: Duration = Duration::from_micros(500);
const LONGEST: Duration = Duration::from_millis(10);

/// After this many looks at an empty list the watcher sleeps until it is woken.
const QUIET_LOOKS: u32 = 8;

/// The life of the watcher.
pub(super) fn watch(signal: &Arc<Signal>) {
    pool::become_own_thread();
    loop {
        sleep(signal, Until::FOREVER);
        let (mut pause, mut quiet) = (SHORTEST, 0);
        loop {
            pool::start_threads();
            while let Some(bury) = take_ended() {
                bury();
            }
            let mut wake_ups = WakeUps::default();
            let mut pool = pool::lock();
            let was_refused = pool.was_refused();
            let has_stalled = pool.look_for_stalls(sys::is_simulated(), &mut wake_ups);
            quiet = if pool.is_quiet() { quiet + 1 } else { 0 };
            // In a simulation one look is enough: it leaves nothing to a guess.
            let is_enough = quiet >= QUIET_LOOKS || (sys::is_simulated() && !was_refused);
            let sleeps = is_enough && pool.fall_asleep();
            drop(pool);
            wake_ups.now();
            if was_refused && !refuse_if_hopeless(signal) {
                return;
            }
            if sleeps {
                break;
            }
            if sys::is_simulated() && !was_refused && !pool::lock().waits_for_time() {
                // A thread was asked for in this moment: no time is to pass.
                continue;
            }
            pause = if has_stalled && !was_refused { SHORTEST } else { LONGEST.min(pause * 2) };
            sleep(signal, pause.into());
        }
    }
}

fn take_ended() -> Option<Bury> {
    pool::lock().take_ended()
}

/// Sleeps until it is woken, and no longer than `until`.
fn sleep(signal: &Signal, until: Until<'_>) {
    // However the wait ends, the watcher looks.
    drop(sys::serving(|| signal.wait_parked(until, |is_woken| *is_woken)));
    *signal.lock() = false;
}

/// The operating system refuses threads, and those that there are do not come back by themselves: an
/// accepted task must not wait for ever in silence. Returns whether this thread is still the watcher.
#[cold]
fn refuse_if_hopeless(signal: &Arc<Signal>) -> bool {
    let mut wake_ups = WakeUps::default();
    let mut pool = pool::lock();
    let hopeless = pool.take_hopeless(&mut wake_ups);
    if hopeless.is_some() {
        // The task is dropped, which is the user's code and may block.
        pool.leave_watch();
    }
    drop(pool);
    wake_ups.now();
    let Some((refused, why)) = hopeless else { return true };
    refused.now(why);
    pool::lock().resume_watch(signal)
}
