//! Handing permits out and taking them back: order, size, close, misuse.

#![expect(clippy::disallowed_methods, reason = "tests use std's threads")]
#![expect(clippy::disallowed_types, reason = "tests use std's atomics")]

mod support;

use std::error::Error;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use phalanx::{AcquireError, Context, Interrupted, Permit, Semaphore, TryAcquireError, Until};
use support::asleep::Sleeper;
use support::{Crowd, Log, panic_of, watchdog};

const SOON: Duration = Duration::ZERO;

/// What a call says, in a word.
fn said<T, E: Error + 'static>(result: Result<T, E>) -> &'static str {
    let Err(error) = result else { return "granted" };
    let error: &dyn Error = &error;
    match error.downcast_ref::<TryAcquireError>() {
        None => {}
        Some(TryAcquireError::Closed) => return "closed",
        Some(TryAcquireError::TooMany) => return "too many",
        Some(TryAcquireError::WouldBlock) => return "would block",
        Some(_) => return "another",
    }
    match error.downcast_ref::<AcquireError>() {
        Some(AcquireError::Closed) => "closed",
        Some(AcquireError::TooMany) => "too many",
        Some(AcquireError::Interrupted(Interrupted::TimedOut)) => "timed out",
        Some(AcquireError::Interrupted(Interrupted::Cancelled(_))) => "cancelled",
        _ => "another",
    }
}

/// How many permits are free, and how many there are.
fn counts(semaphore: &Semaphore) -> (usize, usize) {
    (semaphore.available(), semaphore.size())
}

// --- Permits come and go ----------------------------------------------------------------------

#[test]
fn permits_are_taken_and_given_back() {
    let semaphore = Semaphore::new(5);
    let two = semaphore.acquire(2).unwrap();
    assert_eq!((two.count(), counts(&semaphore)), (2, (3, 5)));
    let three = semaphore.try_acquire(3).unwrap();
    assert_eq!(counts(&semaphore), (0, 5));
    assert_eq!(said(semaphore.try_acquire(1)), "would block");
    drop(two);
    assert_eq!(counts(&semaphore), (2, 5));
    drop(three);
    assert_eq!(counts(&semaphore), (5, 5));
}

#[test]
#[cfg(all(target_pointer_width = "64", not(feature = "sim")))]
fn it_takes_40_bytes_on_64_bits() {
    assert_eq!(size_of::<Semaphore>(), 40);
}

#[test]
fn it_crosses_threads_and_panics_and_so_do_its_permits() {
    const fn all<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe>() {}
    const {
        all::<Semaphore>();
        all::<Permit<&'static Semaphore>>();
        all::<Permit<Arc<Semaphore>>>();
    }
}

#[test]
fn it_works_in_a_static() {
    static SLOTS: Semaphore = Semaphore::new(1);
    let permit: Permit<&'static Semaphore> = SLOTS.acquire(1).unwrap();
    thread::spawn(move || drop(permit)).join().unwrap();
    assert_eq!(SLOTS.available(), 1);
}

#[test]
fn an_owned_permit_keeps_the_semaphore() {
    let semaphore = Arc::new(Semaphore::new(3));
    let one = semaphore.acquire_owned(1).unwrap();
    let two = semaphore.acquire_owned_until(1, SOON).unwrap();
    let three = semaphore.try_acquire_owned(1).unwrap();
    assert_eq!(said(semaphore.try_acquire_owned(1)), "would block");
    assert_eq!(said(semaphore.acquire_owned_until(1, SOON)), "timed out");
    let weak = Arc::downgrade(&semaphore);
    drop(semaphore);
    drop((one, two));
    assert_eq!(three.semaphore().available(), 2);
    drop(three);
    assert!(weak.upgrade().is_none());
}

#[test]
fn no_more_are_inside_than_there_are_permits() {
    watchdog(|| {
        let (semaphore, crowd) = (Semaphore::new(3), Crowd::default());
        thread::scope(|s| {
            for n in 0..8 {
                let (semaphore, crowd) = (&semaphore, &crowd);
                s.spawn(move || {
                    for round in 0..500 {
                        let weight = 1 + (n + round) % 3;
                        let permit = semaphore.acquire(weight).unwrap();
                        crowd.visit(|| assert!(weight <= 3));
                        drop(permit);
                    }
                });
            }
        });
        assert!(crowd.most() <= 3);
        assert_eq!(counts(&semaphore), (3, 3));
    });
}

#[test]
fn a_holder_sees_what_the_one_before_it_did() {
    watchdog(|| {
        let (semaphore, plain) = (Semaphore::new(1), AtomicUsize::new(0));
        thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| {
                    for _ in 0..500 {
                        let _permit = semaphore.acquire(1).unwrap();
                        plain.store(plain.load(Relaxed) + 1, Relaxed);
                    }
                });
            }
        });
        assert_eq!(plain.into_inner(), 2000);
    });
}

#[test]
fn a_permit_comes_back_from_a_thread_that_panics() {
    watchdog(|| {
        let semaphore = Semaphore::new(1);
        drop(panic_of(|| {
            let _permit = semaphore.acquire(1).unwrap();
            panic!("on purpose");
        }));
        assert_eq!(semaphore.available(), 1);
    });
}

// --- Parts of permits -------------------------------------------------------------------------

#[test]
fn a_permit_is_split_and_merged() {
    let semaphore = Semaphore::new(5);
    let mut permit = semaphore.acquire(5).unwrap();
    let mut part = permit.split(2).unwrap();
    assert_eq!((permit.count(), part.count()), (3, 2));
    assert!(part.split(3).is_none());
    assert!(part.split(usize::MAX).is_none());
    assert_eq!(part.count(), 2, "nothing has changed");
    let nothing = part.split(0).unwrap();
    assert_eq!((nothing.count(), part.count()), (0, 2));
    drop(nothing);
    assert_eq!(semaphore.available(), 0);
    permit.merge(part);
    assert_eq!((permit.count(), semaphore.available()), (5, 0));
    let all = permit.split(5).unwrap();
    drop(permit);
    assert_eq!(semaphore.available(), 0);
    drop(all);
    assert_eq!(semaphore.available(), 5);
}

#[test]
fn parts_of_an_owned_permit_are_owned() {
    let semaphore = Arc::new(Semaphore::new(2));
    let mut permit = semaphore.acquire_owned(2).unwrap();
    let part = permit.split(1).unwrap();
    permit.merge(part);
    assert_eq!(Arc::strong_count(&semaphore), 2, "the part has let it go");
    drop(permit);
    assert_eq!(Arc::strong_count(&semaphore), 1);
    assert_eq!(semaphore.available(), 2);
}

#[test]
fn permits_of_two_semaphores_are_not_merged() {
    let (one, other) = (Semaphore::new(1), Semaphore::new(1));
    let mut permit = one.acquire(1).unwrap();
    let strange = other.acquire(1).unwrap();
    assert_eq!(panic_of(|| permit.merge(strange)), "Permit::merge: permits of two semaphores");
    assert_eq!((permit.count(), one.available(), other.available()), (1, 0, 1));
}

// --- Order ------------------------------------------------------------------------------------

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_large_request_in_front_is_served_before_small_ones_that_would_fit() {
    watchdog(|| {
        let (semaphore, log) = (Arc::new(Semaphore::new(3)), Log::default());
        let mut held = semaphore.acquire_owned(3).unwrap();
        let waiting = [("large", 3), ("small", 1), ("last", 2)].map(|(name, n)| {
            let (semaphore, log, sleeper) =
                (Arc::clone(&semaphore), log.clone(), Sleeper::default());
            let here = sleeper.clone();
            let thread = thread::spawn(move || {
                here.here();
                let permit = semaphore.acquire(n).unwrap();
                log.add(name);
                drop(permit);
            });
            sleeper.until_asleep();
            thread
        });
        drop(held.split(2));
        assert_eq!(said(semaphore.try_acquire(1)), "would block", "nobody overtakes");
        assert_eq!(said(semaphore.acquire_until(1, SOON)), "timed out");
        assert_eq!(semaphore.available(), 2);
        drop(held);
        for thread in waiting {
            thread.join().unwrap();
        }
        assert_eq!(log.events()[0], "large");
        assert_eq!(counts(&semaphore), (3, 3));
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_request_for_nothing_does_not_wait() {
    watchdog(|| {
        let semaphore = Semaphore::new(1);
        let held = semaphore.acquire(1).unwrap();
        let sleeper = Sleeper::default();
        thread::scope(|s| {
            s.spawn(|| {
                sleeper.here();
                drop(semaphore.acquire(1).unwrap());
            });
            sleeper.until_asleep();
            assert_eq!(semaphore.acquire(0).unwrap().count(), 0);
            assert_eq!(said(semaphore.try_acquire(0)), "granted");
            drop(held);
        });
        assert_eq!(semaphore.available(), 1);
    });
}

// --- Bounds -----------------------------------------------------------------------------------

#[test]
fn acquire_until_takes_nothing_when_it_gives_up() {
    watchdog(|| {
        let semaphore = Semaphore::new(2);
        let held = semaphore.acquire(1).unwrap();
        let (ctx, canceller) = Context::background().with_cancel();
        let past = Instant::now().checked_sub(Duration::from_secs(1)).unwrap();
        for bound in [Until::from(SOON), past.into(), (&ctx, Duration::from_nanos(1)).into()] {
            assert_eq!(said(semaphore.acquire_until(2, bound)), "timed out");
            assert_eq!(semaphore.available(), 1);
            assert_eq!(said(semaphore.acquire_until(1, bound)), "granted", "it still tries once");
        }
        canceller.cancel();
        drop(held);
        assert_eq!(said(semaphore.acquire_until(1, &ctx)), "cancelled", "though they are free");
        assert_eq!(said(semaphore.acquire_until(0, &ctx)), "cancelled");
        assert_eq!(said(semaphore.acquire_until(2, Duration::MAX)), "granted");
        assert_eq!(semaphore.available(), 2);
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_front_waiter_that_is_cancelled_lets_those_behind_it_in() {
    watchdog(|| {
        let semaphore = Arc::new(Semaphore::new(2));
        let held = semaphore.acquire(1).unwrap();
        let (ctx, canceller) = Context::background().with_cancel();
        let [(large, asleep), (small, behind)] = [(2, Some(ctx)), (1, None)].map(|(n, ctx)| {
            let (semaphore, sleeper) = (Arc::clone(&semaphore), Sleeper::default());
            let here = sleeper.clone();
            let thread = thread::spawn(move || {
                here.here();
                let until = ctx.as_ref().map_or(Until::FOREVER, Until::from);
                said(semaphore.acquire_until(n, until))
            });
            sleeper.until_asleep();
            (thread, sleeper)
        });
        drop((asleep, behind));
        canceller.cancel();
        assert_eq!(large.join().unwrap(), "cancelled");
        assert_eq!(small.join().unwrap(), "granted");
        drop(held);
        assert_eq!(semaphore.available(), 2);
    });
}

// --- Size -------------------------------------------------------------------------------------

#[test]
fn added_permits_are_free() {
    let semaphore = Semaphore::new(0);
    assert_eq!(said(semaphore.acquire(1)), "too many");
    semaphore.add_permits(2);
    semaphore.add_permits(0);
    assert_eq!(counts(&semaphore), (2, 2));
    assert_eq!(said(semaphore.acquire(2)), "granted");
}

#[test]
fn an_open_ended_semaphore_has_never_too_few_permits_in_total() {
    let signal = Semaphore::open_ended(0);
    assert_eq!(said(signal.try_acquire(1)), "would block");
    assert_eq!(said(signal.try_acquire(usize::MAX)), "would block");
    assert_eq!(said(signal.acquire_until(1, Duration::ZERO)), "timed out");
    assert_eq!(counts(&signal), (0, 0));
    signal.add_permits(3);
    signal.acquire(2).unwrap().forget();
    assert_eq!(counts(&signal), (1, 1));
    assert_eq!(signal.remove_permits(5), 1);
    assert_eq!(said(signal.acquire_until(1, Duration::ZERO)), "timed out");
    signal.close();
    assert_eq!(said(signal.acquire(1)), "closed");
    assert_eq!(counts(&Semaphore::open_ended(Semaphore::MAX)), (Semaphore::MAX, Semaphore::MAX));
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn added_permits_go_to_those_who_wait() {
    watchdog(|| {
        let semaphore = Semaphore::new(2);
        let held = semaphore.acquire(2).unwrap();
        let sleeper = Sleeper::default();
        thread::scope(|s| {
            let waiter = s.spawn(|| {
                sleeper.here();
                semaphore.acquire(2).unwrap().count()
            });
            sleeper.until_asleep();
            semaphore.add_permits(1);
            assert_eq!(semaphore.available(), 1, "too few as yet");
            semaphore.add_permits(1);
            assert_eq!(waiter.join().unwrap(), 2);
        });
        drop(held);
        assert_eq!(counts(&semaphore), (4, 4));
    });
}

#[test]
fn a_shrink_takes_what_is_free_and_then_what_comes_back() {
    let semaphore = Semaphore::new(5);
    let (one, three) = (semaphore.acquire(1).unwrap(), semaphore.acquire(3).unwrap());
    assert_eq!(semaphore.remove_permits(3), 3);
    assert_eq!(counts(&semaphore), (0, 2));
    drop(one);
    assert_eq!(counts(&semaphore), (0, 2), "it was owed");
    assert_eq!(said(semaphore.acquire(3)), "too many");
    assert_eq!(said(semaphore.try_acquire(3)), "too many");
    assert_eq!(said(semaphore.try_acquire(2)), "would block");
    drop(three);
    assert_eq!(counts(&semaphore), (2, 2));
    assert_eq!(said(semaphore.acquire(2)), "granted");
    assert_eq!(semaphore.remove_permits(usize::MAX), 2);
    assert_eq!(semaphore.remove_permits(1), 0);
    assert_eq!(counts(&semaphore), (0, 0));
}

#[test]
fn added_permits_pay_first_what_a_shrink_is_owed() {
    let semaphore = Semaphore::new(4);
    let held = semaphore.acquire(4).unwrap();
    assert_eq!(semaphore.remove_permits(3), 3);
    semaphore.add_permits(2);
    assert_eq!(counts(&semaphore), (0, 3), "four are in use, one too many");
    semaphore.add_permits(2);
    assert_eq!(counts(&semaphore), (1, 5));
    drop(held);
    assert_eq!(counts(&semaphore), (5, 5));
    assert_eq!(said(semaphore.try_acquire(5)), "granted");
}

#[test]
fn forgotten_permits_are_gone() {
    let semaphore = Semaphore::new(5);
    let mut permit = semaphore.acquire(3).unwrap();
    permit.split(1).unwrap().forget();
    assert_eq!(counts(&semaphore), (2, 4));
    semaphore.acquire(0).unwrap().forget();
    assert_eq!(counts(&semaphore), (2, 4));
    drop(permit);
    assert_eq!(counts(&semaphore), (4, 4));
    assert_eq!(said(semaphore.acquire(5)), "too many");
}

#[test]
fn permits_forgotten_below_what_a_shrink_left_count_as_come_back() {
    let semaphore = Semaphore::new(5);
    let (one, four) = (semaphore.acquire(1).unwrap(), semaphore.acquire(4).unwrap());
    assert_eq!(semaphore.remove_permits(3), 3);
    four.forget(); // two of size two, and two of the three that were owed
    assert_eq!(counts(&semaphore), (0, 0));
    drop(one);
    assert_eq!(counts(&semaphore), (0, 0));
    semaphore.add_permits(1);
    assert_eq!(said(semaphore.try_acquire(1)), "granted", "nothing is owed any more");
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_shrink_refuses_who_waits_for_more_than_is_left_and_serves_the_next() {
    watchdog(|| {
        let semaphore = Semaphore::new(3);
        let mut held = semaphore.acquire(2).unwrap();
        thread::scope(|s| {
            let wait_for = |n| {
                let sleeper = Arc::new(Sleeper::default());
                let (here, semaphore) = (Arc::clone(&sleeper), &semaphore);
                let thread = s.spawn(move || {
                    here.here();
                    said(semaphore.acquire(n))
                });
                sleeper.until_asleep();
                thread
            };
            let (large, small) = (wait_for(3), wait_for(1));
            let forgotten = held.split(1).unwrap();
            forgotten.forget();
            assert_eq!(large.join().unwrap(), "too many");
            assert_eq!(small.join().unwrap(), "granted");
        });
        drop(held);
        assert_eq!(counts(&semaphore), (2, 2));
    });
}

// --- Close ------------------------------------------------------------------------------------

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn close_ends_all_waits_and_all_later_calls() {
    watchdog(|| {
        let semaphore = Arc::new(Semaphore::new(2));
        let held = semaphore.acquire_owned(2).unwrap();
        thread::scope(|s| {
            let waiters = [1, 2, 1].map(|n| {
                let (semaphore, sleeper) = (&semaphore, Sleeper::default());
                let here = sleeper.clone();
                let thread = s.spawn(move || {
                    here.here();
                    said(semaphore.acquire(n))
                });
                sleeper.until_asleep();
                thread
            });
            semaphore.close();
            semaphore.close();
            for waiter in waiters {
                assert_eq!(waiter.join().unwrap(), "closed");
            }
        });
        assert!(semaphore.is_closed());
        drop(held);
        assert_eq!(counts(&semaphore), (2, 2), "permits come back as before");
        for n in [0, 1, 2, 3, usize::MAX] {
            assert_eq!(said(semaphore.acquire(n)), "closed", "{n}");
            assert_eq!(said(semaphore.try_acquire(n)), "closed", "{n}");
            assert_eq!(said(semaphore.acquire_until(n, SOON)), "closed", "{n}");
            assert_eq!(said(semaphore.acquire_owned(n)), "closed", "{n}");
            assert_eq!(said(semaphore.acquire_owned_until(n, SOON)), "closed", "{n}");
            assert_eq!(said(semaphore.try_acquire_owned(n)), "closed", "{n}");
        }
        semaphore.add_permits(1);
        assert_eq!(semaphore.remove_permits(2), 2);
        assert_eq!(counts(&semaphore), (1, 1));
    });
}

// --- Misuse -----------------------------------------------------------------------------------

#[test]
fn bad_requests_are_refused_and_change_nothing() {
    watchdog(|| {
        let semaphore = Arc::new(Semaphore::new(2));
        let (ctx, _canceller) = Context::background().with_cancel();
        for n in [3, Semaphore::MAX, Semaphore::MAX + 1, usize::MAX / 2 + 1, usize::MAX] {
            assert_eq!(said(semaphore.acquire(n)), "too many", "{n}");
            assert_eq!(said(semaphore.try_acquire(n)), "too many", "{n}");
            assert_eq!(said(semaphore.acquire_until(n, &ctx)), "too many", "{n}");
            assert_eq!(said(semaphore.acquire_owned(n)), "too many", "{n}");
            assert_eq!(counts(&semaphore), (2, 2));
        }
    });
}

#[test]
fn too_many_permits_panic_and_change_nothing() {
    const NEW: &str = "Semaphore::new: more than Semaphore::MAX permits";
    const ADD: &str = "Semaphore::add_permits: more than Semaphore::MAX permits";
    assert_eq!(Semaphore::MAX, usize::MAX / 4);
    assert_eq!(panic_of(|| Semaphore::new(Semaphore::MAX + 1)), NEW);
    assert_eq!(panic_of(|| Semaphore::new(usize::MAX)), NEW);
    for (size, more) in [
        (0, Semaphore::MAX + 1),
        (0, usize::MAX),
        (1, Semaphore::MAX),
        (1, usize::MAX),
        (Semaphore::MAX, 1),
        (Semaphore::MAX, usize::MAX),
    ] {
        let semaphore = Semaphore::new(size);
        assert_eq!(panic_of(|| semaphore.add_permits(more)), ADD, "{size} + {more}");
        assert_eq!(counts(&semaphore), (size, size));
    }
}

#[test]
fn the_greatest_number_of_permits_works() {
    let semaphore = Semaphore::new(Semaphore::MAX);
    let mut all = semaphore.acquire(Semaphore::MAX).unwrap();
    assert_eq!(counts(&semaphore), (0, Semaphore::MAX));
    assert_eq!(semaphore.remove_permits(usize::MAX), Semaphore::MAX);
    semaphore.add_permits(Semaphore::MAX);
    assert_eq!(counts(&semaphore), (0, Semaphore::MAX), "they are the same");
    drop(all.split(1));
    drop(all);
    assert_eq!(counts(&semaphore), (Semaphore::MAX, Semaphore::MAX));
    assert_eq!(said(semaphore.try_acquire(Semaphore::MAX)), "granted");
}

// --- What is said -----------------------------------------------------------------------------

#[test]
fn errors_say_what_happened() {
    let semaphore = Semaphore::new(1);
    let text = |result: Result<Permit<&Semaphore>, AcquireError>| result.unwrap_err().to_string();
    let permit = semaphore.acquire(1).unwrap();
    let busy = semaphore.try_acquire(1).unwrap_err();
    assert_eq!(busy.to_string(), "too few permits are free");
    assert_eq!(text(semaphore.acquire(2)), "the semaphore has fewer permits in all");
    let late = semaphore.acquire_until(1, SOON).unwrap_err();
    assert_eq!(late.to_string(), "gave up waiting for permits");
    assert!(late.is_timeout());
    assert_eq!(late.source().unwrap().to_string(), "timed out");
    let (ctx, canceller) = Context::background().with_cancel();
    canceller.cancel_because(std::io::Error::other("the client has gone"));
    let gone = semaphore.acquire_until(1, &ctx).unwrap_err();
    assert!(!gone.is_timeout());
    let ended = gone.source().unwrap();
    assert_eq!(ended.to_string(), "context cancelled");
    assert_eq!(ended.source().unwrap().to_string(), "the client has gone");
    semaphore.close();
    assert_eq!(text(semaphore.acquire(1)), "the semaphore is closed");
    drop(permit);
}

#[test]
fn debug_shows_the_numbers() {
    let semaphore = Semaphore::new(3);
    let permit = semaphore.acquire(1).unwrap();
    let shown = "Semaphore { available: 2, size: 3, closed: false, .. }";
    assert_eq!(format!("{semaphore:?}"), shown);
    assert_eq!(format!("{permit:?}"), format!("Permit {{ count: 1, semaphore: {shown}, .. }}"));
}
