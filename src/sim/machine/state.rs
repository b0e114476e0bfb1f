//! Everything about a bubble that changes. Only the thread whose turn it is changes it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::end::End;
use super::futex::Futexes;
use super::op::Op;
use super::path::Path;
use super::refusals::Refusals;
use super::thread::{Blocked, On, Panic, Status, Thread, Woken};
use super::trace::Trace;
use crate::sim::TimeMode;
use crate::sim::strategy::Chooser;

/// How a bubble is to be run.
pub(crate) struct Setup {
    pub(crate) chooser: Box<dyn Chooser>,
    pub(crate) time: TimeMode,
    pub(crate) limits: Limits,
    /// For how long, in real time, a word in memory may still be changed from outside when nobody can
    /// run.
    pub(crate) grace: Duration,
    /// How likely a park is to return for no reason, in percent.
    pub(crate) spurious: u8,
    /// Prints every step.
    pub(crate) loud: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) steps: usize,
    pub(crate) steps_per_instant: usize,
    pub(crate) threads: usize,
}

pub(super) struct State {
    pub(super) setup: Setup,
    pub(super) threads: Vec<Thread>,
    /// The threads that have not ended, sorted by path.
    pub(super) order: Vec<usize>,
    pub(super) current: usize,
    /// Nobody's turn: all wait for something outside.
    pub(super) vacant: bool,
    pub(super) now: u64,
    /// How many steps had been taken when time last moved.
    pub(super) moved: usize,
    pub(super) trace: Trace,
    pub(super) objects: u32,
    pub(super) locks: BTreeMap<u32, Lock>,
    pub(super) futexes: Futexes,
    pub(super) externals: u32,
    /// Whether anything came from outside: then nothing can be replayed.
    pub(super) tainted: bool,
    pub(super) invariants: Vec<Invariant>,
    pub(super) refusals: Refusals,
    /// The idle threads are being sent home.
    pub(super) closing: bool,
    pub(super) end: Option<End>,
}

pub(super) struct Invariant {
    pub(super) name: &'static str,
    pub(super) check: Box<dyn Fn() + Send>,
}

/// A lock of the crate, or of the kit.
#[derive(Clone, Debug, Default)]
pub(super) struct Lock {
    pub(super) writer: Option<usize>,
    pub(super) readers: Vec<usize>,
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Thread(usize),
    /// An idle thread's turn to go home.
    Dismiss(usize),
    /// Nobody's, before something happens outside.
    Outside,
    /// The bubble has ended.
    Over,
}

impl State {
    pub(super) fn new(setup: Setup) -> Self {
        State {
            setup,
            threads: Vec::new(),
            order: Vec::new(),
            current: 0,
            vacant: false,
            now: 0,
            moved: 0,
            trace: Trace::new(),
            objects: 0,
            locks: BTreeMap::new(),
            futexes: Futexes::default(),
            externals: 0,
            tainted: false,
            invariants: Vec::new(),
            refusals: Refusals::default(),
            closing: false,
            end: None,
        }
    }

    pub(super) fn add(&mut self, path: Path, name: String) -> usize {
        let thread = self.threads.len();
        let threads = &self.threads;
        let place = self.order.partition_point(|other| threads[*other].path < path);
        self.order.insert(place, thread);
        self.threads.push(Thread::new(path, name));
        thread
    }

    /// The threads that have not ended.
    pub(super) fn living(&self) -> impl Iterator<Item = &Thread> {
        self.order.iter().map(|thread| &self.threads[*thread])
    }

    pub(super) fn finish(&mut self, thread: usize) {
        self.threads[thread].status = Status::Finished;
        self.order.retain(|living| *living != thread);
    }

    pub(super) fn wake_where(&mut self, wanted: impl Fn(&Thread) -> bool) -> usize {
        let mut woken = 0;
        for thread in &self.order {
            let thread = &mut self.threads[*thread];
            if wanted(thread) {
                thread.wake(Woken::Event);
                woken += 1;
            }
        }
        woken
    }

    /// Calls `f` for each thread that has not ended.
    pub(super) fn each_living(&mut self, mut f: impl FnMut(&mut Thread)) {
        for thread in &self.order {
            f(&mut self.threads[*thread]);
        }
    }

    /// Time stands still once the root has ended: no thread is left for which it would have to pass.
    pub(super) fn time_stands_still(&self) -> bool {
        self.threads[0].is_finished()
    }

    pub(super) fn wake_blocked_on(&mut self, on: On) {
        self.wake_where(|thread| thread.blocked().is_some_and(|blocked| blocked.on == on));
    }

    /// Blocks a thread, which is not to run before it is woken.
    pub(super) fn block(&mut self, thread: usize, on: On, deadline: Option<u64>) {
        let blocked = Blocked { on, deadline, since: self.now };
        self.threads[thread].status = Status::Blocked(blocked);
    }

    /// The first panic that nobody has taken notice of; the root's before all others.
    pub(super) fn unobserved_panic(&self) -> Option<(usize, &Panic)> {
        let panics = self.threads.iter().enumerate();
        panics.filter_map(|(n, t)| Some((n, t.panic.as_ref()?))).find(|(_, panic)| !panic.observed)
    }

    /// What a thread is to do next, as its op; a step of its own.
    pub(super) fn announce(&mut self, thread: usize, op: Op) {
        self.threads[thread].op = op;
    }
}
