//! The end of a belt where items are taken.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use super::calls::call_putters;
use super::{Belt, Side, State, drop_each};
use crate::wait::{Interrupted, Patience, Until};

/// Takes items off a belt, and keeps in the hand what it has taken at once.
pub(crate) struct Taker<T> {
    belt: Arc<Belt<T>>,
    /// Without gaps. It changes places with what is on the belt, and so needs no memory of its own.
    hand: VecDeque<Option<T>>,
    /// The number, among all items, of the first in the hand.
    number: u64,
}

impl<T> Taker<T> {
    pub(super) fn first(belt: &Arc<Belt<T>>) -> Self {
        Taker { belt: Arc::clone(belt), hand: VecDeque::new(), number: 0 }
    }

    /// Whether the hand is empty, so that the next item comes from the belt.
    pub(crate) fn is_about_to_look(&self) -> bool {
        self.hand.is_empty()
    }

    /// Takes the next item, with its number among all; waits for one. `None` at the end.
    #[inline]
    pub(crate) fn take(&mut self, until: &Until<'_>) -> Result<Option<(u64, T)>, Interrupted> {
        if self.hand.is_empty() {
            self.fill(until)?;
        }
        Ok(self.next_in_hand())
    }

    /// Takes the next item if there is one.
    pub(crate) fn try_take(&mut self) -> Option<(u64, T)> {
        if self.hand.is_empty() {
            self.fill_at_once();
        }
        self.next_in_hand()
    }

    fn next_in_hand(&mut self) -> Option<(u64, T)> {
        let item = self.hand.pop_front().flatten()?;
        let number = self.number;
        self.number += 1;
        Some((number, item))
    }

    /// Takes items into the hand; none only at the end.
    fn fill(&mut self, until: &Until<'_>) -> Result<(), Interrupted> {
        if self.fill_at_once() { Ok(()) } else { self.fill_slow(until) }
    }

    /// Takes items into the hand; `true` if there were some, or it is the end.
    fn fill_at_once(&mut self) -> bool {
        let mut state = self.belt.state.lock();
        let is_settled = state.take(&mut self.hand, &mut self.number);
        if !self.hand.is_empty() {
            call_putters(&mut state);
        }
        is_settled
    }

    #[cold]
    fn fill_slow(&mut self, until: &Until<'_>) -> Result<(), Interrupted> {
        let Taker { belt, hand, number } = self;
        let (mut is_called, mut is_settled) = (false, false);
        loop {
            let look = |state: &mut State<T>| {
                state.called_takers -= usize::from(mem::take(&mut is_called));
                is_settled = state.take(hand, number);
                is_settled
            };
            let waited = belt.state.ask(until, Side::Take, Patience::Spins, look, |_| ());
            if is_settled {
                // It was taken by a last look, which calls nobody.
                call_putters(&mut belt.state.lock());
                return Ok(());
            }
            waited?;
            is_called = true;
        }
    }
}

impl<T> State<T> {
    /// Takes a part of the items that are there; `true` if there were some, or it is the end.
    fn take(&mut self, hand: &mut VecDeque<Option<T>>, number: &mut u64) -> bool {
        *number = self.places.first();
        if self.by_one || self.takers > 1 {
            self.places.take_one(hand);
        } else {
            self.places.take_all(hand);
        }
        !hand.is_empty() || self.putters == 0
    }
}

impl<T> Clone for Taker<T> {
    /// Another one, with an empty hand.
    fn clone(&self) -> Self {
        self.belt.state.lock().takers += 1;
        Taker::first(&self.belt)
    }
}

impl<T> Drop for Taker<T> {
    fn drop(&mut self) {
        let mut state = self.belt.state.lock();
        state.takers -= 1;
        let left = if state.takers == 0 { state.places.clear() } else { VecDeque::new() };
        if state.takers == 0 {
            call_putters(&mut state);
        }
        drop(state);
        drop_each(mem::take(&mut self.hand).into_iter().chain(left).flatten());
    }
}
