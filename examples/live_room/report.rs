//! The picture: a bar for each service and for each total, all on one scale.

use std::fmt;
use std::time::Duration;

use crate::args::Options;
use crate::handler::Way;
use crate::services::Service;
use crate::trace::{End, Run};

/// The width of the picture, for the longest total.
const COLUMNS: u128 = 60;

const ZERO: Duration = Duration::ZERO;

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Way::Sequence => "in sequence",
            Way::WaitGroup => "WaitGroup",
            Way::ErrGroup => "ErrGroup",
        })
    }
}

pub(crate) fn print(runs: &[Run], options: &Options) {
    let longest = runs.iter().map(|run| run.total).max().unwrap_or_default();
    for run in runs {
        println!("{}", run.way);
        for span in &run.spans {
            let (bar, took) = (bar(span.from, span.to, longest), span.to.saturating_sub(span.from));
            let end = match span.end {
                End::Answered => String::new(),
                End::Failed => "  failed".to_owned(),
                End::CutOff => format!("  cut off, of {}", ms(options.latency(span.service))),
            };
            println!("  {:<12}{bar} {:>10}{end}", span.service, ms(took));
        }
        println!();
    }
    let latencies = Service::ALL.map(|service| options.latency(service));
    let (sum, slowest) = (latencies.iter().sum(), latencies.into_iter().fold(ZERO, Duration::max));
    println!("totals (of the latencies: the sum {}, the slowest {})", ms(sum), ms(slowest));
    for run in runs {
        let end = match &run.result {
            Ok(_) if run.way == Way::Sequence => over(run.total, "the sum", sum),
            Ok(_) => over(run.total, "the slowest", slowest),
            Err(failure) => format!("error: {failure}"),
        };
        let bar = bar(ZERO, run.total, longest);
        println!("  {:<12}{bar} {:>10}  {end}", run.way, ms(run.total));
    }
    if let Some(room) = runs.iter().find_map(|run| run.result.as_ref().ok()) {
        println!("\nthe room: {:#}", room.to_json());
    }
}

fn over(total: Duration, what: &str, base: Duration) -> String {
    let percent = (total.as_secs_f64() / base.as_secs_f64() - 1.0) * 100.0;
    if percent.is_finite() { format!("{what} + {percent:.1} %") } else { what.to_owned() }
}

fn bar(from: Duration, to: Duration, longest: Duration) -> String {
    let longest = longest.as_micros().max(1);
    let start = from.as_micros() * COLUMNS / longest;
    let end = (to.as_micros() * COLUMNS).div_ceil(longest).max(start + 1);
    (0..COLUMNS).map(|column| if (start..end).contains(&column) { '█' } else { ' ' }).collect()
}

pub(crate) fn ms(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}
