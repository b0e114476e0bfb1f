//! What it costs to send and to receive with a context, where nobody has to wait: beside doing it
//! without one, and beside a `select!` with the channel of its end.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion};
use crossbeam_channel::{Receiver, Sender, bounded, select};
use phalanx::channel::{RecvUntil, SendUntil, merge};
use phalanx::{Canceller, Context};

/// A function that measures some rows, with the beginning of their ids.
pub(crate) type Part = (&'static str, fn(&mut Criterion));

pub(crate) const PARTS: [Part; 3] = [
    ("channel/recv_until_ready", recv_until_ready),
    ("channel/send_until_ready", send_until_ready),
    ("channel/merge_ready", merge_ready),
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

/// A channel with room for two, and a context that can be cancelled but is not.
fn parts() -> (Sender<u64>, Receiver<u64>, Context, Canceller) {
    let (sender, receiver) = bounded(2);
    let (ctx, canceller) = Context::background().with_cancel();
    (sender, receiver, ctx, canceller)
}

/// A message is sent, without more ado, and received.
fn recv_until_ready(c: &mut Criterion) {
    let (sender, receiver, ctx, _canceller) = parts();
    let sent = || sender.try_send(1).is_ok();

    let mut group = c.benchmark_group("channel/recv_until_ready");
    row(&mut group, "phalanx", || sent() && receiver.recv_until(&ctx).is_ok());
    row(&mut group, "crossbeam", || sent() && receiver.try_recv().is_ok());
    row(&mut group, "crossbeam-select", || {
        sent()
            && select! {
                recv(receiver) -> message => message.is_ok(),
                recv(ctx.done()) -> _ => false,
            }
    });
}

/// A message is sent, and received, without more ado.
fn send_until_ready(c: &mut Criterion) {
    let (sender, receiver, ctx, _canceller) = parts();
    let taken = || receiver.try_recv().is_ok();

    let mut group = c.benchmark_group("channel/send_until_ready");
    row(&mut group, "phalanx", || sender.send_until(1, &ctx).is_ok() && taken());
    row(&mut group, "crossbeam", || sender.try_send(1).is_ok() && taken());
    row(&mut group, "crossbeam-select", || {
        select! {
            send(sender, 1) -> sent => sent.is_ok() && taken(),
            recv(ctx.done()) -> _ => false,
        }
    });
}

/// Four channels as one, each with a message in its turn.
fn merge_ready(c: &mut Criterion) {
    let (ctx, _canceller) = Context::background().with_cancel();
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..4).map(|_| bounded(2)).unzip();
    let mut merged = merge(receivers.iter().cloned());
    let mut turn = 0;
    let mut sent = || {
        turn = (turn + 1) % senders.len();
        senders[turn].try_send(1_u64).is_ok()
    };

    let mut group = c.benchmark_group("channel/merge_ready");
    row(&mut group, "phalanx", || sent() && merged.recv_until(&ctx).is_ok());
    row(&mut group, "crossbeam-select", || {
        sent()
            && select! {
                recv(receivers[0]) -> message => message.is_ok(),
                recv(receivers[1]) -> message => message.is_ok(),
                recv(receivers[2]) -> message => message.is_ok(),
                recv(receivers[3]) -> message => message.is_ok(),
                recv(ctx.done()) -> _ => false,
            }
    });
}
