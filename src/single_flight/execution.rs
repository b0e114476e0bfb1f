//! From a call that is asked for to the function that runs, and back.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use super::call::{Call, Joined, Landing, Outcome};
use super::caller::Caller;
use super::table::{Entered, Entry, Table};
use super::{Flight, FlightError, Role};
use crate::threads::Release;
use crate::unwind::{drop_quietly, message};

/// A seat in a call that was found; `None` if there is none to be had.
#[track_caller]
pub(super) fn follow<K, V, E>(
    table: &Arc<Table<K, V, E>>,
    found: Option<Arc<Entry<K, V, E>>>,
    method: &str,
) -> Option<Caller<K, V, E>> {
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
pub(super) enum Seat<K, V, E, C> {
    /// Its call has been entered and is to be run, with what was claimed for it.
    Leader(Arc<Entry<K, V, E>>, C),
    Follower(Caller<K, V, E>),
}

/// Claims what a new call needs and enters it, or else joins the one that somebody has entered first.
#[track_caller]
pub(super) fn lead<K: Eq, V, E, C, X>(
    table: &Arc<Table<K, V, E>>,
    entry: Arc<Entry<K, V, E>>,
    method: &str,
    claim: impl Fn() -> Result<C, X>,
) -> Result<Seat<K, V, E, C>, X> {
    loop {
        match table.enter(&entry, &claim)? {
            Entered::New(claimed) => return Ok(Seat::Leader(entry, claimed)),
            Entered::Found(found) => {
                if let Some(caller) = follow(table, Some(found), method) {
                    return Ok(Seat::Follower(caller));
                }
            }
        }
    }
}

/// Runs the function on this thread.
fn execute<V, E>(f: impl FnOnce() -> Result<V, E>) -> Landing<V, E> {
    // AssertUnwindSafe: `f` is used up, and we look at nothing that it saw.
    match panic::catch_unwind(AssertUnwindSafe(f)) {
        Ok(Ok(value)) => Landing { outcome: Outcome::Value(value), payload: None },
        Ok(Err(error)) => Landing { outcome: Outcome::Failed(Arc::new(error)), payload: None },
        Err(payload) => {
            let outcome = Outcome::Panicked(message(&*payload).into());
            Landing { outcome, payload: Some(payload) }
        }
    }
}

/// What a leader does with its call that waits for it anyway.
pub(super) fn run_here<K, V: Clone, E>(
    table: &Arc<Table<K, V, E>>,
    entry: Arc<Entry<K, V, E>>,
    method: &str,
    f: impl FnOnce() -> Result<V, E>,
) -> Result<Flight<V>, FlightError<E>> {
    let landing = execute(f);
    table.remove(&entry);
    // From now on nobody finds it. If nobody has found it, nobody waits.
    match Arc::try_unwrap(entry) {
        Ok(entry) => {
            drop(entry);
            landing.of_caller(method, Role::Leader, 1)
        }
        Err(entry) => {
            let leader = Caller::new(table, entry, Role::Leader);
            drop_quietly(leader.call().land(landing));
            leader.call().announce();
            leader.take(method)
        }
    }
}

/// Runs the function of a call as a task.
pub(super) fn run_away<K, V, E>(
    table: Arc<Table<K, V, E>>,
    entry: Arc<Entry<K, V, E>>,
    call: &Call<V, E>,
    f: impl FnOnce() -> Result<V, E>,
    release: &mut Release<'_>,
) {
    call.runs_here();
    let landing = execute(f);
    drop_quietly(call.returned()); // its context is over
    table.remove(&entry);
    // What nobody wants is dropped while the thread is still the function's own: values, errors,
    // payloads and keys are the user's code, too.
    drop_quietly(call.land(landing));
    drop_quietly((entry, table));
    release.now();
    call.announce();
}
