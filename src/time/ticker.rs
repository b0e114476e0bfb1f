//! Ticks on a fixed grid.

mod core;
mod grid;

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::{Duration, Instant};

use core::Core;
use crossbeam_channel::Receiver;
use grid::Grid;

use super::from_now;
use super::waiting::{self, Timed};
use crate::sys;
use crate::wait::alarms;
use crate::wait::{Interrupted, Until};

/// Ticks again and again, at instants that are all the same time apart.
///
/// The first tick comes one period from now, and the others on the grid that begins there, however
/// late they are read. A slow reader gets the latest tick that it has missed, and none of those
/// before: ticks never queue up.
///
/// [`next`](Self::next) waits for a tick, and needs no other thread; ticks that nobody asks for cost
/// nothing. For a [`select!`](crossbeam_channel::select) there is a [`channel`](Self::channel), for
/// which the crate's one timer thread wakes at each tick. A ticker that is stopped can be reset.
///
/// On 64-bit targets a ticker is a pointer to 144 bytes, and its channel takes 664 more. A tick that was
/// missed is taken in some 400 instructions, however many were.
///
/// # Examples
///
/// ```
/// use phalanx::Ticker;
/// use std::time::Duration;
///
/// let ticker = Ticker::new(Duration::from_millis(1));
/// let first = ticker.next().unwrap();
/// let later = ticker.next().unwrap();
/// assert_eq!((later - first).as_nanos() % 1_000_000, 0); // on the grid, to the nanosecond
/// ticker.stop();
/// assert_eq!(ticker.next(), None);
/// ```
///
/// # Compared with Go
///
/// `time.Ticker`, which keeps the first tick that was missed, instead of the last, and which has no wait
/// with a bound. When it is stopped, its channel blocks for ever, as ours does; [`next`](Self::next)
/// returns `None`. For `time.Tick`, which cannot be stopped, there is
/// [`channel::tick`](crate::channel::tick).
pub struct Ticker {
    core: Arc<Core>,
}

const _: () = assert!(size_of::<Ticker>() == size_of::<usize>());

impl Ticker {
    /// Makes one that ticks each `period`, the first time one period from now.
    ///
    /// # Panics
    ///
    /// `Ticker::new: no time at all`.
    #[track_caller]
    pub fn new(period: Duration) -> Self {
        assert!(!period.is_zero(), "Ticker::new: no time at all");
        Ticker::on(Grid::new(from_now(period), period))
    }

    /// Makes one that ticks each `period`, the first time at `first`: now, say.
    ///
    /// # Panics
    ///
    /// `Ticker::starting_at: no time at all`.
    #[track_caller]
    pub fn starting_at(first: Instant, period: Duration) -> Self {
        assert!(!period.is_zero(), "Ticker::starting_at: no time at all");
        Ticker::on(Grid::new(Some(first), period))
    }

    fn on(grid: Grid) -> Self {
        Ticker { core: Arc::new(Core::new(grid)) }
    }

    /// Returns the latest tick that has come and was not received yet, if there is one. Does not block.
    pub fn try_next(&self) -> Option<Instant> {
        self.core.take(sys::now(), None).ok().flatten()
    }

    /// Waits for the next tick, and returns its instant on the grid; `None` if the ticker is stopped.
    ///
    /// # Blocking
    ///
    /// Returns at once if a tick was missed. Otherwise parks until the next one. Each tick goes to
    /// one, of those who wait here and those who receive from the [`channel`](Self::channel).
    #[cfg_attr(feature = "sim", track_caller)]
    #[expect(clippy::missing_panics_doc, reason = "nothing interrupts a wait without a bound")]
    pub fn next(&self) -> Option<Instant> {
        self.next_until(Until::FOREVER).expect("nothing interrupts it")
    }

    /// Waits for the next tick, and no longer than `until`.
    ///
    /// # Blocking
    ///
    /// As [`next`](Self::next). A tick at the instant of the bound is taken.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the bound was reached first. No tick was taken.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn next_until<'a>(
        &self,
        until: impl Into<Until<'a>>,
    ) -> Result<Option<Instant>, Interrupted> {
        let _call = sys::blocking_call("Ticker::next");
        waiting::wait(&*self.core, &until.into())
    }

    /// Returns a channel that receives the instants of the ticks. A tick that is not received before the
    /// next one is replaced by that. If a tick has come and was not received, the channel has the latest
    /// one when this returns, on every call.
    ///
    /// While the ticker is stopped, nothing comes. When it is dropped, the channel is disconnected.
    ///
    /// From the first call on the timer thread wakes at each tick, received or not.
    ///
    /// A simulated run sees the crate's own operations on it, [`channel::select!`](crate::channel::select)
    /// among them, with the feature `sim` alone; crossbeam's `recv` and `select!` need `sim-std`.
    ///
    /// # Panics
    ///
    /// `Ticker::channel: ...` if the operating system refuses the timer thread. Nothing is changed.
    #[track_caller]
    pub fn channel(&self) -> &Receiver<Instant> {
        if self.core.channel().is_none() {
            if let Err(refused) = alarms::start() {
                panic!("Ticker::channel: the operating system refused the timer thread: {refused}");
            }
        }
        self.core.open_channel();
        self.core.channel().expect("it is there now")
    }

    /// Begins a new grid: the next tick comes one `period` from now, and no tick of the old grid
    /// comes after this call. A ticker that was stopped ticks again.
    ///
    /// Returns `true` if it was ticking, `false` if it was stopped.
    ///
    /// # Panics
    ///
    /// `Ticker::reset: no time at all`. Nothing is changed.
    #[track_caller]
    pub fn reset(&self, period: Duration) -> bool {
        assert!(!period.is_zero(), "Ticker::reset: no time at all");
        self.core.change(|| Some(Grid::new(from_now(period), period)))
    }

    /// Stops it: no tick comes after this call, not even one that was missed, until it is
    /// [reset](Self::reset).
    ///
    /// Threads that wait in [`next`](Self::next) return `None`, even if the ticker is reset before they
    /// run. The channel stays connected.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::Ticker;
    /// use std::time::Duration;
    ///
    /// let ticker = Ticker::new(Duration::from_secs(3600));
    /// ticker.stop();
    /// assert_eq!(ticker.next(), None);
    /// assert!(!ticker.reset(Duration::from_millis(1)));
    /// assert!(ticker.next().is_some());
    /// ```
    pub fn stop(&self) {
        self.core.change(|| None);
    }
}

#[expect(clippy::copy_iterator, reason = "a copy of the reference is the same ticker")]
impl Iterator for &Ticker {
    type Item = Instant;

    fn next(&mut self) -> Option<Instant> {
        Ticker::next(self)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.core.close();
    }
}

// The lock is never held while user code runs, so no panic leaves what it guards half-changed.
impl UnwindSafe for Ticker {}
impl RefUnwindSafe for Ticker {}

impl fmt::Debug for Ticker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grid = self.core.grid();
        f.debug_struct("Ticker")
            .field("period", &grid.period())
            .field("next", &grid.next())
            .finish_non_exhaustive()
    }
}
