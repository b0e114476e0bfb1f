//! The queue, step by step and, in the simulator, as a semaphore.

use std::sync::Arc;
use std::time::{Duration, Instant};

use std::convert::Infallible;

use crossbeam_channel::Receiver;

use super::*;
use crate::unwind::drop_caught;
use crate::wait::{Cause, Source};

#[cfg(feature = "sim")]
mod races;

fn enter(queue: &WaitQueue) -> Arc<Waiter> {
    let waiter = Waiter::new();
    assert!(queue.inner.lock().enlist(&waiter, (), |()| false).is_some());
    waiter
}

fn is_deserted<S>(queue: &WaitQueue<S>) -> bool {
    queue.inner.lock().waiters.as_ref().is_none_or(|list| list.front().is_none())
}

#[test]
fn what_a_waiter_that_gave_up_was_owed_goes_to_the_next() {
    let queue = WaitQueue::new(());
    let (first, second) = (enter(&queue), enter(&queue));
    first.interrupt();
    assert!(queue.lock().grant_one(), "the second takes it");
    assert!(!second.grant(), "it has been granted before");
    assert!(!queue.lock().grant_one(), "nobody else waits");
}

#[test]
fn the_oldest_waiter_is_granted_first() {
    let queue = WaitQueue::new(());
    let (first, second) = (enter(&queue), enter(&queue));
    assert!(queue.lock().grant_one());
    assert!(!first.grant(), "it has been granted before");
    assert!(second.grant(), "it still waits");
}

#[test]
fn a_waiter_that_gives_up_leaves_the_queue() {
    let queue = WaitQueue::new(());
    assert!(queue.wait_parked(Duration::ZERO.into(), |()| false).is_err());
    assert!(is_deserted(&queue));
}

#[test]
fn a_waiter_leaves_the_queue_before_it_runs_callbacks_that_panic() {
    struct Panics;
    impl Source for Panics {
        fn ended(&self) -> Option<Cause> {
            None
        }
        fn ended_by_now(&self) -> Option<Cause> {
            panic!("on purpose")
        }
        fn deadline(&self) -> Option<Instant> {
            None
        }
        fn watch(&self, waiter: &Arc<Waiter>) -> Option<Key> {
            waiter.interrupt();
            None
        }
        fn unwatch(&self, _key: Key) {}
        fn done(&self) -> Option<&Receiver<Infallible>> {
            None
        }
    }
    struct Waits<'a>(&'a WaitQueue);
    impl Drop for Waits<'_> {
        fn drop(&mut self) {
            drop(self.0.wait_parked(Until::source(&Panics), |()| false));
        }
    }
    let queue = WaitQueue::new(());
    assert!(drop_caught(Waits(&queue)).is_err());
    assert!(is_deserted(&queue));
}
