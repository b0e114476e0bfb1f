//! A clone of the scope must not escape through a variable outside: it could start tasks that
//! borrow what is gone.

use phalanx::{ErrGroup, Stopped};

fn main() {
    let mut escaped = None;
    let result = ErrGroup::scope(|g| {
        escaped = Some(g.clone());
        Ok::<_, Stopped>(())
    });
    assert!(result.is_ok());
    drop(escaped);
}
