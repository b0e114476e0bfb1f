//! Has callgrind watch a process that runs a scenario.

use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

use crate::meter::COUNTED;

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
    /// Atomic read-modify-writes; not a number if they were not counted.
    pub(crate) locked: f64,
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
        .args(["--tool=callgrind", "--callgrind-out-file=counts", "--collect-bus=yes"])
        .args(SETTINGS)
        .arg(env::current_exe().expect("the path of this program"))
        .args([WATCHED, scenario])
        .current_dir(&directory)
        .output()
        .expect("valgrind was there");
    assert!(output.status.success(), "{scenario}: {}", String::from_utf8_lossy(&output.stderr));

    let part = |n: u32| {
        let path = directory.join(format!("counts.{n}"));
        totals(&fs::read_to_string(path).expect("what callgrind has written"))
    };
    let (few, many) = (part(1), part(2));
    let allocations: f64 =
        String::from_utf8_lossy(&output.stdout).trim().parse().expect("the watched one prints it");
    fs::remove_dir_all(&directory).expect("the directory is there");

    let each = |difference: f64| difference / f64::from(COUNTED);
    Cost {
        instructions: each(many[0] - few[0]),
        allocations: each(allocations),
        // What the counting allocator itself does: two counts up for each allocation, one for its end.
        locked: each(many[1] - few[1] - 3.0 * allocations),
    }
}

/// The sums at the end of a file of callgrind's: the instructions, and those that lock the bus. Of
/// the sums, callgrind leaves out zeros at the end.
fn totals(profile: &str) -> [f64; 2] {
    let sums = profile.lines().find_map(|line| line.strip_prefix("totals: "));
    let sums = sums.expect("callgrind writes sums").split_whitespace();
    let mut sums = sums.map(|sum| sum.parse().expect("a sum is a number"));
    [(); 2].map(|()| sums.next().unwrap_or(0.0))
}
