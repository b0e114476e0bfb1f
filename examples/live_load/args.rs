//! What the user asks for on the command line.

use std::time::Duration;

use crate::servers::Server;

pub(crate) const HELP: &str = "\
Asks three servers for a live-room page, each under the same load: one with groups of phalanx, one
with threads of std, one in Go. Prints a table.

usage: cargo run --release --example live_load -- [OPTION]...

  --clients N,N,...  so many clients at the same time (default: 1,8)
  --seconds S        how long each load takes (default: 0.2)
  --serve SERVER     is a server, 'phalanx' or 'std', and prints its address
  --help             prints this";

pub(crate) enum Command {
    Help,
    Load(Options),
    Serve(Server),
}

pub(crate) struct Options {
    pub(crate) clients: Vec<u32>,
    pub(crate) time: Duration,
}

pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut options = Options { clients: vec![1, 8], time: Duration::from_millis(200) };
    while let Some(option) = args.next() {
        if option == "--help" {
            return Ok(Command::Help);
        }
        let value = args.next().ok_or_else(|| format!("{option} needs a value"));
        match option.as_str() {
            "--clients" => options.clients = clients(&value?)?,
            "--seconds" => options.time = seconds(&value?)?,
            "--serve" => return Ok(Command::Serve(value?.parse()?)),
            _ => return Err(format!("unknown argument '{option}'")),
        }
    }
    Ok(Command::Load(options))
}

fn clients(list: &str) -> Result<Vec<u32>, String> {
    let number = |text: &str| text.parse().ok().filter(|number| (1..=2000).contains(number));
    let numbers = list.split(',').map(number).collect::<Option<_>>();
    numbers.ok_or_else(|| format!("--clients takes numbers from 1 to 2000, not '{list}'"))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number = text.parse().ok().filter(|seconds| (0.1..=600.0).contains(seconds));
    let seconds = number.ok_or_else(|| format!("--seconds takes 0.1 to 600, not '{text}'"))?;
    Ok(Duration::from_secs_f64(seconds))
}
