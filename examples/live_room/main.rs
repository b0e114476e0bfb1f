//! Shows a page that needs five back-end services being put together over real HTTP: one service
//! after another takes the sum of their times, all at once takes the time of the slowest, and a
//! failure or a deadline stops everybody at once. `--help` lists what to play with.

#![expect(clippy::print_stdout, reason = "it is there to be read")]

mod args;
mod check;
mod client;
mod handler;
mod load;
mod report;
mod room;
mod server;
mod services;
mod trace;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use args::{Command, Options};
use handler::{Handler, Way};
use services::Backend;

fn main() -> ExitCode {
    let options = match args::parse(std::env::args_os().skip(1)) {
        Ok(Command::Run(options)) => options,
        Ok(Command::Help) => {
            println!("{}", args::help());
            return ExitCode::SUCCESS;
        }
        Err(wrong) => {
            eprintln!("live_room: {wrong}; try --help");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("live_room: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn Error + Send + Sync>> {
    let backend = Backend::start(options)?;
    let handler = Arc::new(Handler::new(&backend));
    let runs = Way::ALL.map(|way| trace::measure(way, &handler, options));
    report::print(&runs, options);
    for run in &runs {
        check::check(run, options);
    }
    if let Some(load) = &options.load {
        load::run(load, &handler, options)?;
    }
    Ok(()) // dropping the back-end stops and joins its servers
}
