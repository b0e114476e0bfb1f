//! Builds and runs the same rows in Go: the program in `benches/go`.

use std::collections::HashMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::rows::Row;

/// The Go program, if there is one, and what it has measured so far.
pub(crate) struct Go {
    program: Option<PathBuf>,
    times: HashMap<String, Vec<f64>>,
}

impl Go {
    /// Builds the program beside this one. Where that is not possible, the script tells why, and
    /// there are no figures.
    pub(crate) fn build() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/go/build.sh");
        let program = env::current_exe().map(|ours| ours.with_file_name("phalanx-bench-go")).ok();
        let program = program.filter(|output| succeeds(Command::new(script).arg(output)));
        Go { program, times: HashMap::new() }
    }

    pub(crate) fn is_built(&self) -> bool {
        self.program.is_some()
    }

    /// Measures the rows, in addition to earlier runs.
    pub(crate) fn run<'a>(&mut self, rows: impl Iterator<Item = &'a Row>) {
        let ids: Vec<_> = rows.map(|row| row.id("go")).collect();
        if let Some(program) = self.program.as_ref().filter(|_| !ids.is_empty()) {
            let lines = lines_of(Command::new(program).args(ids));
            for (id, time) in lines.lines().filter_map(|line| line.split_once(' ')) {
                let time = time.parse().expect("a line is an id and a time");
                self.times.entry(id.to_owned()).or_default().push(time);
            }
        }
    }

    /// The median over the runs, in nanoseconds.
    pub(crate) fn median(&self, row: &Row) -> Option<f64> {
        let mut times = self.times.get(&row.id("go"))?.clone();
        times.sort_by(f64::total_cmp);
        let upper = times.len() / 2;
        let lower = (times.len() - 1) / 2;
        Some(f64::midpoint(times[lower], times[upper]))
    }
}

fn succeeds(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}

fn lines_of(command: &mut Command) -> String {
    let output = command.stderr(Stdio::inherit()).output().expect("the program was just built");
    assert!(output.status.success(), "the Go program failed");
    String::from_utf8(output.stdout).expect("it prints ids and numbers")
}
