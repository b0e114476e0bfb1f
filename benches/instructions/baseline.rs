//! The counts that are committed, and what has changed since.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use crate::callgrind::Cost;

/// A count may grow by this part of it before it counts as worse.
const TOLERANCE: f64 = 0.03;

/// A scenario with its cost.
pub(crate) type Row = (String, Cost);

/// What the counts depend on, beside the sources, and the counts.
#[derive(Debug)]
pub(crate) struct Baseline {
    pub(crate) made_by: String,
    pub(crate) rows: Vec<Row>,
}

/// What the counts of this build depend on.
pub(crate) fn made_by() -> String {
    let (arch, os) = (env::consts::ARCH, env::consts::OS);
    let rustc = env::var_os("RUSTC").unwrap_or("rustc".into());
    let rustc = first_line(Command::new(rustc).arg("--version"));
    let libc = first_line(Command::new("getconf").arg("GNU_LIBC_VERSION"));
    format!("{rustc}, {arch} {os}, {libc}, profile bench")
}

fn first_line(command: &mut Command) -> String {
    let output = command.output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).lines().next().unwrap_or("unknown").to_owned()
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.txt")
}

impl Baseline {
    /// The one that is committed; an empty one if there is none.
    pub(crate) fn committed() -> Self {
        let text = fs::read_to_string(path()).unwrap_or_default();
        let mut lines = text.lines();
        let made_by = lines.next().unwrap_or_default().to_owned();
        Baseline { made_by, rows: lines.filter_map(row).collect() }
    }

    pub(crate) fn commit(&self) {
        fs::write(path(), self.text()).expect("the baseline can be written");
    }

    fn text(&self) -> String {
        let line = |(name, cost): &Row| {
            format!("{name:32}{:14.1}{:13.2}\n", cost.instructions, cost.allocations)
        };
        let head =
            format!("{}\n\n{:32}{:>14}{:>13}\n", self.made_by, "", "instructions", "allocations");
        self.rows.iter().map(line).fold(head, |text, line| text + &line)
    }

    /// Old, new and change for each of these rows, with what is worse than here.
    pub(crate) fn compare(&self, now: &[Row]) -> (String, Vec<String>) {
        let mut table = format!(
            "{:32}{:>10}{:>10}{:>9}  allocations\n",
            "instructions", "old", "new", "change"
        );
        let mut worse = Vec::new();
        for (name, new) in now {
            let old = self.rows.iter().find(|(known, _)| known == name).map(|&(_, old)| old);
            table += &compared(name, old, *new);
            if old.is_some_and(|old| is_worse(old, *new)) {
                worse.push(name.clone());
            }
        }
        (table, worse)
    }
}

/// The columns are a name without blanks, and two numbers; the heading is none.
fn row(line: &str) -> Option<Row> {
    let mut words = line.split_whitespace();
    let name = words.next()?.to_owned();
    let (instructions, allocations) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some((name, Cost { instructions, allocations }))
}

fn compared(name: &str, old: Option<Cost>, new: Cost) -> String {
    let Some(old) = old else {
        let Cost { instructions, allocations } = new;
        return format!("{name:32}{:>10}{instructions:10.1}{:>9}{allocations:6.2}\n", "", "new");
    };
    let change = 100.0 * (new.instructions / old.instructions - 1.0);
    let allocations = if has_grown(new.allocations, old.allocations)
        || has_grown(old.allocations, new.allocations)
    {
        format!("{:6.2}, were {:.2}", new.allocations, old.allocations)
    } else {
        format!("{:6.2}", new.allocations)
    };
    format!(
        "{name:32}{:10.1}{:10.1}{change:+8.1}%{allocations}\n",
        old.instructions, new.instructions
    )
}

fn is_worse(old: Cost, new: Cost) -> bool {
    has_grown(old.instructions, new.instructions) || has_grown(old.allocations, new.allocations)
}

/// The file has a digit after the point, so a tenth is no change either.
fn has_grown(old: f64, new: f64) -> bool {
    new > old * (1.0 + TOLERANCE) + 0.1
}
