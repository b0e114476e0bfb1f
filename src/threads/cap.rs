//! The most threads that there may be: what goes beyond is refused, and never queued.

use std::sync::OnceLock;
use std::{fs, io};

use crate::sys;
use crate::sys::atomic::{AtomicUsize, Relaxed};

static LIVING: AtomicUsize = AtomicUsize::new(0);

/// What has been set; zero if nothing has.
static MOST: AtomicUsize = AtomicUsize::new(0);

/// Sets how many threads this crate may have at a time, idle ones among them, in the whole process.
///
/// A task that would need another thread is refused: `try_go` gives it back, `go` panics. It is not
/// queued, since the tasks that run may be waiting for it. Threads beyond a lower number that is set
/// later end when they have been idle for ten seconds. The thread of the timers does not count.
///
/// Unless it is set, it is so many as the system has memory mappings for, where that is known: on
/// Linux a quarter of `vm.max_map_count` with something to spare, 15 358 as a rule. Beyond that, a
/// thread that std starts ends the process where it should have been refused. Stacks that are larger
/// than the memory allows are refused by the system as before.
///
/// # Panics
///
/// `set_max_threads: at least one` if `most` is zero.
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
/// gate.done();
/// tasks.wait();
/// assert!(refused <= 2, "tasks that nobody has refused run");
/// ```
///
/// # Compared with Go
///
/// `debug.SetMaxThreads`, which ends the process.
#[track_caller]
pub fn set_max_threads(most: usize) {
    assert!(most > 0, "set_max_threads: at least one");
    // Relaxed: a number to go by.
    MOST.store(most, Relaxed);
}

/// Returns how many threads this crate may have at a time: see [`set_max_threads`].
pub fn max_threads() -> usize {
    match MOST.load(Relaxed) {
        0 => default(),
        most => most,
    }
}

/// A thread's place among those that live. In a simulation it does not count.
pub(super) struct Living {
    is_counted: bool,
}

/// Counts a thread in that is about to be started.
///
/// # Errors
///
/// There are as many as there may be.
pub(super) fn admit() -> io::Result<Living> {
    let is_counted = !sys::is_simulated();
    if is_counted {
        let most = max_threads();
        // Relaxed: the count orders nothing.
        if LIVING.fetch_add(1, Relaxed) >= most {
            LIVING.fetch_sub(1, Relaxed);
            let text = format!("there are {most} threads, as many as `set_max_threads` allows");
            return Err(io::Error::new(io::ErrorKind::WouldBlock, text));
        }
    }
    Ok(Living { is_counted })
}

impl Drop for Living {
    fn drop(&mut self) {
        if self.is_counted {
            LIVING.fetch_sub(1, Relaxed);
        }
    }
}

/// Each thread takes four mappings: a stack, another one for signals, and a guard for each.
fn default() -> usize {
    const PER_THREAD: usize = 4;
    const SPARE: usize = 4096;
    static DEFAULT: OnceLock<usize> = OnceLock::new();
    *DEFAULT.get_or_init(|| {
        let mappings = fs::read_to_string("/proc/sys/vm/max_map_count").ok();
        let mappings = mappings.and_then(|text| text.trim().parse::<usize>().ok());
        mappings.map_or(usize::MAX, |most| (most.saturating_sub(SPARE) / PER_THREAD).max(1))
    })
}
