//! Use this to tell a tree of work to stop, from anywhere, and to bound how long it may take.
//!
//! A [`Context`] is two pointers: a node of the cancellation tree, and a chain of values. They are
//! independent, so a value costs no node and a shielded context is one without a node.
//!
//! The rooms: `derive` makes contexts from contexts, `waiting` and `done` wait for their end;
//! `node` is one node and `family` its ties, `cancel` walks the tree, `deadline` ends nodes
//! on time, `values` is the chain, `callback` starts what [`Context::on_cancel`] registered.

mod callback;
mod cancel;
mod canceller;
mod deadline;
mod derive;
mod done;
mod family;
mod interrupting;
mod node;
mod source;
mod values;
mod waiting;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use callback::OnCancel;
pub use canceller::Canceller;
pub use done::Done;
pub use interrupting::Interrupt;
use node::Node;
use values::Values;

use crate::sys;
use crate::wait::{Cancelled, Cause};

/// Tells its holder when to stop.
///
/// A context is handed down the calls of one piece of work, by reference or as a cheap clone, and
/// is read-only for whoever receives it: only the [`Canceller`] made with it, an ancestor, or its
/// deadline ends it. Once it has ended it stays so, and so do all its descendants.
///
/// Polling ([`has_ended`](Self::has_ended), [`check`](Self::check)) is one load. Blocking
/// calls of the crate take a context as their bound and return when it ends; they need not poll.
///
/// A file that uses `anyhow::Context`, the trait, as well imports it as `use anyhow::Context as _`: its
/// methods work without its name.
///
/// On 64-bit targets a context takes 16 bytes. A child with its canceller is one allocation, of 104 bytes,
/// and some 40 more at its parent once a thread has looked at it; one with a deadline then takes some 350
/// in all.
///
/// # Memory ordering
///
/// What the cancelling thread did before it cancelled *happens before* whatever follows a call
/// that reports the context as ended.
///
/// # Examples
///
/// ```
/// use phalanx::Context;
/// use std::time::Duration;
///
/// let (request, canceller) = Context::background().with_cancel_timeout(Duration::from_secs(30));
/// let (query, _query_canceller) = request.with_cancel();
///
/// std::thread::scope(|s| {
///     s.spawn(|| query.wait()); // returns when the request is cancelled
///     canceller.cancel_because("client hung up");
/// });
///
/// let error = query.check().unwrap_err();
/// assert_eq!(error.cause().to_string(), "context cancelled: client hung up");
/// ```
///
/// # Compared with Go
///
/// `context.Context`. Cancelling comes from a guard that cannot be forgotten; the cause is part of
/// the one error; a value is looked up by its type; callbacks run as tasks of their own;
/// [`merge`](Self::merge) and [`sleep`](Self::sleep) are built in.
#[derive(Clone, Default)]
pub struct Context {
    /// `None`: nothing can end this context.
    node: Option<Arc<Node>>,
    values: Values,
}

impl Context {
    /// Returns the context that never ends, has no deadline and holds no values: the root of every
    /// tree. It costs nothing.
    ///
    /// # Compared with Go
    ///
    /// `context.Background()`.
    pub const fn background() -> Self {
        Context { node: None, values: Values::NONE }
    }

    /// Returns [`background`](Self::background), for a caller that will be handed a context later. A search
    /// for the name finds the places that still have none.
    ///
    /// # Compared with Go
    ///
    /// `context.TODO()`.
    pub const fn todo() -> Self {
        Context::background()
    }

    /// Returns `true` once this context has ended. One load.
    ///
    /// Once it has returned `true`, this context and all its descendants have ended for every thread that
    /// looks, and the channels of [`done`](Self::done) of all of them are disconnected; if it is because
    /// an ancestor has ended, the ancestor has, too. (If another thread is just ending this context, the
    /// call does what remains to be done.)
    ///
    /// The first poll of a context with a deadline hands the deadline to the timer thread, so that
    /// later ones need not look at the clock. In a forked child, which has no timer thread, every poll
    /// looks at the clock.
    #[inline]
    pub fn has_ended(&self) -> bool {
        match &self.node {
            None => false,
            Some(node) => node.poll(),
        }
    }

    /// Fails once this context has ended: for use with `?` between the steps of some work.
    ///
    /// # Errors
    ///
    /// [`Cancelled`], with the cause.
    #[inline]
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.has_ended() { Err(self.cancelled()) } else { Ok(()) }
    }

    /// Returns why this context has ended, or `None` while it is live.
    pub fn cause(&self) -> Option<Cause> {
        self.ended()
    }

    /// The cause, without asking for the timer thread.
    #[inline]
    pub(crate) fn ended(&self) -> Option<Cause> {
        let node = self.node.as_ref()?;
        if node.ended() { node.cause() } else { None }
    }

    /// Returns the instant at which this context ends by itself: its own deadline or that of an
    /// ancestor, whichever is earlier.
    pub fn deadline(&self) -> Option<Instant> {
        self.node.as_ref()?.deadline()
    }

    /// Returns the time left until the deadline, zero if it has passed, `None` without one.
    pub fn remaining(&self) -> Option<Duration> {
        Some(self.deadline()?.saturating_duration_since(sys::now()))
    }

    #[cold]
    fn cancelled(&self) -> Cancelled {
        let cause = self.node.as_ref().and_then(|node| node.cause());
        Cancelled::new(cause.expect("a cancelled context has a cause"))
    }
}

/// Two contexts are equal if one is a clone of the other: they end together, and have the same values
/// from the same calls of [`with_value`](Context::with_value).
///
/// # Compared with Go
///
/// The comparison of two interface values.
impl PartialEq for Context {
    fn eq(&self, other: &Self) -> bool {
        self.node.as_ref().map(Arc::as_ptr) == other.node.as_ref().map(Arc::as_ptr)
            && self.values.is(&other.values)
    }
}

impl Eq for Context {}

/// What kind of context it is, which one, how many there are above it, and the types of its values.
impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut context = f.debug_struct("Context");
        match &self.node {
            None => context.field("kind", &format_args!("background")),
            Some(node) => context
                .field("kind", &format_args!("{}", node.kind()))
                .field("node", &Arc::as_ptr(node))
                .field("ancestors", &node.ancestors())
                .field("cause", &node.cause())
                .field("remaining", &self.remaining()),
        };
        context.field("values", &self.values).finish_non_exhaustive()
    }
}
