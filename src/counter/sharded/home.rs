//! What the cells of one counter have in common.

use std::panic::RefUnwindSafe;
use std::sync::{Arc, Weak};

use crossbeam_utils::CachePadded;

use super::slots::Slot;
use crate::sys::Mutex;
use crate::sys::atomic::{AtomicI64, Relaxed};

/// A counter's cells, and what was in those of threads that have ended.
pub(super) struct Home {
    /// The place of this counter's cell in each thread's table.
    pub(super) slot: Slot,
    parts: Mutex<Parts>,
}

struct Parts {
    /// All cells, those that nobody owns included.
    cells: Vec<Cell>,
    /// Those that nobody owns, which are at zero.
    free: Vec<Cell>,
    /// What those have counted that own no cell any more. Cannot overflow: 2^64 threads would have
    /// to end.
    rest: i128,
}

/// What one thread has added to one counter, in a cache line of its own.
pub(super) type Cell = Arc<CachePadded<Part>>;

pub(super) struct Part {
    /// Written by the thread that owns the cell; by nobody else until it has given it back.
    added: AtomicI64,
    home: Weak<Home>,
    /// Where `home` is, to be compared: the place is not used again while `home` lives.
    address: usize,
}

impl Home {
    pub(super) fn new() -> Arc<Self> {
        let parts = Parts { cells: Vec::new(), free: Vec::new(), rest: 0 };
        Arc::new(Home { slot: Slot::take(), parts: Mutex::new(parts) })
    }

    /// Hands out a cell, at zero, which the current thread owns from now on.
    pub(super) fn move_in(self: &Arc<Self>) -> Cell {
        let mut parts = self.parts.lock();
        if let Some(cell) = parts.free.pop() {
            return cell;
        }
        let home = Arc::downgrade(self);
        let part = Part { added: AtomicI64::new(0), home, address: self.address() };
        let cell = Arc::new(CachePadded::new(part));
        parts.cells.push(Arc::clone(&cell));
        cell
    }

    /// Adds on behalf of a thread that can own no cell.
    pub(super) fn add(&self, n: i64) {
        self.parts.lock().rest += i128::from(n);
    }

    /// The sum. Under the lock, so that no part is seen both in its cell and in the rest.
    pub(super) fn total(&self) -> i128 {
        let parts = self.parts.lock();
        parts.rest + parts.cells.iter().map(|cell| i128::from(cell.added())).sum::<i128>()
    }

    #[inline]
    fn address(&self) -> usize {
        (&raw const *self).addr()
    }

    /// How many cells there are.
    pub(super) fn cells(&self) -> usize {
        self.parts.lock().cells.len()
    }
}

// No panic leaves what the lock guards half-changed: no user code runs under it.
impl RefUnwindSafe for Home {}

impl Part {
    /// Whether this is a cell of that counter.
    #[inline]
    pub(super) fn is_of(&self, home: &Home) -> bool {
        self.address == home.address()
    }

    /// Adds, on the thread that owns the cell; `false`, and nothing is added, if it is too much.
    #[inline]
    pub(super) fn add(&self, n: i64) -> bool {
        let sum = self.added().checked_add(n);
        if let Some(sum) = sum {
            // Relaxed: counting publishes nothing. A plain store, since nobody else writes.
            self.added.store(sum, Relaxed);
        }
        sum.is_some()
    }

    #[inline]
    fn added(&self) -> i64 {
        // Relaxed: counting publishes nothing. The owner sees what it wrote, or what it got with
        // the cell, through the lock; others see what they have synchronized with.
        self.added.load(Relaxed)
    }
}

/// Gives a cell back, and leaves what is in it to the counter, if that is still there.
pub(super) fn move_out(cell: Cell) {
    let Some(home) = cell.home.upgrade() else { return };
    let mut parts = home.parts.lock();
    parts.rest += i128::from(cell.added());
    // Relaxed: the next owner gets it through the lock.
    cell.added.store(0, Relaxed);
    parts.free.push(cell);
}
