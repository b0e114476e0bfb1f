//! The races of `Semaphore`, in the simulator: written by hand, all of them, and at random.

#![cfg(feature = "sim")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![expect(clippy::disallowed_types, reason = "what a test counts with std's atomics is no step")]

mod support;

use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use phalanx::sim::lin::{History, Model};
use phalanx::sim::{self, Builder, JoinHandle, Script};
use phalanx::{AcquireError, Context, Interrupted, Permit, Semaphore, TryAcquireError, Until};
use support::schedules::{always, often, pause, play};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const NANO: Duration = Duration::from_nanos(1);

type Owned = Permit<Arc<Semaphore>>;

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum How {
    Granted,
    Closed,
    TooMany,
    WouldBlock,
    TimedOut,
    Cancelled,
}

fn how<T, E: Error + 'static>(result: Result<T, E>) -> How {
    result.map_or_else(refused, |_| How::Granted)
}

fn refused<E: Error + 'static>(error: E) -> How {
    let error: &dyn Error = &error;
    match error.downcast_ref::<TryAcquireError>() {
        None => {}
        Some(TryAcquireError::Closed) => return How::Closed,
        Some(TryAcquireError::TooMany) => return How::TooMany,
        Some(TryAcquireError::WouldBlock) => return How::WouldBlock,
        Some(other) => panic!("an error that the test does not know: {other}"),
    }
    match error.downcast_ref::<AcquireError>() {
        Some(AcquireError::Closed) => How::Closed,
        Some(AcquireError::TooMany) => How::TooMany,
        Some(AcquireError::Interrupted(Interrupted::TimedOut)) => How::TimedOut,
        Some(AcquireError::Interrupted(_)) => How::Cancelled,
        _ => panic!("an error that the test does not know: {error}"),
    }
}

fn semaphore_of(permits: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(permits))
}

/// A semaphore all of whose permits are taken.
fn all_taken(permits: usize) -> (Arc<Semaphore>, Owned) {
    let semaphore = semaphore_of(permits);
    let held = semaphore.acquire_owned(permits).unwrap();
    (semaphore, held)
}

/// Starts a thread that asks for permits, and gives them back as soon as it has them.
fn asker(
    semaphore: &Arc<Semaphore>,
    name: &str,
    n: usize,
    until: impl Into<Until<'static>>,
) -> JoinHandle<How> {
    let (semaphore, until) = (Arc::clone(semaphore), until.into());
    sim::spawn(name, move || how(semaphore.acquire_until(n, until)))
}

/// Starts a thread that asks for permits and keeps them, as [`asker`] does after another.
fn asker_behind(semaphore: &Arc<Semaphore>, name: &str, n: usize) -> JoinHandle<How> {
    let thread = asker(semaphore, name, n, Until::FOREVER);
    sim::wait_idle();
    sim::assert_blocked(&thread, "Semaphore::acquire");
    thread
}

/// All is as it should be when nobody holds anything and nobody waits.
fn is_whole(semaphore: &Semaphore, size: usize) {
    assert_eq!((semaphore.available(), semaphore.size()), (size, size));
    drop(semaphore.try_acquire(size).expect("no mark is left behind"));
}

// --- No wake-up is lost -----------------------------------------------------------------------

/// One permit, which one thread gives back and another wants; the script begins when both are there.
fn one_of_each() {
    let (semaphore, held) = all_taken(1);
    sim::scope(|s| {
        s.spawn("waiter", || drop(semaphore.acquire(1).unwrap()));
        s.spawn("holder", move || drop(held));
    });
    is_whole(&semaphore, 1);
}

fn both_are_there() -> Script {
    Script::new().run("root").to_block()
}

#[test]
fn a_permit_that_comes_before_the_last_look_is_seen_by_it() {
    for step in ["lock", "update"] {
        let script = both_are_there().run("waiter").until(step);
        play(script.run("holder").to_end().run("waiter").to_end(), one_of_each);
    }
}

#[test]
fn a_permit_between_the_mark_and_the_sleep_leaves_a_wake_up_behind() {
    let script = both_are_there().run("waiter").until("park");
    play(script.run("holder").to_end().run("waiter").to_end(), one_of_each);
}

#[test]
fn a_permit_that_comes_back_while_the_waiter_has_the_lock_is_dealt_out_after() {
    let script = both_are_there().run("waiter").until("update").run("holder").to_block();
    play(script.run("waiter").to_end(), one_of_each);
}

#[test]
fn no_schedule_of_one_holder_and_one_waiter_loses_the_wake_up() {
    always(3, one_of_each);
}

/// Permits as events: each is added once, and acquired and forgotten once.
#[test]
fn a_signal_that_starts_from_zero_reaches_a_waiting_thread_in_every_schedule() {
    always(3, || {
        let signal = Semaphore::open_ended(0);
        sim::scope(|s| {
            s.spawn("waiter", || signal.acquire(1).unwrap().forget());
            signal.add_permits(1);
        });
        assert_eq!((signal.available(), signal.size()), (0, 0));
    });
    always(2, || {
        let signal = Semaphore::open_ended(0);
        sim::scope(|s| {
            for name in ["one", "other"] {
                s.spawn(name, || signal.acquire(1).unwrap().forget());
            }
            signal.add_permits(1);
            signal.add_permits(1);
        });
        assert_eq!((signal.available(), signal.size()), (0, 0));
    });
}

#[test]
fn a_request_for_more_than_all_waits_on_an_open_ended_semaphore() {
    always(2, || {
        let signal = Arc::new(Semaphore::open_ended(1));
        let large = asker_behind(&signal, "large", 3);
        assert_eq!(how(signal.try_acquire(1)), How::WouldBlock);
        assert_eq!(signal.remove_permits(1), 1);
        signal.add_permits(2);
        sim::wait_idle();
        sim::assert_blocked(&large, "Semaphore::acquire");
        signal.add_permits(1);
        assert_eq!(large.join().unwrap(), How::Granted);
        is_whole(&signal, 3);
    });
    always(2, || {
        let signal = Arc::new(Semaphore::open_ended(0));
        let waits = asker(&signal, "waits", 1, Until::FOREVER);
        signal.close();
        assert_eq!(waits.join().unwrap(), How::Closed);
    });
}

/// So many threads that each want so many permits, some rounds long.
fn crowd(permits: usize, wants: &'static [usize], rounds: usize) {
    let (semaphore, inside) = (semaphore_of(permits), Arc::new(AtomicUsize::new(0)));
    sim::invariant("no permit is given out twice", {
        let (semaphore, inside) = (Arc::clone(&semaphore), Arc::clone(&inside));
        move || assert!(inside.load(SeqCst) + semaphore.available() <= permits)
    });
    sim::scope(|s| {
        for (name, &n) in ["a", "b", "c", "d", "e"].into_iter().zip(wants) {
            let (semaphore, inside) = (&semaphore, &inside);
            s.spawn(name, move || {
                for _ in 0..rounds {
                    let permit = semaphore.acquire(n).unwrap();
                    inside.fetch_add(n, SeqCst);
                    sim::yield_now();
                    inside.fetch_sub(n, SeqCst);
                    drop(permit);
                }
            });
        }
    });
    is_whole(&semaphore, permits);
}

#[test]
fn two_threads_exclude_each_other_in_every_schedule() {
    always(2, || crowd(1, &[1, 1], 1));
    always(2, || crowd(2, &[1, 2], 1));
    always(1, || crowd(1, &[1, 1], 2));
}

#[test]
fn three_threads_exclude_each_other_in_every_schedule_with_one_preemption() {
    always(1, || crowd(1, &[1, 1, 1], 1));
    always(1, || crowd(2, &[1, 2, 1], 1));
}

#[test]
fn a_crowd_of_any_weights_is_served() {
    often(|| crowd(3, &[1, 2, 3, 1, 2], 2));
}

// --- Order ------------------------------------------------------------------------------------

#[test]
fn who_came_first_is_served_first_whatever_its_weight() {
    always(1, || {
        let (semaphore, held) = all_taken(1);
        semaphore.add_permits(2); // both are free
        let waiters = [("large", 3), ("small", 1), ("middle", 2)].map(|(name, n)| {
            let semaphore = Arc::clone(&semaphore);
            let thread = sim::spawn(name, move || semaphore.acquire_owned(n).unwrap());
            sim::wait_idle();
            thread
        });
        let waiting = || waiters.iter().filter(|waiter| !waiter.is_finished()).count();
        assert_eq!((waiting(), semaphore.available()), (3, 2), "the large one is in front");
        assert_eq!(how(semaphore.try_acquire(1)), How::WouldBlock);
        for (more, still_waiting) in [(1, 2), (1, 1), (1, 1), (1, 0)] {
            semaphore.add_permits(more);
            sim::wait_idle();
            assert_eq!(waiting(), still_waiting);
        }
        drop(held);
        drop(waiters.map(|waiter| waiter.join().unwrap()));
        is_whole(&semaphore, 7);
    });
}

#[test]
fn small_requests_that_keep_coming_do_not_starve_a_large_one() {
    // The small ones never leave two permits free at once, but for the order of service.
    always(1, || {
        let semaphore = semaphore_of(2);
        let first = semaphore.acquire_owned(1).unwrap();
        let second = semaphore.acquire_owned(1).unwrap();
        let large = asker_behind(&semaphore, "large", 2);
        drop(first);
        let small = asker_behind(&semaphore, "small", 1);
        drop(second);
        assert_eq!(large.join().unwrap(), How::Granted);
        assert_eq!(small.join().unwrap(), How::Granted);
        is_whole(&semaphore, 2);
    });
}

#[test]
fn a_try_and_a_bounded_request_do_not_overtake() {
    always(2, || {
        let (semaphore, mut held) = all_taken(2);
        let large = asker_behind(&semaphore, "large", 2);
        let holder = sim::spawn("holder", {
            let one = held.split(1);
            move || drop(one)
        });
        assert_eq!(how(semaphore.try_acquire(1)), How::WouldBlock);
        assert_eq!(how(semaphore.acquire_until(1, Duration::ZERO)), How::TimedOut);
        assert_eq!(how(semaphore.try_acquire(0)), How::Granted, "it takes nothing from anybody");
        assert_eq!(how(semaphore.acquire(0)), How::Granted);
        holder.join().unwrap();
        drop(held);
        assert_eq!(large.join().unwrap(), How::Granted);
        is_whole(&semaphore, 2);
    });
}

// --- Who gives up passes on what it was owed --------------------------------------------------

/// A request for two stands before one for one, of which one is free, and is cancelled.
fn front_is_cancelled() -> (How, How) {
    let semaphore = semaphore_of(2);
    let held = semaphore.acquire_owned(1).unwrap();
    let (ctx, canceller) = Context::background().with_cancel();
    let front = sim::spawn("front", {
        let semaphore = Arc::clone(&semaphore);
        move || how(semaphore.acquire_until(2, &ctx))
    });
    sim::wait_idle();
    let next = asker_behind(&semaphore, "next", 1);
    let holder = sim::spawn("holder", move || {
        pause(SECOND);
        drop(held);
    });
    canceller.cancel();
    let ends = (front.join().unwrap(), next.join().unwrap());
    assert_eq!(sim::elapsed(), Duration::ZERO, "nobody had to wait for the holder");
    holder.join().unwrap();
    is_whole(&semaphore, 2);
    ends
}

#[test]
fn those_behind_a_front_that_is_cancelled_are_granted_at_once() {
    sim::outcomes(front_is_cancelled).exactly([(How::Cancelled, How::Granted)]).exhausted();
}

#[test]
fn a_front_that_gives_up_while_a_permit_comes_back_leaves_it_to_the_next() {
    sim::outcomes(|| {
        let (semaphore, held) = all_taken(1);
        let (ctx, canceller) = Context::background().with_cancel();
        let front = sim::spawn("front", {
            let semaphore = Arc::clone(&semaphore);
            move || how(semaphore.acquire_until(1, &ctx))
        });
        sim::wait_idle();
        let next = asker_behind(&semaphore, "next", 1);
        let holder = sim::spawn("holder", move || drop(held));
        canceller.cancel();
        holder.join().unwrap();
        let ends = (front.join().unwrap(), next.join().unwrap());
        is_whole(&semaphore, 1);
        ends
    })
    .exactly([(How::Granted, How::Granted), (How::Cancelled, How::Granted)])
    .exhausted();
}

/// A permit comes back in the instant in which the time of the only waiter is up.
fn permit_at_the_bound() -> How {
    let (semaphore, held) = all_taken(1);
    let waiter = asker(&semaphore, "waiter", 1, SECOND);
    pause(SECOND);
    drop(held);
    let how = waiter.join().unwrap();
    is_whole(&semaphore, 1);
    how
}

#[test]
fn a_permit_in_the_instant_of_the_bound_is_taken_or_left() {
    let ends = [How::Granted, How::TimedOut];
    sim::outcomes(permit_at_the_bound).exactly(ends).exhausted();
}

#[test]
fn a_grant_beats_a_bound_that_passes_before_the_thread_wakes() {
    let script = Script::new().run("root").until("unpark").run("waiter").to_end();
    assert_eq!(play(script, permit_at_the_bound), How::Granted);
}

#[test]
fn a_waiter_that_has_given_up_and_is_still_in_the_queue_is_passed_over() {
    let script = Script::new()
        .run("waiter")
        .to_block()
        .run("waiter")
        .until("lock") // it has given up, and wants to leave
        .run("root")
        .to_end();
    assert_eq!(play(script, permit_at_the_bound), How::TimedOut);
}

#[test]
fn a_front_whose_time_is_up_as_it_is_granted_keeps_the_permit_or_the_next_has_it() {
    sim::outcomes(|| {
        let (semaphore, held) = all_taken(1);
        let front = asker(&semaphore, "front", 1, SECOND);
        sim::wait_idle();
        let next = asker_behind(&semaphore, "next", 1);
        pause(SECOND);
        drop(held);
        let ends = (front.join().unwrap(), next.join().unwrap());
        is_whole(&semaphore, 1);
        ends
    })
    .exactly([(How::Granted, How::Granted), (How::TimedOut, How::Granted)])
    .exhausted();
}

#[test]
fn a_context_that_ends_between_the_check_and_the_queue_wakes_the_waiter() {
    sim::outcomes(|| {
        let (semaphore, held) = all_taken(1);
        let (ctx, canceller) = Context::background().with_cancel();
        let waiter = sim::spawn("waiter", {
            let semaphore = Arc::clone(&semaphore);
            move || how(semaphore.acquire_until(1, &ctx))
        });
        canceller.cancel();
        let how = waiter.join().unwrap();
        drop(held);
        is_whole(&semaphore, 1);
        how
    })
    .exactly([How::Cancelled])
    .exhausted();
}

#[test]
fn a_context_that_has_ended_fails_at_once_though_permits_are_free() {
    always(2, || {
        let semaphore = semaphore_of(1);
        let (ctx, canceller) = Context::background().with_cancel();
        canceller.cancel();
        assert_eq!(how(semaphore.acquire_until(1, &ctx)), How::Cancelled);
        is_whole(&semaphore, 1);
    });
}

#[test]
fn permits_are_conserved_whoever_gives_up() {
    often(|| {
        let semaphore = semaphore_of(3);
        let (ctx, canceller) = Context::background().with_cancel_timeout(2 * SECOND);
        sim::scope(|s| {
            for name in ["a", "b", "c", "d", "e"] {
                let (semaphore, ctx) = (&semaphore, &ctx);
                s.spawn(name, move || {
                    let until: Until<'_> = match sim::choose(4) {
                        0 => SECOND.into(),
                        1 => ctx.into(),
                        2 => (ctx, SECOND).into(),
                        _ => Until::FOREVER,
                    };
                    let permit = semaphore.acquire_until(1 + sim::choose(3), until);
                    pause(SECOND);
                    drop(permit);
                });
            }
            pause(SECOND);
            canceller.cancel();
        });
        is_whole(&semaphore, 3);
    });
}

#[test]
fn a_request_gives_up_at_its_instant_and_not_a_nanosecond_before() {
    sim::check(|| {
        let (semaphore, held) = all_taken(1);
        for bound in [NANO, SECOND, 1000 * HOUR] {
            let waiter = asker(&semaphore, "waiter", 1, bound);
            sim::sleep(bound.saturating_sub(NANO));
            sim::assert_blocked(&waiter, "Semaphore::acquire");
            sim::sleep(NANO);
            assert!(waiter.is_finished());
            assert_eq!(waiter.join().unwrap(), How::TimedOut);
        }
        drop(held);
        is_whole(&semaphore, 1);
    });
}

#[test]
fn a_request_that_gives_up_is_not_in_the_way_of_the_callbacks_of_its_context() {
    always(1, || {
        let (semaphore, mut held) = all_taken(2);
        drop(held.split(1));
        let ctx = Context::background().with_timeout(SECOND);
        let (said, heard) = std::sync::mpsc::channel();
        let guard = ctx.on_cancel({
            let semaphore = Arc::clone(&semaphore);
            move || said.send(how(semaphore.acquire_until(1, HOUR))).unwrap()
        });
        assert_eq!(how(semaphore.acquire_until(2, &ctx)), How::Cancelled);
        drop(guard);
        assert_eq!(heard.try_recv(), Ok(How::Granted));
        assert_eq!(sim::elapsed(), SECOND);
        drop(held);
        is_whole(&semaphore, 2);
    });
}

#[test]
fn a_request_that_unwinds_out_of_its_wait_stands_in_nobodys_way() {
    sim::check(|| {
        let semaphore = semaphore_of(2);
        let held = semaphore.acquire(1).unwrap();
        let unwound = panic::catch_unwind(AssertUnwindSafe(|| {
            // It may not block in there, and so it panics where it would.
            sim::atomically(|| how(semaphore.acquire(2)))
        }));
        assert!(unwound.is_err());
        assert_eq!(how(semaphore.try_acquire(1)), How::Granted, "nobody waits");
        drop(held);
        is_whole(&semaphore, 2);
    });
}

// --- Size -------------------------------------------------------------------------------------

#[test]
fn a_shrink_and_a_permit_that_comes_back_are_settled_in_every_schedule() {
    always(3, || {
        let (semaphore, held) = all_taken(2);
        let shrink = sim::spawn("shrink", {
            let semaphore = Arc::clone(&semaphore);
            move || semaphore.remove_permits(1)
        });
        drop(held);
        assert_eq!(shrink.join().unwrap(), 1);
        is_whole(&semaphore, 1);
    });
}

#[test]
fn a_shrink_that_leaves_enough_is_in_nobodys_way() {
    sim::outcomes(|| {
        let semaphore = semaphore_of(3);
        let shrink = sim::spawn("shrink", {
            let semaphore = Arc::clone(&semaphore);
            move || semaphore.remove_permits(1)
        });
        let tried = how(semaphore.try_acquire(1));
        shrink.join().unwrap();
        is_whole(&semaphore, 2);
        tried
    })
    .exactly([How::Granted])
    .exhausted();
}

#[test]
fn a_shrink_takes_its_permits_before_anybody_who_waits() {
    sim::outcomes(|| {
        let (semaphore, mut held) = all_taken(2);
        let waiter = asker_behind(&semaphore, "waiter", 1);
        let shrink = sim::spawn("shrink", {
            let semaphore = Arc::clone(&semaphore);
            move || semaphore.remove_permits(1)
        });
        drop(held.split(1));
        shrink.join().unwrap();
        sim::wait_idle();
        // Before the shrink the permit is the waiter's, which gives it back to the shrink.
        let early = waiter.is_finished();
        drop(held);
        assert_eq!(waiter.join().unwrap(), How::Granted);
        is_whole(&semaphore, 1);
        early
    })
    .exactly([true, false])
    .exhausted();
}

#[test]
fn a_shrink_and_a_request_that_no_longer_fits_are_one_after_the_other() {
    sim::outcomes(|| {
        let semaphore = semaphore_of(2);
        let large = asker(&semaphore, "large", 2, Until::FOREVER);
        semaphore.remove_permits(1);
        let how = large.join().unwrap();
        is_whole(&semaphore, 1);
        how
    })
    .exactly([How::Granted, How::TooMany])
    .exhausted();
}

#[test]
fn a_shrink_refuses_the_front_and_serves_the_next() {
    always(2, || {
        let semaphore = semaphore_of(3);
        let held = semaphore.acquire_owned(1).unwrap();
        let large = asker_behind(&semaphore, "large", 3);
        let small = asker_behind(&semaphore, "small", 1);
        semaphore.remove_permits(1);
        assert_eq!(large.join().unwrap(), How::TooMany);
        assert_eq!(small.join().unwrap(), How::Granted);
        drop(held);
        is_whole(&semaphore, 2);
    });
}

#[test]
fn permits_forgotten_by_a_holder_refuse_who_wanted_them() {
    always(2, || {
        let (semaphore, held) = all_taken(2);
        let large = asker_behind(&semaphore, "large", 2);
        let holder = sim::spawn("holder", move || {
            let mut held = held;
            held.split(1).unwrap().forget();
        });
        assert_eq!(large.join().unwrap(), How::TooMany);
        holder.join().unwrap();
        is_whole(&semaphore, 1);
    });
}

#[test]
fn added_permits_wake_the_waiter_in_every_schedule() {
    always(3, || {
        let (semaphore, held) = all_taken(2);
        let waiter = asker(&semaphore, "waiter", 2, Until::FOREVER);
        semaphore.add_permits(2);
        assert_eq!(waiter.join().unwrap(), How::Granted);
        drop(held);
        is_whole(&semaphore, 4);
    });
}

#[test]
fn permits_that_are_added_while_as_many_come_back_that_are_owed_do_not_overflow() {
    always(2, || {
        let (semaphore, held) = all_taken(Semaphore::MAX);
        assert_eq!(semaphore.remove_permits(Semaphore::MAX), Semaphore::MAX);
        let holder = sim::spawn("holder", move || drop(held));
        semaphore.add_permits(Semaphore::MAX);
        holder.join().unwrap();
        is_whole(&semaphore, Semaphore::MAX);
    });
}

#[test]
fn the_size_may_change_while_a_crowd_works() {
    often(|| {
        let semaphore = semaphore_of(3);
        sim::scope(|s| {
            for name in ["a", "b", "c"] {
                s.spawn(name, || {
                    for _ in 0..2 {
                        if let Ok(mut permit) = semaphore.acquire(1 + sim::choose(2)) {
                            let part = permit.split(sim::choose(2)).unwrap();
                            drop(permit);
                            drop(part);
                        }
                    }
                });
            }
            s.spawn("size", || {
                assert!(semaphore.remove_permits(2) <= 2);
                semaphore.add_permits(2);
                semaphore.remove_permits(1);
                semaphore.add_permits(1);
            });
        });
        is_whole(&semaphore, 3);
    });
}

// --- Close ------------------------------------------------------------------------------------

#[test]
fn a_close_and_a_permit_at_once_are_one_or_the_other_for_each_waiter() {
    use How::{Closed, Granted};
    Builder::new()
        .exhaustive(2)
        .outcomes(|| {
            let (semaphore, held) = all_taken(1);
            let first = asker_behind(&semaphore, "first", 1);
            let holder = sim::spawn("holder", move || drop(held));
            semaphore.close();
            holder.join().unwrap();
            let how_first = first.join().unwrap();
            assert_eq!(semaphore.available(), 1);
            assert_eq!(how(semaphore.try_acquire(1)), Closed);
            how_first
        })
        .exactly([Granted, Closed])
        .exhausted();
}

#[test]
fn a_close_reaches_who_is_on_its_way_into_the_queue() {
    sim::outcomes(|| {
        let (semaphore, held) = all_taken(1);
        let waiter = asker(&semaphore, "waiter", 1, Until::FOREVER);
        semaphore.close();
        let how = waiter.join().unwrap();
        drop(held);
        assert_eq!(semaphore.available(), 1);
        how
    })
    .exactly([How::Closed])
    .exhausted();
}

#[test]
fn a_close_and_the_bound_in_one_instant_are_one_or_the_other() {
    sim::outcomes(|| {
        let (semaphore, held) = all_taken(1);
        let waiter = asker(&semaphore, "waiter", 1, SECOND);
        pause(SECOND);
        semaphore.close();
        let how = waiter.join().unwrap();
        drop(held);
        how
    })
    .exactly([How::Closed, How::TimedOut])
    .exhausted();
}

#[test]
fn a_waiter_refused_by_a_shrink_and_then_closed_is_told_of_either() {
    sim::outcomes(|| {
        let (semaphore, held) = all_taken(2);
        let waiter = asker_behind(&semaphore, "waiter", 2);
        semaphore.remove_permits(1);
        semaphore.close();
        drop(held);
        waiter.join().unwrap()
    })
    .exactly([How::TooMany, How::Closed])
    .exhausted();
}

// --- One after the other ----------------------------------------------------------------------

/// A semaphore as its documentation has it, but for the order of service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Permits {
    free: usize,
    size: usize,
    owed: usize,
    closed: bool,
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Acquire(usize),
    Try(usize),
    /// With a bound that has passed.
    Look(usize),
    /// Gives back what was acquired last, if anything was.
    Release(usize),
    Add(usize),
    Remove(usize),
    Close,
    Size,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ret {
    How(How),
    Number(usize),
}

impl Model for Permits {
    type Op = Op;
    type Ret = Ret;

    fn step(&self, op: &Op, ret: Option<&Ret>) -> impl IntoIterator<Item = Self> {
        let mut next = self.clone();
        let told = match *op {
            Op::Acquire(n) | Op::Try(n) | Op::Look(n) => {
                let refused = ret.filter(|ret| **ret != Ret::How(How::Granted));
                let told = if self.closed {
                    How::Closed
                } else if n > self.size {
                    How::TooMany
                } else if let Some(Ret::How(late @ (How::WouldBlock | How::TimedOut))) = refused {
                    *late // perhaps others wait
                } else if n > self.free {
                    return None;
                } else {
                    next.free -= n;
                    How::Granted
                };
                Ret::How(told)
            }
            Op::Release(n) => {
                let paid = n.min(next.owed);
                next.owed -= paid;
                next.free += n - paid;
                Ret::Number(n)
            }
            Op::Add(n) => {
                let stay = n.min(next.owed);
                next.owed -= stay;
                next.size += n;
                next.free += n - stay;
                Ret::Number(n)
            }
            Op::Remove(n) => {
                let removed = n.min(self.size);
                let taken = removed.min(self.free);
                next.size -= removed;
                next.free -= taken;
                next.owed += removed - taken;
                Ret::Number(removed)
            }
            Op::Close => {
                next.closed = true;
                Ret::Number(0)
            }
            Op::Size => Ret::Number(self.size),
        };
        ret.is_none_or(|ret| *ret == told).then_some(next)
    }
}

fn call<'a>(semaphore: &'a Semaphore, held: &mut Vec<Permit<&'a Semaphore>>, op: Op) -> Ret {
    let acquired = match op {
        Op::Acquire(n) => semaphore.acquire(n).map_err(refused),
        Op::Try(n) => semaphore.try_acquire(n).map_err(refused),
        Op::Look(n) => semaphore.acquire_until(n, Duration::ZERO).map_err(refused),
        Op::Release(n) => {
            drop(held.pop());
            return Ret::Number(n);
        }
        Op::Add(n) => {
            semaphore.add_permits(n);
            return Ret::Number(n);
        }
        Op::Remove(n) => return Ret::Number(semaphore.remove_permits(n)),
        Op::Close => {
            semaphore.close();
            return Ret::Number(0);
        }
        Op::Size => return Ret::Number(semaphore.size()),
    };
    match acquired {
        Ok(permit) => {
            held.push(permit);
            Ret::How(How::Granted)
        }
        Err(how) => Ret::How(how),
    }
}

/// Each list of calls is made by a thread, which gives back in the end what it holds.
fn is_linearizable(permits: usize, programs: &[&[Op]]) {
    let (semaphore, history) = (semaphore_of(permits), History::new());
    sim::scope(|s| {
        for (n, program) in programs.iter().enumerate() {
            s.spawn(format!("thread {n}"), || {
                let mut held = Vec::new();
                for op in *program {
                    if let Op::Release(_) = op {
                        continue;
                    }
                    history.call(*op, || call(&semaphore, &mut held, *op));
                }
                while let Some(n) = held.last().map(Permit::count) {
                    history.call(Op::Release(n), || call(&semaphore, &mut held, Op::Release(n)));
                }
            });
        }
    });
    let size = semaphore.size();
    assert_eq!(semaphore.available(), size);
    history.assert_linearizable(Permits { free: permits, size: permits, owed: 0, closed: false });
}

#[test]
fn two_threads_of_two_calls_are_linearizable() {
    use Op::{Acquire, Add, Close, Look, Remove, Size, Try};
    let programs: [(usize, [&[Op]; 2]); 7] = [
        (2, [&[Acquire(1), Try(1)], &[Acquire(2)]]),
        (1, [&[Acquire(1)], &[Look(1), Try(1)]]),
        (1, [&[Acquire(1), Size], &[Add(1), Look(2)]]),
        (2, [&[Acquire(2)], &[Remove(1), Acquire(1)]]),
        (2, [&[Acquire(1), Close], &[Acquire(2)]]),
        (1, [&[Look(2), Look(2)], &[Add(1), Remove(1)]]),
        (3, [&[Acquire(2), Remove(2)], &[Acquire(2), Size]]),
    ];
    for (permits, [one, other]) in programs {
        always(2, move || is_linearizable(permits, &[one, other]));
    }
}

#[test]
fn three_threads_of_one_call_are_linearizable() {
    use Op::{Acquire, Add, Close, Look, Remove, Try};
    let programs: [(usize, [&[Op]; 3]); 5] = [
        (1, [&[Acquire(1)], &[Acquire(1)], &[Try(1)]]),
        (2, [&[Acquire(2)], &[Acquire(1)], &[Look(1)]]),
        (2, [&[Acquire(2)], &[Acquire(2)], &[Remove(1)]]),
        (1, [&[Acquire(1)], &[Acquire(2)], &[Add(1)]]),
        (1, [&[Acquire(1)], &[Acquire(1)], &[Close]]),
    ];
    for (permits, [a, b, c]) in programs {
        always(1, move || is_linearizable(permits, &[a, b, c]));
    }
}

#[test]
fn four_threads_of_three_calls_are_linearizable() {
    use Op::{Acquire, Add, Look, Remove, Size, Try};
    often(|| {
        let a: &[Op] = &[Acquire(1), Acquire(1), Try(1)];
        let b: &[Op] = &[Look(2), Add(1), Size];
        let c: &[Op] = &[Try(2), Remove(1), Look(1)];
        let d: &[Op] = &[Acquire(2)];
        is_linearizable(3, &[a, b, c, d]);
    });
}
