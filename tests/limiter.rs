//! Handing tokens out: bursts, order, reservations, keys, now and then.

#![expect(clippy::disallowed_methods, reason = "tests use std's threads")]

mod support;

use std::cell::Cell;
use std::error::Error;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use phalanx::{
    Context, Interrupted, KeyedLimiter, LimitError, Limiter, Rate, Reservation, Sometimes, Until,
};
use support::asleep::Sleeper;
use support::{Count, panic_of, watchdog};

const HOUR: Duration = Duration::from_secs(3600);
/// A bound that no token of these tests comes before.
const SOON: Duration = Duration::ZERO;

/// One token an hour: in the time of a test none comes.
fn hourly(burst: u64) -> Limiter {
    Limiter::new(Rate::per_hour(1), burst)
}

/// What a call says, in a word.
fn said<T>(result: Result<T, LimitError>) -> &'static str {
    match result.err() {
        None => "granted",
        Some(LimitError::TooMany) => "too many",
        Some(LimitError::TooLate) => "too late",
        Some(LimitError::Interrupted(Interrupted::TimedOut)) => "timed out",
        Some(LimitError::Interrupted(Interrupted::Cancelled(_))) => "cancelled",
        Some(_) => "another",
    }
}

// --- Rates ------------------------------------------------------------------------------------

#[test]
fn equal_rates_are_equal_however_they_are_said() {
    assert_eq!(Rate::per_second(10), Rate::every(Duration::from_millis(100)));
    assert_eq!(Rate::per_minute(90), Rate::new(3, Duration::from_secs(2)));
    assert_eq!(Rate::per_hour(3600), Rate::per_second(1));
    assert_eq!(Rate::per_second(0), Rate::ZERO);
    assert_ne!(Rate::INFINITE, Rate::per_second(u64::MAX));
    assert!(Rate::INFINITE.is_infinite() && !Rate::ZERO.is_infinite());
}

#[test]
fn a_rate_says_what_it_is() {
    let said = [Rate::per_minute(90), Rate::ZERO, Rate::INFINITE].map(|rate| rate.to_string());
    assert_eq!(said, ["3 per 2s", "zero", "infinite"]);
    assert_eq!(format!("{:?}", Rate::per_second(1)), "Rate(1 per 1s)");
}

// --- Tokens -----------------------------------------------------------------------------------

#[test]
#[cfg(all(target_pointer_width = "64", not(feature = "sim")))]
fn it_takes_176_bytes_on_64_bits() {
    assert_eq!(size_of::<Limiter>(), 176);
}

#[test]
fn a_burst_is_let_through_and_then_no_more() {
    static MAIL: Limiter = Limiter::new(Rate::per_hour(1), 3);
    assert_eq!(MAIL.available(), 3);
    assert!(MAIL.allow() && MAIL.allow_n(2));
    assert!(!MAIL.allow());
    assert_eq!(MAIL.available(), 0);
    assert_eq!((MAIL.rate(), MAIL.burst()), (Rate::per_hour(1), 3));
}

#[test]
fn what_is_refused_takes_nothing() {
    let limiter = hourly(3);
    assert!(!limiter.allow_n(4));
    assert_eq!(said(limiter.wait_n(4)), "too many");
    assert_eq!(said(limiter.reserve_n(4)), "too many");
    assert!(limiter.allow_n(2));
    assert_eq!(said(limiter.wait_n_until(2, HOUR / 2)), "too late");
    assert_eq!(limiter.available(), 1);
    assert!(limiter.allow());
}

#[test]
fn nothing_is_always_to_be_had() {
    let limiter = Limiter::new(Rate::ZERO, 0);
    assert!(limiter.allow_n(0));
    assert_eq!(said(limiter.wait_n(0)), "granted");
    let nothing = limiter.reserve_n(0).unwrap();
    assert_eq!((nothing.tokens(), nothing.delay()), (0, Some(Duration::ZERO)));
    nothing.cancel();
    assert_eq!(limiter.available(), 0);
}

#[test]
fn at_an_infinite_rate_everything_goes_through_whatever_the_burst() {
    for burst in [0, 1] {
        let limiter = Limiter::new(Rate::INFINITE, burst);
        assert!(limiter.allow_n(u64::MAX) && limiter.allow_n(u64::MAX));
        assert_eq!(said(limiter.wait_n(1000)), "granted");
        assert_eq!(limiter.reserve_n(u64::MAX).unwrap().delay(), Some(Duration::ZERO));
        assert_eq!(limiter.available(), burst);
    }
}

#[test]
fn at_a_rate_of_zero_nothing_comes_after_the_burst() {
    let limiter = Limiter::new(Rate::ZERO, 2);
    assert!(limiter.allow_n(2));
    assert_eq!(said(limiter.wait_until(100_000 * HOUR)), "too late");
    let never = limiter.reserve().unwrap();
    assert_eq!(never.delay(), None);
    never.cancel();
}

#[test]
fn a_burst_that_is_raised_brings_no_tokens_and_one_that_is_lowered_takes_them() {
    let limiter = hourly(4);
    limiter.set_burst(10);
    assert_eq!(limiter.available(), 4);
    limiter.set_burst(2);
    assert_eq!(limiter.available(), 2);
    limiter.set_burst(10);
    assert_eq!(limiter.available(), 2);
    limiter.set_burst(0);
    assert_eq!((limiter.available(), limiter.allow()), (0, false));
}

#[test]
fn another_rate_leaves_the_tokens_that_are_there() {
    let limiter = hourly(5);
    assert!(limiter.allow_n(2));
    for rate in [Rate::new(7, 13 * HOUR), Rate::ZERO, Rate::per_hour(1000)] {
        limiter.set_rate(rate);
        assert_eq!((limiter.rate(), limiter.available()), (rate, 3));
    }
    limiter.set_rate(Rate::INFINITE);
    limiter.set_rate(Rate::ZERO);
    assert_eq!(limiter.available(), 5, "it has been filled");
}

// --- Errors -----------------------------------------------------------------------------------

#[test]
fn an_error_says_what_it_is() {
    let limiter = hourly(1);
    let (ctx, canceller) = Context::background().with_cancel();
    canceller.cancel_because("the customer has left");
    let errors = [limiter.wait_n(2).unwrap_err(), { limiter.wait_until(&ctx).unwrap_err() }, {
        assert!(limiter.allow());
        limiter.wait_until(SOON).unwrap_err()
    }];
    let texts = [
        "more than the limiter's burst",
        "gave up waiting for the limiter: context cancelled: the customer has left",
        "the limiter's turn would come after the deadline: timed out",
    ];
    assert_eq!(errors.each_ref().map(|error| support::chain(error)), texts);
    assert_eq!(errors.each_ref().map(LimitError::is_timeout), [false, false, true]);
    assert_eq!(errors.each_ref().map(|error| error.source().is_some()), [false, true, true]);
    assert!(LimitError::from(Interrupted::TimedOut).is_timeout());
}

#[test]
fn a_context_that_has_ended_gets_nothing_and_takes_nothing() {
    let limiter = hourly(1);
    let (ctx, canceller) = Context::background().with_cancel();
    canceller.cancel();
    assert_eq!(said(limiter.wait_until(&ctx)), "cancelled");
    assert_eq!(said(limiter.wait_n_until(0, &ctx)), "cancelled");
    let reserved = limiter.reserve().unwrap();
    assert_eq!(said(reserved.wait_until(&ctx)), "cancelled");
    assert_eq!(limiter.available(), 1);
}

#[test]
fn a_bound_that_has_passed_still_takes_what_is_there() {
    let limiter = hourly(1);
    assert_eq!(said(limiter.wait_until(SOON)), "granted");
    assert_eq!(said(limiter.wait_until(SOON)), "too late");
}

// --- Those who wait ---------------------------------------------------------------------------

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn who_waits_goes_on_when_the_rate_becomes_infinite() {
    watchdog(|| {
        let limiter = hourly(1);
        assert!(limiter.allow());
        thread::scope(|s| {
            let sleepers: [_; 3] = [(); 3].map(|()| {
                let sleeper = Sleeper::default();
                s.spawn({
                    let (sleeper, limiter) = (sleeper.clone(), &limiter);
                    move || {
                        sleeper.here();
                        limiter.wait().unwrap();
                    }
                });
                sleeper
            });
            sleepers.iter().for_each(Sleeper::until_asleep);
            assert!(!limiter.allow());
            limiter.set_rate(Rate::INFINITE);
        });
        assert_eq!(limiter.available(), 1);
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn who_is_cancelled_while_it_waits_has_taken_nothing() {
    watchdog(|| {
        let limiter = hourly(2);
        assert!(limiter.allow());
        let (ctx, canceller) = Context::background().with_cancel();
        let sleeper = Sleeper::default();
        thread::scope(|s| {
            let waits = s.spawn(|| {
                sleeper.here();
                said(limiter.wait_n_until(2, &ctx))
            });
            sleeper.until_asleep();
            assert!(!limiter.allow(), "nobody overtakes");
            canceller.cancel();
            assert_eq!(waits.join().unwrap(), "cancelled");
        });
        assert_eq!(limiter.available(), 1);
    });
}

#[test]
fn tokens_that_come_in_real_time_are_waited_for() {
    watchdog(|| {
        let limiter = Limiter::new(Rate::per_second(20_000), 1);
        thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| (0..50).for_each(|_| limiter.wait().unwrap()));
            }
        });
        assert!(limiter.available() <= 1);
    });
}

// --- Reservations -----------------------------------------------------------------------------

#[test]
fn a_reservation_that_is_cancelled_gives_everything_back() {
    let limiter = hourly(3);
    let first = limiter.reserve_n(2).unwrap();
    let second = limiter.reserve_n(2).unwrap();
    let third = limiter.reserve().unwrap();
    assert_eq!(first.delay(), Some(Duration::ZERO));
    assert!(second.delay().unwrap() > HOUR / 2 && third.delay().unwrap() > HOUR);
    assert_eq!((limiter.available(), limiter.allow()), (0, false));
    first.cancel(); // those behind move up
    assert_eq!((second.delay(), third.delay()), (Some(Duration::ZERO), Some(Duration::ZERO)));
    third.cancel();
    second.cancel();
    assert_eq!(limiter.available(), 3);
}

#[test]
fn a_reservation_that_is_dropped_has_been_used() {
    let limiter = hourly(3);
    drop(limiter.reserve_n(2).unwrap());
    assert_eq!(limiter.available(), 1);
}

#[test]
fn a_reservation_in_front_that_is_cancelled_lets_a_smaller_one_through() {
    let limiter = hourly(5);
    assert!(limiter.allow_n(3));
    let large = limiter.reserve_n(5).unwrap();
    let small = limiter.reserve_n(2).unwrap();
    assert!(small.delay().unwrap() > HOUR);
    large.cancel();
    assert_eq!(small.delay(), Some(Duration::ZERO));
}

#[test]
fn an_owned_reservation_goes_wherever_it_likes() {
    watchdog(|| {
        let limiter = Arc::new(hourly(1));
        let now: Reservation<Arc<Limiter>> = limiter.reserve_owned(1).unwrap();
        let later = limiter.reserve_owned(1).unwrap();
        let waits = thread::spawn(move || later.wait());
        now.cancel();
        waits.join().unwrap();
        assert_eq!((limiter.available(), Arc::strong_count(&limiter)), (0, 1));
        assert_eq!(said(limiter.reserve_owned(2)), "too many");
    });
}

#[test]
fn a_reservation_that_would_come_too_late_is_cancelled() {
    let limiter = hourly(1);
    let now = limiter.reserve().unwrap();
    assert_eq!(said(limiter.reserve().unwrap().wait_until(SOON)), "too late");
    assert_eq!(said(now.wait_until(SOON)), "granted");
    let later = limiter.reserve().unwrap();
    assert!(later.delay().unwrap() <= HOUR, "nobody is before it");
}

#[test]
fn nothing_comes_back_of_what_an_infinite_rate_gave_away() {
    let limiter = hourly(1);
    let paid = limiter.reserve().unwrap();
    let later = limiter.reserve().unwrap(); // served for nothing
    limiter.set_rate(Rate::INFINITE);
    let free = limiter.reserve_n(100).unwrap();
    limiter.set_rate(Rate::per_hour(1));
    assert!(limiter.allow());
    for reservation in [paid, later, free] {
        reservation.cancel();
        assert!(!limiter.allow());
    }
}

// --- Keys -------------------------------------------------------------------------------------

#[test]
fn each_key_has_a_limiter_of_its_own() {
    let keyed = KeyedLimiter::<String>::new(Rate::per_hour(1), 1);
    assert!(keyed.is_empty());
    assert!(keyed.of("a").allow() && keyed.of("b").allow());
    assert!(!keyed.of("a").allow());
    assert!(Arc::ptr_eq(&keyed.of("a"), &keyed.of("a")));
    assert_eq!(keyed.len(), 2);
}

#[test]
fn keys_may_be_numbers_tuples_and_shared() {
    assert!(KeyedLimiter::<u64>::new(Rate::ZERO, 1).of(&7).allow());
    assert!(KeyedLimiter::<(String, u16)>::new(Rate::ZERO, 1).of(&("a".to_owned(), 1)).allow());
    assert!(KeyedLimiter::<Arc<str>>::new(Rate::ZERO, 1).of(&Arc::from("a")).allow());
    assert!(KeyedLimiter::<&str>::new(Rate::ZERO, 1).of(&"a").allow());
}

#[test]
fn idle_keys_are_dropped_as_others_come() {
    let keyed = KeyedLimiter::<u64>::new(Rate::per_hour(1), 1);
    for key in 0..100_000 {
        assert_eq!(keyed.of(&key).available(), 1);
    }
    assert!(keyed.len() <= 100, "{}", keyed.len());
}

#[test]
fn no_more_than_twice_as_many_keys_are_kept_as_are_in_use() {
    let keyed = KeyedLimiter::<u64>::new(Rate::per_hour(1), 1);
    assert!((0..1000).all(|key| keyed.of(&key).allow()));
    for key in 1000..20_000 {
        assert_eq!(keyed.of(&key).available(), 1);
        assert!(keyed.len() <= 2100, "{} after {key}", keyed.len());
    }
    keyed.drop_idle();
    assert_eq!(keyed.len(), 1000);
}

/// A hundred thousand keys become idle at the same time, and no call pays for all of them.
#[test]
fn a_new_key_drops_no_more_than_a_few_idle_ones() {
    let keyed = KeyedLimiter::<u64>::new(Rate::per_hour(1), 1);
    let held: Vec<_> = (0..100_000).map(|key| keyed.of(&key)).collect();
    assert_eq!(keyed.len(), held.len());
    drop(held);
    for key in 100_000..100_100 {
        let before = keyed.len();
        keyed.of(&key);
        let dropped = before + 1 - keyed.len();
        assert!(dropped <= 4, "{dropped}");
    }
}

#[test]
fn keys_that_are_in_use_are_kept() {
    let keyed = KeyedLimiter::<u64>::new(Rate::per_hour(1), 1);
    assert!(keyed.of(&0).allow());
    let held = keyed.of(&1);
    keyed.of(&2).set_burst(5);
    keyed.of(&3).set_rate(Rate::ZERO);
    let reserved = keyed.of(&4).reserve_owned(1).unwrap();
    assert!(keyed.of(&5).allow_n(0));
    keyed.drop_idle();
    assert_eq!(keyed.len(), 5);
    assert!(!keyed.of(&0).allow());
    assert!(Arc::ptr_eq(&held, &keyed.of(&1)));
    assert_eq!((keyed.of(&2).burst(), keyed.of(&3).rate()), (5, Rate::ZERO));
    reserved.cancel();
    drop(held);
    keyed.of(&2).set_burst(1);
    keyed.drop_idle();
    assert_eq!(keyed.len(), 2);
}

thread_local! {
    /// In which way a key of this thread panics, once, after so many times without.
    static FUSE: Cell<(&'static str, u32)> = const { Cell::new(("", 0)) };
}

fn burn(use_: &'static str) {
    let (kind, left) = FUSE.get();
    if kind == use_ {
        FUSE.set(if left > 0 { (kind, left - 1) } else { ("", 0) });
        assert!(left > 0, "the {use_} went off");
    }
}

/// A key that panics, all of which have one hash.
struct Evil(u32, Count);

impl Hash for Evil {
    fn hash<H: Hasher>(&self, state: &mut H) {
        burn("hash");
        state.write_u8(0);
    }
}

impl PartialEq for Evil {
    fn eq(&self, other: &Evil) -> bool {
        burn("eq");
        self.0 == other.0
    }
}

impl Eq for Evil {}

impl Clone for Evil {
    fn clone(&self) -> Evil {
        burn("clone");
        Evil(self.0, self.1.clone())
    }
}

impl Drop for Evil {
    fn drop(&mut self) {
        self.1.add();
        burn("drop");
    }
}

#[test]
fn a_key_that_panics_harms_nobody() {
    for kind in ["hash", "eq", "clone"] {
        let (keyed, drops) = (KeyedLimiter::new(Rate::per_hour(1), 1), Count::default());
        let key = |n| Evil(n, drops.clone());
        assert!(keyed.of(&key(0)).allow() && keyed.of(&key(1)).allow());
        FUSE.set((kind, 0));
        let text = panic_of(|| keyed.of(&key(2)));
        assert_eq!((text, keyed.len()), (format!("the {kind} went off"), 2));
        assert!(!keyed.of(&key(0)).allow() && !keyed.of(&key(1)).allow());
        assert!(keyed.of(&key(2)).allow());
    }
}

#[test]
fn a_key_whose_drop_panics_is_gone_like_the_others() {
    let (keyed, drops) = (KeyedLimiter::new(Rate::per_hour(1), 1), Count::default());
    let keys = [0, 1, 2, 3].map(|n| Evil(n, drops.clone()));
    assert!(keyed.of(&keys[3]).allow());
    assert!(keys[..3].iter().all(|key| keyed.of(key).allow_n(0)));
    FUSE.set(("drop", 1));
    let text = panic_of(|| {
        keyed.drop_idle();
    });
    assert_eq!((text.as_str(), keyed.len(), drops.get()), ("the drop went off", 1, 3));
    assert!(!keyed.of(&keys[3]).allow());
}

#[test]
fn keys_of_one_hash_come_and_go() {
    let (keyed, drops) = (KeyedLimiter::new(Rate::per_hour(1), 1), Count::default());
    let key = |n| Evil(n, drops.clone());
    for n in 0..200 {
        let limiter = keyed.of(&key(n));
        assert!(n % 50 != 0 || limiter.allow());
    }
    keyed.drop_idle();
    assert_eq!(keyed.len(), 4);
    assert!((0..200).all(|n| keyed.of(&key(n)).allow() == (n % 50 != 0)));
}

// --- Now and then -----------------------------------------------------------------------------

/// The numbers of the calls that run, of so many.
fn ran(sometimes: &Sometimes, calls: u32) -> Vec<u32> {
    (1..=calls).filter(|_| sometimes.run(|| ()).is_some()).collect()
}

#[test]
fn each_condition_is_enough_and_the_first_call_always_runs() {
    assert_eq!(ran(&Sometimes::new(), 5), [1]);
    assert_eq!(ran(&Sometimes::default().first(3), 5), [1, 2, 3]);
    assert_eq!(ran(&Sometimes::new().every(3), 8), [1, 4, 7]);
    assert_eq!(ran(&Sometimes::new().every(0), 5), [1]);
    assert_eq!(ran(&Sometimes::new().every(1), 3), [1, 2, 3]);
    assert_eq!(ran(&Sometimes::new().first(2).every(4), 9), [1, 2, 5, 9]);
    assert_eq!(ran(&Sometimes::new().interval(HOUR), 5), [1]);
    assert_eq!(ran(&Sometimes::new().interval(Duration::ZERO), 3), [1, 2, 3]);
    assert_eq!(ran(&Sometimes::new().interval(HOUR).first(2), 5), [1, 2]);
}

#[test]
fn a_run_may_use_the_same_sometimes() {
    let sometimes = Sometimes::new().first(3);
    let inner = sometimes.run(|| sometimes.run(|| sometimes.run(|| sometimes.run(|| 7))));
    assert_eq!(inner, Some(Some(Some(None))));
}

#[test]
fn nobody_runs_for_the_interval_while_one_runs() {
    let sometimes = Sometimes::new().interval(Duration::ZERO);
    assert_eq!(sometimes.run(|| sometimes.run(|| ())), Some(None));
    assert_eq!(sometimes.run(|| ()), Some(()));
}

#[test]
fn a_run_that_panics_counts_and_has_ended() {
    let sometimes = Sometimes::new().interval(Duration::ZERO);
    let text = panic_of(|| sometimes.run(|| panic!("on purpose")));
    assert_eq!((text.as_str(), sometimes.run(|| ())), ("on purpose", Some(())));
    let once = Sometimes::new();
    panic_of(|| once.run(|| panic!("on purpose")));
    assert_eq!(once.run(|| ()), None);
}

#[test]
fn debug_says_what_is_known() {
    let limiter = hourly(2);
    let text = "Limiter { rate: Rate(1 per 3600s), burst: 2, .. }";
    assert_eq!(format!("{limiter:?}"), text);
    let reserved = limiter.reserve_n(2).unwrap();
    assert_eq!(
        format!("{reserved:?}"),
        format!("Reservation {{ tokens: 2, limiter: {text}, .. }}")
    );
    let keyed = KeyedLimiter::<u8>::new(Rate::ZERO, 2);
    assert_eq!(format!("{keyed:?}"), "KeyedLimiter { rate: Rate(zero), burst: 2, keys: 0, .. }");
    let sometimes = Sometimes::new().first(2);
    assert!(format!("{sometimes:?}").starts_with("Sometimes { first: 2, every: 0, interval: None"));
}

/// What may cross threads and `catch_unwind`.
const _: () = {
    const fn all<T: Send + Sync + Unpin + std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}
    all::<Limiter>();
    all::<Reservation<&'static Limiter>>();
    all::<Reservation<Arc<Limiter>>>();
    all::<KeyedLimiter<String>>();
    all::<Sometimes>();
    all::<Rate>();
    all::<Until<'static>>();
};
