//! What it costs to count tasks, to start them, and to wait for them.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock and starts threads")]
#![expect(clippy::disallowed_types, reason = "a benchmark is outside of the walls")]

#[path = "support/work.rs"]
mod work;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Barrier, mpsc};
use std::time::{Duration, Instant};
use std::{iter, thread};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion};
use phalanx::{Context, WaitGroup};

use work::busy;

/// A function that measures some rows, with the beginning of their ids.
pub(crate) type Part = (&'static str, fn(&mut Criterion));

pub(crate) const PARTS: [Part; 6] = [
    ("wait_group/add_done", add_done),
    ("wait_group/token", token),
    ("wait_group/wait_until_ready", wait_until_ready),
    ("wait_group/spawn", spawn),
    ("wait_group/nobody_waits", nobody_waits),
    ("wait_group/work", work),
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
        ("phalanx", |tasks| phalanx_group(tasks, || ())),
        ("phalanx-many", phalanx_many),
        ("std", |tasks| std_group(tasks, || ())),
        ("rayon", |tasks| rayon_group(tasks, || ())),
    ];
    for tasks in [1, 5, 1000] {
        compare(c, &format!("wait_group/spawn_{tasks}"), &RIVALS, tasks);
    }
}

/// The same where each task computes for ten microseconds.
fn work(c: &mut Criterion) {
    const RIVALS: [Rival; 3] = [
        ("phalanx", |tasks| phalanx_group(tasks, || busy(10))),
        ("std", |tasks| std_group(tasks, || busy(10))),
        ("rayon", |tasks| rayon_group(tasks, || busy(10))),
    ];
    compare(c, "wait_group/work_10us_1000", &RIVALS, 1000);
}

fn compare(c: &mut Criterion, operation: &str, rivals: &[Rival], tasks: usize) {
    let mut group = c.benchmark_group(operation);
    for (rival, run) in rivals {
        group.bench_function(BenchmarkId::new(*rival, 1), |b| b.iter(|| run(tasks)));
    }
}

pub(crate) fn phalanx_group(tasks: usize, task: impl Fn() + Copy + Send + 'static) {
    let group = Arc::new(WaitGroup::new());
    for _ in 0..tasks {
        group.go(task);
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
fn std_group(tasks: usize, task: impl Fn() + Copy + Send) {
    thread::scope(|s| {
        for _ in 0..tasks {
            s.spawn(task);
        }
    });
}

/// The tasks share the threads of the pool, so they must not block.
fn rayon_group(tasks: usize, task: impl Fn() + Copy + Send + Sync) {
    rayon::scope(|s| {
        for _ in 0..tasks {
            s.spawn(move |_| task());
        }
    });
}

/// Empty tasks of a group that no thread waits for, until the last of them has run.
fn nobody_waits(c: &mut Criterion) {
    const RIVALS: [Rival; 3] =
        [("phalanx", phalanx_unawaited), ("std", std_unawaited), ("rayon", rayon_unawaited)];
    compare(c, "wait_group/nobody_waits_1000", &RIVALS, 1000);
}

pub(crate) fn phalanx_unawaited(tasks: usize) {
    let group = Arc::new(WaitGroup::new());
    let (tasks, end) = reporting(tasks);
    tasks.for_each(|task| group.go(task));
    end.recv().expect("the last task reports");
}

fn std_unawaited(tasks: usize) {
    let (tasks, end) = reporting(tasks);
    tasks.for_each(|task| drop(thread::spawn(task)));
    end.recv().expect("the last task reports");
}

fn rayon_unawaited(tasks: usize) {
    let (tasks, end) = reporting(tasks);
    tasks.for_each(rayon::spawn);
    end.recv().expect("the last task reports");
}

/// Empty tasks, and where the last of them to run reports that. The channel is that of `std`: a thread
/// that waits for it is unknown to the crate.
fn reporting(
    tasks: usize,
) -> (impl Iterator<Item = impl FnOnce() + Send + 'static>, mpsc::Receiver<()>) {
    let (sender, end) = mpsc::sync_channel(1);
    let shared = Arc::new((AtomicUsize::new(tasks), sender));
    let task = move || {
        let (left, sender) = &*shared;
        // Relaxed: the tasks have nothing to publish.
        if left.fetch_sub(1, Relaxed) == 1 {
            sender.send(()).expect("the benchmark waits for it");
        }
    };
    (iter::repeat_n(task, tasks), end)
}
