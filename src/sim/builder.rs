//! How a test is run.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::check::{self, Report};
use super::failure::Failure;
use super::machine::Limits;
use super::outcomes::{self, Outcomes};
use super::{Strategy, TimeMode, env};

/// Settings for a test; [`check`](Self::check) runs it.
///
/// What the environment says comes before what the code says, so that a test can be run longer, or
/// otherwise, without a change; see the [module](super).
#[derive(Clone)]
#[must_use = "nothing is run before `check`"]
pub struct Builder {
    pub(super) seed: u64,
    iterations: Option<u64>,
    budget: Option<Duration>,
    pub(super) strategy: Strategy,
    pub(super) time: TimeMode,
    pub(super) limits: Limits,
    /// Whether the limits of steps were set, and are not the usual ones.
    limits_steps: bool,
    pub(super) panics: Panics,
    pub(super) leaks: Leaks,
    pub(super) spurious: u8,
    pub(super) watchdog: Duration,
    pub(super) shrink: bool,
    pub(super) loud: bool,
    pub(super) replay: Option<String>,
}

/// What a panic of a thread means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Panics {
    /// It fails the test if nobody takes notice of it, by joining the thread.
    #[default]
    FailIfUnobserved,
    /// It fails the test only on the root thread.
    Ignore,
}

/// What threads mean that are blocked for ever when the root thread has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Leaks {
    /// They fail the test.
    #[default]
    Fail,
    /// Nothing.
    Allow,
}

impl Default for Builder {
    fn default() -> Self {
        Builder::new()
    }
}

impl Builder {
    /// The usual settings: a thousand schedules or one second of real time, whichever is over first, of
    /// the automatic mix, in [idle](TimeMode::Idle) time.
    pub fn new() -> Self {
        Builder {
            seed: 0,
            iterations: None,
            budget: None,
            strategy: Strategy::Auto,
            time: TimeMode::Idle,
            limits: Limits { steps: 100_000, steps_per_instant: 20_000, threads: 64 },
            limits_steps: false,
            panics: Panics::FailIfUnobserved,
            leaks: Leaks::Fail,
            spurious: 0,
            watchdog: Duration::from_secs(10),
            shrink: true,
            loud: false,
            replay: None,
        }
    }

    /// The seed of all random choices: the same seed gives the same schedules.
    pub fn seed(self, seed: u64) -> Self {
        Builder { seed, ..self }
    }

    /// Sets how many schedules to run, however long that takes, unless there is a
    /// [`budget`](Self::budget) too. [`Strategy::Dfs`] ends by itself when it has run all.
    pub fn iterations(self, iterations: u64) -> Self {
        Builder { iterations: Some(iterations), ..self }
    }

    /// Sets for how long to run schedules, in real time. The report says whether that
    /// [cut the test short](Report::cut_short).
    pub fn budget(self, budget: Duration) -> Self {
        Builder { budget: Some(budget), ..self }
    }

    /// How many schedules to run.
    pub(super) fn most(&self) -> u64 {
        self.iterations.unwrap_or(1000)
    }

    /// For how long to run schedules: a number of schedules that was asked for is run.
    pub(super) fn time_limit(&self) -> Duration {
        let usual = if self.iterations.is_some() { Duration::MAX } else { Duration::from_secs(1) };
        self.budget.unwrap_or(usual)
    }

    /// How to choose schedules.
    pub fn strategy(self, strategy: Strategy) -> Self {
        Builder { strategy, ..self }
    }

    /// All schedules with at most so many preemptions: [`Strategy::Dfs`] without a limit of time.
    pub fn exhaustive(self, preemptions: u32) -> Self {
        let strategy = Strategy::Dfs { preemptions };
        Builder { strategy, iterations: Some(u64::MAX), budget: None, ..self }
    }

    /// When virtual time passes.
    pub fn time(self, time: TimeMode) -> Self {
        Builder { time, ..self }
    }

    /// Sets after how many steps a schedule has failed, and after how many in which no time has passed:
    /// usually 100 000 and 20 000, and for a single [`run`](Self::run) ten million and one million.
    pub fn max_steps(mut self, in_all: usize, per_instant: usize) -> Self {
        self.limits.steps = in_all;
        self.limits.steps_per_instant = per_instant;
        self.limits_steps = true;
        self
    }

    /// Sets how many threads there may be at a time, those of the crate included: usually 64. Threads that
    /// have ended do not count.
    pub fn max_threads(mut self, threads: usize) -> Self {
        self.limits.threads = threads;
        self
    }

    /// What a panic of a thread means.
    pub fn panics(self, panics: Panics) -> Self {
        Builder { panics, ..self }
    }

    /// What a thread means that is blocked for ever when the root has ended.
    pub fn leaks(self, leaks: Leaks) -> Self {
        Builder { leaks, ..self }
    }

    /// How likely, in percent, a thread that is to sleep wakes up for no reason.
    pub fn spurious_wakeups(self, percent: u8) -> Self {
        Builder { spurious: percent, ..self }
    }

    /// For how long, in real time, nothing may happen before the test has failed.
    pub fn watchdog(self, real: Duration) -> Self {
        Builder { watchdog: real, ..self }
    }

    /// Whether a failure is to be shrunk.
    pub fn shrink(self, shrink: bool) -> Self {
        Builder { shrink, ..self }
    }

    /// Runs `f` once, and returns what it returns: under the usual schedule, in which no thread is
    /// preempted, or under that of a [`Script`](super::Script).
    ///
    /// # Panics
    ///
    /// If it fails; the message is the report.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::sim::{self, Builder};
    ///
    /// let sum = Builder::new().max_threads(1000).run(|| {
    ///     let threads: Vec<_> = (0..500).map(|n| sim::spawn("adds", move || n)).collect();
    ///     threads.into_iter().map(|thread| thread.join().unwrap()).sum::<u32>()
    /// });
    /// assert_eq!(sum, 124_750);
    /// ```
    #[track_caller]
    pub fn run<R: Send + 'static>(self, f: impl FnOnce() -> R + Send + 'static) -> R {
        let once = Mutex::new(Some(f));
        let result = Arc::new(Mutex::new(None));
        let place = Arc::clone(&result);
        let body = move || {
            let f = once.lock().take().expect("the body is run once");
            *place.lock() = Some(f());
        };
        let long = if self.limits_steps { self } else { self.max_steps(10_000_000, 1_000_000) };
        let builder = env::apply(long.shrink(false));
        check::run_once(&builder, Location::caller(), &(Arc::new(body) as check::Body));
        let value = result.lock().take();
        value.expect("a run that has not failed has returned")
    }

    /// Runs `f` under many schedules.
    ///
    /// # Panics
    ///
    /// If one of them fails; the message is the report.
    #[track_caller]
    pub fn check(self, f: impl Fn() + Send + Sync + 'static) -> Report {
        let at = Location::caller();
        check::explore(&env::apply(self), at, &(Arc::new(f) as check::Body))
            .unwrap_or_else(|failure| failure.raise())
    }

    /// Runs `f` under many schedules, and returns the failure: for tests of tests.
    ///
    /// # Errors
    ///
    /// The first failure.
    #[track_caller]
    pub fn try_check(self, f: impl Fn() + Send + Sync + 'static) -> Result<Report, Failure> {
        let at = Location::caller();
        check::explore(&env::apply(self), at, &(Arc::new(f) as check::Body))
    }

    /// Runs `f` under one schedule: one that `token`, from a report, stands for.
    ///
    /// # Panics
    ///
    /// If it fails, or the token is none.
    #[track_caller]
    pub fn replay(self, token: &str, f: impl Fn() + Send + Sync + 'static) -> Report {
        Builder { replay: Some(token.to_owned()), ..self }.check(f)
    }

    /// Runs `f` under one schedule, and returns the failure: for tests of tests.
    ///
    /// # Errors
    ///
    /// Its failure.
    ///
    /// # Panics
    ///
    /// If the token is none.
    #[track_caller]
    pub fn try_replay(
        self,
        token: &str,
        f: impl Fn() + Send + Sync + 'static,
    ) -> Result<Report, Failure> {
        Builder { replay: Some(token.to_owned()), ..self }.try_check(f)
    }

    /// Collects what `f` returns under all schedules with at most two preemptions, or those of
    /// another [`strategy`](Self::strategy) if one has been set.
    ///
    /// # Panics
    ///
    /// As [`check`](Self::check).
    #[track_caller]
    pub fn outcomes<T: Ord + fmt::Debug + Send + 'static>(
        self,
        f: impl Fn() -> T + Send + Sync + 'static,
    ) -> Outcomes<T> {
        outcomes::collect(env::apply(self), Location::caller(), f)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("seed", &self.seed)
            .field("iterations", &self.most())
            .field("budget", &self.time_limit())
            .field("strategy", &self.strategy)
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}
