//! Use this to have a fixed number of workers do jobs that come in one by one.

mod builder;
mod job;
mod promise;
mod run;
mod submit;
mod worker;

use std::fmt;
use std::sync::Arc;

pub use builder::PoolBuilder;
pub use job::{Job, Lost};
pub use submit::{SubmitError, TrySubmitError};

use promise::Promise;
use worker::Ours;

use crate::belt::Putter;
use crate::context::Context;
use crate::group::{ErrGroup, Stopped};
use crate::sys;
use crate::unwind::drop_quietly;
use crate::wait::{Interrupted, Until};

/// Workers that do one job after the other, each with a state of its own, such as a connection.
///
/// A job is a value; all are done by the same function. Jobs that no worker has begun wait in a queue
/// with room for so many, in the order in which they came. [`submit`](Self::submit) returns a [`Job`],
/// whose result can be waited for; [`run_all`](Self::run_all) does many jobs, with their results in
/// order, [`run_each`](Self::run_each) hands them on one by one, and
/// [`run_unordered`](Self::run_unordered) as they finish.
///
/// A job that panics harms nobody: its own result says so, and the worker makes itself a new state. Nor
/// does a state, or a result that nobody wants, whose drop panics. A panic of the constructor of a
/// state is that of the pool: it cancels the pool, and is resumed by `shutdown`, or by the drop.
///
/// # How it ends
///
/// - [`shutdown`](Self::shutdown) does all jobs that were accepted, and then ends the workers.
/// - [`cancel`](Self::cancel) gives back the jobs that nobody has begun, and cancels the context that
///   those see which are being done. Dropping the pool cancels it, and waits for the workers.
/// - The end of the context that it was [given](PoolBuilder::context) does what `cancel` does; the
///   jobs that nobody has begun are dropped.
///
/// A job that drops its own pool cancels it, and waits for nobody.
///
/// No job is lost without a word: the result of one that was not done is [`Lost`].
///
/// # What it costs
///
/// A job costs one allocation, for its result, and some 1350 instructions on x86-64, from `submit` to
/// `join`, as long as the queue has room and memory; in [`run_unordered`](Self::run_unordered) it
/// allocates nothing. A worker that sleeps is woken only for a job of its own, the one that fell asleep last first.
///
/// # Examples
///
/// ```
/// use phalanx::WorkerPool;
///
/// let pool = WorkerPool::new(3, |n: u64| n * n);
/// let job = pool.submit(7).unwrap();
/// assert_eq!(pool.run_all(1..=3), [Ok(1), Ok(4), Ok(9)]);
/// assert_eq!(job.join(), Ok(49));
/// pool.shutdown();
/// ```
///
/// A job that submits to its own pool knows it by a weak handle, which keeps no pool alive:
///
/// ```
/// use phalanx::{Until, WorkerPool};
/// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
/// use std::sync::{Arc, Weak};
///
/// static VISITED: AtomicU32 = AtomicU32::new(0);
///
/// let pool = Arc::new_cyclic(|pool: &Weak<WorkerPool<u32, ()>>| {
///     let pool = pool.clone();
///     WorkerPool::new(2, move |depth| {
///         VISITED.fetch_add(1, Relaxed);
///         if let (1.., Some(pool)) = (depth, pool.upgrade()) {
///             pool.submit(depth - 1).expect("it is closed when all have been visited");
///         }
///     })
/// });
/// pool.submit(9).unwrap();
/// # while VISITED.load(Relaxed) < 10 { std::thread::yield_now(); }
/// // ... when all have been visited:
/// pool.shutdown_until(Until::FOREVER)?;
/// assert_eq!(VISITED.load(Relaxed), 10);
/// # Ok::<(), phalanx::Interrupted>(())
/// ```
///
/// # Compared with Go
///
/// The worker pool of every Go tutorial: goroutines that range over a channel of jobs. Submitting to
/// a pool that has been closed is an error that gives the job back, where a send panics; and a job
/// that submits to its own full pool does not wait for itself.
pub struct WorkerPool<J, R> {
    queue: Arc<Putter<Entry<J, R>>>,
    /// `None` when the workers have been waited for.
    workers: Option<ErrGroup<Stopped>>,
    count: usize,
}

/// A job, and where its result goes.
struct Entry<J, R> {
    job: J,
    promise: Promise<R>,
}

impl<J: Send + 'static, R: Send + 'static> WorkerPool<J, R> {
    /// Starts a pool of so many workers, without a state, with a queue for twice as many jobs.
    ///
    /// # Panics
    ///
    /// As [`PoolBuilder::start`].
    #[track_caller]
    pub fn new(workers: usize, work: impl Fn(J) -> R + Send + Sync + 'static) -> Self {
        WorkerPool::builder().workers(workers).start(|_| (), move |(), job, _| work(job))
    }
}

impl WorkerPool<(), ()> {
    /// Options for a pool.
    pub fn builder() -> PoolBuilder {
        PoolBuilder::new()
    }
}

impl<J, R> WorkerPool<J, R> {
    /// Returns the number of workers.
    pub fn workers(&self) -> usize {
        self.count
    }

    /// Returns how many jobs wait for a worker.
    pub fn queued(&self) -> usize {
        self.queue.waiting()
    }

    /// Returns the context that the jobs see.
    pub fn context(&self) -> &Context {
        self.group().context()
    }

    /// Accepts no more jobs. Those that were accepted are done. Whoever waits for room gets the job
    /// back.
    pub fn close(&self) {
        self.queue.close();
    }

    /// Returns `true` if the pool accepts no more jobs.
    pub fn is_closed(&self) -> bool {
        self.queue.is_refused() || self.context().ended().is_some()
    }

    /// Closes the pool, and waits until all jobs that were accepted have been done.
    ///
    /// # Panics
    ///
    /// Resumes the panic of a state's constructor, if one has panicked; jobs that were not done then
    /// are [`Lost`]. `WorkerPool::shutdown: called by a job of its own` if it is; the pool is then
    /// dropped, and so cancelled.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn shutdown(mut self) {
        self.refuse_own_job("WorkerPool::shutdown");
        let _call = sys::blocking_call("WorkerPool::shutdown");
        self.close();
        if let Some(workers) = self.workers.take() {
            // Nothing but the group's own end stops a worker, and that is no error here.
            drop(workers.wait());
        }
    }

    /// Closes the pool, and waits until all jobs that were accepted have been done, but no longer than
    /// `until`.
    ///
    /// # Errors
    ///
    /// [`Interrupted`], if the bound was reached first: the pool is closed, and the workers go on.
    ///
    /// # Panics
    ///
    /// `WorkerPool::shutdown_until: called by a job of its own` if it is; the pool stays open.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn shutdown_until<'a>(&self, until: impl Into<Until<'a>>) -> Result<(), Interrupted> {
        self.refuse_own_job("WorkerPool::shutdown_until");
        let _call = sys::blocking_call("WorkerPool::shutdown");
        self.close();
        self.group().wait_until(until)
    }

    /// Closes the pool, cancels the context that the jobs see, and gives back those that nobody has
    /// begun, in order. Their results are [`Lost`]. Does not wait for those that are being done.
    pub fn cancel(&self) -> Vec<J> {
        self.queue.close();
        let left = self.queue.take_back().map(|entry| entry.job).collect();
        self.group().cancel();
        left
    }

    fn group(&self) -> &ErrGroup<Stopped> {
        self.workers.as_ref().expect("the workers are there until the end")
    }

    #[cfg_attr(feature = "sim", track_caller)]
    fn refuse_own_job(&self, call: &str) {
        assert!(!Ours::is_here(&self.queue), "{call}: called by a job of its own");
    }
}

impl<J, R> Drop for WorkerPool<J, R> {
    fn drop(&mut self) {
        if self.workers.is_some() {
            self.cancel().into_iter().for_each(drop_quietly);
            drop(self.workers.take()); // cancels, and joins
        }
    }
}

impl<J, R> fmt::Debug for WorkerPool<J, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerPool")
            .field("workers", &self.count)
            .field("queued", &self.queued())
            .finish_non_exhaustive()
    }
}
