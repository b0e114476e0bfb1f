//! Calling a policy: serially, once for each task, and under no lock.
//!
//! A task that finds the policy in its place takes it, and calls it until no outcome is left. A task
//! that finds it gone leaves its outcome behind for the other. The other has not been counted out yet,
//! so every outcome is dealt with before the group ends.

use std::collections::VecDeque;
use std::mem;
use std::panic::{self, AssertUnwindSafe, RefUnwindSafe, UnwindSafe};

use super::ended::{self, Ended};
use super::members::Members;
use super::policy::{End, Flow, Outcome, Panicked, Policy};
use super::stopped::{Label, WhyStopped};
use crate::sys::Mutex;
use crate::unwind::{drop_caught, drop_quietly};

/// A group with a policy of the user's.
pub(super) struct PolicyDriver<P, T, E> {
    members: Members,
    pending: Mutex<Pending<P, T, E>>,
    catch_panics: bool,
}

struct Pending<P, T, E> {
    /// `None` while a task calls it, and for good once it has panicked.
    policy: Option<P>,
    outcomes: VecDeque<(usize, Outcome<T, E>)>,
    has_stopped: bool,
}

// The lock is never held while user code runs.
impl<P, T, E> UnwindSafe for PolicyDriver<P, T, E> {}
impl<P, T, E> RefUnwindSafe for PolicyDriver<P, T, E> {}

impl<P, T, E> PolicyDriver<P, T, E> {
    pub(super) fn members(&self) -> &Members {
        &self.members
    }
}

impl<P, T, E> ended::Policy<T, E> for PolicyDriver<P, T, E>
where
    P: Policy<T, E> + Send,
    T: Send,
    E: Send,
{
    fn members(&self) -> &Members {
        &self.members
    }

    /// The outcome goes to the policy, and to no handle.
    fn settle(&self, label: Label, ended: Ended<T, E>) -> Option<ended::Outcome<T>> {
        let index = label.index;
        let outcome = match ended {
            Ended::Ok(value) => Outcome::Ok(value),
            Ended::Err(error) => Outcome::Err(error),
            Ended::Skipped(_) => Outcome::Skipped,
            Ended::Refused(why) => {
                self.members.cancel(&label.stopped(WhyStopped::Refused(why)).text());
                Outcome::Skipped
            }
            Ended::Panicked(payload) if self.catch_panics => {
                Outcome::Panicked(Panicked::new(payload))
            }
            Ended::Panicked(payload) => {
                let panicked = Panicked::elsewhere(&payload);
                self.members.panicked(payload);
                Outcome::Panicked(panicked)
            }
        };
        self.record(index, outcome);
        None
    }
}

impl<P: Policy<T, E>, T, E> PolicyDriver<P, T, E> {
    pub(super) fn new(members: Members, policy: P, catch_panics: bool) -> Self {
        let pending =
            Pending { policy: Some(policy), outcomes: VecDeque::new(), has_stopped: false };
        PolicyDriver { members, pending: Mutex::new(pending), catch_panics }
    }

    fn record(&self, index: usize, outcome: Outcome<T, E>) {
        let policy = {
            let mut pending = self.pending.lock();
            pending.outcomes.push_back((index, outcome));
            pending.policy.take()
        };
        if let Some(policy) = policy {
            self.call(policy);
        }
    }

    /// Calls the policy until no outcome is left.
    fn call(&self, mut policy: P) {
        let members = &self.members;
        loop {
            let next = self.pending.lock().outcomes.pop_front();
            let Some((index, outcome)) = next else {
                match self.restore(policy) {
                    None => return,
                    Some(again) => policy = again,
                }
                continue;
            };
            // AssertUnwindSafe: a policy that has panicked is not called again.
            match panic::catch_unwind(AssertUnwindSafe(|| policy.on_done(index, outcome))) {
                Ok(Flow::Continue) => {}
                Ok(Flow::Stop) => self.stop(),
                Err(payload) => {
                    members.panicked(payload);
                    drop_caught(policy).unwrap_or_else(|payload| members.panicked(payload));
                    return;
                }
            }
        }
    }

    /// Puts the policy back, unless an outcome has arrived in the meantime.
    fn restore(&self, policy: P) -> Option<P> {
        let mut pending = self.pending.lock();
        if pending.outcomes.is_empty() {
            pending.policy = Some(policy);
            return None;
        }
        Some(policy)
    }

    fn stop(&self) {
        self.pending.lock().has_stopped = true;
        self.members.cancel("the policy of the group said stop");
    }

    /// Drops what is left, each on its own, since a drop may panic.
    pub(super) fn discard(&self) {
        let mut pending = self.pending.lock();
        let (policy, outcomes) = (pending.policy.take(), mem::take(&mut pending.outcomes));
        drop(pending);
        drop_quietly(policy);
        outcomes.into_iter().for_each(drop_quietly);
    }

    /// The result, when all tasks have ended and no panic is to be resumed.
    pub(super) fn finish(&self) -> P::Output {
        let mut pending = self.pending.lock();
        let (policy, has_stopped) = (pending.policy.take(), pending.has_stopped);
        drop(pending);
        let end = match self.members.context().ended() {
            _ if has_stopped => End::Stopped,
            Some(cause) => End::Cancelled(cause),
            None => End::AllDone,
        };
        policy.expect("the policy is in its place when no task is running").finish(end)
    }
}
