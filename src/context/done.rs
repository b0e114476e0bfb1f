//! The channel that is disconnected when a context ends.

use std::convert::Infallible;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crossbeam_channel::Receiver;

use super::Context;
use super::node::Node;
use crate::sys::Lazy;

/// The channel of [`Context::done`]. It never carries a message, and is disconnected when the context
/// ends.
///
/// It dereferences to a crossbeam [`Receiver`], so that `select!` takes it. It keeps its context alive:
/// the channel stays connected until the context ends, even if the context itself is dropped before. A
/// plain `Receiver` that is cloned out of it does not: it is also disconnected when the last clone of the
/// context, its canceller, and the last `Done` are dropped.
///
/// # Examples
///
/// ```
/// use phalanx::Context;
/// use std::time::Duration;
///
/// let (parent, canceller) = Context::background().with_cancel();
/// let done = parent.with_timeout(Duration::from_secs(3600)).done(); // the context itself is dropped
/// assert!(done.try_recv().unwrap_err().is_empty());
/// canceller.cancel();
/// assert!(done.try_recv().unwrap_err().is_disconnected());
/// ```
#[derive(Clone)]
pub struct Done {
    node: Option<Arc<Node>>,
}

impl Context {
    /// Returns a channel that is disconnected when this context ends, for
    /// [`select!`](crossbeam_channel::select). The channel is made on the first call.
    ///
    /// When it is disconnected, this context and all its descendants have ended, as
    /// [`has_ended`](Self::has_ended) tells; when that has returned `true`, it is disconnected.
    ///
    /// To ask whether the context has ended, [`has_ended`](Self::has_ended) is cheaper.
    ///
    /// A simulated run sees the crate's own operations on it, [`channel::select!`](crate::channel::select)
    /// among them, with the feature `sim` alone; crossbeam's `recv` and `select!` need `sim-std`.
    ///
    /// # Panics
    ///
    /// `Context::done: ...` if the context has a deadline and the operating system refuses the
    /// timer thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use crossbeam_channel::{never, select};
    /// use phalanx::Context;
    ///
    /// let (ctx, canceller) = Context::background().with_cancel();
    /// canceller.cancel();
    /// select! {
    ///     recv(never::<u32>()) -> _ => unreachable!(),
    ///     recv(ctx.done()) -> _ => assert!(ctx.has_ended()),
    /// }
    /// ```
    ///
    /// # Compared with Go
    ///
    /// `ctx.Done()`.
    #[track_caller]
    pub fn done(&self) -> Done {
        if let Some(node) = &self.node {
            node.join_parents();
            if let Err(refused) = node.watch_deadline() {
                panic!("Context::done: the operating system refused the timer thread: {refused}");
            }
        }
        Done { node: self.node.clone() }
    }
}

impl Deref for Done {
    type Target = Receiver<Infallible>;

    #[inline]
    fn deref(&self) -> &Receiver<Infallible> {
        static NEVER: Lazy<Receiver<Infallible>> = Lazy::new();
        match &self.node {
            None => NEVER.get_or_init(crossbeam_channel::never),
            Some(node) => node.done(),
        }
    }
}

impl fmt::Debug for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Done")
            .field("has_ended", &self.node.as_ref().is_some_and(Node::has_ended))
            .finish_non_exhaustive()
    }
}
