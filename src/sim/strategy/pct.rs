//! Use this to find a bug of a known depth with a known chance.
//!
//! Probabilistic concurrency testing, after Burckhardt, Kothari, Musuvathi and Nagarakatte (2010):
//! the thread with the highest priority runs. Priorities are drawn at first sight; at `depth - 1`
//! of the steps, drawn beforehand, the thread that would run falls below all others. A thread that
//! yields falls even lower. Only steps at which there is a choice of threads count.

use std::collections::BTreeMap;

use super::random::any;
use super::{Chooser, Menu};
use crate::sim::machine::Path;
use crate::sim::rng::Rng;

/// After so many times the expected number of steps the program may be going in circles, because
/// the thread it waits for has a low priority: from there on, threads run at random.
const PATIENCE: u64 = 20;

#[derive(Debug)]
pub(super) struct Pct {
    rng: Rng,
    /// The steps at which a thread falls. The nth falls to priority n.
    falls: Vec<u64>,
    step: u64,
    /// The last step at which priorities decide.
    horizon: u64,
    ranks: BTreeMap<Path, Rank>,
    /// The priority of the last thread that has yielded; counts down from zero.
    bottom: i64,
}

#[derive(Debug)]
struct Rank {
    priority: i64,
    /// Whether it has fallen for the yield that its candidate shows.
    humbled: bool,
}

impl Pct {
    pub(super) fn new(seed: u64, depth: u32, steps: u32) -> Self {
        let mut rng = Rng::new(seed);
        let steps = steps.max(1);
        let falls = (1..depth).map(|_| 1 + rng.below(steps as usize) as u64).collect();
        let horizon = PATIENCE * u64::from(steps);
        Pct { rng, falls, step: 0, horizon, ranks: BTreeMap::new(), bottom: 0 }
    }

    /// Gives new threads a priority and takes it from those that have yielded.
    fn meet(&mut self, menu: &Menu<'_>) {
        for (place, path) in menu.paths() {
            if !self.ranks.contains_key(path) {
                let priority = i64::try_from(self.rng.next() >> 2).unwrap_or(i64::MAX);
                let above_falls = priority.saturating_add(1 << 32);
                self.ranks.insert(path.clone(), Rank { priority: above_falls, humbled: false });
            }
            let yielded = menu.candidates[place].yielded;
            if let Some(rank) = self.ranks.get_mut(path) {
                if yielded && !rank.humbled {
                    self.bottom -= 1;
                    rank.priority = self.bottom;
                }
                rank.humbled = yielded;
            }
        }
    }

    fn highest(&self, menu: &Menu<'_>) -> usize {
        let priority = |path| self.ranks.get(path).map(|rank| rank.priority);
        menu.paths().max_by_key(|(_, path)| priority(*path)).map_or(0, |(place, _)| place)
    }

    /// The highest one, after those have fallen that have to.
    fn highest_after_falls(&mut self, menu: &Menu<'_>) -> usize {
        let now = (1..).zip(&self.falls).filter(|&(_, &fall)| fall == self.step);
        let priorities: Vec<i64> = now.map(|(priority, _)| priority).collect();
        let mut chosen = self.highest(menu);
        for priority in priorities {
            if let Some(rank) = self.rank(menu, chosen) {
                rank.priority = priority;
            }
            chosen = self.highest(menu);
        }
        chosen
    }

    fn rank(&mut self, menu: &Menu<'_>, place: usize) -> Option<&mut Rank> {
        self.ranks.get_mut(menu.candidates[place].path()?)
    }
}

impl Chooser for Pct {
    fn choose(&mut self, menu: &Menu<'_>) -> usize {
        self.meet(menu);
        let mut chosen = 0;
        if menu.threads() > 1 {
            self.step += 1;
            chosen = if self.step > self.horizon {
                any(&mut self.rng, menu)
            } else {
                self.highest_after_falls(menu)
            };
        }
        // If it yields in the step that it takes now, that is another yield.
        if let Some(rank) = self.rank(menu, chosen) {
            rank.humbled = false;
        }
        chosen
    }

    fn data(&mut self, n: usize) -> usize {
        self.rng.below(n)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Program, Step};
    use super::*;

    #[test]
    fn finds_a_bug_of_depth_two_as_often_as_the_theorem_says() {
        // The bug: all of the second thread runs between two steps of the first one.
        let program = Program::of(&[5, 5]);
        let bug = [0, 0, 0, 1, 1, 1, 1, 1, 0, 0];
        // The last thread has no choice at its last step, so that at most 9 steps count.
        let runs = 8000;
        let found = (0..runs).filter(|&seed| program.order(&mut Pct::new(seed, 2, 9)) == bug);
        assert!(found.count() as u64 >= runs / (2 * 10));
    }

    #[test]
    fn at_depth_one_nothing_is_preempted() {
        for seed in 0..100 {
            let mut order = Program::of(&[4, 4, 4]).order(&mut Pct::new(seed, 1, 12));
            order.dedup();
            assert_eq!(order.len(), 3);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_schedule() {
        let program = Program::of(&[5, 5, 5]);
        let order = |seed| program.order(&mut Pct::new(seed, 3, 15));
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(8));
    }

    #[test]
    fn spin_loops_with_yields_end_soon() {
        let each_for_the_next = vec![vec![Step::Spin(1)], vec![Step::Spin(2)], vec![Step::Do(1)]];
        for program in [Program::spinning(), Program::new(each_for_the_next)] {
            for seed in 0..200 {
                let order = program.order(&mut Pct::new(seed, 3, 1000));
                assert!(order.len() < 12, "{order:?}");
            }
        }
    }

    #[test]
    fn spin_loops_without_yields_end_in_the_random_tail() {
        let program = Program::new(vec![vec![Step::Await(1)], vec![Step::Do(1)]]);
        for seed in 0..50 {
            program.order(&mut Pct::new(seed, 2, 3));
        }
    }
}
