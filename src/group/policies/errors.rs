//! What failed, when more than one failure counts.

use std::error::Error;
use std::{fmt, iter, slice, vec};

use crate::group::policy::End;
use crate::wait::{Cancelled, HasReason, Reason, error_methods};

/// The errors of a group, in the order in which its tasks were started.
///
/// Its shape does not depend on how many tasks failed: one error is a list of one. It may be empty
/// if tasks panicked or were skipped, and none returned an error.
///
/// The texts of the errors are part of its own. If tasks were skipped because the group's context had
/// ended, and no task failed, it has a [`Cancelled`] as its [`source`](Error::source).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errors<E> {
    /// The index and the error of each task that returned one.
    failed: Vec<(usize, E)>,
    panicked: usize,
    skipped: usize,
    /// Why the group's context ended, if it was not because of the group itself.
    cancelled: Option<Cancelled>,
}

impl<E> Errors<E> {
    pub(super) fn new(
        mut failed: Vec<(usize, E)>,
        panicked: usize,
        skipped: usize,
        end: End,
    ) -> Self {
        failed.sort_by_key(|(index, _)| *index);
        let cancelled = match end {
            End::Cancelled(cause) => Some(Cancelled::new(cause)),
            End::AllDone | End::Stopped => None,
        };
        Errors { failed, panicked, skipped, cancelled }
    }

    /// Iterates over the tasks that returned an error: the index and the error.
    pub fn iter(&self) -> <&Self as IntoIterator>::IntoIter {
        self.into_iter()
    }

    /// Returns the errors alone.
    pub fn into_vec(self) -> Vec<E> {
        self.failed.into_iter().map(|(_, error)| error).collect()
    }

    /// Counts the tasks whose error is an echo of a cancellation as skipped, and drops those errors.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::{Cancelled, Errors, race};
    ///
    /// let lost: Result<(), Errors<String>> = race(["late", "disk on fire", "late"].map(|error| {
    ///     move |_: &phalanx::Context| Err(error.to_owned())
    /// }));
    /// let errors = lost.unwrap_err().skipping(|error| error == "late");
    /// assert_eq!(errors.skipped(), 2);
    /// assert_eq!(errors.into_vec(), ["disk on fire"]);
    /// ```
    #[must_use = "the errors that are left are returned"]
    pub fn skipping(mut self, mut is_echo: impl FnMut(&E) -> bool) -> Self {
        let failed = self.failed.len();
        self.failed.retain(|(_, error)| !is_echo(error));
        self.skipped += failed - self.failed.len();
        self
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

    /// Returns how many tasks never ran, or returned an error that was taken for an echo.
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// The end of the group's context, if that is all there is.
    fn cancelled(&self) -> Option<&Cancelled> {
        let failed = !self.failed.is_empty() || self.panicked > 0;
        self.cancelled.as_ref().filter(|_| !failed)
    }
}

impl<E> HasReason for Errors<E> {
    fn reason(&self) -> Reason<'_> {
        self.cancelled().map_or(Reason::Other, HasReason::reason)
    }
}

error_methods!([E] Errors<E>);

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

// Also for errors that are no `Error` themselves, as `Box<dyn Error>` is not; so they are no source.
impl<E: fmt::Debug + fmt::Display> Error for Errors<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cancelled().map(|cancelled| cancelled as &(dyn Error + 'static))
    }
}

impl<E> IntoIterator for Errors<E> {
    type Item = (usize, E);
    type IntoIter = vec::IntoIter<(usize, E)>;

    fn into_iter(self) -> Self::IntoIter {
        self.failed.into_iter()
    }
}

impl<'a, E> IntoIterator for &'a Errors<E> {
    type Item = (usize, &'a E);
    type IntoIter = iter::Map<slice::Iter<'a, (usize, E)>, fn(&'a (usize, E)) -> (usize, &'a E)>;

    fn into_iter(self) -> Self::IntoIter {
        self.failed.iter().map(|(index, error)| (*index, error))
    }
}
