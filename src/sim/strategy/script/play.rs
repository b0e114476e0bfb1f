//! Use this to play a script.

use super::super::{Candidate, Chooser, Menu, Who};
use super::{Goal, Move, Script};
use crate::sim::machine::{Kind, Path};

/// A script, and how far it has come.
#[derive(Debug)]
pub(crate) struct Play {
    moves: Vec<Move>,
    /// The move that is being made.
    at: usize,
    /// Who makes it, as soon as that is known.
    actor: Option<Path>,
    /// The steps that the move has taken.
    steps: u32,
    /// How often the thread has come to where the move ends.
    times: u32,
}

impl Play {
    pub(crate) fn new(script: &Script) -> Self {
        Play { moves: script.moves.clone(), at: 0, actor: None, steps: 0, times: 0 }
    }

    fn goal(&self) -> Option<&Goal> {
        self.moves.get(self.at).map(|made| &made.goal)
    }

    /// Where the thread is that makes the move, if it can run.
    fn find(&mut self, menu: &Menu<'_>) -> Option<usize> {
        let made = self.moves.get(self.at)?;
        let is_actor = |candidate: &Candidate<'_>| match (&self.actor, candidate.who) {
            (_, Who::Clock) => false,
            (Some(actor), Who::Thread { path, .. }) => actor == path,
            (None, Who::Thread { path, name }) => {
                name == made.thread || made.path.as_ref() == Some(path)
            }
        };
        let place = menu.candidates.iter().position(is_actor)?;
        if self.actor.is_none() {
            self.actor = menu.candidates[place].path().cloned();
        }
        Some(place)
    }

    /// Whether the move is done. `actor` is the thread, if it can run.
    fn is_done(&mut self, actor: Option<&Candidate<'_>>) -> bool {
        let stuck = actor.is_none_or(|actor| actor.yielded);
        match (self.goal(), actor) {
            (Some(Goal::Before { op, times }), Some(actor)) => {
                let (here, times) = (actor.op.kind.name() == op, *times);
                // Whenever it is asked, it goes on or is done: nothing is counted twice.
                self.times += u32::from(here);
                here && self.times == times
            }
            (Some(Goal::Steps(n)), _) => self.steps == *n,
            (Some(Goal::Block), _) => self.steps > 0 && stuck,
            _ => false,
        }
    }

    fn next_move(&mut self) {
        self.at += 1;
        (self.actor, self.steps, self.times) = (None, 0, 0);
    }

    /// Who runs, given where the thread is that makes the move.
    fn pick(&self, menu: &Menu<'_>, actor: Option<usize>) -> usize {
        let gives_way = |place: usize| {
            matches!(self.goal(), Some(Goal::End)) && menu.willing().all(|other| other != place)
        };
        match actor {
            // The usual choice may be another one that spins.
            Some(place) if gives_way(place) => {
                let usual = menu.usual();
                let willing = |place: &usize| menu.willing().any(|other| other == *place);
                Some(usual).filter(willing).or(menu.willing().next()).unwrap_or(usual)
            }
            Some(place) => place,
            None => menu.usual(),
        }
    }

    /// Takes note of a step of the thread that makes the move.
    fn has_stepped(&mut self, last: bool) {
        self.steps += 1;
        match self.goal() {
            Some(Goal::Steps(n)) if self.steps == *n => self.next_move(),
            Some(Goal::End | Goal::Block) if last => self.next_move(),
            // After its end it is never found again, and the script stops here.
            _ => {}
        }
    }
}

impl Chooser for Play {
    fn choose(&mut self, menu: &Menu<'_>) -> usize {
        let actor = loop {
            if self.goal().is_none() {
                return menu.usual();
            }
            let actor = self.find(menu);
            if !self.is_done(actor.map(|place| &menu.candidates[place])) {
                break actor;
            }
            self.next_move();
        };
        let chosen = self.pick(menu, actor);
        if actor == Some(chosen) {
            self.has_stepped(menu.candidates[chosen].op.kind == Kind::End);
        }
        chosen
    }

    fn data(&mut self, _n: usize) -> usize {
        0
    }

    fn complaint(&mut self) -> Option<String> {
        // A thread that has run and is asked no more has blocked or ended.
        let blocked = matches!(self.goal(), Some(Goal::Block)) && self.steps > 0;
        let open = self.moves.get(self.at + usize::from(blocked))?;
        Some(open.complaint())
    }
}

#[cfg(test)]
mod tests;
