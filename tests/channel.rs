//! Channels with bounds: `recv_until`, `send_until`, `iter_until`, `merge`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![expect(clippy::disallowed_methods, reason = "tests read the clock, and use std's threads")]

mod support;

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::thread;
use std::time::{Duration, Instant};

use phalanx::channel::{
    IterUntil, Merge, Receiver, RecvUntil, RecvUntilError, SendUntil, SendUntilError, TryRecvError,
    bounded, merge, never, unbounded,
};
use phalanx::{Context, Interrupted};
use support::asleep::Sleeper;
use support::{Count, chain, watchdog};

const HOUR: Duration = Duration::from_secs(3600);
const MILLI: Duration = Duration::from_millis(1);
const NOW: Duration = Duration::ZERO;

const fn all<T: Send + Sync + UnwindSafe + RefUnwindSafe + Unpin>() {}
const _: () = {
    all::<Merge<u8>>();
    all::<IterUntil<'static, u8>>();
};
const fn error<T: std::error::Error + Send + Sync + 'static>() {}
const _: () = {
    error::<RecvUntilError>();
    error::<SendUntilError<u8>>();
};

/// What came of it, in a word.
fn received<T>(result: &Result<T, RecvUntilError>) -> &'static str {
    match result {
        Ok(_) => "received",
        Err(RecvUntilError::Disconnected) => "disconnected",
        Err(RecvUntilError::Interrupted(Interrupted::Cancelled(_))) => "cancelled",
        Err(RecvUntilError::Interrupted(_)) => "timed out",
        Err(_) => "another",
    }
}

fn sent<T>(result: &Result<(), SendUntilError<T>>) -> &'static str {
    match result {
        Ok(()) => "sent",
        Err(SendUntilError::Disconnected(_)) => "disconnected",
        Err(SendUntilError::Interrupted(_, Interrupted::Cancelled(_))) => "cancelled",
        Err(SendUntilError::Interrupted(..)) => "timed out",
        Err(_) => "another",
    }
}

/// A thread's result, once it is asleep and `then` is done.
fn while_it_waits<R: Send>(wait: impl FnOnce() -> R + Send, then: impl FnOnce()) -> R {
    let sleeper = Sleeper::default();
    thread::scope(|s| {
        let waiting = s.spawn(|| {
            sleeper.here();
            wait()
        });
        sleeper.until_asleep();
        then();
        waiting.join().unwrap()
    })
}

// --- Without waiting --------------------------------------------------------------------------

#[test]
fn what_is_there_is_received_and_what_fits_is_sent_whatever_the_bound() {
    watchdog(|| {
        let (sender, receiver) = bounded(1);
        let ctx = Context::background().with_timeout(HOUR);
        let past = Instant::now().checked_sub(MILLI).unwrap();
        for n in 0..5 {
            let (put, got) = match n {
                0 => (sender.send_until(n, NOW), receiver.recv_until(NOW)),
                1 => (sender.send_until(n, past), receiver.recv_until(past)),
                2 => (sender.send_until(n, &ctx), receiver.recv_until(&ctx)),
                3 => (sender.send_until(n, (&ctx, NOW)), receiver.recv_until((&ctx, NOW))),
                _ => (sender.send_until(n, Duration::MAX), receiver.recv_until(Duration::MAX)),
            };
            assert_eq!((sent(&put), got.unwrap()), ("sent", n));
        }
    });
}

#[test]
fn a_cancelled_context_fails_at_once_and_nothing_is_taken() {
    watchdog(|| {
        let (sender, receiver) = bounded(2);
        let (ctx, canceller) = Context::background().with_cancel();
        sender.send(1).unwrap();
        canceller.cancel();
        assert_eq!(received(&receiver.recv_until(&ctx)), "cancelled");
        let refused = sender.send_until(2, &ctx).unwrap_err();
        assert!(refused.is_cancelled() && !refused.is_timeout() && !refused.is_closed());
        assert_eq!(refused.into_inner(), 2);
        let mut iter = receiver.iter_until(&ctx);
        assert!(matches!(iter.next(), Some(Err(Interrupted::Cancelled(_)))));
        assert!(iter.next().is_none());
        assert!(merge([receiver.clone()]).recv_until(&ctx).unwrap_err().is_cancelled());
        assert_eq!((receiver.len(), receiver.recv_until(NOW).unwrap()), (1, 1));
    });
}

#[test]
fn a_channel_without_the_other_end_says_so() {
    watchdog(|| {
        let (sender, receiver) = bounded(1);
        sender.send(1).unwrap();
        drop(sender);
        assert_eq!(receiver.recv_until(NOW).unwrap(), 1, "what was sent is received first");
        assert_eq!(received(&receiver.recv_until(NOW)), "disconnected");
        assert_eq!(received(&receiver.recv_until(HOUR)), "disconnected");
        let (sender, receiver) = bounded(1);
        drop(receiver);
        let refused = sender.send_until("back", HOUR).unwrap_err();
        assert!(refused.is_closed());
        assert_eq!(refused.into_inner(), "back");
    });
}

// --- Waiting ----------------------------------------------------------------------------------

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_message_wakes_whoever_receives_and_room_whoever_sends() {
    watchdog(|| {
        for capacity in [0, 1] {
            let ctx = Context::background().with_timeout(HOUR);
            let (sender, receiver) = bounded(capacity);
            let got = while_it_waits(|| receiver.recv_until(&ctx), || sender.send(1).unwrap());
            assert_eq!(got.unwrap(), 1);
            (0..capacity).for_each(|n| sender.send(n).unwrap());
            let last = capacity;
            let put =
                while_it_waits(|| sender.send_until(last, &ctx), || _ = receiver.recv().unwrap());
            assert_eq!(sent(&put), "sent");
        }
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn on_a_channel_without_room_two_who_both_wait_with_a_bound_meet() {
    watchdog(|| {
        let (sender, receiver) = bounded(0);
        let got = while_it_waits(
            || receiver.recv_until(HOUR),
            || assert_eq!(sent(&sender.send_until(1, HOUR)), "sent"),
        );
        assert_eq!(got.unwrap(), 1);
        let put = while_it_waits(
            || sender.send_until(2, HOUR),
            || assert_eq!(receiver.recv_until(HOUR).unwrap(), 2),
        );
        assert_eq!(sent(&put), "sent");
        let put = while_it_waits(
            || sender.send_until(3, HOUR),
            || assert_eq!(merge([receiver.clone(), never()]).next(), Some(3)),
        );
        assert_eq!(sent(&put), "sent");
        // Whoever only tries meets one who waits, too.
        let got = while_it_waits(|| receiver.recv_until(HOUR), || sender.try_send(4).unwrap());
        assert_eq!(got.unwrap(), 4);
        let mut merged = merge([receiver.clone(), never()]);
        let got = while_it_waits(|| merged.recv_until(HOUR), || sender.try_send(5).unwrap());
        assert_eq!(got.unwrap(), 5);
        let put = while_it_waits(
            || sender.send_until(6, HOUR),
            || assert_eq!(receiver.try_recv().unwrap(), 6),
        );
        assert_eq!(sent(&put), "sent");
    });
}

#[test]
fn each_kind_of_bound_ends_a_wait() {
    watchdog(|| {
        for capacity in [0, 1] {
            let (sender, receiver) = bounded(capacity);
            let timed = Context::background().with_timeout(MILLI);
            assert_eq!(received(&receiver.recv_until(MILLI)), "timed out");
            assert_eq!(received(&receiver.recv_until(Instant::now() + MILLI)), "timed out");
            let overdue = receiver.recv_until(&timed).unwrap_err();
            assert!(overdue.is_timeout() && !overdue.is_cancelled());
            (0..capacity).for_each(|n| sender.send(n).unwrap());
            assert_eq!(sent(&sender.send_until(9, MILLI)), "timed out");
            assert_eq!(sent(&sender.send_until(9, &timed)), "cancelled");
            let timed = Context::background().with_timeout(MILLI);
            assert_eq!(sent(&sender.send_until(9, (&timed, HOUR))), "cancelled");
            assert_eq!(receiver.len(), capacity, "nothing was sent");
        }
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_cancellation_wakes_all_who_wait() {
    watchdog(|| {
        for capacity in [0, 1] {
            let (ctx, canceller) = Context::background().with_cancel();
            let (sender, receiver) = bounded(capacity);
            let got = while_it_waits(|| receiver.recv_until(&ctx), || canceller.cancel());
            assert_eq!(received(&got), "cancelled");

            let (parent, canceller) = Context::background().with_cancel();
            let child = parent.with_timeout(HOUR);
            (0..capacity).for_each(|n| sender.send(n).unwrap());
            let put = while_it_waits(
                || sender.send_until(9, &child),
                || canceller.cancel_because("enough"),
            );
            assert_eq!(
                chain(&put.unwrap_err()),
                "gave up waiting for room in the channel: context cancelled: enough"
            );
        }
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn the_other_end_leaving_wakes_all_who_wait() {
    watchdog(|| {
        for capacity in [0, 1] {
            let (sender, receiver) = bounded::<usize>(capacity);
            let got = while_it_waits(|| receiver.recv_until(HOUR), || drop(sender));
            assert_eq!(received(&got), "disconnected");
            let (sender, receiver) = bounded(capacity);
            (0..capacity).for_each(|n| sender.send(n).unwrap());
            let put = while_it_waits(|| sender.send_until(9, HOUR), || drop(receiver));
            assert_eq!((sent(&put), put.unwrap_err().into_inner()), ("disconnected", 9));
            let (sender, receiver) = bounded::<usize>(capacity);
            let (other, last) = bounded(1);
            let mut merged = merge([receiver, last]);
            let got = while_it_waits(
                || merged.recv_until(HOUR),
                || {
                    drop(sender); // and it goes on with the other
                    other.send(7).unwrap();
                },
            );
            assert_eq!(got.unwrap(), 7);
            assert_eq!(received(&merged.recv_until(NOW)), "timed out");
        }
    });
}

#[test]
fn no_message_is_lost_or_doubled_among_many_with_short_bounds() {
    watchdog(|| {
        for capacity in [0, 1, 3] {
            let (sender, receiver) = bounded(capacity);
            let (dropped, all) = (Count::default(), 4 * 250);
            let arrived = thread::scope(|s| {
                for _ in 0..4 {
                    let (sender, dropped) = (sender.clone(), &dropped);
                    s.spawn(move || {
                        for _ in 0..250 {
                            let mut message = dropped.on_drop();
                            while let Err(e) = sender.send_until(message, MILLI / 20) {
                                message = e.into_inner();
                            }
                        }
                    });
                }
                drop(sender);
                let receivers = [0; 3].map(|_| {
                    let receiver = receiver.clone();
                    s.spawn(move || {
                        let mut sum = 0;
                        loop {
                            match receiver.recv_until(MILLI / 20) {
                                Ok(_) => sum += 1,
                                Err(RecvUntilError::Disconnected) => return sum,
                                Err(_) => {}
                            }
                        }
                    })
                });
                receivers.map(|thread| thread.join().unwrap()).iter().sum::<usize>()
            });
            assert_eq!((arrived, dropped.get()), (all, all));
        }
    });
}

// --- All of them ------------------------------------------------------------------------------

#[test]
fn the_messages_are_iterated_until_the_end_or_the_bound() {
    watchdog(|| {
        let (sender, receiver) = unbounded();
        (0..3).for_each(|n| sender.send(n).unwrap());
        let first: Result<Vec<_>, _> = receiver.iter_until(MILLI).collect();
        assert!(matches!(first, Err(Interrupted::TimedOut)), "there is a sender yet");
        (0..3).for_each(|n| sender.send(n).unwrap());
        drop(sender);
        let all: Result<Vec<i32>, _> = receiver.iter_until(HOUR).collect();
        assert_eq!(all.unwrap(), [0, 1, 2]);
        let mut iter = receiver.iter_until(HOUR);
        assert!(iter.next().is_none() && iter.next().is_none());
        assert_eq!(format!("{iter:?}"), "IterUntil { ended: true, .. }");
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn cancelling_ends_an_iteration_under_way() {
    watchdog(|| {
        let (sender, receiver) = bounded(1);
        let (ctx, canceller) = Context::background().with_cancel();
        sender.send(1).unwrap();
        let seen = while_it_waits(
            || receiver.iter_until(&ctx).map(|item| item.map_err(|why| why.to_string())).collect(),
            || canceller.cancel(),
        );
        let seen: Vec<_> = seen;
        assert_eq!(seen, [Ok(1), Err("context cancelled".to_owned())]);
    });
}

// --- Merging ----------------------------------------------------------------------------------

/// So many channels, each with so many messages: its number.
fn full(channels: usize, messages: usize) -> Vec<Receiver<usize>> {
    let channel = |number| {
        let (sender, receiver) = unbounded();
        (0..messages).for_each(|_| sender.send(number).unwrap());
        receiver
    };
    (0..channels).map(channel).collect()
}

#[test]
fn merged_channels_take_turns() {
    watchdog(|| {
        let order: Vec<_> = merge(full(3, 3)).collect();
        assert_eq!(order, [0, 1, 2, 0, 1, 2, 0, 1, 2]);
        // One that never runs dry keeps no other from its turn.
        let (sender, busy) = unbounded();
        sender.send(9).unwrap();
        let mut merged = merge([busy].into_iter().chain(full(2, 2)));
        let mut seen = Vec::new();
        for _ in 0..8 {
            sender.send(9).unwrap();
            seen.push(merged.try_recv().unwrap());
        }
        assert_eq!(seen, [9, 0, 1, 9, 0, 1, 9, 9]);
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn merged_channels_take_turns_after_a_wait_too() {
    watchdog(|| {
        let ((a, from_a), (b, from_b)) = (unbounded(), unbounded());
        let mut merged = merge([from_a, from_b]);
        assert_eq!(while_it_waits(|| merged.next(), || a.send('a').unwrap()), Some('a'));
        a.send('a').unwrap();
        b.send('b').unwrap();
        let next_two: String = merged.by_ref().take(2).collect();
        assert_eq!(next_two, "ba");
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_merge_ends_when_all_have_ended() {
    watchdog(|| {
        assert_eq!(merge(Vec::<Receiver<u8>>::new()).next(), None);
        assert_eq!(merge::<u8>([]).try_recv(), Err(TryRecvError::Disconnected));
        let (sender, receiver) = unbounded();
        let mut merged = merge(full(3, 1).into_iter().chain([receiver]));
        assert_eq!(format!("{merged:?}"), "Merge { channels: 4, .. }");
        assert_eq!(merged.by_ref().take(3).sum::<usize>(), 3);
        assert_eq!(merged.try_recv(), Err(TryRecvError::Empty));
        assert_eq!(format!("{merged:?}"), "Merge { channels: 1, .. }");
        assert_eq!(while_it_waits(|| merged.next(), || drop(sender)), None);
        assert_eq!(merged.next(), None);
        assert_eq!(received(&merged.recv_until(HOUR)), "disconnected");
    });
}

#[test]
fn a_merge_of_many_channels_loses_nothing_and_keeps_the_order_of_each() {
    watchdog(|| {
        let (channels, messages) = (300, 20);
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..channels).map(|_| bounded(2)).unzip();
        thread::scope(|s| {
            let mut senders = senders.into_iter().enumerate().collect::<Vec<_>>();
            for part in 0..3 {
                let mine = senders.split_off(senders.len() - 100);
                s.spawn(move || {
                    for n in 0..messages {
                        for (from, sender) in &mine {
                            sender.send((*from, n)).unwrap();
                        }
                    }
                    part
                });
            }
            let mut next = vec![0; channels];
            for (from, n) in merge(receivers) {
                assert_eq!(n, next[from]);
                next[from] += 1;
            }
            assert!(next.iter().all(|next| *next == messages));
        });
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_cancellation_and_a_time_out_end_the_wait_of_a_merge() {
    watchdog(|| {
        let (_senders, receivers): (Vec<_>, Vec<_>) = (0..3).map(|_| bounded::<u8>(0)).unzip();
        let mut merged = merge(receivers);
        assert_eq!(received(&merged.recv_until(MILLI)), "timed out");
        let (ctx, canceller) = Context::background().with_cancel();
        let got = while_it_waits(|| merged.recv_until(&ctx), || canceller.cancel());
        assert_eq!(received(&got), "cancelled");
    });
}

#[test]
fn errors_say_what_happened() {
    watchdog(|| {
        let (ctx, canceller) = Context::background().with_cancel();
        canceller.cancel_because("the boss");
        let (sender, receiver) = bounded(0);
        let rows = [
            (
                chain(&receiver.recv_until(NOW).unwrap_err()),
                "gave up waiting for a message: timed out",
            ),
            (
                chain(&receiver.recv_until(&ctx).unwrap_err()),
                "gave up waiting for a message: context cancelled: the boss",
            ),
            (
                chain(&sender.send_until(1, NOW).unwrap_err()),
                "gave up waiting for room in the channel: timed out",
            ),
            (format!("{:?}", sender.send_until(1, NOW).unwrap_err()), "Interrupted(.., TimedOut)"),
        ];
        for (said, expected) in rows {
            assert_eq!(said, expected);
        }
        drop(receiver);
        let refused = sender.send_until(1, NOW).unwrap_err();
        assert_eq!(refused.to_string(), "the channel has no receiver");
        assert_eq!(format!("{refused:?}"), "Disconnected(..)");
        let receiver = { bounded::<u8>(0).1 };
        let ended = receiver.recv_until(NOW).unwrap_err();
        assert_eq!(ended.to_string(), "the channel is empty and has no sender");
        assert!(ended.is_closed());
    });
}
