//! A timer that can be waited for, or selected on.

mod core;

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::{Duration, Instant};

use core::Core;
use crossbeam_channel::Receiver;

use super::from_now;
use super::waiting::{self, Timed};
use crate::sys;
use crate::wait::alarms;
use crate::wait::{Interrupted, Until};

/// Goes off once, at an instant, and can be stopped and set anew.
///
/// When it has gone off there is one value to be had, the instant at which it was due: by
/// [`wait`](Self::wait), or from its [`channel`](Self::channel) in a
/// [`select!`](crossbeam_channel::select), whoever comes first. [`stop`](Self::stop) and
/// [`reset`](Self::reset) take that value away if nobody has had it: after them, nothing of the old
/// setting can be received.
///
/// Without a channel a timer is no more than an instant: nothing has to be stopped, and no thread is
/// needed. With one, the crate's one timer thread serves it. Dropping a timer stops it, and
/// disconnects what was cloned of its channel.
///
/// On 64-bit targets a timer is a pointer to 136 bytes, and its channel takes 664 more. To set one that has a channel anew,
/// while a hundred thousand others are pending, takes some 740 instructions, mostly in the queue of the
/// timer thread; to make one, with a channel, and stop it some 3200, mostly for the channel.
///
/// # Examples
///
/// ```
/// use phalanx::Timer;
/// use phalanx::channel::{select, unbounded};
/// use std::time::Duration;
///
/// let (work, jobs) = unbounded();
/// work.send("job").unwrap();
/// let idle = Timer::new(Duration::from_secs(60));
/// loop {
///     select! {
///         recv(jobs) -> job => assert_eq!(job, Ok("job")),
///         recv(idle.channel()) -> _ => break, // nothing to do for a minute
///     }
///     idle.reset(Duration::from_millis(1)); // no draining, no stale value
/// }
/// ```
///
/// # Compared with Go
///
/// `time.Timer`, as it is since 1.23, which cannot be waited for with a bound. For a function to be
/// called there is [`AfterFunc`](crate::AfterFunc); for `time.After`, which cannot be stopped,
/// [`channel::after`](crate::channel::after).
pub struct Timer {
    core: Arc<Core>,
}

const _: () = assert!(size_of::<Timer>() == size_of::<usize>());

impl Timer {
    /// Makes one that goes off after `delay`: at once if that is zero, never if the clock does not
    /// go so far.
    pub fn new(delay: Duration) -> Self {
        Timer::due(from_now(delay))
    }

    /// Makes one that goes off at `instant`: at once if that has passed.
    pub fn at(instant: Instant) -> Self {
        Timer::due(Some(instant))
    }

    fn due(due: Option<Instant>) -> Self {
        Timer { core: Arc::new(Core::new(due)) }
    }

    /// Returns the channel that receives the instant at which the timer was due. If the timer has gone off
    /// and the value was not received, the channel has the value when this returns, on every call.
    ///
    /// A simulated run sees the crate's own operations on it, [`channel::select!`](crate::channel::select)
    /// among them, with the feature `sim` alone; crossbeam's `recv` and `select!` need `sim-std`.
    ///
    /// # Panics
    ///
    /// `Timer::channel: ...` if the operating system refuses the timer thread. Nothing is changed.
    #[track_caller]
    pub fn channel(&self) -> &Receiver<Instant> {
        if self.core.channel().is_none() {
            if let Err(refused) = alarms::start() {
                panic!("Timer::channel: the operating system refused the timer thread: {refused}");
            }
        }
        self.core.open_channel();
        self.core.channel().expect("it is there now")
    }

    /// Returns the instant at which the timer was due, if it has gone off and the value was not received
    /// yet. Does not block.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::Timer;
    /// use std::time::{Duration, Instant};
    ///
    /// let due = Instant::now();
    /// let timer = Timer::at(due);
    /// assert_eq!(timer.try_wait(), Some(due));
    /// assert_eq!(timer.try_wait(), None);
    /// timer.reset(Duration::from_secs(3600));
    /// assert_eq!(timer.try_wait(), None);
    /// ```
    pub fn try_wait(&self) -> Option<Instant> {
        self.core.take(sys::now(), None).ok()
    }

    /// Waits until it goes off, and returns the instant at which it was due.
    ///
    /// # Blocking
    ///
    /// Parks until it goes off, also if it is [`reset`](Self::reset) meanwhile. Of several threads
    /// that wait, one returns. One that is stopped, or has gone off, blocks until it is set anew.
    #[cfg_attr(feature = "sim", track_caller)]
    #[expect(clippy::missing_panics_doc, reason = "nothing interrupts a wait without a bound")]
    pub fn wait(&self) -> Instant {
        self.wait_until(Until::FOREVER).expect("nothing interrupts it")
    }

    /// Waits until it goes off, and no longer than `until`.
    ///
    /// # Blocking
    ///
    /// As [`wait`](Self::wait). If it goes off at the instant of the bound, it has gone off.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the bound was reached first. The timer is left as it is.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait_until<'a>(&self, until: impl Into<Until<'a>>) -> Result<Instant, Interrupted> {
        let _call = sys::blocking_call("Timer::wait");
        waiting::wait(&*self.core, &until.into())
    }

    /// Stops it. Returns `true` if that has kept its value from being received: it was set, or had
    /// gone off unnoticed.
    pub fn stop(&self) -> bool {
        self.core.set(|| None)
    }

    /// Sets it anew, to go off after `delay` from now. Returns what [`stop`](Self::stop) would.
    pub fn reset(&self, delay: Duration) -> bool {
        self.core.set(|| from_now(delay))
    }

    /// Sets it anew, to go off at `instant`. Returns what [`stop`](Self::stop) would.
    pub fn reset_at(&self, instant: Instant) -> bool {
        self.core.set(|| Some(instant))
    }

    /// Returns when it goes off, or has; `None` if it is stopped, or its value was received.
    pub fn deadline(&self) -> Option<Instant> {
        self.core.deadline()
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.stop();
    }
}

// The lock is never held while user code runs, so no panic leaves what it guards half-changed.
impl UnwindSafe for Timer {}
impl RefUnwindSafe for Timer {}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer").field("deadline", &self.deadline()).finish_non_exhaustive()
    }
}
