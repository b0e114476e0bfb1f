//! What a group of tasks costs that may fail.
#![expect(clippy::disallowed_methods, reason = "the sleep of `std` is a rival of ours")]

#[path = "support/work.rs"]
mod work;

use std::error::Error;
use std::hint::black_box;
use std::sync::OnceLock;
use std::time::Duration;
use std::{array, env, iter, thread};

use criterion::{BenchmarkId, Criterion};
use phalanx::{AllErrors, ErrGroup, Settle, Task};

use work::{busy, lcg};

type Failure = Box<dyn Error + Send + Sync>;
type Outcome = Result<(), Failure>;

/// A function that measures some rows, with the beginning of their ids.
pub(crate) type Part = (&'static str, fn(&mut Criterion));

pub(crate) const PARTS: [Part; 11] = [
    ("err_group/spawn", spawn),
    ("err_group/owned", owned),
    ("err_group/join", join),
    ("err_group/try_go", try_go),
    ("err_group/limited", limited),
    ("err_group/all_errors", all_errors),
    ("err_group/settle", settle),
    ("err_group/fork_join", fork_join),
    ("err_group/work", work),
    ("err_group/nested_tree", nested_tree),
    ("err_group/sleep", sleep),
];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (_, part) in PARTS {
        part(&mut criterion);
    }
}

type Rival = (&'static str, fn(usize) -> Outcome);

/// A new group of tasks that succeed at once.
fn spawn(c: &mut Criterion) {
    const RIVALS: [Rival; 3] = [
        ("phalanx", |tasks| phalanx_group(iter::repeat_n(|| Ok(()), tasks))),
        ("std", |tasks| std_group(iter::repeat_n(|| Ok(()), tasks))),
        ("rayon", |tasks| rayon_group(iter::repeat_n(|| Ok(()), tasks))),
    ];
    for tasks in [1, 5, 1000] {
        let mut group = c.benchmark_group(format!("err_group/spawn_{tasks}"));
        for (rival, run) in RIVALS {
            group.bench_function(BenchmarkId::new(rival, 1), |b| b.iter(|| check(run(tasks))));
        }
    }
}

/// The same with a group that is a value.
fn owned(c: &mut Criterion) {
    row(c, "err_group/owned_5", "phalanx", || {
        let group = ErrGroup::new();
        (0..5).for_each(|_| drop(group.go(|_| Ok(()))));
        check(group.wait());
    });
}

/// A new group of five tasks, and their values.
fn join(c: &mut Criterion) {
    row(c, "err_group/join_5", "phalanx", || {
        let sum = ErrGroup::scope(|g| {
            let tasks: [_; 5] = array::from_fn(|n| g.go(move |_| Ok::<_, Failure>(black_box(n))));
            Ok(tasks.into_iter().map(Task::join).sum::<Result<usize, _>>()?)
        });
        sum.expect("no task fails")
    });
    row(c, "err_group/join_5", "std", || {
        thread::scope(|s| {
            let tasks: [_; 5] = array::from_fn(|n| s.spawn(move || black_box(n)));
            tasks.into_iter().map(|task| task.join().expect("no task panics")).sum::<usize>()
        })
    });
}

/// A new group of five tasks that are started only if that is possible at once. It is.
fn try_go(c: &mut Criterion) {
    row(c, "err_group/try_go_5", "phalanx", || {
        check(ErrGroup::scope(|g| {
            let started = (0..5).all(|_| g.try_go(|_| Ok(())).is_ok());
            assert!(started, "there is no limit");
            Ok(())
        }));
    });
}

/// A new group that runs five tasks at a time: of five none waits for a slot, of a thousand most do.
fn limited(c: &mut Criterion) {
    for tasks in [5, 1000] {
        let operation = format!("err_group/limited_{tasks}");
        row(c, &operation, "phalanx", || check(limited_group(tasks, || ())));
    }
    row(c, "err_group/caller_runs_1000", "phalanx", || check(caller_runs(1000)));
    let operation = "err_group/limited_1000_work_10us";
    row(c, operation, "phalanx", || check(limited_group(1000, || busy(10))));
}

pub(crate) fn limited_group(tasks: usize, task: impl Fn() + Copy + Send) -> Outcome {
    ErrGroup::builder().limit(5).scope(|g| {
        for _ in 0..tasks {
            g.go(move |_| {
                task();
                Ok(())
            });
        }
        Ok(())
    })
}

/// The same, whose starter runs queued tasks at the limit.
fn caller_runs(tasks: usize) -> Outcome {
    ErrGroup::builder().limit(5).caller_runs().scope(|g| {
        (0..tasks).for_each(|_| drop(g.go(|_| Ok(()))));
        Ok(())
    })
}

/// A new group of five tasks that fail, and all errors.
fn all_errors(c: &mut Criterion) {
    row(c, "err_group/all_errors_5", "phalanx", || {
        ErrGroup::builder().policy(AllErrors::<(), _>::new()).scope(|g| {
            for n in 0..5 {
                g.go(move |_| Err(black_box(n)));
            }
        })
    });
}

/// A new group of five tasks, one of which fails, and all outcomes.
fn settle(c: &mut Criterion) {
    row(c, "err_group/settle_5", "phalanx", || {
        ErrGroup::builder().policy(Settle::new()).scope(|g| {
            for n in 0..5 {
                g.go(move |_| if n == 2 { Err(black_box(n)) } else { Ok(black_box(n)) });
            }
        })
    });
}

/// A new group of one task, which works while the caller does the same work.
fn fork_join(c: &mut Criterion) {
    const OPERATION: &str = "err_group/fork_join_50us";
    row(c, OPERATION, "phalanx", || check(phalanx_fork_join()));
    row(c, OPERATION, "std", || {
        thread::scope(|s| {
            s.spawn(half);
            half();
        });
    });
    row(c, OPERATION, "rayon", || rayon::join(half, half));
}

pub(crate) fn phalanx_fork_join() -> Outcome {
    ErrGroup::scope(|g| {
        let other = g.go(|_| {
            half();
            Ok::<_, Failure>(())
        });
        half();
        Ok(other.join()?)
    })
}

/// Half of the work that is forked.
fn half() {
    busy(50);
}

/// A binary tree of ten levels. Each node is a new group of one task, which is a subtree; the caller
/// does the other one.
fn nested_tree(c: &mut Criterion) {
    type Rival = (&'static str, fn(u32) -> u32);
    const RIVALS: [Rival; 3] =
        [("phalanx", phalanx_tree), ("std", std_leaves), ("rayon", rayon_leaves)];
    for (rival, leaves) in RIVALS {
        row(c, "err_group/nested_tree", rival, || assert_eq!(leaves(10), 1 << 10));
    }
}

fn phalanx_tree(depth: u32) -> u32 {
    phalanx_leaves(depth).expect("no task fails")
}

fn phalanx_leaves(depth: u32) -> Result<u32, Failure> {
    if depth == 0 {
        return Ok(1);
    }
    ErrGroup::scope(|g| {
        let other = g.go(|_| phalanx_leaves(depth - 1));
        let ours = phalanx_leaves(depth - 1)?;
        Ok(ours + other.join()?)
    })
}

fn std_leaves(depth: u32) -> u32 {
    if depth == 0 {
        return 1;
    }
    thread::scope(|s| {
        let other = s.spawn(|| std_leaves(depth - 1));
        std_leaves(depth - 1) + other.join().expect("no task panics")
    })
}

fn rayon_leaves(depth: u32) -> u32 {
    if depth == 0 {
        return 1;
    }
    let both = rayon::join(|| rayon_leaves(depth - 1), || rayon_leaves(depth - 1));
    both.0 + both.1
}

fn row<R>(c: &mut Criterion, operation: &str, rival: &str, mut run: impl FnMut() -> R) {
    let mut group = c.benchmark_group(operation);
    group.bench_function(BenchmarkId::new(rival, 1), |b| b.iter(&mut run));
}

type Worker = (&'static str, fn(&mut [u64], u32) -> Outcome);

/// A new group of tasks that compute for two microseconds each.
fn work(c: &mut Criterion) {
    const RIVALS: [Worker; 3] = [
        ("phalanx", |results, steps| phalanx_group(computing(results, steps))),
        ("std", |results, steps| std_group(computing(results, steps))),
        ("rayon", |results, steps| rayon_group(computing(results, steps))),
    ];
    let steps = steps_from_environment();
    let mut results = [0; 1000];
    let mut group = c.benchmark_group("err_group/work_2us_1000");
    for (rival, run) in RIVALS {
        group.bench_function(BenchmarkId::new(rival, 1), |b| {
            b.iter(|| check(run(black_box(&mut results), steps)));
        });
    }
}

/// A new group of tasks that sleep. Ours find their threads in the cache, since the warm-up has
/// started them. There is no row for rayon, whose few threads would sleep one task after another.
fn sleep(c: &mut Criterion) {
    const RIVALS: [Rival; 2] = [("phalanx", phalanx_sleepers), ("std", std_sleepers)];
    let mut group = c.benchmark_group("err_group/sleep_10ms_1000");
    for (rival, run) in RIVALS {
        group.bench_function(BenchmarkId::new(rival, 1), |b| b.iter(|| check(run(1000))));
    }
}

const NAP: Duration = Duration::from_millis(10);

fn phalanx_sleepers(tasks: usize) -> Outcome {
    ErrGroup::scope(|g| {
        for _ in 0..tasks {
            g.go(|ctx| Ok(ctx.sleep(NAP)?));
        }
        Ok(())
    })
}

fn std_sleepers(tasks: usize) -> Outcome {
    let nap = || {
        thread::sleep(NAP);
        Ok(())
    };
    std_group(iter::repeat_n(nap, tasks))
}

pub(crate) fn phalanx_group<'env, F>(tasks: impl Iterator<Item = F>) -> Outcome
where
    F: FnOnce() -> Outcome + Send + 'env,
{
    ErrGroup::scope(|g| {
        for task in tasks {
            g.go(|_| task());
        }
        Ok(())
    })
}

/// A fresh thread for each task. Nobody is told of an error before all of them have been joined.
fn std_group<F>(tasks: impl Iterator<Item = F>) -> Outcome
where
    F: FnOnce() -> Outcome + Send,
{
    thread::scope(|s| {
        let running: Vec<_> = tasks.map(|task| s.spawn(task)).collect();
        running.into_iter().try_for_each(|task| task.join().expect("no task panics"))
    })
}

/// The tasks share the threads of the pool. Nobody is told of an error before all have ended.
fn rayon_group<F>(tasks: impl Iterator<Item = F> + Send) -> Outcome
where
    F: FnOnce() -> Outcome + Send,
{
    let first = OnceLock::new();
    rayon::scope(|s| {
        for task in tasks {
            s.spawn(|_| {
                if let Err(error) = task() {
                    first.get_or_init(|| error);
                }
            });
        }
    });
    first.into_inner().map_or(Ok(()), Err)
}

pub(crate) fn check(outcome: Outcome) {
    outcome.expect("no task fails");
}

/// A task for each result, which computes it.
pub(crate) fn computing(
    results: &mut [u64],
    steps: u32,
) -> impl Iterator<Item = impl FnOnce() -> Outcome + Send> + Send {
    results.iter_mut().zip(0..).map(move |(result, seed)| {
        move || {
            *result = lcg(seed, steps);
            Ok(())
        }
    })
}

/// The steps of one task: `PHALANX_BENCH_LCG`, as for the Go program.
pub(crate) fn steps_from_environment() -> u32 {
    env::var("PHALANX_BENCH_LCG")
        .map_or(1400, |steps| steps.parse().expect("PHALANX_BENCH_LCG is a number of steps"))
}
