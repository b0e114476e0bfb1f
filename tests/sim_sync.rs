//! The locks, condition variables, channels and atomic words of `sim::sync`, in a bubble and outside.

#![cfg(feature = "sim")]

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use phalanx::sim;
use phalanx::sim::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst,
};
use phalanx::sim::sync::channel::{
    self, Receiver, RecvError, RecvTimeoutError, SendError, SendTimeoutError, Sender, TryRecvError,
    TrySendError,
};
use phalanx::sim::sync::{
    Condvar, MappedMutexGuard, Mutex, MutexGuard, RwLock, RwLockUpgradableReadGuard,
    RwLockWriteGuard, const_mutex, const_rwlock,
};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// The line of this file that ends in a comment with this word.
fn place(word: &str) -> String {
    let mark = format!("// {word}");
    let line = include_str!("sim_sync.rs").lines().position(|line| line.ends_with(&mark));
    format!("tests/sim_sync.rs:{}", line.expect("the word is there") + 1)
}

/// So many schedules, however long they take.
fn schedules(n: u64) -> sim::Builder {
    sim::Builder::new().iterations(n).budget(Duration::MAX)
}

/// The report of a test that is to fail.
#[track_caller]
fn report(body: impl Fn() + Send + Sync + 'static) -> String {
    let failure = schedules(2000).try_check(body);
    failure.expect_err("there is a schedule under which it fails").to_string()
}

#[track_caller]
fn assert_says(report: &str, parts: &[&str]) {
    for part in parts {
        assert!(report.contains(part), "{part:?} is not in: {report}");
    }
}

/// All schedules with at most two preemptions pass.
#[track_caller]
fn exhaust(body: impl Fn() + Send + Sync + 'static) {
    let report = sim::Builder::new().exhaustive(2).check(body);
    assert!(report.exhausted, "{report}");
}

/// Sleeps for some virtual time, and no longer.
fn pause(duration: Duration) {
    let (_sender, receiver) = channel::bounded::<()>(1);
    assert_eq!(receiver.recv_timeout(duration), Err(RecvTimeoutError::Timeout));
}

/// Notices when two are in one place.
#[derive(Default)]
struct Place {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Place {
    fn visit(&self) {
        let others = self.now.fetch_add(1, SeqCst);
        self.most.fetch_max(others + 1, SeqCst);
        self.now.fetch_sub(1, SeqCst);
    }

    fn most(&self) -> usize {
        self.most.load(SeqCst)
    }
}

// Mutex

#[test]
fn a_mutex_keeps_others_out() {
    exhaust(|| {
        let (place, mutex) = (Place::default(), Mutex::new(0));
        sim::scope(|s| {
            for name in ["a", "b"] {
                s.spawn(name, || {
                    let mut count = mutex.lock();
                    place.visit();
                    *count += 1;
                });
            }
        });
        assert_eq!((place.most(), mutex.into_inner()), (1, 2));
    });
}

#[test]
fn many_threads_count_under_a_mutex_and_lose_nothing() {
    let report = schedules(300).check(|| {
        let (place, mutex) = (Place::default(), Mutex::new(0));
        sim::scope(|s| {
            for thread in 0..4 {
                let (place, mutex) = (&place, &mutex);
                s.spawn(format!("{thread}"), move || {
                    for round in 0..3 {
                        let locked = match (thread + round) % 3 {
                            0 => mutex.try_lock(),
                            1 => mutex.try_lock_for(SECOND),
                            _ => None,
                        };
                        let mut count = locked.unwrap_or_else(|| mutex.lock());
                        let before = *count;
                        place.visit();
                        *count = before + 1;
                    }
                });
            }
        });
        assert_eq!((place.most(), mutex.into_inner()), (1, 12));
    });
    assert!(report.distinct > 100, "{report}");
}

#[test]
fn an_attempt_fails_while_another_thread_has_the_mutex() {
    let outcomes = sim::outcomes(|| {
        let mutex = Mutex::new(());
        sim::scope(|s| {
            s.spawn("owner", || {
                let _guard = mutex.lock();
                sim::label("in between");
            });
            mutex.try_lock().is_some()
        })
    });
    outcomes.exactly([false, true]).exhausted();
}

#[test]
fn locks_in_different_orders_are_reported_with_the_cycle_and_both_places() {
    let report = report(|| {
        let (a, b) = (Mutex::new(()), Mutex::new(()));
        sim::scope(|s| {
            s.spawn("there", || {
                let _a = a.lock();
                let _b = b.lock(); // there
            });
            s.spawn("back", || {
                let _b = b.lock();
                let _a = a.lock(); // back
            });
        });
    });
    let there =
        format!("is blocked in Mutex::lock at {}, since 0ns; waits for T0.1", place("there"));
    let back = format!("is blocked in Mutex::lock at {}, since 0ns; waits for T0.0", place("back"));
    assert_says(&report, &["DEADLOCK", "cycle: T0.0 -> T0.1 -> T0.0", &there, &back]);
}

#[test]
fn a_thread_that_locks_a_mutex_twice_waits_for_itself() {
    let report = report(|| {
        let mutex = Mutex::new(());
        let _once = mutex.lock();
        let _twice = mutex.lock(); // twice
    });
    assert_says(&report, &["DEADLOCK", "cycle: T0 -> T0", &place("twice")]);
}

#[test]
fn an_attempt_with_a_timeout_takes_just_that_time() {
    exhaust(|| {
        let mutex = Arc::new(Mutex::new(()));
        let owner = sim::spawn("owner", {
            let mutex = Arc::clone(&mutex);
            move || {
                let _guard = mutex.lock();
                pause(HOUR);
            }
        });
        sim::wait_idle();
        assert!(mutex.try_lock_for(HOUR / 4).is_none());
        assert_eq!(sim::elapsed(), HOUR / 4);
        assert!(mutex.try_lock_until(sim::now() + HOUR / 4).is_none());
        assert_eq!(sim::elapsed(), HOUR / 2);
        let patient = sim::spawn("patient", {
            let mutex = Arc::clone(&mutex);
            move || assert!(mutex.try_lock_for(HOUR).is_some())
        });
        sim::wait_idle();
        sim::assert_blocked(&patient, "Mutex::lock");
        assert!(mutex.try_lock_for(HOUR).is_some());
        assert_eq!(sim::elapsed(), HOUR);
        owner.join().unwrap();
        patient.join().unwrap();
        assert_eq!(sim::elapsed(), HOUR, "both had it at once when it came free");
    });
}

#[test]
fn a_mutex_that_comes_free_at_the_deadline_goes_either_way() {
    let outcomes = sim::outcomes(|| {
        let mutex = Mutex::new(0);
        let waited = sim::scope(|s| {
            s.spawn("owner", || {
                let mut guard = mutex.lock();
                pause(SECOND);
                *guard += 1;
            });
            sim::wait_idle();
            mutex.try_lock_for(SECOND).map(|value| *value)
        });
        assert_eq!((*mutex.try_lock().expect("all are gone"), sim::elapsed()), (1, SECOND));
        waited
    });
    outcomes.exactly([None, Some(1)]).exhausted();
}

#[test]
fn a_timeout_that_is_too_large_for_the_clock_is_none() {
    let report = report(|| {
        let mutex = Mutex::new(());
        let _once = mutex.lock();
        drop(mutex.try_lock_for(Duration::MAX));
    });
    assert_says(&report, &["DEADLOCK", "cycle: T0 -> T0"]);
}

#[test]
fn a_panic_unlocks_what_was_locked() {
    exhaust(|| {
        let mutex = Arc::new(Mutex::new(0));
        let panicking = sim::spawn("panicking", {
            let mutex = Arc::clone(&mutex);
            move || {
                let mut value = mutex.lock();
                *value = 1;
                panic!("on purpose");
            }
        });
        drop(mutex.lock());
        assert!(panicking.join().is_err());
        assert_eq!(*mutex.lock(), 1);
    });
}

#[test]
fn guards_can_be_mapped_bumped_and_unlocked_for_a_while() {
    exhaust(|| {
        let mutex = Mutex::new((0, 0));
        sim::scope(|s| {
            s.spawn("other", || mutex.lock().1 += 1);
            let mut guard = mutex.lock();
            guard.0 += 1;
            MutexGuard::bump(&mut guard);
            MutexGuard::unlocked(&mut guard, || mutex.lock().0 += 1);
            *MutexGuard::map(guard, |pair| &mut pair.0) += 1;
            let mapped: MappedMutexGuard<'_, _> = MutexGuard::map(mutex.lock(), |pair| &mut pair.0);
            assert!(mutex.is_locked());
            MappedMutexGuard::unlock_fair(mapped);
        });
        assert!(!mutex.is_locked());
        assert_eq!(mutex.into_inner(), (3, 1));
    });
}

#[test]
fn outside_of_a_bubble_a_mutex_is_a_mutex() {
    static MUTEX: Mutex<u32> = const_mutex(0);
    thread::scope(|s| {
        for _ in 0..4 {
            s.spawn(|| {
                for _ in 0..1000 {
                    *MUTEX.lock() += 1;
                }
            });
        }
    });
    let guard = MUTEX.lock();
    assert_eq!(*guard, 4000);
    assert!(MUTEX.try_lock().is_none());
    assert!(MUTEX.try_lock_for(Duration::from_millis(1)).is_none());
    assert!(MUTEX.try_lock_until(sim::now()).is_none());
    MutexGuard::unlock_fair(guard);
    assert!(MUTEX.try_lock_for(Duration::MAX).is_some());
}

// RwLock

#[test]
fn readers_go_together_and_a_writer_alone() {
    let outcomes = sim::outcomes(|| {
        let (readers, writers, lock) = (Place::default(), Place::default(), RwLock::new(0));
        sim::scope(|s| {
            for name in ["a", "b"] {
                s.spawn(name, || {
                    let value = lock.read();
                    assert_eq!(writers.now.load(SeqCst), 0, "a writer beside a reader");
                    readers.visit();
                    drop(value);
                });
            }
            let mut value = lock.write();
            assert_eq!(readers.now.load(SeqCst), 0, "a reader beside a writer");
            writers.visit();
            *value += 1;
        });
        readers.most()
    });
    outcomes.exactly([1, 2]).exhausted();
}

#[test]
fn many_readers_and_writers_keep_their_promises() {
    let report = schedules(300).check(|| {
        let lock = RwLock::new((0, 0));
        let write = |guard: &mut (u32, u32)| {
            guard.0 += 1;
            sim::label("half");
            guard.1 += 1;
        };
        sim::scope(|s| {
            for thread in 0..5 {
                let lock = &lock;
                s.spawn(format!("{thread}"), move || match thread {
                    0 => write(&mut lock.write()),
                    1 => {
                        let guard = lock.try_write_for(SECOND);
                        write(&mut guard.unwrap_or_else(|| lock.write()));
                    }
                    2 => {
                        let guard = lock.upgradable_read();
                        let before = *guard;
                        let mut guard = RwLockUpgradableReadGuard::upgrade(guard);
                        assert_eq!(*guard, before, "it goes from reader to writer in one go");
                        write(&mut guard);
                        let after = *guard;
                        let guard = RwLockWriteGuard::downgrade(guard);
                        sim::label("downgraded");
                        assert_eq!(*guard, after, "it goes from writer to reader in one go");
                    }
                    _ => {
                        let guard = if thread == 3 { lock.read() } else { lock.read_recursive() };
                        let (one, other) = *guard;
                        sim::label("reading");
                        assert_eq!((one, one), (other, guard.1), "nobody writes in the meantime");
                    }
                });
            }
        });
        assert_eq!(lock.into_inner(), (3, 3));
    });
    assert!(report.distinct > 100, "{report}");
}

#[test]
fn attempts_fail_while_the_lock_is_taken_in_another_way() {
    let attempts = |lock: &RwLock<()>| {
        let read = lock.try_read().is_some();
        let again = lock.try_read_recursive().is_some();
        let update = lock.try_upgradable_read().is_some();
        let write = lock.try_write().is_some();
        (read, again, update, write)
    };
    exhaust(move || {
        let lock = RwLock::new(());
        let seen = |held: &str| sim::scope(|s| s.spawn(held, || attempts(&lock)).join().unwrap());
        assert_eq!(seen("free"), (true, true, true, true));
        let guard = lock.read();
        assert_eq!(seen("read"), (true, true, true, false));
        assert_eq!(attempts(&lock), (true, true, true, false));
        assert_eq!(seen("read still"), (true, true, true, false), "a failed attempt takes nothing");
        drop(guard);
        let guard = lock.upgradable_read();
        assert_eq!(seen("upgradable"), (true, true, false, false));
        let guard = RwLockUpgradableReadGuard::upgrade(guard);
        assert_eq!(seen("write"), (false, false, false, false));
        assert!(lock.is_locked_exclusive());
        let guard = RwLockWriteGuard::downgrade_to_upgradable(guard);
        assert_eq!(seen("upgradable again"), (true, true, false, false));
        let guard = RwLockUpgradableReadGuard::downgrade(guard);
        assert_eq!(seen("read again"), (true, true, true, false));
        drop(guard);
        assert_eq!(seen("free again"), (true, true, true, true));
        assert!(!lock.is_locked());
    });
}

#[test]
fn an_attempt_at_a_read_fails_while_a_writer_has_the_lock() {
    let outcomes = sim::outcomes(|| {
        let lock = RwLock::new(0);
        sim::scope(|s| {
            s.spawn("writer", || {
                let mut value = lock.write();
                *value += 1;
                sim::label("half");
                *value += 1;
            });
            lock.try_read().map(|value| *value)
        })
    });
    outcomes.exactly([None, Some(0), Some(2)]).exhausted();
}

#[test]
fn a_second_read_may_wait_for_a_writer_that_waits_for_the_first() {
    let report = report(|| {
        let lock = RwLock::new(());
        sim::scope(|s| {
            s.spawn("reader", || {
                let _once = lock.read();
                let _twice = lock.read(); // second read
            });
            s.spawn("writer", || drop(lock.write())); // write
        });
    });
    let read = format!("is blocked in RwLock::read at {}", place("second read"));
    let write = format!("is blocked in RwLock::write at {}", place("write"));
    assert_says(&report, &["DEADLOCK", "cycle: T0.0 -> T0.1 -> T0.0", &read, &write]);
}

#[test]
fn a_recursive_read_does_not_wait_for_a_writer_that_waits() {
    exhaust(|| {
        let lock = RwLock::new(0);
        sim::scope(|s| {
            s.spawn("reader", || {
                let once = lock.read();
                let twice = lock.read_recursive();
                assert_eq!(*once, *twice);
            });
            s.spawn("writer", || *lock.write() += 1);
        });
        assert_eq!(lock.into_inner(), 1);
    });
}

#[test]
fn a_writer_that_waits_keeps_new_readers_out_until_it_gives_up() {
    exhaust(|| {
        let lock = Arc::new(RwLock::new(()));
        let reading = lock.read();
        let in_thread = |name: &str, f: fn(&RwLock<()>)| {
            let lock = Arc::clone(&lock);
            let handle = sim::spawn(name, move || f(&lock));
            sim::wait_idle();
            handle
        };
        let writer = in_thread("writer", |lock| assert!(lock.try_write_for(HOUR).is_none()));
        sim::assert_blocked(&writer, "RwLock::write");
        assert!(lock.try_read().is_none());
        let hasty = in_thread("hasty", |lock| assert!(lock.try_read_for(HOUR / 2).is_none()));
        let reader = in_thread("reader", |lock| drop(lock.read()));
        let patient = in_thread("patient", |lock| assert!(lock.try_read_for(HOUR * 2).is_some()));
        sim::assert_blocked(&reader, "RwLock::read");
        hasty.join().unwrap();
        assert_eq!(sim::elapsed(), HOUR / 2);
        writer.join().unwrap();
        reader.join().unwrap();
        patient.join().unwrap();
        assert_eq!(sim::elapsed(), HOUR, "they read as soon as the writer gave up");
        drop(reading);
        assert!(lock.try_write().is_some());
    });
}

#[test]
fn an_upgradable_reader_becomes_a_writer_with_nobody_in_between() {
    exhaust(|| {
        let lock = RwLock::new(0);
        sim::scope(|s| {
            s.spawn("upgrades", || {
                let guard = lock.upgradable_read();
                let before = *guard;
                *RwLockUpgradableReadGuard::upgrade(guard) = before + 1;
            });
            s.spawn("writes", || *lock.write() += 10);
            s.spawn("reads", || assert!([0, 1, 10, 11].contains(&*lock.read())));
        });
        assert_eq!(lock.into_inner(), 11);
    });
}

#[test]
fn an_upgrade_waits_for_readers_and_can_be_given_up() {
    let outcomes = sim::outcomes(|| {
        let lock = RwLock::new(0);
        sim::scope(|s| {
            s.spawn("reader", || {
                let value = lock.read();
                pause(SECOND);
                drop(value);
            });
            let guard = lock.upgradable_read();
            match RwLockUpgradableReadGuard::try_upgrade(guard) {
                Ok(_) => "at once",
                Err(guard) => match RwLockUpgradableReadGuard::try_upgrade_for(guard, SECOND / 2) {
                    Ok(_) => panic!("the reader has it"),
                    Err(guard) => {
                        assert!(lock.try_write().is_none(), "it is a reader still");
                        assert!(lock.try_read().is_some(), "and others may be, too");
                        assert_eq!(sim::elapsed(), SECOND / 2);
                        drop(RwLockUpgradableReadGuard::upgrade(guard));
                        assert_eq!(sim::elapsed(), SECOND);
                        "in the end"
                    }
                },
            }
        })
    });
    outcomes.exactly(["at once", "in the end"]).exhausted();
}

#[test]
fn an_upgrade_that_is_given_up_leaves_a_reader() {
    exhaust(|| {
        let lock = Arc::new(RwLock::new(()));
        let reading = lock.read();
        let guard = RwLockUpgradableReadGuard::try_upgrade(lock.upgradable_read());
        let guard = RwLockUpgradableReadGuard::downgrade(guard.expect_err("there is a reader"));
        drop(reading);
        let writer = sim::spawn("writer", {
            let lock = Arc::clone(&lock);
            move || drop(lock.write())
        });
        sim::wait_idle();
        sim::assert_blocked(&writer, "RwLock::write");
        drop(guard);
        writer.join().unwrap();
    });
}

#[test]
fn an_upgrade_that_waits_keeps_new_readers_out_until_it_is_given_up() {
    exhaust(|| {
        let lock = Arc::new(RwLock::new(()));
        let reading = lock.read();
        let upgrading = sim::spawn("upgrading", {
            let lock = Arc::clone(&lock);
            move || {
                let guard = lock.upgradable_read();
                let guard = RwLockUpgradableReadGuard::try_upgrade_for(guard, HOUR);
                drop(guard.expect_err("there is a reader"));
            }
        });
        sim::wait_idle();
        sim::assert_blocked(&upgrading, "RwLockUpgradableReadGuard::upgrade");
        assert!(lock.try_read().is_none());
        assert!(lock.try_read_recursive().is_some());
        upgrading.join().unwrap();
        assert_eq!(sim::elapsed(), HOUR);
        assert!(lock.try_read().is_some());
        drop(reading);
    });
}

#[test]
fn a_writer_that_waits_does_not_slip_in_before_an_upgrade() {
    exhaust(|| {
        let lock = Arc::new(RwLock::new(0));
        let reading = lock.upgradable_read();
        let writer = sim::spawn("writer", {
            let lock = Arc::clone(&lock);
            move || *lock.write() += 1
        });
        sim::wait_idle();
        sim::assert_blocked(&writer, "RwLock::write");
        let mut writing = RwLockUpgradableReadGuard::upgrade(reading);
        assert_eq!(*writing, 0);
        *writing += 1;
        let reading = RwLockWriteGuard::downgrade(writing);
        sim::label("others may run");
        assert_eq!(*reading, 1);
        drop(reading);
        writer.join().unwrap();
        assert_eq!(*lock.read(), 2);
    });
}

#[test]
fn a_lock_that_panics_leaves_all_as_it_was() {
    exhaust(|| {
        let lock = Arc::new(RwLock::new(()));
        let reading = lock.read();
        let write = std::panic::AssertUnwindSafe(|| sim::atomically(|| drop(lock.write())));
        std::panic::catch_unwind(write).expect_err("it would block");
        let update = lock.upgradable_read();
        let upgrade = std::panic::AssertUnwindSafe(|| {
            sim::atomically(|| drop(RwLockUpgradableReadGuard::upgrade(update)));
        });
        std::panic::catch_unwind(upgrade).expect_err("it would block");
        assert!(lock.try_read().is_some() && lock.try_write().is_none());
        drop(reading);
        let writing = sim::spawn("writer", {
            let lock = Arc::clone(&lock);
            move || drop(lock.write())
        });
        writing.join().unwrap();
    });
}

#[test]
fn outside_of_a_bubble_a_lock_for_readers_and_writers_is_one() {
    static LOCK: RwLock<u32> = const_rwlock(0);
    thread::scope(|s| {
        for _ in 0..3 {
            s.spawn(|| {
                for _ in 0..300 {
                    let before = *LOCK.read();
                    let mut guard = RwLockUpgradableReadGuard::upgrade(LOCK.upgradable_read());
                    assert!(*guard >= before);
                    *guard += 1;
                    let guard = RwLockWriteGuard::downgrade(guard);
                    assert!(*guard > before && *LOCK.read_recursive() == *guard);
                }
            });
        }
    });
    let guard = LOCK.read();
    assert_eq!(*guard, 900);
    assert!(LOCK.try_write().is_none());
    assert!(LOCK.try_write_for(Duration::from_millis(1)).is_none());
    assert!(LOCK.try_read_for(SECOND).is_some());
    let update = LOCK.try_upgradable_read_for(SECOND).expect("nobody updates");
    assert!(LOCK.try_upgradable_read_until(sim::now()).is_none());
    let refused = RwLockUpgradableReadGuard::try_upgrade_for(update, Duration::from_millis(1));
    drop(refused.expect_err("there is a reader"));
    drop(guard);
    assert!(LOCK.try_write().is_some());
}

// Condvar

#[test]
fn a_notification_before_the_wait_is_lost() {
    let outcomes = sim::outcomes(|| {
        let (mutex, condvar) = (Mutex::new(()), Condvar::new());
        sim::scope(|s| {
            let thread = s.spawn("notifier", || condvar.notify_one());
            let timed_out = condvar.wait_for(&mut mutex.lock(), SECOND).timed_out();
            let notified = thread.join().unwrap();
            assert_ne!(notified, timed_out, "one is woken if one was to be woken");
            assert_eq!(sim::elapsed(), if timed_out { SECOND } else { Duration::ZERO });
            notified
        })
    });
    outcomes.exactly([false, true]).exhausted();
}

#[test]
fn a_wait_without_a_look_is_found_to_hang() {
    let report = report(|| {
        let (mutex, condvar) = (Mutex::new(()), Condvar::new());
        sim::scope(|s| {
            s.spawn("notifier", || condvar.notify_all());
            condvar.wait(&mut mutex.lock()); // hangs
        });
    });
    let blocked = format!("is blocked in Condvar::wait at {}", place("hangs"));
    assert_says(&report, &["DEADLOCK", &blocked]);
}

#[test]
fn a_notification_under_the_mutex_is_never_lost() {
    exhaust(|| {
        let (open, opened) = (Mutex::new(false), Condvar::new());
        sim::scope(|s| {
            s.spawn("notifier", || {
                let mut open = open.lock();
                *open = true;
                opened.notify_one();
            });
            let mut guard = open.lock();
            while !*guard {
                opened.wait(&mut guard);
            }
        });
    });
}

#[test]
fn a_notification_wakes_one_thread_the_one_that_has_waited_longest() {
    exhaust(|| {
        let shared = Arc::new((Mutex::new(()), Condvar::new()));
        let waiters: Vec<_> = ["first", "second", "third"]
            .map(|name| {
                let shared = Arc::clone(&shared);
                let waiter = sim::spawn(name, move || shared.1.wait(&mut shared.0.lock()));
                sim::wait_idle();
                waiter
            })
            .into();
        assert!(shared.1.notify_one());
        sim::wait_idle();
        assert!(waiters[0].is_finished());
        sim::assert_blocked(&waiters[1], "Condvar::wait");
        sim::assert_blocked(&waiters[2], "Condvar::wait");
        assert_eq!(shared.1.notify_all(), 2);
        for waiter in waiters {
            waiter.join().unwrap();
        }
        assert!(!shared.1.notify_one());
        assert_eq!(shared.1.notify_all(), 0);
    });
}

#[test]
fn a_notification_is_not_spent_on_a_thread_that_has_given_up() {
    exhaust(|| {
        let shared = Arc::new((Mutex::new(()), Condvar::new()));
        let wait = |name: &str, timeout| {
            let shared = Arc::clone(&shared);
            let waiter = sim::spawn(name, move || {
                shared.1.wait_for(&mut shared.0.lock(), timeout).timed_out()
            });
            sim::wait_idle();
            waiter
        };
        let (hasty, patient) = (wait("hasty", SECOND), wait("patient", HOUR));
        pause(SECOND);
        let notified = shared.1.notify_one();
        let (hasty, patient) = (hasty.join().unwrap(), patient.join().unwrap());
        assert!(notified);
        assert_ne!(hasty, patient, "one of the two has been notified, the other timed out");
        assert_eq!(sim::elapsed(), if patient { HOUR } else { SECOND });
    });
}

#[test]
fn threads_that_are_notified_have_the_mutex_one_after_the_other() {
    exhaust(|| {
        let (mutex, condvar, place) = (Mutex::new(false), Condvar::new(), Place::default());
        sim::scope(|s| {
            for name in ["a", "b"] {
                s.spawn(name, || {
                    let mut go = mutex.lock();
                    condvar.wait_while(&mut go, |go| !*go);
                    place.visit();
                });
            }
            *mutex.lock() = true;
            condvar.notify_all();
        });
        assert_eq!(place.most(), 1);
    });
}

#[test]
fn waits_with_a_timeout_take_just_that_time_and_lock_again() {
    exhaust(|| {
        let (mutex, condvar) = (Mutex::new(1), Condvar::new());
        let mut guard = mutex.lock();
        assert!(condvar.wait_for(&mut guard, HOUR).timed_out());
        assert_eq!(sim::elapsed(), HOUR);
        assert!(mutex.try_lock().is_none());
        assert!(condvar.wait_until(&mut guard, sim::now() + HOUR).timed_out());
        assert_eq!(sim::elapsed(), HOUR * 2);
        assert!(condvar.wait_while_for(&mut guard, |value| *value == 1, HOUR).timed_out());
        let deadline = sim::now() + HOUR;
        assert!(condvar.wait_while_until(&mut guard, |value| *value == 1, deadline).timed_out());
        assert_eq!(sim::elapsed(), HOUR * 4);
        assert!(!condvar.wait_while_for(&mut guard, |value| *value == 2, HOUR).timed_out());
        assert_eq!(sim::elapsed(), HOUR * 4);
        assert!(!condvar.notify_one(), "nobody is left behind");
    });
}

#[test]
fn a_wait_that_is_over_waits_for_the_mutex_all_the_same() {
    let report = report(|| {
        let (mutex, condvar) = (Mutex::new(()), Condvar::new());
        sim::scope(|s| {
            let waiter = s.spawn("waiter", || condvar.wait_for(&mut mutex.lock(), SECOND));
            sim::wait_idle();
            let _guard = mutex.lock();
            drop(waiter.join()); // joins
        });
    });
    assert_says(
        &report,
        &["is blocked in Condvar::wait", "cycle: T0 -> T0.0 -> T0", &place("joins")],
    );
}

#[test]
fn two_mutexes_with_one_condition_are_refused_and_nothing_is_changed() {
    exhaust(|| {
        let shared = Arc::new((Mutex::new(()), Condvar::new()));
        let waiter = sim::spawn("waiter", {
            let shared = Arc::clone(&shared);
            move || shared.1.wait(&mut shared.0.lock())
        });
        sim::wait_idle();
        let other = Mutex::new(());
        let mut guard = other.lock();
        let wait = std::panic::AssertUnwindSafe(|| shared.1.wait(&mut guard));
        let payload = std::panic::catch_unwind(wait).expect_err("it is misuse");
        let message = payload.downcast_ref::<&str>();
        assert_eq!(message, Some(&"Condvar::wait: others wait with another mutex"));
        assert!(other.is_locked());
        drop(guard);
        assert!(!other.is_locked());
        assert!(shared.1.notify_one());
        waiter.join().unwrap();
        assert!(shared.1.wait_for(&mut other.lock(), SECOND).timed_out(), "now nobody waits");
        assert!(
            shared.1.wait_for(&mut shared.0.lock(), SECOND).timed_out(),
            "nor does anybody now"
        );
    });
}

#[test]
fn a_wait_that_panics_leaves_the_mutex_locked() {
    exhaust(|| {
        let (mutex, condvar) = (Mutex::new(()), Condvar::new());
        let mut guard = mutex.lock();
        let wait = std::panic::AssertUnwindSafe(|| sim::atomically(|| condvar.wait(&mut guard)));
        std::panic::catch_unwind(wait).expect_err("it would block");
        assert!(mutex.try_lock().is_none());
        drop(guard);
        assert!(mutex.try_lock().is_some());
    });
}

/// A bounded queue as users write it.
struct Queue {
    items: Mutex<Vec<u32>>,
    not_full: Condvar,
    not_empty: Condvar,
    looks_again: bool,
}

impl Queue {
    fn new(looks_again: bool) -> Self {
        let items = Mutex::new(Vec::new());
        Queue { items, not_full: Condvar::new(), not_empty: Condvar::new(), looks_again }
    }

    fn push(&self, item: u32) {
        let mut items = self.items.lock();
        self.not_full.wait_while(&mut items, |items| items.len() == 2);
        items.push(item);
        self.not_empty.notify_one();
    }

    fn pop(&self) -> u32 {
        let mut items = self.items.lock();
        if self.looks_again {
            self.not_empty.wait_while(&mut items, |items| items.is_empty());
        } else if items.is_empty() {
            self.not_empty.wait(&mut items);
        }
        let item = items.remove(0);
        self.not_full.notify_one();
        item
    }

    fn run(looks_again: bool) {
        let (queue, sum) = (Queue::new(looks_again), AtomicU32::new(0));
        sim::scope(|s| {
            for name in ["pops", "pops, too"] {
                s.spawn(name, || {
                    for _ in 0..3 {
                        sum.fetch_add(queue.pop(), Relaxed);
                    }
                });
            }
            for name in ["pushes", "pushes, too"] {
                s.spawn(name, || {
                    for item in 1..=3 {
                        queue.push(item);
                    }
                });
            }
        });
        assert_eq!(sum.into_inner(), 12);
    }
}

#[test]
fn a_queue_that_looks_again_after_each_wait_works() {
    let report = schedules(300).check(|| Queue::run(true));
    assert!(report.distinct > 100, "{report}");
}

#[test]
fn a_queue_that_does_not_look_again_is_found_out() {
    let report = report(|| Queue::run(false));
    assert_says(&report, &["removal index (is 0) should be < len (is 0)"]);
}

#[test]
fn threads_that_wake_up_for_no_reason_wait_on() {
    for spurious in [20, 50] {
        schedules(100).spurious_wakeups(spurious).check(|| Queue::run(true));
        let report = schedules(100).spurious_wakeups(spurious).check(|| {
            let (mutex, condvar) = (Mutex::new(()), Condvar::new());
            assert!(condvar.wait_for(&mut mutex.lock(), HOUR).timed_out());
            assert_eq!(sim::elapsed(), HOUR);
            for capacity in CAPACITIES {
                assert_complete(&exchange(capacity, [1, 1], 3), 1, 3);
            }
        });
        assert!(report.distinct > 50, "{report}");
    }
}

#[test]
fn outside_of_a_bubble_threads_take_turns_by_a_condition() {
    let (turn, changed) = (Mutex::new(0), Condvar::new());
    thread::scope(|s| {
        for player in 0..3 {
            let (turn, changed) = (&turn, &changed);
            s.spawn(move || {
                for round in 0..100 {
                    let mut turn = turn.lock();
                    changed.wait_while(&mut turn, |turn| *turn % 3 != player);
                    assert_eq!(*turn, round * 3 + player);
                    *turn += 1;
                    changed.notify_all();
                }
            });
        }
    });
    assert!(changed.wait_for(&mut turn.lock(), Duration::from_millis(1)).timed_out());
    assert_eq!(turn.into_inner(), 300);
}

// Channels

/// The channels of all kinds.
fn ends<T>(capacity: Option<usize>) -> (Sender<T>, Receiver<T>) {
    capacity.map_or_else(channel::unbounded, channel::bounded)
}

const CAPACITIES: [Option<usize>; 4] = [Some(0), Some(1), Some(2), None];

#[test]
fn a_rendezvous_ends_when_the_message_is_in_the_hands_of_the_receiver() {
    exhaust(|| {
        let (sender, receiver) = channel::bounded(0);
        let asked = AtomicBool::new(false);
        sim::scope(|s| {
            s.spawn("receiver", || {
                asked.store(true, SeqCst);
                assert_eq!(receiver.recv(), Ok(7));
            });
            assert_eq!(sender.send(7), Ok(()));
            assert!(asked.load(SeqCst), "nobody has asked for it yet");
            assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty), "it cannot be had again");
        });
    });
}

#[test]
fn an_attempt_at_a_rendezvous_needs_somebody_who_waits() {
    exhaust(|| {
        let (sender, receiver) = channel::bounded(0);
        assert_eq!(sender.try_send(1), Err(TrySendError::Full(1)));
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        let receiving = sim::spawn("receiver", {
            let receiver = receiver.clone();
            move || receiver.recv()
        });
        sim::wait_idle();
        sim::assert_blocked(&receiving, "channel::recv");
        assert_eq!(sender.try_send(2), Ok(()));
        assert_eq!(sender.try_send(3), Err(TrySendError::Full(3)), "it has its message");
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty), "the other one has it");
        assert_eq!(receiving.join().unwrap(), Ok(2));
        let sending = sim::spawn("sender", {
            let sender = sender.clone();
            move || sender.send(4)
        });
        sim::wait_idle();
        sim::assert_blocked(&sending, "channel::send");
        assert_eq!((sender.len(), sender.is_empty(), sender.is_full()), (0, true, true));
        assert_eq!(receiver.try_recv(), Ok(4));
        assert_eq!(sending.join().unwrap(), Ok(()));
    });
}

#[test]
fn senders_that_wait_at_a_rendezvous_are_served_in_the_order_in_which_they_came() {
    exhaust(|| {
        let (sender, receiver) = channel::bounded(0);
        let senders = [1, 2].map(|message| {
            let sender = sender.clone();
            let handle = sim::spawn(format!("{message}"), move || sender.send(message));
            sim::wait_idle();
            handle
        });
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [1, 2]);
        assert!(senders.into_iter().all(|sender| sender.join().unwrap().is_ok()));
    });
}

#[test]
fn receivers_that_wait_at_a_rendezvous_are_served_in_the_order_in_which_they_came() {
    exhaust(|| {
        let (sender, receiver) = channel::bounded(0);
        let receivers = [1, 2].map(|_| {
            let receiver = receiver.clone();
            let handle = sim::spawn("receiver", move || receiver.recv());
            sim::wait_idle();
            handle
        });
        assert_eq!([sender.try_send(1), sender.try_send(2)], [Ok(()), Ok(())]);
        assert_eq!(receivers.map(|receiver| receiver.join().unwrap()), [Ok(1), Ok(2)]);
    });
}

#[test]
fn a_buffer_holds_what_it_has_room_for_and_no_more() {
    exhaust(|| {
        let (sender, receiver) = channel::bounded(2);
        assert_eq!((sender.capacity(), receiver.capacity()), (Some(2), Some(2)));
        let sending = sim::spawn("sender", move || {
            for message in 1..=4 {
                sender.send(message).expect("the receiver is there");
            }
        });
        for first in 1..=2 {
            sim::wait_idle();
            sim::assert_blocked(&sending, "channel::send");
            assert_eq!((receiver.len(), receiver.is_full()), (2, true));
            assert_eq!(receiver.recv(), Ok(first));
        }
        sending.join().unwrap();
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [3, 4]);
        assert!(receiver.is_empty() && !receiver.is_full());
        let (sender, receiver) = channel::unbounded();
        (0..100).for_each(|message| sender.try_send(message).expect("there is always room"));
        assert_eq!((receiver.len(), receiver.capacity(), sender.is_full()), (100, None, false));
        assert!(receiver.try_iter().eq(0..100));
    });
}

#[test]
fn room_that_a_sender_was_woken_for_may_be_taken_by_another() {
    let outcomes = sim::outcomes(|| {
        let (sender, receiver) = channel::bounded(1);
        sender.send("first").unwrap();
        let waits = sim::spawn("waits", {
            let sender = sender.clone();
            move || sender.send("waits")
        });
        sim::wait_idle();
        assert_eq!(receiver.recv(), Ok("first"));
        let hasty = sender.try_send("hasty").is_ok();
        drop(sender);
        let messages: Vec<_> = receiver.iter().collect();
        waits.join().unwrap().unwrap();
        assert_eq!(messages, if hasty { vec!["hasty", "waits"] } else { vec!["waits"] });
        hasty
    });
    outcomes.exactly([false, true]).exhausted();
}

#[test]
fn receivers_are_woken_when_the_last_sender_is_gone() {
    for capacity in CAPACITIES {
        exhaust(move || {
            let (sender, receiver) = ends::<u32>(capacity);
            let other = sender.clone();
            let receivers = ["a", "b"].map(|name| {
                let receiver = receiver.clone();
                sim::spawn(name, move || receiver.recv())
            });
            drop(sender);
            sim::wait_idle();
            for thread in &receivers {
                sim::assert_blocked(thread, "channel::recv");
            }
            drop(other);
            for thread in receivers {
                assert_eq!(thread.join().unwrap(), Err(RecvError));
            }
            assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
            assert_eq!(receiver.recv_timeout(HOUR), Err(RecvTimeoutError::Disconnected));
            assert_eq!(sim::elapsed(), Duration::ZERO);
        });
    }
}

#[test]
fn senders_have_their_messages_back_when_the_last_receiver_is_gone() {
    for capacity in CAPACITIES {
        exhaust(move || {
            let (sender, receiver) = ends(capacity);
            (0..capacity.unwrap_or(0)).for_each(|_| sender.send(0).unwrap());
            let other = receiver.clone();
            drop(receiver);
            let blocked = capacity.map(|_| {
                let threads = [1, 2].map(|message| {
                    let sender = sender.clone();
                    (message, sim::spawn(format!("{message}"), move || sender.send(message)))
                });
                sim::wait_idle();
                for (_, thread) in &threads {
                    sim::assert_blocked(thread, "channel::send");
                }
                threads
            });
            drop(other);
            for (message, thread) in blocked.into_iter().flatten() {
                assert_eq!(thread.join().unwrap(), Err(SendError(message)));
            }
            assert_eq!(sender.try_send(3), Err(TrySendError::Disconnected(3)));
            let refused = sender.send_timeout(4, HOUR);
            assert_eq!(refused, Err(SendTimeoutError::Disconnected(4)));
            assert_eq!(sim::elapsed(), Duration::ZERO);
        });
    }
}

#[test]
fn what_has_been_sent_can_be_received_after_the_sender_is_gone() {
    exhaust(|| {
        let (sender, receiver) = channel::bounded(3);
        sim::scope(|s| {
            s.spawn("sender", move || (1..=3).for_each(|message| sender.send(message).unwrap()));
            assert_eq!(receiver.into_iter().collect::<Vec<_>>(), [1, 2, 3]);
        });
    });
}

/// Some producers send to some consumers. Returns what each consumer got: from whom, and which.
fn exchange(
    capacity: Option<usize>,
    [producers, consumers]: [usize; 2],
    each: u32,
) -> Vec<Vec<(usize, u32)>> {
    let (sender, receiver) = ends(capacity);
    sim::scope(|s| {
        for producer in 0..producers {
            let sender = sender.clone();
            s.spawn(format!("producer {producer}"), move || {
                (0..each).for_each(|nth| sender.send((producer, nth)).expect("somebody receives"));
            });
        }
        drop(sender);
        let consume = |consumer| {
            let receiver = receiver.clone();
            s.spawn(format!("consumer {consumer}"), move || receiver.iter().collect())
        };
        let threads: Vec<_> = (0..consumers).map(consume).collect();
        threads.into_iter().map(|thread| thread.join().expect("it has ended well")).collect()
    })
}

/// Each message has been received once, and in order.
fn assert_complete(received: &[Vec<(usize, u32)>], producers: usize, each: u32) {
    for producer in 0..producers {
        let of_producer = |got: &Vec<(usize, u32)>| -> Vec<u32> {
            got.iter().filter(|(from, _)| *from == producer).map(|(_, nth)| *nth).collect()
        };
        let parts: Vec<_> = received.iter().map(of_producer).collect();
        assert!(parts.iter().all(|part| part.is_sorted()), "out of order: {received:?}");
        let mut all = parts.concat();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..each), "lost or doubled: {received:?}");
    }
}

#[test]
fn producers_and_consumers_lose_and_double_nothing() {
    for capacity in CAPACITIES {
        for (threads, preemptions) in [([2, 1], 1), ([1, 2], 1), ([2, 2], 0)] {
            let report = sim::Builder::new().exhaustive(preemptions).check(move || {
                assert_complete(&exchange(capacity, threads, 1), threads[0], 1);
            });
            assert!(report.exhausted, "{report}");
        }
        let report = schedules(200).check(move || {
            assert_complete(&exchange(capacity, [2, 2], 4), 2, 4);
        });
        assert!(report.distinct > 100, "{report}");
    }
}

#[test]
fn a_message_goes_to_either_of_two_consumers() {
    for capacity in CAPACITIES {
        let outcomes = sim::Builder::new().exhaustive(1).outcomes(move || {
            let received = exchange(capacity, [1, 2], 2);
            [received[0].len(), received[1].len()]
        });
        outcomes.exactly([[0, 2], [1, 1], [2, 0]]).exhausted();
    }
}

#[test]
fn one_producer_and_one_consumer_keep_the_order() {
    for capacity in CAPACITIES {
        exhaust(move || {
            let (sender, receiver) = ends(capacity);
            sim::scope(|s| {
                s.spawn("producer", move || (0..3).for_each(|nth| sender.send(nth).unwrap()));
                assert!(receiver.iter().eq(0..3));
            });
        });
    }
}

#[test]
fn attempts_and_looks_find_what_has_been_done_by_then() {
    for capacity in [Some(2), None] {
        let outcomes = sim::outcomes(move || {
            let (sender, receiver) = ends(capacity);
            sim::scope(|s| {
                s.spawn("sender", move || sender.send("it").expect("the receiver is there"));
                let attempt = || match receiver.try_recv() {
                    Ok(message) => message,
                    Err(TryRecvError::Empty) => "empty",
                    Err(TryRecvError::Disconnected) => "over",
                };
                (receiver.len(), attempt(), attempt())
            })
        });
        let not_yet = [(0, "empty", "empty"), (0, "empty", "it"), (0, "it", "empty")];
        let already = [(0, "it", "over"), (1, "it", "empty"), (1, "it", "over")];
        outcomes.exactly(not_yet.into_iter().chain(already)).exhausted();
    }
}

#[test]
fn timeouts_take_just_their_time_and_give_the_message_back() {
    for capacity in CAPACITIES {
        exhaust(move || {
            let (sender, receiver) = ends(capacity);
            assert_eq!(receiver.recv_timeout(HOUR), Err(RecvTimeoutError::Timeout));
            assert_eq!(sim::elapsed(), HOUR);
            let deadline = sim::now() + HOUR;
            assert_eq!(receiver.recv_deadline(deadline), Err(RecvTimeoutError::Timeout));
            assert_eq!(sim::elapsed(), HOUR * 2);
            (0..capacity.unwrap_or(3)).for_each(|message| sender.send(message).unwrap());
            if capacity.is_some() {
                assert_eq!(sender.send_timeout(9, HOUR), Err(SendTimeoutError::Timeout(9)));
                let deadline = sim::now() + HOUR;
                assert_eq!(sender.send_deadline(9, deadline), Err(SendTimeoutError::Timeout(9)));
                assert_eq!(sim::elapsed(), HOUR * 4);
            }
            assert!(receiver.try_iter().eq(0..capacity.unwrap_or(3)), "nothing is left behind");
            assert_eq!(receiver.recv_timeout(Duration::ZERO), Err(RecvTimeoutError::Timeout));
        });
    }
}

#[test]
fn a_message_at_the_deadline_is_received_or_stays_with_the_sender() {
    for capacity in [Some(0), Some(1)] {
        let outcomes = sim::outcomes(move || {
            let (sender, receiver) = ends(capacity);
            let message = sim::scope(|s| {
                let thread = s.spawn("receiver", || receiver.recv_timeout(SECOND).ok());
                pause(SECOND);
                let sent = sender.try_send("message").is_ok();
                let message = thread.join().unwrap().or_else(|| receiver.try_recv().ok());
                assert_eq!(message.is_some(), sent);
                message
            });
            assert_eq!(sim::elapsed(), SECOND);
            message
        });
        let seen = outcomes.exhausted().seen().keys().copied().collect::<Vec<_>>();
        let expected =
            if capacity == Some(0) { vec![None, Some("message")] } else { vec![Some("message")] };
        assert_eq!(seen, expected);
    }
}

#[test]
fn a_sender_that_gives_up_at_a_rendezvous_has_its_message_or_has_given_it() {
    let outcomes = sim::outcomes(|| {
        let (sender, receiver) = channel::bounded(0);
        sim::scope(|s| {
            let sent = s.spawn("sender", || sender.send_timeout("message", SECOND));
            pause(SECOND);
            let message = receiver.try_recv();
            match sent.join().unwrap() {
                Ok(()) => assert_eq!(message, Ok("message")),
                Err(SendTimeoutError::Timeout(back)) => {
                    assert_eq!((back, message), ("message", Err(TryRecvError::Empty)));
                }
                Err(SendTimeoutError::Disconnected(_)) => panic!("the receiver is there"),
            }
            message.is_ok()
        })
    });
    outcomes.exactly([false, true]).exhausted();
}

#[test]
fn a_receive_that_panics_leaves_no_wish_behind() {
    exhaust(|| {
        let (sender, receiver) = channel::bounded(0);
        let receive = || sim::atomically(|| receiver.recv());
        std::panic::catch_unwind(receive).expect_err("it would block");
        assert_eq!(sender.try_send(1), Err(TrySendError::Full(1)));
        let send = || sim::atomically(|| sender.send(2));
        std::panic::catch_unwind(send).expect_err("it would block");
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    });
}

/// A message that takes its time, and sends another, when it is dropped.
struct Echo(Sender<u32>, Option<Receiver<Echo>>);

impl Drop for Echo {
    fn drop(&mut self) {
        if sim::in_bubble() {
            pause(SECOND);
        }
        self.0.send(1).expect("somebody listens");
        if let Some(receiver) = &self.1 {
            assert!(receiver.is_empty());
        }
    }
}

#[test]
fn messages_are_dropped_outside_of_the_lock() {
    let body = || {
        for capacity in [Some(2), None] {
            let (echoes, heard) = channel::unbounded();
            let (sender, receiver) = ends(capacity);
            sender.send(Echo(echoes.clone(), None)).unwrap_or_else(|_| panic!("it is there"));
            let seat = receiver.clone();
            drop(receiver);
            drop(seat);
            assert_eq!(heard.len(), usize::from(capacity.is_none()));
            drop(sender);
            assert_eq!(heard.len(), 1, "it goes with the channel");
            let (sender, receiver) = ends(capacity);
            drop(sender.try_send(Echo(echoes, Some(receiver.clone()))));
            drop(receiver.recv());
            assert_eq!(heard.len(), 2);
        }
    };
    exhaust(body);
    body();
}

#[test]
fn a_channel_that_nobody_sends_to_is_reported() {
    let report = report(|| {
        let (_sender, receiver) = channel::unbounded::<()>();
        for () in &receiver {} // receives
    });
    let blocked = format!("is blocked in channel::recv at {}", place("receives"));
    assert_says(&report, &["DEADLOCK", &blocked]);
}

#[test]
fn ends_of_the_same_channel_know_each_other() {
    let (sender, receiver) = channel::unbounded::<()>();
    let (other_sender, other_receiver) = channel::unbounded::<()>();
    assert!(sender.same_channel(&sender.clone()) && !sender.same_channel(&other_sender));
    assert!(receiver.same_channel(&receiver.clone()) && !receiver.same_channel(&other_receiver));
}

#[test]
fn outside_of_a_bubble_a_channel_is_a_channel() {
    for capacity in CAPACITIES {
        let (sender, receiver) = ends(capacity);
        let mut all: Vec<u32> = thread::scope(|s| {
            for producer in 0..3 {
                let sender = sender.clone();
                s.spawn(move || (0..200).for_each(|n| sender.send(producer * 200 + n).unwrap()));
            }
            drop(sender);
            let consumers: Vec<_> =
                (0..2).map(|_| s.spawn(|| receiver.iter().collect::<Vec<_>>())).collect();
            consumers.into_iter().flat_map(|consumer| consumer.join().unwrap()).collect()
        });
        all.sort_unstable();
        assert!(all.into_iter().eq(0..600), "{capacity:?}");
        let (sender, receiver) = ends(capacity);
        let soon = Duration::from_millis(1);
        assert_eq!(receiver.recv_timeout(soon), Err(RecvTimeoutError::Timeout));
        if capacity == Some(0) {
            assert_eq!(sender.send_timeout(1, soon), Err(SendTimeoutError::Timeout(1)));
            assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        }
        drop(receiver);
        assert_eq!(sender.send(2), Err(SendError(2)));
    }
}

// Atomic words

/// What becomes of a word that two threads change in the same way.
fn changed_by_two(change: fn(&AtomicU64)) -> sim::Outcomes<u64> {
    sim::outcomes(move || {
        let word = AtomicU64::new(0);
        sim::scope(|s| {
            s.spawn("a", || change(&word));
            s.spawn("b", || change(&word));
        });
        word.into_inner()
    })
}

#[test]
fn a_load_and_a_store_may_lose_an_update() {
    let lossy = changed_by_two(|word| word.store(word.load(Relaxed) + 1, Relaxed));
    lossy.exactly([1, 2]).exhausted();
    let report = report(|| {
        let word = AtomicU64::new(0);
        sim::scope(|s| {
            for name in ["a", "b"] {
                s.spawn(name, || word.store(word.load(Relaxed) + 1, Relaxed)); // loses
            }
        });
        assert_eq!(word.into_inner(), 2);
    });
    let (load, store) = (format!("at {}", place("loses")), "interrupted before store");
    assert_says(&report, &["left: 1", &load, store]);
}

#[test]
fn every_operation_is_a_step() {
    let operations: [fn(&AtomicU64); 6] = [
        |word| word.store(1, Relaxed),
        |word| _ = word.swap(1, Relaxed),
        |word| _ = word.fetch_add(1, Relaxed),
        |word| _ = word.compare_exchange(0, 1, Relaxed, Relaxed),
        |word| _ = word.compare_exchange_weak(0, 1, Relaxed, Relaxed),
        |word| _ = word.fetch_update(Relaxed, Relaxed, |_| Some(1)),
    ];
    for operation in operations {
        let outcomes = sim::outcomes(move || {
            let (before, word) = (AtomicBool::new(false), AtomicU64::new(0));
            sim::scope(|s| {
                s.spawn("writes", || {
                    before.fetch_not(Relaxed);
                    operation(&word);
                });
                (before.load(Relaxed), word.load(Relaxed))
            })
        });
        outcomes.exactly([(false, 0), (false, 1), (true, 0), (true, 1)]).exhausted();
    }
}

#[test]
fn an_update_in_one_step_is_never_lost() {
    let add: [fn(&AtomicU64); 3] = [
        |word| _ = word.fetch_add(1, Relaxed),
        |word| _ = word.fetch_update(Relaxed, Relaxed, |value| Some(value + 1)),
        |word| {
            let mut value = word.load(Relaxed);
            while let Err(now) = word.compare_exchange_weak(value, value + 1, Relaxed, Relaxed) {
                value = now;
            }
        },
    ];
    for add in add {
        changed_by_two(add).exactly([2]).exhausted();
    }
}

#[test]
fn a_pointer_is_swapped_by_one_of_two() {
    fn install(word: &AtomicPtr<i32>, value: &mut i32) -> bool {
        word.compare_exchange(std::ptr::null_mut(), value, SeqCst, SeqCst).is_ok()
    }
    let outcomes = sim::outcomes(|| {
        let (mut one, mut other) = (1, 2);
        let word = AtomicPtr::default();
        sim::scope(|s| {
            let a = s.spawn("a", || install(&word, &mut one));
            let b = s.spawn("b", || install(&word, &mut other));
            (a.join().unwrap(), b.join().unwrap())
        })
    });
    outcomes.exactly([(true, false), (false, true)]).exhausted();
}

#[test]
#[expect(clippy::disallowed_types, reason = "they are what ours are compared with")]
fn words_do_what_those_of_std_do() {
    use phalanx::sim::sync::atomic as ours;
    use std::sync::atomic as std;
    macro_rules! both {
        ($($name:ident: $($call:ident($($arg:expr),*)),*;)*) => {$({
            let (one, mut other) = (ours::$name::default(), std::$name::default());
            $(
                assert_eq!(one.$call($($arg),*), other.$call($($arg),*), stringify!($name));
            )*
            assert_eq!(format!("{one:?}"), format!("{other:?}"));
            let mut one = ours::$name::from(one.into_inner());
            assert_eq!(one.get_mut(), other.get_mut());
        })*};
    }
    macro_rules! integers {
        ($($name:ident)*) => {
            both! {$(
                $name: swap(100, SeqCst), fetch_add(100, SeqCst), fetch_add(100, SeqCst),
                    fetch_sub(9, SeqCst), fetch_and(0x5f, SeqCst), fetch_nand(0x3c, SeqCst),
                    fetch_or(0x11, SeqCst), fetch_xor(0x0f, SeqCst), fetch_max(7, SeqCst),
                    fetch_min(90, SeqCst), compare_exchange(1, 2, SeqCst, Relaxed),
                    store(5, SeqCst), compare_exchange(5, 6, SeqCst, Relaxed), load(SeqCst),
                    fetch_update(SeqCst, SeqCst, |value| value.checked_add(1)),
                    fetch_update(SeqCst, SeqCst, |_| None);
            )*}
        };
    }
    integers!(AtomicI8 AtomicU8 AtomicI16 AtomicU16 AtomicI32 AtomicU32 AtomicI64 AtomicU64
        AtomicIsize AtomicUsize);
    both! {
        AtomicBool: swap(true, SeqCst), fetch_and(false, SeqCst), fetch_or(true, SeqCst),
            fetch_nand(true, SeqCst), fetch_xor(true, SeqCst), fetch_not(SeqCst),
            store(true, SeqCst), compare_exchange(true, false, SeqCst, SeqCst), load(SeqCst),
            fetch_update(SeqCst, SeqCst, |value| Some(!value));
    }
}
