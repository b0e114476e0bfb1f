//! The places of a belt: which item comes when. It knows no lock.

use std::collections::VecDeque;
use std::mem;

/// Items in order, with gaps where one is still awaited.
#[derive(Debug)]
pub(super) struct Places<T> {
    /// The first places; one that is empty is that of an item which somebody works on.
    row: VecDeque<Option<T>>,
    /// How many of them are not empty.
    filled: usize,
    /// The number of the first place: how many items have been taken.
    first: u64,
    capacity: usize,
}

impl<T> Places<T> {
    pub(super) const fn new(capacity: usize) -> Self {
        Places { row: VecDeque::new(), filled: 0, first: 0, capacity }
    }

    /// The number of the first place.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// The number of the first place for which there is no room.
    pub(super) fn edge(&self) -> u64 {
        if self.capacity == usize::MAX {
            // There is no bound, whatever the width of the word.
            return u64::MAX;
        }
        self.first.saturating_add(self.capacity as u64)
    }

    /// How many more places there is room for.
    pub(super) fn room(&self) -> usize {
        self.capacity.saturating_sub(self.row.len())
    }

    /// Whether there is room for half of what there is room for in all.
    pub(super) fn is_half_free(&self) -> bool {
        self.row.len() <= self.capacity / 2
    }

    /// Puts an item behind the others, or at the place of that number, for which there is room.
    pub(super) fn put(&mut self, number: Option<u64>, item: T) {
        self.filled += 1;
        let Some(number) = number else { return self.row.push_back(Some(item)) };
        let index = usize::try_from(number - self.first).expect("there is room for it");
        if self.row.len() <= index {
            self.row.resize_with(index + 1, || None);
        }
        self.row[index] = Some(item);
    }

    /// How many items can be taken: those before the first gap.
    pub(super) fn ready(&self) -> usize {
        if self.has_gaps() {
            self.row.iter().take_while(|place| place.is_some()).count()
        } else {
            self.filled
        }
    }

    /// Moves the first item, if it is there, into `hand`.
    pub(super) fn take_one(&mut self, hand: &mut VecDeque<Option<T>>) {
        if let Some(item @ Some(_)) = self.row.front_mut().map(Option::take) {
            hand.push_back(item);
            self.row.pop_front();
            self.filled -= 1;
            self.first += 1;
        }
    }

    /// Moves all items before the first gap into `hand`, which is empty: in one step, if there is no
    /// gap.
    pub(super) fn take_all(&mut self, hand: &mut VecDeque<Option<T>>) {
        if self.has_gaps() {
            (0..self.ready()).for_each(|_| self.take_one(hand));
        } else {
            mem::swap(&mut self.row, hand);
            self.first += mem::take(&mut self.filled) as u64;
        }
    }

    /// Takes everything out, to be dropped elsewhere.
    pub(super) fn clear(&mut self) -> VecDeque<Option<T>> {
        self.filled = 0;
        self.first += self.row.len() as u64;
        mem::take(&mut self.row)
    }

    fn has_gaps(&self) -> bool {
        self.filled < self.row.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes all that can be taken, and returns it.
    fn taken(places: &mut Places<u64>) -> Vec<u64> {
        let mut hand = VecDeque::new();
        places.take_all(&mut hand);
        hand.into_iter().map(|item| item.expect("a hand has no gaps")).collect()
    }

    #[test]
    fn items_come_out_in_the_order_of_their_numbers_whenever_they_came_in() {
        let mut places = Places::new(4);
        places.put(Some(2), 2);
        places.put(Some(1), 1);
        assert_eq!((places.ready(), taken(&mut places)), (0, vec![]));
        places.put(Some(0), 0);
        assert_eq!((places.ready(), places.first(), places.edge()), (3, 0, 4));
        places.put(Some(3), 3);
        assert_eq!(taken(&mut places), [0, 1, 2, 3]);
        assert_eq!((places.ready(), places.first(), places.edge()), (0, 4, 8));
        places.put(Some(6), 6);
        places.put(Some(4), 4);
        assert_eq!(places.ready(), 1, "what is behind a gap is not counted");
        assert_eq!(taken(&mut places), [4]);
        places.put(Some(5), 5);
        assert_eq!(taken(&mut places), [5, 6]);
    }

    #[test]
    fn one_item_and_all_items_keep_the_same_count() {
        let mut places = Places::new(4);
        (0..4).for_each(|item| places.put(None, item));
        assert_eq!((places.room(), places.is_half_free()), (0, false));
        let mut hand = VecDeque::new();
        places.take_one(&mut hand);
        assert_eq!((places.room(), places.first(), places.is_half_free()), (1, 1, false));
        places.take_one(&mut hand);
        assert_eq!((places.room(), places.ready(), places.is_half_free()), (2, 2, true));
        assert_eq!(hand, [Some(0), Some(1)]);
        assert_eq!(taken(&mut places), [2, 3]);
        assert_eq!((places.room(), places.first()), (4, 4));
    }

    #[test]
    fn room_without_a_bound_has_no_edge() {
        let mut places = Places::new(usize::MAX);
        for round in 0..3 {
            assert_eq!(places.edge(), u64::MAX);
            places.put(Some(round), round);
            assert_eq!(taken(&mut places), [round]);
        }
    }

    #[test]
    fn what_is_cleared_is_gone() {
        let mut places = Places::new(4);
        places.put(Some(1), 1);
        assert_eq!(places.clear(), [None, Some(1)]);
        assert_eq!((places.ready(), places.room(), places.first()), (0, 4, 2));
        assert!(taken(&mut places).is_empty());
    }
}
