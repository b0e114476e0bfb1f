//! How many items each stage has had.

use std::fmt;
use std::sync::Arc;

use crate::sys::Mutex;
use crate::sys::atomic::{AtomicUsize, Relaxed};

/// Counts the items of each stage of a pipeline: made by [`Flow::counts`](super::Flow::counts).
///
/// The stages bring their counts up to date now and then, and when they end: when the scope of the
/// group has ended, all are exact.
#[derive(Clone)]
pub struct Counts(Arc<Mutex<Vec<Count>>>);

/// What one stage has done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StageCount {
    /// What kind of stage it is: the name of its method.
    pub name: &'static str,
    /// How many tasks it has.
    pub tasks: usize,
    /// How many items it has taken.
    pub taken: usize,
    /// How many items it has handed on.
    pub handed_on: usize,
}

/// The count of one stage, which its tasks share.
#[derive(Clone)]
pub(super) struct Count(Arc<Stage>);

struct Stage {
    name: &'static str,
    tasks: usize,
    taken: AtomicUsize,
    handed_on: AtomicUsize,
}

impl Counts {
    pub(super) fn new() -> Self {
        Counts(Arc::new(Mutex::new(Vec::new())))
    }

    /// Adds a stage.
    pub(super) fn stage(&self, name: &'static str, tasks: usize) -> Count {
        let (taken, handed_on) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let count = Count(Arc::new(Stage { name, tasks, taken, handed_on }));
        self.0.lock().push(count.clone());
        count
    }

    /// Adds those of a pipeline that flows into this one.
    pub(super) fn extend(&self, other: &Counts) {
        let others = other.0.lock().clone();
        self.0.lock().extend(others);
    }

    /// Returns what each stage has done, in the order in which they were added.
    pub fn stages(&self) -> Vec<StageCount> {
        self.0.lock().iter().map(Count::look).collect()
    }
}

impl Count {
    pub(super) fn add_taken(&self, n: usize) {
        // Relaxed, here and below: counts publish nothing. The end of the group orders the last ones.
        self.0.taken.fetch_add(n, Relaxed);
    }

    pub(super) fn add_handed_on(&self, n: usize) {
        self.0.handed_on.fetch_add(n, Relaxed);
    }

    fn look(&self) -> StageCount {
        let Stage { name, tasks, ref taken, ref handed_on } = *self.0;
        StageCount { name, tasks, taken: taken.load(Relaxed), handed_on: handed_on.load(Relaxed) }
    }
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.stages()).finish()
    }
}
