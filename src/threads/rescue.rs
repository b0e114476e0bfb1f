//! Asking again for a thread that was refused, where tasks wait and nobody else will ask.
//!
//! A searcher that is refused a successor tries again as long as others are running. Where it is the
//! only thread, it must run the task that it has; the tasks behind it are then left to this: the timer
//! thread asks for a searcher, again and again until there is one or they are gone.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::pool;
use super::sleeper::Role;
use crate::sys;
use crate::wait::alarms::{self, Alarm, Ring};

/// How long after a refusal somebody asks again.
pub(super) const RETRY: Duration = Duration::from_millis(1);

pub(super) struct Rescue;

/// Has the timer thread ask, if it does not already. Called without the lock.
pub(super) fn ask_later() {
    // Where that thread is refused, too: whoever starts a task, or finishes one, asks.
    if alarms::start().is_ok() {
        let mut pool = pool::lock();
        let is_asking = pool.rescue.is_some();
        let rescue = Arc::clone(pool.rescue.get_or_insert_with(|| Arc::new(Rescue)));
        drop(pool);
        if !is_asking {
            rescue.set();
        }
    }
}

impl Rescue {
    fn set(self: Arc<Self>) {
        let rescue: Weak<dyn Ring> = Arc::<Self>::downgrade(&self);
        alarms::set(sys::now() + RETRY, rescue);
    }
}

impl Ring for Rescue {
    fn ring(self: Arc<Self>, _alarm: Alarm) {
        let mut pool = pool::lock();
        let searcher = if pool.is_empty() { Ok(None) } else { pool.appoint() };
        if let Ok(searcher) = searcher {
            pool.rescue = None;
            drop(pool);
            if let Some(searcher) = searcher {
                searcher.wake(Role::Searcher);
            }
        } else {
            drop(pool);
            self.set();
        }
    }
}
