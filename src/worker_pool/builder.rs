//! The options of a pool.

use std::sync::Arc;

use super::worker::{Worker, work};
use super::{Entry, WorkerPool};
use crate::belt::belt;
use crate::context::Context;
use crate::group::{Builder, ErrGroup, Stopped};
use crate::sys;

/// The options of a [`WorkerPool`], made by [`WorkerPool::builder`].
///
/// # Examples
///
/// Each worker with a buffer of its own:
///
/// ```
/// use phalanx::WorkerPool;
///
/// let pool = WorkerPool::builder().workers(2).queue(10).name("encoder").start(
///     |_worker| Vec::with_capacity(1024),
///     |buffer, text: String, _ctx| {
///         buffer.clear();
///         buffer.extend(text.bytes().rev());
///         String::from_utf8_lossy(buffer).into_owned()
///     },
/// );
/// assert_eq!(pool.submit("abc".to_owned()).unwrap().join(), Ok("cba".to_owned()));
/// ```
#[derive(Clone, Debug)]
#[must_use = "options do nothing until a pool is started with them"]
pub struct PoolBuilder {
    workers: usize,
    queue: Option<usize>,
    group: Builder,
}

impl PoolBuilder {
    pub(super) fn new() -> Self {
        PoolBuilder {
            workers: sys::cores(),
            queue: None,
            group: ErrGroup::builder().name("worker"),
        }
    }

    /// So many workers; the default is one for each core.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// Room for so many jobs that no worker has begun; the default is twice the number of workers.
    pub fn queue(mut self, jobs: usize) -> Self {
        self.queue = Some(jobs);
        self
    }

    /// The jobs see a context that ends when this one does. When it ends, the workers stop before
    /// their next job.
    pub fn context(mut self, ctx: &Context) -> Self {
        self.group = self.group.context(ctx);
        self
    }

    /// Names the workers' threads; the default is "worker".
    ///
    /// # Panics
    ///
    /// As [`Builder::name`].
    #[track_caller]
    pub fn name(mut self, name: &str) -> Self {
        self.group = self.group.name(name);
        self
    }

    /// Starts the workers. Each makes its state with `state`, which gets the worker's number, on the
    /// thread on which it then works; and again after a job has panicked. `work` does a job.
    ///
    /// # Panics
    ///
    /// `WorkerPool::start: no workers`, `WorkerPool::start: no room for a job`; `ErrGroup::go: ...`
    /// if the operating system refuses a thread, after those that have been started have ended.
    #[track_caller]
    pub fn start<S, J, R>(
        self,
        state: impl Fn(usize) -> S + Send + Sync + 'static,
        work_on: impl Fn(&mut S, J, &Context) -> R + Send + Sync + 'static,
    ) -> WorkerPool<J, R>
    where
        S: 'static,
        J: Send + 'static,
        R: Send + 'static,
    {
        let PoolBuilder { workers, queue, group } = self;
        assert!(workers > 0, "WorkerPool::start: no workers");
        let queue = queue.unwrap_or(workers.saturating_mul(2));
        assert!(queue > 0, "WorkerPool::start: no room for a job");
        let (putter, taker) = belt::<Entry<J, R>>(queue, true);
        let (putter, shared) = (Arc::new(putter), Arc::new((state, work_on)));
        let group = group.start::<Stopped>();
        for number in 0..workers {
            let worker = Worker { number, queue: Arc::clone(&putter), taker: taker.clone() };
            let shared = Arc::clone(&shared);
            group.go(move |ctx| {
                work(worker, ctx, &shared.0, &shared.1);
                Ok(())
            });
        }
        WorkerPool { queue: putter, workers: Some(group), count: workers }
    }
}
