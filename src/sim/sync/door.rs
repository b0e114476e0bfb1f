//! A lock as the machine knows it: who has it, and who waits.
//!
//! It keeps nobody out but the threads of one bubble, so each lock has a real one behind its doors.
//! Outside of a bubble all doors are open.

use std::mem;
use std::time::{Duration, Instant};

use crate::sim::machine::{self, Id, InCall, Kind};
use crate::sys;

/// How a door is taken: alone, or together with others that share.
pub(super) const ALONE: bool = false;
pub(super) const SHARED: bool = true;

/// For how long a thread is willing to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    None,
    Until(Instant),
    Endless,
}

impl Patience {
    pub(super) fn lasting(timeout: Duration) -> Self {
        sys::now().checked_add(timeout).map_or(Patience::Endless, Patience::Until)
    }

    /// Says what the thread waits in, if it is to wait.
    #[track_caller]
    pub(super) fn call(self, name: &'static str) -> Option<InCall> {
        if self == Patience::None { None } else { Some(sys::blocking_call(name)) }
    }
}

/// What one thread takes alone, or several share.
#[derive(Debug)]
pub(super) struct Door {
    id: Id,
}

impl Door {
    pub(super) const fn new() -> Self {
        Door { id: Id::new() }
    }

    /// A step that concerns the lock.
    #[track_caller]
    pub(super) fn step(&self, kind: Kind) {
        machine::point(kind, &self.id);
    }

    /// Takes it, or a share of it: a step.
    #[track_caller]
    pub(super) fn take(&self, shared: bool, patience: Patience) -> Option<Taken<'_>> {
        let taken = match patience {
            Patience::None => machine::try_acquire(&self.id, shared) != Some(false),
            Patience::Until(deadline) => {
                machine::acquire_until(&self.id, shared, deadline) != Some(false)
            }
            Patience::Endless => {
                machine::acquire(&self.id, shared);
                true
            }
        };
        taken.then(|| Taken(self))
    }

    /// [`take`](Self::take), as part of the step before if it is to be had at once.
    #[track_caller]
    pub(super) fn take_next(&self, shared: bool, patience: Patience) -> Option<Taken<'_>> {
        match self.grab(shared) {
            None if patience != Patience::None => self.take(shared, patience),
            grabbed => grabbed,
        }
    }

    /// Takes it as part of the step before, if it is to be had at once.
    pub(super) fn grab(&self, shared: bool) -> Option<Taken<'_>> {
        machine::atomically(|| self.take(shared, Patience::None))
    }

    /// Gives it back, if the thread has it. Not a step.
    pub(super) fn release(&self) {
        machine::release(&self.id);
    }
}

/// A door that is given back when this is dropped, unless it is [kept](Self::keep): whatever fails
/// behind it, by a panic too, leaves it open.
#[must_use = "the door is given back when this is dropped"]
pub(super) struct Taken<'a>(&'a Door);

impl Taken<'_> {
    pub(super) fn keep(self) {
        mem::forget(self);
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.release();
    }
}
