//! The search is compared with brute force.

use std::collections::BTreeSet;

use super::super::testing::{Program, Run, Step};
use super::*;

/// Every run that is new, in the order in which they come.
fn explore(program: &Program, preemptions: u32) -> Vec<Run> {
    let explorer = Explorer::new(preemptions);
    let mut runs = Vec::new();
    loop {
        let mut chooser = explorer.chooser();
        let run = program.run(&mut *chooser);
        assert_eq!(chooser.complaint(), None);
        let before = explorer.schedules();
        let more = explorer.advance();
        if explorer.schedules() > before {
            runs.push(run);
        }
        if !more {
            return runs;
        }
    }
}

/// How often a thread was left that had steps ahead.
fn preemptions(order: &[usize]) -> usize {
    let left_early = |n: usize| order[n] != order[n - 1] && order[n..].contains(&order[n - 1]);
    (1..order.len()).filter(|&n| left_early(n)).count()
}

#[test]
fn tries_every_schedule_within_the_bound_once() {
    for steps in [&[3, 3][..], &[2, 2, 2], &[1, 4], &[2, 1, 2], &[5]] {
        let program = Program::of(steps);
        for bound in 0..=3 {
            let mut all = program.all_orders();
            all.retain(|order| preemptions(order) <= bound);
            let found = explore(&program, u32::try_from(bound).unwrap());
            assert_eq!(found.len(), all.len(), "{steps:?}, bound {bound}");
            let found: BTreeSet<_> = found.into_iter().map(|run| run.order).collect();
            assert_eq!(found, all.into_iter().collect(), "{steps:?}, bound {bound}");
        }
    }
}

#[test]
fn simple_schedules_come_first() {
    let found = explore(&Program::of(&[3, 2, 2]), 2);
    assert!(found.is_sorted_by_key(|run| preemptions(&run.order)));
    assert_eq!(found[0].order, [0, 0, 0, 1, 1, 2, 2]);
}

#[test]
fn a_bound_that_nothing_reaches_changes_nothing() {
    let program = Program::of(&[2, 2]);
    let explorer = Explorer::new(u32::MAX);
    while {
        program.run(&mut *explorer.chooser());
        explorer.advance()
    } {}
    assert_eq!(explorer.schedules(), program.all_orders().len() as u64);
}

#[test]
fn choices_of_data_are_tried_with_every_schedule() {
    let program = Program::new(vec![vec![Step::Data(3)], vec![Step::Data(2)]]);
    assert_eq!(explore(&program, 0).len(), 2 * 3 * 2);
}

#[test]
fn a_blocked_thread_costs_nothing_to_leave() {
    let program = Program::new(vec![
        vec![Step::Do(1), Step::Join(1), Step::Do(1)],
        vec![Step::Do(1)],
        vec![Step::Do(1)],
    ]);
    // 0 and 1 and 2 in any order; then what is left of 0 as soon as 1 has ended, or after 2.
    let orders: BTreeSet<_> = explore(&program, 0).into_iter().map(|run| run.order).collect();
    assert!(orders.contains(&vec![0, 1, 0, 0, 2]));
    assert!(orders.contains(&vec![0, 1, 2, 0, 0]));
    assert!(!orders.contains(&vec![0, 1, 0, 2, 0]), "a preemption");
}

#[test]
fn a_spin_loop_is_not_explored_for_ever() {
    for bound in 0..=2 {
        assert!(explore(&Program::spinning(), bound).len() < 1000);
    }
}

#[test]
fn time_that_passes_costs_as_much_as_a_preemption() {
    let program = Program::of(&[2]).with_clock();
    let orders = |bound| explore(&program, bound).into_iter().map(|run| run.order);
    assert_eq!(orders(0).collect::<Vec<_>>(), [[0, 0]]);
    let clock = Program::CLOCK;
    assert_eq!(orders(1).collect::<Vec<_>>(), [vec![0, 0], vec![0, clock, 0], vec![clock, 0, 0]]);
}

#[test]
fn without_advance_the_same_run_comes_again() {
    let program = Program::of(&[3, 3]);
    let explorer = Explorer::new(2);
    for _ in 0..5 {
        let first = program.run(&mut *explorer.chooser());
        assert_eq!(first, program.run(&mut *explorer.chooser()));
        explorer.advance();
    }
}

#[test]
fn complains_if_the_program_changes_from_run_to_run() {
    let explorer = Explorer::new(1);
    Program::of(&[2, 2]).run(&mut *explorer.chooser());
    explorer.advance();
    let mut chooser = explorer.chooser();
    Program::of(&[1, 1, 1]).run(&mut *chooser);
    let complaint = chooser.complaint().unwrap();
    assert!(complaint.contains("there were 2 choices"), "{complaint}");

    let explorer = Explorer::new(1);
    Program::of(&[2, 2]).run(&mut *explorer.chooser());
    let mut chooser = explorer.chooser();
    Program::of(&[2]).run(&mut *chooser);
    assert!(chooser.complaint().unwrap().contains("ended after 0 decisions"));
}
