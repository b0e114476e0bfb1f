//! Use this to replay a schedule: it is the usual one, except at the decisions listed.

use std::collections::BTreeMap;

use super::{Chooser, Menu};

/// The usual schedule, except where it is said otherwise.
///
/// Decisions are numbered from zero. A menu is a decision if there is more than one candidate on
/// it; a choice of data is always one.
#[derive(Debug)]
pub(super) struct Deviations {
    elsewhere: BTreeMap<u32, u16>,
    /// The number of the next decision.
    next: u32,
}

impl Deviations {
    pub(super) fn new(list: &[(u32, u16)]) -> Self {
        Deviations { elsewhere: list.iter().copied().collect(), next: 0 }
    }

    /// Makes the next decision. What is not among the `n` possible is not taken: a shrunk list may
    /// say it.
    fn decide(&mut self, n: usize, usual: usize) -> usize {
        let listed = self.elsewhere.get(&self.next).map(|&place| usize::from(place));
        self.next += 1;
        listed.filter(|&place| place < n).unwrap_or(usual)
    }
}

impl Chooser for Deviations {
    fn choose(&mut self, menu: &Menu<'_>) -> usize {
        match menu.candidates.len() {
            0 | 1 => 0,
            n => self.decide(n, menu.usual()),
        }
    }

    fn data(&mut self, n: usize) -> usize {
        self.decide(n, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::super::testing::{Program, Step};
    use super::*;

    #[test]
    fn replays_a_random_schedule() {
        let mut program = Program::spinning();
        program.push(vec![Step::Data(3), Step::Do(1), Step::Data(2), Step::Do(2)]);
        for seed in 0..100 {
            let recorded = program.run(&mut Random::new(seed, 20));
            let replayed = program.run(&mut Deviations::new(&recorded.deviations));
            assert_eq!(recorded, replayed);
        }
    }

    #[test]
    fn without_deviations_nobody_interferes() {
        assert_eq!(Program::of(&[2, 2]).order(&mut Deviations::new(&[])), [0, 0, 1, 1]);
    }

    #[test]
    fn a_listed_decision_is_taken_elsewhere() {
        let program = Program::of(&[2, 2]);
        assert_eq!(program.order(&mut Deviations::new(&[(1, 1)])), [0, 1, 1, 0]);
    }

    #[test]
    fn what_is_not_possible_is_not_taken() {
        let program = Program::of(&[2, 2]);
        assert_eq!(program.order(&mut Deviations::new(&[(1, 9), (99, 0)])), [0, 0, 1, 1]);
    }

    #[test]
    fn time_passes_where_it_is_listed() {
        let program = Program::of(&[2]).with_clock();
        let order = program.order(&mut Deviations::new(&[(1, 1)]));
        assert_eq!(order, [0, Program::CLOCK, 0]);
    }
}
