//! What a process has used, as the kernel counts it.
#![expect(unsafe_code, reason = "`std` does not tell what a process has used")]

use std::ffi::{c_int, c_long};
use std::time::{Duration, Instant};

/// What running something has used, in all threads together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// By the clock.
    pub(crate) time: Duration,
    /// The time of the processors in the program.
    pub(crate) user: Duration,
    /// The time of the processors in the kernel.
    pub(crate) system: Duration,
    /// How often a thread has given up its processor, as a rule to sleep.
    pub(crate) switches: u64,
}

impl Usage {
    /// What this process uses while it runs `f`.
    pub(crate) fn of(f: impl FnOnce()) -> Self {
        let start = Instant::now();
        let before = Usage::since(start);
        f();
        let after = Usage::since(start);
        Usage {
            time: after.time.saturating_sub(before.time),
            user: after.user.saturating_sub(before.user),
            system: after.system.saturating_sub(before.system),
            switches: after.switches - before.switches,
        }
    }

    /// What this process has used since it began, and the time since `start`.
    fn since(start: Instant) -> Self {
        let numbers = resources();
        let count = |at: usize| numbers[at].try_into().expect("it is not negative");
        let duration = |at| Duration::from_secs(count(at)) + Duration::from_micros(count(at + 1));
        let (user, system, switches) = (duration(0), duration(2), count(16));
        Usage { time: start.elapsed(), user, system, switches }
    }

    /// All time of the processors.
    pub(crate) fn cpu(&self) -> Duration {
        self.user + self.system
    }

    /// Four numbers, which [`parse`](Self::parse) reads. The times are in nanoseconds.
    pub(crate) fn text(&self) -> String {
        let [time, user, system] = [self.time, self.user, self.system].map(|time| time.as_nanos());
        format!("{time} {user} {system} {}", self.switches)
    }

    pub(crate) fn parse(text: &str) -> Self {
        let mut numbers = text.split_whitespace().map(|word| word.parse().expect("a number"));
        let mut next = || numbers.next().expect("four numbers");
        let [time, user, system] = [(); 3].map(|()| Duration::from_nanos(next()));
        Usage { time, user, system, switches: next() }
    }
}

/// `struct rusage` of Linux: seconds and microseconds in the program, the same in the kernel, and
/// fourteen counts, of which the last but one is that of the voluntary switches.
///
/// `/proc` would not do: it counts the time in steps of ten milliseconds, and has no switches of
/// threads that have ended.
type Resources = [c_long; 18];

#[cfg(target_os = "linux")]
fn resources() -> Resources {
    const THIS_PROCESS: c_int = 0;
    unsafe extern "C" {
        fn getrusage(whose: c_int, resources: *mut Resources) -> c_int;
    }

    let mut resources = [0; 18];
    // SAFETY: the pointer is to memory of the size of what Linux writes.
    let outcome = unsafe { getrusage(THIS_PROCESS, &raw mut resources) };
    assert_eq!(outcome, 0, "getrusage: it has no reason to fail");
    resources
}

#[cfg(not(target_os = "linux"))]
fn resources() -> Resources {
    unreachable!("the benchmark is skipped")
}
