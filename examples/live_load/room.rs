//! The page: what the five services say, and how long they take for it.

use std::time::Duration;

pub(crate) struct Service {
    pub(crate) latency: Duration,
    pub(crate) answer: &'static str,
}

/// The services of the example `live_room`, ten times as fast.
pub(crate) const SERVICES: [Service; 5] = [
    Service::new(2, r#""version":{"number":"3.2.1"}"#),
    Service::new(8, r#""live":{"title":"Morning raga","viewers":1204}"#),
    Service::new(5, r#""user":{"name":"Asha","level":17}"#),
    Service::new(12, r#""equity":{"coins":5300,"member":true}"#),
    Service::new(10, r#""statistics":{"likes":88000,"shares":312}"#),
];

impl Service {
    const fn new(millis: u64, answer: &'static str) -> Self {
        Service { latency: Duration::from_millis(millis), answer }
    }
}

/// The page of these parts.
pub(crate) fn page(parts: &[&str]) -> String {
    format!("{{{}}}", parts.join(","))
}

pub(crate) fn sum() -> Duration {
    SERVICES.iter().map(|service| service.latency).sum()
}

pub(crate) fn slowest() -> Duration {
    SERVICES.iter().map(|service| service.latency).fold(Duration::ZERO, Duration::max)
}
