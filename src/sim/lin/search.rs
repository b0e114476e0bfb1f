//! Looking for an order of calls that the model allows: the search of Wing and Gong, with Lowe's
//! memory.
//!
//! The search puts call after call into a row, each of them one that may come next: every call that
//! had ended before it began is in the row already. When no call fits, it takes the last one back.
//! What can follow depends only on *which* calls are in the row and on the state that they lead to,
//! not on their order, so no such pair is looked at twice.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::Model;
use super::history::Call;

/// How many calls fit into a set.
pub(super) const MOST: usize = Set::BITS as usize;

/// A set of calls: bit `i` stands for the call with index `i`.
type Set = u64;

/// Why there is no order: the row with the most calls that have ended, and what stops it there.
pub(super) struct Stuck<M> {
    pub(super) row: Vec<usize>,
    pub(super) state: M,
    /// The calls that have ended and that may come next, but that the model refuses.
    pub(super) refused: Vec<usize>,
}

/// Tries to explain at most [`MOST`] calls, starting from `model`.
pub(super) fn explain<M: Model>(calls: &[Call<M::Op, M::Ret>], model: M) -> Result<(), Stuck<M>> {
    let start = model.clone();
    let mut search = Search {
        calls,
        before: calls.iter().map(|call| ended_before(calls, call.began)).collect(),
        ended: ended_before(calls, usize::MAX),
        seen: HashSet::new(),
        row: Vec::new(),
        longest: Stuck { row: Vec::new(), state: model, refused: Vec::new() },
    };
    if search.extend(0, &start) {
        return Ok(());
    }
    let placed = search.longest.row.iter().fold(0, |set, i| set | bit(*i));
    let refused = members(search.next(placed) & search.ended).collect();
    Err(Stuck { refused, ..search.longest })
}

struct Search<'a, M: Model> {
    calls: &'a [Call<M::Op, M::Ret>],
    /// For each call, those that had ended before it began.
    before: Vec<Set>,
    /// All calls that have ended. When these are in the row, the rest need not be.
    ended: Set,
    /// Which calls were in the row, and where they led: it is known how this goes on.
    seen: HashSet<(Set, M)>,
    row: Vec<usize>,
    longest: Stuck<M>,
}

impl<M: Model> Search<'_, M> {
    /// Whether the row, which holds the calls in `placed` and leads to `state`, can be completed.
    fn extend(&mut self, placed: Set, state: &M) -> bool {
        if placed & self.ended == self.ended {
            return true;
        }
        if !self.seen.insert((placed, state.clone())) {
            return false;
        }
        self.remember(state);
        let next = self.next(placed);
        // Calls that have not ended are guesses, and come last.
        for i in members(next & self.ended).chain(members(next & !self.ended)) {
            let call = &self.calls[i];
            for after in state.step(&call.op, call.ret()) {
                self.row.push(i);
                if self.extend(placed | bit(i), &after) {
                    return true;
                }
                self.row.pop();
            }
        }
        false
    }

    /// The calls that may come next.
    fn next(&self, placed: Set) -> Set {
        let open = |i: &usize| placed & bit(*i) == 0 && self.before[*i] & !placed == 0;
        (0..self.calls.len()).filter(open).fold(0, |set, i| set | bit(i))
    }

    /// Keeps the row if it is the best so far: it explains more, or as much with fewer guesses.
    fn remember(&mut self, state: &M) {
        let worth = |row: &[usize]| {
            let explained = row.iter().filter(|i| self.ended & bit(**i) != 0).count();
            (explained, Reverse(row.len()))
        };
        if worth(&self.row) > worth(&self.longest.row) {
            self.longest.row.clone_from(&self.row);
            self.longest.state = state.clone();
        }
    }
}

fn ended_before<Op, Ret>(calls: &[Call<Op, Ret>], stamp: usize) -> Set {
    let ended = |i: &usize| calls[*i].ended.as_ref().is_some_and(|(at, _)| *at < stamp);
    (0..calls.len()).filter(ended).fold(0, |set, i| set | bit(i))
}

fn bit(i: usize) -> Set {
    1 << i
}

fn members(set: Set) -> impl Iterator<Item = usize> {
    (0..MOST).filter(move |i| set & bit(*i) != 0)
}
