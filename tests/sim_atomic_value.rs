//! The races of values that are replaced as a whole, in the simulator.

#![cfg(feature = "sim")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use phalanx::sim::lin::{History, Model};
use phalanx::sim::{self, Builder, Script};
use phalanx::{AtomicValue, Context, Counter, Interrupted, Reader, Until};
use support::schedules::{always, often, pause, play};

const SECOND: Duration = Duration::from_secs(1);
const NANO: Duration = Duration::from_nanos(1);

// --- Storing and reading ----------------------------------------------------------------------

#[test]
fn no_update_is_lost_among_updates_and_stores() {
    always(2, || {
        let value = AtomicValue::new(0);
        sim::scope(|s| {
            for n in [1, 10] {
                let value = &value;
                s.spawn("updater", move || value.update(|old| old + n));
            }
        });
        assert_eq!(*value.load(), 11);
    });
    sim::outcomes(|| {
        let value = AtomicValue::new(0);
        sim::scope(|s| {
            s.spawn("updater", || value.update(|old| old + 1));
            value.store(10);
        });
        *value.load()
    })
    .exactly([10, 11])
    .exhausted();
}

#[test]
fn of_two_who_compare_and_store_over_the_same_value_one_succeeds() {
    sim::outcomes(|| {
        let value = AtomicValue::new(0);
        let seen = value.load();
        sim::scope(|s| {
            let other = s.spawn("other", || value.compare_and_store(&seen, 1).is_ok());
            let mine = value.compare_and_store(&seen, 2).is_ok();
            let other = other.join().unwrap();
            assert_ne!(mine, other);
            assert_eq!(*value.load(), if mine { 2 } else { 1 });
            mine
        })
    })
    .exactly([true, false])
    .exhausted();
}

#[test]
fn a_store_that_one_reader_has_seen_is_seen_by_whoever_hears_of_it() {
    always(2, || {
        let (value, told) = (AtomicValue::new(0), Counter::new(0));
        sim::scope(|s| {
            s.spawn("writer", || value.store(1));
            s.spawn("first", || {
                if *value.reader().get() == 1 {
                    told.inc();
                }
            });
            let mut reader = value.reader();
            let has_heard = told.get() == 1;
            let seen = *reader.get();
            assert!(!has_heard || seen == 1, "an older value than the one it has heard of");
        });
    });
}

#[test]
fn what_was_done_before_a_store_is_there_for_whoever_reads_its_value() {
    always(2, || {
        let (value, work) = (AtomicValue::new(0), Counter::new(0));
        sim::scope(|s| {
            let mut reader = value.reader();
            s.spawn("writer", || {
                work.inc();
                value.store(1);
            });
            let seen = i64::from(*reader.get());
            assert!(work.get() >= seen);
        });
    });
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Newest(u8);

#[derive(Clone, Copy, Debug)]
enum Op {
    Store(u8),
    Swap(u8),
    Double,
    Load,
    Get,
}

use Op::{Double, Get, Load, Store, Swap};

impl Model for Newest {
    type Op = Op;
    type Ret = Option<u8>;

    fn step(&self, op: &Op, ret: Option<&Self::Ret>) -> impl IntoIterator<Item = Self> {
        let Newest(value) = *self;
        let (after, returned) = match *op {
            Store(new) => (new, None),
            Swap(new) => (new, Some(value)),
            Double => (2 * value, Some(2 * value)),
            Load | Get => (value, Some(value)),
        };
        ret.is_none_or(|ret| *ret == returned).then_some(Newest(after))
    }
}

fn linearizable<const CALLS: usize>(threads: &'static [[Op; CALLS]]) -> impl Fn() + Clone {
    move || {
        let (value, history) = (AtomicValue::new(1), History::new());
        sim::scope(|s| {
            for ops in threads {
                let (value, history) = (&value, &history);
                s.spawn("caller", move || {
                    let mut reader = value.reader();
                    for op in ops {
                        history.call(*op, || match *op {
                            Store(new) => {
                                value.store(new);
                                None
                            }
                            Swap(new) => Some(*value.swap(new)),
                            Double => Some(*value.update(|old| 2 * old)),
                            Load => Some(*value.load()),
                            Get => Some(*reader.get()),
                        });
                    }
                });
            }
        });
        history.assert_linearizable(Newest(1));
    }
}

#[test]
fn two_threads_with_two_calls_each_are_linearizable() {
    always(2, linearizable(&[[Store(2), Get], [Swap(3), Get]]));
    always(2, linearizable(&[[Double, Load], [Get, Store(5)]]));
    always(2, linearizable(&[[Get, Get], [Store(2), Swap(3)]]));
}

#[test]
fn three_threads_with_four_calls_each_are_linearizable() {
    often(linearizable(&[
        [Store(2), Get, Double, Get],
        [Get, Swap(3), Get, Store(4)],
        [Get, Double, Load, Get],
    ]));
}

// --- No change is missed ----------------------------------------------------------------------

/// A wait for the next value, and a store.
fn one_of_each() {
    let value = AtomicValue::new(0);
    let mut reader = value.reader();
    sim::scope(|s| {
        s.spawn("waiter", || assert_eq!(*reader.changed(), 1));
        s.spawn("writer", || value.store(1));
    });
}

fn both_are_there() -> Script {
    Script::new().run("root").to_block()
}

#[test]
fn a_store_between_the_first_look_and_the_last_is_seen_by_the_last() {
    let script = both_are_there().run("waiter").until("lock");
    play(script.run("writer").to_end().run("waiter").to_end(), one_of_each);
}

#[test]
fn a_store_between_the_last_look_and_the_sleep_leaves_a_wake_up_behind() {
    let script = both_are_there().run("waiter").until("park");
    play(script.run("writer").to_end().run("waiter").to_end(), one_of_each);
}

#[test]
fn a_reader_that_goes_to_sleep_before_a_store_is_known_is_woken() {
    let script = both_are_there().run("writer").until("store"); // has the lock
    play(
        script.run("waiter").to_block().run("writer").to_end().run("waiter").to_end(),
        one_of_each,
    );
}

#[test]
fn a_store_that_wakes_others_keeps_no_reader_waiting() {
    let script = both_are_there()
        .run("first")
        .to_block()
        .run("second")
        .to_block()
        .run("writer")
        .until_nth("update", 2) // the value is there, one waiter has been granted, one has not
        .run("reader")
        .to_end()
        .run("writer")
        .to_end();
    play(script, || {
        let (value, stored) = (AtomicValue::new(0), Mutex::new(false));
        sim::scope(|s| {
            for name in ["first", "second"] {
                let mut reader = value.reader();
                s.spawn(name, move || assert_eq!(*reader.changed(), 1));
            }
            s.spawn("writer", || {
                value.store(1);
                *stored.lock() = true;
            });
            let mut reader = value.reader();
            let (value, stored) = (&value, &stored);
            s.spawn("reader", move || {
                assert_eq!((*value.load(), *reader.get()), (1, 1));
                assert!(!*stored.lock(), "the store has not returned");
            });
        });
    });
}

#[test]
fn a_reader_is_not_told_again_of_a_store_that_it_has_seen() {
    // It joins the waiters before the store has come to them.
    let script = both_are_there()
        .run("first")
        .to_block()
        .run("writer")
        .until_nth("lock", 3) // not in place, in place of the old one, to wake
        .run("second")
        .to_block()
        .run("writer")
        .to_end();
    play(script, || {
        let value = AtomicValue::new(0);
        sim::scope(|s| {
            let (mut first, mut second) = (value.reader(), value.reader());
            s.spawn("first", move || assert_eq!(*first.changed(), 1));
            s.spawn("writer", || value.store(1));
            s.spawn("second", move || {
                assert_eq!(*second.get(), 1);
                assert!(second.changed_until(SECOND).is_err());
            });
        });
        assert_eq!(sim::elapsed(), SECOND);
    });
}

#[test]
fn a_store_that_came_before_a_cancel_is_returned_though_its_wake_up_comes_later() {
    let script = both_are_there()
        .run("waiter")
        .to_block()
        .run("writer")
        .until_nth("lock", 3)
        .run("canceller")
        .to_end()
        .run("waiter")
        .to_end()
        .run("writer")
        .to_end();
    play(script, || {
        let value = AtomicValue::new(0);
        let (ctx, canceller) = Context::background().with_cancel();
        sim::scope(|s| {
            let mut reader = value.reader();
            s.spawn("waiter", move || assert_eq!(*reader.changed_until(&ctx).unwrap(), 1));
            s.spawn("writer", || value.store(1));
            s.spawn("canceller", || canceller.cancel());
        });
    });
}

#[test]
fn every_wait_ends_whatever_the_schedule() {
    always(2, one_of_each);
    always(2, || {
        let value = AtomicValue::new(0);
        sim::scope(|s| {
            for _ in 0..2 {
                let mut reader = value.reader();
                s.spawn("waiter", move || assert_eq!(*reader.changed(), 1));
            }
            value.store(1);
        });
    });
}

#[test]
fn who_waits_each_time_comes_to_the_last_value() {
    sim::outcomes(|| {
        let value = AtomicValue::new(0);
        sim::scope(|s| {
            let mut reader = value.reader();
            let follower = s.spawn("follower", move || {
                let mut seen = Vec::new();
                while seen.last() != Some(&2) {
                    seen.push(*reader.changed());
                }
                seen
            });
            value.store(1);
            value.store(2);
            follower.join().unwrap()
        })
    })
    .exactly([vec![1, 2], vec![2]])
    .exhausted();
}

// --- Bounds -----------------------------------------------------------------------------------

#[test]
fn a_bounded_wait_ends_at_its_instant_and_is_named_in_reports() {
    sim::check(|| {
        let value = Arc::new(AtomicValue::new(0));
        let mut reader = Reader::new(Arc::clone(&value));
        let waiter = sim::spawn("waiter", move || {
            let in_time = reader.changed_until(SECOND).is_ok();
            (in_time, reader)
        });
        sim::sleep(SECOND.saturating_sub(NANO));
        sim::assert_blocked(&waiter, "Reader::changed");
        sim::sleep(NANO);
        assert!(waiter.is_finished());
        value.store(1);
        let (in_time, mut reader) = waiter.join().unwrap();
        assert!(!in_time);
        assert_eq!(*reader.changed(), 1, "what came after is there for the next call");
        assert_eq!(sim::elapsed(), SECOND);
    });
}

#[test]
fn a_store_in_the_instant_of_the_bound_is_seen_then_or_next_time() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let value = Arc::new(AtomicValue::new(0));
            let mut reader = Reader::new(Arc::clone(&value));
            let waiter = sim::spawn("waiter", move || {
                let in_time = reader.changed_until(SECOND).is_ok();
                let seen = **reader.last();
                (in_time, seen, *reader.changed_until(SECOND).unwrap_or(&-1))
            });
            pause(SECOND);
            value.store(1);
            waiter.join().unwrap()
        })
        .exactly([(true, 1, -1), (false, 0, 1)])
        .exhausted();
}

#[test]
fn a_cancel_and_a_store_at_once_are_one_or_the_other() {
    sim::outcomes(|| {
        let value = Arc::new(AtomicValue::new(0));
        let mut reader = Reader::new(Arc::clone(&value));
        let (ctx, canceller) = Context::background().with_cancel();
        let waiter = sim::spawn("waiter", move || match reader.changed_until(&ctx) {
            Ok(new) => Some(*new),
            Err(Interrupted::Cancelled(_)) => None,
            Err(why) => panic!("there was no time: {why}"),
        });
        let writer = sim::spawn("writer", move || value.store(1));
        canceller.cancel();
        writer.join().unwrap();
        waiter.join().unwrap()
    })
    .exactly([Some(1), None])
    .exhausted();
}

#[test]
fn readers_that_give_up_leave_the_others_in_the_queue() {
    often(|| {
        let value = AtomicValue::new(0);
        let (ctx, canceller) = Context::background().with_cancel_timeout(2 * SECOND);
        sim::scope(|s| {
            for bound in [Until::FOREVER, SECOND.into(), (&ctx).into(), Until::FOREVER] {
                let mut reader = value.reader();
                s.spawn("waiter", move || match reader.changed_until(bound) {
                    Ok(new) => assert_eq!(*new, 1),
                    Err(_) => assert_eq!(**reader.last(), 0),
                });
            }
            s.spawn("canceller", || canceller.cancel());
            s.spawn("writer", || {
                pause(SECOND);
                value.store(1);
            });
        });
    });
}
