//! Tasks that start siblings through a clone of the scope, from a function of their own.

use phalanx::{ErrGroup, Scope, Stopped};
use std::sync::Mutex;

fn walk<'s>(g: &Scope<'s, '_, Stopped>, seen: &'s Mutex<Vec<u32>>, depth: u32) {
    seen.lock().unwrap().push(depth);
    if depth > 0 {
        let inner = g.clone();
        g.go(move |_| {
            walk(&inner, seen, depth - 1);
            Ok(())
        });
    }
}

fn main() {
    let seen = Mutex::new(Vec::new());
    let result = ErrGroup::scope(|g| {
        walk(g, &seen, 3);
        Ok(())
    });
    assert!(result.is_ok());
    assert_eq!(seen.into_inner().unwrap(), [3, 2, 1, 0]);
}
