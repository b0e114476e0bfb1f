//! `Timer`: it goes off once, for a call or for a channel, and leaves nothing behind.

#![expect(clippy::disallowed_methods, reason = "tests read the clock, and use std's threads")]

mod support;

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{TryRecvError, select};
use phalanx::{Context, Interrupted, Timer};
use support::asleep::Sleeper;
use support::watchdog;

const HOUR: Duration = Duration::from_secs(3600);
const MILLI: Duration = Duration::from_millis(1);

const fn all<T: Send + Sync + UnwindSafe + RefUnwindSafe + Unpin>() {}
const _: () = all::<Timer>();

fn past() -> Instant {
    Instant::now().checked_sub(MILLI).expect("the clock has run for a while")
}

#[test]
fn it_goes_off_and_says_when_it_was_due() {
    watchdog(|| {
        let due = Instant::now() + MILLI;
        let timer = Timer::at(due);
        assert_eq!((timer.deadline(), timer.wait()), (Some(due), due));
        assert!(Instant::now() >= due);
        assert_eq!(timer.deadline(), None);
        let timer = Timer::at(due);
        timer.reset_at(due + MILLI);
        assert_eq!(timer.channel().recv(), Ok(due + MILLI));
    });
}

#[test]
fn one_who_waits_in_a_call_or_in_a_select_gets_the_value() {
    watchdog(|| {
        let timer = Timer::new(MILLI);
        select! {
            recv(timer.channel()) -> due => assert!(due.unwrap() <= Instant::now()),
        }
        assert_eq!(timer.channel().try_recv(), Err(TryRecvError::Empty));
        assert!(matches!(timer.wait_until(MILLI), Err(Interrupted::TimedOut)));

        assert!(!timer.reset(MILLI));
        timer.wait();
        assert_eq!(timer.channel().try_recv(), Err(TryRecvError::Empty));
        assert!(!timer.stop());
    });
}

#[test]
fn what_has_gone_off_unnoticed_is_at_once_in_a_channel_made_later() {
    let due = past();
    let timer = Timer::at(due);
    assert_eq!(timer.channel().try_recv(), Ok(due));
    assert_eq!(timer.channel().try_recv(), Err(TryRecvError::Empty));
    timer.reset_at(due);
    assert_eq!(timer.channel().try_recv(), Ok(due));
    timer.reset(Duration::ZERO);
    assert!(timer.channel().try_recv().is_ok());
}

#[test]
fn a_call_finds_the_value_that_is_in_the_channel() {
    let due = past();
    let timer = Timer::at(due);
    assert_eq!(timer.channel().len(), 1);
    assert_eq!(timer.wait_until(Duration::ZERO).unwrap(), due);
    assert_eq!(timer.channel().try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn stop_and_reset_say_whether_they_kept_a_value_from_being_received() {
    watchdog(|| {
        type Step = fn(&Timer) -> bool;
        let again: Step = |timer| timer.reset(HOUR);
        let again_at: Step = |timer| timer.reset_at(Instant::now() + HOUR);
        for end in [Timer::stop as Step, again, again_at] {
            for with_channel in [false, true] {
                let make = |due| {
                    let timer = Timer::at(due);
                    if with_channel {
                        timer.channel();
                    }
                    timer
                };
                assert!(end(&make(Instant::now() + HOUR)), "it was set");
                assert!(end(&make(past())), "it had gone off unnoticed");
                let timer = make(past());
                timer.wait();
                assert!(!end(&timer), "the value was received");
                timer.stop();
                assert!(!end(&timer), "it was stopped");
                timer.reset(HOUR);
                timer.stop();
                assert!(!end(&timer), "it was set, and stopped");
            }
        }
    });
}

#[test]
fn nothing_of_an_old_setting_is_received_after_stop_or_reset() {
    let timer = Timer::at(past());
    let channel = timer.channel().clone();
    assert!(timer.stop());
    assert_eq!(channel.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(timer.deadline(), None);
    timer.reset_at(past());
    assert!(timer.reset(HOUR));
    assert_eq!(channel.try_recv(), Err(TryRecvError::Empty));
    assert!(timer.wait_until(Duration::ZERO).is_err());
    assert!(timer.deadline().unwrap() > Instant::now());
}

#[test]
fn the_deadline_is_known_until_somebody_has_the_value() {
    let due = past();
    let timer = Timer::at(due);
    assert_eq!(timer.deadline(), Some(due), "gone off unnoticed");
    timer.channel();
    assert_eq!(timer.deadline(), Some(due), "in the channel");
    assert!(format!("{timer:?}").starts_with("Timer { deadline: Some(Instant"));
    timer.channel().recv().unwrap();
    assert_eq!(timer.deadline(), None, "received");
    assert_eq!(format!("{timer:?}"), "Timer { deadline: None, .. }");
}

#[test]
fn dropping_it_stops_it_and_disconnects_what_was_cloned_of_the_channel() {
    watchdog(|| {
        for due in [past(), Instant::now() + HOUR] {
            let timer = Timer::at(due);
            let channel = timer.channel().clone();
            drop(timer);
            assert_eq!(channel.recv().ok(), None, "no value, and no hang");
        }
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_thread_that_waits_returns_by_the_new_setting() {
    watchdog(|| {
        for with_channel in [false, true] {
            let timer = Timer::new(HOUR);
            if with_channel {
                timer.channel();
            }
            let waiter = Sleeper::default();
            thread::scope(|s| {
                let waiting = s.spawn(|| {
                    waiter.here();
                    timer.wait()
                });
                waiter.until_asleep();
                assert!(timer.reset(2 * HOUR), "it was set");
                waiter.until_asleep();
                assert!(timer.stop(), "it was set");
                waiter.until_asleep();
                let due = Instant::now() + MILLI;
                assert!(!timer.reset_at(due), "it was stopped");
                assert_eq!(waiting.join().unwrap(), due);
            });
        }
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn of_two_who_wait_each_value_goes_to_one() {
    watchdog(|| {
        let timer = Timer::new(HOUR);
        let waiters = [Sleeper::default(), Sleeper::default()];
        thread::scope(|s| {
            for waiter in &waiters {
                s.spawn(|| {
                    waiter.here();
                    timer.wait();
                });
            }
            for waiter in &waiters {
                waiter.until_asleep();
            }
            timer.reset(Duration::ZERO);
            // Not before the first of them has it.
            support::until(|| timer.deadline().is_none());
            timer.reset(MILLI);
        });
        assert!(timer.wait_until(MILLI).is_err());
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_cancelled_context_wakes_whoever_waits_and_leaves_the_timer() {
    watchdog(|| {
        let timer = Timer::new(HOUR);
        let (ctx, canceller) = Context::background().with_cancel();
        let waiter = Sleeper::default();
        thread::scope(|s| {
            let waiting = s.spawn(|| {
                waiter.here();
                timer.wait_until(&ctx)
            });
            waiter.until_asleep();
            canceller.cancel();
            assert!(matches!(waiting.join().unwrap(), Err(Interrupted::Cancelled(_))));
        });
        assert!(timer.stop(), "it is still set");
        timer.reset(Duration::ZERO);
        assert!(timer.wait_until(&ctx).is_err(), "a cancelled context fails at once");
        assert!(timer.wait_until(Duration::ZERO).is_ok(), "the value was left");
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn one_that_is_stopped_while_its_channel_is_selected_on_keeps_silent() {
    watchdog(|| {
        let timer = Timer::new(HOUR);
        let (stop, stopped) = crossbeam_channel::bounded::<()>(0);
        let waiter = Sleeper::default();
        thread::scope(|s| {
            s.spawn(|| {
                waiter.here();
                select! {
                    recv(timer.channel()) -> _ => panic!("it was stopped"),
                    recv(stopped) -> _ => {}
                }
            });
            waiter.until_asleep();
            timer.stop();
            drop(stop);
        });
    });
}

#[test]
fn a_loop_that_sets_it_anew_each_time_never_sees_an_old_value() {
    watchdog(|| {
        let timer = Timer::new(HOUR);
        let channel = timer.channel();
        for round in 0..2000_u32 {
            let due = Instant::now() + Duration::from_micros(u64::from(round % 7));
            timer.reset_at(due);
            match round % 3 {
                0 => assert_eq!(channel.recv(), Ok(due)),
                1 => assert_eq!(timer.wait(), due),
                _ => {
                    assert!(timer.stop());
                    assert!(channel.try_recv().is_err());
                }
            }
        }
    });
}

#[test]
fn all_who_ask_for_the_channel_first_get_the_same() {
    watchdog(|| {
        for _ in 0..100 {
            let due = Instant::now() + Duration::from_micros(50);
            let timer = Timer::at(due);
            let channels = thread::scope(|s| {
                let ask = || timer.channel().clone();
                let threads = [s.spawn(ask), s.spawn(ask), s.spawn(ask)];
                threads.map(|thread| thread.join().unwrap())
            });
            assert!(channels.iter().all(|channel| channel.same_channel(timer.channel())));
            assert_eq!(channels[0].recv(), Ok(due));
            assert_eq!(timer.deadline(), None);
        }
    });
}
