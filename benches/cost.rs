//! What rows cost besides their time, beside Go: `cargo bench --bench cost [-- FILTER]`, on Linux.
//!
//! Prints the time of the processors and the voluntary context switches of a process that runs one row
//! and nothing else, in all of its threads: the median of three rounds, in turns with Go. `FILTER` is a
//! part of the names of the rows; without it, and if there is Go, the table is written to
//! `benches/results`.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock itself")]
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

#[path = "support/alone.rs"]
mod alone;
#[path = "report/arguments.rs"]
mod arguments;
#[path = "report/digits.rs"]
mod digits;
#[expect(dead_code, reason = "criterion is for another benchmark")]
#[path = "err_group.rs"]
mod err_group;
#[expect(dead_code, reason = "another benchmark asks for times")]
#[path = "report/go.rs"]
mod go;
#[path = "report/machine.rs"]
mod machine;
#[path = "report/markdown.rs"]
mod markdown;
#[path = "report/results.rs"]
mod results;
#[path = "cost/rows.rs"]
mod rows;
#[path = "cost/table.rs"]
mod table;
#[path = "cost/usage.rs"]
mod usage;
#[expect(clippy::duplicate_mod, reason = "each benchmark that computes loads the same work")]
#[expect(dead_code, reason = "criterion is for another benchmark")]
#[path = "wait_group.rs"]
mod wait_group;

use go::Go;
use rows::{ROWS, Row};
use table::Line;
use usage::Usage;

/// Each row is run this often.
const ROUNDS: usize = 3;

const INTRODUCTION: &str = "\
# What rows cost

For each row, the time by the clock, the time of all processors in the program and in the kernel, and
the voluntary context switches of a process that runs nothing else, after a thousand tasks that are not
counted. Of three rounds, in turns with Go, the one with the median of the processors' time.
`cost/each_ms` starts a group of five tasks in each millisecond for four seconds; `cost/idle_ms` does
nothing for ten.";

fn main() {
    if !cfg!(target_os = "linux") {
        println!("cost: skipped: it reads what Linux counts of a process");
    } else if let Some(arguments) = alone::arguments() {
        run_alone(&arguments);
    } else if arguments::is_measuring() {
        publish(&arguments::filter());
    } else {
        for row in &ROWS {
            (row.run)(1);
        }
        let lines = [(&ROWS[0], measured(&ROWS[0], 1), None)];
        assert!(table::markdown(&lines).contains(ROWS[0].name));
    }
}

/// Prints what the row has used that the first argument names.
fn run_alone(arguments: &[String]) {
    let row = ROWS.iter().find(|row| row.name == arguments[0]).expect("its name");
    let operations = arguments[1].parse().expect("a number");
    rows::unawaited(); // The threads of the crate have started.
    println!("{}", Usage::of(|| (row.run)(operations)).text());
}

fn measured(row: &Row, operations: u32) -> Usage {
    Usage::parse(&alone::output(&[row.name, &operations.to_string()]))
}

fn measured_in_go(row: &Row, go: &Go) -> Usage {
    let id = format!("{}/go/1", row.name);
    Usage::parse(&go.output(&["cost", &id, &row.operations.to_string()]))
}

/// Prints the table; keeps it if it is whole.
fn publish(filter: &str) {
    let go = Go::build();
    let rows = ROWS.iter().filter(|row| row.name.contains(filter));
    let lines: Vec<_> = rows.map(|row| line(row, &go)).collect();
    let (table, machine) = (table::markdown(&lines), machine::description());
    let text = format!("{}\n\n{machine}; `{}`\n\n{table}", INTRODUCTION, machine::command());
    println!("\n{text}");
    if go.is_built() && filter.is_empty() {
        results::write("cost.md", &text);
    }
}

fn line<'a>(row: &'a Row, go: &Go) -> Line<'a> {
    let (mut ours, mut gos) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(measured(row, row.operations));
        gos.extend(go.is_built().then(|| measured_in_go(row, go)));
    }
    (row, middle(ours).expect("there are rounds"), middle(gos))
}

/// The round with the median of the processors' time.
fn middle(mut rounds: Vec<Usage>) -> Option<Usage> {
    rounds.sort_by_key(Usage::cpu);
    rounds.get(rounds.len() / 2).copied()
}
