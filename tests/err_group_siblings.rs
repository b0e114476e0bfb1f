//! Tasks of a full group that start and join siblings: queued, never in the way of each other.

mod support;

use std::thread;
use std::time::Duration;

use phalanx::{Context, ErrGroup, Scope, Task, WhyStopped};
use support::{Count, Crowd, Log, watchdog};

type Error = Box<dyn std::error::Error + Send + Sync>;

fn limited<'env, R>(
    limit: usize,
    body: impl for<'s> FnOnce(&Scope<'s, 'env, Error>) -> Result<R, Error>,
) -> Result<R, Error> {
    ErrGroup::builder().limit(limit).scope(body)
}

#[test]
fn a_task_that_starts_another_at_the_limit_does_not_wait() {
    watchdog(|| {
        let log = Log::default();
        limited(1, |g| {
            let (inner, log) = (g.clone(), &log);
            g.go(move |_| {
                inner.go(move |_| {
                    log.add("the queued one runs");
                    Ok(())
                });
                assert_eq!(inner.running(), 2, "one runs, one is queued");
                log.add("the first ends");
                Ok(())
            });
            Ok(())
        })
        .unwrap();
        assert_eq!(log.events(), ["the first ends", "the queued one runs"]);
    });
}

#[test]
fn joining_a_queued_sibling_runs_it_here_and_now() {
    watchdog(|| {
        limited(1, |g| {
            let inner = g.clone();
            g.go(move |_| {
                let here = thread::current().id();
                let queued = inner.go(|_| Ok(thread::current().id()));
                assert!(!queued.is_done());
                assert_eq!(queued.join()?, here);
                Ok(())
            });
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn waiting_for_a_queued_sibling_with_a_bound_does_not_run_it() {
    watchdog(|| {
        limited(1, |g| {
            let inner = g.clone();
            g.go(move |_| {
                let queued = inner.go(|_| Ok(7));
                assert!(queued.wait_until(Duration::from_millis(1)).is_err());
                assert!(!queued.is_done());
                assert_eq!(queued.join()?, 7);
                Ok(())
            });
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn waiting_for_a_queued_sibling_with_an_ended_bound_fails_at_once_and_runs_nothing() {
    watchdog(|| {
        limited(1, |g| {
            let inner = g.clone();
            g.go(move |_| {
                let (bound, canceller) = Context::background().with_cancel();
                canceller.cancel();
                let queued = inner.go(|_| Ok(7));
                assert!(queued.wait_until(&bound).is_err());
                assert!(!queued.is_done(), "the wait did not take place");
                assert_eq!(queued.join()?, 7);
                Ok(())
            });
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn the_failure_of_a_queued_sibling_run_by_its_joiner_is_the_group_s() {
    watchdog(|| {
        let result: Result<(), Error> = limited(1, |g| {
            let inner = g.clone();
            g.go(move |ctx| {
                let fails = inner.go(|_| Err::<(), _>("the queued one".into()));
                let stopped = fails.join().unwrap_err();
                assert!(matches!(stopped.kind(), WhyStopped::Failed));
                assert!(ctx.has_ended());
                Err::<(), _>("an echo".into())
            });
            Ok(())
        });
        assert_eq!(result.unwrap_err().to_string(), "the queued one");
    });
}

#[test]
fn the_panic_of_a_queued_sibling_does_not_unwind_its_joiner() {
    watchdog(|| {
        let log = Log::default();
        let text = support::panic_of(|| {
            limited(1, |g| {
                let (inner, log) = (g.clone(), &log);
                g.go(move |_| {
                    let panics = inner.go(|_| -> Result<(), _> { panic!("the queued one") });
                    let stopped = panics.join().unwrap_err();
                    assert!(matches!(stopped.kind(), WhyStopped::Panicked));
                    log.add("the joiner goes on");
                    Ok(())
                });
                Ok(())
            })
        });
        assert_eq!(text, "the queued one");
        assert_eq!(log.events(), ["the joiner goes on"]);
    });
}

#[test]
fn a_recursion_of_joined_siblings_ends_at_every_limit() {
    fn fib<'s>(g: &Scope<'s, '_, Error>, n: u64) -> Result<u64, Error> {
        if n < 2 {
            return Ok(n);
        }
        let branch = |n| -> Task<'s, u64> {
            let inner = g.clone();
            g.go(move |_| fib(&inner, n))
        };
        let (left, right) = (branch(n - 1), branch(n - 2));
        Ok(left.join()? + right.join()?)
    }
    watchdog(|| {
        for limit in [1, 2, 4] {
            let result = limited(limit, |g| {
                let inner = g.clone();
                Ok(g.go(move |_| fib(&inner, 12)).join()?)
            });
            assert_eq!(result.unwrap(), 144);
        }
    });
}

#[test]
fn a_task_queues_thousands_of_siblings() {
    watchdog(|| {
        let runs = Count::default();
        limited(1, |g| {
            let (inner, runs) = (g.clone(), &runs);
            g.go(move |_| {
                for _ in 0..10_000 {
                    inner.go(|_| {
                        runs.add();
                        Ok(())
                    });
                }
                assert_eq!(runs.get(), 0, "the limit holds them back");
                Ok(())
            });
            Ok(())
        })
        .unwrap();
        assert_eq!(runs.get(), 10_000);
    });
}

#[test]
fn queued_siblings_of_a_stopped_group_are_skipped_and_dropped_once() {
    watchdog(|| {
        let drops = Count::default();
        let result: Result<(), Error> = limited(1, |g| {
            let (inner, drops) = (g.clone(), &drops);
            g.go(move |_| {
                for _ in 0..100 {
                    let captured = drops.on_drop();
                    inner.go(move |_| -> Result<(), _> {
                        drop(captured);
                        panic!("the group has stopped")
                    });
                }
                Err::<(), _>("the cause".into())
            });
            Ok(())
        });
        assert_eq!(result.unwrap_err().to_string(), "the cause");
        assert_eq!(drops.get(), 100);
    });
}

#[test]
fn groups_of_limit_1_nest() {
    watchdog(|| {
        fn depth(left: u32, ctx: &Context) -> Result<u32, Error> {
            if left == 0 {
                return Ok(0);
            }
            ErrGroup::builder()
                .context(ctx)
                .limit(1)
                .scope(|g| Ok(g.go(move |ctx| depth(left - 1, ctx)).join()? + 1))
        }
        assert_eq!(depth(20, &Context::background()).unwrap(), 20);
    });
}

#[test]
fn a_task_of_another_group_waits_for_a_slot_as_anybody_does() {
    watchdog(|| {
        let crowd = Crowd::default();
        limited(1, |shared| {
            ErrGroup::scope(|g| {
                for _ in 0..20 {
                    g.go(|_| {
                        let task = shared.go(|_| {
                            crowd.visit(thread::yield_now);
                            Ok(())
                        });
                        Ok(task.join()?)
                    });
                }
                Ok(())
            })
        })
        .unwrap();
        assert_eq!(crowd.most(), 1);
    });
}
