//! The bubbles that are running, for wake-ups that come from elsewhere.

#![expect(clippy::disallowed_types, reason = "it is the other side of the door")]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::sim::machine::futex::Word;
use crate::sim::machine::{Bubble, futex, real};

static BUBBLES: Mutex<Vec<Arc<Bubble>>> = Mutex::new(Vec::new());

fn bubbles() -> MutexGuard<'static, Vec<Arc<Bubble>>> {
    BUBBLES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A bubble can be found as long as this lives.
pub(crate) struct Known(Arc<Bubble>);

impl Known {
    pub(crate) fn new(bubble: &Arc<Bubble>) -> Self {
        real(|| bubbles().push(Arc::clone(bubble)));
        Known(Arc::clone(bubble))
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        real(|| bubbles().retain(|bubble| !Arc::ptr_eq(bubble, &self.0)));
    }
}

/// Wakes at most so many threads of bubbles that the current thread does not belong to.
pub(super) fn wake_elsewhere(word: Word, most: usize) -> usize {
    let own = futex::bubble();
    let is_own = |bubble: &Arc<Bubble>| own.as_ref().is_some_and(|own| Arc::ptr_eq(own, bubble));
    real(|| {
        let others: Vec<_> = bubbles().iter().filter(|b| !is_own(b)).cloned().collect();
        others.iter().fold(0, |woken, bubble| match most - woken {
            0 => woken,
            left => woken + bubble.wake_from_outside(word, left),
        })
    })
}
