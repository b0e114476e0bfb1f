//! Starting a thread, and how many can run at once.

use std::num::NonZero;
use std::sync::OnceLock;
use std::{io, thread};

#[cfg(feature = "sim")]
use crate::sim::machine;

/// Starts a detached thread.
///
/// # Errors
///
/// What the operating system said. Nothing has been started, and `body` is dropped.
pub(crate) fn spawn(
    name: String,
    stack_size: Option<usize>,
    body: impl FnOnce() + Send + 'static,
) -> io::Result<()> {
    #[cfg(feature = "sim")]
    machine::ask_for_thread()?;
    #[cfg(feature = "sim")]
    let (name, body) = match machine::spawn(name, stack_size, body) {
        Ok(started) => return started.map(drop),
        Err(outside) => outside,
    };
    spawn_thread(name, stack_size, body)
}

#[expect(clippy::disallowed_methods, reason = "this is the door")]
fn spawn_thread(
    name: String,
    stack_size: Option<usize>,
    body: impl FnOnce() + Send + 'static,
) -> io::Result<()> {
    let mut builder = thread::Builder::new().name(name);
    if let Some(bytes) = stack_size {
        builder = builder.stack_size(bytes);
    }
    builder.spawn(body).map(drop)
}

/// How many threads can run at the same time, as far as this process is told.
pub(crate) fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    #[cfg(feature = "sim")]
    if machine::inside() {
        return machine::CORES;
    }
    *CORES.get_or_init(|| thread::available_parallelism().map_or(1, NonZero::get))
}
