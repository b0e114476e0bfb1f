//! What a thread is about to do.

use std::fmt;
use std::panic::Location;

/// A step of a thread: what it does when it runs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Op {
    pub(crate) kind: Kind,
    /// The number of the object, in the order in which the bubble has met them; zero if there is
    /// none.
    pub(crate) object: u32,
    pub(crate) at: &'static Location<'static>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The first step of a thread.
    Start,
    /// The last one.
    End,
    /// Reads an atomic word.
    Load,
    /// Writes an atomic word.
    Store,
    /// Reads and writes an atomic word in one step.
    Update,
    Lock,
    /// Takes a lock together with other readers.
    Share,
    Park,
    Unpark,
    /// Starts a thread.
    Spawn,
    Join,
    Sleep,
    /// Looks which operations on channels of crossbeam's can go ahead.
    Select,
    Yield,
    WaitIdle,
    /// Comes back from a call that the kit does not see into.
    External,
    /// Waits for a word in memory to be changed: the futex of unmodified code.
    FutexWait,
    FutexWake,
    Label(&'static str),
}

impl Op {
    #[track_caller]
    pub(crate) fn new(kind: Kind, object: u32) -> Self {
        Op { kind, object, at: Location::caller() }
    }

    /// Whether the place is only that of the function which stands in for one of the C library.
    pub(crate) fn is_of_unmodified_code(&self) -> bool {
        self.at.file().contains("sim/libc/")
    }

    /// Whether the order of the two can make a difference.
    pub(crate) fn races_with(&self, other: &Op) -> bool {
        self.object != 0
            && self.object == other.object
            && (self.kind.changes() || other.kind.changes())
    }
}

impl Kind {
    /// Whether others can see that it has happened.
    pub(crate) fn changes(self) -> bool {
        !matches!(self, Kind::Load | Kind::Share)
    }

    /// What scripts call it: the label, or the kind of step.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Start => "start",
            Kind::End => "end",
            Kind::Load => "load",
            Kind::Store => "store",
            Kind::Update => "update",
            Kind::Lock => "lock",
            Kind::Share => "share",
            Kind::Park => "park",
            Kind::Unpark => "unpark",
            Kind::Spawn => "spawn",
            Kind::Join => "join",
            Kind::Sleep => "sleep",
            Kind::Select => "select",
            Kind::Yield => "yield",
            Kind::WaitIdle => "wait_idle",
            Kind::External => "external",
            Kind::FutexWait => "futex wait",
            Kind::FutexWake => "futex wake",
            Kind::Label(label) => label,
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        if self.object != 0 {
            write!(f, " #{}", self.object)?;
        }
        if self.is_of_unmodified_code() {
            return Ok(());
        }
        write!(f, " at {}:{}", self.at.file(), self.at.line())
    }
}
