//! How a bubble ended, and what its threads were doing then.

use super::op::Op;
use super::path::Path;
use super::thread::{Doing, Idle, On, Panic, Status};
use super::trace::Trace;

/// How a bubble ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Clean,
    Failed(Failure),
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// A thread panicked, and nobody took notice. The index of the thread.
    Panic(usize),
    /// All threads are blocked.
    Deadlock,
    /// The root has ended, and others are blocked for ever.
    Leak,
    /// So many steps, and no time has passed.
    Livelock(usize),
    TooManySteps(usize),
    TooManyThreads(usize),
    /// A promise of the test's does not hold.
    Invariant {
        name: &'static str,
        message: String,
    },
    /// The thread whose turn it is has not come back.
    Stuck {
        seconds: u64,
        kernel: Option<String>,
    },
    /// The strategy cannot do what it was asked for.
    Strategy(String),
    /// Something the kit has no model of.
    Unsupported(String),
}

/// A bubble that has ended.
pub(crate) struct Ended {
    pub(crate) end: End,
    pub(crate) trace: Trace,
    /// In nanoseconds since it began.
    pub(crate) now: u64,
    pub(crate) threads: Vec<Seen>,
    /// Something came from outside: it cannot be replayed.
    pub(crate) tainted: bool,
}

/// What could be seen of a thread from outside.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) path: Path,
    pub(crate) name: String,
    pub(crate) status: SeenStatus,
    pub(crate) op: Op,
    pub(crate) doing: Option<Doing>,
    pub(crate) idle: bool,
    pub(crate) panic: Option<Panic>,
    pub(crate) steps: u32,
}

#[derive(Clone, Debug)]
pub(crate) enum SeenStatus {
    Runnable,
    Running,
    Blocked { on: On, since: u64, deadline: Option<u64>, held_by: Vec<usize> },
    External,
    Finished,
}

impl super::state::State {
    /// What the threads are doing now.
    pub(super) fn see(&self) -> Vec<Seen> {
        (0..self.threads.len()).map(|thread| self.see_thread(thread)).collect()
    }

    pub(super) fn see_thread(&self, index: usize) -> Seen {
        let thread = &self.threads[index];
        let status = match &thread.status {
            Status::Runnable if index == self.current => SeenStatus::Running,
            Status::Runnable => SeenStatus::Runnable,
            Status::Blocked(blocked) => SeenStatus::Blocked {
                on: blocked.on,
                since: blocked.since,
                deadline: blocked.deadline,
                held_by: self.held_by(blocked.on),
            },
            Status::External => SeenStatus::External,
            Status::Finished => SeenStatus::Finished,
        };
        Seen {
            path: thread.path.clone(),
            name: thread.name.clone(),
            status,
            op: thread.op,
            doing: thread.doing,
            idle: thread.idle != Idle::No,
            panic: thread.panic.clone(),
            steps: thread.steps,
        }
    }

    /// The threads for which a blocked thread waits, as far as they are known.
    fn held_by(&self, on: On) -> Vec<usize> {
        match on {
            On::Lock(object) => self.locks.get(&object).map_or_else(Vec::new, |lock| {
                lock.writer.iter().chain(&lock.readers).copied().collect()
            }),
            On::Join(thread) => vec![thread],
            _ => Vec::new(),
        }
    }
}
