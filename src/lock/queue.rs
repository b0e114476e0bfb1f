//! The threads that wait for a lock and for the end of a context.
//!
//! `parking_lot` gives a waiting thread the lock, or lets it sleep to an instant; nobody can call it
//! back. So a thread that a context may call back waits here instead, and is told to look again by each
//! step that may let it in. The lock has one mark for it; what the mark stands for is in a queue that
//! several locks share, found by the address of the mark.

use std::ptr;

use crate::sys::atomic::{HintBool, Relaxed, fence, fence_after_update};
use crate::sys::{self, Empty, Global, Static};
use crate::wait::{Interrupted, Locked, Patience, Until, WaitQueue};

/// Whether threads may wait here for a lock.
///
/// # Why no wake-up is lost
///
/// The lock and its mark are two words: a thread that waits sets the mark and then tries the lock; one
/// that unlocks does so and then looks at the mark. Between the two steps each has a sequentially
/// consistent fence, so not both can miss the other: the attempt succeeds, or the mark is seen. It is
/// set under the lock of the queue, which the waiting thread has until it is in the queue, and whoever
/// sees the mark goes for that lock. It is cleared under the same lock, and only if nobody is in the queue.
///
/// All this is of one simulated run: the mark belongs to the lock and the queue to the run. A mark that an
/// earlier run has left costs a look at an empty queue. A run at the same time may clear a mark that this one
/// needs, so the docs of the module forbid that.
#[derive(Debug)]
pub(super) struct Mark(HintBool);

/// How many queues there are.
const QUEUES: usize = 16;

static QUEUES_OF_LOCKS: Global<Queues> = Global::new();

struct Queues([Queue; QUEUES]);

type Queue = WaitQueue<(), Wish>;

/// What a thread waits for.
#[derive(Debug)]
struct Wish {
    /// The address of the mark.
    lock: usize,
    /// Whether it is of use only if nobody else has the lock.
    alone: bool,
}

impl Mark {
    pub(super) const fn new() -> Self {
        Mark(HintBool::new(false))
    }

    /// Whether threads may wait for the lock: to be asked after each step that may let one in.
    #[inline]
    pub(super) fn is_set(&self) -> bool {
        // Pairs with the fence in `wait`: see the type.
        fence_after_update();
        // Relaxed: what belongs to the mark is read under the lock of the queue.
        self.0.load(Relaxed)
    }

    /// Has the threads look again that may get the lock now: all that share it and, if it is free, one
    /// that wants it alone. The others are called by whoever gets it, when it comes free.
    #[cold]
    pub(super) fn call(&self, is_free: bool) {
        let lock = self.address();
        let mut queue = self.queue().lock();
        // A thread that gives up between the look and the grant is not found again.
        while let Some((key, _)) = queue.oldest(|wish| wish.lock == lock && !wish.alone) {
            queue.grant(key);
        }
        while let Some((key, _)) = queue.oldest(|wish| wish.lock == lock) {
            if !is_free || queue.grant(key) {
                break;
            }
        }
        self.tidy(&queue);
    }

    /// Waits until `attempt` succeeds, and no longer than `until`. `alone` says of what kind it is.
    #[cold]
    #[cfg_attr(feature = "sim", track_caller)]
    pub(super) fn wait<G>(
        &self,
        until: &Until<'_>,
        alone: bool,
        attempt: impl Fn() -> Option<G>,
    ) -> Result<G, Interrupted> {
        let queue = self.queue();
        let mut got = None;
        loop {
            let last_look = |(): &mut ()| {
                self.0.store(true, Relaxed);
                // Pairs with the fence in `is_set`: see the type.
                fence();
                sys::point();
                got = attempt();
                got.is_some()
            };
            let wish = Wish { lock: self.address(), alone };
            let called =
                queue.ask(until, wish, Patience::Spins, last_look, |queue| self.tidy(queue));
            if let Some(got) = got {
                return Ok(got);
            }
            if let Err(why) = called {
                // The lock may have come free before the bound, and the call not yet.
                return attempt().ok_or(why);
            }
        }
    }

    /// Clears the mark if nobody waits.
    fn tidy(&self, queue: &Locked<'_, (), Wish>) {
        let lock = self.address();
        if queue.oldest(|wish| wish.lock == lock).is_none() {
            self.0.store(false, Relaxed);
        }
    }

    fn address(&self) -> usize {
        ptr::from_ref(self).addr()
    }

    fn queue(&self) -> &'static Queue {
        // Locks are some words apart.
        let number = (self.address() / size_of::<[usize; 2]>()) % QUEUES;
        &QUEUES_OF_LOCKS.get().0[number]
    }
}

impl Empty for Queues {
    const EMPTY: Self = Queues([const { WaitQueue::new(()) }; QUEUES]);
}

impl Static for Queues {
    #[cfg(feature = "sim")]
    fn clear(&self) {
        self.0.iter().for_each(Static::clear);
    }
}
