//! Wait groups as the tests of the threads use them: as gates, and without tasks on the waiting thread.

use std::sync::Arc;

use phalanx::{Until, WaitGroup};

/// A group that counts so many tasks, each of which is to be counted out by hand.
pub(crate) fn group_of(tasks: usize) -> Arc<WaitGroup> {
    let group = Arc::new(WaitGroup::new());
    group.add(tasks);
    group
}

/// Waits, and runs no task here.
#[cfg_attr(feature = "sim", track_caller)]
pub(crate) fn wait(group: &WaitGroup) {
    group.wait_until(Until::FOREVER).expect("there is no bound");
}
