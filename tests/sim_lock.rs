//! The races of locks that are waited for with a bound, in the simulator.

#![cfg(feature = "sim")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use phalanx::lock::{
    MutexGuard, MutexUntil, RwLockUntil, RwLockUpgradableReadGuard, RwLockWriteGuard,
};
use phalanx::sim::{self, Builder, Script};
use phalanx::{Context, Counter, Interrupted, Mutex, RwLock};
use support::schedules::{always, pause, play};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// A context that nobody ends: with it a thread waits in the crate's own queue.
fn live() -> (Context, phalanx::Canceller) {
    Context::background().with_cancel()
}

#[test]
fn a_thread_that_waits_with_a_context_gets_the_lock_when_it_comes_free() {
    always(3, || {
        let (mutex, (ctx, _canceller)) = (Mutex::new(0), live());
        sim::scope(|s| {
            s.spawn("other", || *mutex.lock() += 1);
            *mutex.lock_until(&ctx).unwrap() += 1;
        });
        assert_eq!(*mutex.lock(), 2);
    });
}

#[test]
fn of_threads_that_wait_in_either_way_each_gets_the_lock() {
    always(2, || {
        let (mutex, (ctx, _canceller)) = (Mutex::new(0), live());
        sim::scope(|s| {
            s.spawn("bounded", || *mutex.lock_until(&ctx).unwrap() += 1);
            s.spawn("plain", || *mutex.lock() += 1);
            *mutex.lock_until(&ctx).unwrap() += 1;
        });
        assert_eq!(*mutex.lock(), 3);
    });
}

#[test]
fn many_threads_take_turns_whatever_the_schedule() {
    Builder::new().iterations(300).check(|| {
        let (lock, (ctx, _canceller)) = (RwLock::new(0), live());
        sim::scope(|s| {
            for _ in 0..2 {
                s.spawn("writer", || *lock.write_until(&ctx).unwrap() += 1);
                s.spawn("plain writer", || *lock.write() += 1);
                s.spawn("reader", || assert!(*lock.read_until(&ctx).unwrap() <= 6));
                s.spawn("upgradable", || {
                    let guard = lock.upgradable_read_until(&ctx).unwrap();
                    *RwLockUpgradableReadGuard::upgrade(guard) += 1;
                });
            }
        });
        assert_eq!(*lock.read(), 6);
    });
}

#[test]
fn a_cancellation_wakes_a_thread_that_waits_for_a_lock() {
    always(2, || {
        let (mutex, (ctx, canceller)) = (Mutex::new(()), live());
        let guard = mutex.lock();
        sim::scope(|s| {
            let waiter = s.spawn("waiter", || mutex.lock_until((&ctx, HOUR)).err());
            canceller.cancel();
            assert!(matches!(waiter.join().unwrap(), Some(Interrupted::Cancelled(_))));
        });
        assert_eq!(sim::elapsed(), Duration::ZERO);
        drop(guard);
        assert!(mutex.try_lock().is_some(), "it was not taken");
        assert!(mutex.lock_until(&ctx).is_err(), "the context has ended, though the lock is free");
    });
}

#[test]
fn a_bound_ends_the_wait_in_its_instant() {
    sim::check(|| {
        let (mutex, lock, (ctx, _canceller)) = (Mutex::new(()), RwLock::new(()), live());
        let (first, second) = (mutex.lock(), lock.read());
        sim::scope(|s| {
            s.spawn("waiter", || {
                assert!(matches!(mutex.lock_until(SECOND), Err(Interrupted::TimedOut)));
                assert!(matches!(mutex.lock_until((&ctx, SECOND)), Err(Interrupted::TimedOut)));
                assert!(lock.write_until(SECOND).is_err());
                assert!(lock.write_until((&ctx, SECOND)).is_err());
                assert!(lock.read_until((&ctx, SECOND)).is_ok());
                assert!(lock.upgradable_read_until(SECOND).is_ok());
                assert_eq!(sim::elapsed(), 4 * SECOND);
            });
        });
        drop((first, second));
        assert!(mutex.lock_until(Duration::ZERO).is_ok() && lock.write_until(&ctx).is_ok());
    });
}

#[test]
fn a_lock_that_comes_free_at_the_bound_is_taken_or_left() {
    sim::outcomes(|| {
        let (mutex, (ctx, _canceller)) = (Arc::new(Mutex::new(())), live());
        let guard = mutex.lock();
        let waiter = sim::spawn("waiter", {
            let mutex = Arc::clone(&mutex);
            move || mutex.lock_until((&ctx, SECOND)).is_ok()
        });
        pause(SECOND);
        drop(guard);
        let taken = waiter.join().unwrap();
        assert!(mutex.try_lock().is_some(), "it is free again");
        taken
    })
    .exactly([true, false])
    .exhausted();
}

#[test]
fn a_lock_that_came_free_before_a_cancel_is_taken_though_the_wake_up_comes_later() {
    let script = Script::new().run("root").to_block().run("holder").until("held");
    let script = script.run("waiter").to_block().run("holder").until("lock"); // of the queue
    let script = script.run("canceller").to_end().run("waiter").to_end().run("holder").to_end();
    play(script, || {
        let (mutex, (ctx, canceller)) = (Mutex::new(()), live());
        sim::scope(|s| {
            s.spawn("holder", || {
                let guard = mutex.lock();
                sim::label("held");
                drop(guard);
            });
            s.spawn("waiter", || assert!(mutex.lock_until(&ctx).is_ok()));
            s.spawn("canceller", || canceller.cancel());
        });
        assert!(mutex.lock_until(&ctx).is_err(), "the context had ended before the call");
    });
}

#[test]
fn the_last_of_the_readers_lets_a_writer_in() {
    always(2, || {
        let (lock, (ctx, _canceller)) = (RwLock::new(0), live());
        sim::scope(|s| {
            for name in ["first", "second"] {
                s.spawn(name, || {
                    let value = lock.read();
                    sim::label("inside"); // others may run while it has the lock
                    assert!(*value < 2);
                });
            }
            *lock.write_until(&ctx).unwrap() = 1;
        });
    });
}

/// Each thread that is woken takes steps. What a reader that leaves may take is one look at the lock.
#[test]
fn a_reader_that_leaves_others_behind_wakes_no_thread() {
    let steps = |readers: usize, waits: bool| {
        let report = Builder::new().exhaustive(0).check(move || {
            let (lock, (ctx, canceller)) = (RwLock::new(0), live());
            let upgradable = lock.upgradable_read();
            sim::scope(|s| {
                // Kept out by the upgradable reader alone.
                s.spawn("waiter", || drop(waits.then(|| lock.upgradable_read_until(&ctx))));
                sim::wait_idle();
                for _ in 0..readers {
                    drop(lock.read());
                    sim::wait_idle();
                }
                canceller.cancel();
            });
            drop(upgradable);
        });
        report.max_steps
    };
    let of_ten = |waits| steps(10, waits) - steps(0, waits);
    assert_eq!(of_ten(true) - of_ten(false), 10);
}

#[test]
fn a_writer_lets_all_readers_in_at_once() {
    always(2, || {
        let (lock, inside, (ctx, _canceller)) = (RwLock::new(0), Counter::new(0), live());
        let guard = lock.write();
        sim::scope(|s| {
            for name in ["first", "second"] {
                s.spawn(name, || {
                    let _guard = lock.read_until(&ctx).unwrap();
                    _ = inside.inc();
                    _ = inside.wait_for(|n| n == 2); // the other one is inside, too
                });
            }
            drop(guard);
        });
    });
}

#[test]
fn a_thread_that_gives_up_leaves_the_others_to_be_woken() {
    always(2, || {
        let (mutex, (ctx, _canceller)) = (Mutex::new(()), live());
        let (other, canceller) = live();
        let guard = mutex.lock();
        sim::scope(|s| {
            let patient = s.spawn("patient", || mutex.lock_until(&ctx).is_ok());
            let hasty = s.spawn("hasty", || mutex.lock_until(&other).is_err());
            canceller.cancel();
            assert!(hasty.join().unwrap());
            drop(guard);
            assert!(patient.join().unwrap());
        });
    });
}

#[test]
fn a_writer_that_becomes_a_reader_lets_readers_in() {
    always(2, || {
        let (lock, (ctx, _canceller)) = (RwLock::new(0), live());
        let writer = lock.write();
        sim::scope(|s| {
            let reader = s.spawn("reader", || *lock.read_until(&ctx).unwrap());
            let shared = RwLockWriteGuard::downgrade(writer);
            assert_eq!(reader.join().unwrap(), 0);
            drop(shared);
        });
    });
}

#[test]
fn an_upgradable_reader_that_becomes_a_reader_lets_the_next_one_in() {
    always(2, || {
        let (lock, (ctx, _canceller)) = (RwLock::new(0), live());
        let first = lock.upgradable_read();
        sim::scope(|s| {
            let second = s.spawn("second", || *lock.upgradable_read_until(&ctx).unwrap());
            let shared = RwLockUpgradableReadGuard::downgrade(first);
            assert_eq!(second.join().unwrap(), 0);
            drop(shared);
        });
    });
}

#[test]
fn a_writer_that_gives_up_lets_those_in_whom_it_kept_out() {
    always(2, || {
        let (lock, (ctx, _canceller)) = (RwLock::new(0), live());
        let reader = lock.read();
        sim::scope(|s| {
            let writer = s.spawn("writer", || lock.try_write_for(SECOND).is_none());
            let other = s.spawn("other", || *lock.read_until(&ctx).unwrap());
            assert_eq!(other.join().unwrap(), 0);
            assert!(writer.join().unwrap());
        });
        assert!(sim::elapsed() <= SECOND);
        drop(reader);
    });
}

#[test]
fn a_bumped_guard_may_let_a_thread_in_that_waits_with_a_context() {
    sim::outcomes(|| {
        let (mutex, (ctx, _canceller)) = (Mutex::new(0), live());
        sim::scope(|s| {
            let mut guard = mutex.lock();
            s.spawn("waiter", || *mutex.lock_until(&ctx).unwrap() += 1);
            MutexGuard::bump(&mut guard);
            *guard
        })
    })
    .exactly([0, 1])
    .exhausted();
}
