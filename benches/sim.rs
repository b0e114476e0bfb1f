//! What the test kit costs: a check of a thousand schedules, steps per second, a day of timeouts.
//!
//! `cargo bench --bench sim --features sim`

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use phalanx::sim::{self, Builder, Strategy};
use phalanx::{Context, ErrGroup, WaitGroup};

fn main() {
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    checks(&mut criterion);
    steps(&mut criterion);
    virtual_time(&mut criterion);
    criterion.final_summary();
}

/// So many schedules, whatever the time.
fn builder(schedules: u64) -> Builder {
    Builder::new().iterations(schedules).budget(Duration::MAX).max_steps(usize::MAX, usize::MAX)
}

fn checks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sim/check_1000");
    group.bench_function("wait_group", |b| b.iter(|| builder(1000).check(wait_group)));
    group.bench_function("err_group", |b| b.iter(|| builder(1000).check(err_group)));
}

/// Two threads count themselves out, the root waits.
fn wait_group() {
    let group = Arc::new(WaitGroup::new());
    group.add(2);
    for name in ["a", "b"] {
        let group = Arc::clone(&group);
        drop(sim::spawn(name, move || group.done()));
    }
    group.wait();
}

/// Three tasks on the thread cache, one of which fails and cancels the others.
fn err_group() {
    let failed = ErrGroup::scope(|g| {
        for task in 0..3 {
            g.go(move |ctx| {
                if task == 1 {
                    return Err(Box::from("one"));
                }
                ctx.wait();
                Ok(())
            });
        }
        Ok::<(), Box<dyn Error + Send + Sync>>(())
    });
    assert!(failed.is_err());
}

/// Two threads take a thousand steps each, under a hundred schedules.
fn steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sim/steps");
    group.throughput(Throughput::Elements(100 * 2 * 1000));
    for (name, strategy) in [
        ("no_switches", Strategy::RoundRobin),
        ("pct", Strategy::Pct { depth: 3 }),
        ("random", Strategy::Random),
    ] {
        // The kit itself runs the first schedule three times.
        let builder = builder(97).strategy(strategy);
        group.bench_function(name, |b| b.iter(|| builder.clone().check(look_a_thousand_times)));
    }
}

fn look_a_thousand_times() {
    let group = Arc::new(WaitGroup::new());
    let threads = ["a", "b"].map(|name| {
        let group = Arc::clone(&group);
        sim::spawn(name, move || (0..1000).for_each(|_| _ = black_box(group.running())))
    });
    for thread in threads {
        thread.join().expect("it does not panic");
    }
}

fn virtual_time(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sim/virtual_time");
    group.bench_function("25_hours", |b| {
        b.iter(|| sim::run(|| sim::sleep(Duration::from_secs(25 * 3600))));
    });
    group.bench_function("86400_timeouts", |b| b.iter(|| sim::run(day)));
}

/// A day of timeouts, one a second.
fn day() {
    let ctx = Context::background().with_timeout(Duration::from_secs(24 * 3600));
    while ctx.sleep(Duration::from_secs(1)).is_ok() {}
}
