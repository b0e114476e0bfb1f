//! The same in Go, by the program in `benches/go`.

use std::collections::HashMap;

use crate::go::Go;

/// For each thing of Go's: its name, the bytes of its heap and stacks, and the resident bytes, each of
/// `few` and each of `many`. Empty where Go is not installed.
pub(crate) fn measured(few: usize, many: usize) -> Vec<(String, String, String, String)> {
    let go = Go::build();
    if !go.is_built() {
        return Vec::new();
    }
    let of_few: HashMap<_, _> =
        things(&go, few).into_iter().map(|[name, _, resident]| (name, resident)).collect();
    let row = |[name, own, resident]: [String; 3]| {
        let of_few = of_few[&name].clone();
        (name, own, of_few, resident)
    };
    things(&go, many).into_iter().map(row).collect()
}

/// The name, and two figures, of each thing.
fn things(go: &Go, n: usize) -> Vec<[String; 3]> {
    let of = |thing: &str| {
        let output = go.output(&["memory", thing, &n.to_string()]);
        let (own, resident) = output.trim().split_once(' ').expect("two numbers");
        [thing.replace('_', " "), own.to_owned(), resident.to_owned()]
    };
    ["blocked_goroutine", "child_context", "child_with_timeout", "timer", "after_func"]
        .map(of)
        .into()
}
