//! Counts the instructions, the allocations and the locked instructions (atomic read-modify-writes) of
//! the hot paths, and compares them with those that are committed: `cargo bench --bench instructions
//! [-- FILTER]`, or `-- --bless` to commit new ones.
//!
//! Unlike times, the counts are the same on a busy machine. They are of one thread, in a process
//! that valgrind runs; without valgrind this does nothing. An operation that reads the clock does so
//! by a system call there, of which only the way to the kernel is counted. Of a few tasks, the thread
//! that waits runs all itself while valgrind lets one thread run at a time. Of a thousand it does not,
//! and the count differs by 3 % from run to run, so that is not among them.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

#[path = "instructions/baseline.rs"]
mod baseline;
#[path = "instructions/callgrind.rs"]
mod callgrind;
#[expect(dead_code, reason = "another benchmark asks for bytes")]
#[path = "support/counting.rs"]
mod counting;
#[path = "instructions/meter.rs"]
mod meter;
#[path = "instructions/scenarios.rs"]
mod scenarios;

use std::env;
use std::process::ExitCode;

use baseline::Baseline;
use meter::Meter;
use scenarios::SCENARIOS;

fn main() -> ExitCode {
    if let Some(name) = callgrind::watched() {
        run(&name);
    } else if !has_argument("--bench") {
        for (_, scenario) in SCENARIOS {
            scenario(Meter::Once);
        }
    } else if !callgrind::is_there() {
        println!("skipped: there is no valgrind");
    } else if has_argument("--bless") {
        counted("").commit();
    } else {
        return compare();
    }
    ExitCode::SUCCESS
}

fn has_argument(name: &str) -> bool {
    env::args().any(|argument| argument == name)
}

fn run(name: &str) {
    let (_, scenario) = SCENARIOS.iter().find(|(known, _)| *known == name).expect("its name");
    scenario(Meter::Watched);
}

/// What the scenarios cost now whose names contain `filter`.
fn counted(filter: &str) -> Baseline {
    let names = SCENARIOS.iter().map(|(name, _)| *name).filter(|name| name.contains(filter));
    let rows = names.map(|name| (name.to_owned(), callgrind::cost(name))).collect();
    Baseline { made_by: baseline::made_by(), rows }
}

fn compare() -> ExitCode {
    let filter = env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let (old, new) = (Baseline::committed(), counted(&filter.unwrap_or_default()));
    let (table, worse) = old.compare(&new.rows);
    println!("{table}");
    if old.made_by != new.made_by {
        println!("The old counts say nothing about these:\n  {}\n  {}", old.made_by, new.made_by);
    } else if !worse.is_empty() {
        println!("Worse: {}", worse.join(", "));
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
