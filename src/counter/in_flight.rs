//! One that a gauge counts, for as long as it lives.

use std::fmt;
use std::sync::Arc;

use super::Gauge;

/// One that a [`Gauge`] counts, until it is dropped.
///
/// # Examples
///
/// ```
/// use phalanx::{Gauge, InFlight};
/// use std::sync::Arc;
///
/// let gauge = Arc::new(Gauge::new());
/// let in_flight = InFlight::new(Arc::clone(&gauge)); // `gauge.track()` would borrow
/// std::thread::spawn(move || drop(in_flight));
/// gauge.wait_for(|n| n == 0);
/// ```
#[must_use = "what is dropped at once is no longer counted"]
pub struct InFlight<G: sealed::Handle>(G);

#[expect(unnameable_types, reason = "sealed: a guard holds one of two types")]
mod sealed {
    use super::{Arc, Gauge};

    /// What a guard can hold: `&Gauge` or `Arc<Gauge>`.
    pub trait Handle {
        fn gauge(&self) -> &Gauge;
    }

    impl Handle for &Gauge {
        #[inline]
        fn gauge(&self) -> &Gauge {
            self
        }
    }

    impl Handle for Arc<Gauge> {
        #[inline]
        fn gauge(&self) -> &Gauge {
            self
        }
    }
}

impl<G: sealed::Handle> InFlight<G> {
    /// Counts one in. `gauge` is a `&Gauge` or an `Arc<Gauge>`.
    ///
    /// # Panics
    ///
    /// As [`Gauge::track`].
    #[track_caller]
    #[inline]
    pub fn new(gauge: G) -> Self {
        gauge.gauge().begin();
        InFlight(gauge)
    }
}

impl<G: sealed::Handle> Drop for InFlight<G> {
    #[inline]
    fn drop(&mut self) {
        self.0.gauge().end();
    }
}

impl<G: sealed::Handle> fmt::Debug for InFlight<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlight").field("gauge", self.0.gauge()).finish_non_exhaustive()
    }
}
