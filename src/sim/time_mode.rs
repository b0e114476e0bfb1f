//! Use this to say when virtual time may pass.

/// When the virtual time of a simulated test passes.
///
/// In both modes time stands still while a thread computes, and leaps to the next deadline when no
/// thread can run, so that a test with long timeouts takes no real time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeMode {
    /// Time passes only when no thread can run: a deadline is met only by those who wait for it in
    /// vain. Computing takes no time at all.
    #[default]
    Idle,
    /// A deadline may also pass while threads could run, as if the machine had kept them off its
    /// core: a timeout can race with the event that would have prevented it.
    Racing {
        /// How often, in percent of the steps at which both are possible. At 100 no thread runs
        /// as long as there is a deadline ahead.
        percent: u8,
    },
}
