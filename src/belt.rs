//! A bounded queue between threads, both of whose ends wait with a bound.
//!
//! Pipelines and worker pools stand on it. It differs from a channel in three ways: several items are
//! taken under one lock; an item can be put at a place of its own, so that what was worked on by many
//! comes out in order; and every wait is one of this crate: it can be cancelled, and the test kit
//! knows of it.
//!
//! Whoever need not wait is not asked for a bound, not even whether its context has ended: the check on
//! entry is the caller's, who as a rule has looked just before.

mod calls;
mod places;
mod putter;
mod taker;
#[cfg(test)]
#[cfg(feature = "sim")]
mod tests;

use std::panic::{self, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::{mem, thread};

use places::Places;
pub(crate) use putter::{NotPut, Putter, TryPut};
pub(crate) use taker::Taker;

use crate::unwind::{drop_caught, drop_quietly};
use crate::wait::{Locked, WaitQueue};

/// Makes a belt with room for so many items, at least one. A single taker takes all that there is;
/// of several, or where that is `by_one`, each takes one item at a time, so that none waits in the
/// hand of one for whom another item takes long.
pub(crate) fn belt<T>(capacity: usize, by_one: bool) -> (Putter<T>, Taker<T>) {
    let places = Places::new(capacity.max(1));
    let (called_takers, called_putters) = (0, 0);
    let state = State { places, by_one, putters: 1, takers: 1, called_takers, called_putters };
    let belt = Arc::new(Belt { state: WaitQueue::new(state) });
    (Putter::first(&belt), Taker::first(&belt))
}

struct Belt<T> {
    state: WaitQueue<State<T>, Side>,
}

struct State<T> {
    places: Places<T>,
    by_one: bool,
    /// How many have not come to their end. When there is none, it ends with the items that are there.
    putters: usize,
    /// How many may take items. When there is none, nothing is put any more.
    takers: usize,
    /// How many of those who take, and of those who put behind the others, have been
    /// [called](calls) and have not looked yet.
    called_takers: usize,
    called_putters: usize,
}

/// What a thread waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// An item, or the end.
    Take,
    /// Room behind the others, or at the place of that number.
    Put(Option<u64>),
}

type Guard<'a, T> = Locked<'a, State<T>, Side>;

impl<T> State<T> {
    /// Whether nothing is to be put any more.
    fn refuses(&self) -> bool {
        self.takers == 0 || self.putters == 0
    }

    /// Whether there is room at the place of that number, or behind the others: room that is not kept
    /// for those who were called. So nobody overtakes those who wait.
    fn has_room(&self, number: Option<u64>) -> bool {
        match number {
            None => self.places.room() > self.called_putters,
            Some(number) => number < self.places.edge(),
        }
    }
}

/// Drops what nobody wants, one by one: whichever drop panics, all are dropped. The first panic goes
/// on, unless another is under way. Called without the lock.
fn drop_each<T>(items: impl Iterator<Item = T>) {
    if !mem::needs_drop::<T>() {
        return;
    }
    let panics = items.filter_map(|item| drop_caught(item).err());
    let first = panics.reduce(|first, later| {
        drop_quietly(later);
        first
    });
    match first {
        Some(payload) if thread::panicking() => drop_quietly(payload),
        Some(payload) => panic::resume_unwind(payload),
        None => {}
    }
}

// No user code runs under the lock, so no panic leaves what it guards half-changed.
impl<T> UnwindSafe for Belt<T> {}
impl<T> RefUnwindSafe for Belt<T> {}
