//! What it costs to ask a context, to make and cancel one, and to be woken by one.
//!
//! Our contexts are lazy: a child joins its parent, and a deadline reaches the timer thread, at the
//! first look at the child. Go does all of it when the child is made. So `child_cancel` and
//! `timeout_cancel` show the calls that return before anybody looked, and `child_poll_cancel` what
//! the others pay; the children of `cancel_10000_children` have all been looked at.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock, and `std` is a rival")]

use std::hint::black_box;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, BenchmarkId, Criterion};
use phalanx::channel::TryRecvError;
use phalanx::{Canceller, Context, WaitGroup};
use tokio_util::sync::CancellationToken;

/// A function that measures some rows, with the beginning of their ids.
pub(crate) type Part = (&'static str, fn(&mut Criterion));

pub(crate) const PARTS: [Part; 16] = [
    ("context/poll", poll),
    ("context/check", check),
    ("context/cause", cause),
    ("context/done", done),
    ("context/with_value", with_value),
    ("context/value", value),
    ("context/shielded", shielded),
    ("context/merge_poll", merge_poll),
    ("context/on_cancel", on_cancel),
    ("context/child_cancel", child_cancel),
    ("context/child_poll_cancel", child_poll_cancel),
    ("context/cancel_because", cancel_because),
    ("context/timeout_cancel", timeout_cancel),
    ("context/deadline_cancel", deadline_cancel),
    ("context/cancel_10000_children", cancel_children),
    ("context/wake", wake),
];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (_, part) in PARTS {
        part(&mut criterion);
    }
}

fn row<T>(group: &mut BenchmarkGroup<'_, WallTime>, rival: &str, mut run: impl FnMut() -> T) {
    group.bench_function(BenchmarkId::new(rival, 1), |b| b.iter(&mut run));
}

/// A context that can be cancelled but is not.
fn live() -> (Context, Canceller) {
    Context::background().with_cancel()
}

fn poll(c: &mut Criterion) {
    let (ctx, _canceller) = live();
    let token = CancellationToken::new();

    let mut group = c.benchmark_group("context/poll");
    row(&mut group, "phalanx", || ctx.has_ended());
    row(&mut group, "tokio-util", || token.is_cancelled());
}

/// The same, for an error to return.
fn check(c: &mut Criterion) {
    let (ctx, _canceller) = live();
    row(&mut c.benchmark_group("context/check"), "phalanx", || ctx.check().is_ok());
}

/// Why a context has ended.
fn cause(c: &mut Criterion) {
    let (ctx, canceller) = live();
    canceller.cancel_because("told to stop");
    row(&mut c.benchmark_group("context/cause"), "phalanx", || ctx.cause());
}

/// A look at the channel of its end.
fn done(c: &mut Criterion) {
    let (ctx, _canceller) = live();
    row(&mut c.benchmark_group("context/done"), "phalanx", || {
        ctx.done().try_recv() == Err(TryRecvError::Empty)
    });
}

fn with_value(c: &mut Criterion) {
    let (ctx, _canceller) = live();
    row(&mut c.benchmark_group("context/with_value"), "phalanx", || ctx.with_value(7_u64));
}

/// The older of two values.
fn value(c: &mut Criterion) {
    let (ctx, _canceller) = live();
    let ctx = ctx.with_value(7_u64).with_value("seven");
    row(&mut c.benchmark_group("context/value"), "phalanx", || {
        black_box(&ctx).value::<u64>().copied()
    });
}

fn shielded(c: &mut Criterion) {
    let (ctx, _canceller) = live();
    let ctx = ctx.with_value(7_u64);
    row(&mut c.benchmark_group("context/shielded"), "phalanx", || ctx.shielded());
}

/// A context that ends with either of two, polled.
fn merge_poll(c: &mut Criterion) {
    let ((one, _canceller), (other, _other_canceller)) = (live(), live());
    row(&mut c.benchmark_group("context/merge_poll"), "phalanx", || {
        Context::merge(&[&one, &other]).has_ended()
    });
}

/// A callback that is stopped in time.
fn on_cancel(c: &mut Criterion) {
    let (ctx, _canceller) = live();
    row(&mut c.benchmark_group("context/on_cancel"), "phalanx", || ctx.on_cancel(|| ()).stop());
}

fn child_cancel(c: &mut Criterion) {
    let (parent, _canceller) = live();
    let token = CancellationToken::new();

    let mut group = c.benchmark_group("context/child_cancel");
    row(&mut group, "phalanx", || {
        let (_child, canceller) = parent.with_cancel();
        canceller.cancel();
    });
    row(&mut group, "tokio-util", || token.child_token().cancel());
}

/// The same for a child that is polled before it is cancelled.
fn child_poll_cancel(c: &mut Criterion) {
    let (parent, _canceller) = live();
    let token = CancellationToken::new();

    let mut group = c.benchmark_group("context/child_poll_cancel");
    row(&mut group, "phalanx", || {
        let (child, canceller) = parent.with_cancel();
        let ended = child.has_ended();
        canceller.cancel();
        ended
    });
    row(&mut group, "tokio-util", || {
        let child = token.child_token();
        let ended = child.is_cancelled();
        child.cancel();
        ended
    });
}

/// A child cancelled with a cause.
fn cancel_because(c: &mut Criterion) {
    let (parent, _canceller) = live();
    row(&mut c.benchmark_group("context/cancel_because"), "phalanx", || {
        let (_child, canceller) = parent.with_cancel();
        canceller.cancel_because("told to stop");
    });
}

const HOUR: Duration = Duration::from_secs(3600);

fn timeout_cancel(c: &mut Criterion) {
    let (parent, _canceller) = live();

    let mut group = c.benchmark_group("context/timeout_cancel");
    row(&mut group, "phalanx", || {
        let (_child, canceller) = parent.with_cancel_timeout(HOUR);
        canceller.cancel();
    });
}

fn deadline_cancel(c: &mut Criterion) {
    let deadline = Instant::now() + HOUR;
    let (parent, _canceller) = live();
    row(&mut c.benchmark_group("context/deadline_cancel"), "phalanx", || {
        let (_child, canceller) = parent.with_cancel_deadline(deadline);
        canceller.cancel();
    });
}

/// A parent cancelled, not the making of its children, each of which has been polled.
fn cancel_children(c: &mut Criterion) {
    let mut group = c.benchmark_group("context/cancel_10000_children");
    // Of cancelling alone; the making takes some ten times as long.
    group.warm_up_time(Duration::from_millis(50)).measurement_time(Duration::from_millis(250));
    family_row(&mut group, "phalanx", phalanx_family, |(canceller, _)| canceller.cancel());
    family_row(&mut group, "tokio-util", tokio_family, |(parent, _)| parent.cancel());
}

fn family_row<F>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    rival: &str,
    family: impl Fn() -> F,
    cancel: impl Fn(&F),
) {
    let cancelled = |family| {
        cancel(&family);
        family // returned, so that its drop is not measured
    };
    group.bench_function(BenchmarkId::new(rival, 1), |b| {
        b.iter_batched(&family, cancelled, BatchSize::PerIteration);
    });
}

fn phalanx_family() -> (Canceller, Vec<(Context, Canceller)>) {
    let (parent, canceller) = live();
    let children: Vec<_> = (0..10_000).map(|_| parent.with_cancel()).collect();
    assert!(!children.iter().any(|(child, _)| child.has_ended()));
    (canceller, children)
}

fn tokio_family() -> (CancellationToken, Vec<CancellationToken>) {
    let parent = CancellationToken::new();
    let children: Vec<_> = (0..10_000).map(|_| parent.child_token()).collect();
    assert!(!children.iter().any(CancellationToken::is_cancelled));
    (parent, children)
}

/// The whole life of a task that waits for a context: started, told by a cancellation, reported
/// back. It may find the context already cancelled when it starts.
fn wake(c: &mut Criterion) {
    let reports = Arc::new(WaitGroup::new());

    let mut group = c.benchmark_group("context/wake");
    row(&mut group, "phalanx", || {
        let (ctx, canceller) = live();
        reports.go(move || {
            ctx.wait();
        });
        canceller.cancel();
        reports.wait();
    });
    row(&mut group, "std", || {
        let (sender, receiver) = mpsc::channel::<()>();
        let task = thread::spawn(move || receiver.recv());
        drop(sender);
        task.join().is_ok()
    });
}
