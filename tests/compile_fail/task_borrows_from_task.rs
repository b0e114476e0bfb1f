//! A task must not lend its own locals to a sibling, which may end later.

use phalanx::{ErrGroup, Stopped};

fn main() {
    let result = ErrGroup::scope(|g| {
        let inner = g.clone();
        g.go(move |_| {
            let local = 7;
            inner.go(|_| Ok(local + 1));
            Ok(())
        });
        Ok::<_, Stopped>(())
    });
    assert!(result.is_ok());
}
