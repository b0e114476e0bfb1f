//! Tests that need a process of their own: each runs its file once more, for itself alone.

use std::env;
use std::process::Command;

use super::watchdog;

const CHILD: &str = "PHALANX_ALONE";

/// Runs `body`, the body of the test of that name, in a process of its own.
pub(crate) fn alone(test: &str, body: impl FnOnce() + Send + 'static) {
    run(test, body, || {
        let mut command = Command::new(this_file());
        command.args(arguments(test));
        command
    });
}

/// The same, in a process whose addresses may take so many KiB in all.
#[cfg(target_os = "linux")]
pub(crate) fn alone_in(kib: usize, test: &str, body: impl FnOnce() + Send + 'static) {
    run(test, body, || {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit -v {kib} && exec \"$0\" \"$@\"")]);
        shell.arg(this_file()).args(arguments(test));
        shell
    });
}

fn run(test: &str, body: impl FnOnce() + Send + 'static, command: impl FnOnce() -> Command) {
    if env::var_os(CHILD).is_some_and(|child| child == test) {
        return watchdog(body);
    }
    let output = command().env(CHILD, test).output().expect("the test runs once more");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{}\n{said}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
}

fn this_file() -> std::path::PathBuf {
    env::current_exe().expect("this file")
}

fn arguments(test: &str) -> [&str; 4] {
    ["--exact", test, "--nocapture", "--test-threads=1"]
}
