//! Many jobs at a time.

use std::collections::VecDeque;
use std::sync::Arc;

use super::promise::{Numbered, Promise};
use super::{Entry, Job, Lost, WorkerPool};
use crate::belt::{Taker, belt};
use crate::sys;
use crate::wait::Until;

impl<J, R> WorkerPool<J, R> {
    /// Does all `jobs`, and returns their results in order.
    ///
    /// # Blocking
    ///
    /// Until all have ended. Jobs are taken from the iterator as there is room in the queue. In a job of
    /// the same pool this may wait for ever, as [`Job::join`] may.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn run_all(&self, jobs: impl IntoIterator<Item = J>) -> Vec<Result<R, Lost>> {
        let mut results = Vec::new();
        self.run_each(jobs, |result| results.push(result));
        results
    }

    /// Does all `jobs`, and calls `f` with each result, in order, on this thread, as soon as it and
    /// all before it are there, and the iterator does not have this thread.
    ///
    /// A job that the pool does not accept any more is [`Lost`].
    ///
    /// # Blocking
    ///
    /// As [`run_all`](Self::run_all).
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn run_each(&self, jobs: impl IntoIterator<Item = J>, mut f: impl FnMut(Result<R, Lost>)) {
        let mut under_way = VecDeque::<Job<R>>::new();
        for job in jobs {
            match self.submit(job) {
                Ok(job) => under_way.push_back(job),
                Err(_closed) => {
                    under_way.drain(..).for_each(|job| f(job.join()));
                    f(Err(Lost::NotDone));
                }
            }
            while under_way.front().is_some_and(Job::is_done) {
                under_way.pop_front().into_iter().for_each(|job| f(job.join()));
            }
        }
        for job in under_way {
            f(job.join());
        }
    }

    /// Does all `jobs`, and calls `f` with the index and the result of each, on this thread, as they
    /// finish, when the iterator does not have this thread.
    ///
    /// A job that the pool does not accept any more is [`Lost`].
    ///
    /// # Blocking
    ///
    /// As [`run_all`](Self::run_all).
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::WorkerPool;
    ///
    /// let pool = WorkerPool::new(3, |text: &str| text.len());
    /// let mut lengths = [0; 3];
    /// pool.run_unordered(["one", "three", "seventeen"], |index, length| {
    ///     lengths[index] = length.unwrap();
    /// });
    /// assert_eq!(lengths, [3, 5, 9]);
    /// ```
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn run_unordered(
        &self,
        jobs: impl IntoIterator<Item = J>,
        mut f: impl FnMut(usize, Result<R, Lost>),
    ) {
        let (inbox, mut results) = belt::<Numbered<R>>(usize::MAX, false);
        let inbox = Arc::new(inbox);
        let mut awaited = 0;
        for (number, job) in jobs.into_iter().enumerate() {
            // Whatever becomes of it, its promise delivers something.
            let entry = Entry { job, promise: Promise::to_inbox(number, &inbox) };
            drop(self.put(entry, &Until::FOREVER));
            awaited += 1;
            while let Some((_, (number, result))) = results.try_take() {
                awaited -= 1;
                f(number, result);
            }
        }
        for _ in 0..awaited {
            let (number, result) = wait_for_one(&mut results);
            f(number, result);
        }
    }
}

#[cfg_attr(feature = "sim", track_caller)]
fn wait_for_one<R>(results: &mut Taker<Numbered<R>>) -> Numbered<R> {
    let _call = sys::blocking_call("WorkerPool::run_unordered");
    let Ok(Some((_, numbered))) = results.take(&Until::FOREVER) else {
        unreachable!("nothing interrupts a wait without a bound, and the inbox has no end")
    };
    numbered
}
