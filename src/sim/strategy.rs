//! Who runs next.
//!
//! A [`Chooser`] is asked at every step. It knows no lock, no clock and no thread: it sees a
//! [`Menu`] and answers with a number, so that the same chooser and the same program give the same
//! schedule.

mod clock;
mod deviations;
mod dfs;
mod pct;
mod pos;
mod random;
mod recipe;
mod robin;
mod script;
#[cfg(test)]
mod testing;
mod walk;

use super::machine::{Op, Path};
pub(crate) use dfs::Explorer;
pub(crate) use recipe::{Learnt, Recipe, recipe};
pub(crate) use script::Play;
pub use script::{Script, Turn};

/// How the schedules of a test are chosen.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Strategy {
    /// A mix of those below that finds most bugs soonest: first without any preemption, then
    /// randomly in several ways.
    #[default]
    Auto,
    /// Each step is taken by any thread that can run, with equal chances.
    Random,
    /// Probabilistic concurrency testing (Burckhardt et al. 2010): threads have random priorities,
    /// which change at `depth - 1` random steps. In a program of n threads and k steps each run finds
    /// a bug that hangs on the order of `depth` steps with a chance of at least 1 in n·k^(depth - 1).
    Pct {
        /// How many steps must come in the right order for the bug to show; most bugs need 2 or 3.
        depth: u32,
    },
    /// Partial order sampling (Yuan et al. 2018): random priorities of steps, drawn anew when
    /// a step has raced with them.
    Pos,
    /// A walk that makes all interleavings about equally likely, learning from earlier runs how
    /// long each thread is.
    Walk,
    /// No preemption: a thread runs until it blocks or yields, and the next has its turn; in every
    /// second run, the previous one.
    RoundRobin,
    /// All schedules with at most so many preemptions (Musuvathi and Qadeer 2008), those with fewer
    /// first. For small programs: the number grows with the power of the steps.
    Dfs {
        /// How often a thread that could go on is made to wait; most bugs need at most 2.
        preemptions: u32,
    },
    /// One schedule, written by hand.
    Script(Script),
}

/// One thing that could happen next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'a> {
    pub(crate) who: Who<'a>,
    /// What it would do.
    pub(crate) op: &'a Op,
    /// Whether the thread has asked that others run first.
    pub(crate) yielded: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Who<'a> {
    Thread {
        path: &'a Path,
        name: &'a str,
    },
    /// Time passes, up to the next deadline, although threads could run.
    Clock,
}

impl<'a> Candidate<'a> {
    /// Which thread it is, if it is not the clock.
    pub(crate) fn path(&self) -> Option<&'a Path> {
        match self.who {
            Who::Thread { path, .. } => Some(path),
            Who::Clock => None,
        }
    }
}

/// What could happen next: the threads that can run, sorted by path, and then the clock, if it takes
/// part. Never empty; often there is only one thing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Menu<'a> {
    pub(crate) candidates: &'a [Candidate<'a>],
    /// Where the thread that took the last step is among them, if it can go on.
    pub(crate) current: Option<usize>,
    /// Where that thread would be if it could.
    pub(crate) after: usize,
}

impl<'a> Menu<'a> {
    /// What happens if nobody interferes: the running thread goes on until it blocks or yields;
    /// then the next one by path has its turn. The clock never does.
    pub(crate) fn usual(&self) -> usize {
        let threads = self.threads();
        match self.current {
            Some(current) if !self.candidates[current].yielded => current,
            Some(current) => (current + 1) % threads.max(1),
            None => self.after % threads.max(1),
        }
    }

    /// How many candidates are threads. Zero is possible only next to the clock.
    pub(crate) fn threads(&self) -> usize {
        let clock = matches!(self.candidates.last(), Some(Candidate { who: Who::Clock, .. }));
        self.candidates.len() - usize::from(clock)
    }

    /// The threads, each with its place in the menu.
    pub(crate) fn paths(&self) -> impl Iterator<Item = (usize, &'a Path)> + use<'a> {
        let candidates = self.candidates.iter().enumerate();
        candidates.filter_map(|(place, candidate)| Some((place, candidate.path()?)))
    }

    /// The places of the threads whose turn it is: those that have not yielded, or all if all have.
    pub(crate) fn willing(&self) -> impl Iterator<Item = usize> + use<'a> {
        let threads = &self.candidates[..self.threads()];
        let all = threads.iter().all(|candidate| candidate.yielded);
        (0..threads.len()).filter(move |&place| all || !threads[place].yielded)
    }
}

/// Decides who runs next.
pub(crate) trait Chooser: Send {
    /// Chooses one of the candidates. Asked also when there is only one.
    fn choose(&mut self, menu: &Menu<'_>) -> usize;

    /// Chooses a number below `n`, which is at least 2: for choices that are not about threads.
    fn data(&mut self, n: usize) -> usize;

    /// Answers a guess, which decides what is fast and never what is right.
    fn guess(&mut self) -> bool {
        self.data(2) == 1
    }

    /// What is wrong with the schedule, seen from its end.
    fn complaint(&mut self) -> Option<String> {
        None
    }
}
