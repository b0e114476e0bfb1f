//! Functions that do their work once.

use std::panic::{self, AssertUnwindSafe, RefUnwindSafe};
use std::sync::Arc;

use super::OnceValue;
use crate::sys::Mutex;
use crate::unwind::message;

/// Returns a function that calls `f` the first time, and nothing afterwards.
///
/// All calls return after `f` has. Calls at the same time wait for it; for waits with a bound use
/// [`Once`](super::Once). What `f` has captured is dropped when it has been called. It is `Sync` if `f` is
/// `Send`, and allocates only where threads wait, and for the text of a panic.
///
/// # Panics
///
/// This does not; the returned function does: with `f`'s panic, its payload included, in the call that
/// ran it, and in every other with `once_fn: the function has panicked: ` and the text of that panic.
/// If `f` calls the function that it is, `once_fn: called inside of the function it waits for`.
///
/// # Examples
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
///
/// let calls = AtomicU32::new(0);
/// let set_up = phalanx::once_fn(|| drop(calls.fetch_add(1, Relaxed)));
/// set_up();
/// set_up();
/// assert_eq!(calls.load(Relaxed), 1);
/// ```
///
/// # Compared with Go
///
/// `sync.OnceFunc`. There every call panics with the same value; a payload in Rust has one owner, so
/// later calls panic with its text.
pub fn once_fn(f: impl FnOnce()) -> impl Fn() {
    let deferred = Deferred::new(f);
    move || *deferred.call("once_fn")
}

/// Returns a function that calls `f` the first time, and returns clones of its value.
///
/// All as with [`once_fn`], with `once_value` in the messages. For a value that is large, or cannot be
/// cloned, use [`once_arc`]; to borrow it, use [`OnceValue`] or std's `LazyLock`.
///
/// # Examples
///
/// ```
/// let config = phalanx::once_value(|| "read from a file".to_owned());
/// assert_eq!(config(), "read from a file");
/// assert_eq!(config(), "read from a file"); // not read again
/// ```
///
/// # Compared with Go
///
/// `sync.OnceValue`; for `sync.OnceValues` return a pair or a `Result`.
pub fn once_value<T: Clone>(f: impl FnOnce() -> T) -> impl Fn() -> T {
    let deferred = Deferred::new(f);
    move || deferred.call("once_value").clone()
}

/// Returns a function that calls `f` the first time, and returns its value, shared in an `Arc`.
///
/// All as with [`once_fn`], with `once_arc` in the messages. The value need not be `Clone`.
///
/// # Examples
///
/// ```
/// use std::sync::{Arc, Mutex};
///
/// let log = phalanx::once_arc(|| Mutex::new(Vec::new()));
/// log().lock().unwrap().push("started");
/// assert!(Arc::ptr_eq(&log(), &log()));
/// assert_eq!(*log().lock().unwrap(), ["started"]);
/// ```
///
/// # Compared with Go
///
/// `sync.OnceValue` with a pointer as the value.
pub fn once_arc<T>(f: impl FnOnce() -> T) -> impl Fn() -> Arc<T> {
    let deferred = Deferred::new(|| Arc::new(f()));
    move || Arc::clone(deferred.call("once_arc"))
}

/// A function that is called once, and what came of it: a value, or the text of a panic.
struct Deferred<T, F> {
    f: Mutex<Option<F>>,
    outcome: OnceValue<Result<T, Box<str>>>,
}

impl<T, F: FnOnce() -> T> Deferred<T, F> {
    fn new(f: F) -> Self {
        Deferred { f: Mutex::new(Some(f)), outcome: OnceValue::new() }
    }

    #[track_caller]
    fn call(&self, name: &'static str) -> &T {
        match self.outcome.get() {
            Some(Ok(value)) => value,
            _ => self.call_slow(name),
        }
    }

    #[cold]
    #[track_caller]
    fn call_slow(&self, name: &'static str) -> &T {
        let mut in_flight = None;
        let run = || {
            let f = self.f.lock().take().expect("the function is called once");
            // AssertUnwindSafe: `f` is used up, and we look at nothing that it saw.
            let outcome = panic::catch_unwind(AssertUnwindSafe(f));
            outcome.map_err(|payload| {
                let text = message(&*payload).into();
                in_flight = Some(payload);
                text
            })
        };
        let outcome = self.outcome.init_slow(name, run);
        if let Some(payload) = in_flight {
            panic::resume_unwind(payload);
        }
        match outcome {
            Ok(value) => value,
            Err(text) => panic!("{name}: the function has panicked: {text}"),
        }
    }
}

// The function is taken out before it is called: a panic leaves nothing half-changed in here.
impl<T: RefUnwindSafe, F> RefUnwindSafe for Deferred<T, F> {}
