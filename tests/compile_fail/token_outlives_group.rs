//! A token that borrows its group must not outlive it.

use phalanx::WaitGroup;

fn main() {
    let token = {
        let group = WaitGroup::new();
        group.token()
    };
    drop(token);
}
