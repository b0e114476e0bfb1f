//! The closures of `join!` may borrow mutably, as those of `thread::scope` and `try_join!` may.

use phalanx::join;

fn main() {
    let (mut left, mut right) = (vec![1], vec![2]);
    join!(|| left.push(3), || right.push(4));
    assert_eq!((left, right), (vec![1, 3], vec![2, 4]));
}
