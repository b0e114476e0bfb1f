//! Where a counter's cell is in the table of each thread.

use crate::sys::{Empty, Global, Mutex};

/// So many slots are looked up the fastest way: those of the first counters, as a rule of statics.
pub(super) const FAST: usize = 16;

static SLOTS: Global<Mutex<Slots>> = Global::new();

/// Which places are taken: small numbers, so that the tables are short.
struct Slots {
    free: Vec<usize>,
    /// The first that was never taken.
    next: usize,
}

/// A place that no other counter has at the same time, until it is dropped.
pub(super) struct Slot(usize);

impl Slot {
    pub(super) fn take() -> Self {
        let mut slots = SLOTS.get().lock();
        let free = slots.free.pop();
        Slot(free.unwrap_or_else(|| {
            slots.next += 1;
            slots.next - 1
        }))
    }

    #[inline]
    pub(super) fn index(&self) -> usize {
        self.0
    }

    /// The index among those that are not fast.
    #[inline]
    pub(super) fn other(&self) -> usize {
        self.0 - FAST
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // Threads keep what they have in a fast slot.
        if self.0 >= FAST {
            SLOTS.get().lock().free.push(self.0);
        }
    }
}

impl Empty for Slots {
    const EMPTY: Self = Slots { free: Vec::new(), next: 0 };
}
