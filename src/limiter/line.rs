//! The line of those that were promised tokens, in the order in which they came.

use std::collections::BTreeMap;
use std::time::Instant;

use super::bucket::Bucket;

/// A place in the line: a number in the order of arrival.
pub(super) type Number = u64;

/// The places, oldest first, and the waiting threads at some of them: a `W` each.
#[derive(Debug)]
pub(super) struct Line<W> {
    /// The tokens that were promised at each place.
    places: BTreeMap<Number, u64>,
    /// The waiting threads. Each has a place.
    seats: BTreeMap<Number, Seat<W>>,
    /// The number of the next place.
    next: Number,
    /// The tokens of all places together.
    wanted: u128,
}

#[derive(Debug)]
struct Seat<W> {
    waiter: W,
    /// When the thread will look: its turn, as of its last look. `None` if it will only look when woken.
    noted: Option<Instant>,
    /// The thread must compute its turn again.
    is_outdated: bool,
}

impl<W> Line<W> {
    pub(super) const fn new() -> Self {
        Line { places: BTreeMap::new(), seats: BTreeMap::new(), next: 0, wanted: 0 }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Takes the last place.
    pub(super) fn push(&mut self, tokens: u64) -> Number {
        let number = self.next;
        self.next += 1;
        self.wanted += u128::from(tokens);
        self.places.insert(number, tokens);
        number
    }

    /// Seats a waiting thread at a place that has not been served, and whose turn comes at `turn`.
    pub(super) fn wait_at(&mut self, number: Number, waiter: W, turn: Option<Instant>) {
        debug_assert!(self.has(number), "the place has not been served");
        self.seats.insert(number, Seat { waiter, noted: turn, is_outdated: false });
    }

    /// Leaves a place. Returns `false` if it has been served before.
    pub(super) fn leave(&mut self, number: Number) -> bool {
        self.remove(number).is_some()
    }

    fn remove(&mut self, number: Number) -> Option<(u64, Option<W>)> {
        let tokens = self.places.remove(&number)?;
        self.wanted -= u128::from(tokens);
        Some((tokens, self.seats.remove(&number).map(|seat| seat.waiter)))
    }

    /// Whether a place has not been served yet.
    pub(super) fn has(&self, number: Number) -> bool {
        self.places.contains_key(&number)
    }

    /// When a new last place that takes `more` tokens would be served.
    pub(super) fn end_at(&self, more: u64, bucket: &Bucket) -> Option<Instant> {
        bucket.ready_at(self.wanted.checked_add(more.into())?)
    }

    /// When a place will be served, as things are. This takes longer the more places are before it.
    pub(super) fn turn_at(&self, number: Number, bucket: &Bucket) -> Option<Instant> {
        bucket.ready_at(self.places.range(..=number).map(|(_, &tokens)| u128::from(tokens)).sum())
    }

    /// Returns when the thread in a seat must look again, at `now`. `None` if it has no seat (it has been
    /// served), or if its turn never comes as things are.
    pub(super) fn next_look(
        &mut self,
        number: Number,
        bucket: &Bucket,
        now: Instant,
    ) -> Option<Instant> {
        let seat = self.seats.get(&number)?;
        if !seat.is_outdated && seat.noted.is_none_or(|noted| noted > now) {
            return seat.noted;
        }
        let turn = self.turn_at(number, bucket);
        let seat = self.seats.get_mut(&number)?;
        (seat.noted, seat.is_outdated) = (turn, false);
        turn
    }

    /// Calls `tell` for those of the first `front` waiting threads that would look after their turn. Each is
    /// told once until its [next look](Self::next_look).
    pub(super) fn tell_late(&mut self, front: usize, bucket: &Bucket, mut tell: impl FnMut(&W)) {
        let mut places = self.places.iter();
        let mut wanted = 0;
        for (number, seat) in self.seats.iter_mut().take(front) {
            for (place, &tokens) in places.by_ref() {
                wanted += u128::from(tokens);
                if place == number {
                    break;
                }
            }
            let Some(turn) = bucket.ready_at(wanted) else { return };
            if !seat.is_outdated && seat.noted.is_none_or(|noted| noted > turn) {
                seat.is_outdated = true;
                tell(&seat.waiter);
            }
        }
    }

    /// Removes the first place if the bucket can serve it now. Returns its tokens, and the waiting thread.
    pub(super) fn serve_first(&mut self, bucket: &mut Bucket) -> Option<(u64, Option<W>)> {
        let (&first, &tokens) = self.places.first_key_value()?;
        if bucket.take(tokens) { self.remove(first) } else { None }
    }
}
