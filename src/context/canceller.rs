//! The guard that ends a context.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::cancel;
use super::node::Node;
use crate::sys::atomic::{AtomicBool, Relaxed};
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
    /// Counts the clones, from the first one on.
    clones: OnceLock<Arc<Clones>>,
}

/// What the clones of a canceller share.
#[derive(Default)]
struct Clones {
    /// Whether one of them was disarmed.
    disarmed: AtomicBool,
}

impl Canceller {
    pub(super) fn new(node: Arc<Node>) -> Self {
        Canceller { node, armed: true, clones: OnceLock::new() }
    }

    /// Ends the context and all its descendants.
    ///
    /// When it returns, each of them has ended, also if another thread ended the context before, or is
    /// ending it at the same time. The call that has ended it has also woken the waiting threads and
    /// started the callbacks, each of which runs as a task of its own.
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
        match self.clones.get() {
            // Relaxed: the clone that is dropped last sees it, since `Arc::into_inner` orders the drops.
            Some(clones) => clones.disarmed.store(true, Relaxed),
            None => self.armed = false,
        }
    }

    /// Whether dropping this ends the context.
    fn is_decisive(&mut self) -> bool {
        match self.clones.take() {
            // Of several that are dropped at the same time, exactly one is the last.
            Some(clones) => {
                Arc::into_inner(clones).is_some_and(|clones| !clones.disarmed.load(Relaxed))
            }
            None => self.armed,
        }
    }
}

impl Clone for Canceller {
    fn clone(&self) -> Self {
        let clones = Arc::clone(self.clones.get_or_init(Arc::default));
        Canceller { node: Arc::clone(&self.node), armed: true, clones: clones.into() }
    }
}

impl Drop for Canceller {
    fn drop(&mut self) {
        if self.is_decisive() && !self.node.has_ended() {
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
