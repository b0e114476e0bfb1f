//! Threads that wait for the same, and are woken at once.

use std::thread;
use std::time::{Duration, Instant};

use phalanx::{Cond, Mutex, WaitGroup};

use crate::curve::Curve;

const SIZES: &[u32] = &[1, 10, 100, 1000];

/// An operation is so many rounds: the time begins and ends while others are still being woken.
const ROUNDS: u32 = 10;

pub(crate) const CURVES: [Curve; 2] = [
    Curve {
        name: "cond_waiters",
        title: "Cond: threads meet, and the last to come wakes the others",
        size_of: "waiters",
        per: "per waiter",
        sizes: SIZES,
        of_all: true,
        measure: |size, timing| Ok(timing.of_many(|n| meetings(n * ROUNDS, size) / ROUNDS)),
    },
    Curve {
        name: "wait_group_waiters",
        title: "WaitGroup: threads wait for the same task, time and again",
        size_of: "waiters",
        per: "per waiter",
        sizes: SIZES,
        of_all: true,
        measure: |size, timing| Ok(timing.of_many(|n| releases(n * ROUNDS, size) / ROUNDS)),
    },
];

/// How long it takes that so many waiters and one more meet `n` times.
fn meetings(n: u32, waiters: u32) -> Duration {
    let (came, all_came) = (Mutex::new(0), Cond::new());
    let all = waiters + 1;
    let meet = || {
        let mut count = came.lock();
        *count += 1;
        if *count % all == 0 {
            drop(count);
            all_came.broadcast();
        } else {
            let enough = count.next_multiple_of(all);
            all_came.wait_while(&mut count, |count| *count < enough);
        }
    };
    thread::scope(|s| {
        for _ in 0..waiters {
            s.spawn(|| (0..=n).for_each(|_| meet()));
        }
        meet(); // all have started
        let start = Instant::now();
        (0..n).for_each(|_| meet());
        start.elapsed()
    })
}

/// How long it takes that so many threads wait `n` times for a group of one task, which is done when
/// all are there.
fn releases(n: u32, waiters: u32) -> Duration {
    let there = WaitGroup::new();
    // Two take turns: nobody waits for one any more when it is counted up again.
    let tasks = [WaitGroup::new(), WaitGroup::new()];
    let task = |round: u32| &tasks[round as usize % 2];
    there.add(waiters as usize);
    task(0).add(1);
    thread::scope(|s| {
        for _ in 0..waiters {
            s.spawn(|| {
                for round in 0..=n {
                    there.done();
                    task(round).wait();
                }
            });
        }
        let mut start = Instant::now();
        for round in 0..=n {
            there.wait();
            if round == 0 {
                start = Instant::now(); // all have started
            }
            if round < n {
                there.add(waiters as usize);
                task(round + 1).add(1);
            }
            task(round).done();
        }
        start
    })
    .elapsed()
}
