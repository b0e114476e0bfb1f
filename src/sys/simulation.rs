//! What a simulated machine is to know. Nothing, where there is none.

use std::any::Any;

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

/// Whether a thread that may never be needed is to be started only when it is: in a simulation, where
/// each thread multiplies the schedules, unless the test wants threads to be refused.
#[inline]
pub(crate) fn starts_late() -> bool {
    #[cfg(feature = "sim")]
    return machine::inside() && !machine::refuses_threads();
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

/// Answers a question whose answer decides what is fast and never what is right: `guess`, outside of a
/// simulation; there, the strategy chooses.
#[inline]
pub(crate) fn guess(guess: impl FnOnce() -> bool) -> bool {
    #[cfg(feature = "sim")]
    if let Some(answer) = machine::guess() {
        return answer;
    }
    guess()
}

/// Whether a panic is the end of a simulation that has failed, which all its threads leave.
pub(crate) fn is_ending(payload: &(dyn Any + Send)) -> bool {
    #[cfg(feature = "sim")]
    return machine::is_dismissal(payload);
    #[cfg(not(feature = "sim"))]
    {
        let _: &(dyn Any + Send) = payload;
        false
    }
}

/// In a simulation, other threads may run here: for a step on a word that is no step by itself.
#[inline]
#[cfg_attr(feature = "sim", track_caller)]
pub(crate) fn point() {
    #[cfg(feature = "sim")]
    if machine::inside() {
        machine::step(machine::Kind::Update);
    }
}
