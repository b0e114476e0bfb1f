//! A task may take a local of the body along, and borrow what is outside the scope.

use phalanx::{ErrGroup, Stopped};

fn main() {
    let outside = String::from("outlives the scope");
    let result = ErrGroup::scope(|g| {
        let local = String::from("moved in");
        let moves = g.go(move |_| Ok(local.len()));
        let borrows = g.go(|_| Ok(outside.len()));
        Ok::<_, Stopped>((moves.join()?, borrows.join()?))
    });
    assert_eq!(result.unwrap(), (8, 18));
}
