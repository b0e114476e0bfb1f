//! Bad input to the counters and to the value that is replaced as a whole: what each says, and that
//! nothing is changed.

#![expect(clippy::disallowed_methods, reason = "tests read the clock and use std's threads")]

mod support;

use std::cell::Cell;
use std::mem;
use std::panic;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use phalanx::{AtomicValue, Context, Counter, Gauge, Interrupted, ShardedCounter};
use support::asleep::Sleeper;
use support::{Bomb, Count, panic_of, watchdog};

/// What is done wrong, how, and what it says.
type Row = (&'static str, fn() -> String, &'static str);

const TIMED_OUT: &str = "timed out";
const CANCELLED: &str = "context cancelled";
const ADD: &str = "Counter::add: overflow";
const SUB: &str = "Counter::sub: overflow";
const OUTDATED: &str = "the value has been replaced in the meantime";

const COUNTER: [Row; 22] = [
    ("add to the maximum", || refused(i64::MAX, |c| c.add(1)), ADD),
    ("add the maximum", || refused(1, |c| c.add(i64::MAX)), ADD),
    ("add the minimum", || refused(-1, |c| c.add(i64::MIN)), ADD),
    ("inc the maximum", || refused(i64::MAX, Counter::inc), "Counter::inc: overflow"),
    ("sub from the minimum", || refused(i64::MIN, |c| c.sub(1)), SUB),
    ("sub the minimum", || refused(0, |c| c.sub(i64::MIN)), SUB),
    ("sub the maximum", || refused(-2, |c| c.sub(i64::MAX)), SUB),
    ("dec the minimum", || refused(i64::MIN, Counter::dec), "Counter::dec: overflow"),
    ("checked_add too much", || same(i64::MAX, |c| text(c.checked_add(1))), "None"),
    ("checked_sub too much", || same(i64::MIN, |c| text(c.checked_sub(1))), "None"),
    ("compare_exchange with another", || same(3, |c| text(c.compare_exchange(4, 5))), "Err(3)"),
    ("update that panics", || refused(3, |c| c.update(|_| panic!("no"))), "no"),
    ("wait_for whose condition panics", || refused(3, |c| c.wait_for(|_| panic!("no"))), "no"),
    ("wait no time", || waits(|c| c.wait_for_until(Duration::ZERO, never)), TIMED_OUT),
    ("wait until now", || waits(|c| c.wait_for_until(Instant::now(), never)), TIMED_OUT),
    ("wait until the past", || waits(|c| c.wait_for_until(past(), never)), TIMED_OUT),
    ("wait cancelled", || waits(|c| c.wait_for_until(&cancelled(), |_| true)), CANCELLED),
    (
        "wait cancelled, with a duration",
        || waits(|c| c.wait_for_until((&cancelled(), Duration::MAX), |_| true)),
        CANCELLED,
    ),
    ("a deadline that has passed, and the value is there", there_at_once, "3"),
    ("cancel while it waits", cancelled_counter, CANCELLED),
    ("wait from inside of a wait", wait_in_a_wait, TIMED_OUT),
    ("change from inside of an update", change_in_an_update, "[3, 4]"),
];

const GAUGE_AND_SHARDS: [Row; 9] = [
    ("a guard that is dropped at once", || gauge(|g| drop(g.track())), "0 of 1"),
    ("a guard that is forgotten", || gauge(|g| mem::forget(g.track())), "1 of 1"),
    ("a guard dropped by a panic", || gauge(|g| drop(panic_of(|| in_flight(g)))), "0 of 1"),
    (
        "wait no time for a gauge",
        || interrupted(Gauge::new().wait_for_until(Duration::ZERO, |n| n > 0)),
        TIMED_OUT,
    ),
    (
        "wait for a gauge, cancelled",
        || interrupted(Gauge::new().wait_for_until(&cancelled(), |n| n == 0)),
        CANCELLED,
    ),
    ("add to a part that is full", || sharded(i64::MAX, 1), "ShardedCounter::add: overflow"),
    ("add to a part that is low", || sharded(i64::MIN, -1), "ShardedCounter::add: overflow"),
    ("add the maximum to a part", || sharded(1, i64::MAX), "ShardedCounter::add: overflow"),
    ("sum up too much", sum_too_much, "ShardedCounter::sum: overflow"),
];

const ATOMIC_VALUE: [Row; 12] = [
    ("wait no time", || reads(|v| v.reader().changed_until(Duration::ZERO).copied()), TIMED_OUT),
    ("wait until the past", || reads(|v| v.reader().changed_until(past()).copied()), TIMED_OUT),
    ("wait cancelled", || reads(|v| v.reader().changed_until(&cancelled()).copied()), CANCELLED),
    ("wait cancelled, and there is a newer one", cancelled_and_newer, CANCELLED),
    ("a deadline that has passed, and there is a newer one", passed_and_newer, "2"),
    ("cancel while it waits", cancelled_reader, CANCELLED),
    ("an update that panics", update_panics, "no"),
    ("store from inside of an update", store_in_an_update, "[1, 2]"),
    ("a value whose drop panics", drop_panics, "the bomb went off"),
    ("compare with an equal value", compare_with_equal, OUTDATED),
    ("compare with the value of another", compare_with_other, OUTDATED),
    ("a value that uses its place when it is dropped", drop_uses_its_place, "dropped"),
];

#[test]
fn bad_input_is_told_what_is_wrong_and_changes_nothing() {
    watchdog(|| {
        for (name, act, expected) in COUNTER.iter().chain(&GAUGE_AND_SHARDS).chain(&ATOMIC_VALUE) {
            assert_eq!(act(), *expected, "{name}");
        }
    });
}

#[test]
fn a_refusal_names_the_place_of_the_call() {
    thread_local! {
        static PLACE: Cell<Option<(&'static str, u32)>> = const { Cell::new(None) };
    }
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let place = info.location().map(|at| (at.file().ends_with(file!()), at.line()));
        PLACE.set(place.map(|(here, line)| (if here { "here" } else { "elsewhere" }, line)));
        before(info);
    }));
    let (max, min) = (Counter::new(i64::MAX), Counter::new(i64::MIN));
    let (shards, sum) = (ShardedCounter::new(), ShardedCounter::new());
    shards.add(i64::MAX);
    sum.add(i64::MAX);
    thread::scope(|s| {
        s.spawn(|| sum.inc());
    });
    let calls: [(&dyn Fn() -> i64, u32); 5] = [
        (&|| max.add(1), line!()),
        (&|| min.sub(1), line!()),
        (&|| max.inc(), line!()),
        (&|| min.dec(), line!()),
        (&|| sum.sum(), line!()),
    ];
    for (call, line) in calls {
        let said = panic_of(call);
        assert_eq!(PLACE.get(), Some(("here", line)), "{said}");
    }
    let (said, line) = (panic_of(|| shards.inc()), line!());
    assert_eq!(PLACE.get(), Some(("here", line)), "{said}");
}

fn never(_: i64) -> bool {
    false
}

fn past() -> Instant {
    Instant::now().checked_sub(Duration::from_secs(1)).unwrap_or_else(Instant::now)
}

fn cancelled() -> Context {
    let (ctx, canceller) = Context::background().with_cancel();
    canceller.cancel();
    ctx
}

fn text(value: impl std::fmt::Debug) -> String {
    format!("{value:?}")
}

fn interrupted<T: std::fmt::Display>(outcome: Result<T, Interrupted>) -> String {
    outcome.map_or_else(|error| error.to_string(), |value| value.to_string())
}

// --- Counters ---------------------------------------------------------------------------------

/// Does something to a counter with this value, which keeps it and goes on to work.
fn same(value: i64, act: impl FnOnce(&Counter) -> String) -> String {
    let counter = Counter::new(value);
    let said = act(&counter);
    assert_eq!(counter.get(), value, "{said}");
    assert_eq!(counter.swap(0), value, "{said}");
    assert_eq!(counter.inc(), 1, "{said}");
    said
}

fn refused(value: i64, act: fn(&Counter) -> i64) -> String {
    same(value, |counter| panic_of(|| act(counter)))
}

fn waits(wait: fn(&Counter) -> Result<i64, Interrupted>) -> String {
    same(3, |counter| interrupted(wait(counter)))
}

fn there_at_once() -> String {
    waits(|c| c.wait_for_until(past(), |n| n == 3))
}

fn wait_in_a_wait() -> String {
    waits(|c| {
        let inner = c.wait_for_until(Duration::ZERO, never);
        c.wait_for_until(Duration::ZERO, |_| inner.is_ok() || c.wait_for(|n| n == 3) < 0)
    })
}

/// Sleeps in `wait`, is cancelled there, and says what it returned.
fn cancelled_in(wait: impl FnOnce(&Context) -> String + Send) -> String {
    let (ctx, canceller) = Context::background().with_cancel();
    let sleeper = Sleeper::default();
    thread::scope(|s| {
        let waiter = s.spawn(|| {
            sleeper.here();
            wait(&ctx)
        });
        if cfg!(target_os = "linux") {
            sleeper.until_asleep();
        }
        canceller.cancel();
        waiter.join().expect("it does not panic")
    })
}

fn cancelled_counter() -> String {
    same(3, |counter| cancelled_in(|ctx| interrupted(counter.wait_for_until(ctx, never))))
}

fn change_in_an_update() -> String {
    let (counter, mut seen) = (Counter::new(3), Vec::new());
    counter.update(|n| {
        seen.push(n);
        if seen.len() == 1 {
            counter.inc();
        }
        n
    });
    assert_eq!(counter.get(), 4);
    text(seen)
}

fn in_flight(gauge: &Gauge) {
    let _in_flight = gauge.track();
    panic!("a request fails");
}

fn gauge(act: fn(&Gauge)) -> String {
    let gauge = Gauge::new();
    act(&gauge);
    format!("{} of {}", gauge.current(), gauge.peak())
}

fn sharded(value: i64, n: i64) -> String {
    let counter = ShardedCounter::new();
    counter.add(value);
    let said = panic_of(|| counter.add(n));
    assert_eq!(counter.sum(), value, "{said}");
    said
}

fn sum_too_much() -> String {
    let counter = ShardedCounter::new();
    counter.add(i64::MAX);
    thread::scope(|s| {
        s.spawn(|| counter.inc());
    });
    let said = panic_of(|| counter.sum());
    counter.add(-1);
    assert_eq!(counter.sum(), i64::MAX, "nothing was lost");
    said
}

// --- AtomicValue ------------------------------------------------------------------------------

/// Does something to a value that is 1, and stays so.
fn reads(act: fn(&AtomicValue<i32>) -> Result<i32, Interrupted>) -> String {
    let value = AtomicValue::new(1);
    let before = value.load();
    let said = interrupted(act(&value));
    assert!(Arc::ptr_eq(&before, &value.load()), "{said}");
    said
}

fn cancelled_and_newer() -> String {
    let value = AtomicValue::new(1);
    let mut reader = value.reader();
    value.store(2);
    let said = interrupted(reader.changed_until(&cancelled()));
    assert_eq!((**reader.last(), *reader.changed()), (1, 2), "the change is still to be seen");
    said
}

fn passed_and_newer() -> String {
    let value = AtomicValue::new(1);
    let mut reader = value.reader();
    value.store(2);
    interrupted(reader.changed_until(past()))
}

fn cancelled_reader() -> String {
    let value = AtomicValue::new(1);
    let mut reader = value.reader();
    let said = cancelled_in(|ctx| interrupted(reader.changed_until(ctx)));
    value.store(2);
    assert_eq!(*reader.changed(), 2);
    said
}

fn update_panics() -> String {
    let value = AtomicValue::new(1);
    let said = panic_of(|| value.update(|_| panic!("no")));
    assert_eq!((*value.load(), *value.update(|n| n + 1)), (1, 2));
    said
}

fn store_in_an_update() -> String {
    let (value, mut seen) = (AtomicValue::new(1), Vec::new());
    value.update(|n| {
        seen.push(*n);
        if seen.len() == 1 {
            value.store(2);
        }
        n + 1
    });
    assert_eq!(*value.load(), 3);
    text(seen)
}

fn drop_panics() -> String {
    let value = AtomicValue::new(Some(Bomb));
    let mut reader = value.reader();
    let said = panic_of(|| {
        value.store(None);
        reader.get().is_none()
    });
    assert!(value.load().is_none() && reader.get().is_none(), "it has been replaced");
    said
}

fn compare_with_equal() -> String {
    let value = AtomicValue::new(1);
    let outdated = value.compare_and_store(&Arc::new(1), 2).expect_err("it is another");
    assert_eq!((outdated.rejected, *outdated.current, *value.load()), (2, 1, 1));
    outdated.to_string()
}

fn compare_with_other() -> String {
    let (value, other) = (AtomicValue::new(1), AtomicValue::new(1));
    let drops = Count::default();
    let outdated = value.compare_and_store(&other.load(), 2).expect_err("it is of another");
    assert_eq!((drops.get(), *value.load(), *other.load()), (0, 1, 1));
    outdated.to_string()
}

thread_local! {
    static SAID: Cell<&'static str> = const { Cell::new("kept") };
}

struct UsesItsPlace(Arc<AtomicValue<Option<UsesItsPlace>>>);

impl Drop for UsesItsPlace {
    fn drop(&mut self) {
        assert!(self.0.load().is_none() && self.0.reader().get().is_none());
        SAID.set("dropped");
    }
}

fn drop_uses_its_place() -> String {
    let value = Arc::new(AtomicValue::new(None));
    value.store(Some(UsesItsPlace(Arc::clone(&value))));
    value.store(None);
    SAID.get().to_owned()
}
