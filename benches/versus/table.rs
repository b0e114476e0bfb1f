//! The table: a line for each row, in Markdown, with the columns aligned.

use crate::go::Go;
use crate::medians::Medians;
use crate::rows::{Goal, Row};

/// A cell without a figure.
const NONE: &str = "-";

/// Without Go there are no columns that need it, nor goals, most of which are ratios to Go.
pub(crate) fn markdown(rows: &[&Row], medians: &Medians, go: &Go) -> String {
    let mut lines = vec![header(go.is_built())];
    lines.extend(rows.iter().map(|row| cells(row, medians, go)));
    aligned(&lines)
}

fn header(with_go: bool) -> Vec<String> {
    let names: &[&str] = if with_go {
        &["operation", "phalanx", "Go", "phalanx/Go", "best peer", "phalanx/peer", "goal", "met"]
    } else {
        &["operation", "phalanx", "best peer", "phalanx/peer"]
    };
    names.iter().copied().map(String::from).collect()
}

fn cells(row: &Row, medians: &Medians, go: &Go) -> Vec<String> {
    let ours = medians.of(row, "phalanx");
    let peer = medians.best_peer(row);
    let to_peer = ratio(ours, peer.map(|(_, its)| its));
    let peer = peer.map(|(name, its)| format!("{name} {}", time(its)));
    let to_go = ratio(ours, go.median(row));
    let to_rival =
        |rival| ratio(ours, if rival == "go" { go.median(row) } else { medians.of(row, rival) });
    let met = row.goal.and_then(|goal| Some(to_rival(goal.rival)? <= goal.ratio));
    let met = met.map(|met| if met { "yes" } else { "no" });

    let ours = or_none(ours.map(time));
    let peer = [or_none(peer), or_none(to_peer.map(two_places))];
    if !go.is_built() {
        return [vec![row.name(), ours], peer.into()].concat();
    }
    let its = [or_none(go.median(row).map(time)), or_none(to_go.map(two_places))];
    let verdict = [or_none(row.goal.map(goal)), or_none(met.map(String::from))];
    [vec![row.name(), ours], its.into(), peer.into(), verdict.into()].concat()
}

/// A goal is a ratio to Go, unless it says to whom.
fn goal(goal: Goal) -> String {
    let ratio = two_places(goal.ratio);
    if goal.rival == "go" { ratio } else { format!("{ratio} of {}", goal.rival) }
}

fn ratio(ours: Option<f64>, theirs: Option<f64>) -> Option<f64> {
    Some(ours? / theirs?)
}

fn or_none(cell: Option<String>) -> String {
    cell.unwrap_or_else(|| NONE.into())
}

fn two_places(ratio: f64) -> String {
    format!("{ratio:.2}")
}

/// A time with its unit, to three digits.
fn time(nanos: f64) -> String {
    const UNITS: [(&str, f64); 4] = [("s", 1e9), ("ms", 1e6), ("µs", 1e3), ("ns", 1.0)];
    // What would be rounded to 1000 takes the next unit.
    let fits = |unit: &&(&str, f64)| nanos >= 0.9995 * unit.1;
    let (name, size) = UNITS.iter().find(fits).unwrap_or(&UNITS[3]);
    let value = nanos / size;
    let places = match value {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    format!("{value:.places$} {name}")
}

fn aligned(lines: &[Vec<String>]) -> String {
    let widths: Vec<_> = (0..lines[0].len())
        .map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0))
        .collect();
    let rule: Vec<_> = widths.iter().map(|&width| "-".repeat(width)).collect();
    let (header, body) = (&lines[..1], &lines[1..]);
    header.iter().chain([&rule]).chain(body).map(|line| padded(line, &widths)).collect()
}

fn padded(line: &[String], widths: &[usize]) -> String {
    let cells = line.iter().zip(widths).map(|(cell, &width)| format!(" {cell:width$} |"));
    format!("|{}\n", cells.collect::<String>())
}
