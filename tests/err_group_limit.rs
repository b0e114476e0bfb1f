//! The limit of a group: how many run, who waits, and who is refused.

mod support;

use std::sync::Barrier;
use std::thread;

use phalanx::{Context, ErrGroup, Refusal, Scope, Stopped, WhyStopped, catch};
use support::asleep::Sleeper;
use support::{Count, Crowd, Log, gate, watchdog};

type Error = Box<dyn std::error::Error + Send + Sync>;

fn limited<'env, R>(
    limit: usize,
    body: impl for<'s> FnOnce(&Scope<'s, 'env, Error>) -> Result<R, Error>,
) -> Result<R, Error> {
    ErrGroup::builder().limit(limit).scope(body)
}

// --- Never above ------------------------------------------------------------------------------

#[test]
fn never_more_tasks_run_than_the_limit_allows() {
    watchdog(|| {
        for limit in [1, 2, 3, 7] {
            let crowd = Crowd::default();
            let runs = Count::default();
            limited(limit, |g| {
                for _ in 0..200 {
                    g.go(|_| {
                        crowd.visit(thread::yield_now);
                        runs.add();
                        Ok(())
                    });
                }
                Ok(())
            })
            .unwrap();
            assert_eq!(runs.get(), 200);
            assert!(crowd.most() <= limit, "{} at once, {limit} allowed", crowd.most());
        }
    });
}

#[test]
fn as_many_tasks_run_as_the_limit_allows() {
    watchdog(|| {
        let all_run = Barrier::new(5);
        limited(5, |g| {
            for _ in 0..20 {
                g.go(|_| {
                    all_run.wait();
                    Ok(())
                });
            }
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn siblings_that_tasks_start_are_limited_too() {
    watchdog(|| {
        let crowd = Crowd::default();
        let runs = Count::default();
        limited(3, |g| {
            for _ in 0..10 {
                let inner = g.clone();
                let (crowd, runs) = (&crowd, &runs);
                g.go(move |_| {
                    crowd.visit(|| {
                        for _ in 0..10 {
                            inner.go(|_| {
                                crowd.visit(thread::yield_now);
                                runs.add();
                                Ok(())
                            });
                        }
                    });
                    Ok(())
                });
            }
            Ok(())
        })
        .unwrap();
        assert_eq!(runs.get(), 100);
        assert!(crowd.most() <= 3, "{} at once", crowd.most());
    });
}

#[test]
fn a_failure_that_is_caught_frees_its_slot() {
    watchdog(|| {
        let result = limited(1, |g| {
            let mut caught = 0;
            for n in 0..50 {
                let task = g.go(move |ctx| {
                    let odd = |_: &Context| -> Result<(), Error> {
                        if n % 2 == 0 { Err("even".into()) } else { panic!("odd") }
                    };
                    Ok(catch(odd)(ctx).is_err())
                });
                caught += usize::from(task.join()?);
            }
            Ok(caught)
        });
        assert_eq!(result.unwrap(), 50);
    });
}

// --- Who waits --------------------------------------------------------------------------------

/// Fills the one slot of a group of limit 1 with a task that ends when the gate opens.
fn fill(g: &Scope<'_, '_, Error>) -> support::Opener {
    let (opener, gate) = gate();
    g.go(move |_| {
        gate.pass();
        Ok(())
    });
    opener
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn go_waits_for_a_slot() {
    watchdog(|| {
        let log = Log::default();
        limited(1, |g| {
            let opener = fill(g);
            let body = Sleeper::default();
            let looker = body.clone();
            thread::scope(|s| {
                s.spawn(|| {
                    looker.until_asleep();
                    log.add("the slot comes free");
                    opener.open();
                });
                body.here();
                g.go(|_| {
                    log.add("the second runs");
                    Ok(())
                });
            });
            Ok(())
        })
        .unwrap();
        assert_eq!(log.events(), ["the slot comes free", "the second runs"]);
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn slots_are_given_in_the_order_of_arrival() {
    watchdog(|| {
        let log = Log::default();
        limited(1, |g| {
            let opener = fill(g);
            thread::scope(|s| {
                for n in 0..5 {
                    let starter = Sleeper::default();
                    let (inner, there, log) = (g.clone(), starter.clone(), &log);
                    s.spawn(move || {
                        there.here();
                        inner.go(move |_| {
                            log.add(n.to_string());
                            Ok(())
                        });
                    });
                    starter.until_asleep();
                }
                opener.open();
            });
            Ok(())
        })
        .unwrap();
        assert_eq!(log.events(), ["0", "1", "2", "3", "4"]);
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_cancel_ends_the_wait_for_a_slot_and_the_task_is_skipped() {
    watchdog(|| {
        let drops = Count::default();
        let (parent, canceller) = Context::background().with_cancel();
        let result: Result<(), Error> = ErrGroup::builder().limit(1).context(&parent).scope(|g| {
            let opener = fill(g);
            let body = Sleeper::default();
            let looker = body.clone();
            let captured = drops.on_drop();
            thread::scope(|s| {
                s.spawn(|| {
                    looker.until_asleep();
                    canceller.cancel_because("no more");
                });
                body.here();
                let second = g.go(move |_| -> Result<(), _> {
                    drop(captured);
                    unreachable!("there was no slot")
                });
                assert_eq!(drops.get(), 1);
                let stopped = second.join().unwrap_err();
                assert!(matches!(stopped.kind(), WhyStopped::Skipped(ended)
                    if ended.cause().error().unwrap().to_string() == "no more"));
            });
            opener.open();
            Ok(())
        });
        assert!(result.unwrap_err().is::<Stopped>());
        assert_eq!(drops.get(), 1);
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_cancel_ends_the_waits_of_all_who_want_a_slot() {
    watchdog(|| {
        let (parent, canceller) = Context::background().with_cancel();
        let result: Result<(), Error> = ErrGroup::builder().limit(1).context(&parent).scope(|g| {
            let opener = fill(g);
            let starters = [(); 5].map(|()| Sleeper::default());
            thread::scope(|s| {
                for starter in &starters {
                    s.spawn(|| {
                        starter.here();
                        let task = g.go(|_| -> Result<(), _> { unreachable!("no slot") });
                        assert!(task.join().is_err());
                    });
                }
                starters.iter().for_each(Sleeper::until_asleep);
                canceller.cancel();
            });
            opener.open();
            Ok(())
        });
        assert!(result.unwrap_err().is::<Stopped>());
    });
}

#[test]
fn the_deadline_ends_the_wait_for_a_slot() {
    watchdog(|| {
        let builder = ErrGroup::builder().limit(1).timeout(std::time::Duration::from_millis(5));
        let result: Result<(), Error> = builder.scope(|g| {
            let opener = fill(g);
            let second = g.go(|_| -> Result<(), _> { unreachable!("no slot") });
            assert!(matches!(second.join().unwrap_err().kind(), WhyStopped::Skipped(cause)
                if cause.kind() == phalanx::CauseKind::DeadlineExceeded));
            opener.open();
            Ok(())
        });
        assert!(result.unwrap_err().is::<Stopped>());
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn the_failure_of_a_task_ends_the_wait_for_a_slot() {
    watchdog(|| {
        let result: Result<(), Error> = limited(2, |g| {
            let opener = fill(g);
            let body = Sleeper::default();
            let looker = body.clone();
            g.go(move |_| {
                looker.until_asleep();
                Err::<(), _>("the cause".into())
            });
            body.here();
            // Its own slot comes free too, but the group has stopped before.
            let third = g.go(|_| -> Result<(), _> { unreachable!("the group has stopped") });
            assert!(third.join().is_err());
            opener.open();
            Ok(())
        });
        assert_eq!(result.unwrap_err().to_string(), "the cause");
    });
}

// --- try_go -----------------------------------------------------------------------------------

#[test]
fn try_go_starts_a_task_while_there_is_room() {
    watchdog(|| {
        let result = limited(2, |g| {
            let first = g.try_go(|_| Ok(1)).unwrap();
            let second = g.try_go(|_| Ok(2)).unwrap();
            Ok(first.join()? + second.join()?)
        });
        assert_eq!(result.unwrap(), 3);
    });
}

#[test]
fn the_slot_of_a_task_that_has_been_joined_is_free() {
    watchdog(|| {
        for _ in 0..2000 {
            limited(1, |g| {
                g.go(|_| Ok(())).join()?;
                g.try_go(|_| Ok(())).unwrap().join()?;
                Ok(())
            })
            .unwrap();
        }
    });
}

#[test]
fn try_go_at_the_limit_gives_the_task_back_and_it_still_works() {
    watchdog(|| {
        let drops = Count::default();
        limited(1, |g| {
            let opener = fill(g);
            let captured = drops.on_drop();
            let refused = g
                .try_go(move |_| {
                    drop(captured);
                    Ok(7)
                })
                .unwrap_err();
            assert!(matches!(refused.kind(), Refusal::Limit));
            assert_eq!(refused.to_string(), "the group is at its limit");
            assert_eq!(drops.get(), 0, "nothing is lost");
            assert_eq!(g.running(), 1, "nothing has changed");
            opener.open();
            assert_eq!(g.go(refused.into_inner()).join()?, 7);
            assert_eq!(drops.get(), 1);
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn try_go_in_a_task_of_a_full_group_does_not_queue() {
    watchdog(|| {
        limited(1, |g| {
            let inner = g.clone();
            g.go(move |_| {
                let refused = inner.try_go(|_| Ok(())).unwrap_err();
                assert!(matches!(refused.kind(), Refusal::Limit));
                assert_eq!(inner.running(), 1);
                Ok(())
            });
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn try_go_in_a_stopped_group_gives_the_task_back() {
    watchdog(|| {
        let (parent, canceller) = Context::background().with_cancel();
        canceller.cancel_because("no more");
        let builder = ErrGroup::builder().context(&parent).limit(1);
        let result: Result<u32, Error> = builder.scope(|g| {
            let refused = g.try_go(|_| Ok(7)).unwrap_err();
            assert!(matches!(refused.kind(), Refusal::Cancelled(ended)
                if ended.cause().error().unwrap().to_string() == "no more"));
            refused.into_inner()(&Context::background())
        });
        assert_eq!(result.unwrap(), 7, "nothing was skipped: the task came back");
    });
}

#[test]
fn try_go_without_a_limit_always_starts() {
    watchdog(|| {
        let runs = Count::default();
        ErrGroup::scope(|g| {
            for _ in 0..100 {
                g.try_go(|_| {
                    runs.add();
                    Ok::<_, Error>(())
                })
                .unwrap();
            }
            Ok(())
        })
        .unwrap();
        assert_eq!(runs.get(), 100);
    });
}
