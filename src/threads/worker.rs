//! One thread of the cache, and the hand-over of a task to it.

use std::io;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use super::searcher::Shift;
use super::sleeper::KEEP_ALIVE;
use super::{Spec, cache, cap};
use crate::sys;
use crate::sys::atomic::{Acquire, AtomicBool, Relaxed, Release};
use crate::wait::{Until, WaitQueue};

/// A task as this room sees it: it runs user code, then drops [`Finish`], then reports. It must not
/// panic.
pub(super) enum Job {
    Once(Box<dyn FnOnce(Finish<'_>) + Send>),
    Shared(Arc<dyn Runnable>),
}

/// A task that others hold, too.
pub(crate) trait Runnable: Send + Sync {
    /// Runs it; it is run once.
    fn run(self: Arc<Self>, finish: Finish<'_>);
}

pub(super) struct Worker {
    pub(super) spec: Spec,
    inbox: WaitQueue<Option<Job>>,
    /// Whether there is a job in the inbox: for looking without the lock.
    posted: AtomicBool,
    /// Whether the thread ends with its job, since the cache does not keep it.
    leaving: AtomicBool,
}

/// Makes the thread of a task free for others, when dropped: after the last of the user's code, and
/// before anybody can learn that the task is done.
pub(crate) struct Finish<'a>(Thread<'a>);

enum Thread<'a> {
    Cached(&'a Arc<Worker>),
    Pooled(&'a mut Shift),
    /// A thread that would wait otherwise.
    Lent,
}

impl<'a> Finish<'a> {
    pub(super) fn of_pool(shift: &'a mut Shift) -> Self {
        Finish(Thread::Pooled(shift))
    }
}

impl Finish<'static> {
    pub(super) fn of_nobody() -> Self {
        Finish(Thread::Lent)
    }
}

impl Finish<'_> {
    /// Whether another task can go on here, which asks for such a thread. (Not on one that was lent:
    /// it waits for the first task alone.)
    pub(crate) fn suits(&self, spec: &Spec) -> bool {
        match &self.0 {
            Thread::Lent => false,
            Thread::Pooled(_) => spec.is_default(),
            Thread::Cached(worker) => worker.spec == *spec && !spec.own_thread,
        }
    }
}

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        match &mut self.0 {
            Thread::Lent => {}
            Thread::Pooled(shift) => shift.finished(),
            Thread::Cached(worker) => {
                if !cache::put(worker) {
                    // Relaxed: read by this thread alone.
                    worker.leaving.store(true, Relaxed);
                }
            }
        }
    }
}

/// Starts a thread that waits for its first task.
pub(super) fn start(spec: Spec) -> io::Result<Arc<Worker>> {
    let (name, stack_size) = (spec.thread_name(), spec.stack_size);
    let worker = Arc::new(Worker {
        spec,
        inbox: WaitQueue::new(None),
        posted: AtomicBool::new(false),
        leaving: AtomicBool::new(false),
    });
    let its_own = Arc::clone(&worker);
    let living = cap::admit()?;
    let serve = move || {
        let _living = living;
        its_own.serve();
    };
    sys::spawn(name, stack_size, serve)?;
    Ok(worker)
}

pub(super) fn run(job: Job, finish: Finish<'_>) {
    // A job catches what user code throws. Should one unwind all the same, the thread, which is
    // idle by then and perhaps claimed, must not go with it.
    if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(|| job.run(finish))) {
        mem::forget(payload);
    }
}

impl Job {
    fn run(self, finish: Finish<'_>) {
        match self {
            Job::Once(job) => job(finish),
            Job::Shared(job) => job.run(finish),
        }
    }
}

impl Worker {
    fn serve(self: Arc<Self>) {
        let mut job = self.claimed_job();
        loop {
            run(job, Finish(Thread::Cached(&self)));
            // Relaxed: written by this thread alone, in `Finish`.
            if self.leaving.load(Relaxed) {
                return;
            }
            job = match self.next_job() {
                Some(job) => job,
                None => return,
            };
        }
    }

    /// The next job, or `None` when nobody has claimed this idle thread for a long time.
    fn next_job(self: &Arc<Self>) -> Option<Job> {
        if let Some(job) = sys::idling(|| self.job_until(KEEP_ALIVE.into())) {
            return Some(job);
        }
        if cache::withdraw(self) { None } else { Some(self.claimed_job()) }
    }

    /// The job that whoever claimed this thread is about to post.
    fn claimed_job(&self) -> Job {
        self.job_until(Until::FOREVER).expect("a wait without a bound ends with a job")
    }

    fn job_until(&self, until: Until<'_>) -> Option<Job> {
        // Acquire: pairs with Release in `post`. The lock orders the job itself.
        let posted = || self.posted.load(Acquire);
        // What ended the wait does not matter, only whether there is a job.
        drop(self.inbox.wait(until, posted, |inbox| inbox.is_some()));
        let mut inbox = self.inbox.lock();
        // Relaxed: this thread alone reads the flag.
        self.posted.store(false, Relaxed);
        inbox.take()
    }

    pub(super) fn post(&self, job: Job) {
        let mut inbox = self.inbox.lock();
        *inbox = Some(job);
        // Release: pairs with Acquire in `job_until`.
        self.posted.store(true, Release);
        inbox.grant_one();
    }
}
