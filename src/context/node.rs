//! A node of the cancellation tree: whether it has ended, and what must be told when it does.
//!
//! A node holds its parents (see `family`); a parent knows its children weakly.
//!
//! Invariants:
//! 1. `ENDED` is set once. A node that is `LINKED` ends under its lock, together with the taking
//!    of all its links. Nothing is hung on a node that has ended: a newcomer gets the cause.
//! 2. No thread ever holds the locks of two nodes.
//! 3. No recursion: a chain of a million nodes is cancelled, and dropped, in a loop.

use std::convert::Infallible;
use std::iter;
use std::mem;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender};

use super::callback::Callback;
use super::family::Parent;
use crate::sys::Mutex;
use crate::sys::atomic::{Acquire, AtomicU32, Relaxed, Release};
use crate::wait::alarms::Alarm;
use crate::wait::{Cause, CauseKind, Key, List, Waiter};

/// The parents do not know this node yet.
pub(super) const UNSEEN: u32 = 1;
/// There is a deadline that the timer thread does not know of yet.
pub(super) const UNWATCHED: u32 = 1 << 1;
/// Something hangs, or has hung, on this node.
const LINKED: u32 = 1 << 2;
/// The node has ended. `OVERDUE` and `BECAUSE` then say why, and never change again.
pub(super) const ENDED: u32 = 1 << 3;
/// It ended by a deadline.
const OVERDUE: u32 = 1 << 4;
/// It ended with an error, which is in `Links::cause`.
const BECAUSE: u32 = 1 << 5;

pub(super) struct Node {
    /// | bit         | meaning                                    | written by                 |
    /// |-------------|--------------------------------------------|----------------------------|
    /// | `UNSEEN`    | the parents are to be joined on first look | `new`, `join_parents`      |
    /// | `UNWATCHED` | the deadline is to be armed on first poll  | `new`, `watch_deadline`    |
    /// | `LINKED`    | `links` is not empty, or has not been      | `link`, `close`            |
    /// | `ENDED`     | final, with `OVERDUE` or `BECAUSE` or none | `close`                    |
    ///
    /// `LINKED` lets a node on which nothing ever hung end in one step, without the lock. It is in
    /// the same word as `ENDED`, so either the newcomer sees the end, or the end sees the newcomer.
    pub(super) state: AtomicU32,
    pub(super) parent: Option<Parent>,
    /// The parents of a merged context but the first.
    pub(super) others: Box<[Parent]>,
    /// The earliest deadline of this node and its ancestors, and whether it is this node's own.
    pub(super) deadline: Option<Instant>,
    pub(super) owns_deadline: bool,
    done: OnceLock<Box<Receiver<Infallible>>>,
    links: Mutex<Option<Box<Links>>>,
}

/// What hangs on a node.
#[derive(Default)]
pub(super) struct Links {
    /// Why the node has ended, if it is `BECAUSE`; before, why it will have ended at its own deadline.
    pub(super) cause: Option<Cause>,
    pub(super) list: List<Link>,
    pub(super) alarm: Option<Alarm>,
    /// Dropped when the node ends, which disconnects the channel of `done`.
    done: Option<Sender<Infallible>>,
    /// The node itself, which so lives until it ends: see `keep`.
    itself: Option<Arc<Node>>,
}

/// Whether a node was ended just now, and then what must be told.
pub(super) enum Closed {
    Before,
    Now(Option<Box<Links>>),
}

pub(super) enum Link {
    Child(Weak<Node>),
    Waiter(Arc<Waiter>),
    Callback(Arc<Callback>),
}

// The lock of a node is never held while user code runs.
impl UnwindSafe for Node {}
impl RefUnwindSafe for Node {}

impl Node {
    pub(super) fn new(
        parent: Option<Parent>,
        others: Box<[Parent]>,
        deadline: Option<Instant>,
        owns_deadline: bool,
    ) -> Arc<Node> {
        let unseen = if parent.is_some() { UNSEEN } else { 0 };
        let unwatched = if deadline.is_some() { UNWATCHED } else { 0 };
        Arc::new(Node {
            state: AtomicU32::new(unseen | unwatched),
            parent,
            others,
            deadline,
            owns_deadline,
            done: OnceLock::new(),
            links: Mutex::new(None),
        })
    }

    /// Whether this node has ended: one load, after the first time.
    #[inline]
    pub(super) fn poll(self: &Arc<Self>) -> bool {
        // Acquire: pairs with Release in `close`; what the canceller did before is visible.
        let state = self.state.load(Acquire);
        state & (ENDED | UNSEEN | UNWATCHED) != 0 && self.look(state, true)
    }

    /// The same without asking for the timer thread: for those who look at the clock themselves.
    #[inline]
    pub(super) fn ended(self: &Arc<Self>) -> bool {
        // Acquire: as in `poll`.
        let state = self.state.load(Acquire);
        state & (ENDED | UNSEEN | UNWATCHED) != 0 && self.look(state, false)
    }

    #[cold]
    fn look(self: &Arc<Self>, state: u32, watch: bool) -> bool {
        if state & ENDED != 0 {
            return true;
        }
        self.join_parents();
        if watch {
            // Where the operating system refuses the timer thread, the node stays `UNWATCHED` and
            // every poll looks at the clock here.
            drop(self.watch_deadline());
        }
        self.end_if_overdue()
    }

    /// Whether this node itself has been ended, whatever its parents and the clock say.
    pub(super) fn has_ended(&self) -> bool {
        // Acquire: as in `poll`.
        self.state.load(Acquire) & ENDED != 0
    }

    /// Why this node has ended, if it has.
    pub(super) fn cause(&self) -> Option<Cause> {
        // Acquire: as in `poll`.
        let state = self.state.load(Acquire);
        if state & ENDED == 0 {
            None
        } else if state & BECAUSE != 0 {
            self.links.lock().as_ref()?.cause.clone()
        } else if state & OVERDUE != 0 {
            Some(Cause::DEADLINE)
        } else {
            Some(Cause::CANCELLED)
        }
    }

    /// Says why this node will have ended at its own deadline. To be called before anybody else knows the
    /// node.
    pub(super) fn set_deadline_cause(&self, cause: Cause) {
        let linked = self.link(|links| links.cause = Some(cause));
        debug_assert!(linked.is_ok(), "it is new");
    }

    /// Why this node ends at its own deadline.
    pub(super) fn deadline_cause(&self) -> Cause {
        let is_late = |cause: &Cause| cause.kind() == CauseKind::DeadlineExceeded;
        let cause = self.links.lock().as_ref().and_then(|links| links.cause.clone());
        cause.filter(is_late).unwrap_or(Cause::DEADLINE)
    }

    /// What this node is, in a word.
    pub(super) fn kind(&self) -> &'static str {
        match (self.owns_deadline, &*self.others) {
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
        self.link(|links| links.list.push_back(link))
    }

    /// Takes something off this node; nothing happens if the end has taken it before.
    pub(super) fn detach(&self, key: Key) {
        let link = self.links.lock().as_mut().and_then(|links| links.list.remove(key));
        drop(link); // after the lock: it may be the last owner of something
    }

    /// Keeps this node alive until it ends, though no context holds it: for what is to happen then. Its
    /// parents and the timer thread hold it weakly, so it must hold itself.
    pub(super) fn keep(self: &Arc<Self>) {
        // Without a parent and a deadline only a canceller can end it, and the canceller holds it.
        if self.parent.is_some() || self.deadline.is_some() {
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

    /// The first step of a cancellation: the flag, the cause, and all that must be told, if there
    /// is anything.
    pub(super) fn close(&self, cause: &Cause) -> Closed {
        let end = match cause.kind() {
            _ if cause.error().is_some() => return self.close_linked(ENDED | BECAUSE, cause),
            CauseKind::DeadlineExceeded => ENDED | OVERDUE,
            CauseKind::Cancelled => ENDED,
        };
        let mut state = self.state.load(Relaxed);
        while state & (LINKED | ENDED) == 0 {
            // Release: pairs with Acquire in `poll`, `has_ended` and `cause`.
            match self.state.compare_exchange_weak(state, state | end, Release, Relaxed) {
                Ok(_) => return Closed::Now(None),
                Err(now) => state = now,
            }
        }
        if state & ENDED == 0 { self.close_linked(end, cause) } else { Closed::Before }
    }

    fn close_linked(&self, end: u32, cause: &Cause) -> Closed {
        let mut links = self.links.lock();
        // Relaxed: from here on only the holder of the lock can end the node.
        if self.state.fetch_or(LINKED, Relaxed) & ENDED != 0 {
            return Closed::Before;
        }
        let remains = (end & BECAUSE != 0)
            .then(|| Box::new(Links { cause: Some(cause.clone()), ..Links::default() }));
        let taken = mem::replace(&mut *links, remains);
        // Release: as in `close`.
        self.state.fetch_or(end, Release);
        Closed::Now(taken)
    }

    /// The channel that is disconnected when this node ends.
    pub(super) fn done(self: &Arc<Self>) -> &Receiver<Infallible> {
        if let Some(done) = self.done.get() {
            return done;
        }
        let (sender, receiver) = crossbeam_channel::unbounded();
        // Under the lock, so that of several first calls one makes the pair. Where the node has
        // ended, the sender is dropped here and now.
        let linked = self.link(|links| {
            if self.done.set(Box::new(receiver.clone())).is_ok() {
                links.done = Some(sender);
            }
        });
        if linked.is_err() {
            self.done.get_or_init(|| Box::new(receiver))
        } else {
            self.done.get().expect("it has just been set")
        }
    }

    /// Takes what hangs on this node, when nobody else knows the node any more.
    pub(super) fn last_links(&mut self) -> Option<Box<Links>> {
        self.links.get_mut().take()
    }
}
