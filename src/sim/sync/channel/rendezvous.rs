//! Sending and receiving from hand to hand.
//!
//! A thread that finds nobody to meet sits down where the other side will look: in the list of offers
//! or of wishes. Whoever takes it from there, under the lock, decides its fate; if that is the thread
//! itself, it has given up. So a message is in one hand at any time.

use std::sync::Arc;

use crossbeam_channel::{RecvTimeoutError, SendTimeoutError, TryRecvError, TrySendError};

use super::state::Channel;
use crate::sim::machine::{self, Kind};
use crate::wait::{Until, WaitQueue};

/// The place where one thread waits to be told its fate.
pub(super) struct Seat<F> {
    fate: WaitQueue<Option<F>>,
}

impl<F> Seat<F> {
    fn new() -> Arc<Self> {
        Arc::new(Seat { fate: WaitQueue::new(None) })
    }

    pub(super) fn decide(&self, fate: F) {
        let mut seat = self.fate.lock();
        *seat = Some(fate);
        seat.grant_one();
    }

    /// Waits for the fate; `None` if it has not been decided in time.
    fn wait(&self, until: Until<'_>) -> Option<F> {
        // Either way there may be one: a fate that comes at the last moment is taken.
        drop(self.fate.wait_parked(until, |fate| fate.is_some()));
        machine::atomically(|| self.fate.lock().take())
    }

    /// The fate, which somebody has decided, or is about to.
    fn decided(&self) -> F {
        self.wait(Until::FOREVER).expect("a wait without a bound ends with a fate")
    }
}

/// A sender that waits, and what it holds in its hand.
pub(super) struct Offer<T> {
    message: T,
    seat: Arc<Seat<Result<(), T>>>,
}

impl<T> Offer<T> {
    fn accept(self) -> T {
        self.seat.decide(Ok(()));
        self.message
    }

    pub(super) fn decline(self) {
        self.seat.decide(Err(self.message));
    }
}

/// How the first step of a meeting ended.
enum Meeting<R, F> {
    Over(R),
    /// The other side is not there yet.
    Awaited(Arc<Seat<F>>),
}

impl<T> Channel<T> {
    #[track_caller]
    pub(super) fn try_give(&self, message: T) -> Result<(), TrySendError<T>> {
        self.step(Kind::Update, |channel| channel.offer(message, false)).map(drop)
    }

    #[track_caller]
    pub(super) fn give(&self, message: T, until: Until<'_>) -> Result<(), SendTimeoutError<T>> {
        let seat = match self.step(Kind::Update, |channel| channel.offer(message, true)) {
            Ok(Meeting::Over(())) => return Ok(()),
            Ok(Meeting::Awaited(seat)) => seat,
            Err(error) => return Err(SendTimeoutError::Disconnected(error.into_inner())),
        };
        let offered = Offered { channel: self, seat: &seat };
        let fate = match seat.wait(until) {
            Some(fate) => fate,
            None => match offered.withdraw() {
                Some(message) => return Err(SendTimeoutError::Timeout(message)),
                None => seat.decided(),
            },
        };
        fate.map_err(SendTimeoutError::Disconnected)
    }

    fn offer(
        &self,
        message: T,
        waits: bool,
    ) -> Result<Meeting<(), Result<(), T>>, TrySendError<T>> {
        let mut state = self.state.lock();
        if let Some(wish) = state.wishes.pop_front() {
            drop(state);
            wish.decide(Some(message));
            return Ok(Meeting::Over(()));
        }
        if state.receivers == 0 {
            return Err(TrySendError::Disconnected(message));
        }
        if !waits {
            return Err(TrySendError::Full(message));
        }
        let seat = Seat::new();
        state.offers.push_back(Offer { message, seat: Arc::clone(&seat) });
        Ok(Meeting::Awaited(seat))
    }

    #[track_caller]
    pub(super) fn try_accept(&self) -> Result<T, TryRecvError> {
        match self.step(Kind::Update, |channel| channel.wish(false))? {
            Meeting::Over(message) => Ok(message),
            Meeting::Awaited(_) => Err(TryRecvError::Empty),
        }
    }

    #[track_caller]
    pub(super) fn accept(&self, until: Until<'_>) -> Result<T, RecvTimeoutError> {
        let seat = match self.step(Kind::Update, |channel| channel.wish(true)) {
            Ok(Meeting::Over(message)) => return Ok(message),
            Ok(Meeting::Awaited(seat)) => seat,
            Err(_) => return Err(RecvTimeoutError::Disconnected),
        };
        let wished = Wished { channel: self, seat: &seat };
        let fate = match seat.wait(until) {
            Some(fate) => fate,
            None if wished.withdraw() => return Err(RecvTimeoutError::Timeout),
            None => seat.decided(),
        };
        fate.ok_or(RecvTimeoutError::Disconnected)
    }

    fn wish(&self, waits: bool) -> Result<Meeting<T, Option<T>>, TryRecvError> {
        let mut state = self.state.lock();
        if let Some(offer) = state.offers.pop_front() {
            drop(state);
            return Ok(Meeting::Over(offer.accept()));
        }
        if state.senders == 0 {
            return Err(TryRecvError::Disconnected);
        }
        if !waits {
            return Err(TryRecvError::Empty);
        }
        let seat = Seat::new();
        state.wishes.push_back(Arc::clone(&seat));
        Ok(Meeting::Awaited(seat))
    }
}

/// An offer that is taken back when this is dropped, by a panic too.
struct Offered<'a, T> {
    channel: &'a Channel<T>,
    seat: &'a Arc<Seat<Result<(), T>>>,
}

impl<T> Offered<'_, T> {
    /// Takes the message back; `None` if the fate of the offer has been decided.
    fn withdraw(&self) -> Option<T> {
        self.channel.look(|state| {
            let mine = |offer: &Offer<T>| Arc::ptr_eq(&offer.seat, self.seat);
            let place = state.offers.iter().position(mine)?;
            state.offers.remove(place).map(|offer| offer.message)
        })
    }
}

impl<T> Drop for Offered<'_, T> {
    fn drop(&mut self) {
        drop(self.withdraw());
    }
}

/// A wish that is taken back when this is dropped, by a panic too.
struct Wished<'a, T> {
    channel: &'a Channel<T>,
    seat: &'a Arc<Seat<Option<T>>>,
}

impl<T> Wished<'_, T> {
    /// `false` if the fate of the wish has been decided.
    fn withdraw(&self) -> bool {
        self.channel.look(|state| {
            let place = state.wishes.iter().position(|seat| Arc::ptr_eq(seat, self.seat));
            place.and_then(|place| state.wishes.remove(place)).is_some()
        })
    }
}

impl<T> Drop for Wished<'_, T> {
    fn drop(&mut self) {
        self.withdraw();
    }
}
