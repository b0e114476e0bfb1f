//! The value of a task must be `Send`.

use phalanx::{ErrGroup, Stopped};
use std::rc::Rc;

fn main() {
    let result = ErrGroup::scope(|g| Ok::<_, Stopped>(*g.go(|_| Ok(Rc::new(7))).join()?));
    assert_eq!(result.unwrap(), 7);
}
