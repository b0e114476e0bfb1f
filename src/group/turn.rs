//! A task's turn on a thread, in a slot; and who else may have that slot and that thread.

use std::cell::Cell;
use std::sync::Arc;

use super::core::Core;
use super::slots::Slots;
use crate::threads::{self, Finish, Id, Runnable, Spec};
use crate::wait_group::WaitGroup;

thread_local! {
    /// The group whose task this thread is running, by the address of its core; zero if none.
    static CURRENT: Cell<usize> = const { Cell::new(0) };
}

/// A task of a group, which has been counted in.
pub(super) trait Member: Send + Sync {
    fn core(&self) -> &Arc<Core>;

    /// Its place in the order of starting.
    fn index(&self) -> usize;

    /// What it asks of its thread.
    fn spec(&self) -> &Spec;

    /// Runs it, once. All that it captured is gone when this returns.
    fn run(&self, turn: &mut Turn<'_, '_>);

    /// Lets go of it, before it is counted out. Nothing unwinds.
    fn end(self: Arc<Self>);

    /// For a thread of its own, in a slot.
    fn into_runnable<'a>(self: Arc<Self>) -> Arc<dyn Runnable + 'a>
    where
        Self: 'a;
}

impl<M: Member> Runnable for M {
    fn run(self: Arc<Self>, finish: Finish<'_>) {
        work(self, Some(finish), true);
    }
}

/// What a running task occupies.
pub(super) struct Turn<'a, 'f> {
    core: &'a Arc<Core>,
    /// Whether the task runs in a slot of its own.
    in_slot: bool,
    thread: Option<Finish<'f>>,
    /// The queued task that has got the slot, and goes on here.
    next: Option<Arc<dyn Member>>,
}

impl<'a> Turn<'a, '_> {
    /// The turn of a task that occupies nothing of its own.
    pub(super) fn lent(core: &'a Arc<Core>) -> Self {
        Turn { core, in_slot: false, thread: None, next: None }
    }

    pub(super) fn core(&self) -> &Core {
        self.core
    }

    /// The user's code is over: others get the slot, and the thread. Called before anybody can
    /// learn that the task has ended, so that whoever does finds both free.
    pub(super) fn over(&mut self) {
        if self.in_slot {
            self.in_slot = false;
            self.next = self.core.slots.as_ref().and_then(Slots::give_back);
        }
        if let Some(next) = self.next.take_if(|next| !goes_on(self.thread.as_ref(), next.spec())) {
            self.core.run_in_slot(next);
        }
        if self.next.is_none() {
            self.thread = None;
        }
    }
}

/// Whether a queued task can go on where another has ended.
fn goes_on(thread: Option<&Finish<'_>>, wanted: &Spec) -> bool {
    thread.is_none_or(|finish| finish.suits(wanted))
}

/// Runs a task, and the queued ones that get its slot, and counts each of them out.
pub(super) fn work<'f>(first: Arc<dyn Member + '_>, finish: Option<Finish<'f>>, in_slot: bool) {
    // Whoever waits for the count may be the last owner of the core then, but not this thread.
    let running = Arc::clone(&first.core().running);
    let mut rest = run_one(first, finish, in_slot);
    while let (Some(next), thread) = rest {
        drop(CountedOut(&running));
        rest = run_one(next, thread, true);
    }
    drop(CountedOut(&running));
}

/// Runs a task and lets go of it; it is still to be counted out. The task that has got its slot, and
/// the thread, if that one goes on here.
fn run_one<'f>(
    member: Arc<dyn Member + '_>,
    thread: Option<Finish<'f>>,
    in_slot: bool,
) -> (Option<Arc<dyn Member>>, Option<Finish<'f>>) {
    let mut turn = Turn { core: member.core(), in_slot, thread, next: None };
    let before = CURRENT.replace(member.core().address());
    member.run(&mut turn);
    CURRENT.set(before);
    turn.over();
    let Turn { thread, next, .. } = turn;
    member.end();
    (next, thread)
}

impl Core {
    /// Runs a task, for which there is a slot, on a thread of its own; on this thread only if the
    /// operating system refuses one.
    pub(super) fn run_in_slot(self: &Arc<Self>, member: Arc<dyn Member>) {
        match threads::claim(member.spec()) {
            Ok(claimed) => claimed.run_shared(self.id(member.index()), member.into_runnable()),
            Err(_) => work(member, None, true),
        }
    }

    /// Gives back a slot that was taken for nothing: it may now be due to a queued task.
    pub(super) fn give_slot_back(&self) {
        if let Some(member) = self.slots.as_ref().and_then(Slots::give_back) {
            work(member, None, true);
        }
    }

    /// Runs a task for the calling thread, which is about to wait for it: if it has not started yet;
    /// or if the limit holds it back, and the caller runs another task of the group, in the
    /// caller's slot, and on its thread if any thread will do.
    pub(super) fn help(self: &Arc<Self>, index: usize) {
        threads::run_task_here(self.id(index));
        let Some(slots) = &self.slots else { return };
        if !self.is_current() {
            return;
        }
        let Some(member) = slots.unqueue(index) else { return };
        let spec = member.spec();
        if spec.own_thread || spec.stack_size != self.spec().stack_size {
            if let Ok(claimed) = threads::claim(spec) {
                let id = self.id(index);
                return claimed.run(id, move |finish| work(member, Some(finish), false));
            }
        }
        work(member, None, false);
    }

    /// Whether this thread is running a task of this group, and no inner one.
    pub(super) fn is_current(self: &Arc<Self>) -> bool {
        CURRENT.get() == self.address()
    }

    pub(super) fn id(self: &Arc<Self>, index: usize) -> Id {
        Id { group: self.address(), index }
    }

    pub(super) fn address(self: &Arc<Self>) -> usize {
        Arc::as_ptr(self).addr()
    }
}

/// Counts a task out when it is dropped, whatever happens.
pub(super) struct CountedOut<'a>(pub(super) &'a WaitGroup);

impl Drop for CountedOut<'_> {
    fn drop(&mut self) {
        self.0.done();
    }
}
