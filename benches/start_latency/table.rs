//! The table: a line for each situation and rival.

use crate::digits::with_spaces;
use crate::markdown::{table, time};

/// A situation, a rival, and the latencies in nanoseconds.
pub(crate) type Line = (&'static str, &'static str, Vec<f64>);

/// In thousandths, with their names.
const PERCENTILES: [(&str, usize); 3] = [("p50", 500), ("p99", 990), ("p99.9", 999)];

pub(crate) fn markdown(lines: Vec<Line>) -> String {
    let names = PERCENTILES.map(|(name, _)| name);
    let header = ["situation", "started by", "tasks"].into_iter().chain(names);
    let header = header.map(String::from).collect();
    let cells: Vec<_> = [header].into_iter().chain(lines.into_iter().map(line)).collect();
    table(&cells)
}

fn line((situation, rival, mut latencies): Line) -> Vec<String> {
    latencies.sort_by(f64::total_cmp);
    let percentile = |(_, per_mille)| time(least_above(&latencies, per_mille));
    let first = [situation.into(), rival.into(), with_spaces(latencies.len() as u64)];
    [first, PERCENTILES.map(percentile)].concat()
}

/// The least figure that so many thousandths of all do not exceed.
fn least_above(sorted: &[f64], per_mille: usize) -> f64 {
    sorted[(sorted.len() * per_mille).div_ceil(1000) - 1]
}
