//! A task may give its locals to a sibling, or lend them inside a scope of its own.

use phalanx::{ErrGroup, Stopped};

fn main() {
    let result = ErrGroup::scope(|g| {
        let inner = g.clone();
        let task = g.go(move |_| {
            let local = 7;
            let sibling = inner.go(move |_| Ok(local + 1));
            let nested = ErrGroup::scope(|g| Ok::<_, Stopped>(g.go(|_| Ok(local + 2)).join()?))?;
            Ok((sibling.join()?, nested))
        });
        Ok::<_, Stopped>(task.join()?)
    });
    assert_eq!(result.unwrap(), (8, 9));
}
