//! `Timer` and `AfterFunc` under all schedules: to the nanosecond, and in every race with the timer
//! thread.

#![cfg(feature = "sim")]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use parking_lot::Mutex;
use phalanx::sim::{self, Builder, ThreadState};
use phalanx::{AfterFunc, Context, Interrupted, Timer, WaitGroup};
use support::schedules::{always, by_seeds, just_before, pause};
use support::{Count, OnDrop, watchdog};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const NANO: Duration = Duration::from_nanos(1);

/// By seeds, where nanoseconds are counted: no thread is late.
#[track_caller]
fn to_the_nanosecond(test: impl Fn() + Send + Sync + Clone + 'static) {
    Builder::new().iterations(100).check(test.clone());
    Builder::new().iterations(100).spurious_wakeups(20).check(test);
}

fn unread(channel: &Receiver<Instant>) -> Option<Instant> {
    channel.try_recv().ok()
}

/// What the timer thread waits for, and since when.
fn timer_thread() -> (Option<Duration>, Duration) {
    sim::wait_idle();
    let timer = sim::threads().into_iter().find(|thread| thread.name == "phalanx-timer");
    match timer.expect("there is one").state {
        ThreadState::Blocked { deadline, since, .. } => (deadline, since),
        state => panic!("it should sleep: {state:?}"),
    }
}

// --- To the nanosecond ------------------------------------------------------------------------

#[test]
fn it_goes_off_at_its_instant_for_a_call_and_for_a_channel() {
    to_the_nanosecond(|| {
        let due = sim::now() + SECOND;
        let (called, selected) = (Timer::new(SECOND), Timer::at(due));
        let waiting = sim::spawn("waits", move || (called.wait(), sim::elapsed()));
        let channel = selected.channel();
        sim::sleep(just_before(SECOND));
        sim::assert_blocked(&waiting, "Timer::wait");
        assert_eq!(unread(channel), None);
        sim::sleep(NANO);
        assert_eq!(unread(channel), Some(due));
        assert_eq!(waiting.join().unwrap(), (due, SECOND));
    });
}

#[test]
fn going_off_wins_over_a_bound_at_the_same_instant() {
    type Wait = fn(&Timer, &Context, Instant) -> Result<Instant, Interrupted>;
    let waits: [(Wait, bool); 6] = [
        (|timer, _, _| timer.wait_until(SECOND), true),
        (|timer, _, at| timer.wait_until(at), true),
        (|timer, ctx, _| timer.wait_until(ctx), true),
        (|timer, ctx, at| timer.wait_until((ctx, at)), true),
        (|timer, _, _| timer.wait_until(just_before(SECOND)), false),
        (|timer, _, _| timer.wait_until(HOUR), true),
    ];
    for (wait, goes_off) in waits {
        for with_channel in [false, true] {
            let test = move || {
                let due = sim::now() + SECOND;
                let timer = Timer::at(due);
                if with_channel {
                    timer.channel();
                }
                let ctx = Context::background().with_deadline(due);
                match wait(&timer, &ctx, due) {
                    Ok(at) => assert_eq!((at, goes_off), (due, true)),
                    Err(why) => assert_eq!((why.is_timeout(), goes_off), (true, false)),
                }
                // Where it did not go off, it is left as it was.
                assert_eq!(timer.stop(), !goes_off);
                assert_eq!(sim::elapsed(), if goes_off { SECOND } else { just_before(SECOND) });
            };
            always(1, test);
        }
    }
}

#[test]
fn the_channel_of_a_timer_that_has_gone_off_has_its_value_on_every_call() {
    always(2, || {
        let timer = Timer::new(SECOND);
        for _ in 0..2 {
            assert_eq!(unread(timer.channel()), None);
            let due = timer.deadline();
            pause(SECOND); // the timer thread may not have run yet
            assert_eq!(unread(timer.channel()), due);
            assert_eq!((timer.try_wait(), unread(timer.channel())), (None, None));
            timer.reset(SECOND);
        }
    });
}

#[test]
fn a_value_is_taken_without_a_wait_once_and_not_a_nanosecond_before() {
    for with_channel in [false, true] {
        always(2, move || {
            let timer = Timer::new(SECOND);
            let due = timer.deadline();
            let channel = with_channel.then(|| timer.channel());
            pause(just_before(SECOND));
            assert_eq!(timer.try_wait(), None);
            pause(NANO);
            assert_eq!(timer.try_wait(), due);
            assert_eq!((timer.try_wait(), channel.and_then(unread)), (None, None));
            assert!(!timer.stop());
        });
    }
}

#[test]
fn a_cancellation_ends_a_wait_and_the_timer_is_left() {
    always(1, || {
        let timer = Arc::new(Timer::new(HOUR));
        let (ctx, canceller) = Context::background().with_cancel();
        let waiting = {
            let timer = Arc::clone(&timer);
            sim::spawn("waits", move || timer.wait_until(&ctx).is_ok())
        };
        canceller.cancel();
        assert!(!waiting.join().unwrap());
        assert!(timer.stop());
        assert_eq!(sim::elapsed(), Duration::ZERO);
    });
}

#[test]
fn a_timer_beyond_all_clocks_never_goes_off() {
    sim::run(|| {
        let timer = Timer::new(Duration::MAX);
        let call = AfterFunc::new(Duration::MAX, || panic!("it is never called"));
        assert_eq!((timer.deadline(), call.deadline()), (None, None));
        assert!(timer.wait_until(25 * HOUR).is_err());
        assert_eq!(unread(timer.channel()), None);
    });
}

// --- Stop and reset against the timer thread --------------------------------------------------

#[test]
fn what_stop_says_is_what_is_received_in_every_schedule() {
    let race = || {
        let timer = Arc::new(Timer::new(SECOND));
        let channel = timer.channel().clone();
        let receives = sim::spawn("receives", {
            let channel = channel.clone();
            move || {
                pause(SECOND);
                unread(&channel).is_some()
            }
        });
        pause(SECOND);
        let stopped = timer.stop();
        let after = unread(&channel).is_some();
        let has_received = receives.join().unwrap();
        sim::sleep(HOUR);
        assert_eq!((unread(&channel), timer.deadline()), (None, None));
        (stopped, has_received, after)
    };
    sim::outcomes(race).exactly([(true, false, false), (false, true, false)]).exhausted();
}

#[test]
fn after_a_reset_only_the_new_value_comes_in_every_schedule() {
    let race = || {
        let due = sim::now() + SECOND;
        let timer = Arc::new(Timer::at(due));
        let channel = timer.channel().clone();
        let receives = sim::spawn("receives", {
            let channel = channel.clone();
            move || {
                pause(SECOND);
                unread(&channel)
            }
        });
        pause(SECOND);
        let kept = timer.reset_at(due + SECOND);
        assert_eq!(unread(&channel), None, "nothing old after the reset");
        let has_received = receives.join().unwrap();
        assert_eq!(has_received, (!kept).then_some(due));
        sim::sleep(just_before(SECOND));
        assert_eq!(unread(&channel), None);
        sim::sleep(NANO);
        assert_eq!(unread(&channel), Some(due + SECOND));
        kept
    };
    sim::outcomes(race).exactly([true, false]).exhausted();
}

#[test]
fn a_value_goes_to_one_of_those_who_wait_and_select() {
    let race = |with_channel: bool| {
        move || {
            let timer = Arc::new(Timer::new(SECOND));
            if with_channel {
                timer.channel();
            }
            let waits = ["a", "b"].map(|name| {
                let timer = Arc::clone(&timer);
                sim::spawn(name, move || timer.wait_until(2 * SECOND).is_ok())
            });
            let polled = if with_channel {
                pause(SECOND);
                unread(timer.channel()).is_some()
            } else {
                false
            };
            let [a, b] = waits.map(|wait| wait.join().unwrap());
            assert_eq!(usize::from(a) + usize::from(b) + usize::from(polled), 1);
            assert_eq!(sim::elapsed(), 2 * SECOND);
            assert!(!timer.stop());
        }
    };
    always(1, race(false));
    always(1, race(true));
    to_the_nanosecond(race(true));
}

#[test]
fn a_reset_reaches_a_thread_that_is_about_to_wait_in_every_schedule() {
    for with_channel in [false, true] {
        always(1, move || {
            let timer = Arc::new(Timer::new(HOUR));
            if with_channel {
                timer.channel();
            }
            let waiting = {
                let timer = Arc::clone(&timer);
                sim::spawn("waits", move || (timer.wait(), sim::elapsed()))
            };
            let due = sim::now() + SECOND;
            assert!(timer.reset_at(due));
            assert_eq!(waiting.join().unwrap(), (due, SECOND));
        });
    }
}

#[test]
fn a_channel_asked_for_while_the_timer_goes_off_is_set_or_stopped_has_one_value_at_most() {
    let race = || {
        let due = sim::now() + SECOND;
        let timer = Arc::new(Timer::at(due));
        let thread = |name: &str, act: fn(&Timer) -> bool| {
            let timer = Arc::clone(&timer);
            sim::spawn(name, move || {
                pause(SECOND);
                act(&timer)
            })
        };
        let asks = thread("asks", |timer| timer.channel().is_empty());
        let waits = thread("waits", |timer| timer.wait_until(Duration::ZERO).is_ok());
        pause(SECOND);
        let stopped = timer.stop();
        let waited = waits.join().unwrap();
        asks.join().unwrap();
        assert_ne!(stopped, waited, "one of them had it");
        sim::sleep(SECOND);
        assert_eq!(unread(timer.channel()), None);
    };
    always(1, race);
    by_seeds(race);
}

#[test]
fn two_who_ask_for_the_channel_first_get_the_same_in_every_schedule() {
    always(1, || {
        let timer = Arc::new(Timer::new(SECOND));
        let asks = {
            let timer = Arc::clone(&timer);
            sim::spawn("asks", move || timer.channel().clone())
        };
        let mine = timer.channel().clone();
        assert!(asks.join().unwrap().same_channel(&mine));
        sim::sleep(SECOND);
        assert!(unread(&mine).is_some());
        assert!(unread(&mine).is_none());
    });
}

#[test]
fn one_that_is_dropped_while_it_goes_off_leaves_no_value() {
    always(1, || {
        let timer = Timer::new(SECOND);
        let channel = timer.channel().clone();
        pause(SECOND);
        drop(timer);
        assert_eq!(unread(&channel), None);
        sim::wait_idle();
        assert!(channel.try_recv().unwrap_err().is_disconnected());
    });
}

#[test]
fn timers_due_at_the_same_instant_go_off_in_any_order() {
    let race = || {
        let order = Arc::new(Mutex::new(String::new()));
        let calls = ['a', 'b', 'c'].map(|name| {
            let order = Arc::clone(&order);
            AfterFunc::new(SECOND, move || order.lock().push(name))
        });
        sim::sleep(SECOND);
        drop(calls);
        let order = order.lock();
        order.clone()
    };
    let all = ["abc", "acb", "bac", "bca", "cab", "cba"].map(str::to_owned);
    Builder::new().exhaustive(0).outcomes(race).exactly(all);
}

#[test]
fn threads_that_set_stop_and_receive_at_random_agree_on_every_value() {
    by_seeds(|| {
        let timer = Arc::new(Timer::new(SECOND));
        let (had, kept, set) = (Count::default(), Count::default(), Count::default());
        let channel = timer.channel().clone();
        set.add();
        sim::scope(|s| {
            for name in ["a", "b"] {
                let (timer, kept, set) = (Arc::clone(&timer), kept.clone(), set.clone());
                s.spawn(name, move || {
                    for round in 0..3 {
                        pause(SECOND / (1 + round));
                        let kept_one = match sim::choose(3) {
                            0 => timer.stop(),
                            choice => {
                                set.add();
                                timer.reset(if choice == 1 { Duration::ZERO } else { SECOND })
                            }
                        };
                        if kept_one {
                            kept.add();
                        }
                    }
                });
            }
            let (timer, had) = (Arc::clone(&timer), had.clone());
            s.spawn("receives", move || {
                for _ in 0..6 {
                    if unread(&channel).is_some() || timer.wait_until(SECOND / 2).is_ok() {
                        had.add();
                    }
                }
            });
        });
        if timer.stop() {
            kept.add();
        }
        assert_eq!(had.get() + kept.get(), set.get(), "each is had once, or kept from that");
    });
}

// --- The timer thread -------------------------------------------------------------------------

#[test]
fn the_timer_thread_is_woken_for_what_is_earlier_and_for_nothing_else() {
    to_the_nanosecond(|| {
        let first = AfterFunc::new(HOUR, || ());
        assert_eq!(timer_thread(), (Some(HOUR), Duration::ZERO));
        sim::sleep(SECOND);
        let later = AfterFunc::new(2 * HOUR, || ());
        for stops_before in [false, true].repeat(5) {
            if stops_before {
                first.stop();
            }
            first.reset(HOUR); // each is the earliest of all, and later than the one before
            sim::sleep(SECOND);
        }
        first.stop();
        later.stop();
        assert_eq!(timer_thread(), (Some(HOUR), Duration::ZERO), "it still sleeps its first sleep");
        let earlier = AfterFunc::new(SECOND, || ());
        assert_eq!(timer_thread(), (Some(12 * SECOND), 11 * SECOND));
        earlier.stop();
        sim::sleep(SECOND);
        assert_eq!(timer_thread().0, None, "nothing is left to wait for");
    });
}

#[test]
fn an_earlier_alarm_is_not_missed_by_a_timer_thread_on_its_way_to_sleep() {
    always(1, || {
        let called = Arc::new(Mutex::new(Vec::new()));
        let call = |name: char, delay| {
            let called = Arc::clone(&called);
            AfterFunc::new(delay, move || called.lock().push((name, sim::elapsed())))
        };
        let calls = [call('a', HOUR), call('b', SECOND)];
        sim::sleep(SECOND);
        assert_eq!(*called.lock(), [('b', SECOND)]);
        drop(calls);
    });
}

#[test]
fn what_is_set_in_one_bubble_and_dropped_in_none_or_another_stops_nobody_there() {
    watchdog(|| {
        let outside = Timer::new(Duration::from_millis(30));
        outside.channel();
        let of_a_bubble = || {
            sim::run(|| {
                let timers = [0; 20].map(|_| Timer::new(HOUR));
                for timer in &timers {
                    assert!(timer.channel().is_empty());
                }
                timers
            })
        };
        drop(of_a_bubble());
        outside.channel().recv().expect("it goes off all the same");
        let carried = Mutex::new(Some(of_a_bubble()));
        sim::run(move || {
            let timer = Timer::new(SECOND);
            let channel = timer.channel();
            drop(carried.lock().take());
            sim::sleep(SECOND);
            assert!(unread(channel).is_some());
        });
    });
}

#[test]
fn nobody_hears_of_the_alarms_of_another_bubble() {
    for _ in 0..3 {
        sim::run(|| {
            assert_eq!(sim::threads().len(), 1, "no timer thread before there is an alarm");
            let timer = Timer::new(HOUR);
            timer.channel();
            assert_eq!(timer_thread().0, Some(HOUR), "and none but that");
            std::mem::forget(timer); // it is set when the bubble ends
        });
    }
}

// --- AfterFunc --------------------------------------------------------------------------------

#[test]
fn it_is_called_at_its_instant() {
    to_the_nanosecond(|| {
        let called = Arc::new(Mutex::new(Vec::new()));
        let at = {
            let called = Arc::clone(&called);
            move || called.lock().push(sim::elapsed())
        };
        let call = AfterFunc::new(SECOND, at);
        sim::sleep(just_before(SECOND));
        assert!(called.lock().is_empty());
        sim::sleep(NANO);
        assert!(!call.reset_at(sim::now() + SECOND));
        sim::sleep(HOUR);
        assert!(!call.stop());
        assert_eq!(*called.lock(), [SECOND, 2 * SECOND]);
    });
}

/// What an action at the instant at which the function is due says, and after how many seconds the
/// function is called.
fn at_its_instant(act: fn(AfterFunc) -> bool) -> impl Fn() -> (bool, Vec<u64>) {
    move || {
        let (calls, drops) = (Arc::new(Mutex::new(Vec::new())), Count::default());
        let call = {
            let (calls, captured) = (Arc::clone(&calls), drops.on_drop());
            AfterFunc::new(SECOND, move || {
                let _used: &OnDrop = &captured;
                calls.lock().push(sim::elapsed().as_secs());
            })
        };
        pause(SECOND);
        let said = act(call);
        sim::sleep(2 * HOUR);
        assert_eq!(drops.get(), 1, "what it captured is gone");
        let calls = calls.lock();
        (said, calls.clone())
    }
}

#[test]
fn what_stop_and_reset_say_is_what_is_called_in_every_schedule() {
    let (never, once) = (Vec::new, || vec![1]);
    let stop = at_its_instant(|call| call.stop());
    Builder::new()
        .exhaustive(1)
        .outcomes(stop)
        .exactly([(true, never()), (false, once())])
        .exhausted();
    let reset = at_its_instant(|call| {
        let kept = call.reset(SECOND);
        call.detach();
        kept
    });
    Builder::new()
        .exhaustive(1)
        .outcomes(reset)
        .exactly([(true, vec![2]), (false, vec![1, 2])])
        .exhausted();
    let dropped = at_its_instant(|call| {
        drop(call);
        true
    });
    Builder::new()
        .exhaustive(1)
        .outcomes(dropped)
        .exactly([(true, never()), (true, once())])
        .exhausted();
    let detached = at_its_instant(|call| {
        call.detach();
        true
    });
    Builder::new().exhaustive(1).outcomes(detached).exactly([(true, once())]).exhausted();
}

#[test]
fn what_it_captured_is_never_dropped_on_the_timer_thread() {
    struct Captured(Arc<Mutex<Vec<String>>>);
    impl Drop for Captured {
        fn drop(&mut self) {
            sim::yield_now(); // a drop may take its time
            let me = std::thread::current().name().unwrap_or("root").to_owned();
            self.0.lock().push(me);
        }
    }
    for act in [|call: AfterFunc| drop(call), |call: AfterFunc| call.detach()] {
        always(1, move || {
            let names = Arc::new(Mutex::new(Vec::new()));
            let captured = Captured(Arc::clone(&names));
            let call = AfterFunc::new(SECOND, move || _ = &captured);
            pause(SECOND);
            act(call);
            sim::sleep(SECOND);
            let names = names.lock();
            assert_eq!(names.len(), 1);
            assert_ne!(names[0], "phalanx-timer");
        });
    }
}

#[test]
fn one_set_anew_while_it_runs_and_then_detached_is_called_again() {
    to_the_nanosecond(|| {
        let calls = Count::default();
        let call = {
            let calls = calls.clone();
            AfterFunc::new(SECOND, move || {
                calls.add();
                pause(HOUR);
            })
        };
        sim::sleep(SECOND); // the first run is under way
        assert!(!call.reset(2 * HOUR));
        call.detach();
        sim::sleep(HOUR);
        assert_eq!(calls.get(), 1); // and over
        sim::sleep(HOUR);
        assert_eq!(calls.get(), 2);
        sim::sleep(HOUR);
    });
}

#[test]
fn a_function_that_sets_itself_anew_is_called_again_and_again() {
    to_the_nanosecond(|| {
        let own = Arc::new(Mutex::new(None::<AfterFunc>));
        let calls = Count::default();
        let call = {
            let (own, calls) = (Arc::downgrade(&own), calls.clone());
            AfterFunc::new(SECOND, move || {
                calls.add();
                if let Some(own) = own.upgrade() {
                    own.lock().as_ref().unwrap().reset(SECOND);
                }
            })
        };
        *own.lock() = Some(call);
        sim::advance(10 * SECOND);
        assert_eq!(calls.get(), 10);
        drop(own);
        sim::advance(10 * SECOND);
        assert_eq!(calls.get(), 10);
    });
}

// --- AfterFunc: once, and stopped for certain ---------------------------------------------------

#[test]
fn a_function_that_is_called_once_cannot_be_reset_after_its_call() {
    always(1, || {
        let (runs, drops) = (Count::default(), Count::default());
        let (counted, captured) = (runs.clone(), drops.on_drop());
        let call = AfterFunc::once(SECOND, move || {
            counted.add();
            drop(captured);
        });
        pause(just_before(SECOND));
        assert!(call.reset_at(sim::now() + SECOND));
        sim::sleep(just_before(SECOND));
        assert_eq!((runs.get(), drops.get()), (0, 0));
        sim::sleep(NANO);
        sim::wait_idle();
        assert_eq!((runs.get(), drops.get()), (1, 1));
        assert!(!call.reset(Duration::ZERO) && call.deadline().is_none());
        sim::sleep(HOUR);
        assert_eq!(runs.get(), 1);
    });
}

#[test]
fn a_function_that_is_never_called_is_dropped_with_its_timer() {
    always(1, || {
        let drops = Count::default();
        let captured = drops.on_drop();
        let call = AfterFunc::once_at(sim::now() + SECOND, move || drop(captured));
        assert!(call.stop());
        sim::sleep(HOUR);
        assert_eq!(drops.get(), 0);
        drop(call);
        assert_eq!(drops.get(), 1);
    });
}

#[test]
fn no_run_is_under_way_after_stop_and_wait_in_every_schedule() {
    for once in [false, true] {
        let seen = Builder::new().exhaustive(1).outcomes(move || {
            let (inside, runs) = (Arc::new(Mutex::new(false)), Count::default());
            let f = {
                let (inside, runs) = (Arc::clone(&inside), runs.clone());
                move || {
                    *inside.lock() = true;
                    pause(NANO);
                    *inside.lock() = false;
                    runs.add();
                }
            };
            let call = if once { AfterFunc::once(SECOND, f) } else { AfterFunc::new(SECOND, f) };
            pause(SECOND);
            let was_stopped = call.stop_and_wait();
            assert!(!*inside.lock());
            assert_eq!(runs.get(), usize::from(!was_stopped));
            sim::sleep(HOUR);
            assert_eq!(runs.get(), usize::from(!was_stopped));
            was_stopped
        });
        seen.exactly([false, true]).exhausted();
    }
}

#[test]
fn functions_that_stop_themselves_and_each_other_do_not_wait() {
    by_seeds(|| {
        let calls = Arc::new(Mutex::new(Vec::<Arc<AfterFunc>>::new()));
        let runs = Count::default();
        for _ in 0..2 {
            let (others, counted) = (Arc::clone(&calls), runs.clone());
            let call = AfterFunc::new(SECOND, move || {
                let calls = others.lock().clone();
                for call in calls {
                    call.stop_and_wait();
                }
                counted.add();
            });
            calls.lock().push(Arc::new(call));
        }
        sim::sleep(SECOND);
        sim::wait_idle();
        assert!((1..=2).contains(&runs.get()));
        calls.lock().clear();
    });
}

#[test]
fn a_bound_ends_the_wait_for_a_run_and_the_function_is_stopped() {
    always(1, || {
        let gate = Arc::new(WaitGroup::new());
        gate.add(1);
        let passes = Arc::clone(&gate);
        let call = AfterFunc::new(SECOND, move || passes.wait());
        sim::sleep(SECOND);
        sim::wait_idle();
        call.reset(HOUR);
        let (ended, canceller) = Context::background().with_cancel();
        canceller.cancel();
        assert!(call.stop_and_wait_until(&ended).is_err());
        assert!(call.deadline().is_some(), "nothing is changed");
        assert!(call.stop_and_wait_until(SECOND).unwrap_err().is_timeout());
        assert_eq!((call.deadline(), sim::elapsed()), (None, 2 * SECOND));
        gate.done();
        assert!(!call.stop_and_wait_until(SECOND).unwrap());
        assert_eq!(sim::elapsed(), 2 * SECOND);
    });
}
