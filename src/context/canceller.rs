//! The guard that ends a context.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::cancel;
use super::node::Node;
use crate::sys::atomic::{AcqRel, AtomicUsize, Relaxed};
use crate::wait::Cause;

/// Ends its context when it is dropped, or earlier when told to.
///
/// It can be cloned, for several places that may end the same context: each clone can cancel, and the
/// context ends when the last clone is dropped.
///
/// # Examples
///
/// ```
/// use phalanx::Context;
///
/// let (ctx, canceller) = Context::background().with_cancel();
/// let other = canceller.clone();
/// drop(canceller);
/// assert!(!ctx.has_ended());
/// other.cancel_because("told to stop");
/// assert!(ctx.has_ended());
/// ```
///
/// # Compared with Go
///
/// The `CancelFunc` and `CancelCauseFunc` of `context.WithCancel` and its kin, with the
/// `defer cancel()` built in.
#[must_use = "dropping the last canceller cancels its context"]
pub struct Canceller {
    node: Arc<Node>,
    armed: bool,
    /// The number of clones that are to be dropped before the context ends, from the first clone on. One
    /// that is disarmed is never taken off.
    live: OnceLock<Arc<AtomicUsize>>,
}

impl Canceller {
    pub(super) fn new(node: Arc<Node>) -> Self {
        Canceller { node, armed: true, live: OnceLock::new() }
    }

    /// Ends the context and all its descendants.
    ///
    /// When it returns, each of them has ended, also if another thread ended the context before, or is
    /// ending it at the same time. The call that has ended it has also woken the waiting threads and
    /// started the callbacks, each of which runs as a task of its own. Those of a descendant that another
    /// thread took part in ending may be left to that thread, which is about to do the same.
    pub fn cancel(&self) {
        self.end(&Cause::CANCELLED);
    }

    /// Ends the context and says why: the error is part of the [`Cause`] that everybody sees.
    ///
    /// # Examples
    ///
    /// ```
    /// let (ctx, canceller) = phalanx::Context::background().with_cancel();
    /// canceller.cancel_because("shutting down");
    /// assert_eq!(ctx.cause().unwrap().error().unwrap().to_string(), "shutting down");
    /// ```
    pub fn cancel_because(&self, error: impl Into<Box<dyn Error + Send + Sync>>) {
        self.end(&Cause::because(error.into()));
    }

    /// Ends the context with a cause that is there already.
    pub(crate) fn cancel_with(&self, cause: &Cause) {
        self.end(cause);
    }

    /// The first cause wins, and a deadline that has passed unobserved was first.
    fn end(&self, cause: &Cause) {
        if self.node.is_overdue() {
            self.node.end_if_overdue();
        } else {
            cancel::cancel(&self.node, cause);
        }
    }

    /// Gives up the power to cancel: the context then ends only with its parent or its deadline.
    ///
    /// Clones can still cancel. The context no longer ends when the last of them is dropped.
    pub fn disarm(mut self) {
        self.armed = false;
    }

    /// Takes this off the number of clones, and tells whether it was the last.
    fn is_last(&self) -> bool {
        // Release and Acquire pair with each other: the clone that is dropped last cancels, and what the
        // threads did that dropped the others is visible to those that it wakes.
        self.live.get().is_none_or(|live| live.fetch_sub(1, AcqRel) == 1)
    }
}

impl Clone for Canceller {
    fn clone(&self) -> Self {
        let live = self.live.get_or_init(|| Arc::new(AtomicUsize::new(1)));
        // Relaxed: this clone is not dropped meanwhile, so the number does not come to zero.
        live.fetch_add(1, Relaxed);
        let live = Arc::clone(live).into();
        Canceller { node: Arc::clone(&self.node), armed: true, live }
    }
}

impl Drop for Canceller {
    fn drop(&mut self) {
        if self.armed && self.is_last() && !self.node.has_ended() {
            self.cancel();
        }
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canceller")
            .field("node", &Arc::as_ptr(&self.node)) // as its context shows it
            .field("cause", &self.node.cause())
            .finish_non_exhaustive()
    }
}
