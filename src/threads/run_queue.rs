//! The run queue of one group: its tasks that have not begun, and who will see to them.
//!
//! A task lies in its group's queue until a thread takes it out, under the queue's lock: that is the
//! only claim. A queue that is not empty stands on the global list (see `workers`). Who is answerable
//! for it is counted here, under the same lock: *attached* workers, which will look at it again when
//! their task ends, and *draining* waiters, which run its tasks on their own stack.
//!
//! A worker takes several short tasks at a time, as a *share*. The share stays reachable from the
//! queue, so that a task in it that blocks holds nothing back.

use std::cell::Cell;
use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::job::{Job, Occupied};
use super::spec::Spec;
use crate::sys::atomic::{HintBool, HintByte, HintUsize, Relaxed};
use crate::sys::{self, Mutex};
use crate::wait::{Interrupted, Locked, TaskCount, Until, WaitQueue};

/// A queue that has grown beyond this gives its memory back when it is empty.
const KEPT: usize = 1024;

/// As many tasks as take this long are taken at a time.
pub(super) const SHARE: Duration = Duration::from_micros(20);

/// A task that takes less is not worth a transfer to another core.
const TINY: Duration = Duration::from_nanos(400);

/// Less work than this is left to the waiter that is draining the queue.
const LITTLE: Duration = Duration::from_micros(10);

/// Two wake-ups: more work than this is worth another thread.
pub(super) const TWO_WAKE_UPS: Duration = Duration::from_micros(30);

/// The tasks of one group that have not begun.
pub(crate) struct RunQueue {
    /// The starters that wait for a slot are in the queue of this lock.
    inner: WaitQueue<Inner>,
    /// The group's tasks, queued and running.
    pub(crate) count: TaskCount,
    is_counted: HintBool,
    in_callback: HintBool,
    /// The stack that a task of this group is promised, in bytes; `usize::MAX` if it must not run on
    /// the stack of a waiting thread.
    promised_stack: HintUsize,
    /// How many tasks are queued, and how many shares there are: hints, for looking without the lock.
    queued: HintUsize,
    shared: HintUsize,
    /// How many tasks for threads of a special kind the thread limit holds up.
    held_up: HintUsize,
}

/// The task in which a group was created.
pub(super) struct Parent {
    /// The queue of its group, as long as that exists.
    pub(super) queue: Weak<RunQueue>,
    /// Whether it waits for the group whatever happens: if not, it may have ended.
    pub(super) waits: bool,
}

impl Parent {
    pub(super) const NONE: Parent = Parent { queue: Weak::new(), waits: false };

    fn upgrade(&self, is_certain: bool) -> Option<Arc<RunQueue>> {
        if self.waits || !is_certain { self.queue.upgrade() } else { None }
    }
}

pub(super) struct Entry {
    pub(super) index: usize,
    pub(super) job: Job,
    /// Whether it holds a slot of its group's limit.
    pub(super) has_slot: bool,
    /// Whether a thread is reserved for it: see `limit`.
    pub(super) is_reserved: bool,
    /// How to start it, if it asks for a thread of a special kind. Only a task that the group's limit
    /// holds back has this: others do not lie in the queue.
    pub(super) special: Option<Box<SpecialStart>>,
}

/// The group that a queue is for.
pub(super) struct Group {
    /// The task in which it was created.
    pub(super) parent: Parent,
    /// How many of its tasks may run at a time.
    pub(super) limit: Option<usize>,
    pub(super) promised_stack: usize,
    /// Whether the queue counts the group's tasks.
    pub(super) counts: bool,
    /// Whether it was created inside a callback, however deeply nested, or is that of the callbacks. The
    /// groups between the callback and this one may be gone.
    pub(super) in_callback: bool,
}

impl Group {
    /// For tasks that belong to no group.
    pub(super) fn none(in_callback: bool) -> Self {
        let promised_stack = Spec::promised_stack();
        Group { parent: Parent::NONE, limit: None, promised_stack, counts: false, in_callback }
    }
}

/// What a task asks of its thread, and the function that finds it one.
pub(super) struct SpecialStart {
    pub(super) spec: Spec,
    pub(super) start: fn(&Arc<RunQueue>, Entry, &Spec),
}

impl Entry {
    /// Starts the task on a thread of its kind; gives it back if any thread will do.
    pub(super) fn start_special(mut self, queue: &Arc<RunQueue>) -> Option<Self> {
        match self.special.take() {
            Some(special) => {
                (special.start)(queue, self, &special.spec);
                None
            }
            None => Some(self),
        }
    }
}

#[expect(clippy::struct_excessive_bools, reason = "each says one thing, under one lock")]
struct Inner {
    parent: Parent,
    tasks: VecDeque<Entry>,
    /// How many tasks were ever pushed: the index of the next.
    pushed: usize,
    /// How many of these the queue does not count as started: the pool has their number, or counts each
    /// when it starts, or they never will.
    counted: usize,
    /// How many tasks were ever taken.
    taken: usize,
    /// How many had been taken when the watcher last looked; `usize::MAX` if it has not looked yet.
    seen: usize,
    /// How many had been taken when a thread last looked for work here.
    judged: usize,
    slots: Option<Slots>,
    /// No task is accepted any longer.
    is_closed: bool,
    /// Whether it stands on the global list, or is about to.
    is_listed: bool,
    attached: usize,
    draining: usize,
    /// How many threads that are not of the limit run tasks of this queue.
    foreign: usize,
    /// A thread waits for a task that it will not run itself, and that no thread was answerable for.
    is_awaited: bool,
    /// Nothing is to be left to attached workers or draining waiters, until the queue is empty.
    is_urgent: bool,
    /// How long a task takes; zero if that is not known.
    pace: Duration,
    /// Whether the tasks block outside this crate, as far as that is known.
    blocks: bool,
    /// What is known of the closures that were pushed.
    guess: Guess,
    shares: Vec<Arc<Share>>,
}

/// The limit of a group, and the tasks that its own tasks have started beyond it.
struct Slots {
    limit: usize,
    free: usize,
    held: VecDeque<Entry>,
}

/// The slot of a running task.
pub(super) struct Slot<'a> {
    queue: &'a RunQueue,
    /// What giving it back did to the queue.
    news: Cell<News>,
    /// The task that has got it, if that asks for a thread of a special kind.
    special: Cell<Option<Entry>>,
}

impl<'a> Slot<'a> {
    pub(super) fn new(queue: &'a RunQueue) -> Self {
        Slot { queue, news: Cell::new(News::None), special: Cell::new(None) }
    }

    /// What giving it back did to the queue: the runner of the task has to see to it.
    pub(super) fn into_news(self) -> (News, Option<Entry>) {
        (self.news.get(), self.special.take())
    }
}

impl Occupied for Slot<'_> {
    fn give_back(&self) {
        let (news, special) = self.queue.release_slot();
        self.news.set(news);
        self.special.set(special);
    }
}

/// The tasks that a worker has taken and not begun.
pub(super) struct Share {
    tasks: Mutex<VecDeque<Entry>>,
}

/// How long each of some tasks took, and whether they blocked outside this crate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) each: Duration,
    pub(super) blocks: bool,
}

impl Pace {
    /// What a simulated run takes for short tasks, and for tasks that block.
    pub(super) const QUICK: Pace = Pace { each: Duration::from_micros(2), blocks: false };
    pub(super) const SLOW: Pace = Pace { each: TWO_WAKE_UPS, blocks: true };
}

/// What has been pushed, and whether the list has to hear of it.
pub(super) struct Pushed {
    pub(super) index: usize,
    pub(super) news: News,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// The queue was not empty: someone is answerable already.
    None,
    /// It was empty, and a worker is attached that will look.
    Attached,
    /// It was empty, and stands on the list.
    Nonempty,
    /// It was empty, and is to be put on the list.
    Unlisted,
}

/// Why nothing was pushed.
#[derive(Debug)]
pub(crate) struct Closed;

/// A waiter's draining of a queue.
#[expect(clippy::struct_excessive_bools, reason = "each says one thing")]
pub(super) struct Draining {
    /// Whether only the tasks are to be run that were there when it began.
    only_present: bool,
    /// Tasks from this index on are left.
    end: Option<usize>,
    is_first: bool,
    /// Whether the waiter is not a thread of the limit.
    is_foreign: bool,
    /// Whether the queue counts on this waiter.
    pub(super) is_counted: bool,
    /// Whether nothing is likely to be left.
    pub(super) is_over: bool,
    /// What is known of the closures in the queue.
    pub(super) guess: Guess,
}

impl Draining {
    pub(super) fn new(only_present: bool, is_foreign: bool) -> Self {
        Draining {
            only_present,
            is_foreign,
            end: None,
            is_first: true,
            is_counted: false,
            is_over: false,
            guess: Guess::NONE,
        }
    }
}

/// What a worker has got from a queue.
pub(super) struct Taken {
    pub(super) entry: Entry,
    /// How many tasks remain, here and in the worker's own share.
    pub(super) left: usize,
    /// Whether another attached worker, or a draining waiter, is answerable for what is left.
    pub(super) is_attended: bool,
    /// Whether what is left should go to idle threads at once.
    pub(super) is_slow: bool,
    /// How long what is left will take, as far as that is known.
    pub(super) work: Duration,
}

impl RunQueue {
    /// Creates the queue of a group.
    pub(super) fn new(group: Group) -> Arc<Self> {
        let Group { parent, limit, promised_stack, counts, in_callback } = group;
        Arc::new(RunQueue {
            inner: WaitQueue::new(Inner::new(parent, limit)),
            count: TaskCount::new(),
            is_counted: HintBool::new(counts),
            in_callback: HintBool::new(in_callback),
            promised_stack: HintUsize::new(promised_stack),
            queued: HintUsize::new(0),
            shared: HintUsize::new(0),
            held_up: HintUsize::new(0),
        })
    }

    /// Whether the queue of a group that has ended may become that of another one: no group that one of its
    /// tasks has created knows it. A hint: [`renew`](Self::renew) looks again.
    pub(super) fn may_be_reused(self: &Arc<Self>) -> bool {
        Arc::weak_count(self) == 0 && Arc::strong_count(self) <= 2
    }

    /// Makes the queue of a group that has ended that of another group. `false` if it cannot be.
    ///
    /// It cannot be while any thread knows it as that of the old group: a handle of one of its tasks, or a
    /// thread that is about to count out a task of it.
    pub(super) fn renew(self: &Arc<Self>, group: &mut Group) -> bool {
        let mut inner = self.inner.lock();
        // The list has a reference, too: workers take one from there if the queue is not empty. No other
        // count rises again, since only tasks and handles of the old group make references.
        let references = 1 + usize::from(inner.is_listed);
        if Arc::strong_count(self) != references || Arc::weak_count(self) != 0 {
            return false;
        }
        if !inner.is_empty() || inner.tasks.capacity() > KEPT {
            return false;
        }
        // Relaxed: the new group's tasks are pushed, and taken, under the lock.
        self.is_counted.store(group.counts, Relaxed);
        self.in_callback.store(group.in_callback, Relaxed);
        self.promised_stack.store(group.promised_stack, Relaxed);
        inner.is_closed = false;
        inner.is_awaited = false;
        inner.is_urgent = false;
        inner.seen = usize::MAX;
        inner.pace = Duration::ZERO;
        inner.blocks = false;
        inner.guess = Guess::NONE;
        // The first task of the new group has the index 0.
        inner.counted = inner.counted.wrapping_sub(mem::take(&mut inner.pushed));
        inner.slots = group.limit.map(Slots::new);
        // What was there is not dropped under the lock.
        mem::swap(&mut inner.parent, &mut group.parent);
        true
    }

    /// Whether the queue counts its group's tasks.
    #[inline]
    fn is_counted(&self) -> bool {
        // Relaxed: it changes between two groups, when no task is left.
        self.is_counted.load(Relaxed)
    }

    /// Whether the tasks of this group run inside a callback.
    #[inline]
    pub(super) fn is_in_callback(&self) -> bool {
        // Relaxed: as above.
        self.in_callback.load(Relaxed)
    }

    /// The stack that a task of this group is promised, in bytes.
    #[inline]
    pub(super) fn promised_stack(&self) -> usize {
        // Relaxed: as above.
        self.promised_stack.load(Relaxed)
    }

    /// Whether a task of this queue is also, directly or not, inside a task of `outer`. If `is_certain`,
    /// only tasks count that cannot end before it.
    pub(super) fn is_inside(&self, outer: &RunQueue, is_certain: bool) -> bool {
        if std::ptr::eq(self, outer) {
            return true;
        }
        let mut parent = self.parent(is_certain);
        while let Some(here) = parent {
            if std::ptr::eq(Arc::as_ptr(&here), outer) {
                return true;
            }
            parent = here.parent(is_certain);
        }
        false
    }

    fn parent(&self, is_certain: bool) -> Option<Arc<RunQueue>> {
        self.inner.lock().parent.upgrade(is_certain)
    }

    /// Whether tasks may be queued: a hint.
    #[inline]
    pub(super) fn seems_empty(&self) -> bool {
        // Relaxed: what is missed here is found under the lock.
        self.queued.load(Relaxed) == 0 && self.shared.load(Relaxed) == 0
    }

    /// Whether a worker may find tasks that no other has taken: a hint.
    #[inline]
    pub(super) fn seems_taken(&self) -> bool {
        // Relaxed: as above.
        self.queued.load(Relaxed) == 0
    }

    /// Whether tasks are queued, here or for threads of a special kind: a hint.
    pub(super) fn has_queued(&self) -> bool {
        // Relaxed: a count, and nothing else is read because of it.
        !self.seems_empty() || self.held_up.load(Relaxed) > 0
    }

    /// Notes that the thread limit holds up a task for a thread of a special kind, or no longer does.
    pub(super) fn set_held_up(&self, is_held_up: bool) {
        if is_held_up {
            self.held_up.fetch_add(1, Relaxed);
        } else {
            self.held_up.fetch_sub(1, Relaxed);
        }
    }

    /// Appends a task. It gets its index before any thread can take it.
    #[inline]
    pub(super) fn push(
        &self,
        guess: Guess,
        has_slot: bool,
        is_reserved: bool,
        job: impl FnOnce(usize) -> Job,
    ) -> Result<Pushed, Closed> {
        let mut inner = self.inner.lock();
        if inner.is_closed {
            return Err(Closed);
        }
        let index = inner.number();
        if self.is_counted() {
            self.count.add(1);
        }
        let entry = Entry { index, job: job(index), has_slot, is_reserved, special: None };
        inner.guess = guess;
        let news = self.append(&mut inner, entry);
        Ok(Pushed { index, news })
    }

    /// Appends several tasks of a queue that does not count them.
    pub(super) fn push_many(&self, guess: Guess, jobs: Vec<Job>) -> Result<Pushed, Closed> {
        debug_assert!(!self.is_counted(), "the tasks are counted by their group");
        let mut inner = self.inner.lock();
        if inner.is_closed {
            return Err(Closed);
        }
        inner.guess = guess;
        let first = inner.pushed;
        let mut news = News::None;
        for job in jobs {
            let index = inner.number();
            let entry = Entry { index, job, has_slot: false, is_reserved: false, special: None };
            let now = self.append(&mut inner, entry);
            if now != News::None {
                news = now;
            }
        }
        Ok(Pushed { index: first, news })
    }

    #[inline]
    fn append(&self, inner: &mut Inner, entry: Entry) -> News {
        let was_empty = inner.tasks.is_empty();
        insert(&mut inner.tasks, entry);
        self.show(inner);
        if !was_empty {
            return News::None;
        }
        if !mem::replace(&mut inner.is_listed, true) {
            News::Unlisted
        } else if inner.attached > 0 && !inner.is_urgent {
            News::Attached
        } else {
            News::Nonempty
        }
    }

    fn show(&self, inner: &Inner) {
        // Relaxed: hints.
        self.queued.store(inner.tasks.len(), Relaxed);
        self.shared.store(inner.shares.len(), Relaxed);
    }

    /// Starts a task beyond the limit, which waits for a slot that another task gives back. If a slot
    /// has come free in the meantime, it takes that; a task that asks for a thread of a special kind then
    /// comes back, to be started.
    pub(super) fn push_held(
        &self,
        guess: Guess,
        special: Option<Box<SpecialStart>>,
        job: impl FnOnce(usize) -> Job,
    ) -> Result<(Pushed, Option<Entry>), Closed> {
        let mut inner = self.inner.lock();
        if inner.is_closed {
            return Err(Closed);
        }
        let index = inner.number();
        self.count.add(1);
        let has_slot = inner.take_slot();
        if !has_slot || special.is_some() {
            inner.not_counted();
        }
        let entry = Entry { index, job: job(index), has_slot, is_reserved: false, special };
        inner.guess = guess;
        let (mut news, mut special) = (News::None, None);
        match &mut inner.slots {
            Some(slots) if !has_slot => slots.held.push_back(entry),
            _ if entry.special.is_some() => special = Some(entry),
            _ => news = self.append(&mut inner, entry),
        }
        Ok((Pushed { index, news }, special))
    }

    /// The index of a task that is not to run.
    pub(crate) fn next_index(&self) -> usize {
        let mut inner = self.inner.lock();
        inner.not_counted();
        inner.number()
    }

    /// Counts a task in that never lies in the queue, since it has a thread of its own.
    pub(super) fn number(&self) -> Result<usize, Closed> {
        let mut inner = self.inner.lock();
        if inner.is_closed {
            return Err(Closed);
        }
        let index = inner.number();
        inner.not_counted();
        if self.is_counted() {
            self.count.add(1);
        }
        Ok(index)
    }

    /// Counts a task out. The last use of its group: the group may be gone when this returns.
    #[inline]
    pub(super) fn count_out(&self) {
        if self.is_counted() {
            let counted = self.count.done();
            debug_assert!(counted, "every task that was pushed has been counted in");
        }
    }

    /// Accepts no more tasks.
    pub(crate) fn close(&self) {
        self.inner.lock().is_closed = true;
    }

    // --- Slots ---------------------------------------------------------------------------------

    /// Takes a slot of the group's limit, if one is free.
    pub(crate) fn try_take_slot(&self) -> bool {
        self.inner.lock().take_slot()
    }

    /// Waits for a slot, in the order of arrival, and no longer than `until`.
    #[cfg_attr(feature = "sim", track_caller)]
    pub(super) fn wait_for_slot(&self, until: Until<'_>) -> Result<(), Interrupted> {
        // If the tasks are short, or nothing is known of them yet, the starter stays awake. It offers its
        // core to the running tasks all the time.
        if self.inner.lock().pace < Duration::from_micros(2) {
            self.inner.wait_awake(until, Inner::take_slot)
        } else {
            self.inner.wait_parked(until, Inner::take_slot)
        }
    }

    /// Gives a slot back: to the oldest task that is held, or to the starters that wait.
    fn release_slot(&self) -> (News, Option<Entry>) {
        let mut inner = self.inner.lock();
        let Some(slots) = &mut inner.slots else { return (News::None, None) };
        let Some(mut entry) = slots.held.pop_front() else {
            slots.free += 1;
            inner.grant_slots();
            return (News::None, None);
        };
        give_memory_back(&mut slots.held);
        entry.has_slot = true;
        if entry.special.is_some() {
            return (News::None, Some(entry));
        }
        inner.counted = inner.counted.wrapping_sub(1);
        (self.append(&mut inner, entry), None)
    }

    // --- Taking --------------------------------------------------------------------------------

    /// Takes the oldest task for a waiter that drains the queue.
    #[inline]
    pub(super) fn take_for_waiter(&self, draining: &mut Draining) -> Option<Entry> {
        let mut inner = self.inner.lock();
        if draining.is_first {
            draining.is_first = false;
            draining.guess = inner.guess;
            if draining.only_present {
                draining.end = Some(inner.pushed);
            }
            inner.foreign += usize::from(draining.is_foreign);
        }
        let end = draining.end;
        let is_wanted = |entry: &Entry| end.is_none_or(|end| entry.index < end);
        let mut entry = None;
        if inner.tasks.front().is_some_and(is_wanted) {
            entry = inner.tasks.pop_front();
        } else if inner.tasks.is_empty() && !inner.shares.is_empty() {
            entry = inner.shares.iter().find_map(|share| share.take_if(is_wanted));
        }
        if entry.is_some() {
            if !mem::replace(&mut draining.is_counted, true) {
                inner.draining += 1;
            }
            self.was_taken(&mut inner);
        }
        draining.is_over = entry.is_none() || (inner.tasks.is_empty() && inner.shares.is_empty());
        entry
    }

    /// Ends the draining. `false` if there is something to drain again.
    ///
    /// The queue stays on the list, so that the thread's next group finds its queue listed: a thread that
    /// looks for work takes it off, or the watcher does, if it has not moved between two looks.
    pub(super) fn end_draining(&self, draining: &mut Draining) -> bool {
        let mut inner = self.inner.lock();
        let end = draining.end;
        let is_wanted = |entry: &Entry| end.is_none_or(|end| entry.index < end);
        if draining.is_counted && inner.tasks.front().is_some_and(is_wanted) {
            return false;
        }
        inner.draining -= usize::from(mem::take(&mut draining.is_counted));
        inner.foreign -= usize::from(mem::take(&mut draining.is_foreign) && !draining.is_first);
        true
    }

    /// Notes that a task was taken out.
    #[inline]
    fn was_taken(&self, inner: &mut Locked<'_, Inner>) {
        inner.taken = inner.taken.wrapping_add(1);
        self.show(inner);
        if inner.tasks.is_empty() {
            Self::is_drained(inner);
        }
    }

    #[inline]
    fn is_drained(inner: &mut Locked<'_, Inner>) {
        give_memory_back(&mut inner.tasks);
        inner.is_urgent = false;
        inner.is_awaited = false;
        if inner.slots.is_some() {
            inner.grant_slots();
        }
    }

    /// Takes the task with that index, if it has not begun. A task that the limit holds back is taken
    /// only if `held` says so; the second value says that it is such a task.
    pub(super) fn take_task(
        &self,
        index: usize,
        held: bool,
        is_foreign: bool,
    ) -> (Option<Entry>, bool) {
        let mut inner = self.inner.lock();
        let mut entry = remove(&mut inner.tasks, index);
        if entry.is_some() {
            self.was_taken(&mut inner);
        }
        if entry.is_none() {
            entry = inner.shares.iter().find_map(|share| remove(&mut share.tasks.lock(), index));
        }
        let mut is_held = false;
        if entry.is_none() && held {
            entry = inner.slots.as_mut().and_then(|slots| remove(&mut slots.held, index));
            is_held = entry.is_some();
        }
        inner.foreign += usize::from(is_foreign && entry.is_some());
        drop(inner);
        (entry, is_held)
    }

    /// Takes work for a worker: the oldest task, and into the worker's share as many more as are to
    /// be run one after the other. `last` is how long each task of the worker's last share from this
    /// queue took.
    ///
    /// An attached worker stays attached; one that has just ended a quick task becomes so.
    pub(super) fn take_for_worker(
        &self,
        share: Option<&Arc<Share>>,
        is_attached: &mut bool,
        last: Option<Pace>,
    ) -> Option<Taken> {
        let mut inner = self.inner.lock();
        if let Some(Pace { each, blocks }) = last {
            inner.pace = if inner.pace.is_zero() { each } else { (inner.pace + each) / 2 };
            inner.blocks = blocks;
            let is_quick = each < SHARE && !blocks;
            if (blocks || inner.draining == 0) && !sys::is_simulated() {
                inner.guess.was_not_drained(each, blocks);
            }
            if is_quick != *is_attached {
                *is_attached = is_quick;
                if is_quick {
                    inner.attached += 1;
                } else {
                    inner.attached -= 1;
                }
            }
        }
        if let Some(share) = share {
            inner.shares.retain(|one| !Arc::ptr_eq(one, share));
            // Short tasks, as it seems: the worker will soon be back.
            if !*is_attached && !inner.tasks.is_empty() && inner.seems_short() {
                *is_attached = true;
                inner.attached += 1;
            }
        }
        let mut entry = inner.tasks.pop_front();
        if entry.is_none() {
            // What another worker took is left to it, unless it has not moved for long.
            if inner.is_urgent {
                entry = inner.shares.iter().find_map(|share| share.take_if(|_| true));
            }
            self.show(&inner);
            return Some(inner.taken_by_worker(entry?, *is_attached));
        }
        if let Some(share) = share {
            let more = inner.share_size().saturating_sub(1).min(inner.tasks.len());
            if more > 0 {
                share.tasks.lock().extend(inner.tasks.drain(..more));
                inner.taken = inner.taken.wrapping_add(more);
                inner.shares.push(Arc::clone(share));
            }
        }
        let entry = entry?;
        self.was_taken(&mut inner);
        Some(inner.taken_by_worker(entry, *is_attached))
    }

    /// Takes the oldest task, to refuse it.
    pub(super) fn take_refused(&self) -> Option<Entry> {
        let mut inner = self.inner.lock();
        if inner.draining > 0 {
            // A waiting thread is about to run it.
            return None;
        }
        let entry = inner.tasks.pop_front()?;
        inner.not_counted();
        self.was_taken(&mut inner);
        Some(entry)
    }

    /// Takes the oldest task, to run it here.
    pub(super) fn take_any(&self, is_foreign: bool) -> Option<Entry> {
        let mut inner = self.inner.lock();
        let from_share =
            |inner: &Inner| inner.shares.iter().find_map(|share| share.take_if(|_| true));
        let entry = inner.tasks.pop_front().or_else(|| from_share(&inner))?;
        inner.foreign += usize::from(is_foreign);
        self.was_taken(&mut inner);
        Some(entry)
    }

    /// A thread that is not of the limit has run a task.
    pub(super) fn end_foreign(&self) {
        self.inner.lock().foreign -= 1;
    }

    /// Whether a thread of the limit that waits for this queue's tasks waits for queued ones, or for
    /// tasks that run on threads of the limit.
    pub(super) fn depends_on_limit(&self) -> bool {
        let runs_on_limit = || !self.count.is_zero() && self.inner.lock().foreign == 0;
        self.has_queued() || (self.is_counted() && runs_on_limit())
    }

    /// Takes the oldest task for which a thread is reserved.
    pub(super) fn take_reserved(&self) -> Option<Taken> {
        let mut inner = self.inner.lock();
        let place = inner.tasks.iter().position(|entry| entry.is_reserved)?;
        let entry = inner.tasks.remove(place)?;
        self.was_taken(&mut inner);
        Some(inner.taken_by_worker(entry, false))
    }

    /// Gives back what lies in a worker's share, and detaches the worker. Returns whether tasks are
    /// queued for which no thread is answerable.
    pub(super) fn detach(&self, share: &Arc<Share>, is_attached: &mut bool) -> bool {
        let mut inner = self.inner.lock();
        if mem::take(is_attached) {
            inner.attached -= 1;
        }
        inner.shares.retain(|one| !Arc::ptr_eq(one, share));
        let mut tasks = share.tasks.lock();
        while let Some(entry) = tasks.pop_back() {
            insert(&mut inner.tasks, entry);
        }
        drop(tasks);
        self.show(&inner);
        inner.is_unattended()
    }

    /// Ends the draining of a waiter that is about to park. Returns whether tasks are queued for which
    /// no thread is answerable.
    pub(super) fn stop_draining(&self, draining: &mut Draining) -> bool {
        let mut inner = self.inner.lock();
        if mem::take(&mut draining.is_counted) {
            inner.draining -= 1;
        }
        inner.is_unattended()
    }

    // --- Looking -------------------------------------------------------------------------------

    /// Whether tasks are queued for which no thread is answerable; if so, no thread leaves them to others.
    pub(super) fn needs_thread(&self) -> bool {
        let mut inner = self.inner.lock();
        inner.is_awaited |= inner.is_unattended();
        inner.is_awaited
    }

    /// What a thread that looks for work is to do about this queue.
    pub(super) fn judge(&self) -> Judgement {
        let mut inner = self.inner.lock();
        if inner.is_empty() {
            return Judgement::Empty;
        }
        let has_moved = inner.judged != inner.taken;
        inner.judged = inner.taken;
        if inner.is_urgent || inner.is_awaited {
            return Judgement::Take;
        }
        let leaves = sys::guess(|| {
            if inner.tasks.is_empty() {
                // Only shares are left, whose owners are at work on them.
                true
            } else if inner.draining > 0 {
                let is_little = inner.pace < TINY || inner.work() < LITTLE;
                has_moved && if inner.pace.is_zero() { inner.guess.is_quick() } else { is_little }
            } else {
                inner.attached == 0 && inner.slots.is_none() && inner.guess.is_quick()
            }
        });
        if leaves { Judgement::Leave } else { Judgement::Take }
    }

    /// The watcher's look. A queue that has not moved since the last one becomes urgent, and so does
    /// any queue if `at_once`.
    pub(super) fn watch(&self, at_once: bool) -> Judgement {
        let mut inner = self.inner.lock();
        let has_moved = inner.seen != inner.taken;
        inner.seen = inner.taken;
        if inner.is_empty() {
            // Groups that follow each other find it on the list.
            return if has_moved { Judgement::Leave } else { Judgement::Empty };
        }
        if has_moved && !at_once {
            return Judgement::Leave;
        }
        inner.is_urgent = true;
        inner.guess.was_not_drained(SHARE, true);
        Judgement::Take
    }

    /// Takes the queue off the list, if it is empty: how many of its tasks have started since it was
    /// taken off the last time.
    pub(super) fn unlist(&self) -> Option<usize> {
        let mut inner = self.inner.lock();
        inner.is_empty().then(|| inner.unlist())
    }

    /// How many tasks have started and not been counted yet, and how many are queued.
    pub(super) fn statistics(&self) -> (usize, usize) {
        let inner = self.inner.lock();
        let shared: usize = inner.shares.iter().map(|share| share.tasks.lock().len()).sum();
        let queued = inner.tasks.len() + shared;
        (inner.pushed.wrapping_sub(inner.counted).wrapping_sub(queued), queued)
    }

    /// Whether an idle thread should be woken for it: no thread is answerable, and nothing is known that
    /// would make it better to wait.
    pub(super) fn wants_thread(&self) -> bool {
        let inner = self.inner.lock();
        let is_needed = inner.is_urgent || inner.is_awaited || inner.slots.is_some();
        inner.is_unattended() && (is_needed || !sys::guess(|| inner.guess.is_quick()))
    }

    /// Notes how long a task of this queue takes on the thread that drains it; how much work is left.
    pub(super) fn set_pace(&self, pace: Duration) -> Duration {
        let mut inner = self.inner.lock();
        inner.pace = pace;
        inner.work()
    }
}

/// What closures of one type have led to: whether their group was drained by its starter in no time. It
/// decides whether the first task of a group wakes a thread.
#[derive(Clone, Copy)]
pub(crate) struct Guess(Option<&'static HintByte>);

/// The last group was drained by its starter in no time.
const DRAINED: u8 = 1;
/// It was not, but its tasks were short.
const SHORT: u8 = 2;
/// The tasks blocked.
const SLOW: u8 = 3;
/// The tasks took long, and kept a core busy.
const LONG: u8 = 4;

const KINDS: usize = 1024;

/// One byte for each type of closure, more or less: what two types share is a hint to both.
static KNOWN: [HintByte; KINDS] = [const { HintByte::new(0) }; KINDS];

impl Guess {
    /// Nothing is known.
    pub(crate) const NONE: Guess = Guess(None);

    /// For the closures that are run by the function at `address`.
    #[inline]
    pub(crate) fn of(address: usize) -> Self {
        // A multiplicative hash: the middle bits of the product depend on all bits of the address.
        let spread = address.wrapping_mul(0x9E37_79B1) >> 12;
        Guess(Some(&KNOWN[spread % KINDS]))
    }

    /// Whether the group's starter is likely to drain it in no time.
    #[inline]
    pub(super) fn is_quick(self) -> bool {
        self.is(DRAINED)
    }

    /// Whether its tasks are likely to block.
    pub(super) fn is_slow(self) -> bool {
        self.is(SLOW)
    }

    /// Whether its tasks are likely to be short.
    fn is_short(self) -> bool {
        self.is(SHORT) || self.is(DRAINED)
    }

    fn is(self, what: u8) -> bool {
        // Relaxed, as all steps are: a hint.
        // A simulated run must not depend on others.
        !sys::is_simulated() && self.0.is_some_and(|known| known.load(Relaxed) == what)
    }

    /// The starter has drained the group in no time.
    pub(super) fn was_drained(self) {
        self.set(DRAINED);
    }

    /// It has not: a task took that long, and blocked or not.
    pub(super) fn was_not_drained(self, pace: Duration, blocks: bool) {
        self.set(if blocks {
            SLOW
        } else if pace >= SHARE {
            LONG
        } else {
            SHORT
        });
    }

    fn set(self, value: u8) {
        if let Some(known) = self.0.filter(|_| !sys::is_simulated()) {
            if known.load(Relaxed) != value {
                known.store(value, Relaxed);
            }
        }
    }
}

/// What to do about a queue that stands on the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    Empty,
    /// Others see to it, and would be disturbed.
    Leave,
    Take,
}

impl Slots {
    fn new(limit: usize) -> Self {
        Slots { limit, free: limit, held: VecDeque::new() }
    }
}

impl Inner {
    /// The index of the next task.
    #[inline]
    fn number(&mut self) -> usize {
        let index = self.pushed;
        self.pushed = index.wrapping_add(1);
        index
    }

    /// Leaves a task out of the number of those that the queue counts as started.
    fn not_counted(&mut self) {
        self.counted = self.counted.wrapping_add(1);
    }

    fn new(parent: Parent, limit: Option<usize>) -> Self {
        Inner {
            parent,
            tasks: VecDeque::new(),
            pushed: 0,
            counted: 0,
            taken: 0,
            seen: usize::MAX,
            judged: 0,
            slots: limit.map(Slots::new),
            is_closed: false,
            is_listed: false,
            attached: 0,
            draining: 0,
            foreign: 0,
            is_awaited: false,
            is_urgent: false,
            pace: Duration::ZERO,
            blocks: false,
            guess: Guess::NONE,
            shares: Vec::new(),
        }
    }

    #[inline]
    fn take_slot(&mut self) -> bool {
        match &mut self.slots {
            None => true,
            Some(slots) if slots.free > 0 => {
                slots.free -= 1;
                true
            }
            Some(_) => false,
        }
    }

    fn is_empty(&self) -> bool {
        self.tasks.is_empty() && self.shares.iter().all(|share| share.tasks.lock().is_empty())
    }

    /// Takes the queue off the list: how many of its tasks have started since the last time.
    fn unlist(&mut self) -> usize {
        self.is_listed = false;
        let started = self.pushed.wrapping_sub(self.counted);
        self.counted = self.pushed;
        started
    }

    fn is_unattended(&self) -> bool {
        !self.tasks.is_empty() && (self.is_urgent || self.attached + self.draining == 0)
    }

    fn work(&self) -> Duration {
        self.pace.saturating_mul(u32::try_from(self.tasks.len()).unwrap_or(u32::MAX))
    }

    /// Whether the tasks are likely to be short.
    fn seems_short(&self) -> bool {
        let is_short = || {
            if self.pace.is_zero() { self.guess.is_short() } else { self.pace < SHARE }
        };
        !self.is_urgent && sys::guess(is_short)
    }

    /// How many tasks a worker takes at a time.
    fn share_size(&self) -> usize {
        if self.pace.is_zero() || self.slots.is_some() || self.is_urgent {
            return 1;
        }
        let size = usize::try_from(SHARE.as_nanos() / self.pace.as_nanos().max(1)).unwrap_or(1);
        let most = if self.draining > 0 { self.tasks.len().div_ceil(2) } else { usize::MAX };
        size.min(most).max(1)
    }

    fn taken_by_worker(&self, entry: Entry, is_attached: bool) -> Taken {
        let attached = self.attached - usize::from(is_attached);
        Taken {
            entry,
            left: self.tasks.len(),
            is_attended: !self.is_urgent && (attached + self.draining > 0 || is_attached),
            is_slow: self.is_urgent || self.blocks || (self.pace.is_zero() && self.guess.is_slow()),
            work: self.work(),
        }
    }
}

impl Locked<'_, Inner> {
    /// Gives free slots to the starters that wait, if it is time: when half of the slots are free, or
    /// no task is queued that would keep the threads busy until then.
    fn grant_slots(&mut self) {
        let is_busy = !self.tasks.is_empty();
        if self.slots.as_ref().is_none_or(|slots| is_busy && slots.free * 2 < slots.limit) {
            return;
        }
        while self.slots.as_ref().is_some_and(|slots| slots.free > 0) && self.grant_one() {
            if let Some(slots) = &mut self.slots {
                slots.free -= 1;
            }
        }
    }
}

impl Share {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Share { tasks: Mutex::new(VecDeque::new()) })
    }

    /// Takes the oldest task.
    #[inline]
    pub(super) fn take(&self) -> Option<Entry> {
        let mut tasks = self.tasks.lock();
        let entry = tasks.pop_front();
        give_memory_back(&mut tasks);
        entry
    }

    fn take_if(&self, is_wanted: impl Fn(&Entry) -> bool) -> Option<Entry> {
        let mut tasks = self.tasks.lock();
        if tasks.front().is_some_and(is_wanted) { tasks.pop_front() } else { None }
    }
}

/// Frees the memory of a queue that has been long, once it is empty.
#[inline]
pub(super) fn give_memory_back<T>(queue: &mut VecDeque<T>) {
    if queue.is_empty() && queue.capacity() > KEPT {
        *queue = VecDeque::new();
    }
}

/// Inserts a task in the order of the indices.
#[inline]
fn insert(tasks: &mut VecDeque<Entry>, entry: Entry) {
    if tasks.back().is_none_or(|last| last.index < entry.index) {
        tasks.push_back(entry);
    } else {
        let place = tasks.partition_point(|other| other.index < entry.index);
        tasks.insert(place, entry);
    }
}

/// Removes the task with that index: they are in the order of their indices.
fn remove(tasks: &mut VecDeque<Entry>, index: usize) -> Option<Entry> {
    let place = tasks.binary_search_by_key(&index, |entry| entry.index).ok()?;
    tasks.remove(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_that_a_thread_still_knows_is_not_used_again() {
        let group = || Group {
            parent: Parent::NONE,
            limit: None,
            promised_stack: 0,
            counts: true,
            in_callback: false,
        };
        let queue = RunQueue::new(group());
        assert!(queue.renew(&mut group()));
        let handle = Arc::clone(&queue);
        assert!(!queue.renew(&mut group()), "the handle of an old task would find a new one");
        drop(handle);
        let child = Arc::downgrade(&queue);
        assert!(!queue.renew(&mut group()), "a group that was left behind would have a new parent");
        drop(child);
        assert!(queue.renew(&mut group()));
    }
}
