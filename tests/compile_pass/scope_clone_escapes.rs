//! A clone of the scope may be kept in a variable inside, and moved into tasks.

use phalanx::{ErrGroup, Stopped};

fn main() {
    let result = ErrGroup::scope(|g| {
        let kept = Some(g.clone());
        let task = g.go(move |_| {
            let inner = kept.unwrap();
            Ok(inner.go(|_| Ok(7)).join()?)
        });
        Ok::<_, Stopped>(task.join()?)
    });
    assert_eq!(result.unwrap(), 7);
}
