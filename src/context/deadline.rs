//! When a node ends by itself.
//!
//! The deadline of a node is the earliest of its own and its ancestors'. Whoever waits with the
//! node looks at the clock, and ends what is overdue. Only for those who merely poll, or have
//! hung a callback or a channel on it, the timer thread is asked to do that.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use super::cancel;
use super::node::{Deadline, Node, UNWATCHED};
use crate::sys;
use crate::sys::atomic::Relaxed;
use crate::wait::Cause;
use crate::wait::alarms::{self, Alarm, Ring};

impl Node {
    /// Ends whatever the deadline ends, if it has passed, and tells whether this node has ended.
    pub(super) fn end_if_overdue(self: &Arc<Self>) -> bool {
        self.join_parents();
        if self.has_ended() {
            return true;
        }
        if let Some(owner) = self.deadline_owner().filter(|_| self.is_overdue()) {
            // It reaches this node: all nodes on the way have joined their parents. If the owner has
            // ended in this moment, this takes part in the ending.
            cancel::cancel(owner, &owner.deadline_cause());
        }
        self.has_ended()
    }

    /// When this node ends by itself.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.deadline {
            Deadline::None => None,
            Deadline::Own(deadline) => Some(*deadline),
            Deadline::Of(owner) => owner.deadline(),
        }
    }

    /// The deadline of a child or a merged node that has none of its own.
    pub(super) fn shared_deadline(self: &Arc<Self>) -> Deadline {
        self.deadline_owner().map_or(Deadline::None, |owner| Deadline::Of(Arc::clone(owner)))
    }

    /// The node whose own deadline it is: this node, or an ancestor.
    pub(super) fn deadline_owner(self: &Arc<Self>) -> Option<&Arc<Node>> {
        match &self.deadline {
            Deadline::None => None,
            Deadline::Own(_) => Some(self),
            Deadline::Of(owner) => Some(owner),
        }
    }

    /// Whether the earliest deadline is this node's own.
    pub(super) fn owns_deadline(&self) -> bool {
        matches!(self.deadline, Deadline::Own(_))
    }

    /// Why the deadline ends this node.
    pub(super) fn deadline_cause(self: &Arc<Self>) -> Cause {
        self.deadline_owner().map_or(Cause::DEADLINE, |owner| owner.own_deadline_cause())
    }

    /// Whether the deadline has passed, observed or not.
    pub(super) fn is_overdue(&self) -> bool {
        self.deadline().is_some_and(|deadline| deadline <= sys::now())
    }

    /// Whether the deadline has passed at that time.
    pub(super) fn is_over_at(&self, now: Instant) -> bool {
        self.deadline().is_some_and(|deadline| deadline <= now)
    }

    /// Makes sure that the timer thread ends this node at its deadline, if it has one.
    ///
    /// # Errors
    ///
    /// The operating system refused the timer thread.
    pub(super) fn watch_deadline(self: &Arc<Self>) -> io::Result<()> {
        let (Some(owner), Some(deadline)) = (self.deadline_owner(), self.deadline()) else {
            return Ok(());
        };
        if sys::is_forked() {
            return Ok(()); // no timer thread sees to it: every poll looks at the clock
        }
        alarms::start()?; // before any bit is cleared, for nobody would know of a refusal
        // Relaxed, here and below: the bit publishes nothing, it only tells pollers where to look.
        // Whoever clears it in the owner arms the deadline.
        if owner.state.fetch_and(!UNWATCHED, Relaxed) & UNWATCHED != 0 {
            let node = Arc::downgrade(owner);
            owner.keep_alarm(alarms::set(deadline, node));
        }
        if !Arc::ptr_eq(owner, self) {
            self.state.fetch_and(!UNWATCHED, Relaxed);
        }
        Ok(())
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
        // If it was dropped in this moment, with its last child perhaps, ancestors may go with it.
        let last = Arc::into_inner(self);
        let is_users = |node: &Node| node.parent.is_some() || node.holds_users_values();
        if let Some(node) = last.filter(is_users) {
            cancel::discard(node);
        }
    }
}
