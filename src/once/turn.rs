//! Whose turn it is to call its function.

use std::thread::{self, ThreadId};

use crate::wait::{Interrupted, Patience, Until, WaitQueue};

/// Gives the turn to one thread at a time, until one of them succeeds.
///
/// The state is the thread whose turn it is, under the lock. A waiting thread that wants the turn
/// says which thread it is; one that only waits for the success of others is `None`. A turn that
/// fails passes to the oldest thread that wants it, in the same critical section: nobody else is
/// woken, and nobody comes in between.
pub(super) struct Turns(WaitQueue<Option<ThreadId>, Option<ThreadId>>);

impl Turns {
    pub(super) const fn new() -> Self {
        Turns(WaitQueue::new(None))
    }

    /// Waits for the turn, or until `is_done`, for which there is no turn.
    ///
    /// No wake-up is lost: the last look is under the lock that a turn needs to end. It comes before
    /// that end, and then the thread is in the queue, or after it, and sees what has come out.
    #[track_caller]
    pub(super) fn take(
        &self,
        call: &str,
        until: &Until<'_>,
        is_done: impl Fn() -> bool,
    ) -> Result<Option<Turn<'_>>, Interrupted> {
        self.enter(call, until, true, &is_done)?;
        // Nobody succeeds while it is our turn.
        Ok((!is_done()).then_some(Turn { turns: self, succeeded: false }))
    }

    /// Waits until `is_done`.
    #[track_caller]
    pub(super) fn wait(
        &self,
        call: &str,
        until: &Until<'_>,
        is_done: impl Fn() -> bool,
    ) -> Result<(), Interrupted> {
        self.enter(call, until, false, &is_done)
    }

    /// Takes the turn if it is nobody's.
    pub(super) fn try_take(&self, is_done: impl Fn() -> bool) -> Option<Turn<'_>> {
        let mut running = self.0.lock();
        if running.is_some() || is_done() {
            return None;
        }
        *running = Some(thread::current().id());
        Some(Turn { turns: self, succeeded: false })
    }

    #[track_caller]
    fn enter(
        &self,
        call: &str,
        until: &Until<'_>,
        wants_turn: bool,
        is_done: &impl Fn() -> bool,
    ) -> Result<(), Interrupted> {
        let me = thread::current().id();
        let wish = wants_turn.then_some(me);
        let mut for_itself = false;
        let look = |running: &mut Option<ThreadId>| {
            for_itself = *running == Some(me);
            let is_free = wants_turn && running.is_none();
            if is_done() || for_itself {
                return true;
            }
            if is_free {
                *running = Some(me);
            }
            is_free
        };
        let asked = self.0.ask(until, wish, Patience::Parks, look, |_| ());
        // It may have been done before the bound, and the grant not yet.
        asked.map(drop).or_else(|why| is_done().then_some(()).ok_or(why))?;
        assert!(!for_itself, "{call}: called inside of the function it waits for");
        Ok(())
    }
}

/// The turn of one thread; it passes on when this is dropped.
#[must_use = "a turn that is dropped at once has failed"]
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    succeeded: bool,
}

impl Turn<'_> {
    /// Ends the turn, and with it all waiting: whatever was to be done is done.
    pub(super) fn succeed(mut self) {
        self.succeeded = true;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut running = self.turns.0.lock();
        *running = None;
        if self.succeeded {
            return running.grant_all();
        }
        while let Some((key, &next)) = running.oldest(Option::is_some) {
            // One that gives up in this very moment is passed over.
            if running.grant(key) {
                *running = next;
                return;
            }
        }
    }
}
