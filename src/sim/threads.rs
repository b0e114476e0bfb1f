//! The threads of a bubble, and what they are doing.

use std::any::Any;
use std::fmt;
use std::panic::{self, AssertUnwindSafe, Location};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;

use super::machine::{self, Handle, On, Path, Seen, SeenStatus};
use super::time::outside;

/// Starts a thread in the bubble.
///
/// A panic of the thread is for whoever joins it; if nobody does, it fails the test.
///
/// # Panics
///
/// `sim::spawn: not in a bubble`
#[track_caller]
pub fn spawn<T: Send + 'static>(
    name: impl Into<String>,
    f: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    let result = Arc::new(Mutex::new(None));
    let place = Arc::clone(&result);
    let body = move || *place.lock() = Some(caught(f));
    match machine::spawn(name.into(), None, body) {
        Ok(started) => {
            let thread = started.expect("sim::spawn: the operating system has a thread");
            JoinHandle { thread, result }
        }
        Err(_) => outside("spawn"),
    }
}

/// Runs the body of a thread; its panic is kept for the report, and for whoever joins.
pub(super) fn caught<T>(f: impl FnOnce() -> T) -> thread::Result<T> {
    // AssertUnwindSafe: whoever joins is told.
    panic::catch_unwind(AssertUnwindSafe(f)).inspect_err(|payload| {
        if !machine::is_dismissal(&**payload) {
            machine::panicked(machine::last_panic(&**payload));
        }
    })
}

/// A thread that [`spawn`] has started.
pub struct JoinHandle<T> {
    thread: Handle,
    result: Arc<Mutex<Option<thread::Result<T>>>>,
}

impl<T> JoinHandle<T> {
    /// Waits until the thread has ended.
    ///
    /// # Errors
    ///
    /// The payload of its panic, of which the test takes notice by this.
    #[track_caller]
    #[expect(clippy::missing_panics_doc, reason = "a thread that has ended has left a result")]
    pub fn join(self) -> Result<T, Box<dyn Any + Send>> {
        let _call = machine::in_call("JoinHandle::join");
        self.thread.join();
        self.result.lock().take().expect("a thread that has ended has left a result")
    }

    /// Returns `true` if the thread has ended.
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// Returns what the thread is doing.
    pub fn info(&self) -> ThreadInfo {
        ThreadInfo::of(self.thread.see())
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("thread", &self.info()).finish_non_exhaustive()
    }
}

/// What a thread of a bubble is doing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ThreadInfo {
    /// Its place in the tree of threads, as reports show it.
    pub path: Path,
    /// The name it was given.
    pub name: String,
    /// What it is doing.
    pub state: ThreadState,
}

/// Whether a thread can run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ThreadState {
    /// It can go on.
    Runnable,
    /// It waits.
    Blocked {
        /// The call it is in, as `WaitGroup::wait`.
        call: String,
        /// Where that was called.
        at: &'static Location<'static>,
        /// The virtual time at which it began to wait.
        since: Duration,
        /// The virtual time at which it will give up.
        deadline: Option<Duration>,
    },
    /// It is in [`external`](super::external).
    External,
    /// It has ended.
    Finished,
}

impl ThreadInfo {
    pub(super) fn of(seen: Seen) -> Self {
        let (call, at) = call(&seen);
        let state = match seen.status {
            SeenStatus::Runnable | SeenStatus::Running => ThreadState::Runnable,
            SeenStatus::External => ThreadState::External,
            SeenStatus::Finished => ThreadState::Finished,
            SeenStatus::Blocked { since, deadline, .. } => ThreadState::Blocked {
                call,
                at,
                since: Duration::from_nanos(since),
                deadline: deadline.map(Duration::from_nanos),
            },
        };
        ThreadInfo { path: seen.path, name: seen.name, state }
    }
}

/// The call that a thread is blocked in, and where.
pub(super) fn call(seen: &Seen) -> (String, &'static Location<'static>) {
    if let Some(doing) = seen.doing {
        return (doing.name.to_owned(), doing.at);
    }
    let name = match seen.status {
        SeenStatus::Blocked { on: On::Futex { .. }, .. } => "a lock, a channel or a park of std's",
        SeenStatus::Blocked { on: On::Sleep, .. } => "sleep",
        SeenStatus::Blocked { on: On::Idle, .. } => "sim::wait_idle",
        SeenStatus::Blocked { on: On::Channel, .. } => "an operation on a channel",
        _ => seen.op.kind.name(),
    };
    (name.to_owned(), seen.op.at)
}

/// Returns what all threads of this bubble are doing, the oldest first.
///
/// # Panics
///
/// `sim::threads: not in a bubble`
#[track_caller]
pub fn threads() -> Vec<ThreadInfo> {
    if !machine::inside() {
        outside("threads")
    }
    machine::threads().into_iter().map(ThreadInfo::of).collect()
}

/// Checks that the thread is blocked in `call`, as `"WaitGroup::wait"`. To know it for good, call
/// [`wait_idle`](super::wait_idle) first.
///
/// # Panics
///
/// If the thread does anything else; the message says what.
#[track_caller]
pub fn assert_blocked<T>(thread: &JoinHandle<T>, call: &str) {
    let info = thread.info();
    let found = matches!(&info.state, ThreadState::Blocked { call: found, .. } if found == call);
    assert!(
        found,
        "sim::assert_blocked: {} {:?} is not blocked in {call}: {:?}",
        info.path, info.name, info.state
    );
}
