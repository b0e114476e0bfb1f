//! A clone of a policy's scope must not escape either.

use phalanx::{ErrGroup, Settle};

fn main() {
    let mut escaped = None;
    let outcomes = ErrGroup::builder().policy(Settle::<u8, ()>::new()).scope(|g| {
        escaped = Some(g.clone());
    });
    assert!(outcomes.is_empty());
    drop(escaped);
}
