//! Spinning for about as long as a wake-up through the kernel takes, while that pays.
//!
//! Parking and being woken costs some microseconds, a hand-off between two running cores tens of
//! nanoseconds. Spinning for one kernel round trip before parking therefore costs at most twice
//! the best choice, whatever happens. Where it has not paid lately it is worse than useless, since
//! the core it burns may be the one that the waker needs: each failure halves the next attempt,
//! a success restores it.
//!
//! Two threads that hand something back and forth must both spin, or neither profits: one that has
//! parked comes back so late that the other parks, too. So one attempt in sixteen goes to the full
//! length whatever has been before.

use std::cell::Cell;
use std::hint;
use std::time::Duration;

use crate::sys;

/// About one kernel round trip, to a core that sleeps. If it is less, `cond/turns` takes fifty times
/// as long.
pub(crate) const ROUND_TRIP: Duration = Duration::from_micros(12);

/// About twice what it takes until a thread runs that was woken on a core that sleeps, in a virtual machine.
const LONG: Duration = Duration::from_micros(100);

/// Halvings after which a thread all but stops spinning.
const LEAST: u32 = 6;

/// One attempt in so many goes to the full length.
const PROBE: u32 = 16;

/// How many looks a long spin takes between two offers of its core to others.
const LOOKS_PER_YIELD: u32 = 8;

/// How many looks fall between two readings of the clock, and pauses between two looks.
const LOOKS_PER_READING: u32 = 8;
const PAUSES_PER_LOOK: u32 = 2;

thread_local! {
    /// How often the attempts of this thread have failed in a row.
    static FAILURES: Cell<u32> = const { Cell::new(0) };
}

/// Looks again and again for a short while; `true` as soon as `ready` says so.
pub(crate) fn spin(ready: impl Fn() -> bool) -> bool {
    if sys::cores() == 1 || sys::is_simulated() {
        return false;
    }
    let failures = FAILURES.get();
    let halvings = if failures % PROBE == 0 { 0 } else { LEAST.min(failures) };
    let paid = spin_for(ROUND_TRIP / (1 << halvings), ready);
    FAILURES.set(if paid { 0 } else { failures.wrapping_add(1) });
    paid
}

/// Looks again and again for about twice as long as a core that sleeps takes to run the thread that was
/// woken on it.
pub(crate) fn spin_long(ready: impl Fn() -> bool) -> bool {
    if sys::is_simulated() {
        return false;
    }
    let start = sys::now();
    // On one core every moment is better left to the other thread.
    let looks = if sys::cores() == 1 { 1 } else { LOOKS_PER_YIELD };
    loop {
        for _ in 0..looks {
            if ready() {
                return true;
            }
            hint::spin_loop();
        }
        if sys::now().saturating_duration_since(start) >= LONG {
            return false;
        }
        // The thread that this one waits for may have been woken on this core.
        sys::yield_core();
    }
}

fn spin_for(limit: Duration, ready: impl Fn() -> bool) -> bool {
    // A hand-over between two running cores is often over before the clock could be read.
    if look_often(&ready) {
        return true;
    }
    let start = sys::now();
    loop {
        if look_often(&ready) {
            return true;
        }
        if sys::now().saturating_duration_since(start) >= limit {
            return false;
        }
    }
}

/// Looks some times, for about as long as it takes to read the clock a few times.
fn look_often(ready: impl Fn() -> bool) -> bool {
    for _ in 0..LOOKS_PER_READING {
        if ready() {
            return true;
        }
        for _ in 0..PAUSES_PER_LOOK {
            hint::spin_loop();
        }
    }
    false
}
