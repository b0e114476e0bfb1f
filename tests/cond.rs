//! `Cond`, in real time: who is woken, in which order, and what a bounded wait leaves behind.

#![expect(clippy::disallowed_methods, reason = "tests use std's threads, and read the clock")]

mod support;

use std::collections::VecDeque;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::lock_api::{self, RawMutex};
use phalanx::{Cond, Context, Interrupted, Mutex, RwLock, Until};
use support::asleep::Sleeper;
use support::{Log, until, watchdog};

const HOUR: Duration = Duration::from_secs(3600);

/// A mutex and a condition on what it guards.
#[derive(Default)]
struct Guarded<T> {
    value: Mutex<T>,
    changed: Cond,
}

impl<T> Guarded<T> {
    fn change(&self, change: impl FnOnce(&mut T)) {
        change(&mut *self.value.lock());
    }
}

#[test]
fn wait_while_returns_when_the_condition_no_longer_holds() {
    watchdog(|| {
        let gate = Guarded::<bool>::default();
        thread::scope(|s| {
            s.spawn(|| {
                gate.change(|open| *open = true);
                gate.changed.signal();
            });
            let mut open = gate.value.lock();
            gate.changed.wait_while(&mut open, |open| !*open);
            assert!(*open, "and the mutex is locked");
            assert!(gate.value.try_lock().is_none());
        });
    });
}

#[test]
fn wait_while_does_not_wait_if_the_condition_does_not_hold() {
    let (value, changed) = (Mutex::new(3), Cond::new());
    changed.wait_while(&mut value.lock(), |value| *value > 3);
    changed.wait_while_until(&mut value.lock(), Duration::ZERO, |value| *value > 3).unwrap();
}

/// Has `n` threads wait, one after the other, each of which logs its number when it has been woken.
fn in_line<'s>(
    s: &'s thread::Scope<'s, '_>,
    guarded: &'s Guarded<usize>,
    n: usize,
    asleep: bool,
) -> Log {
    let log = Log::default();
    for number in 1..=n {
        let (sleeper, log) = (Sleeper::default(), log.clone());
        let seen = sleeper.clone();
        s.spawn(move || {
            let mut arrived = guarded.value.lock();
            sleeper.here();
            *arrived += 1;
            guarded.changed.wait(&mut arrived);
            log.add(number.to_string());
        });
        until(|| *guarded.value.lock() == number);
        if asleep {
            seen.until_asleep();
        }
    }
    log
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn signals_go_to_the_thread_that_has_waited_longest() {
    for asleep in [true, false] {
        watchdog(move || {
            let guarded = Guarded::default();
            thread::scope(|s| {
                let log = in_line(s, &guarded, 6, asleep);
                for number in 1..=6 {
                    guarded.changed.signal();
                    until(|| log.events().len() == number);
                }
                assert_eq!(log.events(), ["1", "2", "3", "4", "5", "6"]);
            });
        });
    }
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_signal_wakes_one_and_a_broadcast_all_the_others() {
    watchdog(|| {
        let guarded = Guarded::default();
        thread::scope(|s| {
            let log = in_line(s, &guarded, 5, true);
            guarded.changed.signal();
            until(|| log.events().len() == 1);
            guarded.changed.broadcast();
            until(|| log.events().len() == 5);
        });
    });
}

#[test]
fn signals_are_not_remembered() {
    let (value, changed) = (Mutex::new(()), Cond::new());
    changed.signal();
    changed.broadcast();
    let waited = changed.wait_until(&mut value.lock(), Duration::from_millis(1));
    assert!(matches!(waited, Err(Interrupted::TimedOut)));
}

/// Each kind of bad bound, and how a wait for what never comes ends.
#[test]
fn waits_with_bounds_that_have_passed_give_up_with_the_mutex_locked() {
    let (value, changed) = (Mutex::new(0), Cond::new());
    let (ended, canceller) = Context::background().with_cancel();
    canceller.cancel_because("closed");
    let overdue = Context::background().with_timeout(Duration::ZERO);
    let background = Context::background();
    let table: [(Until<'_>, bool); 7] = [
        (Duration::ZERO.into(), true),
        (Duration::from_nanos(1).into(), true),
        (Instant::now().into(), true),
        ((&background, Duration::ZERO).into(), true),
        ((&overdue).into(), true),
        ((&ended).into(), false),
        ((&ended, HOUR).into(), false),
    ];
    for (bound, is_timeout) in table {
        let mut guard = value.lock();
        let interrupted = changed.wait_until(&mut guard, bound).unwrap_err();
        assert_eq!(interrupted.is_timeout(), is_timeout, "{bound:?}");
        *guard += 1;
        assert!(value.try_lock().is_none());
        let waited = changed.wait_while_until(&mut guard, bound, |_| true);
        assert_eq!(waited.unwrap_err().is_timeout(), is_timeout, "{bound:?}");
        assert!(value.try_lock().is_none());
    }
    assert_eq!(*value.lock(), 7);
}

#[test]
fn an_ended_context_fails_before_the_condition_is_asked_and_a_passed_deadline_after() {
    let (value, changed) = (Mutex::new(()), Cond::new());
    let (ended, canceller) = Context::background().with_cancel();
    canceller.cancel();
    let mut asked = 0;
    let mut ask = |(): &mut ()| {
        asked += 1;
        false
    };
    assert!(changed.wait_while_until(&mut value.lock(), &ended, &mut ask).is_err());
    changed.wait_while_until(&mut value.lock(), Instant::now(), &mut ask).unwrap();
    assert_eq!(asked, 1);
}

#[test]
fn a_condition_that_is_met_when_the_time_is_up_is_a_success() {
    let (value, changed) = (Mutex::new(()), Cond::new());
    let mut asked = 0;
    let waited = changed.wait_while_until(&mut value.lock(), Duration::ZERO, |()| {
        asked += 1;
        asked == 1 // and then somebody has changed it without a signal
    });
    waited.unwrap();
    assert_eq!(asked, 2);
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn cancelling_wakes_the_thread_that_waits_with_the_context_and_no_other() {
    watchdog(|| {
        let guarded = Guarded::default();
        let (ctx, canceller) = Context::background().with_cancel();
        let sleeper = Sleeper::default();
        thread::scope(|s| {
            let log = in_line(s, &guarded, 1, true);
            let bounded = s.spawn(|| {
                let mut guard = guarded.value.lock();
                sleeper.here();
                guarded.changed.wait_until(&mut guard, &ctx).unwrap_err().is_timeout()
            });
            sleeper.until_asleep();
            canceller.cancel();
            assert!(!bounded.join().unwrap());
            assert_eq!(log.events(), [""; 0]);
            guarded.changed.signal();
        });
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_signal_passes_over_those_who_have_given_up() {
    watchdog(|| {
        let guarded = Guarded::default();
        for _ in 0..100 {
            let waited = guarded.changed.wait_until(&mut guarded.value.lock(), Duration::ZERO);
            assert!(waited.is_err());
        }
        thread::scope(|s| {
            let log = in_line(s, &guarded, 1, true);
            for _ in 0..100 {
                let waited = guarded.changed.wait_until(&mut guarded.value.lock(), Duration::ZERO);
                assert!(waited.is_err());
            }
            guarded.changed.signal();
            until(|| log.events().len() == 1);
        });
    });
}

#[test]
fn a_condition_that_panics_leaves_a_mutex_and_a_condition_that_work() {
    let (value, changed) = (Mutex::new(1), Cond::new());
    let panicked = panic::catch_unwind(AssertUnwindSafe(|| {
        changed.wait_while(&mut value.lock(), |_| panic!("asked"));
    }));
    assert_eq!(support::text_of(&*panicked.unwrap_err()), "asked");
    changed.wait_while(&mut value.try_lock().unwrap(), |value| *value == 2);
}

#[test]
fn the_mutex_is_locked_again_when_the_context_of_a_wait_ends_and_its_callback_panics() {
    let (value, changed) = (Mutex::new(1), Cond::new());
    // If the time is up before the callback is there, it panics here, and there is more time for the next.
    let (ctx, callback) = (0..)
        .find_map(|n| {
            let soon = Duration::from_millis(1 << n);
            let ctx = Context::background().with_timeout(soon);
            let register = || ctx.on_cancel(|| panic!("called back"));
            let callback = panic::catch_unwind(AssertUnwindSafe(register)).ok()?;
            Some((ctx, callback))
        })
        .unwrap();
    let mut guard = value.lock();
    assert!(changed.wait_until(&mut guard, &ctx).is_err());
    assert!(value.try_lock().is_none());
    *guard += 1;
    drop(guard);
    drop(callback);
    changed.signal();
    assert!(changed.wait_until(&mut value.lock(), Duration::ZERO).is_err());
}

/// Takes turns with another thread, by guards of this mutex.
fn take_turns<R: RawMutex + Send + Sync>(turn: &lock_api::Mutex<R, usize>) {
    let changed = Cond::new();
    let rounds = |me| {
        for _ in 0..100 {
            let mut now = turn.lock();
            changed.wait_while(&mut now, |now| *now % 2 != me);
            assert!(turn.try_lock().is_none(), "it is locked when the wait is over");
            *now += 1;
            drop(now);
            changed.signal();
        }
    };
    thread::scope(|s| {
        s.spawn(|| rounds(1));
        rounds(0);
    });
    assert_eq!(*turn.lock(), 200);
}

#[test]
fn guards_of_any_mutex_will_do_whatever_features_are_on() {
    watchdog(|| {
        take_turns(&parking_lot::Mutex::new(0));
        take_turns(&parking_lot::FairMutex::new(0));
        take_turns(&Mutex::new(0));
        #[cfg(feature = "sim")]
        take_turns(&phalanx::sim::sync::Mutex::new(0));
    });
}

#[test]
fn a_bounded_wait_locks_any_mutex_again() {
    let (value, changed) = (parking_lot::FairMutex::new(0), Cond::new());
    let mut guard = value.lock();
    assert!(changed.wait_until(&mut guard, Duration::ZERO).is_err());
    assert!(changed.wait_while_until(&mut guard, Duration::ZERO, |_| true).is_err());
    *guard += 1;
    assert!(value.try_lock().is_none());
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn one_condition_serves_mutexes_of_several_kinds_at_once() {
    watchdog(|| {
        let (ours, parking_lot) = (Mutex::new(0), parking_lot::Mutex::new(0));
        let changed = Cond::new();
        let sleeper = Sleeper::default();
        thread::scope(|s| {
            s.spawn(|| {
                let mut guard = ours.lock();
                sleeper.here();
                changed.wait(&mut guard);
                *guard += 1;
            });
            sleeper.until_asleep();
            s.spawn(|| {
                let mut guard = parking_lot.lock();
                changed.signal();
                changed.wait_while(&mut guard, |value| *value == 0);
                *guard += 1;
            });
            until(|| *ours.lock() == 1);
            *parking_lot.lock() = 1;
            changed.signal();
        });
        assert_eq!((ours.into_inner(), parking_lot.into_inner()), (1, 2));
    });
}

#[test]
fn a_condition_serves_a_static_a_slice_and_several_mutexes() {
    static CHANGED: Cond = Cond::new();
    watchdog(|| {
        let numbers: Arc<Mutex<[u8]>> = Arc::new(Mutex::new([0; 3]));
        let flag = Arc::new(Mutex::new(false));
        let waiters = [
            thread::spawn({
                let numbers = Arc::clone(&numbers);
                move || CHANGED.wait_while(&mut numbers.lock(), |numbers| numbers[0] == 0)
            }),
            thread::spawn({
                let flag = Arc::clone(&flag);
                move || CHANGED.wait_while(&mut flag.lock(), |flag| !*flag)
            }),
        ];
        numbers.lock()[0] = 1;
        CHANGED.broadcast();
        *flag.lock() = true;
        CHANGED.broadcast();
        for waiter in waiters {
            waiter.join().unwrap();
        }
    });
}

#[test]
fn threads_that_take_turns_never_lose_one() {
    for (threads, locked) in [(2, true), (2, false), (4, true), (4, false)] {
        watchdog(move || {
            const ROUNDS: usize = 2000;
            let turns: Vec<Cond> = (0..threads).map(|_| Cond::new()).collect();
            let turn = Mutex::new(0);
            thread::scope(|s| {
                for me in 0..threads {
                    let (turns, turn) = (&turns, &turn);
                    s.spawn(move || {
                        for _ in 0..ROUNDS {
                            let mut now = turn.lock();
                            turns[me].wait_while(&mut now, |now| *now % threads != me);
                            *now += 1;
                            if !locked {
                                drop(now);
                            }
                            turns[(me + 1) % threads].signal();
                        }
                    });
                }
            });
            assert_eq!(*turn.lock(), threads * ROUNDS);
        });
    }
}

#[test]
fn every_item_is_taken_by_consumers_that_give_up_all_the_time() {
    watchdog(|| {
        const ITEMS: usize = 3000;
        let queue = Guarded::<VecDeque<usize>>::default();
        let (done, canceller) = Context::background().with_cancel();
        thread::scope(|s| {
            let consumers = [20, 50, 1000].map(|micros| {
                let (queue, done) = (&queue, &done);
                s.spawn(move || {
                    let mut taken = 0;
                    loop {
                        let mut items = queue.value.lock();
                        let bound = (done, Duration::from_micros(micros));
                        let is_empty = |items: &mut VecDeque<_>| items.is_empty();
                        drop(queue.changed.wait_while_until(&mut items, bound, is_empty));
                        match items.pop_front() {
                            Some(_) => taken += 1,
                            None if done.has_ended() => return taken,
                            None => {}
                        }
                    }
                })
            });
            for item in 0..ITEMS {
                queue.change(|items| items.push_back(item));
                queue.changed.signal();
            }
            until(|| queue.value.lock().is_empty());
            canceller.cancel();
            let taken: usize = consumers.into_iter().map(|c| c.join().unwrap()).sum();
            assert_eq!(taken, ITEMS);
        });
    });
}

#[test]
fn each_signal_ends_exactly_one_wait() {
    watchdog(|| {
        const SIGNALS: usize = 3000;
        let granted = Guarded::<(usize, usize)>::default(); // who waits, and who has been woken
        thread::scope(|s| {
            for _ in 0..3 {
                s.spawn(|| {
                    for _ in 0..SIGNALS / 3 {
                        let mut counts = granted.value.lock();
                        counts.0 += 1;
                        granted.changed.wait(&mut counts);
                        counts.1 += 1;
                    }
                });
            }
            let mut signals = 0;
            while signals < SIGNALS {
                let (waiting, woken) = *granted.value.lock();
                assert!(woken <= signals, "nobody wakes without a signal");
                while signals < waiting {
                    granted.changed.signal();
                    signals += 1;
                }
            }
        });
        assert_eq!(*granted.value.lock(), (SIGNALS, SIGNALS));
    });
}

#[test]
fn a_condition_shows_what_it_is_and_the_locks_are_those_of_the_crate() {
    assert_eq!(format!("{:?}", Cond::default()), "Cond { .. }");
    let config = RwLock::new(1);
    assert_eq!(*config.read(), *config.read());
    *config.write() += 1;
    assert_eq!(config.into_inner(), 2);
}
