//! The cells that the current thread owns.

use std::cell::RefCell;
use std::mem;
use std::sync::Arc;

use super::home::{Cell, Home, move_out};

thread_local! {
    /// By the slot of the counter. Borrowed for moments in which nothing else of this thread runs.
    static MINE: Mine = const { Mine(RefCell::new(Vec::new())) };
}

struct Mine(RefCell<Vec<Option<Cell>>>);

/// This thread's part would be more than an `i64` can be.
pub(super) struct Overflow;

/// Adds to this thread's part; `None`, and nothing is added, if it has no cell of this counter.
#[inline]
pub(super) fn add(home: &Home, n: i64) -> Option<Result<(), Overflow>> {
    let add = |mine: &Mine| {
        let cells = mine.0.borrow();
        let cell = cells.get(home.slot.index())?.as_ref()?;
        cell.is_of(home).then(|| if cell.add(n) { Ok(()) } else { Err(Overflow) })
    };
    MINE.try_with(add).ok().flatten()
}

/// Gets this thread a cell of the counter; `false` if the thread is past owning any.
pub(super) fn settle(home: &Arc<Home>) -> bool {
    let settle = |mine: &Mine| {
        let former = mine.place(home.slot.index(), home.move_in());
        former.into_iter().for_each(move_out);
    };
    MINE.try_with(settle).is_ok()
}

impl Mine {
    /// Puts a cell in its place, and returns what was there: that of a counter which has been
    /// dropped, or, in a simulation, of one that has the same slot.
    fn place(&self, index: usize, cell: Cell) -> Option<Cell> {
        let mut cells = self.0.borrow_mut();
        if cells.len() <= index {
            cells.resize(index + 1, None);
        }
        cells[index].replace(cell)
    }
}

impl Drop for Mine {
    /// The thread ends.
    fn drop(&mut self) {
        let cells = mem::take(self.0.get_mut());
        cells.into_iter().flatten().for_each(move_out);
    }
}
