//! The same in Go, by the program in `benches/go`.

use std::collections::HashMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// For each thing of Go's: its name, the bytes of its heap and stacks, and the resident bytes, each of
/// `few` and each of `many`. Empty where Go is not installed.
pub(crate) fn measured(few: usize, many: usize) -> Vec<(String, String, String, String)> {
    let Some(program) = built() else { return Vec::new() };
    let of_few: HashMap<_, _> =
        lines(&program, few).into_iter().map(|[name, _, resident]| (name, resident)).collect();
    let row = |[name, own, resident]: [String; 3]| {
        let of_few = of_few[&name].clone();
        (name, own, of_few, resident)
    };
    lines(&program, many).into_iter().map(row).collect()
}

fn built() -> Option<PathBuf> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/go/build.sh");
    let output = env::current_exe().ok()?.with_file_name("phalanx-bench-go");
    let status = Command::new(script).arg(&output).status().ok()?;
    status.success().then_some(output)
}

/// It prints a line for each thing: `name own resident`.
fn lines(program: &Path, n: usize) -> Vec<[String; 3]> {
    let of = |thing: &str| {
        let n = n.to_string();
        let output = Command::new(program).args(["memory", thing, &n]).output();
        let output = output.expect("the program was just built");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let line = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let (own, resident) = line.split_once(' ').expect("two numbers");
        [thing.replace('_', " "), own.to_owned(), resident.to_owned()]
    };
    ["blocked_goroutine", "child_context", "child_with_timeout", "timer", "after_func"]
        .map(of)
        .into()
}
