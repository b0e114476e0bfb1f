//! What it costs to ask whether somebody is at it already.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock itself")]
#![expect(clippy::disallowed_types, reason = "what is written by hand has std's lock")]

use std::collections::HashMap;
use std::convert::Infallible;
use std::hint::black_box;
use std::sync::{Arc, Barrier, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion};
use phalanx::{Context, SingleFlight};

/// A function that measures some rows, with the beginning of their ids.
pub(crate) type Part = (&'static str, fn(&mut Criterion));

pub(crate) const PARTS: [Part; 3] =
    [("single_flight/run", run), ("single_flight/until", until), ("single_flight/forget", forget)];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (_, part) in PARTS {
        part(&mut criterion);
    }
}

/// A call that nobody shares, by one thread, and by two with keys of their own.
fn run(c: &mut Criterion) {
    let ours = SingleFlight::<u64, u64, Infallible>::new();
    let by_hand = ByHand::default();

    let mut group = c.benchmark_group("single_flight/run");
    for threads in [1, 2] {
        let id = |rival| BenchmarkId::new(rival, threads);
        group.bench_function(id("phalanx"), |b| {
            b.iter_custom(|n| {
                together(threads, n, |key| drop(ours.run(key, |_| Ok(black_box(key)))))
            });
        });
        group.bench_function(id("std"), |b| {
            b.iter_custom(|n| together(threads, n, |key| _ = by_hand.run(key, || black_box(key))));
        });
    }
}

/// A call that nobody shares, and that a context could end: the function runs on another thread.
fn until(c: &mut Criterion) {
    let ours = SingleFlight::<u64, u64, Infallible>::new();
    let (ctx, _canceller) = Context::background().with_cancel();

    let mut group = c.benchmark_group("single_flight/until");
    group.bench_function(BenchmarkId::new("phalanx", 1), |b| {
        b.iter(|| ours.run_until(0, &ctx, |_| Ok(black_box(0))).is_ok());
    });
}

/// A call that is forgotten while it runs.
fn forget(c: &mut Criterion) {
    let ours = SingleFlight::<u64, bool, Infallible>::new();

    let mut group = c.benchmark_group("single_flight/forget");
    group.bench_function(BenchmarkId::new("phalanx", 1), |b| {
        b.iter(|| ours.run(0, |_| Ok(ours.forget(&0))).is_ok_and(|flight| *flight.value()));
    });
}

/// What one writes by hand: a cell for each key that somebody is at. If the function panics, the cell
/// stays, and nobody can leave; so it does less.
#[derive(Default)]
struct ByHand(Mutex<HashMap<u64, Arc<OnceLock<u64>>>>);

impl ByHand {
    fn run(&self, key: u64, f: impl FnOnce() -> u64) -> u64 {
        let cell = Arc::clone(self.0.lock().expect("nobody panics").entry(key).or_default());
        let value = *cell.get_or_init(f);
        self.0.lock().expect("nobody panics").remove(&key);
        value
    }
}

/// How long the threads take for `n` calls each, with their numbers for keys.
fn together(threads: u64, n: u64, call: impl Fn(u64) + Sync) -> Duration {
    let start_line = Barrier::new(usize::try_from(threads).expect("they are few"));
    let timed = |key| {
        start_line.wait();
        let start = Instant::now();
        for _ in 0..n {
            call(key);
        }
        start.elapsed()
    };
    thread::scope(|s| {
        let timed = &timed;
        let others: Vec<_> = (1..threads).map(|key| s.spawn(move || timed(key))).collect();
        let mine = timed(0);
        let others = others.into_iter().map(|other| other.join().expect("it does not panic"));
        others.fold(mine, Duration::max)
    })
}
