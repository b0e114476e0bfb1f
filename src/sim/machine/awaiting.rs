//! Waiting for what no step tells of: that an operation on a channel of crossbeam's can go ahead.
//!
//! Those channels are what they are in every build, so the machine does not see what is done with them. It
//! asks instead, whenever a thread is to be picked, whether what a thread awaits has come: exactly one
//! thread runs between two picks, so the answer depends on the schedule alone.
//!
//! On a channel without room two threads that only ask would never meet. A thread that waits for such an
//! operation therefore enters it for real, on its own thread of the operating system, while others have
//! their turns. crossbeam decides in the step of the partner that the two have met.
//!
//! | `Thread::awaited`   | the thread                                                           |
//! |---------------------|----------------------------------------------------------------------|
//! | none                | does not wait here, or has been woken                                |
//! | some, `is_entering` | is on its way into its operations: nothing is asked until it is in   |
//! | some                | waits, in its operations or at its gate; the thread that picks asks  |
//!
//! No meeting is missed: a thread that gets its turn first waits until all that enter are in.

#![expect(unsafe_code, reason = "who picks looks at what lies on the stack of a blocked thread")]

use std::ptr::NonNull;
use std::thread;
use std::time::Instant;

use super::here::{self, Here, real};
use super::state::State;
use super::thread::{On, Thread, Woken};
use crate::sim::libc;

/// What a thread waits for. The machine asks on any thread, and only while the thread waits.
pub(crate) trait Awaited {
    /// Whether it has come.
    fn has_come(&self) -> bool;

    /// Whether the thread is in its operations for real, so that another can meet it there.
    fn is_in(&self) -> bool;

    /// The thread waits no longer: from now on no other can meet it.
    fn leave(&self);
}

/// Whether waits of unmodified code are seen, so that threads can wait in crossbeam itself.
pub(crate) fn sees_waits() -> bool {
    libc::sees_waits()
}

/// What a blocked thread waits for.
///
/// Invariant: while this is in the state, the thread is inside of [`await_any`], which borrows what it
/// points to.
#[derive(Debug)]
pub(super) struct Look {
    awaited: NonNull<dyn Awaited>,
    /// Whether the thread is on its way to where others can meet it.
    is_entering: bool,
}

// SAFETY:
// - What it points to is used under the lock of the state only, by one thread at a time.
// - It asks channels whether an operation is ready, which crossbeam allows on any thread, and touches no
//   message.
unsafe impl Send for Look {}

impl Look {
    fn new(awaited: &dyn Awaited, is_entering: bool) -> Self {
        let awaited = NonNull::from(awaited);
        // SAFETY: only the lifetime is another one; the invariant of the type replaces it.
        let awaited = unsafe {
            std::mem::transmute::<NonNull<dyn Awaited + '_>, NonNull<dyn Awaited>>(awaited)
        };
        Look { awaited, is_entering }
    }

    fn get(&self) -> &dyn Awaited {
        // SAFETY: by the invariant it is borrowed by a thread that does not go on before this is removed.
        unsafe { self.awaited.as_ref() }
    }
}

/// Waits until what is awaited has come, or the deadline, and returns whether it was woken before that.
///
/// `inside`, if there is one, is called while others have their turns: it enters the operations for
/// real, and returns when another thread has met this one, or when it has to [leave](Awaited::leave).
#[track_caller]
pub(crate) fn await_any(
    awaited: &dyn Awaited,
    inside: Option<&mut dyn FnMut()>,
    deadline: Option<Instant>,
) -> bool {
    let waiting = |here: &Here| {
        let deadline = deadline.map(|at| here.nanos(at));
        let mut state = here.state();
        if deadline.is_some_and(|at| at <= state.now) {
            return false;
        }
        let me = &mut state.threads[here.me];
        me.awaited = Some(Look::new(awaited, inside.is_some()));
        let forget = Forget(here);
        here.block_inside(state, On::Channel, deadline, inside);
        drop(forget);
        here.state().threads[here.me].woken == Woken::Event
    };
    here::with(waiting).unwrap_or(true)
}

/// Keeps the invariant of [`Look`], however the wait ends.
struct Forget<'a>(&'a Here);

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.threads[self.0.me].stop_awaiting();
    }
}

impl Thread {
    /// Called when the thread is woken.
    pub(super) fn stop_awaiting(&mut self) {
        if let Some(look) = self.awaited.take() {
            look.get().leave();
        }
    }

    fn has_come(&self) -> bool {
        self.awaited.as_ref().is_some_and(|look| !look.is_entering && look.get().has_come())
    }

    /// The thread is where others can meet it, or has been there.
    pub(super) fn has_entered(&mut self) {
        if let Some(look) = &mut self.awaited {
            look.is_entering = false;
        }
    }
}

impl State {
    /// Wakes the threads for which has come what they await.
    pub(super) fn look_at_awaited(&mut self) {
        self.wake_where(Thread::has_come);
    }

    /// Whether all threads that enter their operations are in.
    fn are_all_in(&mut self) -> bool {
        let mut are_all_in = true;
        self.each_living(|thread| {
            if let Some(look) = thread.awaited.as_mut().filter(|look| look.is_entering) {
                look.is_entering = !look.get().is_in();
                are_all_in &= !look.is_entering;
            }
        });
        are_all_in
    }
}

impl Here {
    /// The thread has got its turn: those that enter their operations come first.
    pub(super) fn settle(&self) {
        while !self.state().are_all_in() {
            real(thread::yield_now);
        }
    }
}
