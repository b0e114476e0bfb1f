//! Threads that borrow.

use std::any::Any;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::thread;

use parking_lot::Mutex;

use super::machine::{self, Handle};
use super::threads::{ThreadInfo, caught};
use super::time::outside;

/// Calls `f` with a scope for threads that borrow, and returns when all of them have ended: as
/// [`std::thread::scope`], in the bubble. A panic of a thread that nobody has joined fails the test.
///
/// # Panics
///
/// `sim::scope: not in a bubble`
#[track_caller]
pub fn scope<'env, R>(f: impl for<'s> FnOnce(&Scope<'s, 'env>) -> R) -> R {
    if !machine::inside() {
        outside("scope")
    }
    let result = thread::scope(|threads| {
        let scope = Scope { threads, children: Arc::default() };
        // AssertUnwindSafe: resumed as soon as the threads have ended.
        let result = panic::catch_unwind(AssertUnwindSafe(|| f(&scope)));
        let _call = machine::in_call("sim::scope");
        // Here, so that std finds them ended and does not block. A child may start another.
        while let Some(child) = scope.pop() {
            child.wait();
        }
        result
    });
    result.unwrap_or_else(|payload| panic::resume_unwind(payload))
}

/// A scope for threads that borrow, from [`scope`]; a clone is the same scope.
#[derive(Clone)]
pub struct Scope<'s, 'env: 's> {
    threads: &'s thread::Scope<'s, 'env>,
    children: Arc<Mutex<Vec<Handle>>>,
}

impl<'s> Scope<'s, '_> {
    /// Starts a thread in the bubble that ends before the scope does.
    ///
    /// # Panics
    ///
    /// If the operating system refuses a thread.
    #[track_caller]
    pub fn spawn<T: Send + 's>(
        &self,
        name: impl Into<String>,
        f: impl FnOnce() -> T + Send + 's,
    ) -> ScopedJoinHandle<T> {
        let name = name.into();
        let result = Arc::new(Mutex::new(None));
        let place = Arc::clone(&result);
        let Some(newcomer) = machine::newcomer(name.clone()) else { outside("Scope::spawn") };
        let thread = newcomer.handle();
        let builder = thread::Builder::new().name(name);
        let body = move || newcomer.live(move || *place.lock() = Some(caught(f)));
        let started = machine::real(|| builder.spawn_scoped(self.threads, body));
        drop(started.expect("sim::Scope::spawn: the operating system has a thread"));
        self.children.lock().push(thread.clone());
        machine::step(machine::Kind::Spawn);
        ScopedJoinHandle { thread, result }
    }

    fn pop(&self) -> Option<Handle> {
        self.children.lock().pop()
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}

/// A thread of a [`Scope`].
pub struct ScopedJoinHandle<T> {
    thread: Handle,
    result: Arc<Mutex<Option<thread::Result<T>>>>,
}

impl<T> ScopedJoinHandle<T> {
    /// Waits until the thread has ended.
    ///
    /// # Errors
    ///
    /// The payload of its panic, of which the test takes notice by this.
    #[track_caller]
    #[expect(clippy::missing_panics_doc, reason = "a thread that has ended has left a result")]
    pub fn join(self) -> Result<T, Box<dyn Any + Send>> {
        let _call = machine::in_call("JoinHandle::join");
        self.thread.join();
        self.result.lock().take().expect("a thread that has ended has left a result")
    }

    /// Returns what the thread is doing.
    pub fn info(&self) -> ThreadInfo {
        ThreadInfo::of(self.thread.see())
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedJoinHandle").field("thread", &self.info()).finish_non_exhaustive()
    }
}
