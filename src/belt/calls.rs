//! Who is told to look again, and when.
//!
//! A grant is a call to look, no more: the item or the room may be gone by then. Under the lock, after
//! each change:
//!
//! 1. As many takers have been called as there are items, or all who wait; and at the end all.
//! 2. As many putters have been called as there is room, or all who wait; and all, once the belt
//!    refuses. For a single putter, nothing before half of the room is free.
//! 3. Whoever was called looks, once, and is then no longer counted as called. A call beats a give-up,
//!    so none is lost, and nobody who gives up has anything to pass on.
//!
//! So an item that comes in calls takers alone, one that goes calls putters alone, and no wake-up is
//! spent on a thread for which there is nothing, unless another that was awake has been quicker: a
//! taker that is awake takes what others were called for, since a wake-up takes longer than many an
//! item does. Room, in contrast, is kept for those who were called.
//!
//! Half of the room: otherwise a stage before several others would be woken for each single item. While
//! that one sleeps, more than half of the belt is full; so takers have something to do, and will call.

use super::{Guard, Side};

/// After an item has come in, or the end. The taker that came last is called first: it is the most
/// likely to be awake still, and any will do.
pub(super) fn call_takers<T>(state: &mut Guard<'_, T>) {
    let items = if state.putters == 0 { usize::MAX } else { state.places.ready() };
    while state.called_takers < items {
        let Some(key) = state.youngest(|side| *side == Side::Take) else { break };
        if state.grant(key) {
            state.called_takers += 1;
        }
    }
}

/// After an item has gone, or when nothing is to be put any more.
pub(super) fn call_putters<T>(state: &mut Guard<'_, T>) {
    let (refuses, edge, room) = (state.refuses(), state.places.edge(), room_worth_a_call(state));
    loop {
        let is_called = refuses || state.called_putters < room;
        let putter = state.oldest(|side| match side {
            Side::Take => false,
            Side::Put(None) => is_called,
            Side::Put(Some(number)) => refuses || *number < edge,
        });
        let Some((key, &side)) = putter else { break };
        if state.grant(key) && side == Side::Put(None) {
            state.called_putters += 1;
        }
    }
}

fn room_worth_a_call<T>(state: &Guard<'_, T>) -> usize {
    let room = state.places.room();
    let is_single = state.putters == 1 && !state.by_one;
    if is_single && !state.places.is_half_free() { 0 } else { room }
}
