//! When a node ends by itself.
//!
//! The deadline of a node is the earliest of its own and its ancestors'. Whoever waits with the
//! node looks at the clock, and ends what is overdue. Only for those who merely poll, or have
//! hung a callback or a channel on it, the timer thread is asked to do that.

use std::io;
use std::sync::Arc;

use super::cancel;
use super::node::{Node, UNWATCHED};
use crate::sys;
use crate::sys::atomic::Relaxed;
use crate::wait::Cause;
use crate::wait::alarms::{self, Alarm, Ring};

impl Node {
    /// Ends whatever the deadline ends, if it has passed, and tells whether this node has ended.
    pub(super) fn end_if_overdue(self: &Arc<Self>) -> bool {
        self.join_parents();
        if !self.has_ended() && self.is_overdue() {
            // From the owner of the deadline down to this node, each with the cause that its parent
            // has: another thread may be on its way down with another.
            let heirs = self.heirs();
            let mut cause = heirs.last().map_or(Cause::DEADLINE, |owner| owner.deadline_cause());
            for node in heirs.into_iter().rev() {
                cancel::cancel(node, &cause);
                cause = node.cause().unwrap_or(cause);
            }
        }
        self.has_ended()
    }

    /// Whether the deadline has passed, observed or not.
    pub(super) fn is_overdue(&self) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= sys::now())
    }

    /// Makes sure that the timer thread ends this node at its deadline, if it has one.
    ///
    /// # Errors
    ///
    /// The operating system refused the timer thread.
    pub(super) fn watch_deadline(self: &Arc<Self>) -> io::Result<()> {
        let Some(deadline) = self.deadline else { return Ok(()) };
        alarms::start()?; // before any bit is cleared, for nobody would know of a refusal
        let owner = self.deadline_owner();
        // Relaxed, here and below: the bit publishes nothing, it only tells pollers where to look.
        // Whoever clears it in the owner arms the deadline.
        if owner.state.fetch_and(!UNWATCHED, Relaxed) & UNWATCHED != 0 {
            let node = Arc::downgrade(owner);
            owner.keep_alarm(alarms::set(deadline, node));
        }
        self.state.fetch_and(!UNWATCHED, Relaxed);
        Ok(())
    }

    /// The node whose own deadline is the earliest one above: this node, or an ancestor.
    fn deadline_owner(self: &Arc<Self>) -> &Arc<Node> {
        let mut node = self;
        while let Some(testator) = node.testator() {
            node = testator;
        }
        node
    }

    /// The nodes from this one up to the owner of its deadline.
    fn heirs(self: &Arc<Self>) -> Vec<&Arc<Node>> {
        let mut heirs = vec![self];
        while let Some(testator) = heirs[heirs.len() - 1].testator() {
            heirs.push(testator);
        }
        heirs
    }

    /// The parent from which this node has its deadline, if it is not its own.
    fn testator(&self) -> Option<&Arc<Node>> {
        if self.owns_deadline {
            return None;
        }
        let testator = self.parents().find(|parent| parent.node.deadline == self.deadline);
        Some(&testator.expect("a deadline is inherited from a parent").node)
    }

    fn keep_alarm(&self, alarm: Alarm) {
        if self.link(|links| links.alarm = Some(alarm)).is_err() {
            alarms::clear(alarm);
        }
    }
}

impl Ring for Node {
    fn ring(self: Arc<Self>, _: Alarm) {
        cancel::cancel(&self, &self.deadline_cause());
    }
}
