//! Calling a policy: serially, once for each task, and under no lock.
//!
//! Whoever finds the policy at its place takes it, and calls it until no outcome is left; whoever
//! finds it gone leaves an outcome behind for the other. The other is a task that has not been
//! counted out yet, so every outcome is dealt with before the group ends.

use std::collections::VecDeque;
use std::mem;
use std::panic::{self, AssertUnwindSafe, RefUnwindSafe, UnwindSafe};

use super::attempt::{Ended, attempt, skip};
use super::core::Core;
use super::policy::{End, Flow, Outcome, Panicked, Policy};
use crate::context::Context;
use crate::sys::Mutex;
use crate::unwind::{drop_caught, drop_quietly};
use crate::wait::Cause;

pub(super) struct Ledger<P, T, E> {
    entries: Mutex<Entries<P, T, E>>,
    catch_panics: bool,
}

struct Entries<P, T, E> {
    /// `None` while somebody calls it, and for good once it has panicked.
    policy: Option<P>,
    waiting: VecDeque<(usize, Outcome<T, E>)>,
    stopped: bool,
}

// The lock is never held while user code runs.
impl<P, T, E> UnwindSafe for Ledger<P, T, E> {}
impl<P, T, E> RefUnwindSafe for Ledger<P, T, E> {}

impl<P: Policy<T, E>, T, E> Ledger<P, T, E> {
    pub(super) fn new(policy: P, catch_panics: bool) -> Self {
        let entries = Entries { policy: Some(policy), waiting: VecDeque::new(), stopped: false };
        Ledger { entries: Mutex::new(entries), catch_panics }
    }

    /// Runs a task and enters what became of it.
    pub(super) fn run(&self, core: &Core, index: usize, f: impl FnOnce(&Context) -> Result<T, E>) {
        self.settle(core, index, attempt(core, f));
    }

    /// Enters a task that is not to run.
    pub(super) fn skip<F>(&self, core: &Core, index: usize, f: F, cause: Cause) {
        self.settle(core, index, skip(f, cause));
    }

    fn settle(&self, core: &Core, index: usize, ended: Ended<T, E>) {
        let outcome = match ended {
            Ended::Ok(value) => Outcome::Ok(value),
            Ended::Err(error) => Outcome::Err(error),
            Ended::Skipped(_) => Outcome::Skipped,
            Ended::Panicked(payload) if self.catch_panics => {
                Outcome::Panicked(Panicked::new(payload))
            }
            Ended::Panicked(payload) => {
                let panicked = Panicked::elsewhere(&payload);
                core.panicked(payload);
                Outcome::Panicked(panicked)
            }
        };
        self.enter(core, index, outcome);
    }

    fn enter(&self, core: &Core, index: usize, outcome: Outcome<T, E>) {
        let policy = {
            let mut entries = self.entries.lock();
            entries.waiting.push_back((index, outcome));
            entries.policy.take()
        };
        if let Some(policy) = policy {
            self.call(core, policy);
        }
    }

    /// Calls the policy until no outcome is left.
    fn call(&self, core: &Core, mut policy: P) {
        loop {
            let next = self.entries.lock().waiting.pop_front();
            let Some((index, outcome)) = next else {
                match self.put_back(policy) {
                    None => return,
                    Some(again) => policy = again,
                }
                continue;
            };
            // AssertUnwindSafe: a policy that has panicked is not called again.
            match panic::catch_unwind(AssertUnwindSafe(|| policy.on_done(index, outcome))) {
                Ok(Flow::Continue) => {}
                Ok(Flow::Stop) => self.stop(core),
                Err(payload) => {
                    core.panicked(payload);
                    drop_caught(policy).unwrap_or_else(|payload| core.panicked(payload));
                    return;
                }
            }
        }
    }

    /// Puts the policy back at its place, unless an outcome has arrived in the meantime.
    fn put_back(&self, policy: P) -> Option<P> {
        let mut entries = self.entries.lock();
        if entries.waiting.is_empty() {
            entries.policy = Some(policy);
            return None;
        }
        Some(policy)
    }

    fn stop(&self, core: &Core) {
        self.entries.lock().stopped = true;
        core.cancel("the policy of the group said stop");
    }

    /// Drops what is left, each on its own, since a drop may panic.
    pub(super) fn discard(&self) {
        let mut entries = self.entries.lock();
        let (policy, waiting) = (entries.policy.take(), mem::take(&mut entries.waiting));
        drop(entries);
        drop_quietly(policy);
        waiting.into_iter().for_each(drop_quietly);
    }

    /// The result, when all tasks have ended and no panic is to be resumed.
    pub(super) fn finish(&self, core: &Core) -> P::Output {
        let mut entries = self.entries.lock();
        let (policy, stopped) = (entries.policy.take(), entries.stopped);
        drop(entries);
        let end = match core.context().ended() {
            _ if stopped => End::Stopped,
            Some(cause) => End::Cancelled(cause),
            None => End::AllDone,
        };
        policy.expect("the policy is at its place when no task is running").finish(end)
    }
}
