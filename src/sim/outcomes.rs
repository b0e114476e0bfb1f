//! All that can come out of a test.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use parking_lot::Mutex;

use super::check::{self, Report};
use super::{Builder, Strategy};

/// What came out of a test, and how often.
#[derive(Clone, Debug)]
pub struct Outcomes<T> {
    seen: BTreeMap<T, u64>,
    report: Report,
}

pub(super) fn collect<T: Ord + fmt::Debug + Send + 'static>(
    builder: Builder,
    at: &'static Location<'static>,
    f: impl Fn() -> T + Send + Sync + 'static,
) -> Outcomes<T> {
    let usual = matches!(builder.strategy, Strategy::Auto);
    let builder = if usual { builder.exhaustive(2) } else { builder };
    let seen = Arc::new(Mutex::new(BTreeMap::new()));
    let counted = Arc::clone(&seen);
    let body = move || {
        let outcome = f();
        *counted.lock().entry(outcome).or_insert(0) += 1;
    };
    let report = check::explore(&builder, at, &(Arc::new(body) as check::Body));
    let report = report.unwrap_or_else(|failure| failure.raise());
    let seen = std::mem::take(&mut *seen.lock());
    Outcomes { seen, report }
}

impl<T: Ord + fmt::Debug> Outcomes<T> {
    /// Checks that exactly these outcomes have been seen: none that is missing here, and each of
    /// these at least once.
    ///
    /// # Panics
    ///
    /// If not; the message says which.
    #[track_caller]
    #[expect(clippy::return_self_not_must_use, reason = "it has checked; the rest is a bonus")]
    pub fn exactly(self, expected: impl IntoIterator<Item = T>) -> Self {
        let expected: Vec<T> = expected.into_iter().collect();
        let forbidden: Vec<_> = self.seen.keys().filter(|seen| !expected.contains(seen)).collect();
        let missing: Vec<_> =
            expected.iter().filter(|wanted| !self.seen.contains_key(wanted)).collect();
        assert!(
            forbidden.is_empty() && missing.is_empty(),
            "sim::outcomes: seen but not expected: {forbidden:?}; expected but never seen: \
             {missing:?}; {}",
            self.report
        );
        self
    }

    /// Checks that all schedules have been tried, up to the bound of [`Strategy::Dfs`].
    ///
    /// # Panics
    ///
    /// If not.
    #[track_caller]
    #[expect(clippy::return_self_not_must_use, reason = "it has checked; the rest is a bonus")]
    pub fn exhausted(self) -> Self {
        assert!(self.report.exhausted, "sim::outcomes: not exhausted; {}", self.report);
        self
    }

    /// Returns each outcome, and how many schedules led to it.
    pub fn seen(&self) -> &BTreeMap<T, u64> {
        &self.seen
    }

    /// Returns what there is to tell about the schedules.
    pub fn report(&self) -> &Report {
        &self.report
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { schedules, distinct, max_steps, .. } = self;
        let all = match self {
            Report { exhausted: true, .. } => ", exhausted",
            Report { cut_short: true, .. } => ", cut short by the budget",
            _ => "",
        };
        write!(f, "{schedules} schedules ({distinct} different, at most {max_steps} steps{all})")
    }
}
