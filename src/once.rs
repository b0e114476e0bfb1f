//! Use this to do something once, however many threads ask for it.

mod functions;
mod init;
mod turn;
mod value;

use std::fmt;

pub use functions::{once_arc, once_fn, once_value};
pub use value::OnceValue;

use crate::wait::{Interrupted, Until};

/// Calls a function once, and lets everybody else wait until it has returned.
///
/// The first [`call`](Self::call) whose function returns makes it done; functions of later calls are
/// dropped unused. A function that panics leaves it undone, and its panic goes to its own caller
/// alone: of those who wait, the one that came first calls its own function next, the others wait on.
///
/// It takes 32 bytes on 64-bit targets, allocates only if threads wait, and works in a `static`. Once it is
/// done, a call is one load, a test and a branch. For a function that returns a value, or may fail, there is
/// [`OnceValue`]; a `OnceValue<()>` is a `Once` whose function may fail.
///
/// # Memory ordering
///
/// The return of the function *synchronizes with* every return of `call` and `wait`, and with
/// [`is_done`](Self::is_done) where it says `true`.
///
/// # Examples
///
/// ```
/// use phalanx::Once;
/// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
///
/// static SET_UP: Once = Once::new();
/// static CALLS: AtomicU32 = AtomicU32::new(0);
///
/// std::thread::scope(|s| {
///     for _ in 0..4 {
///         s.spawn(|| {
///             SET_UP.call(|| CALLS.store(CALLS.load(Relaxed) + 1, Relaxed));
///             assert_eq!(CALLS.load(Relaxed), 1);
///         });
///     }
/// });
/// ```
///
/// # Compared with Go
///
/// `sync.Once`, where a function that panics counts as done for all others, and one that calls its own
/// `Once` waits for ever.
pub struct Once(OnceValue<()>);

#[cfg(not(feature = "sim"))]
const _: () = assert!(size_of::<Once>() <= 32);

impl Once {
    /// Creates a `Once` whose function has not been called.
    pub const fn new() -> Self {
        Once(OnceValue::new())
    }

    /// Calls `f`, unless a function has been called before; returns when one has returned.
    ///
    /// # Blocking
    ///
    /// Returns at once when it is done. Waits while another caller's function runs; if that panics,
    /// the caller that has waited longest is next.
    ///
    /// # Panics
    ///
    /// `Once::call: called inside of the function it waits for`. And `f`'s panic.
    #[track_caller]
    #[inline]
    pub fn call(&self, f: impl FnOnce()) {
        if !self.is_done() {
            self.0.init_slow("Once::call", f);
        }
    }

    /// Calls `f` as [`call`](Self::call) does, and waits for others no longer than `until`.
    ///
    /// # Blocking
    ///
    /// As [`call`](Self::call). The bound does not end a function that runs: `f` is to look at it
    /// itself. If the turn comes in the instant in which the bound is reached, `f` is called.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the bound was reached while another caller's function ran, or if the
    /// context had ended before. `f` was not called.
    ///
    /// # Panics
    ///
    /// As [`call`](Self::call).
    #[track_caller]
    pub fn call_until<'a>(
        &self,
        until: impl Into<Until<'a>>,
        f: impl FnOnce(),
    ) -> Result<(), Interrupted> {
        self.0.make("Once::call", &until.into(), f).copied()
    }

    /// Waits until a function has returned, without calling one.
    ///
    /// # Panics
    ///
    /// `Once::wait: called inside of the function it waits for`.
    #[track_caller]
    pub fn wait(&self) {
        let waited = self.wait_until(Until::FOREVER);
        debug_assert!(waited.is_ok(), "nothing interrupts a wait without a bound");
    }

    /// Waits until a function has returned, without calling one, and no longer than `until`.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the bound was reached first.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    #[track_caller]
    pub fn wait_until<'a>(&self, until: impl Into<Until<'a>>) -> Result<(), Interrupted> {
        self.0.wait_for("Once::wait", &until.into()).copied()
    }

    /// Returns `true` if a function has returned: everything it did is visible.
    #[inline]
    pub fn is_done(&self) -> bool {
        self.0.get().is_some()
    }
}

impl Default for Once {
    fn default() -> Self {
        Once::new()
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").field("done", &self.is_done()).finish_non_exhaustive()
    }
}
