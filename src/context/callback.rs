//! What [`Context::on_cancel`](super::Context::on_cancel) registers.

use std::fmt;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use super::node::{Link, Node};
use crate::sys;
use crate::threads::{Job, reserve};
use crate::unwind::{Payload, drop_quietly};
use crate::wait::{Key, Until, WaitQueue};

pub(super) type Function = Box<dyn FnOnce() + Send>;

/// A callback and how far it has come.
pub(super) struct Callback {
    stage: WaitQueue<Stage>,
    place: Place,
}

/// Where a callback runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In a task of its own.
    Task,
    /// On the thread that ends the context. No code of the user's runs there.
    Inline,
}

enum Stage {
    Registered(Function),
    Running,
    /// It has run, or it never will.
    Over,
}

impl Callback {
    fn new(f: Function, place: Place) -> Arc<Self> {
        Arc::new(Callback { stage: WaitQueue::new(Stage::Registered(f)), place })
    }

    /// Runs the callback in its place, unless it is stopped before it begins.
    pub(super) fn start(self: Arc<Self>) {
        match self.place {
            // No thread would take the task, and one that was left behind may have held the locks.
            Place::Task if sys::is_forked() => mem::forget(self),
            Place::Inline => self.run(mem::forget),
            Place::Task => reserve::call(Job::once(move |_, release| {
                self.run(drop_quietly);
                drop(self);
                release.now();
            })),
        }
    }

    /// Runs the callback, unless it has been stopped. Does not unwind.
    fn run(&self, drop_payload: fn(Payload)) {
        let Some(f) = self.take(Stage::Running) else { return };
        let over = Over(self);
        // AssertUnwindSafe: the callback is used up, and we look at nothing that it saw. The panic hook
        // has told of the panic.
        if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(f)) {
            drop_payload(payload);
        }
        drop(over);
    }

    /// Takes the function, if nobody has before, and leaves `next` in its place.
    fn take(&self, next: Stage) -> Option<Function> {
        let mut stage = self.stage.lock();
        if !matches!(*stage, Stage::Registered(_)) {
            return None;
        }
        match mem::replace(&mut *stage, next) {
            Stage::Registered(f) => Some(f),
            Stage::Running | Stage::Over => None,
        }
    }

    /// Waits until the callback has run. It has been started. In a forked child it does not wait, for the
    /// callback is not running there, and never will.
    fn wait_until_over(&self, call: &'static str) {
        if sys::is_forked() {
            return;
        }
        let _call = sys::blocking_call(call);
        let is_over = |stage: &mut Stage| matches!(stage, Stage::Over);
        let waited = self.stage.wait_parked(Until::FOREVER, is_over);
        debug_assert!(waited.is_ok(), "nothing interrupts a wait without a bound");
    }
}

/// Declares a callback over.
struct Over<'a>(&'a Callback);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        let mut stage = self.0.stage.lock();
        *stage = Stage::Over;
        stage.grant_all();
    }
}

/// A callback that was registered with a node.
pub(super) struct Registration {
    callback: Arc<Callback>,
    link: Hangs,
}

/// Where a callback hangs.
enum Hangs {
    /// Nothing will ever start it.
    Nowhere,
    /// On this node, until its end starts it.
    On(Arc<Node>, Key),
    /// It has been started.
    Started,
}

impl Registration {
    /// Takes the callback back. `false` if the end of the context has come first: then the callback has
    /// been started, or is about to be.
    fn unregister(&mut self) -> bool {
        let is_taken_back = match mem::replace(&mut self.link, Hangs::Started) {
            Hangs::Nowhere => true,
            Hangs::On(node, key) => node.detach(key),
            Hangs::Started => false,
        };
        if is_taken_back {
            // The function is dropped here, outside every lock.
            drop(self.callback.take(Stage::Over));
        }
        is_taken_back
    }

    /// Takes the callback back though it may have been started, and waits for it if it is running.
    pub(super) fn end(mut self, call: &'static str) {
        if !self.unregister() && self.callback.take(Stage::Over).is_none() {
            self.callback.wait_until_over(call);
        }
    }
}

/// Keeps a callback registered; see [`Context::on_cancel`](super::Context::on_cancel).
///
/// Dropping it unregisters the callback. If the context has ended, the drop waits until the callback has
/// run: afterwards it is not running, and never will. There is one exception: inside a callback, and in
/// a group that was created inside one, a drop does not wait. So callbacks may drop their own
/// registrations, and each other's. Use [`stop`](Self::stop) if waiting could deadlock, for example
/// under a lock that the callback takes.
///
/// # Compared with Go
///
/// The `stop` function that `context.AfterFunc` returns, which does not wait.
#[must_use = "dropping the registration unregisters the callback; `detach` keeps it"]
pub struct OnCancel {
    /// `None` once it has been stopped or detached.
    registration: Option<Registration>,
}

/// Registers a callback with a node.
///
/// # Errors
///
/// The callback itself, if the node has ended.
#[track_caller]
pub(super) fn register(
    method: &str,
    node: Option<&Arc<Node>>,
    place: Place,
    f: Function,
) -> Result<Registration, Arc<Callback>> {
    let callback = Callback::new(f, place);
    let Some(node) = node else { return Ok(Registration { callback, link: Hangs::Nowhere }) };
    node.join_parents();
    if let Err(refused) = node.watch_deadline() {
        panic!("Context::{method}: the operating system refused the timer thread: {refused}");
    }
    if place == Place::Task {
        if let Err(refused) = reserve::prepare() {
            panic!("Context::{method}: no thread for callbacks: {refused}");
        }
    }
    match node.attach(Link::Callback(Arc::clone(&callback))) {
        Ok(key) => Ok(Registration { callback, link: Hangs::On(Arc::clone(node), key) }),
        Err(_ended) => {
            // The callback is to find the whole subtree ended.
            node.has_ended();
            Err(callback)
        }
    }
}

impl OnCancel {
    #[track_caller]
    pub(super) fn new(node: Option<&Arc<Node>>, f: Function) -> Self {
        let registration = register("on_cancel", node, Place::Task, f).unwrap_or_else(|callback| {
            Arc::clone(&callback).start();
            Registration { callback, link: Hangs::Started }
        });
        OnCancel { registration: Some(registration) }
    }

    /// Unregisters the callback without waiting. `true` if it never runs; `false` if the context has
    /// ended: then it has run, is running, or is about to run.
    pub fn stop(mut self) -> bool {
        self.registration.take().is_some_and(|mut registration| registration.unregister())
    }

    /// Leaves the callback registered until the context ends, and does not wait.
    ///
    /// The callback runs even if the context is dropped before its end. So it is never freed if the
    /// context is the child of one that cannot end any longer.
    pub fn detach(mut self) {
        let registration = self.registration.take();
        if let Some(Registration { link: Hangs::On(node, _), .. }) = registration {
            node.keep();
        }
    }
}

impl Drop for OnCancel {
    fn drop(&mut self) {
        let Some(mut registration) = self.registration.take() else { return };
        let is_started = !registration.unregister();
        if is_started && !sys::is_forked() && !reserve::is_in_callback() {
            registration.callback.wait_until_over("OnCancel::drop");
        }
    }
}

impl fmt::Debug for OnCancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnCancel").finish_non_exhaustive()
    }
}
