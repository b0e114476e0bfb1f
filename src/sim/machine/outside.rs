//! Waiting for what the threads of another bubble have, or those of none.
//!
//! A lock that the bubble has given to a thread is free, as far as the bubble is concerned. If it is
//! not, somebody outside has it, of whom the bubble knows nothing: the thread waits for real.

use std::time::Duration;

use super::here::{self, Here, real};
use super::op::{Kind, Op};

/// For how long a thread keeps its turn while it waits, in real time.
const IN_TURN: Duration = Duration::from_millis(250);

/// Tries to take for real what the bubble has given to the current thread. `attempt` tries for no
/// longer than it is told.
///
/// The thread keeps its turn, so how long that takes has no part in the schedule.
pub(crate) fn try_outlast<R>(attempt: impl Fn(Duration) -> Option<R>) -> Option<R> {
    real(|| attempt(IN_TURN))
}

/// [`try_outlast`], for as long as it takes.
///
/// After a while the other threads of the bubble go on, and when they cannot, time passes: whoever
/// has it may wait for what one of them has in turn.
#[track_caller]
pub(crate) fn outlast<R>(attempt: impl Fn(Duration) -> Option<R>) -> R {
    let op = Op::new(Kind::External, 0);
    let patiently = |here: &Here| {
        here.external(op, || {
            loop {
                if let Some(taken) = attempt(IN_TURN) {
                    return taken;
                }
                let mut state = here.state();
                if state.vacant && state.help_itself() {
                    here.bubble.hand_on(state);
                }
            }
        })
    };
    loop {
        let taken = try_outlast(&attempt);
        // In an atomic section the thread keeps its turn whatever happens.
        let taken = taken.or_else(|| if here::is_atomic() { None } else { here::with(patiently) });
        if let Some(taken) = taken {
            return taken;
        }
    }
}

/// Gives back for real what [`outlast`] takes. Who else waits for it is outside.
#[inline]
pub(crate) fn give_back<R>(f: impl FnOnce() -> R) -> R {
    if cfg!(feature = "sim-std") { real(f) } else { f() }
}
