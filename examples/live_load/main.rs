//! Shows what a live-room page costs under load. Three servers put the same page together from five
//! services at once: one with groups of this crate, one with a thread of std for each service, and
//! one in Go, if `go` is there. Clients on the same machine ask for the page, over connections that
//! are kept alive; a table shows the throughput and how long they wait. The two servers in Rust read
//! only as much HTTP as the clients write, Go's `net/http` all of it.
//!
//! `cargo run --release --example live_load -- --clients 1,8,64,512 --seconds 3`

#![expect(clippy::print_stdout, reason = "it is there to be read")]

mod args;
mod child;
mod http;
mod load;
mod room;
mod servers;

use std::error::Error;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use args::{Command, Options};
use child::Child;
use load::Load;

fn main() -> ExitCode {
    let done = match args::parse(std::env::args().skip(1)) {
        Ok(Command::Load(options)) => run(&options),
        Ok(Command::Serve(server)) => server.run(),
        Ok(Command::Help) => {
            println!("{}", args::HELP);
            return ExitCode::SUCCESS;
        }
        Err(wrong) => {
            eprintln!("live_load: {wrong}; try --help");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("live_load: {error}");
            ExitCode::FAILURE
        }
    }
}

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

fn run(options: &Options) -> Outcome {
    println!(
        "a page takes {:?} at least, {:?} one service after the other\n",
        room::slowest(),
        room::sum()
    );
    println!("| clients | server  |  pages/s |       p50 |       p99 |     p99.9 |");
    println!("| ------- | ------- | -------- | --------- | --------- | --------- |");
    let go = child::build_go();
    for &clients in &options.clients {
        let measure = |name, server: io::Result<Child>| -> Outcome {
            report(name, clients, &measure(&server?, clients, options.time)?);
            Ok(())
        };
        measure("phalanx", Child::ours("phalanx"))?;
        measure("std", Child::ours("std"))?;
        if let Some(program) = &go {
            measure("Go", Child::go(program))?;
        }
    }
    Ok(())
}

/// Warms the server up, and measures. Every page must be right.
fn measure(server: &Child, clients: u32, time: Duration) -> Outcome<Load> {
    load::run(server.address(), clients, time / 10)?;
    load::run(server.address(), clients, time)
}

fn report(server: &str, clients: u32, load: &Load) {
    let [p50, p99, p999] = [0.5, 0.99, 0.999]
        .map(|part| format!("{:.2} ms", load.percentile(part).as_secs_f64() * 1e3));
    let rate = load.rate();
    println!("| {clients:<7} | {server:<7} | {rate:8.0} | {p50:>9} | {p99:>9} | {p999:>9} |");
}
