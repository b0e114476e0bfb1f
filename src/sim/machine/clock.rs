//! The virtual clock.

use std::time::{Duration, Instant};

use super::here::{self, Here};
use super::op::{Kind, Op};
use super::state::State;
use super::thread::{Idle, On, Thread, Woken};

/// So many readings of the clock without a step in between, and time begins to pass.
const READINGS: u32 = 1000;

impl State {
    fn deadlines(&self) -> impl Iterator<Item = (&Thread, u64)> {
        self.living().filter_map(|thread| Some((thread, thread.blocked()?.deadline?)))
    }

    pub(super) fn next_deadline(&self) -> Option<u64> {
        self.deadlines().map(|(_, deadline)| deadline).min()
    }

    /// Whether the passing of time can help anybody who is not idle.
    pub(super) fn helping_deadline(&self) -> bool {
        self.deadlines().any(|(thread, _)| thread.idle != Idle::Spare)
    }

    /// Lets time pass up to the next deadline. All threads whose deadline it is can run then.
    pub(super) fn pass_time(&mut self) {
        if let Some(next) = self.next_deadline() {
            self.move_to(next);
        }
    }

    pub(super) fn move_to(&mut self, now: u64) {
        if now > self.now {
            self.now = now;
            self.moved = self.trace.steps.len();
        }
        let now = self.now;
        self.each_living(|thread| {
            if thread.blocked().is_some_and(|b| b.deadline.is_some_and(|at| at <= now)) {
                thread.wake(Woken::Deadline);
            }
        });
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
