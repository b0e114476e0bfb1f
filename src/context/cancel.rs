//! Cancelling a node and all that hangs on it.
//!
//! First every flag of the subtree, then every waiting thread, then every callback: whoever is
//! woken or called back finds the whole subtree cancelled. No lock is held while a thread is
//! woken, a callback runs, or a value is dropped.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::{mem, thread};

use super::callback::Callback;
use super::node::{Closed, Link, Links, Node};
use crate::unwind::drop_quietly;
use crate::wait::{Cause, Waiter, alarms};

/// Cancels the subtree under `root`, which has perhaps inherited another cause before.
pub(super) fn cancel(root: &Arc<Node>, cause: &Cause) {
    let inherited = root.inherited_cause();
    let cause = inherited.as_ref().unwrap_or(cause);
    let Closed::Now(links) = root.close(cause) else { return };
    root.leave_parents();
    if let Some(links) = links {
        let mut sweep = Sweep::default();
        sweep.pending.push(links);
        sweep.flag_all(cause);
        sweep.finish();
    }
}

/// A cancellation under way. A stack of its own, since a tree may be deeper than a thread's stack.
#[derive(Default)]
#[expect(clippy::vec_box, reason = "the boxes come from the nodes, and would only be copied")]
struct Sweep {
    pending: Vec<Box<Links>>,
    waiters: Vec<Arc<Waiter>>,
    callbacks: Vec<Arc<Callback>>,
    /// Errors of the user's for deadlines that are not to come.
    unused: Vec<Cause>,
}

impl Sweep {
    fn flag_all(&mut self, cause: &Cause) {
        while let Some(mut links) = self.pending.pop() {
            if let Some(alarm) = links.alarm.take() {
                alarms::clear(alarm);
            }
            self.unused.extend(links.cause.take());
            for link in mem::take(&mut links.list) {
                match link {
                    Link::Child(child) => {
                        if let Some(child) = child.upgrade() {
                            self.flag(&child, cause);
                        }
                    }
                    Link::Waiter(waiter) => self.waiters.push(waiter),
                    Link::Callback(callback) => self.callbacks.push(callback),
                }
            }
        }
    }

    fn flag(&mut self, child: &Arc<Node>, cause: &Cause) {
        let Closed::Now(links) = child.close(cause) else { return };
        if !child.others.is_empty() {
            child.leave_parents();
        }
        self.pending.extend(links);
    }

    fn finish(self) {
        for waiter in &self.waiters {
            waiter.interrupt();
        }
        let mut first_panic = None;
        for callback in self.callbacks.iter().rev() {
            // AssertUnwindSafe: the callback is used up, and we look at nothing that it saw.
            if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(|| callback.run())) {
                match first_panic {
                    None => first_panic = Some(payload),
                    Some(_) => drop_quietly(payload),
                }
            }
        }
        drop_quietly(self.unused);
        match first_panic {
            Some(payload) if thread::panicking() => drop_quietly(payload),
            Some(payload) => panic::resume_unwind(payload),
            None => {}
        }
    }
}
