//! A clone of a policy's scope may be moved into tasks.

use phalanx::{ErrGroup, Settle};

fn main() {
    let outcomes = ErrGroup::builder().policy(Settle::<u8, ()>::new()).scope(|g| {
        let inner = g.clone();
        g.go(move |_| {
            inner.go(|_| Ok(2));
            Ok(1)
        });
    });
    assert_eq!(outcomes.len(), 2);
}
