//! Use this to count: exactly, in a shard for each thread, or as a gauge of what is in flight.
//!
//! - [`Counter`] is one exact number that all threads share;
//! - [`ShardedCounter`] has a shard for each thread, for what is counted often and read seldom;
//! - [`Gauge`] counts what has begun and has not ended, and remembers the peak.

mod gauge;
mod sharded;

use std::fmt;

pub use gauge::{Gauge, InFlight};
pub use sharded::ShardedCounter;

use crate::sys;
use crate::sys::atomic::{AcqRel, Acquire, AtomicBool, AtomicI64, Relaxed};
use crate::wait::{Interrupted, Until, WaitQueue};

/// An exact integer that any number of threads may read and change.
///
/// Each step is atomic. The steps named after arithmetic return the new value; [`swap`](Self::swap),
/// [`compare_exchange`](Self::compare_exchange) and the `fetch_` methods return the previous one. The
/// name says what happens on overflow:
///
/// | step | on overflow | retries if another thread interferes |
/// |---|---|---|
/// | [`add`](Self::add), [`sub`](Self::sub), [`inc`](Self::inc), [`dec`](Self::dec) | panics | no |
/// | [`wrapping_add`](Self::wrapping_add), [`wrapping_sub`](Self::wrapping_sub) | wraps | no |
/// | [`checked_add`](Self::checked_add), [`checked_sub`](Self::checked_sub) | returns `None` | yes |
/// | [`saturating_add`](Self::saturating_add), [`saturating_sub`](Self::saturating_sub) | stops at the limit | yes |
///
/// The value may be any `i64`. The panicking steps make their change first and check it afterwards, so
/// they need room above and below: they panic if the result is not between [`MIN`](Self::MIN) and
/// [`MAX`](Self::MAX), which are -2<sup>62</sup> and 2<sup>62</sup> - 1.
///
/// [`wait_for`](Self::wait_for) waits for a value. A counter works in a `static` and allocates nothing
/// until a thread waits. Threads that change one counter all the time wait for its cache line; use a
/// [`ShardedCounter`] for that.
///
/// # Memory ordering
///
/// Each change *synchronizes with* every call that sees its result, or the result of a later change.
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
/// `atomic.Int64`, whose `Add` wraps silently: [`wrapping_add`](Self::wrapping_add) does the same. Go's
/// `And` and `Or` are [`fetch_and`](Self::fetch_and) and [`fetch_or`](Self::fetch_or). Go has no checked
/// or saturating step, no `update`, and nothing that waits.
///
/// Go's atomics are sequentially consistent. These are acquire-release, as the section above says: all
/// threads agree on the order of the changes to one counter, but not on the order of changes to two
/// counters. If one thread sets `a` and then reads `b`, while another sets `b` and then reads `a`, both
/// may read the old value, which cannot happen in Go. Code that needs this order, such as Dekker's
/// algorithm, needs an `AtomicI64` with `SeqCst`.
pub struct Counter {
    /// All changes are read-modify-writes, so each continues the release sequence of those before it: a
    /// thread that sees one of them has synchronized with all of them up to it.
    value: AtomicI64,
    /// Whether `waiters` may not be empty. Written under its lock only: set by `register`, cleared by
    /// `wake` together with granting every waiter.
    waiting: AtomicBool,
    waiters: WaitQueue,
}

#[cfg(not(feature = "sim"))]
const _: () = assert!(size_of::<Counter>() <= 32);

/// The largest change that is made before it is checked. Each thread has at most one change in flight
/// that will be taken back, so 2^29 threads would have to overflow at once to use up the room of 2^62.
const LARGEST_UNCHECKED: u64 = 1 << 32;

impl Counter {
    /// The greatest result of a step that panics on overflow: 4611686018427387903.
    pub const MAX: i64 = i64::MAX / 2;

    /// The least result of a step that panics on overflow: -4611686018427387904.
    pub const MIN: i64 = i64::MIN / 2;

    /// Creates a counter with an initial value.
    pub const fn new(value: i64) -> Self {
        Counter {
            value: AtomicI64::new(value),
            waiting: AtomicBool::new(false),
            waiters: WaitQueue::new(()),
        }
    }

    /// Returns the value.
    #[inline]
    pub fn get(&self) -> i64 {
        // Acquire: pairs with Release in `try_update`, `swap`, `wrapping_add`, `fetch_and` and
        // `fetch_or`; what the thread did before its change is visible to the caller that sees it.
        self.value.load(Acquire)
    }

    /// Sets the value. [`swap`](Self::swap) also returns the previous one.
    #[inline]
    pub fn set(&self, value: i64) {
        self.swap(value);
    }

    /// Sets the value and returns the previous one: `swap(0)` reads and resets, and loses nothing.
    #[inline]
    pub fn swap(&self, value: i64) -> i64 {
        // Release: pairs with Acquire in `get`, here, and in all other steps. Acquire: the caller has
        // seen the previous value as if by `get`; and see `changed`.
        let previous = self.value.swap(value, AcqRel);
        self.changed();
        previous
    }

    /// Sets the value to `new` if it is `current`. Returns the previous value, which was `current`.
    ///
    /// # Errors
    ///
    /// Returns the value if it is not `current`. The value is left unchanged.
    pub fn compare_exchange(&self, current: i64, new: i64) -> Result<i64, i64> {
        self.try_update(|value| (value == current).then_some(new))
    }

    /// Adds `n` and returns the new value.
    ///
    /// # Panics
    ///
    /// Panics with `Counter::add: overflow` if the result is not between [`MIN`](Self::MIN) and
    /// [`MAX`](Self::MAX). The change is taken back. Before that, other threads may run into it: they may
    /// read a value that is out of range, their own steps may panic although each is valid by itself, and a
    /// value that is [`set`](Self::set) or [swapped](Self::swap) in is off by `n` afterwards. If overflow is
    /// to be expected, use [`checked_add`](Self::checked_add), which no other thread can see fail.
    ///
    /// # Compared with Go
    ///
    /// `Int64.Add`, which wraps; see [`wrapping_add`](Self::wrapping_add).
    #[track_caller]
    #[inline]
    pub fn add(&self, n: i64) -> i64 {
        let new = if n.unsigned_abs() <= LARGEST_UNCHECKED {
            self.add_and_check(n)
        } else {
            self.try_add(|value| value.checked_add(n))
        };
        let Some(new) = new else { refuse("add") };
        new
    }

    /// Subtracts `n` and returns the new value.
    ///
    /// # Panics
    ///
    /// Panics with `Counter::sub: overflow`; see [`add`](Self::add).
    #[track_caller]
    #[inline]
    pub fn sub(&self, n: i64) -> i64 {
        let new = if n.unsigned_abs() <= LARGEST_UNCHECKED {
            self.add_and_check(-n)
        } else {
            self.try_add(|value| value.checked_sub(n))
        };
        let Some(new) = new else { refuse("sub") };
        new
    }

    /// Adds one and returns the new value.
    ///
    /// # Panics
    ///
    /// Panics with `Counter::inc: overflow`; see [`add`](Self::add).
    #[track_caller]
    #[inline]
    pub fn inc(&self) -> i64 {
        let Some(new) = self.add_and_check(1) else { refuse("inc") };
        new
    }

    /// Subtracts one and returns the new value.
    ///
    /// # Panics
    ///
    /// Panics with `Counter::dec: overflow`; see [`add`](Self::add).
    #[track_caller]
    #[inline]
    pub fn dec(&self) -> i64 {
        let Some(new) = self.add_and_check(-1) else { refuse("dec") };
        new
    }

    /// Adds `n` and returns the new value, or `None` if it does not fit an `i64`: then the value is left
    /// unchanged, and no thread has seen another one.
    #[inline]
    pub fn checked_add(&self, n: i64) -> Option<i64> {
        self.try_update(|value| value.checked_add(n)).ok().map(|value| value + n)
    }

    /// Subtracts `n` and returns the new value, or `None` if it does not fit an `i64`: then the value is
    /// left unchanged, and no thread has seen another one.
    #[inline]
    pub fn checked_sub(&self, n: i64) -> Option<i64> {
        self.try_update(|value| value.checked_sub(n)).ok().map(|value| value - n)
    }

    /// Adds `n`, stops at the limits of `i64`, and returns the new value.
    #[inline]
    pub fn saturating_add(&self, n: i64) -> i64 {
        self.update(|value| value.saturating_add(n))
    }

    /// Subtracts `n`, stops at the limits of `i64`, and returns the new value.
    #[inline]
    pub fn saturating_sub(&self, n: i64) -> i64 {
        self.update(|value| value.saturating_sub(n))
    }

    /// Adds `n`, wraps around at the limits of `i64`, and returns the new value.
    #[inline]
    pub fn wrapping_add(&self, n: i64) -> i64 {
        // AcqRel: as in `swap`.
        let previous = self.value.fetch_add(n, AcqRel);
        self.changed();
        previous.wrapping_add(n)
    }

    /// Subtracts `n`, wraps around at the limits of `i64`, and returns the new value.
    #[inline]
    pub fn wrapping_sub(&self, n: i64) -> i64 {
        self.wrapping_add(n.wrapping_neg())
    }

    /// Keeps those bits of the value that are set in `mask`. Returns the previous value.
    #[inline]
    pub fn fetch_and(&self, mask: i64) -> i64 {
        // AcqRel: as in `swap`.
        let previous = self.value.fetch_and(mask, AcqRel);
        self.changed();
        previous
    }

    /// Sets those bits of the value that are set in `bits`. Returns the previous value.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::Counter;
    ///
    /// const DRAINING: i64 = 1 << 3;
    /// let flags = Counter::new(1);
    /// assert_eq!(flags.fetch_or(DRAINING) & DRAINING, 0, "it was not set before");
    /// assert_eq!(flags.fetch_and(!DRAINING), DRAINING | 1);
    /// assert_eq!(flags.get(), 1);
    /// ```
    #[inline]
    pub fn fetch_or(&self, bits: i64) -> i64 {
        // AcqRel: as in `swap`.
        let previous = self.value.fetch_or(bits, AcqRel);
        self.changed();
        previous
    }

    /// Sets the value to the result of `f` and returns the new value.
    ///
    /// `f` is called outside of all locks, and once more for each change that another thread makes in
    /// between, so it should have no side effects. If it panics, nothing is changed.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::Counter;
    ///
    /// let delay = Counter::new(100);
    /// assert_eq!(delay.update(|delay| (2 * delay).min(1000)), 200);
    /// assert_eq!(delay.fetch_update(|delay| (2 * delay).min(1000)), 200);
    /// assert_eq!(delay.get(), 400);
    /// ```
    pub fn update(&self, mut f: impl FnMut(i64) -> i64) -> i64 {
        let mut new = 0;
        self.fetch_update(|value| {
            new = f(value);
            new
        });
        new
    }

    /// Sets the value to the result of `f`, like [`update`](Self::update), and returns the previous value.
    pub fn fetch_update(&self, mut f: impl FnMut(i64) -> i64) -> i64 {
        match self.try_update(|value| Some(f(value))) {
            Ok(previous) | Err(previous) => previous,
        }
    }

    /// Waits until `condition` returns `true` for the value, and returns that value.
    ///
    /// # Blocking
    ///
    /// Looks at once, and again after each change. `condition` is called on this thread, outside of all
    /// locks. In between, the thread spins for some microseconds if that has paid lately, and parks. It
    /// sees some value after each change, not every value: one that comes and goes may be missed. Each
    /// change wakes the waiting threads, so this is for a counter that changes seldom, or for a short
    /// wait.
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
    pub fn wait_for(&self, condition: impl FnMut(i64) -> bool) -> i64 {
        self.wait_for_until(Until::FOREVER, condition).expect("nothing interrupts it")
    }

    /// Waits until `condition` returns `true` for the value, but no longer than `until`.
    ///
    /// # Blocking
    ///
    /// See [`wait_for`](Self::wait_for). The value is looked at before the clock.
    ///
    /// # Errors
    ///
    /// Returns [`Interrupted`] if the bound was reached first.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait_for_until<'a>(
        &self,
        until: impl Into<Until<'a>>,
        condition: impl FnMut(i64) -> bool,
    ) -> Result<i64, Interrupted> {
        let _call = sys::blocking_call("Counter::wait_for");
        self.waiters.wait_for_value(until.into(), || self.get(), || self.register(), condition)
    }

    /// Adds `n`, of at most [`LARGEST_UNCHECKED`], in one atomic step. Returns the new value, or takes
    /// the change back and returns `None` if that is out of range.
    #[inline]
    fn add_and_check(&self, n: i64) -> Option<i64> {
        let new = self.wrapping_add(n);
        if is_in_range(new) {
            return Some(new);
        }
        self.take_back(n);
        None
    }

    #[cold]
    fn take_back(&self, n: i64) {
        self.wrapping_sub(n);
    }

    /// Sets the value to the result of `f` and returns that, if it is in range.
    #[cold]
    fn try_add(&self, f: impl Fn(i64) -> Option<i64>) -> Option<i64> {
        let mut new = None;
        let step = self.try_update(|value| {
            new = f(value).filter(|new| is_in_range(*new));
            new
        });
        step.ok().and(new)
    }

    /// Sets the value to the result of `f` and returns the previous one; if the result is `None`, leaves
    /// the value as it is and returns it as an error.
    #[inline]
    fn try_update(&self, mut f: impl FnMut(i64) -> Option<i64>) -> Result<i64, i64> {
        let mut seen = self.get();
        loop {
            let Some(new) = f(seen) else { return Err(seen) };
            // AcqRel: as in `swap`. Acquire on failure, too: `f` sees that value next.
            match self.value.compare_exchange_weak(seen, new, AcqRel, Acquire) {
                Ok(_) => {
                    self.changed();
                    return Ok(seen);
                }
                Err(now) => seen = now,
            }
        }
    }

    /// The last look of a waiting thread, under the lock: returns the value, and leaves the mark.
    ///
    /// No wake-up is lost, although the mark and the value are two words: the look is a
    /// read-modify-write that changes nothing. So a change comes before it, and this thread sees the
    /// change; or it comes after it, has read what this look wrote or what was made of that, and so sees
    /// the mark that was set before the look. Then the changing thread needs the lock, which this thread
    /// holds until it is in the queue. If the changing thread sees the mark cleared again, another
    /// thread has cleared it after this one was in the queue, and has granted this one.
    fn register(&self) -> i64 {
        // Relaxed: published by the next step.
        self.waiting.store(true, Relaxed);
        // Release: pairs with Acquire in all changes, which look at the mark next. Acquire: pairs with
        // Release in them; theirs may be the value that is found.
        self.value.fetch_add(0, AcqRel)
    }

    /// After a change: wakes the threads that wait for one.
    #[inline]
    fn changed(&self) {
        // Relaxed: the change before it was an Acquire, which makes the mark visible.
        if self.waiting.load(Relaxed) {
            self.wake();
        }
    }

    #[cold]
    fn wake(&self) {
        let mut waiters = self.waiters.lock();
        // Relaxed: written under the lock only. A thread that waits for the next change sets it again.
        self.waiting.store(false, Relaxed);
        waiters.grant_all();
    }
}

#[inline]
const fn is_in_range(value: i64) -> bool {
    value >= Counter::MIN && value <= Counter::MAX
}

#[cold]
#[track_caller]
fn refuse(step: &str) -> ! {
    panic!("Counter::{step}: overflow");
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
