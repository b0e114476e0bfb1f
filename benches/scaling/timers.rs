//! Timers that are pending.

use std::time::Duration;

use phalanx::AfterFunc;

use crate::curve::Curve;

pub(crate) const CURVES: [Curve; 1] = [Curve {
    name: "timers",
    title: "One more timer started and stopped while others are pending",
    size_of: "pending timers",
    per: "per start and stop",
    sizes: &[1, 10, 100, 1000, 10_000, 100_000, 1_000_000],
    of_all: false,
    measure: |size, timing| {
        let _pending: Vec<_> = (0..size).map(|n| AfterFunc::new(far(n, size), || ())).collect();
        Ok(timing.of(|| assert!(AfterFunc::new(HOUR * 3 / 2, || ()).stop())))
    },
}];

const HOUR: Duration = Duration::from_secs(3600);

/// A time from one hour to two. A step that has nothing in common with the sizes makes their order
/// look random.
fn far(n: u32, size: u32) -> Duration {
    HOUR + HOUR.mul_f64((f64::from(n) * 48_271.0 / f64::from(size)).fract())
}
