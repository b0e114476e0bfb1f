//! Writes what is to be kept of a run.

use std::path::Path;
use std::{fs, io};

/// Writes a file of this name to `benches/results`.
pub(crate) fn write(name: &str, text: &str) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/results");
    let written: io::Result<()> =
        fs::create_dir_all(&directory).and_then(|()| fs::write(directory.join(name), text));
    written.unwrap_or_else(|error| panic!("benches/results/{name}: {error}"));
}
