//! How long a caller is willing to wait.

use std::convert::Infallible;
use std::fmt;
use std::panic::RefUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;

use super::{Cause, Interrupted, Key, Waiter};
use crate::sys::{self, Lazy};

/// What can end a wait from outside: a context, seen from this room.
pub(crate) trait Source: Sync + RefUnwindSafe {
    /// Why it has ended, if it has. The check on entry to every wait: one load where it can be.
    fn ended(&self) -> Option<Cause>;

    /// The same after a look at the clock: a deadline that has passed ends it now.
    fn ended_by_now(&self) -> Option<Cause>;

    /// The instant at which it ends by itself.
    fn deadline(&self) -> Option<Instant>;

    /// From now on, its end [interrupts](Waiter::interrupt) the waiter. `None` if it never ends
    /// but by its deadline, or if it has ended already and the waiter has been interrupted.
    fn watch(&self, waiter: &Arc<Waiter>) -> Option<Key>;

    /// Undoes `watch`.
    fn unwatch(&self, key: Key);

    /// A channel that is disconnected when it ends, but for its deadline.
    fn done(&self) -> Option<&Receiver<Infallible>>;
}

/// What can be said about a wait of the current thread that a deadline has ended.
static EXPLANATION: Lazy<fn(Cause) -> Cause> = Lazy::new();

/// Has `explain` called for each wait that the deadline of a context has ended, on the thread that
/// waited; no lock is held.
pub(crate) fn explain_deadlines(explain: fn(Cause) -> Cause) {
    EXPLANATION.get_or_init(|| explain);
}

/// How long a caller is willing to wait: a context, a deadline, both, or neither.
///
/// Every blocking operation `x` of the crate has a twin `x_until(impl Into<Until<'_>>)`, which
/// takes a [`Duration`], an [`Instant`], a `&Context`, or a `(&Context, Duration)`, and returns
/// [`Interrupted`] when the bound is reached first.
///
/// - A context that has already ended fails the call at once, even where the operation would
///   succeed without waiting; so a loop over such a context ends.
/// - A bare deadline that has passed still allows one attempt.
/// - A duration too large for the clock is no bound at all.
///
/// With a bound or without, a call that blocks takes no token of [`std::thread::park`], except for
/// those of [`channel`](crate::channel), whose waits are crossbeam's.
///
/// # Examples
///
/// ```
/// use phalanx::{Context, WaitGroup};
/// use std::time::Duration;
///
/// let group = WaitGroup::new();
/// group.add(1);
/// assert!(group.wait_until(Duration::ZERO).is_err());
///
/// let (ctx, canceller) = Context::background().with_cancel();
/// canceller.cancel();
/// assert!(group.wait_until(&ctx).is_err());
/// assert!(group.wait_until((&ctx, Duration::from_secs(1))).is_err());
///
/// group.done();
/// assert!(group.wait_until(Duration::ZERO).is_ok());
/// ```
#[derive(Clone, Copy)]
pub struct Until<'a> {
    source: Option<&'a dyn Source>,
    deadline: Option<Instant>,
}

impl<'a> Until<'a> {
    /// No bound: waits for as long as it takes.
    pub const FOREVER: Until<'static> = Until { source: None, deadline: None };

    pub(crate) fn source(source: &'a dyn Source) -> Self {
        Until { source: Some(source), deadline: None }
    }

    /// Adds the bound `timeout`, from now.
    pub(crate) fn and_timeout(self, timeout: Duration) -> Self {
        sys::now().checked_add(timeout).map_or(self, |deadline| self.and_deadline(deadline))
    }

    /// Adds the bound `deadline`.
    pub(crate) fn and_deadline(self, deadline: Instant) -> Self {
        let earlier = self.deadline.into_iter().fold(deadline, Instant::min);
        Until { deadline: Some(earlier), ..self }
    }

    /// The check on entry: fails if the context has ended.
    #[inline]
    pub(crate) fn enter(&self) -> Result<(), Interrupted> {
        match self.source.and_then(Source::ended) {
            Some(cause) => Err(Interrupted::Cancelled(cause)),
            None => Ok(()),
        }
    }

    /// Whether something other than time may end the wait.
    pub(crate) fn has_source(&self) -> bool {
        self.source.is_some()
    }

    /// Whether waiting is pointless: the bare deadline has passed.
    pub(crate) fn has_passed(&self) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= sys::now())
    }

    /// Whether its instant has passed: for a wait that looks again and again, and need not block.
    pub(crate) fn is_over(&self) -> bool {
        self.alarm().is_some_and(|alarm| alarm <= sys::now())
    }

    /// A channel that is disconnected when the context ends, but for its deadline.
    pub(crate) fn done(&self) -> Option<&Receiver<Infallible>> {
        self.source.and_then(Source::done)
    }

    /// When a wait with this bound must look at the clock.
    pub(crate) fn alarm(&self) -> Option<Instant> {
        let of_source = self.source.and_then(Source::deadline);
        of_source.into_iter().chain(self.deadline).min()
    }

    /// What a waiter whose time is up, or who was interrupted, reports.
    pub(crate) fn why(&self) -> Interrupted {
        match self.source.and_then(Source::ended_by_now) {
            Some(cause) => Interrupted::Cancelled(cause),
            None => Interrupted::TimedOut,
        }
    }

    /// [`why`](Self::why), for a thread that has waited in a queue. If it was for a deadline, what holds up
    /// those for whom it may have waited is named: see [`explain_deadlines`].
    pub(super) fn why_in_vain(&self) -> Interrupted {
        match (self.why(), EXPLANATION.get()) {
            (Interrupted::Cancelled(cause), Some(explain)) if cause.is_plain_deadline() => {
                Interrupted::Cancelled(explain(cause))
            }
            (why, _) => why,
        }
    }

    /// Has the end of the context interrupt the waiter, for as long as the result lives.
    pub(super) fn watch(&self, waiter: &Arc<Waiter>) -> Watch<'a> {
        Watch(self.source.and_then(|source| Some((source, source.watch(waiter)?))))
    }
}

/// A waiter's registration with a source, which ends when it is dropped.
pub(super) struct Watch<'a>(Option<(&'a dyn Source, Key)>);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if let Some((source, key)) = self.0 {
            source.unwatch(key);
        }
    }
}

impl From<Duration> for Until<'_> {
    fn from(timeout: Duration) -> Self {
        Until::FOREVER.and_timeout(timeout)
    }
}

impl From<Instant> for Until<'_> {
    fn from(deadline: Instant) -> Self {
        Until::FOREVER.and_deadline(deadline)
    }
}

impl fmt::Debug for Until<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Until")
            .field("context", &self.source.is_some())
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
