//! The virtual clock of a bubble.

use std::time::{Duration, Instant};

use super::machine;
use crate::sys;

/// Returns the time on the virtual clock; outside of a bubble, on the real one.
///
/// All of the crate reads this clock. What reads `Instant::now` sees it too with the feature
/// `sim-std`, and the real one without.
pub fn now() -> Instant {
    sys::now()
}

/// Returns the virtual time since the bubble began.
///
/// # Panics
///
/// `sim::elapsed: not in a bubble`
#[track_caller]
pub fn elapsed() -> Duration {
    machine::elapsed().unwrap_or_else(|| outside("elapsed"))
}

/// Sleeps for `duration` of virtual time, and then [waits until idle](wait_idle): what was to happen
/// by then has happened.
///
/// # Panics
///
/// `sim::sleep: not in a bubble`
#[track_caller]
pub fn sleep(duration: Duration) {
    let _call = machine::in_call("sim::sleep");
    if !machine::sleep(duration) {
        outside("sleep")
    }
    machine::wait_idle();
}

/// Lets `duration` pass step by step: at each deadline on the way, everybody does what is to be done
/// before time goes on.
///
/// # Panics
///
/// `sim::advance: not in a bubble`
#[track_caller]
pub fn advance(duration: Duration) {
    let _call = machine::in_call("sim::advance");
    let now = || machine::elapsed().unwrap_or_else(|| outside("advance"));
    let end = now().saturating_add(duration);
    machine::wait_idle();
    while let Some(next) = machine::next_deadline().filter(|next| *next < end) {
        machine::sleep(next.saturating_sub(now()));
        machine::wait_idle();
    }
    machine::sleep(end.saturating_sub(now()));
    machine::wait_idle();
}

/// Waits until all other threads of the bubble are blocked or have ended. Time does not move before
/// this returns. Several threads may wait; all of them return.
///
/// # Panics
///
/// `sim::wait_idle: not in a bubble`
///
/// # Compared with Go
///
/// `synctest.Wait`, which allows one caller.
#[track_caller]
pub fn wait_idle() {
    let _call = machine::in_call("sim::wait_idle");
    if !machine::wait_idle() {
        outside("wait_idle")
    }
}

#[cold]
#[track_caller]
pub(super) fn outside(function: &str) -> ! {
    panic!("sim::{function}: not in a bubble")
}
