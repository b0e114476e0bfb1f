//! Stops when too many have failed.

use super::Errors;
use super::tally::Tally;
use crate::group::policy::{End, Flow, Outcome, Policy};

/// Up to `n` tasks may fail; one more stops the group. Returns the values and the errors that were
/// tolerated, or, if there were too many, all errors.
///
/// A task that was skipped counts as one that failed.
///
/// # Examples
///
/// ```
/// use phalanx::{ErrGroup, Tolerate};
///
/// let result = ErrGroup::builder().policy(Tolerate::new(1)).scope(|g| {
///     g.go(|_| Ok(1));
///     g.go(|_| Err("lost"));
///     g.go(|_| Ok(3));
/// });
/// let (values, errors) = result.unwrap();
/// assert_eq!((values, errors.into_vec()), (vec![1, 3], vec!["lost"]));
/// ```
#[derive(Debug)]
pub struct Tolerate<T, E> {
    most: usize,
    tally: Tally<T, E>,
}

impl<T, E> Tolerate<T, E> {
    /// Creates the policy: at most `n` tasks may fail.
    pub fn new(n: usize) -> Self {
        Tolerate { most: n, tally: Tally::default() }
    }
}

impl<T, E> Policy<T, E> for Tolerate<T, E> {
    type Output = Result<(Vec<T>, Errors<E>), Errors<E>>;

    fn on_done(&mut self, index: usize, outcome: Outcome<T, E>) -> Flow {
        self.tally.enter(index, outcome);
        if self.tally.failures() > self.most { Flow::Stop } else { Flow::Continue }
    }

    fn finish(self, end: End) -> Self::Output {
        let tolerable = self.tally.misses() <= self.most;
        let (values, errors) = self.tally.into_parts(end);
        if tolerable { Ok((values, errors)) } else { Err(errors) }
    }
}
