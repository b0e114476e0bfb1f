//! What failed, when more than one failure counts.

use std::error::Error;
use std::fmt;

/// The errors of a group, in the order in which its tasks were started.
///
/// Its shape does not depend on how many tasks failed: one error is a list of one. It may be empty
/// where tasks panicked or were skipped, and none returned an error.
#[derive(Debug)]
pub struct Errors<E> {
    /// The index and the error of each task that returned one.
    failed: Vec<(usize, E)>,
    panicked: usize,
    skipped: usize,
}

impl<E> Errors<E> {
    pub(super) fn new(mut failed: Vec<(usize, E)>, panicked: usize, skipped: usize) -> Self {
        failed.sort_by_key(|(index, _)| *index);
        Errors { failed, panicked, skipped }
    }

    /// Iterates over the tasks that returned an error: the index and the error.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (usize, &E)> {
        self.failed.iter().map(|(index, error)| (*index, error))
    }

    /// Returns the errors alone.
    pub fn into_vec(self) -> Vec<E> {
        self.failed.into_iter().map(|(_, error)| error).collect()
    }

    /// Returns how many tasks returned an error.
    pub fn len(&self) -> usize {
        self.failed.len()
    }

    /// Returns `true` if no task returned an error.
    pub fn is_empty(&self) -> bool {
        self.failed.is_empty()
    }

    /// Returns how many tasks panicked; see
    /// [`catch_panics`](crate::PolicyBuilder::catch_panics).
    pub fn panicked(&self) -> usize {
        self.panicked
    }

    /// Returns how many tasks never ran.
    pub fn skipped(&self) -> usize {
        self.skipped
    }
}

impl<E: fmt::Display> fmt::Display for Errors<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed", self.failed.len())?;
        if self.panicked > 0 {
            write!(f, ", {} panicked", self.panicked)?;
        }
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        for (index, error) in &self.failed {
            write!(f, "; task {index}: {error}")?;
        }
        Ok(())
    }
}

impl<E: fmt::Debug + fmt::Display> Error for Errors<E> {}
