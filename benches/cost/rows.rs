//! What is run: operations of the comparison of times, and two that are mostly idle.
#![expect(clippy::disallowed_methods, reason = "a benchmark sleeps and reads the clock itself")]

use std::time::{Duration, Instant};
use std::{iter, thread};

use crate::err_group::{self, check};
use crate::wait_group;

pub(crate) struct Row {
    /// The operation, as in the comparison of times and in Go.
    pub(crate) name: &'static str,
    /// How often it is done.
    pub(crate) operations: u32,
    /// The tasks that each operation starts.
    pub(crate) tasks: u32,
    /// Does it this often.
    pub(crate) run: fn(u32),
}

pub(crate) const ROWS: [Row; 12] = [
    million_tasks("wait_group/spawn_1", 1, |n| repeat(n, || wait_group_of(1))),
    million_tasks("wait_group/spawn_5", 5, |n| repeat(n, || wait_group_of(5))),
    million_tasks("wait_group/spawn_1000", 1000, |n| repeat(n, || wait_group_of(1000))),
    million_tasks("wait_group/nobody_waits_1000", 1000, |n| repeat(n, unawaited)),
    million_tasks("err_group/spawn_1", 1, |n| repeat(n, || err_group_of(1))),
    million_tasks("err_group/spawn_5", 5, |n| repeat(n, || err_group_of(5))),
    million_tasks("err_group/spawn_1000", 1000, |n| repeat(n, || err_group_of(1000))),
    million_tasks("err_group/limited_1000", 1000, |n| repeat(n, limited)),
    million_tasks("err_group/work_2us_1000", 1000, work),
    Row { name: "err_group/fork_join_50us", operations: 20_000, tasks: 1, run: fork_join },
    Row { name: "cost/each_ms", operations: 4000, tasks: 5, run: each_ms },
    Row { name: "cost/idle_ms", operations: 10_000, tasks: 0, run: idle_ms },
];

const MILLISECOND: Duration = Duration::from_millis(1);

const fn million_tasks(name: &'static str, tasks: u32, run: fn(u32)) -> Row {
    Row { name, operations: 1_000_000 / tasks, tasks, run }
}

fn repeat(n: u32, mut operation: impl FnMut()) {
    (0..n).for_each(|_| operation());
}

fn wait_group_of(tasks: usize) {
    wait_group::phalanx_group(tasks, || ());
}

/// Starts the threads of the crate, too, when it is run before others.
pub(crate) fn unawaited() {
    wait_group::phalanx_unawaited(1000);
}

fn err_group_of(tasks: usize) {
    check(err_group::phalanx_group(iter::repeat_n(|| Ok(()), tasks)));
}

fn limited() {
    check(err_group::limited_group(1000, || ()));
}

fn work(n: u32) {
    let (mut results, steps) = ([0; 1000], err_group::steps_from_environment());
    repeat(n, || check(err_group::phalanx_group(err_group::computing(&mut results, steps))));
}

fn fork_join(n: u32) {
    repeat(n, || check(err_group::phalanx_fork_join()));
}

/// A small group in each millisecond, and sleep between them.
fn each_ms(n: u32) {
    let start = Instant::now();
    for round in 0..n {
        thread::sleep((MILLISECOND * round).saturating_sub(start.elapsed()));
        wait_group_of(5);
    }
}

/// Nothing at all.
fn idle_ms(n: u32) {
    thread::sleep(MILLISECOND * n);
}
