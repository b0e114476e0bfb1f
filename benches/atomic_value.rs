//! What it costs to read a value that others may replace, and to replace it.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock itself")]
#![expect(clippy::disallowed_types, reason = "the lock of std is a rival")]

use std::hint::black_box;
use std::sync::{Arc, Barrier, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, Cache};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion};
use phalanx::AtomicValue;

/// A function that measures some rows, with the beginning of their ids.
pub(crate) type Part = (&'static str, fn(&mut Criterion));

pub(crate) const PARTS: [Part; 3] =
    [("atomic_value/read", read), ("atomic_value/load", load), ("atomic_value/store", store)];

/// Stands for a configuration.
const VALUE: [u64; 8] = [7; 8];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (_, part) in PARTS {
        part(&mut criterion);
    }
}

/// A look at the newest value, again and again, by one thread, and by two at once.
fn read(c: &mut Criterion) {
    let ours = AtomicValue::new(VALUE);
    let arc_swap = ArcSwap::from_pointee(VALUE);
    let lock = RwLock::new(Arc::new(VALUE));

    let mut group = c.benchmark_group("atomic_value/read");
    by_one_and_by_two(&mut group, "phalanx", || {
        let mut reader = ours.reader();
        move || reader.get()[0]
    });
    by_one_and_by_two(&mut group, "arc-swap", || || arc_swap.load()[0]);
    by_one_and_by_two(&mut group, "arc-swap-cache", || {
        let mut cache = Cache::new(&arc_swap);
        move || cache.load()[0]
    });
    by_one_and_by_two(&mut group, "std", || || lock.read().expect("no writer panics")[0]);
}

/// The newest value, to keep.
fn load(c: &mut Criterion) {
    let ours = AtomicValue::new(VALUE);
    let arc_swap = ArcSwap::from_pointee(VALUE);
    let lock = RwLock::new(Arc::new(VALUE));

    let mut group = c.benchmark_group("atomic_value/load");
    by_one_and_by_two(&mut group, "phalanx", || || ours.load());
    by_one_and_by_two(&mut group, "arc-swap", || || arc_swap.load_full());
    by_one_and_by_two(&mut group, "std", || || Arc::clone(&lock.read().expect("no writer panics")));
}

/// A new value in place of the old one, which is dropped.
fn store(c: &mut Criterion) {
    let ours = AtomicValue::new(VALUE);
    let arc_swap = ArcSwap::from_pointee(VALUE);
    let lock = RwLock::new(Arc::new(VALUE));

    let mut group = c.benchmark_group("atomic_value/store");
    by_one_and_by_two(&mut group, "phalanx", || || ours.store(black_box(VALUE)));
    by_one_and_by_two(&mut group, "arc-swap", || || arc_swap.store(Arc::new(black_box(VALUE))));
    by_one_and_by_two(&mut group, "std", || {
        || *lock.write().expect("no writer panics") = Arc::new(black_box(VALUE))
    });
}

/// `make` makes what each thread then does again and again.
fn by_one_and_by_two<R, F: FnMut() -> R>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    rival: &str,
    make: impl Fn() -> F + Sync,
) {
    group.bench_function(BenchmarkId::new(rival, 1), |b| b.iter_custom(|n| timed(n, make())));
    group.bench_function(BenchmarkId::new(rival, 2), |b| b.iter_custom(|n| by_two(n, &make)));
}

/// How long two threads take that make `n` steps each, at the same time.
fn by_two<R, F: FnMut() -> R>(n: u64, make: impl Fn() -> F + Sync) -> Duration {
    let both = Barrier::new(2);
    let timed = || {
        let step = make();
        both.wait();
        timed(n, step)
    };
    thread::scope(|s| {
        let other = s.spawn(timed);
        timed().max(other.join().expect("nothing panics"))
    })
}

fn timed<R>(n: u64, mut step: impl FnMut() -> R) -> Duration {
    let start = Instant::now();
    for _ in 0..n {
        black_box(step());
    }
    start.elapsed()
}
