//! What it costs to take a permit and to give it back.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock itself")]

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion};
use phalanx::Semaphore;

/// A function that measures some rows, with the beginning of their ids.
pub(crate) type Part = (&'static str, fn(&mut Criterion));

pub(crate) const PARTS: [Part; 4] = [
    ("semaphore/acquire_release", acquire_release),
    ("semaphore/try_acquire", try_acquire),
    ("semaphore/one_permit", one_permit),
    ("semaphore/resize", resize),
];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (_, part) in PARTS {
        part(&mut criterion);
    }
}

/// One permit of ten, taken and given back, by one thread, and by two: nobody ever waits.
fn acquire_release(c: &mut Criterion) {
    let ours = Semaphore::new(10);
    let tokio = tokio::sync::Semaphore::new(10);

    let mut group = c.benchmark_group("semaphore/acquire_release");
    for threads in [1, 2] {
        by(threads, &mut group, "phalanx", || drop(ours.acquire(1)));
        // Its `acquire` is for tasks; this does less, and is what it has for threads.
        by(threads, &mut group, "tokio", || drop(tokio.try_acquire()));
    }
}

/// The same, if there is one at once.
fn try_acquire(c: &mut Criterion) {
    let ours = Semaphore::new(10);
    let tokio = tokio::sync::Semaphore::new(10);

    let mut group = c.benchmark_group("semaphore/try_acquire");
    by(1, &mut group, "phalanx", || drop(ours.try_acquire(1)));
    by(1, &mut group, "tokio", || drop(tokio.try_acquire()));
}

/// A permit more, and one less.
fn resize(c: &mut Criterion) {
    let ours = Semaphore::new(10);
    let tokio = tokio::sync::Semaphore::new(10);

    let mut group = c.benchmark_group("semaphore/resize");
    by(1, &mut group, "phalanx", || {
        ours.add_permits(1);
        assert_eq!(ours.remove_permits(1), 1);
    });
    by(1, &mut group, "tokio", || {
        tokio.add_permits(1);
        assert_eq!(tokio.forget_permits(1), 1);
    });
}

/// The only permit, which goes from one thread to the other and back; each is a hand-off.
fn one_permit(c: &mut Criterion) {
    let ours = Semaphore::new(1);
    let mut group = c.benchmark_group("semaphore/one_permit");
    by(2, &mut group, "phalanx", || drop(ours.acquire(1)));
}

/// Measures so many threads that do the same, at the same time.
fn by(
    threads: usize,
    group: &mut BenchmarkGroup<'_, WallTime>,
    rival: &str,
    pair: impl Fn() + Sync,
) {
    let id = BenchmarkId::new(rival, threads);
    if threads == 1 {
        group.bench_function(id, |b| b.iter(&pair));
    } else {
        group.bench_function(id, |b| b.iter_custom(|n| together(threads, n, &pair)));
    }
}

/// How long threads take that do `n` pairs each.
fn together(threads: usize, n: u64, pair: impl Fn() + Sync) -> Duration {
    let start_line = Barrier::new(threads);
    let timed = || {
        start_line.wait();
        let start = Instant::now();
        for _ in 0..n {
            pair();
        }
        start.elapsed()
    };
    thread::scope(|s| {
        let others: Vec<_> = (1..threads).map(|_| s.spawn(timed)).collect();
        let others = others.into_iter().map(|other| other.join().expect("it does not panic"));
        others.fold(timed(), Duration::max)
    })
}
