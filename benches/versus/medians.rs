//! Reads the medians that criterion leaves in its directory.

use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs};

use serde_json::Value;

use crate::rows::{PEERS, Row};

/// What criterion has measured of a row since then: the ids, and the medians in nanoseconds.
pub(crate) fn since(then: SystemTime, row: &Row) -> impl Iterator<Item = (String, f64)> {
    let rivals = ["phalanx"].into_iter().chain(PEERS);
    rivals.filter_map(move |rival| {
        let estimates = criterion_home()?.join(directory(row, rival)).join("new/estimates.json");
        let changed = fs::metadata(&estimates).and_then(|metadata| metadata.modified()).ok()?;
        if changed < then {
            return None;
        }
        Some((row.id(rival), median(&estimates)?))
    })
}

/// Criterion keeps the slashes between the parts of an id, but not those within a part.
fn directory(row: &Row, rival: &str) -> String {
    format!("{}/{rival}/{}", row.operation.replace('/', "_"), row.threads)
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
