//! What a test tells the machine: where to switch and where not, what to choose, what must hold, what
//! fails.

use std::ops::Range;

use super::machine::{self, Kind};
use super::time::outside;

/// Returns `true` on a thread of a bubble.
pub fn in_bubble() -> bool {
    machine::inside()
}

/// Lets other threads run first. In a loop that waits for others without blocking, this is what lets
/// them.
///
/// Outside of a bubble, yields to the operating system.
#[track_caller]
pub fn yield_now() {
    if !machine::yield_now() {
        std::thread::yield_now();
    }
}

/// Marks a place, for [scripts](super::Script) and reports; others may run before it is passed.
/// Nothing outside of a bubble.
#[track_caller]
pub fn label(label: &'static str) {
    machine::step(Kind::Label(label));
}

/// Chooses a number below `n`: part of the schedule, explored and replayed like the order of
/// threads. Zero outside of a bubble.
///
/// # Panics
///
/// `sim::choose: nothing to choose from` if `n` is zero, `sim::choose: more than 65536` if it is.
#[track_caller]
pub fn choose(n: usize) -> usize {
    assert!(n > 0, "sim::choose: nothing to choose from");
    assert!(n <= 1 << 16, "sim::choose: more than 65536");
    machine::choose(n).unwrap_or(0)
}

/// Calls `f` with no other thread running in between.
///
/// # Panics
///
/// `sim::atomically: it would block` if `f` blocks
#[track_caller]
pub fn atomically<R>(f: impl FnOnce() -> R) -> R {
    machine::atomically(f)
}

/// Has `check` called between any two steps of any thread until the end of the bubble. It reports by
/// panicking, and must not block.
///
/// # Panics
///
/// `sim::invariant: not in a bubble`
#[track_caller]
pub fn invariant(name: &'static str, check: impl Fn() + Send + 'static) {
    if !machine::invariant(name, Box::new(check)) {
        outside("invariant")
    }
}

/// Calls `f`, which blocks in a way that the kit does not see, such as reading from a socket; other
/// threads run in the meantime, and time does not move. A run with such a call cannot be replayed.
///
/// Outside of a bubble, just calls `f`.
#[track_caller]
pub fn external<R>(f: impl FnOnce() -> R) -> R {
    machine::external(f).unwrap_or_else(|f| f())
}

/// Has the operating system refuse threads to the crate: of those that it asks for from now on, the ones
/// with these numbers, counted from zero. `0..usize::MAX` are all, and `0..0` none any more. A thread
/// of [`spawn`](super::spawn) always comes.
///
/// A test that goes through the numbers one by one, until [`refused_threads`] says that nothing was
/// refused, has seen every place where a thread is needed.
///
/// # Panics
///
/// `sim::refuse_threads: not in a bubble`
///
/// # Examples
///
/// ```
/// use phalanx::{WaitGroup, sim};
/// use std::sync::Arc;
///
/// sim::check(|| {
///     sim::refuse_threads(0..1);
///     let group = Arc::new(WaitGroup::new());
///     let refused = group.try_go(|| ()).unwrap_err();
///     assert_eq!(sim::refused_threads(), 1);
///     assert!(group.try_go(refused.into_inner()).is_ok()); // the next one comes
///     group.wait();
/// });
/// ```
#[track_caller]
pub fn refuse_threads(numbers: Range<usize>) {
    if !machine::refuse_threads(numbers) {
        outside("refuse_threads")
    }
}

/// How many threads have been refused since the last call of [`refuse_threads`].
pub fn refused_threads() -> usize {
    machine::refused_threads()
}
