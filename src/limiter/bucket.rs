//! The arithmetic of a token bucket, in whole numbers. It knows neither a lock nor a clock.
//!
//! A token is divided into parts, so finely that a whole number of parts comes in each nanosecond. So
//! nothing is rounded while the rate stays the same.

use std::time::{Duration, Instant};

use super::Rate;

/// A bucket of tokens that fills at a rate.
#[derive(Debug)]
pub(super) struct Bucket {
    rate: Rate,
    /// How many parts make a token, and how many parts come in a nanosecond, at this rate.
    per_token: u64,
    per_nano: u64,
    /// How many tokens fit in.
    burst: u64,
    /// The parts in the bucket at `settled`.
    level: u128,
    /// When the level was last brought up to date; `None` before the first time. Never goes back.
    settled: Option<Instant>,
    /// How often the rate has become infinite or finite. Then the bucket is as new, and tokens that were
    /// taken before no longer count.
    era: u64,
}

impl Bucket {
    /// A full bucket.
    pub(super) const fn new(rate: Rate, burst: u64) -> Self {
        let (per_token, per_nano) = rate.parts();
        let level = per_token as u128 * burst as u128;
        Bucket { rate, per_token, per_nano, burst, level, settled: None, era: 0 }
    }

    pub(super) fn rate(&self) -> Rate {
        self.rate
    }

    pub(super) fn burst(&self) -> u64 {
        self.burst
    }

    pub(super) fn era(&self) -> u64 {
        self.era
    }

    /// Whether `n` tokens can ever be had at once.
    pub(super) fn has_room_for(&self, n: u64) -> bool {
        n <= self.burst || self.rate.is_infinite()
    }

    /// The whole tokens in the bucket.
    pub(super) fn tokens(&self) -> u64 {
        let tokens = self.level / u128::from(self.per_token);
        u64::try_from(tokens).unwrap_or(u64::MAX)
    }

    /// Whether it has been brought up to date since it was created.
    pub(super) fn is_in_use(&self) -> bool {
        self.settled.is_some()
    }

    /// Fills the bucket with what has come until now, even if it does not fit: those that were promised
    /// tokens are served first, and then the excess is [spilt](Self::spill).
    #[inline]
    pub(super) fn settle(&mut self, now: Instant) {
        let settled = *self.settled.get_or_insert(now);
        // A clock that went back adds nothing and is not believed.
        let elapsed = now.saturating_duration_since(settled).as_nanos();
        if elapsed > 0 {
            // What comes in five hundred years has 64 bits of nanoseconds, and 128 bits of parts.
            let elapsed = u64::try_from(elapsed).unwrap_or(u64::MAX);
            self.level = self.level.saturating_add(u128::from(elapsed) * u128::from(self.per_nano));
            self.settled = Some(now);
        }
    }

    /// Loses what does not fit.
    #[inline]
    pub(super) fn spill(&mut self) {
        let most = self.parts(self.burst);
        self.level = if self.rate.is_infinite() { most } else { self.level.min(most) };
    }

    /// Takes `n` tokens if there are so many. At an infinite rate nothing is taken.
    #[inline]
    pub(super) fn take(&mut self, n: u64) -> bool {
        if self.rate.is_infinite() {
            return true;
        }
        let left = self.level.checked_sub(self.parts(n));
        self.level = left.unwrap_or(self.level);
        left.is_some()
    }

    /// Puts tokens back that were [taken](Self::take) in this era, even if they do not fit.
    pub(super) fn put_back(&mut self, n: u64) {
        if !self.rate.is_infinite() {
            self.level = self.level.saturating_add(self.parts(n));
        }
    }

    /// When `n` tokens will be there, if none are taken and they fit; `None` for never.
    pub(super) fn ready_at(&self, n: u128) -> Option<Instant> {
        let settled = self.settled?;
        if self.rate.is_infinite() {
            return Some(settled);
        }
        let wanted = n.checked_mul(self.per_token.into())?;
        let missing = wanted.saturating_sub(self.level);
        if missing == 0 {
            return Some(settled);
        }
        let per_nano = u128::from(self.per_nano);
        let nanos = if per_nano == 0 { return None } else { missing.div_ceil(per_nano) };
        settled.checked_add(Duration::from_nanos(nanos.try_into().ok()?))
    }

    /// Changes the rate of a bucket that has been spilt, or that cannot serve the first place yet. The level
    /// stays, except for less than one part of a token.
    pub(super) fn set_rate(&mut self, rate: Rate) {
        self.era += u64::from(rate.is_infinite() != self.rate.is_infinite());
        let old = u128::from(self.per_token);
        (self.per_token, self.per_nano) = rate.parts();
        let new = u128::from(self.per_token);
        // No product is too long: all factors, the number of whole tokens among them, have 64 bits.
        self.level = self.level / old * new + self.level % old * new / old;
        self.rate = rate;
    }

    /// Changes how many tokens fit in. The next [spill](Self::spill) goes by it.
    pub(super) fn set_burst(&mut self, burst: u64) {
        self.burst = burst;
    }

    /// `tokens` in parts.
    #[inline]
    fn parts(&self, tokens: u64) -> u128 {
        u128::from(self.per_token) * u128::from(tokens)
    }
}

#[cfg(test)]
mod tests;
