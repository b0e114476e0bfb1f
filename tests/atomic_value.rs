//! Values that are replaced as a whole, in real time.

#![expect(clippy::disallowed_methods, reason = "tests use std's threads")]

mod support;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use phalanx::{AtomicValue, Context, Interrupted, Outdated, Reader};
use support::asleep::Sleeper;
use support::{Bomb, Count, OnDrop, StartLine, panic_of, watchdog};

const HOUR: Duration = Duration::from_secs(3600);

// --- Storing ----------------------------------------------------------------------------------

#[test]
fn load_returns_what_was_stored_last() {
    let value = AtomicValue::new(1);
    assert_eq!(*value.load(), 1);
    value.store(2);
    assert_eq!(*value.load(), 2);
    assert_eq!(*value.swap(3), 2);
    assert_eq!(*value.load(), 3);
    assert_eq!(*AtomicValue::<u8>::default().load(), 0);
    assert_eq!(*AtomicValue::from("a").load(), "a");
}

#[test]
fn update_stores_what_the_closure_makes_and_nothing_if_it_panics() {
    let value = AtomicValue::new(String::from("a"));
    assert_eq!(*value.update(|old| format!("{old}b")), "ab");
    assert_eq!(panic_of(|| value.update(|_| panic!("no"))), "no");
    assert_eq!(*value.load(), "ab");
}

#[test]
fn update_begins_again_when_another_store_came_in_between() {
    let value = AtomicValue::new(1);
    let mut seen = Vec::new();
    let new = value.update(|old| {
        seen.push(*old);
        if seen.len() < 3 {
            value.store(old * 10); // no lock is held: this may store
        }
        old + 1
    });
    assert_eq!((*new, seen), (101, vec![1, 10, 100]));
}

#[test]
fn update_is_not_deceived_by_a_value_that_comes_back() {
    let value = AtomicValue::new(1);
    let mut calls = 0;
    value.update(|old| {
        calls += 1;
        if calls == 1 {
            value.store(2);
            value.store(1);
        }
        old + 1
    });
    assert_eq!((calls, *value.load()), (2, 2));
}

#[test]
fn no_update_of_many_threads_is_lost() {
    watchdog(|| {
        let value = AtomicValue::new((0, 0));
        let line = StartLine::new(3);
        thread::scope(|s| {
            for _ in 0..3 {
                s.spawn(|| {
                    line.wait();
                    for _ in 0..1000 {
                        value.update(|(n, m)| (n + 1, m - 1));
                    }
                });
            }
        });
        assert_eq!(*value.load(), (3000, -3000));
    });
}

#[test]
fn compare_and_store_stores_only_over_the_very_same_value() {
    let value = AtomicValue::new(String::from("a"));
    let first = value.load();
    assert!(value.compare_and_store(&Arc::new(String::from("a")), "b".into()).is_err());
    assert!(value.compare_and_store(&first, "b".into()).is_ok());
    let Outdated { rejected, current, .. } =
        value.compare_and_store(&first, "c".into()).unwrap_err();
    assert_eq!((rejected.as_str(), current.as_str()), ("c", "b"));
    assert!(value.compare_and_store(&current, rejected).is_ok());
    assert_eq!(*value.load(), "c");
    let error = value.compare_and_store(&first, String::new()).unwrap_err();
    assert_eq!(error.to_string(), "the value has been replaced in the meantime");
    assert_eq!(format!("{error:?}"), "Outdated { .. }");
}

// --- Dropping ---------------------------------------------------------------------------------

#[test]
fn a_value_is_dropped_when_nobody_has_it_any_more() {
    let drops = Count::default();
    let value = AtomicValue::new(drops.on_drop());
    let mut reader = value.reader();
    value.store(drops.on_drop());
    assert_eq!(drops.get(), 0, "the reader has it");
    reader.get();
    assert_eq!(drops.get(), 1);
    let loaded = value.load();
    value.store(drops.on_drop());
    drop(reader);
    assert_eq!(drops.get(), 1, "it was loaded");
    drop(loaded);
    assert_eq!(drops.get(), 2);
    let seen = value.load();
    value.store(drops.on_drop());
    assert!(value.compare_and_store(&seen, drops.on_drop()).is_err());
    assert_eq!(drops.get(), 3, "the rejected one was ours to drop");
    drop((seen, value));
    assert_eq!(drops.get(), 5);
}

/// Uses the value that it was a value of when it is dropped.
struct UsesItsPlace(Arc<AtomicValue<Option<UsesItsPlace>>>, Count);

impl Drop for UsesItsPlace {
    fn drop(&mut self) {
        assert!(self.0.load().is_none());
        self.1.add();
    }
}

#[test]
fn no_value_is_dropped_under_a_lock() {
    watchdog(|| {
        let dropped = Count::default();
        let value = Arc::new(AtomicValue::new(None));
        let make = || Some(UsesItsPlace(Arc::clone(&value), dropped.clone()));
        value.store(make());
        value.store(None);
        assert_eq!(dropped.get(), 1, "by `store`");
        value.store(make());
        value.update(|_| None);
        assert_eq!(dropped.get(), 2, "by `update`");
        value.store(make());
        let mut reader = value.reader();
        value.store(None);
        assert!(reader.get().is_none());
        assert_eq!(dropped.get(), 3, "by `get`");
        assert!(value.compare_and_store(&Arc::new(None), make()).is_err());
        assert_eq!(dropped.get(), 4, "by the error");
    });
}

#[test]
fn a_value_whose_drop_panics_has_been_replaced() {
    let value = AtomicValue::new(Some(Bomb));
    let mut late = value.reader();
    value.store(None);
    assert_eq!(panic_of(|| late.get().is_none()), "the bomb went off");
    assert!(!late.has_changed());
    assert!(late.get().is_none(), "the reader goes on");

    let value = AtomicValue::new(Some(Bomb));
    assert_eq!(panic_of(|| value.store(None)), "the bomb went off");
    assert!(value.load().is_none());
}

// --- Reading ----------------------------------------------------------------------------------

#[test]
fn a_reader_sees_a_store_as_soon_as_it_has_happened() {
    let value = AtomicValue::new(0);
    let mut reader = value.reader();
    assert!(!reader.has_changed());
    for n in 1..10 {
        value.store(n);
        assert!(reader.has_changed());
        assert_eq!(**reader.last(), n - 1, "it has not looked");
        assert_eq!(*reader.get(), n);
        assert!(!reader.has_changed());
        assert_eq!(**reader.last(), n);
    }
}

#[test]
fn a_clone_of_a_reader_has_seen_as_much_and_goes_its_own_way() {
    let value = Arc::new(AtomicValue::new(0));
    let mut reader = Reader::new(Arc::clone(&value));
    value.store(1);
    let mut clone = reader.clone();
    assert!(clone.has_changed());
    assert_eq!(*reader.get(), 1);
    assert!(clone.has_changed());
    assert_eq!(*clone.get(), 1);
}

#[test]
fn readers_see_whole_values_in_order_while_they_are_replaced() {
    watchdog(|| {
        const LAST: u64 = 20_000;
        let value = AtomicValue::new([0; 8]);
        let line = StartLine::new(3);
        thread::scope(|s| {
            for loads in [false, true] {
                let (value, line) = (&value, &line);
                s.spawn(move || {
                    let mut reader = value.reader();
                    let mut before = 0;
                    line.wait();
                    while before < LAST {
                        let now = if loads { *value.load() } else { *reader.get() };
                        assert!(now.iter().all(|n| *n == now[0]), "torn: {now:?}");
                        assert!(now[0] >= before, "older: {} after {before}", now[0]);
                        before = now[0];
                    }
                });
            }
            line.wait();
            (1..=LAST).for_each(|n| value.store([n; 8]));
        });
    });
}

// --- Waiting ----------------------------------------------------------------------------------

#[test]
fn changed_returns_at_once_what_was_stored_since_the_last_look() {
    let value = AtomicValue::new(0);
    let mut reader = value.reader();
    value.store(1);
    value.store(2);
    assert_eq!(*reader.changed(), 2, "the newest alone");
    assert!(reader.changed_until(Duration::ZERO).is_err());
    value.store(2);
    assert_eq!(*reader.changed_until(Duration::ZERO).unwrap(), 2, "an equal value is a change");
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn every_kind_of_store_wakes_all_who_sleep() {
    watchdog(|| {
        let stores: [fn(&AtomicValue<i32>); 4] = [
            |v| v.store(1),
            |v| drop(v.swap(1)),
            |v| drop(v.update(|n| n + 1)),
            |v| v.compare_and_store(&v.load(), 1).unwrap(),
        ];
        for store in stores {
            let value = AtomicValue::new(0);
            let sleepers = [Sleeper::default(), Sleeper::default()];
            thread::scope(|s| {
                for sleeper in sleepers.clone() {
                    let value = &value;
                    s.spawn(move || {
                        let mut reader = value.reader();
                        sleeper.here();
                        assert_eq!(*reader.changed(), 1);
                    });
                }
                sleepers.iter().for_each(Sleeper::until_asleep);
                store(&value);
            });
        }
    });
}

#[test]
fn a_reader_that_waits_each_time_ends_with_the_last_value() {
    watchdog(|| {
        let value = Arc::new(AtomicValue::new(0));
        let mut reader = Reader::new(Arc::clone(&value));
        let follower = thread::spawn(move || {
            let mut seen = vec![0];
            while seen.last() != Some(&5000) {
                seen.push(*reader.changed());
            }
            seen
        });
        (1..=5000).for_each(|n| value.store(n));
        let seen = follower.join().unwrap();
        assert!(seen.is_sorted_by(|a, b| a < b), "each is newer than the one before");
    });
}

#[test]
fn changed_until_gives_up_and_leaves_the_reader() {
    let value = AtomicValue::new(0);
    let mut reader = value.reader();
    for bound in [Duration::ZERO, Duration::from_millis(1)] {
        assert!(matches!(reader.changed_until(bound), Err(Interrupted::TimedOut)));
    }
    assert!(reader.changed_until(Instant::now()).unwrap_err().is_timeout());
    let (ctx, canceller) = Context::background().with_cancel();
    assert!(reader.changed_until((&ctx, Duration::ZERO)).unwrap_err().is_timeout());
    canceller.cancel();
    value.store(1);
    assert!(!reader.changed_until(&ctx).unwrap_err().is_timeout(), "a context that has ended");
    assert_eq!(**reader.last(), 0);
    assert_eq!(*reader.changed_until(HOUR).unwrap(), 1);
}

#[test]
fn a_cancelled_context_ends_a_wait_for_the_next_value() {
    watchdog(|| {
        let value = AtomicValue::new(0);
        let (ctx, canceller) = Context::background().with_cancel();
        thread::scope(|s| {
            let waits = [
                s.spawn(|| value.reader().changed_until(&ctx).is_err()),
                s.spawn(|| value.reader().changed_until((&ctx, HOUR)).is_err()),
            ];
            canceller.cancel();
            assert!(waits.into_iter().all(|wait| wait.join().unwrap()));
        });
    });
}

#[test]
fn debug_shows_what_there_is() {
    let value = AtomicValue::new(1);
    let reader = value.reader();
    value.store(2);
    assert_eq!(format!("{value:?}"), "AtomicValue { value: 2, .. }");
    assert_eq!(format!("{reader:?}"), "Reader { last: 1, has_changed: true, .. }");
}

/// What an `Arc` cannot do, it need not ask.
const _: fn() = || {
    fn shared<T: Send + Sync + Unpin>() {}
    shared::<AtomicValue<OnDrop>>();
};
