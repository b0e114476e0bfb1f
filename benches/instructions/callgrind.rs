//! Has callgrind watch a process that runs a scenario.

use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

use crate::meter::{FEW, MANY};

/// To count in every copy of the function that makes the rounds, and to write a file after it. Of two
/// settings for one pattern callgrind forgets one, so these are two.
const SETTINGS: [&str; 2] =
    ["--toggle-collect=*rounds_seen_by_callgrind*", "--dump-after=*::rounds_seen_by_callgrind*"];

/// The argument before the name of the scenario, for the process that is watched.
const WATCHED: &str = "--watched";

/// What one operation costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) instructions: f64,
    pub(crate) allocations: f64,
}

pub(crate) fn is_there() -> bool {
    let mut valgrind = Command::new("valgrind");
    valgrind.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    valgrind.status().is_ok_and(|status| status.success())
}

/// The scenario that this process is to run, if it is watched.
pub(crate) fn watched() -> Option<String> {
    env::args().skip_while(|argument| argument != WATCHED).nth(1)
}

pub(crate) fn cost(scenario: &str) -> Cost {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("instructions");
    fs::create_dir_all(&directory).expect("a directory for callgrind");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=counts"])
        .args(SETTINGS)
        .arg(env::current_exe().expect("the path of this program"))
        .args([WATCHED, scenario])
        .current_dir(&directory)
        .output()
        .expect("valgrind was there");
    assert!(output.status.success(), "{scenario}: {}", String::from_utf8_lossy(&output.stderr));

    let part = |n: u32| {
        let path = directory.join(format!("counts.{n}"));
        total(&fs::read_to_string(path).expect("what callgrind has written"))
    };
    let instructions = part(2) - part(1);
    let allocations: f64 =
        String::from_utf8_lossy(&output.stdout).trim().parse().expect("the watched one prints it");
    fs::remove_dir_all(&directory).expect("the directory is there");

    let rounds = f64::from(MANY - FEW);
    Cost { instructions: instructions / rounds, allocations: allocations / rounds }
}

/// The sum at the end of a file of callgrind's.
fn total(profile: &str) -> f64 {
    let sum = profile.lines().find_map(|line| line.strip_prefix("totals: "));
    sum.and_then(|sum| sum.trim().parse().ok()).expect("callgrind writes a sum")
}
