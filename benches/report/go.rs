//! Builds and runs the Go side of the benchmarks: the program in `benches/go`.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The Go program, if it could be built.
pub(crate) struct Go {
    program: Option<PathBuf>,
}

impl Go {
    /// Builds the program beside this one. Where that is not possible, the script tells why, and
    /// there are no figures.
    pub(crate) fn build() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/go/build.sh");
        let program = env::current_exe().map(|ours| ours.with_file_name("phalanx-bench-go")).ok();
        let program = program.filter(|output| succeeds(Command::new(script).arg(output)));
        Go { program }
    }

    pub(crate) fn is_built(&self) -> bool {
        self.program.is_some()
    }

    /// Measures the rows whose ids contain one of `filters`; for each its id, and its median in
    /// nanoseconds.
    pub(crate) fn run(&self, filters: &[String]) -> Vec<(String, f64)> {
        if filters.is_empty() {
            return Vec::new();
        }
        self.output(filters).lines().map(figure).collect()
    }

    /// What the program prints when it is run with these arguments: nothing if it could not be built.
    pub(crate) fn output(&self, arguments: &[impl AsRef<OsStr>]) -> String {
        let program = self.program.as_ref();
        program.map(|program| output_of(Command::new(program).args(arguments))).unwrap_or_default()
    }
}

fn figure(line: &str) -> (String, f64) {
    let (id, time) = line.split_once(' ').expect("a line is an id and a time");
    (id.to_owned(), time.parse().expect("a time is a number"))
}

fn succeeds(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}

fn output_of(command: &mut Command) -> String {
    let output = command.stderr(Stdio::inherit()).output().expect("the program was just built");
    assert!(output.status.success(), "the Go program failed");
    String::from_utf8(output.stdout).expect("it prints text")
}
