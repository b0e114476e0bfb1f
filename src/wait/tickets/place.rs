//! A thread's place in the line, from its ticket to the list, and out.

use std::sync::Arc;
use std::time::Duration;

use super::Tickets;
use super::word::Ticket;
use crate::wait::waiter::Verdict;
use crate::wait::{Interrupted, Key, Until, Waiter, spin};

/// A thread's place among those who wait. Whoever has one [waits](Self::wait).
///
/// If it does not come to that, or a panic cuts the wait short, the place is given up when it is
/// dropped, and a signal that had gone to it goes to the next. A broadcast cannot be told from a
/// signal, and does so too: one look too many is better than one too few.
#[must_use = "a signal may go to it"]
pub(crate) struct Place<'a> {
    tickets: &'a Tickets,
    /// `None` once it is settled how the wait ends.
    at: Option<At>,
}

enum At {
    Ticket(Ticket),
    List(Arc<Waiter>, Key),
}

impl<'a> Place<'a> {
    pub(super) fn holding(tickets: &'a Tickets, ticket: Ticket) -> Self {
        Place { tickets, at: Some(At::Ticket(ticket)) }
    }

    pub(super) fn listed(tickets: &'a Tickets, waiter: Arc<Waiter>, key: Key) -> Self {
        Place { tickets, at: Some(At::List(waiter, key)) }
    }

    /// Waits for a signal, and no longer than `until`.
    pub(crate) fn wait(mut self, until: &Until<'_>) -> Result<(), Interrupted> {
        if !until.has_passed() {
            spin(|| self.is_over());
        }
        if self.is_signalled() {
            self.at = None;
            return Ok(());
        }
        self.park(until)
    }

    /// Whether spinning is over: a holder of a ticket that is gone has been signalled, or has a place
    /// in the list, where it parks.
    fn is_over(&self) -> bool {
        match &self.at {
            Some(At::Ticket(ticket)) => self.tickets.look().place_of(*ticket).is_none(),
            Some(At::List(waiter, _)) => waiter.is_decided(),
            None => true,
        }
    }

    /// Whether this is a holder who needs no lock to know that it has been signalled.
    fn is_signalled(&self) -> bool {
        let Some(At::Ticket(ticket)) = self.at else { return false };
        let word = self.tickets.look();
        word.place_of(ticket).is_none() && !word.is_listed()
    }

    #[cold]
    fn park(&mut self, until: &Until<'_>) -> Result<(), Interrupted> {
        self.enlist();
        let Some(At::List(waiter, key)) = &self.at else { return Ok(()) };
        let (verdict, key) = (waiter.sleep(until), *key);
        self.at = None;
        match verdict {
            Verdict::Granted | Verdict::Refused => Ok(()),
            Verdict::GivenUp => {
                // Before `why`, which may end the context, run callbacks, and unwind.
                self.tickets.leave(key);
                Err(until.why_in_vain())
            }
        }
    }

    /// Goes from the ticket into the list, unless it has been signalled.
    fn enlist(&mut self) {
        if let Some(At::Ticket(ticket)) = self.at {
            let waiter = Waiter::new();
            let key = self.tickets.enlist(ticket, &waiter);
            self.at = key.map(|key| At::List(waiter, key));
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.at.is_some() && self.park(&Duration::ZERO.into()).is_ok() {
            self.tickets.signal();
        }
    }
}
