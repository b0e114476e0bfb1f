//! Compares the crate with Go and with other crates: `cargo bench --bench versus [-- FILTER]`.
//!
//! Runs the rows of all benchmarks, each part of them between two runs of the same rows in Go, and
//! prints the medians as a Markdown table. `FILTER` is a part of the ids to run.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

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
#[path = "versus/go.rs"]
mod go;
#[expect(dead_code, reason = "its `main` is for running it alone")]
#[path = "interrupting.rs"]
mod interrupting;
#[expect(dead_code, reason = "its `main` is for running it alone")]
#[path = "limiter.rs"]
mod limiter;
#[path = "versus/machine.rs"]
mod machine;
#[path = "versus/medians.rs"]
mod medians;
#[expect(dead_code, reason = "its `main` is for running it alone")]
#[path = "once.rs"]
mod once;
#[expect(dead_code, reason = "its `main` is for running it alone")]
#[path = "pipeline.rs"]
mod pipeline;
#[path = "versus/rows.rs"]
mod rows;
#[expect(dead_code, reason = "its `main` is for running it alone")]
#[path = "semaphore.rs"]
mod semaphore;
#[expect(dead_code, reason = "its `main` is for running it alone")]
#[path = "single_flight.rs"]
mod single_flight;
#[path = "versus/table.rs"]
mod table;
#[expect(dead_code, reason = "its `main` is for running it alone")]
#[path = "timer.rs"]
mod timer;
#[expect(dead_code, reason = "its `main` is for running it alone")]
#[path = "wait_group.rs"]
mod wait_group;
#[expect(dead_code, reason = "its `main` is for running it alone")]
#[path = "worker_pool.rs"]
mod worker_pool;

use std::env;
use std::time::Duration;

use criterion::Criterion;

use go::Go;
use medians::Medians;
use rows::{ROWS, Row};

fn main() {
    let mut criterion = settings();
    if !is_measuring() {
        parts().for_each(|(_, part)| part(&mut criterion));
        return;
    }

    let filter = filter();
    let rows: Vec<_> = ROWS.iter().filter(|row| row.matches(&filter)).collect();
    let medians = Medians::from_now_on();
    let mut go = Go::build();
    for (beginning, part) in parts() {
        let same = || rows.iter().copied().filter(|row| row.operation.starts_with(beginning));
        go.run(same());
        part(&mut criterion);
        go.run(same());
    }
    print(&rows, &medians, &go);
}

/// Short enough for all rows in some two minutes.
fn settings() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_millis(1500))
        .sample_size(50)
        .nresamples(5000)
        .configure_from_args()
}

/// The sleepers come last: they leave a thousand idle threads, which go after some seconds.
fn parts() -> impl Iterator<Item = (&'static str, fn(&mut Criterion))> {
    let primitives = once::PARTS.into_iter().chain(cond::PARTS).chain(counter::PARTS);
    let primitives = primitives.chain(semaphore::PARTS).chain(atomic_value::PARTS);
    let primitives = primitives.chain(single_flight::PARTS).chain(limiter::PARTS);
    let flow = timer::PARTS.into_iter().chain(channel::PARTS).chain(pipeline::PARTS);
    let flow = flow.chain(worker_pool::PARTS).chain(interrupting::PARTS);
    let groups = wait_group::PARTS.into_iter().chain(context::PARTS).chain(err_group::PARTS);
    primitives.chain(flow).chain(groups)
}

/// Whether times are asked for, and not a test or a list, as criterion reads the arguments.
fn is_measuring() -> bool {
    const OTHERS: [&str; 3] = ["--test", "--list", "--profile-time"];
    let is_other = |argument: String| OTHERS.iter().any(|other| argument.starts_with(other));
    env::args().any(|argument| argument == "--bench") && !env::args().any(is_other)
}

/// The first argument that is no option. Options with a value are to be written with `=`.
fn filter() -> String {
    env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default()
}

fn print(rows: &[&Row], medians: &Medians, go: &Go) {
    let measured: Vec<_> = rows.iter().copied().filter(|row| medians.know(row)).collect();
    println!("\n{}", table::markdown(&measured, medians, go));
    println!("{}", machine::description());
}
