//! Use this to wait until a number of tasks are done.

mod go;
mod token;

use std::fmt;

use go::Tasks;
pub use token::Token;

use crate::sys;
use crate::sys::Lazy;
use crate::threads;
use crate::wait::{Interrupted, TaskCount, Until};

/// Counts the tasks that are running; [`wait`](Self::wait) returns when there are none.
///
/// Tasks are counted by [`go`](Self::go), which runs them too, by a [`token`](Self::token), which
/// counts itself out when it is dropped, or by hand with [`add`](Self::add) and
/// [`done`](Self::done). Any number of threads may wait. When the count reaches zero all of them
/// return, even if a task is added again in the same instant: the group can be used over and over,
/// without rules. It works in a `static`, and holds no memory of its own until [`go`](Self::go) is called.
///
/// # Memory ordering
///
/// Each `done`, and each drop of a token, *synchronizes with* the `wait` that returns because of
/// it: what the task did before is visible after.
///
/// # Examples
///
/// Borrowed by scoped threads, with tokens:
///
/// ```
/// use phalanx::WaitGroup;
///
/// let group = WaitGroup::new();
/// std::thread::scope(|s| {
///     for _ in 0..5 {
///         let token = group.token();
///         s.spawn(move || drop(token)); // whatever happens, the token is dropped
///     }
///     group.wait();
/// });
/// ```
///
/// Shared, with tasks on the crate's own threads:
///
/// ```
/// use phalanx::WaitGroup;
/// use std::sync::Arc;
///
/// let group = Arc::new(WaitGroup::new());
/// for _ in 0..5 {
///     group.go(|| { /* work */ });
/// }
/// group.wait();
/// ```
///
/// # Compared with Go
///
/// `sync.WaitGroup`. Misuse is always found and changes nothing, where Go finds it sometimes and
/// leaves the count wrong; there is a bounded wait; a panicking task is reported by `wait` instead
/// of ending the process; and "reused before previous Wait has returned" does not exist.
pub struct WaitGroup {
    count: TaskCount,
    /// What [`go`](Self::go) needs: made by the first call.
    tasks: Lazy<Box<Tasks>>,
}

#[cfg(not(feature = "sim"))]
const _: () = assert!(size_of::<WaitGroup>() <= 40);

impl WaitGroup {
    /// The greatest number of tasks a group can count: 2147483647, on 32-bit targets 134217727.
    pub const MAX: usize = TaskCount::MAX;

    /// Creates a group without tasks.
    pub const fn new() -> Self {
        WaitGroup { count: TaskCount::new(), tasks: Lazy::new() }
    }

    /// Adds `n` tasks to the count. Each is to be counted out by one [`done`](Self::done).
    ///
    /// # Panics
    ///
    /// `WaitGroup::add: more than 2147483647 tasks`, or the [`MAX`](Self::MAX) of a 32-bit target. The count is left as it was.
    #[track_caller]
    #[inline]
    pub fn add(&self, n: usize) {
        if !self.count.add(n) {
            refuse_add();
        }
    }

    /// Counts one task out. The last one wakes all who wait.
    ///
    /// # Panics
    ///
    /// `WaitGroup::done: no task is running`. The count is left as it was.
    #[track_caller]
    #[inline]
    pub fn done(&self) {
        if !self.count.done() {
            refuse_done();
        }
    }

    /// Counts one task in, and out again when the token is dropped, by a panic too.
    ///
    /// The token borrows the group; [`Token::new`] makes one of an `Arc<WaitGroup>`.
    ///
    /// # Panics
    ///
    /// As [`add`](Self::add).
    #[track_caller]
    #[inline]
    pub fn token(&self) -> Token<&WaitGroup> {
        Token::new(self)
    }

    /// Waits until no task is running.
    ///
    /// # Blocking
    ///
    /// **Runs tasks of this group that have not begun on the calling thread**, if [`go`](Self::go) started
    /// them before this call, if 1 MiB of stack is left (see
    /// [`Builder::stack_size`](crate::Builder::stack_size)), and if the thread is not unwinding. They see
    /// its thread-local values. [`wait_until`](Self::wait_until) with
    /// [`Until::FOREVER`](crate::Until::FOREVER) runs none.
    ///
    /// Returns at once if the count is zero; otherwise spins for some microseconds if that has paid, and
    /// parks. Returns once the count has been zero, even if it no longer is.
    ///
    /// # Panics
    ///
    /// Resumes the first panic of a task that [`go`](Self::go) started, once; on a thread that is
    /// panicking, the payload stays for the next wait. `WaitGroup::wait: a task was refused: ...` if a task
    /// was accepted and there is no thread for it (see [`set_max_threads`](crate::set_max_threads)).
    /// `WaitGroup::wait: called by a task of the group itself` if it is, or by a task of a scope inside one.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait(&self) {
        if !self.count.is_zero() {
            let call = sys::blocking_call("WaitGroup::wait");
            match self.tasks.get() {
                Some(tasks) => self.wait_for(tasks),
                None => self.wait_forever(),
            }
            drop(call);
        }
        self.resume_panic();
    }

    fn wait_forever(&self) {
        let waited = self.count.wait(Until::FOREVER);
        debug_assert!(waited.is_ok(), "nothing interrupts a wait without a bound");
    }

    /// Waits until no task is running, and no longer than `until`.
    ///
    /// A wait that is given up leaves nothing behind, and stops no task.
    ///
    /// # Blocking
    ///
    /// As [`wait`](Self::wait), but runs no tasks. If the count reaches zero in the instant in which
    /// the bound is reached, zero wins.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the bound was reached first. It names the thread limit if that holds up tasks
    /// which [`go`](Self::go) has started.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    ///
    /// # Compared with Go
    ///
    /// Not in Go; the usual wrapper leaks a goroutine.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait_until<'a>(&self, until: impl Into<Until<'a>>) -> Result<(), Interrupted> {
        let call = sys::blocking_call("WaitGroup::wait");
        let waited = match self.tasks.get() {
            None => self.count.wait(until.into()),
            Some(tasks) => {
                threads::see_to(&tasks.queue);
                let waited = self.count.wait(until.into());
                waited.map_err(|why| threads::explain(&tasks.queue, why))
            }
        };
        drop(call);
        waited?;
        self.resume_panic();
        Ok(())
    }

    /// Returns the number of tasks that are running just now.
    pub fn running(&self) -> usize {
        self.count.running()
    }
}

impl Default for WaitGroup {
    fn default() -> Self {
        WaitGroup::new()
    }
}

#[cold]
#[track_caller]
fn refuse_add() -> ! {
    panic!("WaitGroup::add: more than {} tasks", WaitGroup::MAX);
}

#[cold]
#[track_caller]
fn refuse_done() -> ! {
    panic!("WaitGroup::done: no task is running");
}

impl fmt::Debug for WaitGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitGroup").field("running", &self.running()).finish_non_exhaustive()
    }
}
