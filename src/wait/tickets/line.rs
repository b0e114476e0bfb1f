//! Those who park, and the places of those who may, oldest first.

use std::sync::Arc;

use super::word::Ticket;
use crate::wait::{Key, List, Waiter};

/// The list. It has no state of its own while it is empty, as it mostly is.
#[derive(Debug, Default)]
pub(super) struct Line(Option<Box<Listed>>);

#[derive(Debug, Default)]
struct Listed {
    /// A thread that parks, or the place of one that still spins.
    entries: List<Option<Arc<Waiter>>>,
    /// Whose the places are: of few threads, since nobody spins for long.
    places: Vec<(Ticket, Key)>,
}

/// Whom a signal went to.
pub(super) enum Granted {
    /// A thread that parks, and must be woken.
    Waiter(Arc<Waiter>),
    /// One that spins, and will find its place taken out.
    Spinner,
}

impl Line {
    pub(super) const fn new() -> Self {
        Line(None)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|listed| listed.entries.is_empty())
    }

    /// Enters a thread that parks.
    pub(super) fn push(&mut self, waiter: Arc<Waiter>) -> Key {
        self.0.get_or_insert_default().entries.push_back(Some(waiter))
    }

    /// Keeps a place for the holder of a ticket, who is older than whoever comes next.
    pub(super) fn keep_place(&mut self, ticket: Ticket) {
        let listed = self.0.get_or_insert_default();
        let key = listed.entries.push_back(None);
        listed.places.push((ticket, key));
    }

    /// Has the thread for which a place was kept park in it; `None` if a signal has taken it.
    pub(super) fn take_place(&mut self, ticket: Ticket, waiter: &Arc<Waiter>) -> Option<Key> {
        let listed = self.0.as_mut()?;
        let index = listed.places.iter().position(|(owner, _)| *owner == ticket)?;
        let (_, key) = listed.places.swap_remove(index);
        *listed.entries.get_mut(key)? = Some(Arc::clone(waiter));
        Some(key)
    }

    /// Takes out a thread that has given up.
    pub(super) fn leave(&mut self, key: Key) -> Option<Arc<Waiter>> {
        self.0.as_mut()?.entries.remove(key)?
    }

    /// Grants the oldest that has not given up, and takes it out.
    pub(super) fn grant_oldest(&mut self) -> Option<Granted> {
        self.0.as_mut()?.grant_after(&mut None)
    }

    /// Grants everybody, and returns those who are to be woken.
    pub(super) fn grant_all(&mut self) -> Vec<Arc<Waiter>> {
        let mut woken = Vec::new();
        let Some(listed) = &mut self.0 else { return woken };
        let mut given_up = None;
        while let Some(granted) = listed.grant_after(&mut given_up) {
            if let Granted::Waiter(waiter) = granted {
                woken.push(waiter);
            }
        }
        woken
    }
}

impl Listed {
    /// Grants the oldest behind `given_up`, and leaves there the last of those who were passed over:
    /// they are on their way out, and what they were owed goes to the next.
    fn grant_after(&mut self, given_up: &mut Option<Key>) -> Option<Granted> {
        loop {
            let (key, entry) = match *given_up {
                None => self.entries.front()?,
                Some(key) => self.entries.after(key)?,
            };
            match entry {
                None => {
                    self.entries.remove(key);
                    self.places.retain(|(_, place)| *place != key);
                    return Some(Granted::Spinner);
                }
                Some(waiter) if waiter.grant() => {
                    return self.entries.remove(key)?.map(Granted::Waiter);
                }
                Some(_) => *given_up = Some(key),
            }
        }
    }
}
