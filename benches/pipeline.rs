//! What it costs an item to pass through a pipeline.
#![expect(clippy::disallowed_methods, reason = "a benchmark starts threads and reads the clock")]

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion};
use phalanx::channel::{Receiver, Sender, bounded, select};
use phalanx::{ErrGroup, Stopped, pipeline};

/// A function that measures some rows, with the beginning of their ids.
pub(crate) type Part = (&'static str, fn(&mut Criterion));

pub(crate) const PARTS: [Part; 2] =
    [("pipeline/two_stages", two_stages), ("pipeline/merge", merge)];

/// So many items wait between two stages.
const BUFFER: usize = 64;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (_, part) in PARTS {
        part(&mut criterion);
    }
}

/// A source, two stages that add one, and a sink that adds up: the time of an item.
fn two_stages(c: &mut Criterion) {
    let mut group = c.benchmark_group("pipeline/two_stages");
    for (rival, run) in [
        ("phalanx", phalanx as fn(u64) -> u64),
        // Without a way to stop it.
        ("crossbeam", |n| by_hand(n, send, recv)),
        // With a way to stop it, as ours: each step also looks at a channel.
        ("crossbeam-select", |n| by_hand(n, send_or_stop, recv_or_stop)),
    ] {
        group.bench_function(BenchmarkId::new(rival, 4), |b| b.iter_custom(|n| timed(n, run)));
    }
}

fn timed(n: u64, run: fn(u64) -> u64) -> Duration {
    let start = Instant::now();
    let expected: u64 = (0..n).map(|item| item + 2).sum();
    assert_eq!(black_box(run(black_box(n))), expected);
    start.elapsed()
}

fn phalanx(n: u64) -> u64 {
    let mut sum = 0;
    let ended = ErrGroup::scope(|g| {
        let flow = pipeline::with_buffer(g, BUFFER).source(0..n);
        let flow = flow.map(|item, _| Ok::<_, Stopped>(item + 1)).map(|item, _| Ok(item + 1));
        flow.for_each(|item| {
            sum += item;
            Ok(())
        })
    });
    ended.expect("nothing fails");
    sum
}

/// Two sources that come together, and a sink that adds up: the time of an item.
fn merge(c: &mut Criterion) {
    let mut group = c.benchmark_group("pipeline/merge");
    group.bench_function(BenchmarkId::new("phalanx", 5), |b| b.iter_custom(|n| timed(n, merged)));
}

fn merged(n: u64) -> u64 {
    let mut sum = 0;
    let ended = ErrGroup::scope(|g| {
        let source = |items| pipeline::with_buffer(g, BUFFER).source::<u64, _>(items);
        source(2..n / 2 + 2).merge(source(n / 2 + 2..n + 2)).for_each(|item| {
            sum += item;
            Ok::<_, Stopped>(())
        })
    });
    ended.expect("nothing fails");
    sum
}

type Send = fn(&Sender<u64>, u64, &Receiver<()>) -> bool;
type Recv = fn(&Receiver<u64>, &Receiver<()>) -> Option<u64>;

/// The same of channels and threads.
fn by_hand(n: u64, send: Send, recv: Recv) -> u64 {
    let (_stop, stopped) = bounded(0);
    let stopped = &stopped;
    thread::scope(|s| {
        let (to_first, first) = bounded(BUFFER);
        s.spawn(move || (0..n).all(|item| send(&to_first, item, stopped)));
        let stage =
            |from: Receiver<u64>| {
                let (to, next) = bounded(BUFFER);
                s.spawn(move || {
                    while recv(&from, stopped).is_some_and(|item| send(&to, item + 1, stopped)) {}
                });
                next
            };
        let last = stage(stage(first));
        std::iter::from_fn(|| recv(&last, stopped)).sum()
    })
}

fn send(to: &Sender<u64>, item: u64, _stopped: &Receiver<()>) -> bool {
    to.send(item).is_ok()
}

fn recv(from: &Receiver<u64>, _stopped: &Receiver<()>) -> Option<u64> {
    from.recv().ok()
}

fn send_or_stop(to: &Sender<u64>, item: u64, stopped: &Receiver<()>) -> bool {
    select! {
        send(to, item) -> sent => sent.is_ok(),
        recv(stopped) -> _ => false,
    }
}

fn recv_or_stop(from: &Receiver<u64>, stopped: &Receiver<()>) -> Option<u64> {
    select! {
        recv(from) -> item => item.ok(),
        recv(stopped) -> _ => None,
    }
}
