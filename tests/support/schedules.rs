//! How tests on the kit are run: by a script, under all schedules, under many.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use phalanx::Context;
use phalanx::sim::{Builder, Script, Strategy, TimeMode};

/// Runs `test` under the schedule of the script, and returns what it returned.
#[track_caller]
pub(crate) fn play<T: Send + 'static>(
    script: Script,
    test: impl Fn() -> T + Send + Sync + 'static,
) -> T {
    let last = Arc::new(Mutex::new(None));
    let place = Arc::clone(&last);
    Builder::new().strategy(Strategy::Script(script)).check(move || {
        let outcome = test();
        *place.lock() = Some(outcome);
    });
    let outcome = last.lock().take();
    outcome.expect("a script that was played has an outcome")
}

/// Runs `test` under all schedules with so many preemptions.
#[track_caller]
pub(crate) fn always(preemptions: u32, test: impl Fn() + Send + Sync + 'static) {
    exhaust(&Builder::new(), preemptions, test);
}

/// Runs `test` under all schedules with so many preemptions, with the settings of `builder`.
#[track_caller]
pub(crate) fn exhaust(
    builder: &Builder,
    preemptions: u32,
    test: impl Fn() + Send + Sync + 'static,
) {
    let report = builder.clone().exhaustive(preemptions).check(test);
    assert!(report.exhausted, "{report}");
}

/// The schedules of `builder`, in which any time may pass at any step, and parks return for no reason.
pub(crate) fn with_any_delay(builder: Builder) -> Builder {
    builder.time(TimeMode::Racing { percent: 20 }).spurious_wakeups(20)
}

/// Runs `test` under random schedules: as it is, with time that races, with parks that return for
/// no reason.
#[track_caller]
pub(crate) fn often(test: impl Fn() + Send + Sync + Clone + 'static) {
    let racing = TimeMode::Racing { percent: 20 };
    let usual = Builder::new().iterations(100);
    usual.clone().check(test.clone());
    usual.clone().time(racing).check(test.clone());
    usual.time(racing).spurious_wakeups(20).check(test);
}

/// Runs `test` under random schedules: as it is, with time that races, and apart from that with parks
/// that return for no reason.
#[track_caller]
pub(crate) fn by_seeds(test: impl Fn() + Send + Sync + Clone + 'static) {
    let usual = || Builder::new().iterations(120);
    usual().check(test.clone());
    usual().time(TimeMode::Racing { percent: 20 }).check(test.clone());
    usual().spurious_wakeups(20).check(test);
}

/// A nanosecond before `duration` is over.
pub(crate) fn just_before(duration: Duration) -> Duration {
    duration.saturating_sub(Duration::from_nanos(1))
}

/// Lets time pass, and comes back together with whoever wakes in the same instant.
#[track_caller]
pub(crate) fn pause(duration: Duration) {
    Context::background().sleep(duration).expect("nothing ends it");
}
