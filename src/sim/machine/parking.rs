//! Threads that sleep until another wakes them.

use std::sync::Arc;
use std::time::Instant;

use super::bubble::Bubble;
use super::here::{self, Here};
use super::op::{Kind, Op};
use super::state::State;
use super::thread::{On, Woken};

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
}
