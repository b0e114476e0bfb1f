//! What a task captures must be `Send`.

use phalanx::{ErrGroup, Stopped};
use std::rc::Rc;

fn main() {
    let shared = Rc::new(7);
    let result = ErrGroup::scope(|g| {
        let clone = Rc::clone(&shared);
        g.go(move |_| Ok(*clone));
        Ok::<_, Stopped>(())
    });
    assert!(result.is_ok());
}
