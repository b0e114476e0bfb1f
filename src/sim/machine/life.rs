//! The life of a thread in a bubble, from its gate to the drop of its `Here`.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::Instant;

use super::bubble::Bubble;
use super::gate::Pass;
use super::here::{self, Here, real};
use super::op::{Kind, Op};
use super::panics;
use super::spawning::Handle;
use super::thread::On;
use crate::sim::libc;
use crate::unwind::drop_quietly;

/// What an idle thread unwinds with when it is sent home.
pub(super) struct Dismissed;

/// A thread that has been added to a bubble, for which the operating system is to start one.
#[derive(Debug)]
pub(crate) struct Newcomer {
    pub(super) bubble: Arc<Bubble>,
    pub(super) thread: usize,
}

impl Newcomer {
    pub(crate) fn handle(&self) -> Handle {
        Handle { bubble: Arc::clone(&self.bubble), thread: self.thread }
    }

    /// The life of the thread, on the thread that the operating system has started. The rest of it is
    /// the drop of its `Here`.
    pub(crate) fn live(mut self, body: impl FnOnce()) {
        let Handle { bubble, thread } = self.handle();
        self.thread = LIVES;
        here::enter(Here { bubble: Arc::clone(&bubble), me: thread });
        real(libc::prepare_thread);
        wait_at_gate(&bubble, thread);
        here::with(Here::settle);
        // By the root, inside, so that it is the clock which the user's code reads.
        bubble.start.get_or_init(Instant::now);
        // AssertUnwindSafe: the body is used up.
        if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(body)) {
            if !is_dismissal(&*payload) {
                bubble.lock().threads[thread].panic = Some(panics::last(&*payload));
            }
            drop_quietly(payload);
        }
        libc::body_is_over();
    }
}

/// In place of the number of a newcomer that has begun to live.
const LIVES: usize = usize::MAX;

impl Drop for Newcomer {
    /// The operating system had no thread for it.
    fn drop(&mut self) {
        if self.thread != LIVES {
            self.bubble.lock().finish(self.thread);
        }
    }
}

/// Whether a thread unwinds since it has been sent home.
pub(crate) fn is_dismissal(payload: &(dyn Any + Send)) -> bool {
    payload.is::<Dismissed>()
}

fn wait_at_gate(bubble: &Bubble, me: usize) {
    let tid = libc::tid();
    let mut state = bubble.lock();
    state.threads[me].tid = tid;
    let gate = Arc::clone(&state.threads[me].gate);
    drop(state);
    if gate.wait() == Pass::Die {
        panic::resume_unwind(Box::new(Dismissed));
    }
}

impl Drop for Here {
    /// The end of the thread, after its thread-local values.
    fn drop(&mut self) {
        self.step_out();
        here::leave();
        let mut state = self.state();
        let me = self.me;
        state.finish(me);
        state.wake_blocked_on(On::Join(me));
        self.bubble.hand_on(state);
    }
}

impl Here {
    fn step_out(&self) {
        // A thread of a bubble that has failed stays; this one is on its way out and may go.
        let over = self.state().end.is_some();
        if !over {
            self.step(Op::new(Kind::End, 0));
        }
    }
}
