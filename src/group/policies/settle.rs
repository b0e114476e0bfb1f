//! Never stops, and returns every outcome.

use crate::group::policy::{End, Flow, Outcome, Policy};

/// Lets every task end by itself, and returns all outcomes in the order of starting.
///
/// # Examples
///
/// ```
/// use phalanx::{ErrGroup, Outcome, Settle};
///
/// let outcomes = ErrGroup::builder().policy(Settle::new()).scope(|g| {
///     g.go(|_| Ok(1));
///     g.go(|_| Err("no"));
/// });
/// assert!(matches!(outcomes[..], [Outcome::Ok(1), Outcome::Err("no")]));
/// ```
#[derive(Debug)]
pub struct Settle<T, E> {
    outcomes: Vec<(usize, Outcome<T, E>)>,
}

impl<T, E> Settle<T, E> {
    /// Creates the policy.
    pub fn new() -> Self {
        Settle { outcomes: Vec::new() }
    }
}

impl<T, E> Default for Settle<T, E> {
    fn default() -> Self {
        Settle::new()
    }
}

impl<T, E> Policy<T, E> for Settle<T, E> {
    type Output = Vec<Outcome<T, E>>;

    fn on_done(&mut self, index: usize, outcome: Outcome<T, E>) -> Flow {
        self.outcomes.push((index, outcome));
        Flow::Continue
    }

    fn finish(mut self, _end: End) -> Self::Output {
        self.outcomes.sort_by_key(|(index, _)| *index);
        self.outcomes.into_iter().map(|(_, outcome)| outcome).collect()
    }
}
