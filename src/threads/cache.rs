//! The idle threads: a stack for each kind.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use super::worker::{self, Worker};
use super::{Claimed, Spec};

/// Idle threads of the default kind, the most recently used last.
static PLAIN: Mutex<Vec<Arc<Worker>>> = Mutex::new(Vec::new());

/// Idle threads that have a name or a stack size of their own.
static SPECIAL: Mutex<Option<HashMap<Spec, Vec<Arc<Worker>>>>> = Mutex::new(None);

/// Claims an idle thread, or starts one, for a single task.
///
/// # Errors
///
/// The operating system refused a thread.
pub(crate) fn claim(spec: &Spec) -> io::Result<Claimed> {
    match take_idle(spec) {
        Some(worker) => Ok(Claimed::new(worker)),
        None => worker::start(spec.clone()).map(Claimed::new),
    }
}

fn take_idle(spec: &Spec) -> Option<Arc<Worker>> {
    if spec.is_default() {
        PLAIN.lock().pop()
    } else if spec.own_thread {
        None
    } else {
        SPECIAL.lock().as_mut()?.get_mut(spec)?.pop()
    }
}

/// Makes a thread claimable.
pub(super) fn put(worker: &Arc<Worker>) {
    let worker = Arc::clone(worker);
    if worker.spec.is_default() {
        PLAIN.lock().push(worker);
    } else {
        let mut special = SPECIAL.lock();
        special.get_or_insert_default().entry(worker.spec.clone()).or_default().push(worker);
    }
}

/// Withdraws a thread that wants to leave. `false` if it has been claimed in the meantime.
pub(super) fn withdraw(worker: &Arc<Worker>) -> bool {
    if worker.spec.is_default() {
        return remove(&mut PLAIN.lock(), worker);
    }
    let mut special = SPECIAL.lock();
    let Some(kinds) = special.as_mut() else { return false };
    let Some(stack) = kinds.get_mut(&worker.spec) else { return false };
    let removed = remove(stack, worker);
    if stack.is_empty() {
        kinds.remove(&worker.spec);
    }
    removed
}

fn remove(stack: &mut Vec<Arc<Worker>>, worker: &Arc<Worker>) -> bool {
    // The one that has been idle longest lies at the bottom, where the search begins.
    let place = stack.iter().position(|idle| Arc::ptr_eq(idle, worker));
    place.map(|place| stack.remove(place)).is_some()
}
