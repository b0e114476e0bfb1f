//! Doing something now and then.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::{Duration, Instant};

use crate::sys::{self, Mutex};

/// Runs a function the first few times, every n-th time, or at most once per interval, for example to log
/// an event that happens all the time.
///
/// A call runs if any of the conditions holds. The very first call always runs; without any condition, no
/// other does.
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
/// `rate.Sometimes`. The function runs outside of the lock: it may use the same `Sometimes`, and two calls
/// may run at the same time, unless the interval forbids it. A call that panics counts.
pub struct Sometimes {
    first: u64,
    every: u64,
    interval: Option<Duration>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    calls: u64,
    /// The number of running calls.
    running: usize,
    /// When the last run ended.
    ended: Option<Instant>,
}

impl Sometimes {
    /// Creates a `Sometimes` that runs the first call only.
    pub const fn new() -> Self {
        let state = Mutex::new(State { calls: 0, running: 0, ended: None });
        Sometimes { first: 0, every: 0, interval: None, state }
    }

    /// Runs the first `n` calls.
    #[must_use = "it returns the changed `Sometimes`"]
    pub const fn first(mut self, n: u64) -> Self {
        self.first = n;
        self
    }

    /// Runs the first of every `n` calls. Zero unsets the condition.
    #[must_use = "it returns the changed `Sometimes`"]
    pub const fn every(mut self, n: u64) -> Self {
        self.every = n;
        self
    }

    /// Runs a call if no other is running and at least `interval` has passed since the last one ended.
    #[must_use = "it returns the changed `Sometimes`"]
    pub const fn interval(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }

    /// Runs `f` if one of the conditions holds, and returns its result.
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
