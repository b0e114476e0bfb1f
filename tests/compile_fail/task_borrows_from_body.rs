//! A task must not borrow a local of the body, which is gone before the task has ended.

use phalanx::{ErrGroup, Stopped};

fn main() {
    let result = ErrGroup::scope(|g| {
        let local = String::from("gone too soon");
        g.go(|_| Ok(local.len()));
        Ok::<_, Stopped>(())
    });
    assert!(result.is_ok());
}
