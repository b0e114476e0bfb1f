//! Stops at the first success.

use super::Errors;
use super::tally::Tally;
use crate::group::policy::{End, Flow, Outcome, Policy};

/// One success is enough: stops at the first, and returns it; if there is none, returns all
/// errors. [`race`](crate::race) is the short form.
///
/// # Examples
///
/// ```
/// use phalanx::{ErrGroup, FirstOk};
/// use std::time::Duration;
///
/// let winner = ErrGroup::builder().policy(FirstOk::new()).scope(|g| {
///     g.go(|ctx| ctx.sleep(Duration::from_secs(3600)).map(|()| "slow"));
///     g.go(|_| Ok("fast")); // the other is cancelled
/// });
/// assert_eq!(winner.unwrap(), "fast");
/// ```
#[derive(Debug)]
pub struct FirstOk<T, E> {
    tally: Tally<T, E>,
}

impl<T, E> FirstOk<T, E> {
    /// Creates the policy.
    pub fn new() -> Self {
        FirstOk { tally: Tally::default() }
    }
}

impl<T, E> Default for FirstOk<T, E> {
    fn default() -> Self {
        FirstOk::new()
    }
}

impl<T, E> Policy<T, E> for FirstOk<T, E> {
    type Output = Result<T, Errors<E>>;

    fn on_done(&mut self, index: usize, outcome: Outcome<T, E>) -> Flow {
        self.tally.enter(index, outcome);
        if self.tally.values.is_empty() { Flow::Continue } else { Flow::Stop }
    }

    fn finish(mut self, end: End) -> Self::Output {
        if self.tally.values.is_empty() {
            return Err(self.tally.into_parts(end).1);
        }
        // The first to arrive; later ones were already on their way.
        Ok(self.tally.values.swap_remove(0).1)
    }
}
