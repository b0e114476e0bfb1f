//! What Cargo and the user ask a benchmark for.

use std::env;

/// Whether times are asked for, and not a test or a list, as criterion reads the arguments.
pub(crate) fn is_measuring() -> bool {
    const OTHERS: [&str; 3] = ["--test", "--list", "--profile-time"];
    let is_other = |argument: String| OTHERS.iter().any(|other| argument.starts_with(other));
    env::args().any(|argument| argument == "--bench") && !env::args().any(is_other)
}

/// The first argument that is no option. Options with a value are to be written with `=`.
pub(crate) fn filter() -> String {
    env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default()
}
