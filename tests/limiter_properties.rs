//! Whatever is asked of a limiter, in whatever order: no more is handed out than there can be.

#![cfg(feature = "sim")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::time::Duration;

use phalanx::{Limiter, Rate, Reservation, sim};
use proptest::prelude::*;

/// A token, in the units in which the tests count: one comes in a nanosecond at a token a second.
const TOKEN: u128 = 1_000_000_000;

/// Something that is asked of a limiter.
#[derive(Clone, Copy, Debug)]
enum Ask {
    Allow(u64),
    Wait(u64, Duration),
    Reserve(u64),
    /// One of the reservations that are held, by its number.
    Cancel(usize),
    SetRate(Option<u64>),
    SetBurst(u64),
    Pass(Duration),
}

fn duration() -> impl Strategy<Value = Duration> {
    let nanos = prop_oneof![0..3_u64, 0..2_000_000_000_u64, 0..100_000_000_000_u64];
    nanos.prop_map(Duration::from_nanos)
}

/// So many per second; `None` for no limit.
fn rate() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![
        1 => Just(None),
        2 => Just(Some(0)),
        8 => (1..40_u64).prop_map(Some),
        2 => (1..5_000_000_000_u64).prop_map(Some),
    ]
}

fn ask() -> impl Strategy<Value = Ask> {
    prop_oneof![
        6 => (0..9_u64).prop_map(Ask::Allow),
        4 => (0..9_u64, duration()).prop_map(|(n, bound)| Ask::Wait(n, bound)),
        6 => (0..9_u64).prop_map(Ask::Reserve),
        4 => (0..8_usize).prop_map(Ask::Cancel),
        2 => rate().prop_map(Ask::SetRate),
        1 => (0..12_u64).prop_map(Ask::SetBurst),
        6 => duration().prop_map(Ask::Pass),
    ]
}

fn rate_of(per_second: Option<u64>) -> Rate {
    per_second.map_or(Rate::INFINITE, Rate::per_second)
}

/// A limiter, and what it should not exceed, counted by itself.
struct Checked<'a> {
    limiter: &'a Limiter,
    per_second: Option<u64>,
    burst: u64,
    /// How much may have been handed out since the rate was last infinite, and how much was.
    come: u128,
    taken: u128,
    counted_at: Duration,
    /// Counts the times at which the rate has become infinite, or finite.
    era: u32,
    held: Vec<(Reservation<&'a Limiter>, u32)>,
}

impl<'a> Checked<'a> {
    fn new(limiter: &'a Limiter, per_second: Option<u64>, burst: u64) -> Self {
        let come = u128::from(burst) * TOKEN;
        let counted_at = sim::elapsed();
        Checked { limiter, per_second, burst, come, taken: 0, counted_at, era: 0, held: Vec::new() }
    }

    /// Counts what has come since it was counted last.
    fn count(&mut self) {
        let since = sim::elapsed().checked_sub(self.counted_at).unwrap();
        self.come += u128::from(self.per_second.unwrap_or(0)) * since.as_nanos();
        self.counted_at += since;
    }

    fn takes(&mut self, n: u64) {
        self.taken += u128::from(n) * TOKEN;
        self.count();
        let (taken, come) = (self.taken, self.come);
        assert!(self.per_second.is_none() || taken <= come, "{taken} of {come}");
    }

    fn set_rate(&mut self, per_second: Option<u64>) {
        self.count();
        self.use_what_is_due(); // by the old rate
        self.limiter.set_rate(rate_of(per_second));
        if self.per_second.is_none() != per_second.is_none() {
            self.era += 1;
            (self.come, self.taken) = (u128::from(self.burst) * TOKEN, 0);
        }
        self.per_second = per_second;
    }

    /// Uses the reservations whose turn has come.
    fn use_what_is_due(&mut self) {
        for (reservation, era) in std::mem::take(&mut self.held) {
            if reservation.delay() != Some(Duration::ZERO) {
                self.held.push((reservation, era));
            } else if era == self.era {
                self.takes(reservation.tokens());
            }
        }
    }

    fn does(&mut self, ask: Ask) {
        match ask {
            Ask::Allow(n) if self.limiter.allow_n(n) => self.takes(n),
            Ask::Wait(n, bound) => {
                let (before, last) = (sim::elapsed(), sim::now() + bound);
                match self.limiter.wait_n_until(n, last) {
                    Ok(()) => self.takes(n),
                    Err(_) => assert_eq!(sim::elapsed(), before, "it is refused at once"),
                }
                assert!(sim::now() <= last);
            }
            Ask::Reserve(n) => {
                let reserved = self.limiter.reserve_n(n).ok();
                let is_possible = n <= self.burst || self.per_second.is_none() || n == 0;
                assert_eq!(reserved.is_some(), is_possible);
                self.held.extend(reserved.map(|reservation| (reservation, self.era)));
            }
            Ask::Cancel(number) if number < self.held.len() => {
                self.held.swap_remove(number).0.cancel();
            }
            Ask::Allow(_) | Ask::Cancel(_) => {}
            Ask::SetRate(per_second) => self.set_rate(per_second),
            Ask::SetBurst(burst) => {
                self.limiter.set_burst(burst);
                self.burst = burst;
                if self.per_second.is_none() {
                    self.come = u128::from(burst) * TOKEN;
                }
            }
            Ask::Pass(duration) => sim::sleep(duration),
        }
        assert!(self.limiter.available() <= self.burst);
    }

    /// Nothing is lost: in the end the bucket is as full as it can be.
    fn ends(mut self) {
        self.held.drain(..).for_each(|(reservation, _)| reservation.cancel());
        self.set_rate(Some(1000));
        sim::sleep(Duration::from_secs(60));
        assert_eq!(self.limiter.available(), self.burst);
        assert!(self.limiter.allow_n(self.burst) && !self.limiter.allow());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Over the whole life of a limiter: `burst`, and what has come at each rate.
    #[test]
    fn no_more_is_granted_than_has_come(
        per_second in rate(),
        burst in 0..12_u64,
        asks in prop::collection::vec(ask(), 1..60),
    ) {
        sim::run(move || {
            let limiter = Limiter::new(rate_of(per_second), burst);
            let mut checked = Checked::new(&limiter, per_second, burst);
            for ask in asks {
                checked.does(ask);
                // What is held counts when it is used, if it has not been cancelled before.
                checked.use_what_is_due();
            }
            checked.ends();
        });
    }

    /// From any instant to any later one, if a reservation is cancelled at once, or waited for.
    #[test]
    fn no_more_is_granted_from_any_instant_on(
        per_second in 1..40_u64,
        burst in 1..12_u64,
        asks in prop::collection::vec(ask(), 1..60),
    ) {
        sim::run(move || {
            let limiter = Limiter::new(Rate::per_second(per_second), burst);
            let mut used = Vec::new();
            for ask in asks {
                let used_now = match ask {
                    Ask::Allow(n) if limiter.allow_n(n) => n,
                    Ask::Wait(n, bound) if limiter.wait_n_until(n, bound).is_ok() => n,
                    Ask::Reserve(n) if n <= burst => {
                        limiter.reserve_n(n).unwrap().wait();
                        n
                    }
                    Ask::Cancel(n) => {
                        let n = n.try_into().unwrap();
                        let _refused = limiter.reserve_n(n).map(Reservation::cancel);
                        0
                    }
                    Ask::Pass(duration) => {
                        sim::sleep(duration);
                        0
                    }
                    _ => 0,
                };
                used.push((sim::elapsed(), used_now));
            }
            for first in 0..used.len() {
                let mut sum = 0;
                for (now, n) in &used[first..] {
                    sum += u128::from(*n) * TOKEN;
                    // A nanosecond more: the first may have been due some part of one before.
                    let come = u128::from(per_second) * (now.saturating_sub(used[first].0).as_nanos() + 1);
                    assert!(sum <= u128::from(burst) * TOKEN + come);
                }
            }
        });
    }

    /// A limiter that is asked as soon as it can grant does so at the very nanosecond.
    #[test]
    fn the_nth_token_comes_at_its_nanosecond(
        events in 1..1_000_000_u64,
        nanos in 1..u64::from(u32::MAX),
        burst in 1..9_u64,
        wants in prop::collection::vec(1..9_u64, 1..40),
    ) {
        sim::run(move || {
            let limiter = Limiter::new(Rate::new(events, Duration::from_nanos(nanos)), burst);
            let mut wanted = 0_u128;
            for n in wants.into_iter().filter(|n| *n <= burst) {
                wanted += u128::from(n);
                let due = wanted.saturating_sub(burst.into()) * u128::from(nanos);
                let due = Duration::from_nanos(due.div_ceil(events.into()).try_into().unwrap());
                limiter.wait_n(n).unwrap();
                assert_eq!(sim::elapsed(), due);
            }
        });
    }
}
