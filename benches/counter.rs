//! What it costs to count.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock itself")]

use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion};
use phalanx::{Counter, Gauge, ShardedCounter};

/// A function that measures some rows, with the beginning of their ids.
pub(crate) type Part = (&'static str, fn(&mut Criterion));

pub(crate) const PARTS: [Part; 3] =
    [("counter/add", add), ("counter/sharded_add", sharded_add), ("counter/track", track)];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (_, part) in PARTS {
        part(&mut criterion);
    }
}

/// One is added to one number, by one thread, and by two at once.
fn add(c: &mut Criterion) {
    static OURS: Counter = Counter::new(0);
    static ATOMIC: AtomicI64 = AtomicI64::new(0);

    let mut group = c.benchmark_group("counter/add");
    by_one_and_by_two(&mut group, "phalanx", || OURS.inc());
    by_one_and_by_two(&mut group, "std", || ATOMIC.fetch_add(1, SeqCst));
}

/// One is added where only the sum matters.
fn sharded_add(c: &mut Criterion) {
    static OURS: ShardedCounter = ShardedCounter::new();
    static ATOMIC: AtomicI64 = AtomicI64::new(0);

    let mut group = c.benchmark_group("counter/sharded_add");
    by_one_and_by_two(&mut group, "phalanx", || OURS.inc());
    by_one_and_by_two(&mut group, "std", || ATOMIC.fetch_add(1, SeqCst));
}

/// One counted in and out again, with the peak where it is kept.
fn track(c: &mut Criterion) {
    static OURS: Gauge = Gauge::new();
    static ATOMIC: AtomicI64 = AtomicI64::new(0);
    static PEAK: AtomicI64 = AtomicI64::new(0);

    let mut group = c.benchmark_group("counter/track");
    by_one_and_by_two(&mut group, "phalanx", || drop(OURS.track()));
    by_one_and_by_two(&mut group, "std", || {
        PEAK.fetch_max(ATOMIC.fetch_add(1, SeqCst) + 1, SeqCst);
        ATOMIC.fetch_sub(1, SeqCst)
    });
}

fn by_one_and_by_two<R>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    rival: &str,
    step: impl Fn() -> R + Sync,
) {
    group.bench_function(BenchmarkId::new(rival, 1), |b| b.iter(&step));
    group.bench_function(BenchmarkId::new(rival, 2), |b| b.iter_custom(|n| by_two(n, &step)));
}

/// How long two threads take that make `n` steps each, at the same time.
fn by_two<R>(n: u64, step: impl Fn() -> R + Sync) -> Duration {
    let both = Barrier::new(2);
    let timed = || {
        both.wait();
        let start = Instant::now();
        for _ in 0..n {
            black_box(step());
        }
        start.elapsed()
    };
    thread::scope(|s| {
        let other = s.spawn(timed);
        timed().max(other.join().expect("counting does not panic"))
    })
}
