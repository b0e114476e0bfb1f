//! The limiter under all schedules: to the nanosecond, on the virtual clock, and in every race.

#![cfg(feature = "sim")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use phalanx::sim::{self, Builder, JoinHandle, TimeMode};
use phalanx::{
    Context, Interrupted, KeyedLimiter, LimitError, Limiter, Rate, Reservation, Sometimes, Until,
};
use support::schedules::pause;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
const NANO: Duration = Duration::from_nanos(1);
const RACING: TimeMode = TimeMode::Racing { percent: 20 };

/// What came of a request, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum How {
    Granted,
    TooMany,
    TooLate,
    TimedOut,
    Cancelled,
}

fn how<T>(result: Result<T, LimitError>) -> How {
    match result {
        Ok(_) => How::Granted,
        Err(LimitError::TooMany) => How::TooMany,
        Err(LimitError::TooLate) => How::TooLate,
        Err(LimitError::Interrupted(Interrupted::TimedOut)) => How::TimedOut,
        Err(LimitError::Interrupted(_)) => How::Cancelled,
        Err(other) => panic!("an error that the test does not know: {other}"),
    }
}

/// One that has been used up: a token a second.
fn used_up(burst: u64) -> Arc<Limiter> {
    let limiter = Arc::new(Limiter::new(Rate::per_second(1), burst));
    assert!(limiter.allow_n(burst));
    limiter
}

/// Starts a thread that waits for tokens, and says what came of it, and when.
fn asker(
    limiter: &Arc<Limiter>,
    name: &str,
    n: u64,
    until: impl Into<Until<'static>>,
) -> JoinHandle<(How, Duration)> {
    let (limiter, until) = (Arc::clone(limiter), until.into());
    sim::spawn(name, move || (how(limiter.wait_n_until(n, until)), sim::elapsed()))
}

/// As [`asker`], without a bound, and returns when it waits.
fn asker_behind(limiter: &Arc<Limiter>, name: &str, n: u64) -> JoinHandle<(How, Duration)> {
    let thread = asker(limiter, name, n, Until::FOREVER);
    sim::wait_idle();
    sim::assert_blocked(&thread, "Limiter::wait");
    thread
}

/// Starts a thread that waits for tokens until a context ends.
fn cancellable(
    limiter: &Arc<Limiter>,
    name: &str,
    n: u64,
    ctx: &Context,
) -> JoinHandle<(How, Duration)> {
    let (limiter, ctx) = (Arc::clone(limiter), ctx.clone());
    sim::spawn(name, move || (how(limiter.wait_n_until(n, &ctx)), sim::elapsed()))
}

/// Waits for the ends of threads.
fn ends<const N: usize>(threads: [JoinHandle<(How, Duration)>; N]) -> [(How, Duration); N] {
    threads.map(|thread| thread.join().unwrap())
}

/// Runs `test` under all schedules with so many preemptions.
#[track_caller]
fn always(preemptions: u32, test: impl Fn() + Send + Sync + 'static) {
    let report = Builder::new().exhaustive(preemptions).check(test);
    assert!(report.exhausted, "{report:?}");
}

/// Runs `test` under random schedules: as it is, with time that races, with parks that return for
/// no reason.
#[track_caller]
fn often(test: impl Fn() + Send + Sync + Clone + 'static) {
    let usual = Builder::new().iterations(150);
    usual.clone().check(test.clone());
    usual.clone().time(RACING).check(test.clone());
    usual.time(RACING).spurious_wakeups(20).check(test);
}

/// When the `n`-th token comes that was not there at the start.
fn due(n: u128, events: u128, per: Duration) -> Duration {
    Duration::from_nanos((n * per.as_nanos()).div_ceil(events).try_into().unwrap())
}

// --- To the nanosecond ------------------------------------------------------------------------

#[test]
fn three_a_second_do_not_drift() {
    sim::run(|| {
        let limiter = Limiter::new(Rate::per_second(3), 1);
        for n in 0..3000 {
            limiter.wait().unwrap();
            assert_eq!(sim::elapsed(), due(n, 3, SECOND));
        }
    });
}

#[test]
fn a_year_ends_on_the_very_nanosecond() {
    sim::run(|| {
        let limiter = Limiter::new(Rate::new(7, DAY), 1);
        for n in 0..=7 * 365 {
            limiter.wait().unwrap();
            assert_eq!(sim::elapsed(), due(n, 7, DAY));
        }
        assert_eq!(sim::elapsed(), 365 * DAY);

        let a_years = 3 * 365 * 86_400;
        let limiter = Limiter::new(Rate::per_second(3), a_years);
        assert!(limiter.allow_n(a_years));
        limiter.wait_n(a_years).unwrap();
        assert_eq!(sim::elapsed(), 2 * 365 * DAY);
        assert_eq!(limiter.available(), 0);
    });
}

#[test]
fn a_token_is_there_at_its_nanosecond_and_not_before() {
    sim::run(|| {
        let limiter = used_up(2);
        sim::sleep(SECOND.saturating_sub(NANO));
        assert!(!limiter.allow());
        sim::sleep(NANO);
        assert!(limiter.allow() && !limiter.allow());
        sim::sleep(10 * SECOND);
        assert!(!limiter.allow_n(3) && limiter.allow_n(2) && !limiter.allow());
        sim::sleep(10 * SECOND);
        assert_eq!(limiter.available(), 2);
    });
}

#[test]
fn a_bound_that_comes_too_early_is_refused_at_once_and_takes_nothing() {
    sim::run(|| {
        let limiter = used_up(2);
        let early = SECOND.saturating_sub(NANO);
        let ctx = Context::background().with_timeout(early);
        assert_eq!(how(limiter.wait_until(early)), How::TooLate);
        assert_eq!(how(limiter.wait_until(&ctx)), How::TooLate);
        assert_eq!(how(limiter.wait_until((&ctx, HOUR))), How::TooLate);
        assert_eq!(how(limiter.wait_n_until(2, 2 * early)), How::TooLate);
        assert_eq!(how(limiter.wait_n_until(3, Duration::MAX)), How::TooMany);
        assert_eq!(sim::elapsed(), Duration::ZERO);
        assert_eq!(how(limiter.wait_until(SECOND)), How::Granted);
        assert_eq!(sim::elapsed(), SECOND);
    });
}

#[test]
fn who_comes_later_is_refused_by_the_turn_of_all_before() {
    sim::run(|| {
        let limiter = used_up(2);
        let first = asker_behind(&limiter, "first", 2);
        let reserved = limiter.reserve().unwrap();
        assert_eq!(reserved.delay(), Some(3 * SECOND));
        assert_eq!(how(limiter.wait_until((4 * SECOND).saturating_sub(NANO))), How::TooLate);
        assert_eq!(how(limiter.wait_until(4 * SECOND)), How::Granted);
        assert_eq!(sim::elapsed(), 4 * SECOND);
        assert_eq!(reserved.delay(), Some(Duration::ZERO));
        assert_eq!(ends([first]), [(How::Granted, 2 * SECOND)]);
    });
}

/// Whoever is let in is served in time, unless the rate is lowered: however late the thread is.
#[test]
fn the_turn_at_the_very_instant_of_the_bound_is_taken_in_every_schedule() {
    let test = || {
        let limiter = used_up(2);
        let start = sim::now();
        let asker = asker(&limiter, "asker", 1, start + SECOND);
        pause(SECOND); // so that there is something for the clock to leap to
        assert_eq!(ends([asker])[0].0, How::Granted);
    };
    let report = Builder::new().exhaustive(2).time(RACING).check(test);
    assert!(report.exhausted, "{report:?}");
    Builder::new().time(TimeMode::Racing { percent: 50 }).iterations(600).check(test);
}

// --- Order ------------------------------------------------------------------------------------

#[test]
fn who_came_first_is_served_first_whatever_its_weight() {
    always(1, || {
        let limiter = used_up(3);
        let askers =
            [("a", 3), ("b", 1), ("c", 2)].map(|(name, n)| asker_behind(&limiter, name, n));
        assert!(!limiter.allow());
        assert_eq!(ends(askers), [3, 4, 6].map(|seconds| (How::Granted, seconds * SECOND)));
        assert_eq!(limiter.available(), 0);
    });
}

#[test]
fn an_allow_never_overtakes() {
    always(2, || {
        let limiter = used_up(2);
        let asker = asker_behind(&limiter, "asker", 2);
        pause(SECOND);
        assert!(!limiter.allow(), "the one that is there is the asker's");
        pause(SECOND);
        let overtakes = limiter.allow();
        assert_eq!(ends([asker]), [(How::Granted, 2 * SECOND)]);
        assert!(!overtakes);
    });
}

#[test]
fn one_token_goes_to_one_thread() {
    always(2, || {
        let limiter = Arc::new(Limiter::new(Rate::ZERO, 1));
        let threads = ["a", "b"].map(|name| {
            let limiter = Arc::clone(&limiter);
            sim::spawn(name, move || limiter.allow())
        });
        let granted = threads.map(|thread| thread.join().unwrap());
        assert_eq!(granted.into_iter().filter(|granted| *granted).count(), 1);
    });
}

#[test]
fn threads_that_come_together_are_served_a_second_apart() {
    always(2, || {
        let limiter = used_up(1);
        let askers = ["a", "b"].map(|name| asker(&limiter, name, 1, Until::FOREVER));
        let mut ends = ends(askers);
        ends.sort_unstable();
        assert_eq!(ends, [(How::Granted, SECOND), (How::Granted, 2 * SECOND)]);
    });
    always(1, || {
        let limiter = used_up(1);
        let askers = ["a", "b", "c"].map(|name| asker(&limiter, name, 1, Until::FOREVER));
        let mut ends = ends(askers);
        ends.sort_unstable();
        assert_eq!(ends, [1, 2, 3].map(|seconds| (How::Granted, seconds * SECOND)));
    });
}

// --- The front of the line ---------------------------------------------------------------------

#[test]
fn a_first_thread_that_leaves_is_followed_by_the_next() {
    always(2, || {
        let limiter = used_up(1);
        let (ctx, canceller) = Context::background().with_cancel();
        let first = cancellable(&limiter, "first", 1, &ctx);
        sim::wait_idle();
        let next = asker_behind(&limiter, "next", 1);
        canceller.cancel();
        let ends = ends([first, next]);
        assert_eq!(ends, [(How::Cancelled, Duration::ZERO), (How::Granted, SECOND)]);
    });
}

#[test]
fn a_first_thread_whose_own_time_is_up_is_followed_by_the_next() {
    always(2, || {
        let limiter = used_up(1);
        let first = asker(&limiter, "first", 1, SECOND);
        sim::wait_idle();
        let next = asker_behind(&limiter, "next", 1);
        limiter.set_rate(Rate::new(1, 4 * SECOND));
        let ends = ends([first, next]);
        assert_eq!(ends, [(How::TimedOut, SECOND), (How::Granted, 4 * SECOND)]);
    });
}

#[test]
fn a_first_thread_cancelled_at_its_turn_takes_the_token_or_leaves_it_to_the_next() {
    let granted = |seconds: u32| (How::Granted, seconds * SECOND);
    sim::outcomes(|| {
        let limiter = used_up(1);
        let (ctx, canceller) = Context::background().with_cancel();
        let first = cancellable(&limiter, "first", 1, &ctx);
        sim::wait_idle();
        let next = asker_behind(&limiter, "next", 1);
        pause(SECOND);
        canceller.cancel();
        ends([first, next])
    })
    .exactly([[granted(1), granted(2)], [(How::Cancelled, SECOND), granted(1)]])
    .exhausted();
}

#[test]
fn another_thread_may_serve_the_first() {
    always(2, || {
        let limiter = used_up(1);
        let askers = ["first", "next"].map(|name| asker_behind(&limiter, name, 1));
        pause(SECOND);
        assert_eq!(limiter.available(), 0);
        assert!(!limiter.allow());
        assert_eq!(ends(askers), [1, 2].map(|seconds| (How::Granted, seconds * SECOND)));
    });
}

#[test]
fn a_reservation_in_front_gets_a_thread_that_waits() {
    always(2, || {
        let limiter = used_up(1);
        let reserved = limiter.reserve_owned(1).unwrap();
        let next = asker_behind(&limiter, "next", 1);
        let late = sim::spawn("late", move || {
            reserved.wait();
            sim::elapsed()
        });
        assert_eq!(late.join().unwrap(), SECOND);
        assert_eq!(ends([next]), [(How::Granted, 2 * SECOND)]);
    });
}

#[test]
fn a_reservation_in_front_whose_thread_gives_up_lets_the_next_move_up() {
    always(2, || {
        let limiter = used_up(1);
        let reserved = limiter.reserve_owned(1).unwrap();
        let next = asker_behind(&limiter, "next", 1);
        let (ctx, canceller) = Context::background().with_cancel();
        let late = sim::spawn("late", move || how(reserved.wait_until(&ctx)));
        canceller.cancel();
        assert_eq!(late.join().unwrap(), How::Cancelled);
        assert_eq!(ends([next]), [(How::Granted, SECOND)]);
    });
}

#[test]
fn a_reservation_that_is_cancelled_lets_those_behind_move_up() {
    always(2, || {
        let limiter = used_up(3);
        let first = limiter.reserve_owned(3).unwrap();
        let second = limiter.reserve_owned(1).unwrap();
        let next = asker_behind(&limiter, "next", 2);
        assert_eq!(second.delay(), Some(4 * SECOND));
        let cancels = sim::spawn("cancels", move || first.cancel());
        cancels.join().unwrap();
        assert_eq!(second.delay(), Some(SECOND));
        assert_eq!(ends([next]), [(How::Granted, 3 * SECOND)]);
    });
}

#[test]
fn a_reservation_that_has_been_served_and_is_cancelled_serves_those_who_wait() {
    always(2, || {
        let limiter = Arc::new(Limiter::new(Rate::per_second(1), 2));
        let held = limiter.reserve_owned(2).unwrap();
        let askers = [("a", 1), ("b", 2)].map(|(name, n)| asker_behind(&limiter, name, n));
        let cancels = sim::spawn("cancels", move || held.cancel());
        cancels.join().unwrap();
        assert_eq!(ends(askers), [(How::Granted, Duration::ZERO), (How::Granted, SECOND)]);
    });
}

#[test]
fn a_served_reservation_that_is_cancelled_brings_the_turn_of_the_first_nearer() {
    always(2, || {
        let limiter = Arc::new(Limiter::new(Rate::per_second(1), 2));
        let [held, _used] = [(); 2].map(|()| limiter.reserve_owned(1).unwrap());
        let askers = ["a", "b"].map(|name| asker_behind(&limiter, name, 2));
        let cancels = sim::spawn("cancels", move || held.cancel());
        cancels.join().unwrap();
        assert_eq!(ends(askers), [1, 3].map(|seconds| (How::Granted, seconds * SECOND)));
    });
}

#[test]
fn a_wait_whose_context_ends_at_its_deadline_leaves_its_place() {
    always(1, || {
        let limiter = used_up(1);
        let (ctx, canceller) = Context::background().with_cancel_timeout(2 * SECOND);
        let keeper = asker_behind(&limiter, "keeper", 1);
        let gives_up = cancellable(&limiter, "gives up", 1, &ctx);
        sim::wait_idle();
        let next = asker_behind(&limiter, "next", 1);
        limiter.set_rate(Rate::new(1, 4 * SECOND));
        drop(gives_up.join());
        assert_eq!(ends([keeper, next]), [4, 8].map(|seconds| (How::Granted, seconds * SECOND)));
        drop(canceller);
    });
}

// --- Another rate, another burst --------------------------------------------------------------

#[test]
fn those_who_wait_go_by_the_new_rate() {
    always(2, || {
        let limiter = used_up(1);
        let askers = ["a", "b"].map(|name| asker_behind(&limiter, name, 1));
        pause(SECOND / 2);
        limiter.set_rate(Rate::per_second(2)); // half a token is there
        let quarters = [3, 5].map(|quarters| quarters * SECOND / 4);
        assert_eq!(ends(askers), quarters.map(|at| (How::Granted, at)));
    });
}

#[test]
fn a_rate_of_zero_holds_everybody_until_it_is_over() {
    always(2, || {
        let limiter = used_up(1);
        let askers = ["a", "b"].map(|name| asker_behind(&limiter, name, 1));
        let reserved = limiter.reserve().unwrap();
        pause(SECOND / 2);
        limiter.set_rate(Rate::ZERO);
        assert_eq!(reserved.delay(), None);
        sim::sleep(DAY);
        assert!(!askers.iter().any(JoinHandle::is_finished));
        limiter.set_rate(Rate::per_second(1));
        let due = [1, 3].map(|halves| (How::Granted, DAY + SECOND / 2 + halves * SECOND / 2));
        assert_eq!(ends(askers), due);
        assert_eq!(reserved.delay(), Some(SECOND));
    });
}

#[test]
fn an_infinite_rate_lets_everybody_go_on_at_once() {
    always(1, || {
        let limiter = used_up(2);
        let askers =
            [("a", 2), ("b", 1), ("c", 2)].map(|(name, n)| asker_behind(&limiter, name, n));
        limiter.set_rate(Rate::INFINITE);
        assert_eq!(ends(askers), [(How::Granted, Duration::ZERO); 3]);
        limiter.set_rate(Rate::per_second(1));
        assert_eq!(limiter.available(), 2);
    });
}

#[test]
fn a_new_rate_in_the_instant_of_the_turn_loses_nobody() {
    always(2, || {
        let limiter = used_up(1);
        let askers = ["a", "b"].map(|name| asker_behind(&limiter, name, 1));
        pause(SECOND);
        limiter.set_rate(Rate::new(1, 2 * SECOND));
        assert_eq!(ends(askers), [1, 3].map(|seconds| (How::Granted, seconds * SECOND)));
    });
}

#[test]
fn a_lower_burst_serves_those_who_wait_for_more_as_they_were_promised() {
    always(2, || {
        let limiter = used_up(4);
        let askers = [("a", 4), ("b", 1)].map(|(name, n)| asker_behind(&limiter, name, n));
        pause(3 * SECOND);
        limiter.set_burst(0);
        assert_eq!(how(limiter.wait()), How::TooMany);
        assert_eq!(ends(askers), [4, 5].map(|seconds| (How::Granted, seconds * SECOND)));
        sim::sleep(HOUR);
        assert_eq!(limiter.available(), 0);
    });
}

#[test]
fn who_uses_its_turn_late_costs_those_behind_nothing() {
    sim::run(|| {
        let limiter = used_up(2);
        let [first, second] = [2, 1].map(|n| limiter.reserve_n(n).unwrap());
        sim::sleep(3 * SECOND);
        assert!(!limiter.allow(), "the third token is the second's");
        sim::sleep(SECOND);
        assert_eq!(limiter.available(), 1);
        [first, second].into_iter().for_each(Reservation::wait);
        assert_eq!((limiter.available(), sim::elapsed()), (1, 4 * SECOND));
    });
}

// --- Many at once -----------------------------------------------------------------------------

/// So many threads wait, and give up at once: how many steps that takes.
fn steps_of_mass_cancellation(threads: usize) -> usize {
    let usual = Builder::new().iterations(12).max_threads(threads + 2);
    let report = usual.check(move || {
        let limiter = used_up(1);
        let (ctx, canceller) = Context::background().with_cancel();
        let askers: Vec<_> =
            (0..threads).map(|_| cancellable(&limiter, "asker", 1, &ctx)).collect();
        sim::wait_idle();
        canceller.cancel();
        assert!(askers.into_iter().all(|asker| asker.join().unwrap().0 == How::Cancelled));
        assert_eq!((sim::elapsed(), limiter.allow()), (Duration::ZERO, false));
        sim::sleep(SECOND);
        assert!(limiter.allow());
    });
    report.max_steps
}

#[test]
fn four_times_as_many_that_give_up_together_do_not_take_sixteen_times_the_steps() {
    let [few, many] = [20, 80].map(steps_of_mass_cancellation);
    assert!(many < 8 * few, "{few} steps for 20 threads, {many} for 80");
}

/// What was used, and when; what may have been.
struct Ledger {
    limiter: Limiter,
    used: Mutex<Vec<(Duration, u64)>>,
}

impl Ledger {
    fn uses(&self, n: u64) {
        self.used.lock().push((sim::elapsed(), n));
    }

    /// In no time, from any use to any later one, was more used than there was.
    fn is_within(&self, burst: u64, fastest: u64) {
        let used = self.used.lock();
        for (from, &(start, _)) in used.iter().enumerate() {
            let mut sum = 0;
            for &(now, n) in &used[from..] {
                sum += u128::from(n);
                let come = u128::from(fastest) * now.saturating_sub(start).as_nanos();
                assert!(
                    sum * 1_000_000_000 <= u128::from(burst) * 1_000_000_000 + come,
                    "{used:?}"
                );
            }
        }
    }
}

#[test]
fn a_crowd_of_all_kinds_never_uses_more_than_there_is() {
    let test = || {
        let limiter = Limiter::new(Rate::per_second(2), 3);
        let ledger = Arc::new(Ledger { limiter, used: Mutex::default() });
        sim::scope(|s| {
            let ledger = &ledger;
            for (name, n) in [("a", 1), ("b", 2), ("c", 3)] {
                s.spawn(name, move || {
                    for round in 0..4_u32 {
                        match sim::choose(4) {
                            0 if ledger.limiter.allow_n(n) => ledger.uses(n),
                            1 => ledger.limiter.reserve_n(n).unwrap().cancel(),
                            2 => {
                                let reserved = ledger.limiter.reserve_n(n).unwrap();
                                let bound = SECOND * (round + 1);
                                if reserved.wait_until(bound).is_ok() {
                                    ledger.uses(n);
                                }
                            }
                            _ => {
                                if ledger.limiter.wait_n_until(n, SECOND * round).is_ok() {
                                    ledger.uses(n);
                                }
                            }
                        }
                    }
                });
            }
            s.spawn("tuner", move || {
                for rate in [Rate::ZERO, Rate::per_second(1), Rate::per_second(2)] {
                    pause(SECOND / 3);
                    ledger.limiter.set_rate(rate);
                }
            });
        });
        ledger.is_within(3, 2);
        sim::sleep(HOUR);
        assert_eq!(ledger.limiter.available(), 3, "nothing is lost, and nobody is in the line");
    };
    Builder::new().iterations(400).check(test);
    Builder::new().iterations(200).spurious_wakeups(20).check(test);
}

#[test]
fn a_crowd_that_gives_up_loses_nothing() {
    often(|| {
        let limiter = used_up(2);
        let (ctx, canceller) = Context::background().with_cancel();
        let quitters = [1, 2, 1].map(|n| cancellable(&limiter, "quits", n, &ctx));
        let stays = [2, 1].map(|n| asker(&limiter, "stays", n, Until::FOREVER));
        pause(SECOND * u32::try_from(sim::choose(4)).unwrap());
        canceller.cancel();
        let _quit = ends(quitters);
        assert!(ends(stays).iter().all(|(how, _)| *how == How::Granted));
        sim::sleep(HOUR);
        assert_eq!(limiter.available(), 2);
    });
}

// --- Keys -------------------------------------------------------------------------------------

/// A key whose comparison takes its time; all of them have one hash.
#[derive(Clone, Eq)]
struct Slow(u32);

impl Hash for Slow {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u8(0);
    }
}

impl PartialEq for Slow {
    fn eq(&self, other: &Slow) -> bool {
        sim::yield_now();
        self.0 == other.0
    }
}

#[test]
fn two_threads_that_make_the_same_key_get_the_same_limiter() {
    always(2, || {
        let keyed = Arc::new(KeyedLimiter::new(Rate::ZERO, 1));
        let _another = keyed.of(&Slow(1));
        let threads = ["a", "b"].map(|name| {
            let keyed = Arc::clone(&keyed);
            sim::spawn(name, move || keyed.of(&Slow(0)))
        });
        let [a, b] = threads.map(|thread| thread.join().unwrap());
        assert!(Arc::ptr_eq(&a, &b));
        assert_eq!(keyed.len(), 2);
    });
}

#[test]
fn a_key_that_somebody_is_about_to_use_is_not_dropped() {
    always(2, || {
        let keyed = Arc::new(KeyedLimiter::new(Rate::ZERO, 1));
        assert_eq!(keyed.of(&Slow(0)).available(), 1);
        let user = sim::spawn("user", {
            let keyed = Arc::clone(&keyed);
            move || keyed.of(&Slow(0)).allow()
        });
        keyed.drop_idle();
        let twice = keyed.of(&Slow(0)).allow() && user.join().unwrap();
        assert!(!twice, "one token, one user");
    });
}

/// Each time a lock is taken is a step: no lock is held while more than 64 keys are looked at.
#[test]
fn dropping_idle_keys_takes_a_lock_for_each_few_of_them() {
    let steps = |keys: u32| {
        let report = Builder::new().exhaustive(0).check(move || {
            let keyed = KeyedLimiter::<u32>::new(Rate::ZERO, 1);
            let held: Vec<_> = (0..keys).map(|key| keyed.of(&key)).collect();
            drop(held);
            sim::label("drop");
            keyed.drop_idle();
            assert!(keyed.is_empty());
        });
        report.max_steps
    };
    let without_drop = |keys: u32| {
        let report = Builder::new().exhaustive(0).check(move || {
            let keyed = KeyedLimiter::<u32>::new(Rate::ZERO, 1);
            let held: Vec<_> = (0..keys).map(|key| keyed.of(&key)).collect();
            drop(held);
            sim::label("drop");
            assert!(!keyed.is_empty());
        });
        report.max_steps
    };
    let keys = 6400;
    assert!(steps(keys) - without_drop(keys) >= 100);
}

#[test]
fn a_look_for_idle_keys_changes_no_limiter_that_it_keeps() {
    sim::run(|| {
        let start = sim::now();
        sim::sleep(10 * HOUR);
        let keyed = KeyedLimiter::<u32>::new(Rate::per_hour(1), 100);
        for key in 0..200 {
            assert!(keyed.of(&key).allow_n_at(100, start)); // looks at others
        }
        drop(keyed.of(&0).reserve_n_at(1, start).unwrap());
        keyed.drop_idle();
        assert_eq!(keyed.len(), 200);
        let second = keyed.of(&0).reserve_n_at(1, start).unwrap().delay_from(start);
        assert_eq!(second, Some(2 * HOUR));
        for key in 1..200 {
            let at = |instant| keyed.of(&key).allow_n_at(1, instant);
            assert_eq!([at(start), at(start + HOUR)], [false, true], "{key}");
        }
    });
}

#[test]
fn a_key_is_idle_when_its_reservations_are_served_and_its_bucket_is_full() {
    sim::run(|| {
        let keyed = KeyedLimiter::<u32>::new(Rate::per_second(1), 2);
        let limiter = keyed.of(&0);
        assert!(limiter.allow_n(2));
        for _ in 0..2 {
            drop(limiter.reserve_n(2).unwrap());
        }
        drop(limiter);
        sim::sleep((6 * SECOND).saturating_sub(NANO));
        keyed.drop_idle();
        assert_eq!(keyed.len(), 1);
        sim::sleep(NANO);
        keyed.drop_idle();
        assert_eq!(keyed.len(), 0);
    });
}

#[test]
fn a_key_is_idle_when_its_bucket_is_full_again() {
    sim::run(|| {
        let keyed = KeyedLimiter::<u8>::new(Rate::per_second(1), 2);
        assert!(keyed.of(&0).allow());
        drop(keyed.of(&0).reserve_n(2).unwrap());
        for (seconds, len) in [(0, 1), (1, 1), (1, 1), (1, 0)] {
            sim::sleep(seconds * SECOND);
            keyed.drop_idle();
            assert_eq!(keyed.len(), len, "{:?}", sim::elapsed());
        }
    });
}

// --- Now and then -----------------------------------------------------------------------------

#[test]
fn of_two_first_calls_one_runs() {
    always(2, || {
        let sometimes = Arc::new(Sometimes::new());
        let threads = ["a", "b"].map(|name| {
            let sometimes = Arc::clone(&sometimes);
            sim::spawn(name, move || sometimes.run(|| ()).is_some())
        });
        let ran = threads.map(|thread| thread.join().unwrap());
        assert_eq!(ran.into_iter().filter(|ran| *ran).count(), 1);
    });
}

#[test]
fn the_interval_is_from_the_end_of_a_run() {
    always(1, || {
        let sometimes = Arc::new(Sometimes::new().interval(SECOND));
        let slow = sim::spawn("slow", {
            let sometimes = Arc::clone(&sometimes);
            move || sometimes.run(|| pause(2 * SECOND)).is_some()
        });
        sim::wait_idle();
        let runs = [1, 3, 1].map(|halves| {
            sim::sleep(halves * SECOND / 2);
            sometimes.run(|| ()).is_some()
        });
        assert_eq!(runs, [false; 3], "one runs, or has just ended");
        sim::sleep(SECOND / 2);
        assert_eq!([(); 2].map(|()| sometimes.run(|| ())), [Some(()), None]);
        assert!(slow.join().unwrap());
    });
}
