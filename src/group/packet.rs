//! A task of a scope, and the place for its result: one allocation for both.

use std::sync::Arc;

use super::core::Core;
use super::first::First;
use super::stopped::{Label, Stopped, WhyStopped};
use super::turn::{Member, Turn};
use crate::context::Context;
use crate::sys::Mutex;
use crate::sys::atomic::{Acquire, AtomicBool, Relaxed, Release};
use crate::threads::{Runnable, Spec};
use crate::unwind::drop_quietly;
use crate::wait::{Cause, Interrupted, Until, WaitQueue};

pub(super) struct Packet<F, T, E> {
    first: Arc<First<E>>,
    index: usize,
    spec: Spec,
    /// Until it is run.
    f: Mutex<Option<F>>,
    place: Place<T>,
}

/// Where a task leaves what became of it, in two steps: the result, when slot and thread are still
/// its own; and then, when they are not, the word that it is there. So it learns in time whether it
/// is to drop the value itself, which is the user's code.
pub(super) struct Place<T> {
    /// Whether the handle has been told: set under the lock, for looking without.
    filled: AtomicBool,
    /// Whether the handle is gone, or has the result: set by the handle, under the lock.
    closed: AtomicBool,
    result: WaitQueue<Left<T>>,
}

/// What became of a task, until its handle takes it.
pub(super) type Left<T> = Option<Result<T, Box<Stopped>>>;

/// What the handle of a task sees of it.
pub(super) trait Promised<T>: Member {
    fn place(&self) -> &Place<T>;
}

/// The side of a task that delivers.
pub(super) struct Promise<'a, T> {
    index: usize,
    spec: &'a Spec,
    place: &'a Place<T>,
}

impl<F, T, E> Packet<F, T, E>
where
    F: FnOnce(&Context) -> Result<T, E>,
{
    pub(super) fn new(first: &Arc<First<E>>, index: usize, spec: &Spec, f: F) -> Arc<Self> {
        let place = Place {
            filled: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            result: WaitQueue::new(None),
        };
        let (first, spec, f) = (Arc::clone(first), spec.clone(), Mutex::new(Some(f)));
        Arc::new(Packet { first, index, spec, f, place })
    }

    /// Settles a task that is not to run.
    pub(super) fn skip(&self, cause: Cause) {
        let f = self.f.lock().take();
        self.first.skip(&mut Turn::lent(self.first.core()), f, cause, &self.promise());
    }

    fn promise(&self) -> Promise<'_, T> {
        Promise { index: self.index, spec: &self.spec, place: &self.place }
    }
}

impl<F, T, E> Member for Packet<F, T, E>
where
    F: FnOnce(&Context) -> Result<T, E> + Send,
    T: Send,
    E: Send,
{
    fn core(&self) -> &Arc<Core> {
        self.first.core()
    }

    fn index(&self) -> usize {
        self.index
    }

    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn run(&self, turn: &mut Turn<'_, '_>) {
        let f = self.f.lock().take();
        if let Some(f) = f {
            self.first.run(turn, f, &self.promise());
        }
    }

    fn end(self: Arc<Self>) {
        // The value is gone, or is the handle's. But the last owner of a group may have been its own
        // task, and then the group's error goes with it.
        drop_quietly(self);
    }

    fn into_runnable<'a>(self: Arc<Self>) -> Arc<dyn Runnable + 'a>
    where
        Self: 'a,
    {
        self
    }
}

impl<F, T, E> Promised<T> for Packet<F, T, E>
where
    F: FnOnce(&Context) -> Result<T, E> + Send,
    T: Send,
    E: Send,
{
    fn place(&self) -> &Place<T> {
        &self.place
    }
}

impl<T> Promise<'_, T> {
    /// Leaves what became of the task for the handle, which is not told yet; it comes back if there
    /// is no handle any more.
    pub(super) fn leave(&self, result: Result<T, Stopped>) -> Left<T> {
        let result = Some(result.map_err(Box::new));
        let mut place = self.place.result.lock();
        // Relaxed: written under the lock.
        if self.place.closed.load(Relaxed) {
            return result;
        }
        *place = result;
        None
    }

    /// Tells the handle.
    pub(super) fn deliver(&self) {
        let mut place = self.place.result.lock();
        // Release: pairs with Acquire in `is_filled`. The lock orders the result itself.
        self.place.filled.store(true, Release);
        place.grant_all();
    }

    /// What the task's handle reports where there is no value.
    pub(super) fn stopped(&self, why: WhyStopped) -> Stopped {
        Label { index: self.index, name: self.spec.name.clone() }.stopped(why)
    }
}

impl<T> Place<T> {
    pub(super) fn is_filled(&self) -> bool {
        // Acquire: pairs with Release in `deliver`.
        self.filled.load(Acquire)
    }

    /// Waits until the task has ended.
    #[cfg_attr(feature = "sim", track_caller)]
    pub(super) fn wait(&self, until: Until<'_>) -> Result<(), Interrupted> {
        self.result.wait(until, || self.is_filled(), |_| self.is_filled())
    }

    /// Takes what became of the task.
    pub(super) fn take(&self) -> Option<Result<T, Stopped>> {
        Some(self.close()?.map_err(|why| *why))
    }

    /// Nobody will take it. What is there already is to be dropped outside the lock, by who drops
    /// the handle: the thread of the task may be another task's by now.
    #[must_use = "its drop is the user's code"]
    pub(super) fn abandon(&self) -> Left<T> {
        // Relaxed: written by the handle alone.
        if self.closed.load(Relaxed) { None } else { self.close() }
    }

    fn close(&self) -> Left<T> {
        let mut result = self.result.lock();
        // Relaxed: the lock orders it with the look in `leave`.
        self.closed.store(true, Relaxed);
        result.take()
    }
}
