//! Things to be done at instants, the earliest first. It knows neither a lock nor a clock.
//!
//! A heap of instants, and a table that says of each thing where in the heap its instant is. So what
//! is removed leaves both at once, and nothing has to be tidied up later. Far-off instants lie at the
//! bottom, so that pushing and removing one of them takes a step or two, whatever their number.

mod serials;

use std::time::Instant;

use serials::Serials;

/// An empty queue keeps room for this many, and gives the rest back.
const KEPT_CAPACITY: usize = 64;

#[derive(Debug)]
pub(super) struct Queue<T> {
    /// None is earlier than the one above it, which for that at `i` is at `(i - 1) / 2`.
    heap: Vec<Entry>,
    table: Vec<Slot<T>>,
    /// Vacant slots of the table.
    vacant: Vec<u32>,
    serials: Serials,
}

/// An entry's name, which no other ever has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Alarm {
    slot: u32,
    serial: u64,
}

/// In the order in which they are taken: of those for the same instant, the first to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    at: Instant,
    serial: u64,
    slot: u32,
}

#[derive(Debug)]
struct Slot<T> {
    serial: u64,
    /// Where in the heap its entry is.
    place: usize,
    value: Option<T>,
}

impl<T> Queue<T> {
    pub(super) const fn new() -> Self {
        let serials = Serials::new();
        Queue { heap: Vec::new(), table: Vec::new(), vacant: Vec::new(), serials }
    }

    pub(super) fn push(&mut self, at: Instant, value: T) -> Alarm {
        let serial = self.serials.next();
        let place = self.heap.len();
        let filled = Slot { serial, place, value: Some(value) };
        let slot = if let Some(slot) = self.vacant.pop() {
            self.table[slot as usize] = filled;
            slot
        } else {
            self.table.push(filled);
            u32::try_from(self.table.len() - 1).expect("fewer than 2^32 alarms")
        };
        let entry = Entry { at, serial, slot };
        self.heap.push(entry);
        self.fill(place, entry);
        Alarm { slot, serial }
    }

    /// Takes one out, if it is still there.
    pub(super) fn remove(&mut self, Alarm { slot, serial }: Alarm) -> Option<T> {
        let filled = self.table.get_mut(slot as usize).filter(|slot| slot.serial == serial)?;
        let value = filled.value.take()?;
        let gap = filled.place;
        self.vacant.push(slot);
        let last = self.heap.pop()?; // there is one: that which is taken out
        if gap < self.heap.len() {
            let gap = self.lower(gap, last);
            self.fill(gap, last);
        }
        if self.heap.is_empty() && self.table.capacity() > KEPT_CAPACITY {
            // No name is ever given twice, so none of before can be mistaken for one of after.
            (self.heap, self.table) = (Vec::new(), Vec::new());
            self.vacant = Vec::new();
        }
        Some(value)
    }

    /// The earliest instant.
    pub(super) fn first_at(&self) -> Option<Instant> {
        self.heap.first().map(|entry| entry.at)
    }

    /// How many there are for that instant. Looks at all of them.
    pub(super) fn count_at(&self, at: Instant) -> usize {
        self.heap.iter().filter(|entry| entry.at == at).count()
    }

    /// Takes out the first, or one of those for the same instant: that many places behind it.
    pub(super) fn take(&mut self, place: usize) -> Option<(Alarm, T)> {
        let first = *self.heap.first()?;
        let taken = if place == 0 { first } else { self.behind(first, place)? };
        let alarm = Alarm { slot: taken.slot, serial: taken.serial };
        Some((alarm, self.remove(alarm)?))
    }

    fn behind(&self, first: Entry, places: usize) -> Option<Entry> {
        let same = self.heap.iter().filter(|entry| entry.at == first.at);
        let mut same: Vec<_> = same.copied().collect();
        same.sort_unstable();
        same.get(places).copied()
    }

    /// Moves a gap down to where no entry below it comes before `entry`.
    fn lower(&mut self, mut gap: usize, entry: Entry) -> usize {
        loop {
            let below = 2 * gap + 1..self.heap.len().min(2 * gap + 3);
            let first = below.min_by_key(|place| self.heap[*place]);
            let Some(first) = first.filter(|place| self.heap[*place] < entry) else { return gap };
            self.put(gap, self.heap[first]);
            gap = first;
        }
    }

    /// Moves a gap up to where the entry above it comes before `entry`, and puts that there.
    fn fill(&mut self, mut gap: usize, entry: Entry) {
        while gap > 0 {
            let above = (gap - 1) / 2;
            if self.heap[above] < entry {
                break;
            }
            self.put(gap, self.heap[above]);
            gap = above;
        }
        self.put(gap, entry);
    }

    fn put(&mut self, place: usize, entry: Entry) {
        self.heap[place] = entry;
        self.table[entry.slot as usize].place = place;
    }
}

#[cfg(test)]
mod tests;
