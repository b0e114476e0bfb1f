//! What is done under the lock of the list, where somebody may be in it.

use std::sync::Arc;

use super::Tickets;
use super::line::{Granted, Line};
use super::place::Place;
use super::word::{LISTED, Ticket, Word};
use crate::sys::atomic::{Acquire, Relaxed, Release};
use crate::wait::{Key, Waiter};

impl Tickets {
    #[cold]
    pub(super) fn signal_listed(&self) {
        let mut line = self.line.lock();
        let granted = line.grant_oldest();
        if granted.is_none() {
            self.use_up_listed(|word| word.holders().min(1));
        }
        self.settle(&line);
        drop(line);
        if let Some(Granted::Waiter(waiter)) = granted {
            waiter.wake();
        }
    }

    #[cold]
    pub(super) fn broadcast_listed(&self) {
        let mut line = self.line.lock();
        let woken = line.grant_all();
        self.use_up_listed(Word::holders);
        self.settle(&line);
        drop(line);
        for waiter in woken {
            waiter.wake();
        }
    }

    /// Uses up tickets behind the list, under its lock.
    fn use_up_listed(&self, how_many: impl Fn(Word) -> usize) {
        // Relaxed: as in `is_deserted`.
        let mut word = Word(self.word.load(Relaxed));
        while let Err(now) = self.try_use_up(word, how_many(word)) {
            word = Word(now);
        }
    }

    /// For a thread that parks at once: enters the list, behind all who hold a ticket.
    pub(super) fn enter_list(&self) -> Place<'_> {
        let waiter = Waiter::new();
        let mut line = self.line.lock();
        // Relaxed: a place publishes nothing; see `enter_by_ticket`.
        let word = Word(self.word.fetch_or(LISTED, Relaxed));
        self.keep_places(&mut line, word, word.holders(), 0);
        let key = line.push(Arc::clone(&waiter));
        drop(line);
        Place::listed(self, waiter, key)
    }

    /// The last look of a holder, under the lock: `None` if it has been signalled; else it is in
    /// the list, and places are kept for those before it.
    #[cold]
    pub(super) fn enlist(&self, ticket: Ticket, waiter: &Arc<Waiter>) -> Option<Key> {
        let mut line = self.line.lock();
        // Acquire: pairs with Release in `try_use_up`; the ticket may be gone. If it is still held,
        // it stays so until the lock is released: a signal finds LISTED, and wants the lock.
        let word = Word(self.word.fetch_or(LISTED, Acquire));
        let key = if let Some(older) = word.place_of(ticket) {
            self.keep_places(&mut line, word, older, 1);
            Some(line.push(Arc::clone(waiter)))
        } else {
            line.take_place(ticket, waiter)
        };
        self.settle(&line);
        key
    }

    /// Moves the `older` oldest holders into the list, and uses up `own` more tickets.
    fn keep_places(&self, line: &mut Line, word: Word, older: usize, own: usize) {
        for place in 0..older {
            line.keep_place(word.ticket(place));
        }
        // Relaxed: whoever sees its ticket gone by this step sees LISTED too, and asks for the lock.
        self.word.fetch_add(Word::use_up(older + own), Relaxed);
    }

    /// Takes a thread that will not be granted out of the list.
    pub(super) fn leave(&self, key: Key) {
        let mut line = self.line.lock();
        line.leave(key);
        self.settle(&line);
    }

    /// Takes the mark away if nobody is in the list.
    fn settle(&self, line: &Line) {
        if line.is_empty() {
            // Release: pairs with Acquire in `look`. Whoever sees its ticket gone and no mark has
            // been granted under the lock that this thread has, by this thread or one before.
            self.word.fetch_and(!LISTED, Release);
        }
    }
}
