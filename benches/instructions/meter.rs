//! Repeats an operation where callgrind can see it.

use std::hint::black_box;

use crate::counting::allocations;

/// A count is the difference between two series of rounds, so that what is constant drops out. The
/// second series has this many operations more than the first.
pub(crate) const COUNTED: u32 = 1000;

/// The operations of the first series, and those that come before it: lists find their size, threads
/// start, and the linker finds what is called.
const FEW: u32 = 100;

/// What a scenario hands its operation to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Meter {
    /// Runs it once, to see that it works.
    Once,
    /// Runs it as often as is counted, and prints how many allocations make the difference.
    Watched,
}

impl Meter {
    /// Counts what `operation` costs.
    pub(crate) fn count<R>(self, mut operation: impl FnMut() -> R) {
        match self {
            Meter::Once => drop(black_box(operation())),
            Meter::Watched => {
                (0..FEW).for_each(|_| drop(black_box(operation())));
                let few = allocations_of(FEW, &mut operation);
                let many = allocations_of(FEW + COUNTED, &mut operation);
                report(many - few);
            }
        }
    }

    /// Counts what one more unit costs an operation that does as many as it is told. A round of the
    /// first series does one unit, a round of the second six: of as many freed allocations glibc keeps a list
    /// for each thread, without locked instructions.
    pub(crate) fn count_each<R>(self, mut operation: impl FnMut(u32) -> R) {
        const ROUNDS: u32 = COUNTED / 5;
        match self {
            Meter::Once => drop(black_box(operation(6))),
            Meter::Watched => {
                (0..FEW).for_each(|_| drop(black_box(operation(6))));
                let one = allocations_of(ROUNDS, &mut || operation(black_box(1)));
                let six = allocations_of(ROUNDS, &mut || operation(black_box(6)));
                report(six - one);
            }
        }
    }
}

fn allocations_of<R>(rounds: u32, operation: &mut impl FnMut() -> R) -> u64 {
    let before = allocations();
    rounds_seen_by_callgrind(rounds, operation);
    allocations() - before
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
