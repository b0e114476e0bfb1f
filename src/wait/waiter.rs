//! One blocked thread, and the single word that decides what ends its wait.

use std::sync::Arc;

use super::Until;
use crate::sys::atomic::{Acquire, AtomicU32, Relaxed, Release};
use crate::sys::{self, Unparker};

/// Nobody has decided yet; the thread may be asleep.
const WAITING: u32 = 0;
/// The primitive gave the thread what it waits for.
const GRANTED: u32 = 1;
/// The wait was given up: time ran out, or the context ended.
const GIVEN_UP: u32 = 2;
/// The primitive will never give it: it has been closed, say.
const REFUSED: u32 = 3;

/// A thread that waits, or is about to.
///
/// Three parties may end the wait: the primitive grants or refuses, the context interrupts, the thread
/// itself gives up when its time has come. Each tries the one step away from `WAITING`; the first to
/// succeed decides, the others see that they came too late and leave the waiter alone.
#[derive(Debug)]
pub(crate) struct Waiter {
    /// | value      | meaning                             | written by                    |
    /// |------------|-------------------------------------|-------------------------------|
    /// | `WAITING`  | undecided                           | `new`                         |
    /// | `GRANTED`  | the primitive granted the wish      | `grant`                       |
    /// | `GIVEN_UP` | interrupted, or out of time         | `interrupt`, `gives_up`, and  |
    /// |            |                                     | `sleep_till`                  |
    /// | `REFUSED`  | the primitive refused the wish      | `refuse`                      |
    state: AtomicU32,
    thread: Unparker,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Granted,
    Refused,
    GivenUp,
}

impl Waiter {
    /// A waiter for the current thread.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Waiter { state: AtomicU32::new(WAITING), thread: sys::unparker() })
    }

    /// Grants the wish. `false` if the thread has given up: the grant is still the caller's.
    /// A successful caller owes the thread a [`wake`](Self::wake).
    pub(crate) fn grant(&self) -> bool {
        self.decide(GRANTED)
    }

    /// Refuses the wish, as [`grant`](Self::grant) grants it.
    pub(super) fn refuse(&self) -> bool {
        self.decide(REFUSED)
    }

    /// Gives up on the thread's behalf, and wakes it.
    pub(crate) fn interrupt(&self) {
        if self.decide(GIVEN_UP) {
            self.wake();
        }
    }

    /// Ends the sleep of a thread whose fate has been decided.
    pub(crate) fn wake(&self) {
        self.thread.unpark();
    }

    /// Sleeps until the wait is decided, by `until` if by nobody else.
    ///
    /// No wake-up is lost: whoever decides changes `state` first and unparks after. Between our
    /// last look at `state` and our sleep, the unpark leaves its token behind and the sleep
    /// returns at once.
    pub(super) fn sleep(self: &Arc<Self>, until: &Until<'_>) -> Verdict {
        let _watch = until.watch(self);
        match until.alarm() {
            None => self.sleep_for_ever(),
            Some(alarm) => self.sleep_till(alarm),
        }
    }

    /// Sleeps, in no queue, until `until` is over or the context of `other` ends.
    pub(crate) fn sleep_out(until: &Until<'_>, other: &Until<'_>) {
        let waiter = Waiter::new();
        let _watch = other.watch(&waiter);
        waiter.sleep(until);
    }

    /// [`sleep`](Self::sleep) for a thread that may be told to look again without a decision: by a
    /// [`wake`](Self::wake), or by the alarm that its last look has returned.
    ///
    /// No wake-up is lost: `look` comes before the last look at the decision, and a wake-up since
    /// then ends the next park at once.
    pub(crate) fn sleep_looking(
        self: &Arc<Self>,
        until: &Until<'_>,
        mut look: impl FnMut() -> Option<std::time::Instant>,
    ) -> Verdict {
        let _watch = until.watch(self);
        let bound = until.alarm();
        loop {
            // The clock before the look: whoever gives up has looked once more when its time was
            // up, and what was due by then has been granted.
            let is_over = bound.is_some_and(|bound| bound <= sys::now());
            let next_look = look();
            if let Some(verdict) = self.verdict() {
                return verdict;
            }
            if is_over {
                if self.decide(GIVEN_UP) {
                    return Verdict::GivenUp;
                }
                continue; // somebody else has decided in this moment
            }
            match next_look.into_iter().chain(bound).min() {
                None => sys::park(),
                Some(alarm) => sys::park_deadline(alarm),
            }
        }
    }

    fn sleep_for_ever(&self) -> Verdict {
        loop {
            if let Some(verdict) = self.verdict() {
                return verdict;
            }
            sys::park();
        }
    }

    fn sleep_till(&self, alarm: std::time::Instant) -> Verdict {
        loop {
            // The event before the clock: a grant that is there is taken, however late it is.
            if let Some(verdict) = self.verdict() {
                return verdict;
            }
            if alarm > sys::now() {
                sys::park_deadline(alarm);
            } else if self.decide(GIVEN_UP) {
                return Verdict::GivenUp;
            }
        }
    }

    /// Gives up, unless the wait has been decided; whether it has been given up.
    pub(super) fn gives_up(&self) -> bool {
        self.decide(GIVEN_UP) || self.verdict() == Some(Verdict::GivenUp)
    }

    /// Whether the wait has been decided.
    pub(super) fn is_decided(&self) -> bool {
        self.verdict().is_some()
    }

    /// How the wait has been decided, if it has.
    fn verdict(&self) -> Option<Verdict> {
        // Acquire: pairs with Release in `decide`; what the granting thread did before it granted
        // is visible to the thread that waited.
        match self.state.load(Acquire) {
            WAITING => None,
            GRANTED => Some(Verdict::Granted),
            REFUSED => Some(Verdict::Refused),
            _ => Some(Verdict::GivenUp),
        }
    }

    fn decide(&self, fate: u32) -> bool {
        // Release: pairs with Acquire in `verdict`. Relaxed on failure: the loser learns only
        // that it lost, and reads nothing that the winner wrote.
        self.state.compare_exchange(WAITING, fate, Release, Relaxed).is_ok()
    }
}

#[cfg(test)]
#[cfg(feature = "sim")]
mod tests;
