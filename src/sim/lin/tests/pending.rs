//! Calls that have begun and not ended.

use super::{Add, History, Read, Roll, Take, Word, Write, lines, message, together};

#[test]
fn a_pending_call_may_explain_what_another_returned() {
    let history = History::new();
    let _pending = history.begin(Write(7));
    history.call(Read, || 0);
    history.call(Read, || 7);
    history.assert_linearizable(Word(0));
}

#[test]
fn a_pending_call_explains_nothing_before_it_began_and_nothing_twice() {
    let history = History::new();
    history.call(Read, || 1);
    let _pending = history.begin(Add(1));
    assert_eq!(lines(&history)[5], "cannot come next: #1 Read -> 1");

    let history = History::new();
    let _pending = history.begin(Add(1));
    history.call(Read, || 2);
    assert_eq!(lines(&history)[4], "the longest linearizable prefix: none; state: Word(0)");
}

#[test]
fn a_pending_call_may_return_any_value_that_the_model_allows() {
    for (seen, possible) in [(1, true), (10, true), (11, false)] {
        let history = History::new();
        let _pending = history.begin(Roll);
        history.call(Read, || seen);
        assert_eq!(history.check(Word(0)).is_ok(), possible, "{seen}");
    }
}

#[test]
fn a_pending_call_may_have_done_nothing() {
    let history = History::new();
    let _possible = history.begin(Write(7));
    let _impossible = history.begin(Take(100));
    history.call(Read, || 0);
    history.assert_linearizable(Word(0));
}

#[test]
fn a_call_that_panics_or_is_dropped_stays_pending() {
    let history = History::new();
    drop(history.begin(Add(1)));
    let reason = 1;
    message(|| {
        history.call(Add(1), || panic!("failed {reason} time"));
    });
    history.call(Read, || 2);
    history.assert_linearizable(Word(0));
    history.call(Read, || 0);
    assert!(lines(&history)[3].contains("pending   [2..]"), "{:?}", lines(&history));
    assert_eq!(format!("{history:?}"), "History { calls: 4, pending: 2, .. }");
}

#[test]
fn a_report_guesses_no_more_than_it_must() {
    let history = History::new();
    let _pending = history.begin(Write(0));
    together(&history, [(Write(1), 0), (Read, 0)]); // #2, #1, #3 would explain as much
    history.call(Read, || 5);
    let lines = lines(&history);
    assert_eq!(lines[6], "the longest linearizable prefix: #3, #2; state: Word(1)");
    assert_eq!(lines[7], "cannot come next: #4 Read -> 5");
}
