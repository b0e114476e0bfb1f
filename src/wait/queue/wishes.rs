//! Waiting for a request of one's own, such as a number of permits.
//!
//! The queue keeps the requests in order; the primitive reads them, oldest first, and decides.

use std::sync::Arc;

use super::{Inner, Locked, WaitQueue};
use crate::wait::spin::{spin, spin_long};
use crate::wait::waiter::Verdict;
use crate::wait::{Interrupted, Key, Until, Waiter};

/// How long a thread spins in the queue before it sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// As long as has paid lately.
    Spins,
    /// Longer than a sleeping core takes to wake: for a hand-over that is cheap only if both threads stay
    /// awake.
    SpinsLong,
    /// Not at all, since the wait is long as a rule.
    Parks,
}

impl<S, W> WaitQueue<S, W> {
    /// Waits until the request `wish` is granted, but no longer than `until`. Returns `false` if it was refused.
    ///
    /// `enlist` looks for the last time, under the lock, and leaves whatever mark makes sure that a
    /// later change of state comes to this queue; `true` ends the wait as granted. `left` is called,
    /// under the lock, when a thread that gave up has left the queue: those behind it may be owed
    /// now what it stood in the way of. A thread that was granted or refused has not given up,
    /// however late it is.
    pub(crate) fn ask(
        &self,
        until: &Until<'_>,
        wish: W,
        patience: Patience,
        enlist: impl FnOnce(&mut S) -> bool,
        left: impl FnOnce(&mut Locked<'_, S, W>),
    ) -> Result<bool, Interrupted> {
        let waiter = Waiter::new();
        let Some(key) = self.inner.lock().enlist(&waiter, wish, enlist) else { return Ok(true) };
        let mut place =
            Place { queue: self, waiter: &waiter, key, left: Some(left), verdict: None };
        if patience != Patience::Parks && !until.has_passed() {
            match patience {
                Patience::SpinsLong => spin_long(|| waiter.is_decided()),
                _ => spin(|| waiter.is_decided()),
            };
        }
        let verdict = waiter.sleep(until);
        place.verdict = Some(verdict);
        // Before `why`, which may end the context, run callbacks, and unwind.
        drop(place);
        match verdict {
            Verdict::Granted => Ok(true),
            Verdict::Refused => Ok(false),
            Verdict::GivenUp => Err(until.why_in_vain()),
        }
    }
}

/// The entry of a thread in the queue, for as long as it waits.
struct Place<'a, S, W, L: FnOnce(&mut Locked<'_, S, W>)> {
    queue: &'a WaitQueue<S, W>,
    waiter: &'a Waiter,
    key: Key,
    left: Option<L>,
    /// How the wait has ended: not at all, if the thread unwinds.
    verdict: Option<Verdict>,
}

impl<S, W, L: FnOnce(&mut Locked<'_, S, W>)> Drop for Place<'_, S, W, L> {
    /// A thread that unwinds gives up, too: no grant must be lost on an entry whose thread is gone.
    fn drop(&mut self) {
        let given_up = match self.verdict {
            Some(verdict) => verdict == Verdict::GivenUp,
            None => self.waiter.gives_up(),
        };
        if given_up {
            // Invariant 2: the request was neither granted nor refused, so this thread removes the entry.
            let mut queue = self.queue.lock();
            queue.inner().leave(self.key);
            if let Some(left) = self.left.take() {
                left(&mut queue);
            }
        }
    }
}

impl<S, W> Locked<'_, S, W> {
    /// The oldest waiter that has not given up and whose request is `such`.
    pub(crate) fn oldest(&self, such: impl Fn(&W) -> bool) -> Option<(Key, &W)> {
        let list = self.guard.as_ref()?.waiters.as_deref()?;
        let mut next = list.front();
        while let Some((key, entry)) = next {
            if !entry.waiter.is_decided() && such(&entry.wish) {
                return Some((key, &entry.wish));
            }
            next = list.after(key);
        }
        None
    }

    /// The youngest such waiter: for those of whom any will do, since it is the most likely to be awake.
    pub(crate) fn youngest(&self, such: impl Fn(&W) -> bool) -> Option<Key> {
        let list = self.guard.as_ref()?.waiters.as_deref()?;
        let mut next = list.back();
        while let Some((key, entry)) = next {
            if !entry.waiter.is_decided() && such(&entry.wish) {
                return Some(key);
            }
            next = list.before(key);
        }
        None
    }

    /// Grants a waiter's request and removes it. Returns `false` if it has given up in the meantime.
    pub(crate) fn grant(&mut self, key: Key) -> bool {
        self.decide(key, Waiter::grant)
    }

    /// Refuses all waiters whose request is `such`.
    pub(crate) fn refuse_all(&mut self, such: impl Fn(&W) -> bool) {
        // One that gives up between the look and the step is not found again.
        while let Some((key, _)) = self.oldest(&such) {
            self.decide(key, Waiter::refuse);
        }
    }

    fn decide(&mut self, key: Key, decide: impl FnOnce(&Waiter) -> bool) -> bool {
        let inner = self.inner();
        let decided = inner.waiter(key).is_some_and(|waiter| decide(waiter));
        if decided {
            let waiter = inner.leave(key);
            if let Some(waiter) = waiter {
                self.woken.push(waiter);
            }
        }
        decided
    }
}

impl<S, W> Inner<S, W> {
    fn waiter(&self, key: Key) -> Option<&Arc<Waiter>> {
        Some(&self.waiters.as_deref()?.get(key)?.waiter)
    }
}
