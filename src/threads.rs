//! The process-wide elastic cache of threads that runs every task.
//!
//! **Every task starts within bounded time, whatever the running tasks do**, as if each had a thread
//! of its own. What a `cap` refuses is not queued, and so there is no pool deadlock. Plain tasks go through the `pool`, a queue
//! with one searcher; tasks that ask for a special kind of thread through the `cache`, which claims
//! one for each. Threads that have been idle for ten seconds leave; the most recently used is woken
//! first, so the surplus ages.
//!
//! Claiming comes before the task is handed over: where the operating system refuses a thread,
//! [`claim`] fails and the caller still has its task. A finished task frees its thread *before* it
//! reports that it is done ([`Finish`]), so that whoever waits for it and then starts another finds
//! this very thread.
//!
//! A thread that is about to wait for a task, or for a group, runs what has not started of it
//! ([`run_task_here`], [`run_group_here`]): it could do nothing else before that is done. It never
//! runs tasks of others.
//!
//! What a reused thread keeps from one task to the next: thread-local values, whose destructors
//! run only when the thread leaves. [`Spec::own_thread`] opts out.

mod cache;
mod cap;
mod front;
mod lent;
mod lookout;
mod office;
mod pool;
mod rescue;
mod searcher;
mod sleeper;
mod spec;
mod worker;

use std::io;
use std::sync::Arc;

pub use cap::{max_threads, set_max_threads};
pub(crate) use pool::Id;
pub(crate) use spec::Spec;
pub(crate) use worker::{Finish, Runnable};
use worker::{Job, Worker};

use crate::sys;

/// The right to have one task run.
#[must_use = "a claimed thread waits for its task"]
pub(crate) struct Claimed(Option<Claim>);

enum Claim {
    Pool(pool::Claim),
    Worker(Arc<Worker>),
}

/// Claims what it takes to run a task.
///
/// # Errors
///
/// The operating system refused a thread.
#[inline]
pub(crate) fn claim(spec: &Spec) -> io::Result<Claimed> {
    let claim = if spec.is_default() {
        Claim::Pool(pool::claim()?)
    } else {
        Claim::Worker(cache::claim(spec)?)
    };
    Ok(Claimed(Some(claim)))
}

impl Claimed {
    /// Hands over the task.
    #[inline]
    pub(crate) fn run(mut self, id: Id, job: impl FnOnce(Finish<'_>) + Send + 'static) {
        self.hand_over(id, Job::Once(Box::new(job)));
    }

    /// Hands over a task that others hold, too.
    #[inline]
    pub(crate) fn run_shared(mut self, id: Id, job: Arc<dyn Runnable>) {
        self.hand_over(id, Job::Shared(job));
    }

    /// Hands over tasks for which any thread will do, in one go.
    pub(crate) fn run_each<F>(mut self, id: Id, jobs: Vec<F>)
    where
        F: FnOnce(Finish<'_>) + Send + 'static,
    {
        // Before the lock is taken.
        let jobs: Vec<_> = jobs.into_iter().map(|job| Job::Once(Box::new(job))).collect();
        match self.0.take() {
            Some(Claim::Pool(claim)) => claim.run_each(id, jobs.len(), jobs.into_iter()),
            Some(Claim::Worker(_)) | None => unreachable!("a default thread has been claimed"),
        }
    }

    #[inline]
    fn hand_over(&mut self, id: Id, job: Job) {
        match self.0.take() {
            Some(Claim::Pool(claim)) => claim.run(id, job),
            Some(Claim::Worker(worker)) => worker.post(job),
            None => {}
        }
    }
}

impl Drop for Claimed {
    /// A thread that gets no task after all goes back to the idle ones.
    fn drop(&mut self) {
        if self.0.is_some() {
            let nothing = |finish: Finish<'_>| drop(finish);
            self.hand_over(Id { group: 0, index: 0 }, Job::Once(Box::new(nothing)));
        }
    }
}

/// Runs, on this thread, the tasks of a group that have not started yet: for a thread that is about
/// to wait for all of them.
pub(crate) fn run_group_here(group: usize) {
    // Not what is pushed from now on: that may lie behind the moment for which the thread waits.
    let mut end = None;
    while lent::run_here(|id, serial, pushed| {
        id.group == group && serial < *end.get_or_insert(pushed)
    }) {}
}

/// Has what is queued be taken as soon as possible: for a thread that is about to wait for a task which
/// it will not run itself.
pub(crate) fn hurry() {
    // To the simulator, nobody dawdles.
    if !sys::is_simulated() {
        pool::hurry();
    }
}

/// Runs a task on this thread, if it has not started yet: for a thread that is about to wait for it.
pub(crate) fn run_task_here(task: Id) {
    lent::run_here(|id, _, _| *id == task);
}
