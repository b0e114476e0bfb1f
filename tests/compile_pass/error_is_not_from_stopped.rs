//! Under a policy the error need not be makeable from `Stopped`.

use phalanx::{AllErrors, ErrGroup};

struct Failure;

fn main() {
    let result = ErrGroup::builder().policy(AllErrors::<(), _>::new()).scope(|g| {
        g.go(|_| Err(Failure));
    });
    assert!(result.is_err());
}
