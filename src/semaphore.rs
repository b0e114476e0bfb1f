//! Use this to limit how many users something has at a time.
//!
//! The fast path is one atomic word: a compare-and-swap takes permits, a fetch-add gives them back. As soon as
//! a thread waits, a mark in that word sends everything through the queue's lock, where permits are handed out
//! in order.

mod acquire;
mod permit;

use std::fmt;

pub use acquire::{AcquireError, TryAcquireError};
pub use permit::Permit;

use crate::sys::atomic::{Acquire, AtomicUsize, Relaxed, Release};
use crate::wait::{Locked, WaitQueue};

/// Threads may wait, or permits are owed to a shrink: what comes back is handed out under the lock.
const WATCHED: usize = 1;
/// No permit is handed out any longer.
const CLOSED: usize = 1 << 1;
/// One free permit, in the bits above.
const ONE: usize = 1 << 2;

/// In the word of the size: requests for more than the size wait instead of failing.
const OPEN_ENDED: usize = 1;
/// In the word of the size: one permit.
const ONE_OF_SIZE: usize = 1 << 1;

/// A counting semaphore with weighted, fair acquisition.
///
/// A [`Permit`] stands for one permit or several, and gives them back when it is dropped. The number of permits
/// can be changed at any time, by [`add_permits`](Self::add_permits) and
/// [`remove_permits`](Self::remove_permits), even below what is in use. A request for more permits than there are
/// in total fails at once, and a waiting one fails when there are no longer so many; an
/// [open-ended](Self::open_ended) semaphore lets them wait.
///
/// A semaphore works in a `static` and allocates only while threads wait. If no thread waits, acquiring is one
/// atomic step and giving back is another.
///
/// # Fairness
///
/// Requests are granted first come, first served, so that a large one is not starved by small ones: while it
/// waits, those behind it wait, too, and [`try_acquire`](Self::try_acquire) fails, even if their permits are free.
/// A request for zero permits never waits.
///
/// If small requests should pass a large one, let the large one collect its permits one at a time and
/// [merge](Permit::merge) them. Then a second semaphore must see to it that only one request collects at a time,
/// since two that hold a part each may wait for each other forever:
///
/// ```
/// use phalanx::Semaphore;
///
/// let (slots, collectors) = (Semaphore::new(8), Semaphore::new(1));
/// let large = {
///     let _collector = collectors.acquire(1)?;
///     let mut large = slots.acquire(1)?;
///     for _ in 1..6 {
///         large.merge(slots.acquire(1)?);
///     }
///     large
/// };
/// assert_eq!((large.count(), slots.available()), (6, 2));
/// # Ok::<(), phalanx::AcquireError>(())
/// ```
///
/// # Memory ordering
///
/// Giving back or adding a permit *synchronizes with* every later acquisition that gets it.
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
/// `semaphore.Weighted` of x/sync, with the same order of service. Permits come back by themselves and cannot come
/// back twice; a request that can never be granted fails instead of waiting for its context; a request for zero
/// permits does not queue; the size can change; and there is a `close`.
pub struct Semaphore {
    /// | bits  | meaning                                   | written by                            |
    /// |-------|-------------------------------------------|---------------------------------------|
    /// | 0     | `WATCHED`: the lock must see what returns | `look`, `pay` set, `serve` clears     |
    /// | 1     | `CLOSED`                                  | `close` sets                          |
    /// | 2..   | the free permits                          | takers, `release`; `pay`, `serve`     |
    ///
    /// Both marks are written under the lock of `queue`. While one is set, permits are taken under that lock only,
    /// so a thread that has it sees the number only grow.
    state: AtomicUsize,
    /// | bits  | meaning                                                     | written by                |
    /// |-------|-------------------------------------------------------------|---------------------------|
    /// | 0     | `OPEN_ENDED`                                                | `open_ended`              |
    /// | 1..   | how many permits there are, free or in use                  | `set_size`, with the lock |
    ///
    /// A thread that looks without the lock publishes nothing and reads nothing by it: Relaxed.
    size: AtomicUsize,
    /// The waiting threads, with the number of permits that each of them wants.
    queue: WaitQueue<Owed, usize>,
}

#[cfg(not(feature = "sim"))]
const _: () = assert!(size_of::<Semaphore>() <= 40);

/// Permits in use that a shrink takes away when they come back.
///
/// Under the lock, and while no thread is about to give back: free + in use = size + owed.
#[derive(Debug)]
struct Owed(usize);

type Queue<'a> = Locked<'a, Owed, usize>;

impl Semaphore {
    /// The greatest number of permits: 4611686018427387903, on 32-bit targets 1073741823.
    pub const MAX: usize = usize::MAX / ONE;

    /// Creates a semaphore with `permits` permits, all of them free.
    ///
    /// There may be zero permits until some are [added](Self::add_permits). Until then, requests fail with
    /// [`AcquireError::TooMany`], unless the semaphore is [open-ended](Self::open_ended).
    ///
    /// # Panics
    ///
    /// Panics with `Semaphore::new: more than Semaphore::MAX permits`.
    #[track_caller]
    pub const fn new(permits: usize) -> Self {
        assert!(permits <= Self::MAX, "Semaphore::new: more than Semaphore::MAX permits");
        Semaphore {
            state: AtomicUsize::new(permits * ONE),
            size: AtomicUsize::new(permits * ONE_OF_SIZE),
            queue: WaitQueue::new(Owed(0)),
        }
    }

    /// Creates a semaphore whose requests may wait for permits that are yet to be added.
    ///
    /// The number of permits is then a signal rather than a limit: one thread [adds](Self::add_permits) a permit for
    /// each event, another acquires it and [forgets](Permit::forget) it. No request fails with
    /// [`AcquireError::TooMany`]; one for more permits than will ever be added waits until its bound, or until the
    /// semaphore is closed.
    ///
    /// # Panics
    ///
    /// Panics with `Semaphore::open_ended: more than Semaphore::MAX permits`.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::Semaphore;
    ///
    /// static READY: Semaphore = Semaphore::open_ended(0);
    ///
    /// std::thread::scope(|s| {
    ///     s.spawn(|| READY.acquire(3).map(|permit| permit.forget()));
    ///     (0..3).for_each(|_| READY.add_permits(1));
    /// });
    /// assert_eq!((READY.available(), READY.size()), (0, 0));
    /// ```
    ///
    /// # Compared with Go
    ///
    /// Go uses a channel for this. In Java, C++ and tokio every semaphore is open-ended.
    #[track_caller]
    pub const fn open_ended(permits: usize) -> Self {
        assert!(permits <= Self::MAX, "Semaphore::open_ended: more than Semaphore::MAX permits");
        Semaphore {
            state: AtomicUsize::new(permits * ONE),
            size: AtomicUsize::new((permits * ONE_OF_SIZE) | OPEN_ENDED),
            queue: WaitQueue::new(Owed(0)),
        }
    }

    /// Closes the semaphore forever: no permit is handed out any longer.
    ///
    /// Waiting requests and all later ones fail with [`AcquireError::Closed`]. Permits in use remain valid and come
    /// back as before. Closing it again does nothing.
    pub fn close(&self) {
        let mut queue = self.queue.lock();
        // Relaxed: the mark publishes nothing. No waiter is missed: it looks for this mark, and
        // enters the queue, under the lock that this thread holds.
        self.state.fetch_or(CLOSED, Relaxed);
        queue.refuse_all(|_| true);
        self.serve(&mut queue);
    }

    /// Returns the number of permits that are free.
    pub fn available(&self) -> usize {
        self.state.load(Relaxed) / ONE
    }

    /// Returns the number of permits there are, free or in use.
    pub fn size(&self) -> usize {
        self.size.load(Relaxed) / ONE_OF_SIZE
    }

    /// Returns `true` if the semaphore has been [closed](Self::close).
    pub fn is_closed(&self) -> bool {
        self.state.load(Relaxed) & CLOSED != 0
    }

    /// Adds `n` permits.
    ///
    /// Permits that [`remove_permits`](Self::remove_permits) has taken away, and that have not come back yet, stay
    /// with their holders; the rest is free.
    ///
    /// # Panics
    ///
    /// Panics with `Semaphore::add_permits: more than Semaphore::MAX permits`. Nothing is changed.
    #[track_caller]
    pub fn add_permits(&self, n: usize) {
        let mut queue = self.queue.lock();
        let Some(size) = self.size().checked_add(n).filter(|size| *size <= Self::MAX) else {
            drop(queue);
            refuse_add();
        };
        let stay = queue.0.min(n);
        queue.0 -= stay;
        self.set_size(size);
        // Release: pairs with Acquire in `take_if_free`, in `look` and in `free`, since an added permit may be a
        // signal. There is room: free + in use = size + owed, which is at most `MAX`, since this adds to the sum only
        // if nothing is owed. It would not do to add all and pay: those that are owed may have come back, and not
        // been paid yet.
        self.state.fetch_add((n - stay) * ONE, Release);
        self.serve(&mut queue);
    }

    /// Takes `n` permits away, or all that there are, and returns how many.
    ///
    /// The size is smaller at once. Free permits go first. Permits in use remain valid, and are taken away when they
    /// come back, before any waiting request gets one. Requests for more permits than are left fail with
    /// [`AcquireError::TooMany`], unless the semaphore is [open-ended](Self::open_ended).
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::Semaphore;
    ///
    /// let slots = Semaphore::new(4);
    /// let permit = slots.acquire(3)?;
    /// assert_eq!(slots.remove_permits(2), 2); // one that is free, one that is in use
    /// assert_eq!((slots.size(), slots.available()), (2, 0));
    /// drop(permit);
    /// assert_eq!((slots.size(), slots.available()), (2, 2));
    /// # Ok::<(), phalanx::AcquireError>(())
    /// ```
    pub fn remove_permits(&self, n: usize) -> usize {
        let mut queue = self.queue.lock();
        let removed = n.min(self.size());
        queue.0 += removed;
        self.shrink(removed, &mut queue);
        removed
    }

    /// Takes `n` permits out of use that will not come back.
    fn forget(&self, n: usize) {
        let mut queue = self.queue.lock();
        let removed = n.min(self.size());
        // The sum of size and owed is less by `n`. It is at least as much as is in use.
        queue.0 -= n - removed;
        self.shrink(removed, &mut queue);
    }

    fn shrink(&self, removed: usize, queue: &mut Queue<'_>) {
        self.set_size(self.size() - removed);
        queue.refuse_all(|&n| self.is_too_many(n));
        self.serve(queue);
    }

    /// Under the lock.
    fn set_size(&self, size: usize) {
        let open_ended = self.size.load(Relaxed) & OPEN_ENDED;
        self.size.store((size * ONE_OF_SIZE) | open_ended, Relaxed);
    }

    /// Whether a request for `n` permits fails, since there are not so many in total.
    fn is_too_many(&self, n: usize) -> bool {
        let size = self.size.load(Relaxed);
        size & OPEN_ENDED == 0 && n > size / ONE_OF_SIZE
    }

    /// Takes permits back from a holder.
    #[inline]
    fn release(&self, n: usize) {
        // Release: pairs with Acquire in `take_if_free`, in `look` and in `free`; what the holder did
        // is visible to the thread that gets the permits. Takers in between continue the release sequence.
        //
        // No wake-up is lost: the mark and the number are in one word. A waiting thread has set the
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

    /// Hands out the free permits: to a shrink first, then to the waiting threads, oldest first, up to the first
    /// request that does not fit.
    ///
    /// Called after each change that may help a request: permits given back or added, a request in
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
                // since nothing was done with them.
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
            // One step, so what comes back is counted here or sees the mark. Relaxed: no thread gets
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
        // Acquire: pairs with Release in `release` and `add_permits`; what the last holder did is handed on by the
        // grant to the waiting thread.
        self.state.load(Acquire) / ONE
    }

    /// Takes permits that [`free`](Self::free) has counted, under the lock.
    fn take_under_lock(&self, n: usize) {
        // Relaxed: `free` has acquired them, and taking publishes nothing.
        self.state.fetch_sub(n * ONE, Relaxed);
    }
}

#[cold]
#[track_caller]
fn refuse_add() -> ! {
    panic!("Semaphore::add_permits: more than Semaphore::MAX permits");
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
