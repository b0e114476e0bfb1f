//! Where a thread of a bubble waits until it is its turn.
//!
//! std's lock and condition variable, with a word of their own: the thread may be in the middle of a
//! wait of its own, on its parker or in `parking_lot`'s tables, which must not be touched.

use std::sync::{Condvar, Mutex, PoisonError};

use super::here::real;

#[derive(Debug, Default)]
pub(super) struct Gate {
    pass: Mutex<Option<Pass>>,
    opened: Condvar,
}

/// What a thread is told when its turn comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    Go,
    /// The bubble is over; unwind.
    Die,
}

impl Gate {
    pub(super) fn open(&self, pass: Pass) {
        real(|| {
            *self.pass.lock().unwrap_or_else(PoisonError::into_inner) = Some(pass);
            self.opened.notify_one();
        });
    }

    /// Waits for the turn.
    pub(super) fn wait(&self) -> Pass {
        real(|| {
            let mut pass = self.pass.lock().unwrap_or_else(PoisonError::into_inner);
            loop {
                match pass.take() {
                    Some(pass) => return pass,
                    None => {
                        pass = self.opened.wait(pass).unwrap_or_else(PoisonError::into_inner);
                    }
                }
            }
        })
    }
}
