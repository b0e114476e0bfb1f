//! Channels with bounds in bubbles, where the kit sees crossbeam's threads block and wake.
#![cfg(all(
    feature = "sim-std",
    target_os = "linux",
    target_env = "gnu",
    target_pointer_width = "64",
    not(target_feature = "crt-static")
))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::select;
use parking_lot::Mutex;
use phalanx::channel::{
    Receiver, RecvUntil, RecvUntilError, SendUntil, Sender, bounded, merge, unbounded,
};
use phalanx::sim::{self, Builder, TimeMode};
use phalanx::{Context, Interrupted, Ticker, Timer};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const NANO: Duration = Duration::from_nanos(1);

/// A nanosecond before `duration` is over.
fn just_before(duration: Duration) -> Duration {
    duration.saturating_sub(NANO)
}

/// By seeds: as usual, and with threads that are late.
#[track_caller]
fn often(test: impl Fn() + Send + Sync + Clone + 'static) {
    let usual = || Builder::new().iterations(100).budget(HOUR);
    usual().check(test.clone());
    usual().time(TimeMode::Racing { percent: 20 }).check(test);
}

/// By seeds, where nanoseconds are counted.
#[track_caller]
fn to_the_nanosecond(test: impl Fn() + Send + Sync + 'static) {
    Builder::new().iterations(50).budget(HOUR).check(test);
}

fn is_cancelled<T>(result: &Result<T, RecvUntilError>) -> bool {
    result.as_ref().err().is_some_and(RecvUntilError::is_cancelled)
}

#[test]
fn a_wait_ends_at_its_bound_to_the_nanosecond() {
    to_the_nanosecond(|| {
        for capacity in [0, 1] {
            let end = sim::elapsed() + 4 * SECOND;
            let (sender, receiver) = bounded::<u8>(capacity);
            assert!(receiver.recv_until(SECOND).unwrap_err().is_timeout());
            let ctx = Context::background().with_timeout(SECOND);
            assert!(receiver.recv_until((&ctx, HOUR)).unwrap_err().cause().is_some());
            (0..capacity).for_each(|_| sender.send(1).unwrap());
            assert!(sender.send_until(2, SECOND).unwrap_err().is_timeout());
            let (_other, never) = bounded::<u8>(0);
            let mut merged = merge([never.clone(), never]);
            assert!(merged.recv_until(SECOND).unwrap_err().is_timeout());
            assert_eq!(sim::elapsed(), end);
        }
    });
}

#[test]
fn a_message_at_the_instant_of_the_bound_is_received_or_left() {
    let race = || {
        let (sender, receiver) = bounded(1);
        let sends = sim::spawn("sends", move || {
            Context::background().sleep(SECOND).unwrap();
            sender.send(1).unwrap();
            sender
        });
        let is_in_time = receiver.recv_until(SECOND).is_ok();
        let sender = sends.join().unwrap();
        assert_eq!(receiver.len(), usize::from(!is_in_time));
        drop(sender);
        is_in_time
    };
    for _ in 0..2 {
        Builder::new().iterations(200).budget(HOUR).outcomes(race).exactly([true, false]);
    }
}

#[test]
fn a_cancellation_wakes_whoever_waits_in_every_schedule_that_is_tried() {
    often(|| {
        let (ctx, canceller) = Context::background().with_cancel();
        let child = ctx.with_timeout(HOUR);
        let (sender, receiver) = bounded::<u8>(0);
        let others = (sender.clone(), receiver.clone());
        let waits = [
            sim::spawn("receives", {
                let (ctx, receiver) = (ctx.clone(), receiver.clone());
                let (_sender, never) = bounded::<u8>(1);
                move || {
                    let both = merge([receiver, never]).recv_until(&ctx);
                    is_cancelled(&both)
                }
            }),
            sim::spawn("sends", {
                let child = child.clone();
                let (sender, full) = bounded(1);
                move || {
                    sender.send(1).unwrap();
                    let refused = sender.send_until(2, &child).unwrap_err();
                    // Its deadline may pass before the cancellation.
                    (refused.gave_up(), refused.into_inner(), full.len()) == (true, 2, 1)
                }
            }),
        ];
        canceller.cancel();
        for wait in waits {
            assert!(wait.join().unwrap());
        }
        drop(others);
    });
}

#[test]
fn what_can_go_ahead_when_a_cancelled_thread_wakes_does() {
    often(|| {
        let (ctx, canceller) = Context::background().with_cancel();
        let (sender, receiver) = bounded(1);
        let (other, others) = bounded(1);
        let (to_full, full) = bounded(1);
        to_full.send(1).unwrap();
        let waits = [
            sim::spawn("receives", {
                let ctx = ctx.clone();
                move || receiver.recv_until(&ctx).is_ok()
            }),
            sim::spawn("merges", {
                let ctx = ctx.clone();
                move || merge([others]).recv_until(&ctx).is_ok()
            }),
            sim::spawn("sends", move || to_full.send_until(2, &ctx).is_ok()),
        ];
        sim::wait_idle();
        // Each has been woken by the end of its context, and looks once more.
        sim::atomically(|| {
            canceller.cancel();
            sender.send(1).unwrap();
            other.send(1).unwrap();
            full.recv().unwrap();
        });
        for wait in waits {
            assert!(wait.join().unwrap());
        }
    });
}

#[test]
fn a_report_names_the_call() {
    sim::run(|| {
        let (sender, receiver) = bounded::<u8>(0);
        let waits = {
            let receiver = receiver.clone();
            sim::spawn("waits", move || receiver.recv_until(HOUR).is_ok())
        };
        sim::wait_idle();
        sim::assert_blocked(&waits, "Receiver::recv_until");
        sender.send_until(1, SECOND).unwrap();
        assert!(waits.join().unwrap());
        let (_other, never) = bounded::<u8>(0);
        let waits =
            sim::spawn("waits", move || merge([receiver, never]).recv_until(SECOND).is_ok());
        sim::wait_idle();
        sim::assert_blocked(&waits, "Merge::recv_until");
        let blocked = sim::spawn("sends", move || {
            let (sender, _full) = bounded(0);
            sender.send_until(1, 2 * SECOND).is_ok()
        });
        sim::wait_idle();
        sim::assert_blocked(&blocked, "Sender::send_until");
        assert!(!waits.join().unwrap() && !blocked.join().unwrap());
    });
}

/// Threads that all wait with bounds, on one channel.
fn crowd(capacity: usize, bound: Duration) -> impl Fn() + Send + Sync + Clone + 'static {
    move || {
        let (sender, receiver) = bounded(capacity);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let send = |name: &str, messages: [u32; 2]| {
            let sender: Sender<u32> = sender.clone();
            sim::spawn(name, move || {
                for mut message in messages {
                    while let Err(e) = sender.send_until(message, bound) {
                        message = e.into_inner();
                    }
                }
            })
        };
        let receive = |name: &str| {
            let (receiver, seen): (Receiver<u32>, _) = (receiver.clone(), Arc::clone(&seen));
            sim::spawn(name, move || {
                loop {
                    match receiver.recv_until(bound) {
                        Ok(message) => seen.lock().push(message),
                        Err(RecvUntilError::Disconnected) => return,
                        Err(_) => {}
                    }
                }
            })
        };
        let threads = [send("s", [1, 2]), send("t", [3, 4]), receive("r"), receive("q")];
        drop((sender, receiver));
        for thread in threads {
            thread.join().unwrap();
        }
        let mut seen = seen.lock().clone();
        seen.sort_unstable();
        assert_eq!(seen, [1, 2, 3, 4]);
    }
}

#[test]
fn nothing_is_lost_among_threads_with_bounds() {
    for capacity in [0, 1] {
        often(crowd(capacity, SECOND));
        often(crowd(capacity, NANO));
    }
}

#[test]
fn a_select_on_a_timer_that_is_set_anew_gets_the_new_value_only() {
    often(|| {
        let timer = Arc::new(Timer::new(SECOND));
        let selects = {
            let timer = Arc::clone(&timer);
            sim::spawn("selects", move || timer.channel().recv().unwrap())
        };
        let (due, kept) = {
            Context::background().sleep(SECOND).unwrap();
            let due = sim::now() + SECOND;
            (due, timer.reset_at(due))
        };
        let received = selects.join().unwrap();
        assert_eq!(received == due, kept, "the old value, or the new one");
        assert_eq!(timer.stop(), !kept);
    });
}

#[test]
fn an_idle_timer_in_a_select_loop_goes_off_when_nothing_comes() {
    to_the_nanosecond(|| {
        let (work, jobs) = unbounded();
        let worker = sim::spawn("worker", move || {
            let idle = Timer::new(SECOND);
            loop {
                select! {
                    recv(jobs) -> job => assert!(job.is_ok()),
                    recv(idle.channel()) -> _ => return sim::elapsed(),
                }
                idle.reset(SECOND);
            }
        });
        for _ in 0..5 {
            sim::sleep(just_before(SECOND));
            work.send(()).unwrap();
        }
        assert_eq!(worker.join().unwrap(), 5 * (just_before(SECOND)) + SECOND);
    });
}

#[test]
fn an_iteration_over_the_channel_of_a_ticker_ends_when_the_ticker_is_dropped() {
    to_the_nanosecond(|| {
        let ticker = Ticker::new(SECOND);
        let channel = ticker.channel().clone();
        let counts = sim::spawn("counts", move || channel.iter().count());
        sim::advance(5 * SECOND / 2);
        drop(ticker);
        assert!(counts.join().unwrap() <= 2);
    });
}

#[test]
fn an_iteration_ends_when_its_context_does() {
    to_the_nanosecond(|| {
        let ctx = Context::background().with_timeout(5 * SECOND);
        let (sender, receiver) = bounded(0);
        let sends = sim::spawn("sends", move || {
            let sent = |n: &u32| {
                Context::background().sleep(SECOND).unwrap();
                sender.send_until(*n, HOUR).is_ok()
            };
            (0..100).take_while(sent).count()
        });
        let seen: Vec<Result<u32, Interrupted>> = receiver.iter_until(&ctx).collect();
        let (last, before) = seen.split_last().unwrap();
        assert!(last.as_ref().is_err_and(Interrupted::is_timeout));
        assert!(before.iter().map(|n| *n.as_ref().unwrap()).eq((0..).take(before.len())));
        assert_eq!(sim::elapsed(), 5 * SECOND);
        drop(receiver);
        assert!((4..=5).contains(&before.len()));
        assert_eq!(sends.join().unwrap(), before.len());
    });
}
