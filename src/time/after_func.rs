//! A function that is called later.

use std::fmt;
use std::panic::{self, AssertUnwindSafe, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::from_now;
use crate::sys::{self, Mutex};
use crate::threads::{Job, reserve};
use crate::unwind::drop_quietly;
use crate::wait::alarms::{self, Alarm, Ring};
use crate::wait::{Interrupted, Until, WaitQueue};

/// Calls a function once, after a delay, and can be stopped and reset.
///
/// The function runs as a task of its own, so it may take its time, and block. If it is reset while it
/// runs, the next run does not wait for the last. A panic ends the run, and nothing else. It is never
/// refused: at the thread limit, or if the operating system refuses a thread, it runs as a callback of
/// [`Context::on_cancel`](crate::Context::on_cancel) does.
///
/// Dropping it stops it and does not wait for a run; [`stop_and_wait`](Self::stop_and_wait) does.
/// [`detach`](Self::detach) lets it go. What the function has captured is dropped with it, or at the end
/// of a run that is under way; never under a lock.
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
    f: Function,
    state: WaitQueue<State>,
}

enum Function {
    Often(Box<dyn Fn() + Send + Sync>),
    /// Taken out by the one run that there is.
    Once(Mutex<Option<Box<dyn FnOnce() + Send>>>),
}

struct State {
    /// The alarm that is set, and when it is due.
    alarm: Option<(Alarm, Instant)>,
    /// The runs that have been started and have not ended. Those who stop it wait for zero.
    running: usize,
    /// It was called, and cannot be called again.
    is_spent: bool,
    /// Keeps one that nobody holds alive until it is called.
    detached: Option<Arc<Core>>,
}

const _: () = assert!(size_of::<AfterFunc>() == size_of::<usize>());

impl AfterFunc {
    /// Has `f` called after `delay`: at once if that is zero, never if the clock does not go so far.
    ///
    /// # Panics
    ///
    /// `AfterFunc::new: ...` if the operating system refuses the timer thread, or that for callbacks.
    #[track_caller]
    pub fn new(delay: Duration, f: impl Fn() + Send + Sync + 'static) -> Self {
        AfterFunc::set_first("new", || from_now(delay), Function::Often(Box::new(f)))
    }

    /// Has `f` called at `instant`: at once if that has passed.
    ///
    /// # Panics
    ///
    /// `AfterFunc::at: ...` if the operating system refuses the timer thread, or that for callbacks.
    #[track_caller]
    pub fn at(instant: Instant, f: impl Fn() + Send + Sync + 'static) -> Self {
        AfterFunc::set_first("at", || Some(instant), Function::Often(Box::new(f)))
    }

    /// Calls `f` after `delay`, once: at once if that is zero, never if the clock does not go so far.
    ///
    /// It can be reset until it is due. After that, [`reset`](Self::reset) does nothing and returns `false`.
    ///
    /// # Panics
    ///
    /// `AfterFunc::once: ...` if the operating system refuses the timer thread, or that for callbacks.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::AfterFunc;
    /// use phalanx::channel::bounded;
    /// use std::time::Duration;
    ///
    /// let (sender, receiver) = bounded(1);
    /// let text = String::from("moved, not cloned");
    /// let call = AfterFunc::once(Duration::ZERO, move || sender.send(text).unwrap());
    /// assert_eq!(receiver.recv().unwrap(), "moved, not cloned");
    /// assert!(!call.reset(Duration::ZERO));
    /// ```
    #[track_caller]
    pub fn once(delay: Duration, f: impl FnOnce() + Send + 'static) -> Self {
        AfterFunc::set_first("once", || from_now(delay), Function::once(f))
    }

    /// Calls `f` at `instant`, once: at once if that has passed.
    ///
    /// It can be reset until it is due. After that, [`reset`](Self::reset) does nothing and returns `false`.
    ///
    /// # Panics
    ///
    /// `AfterFunc::once_at: ...` if the operating system refuses the timer thread, or that for callbacks.
    #[track_caller]
    pub fn once_at(instant: Instant, f: impl FnOnce() + Send + 'static) -> Self {
        AfterFunc::set_first("once_at", || Some(instant), Function::once(f))
    }

    #[track_caller]
    fn set_first(method: &str, due: impl FnOnce() -> Option<Instant>, f: Function) -> Self {
        if let Err(refused) = alarms::start() {
            panic!("AfterFunc::{method}: the operating system refused the timer thread: {refused}");
        }
        if let Err(refused) = reserve::prepare() {
            panic!("AfterFunc::{method}: no thread for callbacks: {refused}");
        }
        let state =
            WaitQueue::new(State { alarm: None, running: 0, is_spent: false, detached: None });
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

    /// Stops it, and waits until no run is under way. Returns `true` if that has kept it from being called.
    ///
    /// When this has returned, the function is not running and does not run until it is reset.
    ///
    /// # Blocking
    ///
    /// Parks until the runs that are under way have ended. In a run of this function, or of any other
    /// `AfterFunc`, or in a callback of a context, it does not wait: two that stop each other would wait
    /// for ever.
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
    /// let was_stopped = call.stop_and_wait();
    /// assert_eq!(calls.get(), if was_stopped { 0 } else { 1 });
    /// ```
    ///
    /// # Compared with Go
    ///
    /// Not in Go: the function has to report its own end.
    #[cfg_attr(feature = "sim", track_caller)]
    #[expect(clippy::missing_panics_doc, reason = "nothing interrupts a wait without a bound")]
    pub fn stop_and_wait(&self) -> bool {
        self.stop_and_wait_until(Until::FOREVER).expect("nothing interrupts it")
    }

    /// Stops it, and waits until no run is under way, and no longer than `until`.
    ///
    /// # Blocking
    ///
    /// Parks until the runs that are under way have ended, or the bound is reached. In a run of this
    /// function, of any other `AfterFunc`, or in a callback of a context, it does not wait.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the bound was reached first: it is stopped, and a run is still under way. If the
    /// bound is a context that had ended before, nothing is changed.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn stop_and_wait_until<'a>(
        &self,
        until: impl Into<Until<'a>>,
    ) -> Result<bool, Interrupted> {
        let _call = sys::blocking_call("AfterFunc::stop_and_wait");
        let until = until.into();
        until.enter()?;
        let was_stopped = self.stop();
        if !reserve::is_in_callback() {
            self.core.state.wait_parked(until, |state| state.running == 0)?;
        }
        Ok(was_stopped)
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
        if state.is_spent {
            return false;
        }
        let due = due();
        let before = state.alarm.take().map(|(alarm, _)| alarm);
        let next = due.map(|due| (due, Arc::downgrade(self) as _));
        state.alarm = alarms::replace(before, next).zip(due);
        before.is_some()
    }

    /// Calls the function. What it captured is dropped here if nobody else holds it.
    fn run(self: Arc<Self>) {
        // AssertUnwindSafe: whoever shares something with the function can see what it left.
        drop_quietly(panic::catch_unwind(AssertUnwindSafe(|| self.f.call())));
        let mut state = self.state.lock();
        state.running -= 1;
        if state.running == 0 {
            state.grant_all();
        }
        drop(state);
        drop_quietly(self);
    }
}

impl Function {
    fn once(f: impl FnOnce() + Send + 'static) -> Self {
        Function::Once(Mutex::new(Some(Box::new(f))))
    }

    fn call(&self) {
        match self {
            Function::Often(f) => f(),
            Function::Once(f) => {
                let f = f.lock().take();
                f.expect("it is called once")();
            }
        }
    }
}

/// Does something that is the user's as a task.
fn elsewhere(core: Arc<Core>, run: fn(Arc<Core>)) {
    reserve::call(Job::once(move |_, release| {
        run(core);
        release.now();
    }));
}

impl Ring for Core {
    fn ring(self: Arc<Self>, alarm: Alarm) {
        let mut state = self.state.lock();
        let is_due = state.alarm.is_some_and(|(set, _)| set == alarm);
        if is_due {
            state.alarm = None;
            state.running += 1; // here, so that who stops it after this waits for the run
            state.is_spent = matches!(self.f, Function::Once(_));
            // Now, and not when it has run: it may have been set anew by then.
            let detached = state.detached.take();
            drop(state);
            drop(detached);
            elsewhere(self, Core::run);
        } else {
            drop(state);
            // It was stopped, or set anew, in this moment. If it was also dropped, what the function
            // captured is left to this thread, which runs no code of the user's.
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
