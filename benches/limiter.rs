//! What it costs to ask for a token: where there is one, where there is none, and by key.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock itself")]

use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion};
use governor::clock::{MonotonicClock, QuantaClock};
use governor::{Quota, RateLimiter};
use phalanx::{KeyedLimiter, Limiter, Rate, Sometimes};

/// A function that measures some rows, with the beginning of their ids.
pub(crate) type Part = (&'static str, fn(&mut Criterion));

pub(crate) const PARTS: [Part; 6] = [
    ("limiter/allow", allow),
    ("limiter/wait", wait),
    ("limiter/reserve", reserve),
    ("limiter/refuse", refuse),
    ("limiter/keyed_allow", keyed_allow),
    ("limiter/sometimes", sometimes),
];

/// So many a second that there is always a token.
const PLENTY: u32 = 1_000_000_000;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (_, part) in PARTS {
        part(&mut criterion);
    }
}

fn plenty() -> Quota {
    Quota::per_second(NonZeroU32::new(PLENTY).expect("it is not zero"))
}

fn one_an_hour() -> Quota {
    let quota = Quota::with_period(Duration::from_secs(3600)).expect("it is not zero");
    quota.allow_burst(NonZeroU32::MIN)
}

/// A token that is there, for one thread, and for two. The rival reads the same clock as ours, and
/// then the counter of the processor itself.
fn allow(c: &mut Criterion) {
    let ours = Limiter::new(Rate::per_second(PLENTY.into()), PLENTY.into());
    let governor = RateLimiter::direct_with_clock(plenty(), MonotonicClock);
    let governor_quanta = RateLimiter::direct_with_clock(plenty(), QuantaClock::default());

    let mut group = c.benchmark_group("limiter/allow");
    for threads in [1, 2] {
        by(threads, &mut group, "phalanx", || ours.allow());
        by(threads, &mut group, "governor", || governor.check().is_ok());
        by(threads, &mut group, "governor-quanta", || governor_quanta.check().is_ok());
    }
}

/// A wait for a token that is there.
fn wait(c: &mut Criterion) {
    let ours = Limiter::new(Rate::per_second(PLENTY.into()), PLENTY.into());
    by(1, &mut c.benchmark_group("limiter/wait"), "phalanx", || ours.wait().is_ok());
}

/// A reservation of a token that is there, used.
fn reserve(c: &mut Criterion) {
    let ours = Limiter::new(Rate::per_second(PLENTY.into()), PLENTY.into());
    by(1, &mut c.benchmark_group("limiter/reserve"), "phalanx", || ours.reserve().is_ok());
}

/// A token that is not there.
fn refuse(c: &mut Criterion) {
    let ours = Limiter::new(Rate::per_hour(1), 1);
    let governor = RateLimiter::direct_with_clock(one_an_hour(), MonotonicClock);
    let governor_quanta = RateLimiter::direct_with_clock(one_an_hour(), QuantaClock::default());
    assert!(ours.allow() && governor.check().is_ok() && governor_quanta.check().is_ok());

    let mut group = c.benchmark_group("limiter/refuse");
    for threads in [1, 2] {
        by(threads, &mut group, "phalanx", || ours.allow());
        by(threads, &mut group, "governor", || governor.check().is_ok());
        by(threads, &mut group, "governor-quanta", || governor_quanta.check().is_ok());
    }
}

/// A token of one of a thousand keys, all of which are in use.
fn keyed_allow(c: &mut Criterion) {
    let keys = 0..1000_u64;
    let ours = KeyedLimiter::<u64>::new(Rate::per_second(PLENTY.into()), PLENTY.into());
    let governor = RateLimiter::hashmap_with_clock(plenty(), MonotonicClock);
    for key in keys {
        assert!(ours.of(&key).allow() && governor.check_key(&key).is_ok());
    }

    let mut group = c.benchmark_group("limiter/keyed_allow");
    for threads in [1, 2] {
        by(threads, &mut group, "phalanx", || ours.of(&black_box(500)).allow());
        by(threads, &mut group, "governor", || governor.check_key(&black_box(500)).is_ok());
    }
}

/// One call of a thousand runs.
fn sometimes(c: &mut Criterion) {
    let ours = Sometimes::new().every(1000);
    let mut group = c.benchmark_group("limiter/sometimes");
    by(1, &mut group, "phalanx", || ours.run(|| ()).is_some());
}

/// Measures so many threads that do the same, at the same time.
fn by(
    threads: usize,
    group: &mut BenchmarkGroup<'_, WallTime>,
    rival: &str,
    asks: impl Fn() -> bool + Sync,
) {
    let id = BenchmarkId::new(rival, threads);
    if threads == 1 {
        group.bench_function(id, |b| b.iter(&asks));
    } else {
        group.bench_function(id, |b| b.iter_custom(|n| together(threads, n, &asks)));
    }
}

/// How long threads take that ask `n` times each.
fn together(threads: usize, n: u64, asks: impl Fn() -> bool + Sync) -> Duration {
    let start_line = Barrier::new(threads);
    let timed = || {
        start_line.wait();
        let start = Instant::now();
        for _ in 0..n {
            black_box(asks());
        }
        start.elapsed()
    };
    thread::scope(|s| {
        let others: Vec<_> = (1..threads).map(|_| s.spawn(timed)).collect();
        let others = others.into_iter().map(|other| other.join().expect("it does not panic"));
        others.fold(timed(), Duration::max)
    })
}
