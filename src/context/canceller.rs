//! The guard that ends a context.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use super::cancel;
use super::node::Node;
use crate::wait::Cause;

/// Ends its context when it is dropped, or earlier when told to.
///
/// # Compared with Go
///
/// The `CancelFunc` and `CancelCauseFunc` of `context.WithCancel` and its kin, with the
/// `defer cancel()` built in.
#[must_use = "dropping the canceller cancels its context"]
pub struct Canceller {
    node: Arc<Node>,
    armed: bool,
}

impl Canceller {
    pub(super) fn new(node: Arc<Node>) -> Self {
        Canceller { node, armed: true }
    }

    /// Ends the context and all its descendants.
    ///
    /// When it returns, each of them is cancelled, their waiting threads have been woken, and the
    /// callbacks have run on this thread. Nothing happens if the context has ended before; if
    /// another thread is just ending it, this call does not wait for that one.
    ///
    /// # Panics
    ///
    /// Resumes the first panic of a callback, after all callbacks have run.
    pub fn cancel(&self) {
        self.end(&Cause::CANCELLED);
    }

    /// Ends the context and says why: the error is part of the [`Cause`] that everybody sees.
    ///
    /// # Panics
    ///
    /// As [`cancel`](Self::cancel).
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

    /// The first cause wins, and a deadline that has passed unobserved was first.
    fn end(&self, cause: &Cause) {
        if self.node.is_overdue() {
            self.node.end_if_overdue();
        } else {
            cancel::cancel(&self.node, cause);
        }
    }

    /// Gives up the power to cancel: the context then ends only with its parent or its deadline.
    pub fn disarm(mut self) {
        self.armed = false;
    }
}

impl Drop for Canceller {
    fn drop(&mut self) {
        if self.armed && !self.node.has_ended() {
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
