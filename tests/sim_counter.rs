//! The races of the exact counter and of the gauge, in the simulator.

#![cfg(feature = "sim")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use phalanx::sim::lin::{History, Model};
use phalanx::sim::{self, Builder, Script};
use phalanx::{Context, Counter, Gauge, InFlight, Interrupted};
use support::schedules::{always, often, pause, play};

const SECOND: Duration = Duration::from_secs(1);
const NANO: Duration = Duration::from_nanos(1);

// --- Steps ------------------------------------------------------------------------------------

#[test]
fn of_two_steps_to_the_last_value_exactly_one_succeeds() {
    sim::outcomes(|| {
        let counter = Counter::new(i64::MAX - 1);
        let both = sim::scope(|s| {
            let other = s.spawn("other", || counter.checked_add(1).is_some());
            (counter.checked_add(1).is_some(), other.join().unwrap())
        });
        assert_eq!(counter.get(), i64::MAX);
        both
    })
    .exactly([(true, false), (false, true)])
    .exhausted();
}

#[test]
fn a_step_that_goes_too_far_is_seen_by_nobody() {
    sim::outcomes(|| {
        let counter = Counter::new(i64::MAX - 2);
        sim::scope(|s| {
            let other = s.spawn("other", || counter.checked_add(5));
            let seen = counter.get();
            (seen, other.join().unwrap())
        })
    })
    .exactly([(i64::MAX - 2, None)])
    .exhausted();
}

#[test]
fn a_swap_to_zero_among_additions_loses_none() {
    sim::outcomes(|| {
        let counter = Counter::new(0);
        let drained = sim::scope(|s| {
            s.spawn("adder", || counter.add(1));
            s.spawn("wrapper", || counter.wrapping_add(10));
            counter.swap(0)
        });
        assert_eq!(drained + counter.get(), 11);
        drained
    })
    .exactly([0, 1, 10, 11])
    .exhausted();
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Number(i64);

#[derive(Clone, Copy, Debug)]
enum Op {
    CheckedAdd(i64),
    SaturatingSub(i64),
    WrappingAdd(i64),
    Update,
    Swap(i64),
    CompareExchange(i64, i64),
    Get,
}

use Op::{CheckedAdd, CompareExchange, Get, SaturatingSub, Swap, Update, WrappingAdd};

impl Op {
    fn call(self, counter: &Counter) -> Option<i64> {
        match self {
            CheckedAdd(n) => counter.checked_add(n),
            SaturatingSub(n) => Some(counter.saturating_sub(n)),
            WrappingAdd(n) => Some(counter.wrapping_add(n)),
            Update => Some(counter.update(|value| value / 2)),
            Swap(n) => Some(counter.swap(n)),
            CompareExchange(current, new) => counter.compare_exchange(current, new).ok(),
            Get => Some(counter.get()),
        }
    }
}

impl Model for Number {
    type Op = Op;
    type Ret = Option<i64>;

    fn step(&self, op: &Op, ret: Option<&Self::Ret>) -> impl IntoIterator<Item = Self> {
        let Number(value) = *self;
        let (after, returned) = match *op {
            CheckedAdd(n) => (value.checked_add(n).unwrap_or(value), value.checked_add(n)),
            SaturatingSub(n) => (value.saturating_sub(n), Some(value.saturating_sub(n))),
            WrappingAdd(n) => (value.wrapping_add(n), Some(value.wrapping_add(n))),
            Update => (value / 2, Some(value / 2)),
            Swap(n) => (n, Some(value)),
            CompareExchange(current, new) if current == value => (new, Some(value)),
            CompareExchange(..) => (value, None),
            Get => (value, Some(value)),
        };
        ret.is_none_or(|ret| *ret == returned).then_some(Number(after))
    }
}

fn linearizable<const CALLS: usize>(threads: &'static [[Op; CALLS]]) -> impl Fn() + Clone {
    move || {
        let (counter, history) = (Counter::new(i64::MAX - 1), History::new());
        sim::scope(|s| {
            for ops in threads {
                let (counter, history) = (&counter, &history);
                s.spawn("caller", move || {
                    for op in ops {
                        history.call(*op, || op.call(counter));
                    }
                });
            }
        });
        history.assert_linearizable(Number(i64::MAX - 1));
    }
}

#[test]
fn two_threads_with_two_steps_each_are_linearizable() {
    always(2, linearizable(&[[CheckedAdd(1), Get], [WrappingAdd(1), Swap(0)]]));
    always(2, linearizable(&[[SaturatingSub(i64::MAX), Update], [CheckedAdd(2), Get]]));
    always(2, linearizable(&[[CompareExchange(i64::MAX - 1, 4), Get], [Update, WrappingAdd(3)]]));
}

#[test]
fn three_threads_with_four_steps_each_are_linearizable() {
    often(linearizable(&[
        [CheckedAdd(1), WrappingAdd(5), Get, Update],
        [Swap(8), CheckedAdd(i64::MAX), SaturatingSub(9), Get],
        [Update, CompareExchange(8, 1), Get, WrappingAdd(-1)],
    ]));
}

// --- No wake-up is lost -----------------------------------------------------------------------

/// A wait for one, and a step to it.
fn one_of_each() {
    let counter = Counter::new(0);
    sim::scope(|s| {
        s.spawn("waiter", || assert_eq!(counter.wait_for(|n| n == 1), 1));
        s.spawn("adder", || counter.inc());
    });
}

fn both_are_there() -> Script {
    Script::new().run("root").to_block()
}

#[test]
fn a_step_between_the_first_look_and_the_mark_is_seen_by_the_last_look() {
    let script = both_are_there().run("waiter").until("store");
    play(script.run("adder").to_end().run("waiter").to_end(), one_of_each);
}

#[test]
fn a_step_between_the_mark_and_the_last_look_is_seen_by_the_look_or_wants_the_lock() {
    let script = both_are_there().run("waiter").until("update");
    play(script.run("adder").to_block().run("waiter").to_end(), one_of_each);
}

#[test]
fn a_step_between_the_queue_and_the_sleep_leaves_a_wake_up_behind() {
    let script = both_are_there().run("waiter").until("park");
    play(script.run("adder").to_end().run("waiter").to_end(), one_of_each);
}

#[test]
fn a_mark_between_a_step_and_its_look_for_the_mark_is_served() {
    let script = both_are_there().run("adder").until_nth("load", 2);
    play(script.run("waiter").to_block().run("adder").to_end(), one_of_each);
}

#[test]
fn every_wait_ends_whatever_the_schedule() {
    always(2, one_of_each);
    always(2, || {
        let counter = Counter::new(0);
        sim::scope(|s| {
            s.spawn("waiter", || assert_eq!(counter.wait_for(|n| n >= 2), 2));
            s.spawn("adder", || counter.wrapping_add(1));
            s.spawn("other", || counter.update(|n| n + 1));
        });
    });
}

#[test]
fn a_waiter_for_more_sleeps_on_and_is_told_again() {
    always(2, || {
        let counter = Counter::new(0);
        sim::scope(|s| {
            for wanted in [1, 2] {
                let counter = &counter;
                s.spawn("waiter", move || assert!(counter.wait_for(|n| n >= wanted) >= wanted));
            }
            counter.inc();
            counter.inc();
        });
    });
}

#[test]
fn waiters_with_wishes_of_their_own_are_all_served() {
    often(|| {
        let counter = Counter::new(0);
        sim::scope(|s| {
            for wanted in 1..=3 {
                let counter = &counter;
                s.spawn("waiter", move || assert!(counter.wait_for(|n| n >= wanted) >= wanted));
                s.spawn("adder", move || counter.inc());
            }
            s.spawn("hasty", || drop(counter.wait_for_until(SECOND, |n| n > 5)));
        });
        assert_eq!(counter.get(), 3);
    });
}

#[test]
fn a_value_that_comes_and_goes_is_seen_or_missed_and_never_made_up() {
    sim::outcomes(|| {
        let counter = Counter::new(0);
        sim::scope(|s| {
            let waiter = s.spawn("waiter", || counter.wait_for_until(SECOND, |n| n > 0).ok());
            counter.inc();
            counter.dec();
            waiter.join().unwrap()
        })
    })
    .exactly([Some(1), None])
    .exhausted();
}

#[test]
fn what_was_done_before_a_step_is_there_when_its_wait_returns() {
    always(2, || {
        let (work, done) = (Counter::new(0), Counter::new(0));
        sim::scope(|s| {
            for _ in 0..2 {
                s.spawn("worker", || {
                    work.wrapping_add(1);
                    done.inc();
                });
            }
            done.wait_for(|n| n == 2);
            assert_eq!(work.get(), 2);
        });
    });
}

// --- Bounds -----------------------------------------------------------------------------------

#[test]
fn a_bounded_wait_ends_at_its_instant_whatever_else_changes() {
    sim::check(|| {
        let counter = Arc::new(Counter::new(0));
        let waiter = sim::spawn("waiter", {
            let counter = Arc::clone(&counter);
            move || counter.wait_for_until(SECOND, |n| n > 5)
        });
        for _ in 0..3 {
            sim::sleep(SECOND / 4);
            counter.inc(); // not enough
        }
        sim::sleep((SECOND / 4).saturating_sub(NANO));
        sim::assert_blocked(&waiter, "Counter::wait_for");
        sim::sleep(NANO);
        assert!(waiter.is_finished());
        assert!(matches!(waiter.join().unwrap(), Err(Interrupted::TimedOut)));
        assert_eq!(sim::elapsed(), SECOND);
    });
}

#[test]
fn a_step_in_the_instant_of_the_bound_is_seen_or_not() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let counter = Arc::new(Counter::new(0));
            let waiter = sim::spawn("waiter", {
                let counter = Arc::clone(&counter);
                move || counter.wait_for_until(SECOND, |n| n > 0).is_ok()
            });
            pause(SECOND);
            counter.inc();
            assert_eq!(sim::elapsed(), SECOND);
            waiter.join().unwrap()
        })
        .exactly([true, false])
        .exhausted();
}

#[test]
fn a_cancel_and_a_step_at_once_are_one_or_the_other() {
    sim::outcomes(|| {
        let counter = Arc::new(Counter::new(0));
        let (ctx, canceller) = Context::background().with_cancel();
        let waiter = sim::spawn("waiter", {
            let counter = Arc::clone(&counter);
            move || counter.wait_for_until(&ctx, |n| n > 0).is_ok()
        });
        let adder = sim::spawn("adder", move || counter.inc());
        canceller.cancel();
        adder.join().unwrap();
        waiter.join().unwrap()
    })
    .exactly([true, false])
    .exhausted();
}

// --- Gauge ------------------------------------------------------------------------------------

#[test]
fn the_peak_is_what_was_there_at_once() {
    sim::outcomes(|| {
        let gauge = Arc::new(Gauge::new());
        sim::invariant("peak", {
            let gauge = Arc::clone(&gauge);
            move || assert!(gauge.peak() >= gauge.current())
        });
        let other = sim::spawn("other", {
            let gauge = Arc::clone(&gauge);
            move || drop(InFlight::new(gauge))
        });
        drop(gauge.track());
        other.join().unwrap();
        assert_eq!(gauge.current(), 0);
        gauge.peak()
    })
    .exactly([1, 2])
    .exhausted();
}

#[test]
fn a_peak_that_nobody_else_can_see_is_still_kept() {
    // Both are in at once, for one step; the one who looks comes later.
    let script = Script::new()
        .run("root")
        .to_block()
        .run("one")
        .until("in")
        .run("other")
        .to_end()
        .run("one")
        .to_end();
    let peak = play(script, || {
        let gauge = Gauge::new();
        sim::scope(|s| {
            for name in ["one", "other"] {
                let gauge = &gauge;
                s.spawn(name, move || {
                    let _in_flight = gauge.track();
                    sim::label("in");
                });
            }
        });
        gauge.peak()
    });
    assert_eq!(peak, 2);
}

#[test]
fn a_restart_among_guards_loses_no_peak() {
    always(2, || {
        let gauge = Gauge::new();
        let first = gauge.track();
        let before = sim::scope(|s| {
            s.spawn("other", || drop(gauge.track()));
            gauge.restart_peak()
        });
        assert_eq!(before.max(gauge.peak()), 2);
        drop(first);
    });
}

#[test]
fn a_wait_for_the_last_guard_sees_its_work() {
    always(2, || {
        let (gauge, work) = (Gauge::new(), Counter::new(0));
        let guards = [gauge.track(), gauge.track()];
        sim::scope(|s| {
            for guard in guards {
                let work = &work;
                s.spawn("worker", move || {
                    work.wrapping_add(1);
                    drop(guard);
                });
            }
            assert_eq!(gauge.wait_for(|n| n == 0), 0);
            assert_eq!(work.get(), 2);
        });
    });
}

#[test]
fn a_wait_for_a_gauge_is_named_in_reports_and_ends_at_its_instant() {
    sim::check(|| {
        let gauge = Arc::new(Gauge::new());
        let in_flight = gauge.track();
        let waiter = sim::spawn("waiter", {
            let gauge = Arc::clone(&gauge);
            move || gauge.wait_for_until(SECOND, |n| n == 0).is_ok()
        });
        sim::wait_idle();
        sim::assert_blocked(&waiter, "Gauge::wait_for");
        sim::sleep(SECOND);
        assert!(!waiter.join().unwrap());
        drop(in_flight);
    });
}
