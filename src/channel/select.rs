//! Waiting for one of several operations on channels.

#[cfg(feature = "sim")]
mod simulated;

use crossbeam_channel::{Select, SelectedOperation};

use crate::wait::Until;

/// Operations on channels, of which one is to be selected.
#[expect(unnameable_types, reason = "it is for the operations of `select!`")]
pub trait Operations<'a> {
    /// How many there are.
    fn count(&self) -> usize;

    /// Enters one of them.
    fn enter(&self, which: usize, select: &mut Select<'a>);

    /// Whether the channel of one of them has no room, so that two threads have to meet.
    fn is_meeting(&self, which: usize) -> bool;
}

/// Which operation is selected if several can go ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The first of them.
    First,
    /// Any of them.
    Any,
}

/// Waits until one of the operations can go ahead, and completes it; `None` if the bound was reached.
///
/// It is selected, not merely found to be ready: on a channel without room, two who only look at each
/// other would never meet.
#[cfg_attr(feature = "sim", track_caller)]
pub(super) fn select_until<'a, R>(
    until: &'a Until<'_>,
    order: Order,
    operations: &impl Operations<'a>,
    complete: impl FnOnce(usize, SelectedOperation<'_>) -> R,
) -> Option<R> {
    #[cfg(feature = "sim")]
    if crate::sys::is_simulated() {
        return simulated::select_until(until, order, operations, complete);
    }
    select_for_real(until, order, operations, complete)
}

fn select_for_real<'a, R>(
    until: &'a Until<'_>,
    order: Order,
    operations: &impl Operations<'a>,
    complete: impl FnOnce(usize, SelectedOperation<'_>) -> R,
) -> Option<R> {
    // The event wins over the bound: a selection looks before it waits, and once more when its time is up.
    let mut select = enter_all(order, operations);
    let done = until.done().map(|done| (select.recv(done), done));
    let selected = match until.alarm() {
        Some(alarm) => select.select_deadline(alarm).ok()?,
        None => select.select(),
    };
    match done {
        Some((index, done)) if selected.index() == index => {
            let ended = selected.recv(done);
            debug_assert!(ended.is_err(), "nothing is ever sent there");
            // In any order, the context may have come before an event.
            let again = (order == Order::Any).then(|| enter_all(order, operations));
            let selected = again.and_then(|mut select| select.try_select().ok());
            selected.map(|selected| complete(selected.index(), selected))
        }
        _ => Some(complete(selected.index(), selected)),
    }
}

/// Completes an operation that can go ahead at once, if there is one.
#[cfg_attr(feature = "sim", track_caller)]
pub(super) fn try_select<'a, R>(
    order: Order,
    operations: &impl Operations<'a>,
    complete: impl FnOnce(usize, SelectedOperation<'_>) -> R,
) -> Option<R> {
    #[cfg(feature = "sim")]
    if crate::sys::is_simulated() {
        return simulated::try_select(order, operations, complete);
    }
    let selected = enter_all(order, operations).try_select().ok()?;
    Some(complete(selected.index(), selected))
}

fn enter_all<'a>(order: Order, operations: &impl Operations<'a>) -> Select<'a> {
    let mut select = if order == Order::First { Select::new_biased() } else { Select::new() };
    for which in 0..operations.count() {
        operations.enter(which, &mut select);
    }
    select
}
