//! How many threads may run tasks, and what it means that one is refused.

use std::error::Error;
use std::fmt;
use std::fs;
use std::io;
use std::sync::Arc;

use crate::sys::Lazy;
use crate::sys::atomic::{HintUsize, Relaxed};
use crate::wait::{HasReason, Reason, error_methods};

/// What was set; zero if nothing was.
static LIMIT: HintUsize = HintUsize::new(0);

/// Sets the thread limit: how many threads this crate may use to run tasks, in the whole process.
///
/// The limit counts every thread that runs tasks, busy or idle. It does not count the threads of the
/// program itself, on which tasks may run too while they wait, nor the timer thread, nor the thread
/// that starts the others, nor the reserve thread for callbacks
/// ([`Context::on_cancel`](crate::Context::on_cancel)). Lowering the limit stops no thread; the excess exits after ten idle seconds.
///
/// At the limit:
///
/// - `try_go` returns the closure if there is no thread for it. It accepts exactly as many tasks as
///   there are threads to run them, in a burst too.
/// - `go` queues its task, and returns. It neither waits nor runs the task on its caller's stack, with one
///   exception: a task that starts others at *their group's* limit runs those that hold the slots, since
///   there may be no other thread for them.
/// - An idle thread of another kind (with a name, or a stack size of its own) exits to make room.
/// - If every thread of the limit waits, without a bound, for tasks that are queued, the oldest queued
///   task is refused. That is an error of its group, which names the limit; for a
///   [`WaitGroup`](crate::WaitGroup) it is a panic of `wait`.
/// - Tasks that wait for each other by other means (a channel, a lock, a counter) stay queued, since
///   the limit may be about to be raised. [`stats`](crate::stats) says how many are.
///
/// At a limit of one, everything works that can work on one thread: joins, nested scopes and
/// [`par_map`](crate::par_map) included, since a waiting thread runs the tasks that it waits for.
///
/// By default, the limit is derived on Linux from the number of memory mappings that the system allows
/// (`vm.max_map_count`; 15 358 threads with the usual value), since beyond it the process is aborted
/// instead of being refused a thread. Elsewhere there is no default limit.
///
/// # Panics
///
/// `set_max_threads: the limit is zero` if `limit` is.
///
/// # Examples
///
/// ```
/// use phalanx::{WaitGroup, max_threads, set_max_threads};
/// use std::sync::Arc;
///
/// set_max_threads(2);
/// assert_eq!(max_threads(), 2);
///
/// let (gate, tasks) = (Arc::new(WaitGroup::new()), Arc::new(WaitGroup::new()));
/// gate.add(1);
/// let blocked = || {
///     let gate = Arc::clone(&gate);
///     move || gate.wait()
/// };
/// let refused = (0..4).filter(|_| tasks.try_go(blocked()).is_err()).count();
/// assert_eq!(refused, 2);
/// gate.done();
/// tasks.wait();
/// ```
///
/// # Compared with Go
///
/// `debug.SetMaxThreads`, which ends the process.
#[track_caller]
pub fn set_max_threads(limit: usize) {
    assert!(limit > 0, "set_max_threads: the limit is zero");
    // Relaxed: a number; the lock of the pool orders those who act on it.
    LIMIT.store(limit, Relaxed);
}

/// Returns the thread limit: see [`set_max_threads`].
pub fn max_threads() -> usize {
    match LIMIT.load(Relaxed) {
        0 => default(),
        limit => limit,
    }
}

/// Each thread takes four mappings: a stack, another one for signals, and a guard for each.
fn default() -> usize {
    const PER_THREAD: usize = 4;
    const SPARE: usize = 4096;
    static DEFAULT: Lazy<usize> = Lazy::new();
    *DEFAULT.get_or_init(|| {
        let mappings = fs::read_to_string("/proc/sys/vm/max_map_count").ok();
        let mappings = mappings.and_then(|text| text.trim().parse::<usize>().ok());
        mappings.map_or(usize::MAX, |most| (most.saturating_sub(SPARE) / PER_THREAD).max(1))
    })
}

/// There is no thread for a task.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum NoThread {
    /// As many threads as [`set_max_threads`] allows are in use; this is the limit.
    Limit(usize),
    /// The operating system refused to start a thread.
    System(Arc<io::Error>),
}

impl fmt::Display for NoThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoThread::Limit(limit) => write!(f, "the thread limit of {limit} is reached"),
            NoThread::System(_) => f.write_str("the operating system refused to start a thread"),
        }
    }
}

impl Error for NoThread {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            NoThread::Limit(_) => None,
            NoThread::System(error) => Some(error),
        }
    }
}

/// The same limit, or the very same error of the operating system.
impl PartialEq for NoThread {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (NoThread::Limit(ours), NoThread::Limit(theirs)) => ours == theirs,
            (NoThread::System(ours), NoThread::System(theirs)) => Arc::ptr_eq(ours, theirs),
            _ => false,
        }
    }
}

impl Eq for NoThread {}

impl HasReason for NoThread {
    fn reason(&self) -> Reason<'_> {
        Reason::NoThread
    }
}

error_methods!([] NoThread);
