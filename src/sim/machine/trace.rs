//! What happened in a bubble, step by step.

use std::backtrace::Backtrace;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::op::Op;
use super::place::Place;
use super::thread::Doing;

/// The seed of an FNV-1a hash, and its factor.
const FNV: u64 = 0xcbf2_9ce4_8422_2325;
const FACTOR: u64 = 0x0100_0000_01b3;

#[derive(Clone, Debug)]
pub(crate) struct Trace {
    pub(crate) steps: Vec<Step>,
    pub(crate) decisions: Vec<Decision>,
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

/// There was a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    /// How many steps had been taken before.
    pub(crate) step: usize,
    pub(crate) chosen: u16,
    /// What would have been chosen if nobody had interfered.
    pub(crate) usual: u16,
}

impl Trace {
    pub(super) fn new() -> Self {
        Trace { steps: Vec::new(), decisions: Vec::new(), hash: FNV, places: BTreeMap::new() }
    }

    pub(super) fn step(&mut self, step: Step) {
        self.mix(step.thread as u64);
        for byte in step.op.kind.name().bytes() {
            self.mix(u64::from(byte));
        }
        self.mix(u64::from(step.op.object));
        self.steps.push(step);
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
            let narrow = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
            let step = self.steps.len();
            self.mix(chosen as u64);
            self.decisions.push(Decision { step, chosen: narrow(chosen), usual: narrow(usual) });
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
        let numbered = (0..).zip(&self.decisions);
        numbered.filter(|(_, d)| d.chosen != d.usual).map(|(n, d)| (n, d.chosen)).collect()
    }
}
