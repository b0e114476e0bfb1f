//! A task as a thread sees it: something to run once, and what to give back before its end is known.

#![expect(
    unsafe_code,
    reason = "a task's allocation may have another owner, which reads its result"
)]

use std::mem;
use std::ptr::NonNull;

use super::limit::NoThread;
use crate::sys::user_code;

/// A task that a thread can run.
///
/// It is run by pointer, not by reference: a reference must not outlive the last use of the task, and
/// another owner may free the task before `run` returns.
///
/// # Safety
///
/// `run` may return [`Owner::Last`] only if no other owner uses the allocation.
pub(crate) unsafe trait Runnable: Send {
    /// Runs the task, or drops it unrun, as `order` says. Drops everything that it captured, then
    /// calls [`Release::now`], and then reports its end. It does not unwind.
    ///
    /// # Safety
    ///
    /// - `task` comes from a `Box`, and is valid until this says that the task is another owner's.
    /// - It is called once for a task.
    unsafe fn run(task: NonNull<Self>, order: Order, release: &mut Release<'_>) -> Owner;
}

/// What becomes of a task.
#[derive(Debug)]
pub(crate) enum Order {
    Run,
    /// It was accepted, and there is no thread for it.
    Refuse(NoThread),
}

/// Who frees the allocation of a task that has run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The thread that ran it.
    Last,
    /// The task's handle, which may have done so already.
    Other,
}

/// A queued task: the owner of its right to run.
pub(crate) struct Job {
    /// Invariant J: it was made from the `Box` of a task of the type for which `run` was made; `run` has
    /// not been called.
    task: NonNull<()>,
    run: unsafe fn(NonNull<()>, Order, &mut Release<'_>),
}

// SAFETY: a `Runnable` is `Send`.
unsafe impl Send for Job {}

impl Job {
    /// Makes a job of a closure, which gets the order and must call [`Release::now`] when the last of
    /// the user's code is over.
    pub(crate) fn once(run: impl FnOnce(Order, &mut Release<'_>) + Send + 'static) -> Self {
        let task = NonNull::from(Box::leak(Box::new(Once(run))));
        // SAFETY:
        // - The pointer comes from a `Box`, and nothing else has it.
        // - The closure borrows nothing.
        unsafe { Job::from_raw(task) }
    }

    /// Makes a job of a task that may have another owner.
    ///
    /// # Safety
    ///
    /// - The pointer comes from a `Box`; it is valid until the job has run, and no other job has it.
    /// - So is what the task borrows.
    pub(crate) unsafe fn from_raw<R: Runnable>(task: NonNull<R>) -> Self {
        Job { task: task.cast(), run: run::<R> }
    }

    /// Carries out `order`.
    #[inline]
    pub(crate) fn run(self, order: Order, release: &mut Release<'_>) {
        let (task, run) = (self.task, self.run);
        mem::forget(self);
        // SAFETY:
        // - `run` was made for a task of this type, by invariant J.
        // - The job is used up here, so this is the only call.
        unsafe { run(task, order, release) };
    }
}

/// Runs a task, and frees it if nobody else does.
///
/// # Safety
///
/// - `task` comes from the `Box` of an `R`, and is valid.
/// - It is called once for a task.
unsafe fn run<R: Runnable>(task: NonNull<()>, order: Order, release: &mut Release<'_>) {
    let task = task.cast::<R>();
    // SAFETY: as above.
    let owner = unsafe { R::run(task, order, release) };
    if owner == Owner::Last {
        // SAFETY: it was a `Box`, and the task says that it has no other owner.
        drop(unsafe { Box::from_raw(task.as_ptr()) });
    }
}

impl Drop for Job {
    /// Only a simulated run that has failed leaves jobs behind: they leak with its threads.
    fn drop(&mut self) {}
}

/// A task with no other owner.
struct Once<F>(F);

// SAFETY: the only owner frees the task itself, and never says that it is the last.
unsafe impl<F: FnOnce(Order, &mut Release<'_>) + Send> Runnable for Once<F> {
    unsafe fn run(task: NonNull<Self>, order: Order, release: &mut Release<'_>) -> Owner {
        // SAFETY: it was a `Box`, and the job is its only owner.
        let Once(run) = *unsafe { Box::from_raw(task.as_ptr()) };
        run(order, release);
        Owner::Other
    }
}

/// What a running task occupies: a slot of its group, and a thread. Both are given back after the last
/// of the user's code and before anybody can learn that the task has ended, so that a thread that
/// learns it and starts another task finds them free.
pub(crate) struct Release<'a> {
    slot: Option<&'a dyn Occupied>,
    thread: Option<&'a dyn Occupied>,
    is_inline: bool,
}

/// Something that a task occupies while it runs.
pub(super) trait Occupied {
    /// Gives it back. Called once, by the thread that runs the task.
    fn give_back(&self);
}

impl<'a> Release<'a> {
    /// For a task that runs on the stack of a thread that waits for it.
    pub(super) fn inline(slot: Option<&'a dyn Occupied>) -> Self {
        Release { slot, thread: None, is_inline: true }
    }

    /// For a task on a thread of the crate's own.
    pub(super) fn worker(slot: Option<&'a dyn Occupied>, thread: Option<&'a dyn Occupied>) -> Self {
        Release { slot, thread, is_inline: false }
    }

    /// Whether [`now`](Self::now) has anything to give back.
    #[inline]
    pub(crate) fn is_needed(&self) -> bool {
        self.slot.is_some() || self.thread.is_some()
    }

    /// Gives slot and thread back. No code of the user's may run after this.
    #[inline]
    pub(crate) fn now(&mut self) {
        for occupied in [self.slot.take(), self.thread.take()].into_iter().flatten() {
            occupied.give_back();
        }
        if !self.is_inline {
            user_code::forbid();
        }
    }
}
