//! A bubble: some threads of which exactly one runs at a time.
//!
//! There is no controller. The thread whose turn it is picks its successor, opens the successor's
//! gate, and waits at its own; if it picks itself, it just goes on. So only one thread at a time
//! touches the state, and its lock is there for those outside: the thread that waits for the end,
//! calls that come back from [`external`](super::external), and wake-ups from threads that are not
//! in the bubble.
//!
//! No thread of a bubble that has failed is ever told to go on, or to unwind: it may hold borrows of
//! another's stack. It is left asleep.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::end::{End, Ended, Failure};
use super::gate::Pass;
use super::here::{Counted, Deeper, real};
use super::id::Running;
use super::kernel;
use super::life::Newcomer;
use super::panics;
use super::path::Path;
use super::place;
use super::state::{Next, Setup, State};
use super::trace::Trace;
use crate::sim::libc;

pub(crate) struct Bubble {
    state: Mutex<State>,
    /// The end has come, or nobody has the turn.
    news: Condvar,
    /// Tells apart the objects of different bubbles.
    pub(super) generation: u32,
    /// The instant that is zero on the virtual clock.
    pub(super) start: std::sync::OnceLock<Instant>,
    /// What is to be done when all has ended, well or not.
    at_end: Mutex<Vec<AtEnd>>,
    _counted: Counted,
}

type AtEnd = Box<dyn FnOnce(bool) + Send>;

impl std::fmt::Debug for Bubble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bubble").field("generation", &self.generation).finish_non_exhaustive()
    }
}

impl Bubble {
    /// Runs `body` as the root of a new bubble, and returns when all has ended, or failed. `alarm`
    /// is for how long, in real time, nothing may happen.
    pub(crate) fn run(setup: Setup, alarm: Duration, body: Box<dyn FnOnce() + Send>) -> Ended {
        static GENERATION: AtomicU32 = AtomicU32::new(1);
        libc::begin();
        panics::install_hook();
        let bubble = Arc::new(Bubble {
            state: Mutex::new(State::new(setup)),
            news: Condvar::new(),
            // Relaxed: a number, no more.
            generation: GENERATION.fetch_add(1, Relaxed),
            start: std::sync::OnceLock::new(),
            at_end: Mutex::default(),
            _counted: Counted::new(),
        });
        let _known = libc::Known::new(&bubble);
        let _running = Running::new(bubble.generation);
        let root = bubble.lock().add(Path::root(), "root".into());
        let root = Newcomer { bubble: Arc::clone(&bubble), thread: root };
        let started = thread::Builder::new().name("root".into()).spawn(move || root.live(body));
        let root = started.expect("the operating system has a thread for the root of a bubble");
        bubble.hand_on(bubble.lock());
        let ended = real(|| bubble.wait_for_end(alarm));
        let clean = ended.end == End::Clean;
        if clean {
            drop(root.join());
        } else {
            place::look_from_now_on();
        }
        let at_end =
            std::mem::take(&mut *bubble.at_end.lock().unwrap_or_else(PoisonError::into_inner));
        for finish in at_end {
            finish(clean);
        }
        ended
    }

    pub(super) fn at_end(&self, finish: AtEnd) {
        real(|| self.at_end.lock().unwrap_or_else(PoisonError::into_inner).push(finish));
    }

    pub(super) fn lock(&self) -> Locked<'_> {
        let real = Deeper::into_real();
        Locked { state: self.state.lock().unwrap_or_else(PoisonError::into_inner), _real: real }
    }

    /// Changes the state from outside of the bubble.
    pub(super) fn intrude(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        state.tainted = true;
        change(&mut state);
        if state.vacant {
            self.hand_on(state);
        }
    }

    /// Picks a thread and lets it go on.
    pub(super) fn hand_on(&self, mut state: Locked<'_>) {
        let next = state.pick();
        self.announce(&mut state, next);
        let (gate, pass) = match next {
            Next::Thread(thread) => (Arc::clone(&state.threads[thread].gate), Pass::Go),
            Next::Dismiss(thread) => (Arc::clone(&state.threads[thread].gate), Pass::Die),
            Next::Outside | Next::Over => return,
        };
        drop(state);
        gate.open(pass);
    }

    pub(super) fn announce(&self, state: &mut State, next: Next) {
        state.vacant = next == Next::Outside;
        if matches!(next, Next::Outside | Next::Over) {
            real(|| self.news.notify_all());
        }
    }

    fn wait_for_end(&self, alarm: Duration) -> Ended {
        let Locked { mut state, _real } = self.lock();
        let mut steps = 0;
        loop {
            if state.end.is_some() {
                return Self::ended(&mut state);
            }
            let grace = state.setup.grace;
            let patience = if state.vacant && state.externals == 0 { grace } else { alarm };
            let waited = self.news.wait_timeout(state, patience);
            let timeout;
            (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            if timeout.timed_out() && state.trace.steps.len() == steps && state.end.is_none() {
                if state.vacant && state.externals == 0 {
                    state.stuck();
                } else {
                    let stuck =
                        Failure::Stuck { seconds: alarm.as_secs(), kernel: kernel::look(&state) };
                    state.fail(stuck);
                }
            }
            steps = state.trace.steps.len();
        }
    }

    fn ended(state: &mut State) -> Ended {
        // The trace and the chooser go with the first look; whoever else comes finds the end.
        let trace = std::mem::replace(&mut state.trace, Trace::new());
        let mut end = state.end.clone().unwrap_or(End::Clean);
        let deadlocked = matches!(end, End::Clean | End::Failed(Failure::Deadlock | Failure::Leak));
        if deadlocked {
            if let Some((thread, _)) = state.unobserved_panic() {
                end = End::Failed(Failure::Panic(thread));
            } else if end == End::Clean {
                let complaint = state.setup.chooser.complaint();
                end = complaint.map_or(End::Clean, |text| End::Failed(Failure::Strategy(text)));
            }
        }
        Ended { end, trace, now: state.now, threads: state.see(), tainted: state.tainted }
    }
}

/// The state, locked. What happens as long as it is, its unlocking included, is for real: the lock
/// is none that the bubble is to know of.
pub(super) struct Locked<'a> {
    state: MutexGuard<'a, State>,
    /// Dropped last.
    _real: Deeper,
}

impl Deref for Locked<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}
