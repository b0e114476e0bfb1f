//! What a small model and hand-made histories show.

mod cost;
mod oracle;
mod pending;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind};
use std::thread;

use super::{History, Model, Pending, Violation};

/// A word, which does everything that the tests ask of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Word(i64);

#[derive(Clone, Copy, Debug)]
enum Op {
    Read,
    Write(i64),
    /// Returns the value before.
    Add(i64),
    /// Waits until it can take so many.
    Take(i64),
    /// Adds a number that the model does not know in advance, and returns it: 1 or 10.
    Roll,
}
use Op::{Add, Read, Roll, Take, Write};

thread_local! {
    /// How many calls the checker has tried to put into the row.
    static STEPS: Cell<u64> = const { Cell::new(0) };
}

impl Model for Word {
    type Op = Op;
    type Ret = i64;

    fn step(&self, op: &Op, ret: Option<&i64>) -> impl IntoIterator<Item = Self> {
        STEPS.set(STEPS.get() + 1);
        let is = |value: i64| ret.is_none_or(|ret| *ret == value);
        let after: &[Option<i64>] = &match *op {
            Read => [is(self.0).then_some(self.0), None],
            Write(value) => [Some(value), None],
            Add(n) => [is(self.0).then_some(self.0 + n), None],
            Take(n) => [(self.0 >= n).then_some(self.0 - n), None],
            Roll => [1, 10].map(|n| is(n).then_some(self.0 + n)),
        };
        after.iter().flatten().map(|value| Word(*value)).collect::<Vec<_>>()
    }
}

fn lines(history: &History<Op, i64>) -> Vec<String> {
    let text = history.check(Word(0)).unwrap_err().to_string();
    text.lines().map(String::from).collect()
}

fn message(f: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).unwrap_err();
    *payload.downcast::<String>().unwrap()
}

/// Calls that all overlap.
fn together(history: &History<Op, i64>, calls: impl IntoIterator<Item = (Op, i64)>) {
    let calls = calls.into_iter().map(|(op, ret)| (history.begin(op), ret)).collect::<Vec<_>>();
    for (call, ret) in calls {
        call.end(ret);
    }
}

#[test]
fn an_empty_history_is_linearizable() {
    History::new().assert_linearizable(Word(0));
}

#[test]
fn a_sequential_history_is_linearizable() {
    let history = History::new();
    history.call(Write(3), || 0);
    assert_eq!(history.call(Add(2), || 3), 3);
    history.call(Read, || 5);
    history.assert_linearizable(Word(0));
}

#[test]
fn calls_that_overlap_may_come_in_any_order() {
    let history = History::new();
    together(&history, [(Read, 2), (Add(1), 1), (Write(1), 0)]);
    history.assert_linearizable(Word(0));
}

#[test]
fn a_stale_read_after_a_write_has_returned_is_refused() {
    let history = History::new();
    let early = history.begin(Read).by("early");
    history.begin(Write(1)).by("writer").end(0);
    history.begin(Read).by("late").end(0);
    early.end(0);
    let report = [
        "the history is not linearizable",
        "      thread  call      returned  interval",
        "  #1  early   Read      0         [1..6]",
        "  #2  writer  Write(1)  0         [2..3]",
        "  #3  late    Read      0         [4..5]",
        "the longest linearizable prefix: #1, #2; state: Word(1)",
        "cannot come next: #3 Read -> 0",
    ];
    assert_eq!(lines(&history), report);
}

#[test]
fn two_reads_must_agree_on_the_order_of_two_writes() {
    let history = History::new();
    let writes = [history.begin(Write(1)), history.begin(Write(2))];
    history.call(Read, || 1);
    history.call(Read, || 2);
    history.assert_linearizable(Word(0)); // the second write may come between the reads
    history.call(Read, || 1);
    for write in writes {
        write.end(0);
    }
    assert_eq!(lines(&history).last().unwrap(), "cannot come next: #5 Read -> 1");
}

#[test]
fn when_nothing_fits_the_prefix_is_empty() {
    let history = History::new();
    together(&history, [(Read, 1), (Add(1), 2)]);
    let lines = lines(&history);
    assert_eq!(lines[4], "the longest linearizable prefix: none; state: Word(0)");
    assert_eq!(lines[5], "cannot come next: #1 Read -> 1, #2 Add(1) -> 2");
}

#[test]
fn a_partial_call_waits_for_the_one_that_makes_it_possible() {
    let history = History::new();
    let take = history.begin(Take(2));
    history.call(Add(1), || 0);
    history.call(Add(1), || 1);
    take.end(0);
    history.assert_linearizable(Word(0));
}

#[test]
fn a_partial_call_that_returned_too_early_is_refused() {
    let history = History::new();
    history.call(Take(2), || 0);
    history.call(Add(2), || 0);
    assert_eq!(lines(&history).last().unwrap(), "cannot come next: #1 Take(2) -> 0");
}

#[test]
fn threads_are_numbered_as_they_appear_and_named() {
    let history = History::new();
    for name in ["reader", "writer"] {
        let read = || history.call(Read, || 1);
        thread::scope(|s| {
            let builder = thread::Builder::new().name(name.into());
            builder.spawn_scoped(s, || [read(), read()]).unwrap();
        });
    }
    let column =
        lines(&history)[2..6].iter().map(|line| line[6..14].to_owned()).collect::<Vec<_>>();
    assert_eq!(column, ["1 reader", "1 reader", "2 writer", "2 writer"]);
}

#[test]
fn sixty_four_calls_are_checked_and_one_more_is_refused() {
    let history = History::new();
    for n in 0..64 {
        history.call(Add(1), || n);
    }
    history.assert_linearizable(Word(0));
    drop(history.begin(Read));
    let limit = "65 calls are recorded, and at most 64 can be checked";
    assert_eq!(message(|| drop(history.check(Word(0)))), format!("History::check: {limit}"));
    let assert = message(|| history.assert_linearizable(Word(0)));
    assert_eq!(assert, format!("History::assert_linearizable: {limit}"));
}

#[test]
fn the_assertion_panics_with_the_table() {
    let history = History::new();
    history.call(Read, || 1);
    let violation = history.check(Word(0)).unwrap_err();
    let message = message(|| history.assert_linearizable(Word(0)));
    assert_eq!(message, format!("History::assert_linearizable: {violation}"));
}

#[test]
fn histories_can_be_shared_and_survive_a_panic() {
    fn shared<T: Send + Sync + UnwindSafe + RefUnwindSafe>() {}
    shared::<History<Op, i64>>();
    shared::<Pending<'static, Op, i64>>();
    shared::<Violation>();
}
