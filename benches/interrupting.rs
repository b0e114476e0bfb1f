//! What it costs that a call can be interrupted, and how long a blocked read goes on after `cancel`.
#![expect(clippy::disallowed_methods, reason = "a benchmark starts threads and reads the clock")]

use std::io::Read;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion};
use crossbeam_channel::bounded;
use phalanx::{Canceller, Context};

/// A function that measures some rows, with the beginning of their ids.
pub(crate) type Part = (&'static str, fn(&mut Criterion));

pub(crate) const PARTS: [Part; 2] =
    [("interrupting/call", call), ("interrupting/cancel_read", cancel_read)];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (_, part) in PARTS {
        part(&mut criterion);
    }
}

/// Both ends of a connection over loopback.
fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let address = listener.local_addr().expect("it is bound");
    let near = TcpStream::connect(address).expect("somebody listens");
    (near, listener.accept().expect("somebody connects").0)
}

/// An empty call that nobody interrupts, of a context that could end.
fn call(c: &mut Criterion) {
    let (near, _far) = connection();
    let (ctx, _canceller) = Context::background().with_cancel();
    let mut group = c.benchmark_group("interrupting/call");
    group.bench_function(BenchmarkId::new("phalanx", 1), |b| {
        b.iter(|| ctx.interrupting(&near, || ()).is_ok());
    });
}

/// From `cancel` until a read that is blocked on another thread has returned. The rival shuts the
/// connection down by hand: what of the time is the kernel's.
fn cancel_read(c: &mut Criterion) {
    let mut group = c.benchmark_group("interrupting/cancel_read");
    // Of that time alone; the making takes some ten times as long, and each round takes a port.
    group.warm_up_time(Duration::from_millis(10)).measurement_time(Duration::from_millis(50));
    for (rival, by_hand) in [("phalanx", false), ("std", true)] {
        let id = BenchmarkId::new(rival, 2);
        group.bench_function(id, |b| b.iter_custom(|n| (0..n).map(|_| round(by_hand)).sum()));
    }
}

/// Has a thread read, and gives it time to block.
fn round(by_hand: bool) -> Duration {
    /// How long it takes a thread that has begun to read to be asleep, many times over.
    const UNTIL_ASLEEP: Duration = Duration::from_micros(100);
    let (near, _far) = connection();
    let (ctx, canceller) = Context::background().with_cancel();
    let (begins, begun) = bounded(1);
    thread::scope(|s| {
        let reader = s.spawn(|| {
            begins.send(()).expect("it is waited for");
            let read = || (&near).read(&mut [0]).map(|_| Instant::now());
            let read = if by_hand { Ok(read()) } else { ctx.interrupting(&near, read) };
            read.expect("it is cancelled later").expect("it is at its end")
        });
        begun.recv().expect("it begins");
        thread::sleep(UNTIL_ASLEEP);
        let start = Instant::now();
        end(by_hand, &near, &canceller);
        reader.join().expect("it does not panic").saturating_duration_since(start)
    })
}

fn end(by_hand: bool, near: &TcpStream, canceller: &Canceller) {
    if by_hand {
        near.shutdown(Shutdown::Both).expect("it is connected");
    } else {
        canceller.cancel();
    }
}
