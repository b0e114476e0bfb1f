//! A task of a scope, and the place for its result: one allocation for both.

use std::sync::Arc;

use super::core::Core;
use super::first::First;
use super::stopped::{Label, Stopped, WhyStopped};
use super::turn::{Member, Turn, work};
use crate::context::Context;
use crate::sys::Mutex;
use crate::sys::atomic::{Acquire, AtomicBool, Relaxed, Release};
use crate::threads::{Finish, Runnable, Spec};
use crate::unwind::drop_caught;
use crate::wait::{Cause, Interrupted, Until, WaitQueue};

pub(super) struct Packet<F, T, E> {
    first: Arc<First<E>>,
    index: usize,
    spec: Spec,
    /// Until it is run.
    f: Mutex<Option<F>>,
    place: Place<T>,
}

/// Where a task leaves what became of it.
pub(super) struct Place<T> {
    /// Whether there is something: for looking without the lock.
    filled: AtomicBool,
    /// Whether the handle is gone, and nobody will look.
    abandoned: AtomicBool,
    result: WaitQueue<Option<Result<T, Box<Stopped>>>>,
}

/// What the handle of a task sees of it.
pub(super) trait Promised<T>: Send + Sync {
    fn core(&self) -> &Arc<Core>;
    fn index(&self) -> usize;
    fn name(&self) -> Option<&Arc<str>>;
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
            abandoned: AtomicBool::new(false),
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
        // The handle may have gone after the value was delivered, and left it to us.
        if let Some(Packet { first, place, .. }) = Arc::into_inner(self) {
            if let Err(payload) = drop_caught(place) {
                first.core().panicked(payload);
            }
        }
    }

    fn into_runnable<'a>(self: Arc<Self>) -> Arc<dyn Runnable + 'a>
    where
        Self: 'a,
    {
        self
    }
}

impl<F, T, E> Runnable for Packet<F, T, E>
where
    F: FnOnce(&Context) -> Result<T, E> + Send,
    T: Send,
    E: Send,
{
    fn run(self: Arc<Self>, finish: Finish<'_>) {
        work(self, Some(finish), true);
    }
}

impl<F, T, E> Promised<T> for Packet<F, T, E>
where
    F: Send,
    T: Send,
    E: Send,
{
    fn core(&self) -> &Arc<Core> {
        self.first.core()
    }

    fn index(&self) -> usize {
        self.index
    }

    fn name(&self) -> Option<&Arc<str>> {
        self.spec.name.as_ref()
    }

    fn place(&self) -> &Place<T> {
        &self.place
    }
}

impl<T> Promise<'_, T> {
    /// Delivers what became of the task.
    pub(super) fn deliver(&self, result: Result<T, Stopped>) {
        let mut place = self.place.result.lock();
        *place = Some(result.map_err(Box::new));
        // Release: pairs with Acquire in `is_filled`. The lock orders the result itself.
        self.place.filled.store(true, Release);
        place.grant_all();
    }

    /// Whether the task still has a handle.
    pub(super) fn is_wanted(&self) -> bool {
        // Relaxed: a value that is delivered for nobody is dropped in `end`, or by the handle.
        !self.place.abandoned.load(Relaxed)
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
        self.result.wait(until, || self.is_filled(), |result| result.is_some())
    }

    /// Takes what became of the task.
    pub(super) fn take(&self) -> Option<Result<T, Stopped>> {
        let result = self.result.lock().take();
        Some(result?.map_err(|why| *why))
    }

    /// Nobody will take it.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Relaxed);
    }
}
