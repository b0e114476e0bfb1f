//! Waiting in a call for what has an instant, which may be set anew in the meantime.

use std::time::Instant;

use crate::sys;
use crate::wait::{Interrupted, Until, WaitQueue};

/// What has an instant: a timer, a ticker.
pub(super) trait Timed {
    type State;
    type Value;

    /// Those who wait, and the state under the same lock.
    fn queue(&self) -> &WaitQueue<Self::State>;

    /// How often it has been set or stopped.
    fn changes(state: &Self::State) -> u64;

    /// Takes what there is to be had now. A wait says how often it had been set or stopped at the first
    /// look.
    fn take(&self, now: Instant, since: Option<u64>) -> Result<Self::Value, NotYet>;
}

/// Nothing is to be had.
pub(super) struct NotYet {
    /// When to look again.
    pub(super) due: Option<Instant>,
    pub(super) changes: u64,
}

/// Waits until there is something to be had, and no longer than `until`.
///
/// No change is missed: whoever sets it anew counts that under the lock, where the last look is, and
/// grants everybody who is in the queue. The event wins over the bound: the clock is read before each
/// look, and once the wait has been given up there is a last one.
pub(super) fn wait<T: Timed>(timed: &T, until: &Until<'_>) -> Result<T::Value, Interrupted> {
    until.enter()?;
    let mut interrupted = None;
    let mut since = None;
    loop {
        let now = sys::now();
        let NotYet { due, changes } = match timed.take(now, since) {
            Ok(taken) => return Ok(taken),
            Err(not_yet) => not_yet,
        };
        since = since.or(Some(changes));
        if let Some(interrupted) = interrupted {
            return Err(interrupted);
        }
        if until.alarm().is_some_and(|bound| bound <= now) {
            return Err(until.why());
        }
        let sooner = due.map_or(*until, |due| until.and_deadline(due));
        let waited = timed.queue().wait_parked(sooner, |state| T::changes(state) != changes);
        // A time-out may be that of `due`; the clock will tell.
        interrupted = waited.err().filter(|why| matches!(why, Interrupted::Cancelled(_)));
    }
}
