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
            let Cost { instructions, allocations, locked } = cost;
            format!("{name:32}{instructions:14.1}{allocations:13.2}{locked:9.2}\n")
        };
        let heading =
            format!("{:32}{:>14}{:>13}{:>9}", "", "instructions", "allocations", "locked");
        let head = format!("{}\n\n{heading}\n", self.made_by);
        self.rows.iter().map(line).fold(head, |text, line| text + &line)
    }

    /// Old, new and change for each of these rows, with what is worse than here.
    pub(crate) fn compare(&self, now: &[Row]) -> (String, Vec<String>) {
        let mut table = line("instructions", ["old", "new", "change", "allocations", "locked"]);
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

/// The columns are a name without blanks, and three numbers; the heading is none. A file from before
/// locked instructions were counted has two: nothing is worse than a count that is not a number.
fn row(line: &str) -> Option<Row> {
    let mut words = line.split_whitespace();
    let name = words.next()?.to_owned();
    let (instructions, allocations) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let locked = words.next().and_then(|word| word.parse().ok()).unwrap_or(f64::NAN);
    Some((name, Cost { instructions, allocations, locked }))
}

fn line(name: &str, cells: [&str; 5]) -> String {
    let [old, new, change, allocations, locked] = cells;
    format!("{name:32}{old:>10}{new:>10}{change:>9}{allocations:>20}{locked:>20}\n")
}

fn compared(name: &str, old: Option<Cost>, new: Cost) -> String {
    let instructions = |cost: Cost| format!("{:.1}", cost.instructions);
    let change = |old: Cost| 100.0 * (new.instructions / old.instructions - 1.0);
    line(
        name,
        [
            &old.map(instructions).unwrap_or_default(),
            &instructions(new),
            &old.map_or("new".into(), |old| format!("{:+.1}%", change(old))),
            &count(old.map(|old| old.allocations), new.allocations),
            &count(old.map(|old| old.locked), new.locked),
        ],
    )
}

/// A count, with the old one if they differ.
fn count(old: Option<f64>, new: f64) -> String {
    match old {
        Some(old) if has_grown(old, new) || has_grown(new, old) => {
            format!("{new:.2}, were {old:.2}")
        }
        _ => format!("{new:.2}"),
    }
}

fn is_worse(old: Cost, new: Cost) -> bool {
    has_grown(old.instructions, new.instructions)
        || has_grown(old.allocations, new.allocations)
        || has_grown(old.locked, new.locked)
}

/// The file has a digit after the point, so a tenth is no change either.
fn has_grown(old: f64, new: f64) -> bool {
    new > old * (1.0 + TOLERANCE) + 0.1
}
