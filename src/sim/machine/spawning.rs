//! Threads that start others, and wait for their ends.

use std::sync::Arc;
use std::{io, thread};

use super::bubble::Bubble;
use super::end::{Failure, Seen};
use super::here::{self, Here};
use super::hooks::step;
use super::life::Newcomer;
use super::op::{Kind, Op};
use super::thread::{On, Panic};

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
        if state.order.len() >= limit {
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
        self.bubble.lock().see_thread(self.thread)
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
