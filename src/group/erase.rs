//! The one place where a task forgets how long its borrows live.
//!
//! A thread of the cache runs `'static` jobs; a task of a scope borrows from the stack of whoever
//! opened the scope. The scope keeps the peace: it does not return before each of its tasks has
//! been run or dropped, with all that it captured. [`fenced`] is that promise, [`Fence`] the proof
//! of being inside.

#![expect(unsafe_code, reason = "the lifetime of a scoped task is erased here")]

use std::marker::PhantomData;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::thread;

use super::core::{Admitted, Core};
use super::packet::Promised;
use super::task::Task;
use super::turn::Member;

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
    /// Whatever `member` borrows must outlive `'s`, or be a type parameter of the function that
    /// opened the fence. (Not a bound on `M`: it would make the group's error outlive `'s`.)
    pub(super) fn launch<M: Member>(&self, admitted: Admitted, member: Arc<M>) {
        let member: Arc<dyn Member + '_> = member;
        // SAFETY: the types differ in a lifetime only. What `member` borrows outlives `'s`, and
        // `'s` lasts until `fenced` has waited.
        // - The core has counted the task in, and counts it out after it has been run, and let go
        //   of by everybody but its handle, which does not outlive `'s`.
        // - `fenced` waits for the count to be zero, however its body ends.
        // - A fence for `'static` borrows nothing.
        let member = unsafe { mem::transmute::<Arc<dyn Member + '_>, Arc<dyn Member>>(member) };
        self.core.launch(admitted, member);
    }

    /// Makes the handle of a task; of what `promised` borrows, as of [`launch`](Self::launch).
    pub(super) fn handle<T, P: Promised<T>>(&self, promised: Arc<P>) -> Task<'s, T> {
        debug_assert!(Arc::ptr_eq(promised.core(), &self.core), "a task of this group");
        let promised: Arc<dyn Promised<T> + '_> = promised;
        // SAFETY: the types differ in a lifetime only. What `promised` borrows outlives `'s`, and
        // the handle does not.
        let promised = unsafe {
            mem::transmute::<Arc<dyn Promised<T> + '_>, Arc<dyn Promised<T> + 's>>(promised)
        };
        Task::new(promised)
    }
}
