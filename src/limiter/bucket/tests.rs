use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Some instant, and the arithmetic from there.
fn zero() -> Instant {
    crate::sys::now()
}

#[test]
fn tokens_come_at_the_very_nanosecond() {
    let zero = zero();
    for (n, per) in [(1, SECOND), (3, SECOND), (7, 60 * SECOND), (999_999_937, SECOND)] {
        let mut bucket = Bucket::new(Rate::new(n, per), 1);
        bucket.settle(zero);
        for taken in 1..1000_u128 {
            assert!(bucket.take(1), "{taken} at {n} per {per:?}");
            let due = (taken * per.as_nanos()).div_ceil(n.into());
            let due = zero + Duration::from_nanos(due.try_into().unwrap());
            if due > bucket.settled.unwrap() {
                assert_eq!(bucket.ready_at(1), Some(due));
                bucket.settle(due.checked_sub(Duration::from_nanos(1)).unwrap());
                assert!(!bucket.take(1), "one too early");
            }
            bucket.settle(due);
        }
    }
}

#[test]
fn a_clock_that_goes_back_brings_nothing() {
    let zero = zero();
    let mut bucket = Bucket::new(Rate::per_second(1), 1);
    bucket.settle(zero + 10 * SECOND);
    assert!(bucket.take(1));
    bucket.settle(zero);
    bucket.settle(zero + 10 * SECOND);
    assert_eq!(bucket.tokens(), 0);
    bucket.settle(zero + 11 * SECOND);
    assert_eq!(bucket.tokens(), 1);
}

#[test]
fn the_greatest_numbers_do_not_overflow() {
    let zero = zero();
    let slow = Rate::new(1, Duration::from_nanos(u64::MAX));
    let fast = Rate::new(u64::MAX, Duration::from_nanos(1));
    for (one, other) in [(slow, fast), (fast, slow), (slow, Rate::ZERO), (Rate::INFINITE, slow)] {
        let mut bucket = Bucket::new(one, u64::MAX);
        bucket.settle(zero);
        bucket.settle(zero + Duration::from_secs(3_000_000_000));
        bucket.spill();
        assert_eq!(bucket.tokens(), u64::MAX);
        bucket.set_rate(other);
        assert_eq!(bucket.tokens(), u64::MAX);
        assert!(bucket.take(u64::MAX));
        bucket.put_back(u64::MAX);
        bucket.put_back(u64::MAX);
        bucket.spill();
        assert_eq!(bucket.tokens(), u64::MAX);
        let never = bucket.ready_at(u128::MAX);
        assert_eq!(never.is_none(), !other.is_infinite(), "{other}");
    }
}

#[test]
fn a_new_rate_keeps_what_is_there_and_never_makes_it_more() {
    let zero = zero();
    let mut bucket = Bucket::new(Rate::per_second(3), 10);
    bucket.settle(zero);
    assert!(bucket.take(10));
    bucket.settle(zero + SECOND / 2); // one and a half
    for rate in [Rate::per_minute(7), Rate::per_second(1_000_000_007), Rate::per_second(2)] {
        bucket.set_rate(rate);
        assert_eq!(bucket.tokens(), 1);
    }
    let due = bucket.ready_at(2).unwrap().duration_since(zero);
    let exact = SECOND / 2 + SECOND / 4;
    assert!(due >= exact && due <= exact + Duration::from_nanos(1), "{due:?}");
}

#[test]
fn a_rate_that_is_paused_again_and_again_loses_no_part_of_a_token() {
    let zero = zero();
    let mut bucket = Bucket::new(Rate::per_hour(3), 5);
    bucket.settle(zero);
    assert!(bucket.take(5));
    for millis in (0..).step_by(2).take(1000) {
        bucket.set_rate(Rate::per_second(1));
        bucket.settle(zero + Duration::from_millis(millis + 1));
        bucket.set_rate(Rate::ZERO);
        bucket.settle(zero + Duration::from_millis(millis + 2));
    }
    bucket.set_rate(Rate::per_second(1));
    assert!(bucket.ready_at(1).unwrap() <= zero + 2 * SECOND + Duration::from_nanos(1));
}

#[test]
fn what_was_taken_before_the_rate_was_infinite_is_of_another_era() {
    let mut bucket = Bucket::new(Rate::per_second(1), 1);
    let eras =
        [Rate::ZERO, Rate::INFINITE, Rate::INFINITE, Rate::ZERO, Rate::per_hour(1)].map(|rate| {
            bucket.set_rate(rate);
            bucket.era()
        });
    assert_eq!(eras, [0, 1, 1, 2, 2]);
}

proptest! {
    /// Whatever the clock does, and whatever is asked, what is handed out has come.
    #[test]
    fn no_more_is_handed_out_than_has_come(
        events in 0..2000_u64,
        nanos in 1..1_000_000_007_u64,
        burst in 0..20_u64,
        steps in prop::collection::vec((0..4_000_000_000_u64, any::<bool>(), 0..25_u64), 1..200),
    ) {
        let zero = zero() + 1000 * SECOND;
        let mut bucket = Bucket::new(Rate::new(events, Duration::from_nanos(nanos)), burst);
        bucket.settle(zero);
        let (mut now, mut latest, mut taken) = (0, 0, 0_u128);
        for (jump, forth, n) in steps {
            now = if forth { now + jump } else { jump.min(now) };
            latest = latest.max(now);
            bucket.settle(zero + Duration::from_nanos(now));
            bucket.spill();
            prop_assert!(bucket.tokens() <= burst);
            taken += if bucket.take(n) { u128::from(n) } else { 0 };
            let come = u128::from(latest) * u128::from(events) / u128::from(nanos);
            prop_assert!(taken <= u128::from(burst) + come);
        }
    }
}
