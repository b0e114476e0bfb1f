//! Use this to let no more than so many users at a time at something.

mod acquire;
mod permit;
mod resize;

use std::fmt;

pub use acquire::AcquireError;
pub use permit::Permit;

use crate::sys::atomic::{Acquire, AtomicUsize, Relaxed, Release};
use crate::wait::{Locked, WaitQueue};

/// Threads may wait, or permits are owed to a shrink: what comes back is dealt out under the lock.
const WATCHED: usize = 1;
/// No permit is given out any more.
const CLOSED: usize = 1 << 1;
/// One free permit, in the bits above.
const ONE: usize = 1 << 2;

/// Hands out a number of permits, in the order in which they are asked for.
///
/// A [`Permit`] stands for one permit or several, and gives them back when it is dropped. A request
/// is granted at once if it fits and nobody waits; otherwise it waits its turn, so that a large
/// request is not starved by small ones: those behind it wait even where they would fit. A request
/// for no permits at all takes nothing from anybody, and never waits.
///
/// The number of permits can be changed at any time, by [`add_permits`](Self::add_permits) and
/// [`remove_permits`](Self::remove_permits), also below what is in use. A request for more than
/// there are in all fails at once; one that waits fails when there are no longer so many.
///
/// It takes 40 bytes, allocates only where threads wait, and works in a `static`. When nobody waits,
/// acquiring is one atomic step and giving back another: together 22 instructions on x86-64.
///
/// # Memory ordering
///
/// Giving back a permit *synchronizes with* every later acquire that gets it.
///
/// # Examples
///
/// ```
/// use phalanx::Semaphore;
/// use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
///
/// let connections = Semaphore::new(2);
/// let (open, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
/// std::thread::scope(|s| {
///     for _ in 0..8 {
///         s.spawn(|| {
///             let _permit = connections.acquire(1).unwrap();
///             most.fetch_max(open.fetch_add(1, SeqCst) + 1, SeqCst);
///             open.fetch_sub(1, SeqCst);
///         });
///     }
/// });
/// assert!(most.into_inner() <= 2);
/// assert_eq!(connections.available(), 2);
/// ```
///
/// # Compared with Go
///
/// `semaphore.Weighted` of x/sync, with the same order of service. Permits come back by themselves
/// and cannot come back twice; a request that can never be granted fails instead of waiting for its
/// context; a request for nothing does not queue; there is a size that can change, and a `close`.
pub struct Semaphore {
    /// | bits  | meaning                                   | written by                            |
    /// |-------|-------------------------------------------|---------------------------------------|
    /// | 0     | `WATCHED`: the lock must see what returns | `look`, `pay` set, `serve` clears     |
    /// | 1     | `CLOSED`                                  | `close` sets                          |
    /// | 2..   | the free permits                          | takers, `release`; `pay`, `serve`     |
    ///
    /// Both marks are written under the lock of `queue`. While one is set nobody takes permits but
    /// under that lock, so whoever has it sees the number only grow.
    state: AtomicUsize,
    /// How many permits there are, free or in use. Written under the lock of `queue`.
    ///
    /// Outside of the lock, those who look publish nothing and read nothing by it: Relaxed.
    size: AtomicUsize,
    /// The waiting threads, with the number of permits that each wants.
    queue: WaitQueue<Owed, usize>,
}

#[cfg(not(feature = "sim"))]
const _: () = assert!(size_of::<Semaphore>() <= 40);

/// Permits in use that a shrink takes away when they come back.
///
/// Under the lock, and when nobody is about to give back: free + in use = size + owed.
#[derive(Debug)]
struct Owed(usize);

type Queue<'a> = Locked<'a, Owed, usize>;

impl Semaphore {
    /// The greatest number of permits: 4611686018427387903, on 32-bit targets 1073741823.
    pub const MAX: usize = usize::MAX / ONE;

    /// Creates a semaphore with so many permits, all of them free. There may be none as yet.
    ///
    /// # Panics
    ///
    /// `Semaphore::new: more than Semaphore::MAX permits`.
    #[track_caller]
    pub const fn new(permits: usize) -> Self {
        assert!(permits <= Self::MAX, "Semaphore::new: more than Semaphore::MAX permits");
        Semaphore {
            state: AtomicUsize::new(permits * ONE),
            size: AtomicUsize::new(permits),
            queue: WaitQueue::new(Owed(0)),
        }
    }

    /// Closes the semaphore, for ever: no permit is given out any more.
    ///
    /// Those who wait, and all later calls, fail with [`AcquireError::Closed`]. Permits in use
    /// remain valid, and come back as before. To close it again does nothing.
    pub fn close(&self) {
        let mut queue = self.queue.lock();
        // Relaxed: the mark publishes nothing. No waiter is missed: it looks for this mark, and
        // enters the queue, under the lock that we hold.
        self.state.fetch_or(CLOSED, Relaxed);
        queue.refuse_all(|_| true);
        self.serve(&mut queue);
    }

    /// Returns the number of permits that are free just now.
    pub fn available(&self) -> usize {
        self.state.load(Relaxed) / ONE
    }

    /// Returns the number of permits there are, free or in use.
    pub fn size(&self) -> usize {
        self.size.load(Relaxed)
    }

    /// Returns `true` if the semaphore has been [closed](Self::close).
    pub fn is_closed(&self) -> bool {
        self.state.load(Relaxed) & CLOSED != 0
    }

    /// Takes permits back from a holder.
    #[inline]
    fn release(&self, n: usize) {
        // Release: pairs with Acquire in `take_if_free`, in `look` and in `free`; what the holder did
        // is visible to whoever gets the permits. Takers in between continue the release sequence.
        //
        // No wake-up is lost: the mark and the number are in one word. Whoever waits has set the
        // mark after a look at the number, so this step comes before the look, which counts these
        // permits, or it sees the mark.
        if self.state.fetch_add(n * ONE, Release) & WATCHED != 0 {
            self.serve_now();
        }
    }

    #[cold]
    fn serve_now(&self) {
        self.serve(&mut self.queue.lock());
    }

    /// Deals out the free permits: to a shrink first, then to the waiting threads, the oldest first,
    /// up to the first whose request does not fit.
    ///
    /// Called after each change that may help anybody: permits given back or added, a request in
    /// front that was given up or refused.
    fn serve(&self, queue: &mut Queue<'_>) {
        self.pay(queue);
        while let Some((key, &n)) = queue.oldest(|_| true) {
            if n > self.free() {
                return;
            }
            // Before the grant: the thread may give the permits back before it is woken.
            self.take_under_lock(n);
            if !queue.grant(key) {
                // It has given up in this very moment: what it was owed goes to the next. Relaxed,
                // as nothing was done with them.
                self.state.fetch_add(n * ONE, Relaxed);
            }
        }
        if queue.0 == 0 {
            // Relaxed: the mark publishes nothing.
            self.state.fetch_and(!WATCHED, Relaxed);
        }
    }

    /// Takes free permits that are owed to a shrink; if that is not all, the mark is there.
    fn pay(&self, queue: &mut Queue<'_>) {
        if queue.0 == 0 {
            return;
        }
        let mut state = self.state.load(Relaxed);
        loop {
            let paid = queue.0.min(state / ONE);
            let mark = if paid < queue.0 { WATCHED } else { 0 };
            // One step, so what comes back is counted here or sees the mark. Relaxed: nobody gets
            // these permits, and the mark publishes nothing.
            let next = (state - paid * ONE) | mark;
            match self.state.compare_exchange_weak(state, next, Relaxed, Relaxed) {
                Ok(_) => return queue.0 -= paid,
                Err(now) => state = now,
            }
        }
    }

    /// The free permits.
    fn free(&self) -> usize {
        // Acquire: pairs with Release in `release`; what the last holder did is handed on by the
        // grant to the thread that waits.
        self.state.load(Acquire) / ONE
    }

    /// Takes permits of which [`free`](Self::free) has told, under the lock.
    fn take_under_lock(&self, n: usize) {
        // Relaxed: `free` has acquired them, and taking publishes nothing.
        self.state.fetch_sub(n * ONE, Relaxed);
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore")
            .field("available", &self.available())
            .field("size", &self.size())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
