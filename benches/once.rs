//! What it costs to ask for what has been done already.

use criterion::{BenchmarkId, Criterion};
use phalanx::{Once, OnceValue, once_fn, once_value};

/// A function that measures some rows, with the beginning of their ids.
pub(crate) type Part = (&'static str, fn(&mut Criterion));

pub(crate) const PARTS: [Part; 5] = [
    ("once/done", done),
    ("once/value", value),
    ("once/try_value", try_value),
    ("once/function", function),
    ("once/once_fn", once_function),
];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (_, part) in PARTS {
        part(&mut criterion);
    }
}

/// A call that finds it done.
fn done(c: &mut Criterion) {
    static OURS: Once = Once::new();
    static STD: std::sync::Once = std::sync::Once::new();
    OURS.call(|| ());
    STD.call_once(|| ());

    let mut group = c.benchmark_group("once/done");
    group.bench_function(BenchmarkId::new("phalanx", 1), |b| b.iter(|| OURS.call(|| ())));
    group.bench_function(BenchmarkId::new("std", 1), |b| b.iter(|| STD.call_once(|| ())));
}

/// A value that is there.
fn value(c: &mut Criterion) {
    static OURS: OnceValue<u64> = OnceValue::new();
    static STD: std::sync::OnceLock<u64> = std::sync::OnceLock::new();

    let mut group = c.benchmark_group("once/value");
    group.bench_function(BenchmarkId::new("phalanx", 1), |b| b.iter(|| *OURS.get_or_init(|| 7)));
    group.bench_function(BenchmarkId::new("std", 1), |b| b.iter(|| *STD.get_or_init(|| 7)));
}

/// A value that is there, with a function that could have failed.
fn try_value(c: &mut Criterion) {
    static OURS: OnceValue<u64> = OnceValue::new();

    let mut group = c.benchmark_group("once/try_value");
    group.bench_function(BenchmarkId::new("phalanx", 1), |b| {
        b.iter(|| OURS.get_or_try_init(|| "7".parse()).copied());
    });
}

/// A once function that has been called.
fn function(c: &mut Criterion) {
    static STD: std::sync::LazyLock<u64> = std::sync::LazyLock::new(|| 7);
    let ours = once_value(|| 7_u64);

    let mut group = c.benchmark_group("once/function");
    group.bench_function(BenchmarkId::new("phalanx", 1), |b| b.iter(&ours));
    group.bench_function(BenchmarkId::new("std", 1), |b| b.iter(|| *STD));
}

/// The same without a value.
fn once_function(c: &mut Criterion) {
    let ours = once_fn(|| ());
    let mut group = c.benchmark_group("once/once_fn");
    group.bench_function(BenchmarkId::new("phalanx", 1), |b| b.iter(&ours));
}
