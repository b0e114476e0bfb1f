//! A thread's turn: how it ends, and how the thread waits for the next.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::thread;

use super::bubble::Locked;
use super::end::Failure;
use super::gate::Pass;
use super::here::{self, Here, real};
use super::life::Dismissed;
use super::op::Op;
use super::panics;
use super::state::Next;
use super::thread::{On, Panic, Status};

impl Here {
    pub(super) fn state(&self) -> Locked<'_> {
        self.bubble.lock()
    }

    /// The thread is about to do `op`: others may run first.
    pub(super) fn step(&self, op: Op) {
        if here::is_atomic() {
            return;
        }
        let mut state = self.state();
        state.announce(self.me, op);
        state.threads[self.me].outlives_its_panic();
        if !state.invariants.is_empty() {
            drop(state);
            self.check_invariants();
            state = self.state();
        }
        self.switch(state);
    }

    /// Blocks, from a step that has been taken, and returns when the thread has been woken.
    #[track_caller]
    pub(super) fn block(&self, state: Locked<'_>, on: On, deadline: Option<u64>) {
        self.block_inside(state, on, deadline, None);
    }

    /// [`block`](Self::block), and calls `inside` for real while others have their turns.
    #[track_caller]
    pub(super) fn block_inside(
        &self,
        mut state: Locked<'_>,
        on: On,
        deadline: Option<u64>,
        inside: Option<&mut dyn FnMut()>,
    ) {
        if here::is_atomic() {
            drop(state);
            panic!("sim::atomically: it would block");
        }
        state.block(self.me, on, deadline);
        self.switch_inside(state, inside);
    }

    /// Lets the next thread go on, and waits for the turn of this one.
    fn switch(&self, state: Locked<'_>) {
        self.switch_inside(state, None);
    }

    fn switch_inside(&self, mut state: Locked<'_>, inside: Option<&mut dyn FnMut()>) {
        if state.closing && state.threads[self.me].is_runnable() {
            return;
        }
        let next = state.pick();
        if next == Next::Thread(self.me) {
            return;
        }
        self.bubble.announce(&mut state, next);
        let opened = match next {
            Next::Thread(other) => Some((Arc::clone(&state.threads[other].gate), Pass::Go)),
            Next::Dismiss(other) => Some((Arc::clone(&state.threads[other].gate), Pass::Die)),
            Next::Outside | Next::Over => None,
        };
        let own = Arc::clone(&state.threads[self.me].gate);
        // It may have been woken in this pick.
        let inside = inside.filter(|_| state.threads[self.me].blocked().is_some());
        drop(state);
        if let Some((gate, pass)) = opened {
            gate.open(pass);
        }
        if let Some(inside) = inside {
            real(inside);
            self.state().threads[self.me].has_entered();
        }
        if own.wait() == Pass::Die {
            panic::resume_unwind(Box::new(Dismissed));
        }
        self.settle();
    }

    /// Fails, and stays: where there can be no unwinding.
    pub(super) fn refuse(&self, what: &str) -> ! {
        let mut state = self.state();
        let over = state.fail(Failure::Unsupported(what.to_owned()));
        self.bubble.announce(&mut state, over);
        drop(state);
        real(|| {
            loop {
                thread::park();
            }
        })
    }

    fn check_invariants(&self) {
        let invariants = std::mem::take(&mut self.state().invariants);
        let broken = here::atomically(|| {
            invariants.iter().find_map(|invariant| {
                // AssertUnwindSafe: nothing goes on after a failure.
                let checked = panic::catch_unwind(AssertUnwindSafe(|| (invariant.check)()));
                Some((invariant.name, panics::last(&*checked.err()?).message))
            })
        });
        let mut state = self.state();
        state.invariants = invariants;
        if let Some((name, message)) = broken {
            state.fail(Failure::Invariant { name, message });
        }
    }

    /// Runs a call that the kit does not see into, while others have their turns.
    pub(super) fn external<R>(&self, op: Op, f: impl FnOnce() -> R) -> R {
        let mut state = self.state();
        state.tainted = true;
        state.externals += 1;
        state.threads[self.me].status = Status::External;
        self.bubble.hand_on(state);
        let result = real(f);
        let mut state = self.state();
        state.externals -= 1;
        state.threads[self.me].status = Status::Runnable;
        state.announce(self.me, op);
        if state.vacant {
            self.switch(state);
        } else {
            let own = Arc::clone(&state.threads[self.me].gate);
            drop(state);
            own.wait();
        }
        self.settle();
        result
    }

    pub(super) fn set_panic(&self, panic: Panic) {
        self.state().threads[self.me].panic = Some(panic);
    }
}
