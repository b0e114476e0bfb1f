//! Doing something now and then.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::{Duration, Instant};

use crate::sys::{self, Mutex};

/// Does something the first few times, every so many times, or every so often: to log now and then,
/// say, where something happens all the time.
///
/// Of the conditions that are set one is enough. The very first call always runs; without any
/// condition no other does.
///
/// # Examples
///
/// ```
/// use phalanx::Sometimes;
///
/// static WARN: Sometimes = Sometimes::new().first(2).every(10);
///
/// let ran = (1..=21).filter(|_| WARN.run(|| { /* a warning */ }).is_some()).count();
/// assert_eq!(ran, 4); // the calls 1, 2, 11 and 21
/// ```
///
/// # Compared with Go
///
/// `rate.Sometimes`. The function runs outside of the lock: it may use the same `Sometimes`, and two
/// may run at the same time, unless the interval forbids it. One that panics counts.
pub struct Sometimes {
    first: u64,
    every: u64,
    interval: Option<Duration>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    calls: u64,
    /// How many run just now.
    running: usize,
    /// When the last run ended.
    ended: Option<Instant>,
}

impl Sometimes {
    /// Creates one that runs the first call.
    pub const fn new() -> Self {
        let state = Mutex::new(State { calls: 0, running: 0, ended: None });
        Sometimes { first: 0, every: 0, interval: None, state }
    }

    /// Runs the first `n` calls.
    #[must_use = "it is a setting of the one that is returned"]
    pub const fn first(mut self, n: u64) -> Self {
        self.first = n;
        self
    }

    /// Runs the first of every `n` calls; zero for none of them.
    #[must_use = "it is a setting of the one that is returned"]
    pub const fn every(mut self, n: u64) -> Self {
        self.every = n;
        self
    }

    /// Runs a call if nobody runs, and this much time has passed since the last run ended.
    #[must_use = "it is a setting of the one that is returned"]
    pub const fn interval(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }

    /// Runs `f`, if it is its turn; returns what it returns.
    pub fn run<R>(&self, f: impl FnOnce() -> R) -> Option<R> {
        if !self.begin() {
            return None;
        }
        let _ends = Ends(self);
        Some(f())
    }

    fn begin(&self) -> bool {
        let now = self.interval.map(|interval| (interval, sys::now()));
        let mut state = self.state.lock();
        let call = state.calls;
        state.calls = call.saturating_add(1);
        let runs = call == 0
            || call < self.first
            || self.every > 0 && call % self.every == 0
            || now.is_some_and(|(interval, now)| state.is_over(interval, now));
        state.running += usize::from(runs);
        runs
    }
}

impl State {
    fn is_over(&self, interval: Duration, now: Instant) -> bool {
        let since = |ended| now.saturating_duration_since(ended);
        self.running == 0 && self.ended.is_none_or(|ended| since(ended) >= interval)
    }
}

/// Ends a run, however it ends.
struct Ends<'a>(&'a Sometimes);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        let now = self.0.interval.map(|_| sys::now());
        let mut state = self.0.state.lock();
        state.running -= 1;
        state.ended = now.max(state.ended);
    }
}

impl Default for Sometimes {
    fn default() -> Self {
        Sometimes::new()
    }
}

// No user code runs under the lock, so no panic leaves what it guards half-changed.
impl UnwindSafe for Sometimes {}
impl RefUnwindSafe for Sometimes {}

impl fmt::Debug for Sometimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sometimes")
            .field("first", &self.first)
            .field("every", &self.every)
            .field("interval", &self.interval)
            .field("calls", &self.state.lock().calls)
            .finish_non_exhaustive()
    }
}
