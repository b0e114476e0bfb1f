//! The exact counter and the gauge, in real time.

#![expect(clippy::disallowed_methods, reason = "tests use std's threads")]

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use phalanx::{Context, Counter, Gauge, InFlight, Interrupted};
use support::asleep::Sleeper;
use support::{StartLine, gate, panic_of, watchdog};

const HOUR: Duration = Duration::from_secs(3600);
const ENDS: [i64; 5] = [i64::MIN, -1, 0, 1, i64::MAX];

type Step = fn(&Counter) -> i64;

// --- Counter: steps ---------------------------------------------------------------------------

#[test]
fn a_step_leaves_the_value_that_it_returns() {
    let counter = Counter::new(10);
    let steps: [(Step, i64); 8] = [
        (|c| c.add(5), 15),
        (|c| c.sub(20), -5),
        (Counter::inc, -4),
        (Counter::dec, -5),
        (|c| c.saturating_add(6), 1),
        (|c| c.saturating_sub(3), -2),
        (|c| c.wrapping_add(4), 2),
        (|c| c.wrapping_sub(-1), 3),
    ];
    for (step, expected) in steps {
        assert_eq!(step(&counter), expected);
        assert_eq!(counter.get(), expected);
    }
}

#[test]
fn every_step_is_what_i64_says_at_the_ends_of_the_range() {
    for start in ENDS {
        for n in ENDS {
            let after = |step: &dyn Fn(&Counter)| {
                let counter = Counter::new(start);
                step(&counter);
                counter.get()
            };
            let case = format!("{start} and {n}");
            let sum = start.checked_add(n);
            let difference = start.checked_sub(n);
            assert_eq!(
                after(&|c| assert_eq!(c.checked_add(n), sum)),
                sum.unwrap_or(start),
                "{case}"
            );
            assert_eq!(
                after(&|c| assert_eq!(c.checked_sub(n), difference)),
                difference.unwrap_or(start),
                "{case}"
            );
            assert_eq!(after(&|c| _ = c.saturating_add(n)), start.saturating_add(n), "{case}");
            assert_eq!(after(&|c| _ = c.saturating_sub(n)), start.saturating_sub(n), "{case}");
            assert_eq!(after(&|c| _ = c.wrapping_add(n)), start.wrapping_add(n), "{case}");
            assert_eq!(after(&|c| _ = c.wrapping_sub(n)), start.wrapping_sub(n), "{case}");
        }
    }
}

#[test]
fn a_step_out_of_range_panics_with_its_name_and_changes_nothing() {
    let table: [(i64, Step, &str); 16] = [
        (Counter::MAX, |c| c.add(1), "Counter::add: overflow"),
        (Counter::MAX - (1 << 32), |c| c.add((1 << 32) + 1), "Counter::add: overflow"),
        (Counter::MIN, |c| c.add(-1), "Counter::add: overflow"),
        (Counter::MIN, |c| c.sub(1), "Counter::sub: overflow"),
        (Counter::MAX, |c| c.sub(-1), "Counter::sub: overflow"),
        (Counter::MAX, Counter::inc, "Counter::inc: overflow"),
        (Counter::MIN, Counter::dec, "Counter::dec: overflow"),
        (i64::MAX, Counter::dec, "Counter::dec: overflow"),
        (i64::MAX, |c| c.add(1), "Counter::add: overflow"),
        (1, |c| c.add(i64::MAX), "Counter::add: overflow"),
        (-1, |c| c.add(i64::MIN), "Counter::add: overflow"),
        (i64::MIN, |c| c.sub(1), "Counter::sub: overflow"),
        (0, |c| c.sub(i64::MIN), "Counter::sub: overflow"),
        (-2, |c| c.sub(i64::MAX), "Counter::sub: overflow"),
        (i64::MAX, Counter::inc, "Counter::inc: overflow"),
        (i64::MIN, Counter::dec, "Counter::dec: overflow"),
    ];
    for (start, step, message) in table {
        let counter = Counter::new(start);
        assert_eq!(panic_of(|| step(&counter)), message);
        assert_eq!(counter.get(), start, "{message}");
        counter.set(0);
        assert_eq!(counter.inc(), 1, "it works as before");
    }
}

#[test]
fn the_panicking_steps_reach_the_ends_of_their_range() {
    for (start, step, end) in [
        (Counter::MAX - 1, Counter::inc as Step, Counter::MAX),
        (Counter::MIN + 1, Counter::dec, Counter::MIN),
        (0, |c| c.add(Counter::MAX), Counter::MAX),
        (-1, |c| c.sub(Counter::MAX), Counter::MIN),
        (Counter::MAX, |c| c.add(Counter::MIN), -1),
        (i64::MAX, |c| c.add(i64::MIN), -1),
        (i64::MIN, |c| c.sub(i64::MIN), 0),
    ] {
        let counter = Counter::new(start);
        assert_eq!(step(&counter), end);
        assert_eq!(counter.get(), end);
    }
}

#[test]
fn bits_are_set_and_cleared_and_the_value_before_is_returned() {
    let counter = Counter::new(0b1100);
    assert_eq!(counter.fetch_or(0b0110), 0b1100);
    assert_eq!(counter.fetch_and(0b0111), 0b1110);
    assert_eq!(counter.fetch_and(i64::MIN), 0b0110);
    assert_eq!(counter.fetch_or(i64::MIN), 0);
    assert_eq!(counter.get(), i64::MIN);
}

#[test]
fn swap_and_compare_exchange_return_the_value_before() {
    let counter = Counter::from(7);
    assert_eq!(counter.swap(0), 7);
    assert_eq!(counter.compare_exchange(0, -3), Ok(0));
    assert_eq!(counter.compare_exchange(0, 5), Err(-3));
    assert_eq!(counter.get(), -3);
    assert_eq!(Counter::default().get(), 0);
}

#[test]
fn update_stores_the_result_of_the_closure_and_nothing_if_it_panics() {
    let counter = Counter::new(3);
    assert_eq!(counter.update(|n| n * n), 9);
    assert_eq!(counter.fetch_update(|n| n * n), 9, "the value before");
    assert_eq!(counter.swap(9), 81);
    assert_eq!(panic_of(|| counter.update(|_| panic!("no"))), "no");
    assert_eq!(counter.get(), 9);
    assert_eq!(
        counter.update(|n| {
            // The closure runs under no lock: it may use the counter, and is then called again.
            if n == 9 {
                counter.inc();
            }
            -n
        }),
        -10
    );
}

#[test]
fn no_step_of_many_threads_is_lost() {
    watchdog(|| {
        let counter = Counter::new(0);
        let line = StartLine::new(4);
        let (counter, line) = (&counter, &line);
        let steps: [fn(&Counter); 4] = [
            |c| _ = c.add(3),
            |c| _ = c.wrapping_sub(2),
            |c| _ = c.update(|n| n + 1),
            |c| _ = c.saturating_sub(1),
        ];
        thread::scope(|s| {
            for step in steps {
                s.spawn(move || {
                    line.wait();
                    (0..10_000).for_each(|_| step(counter));
                });
            }
        });
        assert_eq!(counter.get(), 10_000);
    });
}

// --- Counter: waiting -------------------------------------------------------------------------

#[test]
fn wait_for_returns_the_value_it_was_told_is_right() {
    watchdog(|| {
        let counter = Counter::new(5);
        assert_eq!(counter.wait_for(|n| n == 5), 5);
        thread::scope(|s| {
            let big = s.spawn(|| counter.wait_for(|n| n >= 1000));
            let negative = s.spawn(|| counter.wait_for(|n| n < 0));
            (5..1000).for_each(|_| _ = counter.inc());
            assert_eq!(big.join().unwrap(), 1000);
            counter.set(-1);
            assert_eq!(negative.join().unwrap(), -1);
        });
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn every_kind_of_change_wakes_a_thread_that_sleeps() {
    watchdog(|| {
        let changes: [fn(&Counter); 11] = [
            |c| _ = c.add(1),
            |c| _ = c.checked_sub(1),
            |c| _ = c.saturating_add(1),
            |c| _ = c.wrapping_add(1),
            |c| c.set(1),
            |c| _ = c.swap(1),
            |c| _ = c.compare_exchange(0, 1),
            |c| _ = c.update(|n| n + 1),
            |c| _ = c.fetch_update(|n| n + 1),
            |c| _ = c.fetch_or(1),
            |c| _ = c.inc(),
        ];
        for change in changes {
            let counter = Counter::new(0);
            let sleeper = Sleeper::default();
            thread::scope(|s| {
                s.spawn(|| {
                    sleeper.here();
                    counter.wait_for(|n| n != 0)
                });
                sleeper.until_asleep();
                change(&counter);
            });
        }
    });
}

#[test]
fn wait_for_until_gives_up_and_leaves_nothing_behind() {
    let counter = Counter::new(0);
    for interrupted in [
        counter.wait_for_until(Duration::ZERO, |n| n > 0).unwrap_err(),
        counter.wait_for_until(Duration::from_millis(1), |n| n > 0).unwrap_err(),
        counter.wait_for_until(Instant::now(), |n| n > 0).unwrap_err(),
        counter.wait_for_until((&Context::background(), Duration::ZERO), |n| n > 0).unwrap_err(),
    ] {
        assert!(matches!(interrupted, Interrupted::TimedOut));
    }
    assert_eq!(counter.wait_for_until(Duration::ZERO, |n| n == 0).unwrap(), 0, "it looks once");
    let (ctx, canceller) = Context::background().with_cancel();
    canceller.cancel();
    assert!(!counter.wait_for_until(&ctx, |n| n == 0).unwrap_err().is_timeout());
    assert_eq!(counter.inc(), 1);
}

#[test]
fn wait_for_until_gives_up_in_time_though_the_value_changes_all_the_time() {
    watchdog(|| {
        let counter = Counter::new(0);
        let (ctx, canceller) = Context::background().with_cancel();
        thread::scope(|s| {
            s.spawn(|| {
                while !ctx.has_ended() {
                    counter.inc();
                }
            });
            let bounded = counter.wait_for_until(Duration::from_millis(5), |n| n < 0);
            assert!(bounded.unwrap_err().is_timeout());
            let soon = ctx.with_timeout(Duration::from_millis(5));
            assert!(counter.wait_for_until(&soon, |n| n < 0).is_err());
            let last = s.spawn(|| counter.wait_for_until((&ctx, HOUR), |n| n < 0));
            canceller.cancel();
            assert!(!last.join().unwrap().unwrap_err().is_timeout());
        });
    });
}

#[test]
fn wait_for_until_gives_up_in_time_though_its_own_condition_changes_the_value() {
    watchdog(|| {
        let counter = Counter::new(0);
        let changes = |_| counter.inc() < 0;
        assert!(counter.wait_for_until(Duration::from_millis(2), changes).is_err());
        let ctx = Context::background().with_timeout(Duration::from_millis(2));
        assert!(counter.wait_for_until(&ctx, changes).is_err());
        assert!(counter.get() >= 2);
    });
}

#[test]
fn a_panic_of_the_condition_passes_through() {
    let counter = Counter::new(0);
    assert_eq!(panic_of(|| counter.wait_for(|_| panic!("no"))), "no");
    assert_eq!(counter.inc(), 1);
    assert_eq!(counter.wait_for(|n| n == 1), 1);
}

// --- Gauge ------------------------------------------------------------------------------------

#[test]
fn a_gauge_counts_guards_and_keeps_the_most() {
    let gauge = Gauge::new();
    let one = gauge.track();
    let two = gauge.track();
    assert_eq!((gauge.current(), gauge.peak()), (2, 2));
    drop((gauge.track(), one));
    let three = gauge.track();
    assert_eq!((gauge.current(), gauge.peak()), (2, 3), "there were three for a moment");
    assert_eq!(gauge.restart_peak(), 3);
    drop(two);
    assert_eq!((gauge.current(), gauge.peak()), (1, 2), "from the count at the restart on");
    drop(three);
    assert_eq!(gauge.restart_peak(), 2);
    assert_eq!((gauge.current(), gauge.peak()), (0, 0));
    assert_eq!((Gauge::default().current(), Gauge::default().peak()), (0, 0));
}

#[test]
fn a_panic_ends_the_tracking() {
    let gauge = Gauge::new();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _in_flight = gauge.track();
        panic!("a request fails");
    }));
    assert!(caught.is_err());
    assert_eq!((gauge.current(), gauge.peak()), (0, 1));
}

#[test]
fn the_peak_of_a_gauge_misses_no_moment() {
    watchdog(|| {
        for _ in 0..200 {
            let gauge = Arc::new(Gauge::new());
            let (opener, gate) = gate();
            thread::scope(|s| {
                for _ in 0..3 {
                    let gauge = &gauge;
                    let gate = gate.clone();
                    s.spawn(move || {
                        let in_flight = InFlight::new(Arc::clone(gauge));
                        gate.pass();
                        drop(in_flight);
                    });
                }
                gauge.wait_for(|n| n == 3);
                opener.open();
                gauge.wait_for(|n| n == 0);
            });
            assert_eq!((gauge.current(), gauge.peak()), (0, 3));
        }
    });
}

#[test]
fn a_bounded_wait_for_a_gauge_gives_up() {
    let gauge = Gauge::new();
    let _in_flight = gauge.track();
    assert!(gauge.wait_for_until(Duration::ZERO, |n| n == 0).unwrap_err().is_timeout());
    assert_eq!(gauge.wait_for_until(Duration::ZERO, |n| n == 1).unwrap(), 1);
}

#[test]
fn debug_shows_what_there_is() {
    let counter = Counter::new(-4);
    assert_eq!(format!("{counter:?}"), "Counter { value: -4, .. }");
    let gauge = Gauge::new();
    drop(gauge.track());
    let in_flight = gauge.track();
    assert_eq!(format!("{gauge:?}"), "Gauge { current: 1, peak: 1, .. }");
    assert_eq!(
        format!("{in_flight:?}"),
        "InFlight { gauge: Gauge { current: 1, peak: 1, .. }, .. }"
    );
}
