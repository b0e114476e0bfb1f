//! What it costs to count tasks, to start them, and to wait for them.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock itself")]

use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};
use std::{iter, thread};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion};
use phalanx::{Context, WaitGroup};

/// A function that measures some rows, with the beginning of their ids.
pub(crate) type Part = (&'static str, fn(&mut Criterion));

pub(crate) const PARTS: [Part; 4] = [
    ("wait_group/add_done", add_done),
    ("wait_group/token", token),
    ("wait_group/wait_until_ready", wait_until_ready),
    ("wait_group/spawn", spawn),
];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (_, part) in PARTS {
        part(&mut criterion);
    }
}

/// One task counted in and out, by one thread, and by two that share the group.
fn add_done(c: &mut Criterion) {
    static OURS: WaitGroup = WaitGroup::new();
    let crossbeam = crossbeam_utils::sync::WaitGroup::new();

    let mut group = c.benchmark_group("wait_group/add_done");
    by_one_and_by_two(&mut group, "phalanx", || {
        OURS.add(1);
        OURS.done();
    });
    by_one_and_by_two(&mut group, "crossbeam", || drop(crossbeam.clone()));
}

fn by_one_and_by_two(
    group: &mut BenchmarkGroup<'_, WallTime>,
    rival: &str,
    pair: impl Fn() + Sync,
) {
    group.bench_function(BenchmarkId::new(rival, 1), |b| b.iter(&pair));
    group.bench_function(BenchmarkId::new(rival, 2), |b| b.iter_custom(|n| by_two(n, &pair)));
}

/// How long two threads take that do `n` pairs each, at the same time.
fn by_two(n: u64, pair: impl Fn() + Sync) -> Duration {
    let both = Barrier::new(2);
    let timed = || {
        both.wait();
        let start = Instant::now();
        for _ in 0..n {
            pair();
        }
        start.elapsed()
    };
    thread::scope(|s| {
        let other = s.spawn(timed);
        timed().max(other.join().expect("counting does not panic"))
    })
}

/// One task counted in and out by a guard.
fn token(c: &mut Criterion) {
    static OURS: WaitGroup = WaitGroup::new();

    let mut group = c.benchmark_group("wait_group/token");
    group.bench_function(BenchmarkId::new("phalanx", 1), |b| b.iter(|| drop(OURS.token())));
}

/// A wait that a context could end, when no task runs.
fn wait_until_ready(c: &mut Criterion) {
    let ours = WaitGroup::new();
    let (ctx, _canceller) = Context::background().with_cancel();

    let mut group = c.benchmark_group("wait_group/wait_until_ready");
    let id = BenchmarkId::new("phalanx", 1);
    group.bench_function(id, |b| b.iter(|| ours.wait_until(&ctx).is_ok()));
}

type Rival = (&'static str, fn(usize));

/// A new group of empty tasks, started and waited for.
fn spawn(c: &mut Criterion) {
    const RIVALS: [Rival; 4] = [
        ("phalanx", phalanx_tasks),
        ("phalanx-many", phalanx_many),
        ("std", std_tasks),
        ("rayon", rayon_tasks),
    ];
    for tasks in [1, 5, 1000] {
        let mut group = c.benchmark_group(format!("wait_group/spawn_{tasks}"));
        for (rival, run) in RIVALS {
            group.bench_function(BenchmarkId::new(rival, 1), |b| b.iter(|| run(tasks)));
        }
    }
}

fn phalanx_tasks(tasks: usize) {
    let group = Arc::new(WaitGroup::new());
    for _ in 0..tasks {
        group.go(|| ());
    }
    group.wait();
}

/// The same, handed over in one go.
fn phalanx_many(tasks: usize) {
    let group = Arc::new(WaitGroup::new());
    group.go_many(iter::repeat_n(|| (), tasks));
    group.wait();
}

/// A fresh thread for each task.
fn std_tasks(tasks: usize) {
    thread::scope(|s| {
        for _ in 0..tasks {
            s.spawn(|| ());
        }
    });
}

/// The tasks share the threads of the pool, so they must not block.
fn rayon_tasks(tasks: usize) {
    rayon::scope(|s| {
        for _ in 0..tasks {
            s.spawn(|_| ());
        }
    });
}
