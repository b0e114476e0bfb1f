//! What [`Context::on_cancel`](super::Context::on_cancel) registers.

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::thread::{self, ThreadId};

use super::node::{Link, Node};
use crate::sys;
use crate::wait::{Key, Until, WaitQueue};

pub(super) type Function = Box<dyn FnOnce() + Send>;

/// A callback and how far it has come.
pub(super) struct Callback {
    stage: WaitQueue<Stage>,
}

enum Stage {
    Registered(Function),
    Running(ThreadId),
    /// It has run, or it never will.
    Over,
}

impl Callback {
    fn new(f: Function) -> Arc<Self> {
        Arc::new(Callback { stage: WaitQueue::new(Stage::Registered(f)) })
    }

    /// Runs the callback, unless it has been stopped.
    pub(super) fn run(&self) {
        let Some(f) = self.take(Stage::Running(thread::current().id())) else { return };
        let _over = Over(self);
        f();
    }

    /// Takes the function, if nobody has before, and leaves `next` in its place.
    fn take(&self, next: Stage) -> Option<Function> {
        let mut stage = self.stage.lock();
        if !matches!(*stage, Stage::Registered(_)) {
            return None;
        }
        match mem::replace(&mut *stage, next) {
            Stage::Registered(f) => Some(f),
            Stage::Running(_) | Stage::Over => None,
        }
    }

    /// Waits while the callback runs on another thread.
    fn wait_until_over(&self) {
        let me = thread::current().id();
        let over = |stage: &mut Stage| !matches!(stage, Stage::Running(on) if *on != me);
        let _call = sys::blocking_call("OnCancel::drop");
        let waited = self.stage.wait_parked(Until::FOREVER, over);
        debug_assert!(waited.is_ok(), "nothing interrupts a wait without a bound");
    }
}

/// Declares a callback over, even if it panicked.
struct Over<'a>(&'a Callback);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        let mut stage = self.0.stage.lock();
        *stage = Stage::Over;
        stage.grant_all();
    }
}

/// Keeps a callback registered; see [`Context::on_cancel`](super::Context::on_cancel).
///
/// Dropping it unregisters the callback, and waits for it if it is running on another thread just
/// now: afterwards it is certain that the callback does not run. A callback that drops its own
/// registration does not wait. Use [`stop`](Self::stop) where waiting could deadlock, for example
/// under a lock that the callback takes.
///
/// # Compared with Go
///
/// The `stop` function that `context.AfterFunc` returns, which does not wait.
#[must_use = "dropping the registration unregisters the callback; `detach` keeps it"]
pub struct OnCancel {
    callback: Option<Arc<Callback>>,
    link: Option<(Arc<Node>, Key)>,
}

#[track_caller]
pub(super) fn register(method: &str, node: Option<&Arc<Node>>, f: Function) -> OnCancel {
    if let Some(node) = node {
        node.join_parents();
        if let Err(refused) = node.watch_deadline() {
            panic!("Context::{method}: the operating system refused the timer thread: {refused}");
        }
    }
    let callback = Callback::new(f);
    let link = node.and_then(|node| match node.attach(Link::Callback(Arc::clone(&callback))) {
        Ok(key) => Some((Arc::clone(node), key)),
        Err(_ended) => {
            callback.run();
            None
        }
    });
    OnCancel { callback: Some(callback), link }
}

impl OnCancel {
    /// Unregisters the callback without waiting. `true` if it is certain never to run; `false` if
    /// it has run or is running just now.
    pub fn stop(mut self) -> bool {
        self.callback.take().is_some_and(|callback| self.unregister(&callback))
    }

    /// Leaves the callback registered until the context ends, and does not wait.
    ///
    /// The callback runs even if the context is dropped before its end. So it is never freed if the
    /// context is the child of one that cannot end any longer.
    pub fn detach(mut self) {
        self.callback = None;
        if let Some((node, _)) = self.link.take() {
            node.keep();
        }
    }

    fn unregister(&mut self, callback: &Callback) -> bool {
        if let Some((node, key)) = self.link.take() {
            node.detach(key);
        }
        // The function is dropped here, outside every lock.
        callback.take(Stage::Over).is_some()
    }
}

impl Drop for OnCancel {
    fn drop(&mut self) {
        if let Some(callback) = self.callback.take() {
            if !self.unregister(&callback) {
                callback.wait_until_over();
            }
        }
    }
}

impl fmt::Debug for OnCancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnCancel").finish_non_exhaustive()
    }
}
