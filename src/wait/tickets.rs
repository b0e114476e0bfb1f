//! A first-in, first-out line of threads that wait for a signal, most of which get it before they
//! need to park.
//!
//! Whoever comes takes a ticket: one step on one word. A signal uses up the oldest ticket: one step
//! on the same word, which the thread that holds the ticket is watching. So a hand-off between two
//! running threads moves one cache line. A thread that has watched for long enough goes into a list,
//! to park, and there keeps places for those before it, so that the list is always older than the
//! tickets. Signals go to the list first, if anybody is in it.

mod line;
mod listed;
mod place;
mod word;

use std::panic::{RefUnwindSafe, UnwindSafe};

use line::Line;
pub(crate) use place::Place;
use word::{ONE_HOLDER, Word};

use crate::sys::atomic::{Acquire, AtomicUsize, Relaxed, Release};
use crate::sys::{self, Mutex};

/// Whether tickets are used at all: in a word of 32 bits their numbers would soon come again.
const TICKETS: bool = usize::BITS >= 64;

/// The threads that wait for a signal.
///
/// # Why no signal is lost, stolen or made up
///
/// A thread waits from the step of [`enter`](Self::enter) on. Seen from a signal, it is one of:
///
/// 1. *Not there yet*: its number is not among those that are held, and it is in no list. Numbers
///    only grow, so no earlier signal is ever taken for its own.
/// 2. *A holder.* The signal's step on the word comes before the holder's last look, which sees it;
///    or after `enlist` has set `LISTED`, under the lock, and then that step fails, and the signal
///    goes for the lock. While `enlist` has the lock, nobody else uses up tickets.
/// 3. *The owner of a place* in the list, which another thread has kept for it in the step that used
///    up its ticket. It sees the ticket gone, but also `LISTED`, in the same word: then it looks
///    under the lock whether the place is still there. If `LISTED` is not set, the list is empty, so
///    a signal has taken the place.
/// 4. *Parked*, in the list: the signal grants the [`Waiter`](super::Waiter), or passes on if it has given up. A
///    thread gives up only in the list, and takes itself out.
///
/// # When it may be freed
///
/// Where nobody is in the list, the step on the word that ends a wait is the last that the signal
/// does here. A signal that goes by way of the list is not so quick: the thread that it grants may
/// see that before it is woken, or see its place gone and no mark, and return, while the signal
/// still has the lock to release. That is no harm, since both borrow these tickets for as long as
/// they run. So whoever signals must keep them alive itself; that it is waited for is not enough.
#[derive(Debug)]
pub(crate) struct Tickets {
    /// See [`Word`].
    word: AtomicUsize,
    /// Invariants, under its lock:
    /// 1. If the list is not empty, `LISTED` is set.
    /// 2. Whoever is in the list came before all who hold a ticket.
    line: Mutex<Line>,
}

impl Tickets {
    pub(crate) const fn new() -> Self {
        Tickets { word: AtomicUsize::new(0), line: Mutex::new(Line::new()) }
    }

    /// Takes the last place: from now on, signals are for this thread too.
    pub(crate) fn enter(&self) -> Place<'_> {
        if TICKETS && sys::cores() > 1 { self.enter_by_ticket() } else { self.enter_list() }
    }

    /// For a thread that may be signalled while it spins.
    fn enter_by_ticket(&self) -> Place<'_> {
        // Relaxed: a ticket publishes nothing. A signal that this thread must not miss comes
        // after it by way of the user's mutex, so it reads this step, or a later one.
        let before = Word(self.word.fetch_add(ONE_HOLDER, Relaxed));
        Place::holding(self, before.new_ticket())
    }

    /// Ends the wait of the thread that came first, if any waits.
    #[inline]
    pub(crate) fn signal(&self) {
        if !self.is_deserted() {
            self.signal_first();
        }
    }

    /// Ends the waits of all.
    #[inline]
    pub(crate) fn broadcast(&self) {
        if !self.is_deserted() {
            self.broadcast_all();
        }
    }

    #[inline]
    fn is_deserted(&self) -> bool {
        // Relaxed: whom this thread must not miss has come before, by way of the user's mutex, so
        // this reads the step by which it came, or a later one.
        Word(self.word.load(Relaxed)).is_deserted()
    }

    fn signal_first(&self) {
        if !self.use_up(|_| 1) {
            self.signal_listed();
        }
    }

    fn broadcast_all(&self) {
        if !self.use_up(Word::holders) {
            self.broadcast_listed();
        }
    }

    /// Uses up the oldest so many tickets, if that is all there is to do: `false`, and nothing is
    /// changed, if somebody may be in the list.
    fn use_up(&self, how_many: impl Fn(Word) -> usize) -> bool {
        // Relaxed: as in `is_deserted`.
        let mut word = Word(self.word.load(Relaxed));
        while !word.is_listed() {
            if word.holders() == 0 {
                return true;
            }
            match self.try_use_up(word, how_many(word)) {
                Ok(_) => return true,
                Err(now) => word = Word(now),
            }
        }
        false
    }

    fn try_use_up(&self, word: Word, how_many: usize) -> Result<usize, usize> {
        let next = word.0.wrapping_add(Word::use_up(how_many));
        // Release: pairs with Acquire in `look` and in `enlist`; what the signalling thread did is
        // visible to the thread that waited. Later steps continue the release sequence, since all
        // of them read and write. No test defends this one: the thread that waited locks the user's
        // mutex next, which orders all that came before the signalling thread unlocked it.
        self.word.compare_exchange_weak(word.0, next, Release, Relaxed)
    }

    #[inline]
    fn look(&self) -> Word {
        // Acquire: pairs with Release in `try_use_up` and in `settle`.
        Word(self.word.load(Acquire))
    }
}

// The lock is never held while user code runs, so no panic leaves what it guards half-changed.
impl UnwindSafe for Tickets {}
impl RefUnwindSafe for Tickets {}

#[cfg(test)]
#[cfg(feature = "sim")]
mod tests;
