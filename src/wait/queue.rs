//! A first-in, first-out queue of blocked threads, with a little state under the same lock.

mod wishes;

use std::ops::{Deref, DerefMut};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use super::spin::spin;
use super::{Interrupted, Key, List, Until, Waiter};
use crate::sys::{Empty, Mutex, MutexGuard, Static};
pub(crate) use wishes::Patience;

/// The threads that wait for something, oldest first, and the state `S` that decides about them.
///
/// If they do not all wait for the same, each has a request, a `W`: see [`ask`](Self::ask).
///
/// Invariants, all under the one lock:
/// 1. A thread enters only after a last look at the state says that it must wait.
/// 2. An entry is removed by the thread that decided its waiter: by the one that grants or refuses, in the
///    same critical section, or else by the waiting thread on its way out.
///
/// So a change of state made under the lock misses no thread: a thread either looked after the change,
/// or is in the queue when the change looks there.
#[derive(Debug)]
pub(crate) struct WaitQueue<S = (), W = ()> {
    inner: Mutex<Inner<S, W>>,
}

#[derive(Debug)]
struct Inner<S, W> {
    state: S,
    /// Boxed, since most queues are empty for all their life.
    waiters: Option<Box<List<Entry<W>>>>,
}

#[derive(Debug)]
struct Entry<W> {
    waiter: Arc<Waiter>,
    wish: W,
}

impl<S, W> WaitQueue<S, W> {
    pub(crate) const fn new(state: S) -> Self {
        WaitQueue { inner: Mutex::new(Inner { state, waiters: None }) }
    }

    /// Locks the queue. Waiters decided through the guard are woken when it is gone.
    #[inline]
    pub(crate) fn lock(&self) -> Locked<'_, S, W> {
        Locked { guard: Some(self.inner.lock()), woken: Woken::default() }
    }
}

impl<S> WaitQueue<S> {
    /// Waits until `ready` or a grant, and no longer than `until`.
    ///
    /// `ready` looks, many times, and may take what it finds; `true` ends the wait. `enlist` looks
    /// for the last time, under the lock, and leaves whatever mark makes sure that a later change
    /// of state comes to this queue.
    ///
    /// After an error the caller looks once more: the event may have come before the bound, while the
    /// thread that made it has not come to this queue yet.
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
        self.park(&until, enlist, Patience::Parks)
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
        if ready() {
            return Ok(());
        }
        // The last look: the event may have come before the bound, and its grant not yet.
        self.park(&until, enlist, Patience::Spins).or_else(|why| ready().then_some(()).ok_or(why))
    }

    /// [`wait_enlisted`](Self::wait_enlisted) for a hand-over between threads that should both stay awake.
    pub(crate) fn wait_awake(
        &self,
        until: Until<'_>,
        enlist: impl FnOnce(&mut S) -> bool,
    ) -> Result<(), Interrupted> {
        until.enter()?;
        self.park(&until, enlist, Patience::SpinsLong)
    }

    /// [`wait`](Self::wait) without spinning, for waits that are long as a rule.
    pub(crate) fn wait_parked(
        &self,
        until: Until<'_>,
        enlist: impl FnOnce(&mut S) -> bool,
    ) -> Result<(), Interrupted> {
        until.enter()?;
        self.park(&until, enlist, Patience::Parks)
    }

    /// Waits until `condition` returns `true` for a value that other threads change, and returns it.
    ///
    /// `look` returns the value. `register` returns it, too, under the lock, and leaves a mark that brings
    /// the next change to this queue, which then grants all waiters.
    pub(crate) fn wait_for_value<T: Copy + PartialEq>(
        &self,
        until: Until<'_>,
        look: impl Fn() -> T,
        register: impl Fn() -> T,
        mut condition: impl FnMut(T) -> bool,
    ) -> Result<T, Interrupted> {
        until.enter()?;
        loop {
            let seen = look();
            if condition(seen) {
                return Ok(seen);
            }
            // Here, since a value that changes all the time never lets the thread sleep.
            let waited = if until.is_over() {
                Err(until.why())
            } else {
                self.wait(until, || look() != seen, |_| register() != seen)
            };
            if let Err(interrupted) = waited {
                // The thread that has changed the value may not have come to the queue yet. The value has been
                // there nevertheless, and it wins over the bound.
                let last = look();
                return if condition(last) { Ok(last) } else { Err(interrupted) };
            }
        }
    }

    fn park(
        &self,
        until: &Until<'_>,
        enlist: impl FnOnce(&mut S) -> bool,
        patience: Patience,
    ) -> Result<(), Interrupted> {
        self.ask(until, (), patience, enlist, |_| ()).map(drop)
    }
}

impl<S, W> Inner<S, W> {
    /// Enters the waiter, unless the last look finds that it need not wait.
    fn enlist(
        &mut self,
        waiter: &Arc<Waiter>,
        wish: W,
        last: impl FnOnce(&mut S) -> bool,
    ) -> Option<Key> {
        if last(&mut self.state) {
            return None;
        }
        let waiters = self.waiters.get_or_insert_with(|| Box::new(List::new()));
        Some(waiters.push_back(Entry { waiter: Arc::clone(waiter), wish }))
    }

    fn leave(&mut self, key: Key) -> Option<Arc<Waiter>> {
        Some(self.waiters.as_mut()?.remove(key)?.waiter)
    }

    /// Grants the oldest waiter that has not given up, and takes it out.
    fn grant_oldest(&mut self) -> Option<Arc<Waiter>> {
        let list = self.waiters.as_deref()?;
        let mut next = list.front();
        while let Some((key, entry)) = next {
            if entry.waiter.grant() {
                return self.leave(key);
            }
            // It has given up and is on its way out: what it was owed goes to the next.
            next = list.after(key);
        }
        None
    }
}

impl Empty for () {
    const EMPTY: Self = ();
}

impl<S: Empty, W> Empty for WaitQueue<S, W> {
    const EMPTY: Self = WaitQueue::new(S::EMPTY);
}

impl<S: Empty + Send + 'static, W: Send + 'static> Static for WaitQueue<S, W> {
    #[cfg(feature = "sim")]
    fn clear(&self) {
        *self.inner.lock() = Inner { state: S::EMPTY, waiters: None };
    }
}

// The lock is never held while user code runs, so no panic leaves what it guards half-changed.
impl<S, W> UnwindSafe for WaitQueue<S, W> {}
impl<S, W> RefUnwindSafe for WaitQueue<S, W> {}

/// A queue whose lock is held. When it is dropped, the lock is released first, and only then are
/// the granted threads woken.
pub(crate) struct Locked<'a, S, W = ()> {
    guard: Option<MutexGuard<'a, Inner<S, W>>>,
    woken: Woken,
}

/// Threads to be woken. Nearly always it is one, which needs no allocation.
#[derive(Default)]
struct Woken {
    first: Option<Arc<Waiter>>,
    others: Vec<Arc<Waiter>>,
}

impl Woken {
    fn push(&mut self, waiter: Arc<Waiter>) {
        if self.first.is_none() {
            self.first = Some(waiter);
        } else {
            self.others.push(waiter);
        }
    }

    #[cold]
    fn wake(&mut self) {
        for waiter in self.first.take().into_iter().chain(self.others.drain(..)) {
            waiter.wake();
        }
    }
}

impl<S, W> Locked<'_, S, W> {
    /// Grants the oldest waiter what it waits for. Returns `false` if no thread waits.
    pub(crate) fn grant_one(&mut self) -> bool {
        let granted = self.inner().grant_oldest();
        let any = granted.is_some();
        if let Some(waiter) = granted {
            self.woken.push(waiter);
        }
        any
    }

    /// Grants all waiters.
    pub(crate) fn grant_all(&mut self) {
        while self.grant_one() {}
    }

    #[inline]
    fn inner(&mut self) -> &mut Inner<S, W> {
        self.guard.as_mut().expect("the lock is held until drop")
    }
}

impl<S, W> Deref for Locked<'_, S, W> {
    type Target = S;

    #[inline]
    fn deref(&self) -> &S {
        &self.guard.as_ref().expect("the lock is held until drop").state
    }
}

impl<S, W> DerefMut for Locked<'_, S, W> {
    #[inline]
    fn deref_mut(&mut self) -> &mut S {
        &mut self.inner().state
    }
}

impl<S, W> Drop for Locked<'_, S, W> {
    #[inline]
    fn drop(&mut self) {
        self.guard = None;
        // As a rule no thread waits: then there is nothing to take apart.
        if self.woken.first.is_some() {
            self.woken.wake();
        }
    }
}

#[cfg(test)]
mod tests;
