//! The task of an owned group may own, and its handle may outlive the group.

use phalanx::{ErrGroup, Stopped};

fn main() {
    let text = String::from("moved in");
    let group = ErrGroup::<Stopped>::new();
    let task = group.go(move |_| Ok(text.len()));
    assert!(group.wait().is_ok());
    assert_eq!(task.join().unwrap(), 8);
}
