//! Events per time.

use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A number of events per time, as an exact ratio of integers.
///
/// # Text
///
/// [`Display`](fmt::Display) writes the ratio in lowest terms, such as `3 per 2s`, or `infinite` or `zero`.
/// [`FromStr`] reads that and what configuration files contain: a number of events, `per` or `/`, and a time
/// with a unit, of which the number may be left out. The units are `ns`, `us` or `µs`, `ms`, `s`, `sec`,
/// `second`, `m`, `min`, `minute`, `h`, `hour`, `d` and `day`, the words also in the plural.
///
/// # Examples
///
/// ```
/// use phalanx::Rate;
/// use std::time::Duration;
///
/// assert_eq!(Rate::per_second(10), Rate::every(Duration::from_millis(100)));
/// assert_eq!(Rate::per_minute(90).to_string(), "3 per 2s");
/// assert_eq!("90/min".parse(), Ok(Rate::per_minute(90)));
/// assert_eq!("1 per 2.5 hours".parse(), Ok(Rate::every(Duration::from_secs(9000))));
/// assert_eq!(Rate::per_minute(90).as_per_second(), 1.5);
/// ```
///
/// # Compared with Go
///
/// `rate.Limit`, a floating-point number of events per second, with `rate.Every` and `rate.Inf`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    /// With `nanos` in lowest terms.
    events: u64,
    /// Zero stands for infinitely many events.
    nanos: u64,
}

impl Rate {
    /// No limit: everything is let through at once.
    pub const INFINITE: Rate = Rate { events: 1, nanos: 0 };
    /// Nothing is let through after the burst has been used up.
    pub const ZERO: Rate = Rate { events: 0, nanos: 1 };

    /// Creates a rate of `events` per `per`.
    ///
    /// # Panics
    ///
    /// Panics with `Rate::new: no time at all` if `per` is zero, and with `Rate::new: more than 584 years` if it
    /// is longer than that.
    #[track_caller]
    pub const fn new(events: u64, per: Duration) -> Self {
        let nanos = per.as_nanos();
        assert!(nanos > 0, "Rate::new: no time at all");
        assert!(nanos <= u64::MAX as u128, "Rate::new: more than 584 years");
        #[expect(clippy::cast_possible_truncation, reason = "it has just been asserted")]
        let nanos = nanos as u64;
        Rate::ratio(events, nanos)
    }

    const fn ratio(events: u64, nanos: u64) -> Self {
        let divisor = greatest_common_divisor(events, nanos);
        Rate { events: events / divisor, nanos: nanos / divisor }
    }

    /// Creates a rate of `events` per second.
    pub const fn per_second(events: u64) -> Self {
        Rate::new(events, Duration::from_secs(1))
    }

    /// Creates a rate of `events` per minute.
    pub const fn per_minute(events: u64) -> Self {
        Rate::new(events, Duration::from_secs(60))
    }

    /// Creates a rate of `events` per hour.
    pub const fn per_hour(events: u64) -> Self {
        Rate::new(events, Duration::from_secs(3600))
    }

    /// Creates a rate of one event per `interval`.
    ///
    /// # Panics
    ///
    /// Panics with `Rate::new: no time at all` if `interval` is zero, and with `Rate::new: more than 584 years`
    /// if it is longer than that.
    ///
    /// # Compared with Go
    ///
    /// `rate.Every`, for which a zero interval means no limit; here that is [`INFINITE`](Self::INFINITE).
    #[track_caller]
    pub const fn every(interval: Duration) -> Self {
        Rate::new(1, interval)
    }

    /// Returns `true` if there is no limit.
    pub const fn is_infinite(self) -> bool {
        self.nanos == 0
    }

    /// Returns the number of events per [`period`](Self::period), in lowest terms: 3 for 90 events per minute,
    /// which are 3 per two seconds. Zero at a rate of zero, one at an infinite rate.
    pub const fn events(self) -> u64 {
        self.events
    }

    /// Returns the time in which [`events`](Self::events) happen. Zero at an infinite rate, one nanosecond at a
    /// rate of zero.
    pub const fn period(self) -> Duration {
        Duration::from_nanos(self.nanos)
    }

    /// Returns the number of events per second, rounded to the nearest `f64`: infinity at an infinite rate.
    ///
    /// # Compared with Go
    ///
    /// The value of a `rate.Limit`.
    #[expect(clippy::cast_precision_loss, reason = "it is rounded, as documented")]
    pub const fn as_per_second(self) -> f64 {
        if self.is_infinite() {
            return f64::INFINITY;
        }
        self.events as f64 / self.nanos as f64 * 1e9
    }

    /// Returns into how many parts a token is divided, and how many parts come in a nanosecond. Both are
    /// integers. They are made large if the ratio is of small numbers, so that little is lost when a level is
    /// converted to the parts of another rate.
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

impl FromStr for Rate {
    type Err = ParseRateError;

    fn from_str(text: &str) -> Result<Self, ParseRateError> {
        match text.trim() {
            "infinite" => Ok(Rate::INFINITE),
            "zero" => Ok(Rate::ZERO),
            text => parse(text).ok_or(ParseRateError { _private: () }),
        }
    }
}

/// Reads events, `per` or `/`, and a time.
fn parse(text: &str) -> Option<Rate> {
    let (events, time) = text.split_once('/').or_else(|| text.split_once(" per "))?;
    let events = events.trim();
    // `u64::from_str` would accept a sign.
    let is_number = events.bytes().all(|byte| byte.is_ascii_digit());
    let events = events.parse().ok().filter(|_| is_number)?;
    let nanos = parse_time(time.trim())?;
    (nanos > 0).then(|| Rate::ratio(events, nanos))
}

/// Reads a time, in nanoseconds, of which there must be a whole number.
fn parse_time(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit: u64 = match unit.trim_start() {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" | "sec" | "secs" | "second" | "seconds" => 1_000_000_000,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000_000_000,
        "h" | "hour" | "hours" => 3_600_000_000_000,
        "d" | "day" | "days" => 86_400_000_000_000,
        _ => return None,
    };
    if number.is_empty() {
        return Some(unit);
    }
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let whole = whole.parse::<u64>().ok()?.checked_mul(unit)?;
    let digits = u32::try_from(fraction.len()).ok()?;
    let scale = 10_u128.checked_pow(digits)?;
    let part = fraction.parse::<u128>().ok()?.checked_mul(unit.into())?;
    if part % scale != 0 {
        return None;
    }
    whole.checked_add(u64::try_from(part / scale).ok()?)
}

/// The error of reading a [`Rate`] from a text that is not one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseRateError {
    _private: (),
}

impl fmt::Display for ParseRateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a rate, such as 10/s, 3 per 2min, zero or infinite")
    }
}

impl Error for ParseRateError {}
