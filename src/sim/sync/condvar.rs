//! Use this to test code that waits for a condition.

#![expect(unsafe_code, reason = "a mutex is unlocked under the guard that stands for its lock")]

use std::fmt;
use std::ptr;
use std::time::{Duration, Instant};

use parking_lot::lock_api::RawMutex as _;

use super::mutex::{MutexGuard, RawMutex};
use crate::sim::machine::{self, Id, Kind};
use crate::sys;
use crate::wait::{Until, WaitQueue};

/// [`parking_lot::Condvar`], for [`Mutex`](super::Mutex), in virtual time.
///
/// To unlock the mutex and begin to wait is one step, and so is to notify: a notification that comes
/// before is lost, and one that comes after is not. Waiting threads are notified in the order in
/// which they came. They never wake up for no reason, and then compete for the mutex with everybody
/// else.
///
/// # Examples
///
/// ```
/// use phalanx::sim;
/// use phalanx::sim::sync::{Condvar, Mutex};
/// use std::time::Duration;
///
/// sim::check(|| {
///     let (open, opened) = (Mutex::new(false), Condvar::new());
///     sim::scope(|s| {
///         s.spawn("porter", || {
///             *open.lock() = true;
///             opened.notify_all();
///         });
///         opened.wait_while(&mut open.lock(), |open| !*open);
///     });
///     let hour = Duration::from_secs(3600);
///     assert!(opened.wait_for(&mut open.lock(), hour).timed_out()); // takes no time
///     assert_eq!(sim::elapsed(), hour);
/// });
/// ```
pub struct Condvar {
    id: Id,
    waiting: WaitQueue<Waiting>,
}

/// Who waits.
#[derive(Debug)]
struct Waiting {
    threads: usize,
    /// The address of their mutex.
    mutex: usize,
}

/// Whether a wait ended without a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Returns `true` if time was over before a notification came.
    pub fn timed_out(self) -> bool {
        self.0
    }
}

impl Condvar {
    /// Makes a condition that nobody waits for.
    pub const fn new() -> Self {
        Condvar { id: Id::new(), waiting: WaitQueue::new(Waiting { threads: 0, mutex: 0 }) }
    }

    /// Wakes the thread that has waited longest; `false` if none waits, and then nothing happens.
    #[track_caller]
    pub fn notify_one(&self) -> bool {
        self.notify(1) == 1
    }

    /// Wakes all threads that wait, and returns how many.
    #[track_caller]
    pub fn notify_all(&self) -> usize {
        self.notify(usize::MAX)
    }

    #[track_caller]
    fn notify(&self, most: usize) -> usize {
        machine::point(Kind::Update, &self.id);
        machine::atomically(|| {
            let mut waiting = self.waiting.lock();
            let mut notified = 0;
            while notified < most && waiting.grant_one() {
                notified += 1;
            }
            waiting.threads -= notified;
            notified
        })
    }

    /// Unlocks the mutex, waits for a notification, and locks it again.
    ///
    /// # Panics
    ///
    /// `Condvar::wait: others wait with another mutex`
    #[track_caller]
    pub fn wait<T: ?Sized>(&self, guard: &mut MutexGuard<'_, T>) {
        self.block(guard, Until::FOREVER);
    }

    /// [`wait`](Self::wait), for no longer than `timeout`. Then the mutex is locked all the same,
    /// which may take longer.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    #[track_caller]
    pub fn wait_for<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        timeout: Duration,
    ) -> WaitTimeoutResult {
        self.block(guard, timeout.into())
    }

    /// [`wait_for`](Self::wait_for), up to an instant of [`sim::now`](crate::sim::now)'s.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    #[track_caller]
    pub fn wait_until<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        deadline: Instant,
    ) -> WaitTimeoutResult {
        self.block(guard, deadline.into())
    }

    /// Waits again and again for as long as `condition` returns `true`.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    #[track_caller]
    pub fn wait_while<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        condition: impl FnMut(&mut T) -> bool,
    ) {
        self.block_while(guard, condition, Until::FOREVER);
    }

    /// [`wait_while`](Self::wait_while), for no longer than `timeout`.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    #[track_caller]
    pub fn wait_while_for<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        condition: impl FnMut(&mut T) -> bool,
        timeout: Duration,
    ) -> WaitTimeoutResult {
        self.block_while(guard, condition, timeout.into())
    }

    /// [`wait_while`](Self::wait_while), up to an instant of [`sim::now`](crate::sim::now)'s.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    #[track_caller]
    pub fn wait_while_until<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        condition: impl FnMut(&mut T) -> bool,
        deadline: Instant,
    ) -> WaitTimeoutResult {
        self.block_while(guard, condition, deadline.into())
    }

    #[track_caller]
    fn block_while<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        mut condition: impl FnMut(&mut T) -> bool,
        until: Until<'_>,
    ) -> WaitTimeoutResult {
        let mut result = WaitTimeoutResult(false);
        while !result.timed_out() && condition(guard) {
            result = self.block(guard, until);
        }
        result
    }

    #[track_caller]
    fn block<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        until: Until<'_>,
    ) -> WaitTimeoutResult {
        let _call = sys::blocking_call("Condvar::wait");
        // SAFETY:
        // - the lock is given up only for the life of an `Unlocked`, for which the guard is borrowed.
        let mutex = unsafe { MutexGuard::mutex(guard).raw() };
        let address = ptr::from_ref(mutex).addr();
        let mut unlocked = None;
        // No notification is missed: the mutex is unlocked under the lock of the queue, which the
        // thread is in when that is released.
        let waited = self.waiting.wait_parked(until, |waiting| {
            if waiting.threads > 0 && waiting.mutex != address {
                return true;
            }
            waiting.threads += 1;
            waiting.mutex = address;
            // SAFETY:
            // - the caller has the lock, as its guard shows;
            // - the guard is borrowed until the mutex is locked again.
            unlocked = Some(unsafe { Unlocked::new(mutex) });
            false
        });
        if waited.is_err() {
            machine::atomically(|| self.waiting.lock().threads -= 1);
        }
        assert!(unlocked.is_some(), "Condvar::wait: others wait with another mutex");
        WaitTimeoutResult(waited.is_err())
    }
}

/// A mutex that is locked again when this is dropped, whatever happens.
struct Unlocked<'a>(&'a RawMutex);

impl<'a> Unlocked<'a> {
    /// # Safety
    ///
    /// The thread has the lock, and does not use what it guards before the result is dropped.
    unsafe fn new(mutex: &'a RawMutex) -> Self {
        // SAFETY:
        // - as the caller promises.
        unsafe { mutex.unlock() };
        Unlocked(mutex)
    }
}

impl Drop for Unlocked<'_> {
    fn drop(&mut self) {
        self.0.lock();
    }
}

impl Default for Condvar {
    fn default() -> Self {
        Condvar::new()
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condvar").finish_non_exhaustive()
    }
}
