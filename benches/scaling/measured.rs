//! The figures of a curve, and their table.

use std::collections::BTreeMap;

use crate::curve::Curve;
use crate::digits::with_spaces;
use crate::flatness;
use crate::markdown::{or_none, table, time};
use crate::median::median;

/// A size and the nanoseconds of a unit.
pub(crate) type Point = (u32, f64);

/// By size, the nanoseconds of a unit in each round.
type Rounds = BTreeMap<u32, Vec<f64>>;

#[derive(Default)]
pub(crate) struct Measured {
    ours: Rounds,
    go: Rounds,
    /// The first size without a figure of ours, and why.
    stopped: Option<(u32, String)>,
}

impl Measured {
    pub(crate) fn add_ours(&mut self, size: u32, nanos: f64) {
        self.ours.entry(size).or_default().push(nanos);
    }

    pub(crate) fn add_go(&mut self, size: u32, nanos: f64) {
        self.go.entry(size).or_default().push(nanos);
    }

    /// There is no figure at a size.
    pub(crate) fn stop(&mut self, size: u32, why: String) {
        self.stopped.get_or_insert((size, why));
    }

    pub(crate) fn ours(&self) -> Vec<Point> {
        medians(&self.ours)
    }

    pub(crate) fn go(&self) -> Vec<Point> {
        medians(&self.go)
    }

    /// The table, and a line on what it shows.
    pub(crate) fn markdown(&self, curve: &Curve) -> String {
        let mut lines = vec![header(curve)];
        lines.extend(curve.sizes.iter().map(|size| self.cells(*size)));
        let verdict = |name, points| Some(format!("{name}: {}.", flatness::verdict(points)?));
        let stopped = self
            .stopped
            .as_ref()
            .map(|(size, why)| format!("phalanx: no figure at {}: {why}.", with_spaces(*size)));
        let words = [verdict("phalanx", &self.ours()), verdict("Go", &self.go()), stopped];
        let words: Vec<_> = words.into_iter().flatten().collect();
        format!("{}\n{}\n", table(&lines), words.join("  \n"))
    }

    fn cells(&self, size: u32) -> Vec<String> {
        let at = |rounds: &Rounds| rounds.get(&size).cloned().map(median);
        let (ours, go) = (at(&self.ours), at(&self.go));
        let ratio = ours.zip(go).map(|(ours, go)| format!("{:.2}", ours / go));
        vec![with_spaces(size), or_none(ours.map(time)), or_none(go.map(time)), or_none(ratio)]
    }
}

fn header(curve: &Curve) -> Vec<String> {
    let times = ["phalanx", "Go"].map(|name| format!("{name}, {}", curve.per));
    let [ours, go] = times;
    vec![curve.size_of.into(), ours, go, "phalanx/Go".into()]
}

fn medians(rounds: &Rounds) -> Vec<Point> {
    rounds.iter().map(|(&size, nanos)| (size, median(nanos.clone()))).collect()
}
