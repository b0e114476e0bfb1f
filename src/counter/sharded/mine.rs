//! The cells that the current thread owns.

use std::cell::{OnceCell, RefCell};
use std::mem;
use std::sync::Arc;

use super::home::{Cell, Home, move_out};
use super::slots::{FAST, Slot};

thread_local! {
    /// Borrowed for moments in which nothing else of this thread runs.
    static MINE: Mine = const {
        Mine { fast: [const { OnceCell::new() }; FAST], others: RefCell::new(Vec::new()) }
    };
}

/// Cells by the slots of their counters.
struct Mine {
    /// Of the first counters: their slots are never given to others, so these cells are not replaced.
    fast: [OnceCell<Cell>; FAST],
    others: RefCell<Vec<Option<Cell>>>,
}

/// This thread's part would be more than an `i64` can be.
pub(super) struct Overflow;

/// Adds to this thread's part, if that is in a fast slot; `false`, and nothing is added, if it is not,
/// or if it is too much.
#[inline]
pub(super) fn add_fast(home: &Home, n: i64) -> bool {
    let add = |mine: &Mine| {
        let cell = mine.fast.get(home.slot.index()).and_then(OnceCell::get);
        // A fast slot is never given to another counter. Only a simulation has slots of its own.
        cell.is_some_and(|cell| (cfg!(not(feature = "sim")) || cell.is_of(home)) && cell.add(n))
    };
    MINE.try_with(add).unwrap_or(false)
}

/// Adds to this thread's part; `None`, and nothing is added, if it has no cell of this counter.
pub(super) fn add(home: &Home, n: i64) -> Option<Result<(), Overflow>> {
    let add_to =
        |cell: &Cell| cell.is_of(home).then(|| if cell.add(n) { Ok(()) } else { Err(Overflow) });
    let add = |mine: &Mine| match mine.fast.get(home.slot.index()) {
        Some(cell) => add_to(cell.get()?),
        None => add_to(mine.others.borrow().get(home.slot.other())?.as_ref()?),
    };
    MINE.try_with(add).ok().flatten()
}

/// Gets this thread a cell of the counter; `false` if the thread is past owning any, or, in a
/// simulation, if one from outside of it has the slot.
pub(super) fn settle(home: &Arc<Home>) -> bool {
    let settle = |mine: &Mine| {
        let cell = home.move_in();
        let unused = match mine.fast.get(home.slot.index()) {
            Some(slot) => slot.set(cell).err(),
            None => return mine.place(&home.slot, cell).into_iter().for_each(move_out),
        };
        unused.into_iter().for_each(move_out);
    };
    MINE.try_with(settle).is_ok() && add(home, 0).is_some()
}

impl Mine {
    /// Puts a cell in its place, and returns what was there: that of a counter which has been
    /// dropped, or, in a simulation, of one that has the same slot.
    fn place(&self, slot: &Slot, cell: Cell) -> Option<Cell> {
        let (mut cells, index) = (self.others.borrow_mut(), slot.other());
        if cells.len() <= index {
            cells.resize(index + 1, None);
        }
        cells[index].replace(cell)
    }
}

impl Drop for Mine {
    /// The thread ends.
    fn drop(&mut self) {
        let others = mem::take(self.others.get_mut()).into_iter().flatten();
        let fast = self.fast.iter_mut().filter_map(OnceCell::take);
        fast.chain(others).for_each(move_out);
    }
}
