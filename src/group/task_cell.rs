//! A task, its closure and its result: one allocation with two owners, and the promise of a scope.
//!
//! The thread that runs the task and the task's handle share the allocation. Neither counts
//! references: the word that tells one what the other has done also tells who frees it.
//!
//! A worker runs `'static` jobs; a task of a scope borrows from the stack of the thread that opened the
//! scope. [`with_scope`] is the promise that makes this sound: it does not return before each of its
//! tasks has been run or dropped, with all that it captured. A [`Spawner`] is the proof of being inside.

#![expect(
    unsafe_code,
    reason = "the lifetime of a task is erased, and its allocation shared, here"
)]

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::Duration;

use super::ended::{Ended, Outcome, Policy, carry_out, skip};
use super::members::{Members, Slot};
use super::stopped::Label;
use crate::context::Context;
use crate::refused::{Refusal, Refused};
use crate::sys;
use crate::sys::atomic::{AcqRel, Acquire, AtomicU32, AtomicUsize, Relaxed, Release};
use crate::threads::{self, Guess, Job, Order, Owner, RunQueue, Runnable, Spec, Start};
use crate::unwind::{drop_caught, drop_quietly};
use crate::wait::{Cancelled, Cause, Interrupted, Until, WaitQueue};

/// The result is there, and is the handle's.
const LEFT: u32 = 1;
/// The task has ended: its slot and its thread are free.
const DONE: u32 = 1 << 1;
/// The thread does not use the allocation any longer.
const PARTED: u32 = 1 << 2;
/// The handle is gone.
const GONE: u32 = 1 << 3;
/// A thread may be waiting for `DONE` in the queue.
const WAITING: u32 = 1 << 4;

/// How often a scope looks for its end if its thread cannot wait in the usual way.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// A task of a group with the policy `P`.
///
/// Invariant C: the cell is alive until both owners have let go of it: the thread by `PARTED`, the handle
/// by `GONE`. A reference to it, or to its head, does not outlive the step by which its owner lets go.
struct TaskCell<F, T, E, P> {
    head: Head<T>,
    /// Invariant P: valid until the task has been counted out of its group.
    policy: NonNull<P>,
    /// Invariant F: used by the thread that runs the task, and by no other.
    f: UnsafeCell<Option<F>>,
    error: PhantomData<fn() -> E>,
}

/// What the handle of a task sees of it.
struct Head<T> {
    /// | bit       | meaning                                 | set by                          |
    /// |-----------|-----------------------------------------|---------------------------------|
    /// | `LEFT`    | the result is there, and the handle's   | the thread, with `result` full  |
    /// | `DONE`    | the task has ended                      | the thread, with or after `LEFT`|
    /// | `PARTED`  | the thread has let go of the cell       | the thread, with or after `DONE`|
    /// | `GONE`    | the handle has let go of the cell       | the handle, once                |
    /// | `WAITING` | the queue of `joiners` may not be empty | the handle, under its lock, before `DONE` |
    ///
    /// No bit is ever cleared. Of `PARTED` and `GONE`, the one that comes second frees the cell. A
    /// thread that finds `GONE` before it sets `LEFT` is the only owner, and needs no further step.
    state: AtomicU32,
    index: AtomicUsize,
    name: Option<Arc<str>>,
    /// Invariant Q: valid while the scope lasts. In a group that the handle may outlive, `keeps` is used.
    queue: NonNull<Arc<RunQueue>>,
    keeps: Option<Arc<RunQueue>>,
    /// Invariant R: written and read by the thread before `LEFT`, by the handle afterwards.
    result: UnsafeCell<Option<Outcome<T>>>,
    joiners: WaitQueue,
}

// SAFETY: invariants F and R say which thread uses the closure and the result; what they hold is `Send`.
// The policy and the queue are used by shared reference.
unsafe impl<F: Send, T: Send, E, P: Sync> Send for TaskCell<F, T, E, P> {}
// SAFETY: as above.
unsafe impl<F: Send, T: Send, E, P: Sync> Sync for TaskCell<F, T, E, P> {}

/// A task as its handle sees it, whatever its closure.
trait Joinable<T>: Send + Sync {
    fn head(&self) -> &Head<T>;
}

impl<F: Send, T: Send, E, P: Sync> Joinable<T> for TaskCell<F, T, E, P> {
    fn head(&self) -> &Head<T> {
        &self.head
    }
}

// SAFETY: `Last` is returned only if the handle has set `GONE`, and so has let go of the cell.
unsafe impl<F, T, E, P> Runnable for TaskCell<F, T, E, P>
where
    F: FnOnce(&Context) -> Result<T, E> + Send,
    T: Send,
    P: Policy<T, E>,
{
    unsafe fn run(task: NonNull<Self>, order: Order, release: &mut threads::Release<'_>) -> Owner {
        let task = task.as_ptr();
        // SAFETY: invariant C: the thread has not let go of the cell.
        let policy = unsafe { (*task).policy };
        // SAFETY: invariant P: the task is counted in.
        let policy = unsafe { policy.as_ref() };
        // SAFETY: invariant C, as above.
        let f = unsafe { &(*task).f };
        // SAFETY: invariant F: this is the thread that runs it.
        let f = unsafe { (*f.get()).take() };
        let Some(f) = f else { unreachable!("a task is run once") };
        let ended = carry_out(order, policy.members().context(), f);
        // SAFETY: invariant C, as above.
        let label = unsafe { &(*task).head }.label();
        let result = policy.settle(label, ended);
        // SAFETY: invariant C, as above.
        let head = unsafe { &raw const (*task).head };
        // SAFETY:
        // - Invariant C, as above.
        // - It is called once, by the thread that runs the task.
        unsafe { Head::leave(head, result, policy.members(), release) }
    }
}

impl<T> Head<T> {
    fn label(&self) -> Label {
        Label { index: self.index.load(Relaxed), name: self.name.clone() }
    }

    /// Leaves the result for the handle, if there is one; gives slot and thread back; tells the handle;
    /// and lets go of the cell.
    ///
    /// # Safety
    ///
    /// - `head` is that of a cell of which the thread has not let go.
    /// - It is called once, by the thread that ran the task.
    #[inline]
    unsafe fn leave(
        head: *const Self,
        result: Option<Outcome<T>>,
        members: &Members,
        release: &mut threads::Release<'_>,
    ) -> Owner {
        // The step that sets `PARTED` is the last use of the cell. It is made by reference to the word alone,
        // all of which is an `UnsafeCell`, so that the cell may be freed before the step returns.
        // SAFETY: invariant C: `PARTED` is not set.
        let word = unsafe { &(*head).state };
        // SAFETY: as above.
        let place = unsafe { &(*head).result };
        // Acquire: pairs with Release in `Task::drop`; the handle has let go of the cell.
        let mut state = word.load(Acquire);
        if state & GONE == 0 {
            // SAFETY: invariant R: `LEFT` is not set.
            unsafe { *place.get() = result };
        } else {
            return drop_unwanted(result, members, release);
        }
        loop {
            // If there is nothing to give back first, and no thread to wake, this is one step.
            let is_all = !release.is_needed() && state & WAITING == 0;
            let next = state | if is_all { LEFT | DONE | PARTED } else { LEFT };
            // Release: pairs with Acquire in `is_done`, `take` and `Task::drop`: they see the result.
            match word.compare_exchange(state, next, Release, Acquire) {
                Ok(_) if is_all => {
                    release.now();
                    return Owner::Other;
                }
                Ok(_) => break,
                Err(now) => state = now,
            }
            if state & GONE != 0 {
                // SAFETY: invariant R: `LEFT` is not set, and the handle is gone.
                let result = unsafe { (*place.get()).take() };
                return drop_unwanted(result, members, release);
            }
        }
        release.now();
        // Release: as above.
        if word.fetch_or(DONE, Release) & WAITING != 0 {
            // SAFETY: as above.
            unsafe { &(*head).joiners }.lock().grant_all();
        }
        // Release: pairs with Acquire in `Task::drop`, if the handle frees the cell. Acquire: pairs with
        // Release there, if this thread frees it.
        if word.fetch_or(PARTED, AcqRel) & GONE == 0 { Owner::Other } else { Owner::Last }
    }

    fn is_done(&self) -> bool {
        // Acquire: pairs with Release in `leave`.
        self.state.load(Acquire) & DONE != 0
    }

    #[cfg_attr(feature = "sim", track_caller)]
    fn wait(&self, until: Until<'_>) -> Result<(), Interrupted> {
        self.joiners.wait(until, || self.is_done(), |()| self.register())
    }

    /// The last look before sleeping, under the lock.
    ///
    /// No wake-up is lost: the mark and `DONE` are in one word. `DONE` comes before the mark, and this
    /// thread sees it; or after it, and then the thread that sets it sees the mark, and takes the lock,
    /// which this thread holds until it is in the queue.
    fn register(&self) -> bool {
        // Acquire: pairs with Release in `leave`. The mark publishes nothing.
        self.state.fetch_or(WAITING, Acquire) & DONE != 0
    }
}

/// The last act of a task whose handle is gone: its value is dropped while the thread is its own.
fn drop_unwanted<T>(
    result: Option<Outcome<T>>,
    members: &Members,
    release: &mut threads::Release<'_>,
) -> Owner {
    if mem::needs_drop::<T>() || matches!(result, Some(Err(_))) {
        if let Err(payload) = drop_caught(result) {
            members.panicked(payload);
        }
    }
    release.now();
    Owner::Last
}

/// The handle's half of a task.
pub(super) struct Handle<'s, T> {
    /// Invariant H: the handle has not set `GONE`, so the cell is alive, by invariant C.
    cell: NonNull<dyn Joinable<T> + 's>,
    owns: PhantomData<Box<dyn Joinable<T> + 's>>,
}

// SAFETY: a `Joinable` is `Send` and `Sync`; the result that the handle can take is `Send`.
unsafe impl<T: Send> Send for Handle<'_, T> {}
// SAFETY: a shared handle gives no access to the result.
unsafe impl<T: Send> Sync for Handle<'_, T> {}

impl<T> Handle<'_, T> {
    fn head(&self) -> &Head<T> {
        // SAFETY: invariant H.
        unsafe { self.cell.as_ref() }.head()
    }

    /// The queue of the task's group.
    pub(super) fn queue(&self) -> &Arc<RunQueue> {
        let head = self.head();
        match &head.keeps {
            Some(queue) => queue,
            // SAFETY: invariant Q: without a queue of its own, the handle does not outlive the scope.
            None => unsafe { head.queue.as_ref() },
        }
    }

    pub(super) fn index(&self) -> usize {
        // Relaxed: set before the handle existed.
        self.head().index.load(Relaxed)
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.head().name.as_deref()
    }

    pub(super) fn is_done(&self) -> bool {
        self.head().is_done()
    }

    /// Waits until the task has ended, and no longer than `until`.
    #[cfg_attr(feature = "sim", track_caller)]
    pub(super) fn wait(&self, until: Until<'_>) -> Result<(), Interrupted> {
        self.head().wait(until)
    }

    /// Takes the result, if it is there.
    pub(super) fn take(&mut self) -> Option<Outcome<T>> {
        let head = self.head();
        // Acquire: pairs with Release in `leave`.
        if head.state.load(Acquire) & LEFT == 0 {
            return None;
        }
        // SAFETY: invariant R: `LEFT` is set, and this is the only handle.
        unsafe { (*head.result.get()).take() }
    }
}

impl<T> Drop for Handle<'_, T> {
    /// Lets go of the cell. A result that was not taken is dropped here.
    #[inline]
    fn drop(&mut self) {
        let head = self.head();
        let mut state = head.state.load(Acquire);
        let mut unwanted = None;
        let before = loop {
            if state & LEFT != 0 {
                // SAFETY: invariant R, as in `take`.
                unwanted = unsafe { (*head.result.get()).take() };
                // Release: pairs with Acquire in `leave`: the result has been taken out. Acquire: pairs
                // with Release there, if this thread frees the cell.
                break head.state.fetch_or(GONE, AcqRel);
            }
            // Release, Acquire: as above. If `LEFT` is set in the meantime, the result is taken first.
            match head.state.compare_exchange(state, state | GONE, AcqRel, Acquire) {
                Ok(before) => break before,
                Err(now) => state = now,
            }
        };
        if before & PARTED != 0 {
            // SAFETY: the cell was made from a `Box`, and the thread has let go of it.
            drop(unsafe { Box::from_raw(self.cell.as_ptr()) });
        }
        drop(unwanted);
    }
}

/// Proof that the tasks of a group end before `'s` does; it starts them.
pub(super) struct Spawner<'s, 'env: 's, P> {
    policy: Arc<P>,
    /// Whether a handle may outlive the group.
    is_owned: bool,
    scope: PhantomData<&'s mut &'s ()>,
    env: PhantomData<&'env mut &'env ()>,
}

impl<P> Clone for Spawner<'_, '_, P> {
    fn clone(&self) -> Self {
        Spawner::new(Arc::clone(&self.policy), self.is_owned)
    }
}

/// Runs `body` with a spawner; returns, with its result if it has not panicked, when every task has
/// ended that was started through the spawner.
pub(super) fn with_scope<'env, P, R>(
    policy: &Arc<P>,
    members: &Members,
    body: impl for<'s> FnOnce(Spawner<'s, 'env, P>) -> R,
) -> Option<R> {
    // AssertUnwindSafe: the caller gets the panic, and decides.
    let body = AssertUnwindSafe(|| body(Spawner::new(Arc::clone(policy), false)));
    let result = panic::catch_unwind(body);
    let result = result.map_err(|payload| members.panicked(payload)).ok();
    wait_for_all(members);
    // `'s` ends here. The only spawners left are in tasks that are still running, and none is.
    result
}

/// Waits until every task has ended, whatever happens. A late destructor of a thread-local, say, cannot
/// wait in the usual way.
pub(super) fn wait_for_all(members: &Members) {
    // AssertUnwindSafe: the wait is given up as a whole.
    if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(|| members.wait())) {
        if sys::is_ending(&*payload) {
            panic::resume_unwind(payload);
        }
        while members.running() > 0 {
            sys::nap(LOOK_AGAIN);
        }
        members.panicked(payload);
    }
}

impl<P> Spawner<'static, 'static, P> {
    /// For a group whose owner, when it is dropped, either waits for the tasks or calls
    /// [`outlive`](Self::outlive).
    pub(super) fn owned(policy: Arc<P>) -> Self {
        Spawner::new(policy, true)
    }

    /// Keeps the policy alive until every task has ended: for an owner that is one of them.
    pub(super) fn outlive(&self, queue: &Arc<RunQueue>) {
        let keep = Keep {
            policy: NonNull::from(Box::leak(Box::new(Arc::clone(&self.policy)))).cast(),
            // SAFETY: it is called once, with this very pointer.
            drop: |policy| drop(unsafe { Box::from_raw(policy.cast::<Arc<P>>().as_ptr()) }),
        };
        threads::when_ended(queue, move || keep.release());
    }
}

/// A policy that some task may still use. It leaks unless it is released.
struct Keep {
    policy: NonNull<()>,
    drop: fn(NonNull<()>),
}

// SAFETY: the policy of an owned group is `Send` and `'static`, since its tasks are.
unsafe impl Send for Keep {}

impl Keep {
    fn release(self) {
        drop_quietly(Released(self));
    }
}

struct Released(Keep);

impl Drop for Released {
    fn drop(&mut self) {
        (self.0.drop)(self.0.policy);
    }
}

impl<'s, 'env: 's, P> Spawner<'s, 'env, P> {
    fn new(policy: Arc<P>, is_owned: bool) -> Self {
        Spawner { policy, is_owned, scope: PhantomData, env: PhantomData }
    }

    pub(super) fn policy(&self) -> &Arc<P> {
        &self.policy
    }

    /// Starts a task. Whatever the closure, its value and the policy borrow must outlive `'s`, or be a
    /// type parameter of the function that opened the scope.
    #[inline]
    pub(super) fn start<T, E, F>(
        &self,
        spec: &Spec,
        waits: bool,
        f: F,
    ) -> Result<Handle<'s, T>, Refused<F>>
    where
        F: FnOnce(&Context) -> Result<T, E> + Send,
        T: Send,
        P: Policy<T, E>,
    {
        let members = self.policy.members();
        if let Some(cause) = members.context().ended() {
            return self.turn_away::<T, E, F>(spec, waits, cause, f);
        }
        let slot = match members.slot(waits) {
            Ok(slot) => slot,
            Err(Refusal::Cancelled(cancelled)) => {
                return self.turn_away::<T, E, F>(spec, waits, cancelled.cause().clone(), f);
            }
            Err(why) => return Err(Refused::new(why, f)),
        };
        if slot == Slot::Awaited {
            return Ok(self.launch(spec, false, f, |cell, guess| {
                threads::go_held(&members.queue, spec, guess, cell)
            }));
        }
        let has_slot = slot == Slot::Taken;
        match threads::place(spec, if waits { Start::Any } else { Start::Exact }) {
            Ok(place) => Ok(self.launch(spec, has_slot, f, |cell, guess| {
                threads::go(&members.queue, place, guess, has_slot, cell)
            })),
            Err(why) => {
                if has_slot {
                    threads::return_slot(&members.queue);
                }
                Err(Refused::new(Refusal::Thread(why), f))
            }
        }
    }

    /// A group that has stopped starts nothing: it skips the task, or gives it back.
    #[cold]
    fn turn_away<T, E, F>(
        &self,
        spec: &Spec,
        waits: bool,
        cause: Cause,
        f: F,
    ) -> Result<Handle<'s, T>, Refused<F>>
    where
        T: Send,
        P: Policy<T, E>,
    {
        if !waits {
            return Err(Refused::new(Refusal::Cancelled(Cancelled::new(cause)), f));
        }
        let index = self.policy.members().queue.next_index();
        Ok(self.settled(spec, index, skip(f, cause)))
    }

    /// The handle of a task that has never run.
    fn settled<T, E>(&self, spec: &Spec, index: usize, ended: Ended<T, E>) -> Handle<'s, T>
    where
        T: Send,
        P: Policy<T, E>,
    {
        let mut cell = self.cell::<_, T, E>(spec, ());
        cell.head.index = AtomicUsize::new(index);
        *cell.head.result.get_mut() = self.policy.settle(cell.head.label(), ended);
        cell.head.state = AtomicU32::new(LEFT | DONE | PARTED);
        Self::handle(NonNull::from(Box::leak(Box::new(cell))))
    }

    fn cell<F, T, E>(&self, spec: &Spec, f: F) -> TaskCell<F, T, E, P>
    where
        P: Policy<T, E>,
    {
        let queue = &self.policy.members().queue;
        let head = Head {
            state: AtomicU32::new(0),
            index: AtomicUsize::new(0),
            name: spec.name.clone(),
            queue: NonNull::from(&**queue),
            keeps: self.is_owned.then(|| Arc::clone(queue)),
            result: UnsafeCell::new(None),
            joiners: WaitQueue::new(()),
        };
        let policy = NonNull::from(&*self.policy);
        TaskCell { head, policy, f: UnsafeCell::new(Some(f)), error: PhantomData }
    }

    /// Hands a task to `go`; if its group accepts no more tasks, skips it.
    #[inline]
    fn launch<T, E, F, G>(&self, spec: &Spec, has_slot: bool, f: F, go: G) -> Handle<'s, T>
    where
        F: FnOnce(&Context) -> Result<T, E> + Send,
        T: Send,
        P: Policy<T, E>,
        G: FnOnce(&dyn Fn(usize) -> Job, Guess) -> Result<usize, threads::Closed>,
    {
        let cell = NonNull::from(Box::leak(Box::new(self.cell::<F, T, E>(spec, f))));
        let job = |index| {
            // SAFETY: invariant C: neither owner exists yet.
            unsafe { &(*cell.as_ptr()).head }.index.store(index, Relaxed);
            // SAFETY:
            // - The pointer comes from a `Box`, and this is its only job.
            // - What the task borrows outlives `'s`, and `'s` lasts until `with_scope` has waited. The
            //   queue counts the task in, and counts it out after it has been run, and let go of by the
            //   thread; `with_scope` waits for the count to be zero, however its body ends; a spawner
            //   for `'static` borrows nothing.
            unsafe { Job::from_raw(cell) }
        };
        let guess = Guess::of(carry_out::<T, E, F> as *const () as usize);
        if go(&job, guess).is_ok() {
            return Self::handle(cell);
        }
        if has_slot {
            threads::return_slot(&self.policy.members().queue);
        }
        // SAFETY: no job was made, so this is the only owner.
        let cell = unsafe { Box::from_raw(cell.as_ptr()) };
        self.skipped(spec, cell.f.into_inner())
    }

    /// The handle of a task that came after the end of its group.
    #[cold]
    fn skipped<T, E, F>(&self, spec: &Spec, f: F) -> Handle<'s, T>
    where
        T: Send,
        P: Policy<T, E>,
    {
        let members = self.policy.members();
        let cause = members.context().ended().unwrap_or(Cause::CANCELLED);
        self.settled(spec, members.queue.next_index(), skip(f, cause))
    }

    fn handle<F, T, E>(cell: NonNull<TaskCell<F, T, E, P>>) -> Handle<'s, T>
    where
        F: Send,
        T: Send,
        P: Sync,
    {
        let cell: NonNull<dyn Joinable<T> + '_> = cell;
        // SAFETY: the types differ in a lifetime only. What the cell borrows outlives `'s`, and the
        // handle does not.
        let cell = unsafe {
            mem::transmute::<NonNull<dyn Joinable<T> + '_>, NonNull<dyn Joinable<T> + 's>>(cell)
        };
        Handle { cell, owns: PhantomData }
    }
}
