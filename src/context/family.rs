//! How a node knows its parents, and they it.
//!
//! A new node is `UNSEEN`: its parents do not know it. They need not, until somebody looks: the
//! first poll, wait, callback, or child of its own joins it to them, and finds out at once if one
//! of them has ended. A context that is made and cancelled unseen never touches a shared lock.
//!
//! Invariants:
//! 1. A node with children has joined its parents: only leaves are unseen, so joining looks no
//!    further than one step up.
//! 2. A child leaves a parent's list at most once per place: when it is cancelled by itself, or
//!    when it is dropped.

use std::sync::Arc;
use std::time::Instant;

use super::cancel;
use super::node::{Deadline, ENDED, Link, Node, UNSEEN};
use crate::sys::atomic::{Acquire, AtomicU32, Relaxed, Release};
use crate::unwind::drop_quietly;
use crate::wait::{Cause, Key, alarms};

/// No place in the parent's list.
const NOWHERE: u32 = u32::MAX;

pub(super) struct Parent {
    pub(super) node: Arc<Node>,
    /// The key of the child in this parent's list, or `NOWHERE`.
    place: AtomicU32,
}

impl Parent {
    fn new(node: Arc<Node>) -> Self {
        node.join_parents(); // invariant 1
        Parent { node, place: AtomicU32::new(NOWHERE) }
    }
}

impl Node {
    /// A new child, which ends at `deadline` at the latest.
    #[inline]
    pub(super) fn child(parent: Option<&Arc<Node>>, deadline: Option<Instant>) -> Arc<Node> {
        let inherited = parent.and_then(|parent| parent.deadline());
        let own = deadline.filter(|own| inherited.is_none_or(|inherited| *own < inherited));
        let deadline = match (own, parent) {
            (Some(own), _) => Deadline::Own(own),
            (None, Some(parent)) => parent.shared_deadline(),
            (None, None) => Deadline::None,
        };
        let node = Node::new(parent.cloned().map(Parent::new), Box::default(), deadline);
        if let (Some(_), Some(parent)) = (own, parent) {
            parent.keep_time();
        }
        node
    }

    /// A node that ends when any of the parents does; `None` if none of them can end. It joins them
    /// at once, for otherwise it could not tell later which of two has ended first.
    pub(super) fn merged(parents: Vec<Arc<Node>>) -> Option<Arc<Node>> {
        let timed = parents.iter().filter(|parent| parent.deadline().is_some());
        let earliest = timed.min_by_key(|parent| parent.deadline());
        let deadline = earliest.map_or(Deadline::None, Node::shared_deadline);
        let mut parents = parents.into_iter().map(Parent::new);
        let first = parents.next()?;
        let node = Node::new(Some(first), parents.collect(), deadline);
        node.join_parents();
        Some(node)
    }

    pub(super) fn parents(&self) -> impl Iterator<Item = &Parent> {
        self.parent.iter().chain(&self.others)
    }

    /// Makes this node known to its parents, and ends it if one of them has ended.
    #[inline]
    pub(super) fn join_parents(self: &Arc<Self>) {
        // Acquire: pairs with Release in `close`, through the parent that `join_unseen` looked at.
        if self.state.load(Acquire) & UNSEEN != 0 {
            self.join_unseen();
        }
    }

    #[cold]
    fn join_unseen(self: &Arc<Self>) {
        for parent in self.parents() {
            match parent.node.attach(Link::Child(Arc::downgrade(self))) {
                // Two threads may get here at once, since the mark goes last: whoever finds it
                // gone can rely on the parents. The second to take a place gives its own back.
                // Relaxed: a place is only a key, which means nothing without the parent's lock.
                Ok(Key(key)) => {
                    let taken = parent.place.compare_exchange(NOWHERE, key, Relaxed, Relaxed);
                    if taken.is_err() {
                        parent.node.detach(Key(key));
                    }
                }
                Err(cause) => {
                    cancel::end(self, &self.earlier_cause(&parent.node).unwrap_or(cause));
                    break;
                }
            }
        }
        // Release: pairs with Acquire in `join_parents`; who does not see the mark sees our end.
        self.state.fetch_and(!UNSEEN, Release);
    }

    /// Why this node had ended before that parent did: by a deadline that not all of its parents have. If
    /// the deadline is that of an ancestor, it ends the ancestor.
    fn earlier_cause(self: &Arc<Self>, ended: &Arc<Node>) -> Option<Cause> {
        let is_shared = |other: &Arc<Node>| {
            let owners = (self.deadline_owner(), other.deadline_owner());
            matches!(owners, (Some(owner), Some(others)) if Arc::ptr_eq(owner, others))
        };
        let owner = self.deadline_owner().filter(|_| !is_shared(ended))?;
        if !ended.ended_at().is_some_and(|ended_at| owner.is_over_at(ended_at)) {
            return None;
        }
        let cause = owner.own_deadline_cause();
        if Arc::ptr_eq(owner, self) {
            return Some(cause);
        }
        cancel::end(owner, &cause);
        self.parents().find(|parent| is_shared(&parent.node))?.node.cause()
    }

    /// The cause that this node has inherited without knowing, being unseen.
    pub(super) fn inherited_cause(&self) -> Option<Cause> {
        // Relaxed: a node that is not unseen has been told by its parents.
        if self.state.load(Relaxed) & (UNSEEN | ENDED) != UNSEEN {
            return None;
        }
        self.parents().find_map(|parent| parent.node.cause())
    }

    /// Takes this node out of the lists of its parents.
    pub(super) fn leave_parents(&self) {
        for parent in self.parents() {
            // Relaxed: see `join_unseen`. A place that is taken after this look is given back when
            // the node is dropped.
            let place = parent.place.load(Relaxed);
            if place != NOWHERE {
                parent.place.store(NOWHERE, Relaxed);
                parent.node.detach(Key(place));
            }
        }
    }
}

impl Drop for Node {
    /// Drops the ancestors of which this node was the last owner in a loop, each with its own
    /// parents taken out before.
    fn drop(&mut self) {
        let mut ancestors = Ancestors::default();
        ancestors.take_from(self);
        while let Some(node) = ancestors.pop() {
            if let Some(mut node) = Arc::into_inner(node) {
                ancestors.take_from(&mut node);
            }
        }
    }
}

/// Parents that may have lost their last owner.
#[derive(Default)]
struct Ancestors {
    next: Option<Arc<Node>>,
    others: Vec<Arc<Node>>,
}

impl Ancestors {
    #[inline]
    fn take_from(&mut self, node: &mut Node) {
        node.leave_parents();
        if let Some(mut links) = node.last_links() {
            if let Some(alarm) = links.alarm.take() {
                alarms::clear(alarm);
            }
            // Callbacks that never ran: what they captured is the user's, and whoever drops the
            // last handle must not unwind.
            drop_quietly(links);
        }
        self.next = node.parent.take().map(|parent| parent.node);
        if !node.others.is_empty() {
            let others = std::mem::take(&mut node.others).into_vec();
            self.others.extend(others.into_iter().map(|parent| parent.node));
        }
    }

    #[inline]
    fn pop(&mut self) -> Option<Arc<Node>> {
        self.next.take().or_else(|| self.others.pop())
    }
}
