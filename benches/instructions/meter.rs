//! Repeats an operation where callgrind can see it.

use std::hint::black_box;

use crate::counting::allocations;

/// One count is the difference of two numbers of rounds, so that what is constant drops out.
pub(crate) const FEW: u32 = 100;
pub(crate) const MANY: u32 = 1100;

/// What a scenario hands its operation to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Meter {
    /// Runs it once, to see that it works.
    Once,
    /// Runs it as often as is counted, and prints how many allocations make the difference.
    Watched,
}

impl Meter {
    pub(crate) fn count<R>(self, mut operation: impl FnMut() -> R) {
        match self {
            Meter::Once => drop(black_box(operation())),
            Meter::Watched => {
                // Lists find their size, threads start, and the linker finds what is called.
                (0..FEW).for_each(|_| drop(black_box(operation())));
                let mut of = |rounds| {
                    let before = allocations();
                    rounds_seen_by_callgrind(rounds, &mut operation);
                    allocations() - before
                };
                let (few, many) = (of(FEW), of(MANY));
                report(many - few);
            }
        }
    }
}

/// Callgrind counts while this runs, on this thread, and writes a file whenever it returns.
#[inline(never)]
fn rounds_seen_by_callgrind<R>(n: u32, operation: &mut impl FnMut() -> R) {
    for _ in 0..n {
        black_box(operation());
    }
}

#[expect(clippy::print_stdout, reason = "for the process that has started this one")]
fn report(allocations: u64) {
    println!("{allocations}");
}
