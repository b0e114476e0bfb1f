//! Never stops, and returns every error.

use std::fmt;

use super::Errors;
use super::tally::Tally;
use crate::group::policy::{End, Flow, Outcome, Policy};

/// Lets every task end by itself; returns all values if all succeeded, and else all errors.
///
/// When its context ends, each task that gives up because of it returns an error of its own; with
/// [`skipping`](Self::skipping), these echoes count as skipped tasks.
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
pub struct AllErrors<T, E, F = fn(&E) -> bool> {
    tally: Tally<T, E>,
    is_echo: Option<F>,
}

impl<T, E> AllErrors<T, E> {
    /// Creates the policy.
    pub fn new() -> Self {
        AllErrors { tally: Tally::default(), is_echo: None }
    }

    /// Counts a task as skipped if `is_echo` returns `true` for its error, and drops the error.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::{AllErrors, Context, ErrGroup, gave_up};
    ///
    /// type BoxError = Box<dyn std::error::Error + Send + Sync>;
    ///
    /// let (ctx, canceller) = Context::background().with_cancel();
    /// let policy = AllErrors::new().skipping(|error: &BoxError| gave_up(&**error));
    /// let errors = ErrGroup::builder().context(&ctx).policy(policy).scope(|g| {
    ///     for _ in 0..3 {
    ///         g.go(|ctx| {
    ///             let cause = ctx.wait(); // stands for work that is cancelled
    ///             Err::<(), BoxError>(ctx.check().expect_err("it has ended").into())
    ///         });
    ///     }
    ///     g.go(move |_| {
    ///         canceller.cancel();
    ///         Err("disk on fire".into())
    ///     });
    /// });
    /// let errors = errors.unwrap_err();
    /// assert_eq!((errors.len(), errors.skipped()), (1, 3));
    /// ```
    pub fn skipping<F: FnMut(&E) -> bool>(self, is_echo: F) -> AllErrors<T, E, F> {
        AllErrors { tally: self.tally, is_echo: Some(is_echo) }
    }
}

impl<T, E> Default for AllErrors<T, E> {
    fn default() -> Self {
        AllErrors::new()
    }
}

impl<T, E, F: FnMut(&E) -> bool> Policy<T, E> for AllErrors<T, E, F> {
    type Output = Result<Vec<T>, Errors<E>>;

    fn on_done(&mut self, index: usize, outcome: Outcome<T, E>) -> Flow {
        let is_echo = match (&outcome, &mut self.is_echo) {
            (Outcome::Err(error), Some(is_echo)) => is_echo(error),
            _ => false,
        };
        self.tally.enter(index, if is_echo { Outcome::Skipped } else { outcome });
        Flow::Continue
    }

    fn finish(self, end: End) -> Self::Output {
        self.tally.all(end)
    }
}

impl<T: fmt::Debug, E: fmt::Debug, F> fmt::Debug for AllErrors<T, E, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AllErrors").field("tally", &self.tally).finish_non_exhaustive()
    }
}
