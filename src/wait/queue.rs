//! A first-in, first-out queue of blocked threads, with a little state under the same lock.

use std::ops::{Deref, DerefMut};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use super::spin::spin;
use super::waiter::Verdict;
use super::{Interrupted, Key, List, Until, Waiter};
use crate::sys::{Empty, Mutex, MutexGuard, Static};

/// The threads that wait for something, oldest first, and the state `S` that decides about them.
///
/// Invariants, all under the one lock:
/// 1. A thread enters only after a last look at the state says that it must wait.
/// 2. An entry is taken out by whoever decided its waiter: by the granter in the same critical
///    section, or else by the waiting thread on its way out.
///
/// So a change of state made under the lock misses nobody: a thread either looked after the change,
/// or is in the queue when the change looks there.
#[derive(Debug)]
pub(crate) struct WaitQueue<S = ()> {
    inner: Mutex<Inner<S>>,
}

#[derive(Debug)]
struct Inner<S> {
    state: S,
    /// Boxed, since most queues are empty for all their life.
    waiters: Option<Box<List<Arc<Waiter>>>>,
}

impl<S> WaitQueue<S> {
    pub(crate) const fn new(state: S) -> Self {
        WaitQueue { inner: Mutex::new(Inner { state, waiters: None }) }
    }

    /// Locks the queue. Waiters granted through the guard are woken when it is gone.
    pub(crate) fn lock(&self) -> Locked<'_, S> {
        Locked { guard: Some(self.inner.lock()), woken: Vec::new() }
    }

    /// Waits until `ready` or a grant, and no longer than `until`.
    ///
    /// `ready` looks, many times, and may take what it finds; `true` ends the wait. `enlist` looks
    /// for the last time, under the lock, and leaves whatever mark makes sure that a later change
    /// of state comes to this queue.
    #[inline]
    pub(crate) fn wait(
        &self,
        until: Until<'_>,
        ready: impl Fn() -> bool,
        enlist: impl FnOnce(&mut S) -> bool,
    ) -> Result<(), Interrupted> {
        until.enter()?;
        if ready() { Ok(()) } else { self.wait_slow(until, ready, enlist) }
    }

    #[cold]
    fn wait_slow(
        &self,
        until: Until<'_>,
        ready: impl Fn() -> bool,
        enlist: impl FnOnce(&mut S) -> bool,
    ) -> Result<(), Interrupted> {
        if !until.has_passed() && spin(ready) {
            return Ok(());
        }
        self.park(&until, enlist, false)
    }

    /// [`wait`](Self::wait) for an event that may pass again: enters the queue first and spins
    /// there, so that no moment is missed.
    #[inline]
    pub(crate) fn wait_enlisted(
        &self,
        until: Until<'_>,
        ready: impl Fn() -> bool,
        enlist: impl FnOnce(&mut S) -> bool,
    ) -> Result<(), Interrupted> {
        until.enter()?;
        if ready() { Ok(()) } else { self.park(&until, enlist, true) }
    }

    /// [`wait`](Self::wait) without spinning, for waits that are long as a rule.
    pub(crate) fn wait_parked(
        &self,
        until: Until<'_>,
        enlist: impl FnOnce(&mut S) -> bool,
    ) -> Result<(), Interrupted> {
        until.enter()?;
        self.park(&until, enlist, false)
    }

    fn park(
        &self,
        until: &Until<'_>,
        enlist: impl FnOnce(&mut S) -> bool,
        spin_first: bool,
    ) -> Result<(), Interrupted> {
        let waiter = Waiter::new();
        let Some(key) = self.inner.lock().enlist(&waiter, enlist) else { return Ok(()) };
        if spin_first && !until.has_passed() {
            spin(|| waiter.is_decided());
        }
        match waiter.sleep(until) {
            Verdict::Granted => Ok(()),
            Verdict::GivenUp => {
                // Invariant 2: nobody granted, so the entry is still ours to take out. Before
                // `why`, which may end the context, run callbacks, and unwind.
                self.inner.lock().leave(key);
                Err(until.why())
            }
        }
    }
}

impl<S> Inner<S> {
    /// Enters the waiter, unless the last look finds that it need not wait.
    fn enlist(&mut self, waiter: &Arc<Waiter>, last: impl FnOnce(&mut S) -> bool) -> Option<Key> {
        if last(&mut self.state) {
            return None;
        }
        let waiters = self.waiters.get_or_insert_with(|| Box::new(List::new()));
        Some(waiters.push_back(Arc::clone(waiter)))
    }

    fn leave(&mut self, key: Key) -> Option<Arc<Waiter>> {
        self.waiters.as_mut()?.remove(key)
    }

    /// Grants the oldest waiter that has not given up, and takes it out.
    fn grant_oldest(&mut self) -> Option<Arc<Waiter>> {
        let list = self.waiters.as_deref()?;
        let mut next = list.front();
        while let Some((key, waiter)) = next {
            if waiter.grant() {
                return self.leave(key);
            }
            // It has given up and is on its way out: what it was owed goes to the next.
            next = list.after(key);
        }
        None
    }
}

impl<S: Empty> Empty for WaitQueue<S> {
    const EMPTY: Self = WaitQueue::new(S::EMPTY);
}

impl<S: Empty + Send + 'static> Static for WaitQueue<S> {
    #[cfg(feature = "sim")]
    fn clear(&self) {
        *self.inner.lock() = Inner { state: S::EMPTY, waiters: None };
    }
}

// The lock is never held while user code runs, so no panic leaves what it guards half-changed.
impl<S> UnwindSafe for WaitQueue<S> {}
impl<S> RefUnwindSafe for WaitQueue<S> {}

/// A queue whose lock is held. When it is dropped, the lock is released first, and only then are
/// the granted threads woken.
pub(crate) struct Locked<'a, S> {
    guard: Option<MutexGuard<'a, Inner<S>>>,
    woken: Vec<Arc<Waiter>>,
}

impl<S> Locked<'_, S> {
    /// Grants the oldest waiter what it waits for; `false` if nobody waits.
    pub(crate) fn grant_one(&mut self) -> bool {
        let granted = self.inner().grant_oldest();
        let any = granted.is_some();
        self.woken.extend(granted);
        any
    }

    /// Grants everybody.
    pub(crate) fn grant_all(&mut self) {
        while self.grant_one() {}
    }

    fn inner(&mut self) -> &mut Inner<S> {
        self.guard.as_mut().expect("the lock is held until drop")
    }
}

impl<S> Deref for Locked<'_, S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.guard.as_ref().expect("the lock is held until drop").state
    }
}

impl<S> DerefMut for Locked<'_, S> {
    fn deref_mut(&mut self) -> &mut S {
        &mut self.inner().state
    }
}

impl<S> Drop for Locked<'_, S> {
    fn drop(&mut self) {
        self.guard = None;
        for waiter in self.woken.drain(..) {
            waiter.wake();
        }
    }
}

#[cfg(test)]
mod tests;
