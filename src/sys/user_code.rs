//! A check that no code of the user's runs on a thread that a task has given back.
//!
//! A task gives its thread back just before it reports its end. From then on the thread counts as
//! free, and another task may have been promised to it: a closure, a `Drop` or a panic payload of the
//! user's that blocked there would keep that task from starting.

use std::cell::Cell;

thread_local! {
    static IS_GIVEN_BACK: Cell<bool> = const { Cell::new(false) };
}

/// From now on, the current thread must not run code of the user's.
#[inline]
pub(crate) fn forbid() {
    IS_GIVEN_BACK.set(true);
}

/// The current thread looks for its next task.
#[inline]
pub(crate) fn permit() {
    IS_GIVEN_BACK.set(false);
}

/// Whether the current thread must not run code of the user's.
pub(crate) fn is_forbidden() -> bool {
    IS_GIVEN_BACK.get()
}

/// Checks, in debug builds, that a value of the user's may be dropped here.
#[inline]
#[track_caller]
pub(crate) fn check() {
    debug_assert!(
        !is_forbidden(),
        "a value of the user's is dropped on a thread that was given back"
    );
}
