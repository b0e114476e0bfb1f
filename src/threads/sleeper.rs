//! A thread that sleeps until it is given a role.

use std::time::Duration;

use crate::wait::{Until, WaitQueue};

/// How long a thread stays idle before it leaves.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(10);

pub(super) struct Sleeper {
    role: WaitQueue<Option<Role>>,
}

/// What a thread is woken as.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It is the one on which all queued tasks rely.
    Searcher,
    /// It takes tasks beside others.
    Helper,
}

impl Sleeper {
    pub(super) fn new() -> Self {
        Sleeper { role: WaitQueue::new(None) }
    }

    pub(super) fn wake(&self, role: Role) {
        let mut place = self.role.lock();
        *place = Some(role);
        place.grant_one();
    }

    /// Sleeps until there is a role, and no longer than `until`.
    pub(super) fn sleep(&self, until: Until<'_>) -> Option<Role> {
        // However the wait ends, only the role matters.
        drop(self.role.wait_parked(until, |role| role.is_some()));
        self.role.lock().take()
    }
}
