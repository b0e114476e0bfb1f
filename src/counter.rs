//! Use this to count what threads do: exactly, in shards, or as a gauge of what is going on.
//!
//! - [`Counter`] is one exact number that all threads share;
//! - [`ShardedCounter`] has a part for each thread, for what is counted often and read seldom;
//! - [`Gauge`] counts what has begun and has not ended, and remembers the most.
//!
//! The first and the last stand on a [`Watched`] word, whose changes can be waited for.

mod gauge;
mod in_flight;
mod sharded;
mod steps;
mod watched;

use std::fmt;

pub use gauge::Gauge;
pub use in_flight::InFlight;
pub use sharded::ShardedCounter;
use watched::Watched;

use crate::sys;
use crate::wait::{Interrupted, Until};

/// One exact number, which any number of threads may read and change.
///
/// Each step is atomic, and leaves the new value, which it returns. What happens at the ends of the
/// range is in the name: [`add`](Self::add) panics, [`checked_add`](Self::checked_add) says so,
/// [`saturating_add`](Self::saturating_add) stops there, [`wrapping_add`](Self::wrapping_add) goes
/// on at the other end. [`wait_for`](Self::wait_for) waits for a value.
///
/// It works in a `static`, takes 32 bytes, and holds no memory of its own until somebody waits. A
/// step is one atomic instruction and a look at who waits: [`inc`](Self::inc) is nine instructions in
/// all on `x86_64`, [`wrapping_add`](Self::wrapping_add) is six. Threads that change one number all
/// the time wait for its cache line: [`ShardedCounter`] is for them.
///
/// # Memory ordering
///
/// Each change *synchronizes with* every call that sees its result, or that of a later change.
///
/// # Examples
///
/// ```
/// use phalanx::Counter;
/// use std::thread;
///
/// static SERVED: Counter = Counter::new(0);
///
/// thread::scope(|s| {
///     for _ in 0..5 {
///         s.spawn(|| (0..1000).for_each(|_| _ = SERVED.inc()));
///     }
///     assert!(SERVED.wait_for(|served| served >= 2500) >= 2500);
/// });
/// assert_eq!(SERVED.get(), 5000);
/// assert_eq!(SERVED.swap(0), 5000);
/// ```
///
/// # Compared with Go
///
/// `atomic.Int64`, whose `Add` wraps in silence; its `Add`, like ours, returns the new value. Go has
/// no saturating or checked step, no `update`, and nothing that waits.
pub struct Counter(Watched);

#[cfg(not(feature = "sim"))]
const _: () = assert!(size_of::<Counter>() <= 32);

impl Counter {
    /// Creates a counter with a first value.
    pub const fn new(value: i64) -> Self {
        Counter(Watched::new(0_u64.wrapping_add_signed(value)))
    }

    /// Returns the value.
    #[inline]
    pub fn get(&self) -> i64 {
        signed(self.0.get())
    }

    /// Sets the value. [`swap`](Self::swap) returns the one before, too.
    #[inline]
    pub fn set(&self, value: i64) {
        self.swap(value);
    }

    /// Sets the value, and returns the one before: `swap(0)` reads and resets, and loses nothing.
    #[inline]
    pub fn swap(&self, value: i64) -> i64 {
        signed(self.0.swap(unsigned(value)))
    }

    /// Sets the value to `new` if it is `current`. Returns the value before, which was `current`.
    ///
    /// # Errors
    ///
    /// The value, if it is another; it is left as it is.
    pub fn compare_exchange(&self, current: i64, new: i64) -> Result<i64, i64> {
        let step = self.0.update(|value| (value == unsigned(current)).then_some(unsigned(new)));
        step.map(|_| current).map_err(signed)
    }

    /// Sets the value to what `f` makes of it, and returns that.
    ///
    /// `f` is called outside of every lock, and once more for each change that comes in between, so
    /// it should do nothing else. If it panics, nothing is changed.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::Counter;
    ///
    /// let delay = Counter::new(100);
    /// assert_eq!(delay.update(|delay| (2 * delay).min(1000)), 200);
    /// ```
    pub fn update(&self, mut f: impl FnMut(i64) -> i64) -> i64 {
        match self.0.update(|value| Some(unsigned(f(signed(value))))) {
            Ok(new) | Err(new) => signed(new),
        }
    }

    /// Waits until `is_it` says `true` of the value, and returns that value.
    ///
    /// # Blocking
    ///
    /// Looks at once, and again after each change; `is_it` is called on this thread, outside of
    /// every lock. In between spins for some microseconds where that has paid, and parks. What is
    /// seen is some value after a change, not each: a value that comes and goes may be missed.
    /// Each look is a wake-up for whoever changes the value, so this is for a counter that changes
    /// seldom, or a wait that is short.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::Counter;
    ///
    /// let ready = Counter::new(0);
    /// std::thread::scope(|s| {
    ///     s.spawn(|| ready.inc());
    ///     assert_eq!(ready.wait_for(|n| n > 0), 1);
    /// });
    /// ```
    #[cfg_attr(feature = "sim", track_caller)]
    #[expect(clippy::missing_panics_doc, reason = "nothing interrupts a wait without a bound")]
    pub fn wait_for(&self, is_it: impl FnMut(i64) -> bool) -> i64 {
        self.wait_for_until(Until::FOREVER, is_it).expect("nothing interrupts it")
    }

    /// Waits until `is_it` says `true` of the value, and no longer than `until`.
    ///
    /// # Blocking
    ///
    /// As [`wait_for`](Self::wait_for). A value that is there is seen before the clock is.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the bound was reached first.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait_for_until<'a>(
        &self,
        until: impl Into<Until<'a>>,
        mut is_it: impl FnMut(i64) -> bool,
    ) -> Result<i64, Interrupted> {
        let _call = sys::blocking_call("Counter::wait_for");
        self.0.wait_for(until.into(), |value| is_it(signed(value))).map(signed)
    }
}

/// The value that a word stands for, in two's complement.
#[inline]
const fn signed(word: u64) -> i64 {
    0_i64.wrapping_add_unsigned(word)
}

/// The word that stands for a value.
#[inline]
const fn unsigned(value: i64) -> u64 {
    0_u64.wrapping_add_signed(value)
}

impl Default for Counter {
    fn default() -> Self {
        Counter::new(0)
    }
}

impl From<i64> for Counter {
    fn from(value: i64) -> Self {
        Counter::new(value)
    }
}

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counter").field("value", &self.get()).finish_non_exhaustive()
    }
}
