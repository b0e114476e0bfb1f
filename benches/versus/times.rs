//! All times that were taken, and what they say of ours.

use std::collections::HashMap;

use crate::median::median;
use crate::rows::{PEERS, Row};

/// The times of each id, in the order in which they were taken.
#[derive(Default)]
pub(crate) struct Times(HashMap<String, Vec<f64>>);

/// The ratios of our times to a rival's.
#[derive(Clone, Copy)]
pub(crate) struct Ratio {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Times {
    pub(crate) fn add(&mut self, (id, nanos): (String, f64)) {
        self.0.entry(id).or_default().push(nanos);
    }

    /// The median time in nanoseconds; `None` if it was not measured.
    pub(crate) fn of(&self, row: &Row, rival: &str) -> Option<f64> {
        self.0.get(&row.id(rival)).cloned().map(median)
    }

    /// The ratios of our time to the rival's, one for each round.
    pub(crate) fn ratio_to(&self, row: &Row, rival: &str) -> Option<Ratio> {
        let (ours, its) = (self.0.get(&row.id("phalanx"))?, self.0.get(&row.id(rival))?);
        let its: Vec<_> = match rival {
            // Go runs before the first round and after each.
            "go" => its.windows(2).map(|both| f64::midpoint(both[0], both[1])).collect(),
            _ => its.clone(),
        };
        let ratios: Vec<_> = ours.iter().zip(its).map(|(ours, its)| ours / its).collect();
        let least = ratios.iter().copied().reduce(f64::min)?;
        let most = ratios.iter().copied().reduce(f64::max)?;
        Some(Ratio { median: median(ratios), least, most })
    }

    /// The rivals in Rust that were measured, with their medians.
    pub(crate) fn peers(&self, row: &Row) -> impl Iterator<Item = (&'static str, f64)> {
        PEERS.into_iter().filter_map(|peer| Some((peer, self.of(row, peer)?)))
    }

    pub(crate) fn best_peer(&self, row: &Row) -> Option<&'static str> {
        self.peers(row).min_by(|(_, one), (_, other)| one.total_cmp(other)).map(|(peer, _)| peer)
    }

    /// Whether this or any rival in Rust was measured.
    pub(crate) fn know(&self, row: &Row) -> bool {
        self.of(row, "phalanx").is_some() || self.peers(row).next().is_some()
    }
}
