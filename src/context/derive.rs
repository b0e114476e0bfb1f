//! New contexts from old ones.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::node::Node;
use super::values::Values;
use super::{Canceller, Context};
use crate::sys;

impl Context {
    /// Returns a child that the [`Canceller`] ends, or this context when it ends.
    ///
    /// A child of a context that has ended is born ended, with the same cause.
    ///
    /// # Compared with Go
    ///
    /// `context.WithCancel` and `WithCancelCause` in one. Go's `defer cancel()` is the
    /// canceller's `Drop`.
    pub fn with_cancel(&self) -> (Context, Canceller) {
        self.child(None)
    }

    /// Returns a child that also ends when `timeout` has passed from now.
    ///
    /// A timeout of zero is over at once; one too large for the clock is none.
    ///
    /// # Compared with Go
    ///
    /// `context.WithTimeout`.
    pub fn with_timeout(&self, timeout: Duration) -> (Context, Canceller) {
        let now = sys::now();
        self.child_until(now, now.checked_add(timeout))
    }

    /// Returns a child that also ends at `deadline`. An earlier deadline of this context wins.
    ///
    /// No thread watches a deadline that only bounds waits: whoever waits with the context looks at
    /// the clock. From the first poll, callback or [`done`](Self::done) on, one timer thread
    /// serves the deadlines of the whole process. So the deadline of a context that nobody has
    /// looked at takes effect at the next look, unless an ancestor has been cancelled by then.
    ///
    /// # Compared with Go
    ///
    /// `context.WithDeadline`. The clock is monotonic and stops while the machine is suspended.
    pub fn with_deadline(&self, deadline: Instant) -> (Context, Canceller) {
        self.child_until(sys::now(), Some(deadline))
    }

    /// Returns this context with a value added, which hides an earlier one of the same type.
    ///
    /// A value costs no node in the tree: the result ends exactly when this context does.
    ///
    /// # Compared with Go
    ///
    /// `context.WithValue` with the type as its key; wrap common types in one of your own.
    #[must_use = "the context itself is left unchanged"]
    pub fn with_value<T: Any + Send + Sync>(&self, value: T) -> Context {
        Context { node: self.node.clone(), values: self.values.with(value) }
    }

    /// Looks up the value of type `T` that was added last. Its cost grows with the number of
    /// values.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::Context;
    ///
    /// struct RequestId(u32);
    ///
    /// let ctx = Context::background().with_value(RequestId(7));
    /// assert_eq!(ctx.value::<RequestId>().unwrap().0, 7);
    /// assert!(ctx.value::<String>().is_none());
    /// ```
    pub fn value<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.values.get()
    }

    /// Returns a context with the same values that neither a cancellation nor a deadline reaches:
    /// for the clean-up that follows a cancellation. Give it a timeout of its own.
    ///
    /// # Compared with Go
    ///
    /// `context.WithoutCancel`.
    #[must_use = "the context itself is left unchanged"]
    pub fn shielded(&self) -> Context {
        Context { node: None, values: self.values.clone() }
    }

    /// Returns a context that ends when any of `parents` ends, with that one's cause. Its values
    /// are those of the first. Without parents it is the background.
    ///
    /// # Compared with Go
    ///
    /// Not in Go, whose recipe is an `AfterFunc` on each parent.
    pub fn merge(parents: &[&Context]) -> Context {
        let nodes = parents.iter().filter_map(|parent| parent.node.clone()).collect();
        let values = parents.first().map_or(Values::NONE, |first| first.values.clone());
        Context { node: Node::merged(nodes), values }
    }

    fn child(&self, deadline: Option<Instant>) -> (Context, Canceller) {
        let node = Node::child(self.node.as_ref(), deadline);
        let canceller = Canceller::new(Arc::clone(&node));
        (Context { node: Some(node), values: self.values.clone() }, canceller)
    }

    fn child_until(&self, now: Instant, deadline: Option<Instant>) -> (Context, Canceller) {
        let (ctx, canceller) = self.child(deadline);
        if deadline.is_some_and(|deadline| deadline <= now) {
            canceller.expire();
        }
        (ctx, canceller)
    }
}
