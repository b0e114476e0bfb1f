//! Use this to try a chooser on a tiny program that consists of nothing but steps.

use std::collections::BTreeSet;

use super::{Candidate, Chooser, Menu, Who};
use crate::sim::machine::{Kind, Op, Path};

/// More steps than any of these programs takes, unless it goes in circles.
const ENDLESS: usize = 10_000;

#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Changes the object of that number.
    Do(u32),
    /// Looks like this to a script.
    Label(&'static str),
    /// Blocks until that thread has ended.
    Join(usize),
    /// Spins until that thread has ended, and yields in each round.
    Spin(usize),
    /// Spins until that thread has ended, without yielding.
    Await(usize),
    /// Chooses one of so many.
    Data(usize),
    /// The last step, as real threads have it.
    End,
}

/// What each thread does. Thread n has the path `T0.n`; its name is the nth letter.
#[derive(Clone, Debug)]
pub(super) struct Program {
    threads: Vec<Vec<Step>>,
    clock: bool,
}

/// What a run of it has come to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Run {
    /// Which thread took each step.
    pub(super) order: Vec<usize>,
    pub(super) data: Vec<usize>,
    /// What differs from the usual schedule.
    pub(super) deviations: Vec<(u32, u16)>,
    decisions: u32,
}

impl Program {
    pub(super) const CLOCK: usize = usize::MAX;

    pub(super) fn new(threads: Vec<Vec<Step>>) -> Self {
        Program { threads, clock: false }
    }

    /// A program whose threads take so many steps each, all of them on one object.
    pub(super) fn of(steps: &[usize]) -> Self {
        Program::new(steps.iter().map(|&n| vec![Step::Do(1); n]).collect())
    }

    /// Two threads that spin until a third one is done.
    pub(super) fn spinning() -> Self {
        Program::new(vec![vec![Step::Spin(2)], vec![Step::Spin(2)], vec![Step::Do(1); 2]])
    }

    pub(super) fn with_clock(mut self) -> Self {
        self.clock = true;
        self
    }

    pub(super) fn push(&mut self, thread: Vec<Step>) {
        self.threads.push(thread);
    }

    pub(super) fn order(&self, chooser: &mut dyn Chooser) -> Vec<usize> {
        self.run(chooser).order
    }

    pub(super) fn run(&self, chooser: &mut dyn Chooser) -> Run {
        Execution::new(self).run(chooser)
    }

    /// Every interleaving of threads that never wait, by brute force.
    pub(super) fn all_orders(&self) -> Vec<Vec<usize>> {
        let mut orders = BTreeSet::from([Vec::new()]);
        for _ in 0..self.threads.iter().map(Vec::len).sum() {
            orders = orders.iter().flat_map(|order| self.continuations(order)).collect();
        }
        orders.into_iter().collect()
    }

    fn continuations(&self, order: &[usize]) -> Vec<Vec<usize>> {
        let taken = |thread| order.iter().filter(|&&other| other == thread).count();
        let open = (0..self.threads.len()).filter(|&n| taken(n) < self.threads[n].len());
        open.map(|thread| [order, &[thread]].concat()).collect()
    }
}

struct Execution<'a> {
    program: &'a Program,
    paths: Vec<Path>,
    /// How many steps each has behind it.
    taken: Vec<usize>,
    yielded: Vec<bool>,
    /// Who took the last step; at first, none of them.
    last: usize,
    run: Run,
}

impl<'a> Execution<'a> {
    fn new(program: &'a Program) -> Self {
        let n = program.threads.len();
        Execution {
            program,
            paths: (0..).take(n).map(|n| Path::root().child(n)).collect(),
            taken: vec![0; n],
            yielded: vec![false; n],
            last: Program::CLOCK,
            run: Run::default(),
        }
    }

    fn run(mut self, chooser: &mut dyn Chooser) -> Run {
        while let Some(thread) = self.next(chooser) {
            assert!(self.run.order.len() < ENDLESS, "the program goes in circles");
            self.run.order.push(thread);
            if thread != Program::CLOCK {
                self.step(thread, chooser);
            }
        }
        self.run
    }

    /// Asks the chooser who runs next.
    fn next(&mut self, chooser: &mut dyn Chooser) -> Option<usize> {
        let mut threads: Vec<_> =
            (0..self.paths.len()).filter(|&thread| self.can_run(thread)).collect();
        let current = threads.iter().position(|&thread| thread == self.last);
        let after = threads.iter().filter(|&&thread| thread < self.last).count();
        if threads.is_empty() {
            return None;
        }
        if self.program.clock {
            threads.push(Program::CLOCK);
        }
        let ops: Vec<_> = threads.iter().map(|&thread| self.op(thread)).collect();
        let candidates: Vec<_> =
            threads.iter().zip(&ops).map(|(&thread, op)| self.candidate(thread, op)).collect();
        let menu = Menu { candidates: &candidates, current, after };
        let (choice, usual, n) = (chooser.choose(&menu), menu.usual(), candidates.len());
        self.record(choice, usual, n);
        Some(threads[choice])
    }

    fn record(&mut self, choice: usize, usual: usize, n: usize) {
        if n > 1 {
            if choice != usual {
                self.run.deviations.push((self.run.decisions, u16::try_from(choice).unwrap()));
            }
            self.run.decisions += 1;
        }
    }

    fn step(&mut self, thread: usize, chooser: &mut dyn Chooser) {
        self.last = thread;
        let step = self.program.threads[thread][self.taken[thread]];
        let spins = match step {
            Step::Spin(other) | Step::Await(other) => !self.has_ended(other),
            _ => false,
        };
        self.yielded[thread] = spins && matches!(step, Step::Spin(_));
        self.taken[thread] += usize::from(!spins);
        if let Step::Data(n) = step {
            let choice = chooser.data(n);
            self.run.data.push(choice);
            self.record(choice, 0, n);
        }
    }

    fn has_ended(&self, thread: usize) -> bool {
        self.taken[thread] == self.program.threads[thread].len()
    }

    fn can_run(&self, thread: usize) -> bool {
        match self.program.threads[thread].get(self.taken[thread]) {
            None => false,
            Some(Step::Join(other)) => self.has_ended(*other),
            Some(_) => true,
        }
    }

    fn op(&self, thread: usize) -> Op {
        if thread == Program::CLOCK {
            return Op::new(Kind::Sleep, 0);
        }
        match self.program.threads[thread][self.taken[thread]] {
            Step::Do(object) => Op::new(Kind::Update, object),
            Step::Label(label) => Op::new(Kind::Label(label), 0),
            Step::Join(_) => Op::new(Kind::Join, 0),
            Step::Spin(_) => Op::new(Kind::Yield, 0),
            Step::Await(_) => Op::new(Kind::Load, 7),
            Step::Data(_) => Op::new(Kind::Store, 0),
            Step::End => Op::new(Kind::End, 0),
        }
    }

    fn candidate<'b>(&'b self, thread: usize, op: &'b Op) -> Candidate<'b> {
        const NAMES: [&str; 6] = ["A", "B", "C", "D", "E", "F"];
        if thread == Program::CLOCK {
            return Candidate { who: Who::Clock, op, yielded: false };
        }
        let who = Who::Thread { path: &self.paths[thread], name: NAMES[thread] };
        Candidate { who, op, yielded: self.yielded[thread] }
    }
}
