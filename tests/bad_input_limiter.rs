//! What a limiter says to what cannot be, one row each, and that nothing is changed by it.

mod support;

use std::time::{Duration, Instant};

use phalanx::{Context, KeyedLimiter, LimitError, Limiter, Rate, Sometimes};
use support::panic_of;

const HOUR: Duration = Duration::from_secs(3600);

/// The calls are made of a limiter with three tokens of five, one an hour.
type Row = (&'static str, fn(&Limiter) -> String, &'static str);

const TOO_MANY: &str = "more than the limiter's burst";
const TOO_LATE: &str = "the limiter's turn would come after the deadline: timed out";
const CANCELLED: &str = "gave up waiting for the limiter: context cancelled";
const EXPIRED: &str = "gave up waiting for the limiter: context deadline exceeded";

const ROWS: [Row; 23] = [
    (
        "a rate in no time",
        |_| panic_of(|| Rate::new(1, Duration::ZERO)),
        "Rate::new: no time at all",
    ),
    ("none in no time", |_| panic_of(|| Rate::new(0, Duration::ZERO)), "Rate::new: no time at all"),
    (
        "one in each no time",
        |_| panic_of(|| Rate::every(Duration::ZERO)),
        "Rate::new: no time at all",
    ),
    (
        "one in all time",
        |_| panic_of(|| Rate::every(Duration::MAX)),
        "Rate::new: more than 584 years",
    ),
    (
        "the longest time",
        |_| Rate::every(Duration::from_nanos(u64::MAX)).to_string(),
        "1 per 18446744073.709551615s",
    ),
    ("the most", |_| Rate::per_second(u64::MAX).to_string(), "3689348814741910323 per 200ms"),
    ("allow more than the burst", |l| l.allow_n(6).to_string(), "false"),
    ("allow the most", |l| l.allow_n(u64::MAX).to_string(), "false"),
    ("allow none", |l| l.allow_n(0).to_string(), "true"),
    ("wait for more than the burst", |l| said(l.wait_n(6)), TOO_MANY),
    ("wait for the most", |l| said(l.wait_n(u64::MAX)), TOO_MANY),
    ("wait for none", |l| said(l.wait_n(0)), "done"),
    (
        "wait for more than the burst for no time",
        |l| said(l.wait_n_until(6, Duration::ZERO)),
        TOO_MANY,
    ),
    ("wait for no time", |l| said(l.wait_n_until(4, Duration::ZERO)), TOO_LATE),
    ("wait till the past", |l| said(l.wait_n_until(4, past())), TOO_LATE),
    ("wait for too short a time", |l| said(l.wait_n_until(5, HOUR)), TOO_LATE),
    ("wait for a context that has ended", |l| said(l.wait_until(&ended(false))), CANCELLED),
    ("wait for a context that is over", |l| said(l.wait_n_until(6, &ended(true))), EXPIRED),
    ("reserve more than the burst", |l| said(l.reserve_n(6)), TOO_MANY),
    (
        "reserve and come too late",
        |l| said(l.reserve_n(4).and_then(|r| r.wait_until(past()))),
        TOO_LATE,
    ),
    (
        "reserve and have ended",
        |l| said(l.reserve_n(4).and_then(|r| r.wait_until(&ended(false)))),
        CANCELLED,
    ),
    (
        "reserve what is there and have ended",
        |l| said(l.reserve().and_then(|r| r.wait_until(&ended(true)))),
        EXPIRED,
    ),
    ("reserve none and cancel", |l| said(l.reserve_n(0).map(phalanx::Reservation::cancel)), "done"),
];

fn said<T>(result: Result<T, LimitError>) -> String {
    result.map_or_else(|error| support::chain(&error), |_| "done".to_owned())
}

fn past() -> Instant {
    let ctx = Context::background().with_timeout(Duration::ZERO);
    ctx.deadline().expect("it has one")
}

/// A context that was cancelled, or whose time is up.
fn ended(by_deadline: bool) -> Context {
    let timeout = if by_deadline { Duration::ZERO } else { HOUR };
    let (ctx, canceller) = Context::background().with_cancel_timeout(timeout);
    canceller.cancel();
    ctx
}

#[test]
fn bad_input_is_told_clearly_and_changes_nothing() {
    for (name, call, expected) in ROWS {
        let limiter = Limiter::new(Rate::per_hour(1), 5);
        assert!(limiter.allow_n(2));
        assert_eq!(call(&limiter), expected, "{name}");
        assert_eq!((limiter.available(), limiter.burst()), (3, 5), "{name}");
        assert!(limiter.reserve_n(3).is_ok_and(|r| r.delay() == Some(Duration::ZERO)), "{name}");
    }
}

/// With the burst, what becomes of `allow`, `wait_until` and `reserve`.
#[test]
fn the_ends_of_all_ranges_are_limiters() {
    let slowest = Rate::every(Duration::from_nanos(u64::MAX));
    let fastest = Rate::new(u64::MAX, Duration::from_nanos(1));
    for rate in [Rate::ZERO, slowest, fastest, Rate::INFINITE] {
        for burst in [0, 1, u64::MAX] {
            let limiter = Limiter::new(rate, burst);
            let is_possible = burst > 0 || rate.is_infinite();
            assert_eq!(limiter.available(), burst);
            assert_eq!(limiter.allow(), is_possible);
            assert_eq!(
                limiter.wait_until(HOUR).is_ok(),
                is_possible && (burst > 1 || rate != Rate::ZERO && rate != slowest)
            );
            assert_eq!(limiter.reserve().is_ok(), is_possible);
            limiter.set_burst(u64::MAX);
            assert!(limiter.reserve_n(u64::MAX).is_ok());
            for other in [slowest, fastest, Rate::ZERO, Rate::INFINITE] {
                limiter.set_rate(other);
            }
            assert!(limiter.allow_n(u64::MAX));
        }
    }
}

#[test]
fn keys_without_tokens_and_conditions_without_sense_do_no_harm() {
    let keyed = KeyedLimiter::<String>::new(Rate::ZERO, 0);
    assert!(!keyed.of("").allow());
    assert_eq!(said(keyed.of("").wait()), TOO_MANY);
    let sometimes = Sometimes::new().first(u64::MAX).every(u64::MAX).interval(Duration::MAX);
    assert_eq!((1..=3).filter_map(|n| sometimes.run(|| n)).count(), 3);
}
