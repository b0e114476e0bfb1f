//! A token that shares its group may outlive the variable.

use phalanx::{Token, WaitGroup};
use std::sync::Arc;

fn main() {
    let token = {
        let group = Arc::new(WaitGroup::new());
        Token::new(group)
    };
    drop(token);
}
