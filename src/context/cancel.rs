//! Ending a node and all that hangs on it.
//!
//! First every node of the subtree is *marked* as ended, parents before their children. Then all channels
//! are disconnected, and then every node is declared *complete*. Then the waiting threads are woken, and
//! then the callbacks are started. No lock is held while a thread is woken, a callback is started, or a
//! value is dropped.
//!
//! **What an observer sees.** A node counts as ended for those who look at it when it is complete: a
//! thread that finds a mark completes the subtree itself before it says that the node has ended. So
//!
//! 1. if a node has been seen to have ended, so have all its descendants, and its channel and tentries
//!    are disconnected;
//! 2. if a node has been seen to have ended because of an ancestor, or by its deadline, the ancestor will
//!    be, too: it was marked before;
//! 3. a channel is disconnected when all descendants have been marked;
//! 4. each of several threads that end a node at the same time returns when all this holds.
//!
//! No thread waits for another one here, other than for the lock of a node. The thread that has marked
//! a node wakes those who wait for it, and starts its callbacks.

use std::collections::BTreeSet;
use std::mem;
use std::ptr;
use std::sync::Arc;
use std::time::Instant;

use super::callback::Callback;
use super::node::{COMPLETE, Closed, ENDED, Entries, Link, Links, Node};
use crate::sys::atomic::Acquire;
use crate::sys::{self, user_code};
use crate::threads::{Job, reserve};
use crate::unwind::drop_quietly;
use crate::wait::alarms::{self, Alarm};
use crate::wait::{Cause, Waiter};

/// Ends the subtree under `root`, which has perhaps inherited another cause before.
pub(super) fn cancel(root: &Arc<Node>, cause: &Cause) {
    let inherited = root.inherited_cause();
    end(root, inherited.as_ref().unwrap_or(cause));
}

/// Ends the subtree under `root` with this cause, whatever the parents say.
pub(super) fn end(root: &Arc<Node>, cause: &Cause) {
    if root.close_bare(cause) {
        root.leave_parents();
        return;
    }
    // A deadline that has passed by now came first, and one that passes from here on did not.
    let now = root.is_linked().then(sys::now);
    let mut sweep = Sweep::default();
    let is_marked_here = sweep.mark(root, cause, now);
    sweep.finish();
    if is_marked_here {
        // Not before the subtree is complete: a thread that ends a parent must find it.
        root.leave_parents();
    }
}

impl Node {
    /// Whether this node itself has been ended, whatever its parents and the clock say. If it has, its
    /// whole subtree has when this returns.
    pub(super) fn has_ended(self: &Arc<Self>) -> bool {
        // Acquire: as in `poll`.
        let state = self.state.load(Acquire);
        if state & (ENDED | COMPLETE) == ENDED {
            self.complete_subtree();
        }
        state & ENDED != 0
    }

    /// Does what remains to be done by the thread that has marked this node.
    #[cold]
    fn complete_subtree(self: &Arc<Self>) {
        let mut sweep = Sweep::default();
        sweep.join_in(self);
        sweep.finish();
    }
}

/// Leaves it to a task to drop what may be the user's: nodes of which this thread is the last owner,
/// with which go values that callbacks of their ancestors have captured, or errors.
pub(super) fn discard(values: impl Send + 'static) {
    if sys::is_forked() {
        mem::forget(values); // no thread takes them
        return;
    }
    let job = Job::once(move |_, release| {
        drop_quietly(values);
        release.now();
    });
    // If the operating system refuses a thread here, they leak: a job that is not run does.
    if reserve::prepare().is_ok() {
        reserve::call(job);
    }
}

/// A node whose children are to be marked.
struct Marked {
    /// The node whose own deadline it shares with children that have no earlier one, or null.
    deadline_owner: *const Node,
    entries: Entries,
    /// What the children inherit.
    cause: Cause,
    /// Whether this thread has marked the node, and so wakes those who wait for it.
    is_marked_here: bool,
}

impl Marked {
    fn new(node: &Arc<Node>, entries: Entries, cause: Cause, is_marked_here: bool) -> Self {
        let deadline_owner = node.deadline_owner().map_or(ptr::null(), Arc::as_ptr);
        Marked { deadline_owner, entries, cause, is_marked_here }
    }
}

/// A walk over a subtree. A stack of its own, since a tree may be deeper than a thread's stack.
#[derive(Default)]
struct Sweep {
    pending: Vec<Marked>,
    /// Nodes with children that were marked, parents before their children.
    incomplete: Vec<Arc<Node>>,
    /// Those of them that may be met again: marked by another thread, with several parents, or ended by
    /// their deadline before their parents.
    met: BTreeSet<*const Node>,
    waiters: Vec<Arc<Waiter>>,
    callbacks: Vec<Arc<Callback>>,
    /// Nodes that may be listed by other parents than the one they were visited from, and whether this
    /// thread has marked them there.
    elsewhere: Vec<(Arc<Node>, bool)>,
    /// Nodes of which this thread is the last owner, and which may hold something of the user's.
    remains: Vec<Node>,
    /// Errors of the user's for deadlines that are not to come.
    unused: Vec<Cause>,
}

impl Sweep {
    /// Marks a node, and arranges for its children to be visited. `false` if it was marked before.
    fn mark(&mut self, node: &Arc<Node>, cause: &Cause, now: Option<Instant>) -> bool {
        match node.close(cause, now) {
            Closed::Before => {
                self.join_in(node);
                return false;
            }
            Closed::Leaf(None) => {}
            Closed::Leaf(Some(links)) => {
                let Links { list, alarm, cause, .. } = *links;
                clear(alarm);
                self.unused.extend(cause);
                for link in list {
                    self.note(&link);
                }
            }
            Closed::Inner { entries, alarm, unused } => {
                clear(alarm);
                self.unused.extend(unused);
                if node.is_merged() {
                    self.met.insert(Arc::as_ptr(node));
                }
                self.add(node, Marked::new(node, entries, cause.clone(), true));
            }
        }
        true
    }

    fn add(&mut self, node: &Arc<Node>, parent: Marked) {
        self.incomplete.push(Arc::clone(node));
        self.pending.push(parent);
    }

    /// Takes part in the ending of a subtree whose root another thread has marked.
    fn join_in(&mut self, node: &Arc<Node>) {
        let Some((entries, cause)) = node.entries() else { return };
        if self.met.insert(Arc::as_ptr(node)) {
            self.add(node, Marked::new(node, entries, cause, false));
        }
    }

    fn visit(&mut self, child: Arc<Node>, parent: &Marked) {
        let now = parent.entries.ended_at;
        // A deadline that has passed unobserved came first. One that the child shares with this parent is
        // the parent's affair.
        let is_overdue = |owner: &&Arc<Node>| {
            Arc::as_ptr(owner) != parent.deadline_owner
                && now.is_some_and(|now| owner.is_over_at(now))
        };
        let overdue = child.deadline_owner().filter(is_overdue);
        let is_marked = match overdue {
            None => self.mark(&child, &parent.cause, now),
            Some(owner) if Arc::ptr_eq(owner, &child) => {
                self.mark(&child, &child.own_deadline_cause(), now)
            }
            Some(owner) => {
                // It ends another parent, and the walk from the owner reaches the child: the nodes
                // between them have joined their parents. A child that is only being made joins its next
                // parent, and is reached then, or finds that it has ended.
                let owner = Arc::clone(owner);
                self.end_early(owner, now);
                false
            }
        };
        if child.is_merged() {
            self.elsewhere.push((child, is_marked));
        } else {
            self.let_go(child);
        }
    }

    /// Ends a node by its own deadline, not from one of its parents.
    #[cold]
    fn end_early(&mut self, owner: Arc<Node>, now: Option<Instant>) {
        let is_marked = self.mark(&owner, &owner.own_deadline_cause(), now);
        if is_marked {
            self.met.insert(Arc::as_ptr(&owner)); // its parents may end, too
        }
        self.elsewhere.push((owner, is_marked));
    }

    /// Drops a node, unless something of the user's may go with it.
    fn let_go(&mut self, node: Arc<Node>) {
        let last = Arc::into_inner(node);
        self.remains.extend(last.filter(Node::holds_users_values));
    }

    fn note(&mut self, link: &Link) {
        match link {
            Link::Child(_) => {}
            Link::Waiter(waiter) => self.waiters.push(Arc::clone(waiter)),
            Link::Callback(callback) => self.callbacks.push(Arc::clone(callback)),
        }
    }

    fn finish(mut self) {
        while let Some(parent) = self.pending.pop() {
            for link in parent.entries.list.iter() {
                if let Link::Child(child) = link {
                    if let Some(child) = child.upgrade() {
                        self.visit(child, &parent);
                    }
                } else if parent.is_marked_here {
                    self.note(link);
                }
            }
        }
        // All channels before any node is complete: one with several parents may stand before one of them.
        for node in self.incomplete.iter().rev() {
            node.disconnect_marked();
        }
        while let Some(node) = self.incomplete.pop() {
            node.complete();
            self.let_go(node);
        }
        for (node, is_marked_here) in mem::take(&mut self.elsewhere) {
            if is_marked_here {
                node.leave_parents(); // as late as the root does
            }
            self.let_go(node);
        }
        for waiter in &self.waiters {
            waiter.interrupt();
        }
        for callback in self.callbacks {
            callback.start();
        }
        if !self.remains.is_empty() {
            discard(self.remains);
        }
        if self.unused.is_empty() {
            return;
        }
        if user_code::is_forbidden() {
            discard(self.unused);
        } else {
            drop_quietly(self.unused);
        }
    }
}

fn clear(alarm: Option<Alarm>) {
    if let Some(alarm) = alarm {
        alarms::clear(alarm);
    }
}
