//! What happened in a bubble, step by step.

use std::backtrace::Backtrace;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::op::Op;
use super::place::Place;
use super::thread::Doing;

/// The seed of an FNV-1a hash, and its factor.
const FNV: u64 = 0xcbf2_9ce4_8422_2325;
const FACTOR: u64 = 0x0100_0000_01b3;

#[derive(Clone, Debug)]
pub(crate) struct Trace {
    pub(crate) steps: Steps,
    /// How often there was a choice.
    pub(crate) decisions: u32,
    /// The choices that were not the usual ones, in order.
    deviations: Vec<Deviation>,
    /// Of all that happened: threads, kinds of steps, objects.
    pub(crate) hash: u64,
    /// Where steps of unmodified code were taken, as far as anybody has looked.
    places: BTreeMap<usize, Arc<Backtrace>>,
}

/// A thread has taken a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) thread: usize,
    pub(crate) op: Op,
    /// The call that it is part of.
    pub(crate) call: Option<Doing>,
    /// The virtual time, in nanoseconds since the bubble began.
    pub(crate) now: u64,
}

/// A choice that would have been another one if the strategy had not interfered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Deviation {
    /// How many choices there had been before.
    number: u32,
    /// How many steps had been taken before.
    step: usize,
    chosen: u16,
}

/// So many steps of a long run are kept from its beginning, and so many from its end.
const FIRST: usize = 100_000;
const LAST: usize = 10_000;

/// The steps of a run. Of a long one the middle is not kept: a run may go on for hours.
#[derive(Clone, Debug, Default)]
pub(crate) struct Steps {
    first: Vec<Step>,
    last: VecDeque<Step>,
    taken: usize,
}

impl Steps {
    /// How many steps have been taken.
    pub(crate) fn len(&self) -> usize {
        self.taken
    }

    /// Returns a step, if it is kept.
    pub(crate) fn get(&self, step: usize) -> Option<&Step> {
        self.first.get(step).or_else(|| self.last.get(step.checked_sub(self.last_from())?))
    }

    /// The number of the first step that is kept from the end.
    fn last_from(&self) -> usize {
        self.taken - self.last.len()
    }

    /// The steps that are kept, with their numbers.
    pub(crate) fn kept(&self) -> impl DoubleEndedIterator<Item = (usize, &Step)> {
        let first = self.first.iter().enumerate();
        let from = self.last_from();
        first.chain(self.last.iter().enumerate().map(move |(n, step)| (from + n, step)))
    }

    /// Adds a step. Returns the number of the one that is no longer kept.
    fn push(&mut self, step: Step) -> Option<usize> {
        self.taken += 1;
        if self.first.len() < FIRST {
            self.first.push(step);
            return None;
        }
        self.last.push_back(step);
        if self.last.len() > LAST {
            self.last.pop_front();
            return Some(self.last_from() - 1);
        }
        None
    }
}

impl Trace {
    pub(super) fn new() -> Self {
        Trace {
            steps: Steps::default(),
            decisions: 0,
            deviations: Vec::new(),
            hash: FNV,
            places: BTreeMap::new(),
        }
    }

    pub(super) fn step(&mut self, step: Step) {
        self.mix(step.thread as u64);
        for byte in step.op.kind.name().bytes() {
            self.mix(u64::from(byte));
        }
        self.mix(u64::from(step.op.object));
        if let Some(forgotten) = self.steps.push(step) {
            self.places.remove(&forgotten);
        }
    }

    /// Where the last step was taken.
    pub(super) fn at(&mut self, place: Arc<Backtrace>) {
        self.places.insert(self.steps.len() - 1, place);
    }

    /// Where a step was taken, if it was one of unmodified code, and somebody has looked.
    pub(crate) fn place(&self, step: usize) -> Option<Place> {
        Place::of(self.places.get(&step)?)
    }

    /// There were `options` of which one was chosen.
    pub(super) fn decide(&mut self, chosen: usize, usual: usize, options: usize) {
        if options > 1 {
            self.mix(chosen as u64);
            if chosen != usual {
                let (number, step) = (self.decisions, self.steps.len());
                let chosen = u16::try_from(chosen).unwrap_or(u16::MAX);
                self.deviations.push(Deviation { number, step, chosen });
            }
            self.decisions = self.decisions.saturating_add(1);
        }
    }

    fn mix(&mut self, value: u64) {
        self.hash = (self.hash ^ value).wrapping_mul(FACTOR);
    }

    /// The hash as tokens have it.
    pub(crate) fn short_hash(&self) -> u32 {
        let [.., a, b, c, d] = (self.hash ^ (self.hash >> 32)).to_be_bytes();
        u32::from_be_bytes([a, b, c, d])
    }

    /// The decisions that were not the usual ones.
    pub(crate) fn deviations(&self) -> Vec<(u32, u16)> {
        self.deviations.iter().map(|deviation| (deviation.number, deviation.chosen)).collect()
    }

    /// Whether the strategy interfered before that step.
    pub(crate) fn interfered_before(&self, step: usize) -> bool {
        self.deviations.binary_search_by_key(&step, |deviation| deviation.step).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::machine::Kind;

    #[test]
    fn of_a_long_run_the_first_and_the_last_steps_are_kept() {
        const STEPS: usize = 1_000_000;
        let mut trace = Trace::new();
        let op = Op::new(Kind::Yield, 0);
        for now in 0..STEPS as u64 {
            trace.step(Step { thread: 0, op, call: None, now });
        }
        let steps = &trace.steps;
        assert_eq!(steps.len(), STEPS);
        let numbers: Vec<usize> = steps.kept().map(|(number, _)| number).collect();
        let kept: Vec<usize> = (0..FIRST).chain(STEPS - LAST..STEPS).collect();
        assert!(numbers == kept);
        let at = |step: usize| steps.get(step).map(|step| step.now);
        assert!(kept.iter().all(|&step| at(step) == Some(step as u64)));
        assert!([FIRST, STEPS - LAST - 1, STEPS].map(at) == [None; 3]);
    }

    #[test]
    fn only_choices_that_deviate_are_kept() {
        let mut trace = Trace::new();
        for choice in [0, 0, 1, 0, 2] {
            trace.decide(choice, 0, 3);
        }
        trace.decide(0, 0, 1);
        assert_eq!((trace.decisions, trace.deviations()), (5, vec![(2, 1), (4, 2)]));
        assert!(trace.interfered_before(0) && !trace.interfered_before(1));
    }
}
