//! Bounded waits for a group: what ends them, and what they leave behind.

#![expect(clippy::disallowed_methods, reason = "tests read the clock")]

mod support;

use std::thread;
use std::time::{Duration, Instant};

use phalanx::{Context, Interrupted, Until, WaitGroup};
use support::asleep::Sleeper;
use support::watchdog;

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn wait_until_gives_up_when_the_time_is_up() {
    let group = WaitGroup::new();
    group.add(1);
    for interrupted in [
        group.wait_until(Duration::ZERO).unwrap_err(),
        group.wait_until(Duration::from_millis(1)).unwrap_err(),
        group.wait_until(Instant::now()).unwrap_err(),
        group.wait_until((&Context::background(), Duration::ZERO)).unwrap_err(),
    ] {
        assert!(matches!(interrupted, Interrupted::TimedOut));
    }
    assert_eq!(group.running(), 1, "no task was stopped");
}

#[test]
fn wait_until_succeeds_at_zero_even_if_the_bare_deadline_has_passed() {
    let group = WaitGroup::new();
    assert!(group.wait_until(Duration::ZERO).is_ok());
    assert!(group.wait_until(Instant::now()).is_ok());
    assert!(group.wait_until((&Context::background(), Duration::ZERO)).is_ok());
}

#[test]
fn wait_until_an_ended_context_fails_even_at_zero() {
    let group = WaitGroup::new();
    let (ctx, canceller) = Context::background().with_cancel();
    canceller.cancel_because("closed");
    for interrupted in
        [group.wait_until(&ctx).unwrap_err(), group.wait_until((&ctx, HOUR)).unwrap_err()]
    {
        assert!(!interrupted.is_timeout());
        assert!(matches!(&interrupted, Interrupted::Cancelled(cause)
            if cause.error().unwrap().to_string() == "closed"));
    }
}

#[test]
fn wait_until_gives_up_when_the_context_is_cancelled() {
    watchdog(|| {
        let group = WaitGroup::new();
        group.add(1);
        let (parent, canceller) = Context::background().with_cancel();
        let ctx = parent.with_timeout(HOUR);
        thread::scope(|s| {
            let waits =
                [s.spawn(|| group.wait_until(&ctx)), s.spawn(|| group.wait_until((&ctx, HOUR)))];
            canceller.cancel();
            for wait in waits {
                assert!(!wait.join().unwrap().unwrap_err().is_timeout());
            }
        });
    });
}

#[test]
fn wait_until_returns_at_zero_under_every_bound() {
    watchdog(|| {
        let (ctx, _canceller) = Context::background().with_cancel();
        let bounds: [Until; 6] = [
            Until::FOREVER,
            HOUR.into(),
            Duration::MAX.into(),
            (Instant::now() + HOUR).into(),
            (&ctx).into(),
            (&ctx, HOUR).into(),
        ];
        for bound in bounds {
            let group = WaitGroup::new();
            group.add(1);
            thread::scope(|s| {
                let wait = s.spawn(|| group.wait_until(bound));
                group.done();
                assert!(wait.join().unwrap().is_ok());
            });
        }
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_wait_that_is_given_up_leaves_nothing_behind() {
    watchdog(|| {
        let group = WaitGroup::new();
        group.add(1);
        let (ctx, canceller) = Context::background().with_cancel();
        let [patient, impatient] = [(); 2].map(|()| Sleeper::default());
        thread::scope(|s| {
            s.spawn(|| {
                patient.here();
                group.wait();
            });
            let gives_up = s.spawn(|| {
                impatient.here();
                group.wait_until(&ctx)
            });
            patient.until_asleep();
            impatient.until_asleep();
            canceller.cancel();
            assert!(gives_up.join().unwrap().is_err());
            group.done(); // the zero goes to the one who still waits
        });
    });
}

#[test]
fn giving_up_and_zero_at_once_is_one_or_the_other() {
    watchdog(|| {
        let group = WaitGroup::new();
        for n in 0..2000_u64 {
            group.add(1);
            thread::scope(|s| {
                s.spawn(|| group.done());
                let steady = s.spawn(|| group.wait());
                let in_time = group.wait_until(Duration::from_micros(n % 100)).is_ok();
                steady.join().unwrap();
                assert!(!in_time || group.running() == 0);
            });
        }
    });
}
