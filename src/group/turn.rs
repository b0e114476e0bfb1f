//! A task's turn on a thread, in a slot; and who else may have that slot and that thread.

use std::cell::Cell;
use std::sync::Arc;

use super::core::Core;
use super::erase::Erased;
use super::slots::{Queued, Slots};
use crate::threads::{self, Claimed, Finish, Id, Spec};
use crate::wait_group::WaitGroup;

thread_local! {
    /// The group whose task this thread is running, by the address of its core; zero if none.
    static CURRENT: Cell<usize> = const { Cell::new(0) };
}

/// What a running task occupies.
pub(super) struct Turn<'a> {
    core: &'a Arc<Core>,
    /// Whether the task runs in a slot of its own.
    in_slot: bool,
    thread: Option<(Finish<'a>, &'a Spec)>,
    /// The queued task that has got the slot, and goes on here.
    next: Option<Queued>,
}

impl<'a> Turn<'a> {
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
        if let Some(next) = self.next.take_if(|next| !goes_on(self.thread.as_ref(), &next.spec)) {
            self.core.run_in_slot(next);
        }
        if self.next.is_none() {
            self.thread = None;
        }
    }

    /// Runs a task, which is still to be counted out.
    fn run(&mut self, task: Erased) {
        let core = self.core;
        let before = CURRENT.replace(core.address());
        task.run(self);
        CURRENT.set(before);
        self.over();
    }
}

impl Turn<'_> {
    /// Runs a task, and the queued ones that get its slot. The last is still to be counted out.
    fn run_all(mut self, first: Erased, running: &WaitGroup) -> CountedOut<'_> {
        self.run(first);
        while let Some(next) = self.next.take() {
            drop(CountedOut(running));
            self.in_slot = true;
            self.run(next.task);
        }
        CountedOut(running)
    }
}

/// Whether a queued task can go on where another has ended.
fn goes_on(thread: Option<&(Finish<'_>, &Spec)>, wanted: &Spec) -> bool {
    thread.is_none_or(|(finish, spec)| *spec == wanted && !spec.own_thread && !finish.is_lent())
}

impl Core {
    /// The life of a thread that was given a task: that task, and the queued ones that get its slot.
    fn work(self: Arc<Self>, first: Queued, finish: Finish<'_>, in_slot: bool) {
        let running = Arc::clone(&self.running);
        let Queued { spec, task, .. } = first;
        let turn = Turn { in_slot, thread: Some((finish, &spec)), ..Turn::lent(&self) };
        let last = turn.run_all(task, &running);
        // Whoever waits for the count may be the last owner of the core then, but not this thread.
        drop(self);
        drop(last);
    }

    pub(super) fn hand_over(self: &Arc<Self>, claimed: Claimed, queued: Queued) {
        let core = Arc::clone(self);
        claimed.run(self.id(queued.index), move |finish| core.work(queued, finish, true));
    }

    /// Runs a task, for which there is a slot, on a thread of its own; on this thread only if the
    /// operating system refuses one.
    pub(super) fn run_in_slot(self: &Arc<Self>, queued: Queued) {
        match threads::claim(&queued.spec) {
            Ok(claimed) => self.hand_over(claimed, queued),
            Err(_) => self.run_here(queued),
        }
    }

    /// Gives back a slot that was taken for nothing: it may now be due to a queued task.
    pub(super) fn give_slot_back(self: &Arc<Self>) {
        if let Some(queued) = self.slots.as_ref().and_then(Slots::give_back) {
            self.run_here(queued);
        }
    }

    fn run_here(self: &Arc<Self>, queued: Queued) {
        drop(Turn { in_slot: true, ..Turn::lent(self) }.run_all(queued.task, &self.running));
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
        let Some(queued) = slots.unqueue(index) else { return };
        if queued.spec.own_thread || queued.spec.stack_size != self.spec().stack_size {
            if let Ok(claimed) = threads::claim(&queued.spec) {
                let core = Arc::clone(self);
                let id = self.id(index);
                return claimed.run(id, move |finish| core.work(queued, finish, false));
            }
        }
        drop(Turn::lent(self).run_all(queued.task, &self.running));
    }

    /// Whether this thread is running a task of this group, and no inner one.
    pub(super) fn is_current(self: &Arc<Self>) -> bool {
        CURRENT.get() == self.address()
    }

    fn id(self: &Arc<Self>, index: usize) -> Id {
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
