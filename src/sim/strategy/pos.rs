//! Use this to sample the orders of racing steps, rather than of all steps.
//!
//! Partial order sampling, after Yuan, Yang and Gu (CAV 2018): every step that a thread is about to
//! take has a random priority, and the highest one is taken. Those it raced with draw anew, since
//! a low priority has done its work once it has lost a race. Threads that cannot run are not on the
//! menu, so a step that blocks keeps its priority.

use std::collections::BTreeMap;

use super::{Chooser, Menu};
use crate::sim::machine::{Kind, Path};
use crate::sim::rng::Rng;

#[derive(Debug)]
pub(super) struct Pos {
    rng: Rng,
    /// What the next step of each thread has drawn.
    priorities: BTreeMap<Path, u64>,
}

impl Pos {
    pub(super) fn new(seed: u64) -> Self {
        Pos { rng: Rng::new(seed), priorities: BTreeMap::new() }
    }

    fn meet(&mut self, menu: &Menu<'_>) {
        for (_, path) in menu.paths() {
            if !self.priorities.contains_key(path) {
                self.priorities.insert(path.clone(), self.rng.next());
            }
        }
    }

    fn highest(&self, menu: &Menu<'_>) -> usize {
        let priority = |&place: &usize| self.priorities.get(menu.candidates[place].path()?);
        menu.willing().max_by_key(priority).unwrap_or(0)
    }

    /// Draws anew for the thread that takes a step, and for all whose steps race with it. Of threads
    /// that only yield each is to have its turn, though their steps race with nothing.
    fn redraw(&mut self, menu: &Menu<'_>, chosen: usize) {
        let step = menu.candidates[chosen].op;
        for (place, path) in menu.paths() {
            let other = menu.candidates[place].op;
            let both_yield = step.kind == Kind::Yield && other.kind == Kind::Yield;
            if place == chosen || both_yield || other.races_with(step) {
                self.priorities.insert(path.clone(), self.rng.next());
            }
        }
    }
}

impl Chooser for Pos {
    fn choose(&mut self, menu: &Menu<'_>) -> usize {
        self.meet(menu);
        let chosen = self.highest(menu);
        self.redraw(menu, chosen);
        chosen
    }

    fn data(&mut self, n: usize) -> usize {
        self.rng.below(n)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::testing::{Program, Step};
    use super::*;

    #[test]
    fn reaches_every_interleaving_of_racing_steps() {
        let program = Program::of(&[3, 3]);
        let orders = (0..1000).map(|seed| program.order(&mut Pos::new(seed)));
        assert_eq!(orders.collect::<BTreeSet<_>>(), program.all_orders().into_iter().collect());
    }

    #[test]
    fn a_thread_whose_steps_race_with_nothing_does_not_shuffle_the_others() {
        // The second thread has one step on the first one's object. Each of the first thread's five
        // steps before it costs a random walk a factor of two; here, the draws of steps that do not
        // race are kept, so that one low draw is enough to come last.
        let mut steps = vec![Step::Do(2); 5];
        steps.push(Step::Do(1));
        let program = Program::new(vec![steps, vec![Step::Do(1)]]);
        let last = (0..1000).filter(|&seed| program.order(&mut Pos::new(seed))[6] == 1).count();
        assert!(last > 1000 / 16, "{last}");
    }

    #[test]
    fn a_step_that_has_lost_a_race_draws_again() {
        // To come last it must lose six races; with one draw for all, one run in seven would do.
        let program = Program::of(&[1, 6]);
        let last = (0..1000).filter(|&seed| program.order(&mut Pos::new(seed))[6] == 0).count();
        assert!((1..1000 / 32).contains(&last), "{last}");
    }

    #[test]
    fn steps_that_race_with_nothing_interleave_too() {
        let program = Program::new(vec![vec![Step::Label("x"); 2]; 2]);
        let orders = (0..200).map(|seed| program.order(&mut Pos::new(seed)));
        assert_eq!(orders.collect::<BTreeSet<_>>().len(), 6);
    }

    #[test]
    fn the_same_seed_gives_the_same_schedule() {
        let program = Program::of(&[5, 5, 5]);
        let order = |seed| program.order(&mut Pos::new(seed));
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(8));
    }

    #[test]
    fn spin_loops_end() {
        for seed in 0..200 {
            Program::spinning().order(&mut Pos::new(seed));
        }
    }
}
