//! A counter with a part for each thread.

mod home;
mod mine;
mod slots;

use std::fmt;
use std::sync::Arc;

use home::Home;

use crate::sys::Lazy;

/// Counts with a part for each thread: adding costs about a nanosecond, however many threads add.
///
/// Each thread that adds has a cell of its own, in a cache line of its own, and adds with a plain
/// load and a plain store: no other thread writes there. [`sum`](Self::sum) adds the cells up. For
/// what is counted often and read seldom, such as hits and bytes; where each value matters to the
/// code, use [`Counter`](crate::Counter).
///
/// **The sum is not a snapshot.** It has every addition that *happened before* it: those of this
/// thread, and of threads that it has joined, or has otherwise heard of since. Of additions that go
/// on meanwhile it may have any, in any order. So there is no reset either, nor a step that
/// returns the sum.
///
/// It works in a `static`, and takes 16 bytes on 64-bit targets. An addition is 18 plain instructions on
/// `x86_64`, none of them locked; about twice as many for all but the first sixteen counters of a program.
/// A thread's first one makes its cell, of 256 bytes, and so it cannot count in a global allocator; when the thread ends, what it has counted is kept, and the cell goes to the next
/// thread that comes. The cells go with the counter, but a thread keeps its own until it ends, or has
/// one of a later counter in its place.
///
/// # Memory ordering
///
/// Counting publishes nothing. Whoever has *synchronized with* a thread, by joining it or by waiting
/// for its task, finds in the sum what that thread has added before.
///
/// # Examples
///
/// ```
/// use phalanx::ShardedCounter;
/// use std::thread;
///
/// static HITS: ShardedCounter = ShardedCounter::new();
///
/// thread::scope(|s| {
///     for _ in 0..5 {
///         s.spawn(|| (0..1000).for_each(|_| HITS.inc()));
///     }
/// });
/// assert_eq!(HITS.sum(), 5000);
/// ```
///
/// # Compared with Go
///
/// Not in Go, where it has been asked for since 2017, and where one `atomic.Int64` costs 40 ns as
/// soon as two threads add to it.
pub struct ShardedCounter {
    /// Made by whoever adds first: an `Arc` cannot be made in a `const fn`. Shared with the threads
    /// that have a cell, since they may outlive the counter.
    home: Lazy<Arc<Home>>,
}

#[cfg(not(feature = "sim"))]
const _: () = assert!(size_of::<ShardedCounter>() <= 16);

impl ShardedCounter {
    /// Creates a counter at zero.
    pub const fn new() -> Self {
        ShardedCounter { home: Lazy::new() }
    }

    /// Adds `n`, which may be negative.
    ///
    /// # Panics
    ///
    /// `ShardedCounter::add: overflow`, if all that this thread has added is more than an `i64` can
    /// be. Nothing is added.
    #[track_caller]
    #[inline]
    pub fn add(&self, n: i64) {
        if !self.home.get().is_some_and(|home| mine::add_fast(home, n)) {
            self.add_slow(n);
        }
    }

    /// Adds one.
    ///
    /// # Panics
    ///
    /// As [`add`](Self::add).
    #[track_caller]
    #[inline]
    pub fn inc(&self) {
        self.add(1);
    }

    /// The first addition of a thread, or one after its cells are gone, or to a counter that came late,
    /// or one too much.
    #[inline(never)]
    #[track_caller]
    fn add_slow(&self, n: i64) {
        let home = self.home();
        match mine::add(home, n) {
            Some(Ok(())) => return,
            Some(Err(mine::Overflow)) => refuse("add"),
            None => {}
        }
        if mine::settle(home) {
            let added = mine::add(home, n);
            debug_assert!(matches!(added, Some(Ok(()))), "a part begins at zero");
        } else {
            home.add(n);
        }
    }

    fn home(&self) -> &Arc<Home> {
        self.home.get().unwrap_or_else(|| {
            // Made before, so that no thread waits for it while it is made. One of several is used.
            let home = Home::new();
            self.home.get_or_init(|| home)
        })
    }

    /// Returns the sum of what all threads have added, also of those that have ended.
    ///
    /// Exact as soon as the writers have been joined; see the type for what else it may miss. Takes
    /// a lock for a moment, and some nanoseconds for each thread that has added.
    ///
    /// # Panics
    ///
    /// `ShardedCounter::sum: overflow`, if it is more than an `i64` can be.
    #[track_caller]
    pub fn sum(&self) -> i64 {
        let Ok(sum) = i64::try_from(self.total()) else { refuse("sum") };
        sum
    }

    fn total(&self) -> i128 {
        self.home.get().map_or(0, |home| home.total())
    }
}

#[cold]
#[track_caller]
fn refuse(method: &str) -> ! {
    panic!("ShardedCounter::{method}: overflow");
}

impl Default for ShardedCounter {
    fn default() -> Self {
        ShardedCounter::new()
    }
}

impl fmt::Debug for ShardedCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells = self.home.get().map_or(0, |home| home.cells());
        f.debug_struct("ShardedCounter")
            .field("sum", &self.total())
            .field("cells", &cells)
            .finish_non_exhaustive()
    }
}
