//! `Mutex` and `RwLock`: what their names mean, and waits with a bound on real threads.

#![expect(clippy::disallowed_methods, reason = "tests read the clock")]

mod support;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::lock_api;
use phalanx::lock::{
    MappedMutexGuard, MutexGuard, MutexUntil, RawMutex, RawRwLock, RwLockReadGuard, RwLockUntil,
    RwLockUpgradableReadGuard, RwLockWriteGuard,
};
use phalanx::{Cond, Context, Interrupted, Mutex, RwLock, Until};
use support::asleep::Sleeper;
use support::watchdog;

const HOUR: Duration = Duration::from_secs(3600);
const NOW: Duration = Duration::ZERO;

/// Code that takes any lock of `lock_api`.
fn incremented<R: lock_api::RawMutex>(mutex: &lock_api::Mutex<R, u32>) -> u32 {
    let mut guard = mutex.lock();
    *guard += 1;
    *guard
}

/// Without a bound on what the features are: it compiles with each of them, and with none.
#[test]
fn the_names_mean_types_of_lock_api_over_locks_of_the_crate() {
    let mutex: lock_api::Mutex<RawMutex, u32> = Mutex::new(1);
    let lock: lock_api::RwLock<RawRwLock, u32> = RwLock::new(1);
    let guard: lock_api::MutexGuard<'_, RawMutex, u32> = mutex.lock();
    let mapped: MappedMutexGuard<'_, u32> = MutexGuard::map(guard, |n| n);
    assert_eq!(*mapped, 1);
    drop(mapped);
    assert_eq!((incremented(&mutex), incremented(&parking_lot::Mutex::new(1))), (2, 2));
    let reader: RwLockReadGuard<'_, u32> = lock.read();
    assert!(lock.is_locked() && !lock.is_locked_exclusive());
    drop(reader);
    let upgradable = lock.upgradable_read();
    let mut writer: RwLockWriteGuard<'_, u32> = RwLockUpgradableReadGuard::upgrade(upgradable);
    *writer = 3;
    assert!(lock.is_locked_exclusive() && lock.try_read_recursive().is_none());
    drop(writer);
    assert_eq!((lock.into_inner(), mutex.into_inner()), (3, 2));
}

#[test]
fn a_condition_takes_the_guards() {
    watchdog(|| {
        let (open, opened) = (Mutex::new(false), Cond::new());
        thread::scope(|s| {
            s.spawn(|| {
                *open.lock() = true;
                opened.signal();
            });
            opened.wait_while(&mut open.lock_until(HOUR).unwrap(), |open| !*open);
        });
    });
}

#[test]
fn a_free_lock_is_taken_under_any_bound_that_is_not_a_context_that_has_ended() {
    watchdog(|| {
        let (ctx, canceller) = Context::background().with_cancel();
        let past = Instant::now().checked_sub(HOUR).unwrap_or_else(Instant::now);
        let (mutex, lock) = (Mutex::new(()), RwLock::new(()));
        let bounds = [
            Until::FOREVER,
            NOW.into(),
            HOUR.into(),
            Duration::MAX.into(),
            past.into(),
            (&ctx).into(),
            (&ctx, NOW).into(),
        ];
        for until in bounds {
            assert!(mutex.lock_until(until).is_ok(), "{until:?}");
            assert!(lock.read_until(until).is_ok(), "{until:?}");
            assert!(lock.write_until(until).is_ok(), "{until:?}");
            assert!(lock.upgradable_read_until(until).is_ok(), "{until:?}");
        }
        canceller.cancel_because("the reason");
        let refused = mutex.lock_until(&ctx).unwrap_err();
        let cause = phalanx::cause_of(&refused).unwrap();
        assert_eq!(cause.error().unwrap().to_string(), "the reason", "{refused}");
        assert!(lock.read_until(&ctx).is_err() && lock.write_until(&ctx).is_err());
        assert!(lock.upgradable_read_until((&ctx, HOUR)).is_err());
        assert!(mutex.try_lock().is_some() && lock.try_write().is_some());
    });
}

#[test]
fn a_taken_lock_is_waited_for_no_longer_than_the_bound() {
    watchdog(|| {
        let (ctx, _canceller) = Context::background().with_cancel();
        let (mutex, lock) = (Mutex::new(()), RwLock::new(()));
        let (_guard, _writer) = (mutex.lock(), lock.write());
        for until in [Until::from(NOW), Until::from((&ctx, NOW))] {
            assert!(matches!(mutex.lock_until(until), Err(Interrupted::TimedOut)));
            assert!(matches!(lock.read_until(until), Err(Interrupted::TimedOut)));
            assert!(matches!(lock.write_until(until), Err(Interrupted::TimedOut)));
            assert!(matches!(lock.upgradable_read_until(until), Err(Interrupted::TimedOut)));
        }
    });
}

/// Has a thread wait in `wait`, and calls `end` when it is asleep.
fn asleep_until<R: Send>(wait: impl FnOnce() -> R + Send, end: impl FnOnce()) -> R {
    let sleeper = Sleeper::default();
    thread::scope(|s| {
        let waiter = s.spawn({
            let sleeper = sleeper.clone();
            move || {
                sleeper.here();
                wait()
            }
        });
        sleeper.until_asleep();
        end();
        waiter.join().expect("nothing panics")
    })
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_sleeping_thread_is_woken_by_a_cancellation_and_by_an_unlock() {
    watchdog(|| {
        let (mutex, lock) = (Mutex::new(()), RwLock::new(()));
        let (ctx, canceller) = Context::background().with_cancel();
        let guard = mutex.lock();
        assert!(asleep_until(|| mutex.lock_until(&ctx).is_err(), || drop(canceller)));

        let (ctx, _canceller) = Context::background().with_cancel();
        assert!(asleep_until(|| mutex.lock_until(&ctx).is_ok(), || drop(guard)));
        let guard = mutex.lock();
        assert!(asleep_until(|| mutex.lock_until(&ctx).is_ok(), || MutexGuard::unlock_fair(guard)));

        let guard = lock.read();
        assert!(asleep_until(|| lock.write_until(&ctx).is_ok(), || drop(guard)));
        let guard = lock.write();
        assert!(asleep_until(|| lock.read_until(&ctx).is_ok(), || drop(guard)));
        let guard = lock.write();
        let downgraded = || drop(RwLockWriteGuard::downgrade(guard));
        assert!(asleep_until(|| lock.read_until(&ctx).is_ok(), downgraded));
        let guard = lock.upgradable_read();
        assert!(asleep_until(|| lock.upgradable_read_until(&ctx).is_ok(), || drop(guard)));
    });
}

/// Every thread gets its turns though others get theirs in another way; a lost wake-up would hang it.
#[test]
fn threads_that_wait_in_different_ways_take_turns() {
    const TURNS: u64 = 3000;
    watchdog(|| {
        let (ctx, _canceller) = Context::background().with_cancel();
        let (mutex, lock) = (Arc::new(Mutex::new(0)), RwLock::new(0));
        thread::scope(|s| {
            for _ in 0..2 {
                s.spawn(|| (0..TURNS).for_each(|_| *mutex.lock() += 1));
                s.spawn(|| (0..TURNS).for_each(|_| *mutex.lock_until(&ctx).unwrap() += 1));
                s.spawn(|| (0..TURNS).for_each(|_| *mutex.lock_until(HOUR).unwrap() += 1));
                s.spawn(|| (0..TURNS).for_each(|_| *lock.write_until(&ctx).unwrap() += 1));
                s.spawn(|| (0..TURNS).for_each(|_| *lock.write() += 1));
                s.spawn(|| (0..TURNS).for_each(|_| assert!(*lock.read_until(&ctx).unwrap() >= 0)));
                s.spawn(|| {
                    (0..TURNS).for_each(|_| {
                        let guard = lock.upgradable_read_until(&ctx).unwrap();
                        *RwLockUpgradableReadGuard::upgrade(guard) += 1;
                    });
                });
            }
        });
        assert_eq!((*mutex.lock(), *lock.read()), (6 * TURNS, 6 * i64::try_from(TURNS).unwrap()));
    });
}
