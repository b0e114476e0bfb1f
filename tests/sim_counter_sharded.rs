//! The races of the sharded counter, in the simulator.

#![cfg(feature = "sim")]

mod support;

use std::sync::Arc;

use phalanx::sim::{self, Builder, Script};
use phalanx::{ShardedCounter, WaitGroup};
use support::schedules::{always, play};

#[test]
fn the_sum_is_exact_once_the_writers_are_joined() {
    always(2, || {
        let counter = ShardedCounter::new();
        sim::scope(|s| {
            for n in [1, 10] {
                let counter = &counter;
                s.spawn("adder", move || {
                    counter.add(n);
                    counter.add(n);
                });
            }
        });
        assert_eq!(counter.sum(), 22);
    });
}

#[test]
fn the_sum_has_what_tasks_have_added_that_were_waited_for() {
    Builder::new().iterations(200).check(|| {
        let counter = Arc::new(ShardedCounter::new());
        let group = Arc::new(WaitGroup::new());
        for round in 1..=2 {
            for _ in 0..3 {
                let counter = Arc::clone(&counter);
                group.go(move || counter.inc());
            }
            group.wait();
            assert_eq!(counter.sum(), 3 * round);
        }
    });
}

#[test]
fn a_sum_meanwhile_has_some_of_the_additions() {
    sim::outcomes(|| {
        let counter = ShardedCounter::new();
        let seen = sim::scope(|s| {
            s.spawn("adder", || {
                counter.add(1);
                counter.add(2);
            });
            counter.sum()
        });
        assert_eq!(counter.sum(), 3);
        seen
    })
    .exactly([0, 1, 3])
    .exhausted();
}

#[test]
fn the_sum_is_not_a_snapshot() {
    // The first adds before the second does; a sum that has looked at the cell of the first before
    // has the later one alone.
    let script = Script::new()
        .run("root")
        .to_block()
        .run("first")
        .until("ready")
        .run("second")
        .until("ready")
        .run("reader")
        .until_nth("load", 2) // between the two cells
        .run("first")
        .to_block() // has added, and cannot end while the reader has the lock
        .run("second")
        .to_block()
        .run("reader")
        .to_end();
    let seen = play(script, || {
        let counter = ShardedCounter::new();
        let seen = sim::scope(|s| {
            for (name, n) in [("first", 1), ("second", 10)] {
                let counter = &counter;
                s.spawn(name, move || {
                    counter.add(0); // gets the cell
                    sim::label("ready");
                    counter.add(n);
                });
            }
            s.spawn("reader", || counter.sum()).join().unwrap()
        });
        assert_eq!(counter.sum(), 11);
        seen
    });
    assert_eq!(seen, 10);
}

#[test]
fn what_a_thread_has_counted_is_counted_once_while_it_ends() {
    sim::outcomes(|| {
        let counter = Arc::new(ShardedCounter::new());
        counter.add(0);
        let adder = sim::spawn("adder", {
            let counter = Arc::clone(&counter);
            move || counter.add(5)
        });
        let sums = [counter.sum(), counter.sum()];
        adder.join().unwrap();
        assert_eq!(counter.sum(), 5);
        sums
    })
    .exactly([[0, 0], [0, 5], [5, 5]])
    .exhausted();
}

#[test]
fn a_cell_that_goes_from_thread_to_thread_loses_nothing() {
    always(2, || {
        let counter = Arc::new(ShardedCounter::new());
        let add = |n| {
            let counter = Arc::clone(&counter);
            sim::spawn("adder", move || counter.add(n))
        };
        let first = add(1);
        let second = add(10); // gets the cell of the first, or one of its own
        first.join().unwrap();
        assert!([1, 11].contains(&counter.sum()));
        second.join().unwrap();
        assert_eq!(counter.sum(), 11);
    });
}

#[test]
fn the_cell_of_a_thread_that_has_ended_is_used_again() {
    sim::check(|| {
        let counter = Arc::new(ShardedCounter::new());
        for _ in 0..3 {
            let counter = Arc::clone(&counter);
            sim::spawn("adder", move || counter.inc()).join().unwrap();
        }
        assert_eq!(format!("{counter:?}"), "ShardedCounter { sum: 3, cells: 1, .. }");
    });
}

#[test]
fn a_counter_is_dropped_while_a_thread_that_has_used_it_ends() {
    always(3, || {
        let counter = Arc::new(ShardedCounter::new());
        let adder = sim::spawn("adder", {
            let counter = Arc::clone(&counter);
            move || {
                counter.inc();
                drop(counter);
            }
        });
        drop(counter);
        // Takes the place of the other one in each thread's table, if that is free.
        let next = ShardedCounter::new();
        next.inc();
        adder.join().unwrap();
        assert_eq!(next.sum(), 1);
    });
}

#[test]
fn a_thread_leaves_the_cell_of_a_dropped_counter_for_one_of_the_next() {
    sim::check(|| {
        let first = ShardedCounter::new();
        first.inc();
        drop(first);
        let next = ShardedCounter::new(); // has the place of the first, and this thread its cell
        sim::scope(|s| drop(s.spawn("adder", || next.inc())));
        assert_eq!(next.sum(), 1);
        next.inc();
        assert_eq!(next.sum(), 2);
    });
}

#[test]
fn of_two_threads_that_add_first_both_count() {
    always(2, || {
        let counter = ShardedCounter::new();
        let other = ShardedCounter::new();
        sim::scope(|s| {
            for _ in 0..2 {
                s.spawn("adder", || {
                    counter.inc();
                    other.add(2);
                });
            }
        });
        assert_eq!((counter.sum(), other.sum()), (2, 4));
    });
}
