//! What is going on at the moment, and the most that ever was.

use std::fmt;

use super::InFlight;
use super::watched::Watched;
use crate::sys;
use crate::wait::{Interrupted, Until};

/// One more, in the current count.
const ONE: u64 = 1;
/// Where the peak begins.
const PEAK_SHIFT: u32 = 32;

/// Counts what has begun and not ended, such as requests in flight, and remembers the most.
///
/// [`track`](Self::track) counts one in until its guard is dropped, by a panic too. The count and
/// its [`peak`](Self::peak) are one word, so the peak is exact: no moment is missed, however short.
///
/// It works in a `static`, takes 32 bytes, and holds no memory of its own until somebody waits. To
/// count one in, or out, is one atomic instruction and a look at who waits: 15 instructions in all on
/// `x86_64`, and four.
///
/// # Memory ordering
///
/// Each change *synchronizes with* every call that sees its result, or that of a later change: what
/// was done before a guard was dropped is visible to whoever has waited for it.
///
/// # Examples
///
/// ```
/// use phalanx::Gauge;
///
/// static REQUESTS: Gauge = Gauge::new();
///
/// fn handle() {
///     let _in_flight = REQUESTS.track(); // until the function is left
/// }
///
/// std::thread::scope(|s| {
///     for _ in 0..3 {
///         s.spawn(handle);
///     }
/// });
/// assert_eq!(REQUESTS.current(), 0);
/// assert!((1..=3).contains(&REQUESTS.peak()));
/// ```
///
/// # Compared with Go
///
/// Not in Go, where it is an `atomic.Int64` with `defer n.Add(-1)`, and the peak a second one,
/// which misses what comes between the two.
pub struct Gauge {
    /// | bits   | meaning                  | written by                         |
    /// |--------|--------------------------|------------------------------------|
    /// | 0..32  | how many are tracked now | `begin`, `end`                     |
    /// | 32..64 | the most of them so far  | raised by `begin`, `restart_peak`  |
    ///
    /// The peak is never less than the count.
    both: Watched,
}

#[cfg(not(feature = "sim"))]
const _: () = assert!(size_of::<Gauge>() <= 32);

impl Gauge {
    /// The most that a gauge can count at once.
    pub const MAX: u32 = u32::MAX;

    /// Creates a gauge that tracks nothing.
    pub const fn new() -> Self {
        Gauge { both: Watched::new(0) }
    }

    /// Counts one in, and out again when the guard is dropped.
    ///
    /// The guard borrows the gauge; [`InFlight::new`] makes one of an `Arc<Gauge>`.
    ///
    /// # Panics
    ///
    /// `Gauge::track: more than 4294967295 at once`. Nothing is changed.
    #[track_caller]
    #[inline]
    pub fn track(&self) -> InFlight<&Gauge> {
        InFlight::new(self)
    }

    /// Returns how many are tracked now.
    #[inline]
    pub fn current(&self) -> u32 {
        current(self.both.get())
    }

    /// Returns the most that were tracked at any one moment, since the beginning or since the last
    /// [`restart_peak`](Self::restart_peak).
    #[inline]
    pub fn peak(&self) -> u32 {
        peak(self.both.get())
    }

    /// Returns the peak, and starts anew from the current count: the peak of each minute, say.
    ///
    /// # Examples
    ///
    /// ```
    /// let gauge = phalanx::Gauge::new();
    /// let one = gauge.track();
    /// drop(gauge.track());
    /// assert_eq!(gauge.restart_peak(), 2);
    /// assert_eq!(gauge.peak(), 1);
    /// # drop(one);
    /// ```
    pub fn restart_peak(&self) -> u32 {
        let mut before = 0;
        let step = self.both.update(|word| {
            before = peak(word);
            Some(both(current(word), current(word)))
        });
        debug_assert!(step.is_ok(), "it makes something of each word");
        before
    }

    /// Waits until `is_it` says `true` of the current count, and returns that count.
    ///
    /// # Blocking
    ///
    /// As [`Counter::wait_for`](crate::Counter::wait_for).
    ///
    /// # Examples
    ///
    /// ```
    /// let gauge = phalanx::Gauge::new();
    /// let in_flight = gauge.track();
    /// std::thread::scope(|s| {
    ///     s.spawn(|| drop(in_flight));
    ///     assert_eq!(gauge.wait_for(|n| n == 0), 0);
    /// });
    /// ```
    #[cfg_attr(feature = "sim", track_caller)]
    #[expect(clippy::missing_panics_doc, reason = "nothing interrupts a wait without a bound")]
    pub fn wait_for(&self, is_it: impl FnMut(u32) -> bool) -> u32 {
        self.wait_for_until(Until::FOREVER, is_it).expect("nothing interrupts it")
    }

    /// Waits until `is_it` says `true` of the current count, and no longer than `until`.
    ///
    /// # Blocking
    ///
    /// As [`Counter::wait_for_until`](crate::Counter::wait_for_until).
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the bound was reached first.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait_for_until<'a>(
        &self,
        until: impl Into<Until<'a>>,
        mut is_it: impl FnMut(u32) -> bool,
    ) -> Result<u32, Interrupted> {
        let _call = sys::blocking_call("Gauge::wait_for");
        self.both.wait_for(until.into(), |word| is_it(current(word))).map(current)
    }

    #[track_caller]
    #[inline]
    pub(super) fn begin(&self) {
        let one_more = |word| {
            let now = current(word).checked_add(1)?;
            Some(both(now, peak(word).max(now)))
        };
        if self.both.update(one_more).is_err() {
            refuse_track();
        }
    }

    /// Nothing can go below zero: each end has had its beginning.
    #[inline]
    pub(super) fn end(&self) {
        self.both.wrapping_add(ONE.wrapping_neg());
    }
}

#[inline]
const fn current(word: u64) -> u32 {
    (word & 0xFFFF_FFFF) as u32
}

#[inline]
const fn peak(word: u64) -> u32 {
    (word >> PEAK_SHIFT) as u32
}

#[inline]
fn both(current: u32, peak: u32) -> u64 {
    u64::from(peak) << PEAK_SHIFT | u64::from(current)
}

#[cold]
#[track_caller]
fn refuse_track() -> ! {
    panic!("Gauge::track: more than {} at once", Gauge::MAX);
}

impl Default for Gauge {
    fn default() -> Self {
        Gauge::new()
    }
}

impl fmt::Debug for Gauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.both.get();
        f.debug_struct("Gauge")
            .field("current", &current(word))
            .field("peak", &peak(word))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unwind::message;

    #[test]
    fn a_full_gauge_refuses_one_more_and_stays_full() {
        let gauge = Gauge { both: Watched::new(both(Gauge::MAX - 1, Gauge::MAX - 1)) };
        let last = gauge.track();
        let refused = std::panic::catch_unwind(|| drop(gauge.track())).unwrap_err();
        assert_eq!(message(&*refused), "Gauge::track: more than 4294967295 at once");
        assert_eq!((gauge.current(), gauge.peak()), (Gauge::MAX, Gauge::MAX));
        drop(last);
        assert_eq!((gauge.current(), gauge.peak()), (Gauge::MAX - 1, Gauge::MAX));
    }
}
