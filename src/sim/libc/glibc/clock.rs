//! The clocks, and sleeping.

#![expect(unsafe_code, reason = "functions of the C library")]

use std::ffi::c_int;
use std::time::Duration;

use super::super::symbols::Symbol;
use super::errno::{EINVAL, fail};
use super::selftest::{self, Call};
use super::{Timespec, fairness, is_diverted};
use crate::sim::machine::{self, foreign, place};

pub(super) const REALTIME: c_int = 0;
pub(super) const MONOTONIC: c_int = 1;

/// What a clock shows when a bubble begins, in seconds; `None` for those that measure work, not time.
fn epoch(clock: c_int) -> Option<i64> {
    match clock {
        // The wall clocks: 2000-01-01 00:00:00 UTC, as in Go's synctest.
        REALTIME | 5 | 8 | 11 => Some(946_684_800),
        // Those that count from some start: a day or so, for programs that go back.
        MONOTONIC | 4 | 6 | 7 | 9 => Some(100_000),
        _ => None,
    }
}

/// When that is in virtual time; what lies before the bubble is its beginning. `None` if it is no
/// time.
pub(super) fn since_start(clock: c_int, time: Timespec) -> Option<u64> {
    let seconds = time.seconds.saturating_sub(epoch(clock)?);
    Timespec { seconds, ..time }.nanos()
}

fn virtual_time(clock: c_int) -> Option<Timespec> {
    let epoch = epoch(clock)?;
    if let Some(far) = fairness::far_future() {
        return Some(far);
    }
    if !is_diverted() {
        return None;
    }
    let elapsed = machine::elapsed()?;
    let seconds = epoch + i64::try_from(elapsed.as_secs()).ok()?;
    Some(Timespec { seconds, nanos: i64::from(elapsed.subsec_nanos()) })
}

// SAFETY: `int clock_gettime(clockid_t, struct timespec *)`.
static CLOCK_GETTIME: Symbol<unsafe extern "C" fn(c_int, *mut Timespec) -> c_int> =
    unsafe { Symbol::new(c"clock_gettime") };

#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(clock: c_int, time: *mut Timespec) -> c_int {
    selftest::arrived(Call::Clock);
    match virtual_time(clock) {
        Some(now) => {
            // SAFETY: the caller has promised that it can be written.
            unsafe { time.write(now) };
            0
        }
        // SAFETY: whatever the caller has promised.
        None => unsafe { CLOCK_GETTIME.get()(clock, time) },
    }
}

/// Sleeps in virtual time; `None` outside of a bubble, and an error if that is no time.
fn sleep(clock: c_int, absolute: bool, time: Timespec) -> Option<Result<(), c_int>> {
    epoch(clock)?;
    if !is_diverted() {
        return None;
    }
    let nanos = if absolute { since_start(clock, time) } else { time.nanos() };
    let Some(nanos) = nanos.filter(|_| absolute || time.seconds >= 0) else {
        return Some(Err(EINVAL));
    };
    let duration = Duration::from_nanos(nanos);
    let before = if absolute { machine::elapsed()? } else { Duration::ZERO };
    foreign::may_block();
    place::note();
    machine::sleep(duration.saturating_sub(before)).then_some(Ok(()))
}

// SAFETY: `int nanosleep(const struct timespec *, struct timespec *)`.
static NANOSLEEP: Symbol<unsafe extern "C" fn(*const Timespec, *mut Timespec) -> c_int> =
    unsafe { Symbol::new(c"nanosleep") };

#[unsafe(no_mangle)]
unsafe extern "C" fn nanosleep(duration: *const Timespec, left: *mut Timespec) -> c_int {
    selftest::arrived(Call::Sleep);
    // SAFETY: the caller has promised that it can be read, if there is one.
    let slept = unsafe { duration.as_ref() }.and_then(|time| sleep(MONOTONIC, false, *time));
    match slept {
        Some(Ok(())) => 0,
        Some(Err(error)) => fail(error),
        // SAFETY: whatever the caller has promised.
        None => unsafe { NANOSLEEP.get()(duration, left) },
    }
}

type ClockNanosleep = unsafe extern "C" fn(c_int, c_int, *const Timespec, *mut Timespec) -> c_int;

// SAFETY: `int clock_nanosleep(clockid_t, int, const struct timespec *, struct timespec *)`.
static CLOCK_NANOSLEEP: Symbol<ClockNanosleep> = unsafe { Symbol::new(c"clock_nanosleep") };

/// Of `flags`: until then, instead of for so long.
const TIMER_ABSTIME: c_int = 1;

#[unsafe(no_mangle)]
unsafe extern "C" fn clock_nanosleep(
    clock: c_int,
    flags: c_int,
    time: *const Timespec,
    left: *mut Timespec,
) -> c_int {
    selftest::arrived(Call::Sleep);
    let absolute = flags & TIMER_ABSTIME != 0;
    // SAFETY: the caller has promised that it can be read, if there is one.
    let slept = unsafe { time.as_ref() }.and_then(|time| sleep(clock, absolute, *time));
    match slept {
        Some(Ok(())) => 0,
        Some(Err(error)) => error,
        // SAFETY: whatever the caller has promised.
        None => unsafe { CLOCK_NANOSLEEP.get()(clock, flags, time, left) },
    }
}
