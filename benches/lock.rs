//! What it costs to lock and to unlock what nobody else wants.
#![expect(clippy::disallowed_types, reason = "std's locks are the rivals")]

use std::sync;

use criterion::{BenchmarkId, Criterion};
use phalanx::{Mutex, RwLock};

/// A function that measures some rows, with the beginning of their ids.
pub(crate) type Part = (&'static str, fn(&mut Criterion));

pub(crate) const PARTS: [Part; 3] =
    [("lock/mutex", mutex), ("lock/read", read), ("lock/write", write)];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (_, part) in PARTS {
        part(&mut criterion);
    }
}

/// One is added to a number under a mutex.
fn mutex(c: &mut Criterion) {
    static OURS: Mutex<u64> = Mutex::new(0);
    static STD: sync::Mutex<u64> = sync::Mutex::new(0);

    row(c, "lock/mutex", "phalanx", || *OURS.lock() += 1);
    row(c, "lock/mutex", "std", || *STD.lock().expect("nobody panics") += 1);
}

/// A number is read together with others who read.
fn read(c: &mut Criterion) {
    static OURS: RwLock<u64> = RwLock::new(0);
    static STD: sync::RwLock<u64> = sync::RwLock::new(0);

    row(c, "lock/read", "phalanx", || *OURS.read());
    row(c, "lock/read", "std", || *STD.read().expect("nobody panics"));
}

/// One is added to a number that others read.
fn write(c: &mut Criterion) {
    static OURS: RwLock<u64> = RwLock::new(0);
    static STD: sync::RwLock<u64> = sync::RwLock::new(0);

    row(c, "lock/write", "phalanx", || *OURS.write() += 1);
    row(c, "lock/write", "std", || *STD.write().expect("nobody panics") += 1);
}

fn row<T>(c: &mut Criterion, operation: &str, rival: &str, mut run: impl FnMut() -> T) {
    let mut group = c.benchmark_group(operation);
    group.bench_function(BenchmarkId::new(rival, 1), |b| b.iter(&mut run));
}
