//! Where the operating system refuses threads: in a process of its own, whose threads would need more
//! stack than there is memory for, or than is left.

use std::env;
use std::hint::black_box;
use std::iter;
use std::process::Command;

use super::NO_SUCH_STACK;

const CHILD: &str = "PHALANX_NO_THREADS";

/// The stack of a thread where there is room for some.
const STACK: usize = 512 << 20;
/// The stack of a worker, which is larger if there are addresses enough.
const WORKER: usize = if usize::BITS > 32 { 2 * STACK } else { STACK };
/// How much memory a process may have in all, in KiB: enough for three threads and a worker, and some
/// more.
const ROOM: usize = (3 * STACK + WORKER + (400 << 20)) >> 10;

/// Whether this is such a process.
pub(crate) fn is_child() -> bool {
    env::var_os(CHILD).is_some()
}

/// Runs a test of this file in such a process: one whose threads have stacks of so many bytes.
fn in_a_child(test: &str, mut child: Command, stack: usize) {
    child.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    child.env(CHILD, "1").env("RUST_MIN_STACK", stack.to_string());
    let output = child.output().expect("the test runs once more");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{output:?}");
}

/// In a process that has no room for any thread.
pub(crate) fn without_threads(test: &str) {
    in_a_child(test, Command::new(env::current_exe().expect("this file")), NO_SUCH_STACK);
}

/// In a process that has room for three threads, that of the test among them, and for a worker.
pub(crate) fn with_few_threads(test: &str) {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -v {ROOM} && exec \"$0\" \"$@\"")]);
    shell.arg(env::current_exe().expect("this file"));
    in_a_child(test, shell, STACK);
}

/// Takes all the room that there is for a thread, until it is dropped.
pub(crate) fn all_the_room() -> Vec<Vec<u8>> {
    let part = || {
        let mut part = Vec::new();
        part.try_reserve_exact(STACK).ok().map(|()| black_box(part))
    };
    iter::from_fn(part).collect()
}
