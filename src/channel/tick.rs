//! Ticks at fixed intervals, without a way to stop them.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, never};

use crate::sys;

/// Creates a receiver that delivers the current instant once every `period`.
///
/// It has room for one message: ticks that come while it is full are left out. A period of zero is
/// ready whenever it is looked at, and a period too long for the clock never ticks.
///
/// A [`Ticker`](crate::Ticker) can be stopped and reset, and keeps to a fixed grid.
///
/// # Examples
///
/// ```
/// use phalanx::channel::tick;
/// use std::time::Duration;
///
/// let ticks = tick(Duration::from_millis(1));
/// let (first, second) = (ticks.recv().unwrap(), ticks.recv().unwrap());
/// assert!(first < second);
/// assert!(tick(Duration::MAX).try_recv().is_err());
/// ```
///
/// # Compared with Go
///
/// `time.Tick`, which takes no period of zero.
pub fn tick(period: Duration) -> Receiver<Instant> {
    // Receiving a tick computes the instant of the next one, without a look at what the clock can hold. One
    // period more than that: crossbeam reads the clock later than we do.
    let is_far =
        period.checked_mul(3).and_then(|periods| sys::now().checked_add(periods)).is_none();
    if is_far { never() } else { crossbeam_channel::tick(period) }
}
