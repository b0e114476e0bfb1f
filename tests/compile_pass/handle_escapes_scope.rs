//! The value of a task may leave the scope.

use phalanx::{ErrGroup, Stopped};

fn main() {
    let mut escaped = None;
    let result = ErrGroup::scope(|g| {
        escaped = Some(g.go(|_| Ok(7)).join()?);
        Ok::<_, Stopped>(())
    });
    assert!(result.is_ok());
    assert_eq!(escaped, Some(7));
}
