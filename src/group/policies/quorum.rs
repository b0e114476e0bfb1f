//! Stops when enough have succeeded.

use super::Errors;
use super::tally::Tally;
use crate::group::policy::{End, Flow, Outcome, Policy};

/// `k` successes are enough: stops when they are there, and returns them in the order of starting;
/// if the tasks end without so many, returns all errors.
///
/// A success that was on its way when the group stopped is returned too. A quorum of zero is
/// always reached.
///
/// See [`PolicyBuilder::scope`](crate::PolicyBuilder::scope) for an example.
#[derive(Debug)]
pub struct Quorum<T, E> {
    needed: usize,
    tally: Tally<T, E>,
}

impl<T, E> Quorum<T, E> {
    /// Creates the policy: `k` tasks must succeed.
    pub fn new(k: usize) -> Self {
        Quorum { needed: k, tally: Tally::default() }
    }

    fn is_reached(&self) -> bool {
        self.tally.values.len() >= self.needed
    }
}

impl<T, E> Policy<T, E> for Quorum<T, E> {
    type Output = Result<Vec<T>, Errors<E>>;

    fn on_done(&mut self, index: usize, outcome: Outcome<T, E>) -> Flow {
        self.tally.enter(index, outcome);
        if self.is_reached() { Flow::Stop } else { Flow::Continue }
    }

    fn finish(self, end: End) -> Self::Output {
        let reached = self.is_reached();
        let (values, errors) = self.tally.into_parts(end);
        if reached { Ok(values) } else { Err(errors) }
    }
}
