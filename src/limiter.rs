//! Use this to limit how often things happen: so many per second, with bursts.
//!
//! `bucket` is the arithmetic of the tokens and `line` the order of those that were promised tokens; both
//! are pure. Every waiting thread sleeps until the instant at which its own turn comes, as of its last
//! look, so a thread that runs late holds up no other. The first thread to look when a turn has come
//! serves all whose turn has come.

mod bucket;
mod keyed;
mod line;
mod rate;
mod reservation;
mod sometimes;
mod waiting;

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::Instant;

pub use keyed::KeyedLimiter;
pub use rate::{ParseRateError, Rate};
pub use reservation::Reservation;
pub use sometimes::Sometimes;
pub use waiting::LimitError;

use bucket::Bucket;
use line::{Line, Number};

use crate::sys::{self, Mutex, MutexGuard};
use crate::wait::Waiter;

/// A token bucket: lets things happen at a rate, with bursts of a limited size.
///
/// The bucket holds up to `burst` tokens. It starts full and is refilled at the rate. Each event takes one
/// token or several. In any time `t` from the start, no more than `burst` + rate · `t` tokens are handed
/// out. The arithmetic is in whole numbers and exact to the nanosecond, over a year as over a second.
///
/// - [`allow`](Self::allow) takes a token if there is one, and returns whether it did;
/// - [`wait`](Self::wait) waits for a token, first come, first served;
///   [`wait_until`](Self::wait_until) fails at once if its bound comes too early;
/// - [`reserve`](Self::reserve) takes a place in the line now, to be used later or cancelled.
///
/// No call overtakes another: while a thread waits or a reservation is pending, `allow` refuses. A call that
/// gives up takes nothing, and those behind it move up. The rate and the burst can be changed at any time,
/// and waiting threads go by the new rate at once.
///
/// The bound `burst` + rate · `t` also holds from any later instant for tokens that are *used*, if each is
/// used when its turn comes. A thread that the system wakes late uses its tokens late, as does a caller that
/// uses or cancels a reservation late; those that follow are not delayed by it.
///
/// A limiter works in a `static` and allocates only for calls that wait or reserve ahead.
///
/// # Tests and replays
///
/// [`allow_n_at`](Self::allow_n_at), [`reserve_n_at`](Self::reserve_n_at),
/// [`available_at`](Self::available_at), [`Reservation::delay_from`] and [`Reservation::cancel_at`] take the
/// current instant as an argument, so that recorded events can be replayed. All other methods read the
/// clock. The latest instant that a limiter has seen counts: an earlier one adds no tokens, so do not mix
/// instants that are ahead of the clock with methods that read it.
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
/// `rate.Limiter` of x/time, without its floating-point numbers. A burst that is too small for a request is
/// an error at once, also in `reserve`; waiting threads go by a new rate; a reservation that is cancelled
/// gives everything back, once, and those behind it move up.
pub struct Limiter {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    bucket: Bucket,
    /// Those that were promised tokens which are not there yet. While it is not empty, tokens are handed out
    /// to the first of them only.
    line: Line<Arc<Waiter>>,
}

impl Limiter {
    /// Creates a limiter with a full bucket of `burst` tokens.
    ///
    /// With a burst of zero nothing is ever let through, unless the rate is infinite.
    pub const fn new(rate: Rate, burst: u64) -> Self {
        Limiter { state: Mutex::new(State { bucket: Bucket::new(rate, burst), line: Line::new() }) }
    }

    /// Takes a token if there is one and the line is empty.
    ///
    /// # Compared with Go
    ///
    /// `Limiter.Allow`.
    #[inline]
    pub fn allow(&self) -> bool {
        self.allow_n(1)
    }

    /// Takes `n` tokens if there are so many and the line is empty. Always succeeds for zero tokens.
    ///
    /// # Compared with Go
    ///
    /// `Limiter.AllowN` at the present time.
    pub fn allow_n(&self, n: u64) -> bool {
        n == 0 || self.allow_n_at(n, sys::now())
    }

    /// Takes `n` tokens, as [`allow_n`](Self::allow_n) does, at the instant `now`.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::{Limiter, Rate};
    /// use std::time::{Duration, Instant};
    ///
    /// let (limiter, start) = (Limiter::new(Rate::per_second(2), 1), Instant::now());
    /// let arrivals = [0, 100, 499, 500, 2000].map(Duration::from_millis);
    /// let allowed = arrivals.map(|arrival| limiter.allow_n_at(1, start + arrival));
    /// assert_eq!(allowed, [true, false, false, true, true]);
    /// ```
    ///
    /// # Compared with Go
    ///
    /// `Limiter.AllowN`.
    pub fn allow_n_at(&self, n: u64, now: Instant) -> bool {
        if n == 0 {
            return true;
        }
        let mut state = self.state.lock();
        if !state.line.is_empty() {
            return Settled::new(state, now).take_now(n);
        }
        state.bucket.settle(now);
        state.bucket.spill();
        state.bucket.take(n)
    }

    /// Changes the rate from now on, also for waiting threads.
    ///
    /// The tokens in the bucket stay. At a rate of zero, waiting threads wait until another rate is set. An
    /// infinite rate releases all of them at once; the bucket is full when it ends.
    ///
    /// # Compared with Go
    ///
    /// `Limiter.SetLimit`, which does not change how long waiting goroutines wait.
    pub fn set_rate(&self, rate: Rate) {
        let mut settled = self.settle();
        settled.state.bucket.set_rate(rate);
        settled.serve();
        // All of them, not the front alone: the first ones may be late, and the others need not wait for
        // them at the old rate.
        settled.tell(usize::MAX);
    }

    /// Changes the burst from now on. Tokens that no longer fit are lost. Threads that wait for more than the
    /// new burst still get their tokens, since they were promised.
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

    /// Returns the number of tokens that can be taken now: zero while the line is not empty.
    ///
    /// # Compared with Go
    ///
    /// `Limiter.Tokens`, which is negative while goroutines wait.
    pub fn available(&self) -> u64 {
        self.available_at(sys::now())
    }

    /// Returns the number of tokens, as [`available`](Self::available) does, at the instant `now`.
    ///
    /// # Compared with Go
    ///
    /// `Limiter.TokensAt`.
    pub fn available_at(&self, now: Instant) -> u64 {
        let State { bucket, line } = &*self.settle_at(now).state;
        if line.is_empty() { bucket.tokens() } else { 0 }
    }

    /// Whether the limiter is, at `now`, as if it had just been created with this rate and burst. Nothing is
    /// changed: the limiter may be asked for earlier instants later.
    fn is_as_new(&mut self, rate: Rate, burst: u64, now: Instant) -> bool {
        let State { bucket, line } = self.state.get_mut();
        if bucket.rate() != rate || bucket.burst() != burst {
            return false;
        }
        // No thread waits, since no other has access; but there may be reservations. The bucket is full when
        // it could serve all of them and a last one that takes everything.
        !bucket.is_in_use() || line.end_at(burst, bucket).is_some_and(|full| full <= now)
    }

    /// Locks the state and brings it up to date.
    fn settle(&self) -> Settled<'_> {
        self.settle_at(sys::now())
    }

    /// Locks the state and brings it up to date, at the instant `now`.
    fn settle_at(&self, now: Instant) -> Settled<'_> {
        Settled::new(self.state.lock(), now)
    }
}

/// At least this many waiting threads, the first in the line, know the instant of their turn. They keep the
/// time for each other: the line stands still only if as many threads in a row are held up by the system.
const FRONT: usize = 4;

/// The state of a limiter while it is locked: up to date, and with the threads to be woken. When this is
/// dropped, the lock is released first, and then the threads are woken: the fields are in this order.
///
/// # No turn is missed
///
/// A waiting thread sleeps until the instant that is noted at its seat: its turn, as of its last look. If its
/// turn comes *later* than noted, it looks too early, and notes the new instant. If its turn comes *earlier*,
/// another thread has changed that, and does two things under the same lock: it serves all whose turn has
/// come, and it wakes those of the front whose noted instant is too late ([`tell`](Self::tell)). A turn comes
/// earlier only if
///
/// - a place before it is left: `leave`;
/// - tokens come back: `put_back`, also when a thread that is served has given up in that moment;
/// - the rate is changed: `set_rate`, which wakes all of them;
/// - a new seat is taken in the front, whose thread notes the instant before it sleeps.
///
/// A thread behind the front may be left with a noted instant that is too late, but not for longer than
/// until it is in the front: `serve` also tells the front when it has moved.
struct Settled<'a> {
    state: MutexGuard<'a, State>,
    woken: Woken,
    now: Instant,
}

/// Threads to be woken when this is dropped.
struct Woken(Vec<Arc<Waiter>>);

impl<'a> Settled<'a> {
    #[cold]
    fn new(mut state: MutexGuard<'a, State>, now: Instant) -> Self {
        state.bucket.settle(now);
        let mut settled = Settled { state, woken: Woken(Vec::new()), now };
        settled.serve();
        settled
    }

    /// Takes tokens for a call that is not in the line.
    fn take_now(&mut self, n: u64) -> bool {
        self.state.line.is_empty() && self.state.bucket.take(n)
    }

    /// Serves those whose turn has come. When the line is empty, tokens that do not fit are lost.
    fn serve(&mut self) {
        let mut front_has_moved = false;
        loop {
            let State { bucket, line } = &mut *self.state;
            let Some((tokens, waiter)) = line.serve_first(bucket) else { break };
            let Some(waiter) = waiter else { continue };
            front_has_moved = true;
            if waiter.grant() {
                self.woken.0.push(waiter);
            } else {
                bucket.put_back(tokens); // the thread has given up in this moment
            }
        }
        if self.state.line.is_empty() {
            self.state.bucket.spill();
        } else if front_has_moved {
            self.tell(FRONT);
        }
    }

    /// Leaves the line, unless the place has been served; those behind it move up.
    fn leave(&mut self, number: Number) -> bool {
        let left = self.state.line.leave(number);
        if left {
            self.serve();
            self.tell(FRONT);
        }
        left
    }

    /// Puts tokens back that had been taken in advance.
    fn put_back(&mut self, tokens: u64) {
        self.state.bucket.put_back(tokens);
        self.serve();
        self.tell(FRONT);
    }

    /// Wakes those of the first `front` waiting threads that would look too late.
    fn tell(&mut self, front: usize) {
        let State { bucket, line } = &mut *self.state;
        line.tell_late(front, bucket, |waiter| self.woken.0.push(Arc::clone(waiter)));
    }

    /// When the thread in this seat must look again: it is about to sleep.
    fn next_look(&mut self, number: Number, waiter: &Arc<Waiter>) -> Option<Instant> {
        // The current thread need not be woken.
        self.woken.0.retain(|woken| !Arc::ptr_eq(woken, waiter));
        let State { bucket, line } = &mut *self.state;
        line.next_look(number, bucket, self.now)
    }
}

impl Drop for Woken {
    fn drop(&mut self) {
        for waiter in self.0.drain(..) {
            waiter.wake();
        }
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

#[cfg(all(test, feature = "sim"))]
mod tests;
