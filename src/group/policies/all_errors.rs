//! Never stops, and returns every error.

use super::Errors;
use super::tally::Tally;
use crate::group::policy::{End, Flow, Outcome, Policy};

/// Lets every task end by itself; returns all values if all succeeded, and else all errors.
///
/// # Examples
///
/// ```
/// use phalanx::{AllErrors, ErrGroup};
///
/// let result = ErrGroup::builder().policy(AllErrors::new()).scope(|g| {
///     g.go(|_| Err("left"));
///     g.go(|_| Ok(1));
///     g.go(|_| Err("right"));
/// });
/// assert_eq!(result.unwrap_err().into_vec(), ["left", "right"]);
/// ```
#[derive(Debug)]
pub struct AllErrors<T, E> {
    tally: Tally<T, E>,
}

impl<T, E> AllErrors<T, E> {
    /// Creates the policy.
    pub fn new() -> Self {
        AllErrors { tally: Tally::default() }
    }
}

impl<T, E> Default for AllErrors<T, E> {
    fn default() -> Self {
        AllErrors::new()
    }
}

impl<T, E> Policy<T, E> for AllErrors<T, E> {
    type Output = Result<Vec<T>, Errors<E>>;

    fn on_done(&mut self, index: usize, outcome: Outcome<T, E>) -> Flow {
        self.tally.enter(index, outcome);
        Flow::Continue
    }

    fn finish(self, _end: End) -> Self::Output {
        self.tally.all()
    }
}
