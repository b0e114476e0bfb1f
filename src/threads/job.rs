//! A task as a thread sees it: something to run once, and what to give back before its end is known.

#![expect(
    unsafe_code,
    reason = "a task's allocation may have another owner, which reads its result"
)]

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::mem;
use std::ptr::NonNull;

use super::limit::NoThread;
use crate::sys::user_code;

/// A task that a thread can run.
///
/// # Safety
///
/// `run` may return [`Owner::Last`] only if no other owner uses the allocation.
pub(crate) unsafe trait Runnable: Send + Sync {
    /// Runs the task, or drops it unrun, as `order` says. Drops everything that it captured, then
    /// calls [`Release::now`], and then reports its end. It does not unwind.
    ///
    /// # Safety
    ///
    /// It is called once.
    unsafe fn run(&self, order: Order, release: &mut Release<'_>) -> Owner;
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
    /// The task's handle.
    Other,
}

/// A queued task: the owner of its right to run.
pub(crate) struct Job {
    /// Invariant J: the pointer was made from a `Box`; `run` has not been called.
    task: NonNull<dyn Runnable>,
    owns: PhantomData<Box<dyn Runnable>>,
}

// SAFETY: a `Runnable` is `Send` and `Sync`.
unsafe impl Send for Job {}

impl Job {
    /// Makes a job of a closure, which gets the order and must call [`Release::now`] when the last of
    /// the user's code is over.
    pub(crate) fn once(run: impl FnOnce(Order, &mut Release<'_>) + Send + 'static) -> Self {
        let task = Box::new(Once(UnsafeCell::new(Some(run))));
        // SAFETY: the pointer comes from a `Box`, and nothing else has it.
        unsafe { Job::from_raw(NonNull::from(Box::leak(task))) }
    }

    /// Makes a job of a task that may have another owner.
    ///
    /// # Safety
    ///
    /// The pointer comes from a `Box`; it is valid until the job has run, and no other job has it.
    pub(crate) unsafe fn from_raw(task: NonNull<dyn Runnable>) -> Self {
        Job { task, owns: PhantomData }
    }

    /// Carries out `order`.
    #[inline]
    pub(crate) fn run(self, order: Order, release: &mut Release<'_>) {
        let task = self.task;
        mem::forget(self);
        // SAFETY: the allocation is alive, by invariant J.
        let runnable = unsafe { task.as_ref() };
        // SAFETY: the job is used up here, so this is the only call.
        let owner = unsafe { runnable.run(order, release) };
        if owner == Owner::Last {
            // SAFETY: it was a `Box`, by invariant J, and the task says that it has no other owner.
            drop(unsafe { Box::from_raw(task.as_ptr()) });
        }
    }
}

impl Drop for Job {
    /// Only a simulated run that has failed leaves jobs behind: they leak with its threads.
    fn drop(&mut self) {}
}

/// A task with no other owner.
struct Once<F>(UnsafeCell<Option<F>>);

// SAFETY: the closure is taken out by the only call of `run`; before, no thread looks at it.
unsafe impl<F: Send> Sync for Once<F> {}

// SAFETY: the job is the only owner.
unsafe impl<F: FnOnce(Order, &mut Release<'_>) + Send> Runnable for Once<F> {
    unsafe fn run(&self, order: Order, release: &mut Release<'_>) -> Owner {
        // SAFETY: this is the only call, so there is no other reference.
        let run = unsafe { (*self.0.get()).take() };
        if let Some(run) = run {
            run(order, release);
        }
        Owner::Last
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

    /// For a task that never got a thread.
    pub(crate) fn nothing() -> Release<'static> {
        Release { slot: None, thread: None, is_inline: true }
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
