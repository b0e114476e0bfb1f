//! What can be seen of the queue without its lock.

use crossbeam_utils::CachePadded;

use crate::sys::Empty;
use crate::sys::atomic::{AtomicUsize, Relaxed};

/// The number of the oldest task, or of the next to come if there is none. On a cache line of its own,
/// since a thread that looks out for tasks reads it all the time.
pub(super) struct Front(CachePadded<Words>);

struct Words {
    oldest: AtomicUsize,
    /// Tasks with lower numbers are waited for by a thread that will not run them itself.
    urgent: AtomicUsize,
}

/// What was to be seen at one moment. Two that are equal, and not empty, show the same task.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Sight(usize);

/// Whether there is a task; its number is in the bits above.
const QUEUED: usize = 1;

impl Empty for Front {
    const EMPTY: Self =
        Front(CachePadded::new(Words { oldest: AtomicUsize::new(0), urgent: AtomicUsize::new(0) }));
}

impl Front {
    /// Shows the number of the oldest task, or of the next to come.
    pub(super) fn show(&self, serial: usize, is_queued: bool) {
        // Relaxed: a hint; the lock orders the rest.
        self.0.oldest.store(serial.wrapping_mul(2) | usize::from(is_queued), Relaxed);
    }

    pub(super) fn look(&self) -> Sight {
        // Relaxed: a hint. What is missed here is found under the lock.
        Sight(self.0.oldest.load(Relaxed))
    }

    /// Says that the tasks before that number are urgent.
    pub(super) fn hurry(&self, serial: usize) {
        // Relaxed: a hint.
        self.0.urgent.store(serial.wrapping_mul(2), Relaxed);
    }

    /// Whether there is a task, and an urgent one.
    pub(super) fn is_urgent(&self) -> bool {
        let oldest = self.look();
        oldest.is_queued() && oldest.0 < self.0.urgent.load(Relaxed)
    }
}

impl Sight {
    /// Whether the queue was not empty.
    pub(super) fn is_queued(self) -> bool {
        self.0 & QUEUED != 0
    }
}
