//! Numbers that are never given twice.

#[cfg(not(feature = "sim"))]
#[derive(Debug)]
pub(super) struct Serials(u64);

#[cfg(not(feature = "sim"))]
impl Serials {
    pub(super) const fn new() -> Self {
        Serials(0)
    }

    #[inline]
    pub(super) fn next(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

/// Each bubble has a queue of its own, and what is set in one can be dropped in another, or in none:
/// there its name must mean nothing. So the numbers are those of the whole program.
#[cfg(feature = "sim")]
#[derive(Debug)]
pub(super) struct Serials;

#[cfg(feature = "sim")]
impl Serials {
    pub(super) const fn new() -> Self {
        Serials
    }

    #[expect(clippy::disallowed_types, clippy::unused_self, reason = "no step of a bubble")]
    pub(super) fn next(&mut self) -> u64 {
        use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
        static GIVEN: AtomicU64 = AtomicU64::new(0);
        // Relaxed: only the number matters.
        GIVEN.fetch_add(1, Relaxed) + 1
    }
}
