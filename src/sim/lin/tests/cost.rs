//! How many calls the search tries.

use super::{History, Op, Pending, Read, STEPS, Violation, Word, Write, together};

fn steps(history: &History<Op, i64>) -> (Result<(), Violation>, u64) {
    STEPS.set(0);
    (history.check(Word(0)), STEPS.get())
}

#[test]
fn twenty_calls_that_fit_anywhere_are_placed_without_a_detour() {
    let history = History::new();
    together(&history, [(Write(1), 0); 20]);
    assert_eq!(steps(&history), (Ok(()), 20));
}

#[test]
fn a_set_of_calls_that_leads_to_a_state_is_looked_at_once() {
    // Ten calls in any order: 10! orders, but 2^10 sets, each of which can lose one of its members.
    let history = History::new();
    together(&history, [(Write(1), 0); 10]);
    history.call(Read, || 2);
    let (result, steps) = steps(&history);
    assert!(result.is_err());
    assert_eq!(steps, 10 * (1 << 9) + 1);
}

#[test]
fn twenty_calls_of_four_threads_are_cheap_to_refuse() {
    // 20! / 5!^4 orders are more than 10^10; there are 6^4 sets, and at most four ways on from each.
    let history = History::new();
    let mut calls: [Option<Pending<'_, Op, i64>>; 4] = [const { None }; 4];
    for _ in 0..5 {
        for call in &mut calls {
            call.take().into_iter().for_each(|call| call.end(0));
            *call = Some(history.begin(Write(1)));
        }
    }
    calls.into_iter().flatten().for_each(|call| call.end(0));
    history.call(Read, || 2);
    let (result, steps) = steps(&history);
    assert!(result.is_err());
    assert!(steps <= 4 * 6_u64.pow(4), "{steps}");
}

#[test]
fn what_is_pending_costs_nothing_while_it_explains_nothing() {
    let history = History::new();
    let _pending = [Write(7), Write(8), Write(9)].map(|op| history.begin(op));
    (0..9).for_each(|_| history.begin(Read).end(0));
    assert_eq!(steps(&history), (Ok(()), 9));
}
