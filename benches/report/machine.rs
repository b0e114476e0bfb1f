//! Where and how the figures were taken.

use std::process::Command;
use std::{env, fs, thread};

/// Processor, cores, versions and date.
pub(crate) fn description() -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    format!(
        "{cpu}, {cores} cores; {rustc}; {go}; {date}",
        cpu = cpu_model(),
        rustc = first_line("rustc", &["--version"]).unwrap_or("unknown rustc".into()),
        go = first_line("go", &["version"]).unwrap_or("no Go".into()),
        date = first_line("date", &["+%Y-%m-%d"]).unwrap_or("unknown date".into()),
    )
}

/// What was typed: Cargo adds `--bench` to the arguments of the program.
pub(crate) fn command() -> String {
    let typed: Vec<_> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let separator = if typed.is_empty() { "" } else { " -- " };
    format!("cargo bench --bench {}{separator}{}", env!("CARGO_CRATE_NAME"), typed.join(" "))
}

fn cpu_model() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    model.map_or("unknown CPU", |(_, model)| model).into()
}

fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().next().map(String::from)
}
