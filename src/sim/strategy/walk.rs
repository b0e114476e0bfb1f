//! Use this to make all interleavings about equally likely.
//!
//! A plain random walk favours some interleavings by far: of a thread with one step and a thread
//! with ten, the first is almost never last. Here a thread is chosen with a chance in proportion to
//! the steps that it still has ahead, which makes every interleaving equally likely if the
//! estimates are right (after SURW, Zhao, Wolff, Mathur and Roychoudhury, ASPLOS 2025). They come
//! from earlier runs.
//!
//! A thread that has not started yet cannot be chosen, but its steps must weigh, or the chances of
//! its start would be too low: they count for the nearest ancestor that has started.

use std::collections::BTreeMap;

use super::{Chooser, Menu};
use crate::sim::machine::Path;
use crate::sim::rng::Rng;

#[derive(Debug)]
pub(super) struct Walk {
    rng: Rng,
    /// The estimates for those that have not started.
    unborn: BTreeMap<Path, u64>,
    /// The estimate for a thread of which no earlier run knew.
    average: u64,
    /// For each one that has started, the steps that it and its unborn descendants have ahead.
    ahead: BTreeMap<Path, u64>,
}

impl Walk {
    pub(super) fn new(seed: u64, counts: &[(Path, u32)]) -> Self {
        let unborn: BTreeMap<_, _> =
            counts.iter().map(|(path, count)| (path.clone(), u64::from(*count))).collect();
        let average = unborn.values().sum::<u64>() / (unborn.len() as u64).max(1);
        Walk { rng: Rng::new(seed), unborn, average: average.max(1), ahead: BTreeMap::new() }
    }

    fn meet(&mut self, menu: &Menu<'_>) {
        for (_, path) in menu.paths() {
            if !self.ahead.contains_key(path) {
                self.start(path);
            }
        }
    }

    /// Takes over the steps of a thread and of its descendants from the ancestor that has them.
    fn start(&mut self, path: &Path) {
        let own = self.unborn.remove(path);
        let heirs = self.unborn.iter().filter(|(other, _)| is_ancestor(path, other));
        let family: u64 = heirs.map(|(_, steps)| steps).sum();
        let ancestors = self.ahead.iter_mut().filter(|(other, _)| is_ancestor(other, path));
        if let Some((_, ahead)) = ancestors.max_by_key(|(other, _)| other.numbers().len()) {
            *ahead = ahead.saturating_sub(own.unwrap_or(0) + family);
        }
        self.ahead.insert(path.clone(), own.unwrap_or(self.average) + family);
    }

    /// Its steps ahead: at least one, since it is there.
    fn weight(&self, menu: &Menu<'_>, place: usize) -> usize {
        let ahead = menu.candidates[place].path().and_then(|path| self.ahead.get(path));
        usize::try_from(ahead.copied().unwrap_or(1).max(1)).unwrap_or(usize::MAX)
    }

    fn draw(&mut self, menu: &Menu<'_>) -> usize {
        let total = menu.willing().map(|place| self.weight(menu, place)).sum();
        let mut drawn = self.rng.below(total);
        for place in menu.willing() {
            let weight = self.weight(menu, place);
            if drawn < weight {
                return place;
            }
            drawn -= weight;
        }
        0
    }
}

fn is_ancestor(elder: &Path, younger: &Path) -> bool {
    elder != younger && younger.numbers().starts_with(elder.numbers())
}

impl Chooser for Walk {
    fn choose(&mut self, menu: &Menu<'_>) -> usize {
        self.meet(menu);
        let chosen = if menu.threads() > 1 { self.draw(menu) } else { 0 };
        let path = menu.candidates[chosen].path();
        if let Some(ahead) = path.and_then(|path| self.ahead.get_mut(path)) {
            *ahead = ahead.saturating_sub(1);
        }
        chosen
    }

    fn data(&mut self, n: usize) -> usize {
        self.rng.below(n)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Program;
    use super::*;

    fn path(text: &str) -> Path {
        text.parse().unwrap()
    }

    #[test]
    fn every_interleaving_is_equally_likely_if_the_estimates_are_right() {
        let program = Program::of(&[7, 1]);
        let counts = [(path("T0.0"), 7), (path("T0.1"), 1)];
        let mut seen = BTreeMap::new();
        for seed in 0..8000 {
            *seen.entry(program.order(&mut Walk::new(seed, &counts))).or_insert(0) += 1;
        }
        assert_eq!(seen.len(), 8);
        assert!(seen.values().all(|times| (800..1200).contains(times)), "{seen:?}");
    }

    #[test]
    fn the_steps_of_an_unborn_thread_count_for_its_nearest_ancestor() {
        let counts = [(path("T0"), 2), (path("T0.0"), 10), (path("T0.0.1"), 100)];
        let mut walk = Walk::new(1, &counts);
        walk.start(&path("T0"));
        assert_eq!(walk.ahead[&path("T0")], 112);
        walk.start(&path("T0.0"));
        assert_eq!((walk.ahead[&path("T0")], walk.ahead[&path("T0.0")]), (2, 110));
        walk.start(&path("T0.0.1"));
        assert_eq!((walk.ahead[&path("T0.0")], walk.ahead[&path("T0.0.1")]), (10, 100));
        walk.start(&path("T0.1"));
        assert_eq!((walk.ahead[&path("T0")], walk.ahead[&path("T0.1")]), (2, 37));
    }

    #[test]
    fn the_same_seed_gives_the_same_schedule() {
        let program = Program::of(&[5, 5, 5]);
        let order = |seed| program.order(&mut Walk::new(seed, &[]));
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(8));
    }

    #[test]
    fn spin_loops_end() {
        for seed in 0..200 {
            Program::spinning().order(&mut Walk::new(seed, &[(path("T0.0"), 1000)]));
        }
    }
}
