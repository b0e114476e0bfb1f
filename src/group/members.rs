//! What the tasks of one group share: a context, a run queue, the first panic.

use std::panic::{self, AssertUnwindSafe, RefUnwindSafe, UnwindSafe};
use std::time::Instant;

use crate::context::{Canceller, Context};
use crate::refused::Refusal;
use crate::sys::atomic::{HintBool, Relaxed};
use crate::sys::{self, Mutex};
use crate::threads::{self, GroupQueue, Options, Spec};
use crate::unwind::{Payload, drop_quietly};
use crate::wait::{Cancelled, Cause, Interrupted, Until};

pub(super) struct Members {
    context: Context,
    canceller: Canceller,
    pub(super) queue: GroupQueue,
    spec: Spec,
    is_limited: bool,
    /// Whether a starter at the limit runs queued tasks on its own stack.
    caller_runs: bool,
    first_panic: Mutex<Option<Payload>>,
    /// Whether there was a panic: a look at this takes no lock.
    has_panicked: HintBool,
}

/// The options of a group.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    pub(super) context: Context,
    pub(super) deadline: Option<Instant>,
    pub(super) limit: Option<usize>,
    pub(super) spec: Spec,
    pub(super) caller_runs: bool,
    pub(super) inline: bool,
}

/// How a task gets a slot of the group's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// There is no limit.
    Unlimited,
    Taken,
    /// It has none yet: it is started by a task of the group at the limit, and queued.
    Awaited,
}

impl Members {
    /// For a scope, whose thread waits for the tasks whatever happens.
    pub(super) fn of_scope(setup: Setup) -> Self {
        Members::new(setup, true)
    }

    /// For a group that its owner may leave behind.
    pub(super) fn of_owner(setup: Setup) -> Self {
        Members::new(setup, false)
    }

    fn new(setup: Setup, is_scope: bool) -> Self {
        let Setup { context: parent, deadline, limit, spec, caller_runs, inline } = setup;
        let (context, canceller) = match deadline {
            Some(deadline) => parent.with_cancel_deadline(deadline),
            None => parent.with_cancel(),
        };
        let stack = spec.stack_size.unwrap_or_else(Spec::promised_stack);
        let queue = GroupQueue::new(Options { limit, stack, inline, counts: true, is_scope });
        let is_limited = limit.is_some();
        Members {
            context,
            canceller,
            queue,
            spec,
            is_limited,
            caller_runs,
            first_panic: Mutex::new(None),
            has_panicked: HintBool::new(false),
        }
    }

    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    pub(super) fn spec(&self) -> &Spec {
        &self.spec
    }

    pub(super) fn running(&self) -> usize {
        self.queue.count.running()
    }

    /// Finds a slot for a task; waits for one if `waits`.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(super) fn slot(&self, waits: bool) -> Result<Slot, Refusal> {
        if !self.is_limited {
            return Ok(Slot::Unlimited);
        }
        if self.queue.try_take_slot() {
            return Ok(Slot::Taken);
        }
        if !waits {
            return Err(Refusal::Limit);
        }
        if threads::is_current(&self.queue) {
            return Ok(Slot::Awaited);
        }
        while self.caller_runs && threads::run_oldest(&self.queue) {
            if self.queue.try_take_slot() {
                return Ok(Slot::Taken);
            }
        }
        let _call = sys::blocking_call("ErrGroup::go, at the limit");
        match threads::wait_for_slot(&self.queue, Until::from(&self.context)) {
            Ok(()) => Ok(Slot::Taken),
            Err(Interrupted::Cancelled(cause)) => Err(Refusal::Cancelled(Cancelled::new(cause))),
            Err(Interrupted::TimedOut | Interrupted::HeldUp(_)) => {
                Err(Refusal::Cancelled(Cancelled::new(Cause::CANCELLED)))
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
        // Relaxed: a thread that has waited for the task sees it, since the task is counted out later.
        self.has_panicked.store(true, Relaxed);
        let surplus = if first.is_none() { first.replace(payload) } else { Some(payload) };
        drop(first);
        drop_quietly(surplus);
    }

    pub(super) fn take_panic(&self) -> Option<Payload> {
        // Relaxed: see `keep_panic`.
        if self.has_panicked.load(Relaxed) { self.first_panic.lock().take() } else { None }
    }

    /// Cancels the group. A panic of a callback on its context is the group's.
    pub(super) fn cancel(&self, why: &str) {
        self.cancel_with(&Cause::because(why.into()));
    }

    /// The same with a cause that is there already.
    pub(super) fn cancel_with(&self, cause: &Cause) {
        // AssertUnwindSafe: the callbacks are used up.
        let cancelled = panic::catch_unwind(AssertUnwindSafe(|| self.canceller.cancel_with(cause)));
        if let Err(payload) = cancelled {
            self.keep_panic(payload);
        }
    }

    /// Waits until no task is running or queued.
    #[cfg_attr(feature = "sim", track_caller)]
    pub(super) fn wait_until(&self, until: Until<'_>) -> Result<(), Interrupted> {
        let _call = sys::blocking_call("ErrGroup::wait");
        threads::see_to(&self.queue);
        self.queue.count.wait(until).map_err(|why| threads::explain(&self.queue, why))
    }

    /// Waits without a bound, and first runs what has not begun.
    #[cfg_attr(feature = "sim", track_caller)]
    pub(super) fn wait(&self) {
        if self.queue.count.is_zero() {
            return;
        }
        threads::drain(&self.queue, false);
        let _call = sys::blocking_call("ErrGroup::wait");
        threads::wait_unbounded(&self.queue, |until| self.queue.count.wait(until));
    }

    /// Whether the calling thread is inside a task of this group, however deeply nested in scopes: the
    /// group cannot end before it.
    pub(super) fn is_inside(&self) -> bool {
        threads::is_inside(&self.queue)
    }

    /// The same, or inside a group that was created in such a task, which may be waiting for it.
    pub(super) fn may_be_inside(&self) -> bool {
        threads::may_be_inside(&self.queue)
    }
}

// No lock of a group is held while user code runs.
impl UnwindSafe for Members {}
impl RefUnwindSafe for Members {}
