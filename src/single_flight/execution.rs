//! From a call that is asked for to the function that runs, and back.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use super::Role;
use super::call::{Call, Joined, Landing, Outcome};
use super::caller::Caller;
use super::table::{Entered, Entry, Table};
use crate::threads::Release;
use crate::unwind::{drop_quietly, message};

/// A seat in a call that was found; `None` if there is none to be had.
#[track_caller]
pub(super) fn follow<'a, K, V, E>(
    table: &'a Table<K, V, E>,
    found: Option<Arc<Entry<K, V, E>>>,
    method: &str,
) -> Option<Caller<'a, K, V, E>> {
    let entry = found?;
    match entry.call().join() {
        Joined::Yes => Some(Caller::new(table, entry, Role::Follower)),
        Joined::TooLate => {
            // It is on its way out of the table.
            table.remove(&entry);
            None
        }
        Joined::Reentered => panic!("{method}: the function for a key asks for the same key"),
    }
}

/// A caller that has found its seat.
pub(super) enum Seat<'a, K, V, E, C> {
    /// Its call is to be run, with what was claimed for it.
    Leader(Caller<'a, K, V, E>, C),
    Follower(Caller<'a, K, V, E>),
}

/// Claims what a new call needs and enters it, or else joins the one that somebody has entered first.
#[track_caller]
pub(super) fn lead<'a, K: Eq, V, E, C, X>(
    table: &'a Table<K, V, E>,
    entry: Arc<Entry<K, V, E>>,
    method: &str,
    claim: impl Fn() -> Result<C, X>,
) -> Result<Seat<'a, K, V, E, C>, X> {
    loop {
        match table.enter(&entry, &claim)? {
            Entered::New(claimed) => {
                return Ok(Seat::Leader(Caller::new(table, entry, Role::Leader), claimed));
            }
            Entered::Found(found) => {
                if let Some(caller) = follow(table, Some(found), method) {
                    return Ok(Seat::Follower(caller));
                }
            }
        }
    }
}

/// Runs the function on this thread; its context is over when it has returned.
fn execute<V, E>(call: &Call<V, E>, f: impl FnOnce() -> Result<V, E>) -> Landing<V, E> {
    call.runs_here();
    // AssertUnwindSafe: `f` is used up, and we look at nothing that it saw.
    let result = panic::catch_unwind(AssertUnwindSafe(f));
    drop_quietly(call.returned());
    match result {
        Ok(Ok(value)) => Landing { outcome: Outcome::Value(value), payload: None },
        Ok(Err(error)) => Landing { outcome: Outcome::Failed(Arc::new(error)), payload: None },
        Err(payload) => {
            let outcome = Outcome::Panicked(message(&*payload).into());
            Landing { outcome, payload: Some(payload) }
        }
    }
}

/// What a leader does with its call that waits for it anyway.
pub(super) fn run_here<K, V, E>(
    table: &Table<K, V, E>,
    leader: &Caller<'_, K, V, E>,
    f: impl FnOnce() -> Result<V, E>,
) {
    let landing = execute(leader.call(), f);
    table.remove(leader.entry());
    drop_quietly(leader.call().land(landing));
    leader.call().announce();
}

/// Runs the function of a call as a task.
pub(super) fn run_away<K, V, E>(
    table: Arc<Table<K, V, E>>,
    entry: Arc<Entry<K, V, E>>,
    f: impl FnOnce() -> Result<V, E>,
    release: &mut Release<'_>,
) {
    let landing = execute(entry.call(), f);
    table.remove(&entry);
    let call = Arc::clone(entry.call());
    // What nobody wants is dropped while the thread is still the function's own: values, errors,
    // payloads and keys are the user's code, too.
    drop_quietly(call.land(landing));
    drop_quietly((entry, table));
    release.now();
    call.announce();
}
