//! Bad input for channels with bounds: each is refused with an error that says why, and nothing is
//! taken.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![expect(clippy::disallowed_methods, reason = "tests read the clock")]

mod support;

use std::time::{Duration, Instant};

use phalanx::Context;
use phalanx::channel::{
    Receiver, RecvUntil, SendUntil, Sender, bounded, merge, never, tick, unbounded,
};
use support::{Count, watchdog};

const HOUR: Duration = Duration::from_secs(3600);
const NOW: Duration = Duration::ZERO;

/// What was asked for, what came of it, and the message that is expected.
type Row = (&'static str, fn() -> String, &'static str);

#[test]
fn each_is_refused_with_an_error_that_says_why() {
    watchdog(|| {
        for (name, ask, expected) in ROWS {
            assert_eq!(ask(), expected, "{name}");
        }
    });
}

fn cancelled() -> Context {
    let (ctx, canceller) = Context::background().with_cancel();
    canceller.cancel_because("the reason");
    ctx
}

fn past() -> Instant {
    Instant::now().checked_sub(Duration::from_nanos(1)).expect("the clock has run for a while")
}

/// What is said about a message that cannot be sent. It comes back, and is dropped once.
fn unsent(sender: &impl SendUntil<support::OnDrop>, until: phalanx::Until<'_>) -> String {
    let drops = Count::default();
    let refused = sender.send_until(drops.on_drop(), until).expect_err("there is no room");
    assert_eq!(drops.get(), 0, "it came back");
    let said = support::chain(&refused);
    drop(refused.into_inner());
    assert_eq!(drops.get(), 1);
    said
}

fn unreceived(receiver: &Receiver<u8>, until: phalanx::Until<'_>) -> String {
    let before = receiver.len();
    let said = support::chain(&receiver.recv_until(until).expect_err("it is refused"));
    assert_eq!(receiver.len(), before);
    said
}

fn sender_to_nobody<T>() -> Sender<T> {
    let (sender, _) = bounded(0);
    sender
}

fn receiver_from_nobody<T>() -> Receiver<T> {
    let (_, receiver) = bounded(0);
    receiver
}

/// With a message, and no sender any more.
fn full() -> Receiver<u8> {
    let (sender, receiver) = unbounded();
    sender.send(7).unwrap();
    receiver
}

const ROWS: [Row; 14] = [
    (
        "no room for any, now",
        || unsent(&sender_to_nobody(), NOW.into()),
        "the channel has no receiver",
    ),
    (
        "nobody receives, now",
        || {
            let (sender, _receiver) = bounded(0);
            unsent(&sender, NOW.into())
        },
        "gave up waiting for room in the channel: timed out",
    ),
    (
        "nobody receives, by an instant that has passed",
        || {
            let (sender, _receiver) = bounded(0);
            unsent(&sender, past().into())
        },
        "gave up waiting for room in the channel: timed out",
    ),
    (
        "a context that has been cancelled, and room",
        || {
            let (sender, receiver) = unbounded();
            let said = unsent(&sender, (&cancelled()).into());
            assert!(receiver.is_empty());
            said
        },
        "gave up waiting for room in the channel: context cancelled: the reason",
    ),
    (
        "a context that has been cancelled, and nobody to receive",
        || unsent(&sender_to_nobody(), (&cancelled()).into()),
        "gave up waiting for room in the channel: context cancelled: the reason",
    ),
    (
        "a context that has been cancelled, and a message",
        || unreceived(&full(), (&cancelled()).into()),
        "gave up waiting for a message: context cancelled: the reason",
    ),
    (
        "a context that has been cancelled, and a bound",
        || unreceived(&full(), (&cancelled(), HOUR).into()),
        "gave up waiting for a message: context cancelled: the reason",
    ),
    (
        "a context whose deadline has passed, and a message",
        || unreceived(&full(), (&Context::background().with_timeout(NOW)).into()),
        "gave up waiting for a message: context deadline exceeded",
    ),
    (
        "nobody to send",
        || unreceived(&receiver_from_nobody(), Duration::MAX.into()),
        "the channel is empty and has no sender",
    ),
    (
        "nothing, now",
        || unreceived(&never(), NOW.into()),
        "gave up waiting for a message: timed out",
    ),
    (
        "all that were sent, and then the end",
        || {
            let full = full();
            assert_eq!(full.recv_until(NOW).unwrap(), 7);
            unreceived(&full, HOUR.into())
        },
        "the channel is empty and has no sender",
    ),
    (
        "no channels",
        || merge(Vec::<Receiver<u8>>::new()).recv_until(HOUR).unwrap_err().to_string(),
        "the channel is empty and has no sender",
    ),
    (
        "the same channel twice",
        || {
            let full = full();
            let all: Vec<_> = merge([full.clone(), full]).collect();
            format!("{all:?}")
        },
        "[7]",
    ),
    (
        "channels, a context that has been cancelled, and a message",
        || {
            let full = full();
            let mut merged = merge([full.clone(), never()]);
            let said = support::chain(&merged.recv_until(&cancelled()).unwrap_err());
            assert_eq!((full.len(), merged.next()), (1, Some(7)));
            said
        },
        "gave up waiting for a message: context cancelled: the reason",
    ),
];

#[test]
fn a_tick_that_the_clock_cannot_reach_never_comes() {
    watchdog(|| {
        let year = 366 * 24 * HOUR;
        for period in [Duration::MAX, Duration::from_secs(1 << 62)] {
            let ticks = tick(period);
            assert!(ticks.recv_timeout(Duration::from_millis(1)).is_err());
            assert!(ticks.try_recv().is_err());
            // crossbeam's own would compute the tick after the next in `recv`, and panic.
            assert!(ticks.same_channel(&never()));
        }
        assert!(tick(year).recv_timeout(Duration::from_millis(1)).is_err());
        assert!(tick(NOW).recv().unwrap() <= Instant::now());
    });
}
