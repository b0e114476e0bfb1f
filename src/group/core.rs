//! What all groups have in common: a context, a count, a limit, a place for the first panic.
//!
//! From the start of a task to its end:
//!
//! 1. [`admit`](Core::admit): counted in; a slot, then a thread, before anything is boxed: a refused
//!    task is still in its caller's hands;
//! 2. [`launch`](Core::launch): handed over, or queued;
//! 3. a [`Turn`](super::turn::Turn), on the other thread: run; leave the value for the handle, or
//!    drop it if there is none; give back the slot and the thread; tell the handle; count out. No
//!    value is dropped once the thread is another task's: its drop may block. The count comes last,
//!    when everything that the task captured or returned is gone or the handle's.

use std::mem;
use std::panic::{self, AssertUnwindSafe, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::Instant;

use super::slots::Slots;
use super::turn::{CountedOut, Member};
use crate::context::{Canceller, Context};
use crate::refused::Refusal;
use crate::sys::atomic::{AtomicUsize, Relaxed};
use crate::sys::{self, Mutex};
use crate::threads::{self, Claimed, Spec};
use crate::unwind::{Payload, drop_quietly};
use crate::wait::{Cause, Interrupted, Until};
use crate::wait_group::WaitGroup;

pub(super) struct Core {
    context: Context,
    canceller: Canceller,
    pub(super) running: Arc<WaitGroup>,
    started: AtomicUsize,
    pub(super) slots: Option<Slots>,
    spec: Spec,
    first_panic: Mutex<Option<Payload>>,
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
            running: Arc::new(WaitGroup::new()),
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

    /// Counts a task in, and finds a slot and a thread for it; waits for a slot if `patient`.
    ///
    /// # Errors
    ///
    /// Why there is none. The task is not counted.
    pub(super) fn admit(self: &Arc<Self>, spec: &Spec, patient: bool) -> Result<Admitted, Refusal> {
        // Counted before the look at the context, so that a group that has been cancelled and then
        // waited for starts nothing any more.
        self.running.add(1);
        let counted = CountedOut(&self.running);
        if let Some(cause) = self.context.ended() {
            return turn_away(cause, patient);
        }
        if let Some(slots) = &self.slots {
            if patient && self.is_current() {
                if !slots.try_take() {
                    mem::forget(counted);
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
        match threads::claim(spec) {
            Ok(claimed) => {
                mem::forget(counted);
                Ok(Admitted::Thread(claimed))
            }
            Err(error) => {
                self.give_slot_back();
                Err(Refusal::Thread(error))
            }
        }
    }

    /// Starts a task that has been admitted with a thread or for the queue.
    pub(super) fn launch(self: &Arc<Self>, admitted: Admitted, member: Arc<dyn Member>) {
        match (admitted, &self.slots) {
            (Admitted::Thread(claimed), _) => {
                claimed.run_shared(self.id(member.index()), member.into_runnable());
            }
            (Admitted::Queue, Some(slots)) => {
                if let Some(member) = slots.queue(member) {
                    self.run_in_slot(member);
                }
            }
            (Admitted::Queue, None) | (Admitted::Skipped(_), _) => {
                unreachable!("only a limit queues, and what is skipped is not launched")
            }
        }
    }

    /// Keeps the first panic, and cancels the group.
    pub(super) fn panicked(&self, payload: Payload) {
        self.keep_panic(payload);
        self.cancel("a task of the group panicked");
    }

    fn keep_panic(&self, payload: Payload) {
        let mut first = self.first_panic.lock();
        let surplus = if first.is_none() { first.replace(payload) } else { Some(payload) };
        drop(first);
        drop_quietly(surplus);
    }

    pub(super) fn take_panic(&self) -> Option<Payload> {
        self.first_panic.lock().take()
    }

    /// Cancels the group. A panic of a callback on its context is the group's.
    pub(super) fn cancel(&self, why: &str) {
        // AssertUnwindSafe: the callbacks are used up.
        let cancelled =
            panic::catch_unwind(AssertUnwindSafe(|| self.canceller.cancel_because(why)));
        if let Err(payload) = cancelled {
            self.keep_panic(payload);
        }
    }

    /// Waits until no task is running or queued.
    pub(super) fn wait_until(&self, until: Until<'_>) -> Result<(), Interrupted> {
        self.running.wait_until(until)
    }

    /// Waits without a bound, and first runs what has not started.
    pub(super) fn wait(self: &Arc<Self>) {
        threads::run_group_here(self.address());
        let _call = sys::blocking_call("ErrGroup::wait");
        self.running.wait();
    }
}

// No lock of a core is held while user code runs.
impl UnwindSafe for Core {}
impl RefUnwindSafe for Core {}

fn turn_away(cause: Cause, patient: bool) -> Result<Admitted, Refusal> {
    if patient { Ok(Admitted::Skipped(cause)) } else { Err(Refusal::Cancelled(cause)) }
}
