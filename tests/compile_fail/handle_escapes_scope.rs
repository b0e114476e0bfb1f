//! A task's handle must not outlive the scope: its task borrows from the stack.

use phalanx::{ErrGroup, Stopped};

fn main() {
    let mut escaped = None;
    let result = ErrGroup::scope(|g| {
        escaped = Some(g.go(|_| Ok(7)));
        Ok::<_, Stopped>(())
    });
    assert!(result.is_ok());
    drop(escaped);
}
