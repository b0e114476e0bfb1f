//! A function that is called later.

use std::fmt;
use std::panic::{self, AssertUnwindSafe, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::from_now;
use crate::sys::Mutex;
use crate::threads::{self, Job, Order, Release};
use crate::unwind::drop_quietly;
use crate::wait::alarms::{self, Alarm, Ring};

/// Calls a function once, after a delay, and can be stopped and reset.
///
/// The function runs as a task of its own, so it may take its time, and block. If it is reset while it
/// runs, the next run does not wait for the last. A panic ends the run, and nothing else. If the
/// operating system refuses the first thread of the process, it runs on the timer thread, where it
/// should not block.
///
/// Dropping it stops it; it does not wait for a run. [`detach`](Self::detach) lets it go. What the
/// function has captured is dropped with it, or at the end of a run that is under way; never under a
/// lock.
///
/// It is a pointer to 80 bytes, beside what the function captures. To make one and stop it, while a
/// hundred thousand others are pending, takes some 940 instructions.
///
/// # Examples
///
/// ```
/// use phalanx::{AfterFunc, Counter};
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// let calls = Arc::new(Counter::new(0));
/// let call = AfterFunc::new(Duration::ZERO, { let calls = Arc::clone(&calls); move || _ = calls.inc() });
/// assert_eq!(calls.wait_for(|n| n == 1), 1);
/// assert!(!call.stop()); // too late
/// assert!(!call.reset(Duration::from_secs(3600)));
/// assert!(call.stop());
/// ```
///
/// # Compared with Go
///
/// `time.AfterFunc`, which goes on if nobody holds it, and where a panic ends the process.
#[must_use = "dropping it stops it: keep it, or `detach` it"]
pub struct AfterFunc {
    core: Arc<Core>,
}

struct Core {
    f: Box<dyn Fn() + Send + Sync>,
    state: Mutex<State>,
}

struct State {
    /// The alarm that is set, and when it is due.
    alarm: Option<(Alarm, Instant)>,
    /// Keeps one that nobody holds alive until it is called.
    detached: Option<Arc<Core>>,
}

const _: () = assert!(size_of::<AfterFunc>() == size_of::<usize>());

impl AfterFunc {
    /// Has `f` called after `delay`: at once if that is zero, never if the clock does not go so far.
    ///
    /// # Panics
    ///
    /// `AfterFunc::new: ...` if the operating system refuses the timer thread.
    #[track_caller]
    pub fn new(delay: Duration, f: impl Fn() + Send + Sync + 'static) -> Self {
        AfterFunc::set_first("new", || from_now(delay), Box::new(f))
    }

    /// Has `f` called at `instant`: at once if that has passed.
    ///
    /// # Panics
    ///
    /// `AfterFunc::at: ...` if the operating system refuses the timer thread.
    #[track_caller]
    pub fn at(instant: Instant, f: impl Fn() + Send + Sync + 'static) -> Self {
        AfterFunc::set_first("at", || Some(instant), Box::new(f))
    }

    #[track_caller]
    fn set_first(
        method: &str,
        due: impl FnOnce() -> Option<Instant>,
        f: Box<dyn Fn() + Send + Sync>,
    ) -> Self {
        if let Err(refused) = alarms::start() {
            panic!("AfterFunc::{method}: the operating system refused the timer thread: {refused}");
        }
        let state = Mutex::new(State { alarm: None, detached: None });
        let this = AfterFunc { core: Arc::new(Core { f, state }) };
        this.core.set(due);
        this
    }

    /// Stops it. Returns `true` if that has kept it from being called.
    ///
    /// Does not wait for a run that has begun.
    pub fn stop(&self) -> bool {
        self.core.set(|| None)
    }

    /// Sets it anew, to be called after `delay` from now. Returns what [`stop`](Self::stop) would.
    pub fn reset(&self, delay: Duration) -> bool {
        self.core.set(|| from_now(delay))
    }

    /// Sets it anew, to be called at `instant`. Returns what [`stop`](Self::stop) would.
    pub fn reset_at(&self, instant: Instant) -> bool {
        self.core.set(|| Some(instant))
    }

    /// Returns when it is called; `None` if it is stopped, or has been called.
    pub fn deadline(&self) -> Option<Instant> {
        self.core.state.lock().alarm.map(|(_, due)| due)
    }

    /// Lets it go: it is called when it is due, and nobody can stop it.
    pub fn detach(self) {
        let mut state = self.core.state.lock();
        if state.alarm.is_some() {
            state.detached = Some(Arc::clone(&self.core));
        }
    }
}

impl Core {
    /// Sets it to what `due` says under the lock.
    fn set(self: &Arc<Self>, due: impl FnOnce() -> Option<Instant>) -> bool {
        let mut state = self.state.lock();
        let due = due();
        let before = state.alarm.take().map(|(alarm, _)| alarm);
        let next = due.map(|due| (due, Arc::downgrade(self) as _));
        state.alarm = alarms::replace(before, next).zip(due);
        before.is_some()
    }

    /// Calls the function. What it captured is dropped here if nobody else holds it.
    fn run(self: Arc<Self>) {
        // AssertUnwindSafe: whoever shares something with the function can see what it left.
        drop_quietly(panic::catch_unwind(AssertUnwindSafe(&self.f)));
        drop_quietly(self);
    }
}

/// Does something that is the user's as a task; on this thread if there is no other.
fn elsewhere(core: Arc<Core>, run: fn(Arc<Core>)) {
    let job = Job::once(move |_, release| {
        run(core);
        release.now();
    });
    if let Err((_, job)) = threads::go_alone(job) {
        job.run(Order::Run, &mut Release::nothing());
    }
}

impl Ring for Core {
    fn ring(self: Arc<Self>, alarm: Alarm) {
        let mut state = self.state.lock();
        let is_due = state.alarm.is_some_and(|(set, _)| set == alarm);
        if is_due {
            state.alarm = None;
            // Now, and not when it has run: it may have been set anew by then.
            let detached = state.detached.take();
            drop(state);
            drop(detached);
            elsewhere(self, Core::run);
        } else {
            drop(state);
            // It was stopped, or set anew, in this moment. If it was also dropped, what the function
            // captured is left to this thread.
            if let Some(core) = Arc::into_inner(self) {
                elsewhere(Arc::new(core), drop_quietly);
            }
        }
    }
}

impl Drop for AfterFunc {
    fn drop(&mut self) {
        let mut state = self.core.state.lock();
        if state.detached.is_none() {
            let before = state.alarm.take().map(|(alarm, _)| alarm);
            alarms::replace(before, None);
        }
    }
}

// What the function captured can be seen by the function alone, whose panics nobody else sees.
impl UnwindSafe for AfterFunc {}
impl RefUnwindSafe for AfterFunc {}

impl fmt::Debug for AfterFunc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AfterFunc").field("deadline", &self.deadline()).finish_non_exhaustive()
    }
}
