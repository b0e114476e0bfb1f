//! A task's handle must not be what the body returns.

use phalanx::{ErrGroup, Stopped};

fn main() {
    let task = ErrGroup::scope(|g| Ok::<_, Stopped>(g.go(|_| Ok(7))));
    assert_eq!(task.unwrap().join().unwrap(), 7);
}
