//! The monotonic clock.

use std::time::Instant;

/// The time now, on the clock that every deadline of the crate is read against.
#[inline]
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) fn now() -> Instant {
    #[cfg(feature = "sim")]
    if let Some(now) = crate::sim::machine::now() {
        return now;
    }
    Instant::now()
}
