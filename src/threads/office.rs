//! The office of the searcher: who is on the way to the queue.

use crate::sys::Empty;
use crate::sys::atomic::{AtomicUsize, Relaxed};

const NOBODY: usize = 0;
const AWAKE: usize = 1;
const NAPPING: usize = 2;

/// | from      | to        | by                                          | under the lock of the pool |
/// |-----------|-----------|---------------------------------------------|----------------------------|
/// | `Nobody`  | `Awake`   | whoever appoints a thread, which exists     | yes                        |
/// | `Nobody`  | `Awake`   | a thread that has finished a task           | no                         |
/// | `Awake`   | `Nobody`  | the searcher                                | yes                        |
/// | `Awake`   | `Napping` | the searcher, for itself or a napping one   | yes                        |
/// | `Napping` | `Awake`   | the one that naps, or who replaces it       | yes                        |
///
/// Every step is Relaxed. Only the step without the lock could be missed by who holds it, and it goes
/// to `Awake`: who misses it appoints nobody either, since the same step is then refused to it. An
/// office that is found held under the lock is held by a thread that will take the lock again
/// before it gives the office up.
pub(super) struct Office(AtomicUsize);

/// Who is on the way to the queue.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Search {
    Nobody,
    /// A searcher that is awake.
    Awake,
    /// A searcher that naps, while others are running; one of them that runs out of tasks replaces
    /// it.
    Napping,
}

impl Empty for Office {
    const EMPTY: Self = Office(AtomicUsize::new(NOBODY));
}

impl Office {
    pub(super) fn get(&self) -> Search {
        match self.0.load(Relaxed) {
            AWAKE => Search::Awake,
            NAPPING => Search::Napping,
            _ => Search::Nobody,
        }
    }

    /// Changes the office. The caller holds it, or the one who does naps; and it has the lock.
    pub(super) fn set(&self, search: Search) {
        let word = match search {
            Search::Nobody => NOBODY,
            Search::Awake => AWAKE,
            Search::Napping => NAPPING,
        };
        self.0.store(word, Relaxed);
    }

    /// Takes the office, if nobody has it.
    pub(super) fn try_take(&self) -> bool {
        self.get() == Search::Nobody
            && self.0.compare_exchange(NOBODY, AWAKE, Relaxed, Relaxed).is_ok()
    }
}
