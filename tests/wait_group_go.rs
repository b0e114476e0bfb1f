//! Tasks on the crate's own threads: `go`, `try_go`, and what becomes of a panic.

#![expect(clippy::disallowed_types, reason = "tests use std's atomics")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use phalanx::{Token, WaitGroup};
use support::{payload_of, until, watchdog};

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn go_runs_each_task_once_and_wait_waits_for_it() {
    watchdog(|| {
        let group = Arc::new(WaitGroup::new());
        let work = Arc::new(AtomicUsize::new(0));
        for n in 1..=100 {
            let work = Arc::clone(&work);
            group.go(move || {
                work.fetch_add(n, Relaxed);
            });
        }
        group.wait();
        assert_eq!(work.load(Relaxed), 5050);
    });
}

#[test]
fn a_group_in_a_static_has_tasks_through_its_tokens() {
    static GROUP: WaitGroup = WaitGroup::new();
    static WORK: AtomicUsize = AtomicUsize::new(0);
    watchdog(|| {
        for n in 1..=100 {
            GROUP.token().go(move || _ = WORK.fetch_add(n, Relaxed));
        }
        GROUP.token().try_go(|| _ = WORK.fetch_add(1, Relaxed)).unwrap();
        GROUP.wait();
        assert_eq!(WORK.load(Relaxed), 5051);
        GROUP.token().go(|| panic!("out of cheese"));
        assert_eq!(payload_of(|| GROUP.wait()).downcast_ref(), Some(&"out of cheese"));
        assert_eq!(GROUP.running(), 0);
    });
}

#[test]
fn a_token_starts_a_task_of_a_group_that_nobody_else_holds() {
    watchdog(|| {
        let (sender, receiver) = std::sync::mpsc::channel();
        Token::new(Arc::new(WaitGroup::new())).go(move || sender.send(7).unwrap());
        assert_eq!(receiver.recv(), Ok(7));
    });
}

#[test]
fn go_many_runs_each_task_once_and_has_counted_all_before_the_first() {
    watchdog(|| {
        let group = Arc::new(WaitGroup::new());
        let (work, fewest) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(100)));
        group.go_many((1..=100).map(|n| {
            let (group, work, fewest) =
                (Arc::clone(&group), Arc::clone(&work), Arc::clone(&fewest));
            move || {
                let done = 100 - group.running();
                fewest.fetch_min(done, Relaxed);
                work.fetch_add(n, Relaxed);
            }
        }));
        group.wait();
        assert_eq!(work.load(Relaxed), 5050);
        assert_eq!(fewest.load(Relaxed), 0, "the first has found all that were to come");
        group.go_many(std::iter::empty::<fn()>());
        group.wait();
    });
}

#[test]
fn go_many_starts_nothing_if_the_iterator_panics() {
    watchdog(|| {
        let group = Arc::new(WaitGroup::new());
        let (work, drops) = (Arc::new(AtomicUsize::new(0)), support::Count::default());
        let tasks = (0..3).map(|n| {
            assert!(n < 2, "no third");
            let (work, captured) = (Arc::clone(&work), drops.on_drop());
            move || {
                drop(captured);
                work.fetch_add(1, Relaxed);
            }
        });
        drop(payload_of(|| group.go_many(tasks)));
        assert_eq!((group.running(), work.load(Relaxed), drops.get()), (0, 0, 2));
    });
}

#[test]
fn what_a_task_captured_is_dropped_when_wait_returns() {
    watchdog(|| {
        let group = Arc::new(WaitGroup::new());
        let drops = support::Count::default();
        for _ in 0..50 {
            let captured = drops.on_drop();
            group.go(move || {
                let _captured = &captured;
            });
        }
        group.wait();
        assert_eq!(drops.get(), 50);
    });
}

#[test]
fn a_task_that_go_runs_may_start_others() {
    watchdog(|| {
        let group = Arc::new(WaitGroup::new());
        let ran = Arc::new(AtomicBool::new(false));
        let (inner, flag) = (Arc::clone(&group), Arc::clone(&ran));
        group.go(move || {
            inner.go(move || flag.store(true, Relaxed));
        });
        group.wait();
        assert!(ran.load(Relaxed));
    });
}

#[test]
fn tasks_of_go_run_at_the_same_time() {
    watchdog(|| {
        let group = Arc::new(WaitGroup::new());
        let barrier = Arc::new(std::sync::Barrier::new(50));
        for _ in 0..50 {
            let barrier = Arc::clone(&barrier);
            group
                .try_go(move || {
                    barrier.wait();
                })
                .unwrap();
        }
        group.wait();
    });
}

#[test]
fn a_panic_in_go_is_resumed_once_by_wait() {
    watchdog(|| {
        let group = Arc::new(WaitGroup::new());
        group.go(|| std::panic::panic_any(42_u64));
        let payload = payload_of(|| group.wait());
        assert_eq!(payload.downcast_ref::<u64>(), Some(&42));
        group.wait();
        assert_eq!(group.running(), 0);
    });
}

#[test]
fn a_panic_in_go_is_resumed_by_wait_until_too() {
    watchdog(|| {
        let group = Arc::new(WaitGroup::new());
        group.go(|| panic!("on purpose"));
        assert_eq!(support::panic_of(|| group.wait_until(HOUR)), "on purpose");
        assert!(group.wait_until(HOUR).is_ok());
    });
}

#[test]
fn a_panic_in_go_does_not_stop_the_others_and_the_first_is_kept() {
    watchdog(|| {
        let group = Arc::new(WaitGroup::new());
        let (opener, gate) = support::gate();
        let finished = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&finished);
        group.go(|| panic!("the first"));
        until(|| group.running() == 0);
        let second = gate.clone();
        group.go(move || {
            second.pass();
            panic!("the second");
        });
        group.go(move || {
            gate.pass();
            flag.store(true, Relaxed);
        });
        opener.open();
        assert_eq!(support::panic_of(|| group.wait()), "the first");
        assert!(finished.load(Relaxed));
        group.wait();
    });
}

#[test]
fn one_of_many_waiters_gets_the_panic() {
    watchdog(|| {
        let group = Arc::new(WaitGroup::new());
        let (opener, gate) = support::gate();
        group.go(move || {
            gate.pass();
            panic!("on purpose");
        });
        let panicked = thread::scope(|s| {
            let waits = [(); 4].map(|()| s.spawn(|| group.wait()));
            opener.open();
            waits.into_iter().filter_map(|wait| wait.join().err()).count()
        });
        assert_eq!(panicked, 1);
    });
}

#[test]
fn the_payload_of_a_second_panic_in_go_may_panic_when_it_is_dropped() {
    watchdog(|| {
        let group = Arc::new(WaitGroup::new());
        group.go(|| panic!("the first"));
        until(|| group.running() == 0);
        group.go(|| std::panic::panic_any(support::Bomb));
        group.go(|| std::panic::panic_any(support::Bomb));
        assert_eq!(support::panic_of(|| group.wait()), "the first");
        group.go(|| ());
        group.wait();
    });
}

#[test]
fn a_group_may_be_dropped_while_its_tasks_run() {
    watchdog(|| {
        let group = Arc::new(WaitGroup::new());
        let (opener, gate) = support::gate();
        let (ran, has_run) = std::sync::mpsc::channel();
        group.go(move || {
            gate.pass();
            ran.send(()).unwrap();
        });
        drop(group);
        opener.open();
        has_run.recv().unwrap();
    });
}

#[test]
fn a_thread_that_waits_runs_no_tasks_of_other_groups() {
    watchdog(|| {
        for _ in 0..50 {
            let others = Arc::new(WaitGroup::new());
            let (ran, ran_on) = std::sync::mpsc::channel();
            for _ in 0..200 {
                let ran = ran.clone();
                others.go(move || ran.send(thread::current().id()).unwrap());
            }
            drop(ran);
            let own = Arc::new(WaitGroup::new());
            own.go(|| {});
            own.wait();
            others.wait_until(HOUR).unwrap(); // a bounded wait runs nothing
            assert!(ran_on.iter().all(|id| id != thread::current().id()));
        }
    });
}
