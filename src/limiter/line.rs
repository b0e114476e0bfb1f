//! Those who were promised tokens, in the order in which they came.

use std::collections::BTreeMap;
use std::time::Instant;

use super::bucket::Bucket;

/// A place in the line: a number in the order of arrival.
pub(super) type Number = u64;

/// The places, the oldest first, and who waits at some of them: a `W`.
#[derive(Debug)]
pub(super) struct Line<W> {
    /// The tokens that were promised at each place.
    places: BTreeMap<Number, u64>,
    /// Who waits; only at places that are there.
    seats: BTreeMap<Number, W>,
    /// The number of the next place.
    next: Number,
    /// The tokens of all places together.
    wanted: u128,
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

    /// Has somebody wait at a place that has not been served.
    pub(super) fn wait_at(&mut self, number: Number, who: W) {
        debug_assert!(self.has(number), "the place has not been served");
        self.seats.insert(number, who);
    }

    /// Leaves a place; `false` if it has been served before.
    pub(super) fn leave(&mut self, number: Number) -> bool {
        self.remove(number).is_some()
    }

    fn remove(&mut self, number: Number) -> Option<(u64, Option<W>)> {
        let tokens = self.places.remove(&number)?;
        self.wanted -= u128::from(tokens);
        Some((tokens, self.seats.remove(&number)))
    }

    /// Whether a place has not been served yet.
    pub(super) fn has(&self, number: Number) -> bool {
        self.places.contains_key(&number)
    }

    /// When a new last place would be served that takes so many tokens.
    pub(super) fn end_at(&self, more: u64, bucket: &Bucket) -> Option<Instant> {
        bucket.ready_at(self.wanted.checked_add(more.into())?)
    }

    /// When a place will be served, as things are. This takes the longer, the more stand before it.
    pub(super) fn turn_at(&self, number: Number, bucket: &Bucket) -> Option<Instant> {
        bucket.ready_at(self.places.range(..=number).map(|(_, &tokens)| u128::from(tokens)).sum())
    }

    /// The first place at which somebody waits: who is there keeps the time for all.
    pub(super) fn timekeeper(&self) -> Option<(Number, &W)> {
        self.seats.first_key_value().map(|(&number, who)| (number, who))
    }

    /// Takes out the first place, if it is the bucket's turn to serve it: returns its tokens, and who
    /// waits there.
    pub(super) fn serve_first(&mut self, bucket: &mut Bucket) -> Option<(u64, Option<W>)> {
        let (&first, &tokens) = self.places.first_key_value()?;
        if bucket.take(tokens) { self.remove(first) } else { None }
    }
}
