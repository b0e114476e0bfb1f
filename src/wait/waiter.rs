//! One blocked thread, and the single word that decides what ends its wait.

use std::sync::Arc;

use super::Until;
use crate::sys::atomic::{Acquire, AtomicU32, Relaxed, Release};
use crate::sys::{self, Parker};

/// The wait is undecided.
const WAITING: u32 = 0;
/// The primitive gave the thread what it waits for.
const GRANTED: u32 = 1;
/// The wait was given up: time ran out, or the context ended.
const GIVEN_UP: u32 = 2;
/// The primitive will never give it, for example because it was closed.
const REFUSED: u32 = 3;
/// In the bit above: the thread may be parked.
const ASLEEP: u32 = 1 << 2;

/// A thread that waits, or is about to.
///
/// Three parties may end the wait: the primitive grants or refuses, the context interrupts, the thread
/// itself gives up when its time has come. Each tries the one step away from `WAITING`; the first to
/// succeed decides, the others see that they came too late and leave the waiter alone.
#[derive(Debug)]
pub(crate) struct Waiter {
    /// | bits | meaning                                             | written by                          |
    /// |------|-----------------------------------------------------|-------------------------------------|
    /// | 0..2 | `WAITING`, `GRANTED`, `GIVEN_UP` or `REFUSED`       | `decide`, once                      |
    /// | 2    | `ASLEEP`: the thread must be unparked to look again | `mark_asleep`, while it is undecided |
    ///
    /// No wake-up is lost, and a thread that does not sleep is not unparked: the mark and the decision are
    /// in one word. A decision comes before the mark, and then the thread finds it before it parks; or after
    /// it, and then `wake` sees the mark. Between the last look and the sleep, the unpark leaves its token
    /// behind, and the sleep returns at once.
    state: AtomicU32,
    thread: Parker,
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
        Arc::new(Waiter { state: AtomicU32::new(WAITING), thread: Parker::new() })
    }

    /// Grants the request. Returns `false` if the thread has given up: the grant is still the caller's.
    /// A successful caller owes the thread a [`wake`](Self::wake).
    pub(crate) fn grant(&self) -> bool {
        self.decide(GRANTED)
    }

    /// Refuses the request, as [`grant`](Self::grant) grants it.
    pub(super) fn refuse(&self) -> bool {
        self.decide(REFUSED)
    }

    /// Gives up on the thread's behalf, and wakes it.
    pub(crate) fn interrupt(&self) {
        if self.decide(GIVEN_UP) {
            self.wake();
        }
    }

    /// Ends the sleep of a thread whose wait has been decided, or makes an undecided one look again. A
    /// decided thread that has not begun to sleep is left alone.
    pub(crate) fn wake(&self) {
        // Relaxed: the caller has decided, and so sees the mark as its step has seen it; or the wait is
        // undecided, and an old value costs an unpark.
        let state = self.state.load(Relaxed);
        if state == WAITING || state & ASLEEP != 0 {
            self.thread.unpark();
        }
    }

    /// Sleeps until the wait is decided, at the latest by `until`.
    pub(super) fn sleep(self: &Arc<Self>, until: &Until<'_>) -> Verdict {
        if let Some(verdict) = self.verdict() {
            return verdict;
        }
        let _watch = until.watch(self);
        self.mark_asleep();
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
    /// No wake-up is lost: the mark comes before `look`, and `look` before the last look at the decision. A
    /// wake-up since then ends the next park at once.
    pub(crate) fn sleep_looking(
        self: &Arc<Self>,
        until: &Until<'_>,
        mut look: impl FnMut() -> Option<std::time::Instant>,
    ) -> Verdict {
        let _watch = until.watch(self);
        self.mark_asleep();
        let bound = until.alarm();
        loop {
            // The clock before the look: a thread that gives up has looked once more when its time was
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
                continue; // another thread has decided in this moment
            }
            match next_look.into_iter().chain(bound).min() {
                None => self.thread.park(),
                Some(alarm) => self.thread.park_deadline(alarm),
            }
        }
    }

    fn sleep_for_ever(&self) -> Verdict {
        loop {
            if let Some(verdict) = self.verdict() {
                return verdict;
            }
            self.thread.park();
        }
    }

    fn sleep_till(&self, alarm: std::time::Instant) -> Verdict {
        loop {
            // The event before the clock: a grant that is there is taken, however late it is.
            if let Some(verdict) = self.verdict() {
                return verdict;
            }
            if alarm > sys::now() {
                self.thread.park_deadline(alarm);
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
        match self.state.load(Acquire) & !ASLEEP {
            WAITING => None,
            GRANTED => Some(Verdict::Granted),
            REFUSED => Some(Verdict::Refused),
            _ => Some(Verdict::GivenUp),
        }
    }

    fn decide(&self, fate: u32) -> bool {
        // Release: pairs with Acquire in `verdict`. Relaxed on failure: the loser learns only
        // that it lost, and reads nothing that the winner wrote.
        match self.state.compare_exchange(WAITING, fate, Release, Relaxed) {
            Ok(_) => true,
            // The mark stays, so the second attempt fails only if another thread has decided.
            Err(ASLEEP) => {
                let step = self.state.compare_exchange(ASLEEP, ASLEEP | fate, Release, Relaxed);
                step.is_ok()
            }
            Err(_) => false,
        }
    }

    /// From now on, the thread must be unparked to learn of a decision. Does nothing if the wait has been
    /// decided, which the thread must look for next.
    fn mark_asleep(&self) {
        // Relaxed: the mark publishes nothing, and `verdict` acquires a decision.
        let _decided = self.state.compare_exchange(WAITING, ASLEEP, Relaxed, Relaxed);
    }
}

#[cfg(test)]
#[cfg(feature = "sim")]
mod tests;
