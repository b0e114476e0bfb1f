//! What the machine knows of one thread.

use std::backtrace::Backtrace;
use std::panic::Location;
use std::sync::Arc;

use super::awaiting::Look;
use super::gate::Gate;
use super::op::{Kind, Op};
use super::path::Path;

#[derive(Debug)]
pub(super) struct Thread {
    pub(super) path: Path,
    pub(super) name: String,
    pub(super) status: Status,
    /// The next step; or the one in which it is blocked.
    pub(super) op: Op,
    /// What ended the last block.
    pub(super) woken: Woken,
    /// Whether the next park returns at once.
    pub(super) token: bool,
    pub(super) idle: Idle,
    /// It has asked that others run first.
    pub(super) yielded: bool,
    /// How often it has done so since anything of note has happened.
    pub(super) yields: u32,
    /// What it waits for, if no step tells of that.
    pub(super) awaited: Option<Look>,
    /// Whether its last park returned for no reason.
    pub(super) roused: bool,
    /// The call of the crate, or of the kit, that it is in.
    pub(super) doing: Option<Doing>,
    pub(super) gate: Arc<Gate>,
    pub(super) children: u32,
    pub(super) panic: Option<Panic>,
    /// How often it has read the clock since its last step.
    pub(super) readings: u32,
    pub(super) steps: u32,
    /// How many times it has asked for random bytes.
    pub(super) draws: u64,
    /// Where its next step is, if that is one of unmodified code, and anybody has looked.
    pub(super) place: Option<Arc<Backtrace>>,
    /// What the kernel calls it.
    pub(super) tid: Option<u32>,
    /// What the C library calls it, if unmodified code has started it.
    pub(super) pthread: Option<usize>,
}

#[derive(Clone, Debug)]
pub(super) enum Status {
    Runnable,
    Blocked(Blocked),
    /// In a call that the kit does not see into.
    External,
    Finished,
}

#[derive(Clone, Debug)]
pub(super) struct Blocked {
    pub(super) on: On,
    pub(super) deadline: Option<u64>,
    pub(super) since: u64,
}

/// What a thread is blocked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    Park,
    Lock(u32),
    Join(usize),
    Sleep,
    /// That nobody else can run.
    Idle,
    /// That an operation on a channel of crossbeam's can go ahead.
    Channel,
    Futex {
        address: usize,
        bits: u32,
        /// Who came first.
        serial: u64,
    },
}

/// What ended a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    Event,
    Deadline,
}

/// Whether a thread keeps the bubble from ending while it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Idle {
    No,
    /// It serves others, and what it waits for may be what they wait for.
    Serving,
    /// It waits for work, and leaves if there is none: its leaving helps nobody.
    Spare,
}

/// A call that may block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Doing {
    pub(crate) name: &'static str,
    pub(crate) at: &'static Location<'static>,
}

/// A panic that ended a thread.
#[derive(Clone, Debug)]
pub(crate) struct Panic {
    pub(crate) message: String,
    pub(crate) at: Option<String>,
    /// Whether somebody has taken notice.
    pub(crate) observed: bool,
}

impl Thread {
    pub(super) fn new(path: Path, name: String) -> Self {
        Thread {
            path,
            name,
            status: Status::Runnable,
            op: Op::new(Kind::Start, 0),
            woken: Woken::Event,
            token: false,
            idle: Idle::No,
            yielded: false,
            yields: 0,
            awaited: None,
            roused: false,
            doing: None,
            gate: Arc::default(),
            children: 0,
            panic: None,
            readings: 0,
            steps: 0,
            draws: 0,
            place: None,
            tid: None,
            pthread: None,
        }
    }

    pub(super) fn is_runnable(&self) -> bool {
        matches!(self.status, Status::Runnable)
    }

    pub(super) fn is_finished(&self) -> bool {
        matches!(self.status, Status::Finished)
    }

    pub(super) fn blocked(&self) -> Option<&Blocked> {
        if let Status::Blocked(blocked) = &self.status { Some(blocked) } else { None }
    }

    pub(super) fn wake(&mut self, woken: Woken) {
        self.stop_awaiting();
        self.status = Status::Runnable;
        self.woken = woken;
    }
}
