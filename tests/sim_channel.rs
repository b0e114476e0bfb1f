//! The crate's operations on channels, on the test kit: all of them are seen with the feature `sim` alone.

#![cfg(feature = "sim")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use phalanx::channel::{Receiver, RecvUntil, SendUntil, Sender, bounded, merge, select, unbounded};
use phalanx::sim::{self, Builder, Outcomes, TimeMode};
use phalanx::{Context, Ticker, Timer, Until};

const SECOND: Duration = Duration::from_secs(1);

/// Runs `test` under random schedules: as it is, and with time that races.
#[track_caller]
fn by_seeds(test: impl Fn() + Send + Sync + Clone + 'static) {
    let usual = || Builder::new().iterations(120);
    usual().check(test.clone());
    usual().time(TimeMode::Racing { percent: 20 }).check(test);
}

fn join_all(threads: impl IntoIterator<Item = sim::JoinHandle<()>>) {
    for thread in threads {
        thread.join().expect("it does not panic");
    }
}

#[test]
fn a_select_with_the_channel_of_a_timer() {
    sim::check(|| {
        let (sender, jobs) = unbounded();
        let worker = sim::spawn("worker", move || {
            let idle = Timer::new(60 * SECOND);
            select! {
                recv(jobs) -> job => job.ok(),
                recv(idle.channel()) -> _ => None,
            }
        });
        sim::sleep(59 * SECOND);
        sim::assert_blocked(&worker, "select!");
        assert!(sender.send("job").is_ok());
        assert_eq!(worker.join().unwrap(), Some("job"));
    });
}

#[test]
fn a_timer_that_goes_off_is_selected_at_its_instant() {
    by_seeds(|| {
        let timer = Timer::new(60 * SECOND);
        let due = sim::now() + 60 * SECOND;
        let (_sender, silent) = unbounded::<()>();
        let rung = select! {
            recv(timer.channel()) -> rung => rung.unwrap(),
            recv(silent) -> _ => unreachable!(),
        };
        assert_eq!(rung, due);
        assert!(sim::elapsed() >= 60 * SECOND);
        timer.reset(SECOND);
        assert_eq!(timer.channel().recv_until(Until::FOREVER).unwrap(), due + SECOND);
    });
}

#[test]
fn the_channel_of_a_ticker_has_each_tick() {
    sim::check(|| {
        let ticker = Ticker::new(SECOND);
        for n in 1..=3 {
            assert!(ticker.channel().recv_until(10 * SECOND).is_ok());
            assert_eq!(sim::elapsed(), n * SECOND);
        }
        ticker.stop();
    });
}

#[test]
fn the_end_of_a_context_is_seen_in_a_select_and_in_a_bounded_wait() {
    by_seeds(|| {
        let (ctx, canceller) = Context::background().with_cancel();
        let (_sender, silent) = unbounded::<()>();
        let waiters = ["selects", "receives"].map(|name| {
            let (ctx, silent) = (ctx.clone(), silent.clone());
            sim::spawn(name, move || {
                if name == "receives" {
                    assert!(silent.recv_until(&ctx).unwrap_err().is_cancelled());
                    return;
                }
                select! {
                    recv(ctx.done()) -> ended => assert!(ended.is_err()),
                    recv(silent) -> _ => unreachable!(),
                }
                assert!(ctx.has_ended());
            })
        });
        canceller.cancel();
        join_all(waiters);
        assert!(sim::elapsed() < SECOND);
    });
}

#[test]
fn a_bound_is_one_of_virtual_time() {
    sim::check(|| {
        let (sender, receiver) = bounded(1);
        assert!(receiver.recv_until(3600 * SECOND).unwrap_err().is_timeout());
        assert_eq!(sim::elapsed(), 3600 * SECOND);
        assert!(sender.send_until(1, SECOND).is_ok());
        assert_eq!(sender.send_until(2, SECOND).unwrap_err().into_inner(), 2);
        assert_eq!(sim::elapsed(), 3601 * SECOND);
        let never = select! {
            send(sender, 3) -> _ => false,
            default(3600 * SECOND) => true,
        };
        assert!(never);
        assert_eq!(sim::elapsed(), 7201 * SECOND);
        assert_eq!(receiver.try_recv(), Ok(1));
    });
}

#[test]
fn a_wait_for_a_message_that_never_comes_is_a_deadlock() {
    type Wait = fn(&Sender<u32>, &Receiver<u32>);
    let waits: [(&str, usize, Wait); 5] = [
        ("Receiver::recv_until", 1, |_, empty| drop(empty.recv_until(Until::FOREVER))),
        ("Receiver::recv_until", 0, |_, empty| drop(empty.recv_until(Until::FOREVER))),
        ("Sender::send_until", 0, |full, _| drop(full.send_until(1, Until::FOREVER))),
        ("Merge::recv_until", 1, |_, empty| assert!(merge([empty.clone()]).next().is_none())),
        ("select!", 0, |full, empty| {
            select! {
                recv(empty) -> _ => {}
                send(full, 1) -> _ => {}
            }
        }),
    ];
    for (call, room, wait) in waits {
        let test = move || {
            let (sender, receiver) = bounded(room);
            wait(&sender, &receiver);
        };
        let failure = Builder::new().try_check(test).unwrap_err().to_string();
        let expected = format!("\"root\"  is blocked in {call} at tests/sim_channel.rs:");
        assert!(failure.contains("DEADLOCK") && failure.contains(&expected), "{failure}");
    }
}

#[test]
fn a_full_channel_has_room_when_a_message_is_received() {
    by_seeds(|| {
        let (sender, receiver) = bounded(2);
        let producer = sim::spawn("producer", move || {
            (0..6).for_each(|n| sender.send_until(n, Until::FOREVER).unwrap());
        });
        let all: Vec<u32> = receiver.iter_until(Until::FOREVER).map(Result::unwrap).collect();
        assert_eq!(all, [0, 1, 2, 3, 4, 5]);
        producer.join().unwrap();
    });
}

/// Whether each side of a meeting with bounds says that it took place.
fn meeting(
    time: TimeMode,
    receive: fn(&Receiver<u32>) -> bool,
    send: fn(&Sender<u32>) -> bool,
) -> Outcomes<(bool, bool)> {
    Builder::new().exhaustive(2).time(time).outcomes(move || {
        let (sender, receiver) = bounded(0);
        let sends = sim::spawn("sends", move || send(&sender));
        let is_met = receive(&receiver);
        drop(receiver);
        (sends.join().expect("it does not panic"), is_met)
    })
}

#[test]
fn two_threads_meet_on_a_channel_without_room_or_neither_has_met() {
    let receive: [fn(&Receiver<u32>) -> bool; 2] = [
        |receiver| receiver.recv_until(SECOND).is_ok_and(|message| message == 7),
        |receiver| {
            select! {
                recv(receiver) -> message => message == Ok(7),
                default(SECOND) => false,
            }
        },
    ];
    let send: [fn(&Sender<u32>) -> bool; 2] = [
        |sender| sender.send_until(7, SECOND).is_ok(),
        |sender| {
            select! {
                send(sender, 7) -> sent => sent.is_ok(),
                default(SECOND) => false,
            }
        },
    ];
    for receive in receive {
        for send in send {
            meeting(TimeMode::Idle, receive, send).exactly([(true, true)]).exhausted();
            let racing = TimeMode::Racing { percent: 20 };
            meeting(racing, receive, send).exactly([(true, true), (false, false)]).exhausted();
        }
    }
}

#[test]
fn a_thread_that_waits_on_a_channel_without_room_is_met_by_one_that_only_tries() {
    by_seeds(|| {
        let (sender, receiver) = bounded(0);
        let waits = sim::spawn("waits", move || receiver.recv_until(Until::FOREVER));
        sim::wait_idle();
        sim::assert_blocked(&waits, "Receiver::recv_until");
        assert_eq!(sender.try_send(7), Ok(()));
        assert!(sender.try_send(8).is_err(), "it has met this thread already");
        assert_eq!(waits.join().unwrap().ok(), Some(7));
    });
}

#[test]
fn several_that_meet_lose_no_message_and_have_none_twice() {
    by_seeds(|| {
        let (sender, receiver) = bounded(0);
        let log = Arc::new(Mutex::new(Vec::new()));
        let senders = [0, 10].map(|first| {
            let sender = sender.clone();
            sim::spawn("sends", move || {
                for message in first..first + 3 {
                    sender.send_until(message, Until::FOREVER).unwrap();
                }
            })
        });
        let receivers = [(); 2].map(|()| {
            let (receiver, log) = (receiver.clone(), Arc::clone(&log));
            sim::spawn("receives", move || {
                while let Ok(message) = receiver.recv_until(Until::FOREVER) {
                    log.lock().push(message);
                }
            })
        });
        join_all(senders);
        drop(sender);
        join_all(receivers);
        let mut all = std::mem::take(&mut *log.lock());
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2, 10, 11, 12]);
    });
}

#[test]
fn a_select_takes_any_operation_that_can_go_ahead() {
    let outcomes = sim::outcomes(|| {
        let (sender, receiver) = bounded(1);
        let (other, from_other) = unbounded();
        other.send("other").unwrap();
        let selected = select! {
            recv(from_other) -> message => message.unwrap(),
            send(sender, "sent") -> sent => {
                assert!(sent.is_ok());
                "sent"
            }
            recv(receiver) -> _ => "its own",
            default => "none",
        };
        (selected, receiver.len())
    });
    outcomes.exactly([("other", 0), ("sent", 1)]).exhausted();
}

#[test]
fn a_merge_has_the_messages_of_all_and_ends_with_the_last() {
    by_seeds(|| {
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..3).map(bounded::<usize>).unzip();
        let threads: Vec<_> = senders
            .into_iter()
            .enumerate()
            .map(|(n, sender)| {
                sim::spawn("sends", move || {
                    (0..2).for_each(|m| sender.send_until(2 * n + m, Until::FOREVER).unwrap());
                })
            })
            .collect();
        let all: BTreeSet<usize> = merge(receivers).collect();
        assert_eq!(all, (0..6).collect());
        join_all(threads);
    });
}
