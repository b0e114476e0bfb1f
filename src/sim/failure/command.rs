//! How to replay a failure, in a line that can be pasted.

use std::env;
use std::ffi::OsStr;
use std::fmt::{self, Write};
use std::panic::Location;
use std::path::Path;
use std::thread;

/// The commands that replay the schedule of a token.
pub(super) fn replay(out: &mut String, token: &str, at: &Location<'_>) -> fmt::Result {
    let target = Target::running().unwrap_or(Target::Unknown);
    let command = if matches!(target, Target::Example(_)) { "run" } else { "test" };
    write!(out, "replay: SIM_REPLAY={token} cargo {command}")?;
    if !cfg!(debug_assertions) {
        write!(out, " --release")?;
    }
    if is_ours() {
        let std = if cfg!(feature = "sim-std") { "-std" } else { "" };
        write!(out, " --features sim{std}")?;
    }
    match &target {
        Target::Test(name) => write!(out, " --test {name}")?,
        Target::Example(name) => write!(out, " --example {name}")?,
        Target::Lib => write!(out, " --lib")?,
        Target::Unknown => {}
    }
    match thread::current().name().filter(|name| *name != "main") {
        Some(test) => writeln!(out, " -- --exact {test} --nocapture")?,
        None => writeln!(out, "   (the test at {}:{})", at.file(), at.line())?,
    }
    writeln!(out, "pin it: sim::replay({token:?}, ...) with the body of the test")
}

/// Which of the package's targets is running.
enum Target {
    Test(String),
    Example(String),
    Lib,
    Unknown,
}

impl Target {
    fn running() -> Option<Self> {
        let exe = env::current_exe().ok()?;
        let stem = exe.file_stem().and_then(OsStr::to_str)?;
        let name = match stem.rsplit_once('-') {
            Some((name, hash)) if hash.len() == 16 => name.to_owned(),
            _ => stem.to_owned(),
        };
        let root = env::var_os("CARGO_MANIFEST_DIR")?;
        let is_in = |folder: &str| {
            let folder = Path::new(&root).join(folder);
            folder.join(format!("{name}.rs")).exists() || folder.join(&name).exists()
        };
        if is_in("tests") {
            Some(Target::Test(name))
        } else if is_in("examples") {
            Some(Target::Example(name))
        } else {
            let package = env::var("CARGO_PKG_NAME").ok()?;
            (package.replace('-', "_") == name).then_some(Target::Lib)
        }
    }
}

/// Whether it is this crate whose tests are run: others know their features themselves.
fn is_ours() -> bool {
    env::var("CARGO_PKG_NAME").as_deref() == Ok(env!("CARGO_PKG_NAME"))
}
