//! What a unit costs when there are more of them, beside Go: `cargo bench --bench scaling [-- FILTER]`.
//!
//! Measures each curve several times, in turns with Go, and prints a table of the medians with a
//! line on whether the cost is flat. `FILTER` is a part of the names of the curves; without it, and
//! if there is Go, the tables and a picture of each curve are written to `benches/results`.
#![expect(clippy::disallowed_methods, reason = "a benchmark starts threads and reads the clock")]
#![expect(clippy::print_stdout, reason = "the tables are what it is for")]

#[path = "report/arguments.rs"]
mod arguments;
#[path = "scaling/blocked.rs"]
mod blocked;
#[path = "scaling/contexts.rs"]
mod contexts;
#[path = "scaling/curve.rs"]
mod curve;
#[path = "report/digits.rs"]
mod digits;
#[path = "scaling/flatness.rs"]
mod flatness;
#[path = "report/go.rs"]
mod go;
#[path = "scaling/keys.rs"]
mod keys;
#[path = "report/machine.rs"]
mod machine;
#[path = "report/markdown.rs"]
mod markdown;
#[path = "scaling/measured.rs"]
mod measured;
#[path = "report/median.rs"]
mod median;
#[path = "scaling/pipelines.rs"]
mod pipelines;
#[path = "scaling/plot.rs"]
mod plot;
#[path = "report/results.rs"]
mod results;
#[expect(dead_code, reason = "bars are for the other benchmark that draws")]
#[path = "report/svg.rs"]
mod svg;
#[path = "scaling/tasks.rs"]
mod tasks;
#[path = "scaling/timers.rs"]
mod timers;
#[path = "scaling/timing.rs"]
mod timing;
#[path = "scaling/waiters.rs"]
mod waiters;

use curve::Curve;
use go::Go;
use measured::Measured;
use timing::Timing;

/// Each curve is measured so many times.
const ROUNDS: u32 = 3;

fn main() {
    if !arguments::is_measuring() {
        curves().for_each(Curve::run_once);
        return;
    }
    let filter = arguments::filter();
    let go = Go::build();
    let (machine, command) = (machine::description(), machine::command());
    let mut text = introduction(&machine, &command);
    println!("{text}");
    let keep = go.is_built() && filter.is_empty();
    for curve in curves().filter(|curve| curve.name.contains(&filter)) {
        let measured = measure(curve, &go);
        let (title, table) = (curve.title, measured.markdown(curve));
        println!("## {title}\n\n{table}");
        if keep {
            let picture = format!("scaling-{}.svg", curve.name);
            results::write(
                &picture,
                &plot::svg(curve, &measured, &format!("{machine}; {command}")),
            );
            text.extend(["\n## ", title, "\n\n![the curve](", &picture, ")\n\n", &table]);
        }
    }
    if keep {
        results::write("scaling.md", &text);
    }
}

fn introduction(machine: &str, command: &str) -> String {
    format!(
        "# Cost per unit\n\nMedians of {ROUNDS} rounds, in turns with Go. A curve is flat if its \
         dearest point costs at most {:.0} times its cheapest.\n\n{machine}; `{command}`\n",
        flatness::FLAT
    )
}

/// Those that leave many idle threads come last.
fn curves() -> impl Iterator<Item = &'static Curve> {
    let objects = [&contexts::CURVES[..], &timers::CURVES, &keys::CURVES, &pipelines::CURVES];
    let threads = [&waiters::CURVES[..], &tasks::CURVES, &blocked::CURVES];
    objects.into_iter().chain(threads).flatten()
}

/// All rounds of a size before the next, since many threads leave slowly.
fn measure(curve: &Curve, go: &Go) -> Measured {
    let mut measured = Measured::default();
    for &size in curve.sizes {
        for _ in 0..ROUNDS {
            for (_, nanos) in go.run(&[curve.go_id(size) + "$"]) {
                measured.add_go(size, curve.unit(size, nanos));
            }
            match (curve.measure)(size, Timing::FULL) {
                Ok(nanos) => measured.add_ours(size, curve.unit(size, nanos)),
                Err(why) => measured.stop(size, why),
            }
        }
    }
    measured
}
