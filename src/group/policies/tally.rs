//! What has happened so far: the part that most policies share.

use super::Errors;
use crate::group::policy::{End, Outcome};

#[derive(Debug)]
pub(crate) struct Tally<T, E> {
    pub(super) values: Vec<(usize, T)>,
    pub(super) errors: Vec<(usize, E)>,
    panicked: usize,
    skipped: usize,
}

impl<T, E> Default for Tally<T, E> {
    fn default() -> Self {
        Tally { values: Vec::new(), errors: Vec::new(), panicked: 0, skipped: 0 }
    }
}

impl<T, E> Tally<T, E> {
    pub(crate) fn enter(&mut self, index: usize, outcome: Outcome<T, E>) {
        match outcome {
            Outcome::Ok(value) => self.values.push((index, value)),
            Outcome::Err(error) => self.errors.push((index, error)),
            Outcome::Panicked(_) => self.panicked += 1,
            Outcome::Skipped => self.skipped += 1,
        }
    }

    /// How many tasks have failed: by an error, or by a panic.
    pub(super) fn failures(&self) -> usize {
        self.errors.len() + self.panicked
    }

    /// How many tasks have no value.
    pub(super) fn misses(&self) -> usize {
        self.failures() + self.skipped
    }

    /// All values, or if one is missing all errors.
    pub(crate) fn all(self, end: End) -> Result<Vec<T>, Errors<E>> {
        let complete = self.misses() == 0;
        let (values, errors) = self.into_parts(end);
        if complete { Ok(values) } else { Err(errors) }
    }

    /// The values and the errors, each in the order of starting.
    pub(super) fn into_parts(mut self, end: End) -> (Vec<T>, Errors<E>) {
        self.values.sort_by_key(|(index, _)| *index);
        let values = self.values.into_iter().map(|(_, value)| value).collect();
        (values, Errors::new(self.errors, self.panicked, self.skipped, end))
    }
}
