//! The test kit itself: what it finds, what it says, what it leaves alone.

#![cfg(feature = "sim")]
#![expect(clippy::disallowed_types, reason = "tests use std's atomics")]
#![expect(clippy::disallowed_methods, reason = "bubbles side by side are on threads of std")]

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use parking_lot::Mutex;
use phalanx::sim::{self, Builder, Leaks, Panics, Script, Strategy, ThreadState, TimeMode};
use phalanx::{Context, ErrGroup, Stopped, Ticker, WaitGroup};

const SECOND: Duration = Duration::from_secs(1);

/// The report of a test that must fail.
#[track_caller]
fn failure_of(builder: Builder, f: impl Fn() + Send + Sync + 'static) -> String {
    builder.try_check(f).expect_err("it must fail").to_string()
}

#[track_caller]
fn assert_says(report: &str, words: &[&str]) {
    for word in words {
        assert!(report.contains(word), "{word:?} is not in the report:\n{report}");
    }
}

fn join_all(threads: impl IntoIterator<Item = sim::JoinHandle<()>>) {
    for thread in threads {
        thread.join().expect("it does not panic");
    }
}

#[test]
fn a_deadlock_names_each_thread_its_call_and_its_line() {
    let report = failure_of(Builder::new(), || {
        let group = Arc::new(WaitGroup::new());
        group.add(1);
        let waiting = Arc::clone(&group);
        let waiter = sim::spawn("waiter", move || waiting.wait());
        sim::sleep(SECOND);
        waiter.join().unwrap();
    });
    assert_says(
        &report,
        &[
            "DEADLOCK: 2 of 2 threads are blocked for ever",
            "at 1s of virtual time",
            "T0    \"root\"    is blocked in JoinHandle::join at tests/sim_kit.rs:",
            "since 1s; waits for T0.0",
            "T0.0  \"waiter\"  is blocked in WaitGroup::wait at tests/sim_kit.rs:",
            "since 0ns",
        ],
    );
}

#[test]
fn threads_that_are_left_blocked_are_reported_unless_allowed() {
    fn leak() {
        let group = Arc::new(WaitGroup::new());
        group.add(1);
        drop(sim::spawn("left behind", move || group.wait()));
    }
    assert_says(
        &failure_of(Builder::new(), leak),
        &["LEAKED THREADS", "\"left behind\"", "is blocked in WaitGroup::wait"],
    );
    Builder::new().iterations(10).leaks(Leaks::Allow).check(leak);
}

#[test]
fn time_stands_still_when_the_root_has_ended() {
    fn leaves_a_ticker() {
        drop(sim::spawn("ticks", || {
            let ticker = Ticker::new(SECOND);
            while ticker.next().is_some() {}
        }));
    }
    let racing = TimeMode::Racing { percent: 50 };
    for builder in [Builder::new(), Builder::new().time(racing)] {
        assert_says(
            &failure_of(builder.clone(), leaves_a_ticker),
            &[
                "LEAKED THREADS: the root has ended, and \"ticks\" has not; time stands still since then",
                "is blocked in Ticker::next",
                "until 1s",
            ],
        );
        let report = builder.iterations(10).leaks(Leaks::Allow).check(leaves_a_ticker);
        assert!(report.max_steps < 50, "{report}");
    }
    let waits_without_blocking = || {
        drop(sim::spawn("spins", || {
            let ctx = Context::background().with_timeout(SECOND);
            while !ctx.has_ended() {
                sim::yield_now();
            }
        }));
    };
    let report = failure_of(Builder::new(), waits_without_blocking);
    assert_says(&report, &["LEAKED THREADS: the root has ended, and \"spins\" has not"]);
}

#[test]
fn a_loop_that_never_lets_others_run_is_a_livelock() {
    let report = failure_of(Builder::new().max_steps(10_000, 1000), || {
        let group = Arc::new(WaitGroup::new());
        group.add(1);
        while group.running() > 0 {}
    });
    assert_says(&report, &["LIVELOCK: 1000 steps, and no time has passed", "sim::yield_now"]);
}

#[test]
fn a_loop_that_yields_lets_others_run_and_time_pass() {
    let report = Builder::new().iterations(200).check(|| {
        let group = Arc::new(WaitGroup::new());
        group.add(1);
        let done = Arc::clone(&group);
        let ctx = Context::background().with_timeout(SECOND);
        let finisher = sim::spawn("finisher", move || {
            sim::sleep(SECOND);
            done.done();
        });
        while group.running() > 0 || !ctx.has_ended() {
            sim::yield_now();
        }
        finisher.join().unwrap();
        assert_eq!(sim::elapsed(), SECOND);
    });
    assert!(report.distinct > 1);
}

#[test]
fn a_panic_that_nobody_observes_fails_the_test() {
    fn panics() {
        drop(sim::spawn("unlucky", || panic!("nobody looks")));
    }
    let report = failure_of(Builder::new(), panics);
    assert_says(&report, &["PANIC of T0.0 \"unlucky\" at tests/sim_kit.rs:", "nobody looks"]);
    Builder::new().iterations(10).panics(Panics::Ignore).check(panics);
}

#[test]
fn a_panic_that_is_joined_is_a_value() {
    Builder::new().iterations(100).check(|| {
        let thread = sim::spawn("unlucky", || -> u32 { panic!("seen") });
        let payload = thread.join().unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"seen"));
    });
}

#[test]
fn a_panic_of_the_root_comes_before_the_threads_it_leaves_behind() {
    let report = failure_of(Builder::new(), || {
        let group = Arc::new(WaitGroup::new());
        group.add(1);
        drop(sim::spawn("left behind", move || group.wait()));
        panic!("the assertion");
    });
    assert_says(&report, &["PANIC of T0 \"root\"", "the assertion", "\"left behind\""]);
}

#[test]
fn a_test_that_depends_on_more_than_the_schedule_is_named() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let report = failure_of(Builder::new(), || {
        sim::label("always");
        if RUNS.fetch_add(1, SeqCst) % 2 == 0 {
            sim::label("sometimes");
        }
    });
    assert_says(&report, &["NOT DETERMINISTIC", "differs at step 2", "sometimes", "end"]);
}

#[test]
fn a_thread_that_does_not_come_back_is_reported_by_the_watchdog() {
    let released = Arc::new(AtomicBool::new(false));
    let release = Arc::clone(&released);
    let builder = Builder::new().watchdog(Duration::from_millis(50)).shrink(false);
    let report = failure_of(builder, move || {
        while !released.load(SeqCst) {
            std::hint::spin_loop();
        }
    });
    release.store(true, SeqCst);
    assert_says(&report, &["STUCK", "T0  \"root\"  is running", "sim::external"]);
}

#[test]
fn a_broken_invariant_is_found_between_two_steps() {
    let report = failure_of(Builder::new(), || {
        let group = Arc::new(WaitGroup::new());
        let watched = Arc::clone(&group);
        sim::invariant("at most one", move || assert!(watched.running() <= 1, "two are running"));
        let adders = ["a", "b"].map(|name| {
            let group = Arc::clone(&group);
            sim::spawn(name, move || {
                group.add(1);
                group.done();
            })
        });
        join_all(adders);
    });
    assert_says(&report, &["INVARIANT \"at most one\" is broken: two are running"]);
}

#[test]
fn nothing_runs_in_between_in_an_atomic_section() {
    let report = Builder::new().exhaustive(2).check(|| {
        let group = Arc::new(WaitGroup::new());
        let adders = ["a", "b"].map(|name| {
            let group = Arc::clone(&group);
            sim::spawn(name, move || {
                sim::atomically(|| {
                    assert_eq!(group.running(), 0);
                    group.add(1);
                    group.done();
                });
            })
        });
        join_all(adders);
    });
    assert!(report.exhausted);
}

#[test]
fn blocking_in_an_atomic_section_is_an_error() {
    let report = failure_of(Builder::new(), || {
        let group = WaitGroup::new();
        group.add(1);
        sim::atomically(|| group.wait());
    });
    assert_says(&report, &["sim::atomically: it would block"]);
}

#[test]
fn choices_are_explored_and_part_of_the_schedule() {
    let outcomes = sim::outcomes(|| (sim::choose(2), sim::choose(3)));
    outcomes.exactly((0..2).flat_map(|a| (0..3).map(move |b| (a, b)))).exhausted();
    let report = failure_of(Builder::new(), || assert_ne!(sim::choose(7), 5, "the fifth"));
    assert_says(&report, &["the fifth", "replay: SIM_REPLAY="]);
}

#[test]
fn threads_that_sleep_till_the_same_instant_wake_in_any_order() {
    let test = || {
        let log = Arc::new(Mutex::new(String::new()));
        let sleepers = ["a", "b", "c"].map(|name| {
            let log = Arc::clone(&log);
            sim::spawn(name, move || {
                Context::background().sleep(SECOND).unwrap();
                log.lock().push_str(name);
            })
        });
        join_all(sleepers);
        assert_eq!(sim::elapsed(), SECOND);
        Arc::into_inner(log).unwrap().into_inner()
    };
    let all = ["abc", "acb", "bac", "bca", "cab", "cba"].map(String::from);
    Builder::new().exhaustive(0).outcomes(test).exactly(all).exhausted();
}

#[test]
fn in_racing_time_a_deadline_may_pass_while_a_thread_could_run() {
    let timed_out = |time| {
        let builder = Builder::new().exhaustive(1).time(time);
        let outcomes = builder.outcomes(|| {
            let group = Arc::new(WaitGroup::new());
            group.add(1);
            let done = Arc::clone(&group);
            let finisher = sim::spawn("finisher", move || done.done());
            let timed_out = group.wait_until(SECOND).is_err();
            finisher.join().unwrap();
            timed_out
        });
        outcomes.seen().keys().copied().collect::<BTreeSet<_>>()
    };
    assert_eq!(timed_out(TimeMode::Idle), BTreeSet::from([false]));
    assert_eq!(timed_out(TimeMode::Racing { percent: 20 }), BTreeSet::from([false, true]));
}

#[test]
fn advancing_stops_at_each_deadline_on_the_way() {
    sim::check(|| {
        let log = Arc::new(Mutex::new(Vec::new()));
        let ticking = Arc::clone(&log);
        let ticker = sim::spawn("ticker", move || {
            for _ in 0..3 {
                Context::background().sleep(SECOND).unwrap();
                ticking.lock().push(sim::elapsed());
            }
        });
        sim::advance(SECOND * 5 / 2);
        assert_eq!(*log.lock(), [SECOND, SECOND * 2]);
        assert_eq!(sim::elapsed(), SECOND * 5 / 2);
        ticker.join().unwrap();
    });
}

#[test]
fn several_threads_may_wait_until_idle() {
    sim::check(|| {
        let log = Arc::new(Mutex::new(Vec::new()));
        let idlers = ["a", "b"].map(|name| {
            let log = Arc::clone(&log);
            sim::spawn(name, move || {
                sim::wait_idle();
                log.lock().push("idle");
            })
        });
        let busy = Arc::clone(&log);
        let worker = sim::spawn("busy", move || {
            sim::yield_now();
            sim::label("working");
            busy.lock().push("worked");
        });
        worker.join().unwrap();
        join_all(idlers);
        assert_eq!(*log.lock(), ["worked", "idle", "idle"]);
    });
}

#[test]
fn twenty_five_hours_of_timeouts_pass_in_virtual_time_only() {
    let elapsed = sim::run(|| {
        let ctx = Context::background().with_timeout(SECOND * 3600 * 25);
        while ctx.sleep(SECOND * 60).is_ok() {}
        sim::elapsed()
    });
    assert_eq!(elapsed, SECOND * 3600 * 25);
}

#[test]
fn a_loop_that_reads_the_clock_ends() {
    let elapsed = sim::run(|| {
        let end = sim::now() + Duration::from_micros(50);
        while sim::now() < end {}
        sim::elapsed()
    });
    assert!(elapsed >= Duration::from_micros(50));
}

#[test]
fn the_destructors_of_thread_local_values_are_steps_of_their_thread() {
    struct Last(Arc<WaitGroup>);
    impl Drop for Last {
        fn drop(&mut self) {
            assert!(sim::in_bubble());
            self.0.done();
        }
    }
    thread_local! {
        static LAST: Cell<Option<Last>> = const { Cell::new(None) };
    }
    Builder::new().iterations(100).check(|| {
        let group = Arc::new(WaitGroup::new());
        group.add(1);
        let last = Last(Arc::clone(&group));
        let thread = sim::spawn("with a thread-local value", || LAST.set(Some(last)));
        thread.join().unwrap();
        assert_eq!(group.running(), 0, "it has been dropped before the thread had ended");
    });
}

#[test]
fn a_scope_waits_for_threads_that_borrow() {
    sim::check(|| {
        let mut items = [1, 2, 3];
        let sum = sim::scope(|s| {
            let threads: Vec<_> =
                items.iter_mut().map(|item| s.spawn("doubles", move || *item *= 2)).collect();
            let inner = s.clone();
            drop(s.spawn("starts another", move || drop(inner.spawn("another", || ()))));
            threads.into_iter().map(|thread| thread.join().map_or(0, |()| 1)).sum::<u32>()
        });
        assert_eq!((sum, items), (3, [2, 4, 6]));
    });
}

#[test]
fn a_call_that_the_kit_does_not_see_into_lets_others_run() {
    Builder::new().iterations(20).check(|| {
        let (sender, receiver) = std::sync::mpsc::channel();
        let outside = sim::spawn("outside", move || sim::external(|| receiver.recv().unwrap()));
        let inside = sim::spawn("inside", move || sim::external(|| sender.send(7).unwrap()));
        assert_eq!(outside.join().unwrap(), 7);
        inside.join().unwrap();
    });
}

#[test]
fn a_failure_after_something_from_outside_cannot_be_replayed() {
    let failure = Builder::new().try_check(|| {
        sim::external(|| ());
        panic!("afterwards");
    });
    let failure = failure.unwrap_err();
    assert_eq!(failure.token(), None);
    assert_says(&failure.to_string(), &["afterwards", "cannot be replayed"]);
}

#[test]
fn a_script_drives_the_threads_as_it_says() {
    let script = Script::new().run("late").until("here").run("early").to_end().run("late").to_end();
    Builder::new().strategy(Strategy::Script(script)).check(|| {
        let log = Arc::new(Mutex::new(Vec::new()));
        let threads = ["early", "late"].map(|name| {
            let log = Arc::clone(&log);
            sim::spawn(name, move || {
                sim::label("here");
                log.lock().push(name);
            })
        });
        join_all(threads);
        assert_eq!(*log.lock(), ["early", "late"]);
    });
}

#[test]
fn a_script_that_cannot_be_followed_fails_the_test() {
    let script = Script::new().run("nobody").until("nowhere");
    let report = failure_of(Builder::new().strategy(Strategy::Script(script)), || ());
    assert_says(&report, &["STRATEGY", "nobody", "nowhere"]);
}

#[test]
fn what_a_thread_is_doing_can_be_asked() {
    sim::run(|| {
        let (ctx, canceller) = Context::background().with_cancel();
        let waiter = sim::spawn("waiter", move || ctx.wait());
        sim::sleep(SECOND);
        let infos = sim::threads();
        assert_eq!(infos.len(), 2);
        assert_eq!(infos[0].state, ThreadState::Runnable);
        assert_eq!((infos[1].path.to_string(), &*infos[1].name), ("T0.0".to_owned(), "waiter"));
        let ThreadState::Blocked { call, since, deadline, .. } = &infos[1].state else {
            panic!("it is blocked: {:?}", infos[1].state)
        };
        assert_eq!((&**call, *since, *deadline), ("Context::wait", Duration::ZERO, None));
        canceller.cancel();
        waiter.join().unwrap();
    });
}

#[test]
#[should_panic(expected = "\"waiter\" is not blocked in Context::sleep: Blocked")]
fn a_wrong_guess_of_what_a_thread_is_doing_says_what_it_is() {
    sim::run(|| {
        let (ctx, canceller) = Context::background().with_cancel();
        let waiter = sim::spawn("waiter", move || ctx.wait());
        sim::wait_idle();
        sim::assert_blocked(&waiter, "Context::sleep");
        canceller.cancel();
    });
}

#[test]
fn more_threads_than_allowed_are_a_failure() {
    let report = failure_of(Builder::new().max_threads(10).shrink(false), || {
        for _ in 0..20 {
            drop(sim::spawn("one more", || ()));
        }
    });
    assert_says(&report, &["TOO MANY THREADS: more than 10"]);
}

#[test]
fn threads_that_have_ended_do_not_count() {
    let sum = |width: u32| {
        let waves = (0..50).map(move |_| {
            let threads: Vec<_> =
                (0..width).map(|n| sim::spawn("one of many", move || n)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<u32>()
        });
        waves.sum::<u32>()
    };
    assert_eq!(Builder::new().max_threads(9).run(move || sum(8)), 50 * 28);
    let report = failure_of(Builder::new().max_threads(8).shrink(false), move || {
        sum(8);
    });
    assert_says(&report, &["TOO MANY THREADS: more than 8"]);

    let last = move || {
        sum(4);
        panic!("afterwards");
    };
    let report = failure_of(Builder::new().shrink(false), last);
    assert_says(&report, &["PANIC of T0", "200 other threads have ended"]);
}

#[test]
fn one_run_follows_the_settings_of_the_builder() {
    let script = Script::new().run("second").to_end().run("first").to_end();
    let order = Builder::new().strategy(Strategy::Script(script)).leaks(Leaks::Allow).run(|| {
        drop(sim::spawn("left behind", || Context::background().sleep(SECOND * 3600)));
        let order = Arc::new(Mutex::new(Vec::new()));
        let threads = ["first", "second"].map(|name| {
            let order = Arc::clone(&order);
            sim::spawn(name, move || order.lock().push(name))
        });
        join_all(threads);
        Arc::into_inner(order).unwrap().into_inner()
    });
    assert_eq!(order, ["second", "first"]);
}

#[test]
fn threads_are_refused_by_their_numbers_and_those_of_the_test_never() {
    sim::check(|| {
        sim::refuse_threads(1..3);
        assert_eq!(sim::spawn("of the test", || 7).join().ok(), Some(7));
        let group = ErrGroup::<Stopped>::new();
        // The first thread that is asked for is the crate's helper; a task with a name asks for its own.
        let started: Vec<_> = ["a", "b", "c", "d"]
            .map(|name| {
                let task = group.handle().named(name).try_go(|ctx| {
                    drop(ctx.wait());
                    Ok(())
                });
                task.is_ok()
            })
            .into();
        assert_eq!((started, sim::refused_threads()), (vec![false, false, true, true], 2));
        sim::refuse_threads(0..0);
        assert!(group.handle().named("e").try_go(|_| Ok(())).is_ok());
        assert_eq!(sim::refused_threads(), 0);
        group.cancel();
        drop(group.wait());
    });
    sim::check(|| assert!(Arc::new(WaitGroup::new()).try_go(|| ()).is_ok()));
}

#[test]
#[should_panic(expected = "sim::refuse_threads: not in a bubble")]
fn threads_are_refused_in_bubbles_only() {
    sim::refuse_threads(0..1);
}

#[test]
fn wake_ups_for_no_reason_change_nothing_for_the_user() {
    Builder::new().iterations(300).spurious_wakeups(30).check(|| {
        let group = Arc::new(WaitGroup::new());
        group.add(1);
        let done = Arc::clone(&group);
        let finisher = sim::spawn("finisher", move || done.done());
        group.wait();
        assert_eq!(group.running(), 0);
        finisher.join().unwrap();
    });
}

#[test]
fn the_threads_of_the_cache_and_the_timer_go_home_with_the_bubble() {
    for _ in 0..20 {
        let threads = sim::run(|| {
            let group = Arc::new(WaitGroup::new());
            let ctx = Context::background().with_timeout(SECOND);
            group.go(move || {
                while !ctx.has_ended() {
                    sim::yield_now();
                }
            });
            group.wait();
            sim::threads().iter().map(|thread| thread.name.clone()).collect::<BTreeSet<_>>()
        });
        let expected = ["root", "phalanx", "phalanx-timer", "phalanx-watcher"].map(String::from);
        assert_eq!(threads, BTreeSet::from(expected), "each bubble has its own");
    }
}

#[test]
fn a_number_of_schedules_that_was_asked_for_is_run_unless_there_is_a_budget() {
    let builder = Builder::new().iterations(20);
    assert!(format!("{builder:?}").contains(&format!("budget: {:?}", Duration::MAX)));
    let report = builder.clone().check(|| ());
    // The first schedule is run three times more, to see whether the test is deterministic.
    assert_eq!((report.schedules, report.cut_short), (23, false));

    for builder in [builder.clone().budget(Duration::ZERO), Builder::new().budget(Duration::ZERO)] {
        let report = builder.check(|| ());
        assert_eq!((report.schedules, report.cut_short), (3, true));
        assert!(report.to_string().contains("cut short by the budget"), "{report}");
    }
    let report = builder.budget(Duration::MAX).check(|| ());
    assert_eq!((report.schedules, report.cut_short), (23, false));
}

#[test]
fn bubbles_side_by_side_do_not_see_each_other() {
    let tests = ["a", "b", "c"].map(|name| {
        std::thread::Builder::new().name(name.into()).spawn(|| {
            Builder::new().iterations(100).check(|| {
                let group = Arc::new(WaitGroup::new());
                for _ in 0..2 {
                    group.go(|| Context::background().sleep(SECOND).unwrap());
                }
                group.wait();
                assert_eq!(sim::elapsed(), SECOND);
            })
        })
    });
    let reports = tests.map(|test| test.unwrap().join().unwrap());
    assert!(reports.iter().all(|report| *report == reports[0]), "{reports:?}");
}

#[test]
#[should_panic(expected = "sim::elapsed: not in a bubble")]
fn the_virtual_clock_is_for_bubbles() {
    assert_eq!(sim::elapsed(), SECOND);
}

#[test]
#[should_panic(expected = "already in a bubble")]
fn a_bubble_in_a_bubble_is_refused() {
    sim::run(|| sim::check(|| ()));
}
