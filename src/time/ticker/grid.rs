//! Instants that are all the same time apart. It knows neither a lock nor a clock.

use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    /// Not zero, where there is a next tick.
    period: Duration,
    /// The first tick that nobody has had; `None` if there is none, or the clock does not go so far.
    next: Option<Instant>,
}

impl Grid {
    /// No ticks at all.
    pub(super) const EMPTY: Grid = Grid { period: Duration::ZERO, next: None };

    pub(super) fn new(first: Option<Instant>, period: Duration) -> Self {
        Grid { period, next: first }
    }

    pub(super) fn period(&self) -> Duration {
        self.period
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.next
    }

    /// Takes the latest tick that has come until now, and skips those before.
    pub(super) fn take(&mut self, now: Instant) -> Option<Instant> {
        // The instants are compared: if the clock counts steps of more than a nanosecond, `Instant` says that
        // the time from one to an earlier one, which is less than a step away, is zero.
        let next = self.next.filter(|next| *next <= now)?;
        let late = now.checked_duration_since(next)?;
        let since = late.as_nanos() % self.period.as_nanos();
        let tick = now.checked_sub(duration(since))?;
        self.next = tick.checked_add(self.period);
        Some(tick)
    }
}

/// So many nanoseconds, which are a part of some duration.
fn duration(nanos: u128) -> Duration {
    const SECOND: u128 = 1_000_000_000;
    let seconds = u64::try_from(nanos / SECOND).expect("a part of a duration");
    let rest = u32::try_from(nanos % SECOND).expect("less than a second");
    Duration::new(seconds, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NANO: Duration = Duration::from_nanos(1);
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

    fn zero() -> Instant {
        crate::sys::now()
    }

    #[test]
    fn a_tick_is_taken_when_it_comes_and_not_a_nanosecond_before() {
        let (zero, period) = (zero(), Duration::from_nanos(333));
        let mut grid = Grid::new(Some(zero + period), period);
        for n in 1..100 {
            let tick = zero + n * period;
            assert_eq!(tick.checked_sub(NANO).and_then(|now| grid.take(now)), None);
            assert_eq!(grid.take(tick), Some(tick));
            assert_eq!((grid.take(tick), grid.next()), (None, Some(tick + period)));
        }
    }

    #[test]
    fn of_those_that_were_missed_the_latest_is_taken() {
        let (zero, period) = (zero(), Duration::from_nanos(7));
        for late in 0..100 {
            let mut grid = Grid::new(Some(zero), period);
            let tick = zero + Duration::from_nanos(late / 7 * 7);
            assert_eq!(grid.take(zero + Duration::from_nanos(late)), Some(tick));
            assert_eq!(grid.next(), Some(tick + period));
        }
    }

    #[test]
    fn the_grid_is_exact_after_ten_thousand_years() {
        let (zero, period) = (zero(), Duration::from_nanos(1_000_003));
        let mut grid = Grid::new(Some(zero), period);
        let now = zero + 10_000 * YEAR;
        let tick = grid.take(now).unwrap();
        assert!(tick <= now && now < tick + period);
        assert_eq!((tick - zero).as_nanos() % period.as_nanos(), 0);
    }

    #[test]
    fn a_tick_beyond_the_clock_never_comes() {
        let zero = zero();
        let mut grid = Grid::new(Some(zero), Duration::MAX);
        assert_eq!((grid.take(zero + YEAR), grid.next()), (Some(zero), None));
        assert_eq!(grid.take(zero + 2 * YEAR), None);
        let mut empty = Grid::EMPTY;
        assert_eq!(empty.take(zero), None);
        assert_eq!(Grid::new(None, NANO).take(zero), None);
    }
}
