//! What all groups have in common: a context, a count, a limit, a place for the first panic.
//!
//! A core holds no value of the user's types, so a thread may still hold it after the group is
//! gone. From the start of a task to its end:
//!
//! 1. [`admit`](Core::admit): a slot, then a thread, before anything is boxed: a refused task is
//!    still in its caller's hands;
//! 2. [`launch`](Core::launch): counted in, and handed over;
//! 3. `work`, on the other thread: run; give the slot back; go idle; count out. The count comes
//!    last, when everything that the task captured or returned is gone or delivered.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;

use super::erase::Erased;
use super::slots::Slots;
use crate::context::{Canceller, Context};
use crate::refused::Refusal;
use crate::sys::atomic::{AtomicUsize, Relaxed};
use crate::threads::{self, Claimed, Finish, Spec};
use crate::unwind::{Payload, drop_quietly};
use crate::wait::{Cause, Interrupted, Until};
use crate::wait_group::WaitGroup;

pub(super) struct Core {
    context: Context,
    canceller: Canceller,
    running: WaitGroup,
    started: AtomicUsize,
    slots: Option<Slots>,
    spec: Spec,
    first_panic: Mutex<Option<Payload>>,
}

thread_local! {
    /// The group whose task this thread is running, by the address of its core; zero if none.
    static CURRENT: Cell<usize> = const { Cell::new(0) };
}

/// How a task got in.
pub(super) enum Admitted {
    /// With a slot and a thread.
    Thread(Claimed),
    /// Into the queue of its group, since it is started by a task at the limit.
    Queue,
    /// Not at all: the group has stopped.
    Skipped(Cause),
}

impl Core {
    pub(super) fn new(
        parent: &Context,
        deadline: Option<Instant>,
        limit: Option<usize>,
        spec: Spec,
    ) -> Arc<Self> {
        let (context, canceller) = match deadline {
            Some(deadline) => parent.with_deadline(deadline),
            None => parent.with_cancel(),
        };
        Arc::new(Core {
            context,
            canceller,
            running: WaitGroup::new(),
            started: AtomicUsize::new(0),
            slots: limit.map(Slots::new),
            spec,
            first_panic: Mutex::new(None),
        })
    }

    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    pub(super) fn spec(&self) -> &Spec {
        &self.spec
    }

    pub(super) fn running(&self) -> usize {
        self.running.running()
    }

    /// The index of the next task, in the order of starting.
    pub(super) fn next_index(&self) -> usize {
        // Relaxed: a number, no more.
        self.started.fetch_add(1, Relaxed)
    }

    /// Finds a slot and a thread for a task; waits for a slot if `patient`.
    pub(super) fn admit(self: &Arc<Self>, spec: &Spec, patient: bool) -> Result<Admitted, Refusal> {
        if let Some(cause) = self.context.cause() {
            return turn_away(cause, patient);
        }
        if let Some(slots) = &self.slots {
            if patient && self.is_current() {
                if !slots.try_take() {
                    return Ok(Admitted::Queue);
                }
            } else if patient {
                if let Err(Interrupted::Cancelled(cause)) = slots.take(Until::from(&self.context)) {
                    return turn_away(cause, patient);
                }
            } else if !slots.try_take() {
                return Err(Refusal::Limit);
            }
        }
        threads::claim(spec).map(Admitted::Thread).map_err(|error| {
            self.give_slot_back();
            Refusal::Thread(error)
        })
    }

    /// A slot that was taken for nothing: it may now be due to a queued task.
    fn give_slot_back(self: &Arc<Self>) {
        let mut next = self.slots.as_ref().and_then(Slots::give_back);
        while let Some(task) = next {
            next = self.perform(task);
            self.running.done();
        }
    }

    /// Starts a task that has been admitted; gives it back if it was not.
    pub(super) fn launch(self: &Arc<Self>, index: usize, admitted: Admitted, task: Erased) {
        self.running.add(1);
        match (admitted, &self.slots) {
            (Admitted::Thread(claimed), _) => {
                let core = Arc::clone(self);
                claimed.run(move |finish| core.work(task, finish));
            }
            (Admitted::Queue, Some(slots)) => slots.queue(index, task),
            (Admitted::Queue, None) | (Admitted::Skipped(_), _) => {
                unreachable!("only a limit queues, and what is skipped is not launched")
            }
        }
    }

    fn work(self: Arc<Self>, task: Erased, finish: Finish<'_>) {
        let mut finish = Some(finish);
        let mut next = Some(task);
        while let Some(task) = next {
            next = self.perform(task);
            if next.is_none() {
                finish = None; // idle before anybody learns that the task is done
            }
            self.running.done();
        }
        drop(finish);
    }

    /// Runs a task in a slot; the slot then goes to the queued task that is returned.
    fn perform(self: &Arc<Self>, task: Erased) -> Option<Erased> {
        self.run_as_current(task);
        self.slots.as_ref().and_then(Slots::give_back)
    }

    fn run_as_current(self: &Arc<Self>, task: Erased) {
        let before = CURRENT.replace(self.address());
        task.run(self);
        CURRENT.set(before);
    }

    /// Runs a queued task of this group on the calling thread, which runs another task of it and
    /// is about to wait for this one.
    pub(super) fn help(self: &Arc<Self>, index: usize) {
        let Some(slots) = &self.slots else { return };
        if self.is_current() {
            if let Some(task) = slots.unqueue(index) {
                self.run_as_current(task);
                self.running.done();
            }
        }
    }

    fn is_current(self: &Arc<Self>) -> bool {
        CURRENT.get() == self.address()
    }

    fn address(self: &Arc<Self>) -> usize {
        Arc::as_ptr(self).addr()
    }

    /// Keeps the first panic, and cancels the group.
    pub(super) fn panicked(&self, payload: Payload) {
        let mut first = self.first_panic.lock();
        let surplus = if first.is_none() { first.replace(payload) } else { Some(payload) };
        drop(first);
        self.cancel("a task of the group panicked");
        drop_quietly(surplus);
    }

    pub(super) fn take_panic(&self) -> Option<Payload> {
        self.first_panic.lock().take()
    }

    pub(super) fn cancel(&self, why: &str) {
        if !self.context.is_cancelled() {
            self.canceller.cancel_because(why);
        }
    }

    /// Waits until no task is running or queued.
    pub(super) fn wait_until(&self, until: Until<'_>) -> Result<(), Interrupted> {
        self.running.wait_until(until)
    }

    pub(super) fn wait(&self) {
        self.running.wait();
    }
}

fn turn_away(cause: Cause, patient: bool) -> Result<Admitted, Refusal> {
    if patient { Ok(Admitted::Skipped(cause)) } else { Err(Refusal::Cancelled(cause)) }
}
