//! The rules of a group: values, the first error, siblings, and that nothing is left running.

mod support;

use std::fmt;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use phalanx::{CauseKind, Context, ErrGroup, Scope, Stopped, Task, WhyStopped};
use support::failure::Failure::{self, Own};
use support::{Count, Log, watchdog};

const HOUR: Duration = Duration::from_secs(3600);

// --- Values -----------------------------------------------------------------------------------

#[test]
fn a_scope_without_tasks_returns_what_its_body_returns() {
    assert_eq!(ErrGroup::scope(|_| Ok::<_, Failure>(7)).unwrap(), 7);
    assert_eq!(ErrGroup::scope(|_| Err::<(), _>(Own("body"))).unwrap_err().own(), "body");
}

#[test]
fn join_returns_the_value_of_its_task() {
    watchdog(|| {
        let sum = ErrGroup::scope(|g| {
            let number = g.go(|_| Ok(40));
            let text = g.go(|_| Ok("two".to_owned()));
            Ok::<_, Failure>(number.join()? + text.join()?.len())
        });
        assert_eq!(sum.unwrap(), 43);
    });
}

#[test]
fn tasks_borrow_from_the_stack_also_mutably() {
    watchdog(|| {
        let factor = 3;
        let mut numbers = [1, 2, 3, 4];
        let (left, right) = numbers.split_at_mut(2);
        ErrGroup::scope(|g| {
            for half in [left, right] {
                let factor = &factor;
                g.go(move |_| {
                    for n in half {
                        *n *= factor;
                    }
                    Ok(())
                });
            }
            Ok::<_, Failure>(())
        })
        .unwrap();
        assert_eq!(numbers, [3, 6, 9, 12]);
    });
}

#[test]
fn a_task_that_is_never_joined_is_waited_for() {
    watchdog(|| {
        let ended = Count::default();
        let values = Count::default();
        ErrGroup::scope(|g| {
            for _ in 0..20 {
                g.go(|_| {
                    thread::yield_now();
                    ended.add();
                    Ok(values.on_drop())
                });
            }
            Ok::<_, Failure>(())
        })
        .unwrap();
        assert_eq!(ended.get(), 20);
        assert_eq!(values.get(), 20, "each value is dropped once");
    });
}

#[test]
fn a_joined_value_belongs_to_whoever_joined() {
    watchdog(|| {
        let drops = Count::default();
        let value = ErrGroup::scope(|g| Ok::<_, Failure>(g.go(|_| Ok(drops.on_drop())).join()?));
        assert_eq!(drops.get(), 0);
        drop(value);
        assert_eq!(drops.get(), 1);
    });
}

#[test]
fn what_a_task_did_is_seen_after_join() {
    watchdog(|| {
        for _ in 0..500 {
            let mut cell = 0;
            ErrGroup::scope(|g| {
                g.go(|_| {
                    cell = 42;
                    Ok(())
                });
                Ok::<_, Failure>(())
            })
            .unwrap();
            assert_eq!(cell, 42);
        }
    });
}

#[test]
fn tasks_have_their_index_in_the_order_of_starting() {
    watchdog(|| {
        ErrGroup::scope(|g| {
            let tasks: Vec<_> = (0..5).map(|_| g.go(|_| Ok(()))).collect();
            assert!(tasks.iter().map(Task::index).eq(0..5));
            Ok::<_, Failure>(())
        })
        .unwrap();
    });
}

#[test]
fn a_handle_tells_when_its_task_is_done() {
    watchdog(|| {
        ErrGroup::scope(|g| {
            let (opener, gate) = support::gate();
            let task = g.go(move |_| {
                gate.pass();
                Ok(7)
            });
            assert!(!task.is_done());
            assert!(task.wait_until(Duration::ZERO).unwrap_err().is_timeout());
            let (ctx, canceller) = Context::background().with_cancel();
            canceller.cancel();
            assert!(!task.wait_until(&ctx).unwrap_err().is_timeout());
            opener.open();
            task.wait_until(HOUR).unwrap();
            assert!(task.is_done());
            assert_eq!(task.join()?, 7, "the value has stayed");
            Ok::<_, Failure>(())
        })
        .unwrap();
    });
}

#[test]
fn running_counts_the_tasks_that_have_not_ended() {
    watchdog(|| {
        ErrGroup::scope(|g| {
            assert_eq!(g.running(), 0);
            let (opener, gate) = support::gate();
            for _ in 0..3 {
                let gate = gate.clone();
                g.go(move |_| {
                    gate.pass();
                    Ok(())
                });
            }
            assert_eq!(g.running(), 3);
            opener.open();
            support::until(|| g.running() == 0);
            Ok::<_, Failure>(())
        })
        .unwrap();
    });
}

// --- The first error --------------------------------------------------------------------------

#[test]
fn the_error_of_a_group_is_the_cause_and_never_an_echo() {
    watchdog(|| {
        for round in 0..500 {
            let result: Result<(), Failure> = ErrGroup::scope(|g| {
                let mut tasks = Vec::new();
                for n in 0..6 {
                    tasks.push(g.go(move |ctx| {
                        if n == round % 6 {
                            return Err(Own("cause"));
                        }
                        ctx.wait();
                        Err(Own("echo"))
                    }));
                }
                tasks.into_iter().try_for_each(Task::join)?; // an echo, as a rule
                Ok(())
            });
            assert_eq!(result.unwrap_err().own(), "cause");
        }
    });
}

#[test]
fn of_two_errors_the_first_is_the_group_s() {
    watchdog(|| {
        let result: Result<(), Failure> = ErrGroup::scope(|g| {
            let first = g.go(|_| Err::<(), _>(Own("first")));
            g.go(|ctx| {
                assert!(first.join().is_err());
                ctx.wait();
                Err::<(), _>(Own("second"))
            });
            Ok(())
        });
        assert_eq!(result.unwrap_err().own(), "first");
    });
}

#[test]
fn an_error_cancels_the_siblings() {
    watchdog(|| {
        let seen = Log::default();
        let all_run = Barrier::new(4);
        let result: Result<(), Failure> = ErrGroup::scope(|g| {
            for _ in 0..3 {
                g.go(|ctx| {
                    all_run.wait();
                    assert_eq!(ctx.wait().kind(), CauseKind::Cancelled);
                    seen.add("told to stop");
                    Ok(())
                });
            }
            g.go(|_| {
                all_run.wait();
                Err::<(), _>(Own("enough"))
            });
            Ok(())
        });
        assert_eq!(result.unwrap_err().own(), "enough");
        assert_eq!(seen.events(), ["told to stop"; 3]);
    });
}

#[test]
fn a_failed_task_is_reported_though_the_body_succeeds() {
    watchdog(|| {
        let result = ErrGroup::scope(|g| {
            g.go(|_| Err::<(), _>(Own("task")));
            Ok(7)
        });
        assert_eq!(result.unwrap_err().own(), "task");
    });
}

#[test]
fn the_error_of_the_body_cancels_the_tasks() {
    watchdog(|| {
        let both_run = Barrier::new(2);
        let result: Result<(), Failure> = ErrGroup::scope(|g| {
            g.go(|ctx| {
                both_run.wait();
                ctx.wait();
                Err::<(), _>(Own("echo"))
            });
            both_run.wait();
            Err(Own("body"))
        });
        assert_eq!(result.unwrap_err().own(), "body");
    });
}

#[test]
fn the_body_can_wait_with_the_context_of_the_group() {
    watchdog(|| {
        let result = ErrGroup::scope(|g| {
            g.go(|_| Err::<(), _>(Own("task")));
            g.context().wait();
            Err::<(), _>(Own("later, from the body"))
        });
        assert_eq!(result.unwrap_err().own(), "task");
    });
}

#[test]
fn join_tells_that_its_task_failed() {
    watchdog(|| {
        let result = ErrGroup::scope(|g| {
            g.go(|_| Ok(())).join()?;
            let stopped = g.go(|_| Err::<(), _>(Own("task"))).join().unwrap_err();
            assert!(matches!(stopped.kind(), WhyStopped::Failed));
            assert_eq!((stopped.index(), stopped.name()), (Some(1), None));
            Ok(())
        });
        assert_eq!(result.unwrap_err().own(), "task");
    });
}

#[test]
fn a_second_error_may_panic_when_it_is_dropped() {
    struct Explosive(#[expect(dead_code, reason = "only its drop counts")] Option<support::Bomb>);
    impl From<Stopped> for Explosive {
        fn from(_: Stopped) -> Self {
            Explosive(None)
        }
    }
    watchdog(|| {
        let ended = Count::default();
        let all_run = Barrier::new(3);
        let result = std::panic::catch_unwind(|| {
            ErrGroup::scope(|g| {
                g.go(|ctx| {
                    all_run.wait();
                    ctx.wait();
                    Err::<(), _>(Explosive(Some(support::Bomb)))
                });
                g.go(|ctx| {
                    all_run.wait();
                    ctx.wait();
                    thread::yield_now();
                    ended.add();
                    Ok(())
                });
                g.go(|_| {
                    all_run.wait();
                    Err::<(), _>(Explosive(None))
                });
                Ok(())
            })
            .is_err()
        });
        assert_eq!(ended.get(), 1);
        assert!(!matches!(result, Ok(false)), "an error, or the panic of the other's drop");
    });
}

// --- Siblings ---------------------------------------------------------------------------------

#[test]
fn a_task_starts_siblings_through_a_clone_of_the_scope() {
    watchdog(|| {
        fn tree<'s>(g: &Scope<'s, '_, Failure>, leaves: &'s Count, depth: u32) {
            if depth == 0 {
                return leaves.add();
            }
            for _ in 0..2 {
                let inner = g.clone();
                g.go(move |_| {
                    tree(&inner, leaves, depth - 1);
                    Ok(())
                });
            }
        }
        let leaves = Count::default();
        ErrGroup::scope(|g| {
            tree(g, &leaves, 6);
            Ok(())
        })
        .unwrap();
        assert_eq!(leaves.get(), 64);
    });
}

#[test]
fn the_error_of_a_sibling_started_late_is_the_group_s() {
    watchdog(|| {
        let result = ErrGroup::scope(|g| {
            let inner = g.clone();
            g.go(move |_| {
                inner.go(|_| Err::<(), _>(Own("grandchild")));
                Ok(())
            });
            Ok(())
        });
        assert_eq!(result.unwrap_err().own(), "grandchild");
    });
}

#[test]
fn groups_nest() {
    watchdog(|| {
        let both_run = Barrier::new(2);
        let result: Result<(), Failure> = ErrGroup::scope(|outer| {
            let task = outer.go(|ctx| {
                ErrGroup::builder().context(ctx).scope(|inner| {
                    inner.go(|ctx| {
                        both_run.wait();
                        assert!(ctx.sleep(HOUR).is_err());
                        Err::<(), _>(Own("inner echo"))
                    });
                    Ok(())
                })
            });
            outer.go(|_| {
                both_run.wait();
                Err::<(), _>(Own("outer"))
            });
            task.join()?;
            Ok(())
        });
        assert_eq!(result.unwrap_err().own(), "outer");
    });
}

#[test]
fn stopped_says_which_task_and_is_an_error() {
    watchdog(|| {
        let result = ErrGroup::scope(|g| {
            g.go(|_| Ok(()));
            let stopped = g.named("fetch").go(|_| Err::<(), _>(Own("task"))).join().unwrap_err();
            assert_eq!(stopped.name(), Some("fetch"));
            assert_eq!(stopped.index(), Some(1));
            let error: &dyn fmt::Display = &stopped;
            assert!(error.to_string().contains("fetch"), "{error}");
            Ok(())
        });
        assert_eq!(result.unwrap_err().own(), "task");
    });
}
