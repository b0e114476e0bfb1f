//! How a thread that is awake waits for its next task.
//!
//! Two cores that take turns at a queue pay some hundred nanoseconds for each turn, more than a
//! short task is worth. So a thread whose last task was short takes the next one only if nobody
//! else does for a moment, and the more short ones in a row, the longer the moment: as a rule the
//! thread that starts the tasks will run them itself, when it waits for them.

use std::hint;
use std::time::{Duration, Instant};

use super::pool;
use super::sleeper::Role;
use crate::sys;
use crate::wait::ROUND_TRIP;

/// A task that takes less is short: it is not worth a transfer to another core.
const SHORT: Duration = Duration::from_nanos(500);

/// How long a task that has just come is left to others; after each short task, twice as long.
const GRACE: Duration = Duration::from_micros(1);

/// Doublings of the grace: to about the time of a wake-up.
const MOST: u32 = 4;

/// No task is left to others for longer than this, however fast they take those before it.
const PATIENCE: Duration = Duration::from_micros(50);

/// Halvings after which a searcher all but stops staying awake.
const LEAST: u32 = 6;

/// What a thread has learned about the tasks of late.
pub(super) struct Lookout {
    /// When its task began.
    begun: Option<Instant>,
    /// How many tasks in a row were short, the last ones.
    short: u32,
    /// How often in a row it has stayed awake for nothing.
    failures: u32,
}

impl Lookout {
    pub(super) fn new() -> Self {
        Lookout { begun: None, short: 0, failures: 0 }
    }

    /// A task begins.
    pub(super) fn begins(&mut self) {
        self.begun = (!is_pointless()).then(sys::now);
    }

    /// The user's part of the task is over.
    pub(super) fn ends(&mut self) {
        let Some(begun) = self.begun else { return };
        let is_short = sys::now().saturating_duration_since(begun) < SHORT;
        self.short = if is_short { self.short.saturating_add(1) } else { 0 };
    }

    /// Forgets the last task: the next one has waited for this thread to wake up.
    pub(super) fn sleeps(&mut self) {
        self.short = 0;
    }

    /// Waits until there is a task that others leave alone, or none has come for a while.
    pub(super) fn wait(&mut self, role: Role) {
        if is_pointless() {
            return;
        }
        match role {
            Role::Searcher if self.short > 0 || !pool::sight().is_queued() => self.look(),
            Role::Helper if self.short > 0 => drop(pause(self.grace())),
            Role::Searcher | Role::Helper => {}
        }
    }

    fn grace(&self) -> Duration {
        GRACE * (1 << self.short.saturating_sub(1).min(MOST))
    }

    fn look(&mut self) {
        let (start, grace) = (sys::now(), self.grace());
        let stay = ROUND_TRIP / (1 << self.failures.min(LEAST));
        let (mut seen, mut changed) = (pool::sight(), start);
        loop {
            let now = pause(grace);
            let sight = pool::sight();
            let may_take = sight == seen
                || pool::is_urgent()
                || now.saturating_duration_since(start) >= PATIENCE;
            if sight.is_queued() && may_take {
                self.failures = 0;
                return;
            }
            if sight != seen {
                (seen, changed) = (sight, now);
                self.failures = 0;
            } else if now.saturating_duration_since(changed) >= stay {
                self.failures = self.failures.wrapping_add(1);
                return;
            }
        }
    }
}

/// One core is better left to others; and to the simulator, time is no matter of instructions.
fn is_pointless() -> bool {
    sys::cores() == 1 || sys::is_simulated()
}

/// Lets a moment pass, unless there is an urgent task, and returns the time.
fn pause(moment: Duration) -> Instant {
    let start = sys::now();
    loop {
        for _ in 0..8 {
            hint::spin_loop();
        }
        let now = sys::now();
        if now.saturating_duration_since(start) >= moment || pool::is_urgent() {
            return now;
        }
    }
}
