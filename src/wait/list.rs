//! A doubly linked list in a vector: first in, first out, and any entry leaves in constant time.
//!
//! It holds the blocked threads of a queue and what hangs on a context. An entry is named by the
//! [`Key`] it got when it came; whoever holds the key takes it out at most once.

use std::mem;

/// Names an entry for as long as it is in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) u32);

/// No entry: the end of a chain.
const NIL: u32 = u32::MAX;

/// An empty list keeps room for this many entries, and gives the rest back.
const KEPT_CAPACITY: usize = 32;

#[derive(Debug)]
pub(crate) struct List<T> {
    slots: Vec<Slot<T>>,
    head: u32,
    tail: u32,
    /// The first vacant slot; the others hang on its `next`.
    vacant: u32,
    len: u32,
}

#[derive(Debug)]
struct Slot<T> {
    value: Option<T>,
    prev: u32,
    next: u32,
}

impl<T> List<T> {
    pub(crate) const fn new() -> Self {
        List { slots: Vec::new(), head: NIL, tail: NIL, vacant: NIL, len: 0 }
    }

    /// Adds an entry at the back.
    pub(crate) fn push_back(&mut self, value: T) -> Key {
        let slot = Slot { value: Some(value), prev: self.tail, next: NIL };
        let index = if self.vacant == NIL {
            self.slots.push(slot);
            u32::try_from(self.slots.len() - 1).expect("fewer than 2^32 entries in a list")
        } else {
            let index = self.vacant;
            self.vacant = mem::replace(&mut self.slots[index as usize], slot).next;
            index
        };
        match self.tail {
            NIL => self.head = index,
            tail => self.slots[tail as usize].next = index,
        }
        self.tail = index;
        self.len += 1;
        Key(index)
    }

    /// Takes an entry out. `None` if it is not in the list: the whole of it was taken before.
    pub(crate) fn remove(&mut self, Key(index): Key) -> Option<T> {
        let slot = self.slots.get_mut(index as usize)?;
        let value = slot.value.take()?;
        let (prev, next) = (slot.prev, mem::replace(&mut slot.next, self.vacant));
        self.vacant = index;
        match prev {
            NIL => self.head = next,
            prev => self.slots[prev as usize].next = next,
        }
        match next {
            NIL => self.tail = prev,
            next => self.slots[next as usize].prev = prev,
        }
        self.len -= 1;
        if self.len == 0 && self.slots.capacity() > KEPT_CAPACITY {
            *self = List::new();
        }
        Some(value)
    }

    /// The entry that `key` names, to be changed in its place.
    pub(crate) fn get_mut(&mut self, Key(index): Key) -> Option<&mut T> {
        self.slots.get_mut(index as usize)?.value.as_mut()
    }

    /// Whether there is no entry.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The oldest entry and its key.
    pub(crate) fn front(&self) -> Option<(Key, &T)> {
        self.entry(self.head)
    }

    /// The entry that came next after `key`, and its key.
    pub(crate) fn after(&self, Key(index): Key) -> Option<(Key, &T)> {
        self.entry(self.slots[index as usize].next)
    }

    /// The youngest entry and its key.
    pub(crate) fn back(&self) -> Option<(Key, &T)> {
        self.entry(self.tail)
    }

    /// The entry that came before `key`, and its key.
    pub(crate) fn before(&self, Key(index): Key) -> Option<(Key, &T)> {
        self.entry(self.slots[index as usize].prev)
    }

    /// The entry that `key` names, if it is still there.
    pub(crate) fn get(&self, Key(index): Key) -> Option<&T> {
        self.entry(index).map(|(_, value)| value)
    }

    /// The entries in no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().filter_map(|slot| slot.value.as_ref())
    }

    fn entry(&self, index: u32) -> Option<(Key, &T)> {
        self.slots.get(index as usize)?.value.as_ref().map(|value| (Key(index), value))
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        List::new()
    }
}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    /// The entries in no particular order.
    fn into_iter(self) -> IntoIter<T> {
        IntoIter(self.slots.into_iter())
    }
}

/// The entries of a list that was taken apart.
pub(crate) struct IntoIter<T>(std::vec::IntoIter<Slot<T>>);

impl<T> Iterator for IntoIter<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.0.find_map(|slot| slot.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_order(list: &List<u32>) -> Vec<u32> {
        let mut next = list.front();
        let mut found = Vec::new();
        while let Some((key, value)) = next {
            found.push(*value);
            next = list.after(key);
        }
        found
    }

    #[test]
    fn entries_stay_in_order_whoever_leaves() {
        for leaver in 0..4 {
            let mut list = List::new();
            let keys: Vec<_> = (0..4).map(|value| list.push_back(value)).collect();
            assert_eq!(list.remove(keys[leaver as usize]), Some(leaver));
            assert_eq!(list.remove(keys[leaver as usize]), None, "an entry leaves once");
            list.push_back(9);
            let mut expected: Vec<_> = (0..4).filter(|value| *value != leaver).collect();
            expected.push(9);
            assert_eq!(in_order(&list), expected);
            assert_eq!(list.len, 4);
        }
    }

    #[test]
    fn vacant_slots_are_used_again_and_a_crowd_gives_its_memory_back() {
        let mut list = List::new();
        for round in 0..1000 {
            let key = list.push_back(round);
            assert_eq!(key, Key(0));
            assert_eq!(list.remove(key), Some(round));
        }
        let keys: Vec<_> = (0..1000).map(|value| list.push_back(value)).collect();
        for key in keys {
            assert!(list.remove(key).is_some());
        }
        assert_eq!(list.len, 0);
        assert_eq!(list.slots.capacity(), 0);
    }

    #[test]
    fn a_list_taken_apart_yields_every_entry_that_is_left() {
        let mut list = List::new();
        let keys: Vec<_> = (0..5).map(|value| list.push_back(value)).collect();
        list.remove(keys[2]);
        let mut left: Vec<_> = list.into_iter().collect();
        left.sort_unstable();
        assert_eq!(left, [0, 1, 3, 4]);
    }
}
