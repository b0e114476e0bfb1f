//! The value of a task may be what the body returns.

use phalanx::{ErrGroup, Stopped};

fn main() {
    let value = ErrGroup::scope(|g| Ok::<_, Stopped>(g.go(|_| Ok(7)).join()?));
    assert_eq!(value.unwrap(), 7);
}
