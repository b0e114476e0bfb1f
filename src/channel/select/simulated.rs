//! The same in a simulated run, where the machine knows who waits and the strategy chooses.
//!
//! If the machine sees what unmodified code waits for (`sim-std`), threads wait in crossbeam itself.
//! Otherwise:
//!
//! Which of several operations goes ahead is a choice of the strategy. A wait for channels with room asks
//! whether they are ready, between the steps of others. For a channel without room the thread enters its
//! operations for real, where a partner meets it: see [`Awaited`].

use std::cell::Cell;

use crossbeam_channel::{Receiver, Select, SelectedOperation, Sender, bounded};

use super::{Operations, Order, select_for_real};
use crate::sim::machine::{self, Awaited, Kind};
use crate::sys;
use crate::wait::Until;

#[track_caller]
pub(super) fn select_until<'a, R>(
    until: &'a Until<'_>,
    order: Order,
    operations: &impl Operations<'a>,
    complete: impl FnOnce(usize, SelectedOperation<'_>) -> R,
) -> Option<R> {
    let done = until.done();
    let has_ended = || {
        let mut select = Select::new_biased();
        done.is_some_and(|done| {
            select.recv(done);
            select.try_ready().is_ok()
        })
    };
    let mut complete = Some(complete);
    let mut complete = move |which, selected: SelectedOperation<'_>| {
        let complete = complete.take().expect("one operation is selected");
        complete(which, selected)
    };
    let mut is_late = false;
    loop {
        machine::step(Kind::Select);
        // The event wins over the bound.
        if let Some((which, selected)) = select_ready(order, operations) {
            return Some(complete(which, selected));
        }
        if is_late || has_ended() {
            return None;
        }
        if machine::sees_waits() {
            return select_for_real(until, order, operations, complete);
        }
        let (barrier, entrance) = bounded(0);
        let wait = Wait { operations, has_ended: &has_ended, barrier: Cell::new(None) };
        let meetings: Vec<usize> =
            (0..operations.count()).filter(|which| operations.is_meeting(*which)).collect();
        let mut met = None;
        let is_in_time = if meetings.is_empty() {
            machine::await_any(&wait, None, until.alarm())
        } else {
            wait.barrier.set(Some(barrier));
            let mut inside = || met = meet(operations, &meetings, &entrance, &mut complete);
            machine::await_any(&wait, Some(&mut inside), until.alarm())
        };
        if met.is_some() {
            return met;
        }
        is_late = !is_in_time;
    }
}

#[track_caller]
pub(super) fn try_select<'a, R>(
    order: Order,
    operations: &impl Operations<'a>,
    complete: impl FnOnce(usize, SelectedOperation<'_>) -> R,
) -> Option<R> {
    machine::step(Kind::Select);
    let (which, selected) = select_ready(order, operations)?;
    Some(complete(which, selected))
}

/// Selects one of the operations that can go ahead now.
fn select_ready<'a>(
    order: Order,
    operations: &impl Operations<'a>,
) -> Option<(usize, SelectedOperation<'a>)> {
    let ready: Vec<usize> =
        (0..operations.count()).filter(|which| is_ready(operations, *which)).collect();
    let which = match (&*ready, order) {
        ([], _) => return None,
        ([first, ..], Order::First) => *first,
        (ready, Order::Any) => ready[sys::choose(|| ready.len())],
    };
    // A thread outside of the run may have been quicker.
    Some((which, only(operations, which).try_select().ok()?))
}

fn is_ready<'a>(operations: &impl Operations<'a>, which: usize) -> bool {
    only(operations, which).try_ready().is_ok()
}

fn only<'a>(operations: &impl Operations<'a>, which: usize) -> Select<'a> {
    let mut select = Select::new_biased();
    operations.enter(which, &mut select);
    select
}

/// Enters, for real, the operations on channels without room, and completes one if another thread
/// meets this one there; `None` if it has to leave.
///
/// It is completed here and now: the partner waits for that, and keeps its turn.
fn meet<'a, R>(
    operations: &impl Operations<'a>,
    meetings: &[usize],
    entrance: &Receiver<()>,
    complete: &mut impl FnMut(usize, SelectedOperation<'_>) -> R,
) -> Option<R> {
    let mut select = Select::new_biased();
    for which in meetings {
        operations.enter(*which, &mut select);
    }
    let mut select: Select<'_> = select;
    // The last to be entered: who finds this thread there finds it in all of them.
    let leaves = select.recv(entrance);
    let selected = select.select();
    if selected.index() == leaves {
        // Received, or the other end is gone.
        selected.recv(entrance).unwrap_or(());
        return None;
    }
    Some(complete(meetings[selected.index()], selected))
}

/// A wait, as the machine sees it.
struct Wait<'w, O> {
    operations: &'w O,
    has_ended: &'w dyn Fn() -> bool,
    /// For a thread that enters its operations for real: it receives here, too.
    barrier: Cell<Option<Sender<()>>>,
}

impl<O> Wait<'_, O> {
    /// Whether the thread is in its operations, and no other has met it there.
    fn is_waiting_inside(&self) -> Option<bool> {
        let barrier = self.barrier.take()?;
        let mut select = Select::new_biased();
        select.send(&barrier);
        let is_waiting = select.try_ready().is_ok();
        self.barrier.set(Some(barrier));
        Some(is_waiting)
    }
}

impl<'a, O: Operations<'a>> Awaited for Wait<'_, O> {
    fn has_come(&self) -> bool {
        self.is_waiting_inside() == Some(false)
            || (0..self.operations.count()).any(|which| {
                // What can meet this thread inside is not asked for.
                !self.operations.is_meeting(which) && is_ready(self.operations, which)
            })
            || (self.has_ended)()
    }

    fn is_in(&self) -> bool {
        self.is_waiting_inside() != Some(false)
    }

    fn leave(&self) {
        if let Some(barrier) = self.barrier.take() {
            // If the thread is in, this is what it has met. If it is not yet, it finds the other end gone.
            barrier.try_send(()).unwrap_or(());
        }
    }
}
