//! Reads the medians that criterion leaves in its directory.

use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs};

use serde_json::Value;

use crate::rows::{PEERS, Row};

/// The medians of this run.
pub(crate) struct Medians {
    since: SystemTime,
}

impl Medians {
    /// Leaves out what criterion has measured before this call.
    pub(crate) fn from_now_on() -> Self {
        Medians { since: SystemTime::now() }
    }

    /// The median time of a row in nanoseconds; `None` if it was not measured.
    pub(crate) fn of(&self, row: &Row, rival: &str) -> Option<f64> {
        // Criterion keeps the slashes between the parts of an id, but not those within a part.
        let directory = format!("{}/{rival}/{}", row.operation.replace('/', "_"), row.threads);
        let estimates = criterion_home()?.join(directory).join("new/estimates.json");
        if self.is_new(&estimates) { median(&estimates) } else { None }
    }

    /// The fastest rival in Rust, with its median.
    pub(crate) fn best_peer(&self, row: &Row) -> Option<(&'static str, f64)> {
        let measured = PEERS.into_iter().filter_map(|peer| Some((peer, self.of(row, peer)?)));
        measured.min_by(|(_, one), (_, other)| one.total_cmp(other))
    }

    /// Whether this or any rival in Rust was measured.
    pub(crate) fn know(&self, row: &Row) -> bool {
        self.of(row, "phalanx").is_some() || self.best_peer(row).is_some()
    }

    fn is_new(&self, file: &Path) -> bool {
        let changed = fs::metadata(file).and_then(|metadata| metadata.modified());
        changed.is_ok_and(|changed| changed >= self.since)
    }
}

fn median(estimates: &Path) -> Option<f64> {
    let text = fs::read_to_string(estimates).ok()?;
    let estimates: Value = serde_json::from_str(&text).ok()?;
    estimates["median"]["point_estimate"].as_f64()
}

/// Where criterion writes, by its own rules; a target directory set in Cargo's configuration is
/// found from the place of this program.
fn criterion_home() -> Option<PathBuf> {
    if let Some(home) = env::var_os("CRITERION_HOME") {
        return Some(home.into());
    }
    if let Some(target) = env::var_os("CARGO_TARGET_DIR") {
        return Some(Path::new(&target).join("criterion"));
    }
    let program = env::current_exe().ok()?;
    program.ancestors().map(|above| above.join("criterion")).find(|home| home.is_dir())
}
