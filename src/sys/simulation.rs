//! What a simulated machine is to know. Nothing, where there is none.

#[cfg(feature = "sim")]
use crate::sim::machine::{self, Idle};

/// Whether this thread runs in a simulation, where spinning helps nobody.
#[inline]
pub(crate) fn is_simulated() -> bool {
    #[cfg(feature = "sim")]
    return machine::inside();
    #[cfg(not(feature = "sim"))]
    false
}

/// Calls `wait`, which waits for work, and leaves if there is none.
#[inline]
pub(crate) fn idling<R>(wait: impl FnOnce() -> R) -> R {
    #[cfg(feature = "sim")]
    return machine::idling(Idle::Spare, wait);
    #[cfg(not(feature = "sim"))]
    wait()
}

/// Calls `wait`, in which a thread that serves others waits for them, or for the time that they wait
/// for.
#[inline]
pub(crate) fn serving<R>(wait: impl FnOnce() -> R) -> R {
    #[cfg(feature = "sim")]
    return machine::idling(Idle::Serving, wait);
    #[cfg(not(feature = "sim"))]
    wait()
}

/// Says that the current thread is in a call that may block, by the name that its users know, for as
/// long as the result lives.
#[cfg(feature = "sim")]
#[track_caller]
pub(crate) fn blocking_call(name: &'static str) -> machine::InCall {
    machine::in_call(name)
}

/// Says nothing.
#[cfg(not(feature = "sim"))]
#[inline]
pub(crate) fn blocking_call(_name: &'static str) -> Unseen {
    Unseen
}

/// A call that nobody looks at.
#[cfg(not(feature = "sim"))]
#[must_use = "the call is over when the guard is dropped"]
pub(crate) struct Unseen;

/// Chooses one of some things that are as good as each other: the first, outside of a simulation.
#[inline]
pub(crate) fn choose(how_many: impl FnOnce() -> usize) -> usize {
    if !is_simulated() {
        return 0;
    }
    #[cfg(feature = "sim")]
    return machine::choose(how_many()).unwrap_or(0);
    #[cfg(not(feature = "sim"))]
    how_many()
}
