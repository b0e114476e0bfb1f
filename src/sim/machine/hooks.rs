//! What the threads of a bubble ask of the machine instead of the operating system.
//!
//! Each door does nothing, or says so, when the calling thread is in no bubble: then the caller asks
//! the operating system.

use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use std::{io, thread};

use super::bubble::{Bubble, Newcomer};
use super::end::{Failure, Seen};
use super::here::{self, Here};
use super::op::{Kind, Op};
use super::state::{Invariant, State};
use super::thread::{Doing, Idle, On, Panic, Woken};

/// The cores that a bubble seems to have.
pub(crate) const CORES: usize = 2;

/// So many readings of the clock without a step in between, and time begins to pass.
const READINGS: u32 = 1000;

/// What makes an object known to the bubbles that it is in: its number there, and whose it is.
#[derive(Debug, Default)]
pub(crate) struct Id(AtomicU64);

impl Id {
    pub(crate) const fn new() -> Self {
        Id(AtomicU64::new(0))
    }

    fn number(&self, here: &Here) -> u32 {
        // Relaxed, here and below: one thread of a bubble at a time, and its lock orders them.
        let known = self.0.load(Relaxed);
        let (whose, number) = (known >> 32, known & u64::from(u32::MAX));
        if whose == u64::from(here.bubble.generation) {
            return u32::try_from(number).unwrap_or(u32::MAX);
        }
        let mut state = here.state();
        state.objects += 1;
        self.0.store(u64::from(here.bubble.generation) << 32 | u64::from(state.objects), Relaxed);
        state.objects
    }
}

/// The thread is about to do something with an object: others may run first.
#[inline]
#[track_caller]
pub(crate) fn point(kind: Kind, object: &Id) {
    if here::inside() {
        let at = Location::caller();
        here::with(|here| here.step(Op { kind, object: object.number(here), at }));
    }
}

/// A step that concerns no object.
#[track_caller]
pub(crate) fn step(kind: Kind) {
    let op = Op::new(kind, 0);
    here::with(|here| here.step(op));
}

/// Lets others run first. `false` outside of a bubble.
#[track_caller]
pub(crate) fn yield_now() -> bool {
    let op = Op::new(Kind::Yield, 0);
    let yielding = |here: &Here| {
        here.state().threads[here.me].yielded = true;
        here.step(op);
    };
    here::with(yielding).is_some()
}

/// Takes a lock, or a share of it. `false` outside of a bubble.
#[track_caller]
pub(crate) fn acquire(object: &Id, shared: bool) -> bool {
    let kind = if shared { Kind::Share } else { Kind::Lock };
    let at = Location::caller();
    let acquiring = |here: &Here| {
        let number = object.number(here);
        here.step(Op { kind, object: number, at });
        loop {
            let mut state = here.state();
            if state.take_lock(number, here.me, shared) {
                return;
            }
            here.block(state, On::Lock(number), None);
        }
    };
    here::with(acquiring).is_some()
}

/// Takes a lock, or a share, if it is to be had at once. `None` outside of a bubble.
#[track_caller]
pub(crate) fn try_acquire(object: &Id, shared: bool) -> Option<bool> {
    let kind = if shared { Kind::Share } else { Kind::Lock };
    let at = Location::caller();
    here::with(|here| {
        let number = object.number(here);
        here.step(Op { kind, object: number, at });
        here.state().take_lock(number, here.me, shared)
    })
}

/// Gives back what [`acquire`] took. Not a step: what follows is the same whether others run before
/// it or after.
pub(crate) fn release(object: &Id) {
    here::with(|here| {
        let number = object.number(here);
        let mut state = here.state();
        if let Some(lock) = state.locks.get_mut(&number) {
            if lock.writer == Some(here.me) {
                lock.writer = None;
            } else if let Some(place) = lock.readers.iter().position(|r| *r == here.me) {
                lock.readers.swap_remove(place);
            }
        }
        state.wake_blocked_on(On::Lock(number));
    });
}

impl State {
    fn take_lock(&mut self, number: u32, thread: usize, shared: bool) -> bool {
        let lock = self.locks.entry(number).or_default();
        let free = lock.writer.is_none() && (shared || lock.readers.is_empty());
        if free && shared {
            lock.readers.push(thread);
        } else if free {
            lock.writer = Some(thread);
        }
        free
    }
}

/// Sleeps until unparked, or until `deadline`, or for no reason. `false` outside of a bubble.
#[track_caller]
pub(crate) fn park(deadline: Option<Instant>) -> bool {
    let op = Op::new(Kind::Park, 0);
    let parking = |here: &Here| {
        here.step(op);
        let deadline = deadline.map(|at| here.nanos(at));
        let mut state = here.state();
        let me = here.me;
        let spurious = state.rouses(me);
        let over = deadline.is_some_and(|at| at <= state.now);
        if !state.threads[me].token && !spurious && !over {
            here.block(state, On::Park, deadline);
            state = here.state();
        }
        state.threads[me].token = false;
    };
    here::with(parking).is_some()
}

/// Wakes one thread of a bubble.
#[derive(Debug)]
pub(crate) struct Unparker {
    bubble: Arc<Bubble>,
    thread: usize,
}

/// The handle that wakes the current thread, if it is in a bubble.
pub(crate) fn unparker() -> Option<Unparker> {
    here::with(|here| Unparker { bubble: Arc::clone(&here.bubble), thread: here.me })
}

impl Unparker {
    /// Ends the current or the next [`park`] of the thread.
    #[track_caller]
    pub(crate) fn unpark(&self) {
        let op = Op::new(Kind::Unpark, 0);
        let of_this_bubble = here::with(|here| {
            let ours = Arc::ptr_eq(&here.bubble, &self.bubble);
            if ours {
                here.step(op);
                here.state().unpark(self.thread);
            }
            ours
        });
        if of_this_bubble != Some(true) {
            self.bubble.intrude(|state| state.unpark(self.thread));
        }
    }
}

impl State {
    /// Whether a park is to return for no reason; never twice in a row.
    pub(super) fn rouses(&mut self, thread: usize) -> bool {
        let percent = usize::from(self.setup.spurious);
        if percent == 0 {
            return false;
        }
        let one_in = (100 / percent).max(2);
        let roused = !self.threads[thread].roused && self.data(one_in) == one_in - 1;
        self.threads[thread].roused = roused;
        roused
    }

    fn unpark(&mut self, thread: usize) {
        let target = &mut self.threads[thread];
        target.token = true;
        if target.blocked().is_some_and(|blocked| blocked.on == On::Park) {
            target.wake(Woken::Event);
        }
    }

    /// A choice of data.
    pub(super) fn data(&mut self, n: usize) -> usize {
        if n < 2 {
            return 0;
        }
        let chosen = self.setup.chooser.data(n).min(n - 1);
        self.trace.decide(chosen, 0, n);
        chosen
    }
}

impl Here {
    /// The virtual time at an instant; what lies before the bubble is its beginning.
    pub(super) fn nanos(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.start());
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }

    fn start(&self) -> Instant {
        *self.bubble.start.get().expect("the root has set it before it ran")
    }

    fn read_clock(&self) -> u64 {
        let mut state = self.state();
        let me = &mut state.threads[self.me];
        me.readings += 1;
        if me.readings > READINGS {
            let later = state.now.saturating_add(1000);
            state.move_to(later);
        }
        state.now
    }
}

/// The time now on the virtual clock.
pub(crate) fn now() -> Option<Instant> {
    here::with(|here| here.start() + Duration::from_nanos(here.read_clock()))
}

/// The virtual time since the bubble began.
pub(crate) fn elapsed() -> Option<Duration> {
    here::with(|here| Duration::from_nanos(here.read_clock()))
}

/// When the next thread would be woken by time alone, since the bubble began.
pub(crate) fn next_deadline() -> Option<Duration> {
    here::with(|here| here.state().next_deadline()).flatten().map(Duration::from_nanos)
}

/// Sleeps in virtual time. `false` outside of a bubble.
#[track_caller]
pub(crate) fn sleep(duration: Duration) -> bool {
    let op = Op::new(Kind::Sleep, 0);
    let sleeping = |here: &Here| {
        here.step(op);
        let state = here.state();
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let deadline = state.now.saturating_add(nanos);
        if deadline > state.now {
            here.block(state, On::Sleep, Some(deadline));
        }
    };
    here::with(sleeping).is_some()
}

/// Waits until no other thread can run. `false` outside of a bubble.
#[track_caller]
pub(crate) fn wait_idle() -> bool {
    let op = Op::new(Kind::WaitIdle, 0);
    let waiting = |here: &Here| {
        here.step(op);
        here.block(here.state(), On::Idle, None);
    };
    here::with(waiting).is_some()
}

/// Starts a thread in the bubble of the current one; gives the arguments back outside of a bubble.
#[track_caller]
pub(crate) fn spawn<F: FnOnce() + Send + 'static>(
    name: String,
    stack_size: Option<usize>,
    body: F,
) -> Result<io::Result<Handle>, (String, F)> {
    let Some(newcomer) = newcomer(name.clone()) else { return Err((name, body)) };
    let handle = newcomer.handle();
    let mut builder = thread::Builder::new().name(name);
    if let Some(bytes) = stack_size {
        builder = builder.stack_size(bytes);
    }
    let started = here::real(|| builder.spawn(move || newcomer.live(body)));
    step(Kind::Spawn);
    Ok(started.map(|_detached| handle))
}

/// Adds a thread to the bubble of the current one.
pub(crate) fn newcomer(name: String) -> Option<Newcomer> {
    here::with(|here| {
        let mut state = here.state();
        let limit = state.setup.limits.threads;
        if state.threads.len() >= limit {
            state.fail(Failure::TooManyThreads(limit));
        }
        let parent = &mut state.threads[here.me];
        let path = parent.path.child(parent.children);
        parent.children += 1;
        let thread = state.add(path, name);
        Newcomer { bubble: Arc::clone(&here.bubble), thread }
    })
}

/// A thread of a bubble, seen from others.
#[derive(Clone, Debug)]
pub(crate) struct Handle {
    pub(super) bubble: Arc<Bubble>,
    pub(super) thread: usize,
}

impl Handle {
    /// Waits until the thread has ended, and takes notice of its panic.
    #[track_caller]
    pub(crate) fn join(&self) {
        let op = Op::new(Kind::Join, 0);
        here::with(|here| {
            here.step(op);
            self.wait_here(here);
            if let Some(panic) = &mut here.state().threads[self.thread].panic {
                panic.observed = true;
            }
        });
    }

    /// Waits until the thread has ended.
    #[track_caller]
    pub(crate) fn wait(&self) {
        let op = Op::new(Kind::Join, 0);
        here::with(|here| {
            here.step(op);
            self.wait_here(here);
        });
    }

    fn wait_here(&self, here: &Here) {
        let state = here.state();
        if !state.threads[self.thread].is_finished() {
            here.block(state, On::Join(self.thread), None);
        }
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.bubble.lock().threads[self.thread].is_finished()
    }

    /// What the thread is doing.
    pub(crate) fn see(&self) -> Seen {
        self.bubble.lock().see().swap_remove(self.thread)
    }
}

/// The current thread has caught this panic, and keeps it for whoever joins it.
pub(crate) fn panicked(panic: Panic) {
    here::with(|here| here.set_panic(panic));
}

/// What all threads of this bubble are doing.
pub(crate) fn threads() -> Vec<Seen> {
    here::with(|here| here.state().see()).unwrap_or_default()
}

/// A choice among `n`, which is part of the schedule.
pub(crate) fn choose(n: usize) -> Option<usize> {
    here::with(|here| here.state().data(n))
}

/// Promises something that is to hold between any two steps from now on.
pub(crate) fn invariant(name: &'static str, check: Box<dyn Fn() + Send>) -> bool {
    here::with(|here| here.state().invariants.push(Invariant { name, check })).is_some()
}

/// Runs a call that the machine does not see into. Gives it back outside of a bubble.
#[track_caller]
pub(crate) fn external<R, F: FnOnce() -> R>(f: F) -> Result<R, F> {
    let op = Op::new(Kind::External, 0);
    let mut f = Some(f);
    let result = here::with(|here| here.external(op, f.take().expect("called once")));
    result.ok_or_else(|| f.expect("not called"))
}

/// The current thread is in a call that may block, for as long as the guard lives. Calls inside of it
/// do not count.
#[must_use = "the call is over when the guard is dropped"]
#[derive(Debug)]
pub(crate) struct InCall(bool);

#[track_caller]
pub(crate) fn in_call(name: &'static str) -> InCall {
    let at = Location::caller();
    let outermost = here::with(|here| {
        let doing = &mut here.state().threads[here.me].doing;
        let outermost = doing.is_none();
        doing.get_or_insert(Doing { name, at });
        outermost
    });
    InCall(outermost == Some(true))
}

impl Drop for InCall {
    fn drop(&mut self) {
        if self.0 {
            here::with(|here| here.state().threads[here.me].doing = None);
        }
    }
}

/// Waits inside `f` do not keep the bubble from ending.
pub(crate) fn idling<R>(idle: Idle, f: impl FnOnce() -> R) -> R {
    let set = |idle| here::with(|here| here.state().threads[here.me].idle = idle);
    set(idle);
    let result = f();
    set(Idle::No);
    result
}
