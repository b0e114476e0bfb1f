//! A task that could not be started, given back.

use std::error::Error;
use std::fmt;

use crate::threads::NoThread;
use crate::wait::{Cancelled, HasReason, Reason, error_methods};

/// A task that was not started, and why. Nothing else has changed.
///
/// # Examples
///
/// ```
/// use phalanx::{ErrGroup, Stopped};
///
/// ErrGroup::builder().limit(1).scope(|g| {
///     let (release, released) = std::sync::mpsc::channel::<()>();
///     g.go(move |_| Ok(released.recv().is_err()));
///     let refused = g.try_go(|_| Ok(7)).unwrap_err();
///     assert_eq!(refused.to_string(), "the group is at its limit");
///     drop(release);
///     let task = g.go(refused.into_inner()); // waits for the slot
///     assert_eq!(task.join()?, 7);
///     Ok::<_, Stopped>(())
/// })?;
/// # Ok::<(), Stopped>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Refused<F> {
    why: Refusal,
    task: F,
}

/// Why a task was not started.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The group runs as many tasks as its limit allows.
    Limit,
    /// The group's context has ended.
    Cancelled(Cancelled),
    /// There is no thread for it.
    Thread(NoThread),
}

impl<F> Refused<F> {
    pub(crate) fn new(why: Refusal, task: F) -> Self {
        Refused { why, task }
    }

    /// Returns why the task was not started.
    pub fn kind(&self) -> &Refusal {
        &self.why
    }

    /// Returns the task.
    pub fn into_inner(self) -> F {
        self.task
    }

    /// Drops the task: `?` into a boxed error needs this if the task borrows something.
    #[must_use = "the error is returned"]
    pub fn without_inner(self) -> Refused<()> {
        Refused { why: self.why, task: () }
    }
}

impl<F> HasReason for Refused<F> {
    fn reason(&self) -> Reason<'_> {
        match &self.why {
            Refusal::Limit => Reason::WouldBlock,
            Refusal::Cancelled(cancelled) => cancelled.reason(),
            Refusal::Thread(_) => Reason::NoThread,
        }
    }
}

error_methods!([F] Refused<F>);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::Limit => "the group is at its limit",
            Refusal::Cancelled(_) => "the group has stopped",
            Refusal::Thread(_) => "there is no thread for the task",
        })
    }
}

impl<F> fmt::Display for Refused<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.why.fmt(f)
    }
}

impl<F> fmt::Debug for Refused<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused").field("why", &self.why).finish_non_exhaustive()
    }
}

impl<F> Error for Refused<F> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.why {
            Refusal::Limit => None,
            Refusal::Cancelled(cancelled) => Some(cancelled),
            Refusal::Thread(error) => Some(error),
        }
    }
}
