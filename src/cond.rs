//! Use this to wait until what a mutex guards has changed.
//!
//! A waiting thread takes a ticket before it unlocks the mutex, so no signal can fall between the
//! two; how signals find tickets is in `wait::tickets`.

use std::fmt;

use parking_lot::lock_api::{MutexGuard, RawMutex};

use crate::sys;
use crate::wait::{Interrupted, Tickets, Until};

/// A condition on what a [`Mutex`](crate::Mutex) guards, for which threads wait.
///
/// A thread that finds the condition not met [waits](Self::wait): the mutex is unlocked for as long
/// as that takes. Whoever changes what is guarded [signals](Self::signal) one thread, the one that
/// has waited longest, or [all](Self::broadcast). A wait ends by a signal that came after it began,
/// and by nothing else: there are no spurious wake-ups, and nobody who comes later can take a signal
/// away. But others may lock the mutex before the woken thread does and change things again, so
/// look again, or use [`wait_while`](Self::wait_while), which does.
///
/// A signal is not remembered: if nobody waits, nothing happens. Change what is guarded while the
/// mutex is locked; signal then or, which is faster, after unlocking.
///
/// The mutex is that of the guard: `parking_lot`'s, its `FairMutex`, `phalanx::sim::sync`'s, any that
/// is a `lock_api::RawMutex`, and also several with one condition. But a bubble of the test kit only
/// sees those of [`phalanx::Mutex`](crate::Mutex), and with the feature `sim-std` those of `parking_lot`.
///
/// On 64-bit targets it takes 24 bytes. It works in a `static`, and allocates only if a thread parks: 32
/// bytes for that wait, and once a list, which it keeps. A signal that no thread waits for is three
/// instructions on `x86_64`, one of them a load.
///
/// # Memory ordering
///
/// Each signal and broadcast *synchronizes with* the wait that it ends.
///
/// # Examples
///
/// ```
/// use phalanx::{Cond, Mutex};
/// use std::collections::VecDeque;
///
/// let (queue, not_empty) = (Mutex::new(VecDeque::new()), Cond::new());
/// std::thread::scope(|s| {
///     s.spawn(|| {
///         for n in 0..3 {
///             queue.lock().push_back(n);
///             not_empty.signal();
///         }
///     });
///     for n in 0..3 {
///         let mut queue = queue.lock();
///         not_empty.wait_while(&mut queue, |queue| queue.is_empty());
///         assert_eq!(queue.pop_front(), Some(n));
///     }
/// });
/// ```
///
/// # Compared with Go
///
/// `sync.Cond`, in the same order and with the same promises; the mutex belongs to the call, not to
/// the condition. A wait can be bounded: where Go's recipe for a context wakes everybody at each
/// cancellation, here the one thread leaves, and a signal that it does not take goes to the next.
pub struct Cond {
    waiting: Tickets,
}

#[cfg(not(feature = "sim"))]
const _: () = assert!(size_of::<Cond>() <= 24);

impl Cond {
    /// Makes a condition that nobody waits for.
    pub const fn new() -> Self {
        Cond { waiting: Tickets::new() }
    }

    /// Ends the wait of the thread that has waited longest. Does nothing if none waits.
    ///
    /// A thread that gives up in the same instant does not take the signal with it: the next one
    /// gets it. A thread that begins to wait afterwards does not get it.
    #[inline]
    pub fn signal(&self) {
        self.waiting.signal();
    }

    /// Ends the waits of all threads that wait now.
    #[inline]
    pub fn broadcast(&self) {
        self.waiting.broadcast();
    }

    /// Unlocks the mutex, waits for a signal, and locks the mutex again.
    ///
    /// # Blocking
    ///
    /// Spins for some microseconds where that has paid, and parks. Signals are given out in the order
    /// in which the waits began. Then the mutex is locked again, in competition with everybody.
    ///
    /// # Compared with Go
    ///
    /// `Cond.Wait`.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait<R: RawMutex, T: ?Sized>(&self, guard: &mut MutexGuard<'_, R, T>) {
        let waited = self.block(guard, Until::FOREVER);
        debug_assert!(waited.is_ok(), "nothing interrupts a wait without a bound");
    }

    /// [`wait`](Self::wait), and no longer than `until`.
    ///
    /// # Blocking
    ///
    /// As [`wait`](Self::wait). If a signal comes in the instant in which the bound is reached, it
    /// wins. Either way the mutex is locked when this returns, which may take longer than the bound.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the bound was reached first: no signal was taken. If the context had ended
    /// before the call, the mutex has not been unlocked.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait_until<'a, R: RawMutex, T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, R, T>,
        until: impl Into<Until<'a>>,
    ) -> Result<(), Interrupted> {
        self.block(guard, until.into())
    }

    /// Waits for as long as `condition` returns `true` for what is guarded.
    ///
    /// It is called with the mutex locked, at once and then after each signal. When this returns,
    /// it has just returned `false`.
    ///
    /// # Blocking
    ///
    /// As [`wait`](Self::wait), each time.
    ///
    /// # Compared with Go
    ///
    /// The loop around `Cond.Wait`.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait_while<R: RawMutex, T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, R, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) {
        while condition(guard) {
            self.wait(guard);
        }
    }

    /// [`wait_while`](Self::wait_while), and no longer than `until`.
    ///
    /// # Blocking
    ///
    /// As [`wait_while`](Self::wait_while). The condition is asked before the clock: if it returns
    /// `false` after the bound was reached, that is a success.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the bound was reached and the condition still returned `true` after that:
    /// no signal was taken that has not been answered by a look. If the context had ended before the
    /// call, the condition has not been asked.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::{Cond, Context, Mutex};
    ///
    /// let (ready, changed) = (Mutex::new(false), Cond::new());
    /// let (ctx, canceller) = Context::background().with_cancel();
    /// std::thread::scope(|s| {
    ///     let waiter = s.spawn(|| {
    ///         let mut ready = ready.lock();
    ///         changed.wait_while_until(&mut ready, &ctx, |ready| !*ready).is_err()
    ///     });
    ///     canceller.cancel(); // wakes it, wherever it is
    ///     assert!(waiter.join().unwrap());
    /// });
    /// ```
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait_while_until<'a, R: RawMutex, T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, R, T>,
        until: impl Into<Until<'a>>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> Result<(), Interrupted> {
        let until = until.into();
        until.enter()?;
        while condition(guard) {
            if let Err(interrupted) = self.block(guard, until) {
                return if condition(guard) { Err(interrupted) } else { Ok(()) };
            }
        }
        Ok(())
    }

    #[cfg_attr(feature = "sim", track_caller)]
    fn block<R: RawMutex, T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, R, T>,
        until: Until<'_>,
    ) -> Result<(), Interrupted> {
        until.enter()?;
        let call = sys::blocking_call("Cond::wait");
        // Before unlocking: whoever changes what is guarded from then on, and signals, finds us.
        let place = self.waiting.enter();
        MutexGuard::unlocked(guard, || {
            let waited = place.wait(&until);
            drop(call);
            waited
        })
    }
}

impl Default for Cond {
    fn default() -> Self {
        Cond::new()
    }
}

impl fmt::Debug for Cond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cond").finish_non_exhaustive()
    }
}
