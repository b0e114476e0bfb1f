//! The races of the exact counter and of the gauge, in the simulator.

#![cfg(feature = "sim")]
#![expect(clippy::disallowed_types, reason = "tests use std's atomics")]

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use phalanx::sim::lin::{History, Model};
use phalanx::sim::{self, Builder, Script};
use phalanx::{Context, Counter, Gauge, InFlight, Interrupted};
use support::schedules::{always, often, pause, play};

const SECOND: Duration = Duration::from_secs(1);
const NANO: Duration = Duration::from_nanos(1);

// --- Steps ------------------------------------------------------------------------------------

#[test]
fn of_two_checked_steps_to_the_last_value_exactly_one_succeeds() {
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
fn a_checked_step_that_goes_too_far_is_seen_by_no_thread() {
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

/// The step's result, or `None` if it panics.
fn attempt(step: impl FnOnce() -> i64) -> Option<i64> {
    catch_unwind(AssertUnwindSafe(step)).ok()
}

#[test]
fn a_refused_step_is_taken_back_whatever_the_other_threads_do() {
    sim::outcomes(|| {
        let counter = Counter::new(Counter::MAX);
        let is_refused = sim::scope(|s| {
            let refused = s.spawn("refused", || attempt(|| counter.inc()).is_none());
            s.spawn("other", || counter.sub(5));
            refused.join().unwrap()
        });
        (is_refused, counter.get() - Counter::MAX)
    })
    .exactly([(true, -5), (false, -4)])
    .exhausted();
}

#[test]
fn of_two_steps_to_the_last_value_one_is_refused_and_taken_back() {
    let at = |start: i64, step: fn(&Counter) -> i64, end: i64| {
        always(2, move || {
            let counter = Counter::new(start);
            let both = sim::scope(|s| {
                let other = s.spawn("other", || attempt(|| step(&counter)));
                [attempt(|| step(&counter)), other.join().unwrap()]
            });
            assert_eq!(counter.get(), end);
            assert!(both == [Some(end), None] || both == [None, Some(end)], "{both:?}");
        });
    };
    at(Counter::MAX - 1, Counter::inc, Counter::MAX);
    at(Counter::MIN + 1, Counter::dec, Counter::MIN);
    at(Counter::MAX - 7, |c| c.add(7), Counter::MAX);
    at(Counter::MIN + 7, |c| c.sub(7), Counter::MIN);
}

#[test]
fn a_large_step_that_goes_too_far_is_seen_by_no_thread() {
    sim::outcomes(|| {
        let counter = Counter::new(7);
        sim::scope(|s| {
            let other = s.spawn("other", || attempt(|| counter.add(Counter::MAX)));
            let seen = counter.get();
            (seen, other.join().unwrap())
        })
    })
    .exactly([(7, None)])
    .exhausted();
}

/// The cost that DESIGN promises: one step for the change, one for the look at the mark.
#[test]
fn an_addition_is_one_step_and_a_look_at_the_mark() {
    let steps = |additions: usize| {
        let report = Builder::new().exhaustive(0).check(move || {
            let counter = Counter::new(0);
            (0..additions).for_each(|_| _ = counter.inc());
        });
        report.max_steps
    };
    assert_eq!(steps(10) - steps(0), 20);
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
    Add(i64),
    Update,
    FetchUpdate,
    And(i64),
    Or(i64),
    Swap(i64),
    CompareExchange(i64, i64),
    Get,
}

use Op::{
    Add, And, CheckedAdd, CompareExchange, FetchUpdate, Get, Or, SaturatingSub, Swap, Update,
    WrappingAdd,
};

impl Op {
    fn call(self, counter: &Counter) -> Option<i64> {
        match self {
            CheckedAdd(n) => counter.checked_add(n),
            SaturatingSub(n) => Some(counter.saturating_sub(n)),
            WrappingAdd(n) => Some(counter.wrapping_add(n)),
            Add(n) => Some(counter.add(n)),
            Update => Some(counter.update(|value| value / 2)),
            FetchUpdate => Some(counter.fetch_update(|value| value / 2)),
            And(mask) => Some(counter.fetch_and(mask)),
            Or(bits) => Some(counter.fetch_or(bits)),
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
            Add(n) => (value + n, Some(value + n)),
            Update => (value / 2, Some(value / 2)),
            FetchUpdate => (value / 2, Some(value)),
            And(mask) => (value & mask, Some(value)),
            Or(bits) => (value | bits, Some(value)),
            Swap(n) => (n, Some(value)),
            CompareExchange(current, new) if current == value => (new, Some(value)),
            CompareExchange(..) => (value, None),
            Get => (value, Some(value)),
        };
        ret.is_none_or(|ret| *ret == returned).then_some(Number(after))
    }
}

fn linearizable<const CALLS: usize>(
    start: i64,
    threads: &'static [[Op; CALLS]],
) -> impl Fn() + Clone {
    move || {
        let (counter, history) = (Counter::new(start), History::new());
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
        history.assert_linearizable(Number(start));
    }
}

#[test]
fn two_threads_with_two_steps_each_are_linearizable() {
    let at_the_end = |threads| always(2, linearizable(i64::MAX - 1, threads));
    at_the_end(&[[CheckedAdd(1), Get], [WrappingAdd(1), Swap(0)]]);
    at_the_end(&[[SaturatingSub(i64::MAX), Update], [CheckedAdd(2), Get]]);
    at_the_end(&[[CompareExchange(i64::MAX - 1, 4), Get], [Update, WrappingAdd(3)]]);
    let small = |threads| always(2, linearizable(6, threads));
    small(&[[Add(5), FetchUpdate], [Add(-3), Or(16)]]);
    small(&[[And(3), Add(1)], [Or(8), FetchUpdate]]);
}

#[test]
fn three_threads_with_four_steps_each_are_linearizable() {
    often(linearizable(
        i64::MAX - 1,
        &[
            [CheckedAdd(1), WrappingAdd(5), Get, Update],
            [Swap(8), CheckedAdd(i64::MAX), SaturatingSub(9), Get],
            [Update, CompareExchange(8, 1), Get, WrappingAdd(-1)],
        ],
    ));
    often(linearizable(
        6,
        &[
            [Add(5), Or(32), Get, FetchUpdate],
            [And(7), Add(-9), Swap(2), Get],
            [Or(1), Get, Add(3), Update],
        ],
    ));
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
    let script = both_are_there().run("adder").until("load");
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

/// A change comes before a cancellation, and the changing thread is stopped before it wakes the waiting one.
fn changed_before_it_is_cancelled() -> Script {
    let script = both_are_there().run("waiter").to_block().run("changer").until("lock");
    script.run("canceller").to_end().run("waiter").to_end().run("changer").to_end()
}

#[test]
fn a_value_that_came_before_a_cancel_is_returned_though_its_wake_up_comes_later() {
    play(changed_before_it_is_cancelled(), || {
        let counter = Counter::new(0);
        let (ctx, canceller) = Context::background().with_cancel();
        sim::scope(|s| {
            s.spawn("waiter", || assert_eq!(counter.wait_for_until(&ctx, |n| n > 0).unwrap(), 1));
            s.spawn("changer", || counter.inc());
            s.spawn("canceller", || canceller.cancel());
        });
        assert!(counter.wait_for_until(&ctx, |n| n > 0).is_err(), "it had ended before the call");
    });
}

#[test]
fn a_count_that_came_before_a_cancel_is_returned_though_its_wake_up_comes_later() {
    play(changed_before_it_is_cancelled(), || {
        let gauge = Gauge::new();
        let (ctx, canceller) = Context::background().with_cancel();
        let guard = gauge.track();
        sim::scope(|s| {
            s.spawn("waiter", || assert_eq!(gauge.wait_for_until(&ctx, |n| n == 0).unwrap(), 0));
            s.spawn("changer", || drop(guard));
            s.spawn("canceller", || canceller.cancel());
        });
    });
}

#[test]
fn a_value_is_looked_at_after_the_clock_has_said_that_the_bound_is_over() {
    let script = both_are_there().run("waiter").until("looked").run("changer").to_end();
    play(script.run("waiter").to_end(), || {
        let counter = Counter::new(0);
        let condition = |n| {
            sim::label("looked");
            n > 0
        };
        sim::scope(|s| {
            s.spawn("waiter", || {
                assert_eq!(counter.wait_for_until(Duration::ZERO, condition).unwrap(), 1);
            });
            s.spawn("changer", || counter.inc());
        });
    });
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

/// Three are in at once, though the third is still on its way in when the first leaves.
#[test]
fn a_peak_that_has_passed_before_it_was_noted_is_still_kept() {
    let script = Script::new().run("root").to_block().run("late").until("load");
    let script = script.run("other").to_end().run("late").to_end().run("root").to_end();
    let peak = play(script, || {
        let gauge = Gauge::new();
        let first = gauge.track();
        sim::scope(|s| {
            s.spawn("late", || drop(gauge.track()));
            s.spawn("other", || drop(first));
        });
        assert_eq!(gauge.current(), 0);
        gauge.peak()
    });
    assert_eq!(peak, 2);
}

#[test]
fn what_a_guard_counts_is_in_the_peak_when_track_returns() {
    always(2, || {
        let (gauge, held) = (Gauge::new(), AtomicU32::new(0)); // a word that is no step
        let holds = || {
            let in_flight = gauge.track();
            let now = held.fetch_add(1, SeqCst) + 1;
            assert!(gauge.peak() >= now);
            held.fetch_sub(1, SeqCst);
            drop(in_flight);
        };
        sim::scope(|s| {
            s.spawn("one", holds);
            s.spawn("other", holds);
            holds();
        });
    });
}

#[test]
fn counting_in_and_out_is_two_steps_below_the_peak() {
    let steps = |rounds: usize| {
        let report = Builder::new().exhaustive(0).check(move || {
            let gauge = Gauge::new();
            drop(gauge.track());
            (0..rounds).for_each(|_| drop(gauge.track()));
        });
        report.max_steps
    };
    assert_eq!(steps(10) - steps(0), 20);
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
