//! What a failed test says.

mod command;
mod prose;
mod story;

use std::error::Error;
use std::fmt::{self, Write};

use super::check::Run;
use super::machine::{End, Ended, Failure as Kind, SeenStatus};
use super::strategy::Recipe;
use super::threads;
use super::token::Token;

/// A schedule under which a test fails, and how. Its `Display` is the report.
#[derive(Clone, Debug)]
pub struct Failure {
    report: String,
    token: Option<String>,
}

/// A run that failed.
pub(super) struct Found {
    pub(super) ended: Ended,
    pub(super) recipe: Recipe,
    /// The steps and deviations that it had before it was shrunk.
    pub(super) shrunk_from: Option<(usize, usize)>,
}

impl Failure {
    /// Returns the token that replays the schedule; `None` if it cannot be replayed.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    pub(super) fn new(run: &Run<'_>, found: &Found) -> Self {
        let token = (!found.ended.tainted).then(|| token(run, found).to_string());
        let mut report = String::new();
        let note = format!("schedule {}", run.report.schedules);
        written(write(&mut report, found, &note).and_then(|()| match &token {
            Some(token) => command::replay(&mut report, token, run.at),
            None => writeln!(report, "It cannot be replayed: something came from outside."),
        }));
        Failure { report, token }
    }

    /// The failure of a replay, which need not be told how to be replayed.
    pub(super) fn replayed(run: &Run<'_>, found: &Found, same: bool) -> Self {
        let mut report = String::new();
        let note = if same { "replayed" } else { "replayed, but it is not the same run" };
        written(write(&mut report, found, note));
        Failure { report, token: Some(token(run, found).to_string()) }
    }

    /// The failure of a test that does not depend on the schedule alone.
    pub(super) fn nondeterminism(run: &Run<'_>, one: &Ended, other: &Ended, step: usize) -> Self {
        let at = |ended: &Ended| match ended.trace.steps.get(step) {
            Some(step) => format!("{} {}", ended.threads[step.thread].path, story::describe(step)),
            None => "the end".to_owned(),
        };
        let report = format!(
            "sim: NOT DETERMINISTIC: the same schedule, run twice, differs at step {step}\n  \
             first:  {}\n  then:   {}\n\
             The test depends on something besides the schedule: the order of a HashMap, the real \
             clock, a random number, a static that one run leaves for the next, a thread outside of \
             the bubble.\n  test at {}:{}\n",
            at(one),
            at(other),
            run.at.file(),
            run.at.line(),
        );
        Failure { report, token: None }
    }

    #[track_caller]
    pub(super) fn raise(self) -> ! {
        panic!("\n{self}")
    }
}

fn write(report: &mut String, found: &Found, note: &str) -> fmt::Result {
    let ended = &found.ended;
    writeln!(report, "{} ({note})", prose::headline(ended))?;
    prose::threads(report, ended)?;
    report.write_str(&prose::advice(ended))?;
    story::tell(report, found)
}

fn written(result: fmt::Result) {
    result.expect("a string takes what is written to it");
}

fn token(run: &Run<'_>, found: &Found) -> Token {
    Token {
        time: run.builder.time,
        recipe: found.recipe.clone(),
        hash: found.ended.trace.short_hash(),
    }
}

/// What makes two failures the same one.
pub(super) fn class(ended: &Ended) -> String {
    let End::Failed(kind) = &ended.end else { return String::new() };
    match kind {
        Kind::Panic(thread) => {
            let panic = ended.threads[*thread].panic.as_ref();
            format!(
                "panic {:?}",
                panic.map(|panic| (&panic.at, panic.at.is_none().then_some(&panic.message)))
            )
        }
        Kind::Deadlock | Kind::Leak => {
            let blocked = ended
                .threads
                .iter()
                .filter(|t| matches!(t.status, SeenStatus::Blocked { .. }) && !t.idle);
            let mut calls: Vec<String> = blocked.map(|seen| threads::call(seen).0).collect();
            calls.sort_unstable();
            format!("{kind:?} {calls:?}")
        }
        Kind::Invariant { name, .. } => format!("invariant {name}"),
        Kind::Livelock(_) | Kind::TooManySteps(_) => "livelock".to_owned(),
        other => format!("{other:?}"),
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.report)
    }
}

impl Error for Failure {}
