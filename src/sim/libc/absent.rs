//! Where nothing stands in for the C library.

use std::sync::Arc;

use crate::sim::machine::Bubble;

/// Says so, once, if somebody has asked for more.
pub(crate) fn begin() {
    #[cfg(feature = "sim-std")]
    {
        static SAID: std::sync::Once = std::sync::Once::new();
        SAID.call_once(|| {
            eprintln!("sim-std: not supported on this platform, falling back to layer A");
        });
    }
}

/// Whether waits of unmodified code are seen.
pub(crate) fn sees_waits() -> bool {
    false
}

/// Nobody needs to know of a bubble.
pub(crate) struct Known;

impl Known {
    pub(crate) fn new(_bubble: &Arc<Bubble>) -> Self {
        Known
    }
}

pub(crate) fn prepare_thread() {}

pub(crate) fn body_is_over() {}
