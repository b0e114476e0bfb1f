//! The servers, each in a process of its own.

use std::env;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};

/// A server that is killed when this is dropped.
pub(crate) struct Child {
    process: process::Child,
    address: String,
}

impl Child {
    /// This very program as a server.
    pub(crate) fn ours(server: &str) -> io::Result<Self> {
        Self::start(Command::new(env::current_exe()?).args(["--serve", server]))
    }

    pub(crate) fn go(program: &Path) -> io::Result<Self> {
        Self::start(&mut Command::new(program))
    }

    fn start(command: &mut Command) -> io::Result<Self> {
        let process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut child = Child { process, address: String::new() };
        let output = child.process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        BufReader::new(output).read_line(&mut child.address)?; // printed when it is ready
        child.address.truncate(child.address.trim_end().len());
        Ok(child)
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let killed = self.process.kill().and_then(|()| self.process.wait());
        drop(killed); // it may have ended by itself
    }
}

/// The server in Go, built beside this program; `None`, with a word on why, if that is impossible.
pub(crate) fn build_go() -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/live_load/server.go");
    let program = env::current_exe().ok()?.with_file_name("live_load_go");
    let mut build = Command::new("go");
    build.args(["build", "-o"]).arg(&program).arg(source);
    match build.status() {
        Ok(status) if status.success() => Some(program),
        Ok(status) => {
            eprintln!("live_load: without Go: go build: {status}");
            None
        }
        Err(error) => {
            eprintln!("live_load: without Go: {error}");
            None
        }
    }
}
