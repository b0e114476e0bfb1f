//! What two bubbles use at the same time: a static in tests that run in parallel.

#![cfg(feature = "sim")]
#![expect(clippy::disallowed_methods, reason = "each bubble has a thread of its own")]
#![expect(clippy::disallowed_types, reason = "bubbles are to meet without knowing it")]

use std::hint;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, LazyLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use phalanx::sim::sync::{Condvar, Mutex, RwLock, atomic, const_mutex, const_rwlock};
use phalanx::sim::{self, Builder, Script, Strategy};
use phalanx::{AtomicValue, Counter, Semaphore, WaitGroup};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// Waits for real, and keeps its turn.
fn until(condition: impl Fn() -> bool) {
    while !condition() {
        hint::spin_loop();
    }
}

/// A thread that does something in a bubble of its own, as often as it is asked to.
struct Elsewhere {
    calls: Arc<Calls>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Calls {
    asked: AtomicU32,
    done: AtomicU32,
    over: AtomicBool,
}

impl Elsewhere {
    fn new(act: fn()) -> Self {
        let calls = Arc::new(Calls::default());
        let thread = thread::spawn({
            let calls = Arc::clone(&calls);
            move || {
                while !calls.over.load(SeqCst) {
                    if calls.asked.load(SeqCst) > calls.done.load(SeqCst) {
                        sim::run(act);
                        calls.done.fetch_add(1, SeqCst);
                    }
                    thread::yield_now();
                }
            }
        });
        Elsewhere { calls, thread: Some(thread) }
    }

    /// Returns when it has been done.
    fn ask(&self) {
        let asked = self.calls.asked.fetch_add(1, SeqCst) + 1;
        until(|| self.calls.done.load(SeqCst) == asked);
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        self.calls.over.store(true, SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the other bubble does well");
        }
    }
}

#[test]
fn a_lock_that_another_bubble_looks_at_wakes_who_waits_for_it() {
    static MUTEX: Mutex<()> = const_mutex(());
    static LOCK: RwLock<()> = const_rwlock(());
    let elsewhere = Elsewhere::new(|| {
        assert!(MUTEX.is_locked());
        assert!(LOCK.is_locked_exclusive());
    });
    sim::run(move || {
        sim::scope(|s| {
            let guards = (MUTEX.lock(), LOCK.write());
            s.spawn("locks", || drop(MUTEX.lock()));
            s.spawn("locks in time", || assert!(MUTEX.try_lock_for(HOUR).is_some()));
            s.spawn("reads", || drop(LOCK.read()));
            s.spawn("writes in time", || assert!(LOCK.try_write_for(HOUR).is_some()));
            sim::wait_idle();
            elsewhere.ask();
            drop(guards);
        });
        assert_eq!(sim::elapsed(), Duration::ZERO);
    });
}

#[test]
fn what_another_bubble_does_with_an_object_has_no_part_in_the_schedule() {
    static MUTEX: Mutex<()> = const_mutex(());
    static LOCK: RwLock<()> = const_rwlock(());
    static CONDVAR: Condvar = Condvar::new();
    static WORD: atomic::AtomicU32 = atomic::AtomicU32::new(0);
    static COUNTER: Counter = Counter::new(0);
    static SEMAPHORE: Semaphore = Semaphore::new(2);
    static GROUP: WaitGroup = WaitGroup::new();

    fn use_all() {
        drop((MUTEX.lock(), LOCK.read()));
        drop(LOCK.write());
        CONDVAR.notify_one();
        WORD.fetch_add(1, SeqCst);
        COUNTER.inc();
        drop(SEMAPHORE.acquire(1));
        drop(GROUP.token());
        GROUP.wait();
    }

    fn two() {
        sim::scope(|s| {
            s.spawn("other", use_all);
            use_all();
        });
    }

    let elsewhere = Elsewhere::new(two);
    let runs = AtomicU32::new(0);
    Builder::new().iterations(50).check(move || {
        two();
        // Every second run is disturbed, and each is to be the same.
        if runs.fetch_add(1, SeqCst) % 2 == 1 {
            elsewhere.ask();
        }
        two();
    });
}

#[test]
fn what_a_lock_does_in_another_bubble_wakes_nobody_here() {
    static LOCK: RwLock<()> = const_rwlock(());
    let elsewhere = Elsewhere::new(|| drop(LOCK.read()));
    let failure = Builder::new().try_check(move || {
        sim::scope(|s| {
            let _read = LOCK.read();
            s.spawn("writer", || assert!(LOCK.try_write_for(SECOND).is_none()));
            sim::wait_idle();
            elsewhere.ask();
            sim::sleep(SECOND);
        });
        panic!("so that there is a report");
    });
    let report = failure.expect_err("it panics").to_string();
    assert!(report.contains("sim::replay("), "nothing came from outside: {report}");
}

/// Each bubble has a thread that was stopped while it has a lock, and another one that wants the lock
/// of the other bubble.
fn cross(lock: fn(usize, bool)) {
    static HELD: [AtomicU32; 2] = [AtomicU32::new(0), AtomicU32::new(0)];
    static TURN: std::sync::Mutex<u32> = std::sync::Mutex::new(0);
    let mut turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    *turn += 1;
    let now = *turn;
    thread::scope(|s| {
        for me in [0, 1] {
            s.spawn(move || {
                sim::run(move || {
                    sim::scope(|s| {
                        s.spawn("stopped", move || lock(me, true));
                        s.spawn("wants", move || {
                            HELD[me].store(now, SeqCst);
                            until(|| HELD[1 - me].load(SeqCst) == now);
                            lock(1 - me, false);
                        });
                    });
                    assert_eq!(sim::elapsed(), SECOND);
                });
            });
        }
    });
}

#[test]
fn two_bubbles_that_want_a_mutex_of_a_stopped_thread_of_the_other_come_through() {
    static MUTEXES: [Mutex<()>; 2] = [const_mutex(()), const_mutex(())];
    cross(|which, stays| {
        let _locked = MUTEXES[which].lock();
        if stays {
            sim::sleep(SECOND);
        }
    });
}

#[test]
fn two_bubbles_that_want_to_write_what_a_stopped_thread_of_the_other_reads_come_through() {
    static LOCKS: [RwLock<()>; 2] = [const_rwlock(()), const_rwlock(())];
    cross(|which, stays| {
        if stays {
            let _read = LOCKS[which].read();
            sim::sleep(SECOND);
            // Past the writer of the other bubble, which has waited for long.
            drop(LOCKS[which].read());
        } else {
            drop(LOCKS[which].try_write_for(HOUR).expect("it comes free"));
        }
    });
}

#[test]
fn two_bubbles_that_want_to_upgrade_while_a_stopped_thread_of_the_other_reads_come_through() {
    static LOCKS: [RwLock<()>; 2] = [const_rwlock(()), const_rwlock(())];
    cross(|which, stays| {
        if stays {
            let _read = LOCKS[which].read();
            sim::sleep(SECOND);
        } else {
            let upgradable = LOCKS[which].upgradable_read();
            drop(phalanx::sim::sync::RwLockUpgradableReadGuard::upgrade(upgradable));
        }
    });
}

#[test]
fn two_bubbles_that_want_an_inner_lock_of_a_stopped_thread_of_the_other_come_through() {
    static VALUES: LazyLock<[AtomicValue<u32>; 2]> = LazyLock::new(Default::default);
    static BEGUN: [AtomicU32; 2] = [AtomicU32::new(0), AtomicU32::new(0)];
    static ENDED: [AtomicU32; 2] = [AtomicU32::new(0), AtomicU32::new(0)];
    /// Both bubbles come to this in the same run.
    fn meet(place: &[AtomicU32; 2], me: usize) {
        let run = place[me].fetch_add(1, SeqCst) + 1;
        until(|| place[1 - me].load(SeqCst) >= run);
    }
    LazyLock::force(&VALUES);
    let script = Script::new()
        .run("root")
        .to_block()
        .run("stopped")
        .until("store") // in the midst of the swap, which has the lock
        .run("wants")
        .to_end();
    thread::scope(|s| {
        for me in [0, 1] {
            let strategy = Strategy::Script(script.clone());
            s.spawn(move || {
                Builder::new().strategy(strategy).check(move || {
                    sim::scope(|s| {
                        s.spawn("stopped", move || VALUES[me].swap(1));
                        s.spawn("wants", move || {
                            meet(&BEGUN, me);
                            assert!(*VALUES[1 - me].load() <= 1);
                        });
                    });
                    meet(&ENDED, me);
                });
            });
        }
    });
}
