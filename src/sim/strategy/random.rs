//! Use this to take every step at random.

use super::{Chooser, Menu};
use crate::sim::rng::Rng;

/// In how many percent of the steps a thread that has yielded may run although others could:
/// a yield promises nothing.
const IMPATIENT: u8 = 5;

/// A random walk.
#[derive(Debug)]
pub(super) struct Random {
    rng: Rng,
    /// In how many percent of the steps the running thread goes on without a draw.
    sticky: u8,
}

impl Random {
    pub(super) fn new(seed: u64, sticky: u8) -> Self {
        Random { rng: Rng::new(seed), sticky }
    }
}

impl Chooser for Random {
    fn choose(&mut self, menu: &Menu<'_>) -> usize {
        match menu.current {
            _ if menu.threads() < 2 => 0,
            Some(current) if !menu.candidates[current].yielded && self.rng.percent(self.sticky) => {
                current
            }
            _ => any(&mut self.rng, menu),
        }
    }

    fn data(&mut self, n: usize) -> usize {
        self.rng.below(n)
    }
}

/// Any of the threads, with equal chances; those that have yielded are seldom among them.
pub(super) fn any(rng: &mut Rng, menu: &Menu<'_>) -> usize {
    let (all, willing) = (menu.threads(), menu.willing().count());
    if willing < all && rng.percent(IMPATIENT) {
        return rng.below(all);
    }
    menu.willing().nth(rng.below(willing)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::testing::Program;
    use super::*;

    #[test]
    fn reaches_every_interleaving_of_two_threads_with_three_steps() {
        let program = Program::of(&[3, 3]);
        let orders = (0..500).map(|seed| program.order(&mut Random::new(seed, 0)));
        assert_eq!(orders.collect::<BTreeSet<_>>(), program.all_orders().into_iter().collect());
    }

    #[test]
    fn the_same_seed_gives_the_same_schedule() {
        let program = Program::of(&[5, 5, 5]);
        let order = |seed| program.order(&mut Random::new(seed, 10));
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(8));
    }

    #[test]
    fn a_sticky_walk_switches_seldom() {
        let switches = |sticky| -> usize {
            let program = Program::of(&[20, 20]);
            let orders = (0..50).map(|seed| program.order(&mut Random::new(seed, sticky)));
            orders.map(|order| order.windows(2).filter(|two| two[0] != two[1]).count()).sum()
        };
        assert!(switches(90) * 3 < switches(0));
    }

    #[test]
    fn spin_loops_end() {
        for seed in 0..200 {
            Program::spinning().order(&mut Random::new(seed, 90));
        }
    }
}
