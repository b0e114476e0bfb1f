//! What the tests share: a watchdog, an event log, a gate, a look at a sleeping thread.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::disallowed_methods, reason = "tests use std's threads")]
#![allow(clippy::disallowed_types, reason = "tests use std's atomics")]

use std::any::Any;
use std::env;
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};
use parking_lot::Mutex;
use phalanx::{CauseKind, Context};

/// The texts of an error and of its sources.
pub(crate) fn chain(error: &dyn Error) -> String {
    let source = error.source().map_or_else(String::new, |source| format!(": {}", chain(source)));
    format!("{error}{source}")
}

pub(crate) mod alone;
pub(crate) mod asleep;
pub(crate) mod failure;
pub(crate) mod groups;
#[cfg(target_os = "linux")]
pub(crate) mod refused;
#[cfg(feature = "sim")]
pub(crate) mod schedules;

/// A stack that no process has room for.
pub(crate) const NO_SUCH_STACK: usize =
    if usize::BITS > 32 { usize::MAX >> 2 } else { usize::MAX - (1 << 30) };

/// Runs a test's body, and fails the test if the body is not done within a minute, or within
/// `PHALANX_WATCHDOG_SECONDS`. A panic of the body passes through.
pub(crate) fn watchdog(body: impl FnOnce() + Send + 'static) {
    let test = thread::current().name().unwrap_or("a test").to_owned();
    let (done, ended) = mpsc::channel::<()>();
    let runner = thread::spawn(move || {
        let _done = done;
        body();
    });
    let limit = env::var("PHALANX_WATCHDOG_SECONDS").ok().and_then(|s| s.parse().ok());
    let limit = Duration::from_secs(limit.unwrap_or(60));
    if let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(limit) {
        panic!("{test}: the watchdog bites, {limit:?} are over");
    }
    if let Err(payload) = runner.join() {
        panic::resume_unwind(payload);
    }
}

/// Calls `f`, which must panic, and returns the payload.
pub(crate) fn payload_of<R>(f: impl FnOnce() -> R) -> Box<dyn Any + Send> {
    match panic::catch_unwind(AssertUnwindSafe(f)) {
        Ok(_) => panic!("it should have panicked"),
        Err(payload) => payload,
    }
}

/// Calls `f`, which must panic with a text, and returns the text.
pub(crate) fn panic_of<R>(f: impl FnOnce() -> R) -> String {
    text_of(&*payload_of(f))
}

/// The text of a panic's payload.
pub(crate) fn text_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned()).expect("a payload with a text")
}

/// Yields until `condition` holds; the watchdog is the limit.
pub(crate) fn until(mut condition: impl FnMut() -> bool) {
    while !condition() {
        thread::yield_now();
    }
}

/// Why a context has ended, if it has: the kind, and the text of the error.
pub(crate) type Told = Option<(CauseKind, Option<String>)>;

/// Asks a context why it has ended.
pub(crate) fn told(ctx: &Context) -> Told {
    ctx.cause().map(|cause| (cause.kind(), cause.error().map(ToString::to_string)))
}

/// What [`told`] says about a context that was cancelled with an error.
#[expect(clippy::unnecessary_wraps, reason = "it is compared with what `told` says")]
pub(crate) fn because(error: &str) -> Told {
    Some((CauseKind::Cancelled, Some(error.to_owned())))
}

/// What [`told`] says about a context that was cancelled without an error.
pub(crate) const PLAIN: Told = Some((CauseKind::Cancelled, None));

/// What [`told`] says about a context whose deadline has passed.
pub(crate) const EXPIRED: Told = Some((CauseKind::DeadlineExceeded, None));

/// A log of events, shared by the threads of a test.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn add(&self, event: impl Into<String>) {
        self.0.lock().push(event.into());
    }

    pub(crate) fn events(&self) -> Vec<String> {
        self.0.lock().clone()
    }
}

/// Makes a gate that lets threads [`pass`](Gate::pass) once its opener is opened, or dropped.
pub(crate) fn gate() -> (Opener, Gate) {
    let (opener, gate) = crossbeam_channel::bounded(0);
    (Opener(opener), Gate(gate))
}

pub(crate) struct Opener(Sender<()>);

impl Opener {
    pub(crate) fn open(self) {
        drop(self.0);
    }
}

#[derive(Clone)]
pub(crate) struct Gate(Receiver<()>);

impl Gate {
    pub(crate) fn pass(&self) {
        assert!(self.0.recv().is_err(), "nobody sends through a gate");
    }
}

/// A counter that threads share.
#[derive(Clone, Default)]
pub(crate) struct Count(Arc<AtomicUsize>);

impl Count {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, SeqCst);
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(SeqCst)
    }

    /// A value whose drop is counted.
    pub(crate) fn on_drop(&self) -> OnDrop {
        OnDrop(self.clone())
    }
}

/// Counts its drop.
pub(crate) struct OnDrop(Count);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.add();
    }
}

/// How many are inside at once, and how many were at most.
#[derive(Default)]
pub(crate) struct Crowd {
    inside: AtomicUsize,
    most: AtomicUsize,
}

impl Crowd {
    pub(crate) fn visit<R>(&self, f: impl FnOnce() -> R) -> R {
        let inside = self.inside.fetch_add(1, SeqCst) + 1;
        self.most.fetch_max(inside, SeqCst);
        let result = f();
        self.inside.fetch_sub(1, SeqCst);
        result
    }

    pub(crate) fn most(&self) -> usize {
        self.most.load(SeqCst)
    }
}

/// A barrier for races: nobody sleeps at it, so that all leave at the same moment.
pub(crate) struct StartLine {
    threads: usize,
    arrived: AtomicUsize,
}

impl StartLine {
    pub(crate) fn new(threads: usize) -> Self {
        Self { threads, arrived: AtomicUsize::new(0) }
    }

    /// Waits until all threads have arrived once more.
    pub(crate) fn wait(&self) {
        let ticket = self.arrived.fetch_add(1, SeqCst);
        let all = (ticket / self.threads + 1) * self.threads;
        until(|| self.arrived.load(SeqCst) >= all);
    }
}

/// A value whose drop panics.
#[derive(Debug)]
pub(crate) struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the bomb went off");
    }
}
