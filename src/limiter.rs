//! Use this to let things happen no more often than so many per second.
//!
//! `bucket` is the arithmetic, `line` the order of those who were promised tokens: both are pure. Of
//! the threads that wait only one looks at the clock, the first in the line: the timekeeper. When it
//! is served, or leaves, the next one is told to keep the time.

mod bucket;
mod keyed;
mod line;
mod rate;
mod reservation;
mod settled;
mod sometimes;
mod waiting;

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::Instant;

pub use keyed::KeyedLimiter;
pub use rate::Rate;
pub use reservation::Reservation;
pub use sometimes::Sometimes;
pub use waiting::LimitError;

use bucket::Bucket;
use line::Line;
use settled::Settled;

use crate::sys::{self, Mutex};
use crate::wait::Waiter;

/// Lets things happen at a rate, and in bursts of no more than so many.
///
/// A bucket holds `burst` tokens; it starts full, and is filled at the rate. Each event takes one, or
/// several. In any time `t` from the start, no more than `burst` + rate · `t` are ever handed out;
/// the arithmetic is in whole numbers, and exact to the nanosecond, for a year as for a second.
///
/// - [`allow`](Self::allow) takes a token if there is one, and says so;
/// - [`wait`](Self::wait) waits for one; whoever comes first is served first, and
///   [`wait_until`](Self::wait_until) refuses at once if its bound comes too early;
/// - [`reserve`](Self::reserve) takes a place in the line now, to be used later, or cancelled.
///
/// Nobody overtakes: while anybody waits or has reserved, `allow` refuses. Who gives up takes nothing:
/// those behind move up. The rate and the burst can be changed at any time, and the threads that wait
/// go by the new rate at once.
///
/// From any later instant, too, no more than `burst` + rate · `t` are used, and what comes in a single
/// nanosecond, if tokens are used when their turn comes. A thread that the machine wakes late uses
/// them late, and so may you use or cancel a reservation: those that follow do not come later for it.
///
/// It works in a `static`, takes 176 bytes, and allocates only for those who wait or reserve ahead.
/// `allow` takes a lock that nobody holds for long, and about 170 instructions, of which 100 read the
/// clock and subtract.
///
/// # Examples
///
/// ```
/// use phalanx::{Limiter, Rate};
///
/// static MAIL: Limiter = Limiter::new(Rate::per_hour(10), 2);
///
/// assert!(MAIL.allow() && MAIL.allow());
/// assert!(!MAIL.allow()); // the next one in six minutes
/// ```
///
/// # Compared with Go
///
/// `rate.Limiter` of x/time, without its floating-point numbers. A burst that is too small for a
/// request is an error at once, also in `reserve`; waiting threads go by a new rate; a reservation
/// that is cancelled gives everything back, once, and whoever is behind it moves up.
pub struct Limiter {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    bucket: Bucket,
    /// Those who were promised tokens that are not there yet. While it is not empty, tokens are only
    /// handed out to the first of them.
    line: Line<Arc<Waiter>>,
}

impl Limiter {
    /// Creates one with a full bucket, for bursts of so many.
    ///
    /// With a burst of zero nothing is ever let through, unless the rate is infinite.
    pub const fn new(rate: Rate, burst: u64) -> Self {
        Limiter { state: Mutex::new(State { bucket: Bucket::new(rate, burst), line: Line::new() }) }
    }

    /// Takes a token if there is one, and nobody is in the line.
    ///
    /// # Compared with Go
    ///
    /// `Limiter.Allow`.
    #[inline]
    pub fn allow(&self) -> bool {
        self.allow_n(1)
    }

    /// Takes `n` tokens if there are so many, and nobody is in the line; of none there are always
    /// enough.
    ///
    /// # Compared with Go
    ///
    /// `Limiter.AllowN`, at the present time.
    pub fn allow_n(&self, n: u64) -> bool {
        if n == 0 {
            return true;
        }
        let now = sys::now();
        let mut state = self.state.lock();
        if !state.line.is_empty() {
            return Settled::new(state, now).take_now(n);
        }
        state.bucket.settle(now);
        state.bucket.spill();
        state.bucket.take(n)
    }

    /// Changes the rate from now on, also for those who wait.
    ///
    /// What is in the bucket stays. At a rate of zero those who wait do so until another rate is set;
    /// at an infinite one all of them go on at once, and the bucket is full when it ends.
    ///
    /// # Compared with Go
    ///
    /// `Limiter.SetLimit`, by whose new rate those who wait do not go.
    pub fn set_rate(&self, rate: Rate) {
        let mut settled = self.settle();
        settled.state.bucket.set_rate(rate);
        settled.serve();
        settled.tell_timekeeper();
    }

    /// Changes the burst from now on. Tokens for which there is no room any more are lost; those who
    /// wait for more are served all the same, as they were promised.
    ///
    /// # Compared with Go
    ///
    /// `Limiter.SetBurst`.
    pub fn set_burst(&self, burst: u64) {
        let mut settled = self.settle();
        settled.state.bucket.set_burst(burst);
        settled.serve();
    }

    /// Returns the rate.
    pub fn rate(&self) -> Rate {
        self.state.lock().bucket.rate()
    }

    /// Returns the burst.
    pub fn burst(&self) -> u64 {
        self.state.lock().bucket.burst()
    }

    /// Returns how many tokens there are now: none while anybody is in the line.
    ///
    /// # Compared with Go
    ///
    /// `Limiter.Tokens`, which is below zero while anybody is in the line.
    pub fn available(&self) -> u64 {
        let State { bucket, line } = &*self.settle().state;
        if line.is_empty() { bucket.tokens() } else { 0 }
    }

    /// Whether it is, at `now`, as if it had just been made, for this rate and burst.
    fn is_as_new(&mut self, rate: Rate, burst: u64, now: Instant) -> bool {
        let State { bucket, line } = self.state.get_mut();
        if bucket.rate() != rate || bucket.burst() != burst {
            return false;
        }
        bucket.settle(now);
        // Nobody waits, since nobody else has it; but some may have reserved.
        while line.serve_first(bucket).is_some() {}
        line.is_empty() && bucket.is_full()
    }

    /// Locks the state and brings it up to date.
    fn settle(&self) -> Settled<'_> {
        let now = sys::now();
        Settled::new(self.state.lock(), now)
    }
}

// The lock is never held while user code runs, so no panic leaves what it guards half-changed.
impl UnwindSafe for Limiter {}
impl RefUnwindSafe for Limiter {}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.lock();
        f.debug_struct("Limiter")
            .field("rate", &state.bucket.rate())
            .field("burst", &state.bucket.burst())
            .finish_non_exhaustive()
    }
}
