//! The table: a line for each row.

use std::time::Duration;

use crate::digits::with_spaces;
use crate::markdown::{or_none, table, time};
use crate::rows::Row;
use crate::usage::Usage;

/// A row with what it has used in Rust, and in Go if there is Go.
pub(crate) type Line<'a> = (&'a Row, Usage, Option<Usage>);

pub(crate) fn markdown(lines: &[Line<'_>]) -> String {
    let mut cells = vec![header()];
    cells.extend(lines.iter().map(line));
    table(&cells)
}

fn header() -> Vec<String> {
    let of_each = ["time", "user", "system", "switches"];
    let ours = of_each.map(|name| format!("phalanx: {name}"));
    let go = of_each.map(|name| format!("Go: {name}"));
    let first = ["operation", "tasks"].map(String::from);
    [&first[..], &ours, &go, &["CPU of phalanx/Go".into()]].concat()
}

fn line(&(row, ours, go): &Line<'_>) -> Vec<String> {
    let tasks = with_spaces(row.operations * row.tasks);
    let ratio = go.map(|go| ours.cpu().as_secs_f64() / go.cpu().as_secs_f64());
    let go = go.map_or([(); 4].map(|()| or_none(None)), cells);
    let ratio = or_none(ratio.map(|ratio| format!("{ratio:.2}")));
    [&[row.name.into(), tasks][..], &cells(ours), &go, &[ratio]].concat()
}

fn cells(usage: Usage) -> [String; 4] {
    let [elapsed, user, system] = [usage.time, usage.user, usage.system].map(with_unit);
    [elapsed, user, system, with_spaces(usage.switches)]
}

fn with_unit(duration: Duration) -> String {
    if duration.is_zero() { "0".into() } else { time(duration.as_secs_f64() * 1e9) }
}
