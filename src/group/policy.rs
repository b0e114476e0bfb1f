//! When a group stops, and what it returns: the trait, and what it is told.

use std::error::Error;
use std::fmt;

use crate::unwind::{self, Payload};
use crate::wait::{Cause, HasReason, Reason, error_methods};

/// Decides when a group stops, and what becomes of its outcomes.
///
/// `on_done` is called once for every task that was started, the skipped ones included, in the
/// order in which they end, never by two threads at once, and under no lock. `finish` is called
/// once, by the thread that opened the group, after every task has ended. So a policy is a plain
/// struct without atomics.
///
/// # Examples
///
/// ```
/// use phalanx::{End, ErrGroup, Flow, Outcome, Policy};
///
/// /// Adds up what succeeds, until there is enough.
/// struct Enough {
///     sum: u32,
///     goal: u32,
/// }
///
/// impl<E> Policy<u32, E> for Enough {
///     type Output = u32;
///
///     fn on_done(&mut self, _index: usize, outcome: Outcome<u32, E>) -> Flow {
///         if let Outcome::Ok(n) = outcome {
///             self.sum += n;
///         }
///         if self.sum >= self.goal { Flow::Stop } else { Flow::Continue }
///     }
///
///     fn finish(self, _end: End) -> u32 {
///         self.sum
///     }
/// }
///
/// let sum = ErrGroup::builder().policy(Enough { sum: 0, goal: 5 }).scope(|g| {
///     g.go(|_| Ok::<_, ()>(2));
///     g.go(|_| Ok(3));
/// });
/// assert_eq!(sum, 5);
/// ```
pub trait Policy<T, E> {
    /// What the group returns.
    type Output;

    /// Takes the outcome of the task that was started as number `index`, from zero. After the
    /// first [`Flow::Stop`] the answer no longer matters.
    fn on_done(&mut self, index: usize, outcome: Outcome<T, E>) -> Flow;

    /// Makes the group's result.
    fn finish(self, end: End) -> Self::Output;
}

/// What became of a task.
#[derive(Debug, PartialEq)]
pub enum Outcome<T, E> {
    /// It returned a value.
    Ok(T),
    /// It returned an error.
    Err(E),
    /// It panicked.
    Panicked(Panicked),
    /// It never ran, because the group had stopped.
    Skipped,
}

/// Whether a group goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Goes on.
    Continue,
    /// Cancels the group: running tasks are told to stop, the others are skipped.
    Stop,
}

/// How a group came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// Every task has ended by itself.
    AllDone,
    /// The policy said [`Flow::Stop`].
    Stopped,
    /// The group's deadline passed, or its parent was cancelled.
    Cancelled(Cause),
}

/// The panic of a task, as an error.
pub struct Panicked {
    message: String,
    /// Behind a lock only because a payload is not `Sync`.
    payload: parking_lot::Mutex<Option<Payload>>,
}

impl Panicked {
    pub(super) fn new(payload: Payload) -> Self {
        let message = unwind::message(&*payload).to_owned();
        Panicked { message, payload: parking_lot::Mutex::new(Some(payload)) }
    }

    /// A panic whose payload the group keeps, to resume it.
    pub(super) fn elsewhere(payload: &Payload) -> Self {
        let message = unwind::message(&**payload).to_owned();
        Panicked { message, payload: parking_lot::Mutex::new(None) }
    }

    /// Returns the text of the panic, where it has one.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Gives out what [`std::panic::catch_unwind`] caught; `None` if the group has kept it, to
    /// resume it at its end.
    pub fn into_payload(self) -> Option<Box<dyn std::any::Any + Send>> {
        self.payload.into_inner()
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the task panicked: {}", self.message)
    }
}

impl fmt::Debug for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Panicked").field("message", &self.message).finish_non_exhaustive()
    }
}

impl Error for Panicked {}

/// Two panics are equal if their texts are.
impl PartialEq for Panicked {
    fn eq(&self, other: &Self) -> bool {
        self.message == other.message
    }
}

impl HasReason for Panicked {
    fn reason(&self) -> Reason<'_> {
        Reason::Other
    }
}

error_methods!([] Panicked);
