//! What it costs to set a timer and to stop it, while a hundred thousand others are pending.
//!
//! Nobody in Rust has a timer for threads that can be stopped; `crossbeam_channel::after` makes a
//! channel that looks at the clock when it is received from, and cannot.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion};
use phalanx::{AfterFunc, Ticker, Timer};

/// A function that measures some rows, with the beginning of their ids.
pub(crate) type Part = (&'static str, fn(&mut Criterion));

pub(crate) const PARTS: [Part; 4] = [
    ("timer/start_stop", start_stop),
    ("timer/channel_start_stop", channel_start_stop),
    ("timer/reset", reset),
    ("timer/missed_tick", missed_tick),
];

const OTHERS: u32 = 100_000;
const HOUR: Duration = Duration::from_secs(3600);

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (_, part) in PARTS {
        part(&mut criterion);
    }
}

/// Calls that are pending, at instants from an hour to two hours from now.
fn others() -> Vec<AfterFunc> {
    // A step that has nothing in common with the number makes their order look random.
    let far = |n: u32| HOUR + HOUR * (n.wrapping_mul(48_271) % OTHERS) / OTHERS;
    (0..OTHERS).map(|n| AfterFunc::new(far(n), || ())).collect()
}

fn row<T>(c: &mut Criterion, operation: &str, rival: &str, mut run: impl FnMut() -> T) {
    let mut group = c.benchmark_group(operation);
    group.bench_function(BenchmarkId::new(rival, 1), |b| b.iter(&mut run));
}

/// A function that is to be called in an hour and a half, and is stopped: the life of a timeout.
fn start_stop(c: &mut Criterion) {
    let _others = others();
    row(c, "timer/start_stop", "phalanx", || AfterFunc::new(HOUR * 3 / 2, || ()).stop());
}

/// The same with a channel to select on, made each time.
fn channel_start_stop(c: &mut Criterion) {
    let _others = others();
    row(c, "timer/channel_start_stop", "phalanx", || {
        let timer = Timer::new(HOUR * 3 / 2);
        let is_empty = timer.channel().is_empty();
        is_empty && timer.stop()
    });
    row(c, "timer/channel_start_stop", "crossbeam", || {
        crossbeam_channel::after(HOUR * 3 / 2).is_empty()
    });
}

/// A timer with a channel that is set anew each time, as in a loop with a `select!`.
fn reset(c: &mut Criterion) {
    let _others = others();
    let timer = Timer::new(HOUR);
    timer.channel();
    row(c, "timer/reset", "phalanx", || timer.reset(HOUR * 3 / 2));
}

/// A tick that was missed, taken by a call.
fn missed_tick(c: &mut Criterion) {
    let ticker = Ticker::new(Duration::from_nanos(1));
    row(c, "timer/missed_tick", "phalanx", || ticker.next());
}
