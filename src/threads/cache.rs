//! The tasks that ask for a thread of a special kind: each is given to an idle thread of that kind
//! that is claimed for it alone, or to a new one.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use super::Spec;
use super::worker::{self, Worker};
use crate::sys::{Empty, Global, Mutex};

/// Idle threads that have a name or a stack size of their own.
static IDLE: Global<Mutex<Idle>> = Global::new();

/// No more threads than this are kept idle: a thread cannot change its name, so a program
/// that names each task differently would otherwise keep one for each.
const MOST_IDLE: usize = 32;

struct Idle {
    kinds: Option<HashMap<Spec, Vec<Arc<Worker>>>>,
    count: usize,
}

/// Claims an idle thread, or starts one, for a single task.
///
/// # Errors
///
/// The operating system refused a thread.
pub(super) fn claim(spec: &Spec) -> io::Result<Arc<Worker>> {
    let idle = if spec.own_thread { None } else { IDLE.get().lock().pop(spec) };
    idle.map_or_else(|| worker::start(spec.clone()), Ok)
}

/// Makes a thread claimable. `false` if it is not to be kept.
pub(super) fn put(worker: &Arc<Worker>) -> bool {
    !worker.spec.own_thread && IDLE.get().lock().push(Arc::clone(worker))
}

/// Withdraws a thread that wants to leave. `false` if it has been claimed in the meantime.
pub(super) fn withdraw(worker: &Arc<Worker>) -> bool {
    IDLE.get().lock().withdraw(worker)
}

impl Empty for Idle {
    const EMPTY: Self = Idle { kinds: None, count: 0 };
}

impl Idle {
    fn pop(&mut self, spec: &Spec) -> Option<Arc<Worker>> {
        let kinds = self.kinds.as_mut()?;
        let stack = kinds.get_mut(spec)?;
        let worker = stack.pop()?;
        if stack.is_empty() {
            kinds.remove(spec);
        }
        self.count -= 1;
        Some(worker)
    }

    fn push(&mut self, worker: Arc<Worker>) -> bool {
        let room = self.count < MOST_IDLE;
        if room {
            let kinds = self.kinds.get_or_insert_default();
            kinds.entry(worker.spec.clone()).or_default().push(worker);
            self.count += 1;
        }
        room
    }

    fn withdraw(&mut self, worker: &Arc<Worker>) -> bool {
        let Some(kinds) = &mut self.kinds else { return false };
        let Some(stack) = kinds.get_mut(&worker.spec) else { return false };
        let removed = remove(stack, worker);
        if removed {
            self.count -= 1;
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
