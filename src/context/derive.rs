//! New contexts from old ones.

use std::any::Any;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::node::Node;
use super::values::Values;
use super::{Canceller, Context};
use crate::sys;
use crate::wait::Cause;

impl Context {
    /// Returns a child that the [`Canceller`] ends, or this context when it ends.
    ///
    /// A child of a context that has ended is born ended, with the same cause.
    ///
    /// Keep the canceller: `let (ctx, _) = parent.with_cancel()` cancels the child at once, since `_` drops
    /// it. It is not part of the context, so that what receives the context cannot end it, and a context
    /// that is moved away, into a thread or a task, does not take the power to cancel with it.
    ///
    /// # Compared with Go
    ///
    /// `context.WithCancel` and `WithCancelCause` in one. Go's `defer cancel()` is the
    /// canceller's `Drop`.
    pub fn with_cancel(&self) -> (Context, Canceller) {
        guarded(self.child(None))
    }

    /// Returns a child that also ends after `timeout`.
    ///
    /// Only the timeout, or the end of this context, ends the child. To end it earlier, use
    /// [`with_cancel_timeout`](Self::with_cancel_timeout).
    ///
    /// A timeout of zero ends the child at once. A timeout that is too large for the clock never ends it.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::Context;
    /// use std::time::Duration;
    ///
    /// let request = Context::background().with_timeout(Duration::from_millis(1));
    /// assert_eq!(request.wait().to_string(), "context deadline exceeded");
    /// ```
    ///
    /// # Compared with Go
    ///
    /// `context.WithTimeout`, without the `CancelFunc`: a context that is dropped needs no `defer cancel()`.
    #[must_use = "the context itself is left unchanged"]
    pub fn with_timeout(&self, timeout: Duration) -> Context {
        let now = sys::now();
        self.child_until(now, now.checked_add(timeout), None).0
    }

    /// Returns a child that also ends at `deadline`. An earlier deadline of this context wins.
    ///
    /// Only the deadline, or the end of this context, ends the child. To end it earlier, use
    /// [`with_cancel_deadline`](Self::with_cancel_deadline).
    ///
    /// No thread watches a deadline that only bounds waits: whoever waits with the context looks at
    /// the clock. From the first poll, callback or [`done`](Self::done) on, one timer thread
    /// serves the deadlines of the whole process. So the deadline of a context that nobody has
    /// looked at takes effect at the next look, or when an ancestor ends: if it had passed by then, it
    /// was first, and is the cause.
    ///
    /// # Compared with Go
    ///
    /// `context.WithDeadline`, without the `CancelFunc`. The clock is monotonic and stops while the
    /// machine is suspended.
    #[must_use = "the context itself is left unchanged"]
    pub fn with_deadline(&self, deadline: Instant) -> Context {
        self.child_until(sys::now(), Some(deadline), None).0
    }

    /// Returns a child that also ends after `timeout`, because of `error`.
    ///
    /// The error is part of the [`Cause`] if the child ends at its own timeout. If something else ends the
    /// child, `error` is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::Context;
    /// use std::time::Duration;
    ///
    /// let request = Context::background().with_timeout_cause(Duration::ZERO, "the database is slow");
    /// let cause = request.cause().unwrap();
    /// assert_eq!(cause.to_string(), "context deadline exceeded: the database is slow");
    /// ```
    ///
    /// # Compared with Go
    ///
    /// `context.WithTimeoutCause`.
    #[must_use = "the context itself is left unchanged"]
    pub fn with_timeout_cause(
        &self,
        timeout: Duration,
        error: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Context {
        let now = sys::now();
        self.child_until(now, now.checked_add(timeout), Some(Cause::late(error.into()))).0
    }

    /// Returns a child that also ends at `deadline`, because of `error`. An earlier deadline of this
    /// context wins.
    ///
    /// The error is part of the [`Cause`] if the child ends at its own deadline. If something else ends the
    /// child, `error` is dropped.
    ///
    /// # Compared with Go
    ///
    /// `context.WithDeadlineCause`.
    #[must_use = "the context itself is left unchanged"]
    pub fn with_deadline_cause(
        &self,
        deadline: Instant,
        error: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Context {
        self.child_until(sys::now(), Some(deadline), Some(Cause::late(error.into()))).0
    }

    /// Returns a child that ends after `timeout`, and the [`Canceller`] that ends it earlier.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::Context;
    /// use std::time::Duration;
    ///
    /// let (request, canceller) = Context::background().with_cancel_timeout(Duration::from_secs(30));
    /// canceller.cancel_because("client hung up");
    /// assert_eq!(request.wait().to_string(), "context cancelled: client hung up");
    /// ```
    ///
    /// # Compared with Go
    ///
    /// `context.WithTimeout`. Dropping the canceller is Go's `defer cancel()`.
    pub fn with_cancel_timeout(&self, timeout: Duration) -> (Context, Canceller) {
        let now = sys::now();
        guarded(self.child_until(now, now.checked_add(timeout), None))
    }

    /// Returns a child that ends at `deadline`, and the [`Canceller`] that ends it earlier.
    ///
    /// # Compared with Go
    ///
    /// `context.WithDeadline`. Dropping the canceller is Go's `defer cancel()`.
    pub fn with_cancel_deadline(&self, deadline: Instant) -> (Context, Canceller) {
        guarded(self.child_until(sys::now(), Some(deadline), None))
    }

    /// Returns this context with a value added, which hides an earlier one of the same type.
    ///
    /// A value costs no node in the tree: the result ends exactly when this context does.
    ///
    /// # Compared with Go
    ///
    /// `context.WithValue` with the type as its key; wrap common types in one of your own, or use
    /// [`with_keyed_value`](Self::with_keyed_value).
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

    /// Returns this context with a value added under a key, which hides an earlier value under the same
    /// key.
    ///
    /// Keys of different types are different keys. A value under a key and one that is looked up by its
    /// type do not hide each other.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::Context;
    ///
    /// let ctx = Context::background().with_keyed_value("user", 7_u32).with_keyed_value("tenant", 3_u32);
    /// assert_eq!(ctx.keyed_value(&"user"), Some(&7_u32));
    /// assert_eq!(ctx.keyed_value::<u32>(&"session"), None);
    /// ```
    ///
    /// # Compared with Go
    ///
    /// `context.WithValue`.
    #[must_use = "the context itself is left unchanged"]
    pub fn with_keyed_value<K, V>(&self, key: K, value: V) -> Context
    where
        K: Any + Eq + Send + Sync,
        V: Any + Send + Sync,
    {
        Context { node: self.node.clone(), values: self.values.with_key(key, value) }
    }

    /// Looks up the value that was added last under `key`. Returns `None` if there is none, or if it is of
    /// another type than `V`.
    ///
    /// The lookup takes time proportional to the number of values.
    ///
    /// # Compared with Go
    ///
    /// `ctx.Value(key)` with a type assertion.
    pub fn keyed_value<V: Any + Send + Sync>(
        &self,
        key: &(impl Any + Eq + Send + Sync),
    ) -> Option<&V> {
        self.values.get_by_key(key)
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

    fn child(&self, deadline: Option<Instant>) -> (Context, Arc<Node>) {
        let node = Node::child(self.node.as_ref(), deadline);
        (Context { node: Some(Arc::clone(&node)), values: self.values.clone() }, node)
    }

    fn child_until(
        &self,
        now: Instant,
        deadline: Option<Instant>,
        late: Option<Cause>,
    ) -> (Context, Arc<Node>) {
        let (ctx, node) = self.child(deadline);
        if let Some(late) = late.filter(|_| node.owns_deadline()) {
            node.set_deadline_cause(late);
        }
        if deadline.is_some_and(|deadline| deadline <= now) {
            node.end_if_overdue();
        }
        (ctx, node)
    }
}

fn guarded((ctx, node): (Context, Arc<Node>)) -> (Context, Canceller) {
    (ctx, Canceller::new(node))
}
