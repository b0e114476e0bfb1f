//! What the user asks for on the command line.

use std::ffi::OsString;
use std::str::FromStr;
use std::time::Duration;

use crate::services::Service;

pub(crate) enum Command {
    Help,
    Run(Options),
}

pub(crate) struct Options {
    latencies: [Duration; Service::ALL.len()],
    pub(crate) fail: Option<Service>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) load: Option<Load>,
}

/// So many requests, by so many clients at the same time.
pub(crate) struct Load {
    pub(crate) requests: u32,
    pub(crate) clients: u32,
}

impl Options {
    pub(crate) fn latency(&self, service: Service) -> Duration {
        self.latencies[service as usize]
    }
}

pub(crate) fn help() -> String {
    let defaults = Service::ALL.map(|service| format!("{service} {:?}", service.latency()));
    format!(
        "\
Puts a live-room page together from five HTTP services: in sequence, with a WaitGroup, with an
ErrGroup; shows when each service was asked, the totals, and the room; asserts what it shows.

usage: cargo run --release --example live_room -- [OPTION]...

  --latency SERVICE=MS  the time that SERVICE takes to answer; may be given for several
                        (default: {defaults})
  --fail SERVICE        SERVICE answers 500 after {fails_after:?}; the run fails, as it should
  --deadline MS         each request is given up after MS; the run may fail, as it should
  --requests N          afterwards, each way serves N requests: throughput, p50 and p99
  --clients N           so many of them at a time, up to 32 (default: 4; needs --requests)
  --help                prints this

examples: --fail version
          --deadline 60
          --latency user=200 --latency equity=0
          --requests 200 --clients 8

The exit code is 0 also when a run fails as it was asked to, and 2 for wrong arguments.",
        defaults = defaults.join(", "),
        fails_after = Service::FAILS_AFTER,
    )
}

pub(crate) fn parse(args: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let mut latencies = Service::ALL.map(Service::latency);
    let (mut fail, mut deadline, mut requests, mut clients) = (None, None, None, None);
    let mut args = args.map(|arg| {
        arg.into_string().map_err(|arg| format!("{} is not UTF-8", arg.to_string_lossy()))
    });
    while let Some(arg) = args.next().transpose()? {
        let (option, value) = match arg.split_once('=') {
            Some((option, value)) if option.starts_with("--") => (option, Some(value.to_owned())),
            _ => (arg.as_str(), None),
        };
        let mut value = || match value.clone() {
            Some(value) => Ok(value),
            None => args.next().unwrap_or_else(|| Err(format!("{option} needs a value"))),
        };
        match option {
            "--help" | "-h" => return Ok(Command::Help),
            "--latency" => {
                let value = value()?;
                let (service, latency) = value
                    .split_once('=')
                    .ok_or_else(|| format!("--latency takes SERVICE=MS, not '{value}'"))?;
                latencies[service.parse::<Service>()? as usize] = millis(option, latency, 0)?;
            }
            "--fail" => fail = Some(value()?.parse()?),
            "--deadline" => deadline = Some(millis(option, &value()?, 1)?),
            "--requests" => requests = Some(number(option, &value()?, 1, 1_000_000)?),
            "--clients" => clients = Some(number(option, &value()?, 1, 32)?),
            _ => return Err(format!("unknown argument '{arg}'")),
        }
    }
    if clients.is_some() && requests.is_none() {
        return Err("--clients needs --requests".to_owned());
    }
    let load = requests.map(|requests| Load { requests, clients: clients.unwrap_or(4) });
    Ok(Command::Run(Options { latencies, fail, deadline, load }))
}

fn millis(option: &str, text: &str, least: u32) -> Result<Duration, String> {
    number(option, text, least, 60_000).map(|ms| Duration::from_millis(ms.into()))
}

fn number(option: &str, text: &str, least: u32, most: u32) -> Result<u32, String> {
    match u32::from_str(text) {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!("{option} takes a number from {least} to {most}, not '{text}'")),
    }
}
