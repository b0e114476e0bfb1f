//! The task of an owned group must not borrow from the stack: the group may outlive it.

use phalanx::{ErrGroup, Stopped};

fn main() {
    let text = String::from("on the stack");
    let group = ErrGroup::<Stopped>::new();
    group.go(|_| Ok(text.len()));
    assert!(group.wait().is_ok());
}
