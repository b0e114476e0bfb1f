//! Making a schedule that fails simpler.
//!
//! A schedule is its deviations from the usual one, in which no thread is preempted. Delta debugging
//! (Zeller and Hildebrandt 2002) takes away as many of them as it can while the test still fails in
//! the same way.

use std::time::{Duration, Instant};

use super::check::{Run, divergence};
use super::failure::{Found, class};
use super::machine::{End, Ended};
use super::strategy::Recipe;
use crate::sys;

/// How many schedules are tried, and for how long.
const MOST_TRIES: u32 = 300;
const LONGEST: Duration = Duration::from_secs(2);

/// Threads of a bubble that has failed stay where they are: there must not be too many.
const MOST_LEFT_BEHIND: usize = 600;

pub(super) fn shrink(run: &Run<'_>, found: Found) -> Found {
    if !run.builder.shrink || found.ended.tainted || !run.can_be_replayed(&found.ended) {
        return found;
    }
    let mut search = Search {
        run,
        class: class(&found.ended),
        tries: 0,
        left_behind: 0,
        start: sys::now(),
        best: None,
    };
    let all = found.ended.trace.deviations();
    let steps = (found.ended.trace.steps.len(), all.len());
    if !search.fails(&all) {
        return found; // it cannot be repeated: the report says so
    }
    let mut left = search.best_deviations();
    let mut parts = 2;
    while !left.is_empty() && search.may_try() {
        let size = left.len().div_ceil(parts);
        let smaller = left.chunks(size).enumerate().map(|(n, _)| without(&left, n * size, size));
        match smaller.into_iter().find(|rest| search.may_try() && search.fails(rest)) {
            Some(_) => {
                left = search.best_deviations();
                parts = 2.max(parts - 1);
            }
            None if size == 1 => break,
            None => parts = (parts * 2).min(left.len()),
        }
    }
    match search.best {
        Some(ended) => {
            let recipe = Recipe::Deviations(ended.trace.deviations());
            Found { ended, recipe, shrunk_from: Some(steps) }
        }
        None => found,
    }
}

fn without(list: &[(u32, u16)], from: usize, size: usize) -> Vec<(u32, u16)> {
    let to = list.len().min(from + size);
    list[..from].iter().chain(&list[to..]).copied().collect()
}

struct Search<'a, 'b> {
    run: &'a Run<'b>,
    class: String,
    tries: u32,
    left_behind: usize,
    start: Instant,
    best: Option<Ended>,
}

impl Search<'_, '_> {
    fn may_try(&self) -> bool {
        self.tries < MOST_TRIES
            && self.left_behind < MOST_LEFT_BEHIND
            && sys::now() - self.start < LONGEST
    }

    /// Whether the schedule fails in the same way; if so, it is the best so far.
    fn fails(&mut self, deviations: &[(u32, u16)]) -> bool {
        self.tries += 1;
        let ended = self.run.quickly_with(&Recipe::Deviations(deviations.to_vec()));
        if ended.end != End::Clean {
            self.left_behind += ended.threads.len();
        }
        let same = class(&ended) == self.class;
        if same {
            self.best = Some(ended);
        }
        same
    }

    fn best_deviations(&self) -> Vec<(u32, u16)> {
        self.best.as_ref().map(|ended| ended.trace.deviations()).unwrap_or_default()
    }
}

impl Run<'_> {
    /// Whether the same schedule again gives the same run.
    fn can_be_replayed(&self, ended: &Ended) -> bool {
        let again = self.quickly_with(&Recipe::Deviations(ended.trace.deviations()));
        divergence(&ended.trace, &again.trace).is_none()
    }
}
