//! A task that could not be started, given back.

use std::error::Error;
use std::fmt;

use crate::threads::NoThread;
use crate::wait::Cause;

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
///     let task = g.go(refused.into_task()); // waits for the slot
///     assert_eq!(task.join()?, 7);
///     Ok::<_, Stopped>(())
/// })?;
/// # Ok::<(), Stopped>(())
/// ```
pub struct Refused<F> {
    why: Refusal,
    task: F,
}

/// Why a task was not started.
#[derive(Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// The group runs as many tasks as its limit allows.
    Limit,
    /// The group's context has ended.
    Cancelled(Cause),
    /// There is no thread for it.
    Thread(NoThread),
}

impl<F> Refused<F> {
    pub(crate) fn new(why: Refusal, task: F) -> Self {
        Refused { why, task }
    }

    /// Returns why the task was not started.
    pub fn why(&self) -> &Refusal {
        &self.why
    }

    /// Gives the task back.
    pub fn into_task(self) -> F {
        self.task
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Limit => f.write_str("the group is at its limit"),
            Refusal::Cancelled(cause) => write!(f, "the group has stopped: {cause}"),
            Refusal::Thread(error) => error.fmt(f),
        }
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
            Refusal::Thread(error) => Some(error),
            Refusal::Limit | Refusal::Cancelled(_) => None,
        }
    }
}
