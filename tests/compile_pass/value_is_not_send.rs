//! The value of a task need not be `Sync`, and that of the body need not be `Send`.

use phalanx::{ErrGroup, Stopped};
use std::cell::Cell;
use std::rc::Rc;

fn main() {
    let result = ErrGroup::scope(|g| {
        let cell = g.go(|_| Ok(Cell::new(7))).join()?;
        Ok::<_, Stopped>(Rc::new(cell.get()))
    });
    assert_eq!(*result.unwrap(), 7);
}
