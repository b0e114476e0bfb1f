//! Compares the crate with Go and with other crates: `cargo bench --bench versus [-- FILTER]`.
//!
//! Runs each part of the rows of all benchmarks three times, each time between two runs of the same
//! rows in Go, and prints the medians as a Markdown table, with the spread of the ratios. `FILTER`
//! is a part of the ids to run; without it, and if there is Go, the table and a picture of it are
//! written to `benches/results`.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

#[path = "report/arguments.rs"]
mod arguments;
#[expect(dead_code, reason = "its `main` is for running it alone")]
#[path = "atomic_value.rs"]
mod atomic_value;
#[expect(dead_code, reason = "its `main` is for running it alone")]
#[path = "channel.rs"]
mod channel;
#[expect(dead_code, reason = "its `main` is for running it alone")]
#[path = "cond.rs"]
mod cond;
#[expect(dead_code, reason = "its `main` is for running it alone")]
#[path = "context.rs"]
mod context;
#[expect(dead_code, reason = "its `main` is for running it alone")]
#[path = "counter.rs"]
mod counter;
#[expect(dead_code, reason = "its `main` is for running it alone")]
#[path = "err_group.rs"]
mod err_group;
#[path = "report/go.rs"]
mod go;
#[expect(dead_code, reason = "its `main` is for running it alone")]
#[path = "interrupting.rs"]
mod interrupting;
#[expect(dead_code, reason = "its `main` is for running it alone")]
#[path = "limiter.rs"]
mod limiter;
#[expect(dead_code, reason = "its `main` is for running it alone")]
#[path = "lock.rs"]
mod lock;
#[path = "report/machine.rs"]
mod machine;
#[path = "report/markdown.rs"]
mod markdown;
#[path = "report/median.rs"]
mod median;
#[path = "versus/medians.rs"]
mod medians;
#[expect(dead_code, reason = "its `main` is for running it alone")]
#[path = "once.rs"]
mod once;
#[expect(dead_code, reason = "its `main` is for running it alone")]
#[path = "pipeline.rs"]
mod pipeline;
#[path = "versus/plot.rs"]
mod plot;
#[path = "report/results.rs"]
mod results;
#[path = "versus/rows.rs"]
mod rows;
#[expect(dead_code, reason = "its `main` is for running it alone")]
#[path = "semaphore.rs"]
mod semaphore;
#[expect(dead_code, reason = "its `main` is for running it alone")]
#[path = "single_flight.rs"]
mod single_flight;
#[expect(dead_code, reason = "curves are for the other benchmark that draws")]
#[path = "report/svg.rs"]
mod svg;
#[path = "versus/table.rs"]
mod table;
#[expect(dead_code, reason = "its `main` is for running it alone")]
#[path = "timer.rs"]
mod timer;
#[path = "versus/times.rs"]
mod times;
#[expect(clippy::duplicate_mod, reason = "each benchmark that computes loads the same work")]
#[expect(dead_code, reason = "its `main` is for running it alone")]
#[path = "wait_group.rs"]
mod wait_group;
#[expect(dead_code, reason = "its `main` is for running it alone")]
#[path = "worker_pool.rs"]
mod worker_pool;

use std::time::{Duration, SystemTime};

use criterion::Criterion;

use go::Go;
use rows::{ROWS, Row};
use times::Times;

/// Each part is run so many times.
const ROUNDS: u32 = 3;

fn main() {
    if !arguments::is_measuring() {
        let mut criterion = settings();
        parts().for_each(|(_, part)| part(&mut criterion));
        return;
    }

    let filter = arguments::filter();
    let rows: Vec<_> = ROWS.iter().filter(|row| row.matches(&filter)).collect();
    let go = Go::build();
    let mut times = Times::default();
    for (beginning, part) in parts() {
        let mut same = rows.clone();
        same.retain(|row| row.operation.starts_with(beginning));
        if !same.is_empty() {
            measure(&same, part, &go, &mut times);
        }
    }
    let measured: Vec<_> = rows.into_iter().filter(|row| times.know(row)).collect();
    publish(&measured, &times, go.is_built(), filter.is_empty());
}

/// Runs a part that measures these rows between runs of the same rows in Go.
fn measure(rows: &[&Row], part: fn(&mut Criterion), go: &Go, times: &mut Times) {
    let ids: Vec<_> = rows.iter().map(|row| row.id("go")).collect();
    let run_go = |times: &mut Times| go.run(&ids).into_iter().for_each(|figure| times.add(figure));
    run_go(times);
    for _ in 0..ROUNDS {
        let start = SystemTime::now();
        part(&mut settings()); // a fresh one, which has not met these ids yet
        let figures = rows.iter().flat_map(|row| medians::since(start, row));
        figures.for_each(|figure| times.add(figure));
        run_go(times);
    }
}

/// Short enough for all rows, with Go, in a quarter of an hour.
fn settings() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600))
        .sample_size(30)
        .nresamples(2000)
        .configure_from_args()
}

/// The sleepers come last: they leave a thousand idle threads, which go after some seconds.
fn parts() -> impl Iterator<Item = (&'static str, fn(&mut Criterion))> {
    let primitives = once::PARTS.into_iter().chain(cond::PARTS).chain(counter::PARTS);
    let primitives = primitives.chain(lock::PARTS);
    let primitives = primitives.chain(semaphore::PARTS).chain(atomic_value::PARTS);
    let primitives = primitives.chain(single_flight::PARTS).chain(limiter::PARTS);
    let flow = timer::PARTS.into_iter().chain(channel::PARTS).chain(pipeline::PARTS);
    let flow = flow.chain(worker_pool::PARTS).chain(interrupting::PARTS);
    let groups = wait_group::PARTS.into_iter().chain(context::PARTS).chain(err_group::PARTS);
    primitives.chain(flow).chain(groups)
}

/// Prints the table; keeps it, with the picture, if it is whole.
fn publish(rows: &[&Row], times: &Times, with_go: bool, with_all: bool) {
    let (machine, command) = (machine::description(), machine::command());
    let table = table::markdown(rows, times, with_go);
    println!("\n{table}\n{machine}; `{command}`");
    if with_go && with_all {
        let text = format!(
            "# phalanx and its rivals\n\nMedians of {ROUNDS} rounds; `spread` is that of phalanx/Go \
             over the rounds.\n\n{machine}; `{command}`\n\n![the ratios](versus.svg)\n\n{table}"
        );
        results::write("versus.md", &text);
        results::write("versus.svg", &plot::svg(rows, times, [&machine, &command]));
    }
}
