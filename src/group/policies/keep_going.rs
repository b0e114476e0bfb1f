//! Never stops, and returns the first error.

use super::FirstError;
use crate::group::policy::{End, Flow, Outcome, Policy};
use crate::group::stopped::Stopped;

/// Lets every task end by itself; returns all values in the order of starting, or the error that came
/// first.
///
/// It returns what [`FirstError`] does, but does not stop at an error. [`AllErrors`](crate::AllErrors)
/// returns the other errors, too.
///
/// # Examples
///
/// ```
/// use phalanx::{ErrGroup, KeepGoing, Stopped};
/// use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
///
/// let saved = AtomicUsize::new(0);
/// let result = ErrGroup::builder().policy(KeepGoing::new()).scope(|g| {
///     for n in 0..4 {
///         let saved = &saved;
///         g.go(move |_ctx| match n {
///             0 => Err(format!("no room for {n}")),
///             _ => Ok(drop(saved.fetch_add(1, Relaxed))),
///         });
///     }
/// });
/// assert_eq!(result.unwrap_err(), "no room for 0");
/// assert_eq!(saved.into_inner(), 3);
/// ```
///
/// # Compared with Go
///
/// The zero `errgroup.Group`, without a context.
#[derive(Debug)]
pub struct KeepGoing<T, E> {
    first: FirstError<T, E>,
}

impl<T, E> KeepGoing<T, E> {
    /// Creates the policy.
    pub fn new() -> Self {
        KeepGoing { first: FirstError::new() }
    }
}

impl<T, E> Default for KeepGoing<T, E> {
    fn default() -> Self {
        KeepGoing::new()
    }
}

impl<T, E: From<Stopped>> Policy<T, E> for KeepGoing<T, E> {
    type Output = Result<Vec<T>, E>;

    fn on_done(&mut self, index: usize, outcome: Outcome<T, E>) -> Flow {
        self.first.on_done(index, outcome);
        Flow::Continue
    }

    fn finish(self, end: End) -> Self::Output {
        self.first.finish(end)
    }
}
