//! Callbacks: tasks that no thread waits for, and that must run whatever the threads of the limit do.
//!
//! The callback that would free the threads of the limit must not queue behind their tasks. So
//! callbacks lie in a run queue of their own, from which the threads of the limit take as from any
//! other, and one thread outside the limit, the *reserve thread*, takes from it too if there is no
//! thread of the limit for them: at the limit, or if the operating system refuses a thread. A callback
//! is therefore never refused.
//!
//! **No callback is forgotten.** A thread that looks in vain for a thread of the limit calls the
//! reserve thread, in the critical section of the pool's lock in which it finds none, if the queue of
//! the callbacks is not empty. The reserve thread leaves a callback in the queue only if, in one
//! critical section of that lock, it finds a thread of the limit that is free, idle, or can be started,
//! and has woken it unless it is awake. Such a thread looks at the list before it sleeps; if it
//! takes something else, it looks for a successor, and calls the reserve thread if there is none.

use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use super::inline::{self, Inside};
use super::job::{Job, Order, Release};
use super::limit::NoThread;
use super::pool::{self, Reserve, WakeUps};
use super::run_queue::{Entry, Group, Guess, RunQueue};
use super::{Place, go};
use crate::sys::{self, Empty, Global, Mutex, user_code};
use crate::wait::Until;

/// The queue of the callbacks, once there is a reserve thread.
static CALLBACKS: Global<Mutex<Callbacks>> = Global::new();

struct Callbacks(Option<Arc<RunQueue>>);

impl Empty for Callbacks {
    const EMPTY: Self = Callbacks(None);
}

/// Makes sure that callbacks will have a thread. To be called before the first one is registered.
///
/// # Errors
///
/// The operating system refused the reserve thread, or the watcher.
#[inline]
pub(crate) fn prepare() -> Result<(), NoThread> {
    if pool::has_reserve() { Ok(()) } else { start() }
}

#[cold]
fn start() -> Result<(), NoThread> {
    sys::note_forks();
    if !sys::starts_late() {
        super::start()?;
    }
    let mut callbacks = CALLBACKS.get().lock();
    let queue = callbacks.0.get_or_insert_with(|| RunQueue::new(Group::none(true)));
    pool::start_reserve(queue, serve)
}

/// Runs a callback as a task of its own. [`prepare`] has succeeded before.
pub(crate) fn call(job: Job) {
    if sys::starts_late() {
        // Nothing refuses the watcher here.
        drop(super::start());
    }
    let queue = CALLBACKS.get().lock().0.clone();
    let queue = queue.expect("callbacks have been prepared");
    let started = go(&queue, Place::Any, Guess::NONE, false, |_| job);
    debug_assert!(started.is_ok(), "the queue of the callbacks is never closed");
}

/// Whether the current thread is inside a callback, however deeply nested.
pub(crate) fn is_in_callback() -> bool {
    inline::is_in_callback()
}

/// The life of the reserve thread.
fn serve(reserve: &Reserve) {
    loop {
        // However the wait ends, the thread looks.
        let is_called = |is_called: &mut bool| *is_called;
        drop(sys::serving(|| reserve.signal.wait_parked(Until::FOREVER, is_called)));
        *reserve.signal.lock() = false;
        while let Some(entry) = next(&reserve.queue) {
            run(&reserve.queue, entry);
            user_code::permit();
        }
    }
}

/// The next callback for which there is no thread of the limit.
fn next(queue: &RunQueue) -> Option<Entry> {
    let mut wake_ups = WakeUps::default();
    let mut pool = pool::lock();
    let entry = if pool.lacks_thread() {
        queue.take_any(false)
    } else {
        if !queue.seems_empty() {
            pool.call_free_thread(&mut wake_ups);
        }
        None
    };
    drop(pool);
    wake_ups.now();
    entry
}

fn run(queue: &Arc<RunQueue>, entry: Entry) {
    pool::begin(&entry);
    let _inside = Inside::reserve(queue);
    let mut release = Release::worker(None, None);
    // A callback catches what user code throws. Should one unwind all the same, the thread must not
    // go with it.
    let run = AssertUnwindSafe(|| entry.job.run(Order::Run, &mut release));
    if let Err(payload) = panic::catch_unwind(run) {
        mem::forget(payload);
    }
}
