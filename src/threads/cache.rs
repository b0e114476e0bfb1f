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
static SPECIAL: Mutex<Special> = Mutex::new(Special { kinds: None, idle: 0 });

/// No more special threads than this are kept idle: a thread cannot change its name, so a program
/// that names each task differently would otherwise keep one for each.
const MOST_SPECIAL: usize = 32;

struct Special {
    kinds: Option<HashMap<Spec, Vec<Arc<Worker>>>>,
    idle: usize,
}

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
    if spec.own_thread {
        None
    } else if spec.is_default() {
        PLAIN.lock().pop()
    } else {
        SPECIAL.lock().pop(spec)
    }
}

/// Makes a thread claimable. `false` if it is not to be kept.
pub(super) fn put(worker: &Arc<Worker>) -> bool {
    if worker.spec.own_thread {
        return false;
    }
    let worker = Arc::clone(worker);
    if worker.spec.is_default() {
        PLAIN.lock().push(worker);
        true
    } else {
        SPECIAL.lock().push(worker)
    }
}

/// Withdraws a thread that wants to leave. `false` if it has been claimed in the meantime.
pub(super) fn withdraw(worker: &Arc<Worker>) -> bool {
    if worker.spec.is_default() {
        remove(&mut PLAIN.lock(), worker)
    } else {
        SPECIAL.lock().withdraw(worker)
    }
}

impl Special {
    fn pop(&mut self, spec: &Spec) -> Option<Arc<Worker>> {
        let kinds = self.kinds.as_mut()?;
        let stack = kinds.get_mut(spec)?;
        let worker = stack.pop()?;
        if stack.is_empty() {
            kinds.remove(spec);
        }
        self.idle -= 1;
        Some(worker)
    }

    fn push(&mut self, worker: Arc<Worker>) -> bool {
        let room = self.idle < MOST_SPECIAL;
        if room {
            let kinds = self.kinds.get_or_insert_default();
            kinds.entry(worker.spec.clone()).or_default().push(worker);
            self.idle += 1;
        }
        room
    }

    fn withdraw(&mut self, worker: &Arc<Worker>) -> bool {
        let Some(kinds) = &mut self.kinds else { return false };
        let Some(stack) = kinds.get_mut(&worker.spec) else { return false };
        let removed = remove(stack, worker);
        if removed {
            self.idle -= 1;
        }
        if stack.is_empty() {
            kinds.remove(&worker.spec);
        }
        removed
    }
}

fn remove(stack: &mut Vec<Arc<Worker>>, worker: &Arc<Worker>) -> bool {
    // The one that has been idle longest lies at the bottom, where the search begins.
    let place = stack.iter().position(|idle| Arc::ptr_eq(idle, worker));
    place.map(|place| stack.remove(place)).is_some()
}
