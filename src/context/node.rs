//! A node of the cancellation tree: whether it has ended, and what must be told when it does.
//!
//! A node holds its parents (see `family`); a parent knows its children weakly.
//!
//! Invariants:
//! 1. `ENDED` is set once: this *marks* the node. A node that is `LINKED` is marked under its lock,
//!    together with the taking of all its links. Nothing is hung on a node that is marked: a
//!    newcomer gets the cause.
//! 2. No thread ever holds the locks of two nodes.
//! 3. No recursion: a chain of a million nodes is cancelled, and dropped, in a loop.
//! 4. `COMPLETE` is set once, when all descendants are marked and the channels of `done` of the node and
//!    its descendants are disconnected. Before, the node keeps the list of its children, so that every
//!    thread can do it.

use std::convert::Infallible;
use std::iter;
use std::mem;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender};

use super::callback::Callback;
use super::family::Parent;
use crate::sys::atomic::{Acquire, AtomicU32, Relaxed, Release};
use crate::sys::{self, Mutex};
use crate::wait::alarms::Alarm;
use crate::wait::{Cause, CauseKind, Key, List, Waiter};

/// The parents do not know this node yet.
pub(super) const UNSEEN: u32 = 1;
/// There is a deadline that the timer thread does not know of yet.
pub(super) const UNWATCHED: u32 = 1 << 1;
/// Something hangs, or has hung, on this node.
const LINKED: u32 = 1 << 2;
/// The node is marked as ended. `OVERDUE` and `BECAUSE` then say why, and never change again.
pub(super) const ENDED: u32 = 1 << 3;
/// It ended by a deadline.
const OVERDUE: u32 = 1 << 4;
/// It ended with an error, which is in `Links::cause`.
const BECAUSE: u32 = 1 << 5;
/// All descendants are marked too, and their channels and this node's are disconnected.
pub(super) const COMPLETE: u32 = 1 << 6;
/// The time at which this node ends is to be kept: a child has a deadline of its own.
const KEEPS_TIME: u32 = 1 << 7;
/// There is a deadline.
const TIMED: u32 = 1 << 8;

pub(super) struct Node {
    /// | bit         | meaning                                    | written by                 |
    /// |-------------|--------------------------------------------|----------------------------|
    /// | `UNSEEN`    | the parents are to be joined on first look | `new`, `join_parents`      |
    /// | `UNWATCHED` | the deadline is to be armed on first poll  | `new`, `watch_deadline`    |
    /// | `LINKED`    | `links` is not empty, or has not been      | `link`, `close`            |
    /// | `KEEPS_TIME`| a child, unseen perhaps, is timed          | `keep_time`, with `LINKED` |
    /// | `TIMED`     | there is a deadline                        | `new`                      |
    /// | `ENDED`     | final, with `OVERDUE` or `BECAUSE` or none | `close`, `close_bare`      |
    /// | `COMPLETE`  | and so have all descendants, final         | those and `complete`       |
    ///
    /// `LINKED` lets a node on which nothing ever hung end in one step, without the lock. It is in
    /// the same word as `ENDED`, so either the newcomer sees the end, or the end sees the newcomer.
    pub(super) state: AtomicU32,
    pub(super) parent: Option<Parent>,
    /// The parents of a merged context but the first.
    pub(super) others: Box<[Parent]>,
    pub(super) deadline: Deadline,
    done: OnceLock<Box<Receiver<Infallible>>>,
    links: Mutex<Option<Box<Links>>>,
}

/// The earliest deadline of a node and its ancestors.
pub(super) enum Deadline {
    None,
    Own(Instant),
    /// That of this ancestor, whose own it is. The parents keep the ancestor alive.
    Of(Arc<Node>),
}

/// What hangs on a node.
#[derive(Default)]
pub(super) struct Links {
    /// Why the node has ended, if it is `BECAUSE`; before, why it will have ended at its own deadline.
    pub(super) cause: Option<Cause>,
    /// A time that was read before the node, or the ancestor that ended it, was marked; if it is kept.
    ended_at: Option<Instant>,
    pub(super) list: List<Link>,
    /// How many children are in the list.
    children: u32,
    /// What was in the list when a node with children was marked, until it is complete.
    entries: Option<Entries>,
    pub(super) alarm: Option<Alarm>,
    /// Dropped when the node is completed, which disconnects the channel of `done`.
    done: Option<Sender<Infallible>>,
    /// The node itself, which so lives until it ends: see `keep`.
    itself: Option<Arc<Node>>,
}

/// What was in the list of a node with children when it was marked.
#[derive(Clone)]
pub(super) struct Entries {
    pub(super) list: Arc<List<Link>>,
    /// The time by which the deadlines of the children are judged, whichever thread marks them: read
    /// before the node was marked. `None` if there is nothing to compare it with.
    pub(super) ended_at: Option<Instant>,
}

/// Whether a node was marked just now, and then what must be told.
pub(super) enum Closed {
    Before,
    /// It has no children, and is complete.
    Leaf(Option<Box<Links>>),
    /// Its children are to be marked.
    Inner {
        entries: Entries,
        alarm: Option<Alarm>,
        unused: Option<Cause>,
    },
}

pub(super) enum Link {
    Child(Weak<Node>),
    Waiter(Arc<Waiter>),
    Callback(Arc<Callback>),
}

#[cfg(all(target_pointer_width = "64", not(feature = "sim")))]
const _: () = assert!(size_of::<Node>() <= 88);

// The lock of a node is never held while user code runs.
impl UnwindSafe for Node {}
impl RefUnwindSafe for Node {}

impl Node {
    pub(super) fn new(
        parent: Option<Parent>,
        others: Box<[Parent]>,
        deadline: Deadline,
    ) -> Arc<Node> {
        let unseen = if parent.is_some() { UNSEEN } else { 0 };
        let unwatched = if matches!(deadline, Deadline::None) { 0 } else { UNWATCHED | TIMED };
        Arc::new(Node {
            state: AtomicU32::new(unseen | unwatched),
            parent,
            others,
            deadline,
            done: OnceLock::new(),
            links: Mutex::new(None),
        })
    }

    /// Whether this node has ended: one load, after the first time.
    #[inline]
    pub(super) fn poll(self: &Arc<Self>) -> bool {
        // Acquire: pairs with Release in `close`; what the canceller did before is visible.
        let state = self.state.load(Acquire);
        is_unsure(state) && self.look(state, true)
    }

    /// The same without asking for the timer thread: for those who look at the clock themselves.
    #[inline]
    pub(super) fn ended(self: &Arc<Self>) -> bool {
        // Acquire: as in `poll`.
        let state = self.state.load(Acquire);
        is_unsure(state) && self.look(state, false)
    }

    #[cold]
    fn look(self: &Arc<Self>, state: u32, watch: bool) -> bool {
        if state & ENDED != 0 {
            return self.has_ended();
        }
        self.join_parents();
        if watch {
            // Where the operating system refuses the timer thread, the node stays `UNWATCHED` and
            // every poll looks at the clock here.
            drop(self.watch_deadline());
        }
        self.end_if_overdue()
    }

    /// Whether something hangs on this node, or has.
    pub(super) fn is_linked(&self) -> bool {
        // Relaxed: what is hung on it in this moment is not missed under the lock.
        self.state.load(Relaxed) & LINKED != 0
    }

    /// Whether it is a node with several parents.
    pub(super) fn is_merged(&self) -> bool {
        !self.others.is_empty()
    }

    /// Why this node has ended, if it has.
    pub(super) fn cause(&self) -> Option<Cause> {
        // Acquire: as in `poll`.
        let state = self.state.load(Acquire);
        if state & ENDED == 0 {
            None
        } else if state & BECAUSE != 0 {
            self.links.lock().as_ref()?.cause.clone()
        } else {
            Some(cause_of(state))
        }
    }

    /// Says why this node will have ended at its own deadline. To be called before anybody else knows the
    /// node.
    pub(super) fn set_deadline_cause(&self, cause: Cause) {
        let linked = self.link(|links| links.cause = Some(cause));
        debug_assert!(linked.is_ok(), "it is new");
    }

    /// Why this node ends at its own deadline.
    pub(super) fn own_deadline_cause(&self) -> Cause {
        let is_late = |cause: &Cause| cause.kind() == CauseKind::DeadlineExceeded;
        let cause = self.links.lock().as_ref().and_then(|links| links.cause.clone());
        cause.filter(is_late).unwrap_or(Cause::DEADLINE)
    }

    /// What this node is, in a word.
    pub(super) fn kind(&self) -> &'static str {
        match (self.owns_deadline(), &*self.others) {
            (true, _) => "deadline",
            (false, [_, ..]) => "merged",
            (false, []) => "child",
        }
    }

    /// How many nodes there are above this one, by the first parent of each.
    pub(super) fn ancestors(&self) -> usize {
        fn above(node: &Node) -> Option<&Node> {
            node.parent.as_ref().map(|parent| &*parent.node)
        }
        iter::successors(above(self), |node| above(node)).count()
    }

    /// Hangs something on this node, which has joined its parents.
    ///
    /// # Errors
    ///
    /// The cause, if the node has ended.
    pub(super) fn attach(&self, link: Link) -> Result<Key, Cause> {
        self.link(|links| {
            links.children += u32::from(matches!(link, Link::Child(_)));
            links.list.push_back(link)
        })
    }

    /// Takes something off this node. `false`, and nothing happens, if the end has taken it before.
    pub(super) fn detach(&self, key: Key) -> bool {
        let mut links = self.links.lock();
        let link = links.as_mut().and_then(|links| {
            let link = links.list.remove(key)?;
            links.children -= u32::from(matches!(link, Link::Child(_)));
            Some(link)
        });
        drop(links);
        link.is_some() // and is dropped here: it may be the last owner of something
    }

    /// Keeps this node alive until it ends, though no context holds it: for what is to happen then. Its
    /// parents and the timer thread hold it weakly, so it must hold itself.
    pub(super) fn keep(self: &Arc<Self>) {
        // Without a parent and a deadline only a canceller can end it, and the canceller holds it.
        if self.parent.is_some() || self.deadline().is_some() {
            // If it has ended, there is nothing to live for.
            let _ended = self.link(|links| links.itself = Some(Arc::clone(self)));
        }
    }

    pub(super) fn link<R>(&self, hang: impl FnOnce(&mut Links) -> R) -> Result<R, Cause> {
        let mut links = self.links.lock();
        // Relaxed: the lock orders what hangs on the node. In this one word, either our bit comes
        // first and `close` takes the lock, or the end comes first and we see it.
        let mut state = self.state.load(Relaxed);
        if state & LINKED == 0 {
            state = self.state.fetch_or(LINKED, Relaxed);
        }
        if state & ENDED == 0 {
            return Ok(hang(links.get_or_insert_default()));
        }
        drop(links);
        Err(self.cause().expect("a node that has ended has a cause"))
    }

    /// Ends a node on which nothing has ever hung, in one step. `false` if something has, if it has
    /// ended, or if the cause has to be kept.
    pub(super) fn close_bare(&self, cause: &Cause) -> bool {
        if cause.error().is_some() {
            return false;
        }
        let end = mark_of(cause) | COMPLETE;
        let mut state = self.state.load(Relaxed);
        while state & (LINKED | ENDED) == 0 {
            // Release: pairs with Acquire in `poll`, `has_ended` and `cause`.
            match self.state.compare_exchange_weak(state, state | end, Release, Relaxed) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    /// Marks a node, and takes all that must be told, if there is anything.
    pub(super) fn close(&self, cause: &Cause, now: Option<Instant>) -> Closed {
        if self.close_bare(cause) {
            return Closed::Leaf(None);
        }
        let end = mark_of(cause);
        let kept = (end & BECAUSE != 0).then(|| cause.clone());
        let mut links = self.links.lock();
        // Relaxed: from here on only the holder of the lock can mark the node.
        let state = self.state.fetch_or(LINKED, Relaxed);
        if state & ENDED != 0 {
            return Closed::Before;
        }
        // A child that comes later cannot have been first.
        let ended_at = now.filter(|_| state & KEEPS_TIME != 0);
        // Release, four times: as in `close_bare`. Who sees `COMPLETE` sees the channel disconnected.
        if let Some(links) = links.as_mut().filter(|links| links.children > 0) {
            let entries = Entries { list: Arc::new(mem::take(&mut links.list)), ended_at: now };
            links.entries = Some(entries.clone());
            links.children = 0;
            let unused = mem::replace(&mut links.cause, kept);
            links.ended_at = ended_at;
            links.itself = None; // not the last owner: the caller is another
            self.state.fetch_or(end, Release);
            return Closed::Inner { entries, alarm: links.alarm.take(), unused };
        }
        let is_kept = kept.is_some() || ended_at.is_some();
        let left = Links { cause: kept, ended_at, ..Links::default() };
        let mut taken = mem::replace(&mut *links, is_kept.then(|| Box::new(left)));
        let done = taken.as_mut().and_then(|links| links.done.take());
        if done.is_none() {
            self.state.fetch_or(end | COMPLETE, Release);
        } else {
            self.state.fetch_or(end, Release);
            disconnect(done);
            self.state.fetch_or(COMPLETE, Release);
        }
        Closed::Leaf(taken)
    }

    /// The last step but one, when all descendants are marked: disconnects the channel.
    pub(super) fn disconnect_marked(&self) {
        // A channel that is made after the mark is disconnected from the start.
        if self.done.get().is_some() {
            if let Some(links) = &mut *self.links.lock() {
                disconnect(links.done.take());
            }
        }
    }

    /// The last step: the channels of all descendants are disconnected, too.
    pub(super) fn complete(&self) {
        let mut links = self.links.lock();
        let Some(left) = links.as_mut() else { return };
        let entries = left.entries.take();
        if entries.is_some() {
            // Release: as in `close_bare`, and the channels are seen to be disconnected.
            self.state.fetch_or(COMPLETE, Release);
        }
        let is_kept = left.cause.is_some() || left.ended_at.is_some();
        let left = if is_kept { None } else { links.take() };
        drop(links);
        drop((left, entries)); // outside the lock: the list may be the last owner of something
    }

    /// Has this node keep the time of its end, for a child that nobody looks at before.
    pub(super) fn keep_time(&self) {
        // Relaxed: it publishes nothing. A node that has ended has ended first.
        if self.state.load(Relaxed) & (KEEPS_TIME | ENDED) == 0 {
            self.state.fetch_or(KEEPS_TIME | LINKED, Relaxed);
        }
    }

    /// When this node ended, if the time was kept.
    pub(super) fn ended_at(&self) -> Option<Instant> {
        self.links.lock().as_ref()?.ended_at
    }

    /// The children of a node that is marked and not complete, and the cause that they inherit.
    pub(super) fn entries(&self) -> Option<(Entries, Cause)> {
        let links = self.links.lock();
        let left = links.as_ref()?;
        let entries = left.entries.clone()?;
        // Relaxed: the lock orders the mark.
        let cause = left.cause.clone().unwrap_or_else(|| cause_of(self.state.load(Relaxed)));
        Some((entries, cause))
    }

    /// The channel that is disconnected when this node ends.
    pub(super) fn done(self: &Arc<Self>) -> &Receiver<Infallible> {
        if let Some(done) = self.done.get() {
            return done;
        }
        let (sender, receiver) = crossbeam_channel::unbounded();
        // Under the lock, so that of several first calls one makes the pair. If the node has ended, the
        // sender is dropped here and now.
        let linked = self.link(|links| {
            if self.done.set(Box::new(receiver.clone())).is_ok() {
                links.done = Some(sender);
            }
        });
        if linked.is_err() {
            // Marked is not complete: the channel tells that the whole subtree has ended.
            self.has_ended();
            self.done.get_or_init(|| Box::new(receiver))
        } else {
            self.done.get().expect("it has just been set")
        }
    }

    /// Whether something of the user's may go with this node, which no context and no child holds: an
    /// error, or what callbacks have captured, its own or, if it is merged, those of its parents. (The
    /// only parent of another node is held by the thread that came from there.)
    pub(super) fn holds_users_values(&self) -> bool {
        self.is_merged() || self.links.lock().is_some()
    }

    /// Takes what hangs on this node, when nobody else knows the node any more.
    pub(super) fn last_links(&mut self) -> Option<Box<Links>> {
        self.links.get_mut().take()
    }
}

/// Whether the state does not say by itself that the node goes on. In a forked child no timer thread
/// sees to the deadlines, whatever was asked of it before.
#[inline]
fn is_unsure(state: u32) -> bool {
    state & (ENDED | UNSEEN | UNWATCHED) != 0 || (state & TIMED != 0 && sys::is_forked())
}

/// Disconnects the channel of a node, under the lock of that node: a thread that does the same then finds
/// that it has been done. The receivers are woken by that, and no code of the user's runs.
fn disconnect(done: Option<Sender<Infallible>>) {
    if done.is_some() {
        sys::point(); // others see the channel without a step
    }
    drop(done);
}

/// The bits of a node that has ended with this cause.
fn mark_of(cause: &Cause) -> u32 {
    match cause.kind() {
        _ if cause.error().is_some() => ENDED | BECAUSE,
        CauseKind::DeadlineExceeded => ENDED | OVERDUE,
        CauseKind::Cancelled => ENDED,
    }
}

/// The cause that the bits of a node tell which has ended without an error.
fn cause_of(state: u32) -> Cause {
    if state & OVERDUE == 0 { Cause::CANCELLED } else { Cause::DEADLINE }
}
