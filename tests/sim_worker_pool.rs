//! The races of `WorkerPool`, in the simulator: all of them where they are few, and at random.

#![cfg(feature = "sim")]
#![expect(clippy::disallowed_types, reason = "what a test counts with std's atomics is no step")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use phalanx::sim::{self, Builder, TimeMode};
use phalanx::{Context, Job, Lost, SubmitError, WorkerPool};
use support::schedules::{always, pause};

const SECOND: Duration = Duration::from_secs(1);

type Pool = Arc<WorkerPool<u32, u32>>;

/// Runs `test` under random schedules: as it is, with time that races, with parks that return for
/// no reason.
fn often(test: impl Fn() + Send + Sync + Clone + 'static) {
    let racing = TimeMode::Racing { percent: 20 };
    let usual = Builder::new().iterations(150);
    usual.clone().check(test.clone());
    usual.clone().time(racing).check(test.clone());
    usual.time(racing).spurious_wakeups(20).check(test);
}

/// A pool whose jobs take a second each, unless it is cancelled.
fn slow(workers: usize, queue: usize) -> Pool {
    let work = |(): &mut (), n, ctx: &Context| {
        drop(ctx.sleep(SECOND));
        n
    };
    Arc::new(WorkerPool::builder().workers(workers).queue(queue).start(|_| (), work))
}

fn instant() -> Pool {
    Arc::new(WorkerPool::builder().workers(1).queue(1).start(|_| (), |(), n, _| n))
}

fn shut_down(pool: Pool) {
    Arc::into_inner(pool).expect("the last owner").shutdown();
}

#[test]
fn jobs_are_done_so_many_at_a_time_in_the_order_in_which_they_came() {
    sim::check(|| {
        let pool = slow(2, 10);
        let jobs: Vec<_> = (0..5).map(|n| pool.submit(n).unwrap()).collect();
        for (n, job) in (0..).zip(jobs) {
            assert_eq!(job.join(), Ok(n));
            assert_eq!(sim::elapsed(), SECOND * (n / 2 + 1));
        }
        shut_down(pool);
    });
}

#[test]
fn a_submit_that_waits_for_room_gives_up_in_time_and_gives_the_job_back() {
    sim::check(|| {
        let pool = slow(1, 1);
        let first = pool.submit(1).unwrap();
        sim::wait_idle();
        let second = pool.submit(2).unwrap();
        let late = pool.submit_until(3, SECOND / 2).unwrap_err();
        assert_eq!((late.is_timeout(), late.into_inner(), sim::elapsed()), (true, 3, SECOND / 2));
        let third = pool.submit_until(3, SECOND).unwrap();
        assert_eq!(sim::elapsed(), SECOND, "there is room as soon as the next one is begun");
        assert!(third.wait_until(SECOND * 3 / 2).is_err());
        assert_eq!([first, second, third].map(Job::join), [Ok(1), Ok(2), Ok(3)]);
        assert_eq!(sim::elapsed(), 3 * SECOND);
        shut_down(pool);
    });
}

#[test]
fn whoever_waits_for_room_is_served_in_order_and_is_not_overtaken() {
    sim::check(|| {
        let pool = slow(1, 1);
        drop(pool.submit(0));
        sim::wait_idle();
        drop(pool.submit(1));
        let waiting = [2, 3].map(|n| {
            let pool = Arc::clone(&pool);
            let thread = sim::spawn("submitter", move || {
                let job = pool.submit(n).unwrap();
                (sim::elapsed(), job)
            });
            sim::wait_idle();
            sim::assert_blocked(&thread, "WorkerPool::submit");
            thread
        });
        let newcomer = sim::spawn("newcomer", {
            let pool = Arc::clone(&pool);
            move || {
                pause(SECOND);
                pool.try_submit(9).is_ok()
            }
        });
        let done = waiting.map(|thread| thread.join().unwrap());
        let [(second, two), (third, three)] = done;
        assert_eq!((second, third), (SECOND, 2 * SECOND));
        assert_eq!([two, three].map(Job::join), [Ok(2), Ok(3)]);
        assert!(!newcomer.join().unwrap());
        shut_down(pool);
    });
}

#[test]
fn a_submit_against_a_close_is_refused_or_the_job_is_done() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let pool = instant();
            let submitting = sim::spawn("submitter", {
                let pool = Arc::clone(&pool);
                move || pool.submit(7).map(Job::join).map_err(SubmitError::into_inner).ok()
            });
            pool.close();
            let told = submitting.join().unwrap();
            shut_down(pool);
            told == Some(Ok(7))
        })
        .exactly([false, true])
        .exhausted();
}

#[test]
fn a_submit_against_a_cancel_is_refused_or_given_back_or_done() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let pool = instant();
            let submitting = sim::spawn("submitter", {
                let pool = Arc::clone(&pool);
                move || pool.submit(7).map(|job| job.join() == Err(Lost::NotDone)).map_err(drop)
            });
            let back = pool.cancel();
            let told = submitting.join().unwrap();
            assert_eq!(
                back.len(),
                usize::from(told == Ok(true)),
                "it is given back to one of them"
            );
            shut_down(pool);
            told
        })
        .exactly([Err(()), Ok(false), Ok(true)])
        .exhausted();
}

#[test]
fn a_pool_that_is_dropped_at_any_point_answers_for_each_job() {
    always(1, || {
        let pool = WorkerPool::builder().workers(1).queue(2).start(|_| (), |(), n: u32, _| n);
        let jobs = [0, 1].map(|n| pool.submit(n).unwrap());
        let joining = sim::spawn("joiner", move || jobs.map(Job::join));
        drop(pool);
        let [first, second] = joining.join().unwrap();
        assert!(first == Ok(0) || first == Err(Lost::NotDone));
        assert!(second == Ok(1) || second == Err(Lost::NotDone));
        assert!(first.is_ok() || second.is_err(), "the first is begun first");
    });
}

#[test]
fn cancel_wakes_those_who_wait_and_ends_what_is_being_done_now() {
    sim::check(|| {
        let pool = slow(1, 1);
        let done = pool.submit(1).unwrap();
        sim::wait_idle();
        let queued = pool.submit(2).unwrap();
        let waiting = sim::spawn("submitter", {
            let pool = Arc::clone(&pool);
            move || pool.submit(3).unwrap_err().into_inner()
        });
        sim::wait_idle();
        assert_eq!(pool.cancel(), [2]);
        assert_eq!((done.join(), queued.join()), (Ok(1), Err(Lost::NotDone)));
        assert_eq!((waiting.join().unwrap(), sim::elapsed()), (3, Duration::ZERO));
        shut_down(pool);
    });
}

#[test]
fn the_deadline_of_the_context_ends_the_pool_in_its_instant() {
    sim::check(|| {
        let ctx = Context::background().with_timeout(SECOND / 2);
        let builder = WorkerPool::builder().workers(2).queue(1).context(&ctx);
        // One job does not look at the context: it takes its time, and nobody waits for that.
        let work = |(): &mut (), n: u32, ctx: &Context| {
            if n == 0 { pause(9 * SECOND) } else { drop(ctx.wait()) }
        };
        let pool = Arc::new(builder.start(|_| (), work));
        let begun = [0, 1].map(|n| {
            let job = pool.submit(n).unwrap();
            sim::wait_idle();
            job
        });
        let queued = pool.submit(2).unwrap();
        let waiting = sim::spawn("submitter", {
            let pool = Arc::clone(&pool);
            move || pool.submit(3).unwrap_err().is_closed()
        });
        assert_eq!(queued.join(), Err(Lost::NotDone));
        assert!(waiting.join().unwrap());
        assert_eq!((sim::elapsed(), pool.is_closed()), (SECOND / 2, true));
        assert_eq!(begun.map(Job::join), [Ok(()), Ok(())]);
        Arc::into_inner(pool).unwrap().shutdown();
        assert_eq!(sim::elapsed(), 9 * SECOND);
    });
}

#[test]
fn shutdown_until_gives_up_in_time_and_the_workers_go_on() {
    sim::check(|| {
        let pool = slow(1, 5);
        let jobs = [1, 2, 3].map(|n| pool.submit(n).unwrap());
        assert!(pool.shutdown_until(3 * SECOND / 2).is_err());
        assert_eq!(sim::elapsed(), 3 * SECOND / 2);
        assert!(pool.shutdown_until(2 * SECOND).is_ok());
        assert_eq!(sim::elapsed(), 3 * SECOND);
        assert_eq!(jobs.map(Job::join), [Ok(1), Ok(2), Ok(3)]);
        shut_down(pool);
    });
}

#[test]
fn a_state_whose_drop_panics_does_not_cut_short_the_jobs_of_others() {
    struct State(usize);
    impl Drop for State {
        fn drop(&mut self) {
            if self.0 == 0 {
                std::panic::resume_unwind(Box::new("the state went off"));
            }
        }
    }
    sim::check(|| {
        let pool = WorkerPool::builder().workers(2).queue(2).start(State, |state, (), ctx| {
            // Worker 0 is through first, and finds the pool closed.
            ctx.sleep(SECOND * u32::try_from(state.0 + 1).unwrap()).is_ok()
        });
        let jobs = [(); 2].map(|()| pool.submit(()).unwrap());
        sim::wait_idle();
        pool.shutdown();
        assert_eq!(sim::elapsed(), 2 * SECOND);
        assert_eq!(jobs.map(Job::join), [Ok(true), Ok(true)]);
    });
}

#[test]
fn results_come_in_order_or_as_they_finish() {
    sim::check(|| {
        let pool = WorkerPool::builder().workers(3).queue(3).start(
            |_| (),
            |(), n: u32, _| {
                pause(SECOND * (4 - n));
                n
            },
        );
        let mut came = Vec::new();
        pool.run_each(1..=3, |result| came.push((result.unwrap(), sim::elapsed())));
        assert_eq!(came, [(1, 3 * SECOND), (2, 3 * SECOND), (3, 3 * SECOND)]);
        let mut came = Vec::new();
        pool.run_unordered(1..=3, |number, result| {
            assert_eq!(result, Ok(u32::try_from(number).unwrap() + 1));
            came.push((number, sim::elapsed()));
        });
        assert_eq!(came, [(2, 4 * SECOND), (1, 5 * SECOND), (0, 6 * SECOND)]);
        pool.shutdown();
    });
}

#[test]
fn results_come_while_others_wait_for_room() {
    sim::check(|| {
        let pool = slow(1, 1);
        let mut came = Vec::new();
        pool.run_each(0..4, |result| came.push((result.unwrap(), sim::elapsed())));
        assert_eq!(came, [1, 2, 3, 4].map(|n| (n - 1, SECOND * n)));
        let mut came = Vec::new();
        pool.run_unordered(0..4, |_, result| came.push((result.unwrap(), sim::elapsed())));
        assert_eq!(came, [1, 2, 3, 4].map(|n| (n - 1, SECOND * (n + 4))));
        shut_down(pool);
    });
}

#[test]
fn jobs_that_submit_to_their_own_full_pool_are_all_done() {
    /// Three jobs, of which two submit two each, which submit one each.
    const ALL: usize = 3 + (2 + 2 + 1) + (2 + 2);
    often(|| {
        let (done, place) = (Arc::new(AtomicUsize::new(0)), Arc::new(std::sync::OnceLock::new()));
        let (of_jobs, own) = (Arc::clone(&done), Arc::clone(&place));
        let pool: Pool = Arc::new(WorkerPool::builder().workers(2).queue(1).start(
            |_| (),
            move |(), n: u32, _| {
                of_jobs.fetch_add(1, SeqCst);
                let pool: &std::sync::Weak<WorkerPool<u32, u32>> = own.get().unwrap();
                for _ in 0..n {
                    drop(pool.upgrade().unwrap().submit(n - 1).unwrap());
                }
                n
            },
        ));
        place.set(Arc::downgrade(&pool)).unwrap();
        assert_eq!(pool.run_all([2, 2, 1]), [Ok(2), Ok(2), Ok(1)]);
        while done.load(SeqCst) < ALL {
            pause(SECOND);
        }
        pool.shutdown_until(Duration::MAX).unwrap();
        assert_eq!(done.load(SeqCst), ALL);
    });
}

#[test]
fn each_accepted_job_is_answered_for_whatever_happens() {
    often(|| {
        let begun = Arc::new(AtomicUsize::new(0));
        let of_jobs = Arc::clone(&begun);
        let (ctx, canceller) = Context::background().with_cancel();
        let builder = WorkerPool::builder().workers(2).queue(1).context(&ctx);
        let pool = builder.start(
            |_| (),
            move |(), n: u32, ctx: &Context| {
                of_jobs.fetch_add(1, SeqCst);
                drop(ctx.sleep(SECOND));
                if n == 1 {
                    std::panic::resume_unwind(Box::new("on purpose"));
                }
            },
        );
        let answers: [usize; 3] = sim::scope(|s| {
            let submitters = [0, 1, 2].map(|first| {
                let pool = &pool;
                s.spawn("submitter", move || {
                    let jobs = (first..first + 3).map(|n| pool.submit_until(n, 2 * SECOND));
                    let jobs: Vec<_> = jobs.filter_map(Result::ok).collect();
                    let ends = jobs.into_iter().map(Job::join);
                    ends.filter(|end| *end != Err(Lost::NotDone)).count()
                })
            });
            pause(SECOND);
            match sim::choose(4) {
                0 => pool.close(),
                1 => drop(pool.cancel()),
                2 => canceller.cancel(),
                _ => {}
            }
            submitters.map(|thread| thread.join().unwrap())
        });
        drop(pool);
        assert_eq!(answers.iter().sum::<usize>(), begun.load(SeqCst));
    });
}

#[test]
fn a_numbered_result_that_nobody_wants_any_more_harms_nobody() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            std::panic::resume_unwind(Box::new("the bomb went off"));
        }
    }
    sim::check(|| {
        let pool = WorkerPool::builder().workers(1).queue(9).start(
            |_| (),
            |(), n: u32, _| {
                pause(SECOND * n);
                (n > 0).then(|| Bomb)
            },
        );
        let numbers = std::panic::AssertUnwindSafe(|| {
            pool.run_unordered([0, 1], |_, _| std::panic::resume_unwind(Box::new("no more")));
        });
        assert!(std::panic::catch_unwind(numbers).is_err());
        let last = pool.submit(0).unwrap().join();
        assert!(matches!(last, Ok(None)));
        assert!(sim::elapsed() <= SECOND, "if the second job was submitted");
        assert!(!pool.is_closed());
        pool.shutdown();
    });
}
