//! The end of a belt where items are put.

use std::mem;
use std::sync::Arc;

use super::calls::{call_putters, call_takers};
use super::{Belt, Side, State};
use crate::wait::{Interrupted, Patience, Until};

/// Puts items on a belt, which ends when all of these have been [ended](Self::end).
///
/// One that is dropped instead has not come to its end: whoever takes must not believe that it has
/// seen everything, and goes on waiting, for the cancellation that is to follow.
#[must_use = "the belt does not end unless this does"]
pub(crate) struct Putter<T>(Arc<Belt<T>>);

/// Why an item was not put on a belt. It comes back.
pub(crate) enum NotPut<T> {
    /// Nobody takes items any more, or it is closed.
    Refused(T),
    Interrupted(T, Interrupted),
}

/// Why an item was not put on a belt at once. It comes back.
pub(crate) enum TryPut<T> {
    Refused(T),
    Full(T),
}

impl<T> Putter<T> {
    pub(super) fn first(belt: &Arc<Belt<T>>) -> Self {
        Putter(Arc::clone(belt))
    }

    /// Nothing more comes from here.
    pub(crate) fn end(self) {
        let mut state = self.0.state.lock();
        state.putters -= 1;
        if state.putters == 0 {
            call_takers(&mut state);
        }
    }

    /// Nothing more comes from anywhere: what others would put is refused from now on. Not for a belt
    /// whose putters [end](Self::end) or are cloned.
    pub(crate) fn close(&self) {
        let mut state = self.0.state.lock();
        state.putters = 0;
        call_takers(&mut state);
        call_putters(&mut state);
    }

    /// Takes back what has not been taken.
    pub(crate) fn take_back(&self) -> impl Iterator<Item = T> + use<T> {
        let mut state = self.0.state.lock();
        let left = state.places.clear();
        call_putters(&mut state);
        drop(state);
        left.into_iter().flatten()
    }

    /// How many items wait.
    pub(crate) fn waiting(&self) -> usize {
        self.0.state.lock().places.ready()
    }

    /// Whether nothing is put any more.
    pub(crate) fn is_refused(&self) -> bool {
        self.0.state.lock().refuses()
    }

    /// How many takers, and putters, have been called and have not looked yet.
    #[cfg(test)]
    #[cfg(feature = "sim")]
    pub(super) fn called(&self) -> (usize, usize) {
        let state = self.0.state.lock();
        (state.called_takers, state.called_putters)
    }

    /// Puts an item if there is room now.
    pub(crate) fn try_put(&self, item: T) -> Result<(), TryPut<T>> {
        self.put_at_once(None, item)
    }

    /// Puts an item behind all others; waits for room.
    #[inline]
    pub(crate) fn put(&self, item: T, until: &Until<'_>) -> Result<(), NotPut<T>> {
        self.put_item(None, item, until)
    }

    /// Puts an item at the place of that number, which nobody else fills; waits until it is near
    /// enough to the front.
    pub(crate) fn put_at(&self, number: u64, item: T, until: &Until<'_>) -> Result<(), NotPut<T>> {
        self.put_item(Some(number), item, until)
    }

    /// Puts an item behind all others, whether there is room or not.
    pub(crate) fn force(&self, item: T) -> Result<(), T> {
        let mut state = self.0.state.lock();
        if state.refuses() {
            return Err(item);
        }
        state.places.put(None, item);
        call_takers(&mut state);
        Ok(())
    }

    fn put_item(&self, number: Option<u64>, item: T, until: &Until<'_>) -> Result<(), NotPut<T>> {
        match self.put_at_once(number, item) {
            Ok(()) => Ok(()),
            Err(TryPut::Refused(item)) => Err(NotPut::Refused(item)),
            Err(TryPut::Full(item)) => self.put_slow(Attempt::new(number, item), until),
        }
    }

    #[inline]
    fn put_at_once(&self, number: Option<u64>, item: T) -> Result<(), TryPut<T>> {
        let mut state = self.0.state.lock();
        if state.refuses() {
            return Err(TryPut::Refused(item));
        }
        if !state.has_room(number) {
            return Err(TryPut::Full(item));
        }
        state.places.put(number, item);
        call_takers(&mut state);
        Ok(())
    }

    #[cold]
    fn put_slow(&self, mut attempt: Attempt<T>, until: &Until<'_>) -> Result<(), NotPut<T>> {
        loop {
            let wish = Side::Put(attempt.number);
            let look = |state: &mut State<T>| attempt.make(state);
            let waited = self.0.state.ask(until, wish, Patience::Spins, look, |_| ());
            let Some(item) = attempt.item.take() else {
                // It was put by a last look, which calls nobody.
                call_takers(&mut self.0.state.lock());
                return Ok(());
            };
            if attempt.is_refused {
                return Err(NotPut::Refused(item));
            }
            if let Err(why) = waited {
                return Err(NotPut::Interrupted(item, why));
            }
            attempt = Attempt { is_called: true, ..Attempt::new(attempt.number, item) };
        }
    }
}

/// An item on its way: it is here until it has been put.
struct Attempt<T> {
    number: Option<u64>,
    item: Option<T>,
    /// Whether this thread has been called, and has not looked since.
    is_called: bool,
    is_refused: bool,
}

impl<T> Attempt<T> {
    fn new(number: Option<u64>, item: T) -> Self {
        Attempt { number, item: Some(item), is_called: false, is_refused: false }
    }

    /// Puts the item if there is room; `true` if it is settled what becomes of it.
    fn make(&mut self, state: &mut State<T>) -> bool {
        if mem::take(&mut self.is_called) && self.number.is_none() {
            state.called_putters -= 1;
        }
        self.is_refused = state.refuses();
        if !self.is_refused && state.has_room(self.number) {
            self.item.take().into_iter().for_each(|item| state.places.put(self.number, item));
        }
        self.is_refused || self.item.is_none()
    }
}

impl<T> Clone for Putter<T> {
    fn clone(&self) -> Self {
        self.0.state.lock().putters += 1;
        Putter(Arc::clone(&self.0))
    }
}
