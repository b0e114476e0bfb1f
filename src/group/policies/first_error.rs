//! Stops at the first error.

use crate::group::policy::{End, Flow, Outcome, Policy};
use crate::group::stopped::{Stopped, WhyStopped};
use crate::wait::{Cancelled, Cause};

/// Every task must succeed: stops at the first error, and returns it, or else all values in the
/// order of starting.
///
/// This is what [`ErrGroup::scope`](crate::ErrGroup::scope) does, for tasks of one type whose
/// values are wanted together. If tasks were skipped and none failed, the error is made from
/// [`Stopped`]. [`KeepGoing`](crate::KeepGoing) does not stop.
///
/// # Examples
///
/// ```
/// use phalanx::{ErrGroup, FirstError};
///
/// let squares = ErrGroup::builder().policy(FirstError::new()).scope(|g| {
///     for n in 0..4_u32 {
///         g.go(move |_| Ok::<_, String>(n * n));
///     }
/// });
/// assert_eq!(squares, Ok(vec![0, 1, 4, 9]));
/// ```
#[derive(Debug)]
pub struct FirstError<T, E> {
    values: Vec<(usize, T)>,
    error: Option<E>,
    /// The first task that panicked, and the first that never ran.
    panicked: Option<usize>,
    skipped: Option<usize>,
}

impl<T, E> FirstError<T, E> {
    /// Creates the policy.
    pub fn new() -> Self {
        FirstError { values: Vec::new(), error: None, panicked: None, skipped: None }
    }
}

impl<T, E> Default for FirstError<T, E> {
    fn default() -> Self {
        FirstError::new()
    }
}

impl<T, E: From<Stopped>> Policy<T, E> for FirstError<T, E> {
    type Output = Result<Vec<T>, E>;

    fn on_done(&mut self, index: usize, outcome: Outcome<T, E>) -> Flow {
        let failed = matches!(outcome, Outcome::Err(_) | Outcome::Panicked(_));
        match outcome {
            Outcome::Ok(value) => self.values.push((index, value)),
            // Of several errors only the first counts: the others may be echoes of the stop.
            Outcome::Err(error) => _ = self.error.get_or_insert(error),
            Outcome::Panicked(_) => _ = self.panicked.get_or_insert(index),
            Outcome::Skipped => _ = self.skipped.get_or_insert(index),
        }
        if failed { Flow::Stop } else { Flow::Continue }
    }

    fn finish(mut self, end: End) -> Self::Output {
        let cause = match end {
            End::Cancelled(cause) => cause,
            End::AllDone | End::Stopped => Cause::CANCELLED,
        };
        match (self.error, self.panicked, self.skipped) {
            (Some(error), _, _) => Err(error),
            (None, Some(index), _) => Err(Stopped::new(index, WhyStopped::Panicked).into()),
            (None, None, Some(index)) => {
                Err(Stopped::new(index, WhyStopped::Skipped(Cancelled::new(cause))).into())
            }
            (None, None, None) => {
                self.values.sort_by_key(|(index, _)| *index);
                Ok(self.values.into_iter().map(|(_, value)| value).collect())
            }
        }
    }
}
