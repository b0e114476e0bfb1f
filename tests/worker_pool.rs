//! What worker pools do, in real time.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::collections::HashSet;
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::unbounded;
use parking_lot::Mutex;
use phalanx::{Context, Interrupted, Job, Lost, SubmitError, TrySubmitError, WorkerPool};
use support::{Bomb, Count, Crowd, Gate, Log, OnDrop, gate, panic_of, watchdog};

type Squares = WorkerPool<u64, u64>;

fn squares(workers: usize) -> Squares {
    WorkerPool::new(workers, |n| n * n)
}

/// A pool of one worker with a queue of one job, which is at a job at the gate, and whose queue is full.
struct Busy {
    pool: WorkerPool<Gate, ()>,
    begun: Job<()>,
    queued: Job<()>,
}

fn busy(gate: &Gate) -> Busy {
    let (tell, begun) = unbounded();
    let work = move |(): &mut (), gate: Gate, _: &Context| {
        tell.send(()).ok();
        gate.pass();
    };
    let pool = WorkerPool::builder().workers(1).queue(1).start(|_| (), work);
    let first = pool.submit(gate.clone()).unwrap();
    begun.recv().unwrap();
    let queued = pool.submit(gate.clone()).unwrap();
    assert_eq!((pool.queued(), pool.workers()), (1, 1));
    Busy { pool, begun: first, queued }
}

#[test]
fn each_job_has_its_result_and_many_have_theirs_in_order() {
    watchdog(|| {
        let pool = squares(3);
        let jobs: Vec<_> = (0..100).map(|n| pool.submit(n).unwrap()).collect();
        for (n, job) in (0..).zip(jobs) {
            assert_eq!(job.join(), Ok(n * n));
        }
        assert!(pool.run_all(0..1000).into_iter().eq((0..1000).map(|n| Ok(n * n))));
        assert_eq!(pool.run_all([]), []);
        let mut seen = 0;
        pool.run_each(0..1000, |result| {
            assert_eq!(result, Ok(seen * seen));
            seen += 1;
        });
        assert_eq!(seen, 1000);
        pool.shutdown();
    });
}

#[test]
fn results_come_as_they_finish_with_the_number_of_their_job() {
    watchdog(|| {
        let (opener, gate) = gate();
        let pool = WorkerPool::new(2, move |n: usize| {
            if n == 0 {
                gate.pass();
            }
            n * 10
        });
        let (mut opener, mut order) = (Some(opener), Vec::new());
        pool.run_unordered(0..50, |number, result| {
            assert_eq!(result, Ok(number * 10));
            order.push(number);
            if order.len() == 49 {
                opener.take().unwrap().open();
            }
        });
        assert_eq!(order.pop(), Some(0), "the slow one comes last");
        assert!(order.into_iter().collect::<HashSet<_>>().into_iter().all(|n| n < 50));
        pool.run_unordered([], |_, _| unreachable!("there is no job"));
    });
}

#[test]
fn so_many_jobs_are_done_at_a_time_and_each_worker_keeps_its_state() {
    watchdog(|| {
        let crowd = Arc::new(Crowd::default());
        let inside = Arc::clone(&crowd);
        let start = std::sync::Barrier::new(3);
        let pool = WorkerPool::builder().workers(3).name("squarer").start(
            |worker| (worker, 0, thread::current().id()),
            move |(worker, done, home), n: usize, _| {
                assert_eq!(
                    (thread::current().id(), thread::current().name()),
                    (*home, Some("squarer"))
                );
                inside.visit(|| n < 3 && start.wait().is_leader());
                *done += 1;
                (*worker, *done)
            },
        );
        let results = pool.run_all(0..300);
        assert_eq!(crowd.most(), 3);
        let mut done = [0; 3];
        for result in results {
            let (worker, count): (usize, usize) = result.unwrap();
            done[worker] = done[worker].max(count);
        }
        assert_eq!(done.iter().sum::<usize>(), 300);
    });
}

#[test]
fn a_full_queue_gives_the_job_back_or_has_its_owner_wait() {
    watchdog(|| {
        let (opener, gate) = gate();
        let Busy { pool, begun, queued } = busy(&gate);
        assert!(matches!(pool.try_submit(gate.clone()), Err(TrySubmitError::Full(_))));
        let late = pool.submit_until(gate.clone(), Duration::ZERO).unwrap_err();
        assert!(late.is_timeout() && !late.is_closed());
        assert_eq!(late.source().unwrap().to_string(), Interrupted::TimedOut.to_string());
        let (ctx, canceller) = Context::background().with_cancel();
        canceller.cancel();
        let in_vain = pool.submit_until(late.into_inner(), &ctx).unwrap_err();
        assert!(matches!(in_vain, SubmitError::Interrupted(_, Interrupted::Cancelled(_))));
        assert!(queued.wait_until(Duration::ZERO).is_err());
        opener.open();
        assert_eq!((begun.join(), queued.join()), (Ok(()), Ok(())));
        assert_eq!(pool.submit(gate).unwrap().join(), Ok(()));
    });
}

#[test]
fn shutdown_does_all_jobs_that_were_accepted() {
    watchdog(|| {
        let (opener, gate) = gate();
        let Busy { pool, begun, queued } = busy(&gate);
        assert!(pool.shutdown_until(Duration::ZERO).is_err());
        assert!(pool.is_closed());
        let refused = pool.submit(gate.clone()).unwrap_err();
        assert!(refused.is_closed() && pool.try_submit(gate).unwrap_err().is_closed());
        assert_eq!(refused.to_string(), "the pool accepts no more jobs");
        opener.open();
        pool.shutdown_until(Duration::MAX).unwrap();
        assert!(begun.is_done() && queued.is_done());
        pool.shutdown();
        assert_eq!((begun.join(), queued.join()), (Ok(()), Ok(())));
    });
}

#[test]
fn cancel_gives_back_what_nobody_has_begun_and_tells_what_is_being_done() {
    watchdog(|| {
        let (tell, begun) = unbounded();
        let pool = WorkerPool::builder().workers(2).queue(10).start(
            |_| (),
            move |(), n: u32, ctx| {
                tell.send(()).unwrap();
                ctx.wait();
                n
            },
        );
        let jobs: Vec<_> = (0..6).map(|n| pool.submit(n).unwrap()).collect();
        (0..2).for_each(|_| begun.recv().unwrap());
        assert_eq!(pool.cancel(), [2, 3, 4, 5]);
        assert_eq!(pool.cancel(), []);
        assert!(pool.submit(6).unwrap_err().is_closed());
        let results: Vec<_> = jobs.into_iter().map(Job::join).collect();
        assert_eq!(results[..2], [Ok(0), Ok(1)]);
        assert!(results[2..].iter().all(|result| *result == Err(Lost::NotDone)));
        pool.shutdown();
    });
}

#[test]
fn a_pool_that_is_dropped_waits_for_what_is_being_done() {
    watchdog(|| {
        let (tell, begun) = unbounded();
        let ended = Count::default();
        let of_job = ended.clone();
        let pool = WorkerPool::builder().workers(1).queue(9).start(
            |_| (),
            move |(), _: OnDrop, ctx| {
                tell.send(()).unwrap();
                ctx.wait();
                of_job.add();
            },
        );
        let dropped = Count::default();
        let jobs: Vec<_> = (0..4).map(|_| pool.submit(dropped.on_drop()).unwrap()).collect();
        begun.recv().unwrap();
        drop(pool);
        assert_eq!((ended.get(), dropped.get()), (1, 4));
        let results: Vec<_> = jobs.into_iter().map(Job::join).collect();
        let lost = Err(Lost::NotDone);
        assert_eq!(results, [Ok(()), lost.clone(), lost.clone(), lost]);
    });
}

#[test]
fn the_end_of_the_context_ends_the_pool_and_drops_what_nobody_has_begun() {
    watchdog(|| {
        let (ctx, canceller) = Context::background().with_cancel();
        let (opener, gate) = gate();
        let builder = WorkerPool::builder().workers(1).queue(2).context(&ctx);
        let pool = builder.start(
            |_| (),
            |(), gate: Gate, ctx| {
                ctx.wait();
                gate.pass(); // as a job that does not look
            },
        );
        let jobs = [(); 3].map(|()| pool.submit(gate.clone()).unwrap());
        support::until(|| pool.queued() == 2);
        canceller.cancel_because("enough");
        assert!(pool.submit(gate.clone()).unwrap_err().is_closed(), "though it is at a job still");
        assert!(pool.try_submit(gate).unwrap_err().is_closed() && pool.is_closed());
        opener.open();
        let lost = Err(Lost::NotDone);
        assert_eq!(jobs.map(Job::join), [Ok(()), lost.clone(), lost]);
        pool.shutdown();
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn who_waits_for_room_is_refused_when_the_pool_ends() {
    watchdog(|| {
        let ends: [fn(&WorkerPool<Gate, ()>); 2] = [WorkerPool::close, |pool| drop(pool.cancel())];
        for end in ends {
            let (opener, gate) = gate();
            let Busy { pool, .. } = busy(&gate);
            let sleeper = support::asleep::Sleeper::default();
            thread::scope(|s| {
                let waits = s.spawn(|| {
                    sleeper.here();
                    pool.submit(gate.clone()).map(drop).unwrap_err().is_closed()
                });
                sleeper.until_asleep();
                end(&pool);
                assert!(waits.join().unwrap());
            });
            opener.open();
        }
    });
}

/// What a job is to do that harms its worker.
#[derive(Clone, Copy, Debug)]
enum Harm {
    Panic,
    PanicWithBomb,
    DropBomb,
    ReturnBomb,
    Nothing,
}

/// A result whose drop may panic.
fn do_harm(harm: Harm) -> Option<Bomb> {
    match harm {
        Harm::Panic => panic!("on purpose"),
        Harm::PanicWithBomb => std::panic::panic_any(Bomb),
        Harm::DropBomb => drop(Bomb),
        Harm::ReturnBomb => return Some(Bomb),
        Harm::Nothing => {}
    }
    None
}

#[test]
fn a_job_that_panics_in_any_way_harms_nobody() {
    watchdog(|| {
        let states = Count::default();
        let made = states.clone();
        let pool = WorkerPool::builder().workers(1).queue(9).start(
            move |_| {
                made.add();
                Bomb // its drop panics, too
            },
            |_, harm, _| do_harm(harm),
        );
        let told = |harm| match pool.submit(harm).unwrap().join() {
            Ok(bomb) => {
                std::mem::forget(bomb);
                "done".to_owned()
            }
            Err(lost) => lost.to_string(),
        };
        assert_eq!(told(Harm::Panic), "the job panicked: on purpose");
        assert_eq!(told(Harm::PanicWithBomb), "the job panicked: a payload that is no text");
        assert_eq!(told(Harm::DropBomb), "the job panicked: the bomb went off");
        assert_eq!(told(Harm::ReturnBomb), "done");
        assert_eq!(told(Harm::Nothing), "done");
        // Results that nobody wants any more: dropped by the worker, or here, whoever is later.
        let dropped = AssertUnwindSafe(|| drop(pool.submit(Harm::ReturnBomb)));
        drop(panic::catch_unwind(dropped));
        assert_eq!(
            panic_of(|| pool.run_unordered([Harm::ReturnBomb, Harm::Panic], |_, result| {
                std::mem::forget(result);
                panic!("no more")
            })),
            "no more"
        );
        assert_eq!(told(Harm::Nothing), "done");
        // The second job of the last two may not have been submitted when the first had its result.
        assert!((4..=5).contains(&states.get()) && !pool.context().has_ended(), "{pool:?}");
        pool.shutdown();
    });
}

#[test]
fn jobs_whose_drops_panic_are_all_dropped_and_all_lost() {
    watchdog(|| {
        let (opener, gate) = gate();
        let pool = WorkerPool::builder().workers(1).queue(9).start(
            |_| (),
            move |(), job: Option<Bomb>, _| {
                if job.is_none() {
                    gate.pass();
                }
            },
        );
        let mut jobs = vec![pool.submit(None).unwrap()];
        jobs.extend((0..3).map(|_| pool.submit(Some(Bomb)).unwrap()));
        support::until(|| pool.queued() == 3);
        thread::scope(|s| {
            s.spawn(|| {
                support::until(|| jobs[3].is_done());
                opener.open();
            });
            drop(pool);
        });
        let results: Vec<_> = jobs.into_iter().map(Job::join).collect();
        let lost = Err(Lost::NotDone);
        assert_eq!(results, [Ok(()), lost.clone(), lost.clone(), lost]);
    });
}

#[test]
fn a_constructor_that_panics_is_the_panic_of_the_pool() {
    watchdog(|| {
        let pool = WorkerPool::builder()
            .workers(2)
            .start(|worker| assert_eq!(worker, 1, "no connection"), |(), n: u8, _| n);
        support::until(|| pool.context().has_ended());
        assert!(pool.submit(1).unwrap_err().is_closed());
        assert!(panic_of(|| pool.shutdown()).contains("no connection"));

        let pool = WorkerPool::builder().workers(1).queue(9).start(
            {
                let count = Count::default();
                move |_| {
                    count.add();
                    assert_eq!(count.get(), 1, "no second state");
                }
            },
            |(), (), _| panic!("on purpose"),
        );
        let results = pool.run_all([(); 3]);
        assert_eq!(results[0], Err(Lost::Panicked("on purpose".into())));
        assert!(results[1..].iter().all(|result| *result == Err(Lost::NotDone)));
        assert!(panic_of(|| drop(pool)).contains("no second state"));
    });
}

/// A pool whose jobs have it at hand.
type Own = Arc<Mutex<Option<WorkerPool<u32, String>>>>;

fn own(work: impl Fn(&Own, u32) -> String + Send + Sync + 'static) -> Own {
    let place = Own::default();
    let of_jobs = Arc::clone(&place);
    let builder = WorkerPool::builder().workers(1).queue(1);
    let pool = builder.start(|_| (), move |(), n, _| work(&of_jobs, n));
    *place.lock() = Some(pool);
    place
}

fn ask(place: &Own, n: u32) -> Result<String, Lost> {
    let job = place.lock().as_ref().unwrap().submit(n).unwrap();
    job.join()
}

#[test]
fn a_job_that_submits_to_its_own_full_pool_does_not_wait() {
    watchdog(|| {
        let done = Log::default();
        let log = done.clone();
        let pool = own(move |pool, n| {
            log.add(format!("{n}"));
            for next in (n > 0).then_some(0..3).into_iter().flatten() {
                let guard = pool.lock();
                drop(guard.as_ref().unwrap().submit(0).unwrap());
                assert_eq!(guard.as_ref().unwrap().queued(), next + 1);
            }
            String::new()
        });
        assert_eq!(ask(&pool, 1), Ok(String::new()));
        pool.lock().take().unwrap().shutdown();
        assert_eq!(done.events(), ["1", "0", "0", "0"]);
    });
}

#[test]
fn a_job_that_ends_its_own_pool_does_not_wait_for_itself() {
    watchdog(|| {
        let pool = own(|pool, _| {
            let pool = pool.lock().take();
            drop(pool);
            "dropped".to_owned()
        });
        assert_eq!(ask(&pool, 0), Ok("dropped".to_owned()));

        let pool = own(|pool, _| panic_of(|| pool.lock().take().map(WorkerPool::shutdown)));
        let text = "WorkerPool::shutdown: called by a job of its own";
        assert_eq!(ask(&pool, 0), Ok(text.to_owned()));

        let pool = own(|pool, _| {
            let guard = pool.lock();
            let pool = guard.as_ref().unwrap();
            let text = panic_of(|| pool.shutdown_until(Duration::MAX));
            assert!(!pool.is_closed());
            text
        });
        let text = "WorkerPool::shutdown_until: called by a job of its own";
        assert_eq!(ask(&pool, 0), Ok(text.to_owned()));
        pool.lock().take().unwrap().shutdown();

        let pool = own(|pool, _| format!("{:?}", pool.lock().as_ref().unwrap().cancel()));
        assert_eq!(ask(&pool, 0), Ok("[]".to_owned()));
    });
}

#[test]
fn a_job_that_uses_another_pool_is_still_known_to_its_own() {
    watchdog(|| {
        let pool = own(|pool, n| {
            if n > 0 {
                for _ in 0..20 {
                    let inner = WorkerPool::new(2, |n: u32| n);
                    drop(inner.submit(7));
                    inner.shutdown();
                }
                (0..3).for_each(|_| drop(pool.lock().as_ref().unwrap().submit(0).unwrap()));
            }
            "done".to_owned()
        });
        assert_eq!(ask(&pool, 1), Ok("done".to_owned()));
        pool.lock().take().unwrap().shutdown();
    });
}

#[test]
fn many_submit_while_the_pool_is_shut_down_and_each_accepted_job_is_done() {
    watchdog(|| {
        for round in 0..50 {
            let done = Count::default();
            let of_jobs = done.clone();
            let pool = WorkerPool::builder()
                .workers(2)
                .queue(1 + round % 3)
                .start(|_| (), move |(), (), _| of_jobs.add());
            let accepted = thread::scope(|s| {
                let submitters = [(); 3].map(|()| {
                    s.spawn(|| (0..usize::MAX).take_while(|_| pool.submit(()).is_ok()).count())
                });
                support::until(|| done.get() > round);
                pool.shutdown_until(Duration::MAX).unwrap();
                submitters.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
            });
            assert_eq!(done.get(), accepted);
        }
    });
}

#[test]
fn pools_and_jobs_can_go_to_other_threads() {
    fn send_sync<T: Send + Sync>() {}
    send_sync::<WorkerPool<u8, u8>>();
    send_sync::<Job<u8>>();
    let pool = squares(1);
    let text = format!("{pool:?}");
    assert_eq!(text, "WorkerPool { workers: 1, queued: 0, .. }");
    let job = pool.submit(2).unwrap();
    job.wait_until(Duration::MAX).unwrap();
    assert_eq!(format!("{job:?}"), "Job { done: true, .. }");
}
