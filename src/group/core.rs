//! What all groups have in common: a context, a count, a limit, a place for the first panic.
//!
//! From the start of a task to its end:
//!
//! 1. [`admit`](Core::admit): counted in; a slot, then a thread, before anything is boxed: a refused
//!    task is still in its caller's hands;
//! 2. [`launch`](Core::launch): handed over, or queued;
//! 3. `work`, on the other thread: run; give the slot back; let go of the core; go idle; count out.
//!    The count comes last, when everything that the task captured or returned is gone or
//!    delivered. What the thread still holds then is the count alone, and nothing of the user's.

use std::cell::Cell;
use std::mem;
use std::panic::{self, AssertUnwindSafe, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;

use super::erase::Erased;
use super::slots::{Queued, Slots};
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
    running: Arc<WaitGroup>,
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
    pub(super) fn launch(self: &Arc<Self>, admitted: Admitted, queued: Queued) {
        match (admitted, &self.slots) {
            (Admitted::Thread(claimed), _) => self.hand_over(claimed, queued),
            (Admitted::Queue, Some(slots)) => {
                if let Some(queued) = slots.queue(queued) {
                    self.run_in_slot(queued);
                }
            }
            (Admitted::Queue, None) | (Admitted::Skipped(_), _) => {
                unreachable!("only a limit queues, and what is skipped is not launched")
            }
        }
    }

    /// Runs a task, for which there is a slot, on a thread of its own; on this thread, which runs
    /// another task of the group, only if the operating system refuses one.
    fn run_in_slot(self: &Arc<Self>, queued: Queued) {
        if let Ok(claimed) = threads::claim(&queued.spec) {
            self.hand_over(claimed, queued);
        } else {
            self.perform(queued.task);
            self.give_slot_back();
        }
    }

    fn hand_over(self: &Arc<Self>, claimed: Claimed, queued: Queued) {
        let core = Arc::clone(self);
        claimed.run(move |finish| core.work(queued, finish));
    }

    /// The life of a thread that was given a task: that task, and the queued ones whose turn it is
    /// when a slot comes free.
    fn work(self: Arc<Self>, first: Queued, finish: Finish<'_>) {
        let running = Arc::clone(&self.running);
        let last = CountedOut(&running);
        self.run_as_current(first.task);
        while let Some(next) = self.slots.as_ref().and_then(Slots::give_back) {
            if next.spec == first.spec && !next.spec.own_thread {
                self.perform(next.task);
            } else {
                self.run_in_slot(next);
                break;
            }
        }
        drop(self);
        drop(finish); // idle before anybody learns that the task is done
        drop(last);
    }

    /// A slot that was taken for nothing: it may now be due to a queued task.
    fn give_slot_back(self: &Arc<Self>) {
        while let Some(queued) = self.slots.as_ref().and_then(Slots::give_back) {
            self.perform(queued.task);
        }
    }

    /// Runs a task on this thread, and counts it out.
    fn perform(self: &Arc<Self>, task: Erased) {
        let _counted = CountedOut(&self.running);
        self.run_as_current(task);
    }

    fn run_as_current(self: &Arc<Self>, task: Erased) {
        let before = CURRENT.replace(self.address());
        task.run(self);
        CURRENT.set(before);
    }

    /// Runs a queued task of this group for the calling thread, which runs another task of it and
    /// is about to wait for this one: in its slot, and on its thread if any thread will do.
    pub(super) fn help(self: &Arc<Self>, index: usize) {
        let Some(slots) = &self.slots else { return };
        if !self.is_current() {
            return;
        }
        let Some(queued) = slots.unqueue(index) else { return };
        if !queued.spec.own_thread && queued.spec.stack_size == self.spec.stack_size {
            return self.perform(queued.task);
        }
        match threads::claim(&queued.spec) {
            Ok(claimed) => {
                let core = Arc::clone(self);
                claimed.run(move |finish| core.work_in_a_lent_slot(queued.task, finish));
            }
            Err(_) => self.perform(queued.task),
        }
    }

    fn work_in_a_lent_slot(self: Arc<Self>, task: Erased, finish: Finish<'_>) {
        let running = Arc::clone(&self.running);
        let last = CountedOut(&running);
        self.run_as_current(task);
        drop(self);
        drop(finish);
        drop(last);
    }

    /// Whether this thread is running a task of this group, and no inner one.
    pub(super) fn is_current(self: &Arc<Self>) -> bool {
        CURRENT.get() == self.address()
    }

    fn address(self: &Arc<Self>) -> usize {
        Arc::as_ptr(self).addr()
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

    pub(super) fn wait(&self) {
        self.running.wait();
    }
}

// No lock of a core is held while user code runs.
impl UnwindSafe for Core {}
impl RefUnwindSafe for Core {}

/// Counts a task out when it is dropped, whatever happens.
struct CountedOut<'a>(&'a WaitGroup);

impl Drop for CountedOut<'_> {
    fn drop(&mut self) {
        self.0.done();
    }
}

fn turn_away(cause: Cause, patient: bool) -> Result<Admitted, Refusal> {
    if patient { Ok(Admitted::Skipped(cause)) } else { Err(Refusal::Cancelled(cause)) }
}
