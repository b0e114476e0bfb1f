//! Who is relied upon by tasks that are started at once, in the simulator.

#![cfg(feature = "sim")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::sync::Arc;

use phalanx::sim::{self, Builder};
use phalanx::{Until, WaitGroup};

/// Two threads start a task each, when the system refuses all others: how many are told so. A task
/// that was not refused is waited for.
fn refused() -> usize {
    sim::refuse_threads(0..usize::MAX);
    let group = Arc::new(WaitGroup::new());
    let start = || {
        let group = Arc::clone(&group);
        move || usize::from(group.try_go(|| ()).is_err())
    };
    let other = sim::spawn("other", start());
    let refused = start()() + other.join().unwrap();
    group.wait_until(Until::FOREVER).unwrap();
    refused
}

#[test]
fn a_thread_that_is_refused_is_not_relied_upon_by_another_task() {
    Builder::new().exhaustive(2).outcomes(refused).exactly([2]).exhausted();
}
