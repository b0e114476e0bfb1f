//! The timer thread: it ends contexts whose deadline somebody relies on without waiting.
//!
//! One thread serves the whole process. It is started when the first deadline is watched, sleeps
//! until the earliest one, and is woken only by a deadline that is earlier still.

use std::collections::BTreeMap;
use std::io;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Weak;
use std::time::Instant;

use super::cancel;
use super::node::Node;
use crate::sys::{self, Empty, Global};
use crate::wait::{Cause, Until, WaitQueue};

static ALARMS: Global<WaitQueue<Alarms>> = Global::new();

struct Alarms {
    pending: BTreeMap<Alarm, Weak<Node>>,
    /// How many alarms have ever been set: tells apart those for the same instant.
    set: u64,
    /// Whether the timer thread has been started.
    served: bool,
}

/// A deadline that the timer thread knows of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Alarm {
    at: Instant,
    serial: u64,
}

/// Makes sure that there is a timer thread.
///
/// # Errors
///
/// The operating system refused it.
pub(super) fn start() -> io::Result<()> {
    let mut alarms = ALARMS.get().lock();
    if !alarms.served {
        // Under the lock, so that nobody relies on a thread that is then refused. Once a process.
        sys::spawn("phalanx-timer".into(), None, serve)?;
        alarms.served = true;
    }
    Ok(())
}

/// Has the node cancelled at `at`, once the timer thread has been started.
pub(super) fn set(at: Instant, node: Weak<Node>) -> Alarm {
    let mut alarms = ALARMS.get().lock();
    alarms.set += 1;
    let alarm = Alarm { at, serial: alarms.set };
    alarms.pending.insert(alarm, node);
    if alarms.earliest() == Some(alarm) {
        alarms.grant_one();
    }
    alarm
}

/// Forgets an alarm, if it has not gone off.
pub(super) fn clear(alarm: Alarm) {
    let node = ALARMS.get().lock().pending.remove(&alarm);
    drop(node);
}

impl Empty for Alarms {
    const EMPTY: Self = Alarms { pending: BTreeMap::new(), set: 0, served: false };
}

impl Alarms {
    fn earliest(&self) -> Option<Alarm> {
        self.pending.first_key_value().map(|(alarm, _)| *alarm)
    }

    fn take_due(&mut self, now: Instant) -> Option<Weak<Node>> {
        let at = self.earliest().filter(|alarm| alarm.at <= now)?.at;
        // Alarms for the same instant may go off in any order.
        let same = self.pending.keys().take_while(|alarm| alarm.at == at);
        let alarm = *self.pending.keys().nth(sys::choose(|| same.count()))?;
        self.pending.remove(&alarm)
    }
}

fn serve() {
    loop {
        let now = sys::now();
        let (due, earliest) = {
            let mut alarms = ALARMS.get().lock();
            (alarms.take_due(now), alarms.earliest())
        };
        match due {
            Some(node) => end(&node),
            None => sleep_till(earliest),
        }
    }
}

fn end(node: &Weak<Node>) {
    // A callback that panics has had its message printed; the thread must go on for others.
    // AssertUnwindSafe: what the callback saw is nothing of ours.
    let ended = panic::catch_unwind(AssertUnwindSafe(|| {
        if let Some(node) = node.upgrade() {
            cancel::cancel(&node, &Cause::DEADLINE);
        }
    }));
    if let Err(payload) = ended {
        mem::forget(payload); // its drop may panic too
    }
}

/// Sleeps until the earliest alarm is due, or another has become the earliest.
fn sleep_till(earliest: Option<Alarm>) {
    let until = earliest.map_or(Until::FOREVER, |alarm| alarm.at.into());
    // However the wait ends, the loop looks again.
    drop(sys::serving(|| ALARMS.get().wait_parked(until, |alarms| alarms.earliest() != earliest)));
}
