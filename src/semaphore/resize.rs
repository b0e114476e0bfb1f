//! More permits, or fewer, while they are in use.

use super::{ONE, Queue, Semaphore};
use crate::sys::atomic::Relaxed;

impl Semaphore {
    /// Adds `n` permits.
    ///
    /// Those that [`remove_permits`](Self::remove_permits) has taken away, and that have not come
    /// back yet, stay where they are; the rest is free.
    ///
    /// # Panics
    ///
    /// `Semaphore::add_permits: more than Semaphore::MAX permits`. Nothing is changed.
    #[track_caller]
    pub fn add_permits(&self, n: usize) {
        let mut queue = self.queue.lock();
        let Some(size) = self.size().checked_add(n).filter(|size| *size <= Self::MAX) else {
            drop(queue);
            refuse_add();
        };
        let stay = queue.0.min(n);
        queue.0 -= stay;
        self.size.store(size, Relaxed);
        // Relaxed: nobody has done anything with them. There is room: free + in use = size + owed,
        // which is at most `MAX`, since this adds to the sum only when nothing is owed. It would not
        // do to add all and pay: those that are owed may have come back, and not been paid yet.
        self.state.fetch_add((n - stay) * ONE, Relaxed);
        self.serve(&mut queue);
    }

    /// Takes `n` permits away, or all that there are; returns how many.
    ///
    /// The size is less at once. Free permits go first; those in use remain valid, and are taken
    /// away when they come back, before anybody who waits gets one. Requests for more than are left
    /// fail with [`AcquireError::TooMany`](super::AcquireError::TooMany).
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
    pub(super) fn forget(&self, n: usize) {
        let mut queue = self.queue.lock();
        let removed = n.min(self.size());
        // The sum of size and owed is less by `n`. It is at least as much as is in use.
        queue.0 -= n - removed;
        self.shrink(removed, &mut queue);
    }

    fn shrink(&self, removed: usize, queue: &mut Queue<'_>) {
        let size = self.size() - removed;
        self.size.store(size, Relaxed);
        queue.refuse_all(|&n| n > size);
        self.serve(queue);
    }
}

#[cold]
#[track_caller]
fn refuse_add() -> ! {
    panic!("Semaphore::add_permits: more than Semaphore::MAX permits");
}
