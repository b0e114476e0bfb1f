//! The error of a group must be makeable from `Stopped`.

use phalanx::ErrGroup;

struct Failure;

fn main() {
    let result = ErrGroup::scope(|g| {
        g.go(|_| Err::<(), _>(Failure));
        Ok(())
    });
    assert!(result.is_err());
}
