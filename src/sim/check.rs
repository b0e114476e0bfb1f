//! Running a test under one schedule after another, until one fails.

use std::collections::BTreeSet;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use super::failure::{Failure, Found};
use super::machine::{self, Bubble, End, Ended, Path, Setup, Step, Trace};
use super::strategy::{self, Chooser, Explorer, Learnt, Recipe};
use super::token::Token;
use super::{Builder, Leaks, Panics, Strategy, shrink};
use crate::sys;

/// For how long a thread outside of the bubble has time to wake one inside, when nobody can run and
/// the kit cannot know whether there is such a thread.
const GRACE: Duration = Duration::from_millis(250);
const SHORT_GRACE: Duration = Duration::from_millis(5);

pub(super) type Body = Arc<dyn Fn() + Send + Sync>;

/// What a test that has passed can tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// How many schedules have been run.
    pub schedules: u64,
    /// How many of them were different.
    pub distinct: u64,
    /// Whether there are no others, up to the bound of [`Strategy::Dfs`].
    pub exhausted: bool,
    /// Whether the [budget](Builder::budget) of real time was used up before all schedules had been run.
    pub cut_short: bool,
    /// The steps of the longest.
    pub max_steps: usize,
    /// The virtual time of the longest.
    pub virtual_time: Duration,
}

/// Runs a test under the usual schedule.
#[track_caller]
pub(super) fn run_once(builder: &Builder, at: &'static Location<'static>, body: &Body) {
    assert!(!machine::inside(), "sim::run: already in a bubble");
    let mut run = Run { builder, at, body, report: Report::default(), seen: BTreeSet::new() };
    let judged = if let Strategy::Script(script) = &builder.strategy {
        let ended = run.once(Box::new(strategy::Play::new(script)));
        run.judge(ended, None)
    } else {
        let recipe = Recipe::Robin { reversed: false };
        let ended = run.with(&recipe);
        run.judge(ended, Some(&recipe))
    };
    if let Err(failure) = judged {
        failure.raise()
    }
}

/// Runs the schedules of a test.
pub(super) fn explore(
    builder: &Builder,
    at: &'static Location<'static>,
    body: &Body,
) -> Result<Report, Failure> {
    assert!(!machine::inside(), "sim::check: already in a bubble");
    let mut run = Run { builder, at, body, report: Report::default(), seen: BTreeSet::new() };
    if let Some(token) = &builder.replay {
        return run.replay(token);
    }
    let usual = Recipe::Robin { reversed: false };
    match &builder.strategy {
        Strategy::Script(script) => {
            run.is_deterministic(|run| run.once(Box::new(strategy::Play::new(script))), None)?;
        }
        Strategy::Dfs { preemptions } => {
            run.is_deterministic(|run| run.with(&usual), Some(&usual))?;
            run.search(*preemptions)?;
        }
        _ => {
            run.is_deterministic(|run| run.with(&usual), Some(&usual))?;
            run.sample()?;
        }
    }
    Ok(run.report)
}

pub(super) struct Run<'a> {
    pub(super) builder: &'a Builder,
    pub(super) at: &'static Location<'static>,
    body: &'a Body,
    pub(super) report: Report,
    seen: BTreeSet<u64>,
}

impl Run<'_> {
    /// One schedule.
    pub(super) fn once(&self, chooser: Box<dyn Chooser>) -> Ended {
        self.within(GRACE, chooser)
    }

    fn within(&self, grace: Duration, chooser: Box<dyn Chooser>) -> Ended {
        let setup = Setup {
            chooser,
            time: self.builder.time,
            limits: self.builder.limits,
            grace,
            spurious: self.builder.spurious,
            loud: self.builder.loud,
        };
        let body = Arc::clone(self.body);
        let mut ended = Bubble::run(setup, self.builder.watchdog, Box::new(move || body()));
        if self.is_forgiven(&ended) {
            ended.end = End::Clean;
        }
        ended
    }

    pub(super) fn with(&self, recipe: &Recipe) -> Ended {
        self.once(recipe.chooser(self.builder.time))
    }

    /// One schedule of a test of which it is known that nothing comes from outside.
    pub(super) fn quickly_with(&self, recipe: &Recipe) -> Ended {
        self.within(SHORT_GRACE, recipe.chooser(self.builder.time))
    }

    fn is_forgiven(&self, ended: &Ended) -> bool {
        match ended.end {
            End::Failed(machine::Failure::Leak) => self.builder.leaks == Leaks::Allow,
            End::Failed(machine::Failure::Panic(thread)) => {
                thread != 0 && self.builder.panics == Panics::Ignore
            }
            _ => false,
        }
    }

    /// The first schedule, three times: once so that what is lazy is there, and then twice to see
    /// whether the same schedule is the same run.
    fn is_deterministic(
        &mut self,
        first: impl Fn(&Self) -> Ended,
        recipe: Option<&Recipe>,
    ) -> Result<(), Failure> {
        let warm = first(self);
        self.judge(warm, recipe)?;
        let (one, other) = (first(self), first(self));
        if !one.tainted && !other.tainted {
            if let Some(divergence) = divergence(&one.trace, &other.trace) {
                return Err(Failure::nondeterminism(self, &one, &other, divergence));
            }
        }
        self.judge(one, recipe)?;
        self.judge(other, recipe)
    }

    fn sample(&mut self) -> Result<(), Failure> {
        let start = sys::now();
        let mut learnt = Learnt::default();
        for iteration in 0..self.builder.most() {
            if sys::now() - start >= self.builder.time_limit() {
                self.report.cut_short = true;
                break;
            }
            let (strategy, seed) = (&self.builder.strategy, self.builder.seed);
            let recipe = strategy::recipe(strategy, iteration, seed, &learnt);
            let recipe = recipe.expect("a strategy that samples has a recipe");
            let ended = self.with(&recipe);
            learn(&mut learnt, &ended);
            self.judge(ended, Some(&recipe))?;
        }
        Ok(())
    }

    fn search(&mut self, preemptions: u32) -> Result<(), Failure> {
        let start = sys::now();
        let explorer = Explorer::new(preemptions);
        loop {
            let ended = self.once(explorer.chooser());
            self.judge(ended, None)?;
            if !explorer.advance() {
                self.report.exhausted = true;
                return Ok(());
            }
            if explorer.schedules() >= self.builder.most() {
                return Ok(());
            }
            if sys::now() - start >= self.builder.time_limit() {
                self.report.cut_short = true;
                return Ok(());
            }
        }
    }

    /// Counts a run that has passed, and reports one that has not. Without a recipe, its deviations
    /// are one.
    fn judge(&mut self, ended: Ended, recipe: Option<&Recipe>) -> Result<(), Failure> {
        let report = &mut self.report;
        report.schedules += 1;
        report.max_steps = report.max_steps.max(ended.trace.steps.len());
        report.virtual_time = report.virtual_time.max(Duration::from_nanos(ended.now));
        if self.seen.insert(ended.trace.hash) {
            report.distinct += 1;
        }
        if ended.end == End::Clean {
            return Ok(());
        }
        let recipe = recipe.cloned().unwrap_or(Recipe::Deviations(ended.trace.deviations()));
        let found = shrink::shrink(self, Found { ended, recipe, shrunk_from: None });
        Err(Failure::new(self, &found))
    }

    fn replay(&mut self, token: &str) -> Result<Report, Failure> {
        let token: Token = match token.parse() {
            Ok(token) => token,
            Err(error) => panic!("sim::replay: {error}"),
        };
        let builder = self.builder.clone().time(token.time);
        let (report, seen) = (self.report.clone(), BTreeSet::new());
        let run = Run { builder: &builder, at: self.at, body: self.body, report, seen };
        drop(run.with(&Recipe::Robin { reversed: false })); // what is lazy is there
        let ended = run.with(&token.recipe);
        let same = ended.trace.short_hash() == token.hash;
        if ended.end != End::Clean {
            let found = Found { ended, recipe: token.recipe, shrunk_from: None };
            return Err(Failure::replayed(&run, &found, same));
        }
        if !same {
            eprintln!(
                "sim: the replayed schedule passes, but it is not the one of the token: the program \
                 has changed since, or does not depend on the schedule alone"
            );
        }
        self.report.schedules = 1;
        Ok(self.report.clone())
    }
}

/// The first step at which two runs differ.
pub(super) fn divergence(one: &Trace, other: &Trace) -> Option<usize> {
    if one.hash == other.hash {
        return None;
    }
    let differ = |(one, other): &(_, _)| {
        let ((_, one), (_, other)): (&(usize, &Step), &(usize, &Step)) = (one, other);
        one.thread != other.thread || one.op != other.op || one.now != other.now
    };
    let first = one.steps.kept().zip(other.steps.kept()).find(differ).map(|((n, _), _)| n);
    Some(first.unwrap_or(one.steps.len().min(other.steps.len())))
}

fn learn(learnt: &mut Learnt, ended: &Ended) {
    learnt.steps = learnt.steps.max(ended.trace.decisions);
    for thread in &ended.threads {
        let path: &Path = &thread.path;
        match learnt.counts.iter_mut().find(|(known, _)| known == path) {
            Some((_, steps)) => *steps = thread.steps.max(*steps),
            None => learnt.counts.push((path.clone(), thread.steps)),
        }
    }
}
