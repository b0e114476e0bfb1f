//! Use this to write a schedule down: a recipe and a program give the same schedule every time.

use super::clock::WithClock;
use super::deviations::Deviations;
use super::pct::Pct;
use super::pos::Pos;
use super::random::Random;
use super::robin::Robin;
use super::walk::Walk;
use super::{Chooser, Strategy};
use crate::sim::machine::Path;
use crate::sim::rng::{Rng, mix};
use crate::sim::time_mode::TimeMode;

/// Everything that a chooser is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Recipe {
    Robin { reversed: bool },
    Random { seed: u64, sticky: u8 },
    Pct { seed: u64, depth: u32, steps: u32 },
    Pos { seed: u64 },
    Walk { seed: u64, counts: Vec<(Path, u32)> },
    Deviations(Vec<(u32, u16)>),
}

/// What earlier runs have taught about the program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Learnt {
    /// The most steps at which there was a choice of threads.
    pub(crate) steps: u32,
    /// The steps of each thread.
    pub(crate) counts: Vec<(Path, u32)>,
}

/// Keeps the draws that are about time apart from those that are about threads.
const CLOCK: u64 = 0x0063_6c6f_636b;

impl Recipe {
    pub(crate) fn chooser(&self, time: TimeMode) -> Box<dyn Chooser> {
        match *self {
            Recipe::Robin { reversed } => Box::new(Robin::new(reversed)),
            Recipe::Random { seed, sticky } => racing(Random::new(seed, sticky), seed, time),
            Recipe::Pct { seed, depth, steps } => racing(Pct::new(seed, depth, steps), seed, time),
            Recipe::Pos { seed } => racing(Pos::new(seed), seed, time),
            Recipe::Walk { seed, ref counts } => racing(Walk::new(seed, counts), seed, time),
            Recipe::Deviations(ref list) => Box::new(Deviations::new(list)),
        }
    }
}

fn racing(chooser: impl Chooser + 'static, seed: u64, time: TimeMode) -> Box<dyn Chooser> {
    match time {
        TimeMode::Idle => Box::new(chooser),
        TimeMode::Racing { percent } => {
            Box::new(WithClock::new(Box::new(chooser), percent, mix(seed, CLOCK)))
        }
    }
}

/// The recipe for a run of a strategy. None if it has none, since runs depend on those before
/// ([`Strategy::Dfs`]) or nothing is to be drawn ([`Strategy::Script`]).
pub(crate) fn recipe(
    strategy: &Strategy,
    iteration: u64,
    seed: u64,
    learnt: &Learnt,
) -> Option<Recipe> {
    let own = mix(seed, iteration);
    Some(match *strategy {
        Strategy::Auto => auto(iteration, seed, learnt),
        Strategy::Random => Recipe::Random { seed: own, sticky: 0 },
        Strategy::Pct { depth } => Recipe::Pct { seed: own, depth, steps: learnt.steps.max(1) },
        Strategy::Pos => Recipe::Pos { seed: own },
        Strategy::Walk => Recipe::Walk { seed: own, counts: learnt.counts.clone() },
        Strategy::RoundRobin => Recipe::Robin { reversed: iteration % 2 == 1 },
        Strategy::Dfs { .. } | Strategy::Script(_) => return None,
    })
}

/// The mix: no preemption first, since simple bugs then have simple traces, and then in turn the
/// strategies that find what the others miss.
pub(crate) fn auto(iteration: u64, seed: u64, learnt: &Learnt) -> Recipe {
    let seed = mix(seed, iteration);
    let pct = |depth| Recipe::Pct { seed, depth, steps: learnt.steps.max(1) };
    match iteration {
        0 => Recipe::Robin { reversed: false },
        1 => Recipe::Robin { reversed: true },
        _ => match iteration % 8 {
            0 | 4 => Recipe::Pos { seed },
            1 => pct(3),
            2 => Recipe::Random { seed, sticky: 0 },
            3 => pct(2),
            5 => pct([2, 3, 4, 5][Rng::new(seed).below(4)]),
            6 => Recipe::Walk { seed, counts: learnt.counts.clone() },
            _ => Recipe::Random { seed, sticky: 10 },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Program;
    use super::*;

    #[test]
    fn every_recipe_gives_the_same_schedule_every_time() {
        let program = Program::of(&[4, 4, 4]).with_clock();
        for iteration in 0..50 {
            for time in [TimeMode::Idle, TimeMode::Racing { percent: 20 }] {
                let recipe = auto(iteration, 9, &Learnt { steps: 12, counts: Vec::new() });
                let first = program.run(&mut *recipe.chooser(time));
                assert_eq!(first, program.run(&mut *recipe.chooser(time)), "{recipe:?}");
                let replay = Recipe::Deviations(first.deviations.clone());
                assert_eq!(first, program.run(&mut *replay.chooser(time)), "{recipe:?}");
            }
        }
    }

    #[test]
    fn the_mix_begins_without_preemptions_and_has_everything_in_it() {
        let learnt = Learnt::default();
        let mix: Vec<_> = (0..10).map(|iteration| auto(iteration, 3, &learnt)).collect();
        assert_eq!(mix[0], Recipe::Robin { reversed: false });
        assert_eq!(mix[1], Recipe::Robin { reversed: true });
        assert!(matches!(mix[2], Recipe::Random { sticky: 0, .. }));
        assert!(matches!(mix[3], Recipe::Pct { depth: 2, steps: 1, .. }));
        assert!(matches!(mix[4], Recipe::Pos { .. }));
        assert!(matches!(mix[5], Recipe::Pct { depth: 2..=5, .. }));
        assert!(matches!(mix[6], Recipe::Walk { .. }));
        assert!(matches!(mix[7], Recipe::Random { sticky: 10, .. }));
        assert!(matches!(mix[8], Recipe::Pos { .. }));
        assert!(matches!(mix[9], Recipe::Pct { depth: 3, .. }));
    }

    #[test]
    fn runs_of_one_strategy_have_different_seeds() {
        let own = |iteration| recipe(&Strategy::Pos, iteration, 1, &Learnt::default());
        assert_ne!(own(0), own(1));
        assert_eq!(own(1), own(1));
    }
}
