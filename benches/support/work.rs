//! Work that keeps a core busy.

use std::hint::black_box;

/// On the machine of the published figures.
const STEPS_PER_MICROSECOND: u32 = 1000;

/// Computes for about this long. The work is a number of steps, so a thread that is preempted still has
/// the rest of it to do; by the clock, it would have done it in the meantime.
pub(crate) fn busy(microseconds: u32) {
    black_box(lcg(microseconds.into(), microseconds * STEPS_PER_MICROSECOND));
}

/// Takes steps of a linear congruential generator. Every step needs the one before it, so the time
/// depends on the number of steps and little else.
pub(crate) fn lcg(seed: u64, steps: u32) -> u64 {
    // Unknown to the compiler, lest it makes one step of several, as Go's does not.
    let factor = black_box(6_364_136_223_846_793_005);
    (0..steps)
        .fold(seed, |x: u64, _| x.wrapping_mul(factor).wrapping_add(1_442_695_040_888_963_407))
}
