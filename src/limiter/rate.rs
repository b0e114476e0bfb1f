//! How many per how long.

use std::fmt;
use std::time::Duration;

/// How many per how long: a rate, exactly, as a ratio of whole numbers.
///
/// # Examples
///
/// ```
/// use phalanx::Rate;
/// use std::time::Duration;
///
/// assert_eq!(Rate::per_second(10), Rate::every(Duration::from_millis(100)));
/// assert_eq!(Rate::per_minute(90).to_string(), "3 per 2s");
/// ```
///
/// # Compared with Go
///
/// `rate.Limit`, a floating-point number of events per second, with `rate.Every` and `rate.Inf`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    /// With `nanos` in lowest terms.
    events: u64,
    /// Zero stands for infinitely many.
    nanos: u64,
}

impl Rate {
    /// No limit: everything is let through at once.
    pub const INFINITE: Rate = Rate { events: 1, nanos: 0 };
    /// Nothing comes any more once the burst has been used up.
    pub const ZERO: Rate = Rate { events: 0, nanos: 1 };

    /// So many in each such time.
    ///
    /// # Panics
    ///
    /// `Rate::new: no time at all`; `Rate::new: more than 584 years`.
    #[track_caller]
    pub const fn new(events: u64, per: Duration) -> Self {
        let nanos = per.as_nanos();
        assert!(nanos > 0, "Rate::new: no time at all");
        assert!(nanos <= u64::MAX as u128, "Rate::new: more than 584 years");
        #[expect(clippy::cast_possible_truncation, reason = "it has just been asserted")]
        let nanos = nanos as u64;
        let divisor = greatest_common_divisor(events, nanos);
        Rate { events: events / divisor, nanos: nanos / divisor }
    }

    /// So many in each second.
    pub const fn per_second(events: u64) -> Self {
        Rate::new(events, Duration::from_secs(1))
    }

    /// So many in each minute.
    pub const fn per_minute(events: u64) -> Self {
        Rate::new(events, Duration::from_secs(60))
    }

    /// So many in each hour.
    pub const fn per_hour(events: u64) -> Self {
        Rate::new(events, Duration::from_secs(3600))
    }

    /// One in each such time.
    ///
    /// # Panics
    ///
    /// As [`new`](Self::new).
    ///
    /// # Compared with Go
    ///
    /// `rate.Every`, for which no time at all means no limit; here that is [`INFINITE`](Self::INFINITE).
    #[track_caller]
    pub const fn every(interval: Duration) -> Self {
        Rate::new(1, interval)
    }

    /// Returns `true` if there is no limit.
    pub const fn is_infinite(self) -> bool {
        self.nanos == 0
    }

    /// Into how many parts a token is divided, and how many of them come in a nanosecond: whole
    /// numbers both. They are made large, where the ratio is of small ones, so that little is lost
    /// when what is there is counted in the parts of another rate.
    pub(super) const fn parts(self) -> (u64, u64) {
        if self.nanos == 0 {
            return (1, 0);
        }
        let larger = if self.events > self.nanos { self.events } else { self.nanos };
        let scale = if larger < FINE { FINE / larger } else { 1 };
        (self.nanos * scale, self.events * scale)
    }
}

/// About how many parts a token has, or come in a nanosecond.
const FINE: u64 = 1 << 56;

const fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.events, self.nanos) {
            (_, 0) => f.write_str("infinite"),
            (0, _) => f.write_str("zero"),
            (events, nanos) => write!(f, "{events} per {:?}", Duration::from_nanos(nanos)),
        }
    }
}

impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rate({self})")
    }
}
