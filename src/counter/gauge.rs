//! The number of things that have begun and have not ended, and the peak of that number.

use std::fmt;
use std::sync::Arc;

use crate::sys;
use crate::sys::atomic::{AcqRel, Acquire, AtomicU64, Relaxed, Release};
use crate::wait::{Interrupted, Until, WaitQueue};

/// Some thread may be waiting for the count to change.
const WAITING: u64 = 1;
/// One thing, in the count.
const ONE: u64 = 1 << 1;
/// The bits of the count.
const COUNT: u64 = (1 << PEAK_SHIFT) - ONE;
/// The first bit of the peak.
const PEAK_SHIFT: u32 = 32;

/// Counts things that have begun and have not ended, such as requests in flight, and remembers the peak.
///
/// [`track`](Self::track) counts one thing until its guard is dropped, even by a panic. The peak misses
/// no moment, however short: once `track` has returned, the [`peak`](Self::peak) includes it and all that
/// were in flight together with it.
///
/// A gauge works in a `static` and allocates nothing until a thread waits.
///
/// # Memory ordering
///
/// Each change *synchronizes with* every call that sees its result, or the result of a later change: what
/// was done before a guard was dropped is visible to the thread that has waited for it.
///
/// # Examples
///
/// ```
/// use phalanx::Gauge;
///
/// static REQUESTS: Gauge = Gauge::new();
///
/// fn handle() {
///     let _in_flight = REQUESTS.track(); // until the function returns
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
/// Not in Go, where it is an `atomic.Int64` with `defer n.Add(-1)`, and a second one for the peak.
pub struct Gauge {
    /// | bits   | meaning                                    | written by                               |
    /// |--------|--------------------------------------------|------------------------------------------|
    /// | 0      | `WAITING`: `waiters` may not be empty      | `register` sets, `wake` clears           |
    /// | 1..32  | the count                                  | `begin`, `end`                           |
    /// | 32..64 | the peak, apart from calls under way       | `raise_peak`, `restart_peak`             |
    ///
    /// `begin` counts first, and raises the peak next if that is needed. In between the count may be
    /// more than the peak, so readers take the greater one. All changes are read-modify-writes, so each
    /// continues the release sequence of those before it.
    state: AtomicU64,
    waiters: WaitQueue,
}

#[cfg(not(feature = "sim"))]
const _: () = assert!(size_of::<Gauge>() <= 24);

impl Gauge {
    /// The most that a gauge can count at once: 1073741823.
    ///
    /// The count has room for twice as much, so a `track` that goes too far can be taken back before
    /// anything wraps.
    pub const MAX: u32 = (1 << 30) - 1;

    /// Creates a gauge that counts nothing.
    pub const fn new() -> Self {
        Gauge { state: AtomicU64::new(0), waiters: WaitQueue::new(()) }
    }

    /// Counts one thing until the returned guard is dropped.
    ///
    /// The guard borrows the gauge; [`InFlight::new`] also takes an `Arc<Gauge>`.
    ///
    /// # Panics
    ///
    /// Panics with `Gauge::track: more than 1073741823 at once`. The count is taken back. Before that, other
    /// threads may see one more, and their own calls may panic although there is room again.
    #[track_caller]
    #[inline]
    pub fn track(&self) -> InFlight<&Gauge> {
        InFlight::new(self)
    }

    /// Returns how many are in flight.
    #[inline]
    pub fn current(&self) -> u32 {
        count(self.load())
    }

    /// Returns the most that were in flight at any one moment, since the gauge was created or since the
    /// last [`restart_peak`](Self::restart_peak).
    ///
    /// A call of [`track`](Self::track) that has not returned yet may be missing.
    #[inline]
    pub fn peak(&self) -> u32 {
        peak(self.load())
    }

    /// Returns the peak and starts again from the current count, for example once a minute.
    ///
    /// No peak is lost: what a concurrent call of [`track`](Self::track) adds is included in the result
    /// or in the next peak.
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
        let mut seen = self.load();
        loop {
            // A `track` that is about to be refused is in the count, but not in the peak.
            let next = with_peak(seen, count(seen).min(Self::MAX));
            // Release, Acquire: this is a change, and has seen those before it as if by `load`.
            match self.state.compare_exchange_weak(seen, next, AcqRel, Acquire) {
                Ok(_) => return peak(seen),
                Err(now) => seen = now,
            }
        }
    }

    /// Waits until `condition` returns `true` for the current count, and returns that count.
    ///
    /// # Blocking
    ///
    /// See [`Counter::wait_for`](crate::Counter::wait_for).
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
    pub fn wait_for(&self, condition: impl FnMut(u32) -> bool) -> u32 {
        self.wait_for_until(Until::FOREVER, condition).expect("nothing interrupts it")
    }

    /// Waits until `condition` returns `true` for the current count, but no longer than `until`.
    ///
    /// # Blocking
    ///
    /// See [`Counter::wait_for_until`](crate::Counter::wait_for_until).
    ///
    /// # Errors
    ///
    /// Returns [`Interrupted`] if the bound was reached first.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait_for_until<'a>(
        &self,
        until: impl Into<Until<'a>>,
        condition: impl FnMut(u32) -> bool,
    ) -> Result<u32, Interrupted> {
        let _call = sys::blocking_call("Gauge::wait_for");
        self.waiters.wait_for_value(until.into(), || self.current(), || self.register(), condition)
    }

    #[inline]
    fn load(&self) -> u64 {
        // Acquire: pairs with Release in `begin`, `end` and `restart_peak`; what a thread did before its change is
        // visible to the caller that sees it.
        self.state.load(Acquire)
    }

    #[track_caller]
    #[inline]
    fn begin(&self) {
        // Release: pairs with Acquire in `load`, `register` and `restart_peak`; what this thread did
        // before is visible to the caller that sees the count.
        let before = self.state.fetch_add(ONE, Release);
        let now = count(before) + 1;
        if now > peak_in(before) && !self.raise_peak(now) {
            self.end();
            refuse_track();
        }
        if before & WAITING != 0 {
            self.wake();
        }
    }

    /// Cannot go below zero: each end has had its beginning.
    #[inline]
    fn end(&self) {
        // Release: as in `begin`.
        if self.state.fetch_sub(ONE, Release) & WAITING != 0 {
            self.wake();
        }
    }

    /// Raises the peak to `now`, if it is less; `false` if that is more than a gauge can count. The peak
    /// never exceeds [`MAX`](Self::MAX), so `begin` comes here in that case, too.
    #[cold]
    fn raise_peak(&self, now: u32) -> bool {
        if now > Self::MAX {
            return false;
        }
        // Relaxed, as the step below: `begin` has published what this thread did, and the step continues
        // its release sequence.
        let mut seen = self.state.load(Relaxed);
        while peak_in(seen) < now {
            match self.state.compare_exchange_weak(seen, with_peak(seen, now), Relaxed, Relaxed) {
                Ok(_) => break,
                Err(found) => seen = found,
            }
        }
        true
    }

    /// The last look of a waiting thread, under the lock: returns the count, and leaves the mark.
    ///
    /// No wake-up is lost: the mark and the count are in one word. A change comes before the mark, and
    /// this thread sees it; or after it, and then it needs the lock, which this thread holds until it is
    /// in the queue.
    fn register(&self) -> u32 {
        // Acquire: as in `load`. The mark publishes nothing, but continues the release sequence.
        count(self.state.fetch_or(WAITING, Acquire))
    }

    #[cold]
    fn wake(&self) {
        let mut waiters = self.waiters.lock();
        // Relaxed: the mark publishes nothing. A thread that waits for the next change sets it again.
        self.state.fetch_and(!WAITING, Relaxed);
        waiters.grant_all();
    }
}

#[inline]
const fn count(state: u64) -> u32 {
    ((state & COUNT) / ONE) as u32
}

/// The peak that is in the word, which a call of `begin` may be about to raise.
#[inline]
const fn peak_in(state: u64) -> u32 {
    (state >> PEAK_SHIFT) as u32
}

#[inline]
fn peak(state: u64) -> u32 {
    peak_in(state).max(count(state).min(Gauge::MAX))
}

#[inline]
fn with_peak(state: u64, peak: u32) -> u64 {
    u64::from(peak) << PEAK_SHIFT | state & (COUNT | WAITING)
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
        let state = self.load();
        f.debug_struct("Gauge")
            .field("current", &count(state))
            .field("peak", &peak(state))
            .finish_non_exhaustive()
    }
}

/// A guard for one thing that a [`Gauge`] counts until the guard is dropped.
///
/// # Examples
///
/// ```
/// use phalanx::{Gauge, InFlight};
/// use std::sync::Arc;
///
/// let gauge = Arc::new(Gauge::new());
/// let in_flight = InFlight::new(Arc::clone(&gauge)); // `gauge.track()` would borrow
/// std::thread::spawn(move || drop(in_flight));
/// gauge.wait_for(|n| n == 0);
/// ```
#[must_use = "a guard that is dropped at once counts nothing"]
pub struct InFlight<G: sealed::Handle>(G);

#[expect(unnameable_types, reason = "sealed: a guard holds one of two types")]
mod sealed {
    use super::{Arc, Gauge};

    /// What a guard can hold: `&Gauge` or `Arc<Gauge>`.
    pub trait Handle {
        fn gauge(&self) -> &Gauge;
    }

    impl Handle for &Gauge {
        #[inline]
        fn gauge(&self) -> &Gauge {
            self
        }
    }

    impl Handle for Arc<Gauge> {
        #[inline]
        fn gauge(&self) -> &Gauge {
            self
        }
    }
}

impl<G: sealed::Handle> InFlight<G> {
    /// Counts one thing. `gauge` is a `&Gauge` or an `Arc<Gauge>`.
    ///
    /// # Panics
    ///
    /// Panics with the message of [`Gauge::track`] if the gauge is full.
    #[track_caller]
    #[inline]
    pub fn new(gauge: G) -> Self {
        gauge.gauge().begin();
        InFlight(gauge)
    }
}

impl<G: sealed::Handle> Drop for InFlight<G> {
    #[inline]
    fn drop(&mut self) {
        self.0.gauge().end();
    }
}

impl<G: sealed::Handle> fmt::Debug for InFlight<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlight").field("gauge", self.0.gauge()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unwind::message;

    #[test]
    fn a_full_gauge_refuses_one_more_and_stays_full() {
        let almost = u64::from(Gauge::MAX - 1);
        let state = AtomicU64::new((almost << PEAK_SHIFT) | (almost * ONE));
        let gauge = Gauge { state, waiters: WaitQueue::new(()) };
        let last = gauge.track();
        let refused = std::panic::catch_unwind(|| drop(gauge.track())).unwrap_err();
        assert_eq!(message(&*refused), "Gauge::track: more than 1073741823 at once");
        assert_eq!((gauge.current(), gauge.peak()), (Gauge::MAX, Gauge::MAX));
        drop(last);
        assert_eq!((gauge.current(), gauge.peak()), (Gauge::MAX - 1, Gauge::MAX));
    }
}
