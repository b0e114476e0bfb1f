//! Threads of a bubble that unmodified code has started, and what such code asks of the machine.
//!
//! It calls from C, where nothing may unwind: what would be a panic elsewhere fails the bubble here.

use std::sync::Arc;
use std::thread;

use super::here::{self, Deeper};
use super::life;
use super::op::Kind;
use super::spawning::Handle;
use super::thread::{Panic, Thread};

pub(crate) type Newcomer = life::Newcomer;

/// Whether there is any bubble, on whatever thread.
pub(crate) fn any() -> bool {
    here::any()
}

/// As long as it lives, what its thread does is for real.
pub(crate) type Real = Deeper;

pub(crate) fn become_real() -> Real {
    Deeper::into_real()
}

/// Whether what this thread does is for real.
pub(crate) fn is_real() -> bool {
    here::REAL.get() != 0
}

pub(super) const ATOMIC: &str =
    "a lock, a channel, a sleep or a join of std's blocks in sim::atomically or sim::invariant";

impl Handle {
    /// From now on, [`find`] finds it.
    pub(crate) fn is_called(&self, pthread: usize) {
        self.bubble.lock().threads[self.thread].pthread = Some(pthread);
    }
}

/// The thread of this bubble that the C library calls so. It uses names again, when a thread has
/// ended and been joined: the last one is meant.
pub(crate) fn find(pthread: usize) -> Option<Handle> {
    here::with(|here| {
        let of_that_name = |thread: &Thread| thread.pthread == Some(pthread);
        let thread = here.state().threads.iter().rposition(of_that_name)?;
        Some(Handle { bubble: Arc::clone(&here.bubble), thread })
    })
    .flatten()
}

/// Gives the current thread a name.
pub(crate) fn rename(name: String) {
    here::with(|here| here.state().threads[here.me].name = name);
}

/// A number that is the same in every schedule, and another for each thread and each time.
pub(crate) fn draw() -> Option<u64> {
    here::with(|here| {
        let thread = &mut here.state().threads[here.me];
        thread.draws += 1;
        let path = thread.path.numbers().iter();
        path.fold(thread.draws, |seed, number| crate::sim::rng::mix(seed, u64::from(*number)))
    })
}

/// What the current thread does next may block: it must not be in an atomic section.
pub(crate) fn may_block() {
    if here::is_atomic() {
        refuse(ATOMIC);
    }
}

/// Fails the bubble, and does not return: there is no model of `what`.
pub(crate) fn refuse(what: &str) {
    here::with(|here| here.refuse(what));
}

/// A thread panics. If unmodified code has started it, nobody but that code will know whether it
/// catches the panic; until the thread does something else, it has not.
pub(super) fn panics(message: &str, at: Option<&str>) {
    here::with(|here| {
        let thread = &mut here.state().threads[here.me];
        if thread.pthread.is_some() {
            let (message, at) = (message.to_owned(), at.map(str::to_owned));
            thread.panic = Some(Panic { message, at, observed: false });
        }
    });
}

impl Thread {
    /// The thread takes a step: if it is not unwinding, it has caught what it had panicked with.
    pub(super) fn outlives_its_panic(&mut self) {
        let caught = self.pthread.is_some() && self.op.kind != Kind::End && !thread::panicking();
        if caught && self.panic.is_some() {
            self.panic = None;
        }
    }
}
