//! What a task captures need not be `Sync`, and the body may use what is not `Send`.

use phalanx::{ErrGroup, Stopped};
use std::cell::Cell;
use std::rc::Rc;

fn main() {
    let shared = Rc::new(7);
    let cell = Cell::new(1);
    let result = ErrGroup::scope(|g| {
        let task = g.go(move |_| Ok(cell.get()));
        Ok::<_, Stopped>(task.join()? + *shared)
    });
    assert_eq!(result.unwrap(), 8);
}
