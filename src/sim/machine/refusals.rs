//! Threads that the operating system refuses, because the test wants it so.

use std::io;
use std::ops::Range;

use super::here;
use super::hooks::step;
use super::op::Kind;

/// Which of the threads that the crate asks for are refused.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    /// The numbers of those that are, from zero.
    wanted: Range<usize>,
    /// How many threads have been asked for since the test said so.
    asked: usize,
    /// How many of these have been refused.
    refused: usize,
}

/// The crate asks for a thread. Nothing outside of a bubble.
///
/// # Errors
///
/// The test wants it to be refused.
#[track_caller]
pub(crate) fn ask_for_thread() -> io::Result<()> {
    let refused = here::with(|here| {
        let refusals = &mut here.state().refusals;
        let refused = refusals.wanted.contains(&refusals.asked);
        refusals.asked += 1;
        refusals.refused += usize::from(refused);
        refused
    });
    if refused != Some(true) {
        return Ok(());
    }
    step(Kind::Spawn);
    Err(io::Error::new(io::ErrorKind::WouldBlock, "the test refuses threads"))
}

/// From now on the threads with these numbers are refused. `false` outside of a bubble.
pub(crate) fn refuse_threads(wanted: Range<usize>) -> bool {
    let refusals = Refusals { wanted, ..Refusals::default() };
    here::with(|here| here.state().refusals = refusals).is_some()
}

/// Whether the test wants threads to be refused. `false` outside of a bubble.
pub(crate) fn refuses_threads() -> bool {
    here::with(|here| !here.state().refusals.wanted.is_empty()).unwrap_or(false)
}

/// How many threads have been refused.
pub(crate) fn refused_threads() -> usize {
    here::with(|here| here.state().refusals.refused).unwrap_or(0)
}
