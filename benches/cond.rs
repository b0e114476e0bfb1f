//! What it costs to wait for a change, and to tell of one.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock itself")]
#![expect(clippy::disallowed_types, reason = "std's locks are among the rivals")]

use std::ops::DerefMut;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion};
use phalanx::{Canceller, Context};

/// A function that measures some rows, with the beginning of their ids.
pub(crate) type Part = (&'static str, fn(&mut Criterion));

pub(crate) const PARTS: [Part; 4] = [
    ("cond/turns", turns),
    ("cond/wait_while", wait_while),
    ("cond/signal_nobody", signal_nobody),
    ("cond/broadcast", broadcast),
];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (_, part) in PARTS {
        part(&mut criterion);
    }
}

/// Two threads that take turns: a pair of hand-offs, by signals after the mutex has been unlocked,
/// and before.
fn turns(c: &mut Criterion) {
    for (name, locked) in [("cond/turns", false), ("cond/turns_locked", true)] {
        let mut group = c.benchmark_group(name);
        by::<Ours<false>>(2, &mut group, |rival, me| take_turn(rival, me, locked));
        by::<Std>(2, &mut group, |rival, me| take_turn(rival, me, locked));
        by::<ParkingLot>(2, &mut group, |rival, me| take_turn(rival, me, locked));
    }
    // With waits that a context could end.
    let mut group = c.benchmark_group("cond/turns_until");
    by::<Ours<true>>(2, &mut group, |rival, me| take_turn(rival, me, false));
}

fn take_turn<R: Rival>(rival: &R, me: usize, locked: bool) {
    let mut count = rival.lock();
    while *count % 2 != me {
        count = rival.wait(count);
    }
    *count += 1;
    if locked {
        rival.signal();
    } else {
        drop(count);
        rival.signal();
    }
}

/// A look at what is there already, and one with a wait that a context could end.
fn wait_while(c: &mut Criterion) {
    let Ours { count, changed, live: (ctx, _canceller) } = Ours::<true>::default();
    let std = Std::default();

    let mut group = c.benchmark_group("cond/wait_while_ready");
    group.bench_function(BenchmarkId::new("phalanx", 1), |b| {
        b.iter(|| changed.wait_while(&mut count.lock(), |count| *count != 0));
    });
    group.bench_function(BenchmarkId::new("std", 1), |b| {
        b.iter(|| drop(std.1.wait_while(std.lock(), |count| *count != 0)));
    });
    drop(group);

    let mut group = c.benchmark_group("cond/wait_while_until_ready");
    group.bench_function(BenchmarkId::new("phalanx", 1), |b| {
        b.iter(|| changed.wait_while_until(&mut count.lock(), &ctx, |count| *count != 0).is_ok());
    });
}

/// A signal that nobody waits for.
fn signal_nobody(c: &mut Criterion) {
    let mut group = c.benchmark_group("cond/signal_nobody");
    by::<Ours<false>>(1, &mut group, |rival, _| rival.signal());
    by::<Std>(1, &mut group, |rival, _| rival.signal());
    by::<ParkingLot>(1, &mut group, |rival, _| rival.signal());
}

/// Five threads that meet: the last to come wakes the other four.
fn broadcast(c: &mut Criterion) {
    let mut group = c.benchmark_group("cond/broadcast");
    by::<Ours<false>>(5, &mut group, |rival, _| meet(rival, 5));
    by::<Std>(5, &mut group, |rival, _| meet(rival, 5));
    by::<ParkingLot>(5, &mut group, |rival, _| meet(rival, 5));
}

fn meet<R: Rival>(rival: &R, threads: usize) {
    let mut came = rival.lock();
    *came += 1;
    if *came % threads == 0 {
        drop(came);
        rival.broadcast();
        return;
    }
    let all = came.next_multiple_of(threads);
    while *came < all {
        came = rival.wait(came);
    }
}

/// Measures so many threads that do the same `step`, each with its number, at the same time.
fn by<R: Rival>(
    threads: usize,
    group: &mut BenchmarkGroup<'_, WallTime>,
    step: impl Fn(&R, usize) + Sync,
) {
    let id = BenchmarkId::new(R::NAME, threads);
    if threads == 1 {
        let rival = R::default();
        group.bench_function(id, |b| b.iter(|| step(&rival, 0)));
    } else {
        group.bench_function(id, |b| b.iter_custom(|n| together(threads, n, &step)));
    }
}

/// How long the threads take for `n` steps each.
fn together<R: Rival>(threads: usize, n: u64, step: impl Fn(&R, usize) + Sync) -> Duration {
    let (rival, start_line) = (R::default(), Barrier::new(threads));
    let timed = |me| {
        start_line.wait();
        let start = Instant::now();
        for _ in 0..n {
            step(&rival, me);
        }
        start.elapsed()
    };
    thread::scope(|s| {
        let timed = &timed;
        let others: Vec<_> = (1..threads).map(|me| s.spawn(move || timed(me))).collect();
        let mine = timed(0);
        let others = others.into_iter().map(|other| other.join().expect("it does not panic"));
        others.fold(mine, Duration::max)
    })
}

/// A mutex that guards a number, and a condition on it.
trait Rival: Default + Sync {
    const NAME: &'static str;
    type Guard<'a>: DerefMut<Target = usize>
    where
        Self: 'a;

    fn lock(&self) -> Self::Guard<'_>;
    fn wait<'a>(&'a self, guard: Self::Guard<'a>) -> Self::Guard<'a>;
    fn signal(&self);
    fn broadcast(&self);
}

/// Waits that nothing else ends, or that a context could end.
struct Ours<const BOUNDED: bool> {
    count: phalanx::Mutex<usize>,
    changed: phalanx::Cond,
    /// Not cancelled.
    live: (Context, Canceller),
}

impl<const BOUNDED: bool> Default for Ours<BOUNDED> {
    fn default() -> Self {
        let live = Context::background().with_cancel();
        Ours { count: phalanx::Mutex::default(), changed: phalanx::Cond::new(), live }
    }
}

impl<const BOUNDED: bool> Rival for Ours<BOUNDED> {
    const NAME: &'static str = "phalanx";
    type Guard<'a> = phalanx::lock::MutexGuard<'a, usize>;

    fn lock(&self) -> Self::Guard<'_> {
        self.count.lock()
    }

    fn wait<'a>(&'a self, mut guard: Self::Guard<'a>) -> Self::Guard<'a> {
        if BOUNDED {
            self.changed.wait_until(&mut guard, &self.live.0).expect("nobody cancels it");
        } else {
            self.changed.wait(&mut guard);
        }
        guard
    }

    fn signal(&self) {
        self.changed.signal();
    }

    fn broadcast(&self) {
        self.changed.broadcast();
    }
}

#[derive(Default)]
struct Std(std::sync::Mutex<usize>, std::sync::Condvar);

impl Rival for Std {
    const NAME: &'static str = "std";
    type Guard<'a> = std::sync::MutexGuard<'a, usize>;

    fn lock(&self) -> Self::Guard<'_> {
        self.0.lock().expect("nobody panics")
    }

    fn wait<'a>(&'a self, guard: Self::Guard<'a>) -> Self::Guard<'a> {
        self.1.wait(guard).expect("nobody panics")
    }

    fn signal(&self) {
        self.1.notify_one();
    }

    fn broadcast(&self) {
        self.1.notify_all();
    }
}

#[derive(Default)]
struct ParkingLot(parking_lot::Mutex<usize>, parking_lot::Condvar);

impl Rival for ParkingLot {
    const NAME: &'static str = "parking_lot";
    type Guard<'a> = parking_lot::MutexGuard<'a, usize>;

    fn lock(&self) -> Self::Guard<'_> {
        self.0.lock()
    }

    fn wait<'a>(&'a self, mut guard: Self::Guard<'a>) -> Self::Guard<'a> {
        self.1.wait(&mut guard);
        guard
    }

    fn signal(&self) {
        self.1.notify_one();
    }

    fn broadcast(&self) {
        self.1.notify_all();
    }
}
