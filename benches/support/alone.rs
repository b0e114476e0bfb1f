//! Runs a part of a benchmark in a process of its own, which has done nothing else.

use std::env;
use std::process::{Command, Stdio};

/// The argument before those of the part.
const ALONE: &str = "--alone";

/// The arguments of the part that this process was started for, if it was.
pub(crate) fn arguments() -> Option<Vec<String>> {
    let mut arguments = env::args().skip_while(|argument| argument != ALONE);
    arguments.next().map(|_| arguments.collect())
}

/// Starts this program for a part, and returns what it prints.
pub(crate) fn output(arguments: &[&str]) -> String {
    let program = env::current_exe().expect("the path of this program");
    let output = Command::new(program).arg(ALONE).args(arguments).stderr(Stdio::inherit()).output();
    let output = output.expect("it can be run");
    assert!(output.status.success(), "alone: {arguments:?} failed");
    String::from_utf8(output.stdout).expect("it prints numbers")
}
