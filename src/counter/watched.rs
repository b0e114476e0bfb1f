//! A word whose changes can be waited for, at the price of one look for whoever changes it.

use crate::sys::atomic::{AcqRel, Acquire, AtomicBool, AtomicU64, Relaxed};
use crate::wait::{Interrupted, Until, WaitQueue};

/// A word, and the threads that wait for it to change.
///
/// All changes are read-modify-writes, so each continues the release sequence of all before it:
/// whoever sees one of them has synchronized with every one up to it.
pub(super) struct Watched {
    /// What is counted. Written by all.
    word: AtomicU64,
    /// Whether the queue may not be empty. Written under the lock of `waiters` only: set by
    /// `enlist`, cleared by `wake` together with granting everybody.
    waiting: AtomicBool,
    waiters: WaitQueue,
}

impl Watched {
    pub(super) const fn new(word: u64) -> Self {
        Watched {
            word: AtomicU64::new(word),
            waiting: AtomicBool::new(false),
            waiters: WaitQueue::new(()),
        }
    }

    #[inline]
    pub(super) fn get(&self) -> u64 {
        // Acquire: pairs with Release in `update`, `swap`, and `wrapping_add`; what was done before
        // the change is visible to whoever sees it.
        self.word.load(Acquire)
    }

    /// Changes the word to what `f` makes of it, and returns that; if `f` makes nothing of it,
    /// leaves it and returns it as an error.
    ///
    /// No `fetch_add` that is taken back when it went too far: others would see a value that never
    /// was.
    #[inline]
    pub(super) fn update(&self, mut f: impl FnMut(u64) -> Option<u64>) -> Result<u64, u64> {
        let mut seen = self.get();
        loop {
            let Some(new) = f(seen) else { return Err(seen) };
            // Release: pairs with Acquire in `get`, here, and in `enlist`. Acquire: this call has
            // seen the value as if by `get`; and see `tell`. On failure, too: `f` sees it next.
            match self.word.compare_exchange_weak(seen, new, AcqRel, Acquire) {
                Ok(_) => break self.tell(Ok(new)),
                Err(now) => seen = now,
            }
        }
    }

    #[inline]
    pub(super) fn swap(&self, new: u64) -> u64 {
        // AcqRel: as in `update`.
        self.tell(self.word.swap(new, AcqRel))
    }

    /// Adds, and returns the sum.
    #[inline]
    pub(super) fn wrapping_add(&self, n: u64) -> u64 {
        // AcqRel: as in `update`.
        self.tell(self.word.fetch_add(n, AcqRel)).wrapping_add(n)
    }

    /// Waits until `is_it` says `true` of the word, and returns it.
    pub(super) fn wait_for(
        &self,
        until: Until<'_>,
        mut is_it: impl FnMut(u64) -> bool,
    ) -> Result<u64, Interrupted> {
        until.enter()?;
        loop {
            let seen = self.get();
            if is_it(seen) {
                return Ok(seen);
            }
            // Here, since a word that changes all the time never lets us sleep.
            if until.is_over() {
                return Err(until.why());
            }
            self.waiters.wait(until, || self.get() != seen, |()| self.enlist(seen))?;
        }
    }

    /// The last look, under the lock: the word has changed, or else whoever changes it will know.
    ///
    /// No wake-up is lost, though mark and word are two: our look is a read-modify-write that
    /// changes nothing, so a change comes either before it, and we see it; or after it, and then
    /// it has read what we wrote, or what was made of it, and sees the mark that we set before.
    /// Then it wants the lock, which we hold until we are in the queue. If it sees the mark cleared
    /// again, somebody has cleared it after we were in the queue, and has granted us.
    fn enlist(&self, seen: u64) -> bool {
        // Relaxed: published by the next step.
        self.waiting.store(true, Relaxed);
        // Release: pairs with Acquire in the changes, which look at the mark next. Acquire: pairs
        // with Release in them; theirs may be what we find.
        self.word.fetch_add(0, AcqRel) != seen
    }

    /// Passes `result` on, after a change, and wakes whoever waits for one.
    #[inline]
    fn tell<R>(&self, result: R) -> R {
        // Relaxed: the change before was an Acquire, and that is what makes the mark visible.
        if self.waiting.load(Relaxed) {
            self.wake();
        }
        result
    }

    #[cold]
    fn wake(&self) {
        let mut waiters = self.waiters.lock();
        // Relaxed: written under the lock only. Whoever wants to be told next sets it anew.
        self.waiting.store(false, Relaxed);
        waiters.grant_all();
    }
}
