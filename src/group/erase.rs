//! The one place where a task forgets how long its borrows live.
//!
//! A thread of the cache runs `'static` jobs; a task of a scope borrows from the stack of whoever
//! opened the scope. The scope keeps the peace: it does not return before each of its tasks has
//! been run or dropped, with all that it captured. [`fenced`] is that promise, [`Fence`] the proof
//! of being inside.

#![expect(unsafe_code, reason = "the lifetime of a scoped task is erased here")]

use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::thread;

use super::core::{Admitted, Core};
use super::slots::Queued;
use super::turn::Turn;
use crate::threads::Spec;

/// Proof that the tasks of a group end before `'s` does.
pub(super) struct Fence<'s, 'env: 's> {
    core: Arc<Core>,
    scope: PhantomData<&'s mut &'s ()>,
    env: PhantomData<&'env mut &'env ()>,
}

impl Clone for Fence<'_, '_> {
    fn clone(&self) -> Self {
        Fence::around(&self.core)
    }
}

/// Runs `body` inside a fence: returns, with its result or its panic, when every task that was
/// started through the fence has ended.
pub(super) fn fenced<'env, R>(
    core: &Arc<Core>,
    body: impl for<'s> FnOnce(Fence<'s, 'env>) -> R,
) -> thread::Result<R> {
    // AssertUnwindSafe: the caller gets the panic, and decides.
    let result = panic::catch_unwind(AssertUnwindSafe(|| body(Fence::around(core))));
    if result.is_err() {
        core.cancel("the body of the group panicked");
    }
    // `'s` ends here. No fence is left but in tasks that are still running, which are counted.
    core.wait();
    result
}

impl Fence<'static, 'static> {
    /// No fence is needed around what borrows nothing.
    pub(super) fn open(core: &Arc<Core>) -> Self {
        Fence::around(core)
    }
}

impl<'s, 'env: 's> Fence<'s, 'env> {
    fn around(core: &Arc<Core>) -> Self {
        Fence { core: Arc::clone(core), scope: PhantomData, env: PhantomData }
    }

    pub(super) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Starts a task that has been admitted to the group.
    ///
    /// Whatever `task` borrows must outlive `'s`, or be a type parameter of the function that
    /// opened the fence. (Not a bound on `F`: it would make the group's error outlive `'s`.)
    pub(super) fn launch<F>(&self, admitted: Admitted, index: usize, spec: &Spec, task: F)
    where
        F: FnOnce(&mut Turn<'_>) + Send,
    {
        // SAFETY: what `task` borrows outlives `'s`, and `'s` lasts until `fenced` has waited.
        // - The core has counted the task in, and counts it out after it has been run or dropped.
        // - `fenced` waits for the count to be zero, however its body ends.
        // - A fence for `'static` borrows nothing.
        let task = unsafe { Erased::new(task) };
        self.core.launch(admitted, Queued { index, spec: spec.clone(), task });
    }
}

/// A task whose type, and whose borrows, have been forgotten.
///
/// Invariant: `data` comes from `Box::<F>::into_raw`, for the `F` of both functions, and is owned
/// by this value.
pub(super) struct Erased {
    data: *mut (),
    run: unsafe fn(*mut (), &mut Turn<'_>),
    discard: unsafe fn(*mut ()),
}

// SAFETY: `new` requires the task to be `Send`, and the task is all there is.
unsafe impl Send for Erased {}

impl Erased {
    /// Forgets the type of a task, and how long its borrows live.
    ///
    /// # Safety
    ///
    /// The value is run or dropped before anything that `task` borrows ends.
    pub(super) unsafe fn new<F: FnOnce(&mut Turn<'_>) + Send>(task: F) -> Self {
        let data = Box::into_raw(Box::new(task)).cast();
        Erased { data, run: run::<F>, discard: discard::<F> }
    }

    /// Runs the task. Everything it captured is gone when this returns.
    pub(super) fn run(self, turn: &mut Turn<'_>) {
        let task = ManuallyDrop::new(self);
        // SAFETY: by the invariant `data` is an owned box of the `F` of `run`, and `ManuallyDrop`
        // keeps `discard` from owning it too.
        unsafe { (task.run)(task.data, turn) }
    }
}

impl Drop for Erased {
    fn drop(&mut self) {
        // SAFETY: by the invariant `data` is an owned box of the `F` of `discard`; `run` has not
        // taken it, since it never drops its `self`.
        unsafe { (self.discard)(self.data) }
    }
}

/// # Safety
///
/// `data` is an owned `Box<F>`.
unsafe fn run<F: FnOnce(&mut Turn<'_>)>(data: *mut (), turn: &mut Turn<'_>) {
    // SAFETY: the caller's promise.
    let task = unsafe { Box::from_raw(data.cast::<F>()) };
    task(turn);
}

/// # Safety
///
/// `data` is an owned `Box<F>`.
unsafe fn discard<F>(data: *mut ()) {
    // SAFETY: the caller's promise.
    drop(unsafe { Box::from_raw(data.cast::<F>()) });
}
