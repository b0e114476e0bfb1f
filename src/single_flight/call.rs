//! One execution, and those who wait for it.

use std::ptr;
use std::sync::Arc;

use crate::context::Canceller;
use crate::unwind::Payload;
use crate::wait::{Interrupted, Until, WaitQueue};

/// One execution of a function.
///
/// It ends in one of two ways, decided under the lock: it *lands*, or the last caller *abandons* it.
/// From the landing on nobody can leave without what came out; those who sleep are woken by the
/// announcement, which comes when the thread of the function is free for others.
pub(super) struct Call<V, E> {
    state: WaitQueue<State<V, E>>,
}

struct State<V, E> {
    phase: Phase<V, E>,
    /// Those who wait for it; from the landing on, those who were there.
    callers: usize,
    /// Whether the one whose function runs is among them.
    has_leader: bool,
    /// Where the function runs, from just before until just after.
    runner: Option<Here>,
    /// Ends the context of the function, if anybody can leave it.
    canceller: Option<Canceller>,
}

/// A thread, as long as it lives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Here(usize);

impl Here {
    /// The current thread.
    pub(super) fn new() -> Self {
        thread_local! {
            /// No other thread has one at the same address.
            static MARK: u8 = const { 0 };
        }
        Here(MARK.with(|mark| ptr::from_ref(mark).addr()))
    }
}

enum Phase<V, E> {
    Flying,
    /// What came out, for as many callers as have not taken it; what the leader's panic carried.
    Landed {
        outcome: Option<Arc<Outcome<V, E>>>,
        waiting: usize,
        payload: Option<Payload>,
        is_announced: bool,
    },
    Abandoned,
}

/// What comes out of the function.
pub(super) enum Outcome<V, E> {
    Value(V),
    Failed(Arc<E>),
    /// The message.
    Panicked(Box<str>),
}

/// What a caller gets of a call that has landed.
pub(super) struct Share<V, E> {
    pub(super) outcome: Arc<Outcome<V, E>>,
    /// What the panic carried, for the leader.
    pub(super) payload: Option<Payload>,
    pub(super) callers: usize,
}

/// What comes out of the function, and what its panic carried.
pub(super) struct Landing<V, E> {
    pub(super) outcome: Outcome<V, E>,
    pub(super) payload: Option<Payload>,
}

/// Whether a caller could join.
pub(super) enum Joined {
    Yes,
    /// It has landed, or was abandoned.
    TooLate,
    /// The caller is the function itself.
    Reentered,
}

/// What a caller that leaves finds.
pub(super) enum Left {
    /// There are others.
    Others,
    /// It was the last one: the function's context is to be ended.
    Last(Option<Canceller>),
    /// It has landed: what came out is for this caller too.
    Landed,
}

type Unwanted<V, E> = (Option<Arc<Outcome<V, E>>>, Option<Payload>);

impl<V, E> Call<V, E> {
    /// A call with one caller, its leader, on whose thread the function runs.
    pub(super) fn here() -> Self {
        Call::new(Some(Here::new()), None)
    }

    /// The same with a function that runs on another thread.
    pub(super) fn elsewhere(canceller: Canceller) -> Self {
        Call::new(None, Some(canceller))
    }

    fn new(runner: Option<Here>, canceller: Option<Canceller>) -> Self {
        let phase = Phase::Flying;
        let state = State { phase, callers: 1, has_leader: true, runner, canceller };
        Call { state: WaitQueue::new(state) }
    }

    /// Says that the function runs on this thread, from now on.
    pub(super) fn runs_here(&self) {
        self.state.lock().runner = Some(Here::new());
    }

    /// Joins those who wait.
    pub(super) fn join(&self) -> Joined {
        let here = Here::new();
        let mut state = self.state.lock();
        if !matches!(state.phase, Phase::Flying) {
            Joined::TooLate
        } else if state.runner == Some(here) {
            Joined::Reentered
        } else {
            state.callers += 1;
            Joined::Yes
        }
    }

    /// Waits until its landing is announced.
    pub(super) fn wait(&self, until: Until<'_>) -> Result<(), Interrupted> {
        self.state.wait_enlisted(until, || self.has_landed(), State::is_announced)
    }

    /// Whether its landing has been announced.
    pub(super) fn has_landed(&self) -> bool {
        self.state.lock().is_announced()
    }

    /// One caller less.
    pub(super) fn leave(&self, is_leader: bool) -> Left {
        let mut state = self.state.lock();
        if let Phase::Landed { .. } = state.phase {
            return Left::Landed;
        }
        state.callers -= 1;
        if is_leader {
            state.has_leader = false;
        }
        if state.callers > 0 {
            return Left::Others;
        }
        state.phase = Phase::Abandoned;
        Left::Last(state.canceller.take())
    }

    /// The function has returned: nobody can re-enter it, and its context is over.
    pub(super) fn returned(&self) -> Option<Canceller> {
        let mut state = self.state.lock();
        state.runner = None;
        state.canceller.take()
    }

    /// Lays out what came out; what nobody wants comes back, to be dropped without the lock.
    pub(super) fn land(&self, landing: Landing<V, E>) -> Unwanted<V, E> {
        let outcome = Some(Arc::new(landing.outcome));
        let mut payload = landing.payload;
        let mut state = self.state.lock();
        state.runner = None;
        if let Phase::Abandoned = state.phase {
            return (outcome, payload);
        }
        let unwanted = if state.has_leader { None } else { payload.take() };
        let waiting = state.callers;
        state.phase = Phase::Landed { outcome, waiting, payload, is_announced: false };
        (None, unwanted)
    }

    /// Wakes those who wait for the landing.
    pub(super) fn announce(&self) {
        let mut state = self.state.lock();
        if let Phase::Landed { is_announced, .. } = &mut state.phase {
            *is_announced = true;
        }
        state.grant_all();
    }

    /// Takes a caller's share. The last one takes the outcome with it: the thread of the function is
    /// not left with something of the user's to drop.
    pub(super) fn take(&self, is_leader: bool) -> Option<Share<V, E>> {
        let mut state = self.state.lock();
        let callers = state.callers;
        let Phase::Landed { outcome, waiting, payload, .. } = &mut state.phase else { return None };
        *waiting -= 1;
        let outcome = if *waiting == 0 { outcome.take() } else { outcome.clone() };
        let payload = if is_leader { payload.take() } else { None };
        Some(Share { outcome: outcome?, payload, callers })
    }
}

impl<V, E> State<V, E> {
    fn is_announced(&mut self) -> bool {
        matches!(self.phase, Phase::Landed { is_announced: true, .. })
    }
}

impl<V, E> Outcome<V, E> {
    /// The outcome for one of those who share it: the last one gets the value itself, unless another
    /// is still at its clone.
    pub(super) fn of(shared: Arc<Self>) -> Self
    where
        V: Clone,
    {
        Arc::try_unwrap(shared).unwrap_or_else(|shared| match &*shared {
            Outcome::Value(value) => Outcome::Value(value.clone()),
            Outcome::Failed(error) => Outcome::Failed(Arc::clone(error)),
            Outcome::Panicked(message) => Outcome::Panicked(message.clone()),
        })
    }
}
