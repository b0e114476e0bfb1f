//! How soon a task starts, beside `std` and Go: `cargo bench --bench start_latency [-- FILTER]`.
//!
//! Prints percentiles of the time from the call that starts a task to its first instruction, in four
//! situations. No thread waits for the task in the crate. The tasks are started in processes of their
//! own, which take turns. `FILTER` is a part of the names of the situations; without it, and if there is
//! Go, the table is written to `benches/results`.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

#[path = "support/alone.rs"]
mod alone;
#[path = "report/arguments.rs"]
mod arguments;
#[path = "report/digits.rs"]
mod digits;
#[expect(dead_code, reason = "another benchmark asks for times")]
#[path = "report/go.rs"]
mod go;
#[path = "report/machine.rs"]
mod machine;
#[expect(dead_code, reason = "no cell of this table is empty")]
#[path = "report/markdown.rs"]
mod markdown;
#[path = "report/results.rs"]
mod results;
#[path = "start_latency/situations.rs"]
mod situations;
#[path = "start_latency/starts.rs"]
mod starts;
#[path = "start_latency/table.rs"]
mod table;

use std::time::Duration;

use go::Go;
use situations::{SITUATIONS, Situation};
use starts::Rival;
use table::Line;

const INTRODUCTION: &str = "\
# How soon a task starts

From the call that starts a task (`WaitGroup::go`, `std::thread::spawn`, `go`) to its first instruction.
The caller waits at a channel for the task to start; no thread waits for the group. Each row is of
several processes, which take turns with those of the other rows. If a process starts several tasks, the
first is left out. The threads that keep all cores busy belong to another process.";

fn main() {
    if let Some(arguments) = alone::arguments() {
        run_alone(&arguments);
    } else if arguments::is_measuring() {
        publish(&arguments::filter());
    } else {
        run_once();
    }
}

/// Prints a latency for each task: the rival, the number of tasks, the microseconds between them.
fn run_alone(arguments: &[String]) {
    let rival = Rival::ALL.into_iter().find(|rival| rival.name() == arguments[0]);
    let tasks = arguments[1].parse().expect("a number");
    let pause = Duration::from_micros(arguments[2].parse().expect("a number"));
    let latencies = rival.expect("its name").latencies(tasks, pause);
    let lines: Vec<_> = latencies.iter().map(u128::to_string).collect();
    println!("{}", lines.join("\n"));
}

/// For a test: one process and one task in each situation, without Go, which may not be installed.
fn run_once() {
    for situation in &SITUATIONS {
        let once = Situation { processes: 1, tasks: 1, ..*situation };
        let lines = measured(&once, &[Rival::Phalanx, Rival::Std], None);
        assert!(table::markdown(lines).contains(situation.name));
    }
}

/// Prints the table; keeps it if it is whole.
fn publish(filter: &str) {
    let go = Some(Go::build()).filter(Go::is_built);
    let rivals = if go.is_some() { &Rival::ALL[..] } else { &[Rival::Phalanx, Rival::Std] };
    let situations = SITUATIONS.iter().filter(|situation| situation.name.contains(filter));
    let lines = situations.flat_map(|situation| measured(situation, rivals, go.as_ref())).collect();
    let (table, machine) = (table::markdown(lines), machine::description());
    let text = format!("{INTRODUCTION}\n\n{machine}; `{}`\n\n{table}", machine::command());
    println!("\n{text}");
    if go.is_some() && filter.is_empty() {
        results::write("start_latency.md", &text);
    }
}

/// The latencies of each rival. The processes of the rivals take turns.
fn measured(situation: &Situation, rivals: &[Rival], go: Option<&Go>) -> Vec<Line> {
    let mut lines: Vec<_> =
        rivals.iter().map(|rival| (situation.name, rival.name(), Vec::new())).collect();
    situation.during(|| {
        for _ in 0..situation.processes {
            for (rival, (.., latencies)) in rivals.iter().zip(&mut lines) {
                latencies.extend(of_process(situation, *rival, go));
            }
        }
    });
    lines
}

/// The latencies of one process. If it starts several tasks, it starts one more first, which is left
/// out: that one finds a process that has just started.
fn of_process(situation: &Situation, rival: Rival, go: Option<&Go>) -> Vec<f64> {
    let warm_up = u32::from(situation.tasks > 1);
    let mut latencies = rival.alone(situation.tasks + warm_up, situation.pause, go);
    latencies.drain(..warm_up as usize);
    latencies
}
