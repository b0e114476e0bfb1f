//! The timer thread: it rings at instants that somebody relies on without waiting.
//!
//! One thread serves the whole process. It is started when the first alarm is to be set, sleeps until
//! the earliest one, and is woken only for one that is earlier than what it sleeps for: an alarm that
//! is cleared, and a later one set in its place, disturb nobody.

mod queue;

use std::io;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Weak};
use std::time::Instant;

pub(crate) use queue::Alarm;
use queue::Queue;

use super::{Locked, Until, WaitQueue};
use crate::sys::atomic::{AtomicBool, Relaxed};
use crate::sys::{self, Empty, Global, Static, user_code};

static ALARMS: Global<Shared> = Global::new();

/// What an alarm is for.
pub(crate) trait Ring: Send + Sync {
    /// Called on the timer thread, outside of every lock. To be short, and to run and drop nothing of the
    /// user's: others wait for the thread.
    fn ring(self: Arc<Self>, alarm: Alarm);
}

struct Shared {
    alarms: WaitQueue<Alarms>,
    /// Whether the timer thread has been started; set under the lock, and never cleared.
    served: AtomicBool,
}

struct Alarms {
    pending: Queue<Weak<dyn Ring>>,
    thread: Thread,
}

/// What the timer thread does.
#[derive(Clone, Copy)]
enum Thread {
    /// It will look at what is pending.
    Awake,
    /// It sleeps, or is about to, in the queue: until that instant, or until it is woken.
    Asleep(Option<Instant>),
}

/// Makes sure that there is a timer thread. To be called before the first alarm is set.
///
/// # Errors
///
/// The operating system refused it.
#[inline]
pub(crate) fn start() -> io::Result<()> {
    // Relaxed: it publishes nothing. An alarm is set under the lock, where the thread looks for it.
    if ALARMS.get().served.load(Relaxed) { Ok(()) } else { start_thread() }
}

#[cold]
fn start_thread() -> io::Result<()> {
    let shared = ALARMS.get();
    let alarms = shared.alarms.lock();
    // Relaxed: the lock orders those who start it.
    if !shared.served.load(Relaxed) {
        sys::note_forks();
        // Under the lock, so that nobody relies on a thread that is then refused. Once a process.
        sys::spawn("phalanx-timer".into(), None, serve)?;
        shared.served.store(true, Relaxed);
    }
    drop(alarms);
    Ok(())
}

/// Has `whom` ring at `at`, if it is still there.
pub(crate) fn set(at: Instant, whom: Weak<dyn Ring>) -> Alarm {
    let mut alarms = ALARMS.get().alarms.lock();
    push(&mut alarms, at, whom)
}

/// Forgets an alarm, if it has not gone off.
pub(crate) fn clear(alarm: Alarm) {
    if sys::is_forked() {
        return; // nothing rings here, and a thread that was left behind may have held the lock
    }
    let whom = ALARMS.get().alarms.lock().pending.remove(alarm);
    drop(whom);
}

/// Forgets one alarm, and sets another in its place, where there are any.
pub(crate) fn replace(
    before: Option<Alarm>,
    next: Option<(Instant, Weak<dyn Ring>)>,
) -> Option<Alarm> {
    if (before.is_none() && next.is_none()) || sys::is_forked() {
        return None; // in a forked child as in `clear`
    }
    let mut alarms = ALARMS.get().alarms.lock();
    let forgotten = before.and_then(|before| alarms.pending.remove(before));
    let alarm = next.map(|(at, whom)| push(&mut alarms, at, whom));
    drop(alarms);
    drop(forgotten);
    alarm
}

/// Sets an alarm, and wakes the thread if it would sleep too long.
///
/// No alarm is missed: the thread says that it is asleep, and until when, in the critical section of
/// its last look (see `sleep_till`). An alarm that is set before is seen by that look; one that is set
/// after finds the thread in the queue, or on its way out of it, to look again.
fn push(alarms: &mut Locked<'_, Alarms>, at: Instant, whom: Weak<dyn Ring>) -> Alarm {
    let alarm = alarms.pending.push(at, whom);
    if let Thread::Asleep(till) = alarms.thread {
        if till.is_none_or(|till| at < till) {
            alarms.thread = Thread::Awake;
            alarms.grant_one();
        }
    }
    alarm
}

impl Empty for Shared {
    const EMPTY: Self =
        Shared { alarms: WaitQueue::new(Alarms::EMPTY), served: AtomicBool::new(false) };
}

impl Static for Shared {
    #[cfg(feature = "sim")]
    fn clear(&self) {
        self.alarms.clear();
        self.served.store(false, Relaxed);
    }
}

impl Empty for Alarms {
    const EMPTY: Self = Alarms { pending: Queue::new(), thread: Thread::Awake };
}

impl Alarms {
    fn take_due(&mut self, now: Instant) -> Option<(Alarm, Weak<dyn Ring>)> {
        let first = self.pending.first_at()?;
        if first > now {
            return None;
        }
        // Alarms for the same instant may go off in any order.
        let which = sys::choose(|| self.pending.count_at(first));
        self.pending.take(which)
    }
}

fn serve() {
    user_code::forbid();
    loop {
        let now = sys::now();
        let (due, first) = {
            let mut alarms = ALARMS.get().alarms.lock();
            alarms.thread = Thread::Awake;
            (alarms.take_due(now), alarms.pending.first_at())
        };
        match due {
            Some((alarm, whom)) => ring(&whom, alarm),
            None => sleep_till(first),
        }
    }
}

fn ring(whom: &Weak<dyn Ring>, alarm: Alarm) {
    // No user code runs here. Should something of this crate unwind, the thread must go on for others.
    // AssertUnwindSafe: what unwound is a defect, whatever it left behind.
    let rung = panic::catch_unwind(AssertUnwindSafe(|| {
        if let Some(whom) = whom.upgrade() {
            whom.ring(alarm);
        }
    }));
    if let Err(payload) = rung {
        mem::forget(payload); // its drop may panic too
    }
}

/// Sleeps until the first alarm is due, or one is set that is earlier still.
fn sleep_till(first: Option<Instant>) {
    let until = first.map_or(Until::FOREVER, Into::into);
    let last_look = |alarms: &mut Alarms| {
        let has_changed = alarms.pending.first_at() != first;
        if !has_changed {
            alarms.thread = Thread::Asleep(first);
        }
        has_changed
    };
    // However the wait ends, the loop looks again.
    drop(sys::serving(|| ALARMS.get().alarms.wait_parked(until, last_look)));
}
