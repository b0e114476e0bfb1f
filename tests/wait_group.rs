//! Counting and waiting: `add`, `done`, tokens, and what a wait promises.

#![expect(clippy::disallowed_methods, reason = "tests use std's threads")]
#![expect(clippy::disallowed_types, reason = "tests use std's atomics")]

mod support;

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use phalanx::{Token, WaitGroup};
use support::asleep::Sleeper;
use support::{Log, watchdog};

// --- Counting ---------------------------------------------------------------------------------

#[test]
fn a_new_group_runs_nothing_and_nobody_waits() {
    watchdog(|| {
        for group in [WaitGroup::new(), WaitGroup::default()] {
            assert_eq!(group.running(), 0);
            group.wait();
            group.wait();
        }
    });
}

#[test]
#[cfg(all(target_pointer_width = "64", not(feature = "sim")))]
fn it_takes_40_bytes_on_64_bits() {
    assert_eq!(size_of::<WaitGroup>(), 40);
}

#[test]
fn running_tells_the_count() {
    let group = WaitGroup::new();
    group.add(0);
    assert_eq!(group.running(), 0);
    group.add(3);
    group.add(2);
    assert_eq!(group.running(), 5);
    group.done();
    assert_eq!(group.running(), 4);
}

#[test]
fn wait_sees_the_work_of_every_task() {
    watchdog(|| {
        for _ in 0..500 {
            let group = WaitGroup::new();
            let work = [const { AtomicUsize::new(0) }; 4];
            thread::scope(|s| {
                for (n, cell) in work.iter().enumerate() {
                    let token = group.token();
                    s.spawn(move || {
                        cell.store(n + 1, Relaxed);
                        drop(token);
                    });
                }
                group.wait();
                let sum: usize = work.iter().map(|cell| cell.load(Relaxed)).sum();
                assert_eq!(sum, 10);
            });
        }
    });
}

#[test]
fn wait_returns_after_the_last_task_and_not_before() {
    watchdog(|| {
        for _ in 0..200 {
            let group = WaitGroup::new();
            let log = Log::default();
            group.add(3);
            thread::scope(|s| {
                s.spawn(|| {
                    group.wait();
                    log.add("waited");
                });
                for _ in 0..3 {
                    log.add("done");
                    group.done();
                }
            });
            assert_eq!(log.events(), ["done", "done", "done", "waited"]);
        }
    });
}

#[test]
fn a_task_may_add_others_while_it_runs() {
    watchdog(|| {
        let group = WaitGroup::new();
        let work = AtomicUsize::new(0);
        thread::scope(|s| {
            let token = group.token();
            s.spawn(|| {
                for _ in 0..3 {
                    let token = group.token();
                    let work = &work;
                    s.spawn(move || {
                        work.fetch_add(1, Relaxed);
                        drop(token);
                    });
                }
                drop(token);
            });
            group.wait();
            assert_eq!(work.load(Relaxed), 3);
        });
    });
}

// --- Many waiters, and use over and over ------------------------------------------------------

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn one_zero_releases_all_who_wait() {
    watchdog(|| {
        let group = WaitGroup::new();
        group.add(1);
        let sleepers = [(); 8].map(|()| Sleeper::default());
        thread::scope(|s| {
            for sleeper in &sleepers {
                s.spawn(|| {
                    sleeper.here();
                    group.wait();
                });
            }
            sleepers.iter().for_each(Sleeper::until_asleep);
            group.done();
        });
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn waiters_return_even_if_somebody_adds_again_in_the_same_instant() {
    watchdog(|| {
        for _ in 0..20 {
            let group = WaitGroup::new();
            group.add(1);
            let sleepers = [(); 4].map(|()| Sleeper::default());
            thread::scope(|s| {
                for sleeper in &sleepers {
                    s.spawn(|| {
                        sleeper.here();
                        group.wait();
                    });
                }
                sleepers.iter().for_each(Sleeper::until_asleep);
                group.done();
                group.add(1); // and no `done` before all have returned
            });
            assert_eq!(group.running(), 1);
            group.done();
        }
    });
}

#[test]
fn a_waiter_may_add_again_at_once() {
    watchdog(|| {
        let group = WaitGroup::new();
        for _ in 0..500 {
            group.add(1);
            thread::scope(|s| {
                for _ in 0..3 {
                    s.spawn(|| group.wait());
                }
                s.spawn(|| {
                    group.wait();
                    let _token = group.token(); // the others must not miss the zero before
                });
                group.done();
            });
        }
        assert_eq!(group.running(), 0);
    });
}

#[test]
fn a_group_is_used_over_and_over() {
    watchdog(|| {
        let group = WaitGroup::new();
        let rounds = 1000;
        let work = AtomicUsize::new(0);
        for round in 1..=rounds {
            group.add(2);
            thread::scope(|s| {
                for _ in 0..2 {
                    s.spawn(|| {
                        work.fetch_add(1, Relaxed);
                        group.done();
                    });
                }
                group.wait();
                assert_eq!(work.load(Relaxed), 2 * round);
            });
        }
    });
}

#[test]
fn no_wake_up_is_lost_between_the_last_done_and_the_wait() {
    watchdog(|| {
        let group = WaitGroup::new();
        let line = support::StartLine::new(2);
        thread::scope(|s| {
            s.spawn(|| {
                for _ in 0..20_000 {
                    line.wait();
                    group.done();
                    line.wait();
                }
            });
            for _ in 0..20_000 {
                group.add(1);
                line.wait();
                group.wait();
                assert_eq!(group.running(), 0);
                line.wait();
            }
        });
    });
}

#[test]
fn a_group_lives_in_a_static() {
    static GROUP: WaitGroup = WaitGroup::new();
    static WORK: AtomicUsize = AtomicUsize::new(0);
    watchdog(|| {
        for _ in 0..4 {
            let token = GROUP.token();
            thread::spawn(move || {
                WORK.fetch_add(1, Relaxed);
                drop(token);
            });
        }
        GROUP.wait();
        assert_eq!(WORK.load(Relaxed), 4);
    });
}

// --- Tokens -----------------------------------------------------------------------------------

#[test]
fn a_token_counts_one_in_and_out() {
    let group = WaitGroup::new();
    let token = group.token();
    assert_eq!(group.running(), 1);
    let clone = token.clone();
    assert_eq!(group.running(), 2, "a clone is another task");
    drop(token);
    assert_eq!(group.running(), 1);
    drop(clone);
    assert_eq!(group.running(), 0);
}

#[test]
fn a_token_of_an_arc_counts_the_same_and_keeps_the_group() {
    watchdog(|| {
        let group = Arc::new(WaitGroup::new());
        let token: Token<Arc<WaitGroup>> = Token::new(Arc::clone(&group));
        let clone = token.clone();
        assert_eq!(group.running(), 2);
        let task = thread::spawn(move || drop(clone));
        drop(token);
        group.wait();
        task.join().unwrap();
        assert_eq!(Arc::strong_count(&group), 1);
    });
}

#[test]
fn a_borrowing_token_is_made_by_new_too() {
    let group = WaitGroup::new();
    let token = Token::new(&group);
    assert_eq!(group.running(), 1);
    drop(token);
    assert_eq!(group.running(), 0);
}

#[test]
fn a_panic_counts_the_token_out() {
    watchdog(|| {
        let group = WaitGroup::new();
        let token = group.token();
        thread::scope(|s| {
            let task = s.spawn(move || {
                let _token = token;
                panic!("on purpose");
            });
            group.wait();
            assert!(task.join().is_err());
        });
    });
}

#[test]
fn a_forgotten_token_stays_counted() {
    let group = WaitGroup::new();
    mem::forget(group.token());
    assert_eq!(group.running(), 1);
    assert!(group.wait_until(Duration::ZERO).is_err());
    group.done();
    assert!(group.wait_until(Duration::ZERO).is_ok());
}

#[test]
fn debug_output_exists() {
    let group = WaitGroup::new();
    let token = group.token();
    assert!(format!("{group:?}").starts_with("WaitGroup"));
    assert!(format!("{token:?}").starts_with("Token"));
}
