//! What is measured at several sizes.

use crate::timing::Timing;

pub(crate) struct Curve {
    /// A part of the ids in Go, and of the file of the picture.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// Of what there are so many.
    pub(crate) size_of: &'static str,
    /// For what the time is.
    pub(crate) per: &'static str,
    pub(crate) sizes: &'static [u32],
    /// Whether an operation is of all of them, so that its time is divided by the size.
    pub(crate) of_all: bool,
    /// The nanoseconds that an operation takes at a size, or why it cannot be measured.
    pub(crate) measure: fn(u32, Timing) -> Result<f64, String>,
}

impl Curve {
    pub(crate) fn go_id(&self, size: u32) -> String {
        format!("scaling/{}/go/{size}", self.name)
    }

    /// The time of one of them, of the time of an operation.
    pub(crate) fn unit(&self, size: u32, nanos: f64) -> f64 {
        if self.of_all { nanos / f64::from(size) } else { nanos }
    }

    /// Runs the smaller sizes, for a test.
    pub(crate) fn run_once(&self) {
        for &size in self.sizes.iter().filter(|&&size| size <= 10) {
            let nanos = (self.measure)(size, Timing::ONCE);
            assert!(nanos.is_ok_and(|nanos| nanos > 0.0), "{} of {size}", self.name);
        }
    }
}
