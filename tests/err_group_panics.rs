//! Panics in a group: resumed unchanged when all tasks have ended, and never in the way of the join.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::sync::Barrier;
use std::thread;

use phalanx::{ErrGroup, Panicked, Settle, Stopped, Task, WhyStopped, catch};
use support::{Bomb, Count, Log, PLAIN, gate, panic_of, payload_of, text_of, told, watchdog};

type Error = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, PartialEq)]
struct Wreck(u32);

#[test]
fn the_panic_of_a_task_is_resumed_unchanged() {
    watchdog(|| {
        let payload = payload_of(|| {
            ErrGroup::scope(|g| {
                g.go(|_| -> Result<(), Error> { panic_any(Wreck(7)) });
                Ok(())
            })
        });
        assert_eq!(payload.downcast_ref(), Some(&Wreck(7)));
    });
}

#[test]
fn a_panic_cancels_the_group_at_once_and_is_resumed_when_all_have_ended() {
    watchdog(|| {
        let all_run = Barrier::new(3);
        let ended = Count::default();
        let text = panic_of(|| {
            ErrGroup::scope(|g| {
                for _ in 0..2 {
                    g.go(|ctx| {
                        all_run.wait();
                        ctx.wait();
                        thread::yield_now();
                        ended.add();
                        Ok(())
                    });
                }
                g.go(|_| -> Result<(), Stopped> {
                    all_run.wait();
                    panic!("on purpose")
                });
                g.context().wait(); // the body too is told
                assert_eq!(told(g.context()), PLAIN);
                Ok(())
            })
        });
        assert_eq!(text, "on purpose");
        assert_eq!(ended.get(), 2);
    });
}

#[test]
fn join_tells_that_its_task_panicked_and_that_later_ones_were_skipped() {
    watchdog(|| {
        let text = panic_of(|| {
            ErrGroup::scope(|g| {
                let panics = g.named("bad").go(|_| -> Result<(), Stopped> { panic!("on purpose") });
                let stopped = panics.join().unwrap_err();
                assert!(matches!(stopped.kind(), WhyStopped::Panicked));
                assert_eq!((stopped.index(), stopped.name()), (Some(0), Some("bad")));
                let skipped = g.go(|_| Ok(())).join().unwrap_err();
                assert!(matches!(skipped.kind(), WhyStopped::Skipped(_)));
                Ok(())
            })
        });
        assert_eq!(text, "on purpose");
    });
}

#[test]
fn a_panic_outranks_an_earlier_error() {
    watchdog(|| {
        let both_run = Barrier::new(2);
        let text = panic_of(|| {
            ErrGroup::scope(|g| {
                g.go(|ctx| -> Result<(), Error> {
                    both_run.wait();
                    ctx.wait();
                    panic!("after the error")
                });
                both_run.wait();
                g.go(|_| Err::<(), Error>("first".into()));
                Ok(())
            })
        });
        assert_eq!(text, "after the error");
    });
}

#[test]
fn of_two_panics_the_first_is_resumed() {
    watchdog(|| {
        for _ in 0..100 {
            let both_run = Barrier::new(2);
            let text = panic_of(|| {
                ErrGroup::scope(|g| {
                    g.go(|ctx| -> Result<(), Stopped> {
                        both_run.wait();
                        ctx.wait();
                        panic!("second")
                    });
                    g.go(|_| -> Result<(), Stopped> {
                        both_run.wait();
                        panic!("first")
                    });
                    Ok(())
                })
            });
            assert_eq!(text, "first");
        }
    });
}

#[test]
fn the_panic_of_the_body_cancels_the_tasks_and_is_resumed() {
    watchdog(|| {
        let both_run = Barrier::new(2);
        let ended = Count::default();
        let payload = payload_of(|| {
            ErrGroup::scope(|g| -> Result<(), Stopped> {
                g.go(|ctx| {
                    both_run.wait();
                    ctx.wait();
                    ended.add();
                    Ok(())
                });
                both_run.wait();
                panic_any(Wreck(1))
            })
        });
        assert_eq!(payload.downcast_ref(), Some(&Wreck(1)));
        assert_eq!(ended.get(), 1);
    });
}

#[test]
fn the_panic_of_a_task_that_came_before_that_of_the_body_is_resumed() {
    watchdog(|| {
        let text = panic_of(|| {
            ErrGroup::scope(|g| -> Result<(), Stopped> {
                g.go(|_| -> Result<(), Stopped> { panic!("the task") });
                g.context().wait();
                panic!("the body")
            })
        });
        assert_eq!(text, "the task");
    });
}

#[test]
fn the_panic_of_the_body_comes_before_that_of_a_task_which_it_has_cancelled() {
    watchdog(|| {
        let echo = |ctx: &phalanx::Context| -> Result<(), Stopped> {
            let cause = ctx.wait();
            panic!("because of the body: {cause}")
        };
        let text = panic_of(|| {
            ErrGroup::scope(|g| -> Result<(), Stopped> {
                let (begun, has_begun) = gate();
                g.go(move |ctx| {
                    begun.open();
                    echo(ctx)
                });
                has_begun.pass();
                panic!("the body")
            })
        });
        assert_eq!(text, "the body");
        let text = panic_of(|| {
            ErrGroup::builder().policy(Settle::<(), Stopped>::new()).scope(|g| {
                let (begun, has_begun) = gate();
                g.go(move |ctx| {
                    begun.open();
                    echo(ctx)
                });
                has_begun.pass();
                panic!("the body")
            })
        });
        assert_eq!(text, "the body");
    });
}

#[test]
fn a_surplus_panic_of_the_body_whose_payload_s_drop_panics_does_not_abort() {
    watchdog(|| {
        let text = panic_of(|| {
            ErrGroup::scope(|g| -> Result<(), Stopped> {
                g.go(|_| -> Result<(), Stopped> { panic!("the task") });
                g.context().wait();
                panic_any(Bomb)
            })
        });
        assert_eq!(text, "the task");
        let text = panic_of(|| {
            ErrGroup::builder().policy(Settle::<(), Stopped>::new()).scope(|g| {
                g.go(|_| -> Result<(), Stopped> { panic!("the task") });
                g.context().wait();
                panic_any(Bomb)
            })
        });
        assert_eq!(text, "the task");
    });
}

#[test]
fn a_panic_resumed_in_a_task_keeps_its_payload_through_two_groups() {
    watchdog(|| {
        let payload = payload_of(|| {
            ErrGroup::scope(|outer| {
                outer.go(|ctx| {
                    ErrGroup::builder().context(ctx).scope(|inner| {
                        inner.go(|_| -> Result<(), Stopped> { resume_unwind(Box::new(Wreck(2))) });
                        Ok(())
                    })
                });
                Ok::<_, Stopped>(())
            })
        });
        assert_eq!(payload.downcast_ref(), Some(&Wreck(2)));
    });
}

#[test]
fn a_panic_in_one_group_leaves_later_ones_intact() {
    watchdog(|| {
        for _ in 0..50 {
            payload_of(|| {
                ErrGroup::scope(|g| {
                    g.go(|_| -> Result<(), Stopped> { panic!("on purpose") });
                    Ok(())
                })
            });
            let sum = ErrGroup::scope(|g| g.go(|_| Ok(1)).join());
            assert_eq!(sum.unwrap(), 1);
        }
    });
}

#[test]
fn the_panic_of_a_callback_on_the_context_is_not_the_group_s() {
    watchdog(|| {
        let both_run = Barrier::new(2);
        let ended = Count::default();
        let result = ErrGroup::scope(|g| {
            g.context().on_cancel(|| panic!("the callback")).detach();
            g.go(|ctx| {
                both_run.wait();
                ctx.wait();
                thread::yield_now();
                ended.add();
                Ok(())
            });
            g.go(|_| {
                both_run.wait();
                Err::<(), Error>("fails, and so cancels".into())
            });
            Ok(())
        });
        assert_eq!(result.unwrap_err().to_string(), "fails, and so cancels");
        assert_eq!(ended.get(), 1);
    });
}

// --- Drops that panic -------------------------------------------------------------------------

/// Runs `bad` as a task beside two others, whom the body stops when it is over. Checks that the
/// group waits for them whatever happens.
fn beside_others<T: Send>(
    bad: impl FnOnce() -> Result<T, Error> + Send,
) -> thread::Result<Result<(), Error>> {
    let all_run = Barrier::new(3);
    let ended = Count::default();
    let result = catch_unwind(AssertUnwindSafe(|| {
        ErrGroup::scope(|g| {
            for _ in 0..2 {
                g.go(|ctx| {
                    all_run.wait();
                    ctx.wait();
                    thread::yield_now();
                    ended.add();
                    Ok(())
                });
            }
            drop(g.go(|_| {
                all_run.wait();
                bad()
            }));
            support::until(|| g.running() <= 2);
            Err("the body".into())
        })
    }));
    assert_eq!(ended.get(), 2, "the others have ended");
    result
}

#[test]
fn a_payload_whose_drop_panics_does_not_break_the_join() {
    watchdog(|| {
        let payload = beside_others(|| -> Result<(), _> { panic_any(Bomb) }).unwrap_err();
        assert!(payload.is::<Bomb>());
        std::mem::forget(payload);
    });
}

#[test]
fn a_second_payload_whose_drop_panics_does_not_break_the_join() {
    watchdog(|| {
        let all_run = Barrier::new(4);
        let ended = Count::default();
        let text = panic_of(|| {
            ErrGroup::scope(|g| {
                for _ in 0..2 {
                    g.go(|ctx| -> Result<(), Stopped> {
                        all_run.wait();
                        ctx.wait();
                        panic_any(Bomb)
                    });
                }
                g.go(|ctx| {
                    all_run.wait();
                    ctx.wait();
                    thread::yield_now();
                    ended.add();
                    Ok(())
                });
                g.go(|_| -> Result<(), Stopped> {
                    all_run.wait();
                    panic!("first")
                });
                Ok(())
            })
        });
        assert_eq!(text, "first");
        assert_eq!(ended.get(), 1);
    });
}

#[test]
fn a_value_whose_drop_panics_does_not_break_the_join() {
    watchdog(|| {
        // The error of the body, or the panic of the drop.
        match beside_others(|| Ok(Bomb)) {
            Ok(result) => assert_eq!(result.unwrap_err().to_string(), "the body"),
            Err(payload) => assert_eq!(text_of(&*payload), "the bomb went off"),
        }
    });
}

#[test]
fn a_skipped_task_whose_drop_panics_does_not_break_the_join() {
    watchdog(|| {
        let both_run = Barrier::new(2);
        let ended = Count::default();
        let result = catch_unwind(AssertUnwindSafe(|| {
            ErrGroup::builder().limit(1).scope(|g| -> Result<(), Error> {
                let inner = g.clone();
                let (both_run, ended) = (&both_run, &ended);
                g.go(move |ctx| {
                    let bomb = Bomb;
                    drop(inner.go(move |_| {
                        let _bomb = bomb;
                        panic!("the limit holds it back until the group stops")
                    }) as Task<'_, ()>);
                    both_run.wait();
                    ctx.wait();
                    thread::yield_now();
                    ended.add();
                    Ok(())
                });
                both_run.wait();
                Err("the body".into())
            })
        }));
        assert_eq!(ended.get(), 1);
        match result {
            Ok(result) => assert_eq!(result.unwrap_err().to_string(), "the body"),
            Err(payload) => assert_eq!(text_of(&*payload), "the bomb went off"),
        }
    });
}

// --- While panicking --------------------------------------------------------------------------

#[test]
fn a_scope_works_on_a_thread_that_is_panicking() {
    struct CleanUp(Log);
    impl Drop for CleanUp {
        fn drop(&mut self) {
            assert!(thread::panicking());
            let result = ErrGroup::scope(|g| {
                g.go(|ctx| {
                    assert!(!ctx.has_ended());
                    self.0.add("cleaned up");
                    Ok(())
                });
                Ok::<_, Stopped>(())
            });
            assert!(result.is_ok());
        }
    }
    watchdog(|| {
        let log = Log::default();
        let text = panic_of(|| {
            let _clean_up = CleanUp(log.clone());
            panic!("on purpose");
        });
        assert_eq!(text, "on purpose");
        assert_eq!(log.events(), ["cleaned up"]);
    });
}

// --- Caught -----------------------------------------------------------------------------------

#[test]
fn catch_turns_a_panic_into_an_error() {
    watchdog(|| {
        let result: Result<(), Error> = ErrGroup::scope(|g| {
            g.go(catch(|_| -> Result<(), Error> { panic!("out of cheese") }));
            Ok(())
        });
        let error = result.unwrap_err().downcast::<Panicked>().unwrap();
        assert_eq!(error.message(), "out of cheese");
        assert_eq!(error.to_string(), "the task panicked: out of cheese");
        let payload = error.into_payload().unwrap();
        assert_eq!(text_of(&*payload), "out of cheese");
    });
}

#[test]
fn catch_keeps_a_payload_without_a_text() {
    watchdog(|| {
        let result: Result<(), Error> = ErrGroup::scope(|g| {
            g.go(catch(|_| -> Result<(), Error> { panic_any(Wreck(3)) }));
            Ok(())
        });
        let error = result.unwrap_err().downcast::<Panicked>().unwrap();
        let payload = error.into_payload().unwrap();
        assert_eq!(payload.downcast_ref(), Some(&Wreck(3)));
    });
}

#[test]
fn catch_passes_values_errors_and_the_context() {
    watchdog(|| {
        let value = ErrGroup::scope(|g| {
            Ok::<_, Error>(g.go(catch(|ctx| Ok::<_, Error>(ctx.has_ended()))).join()?)
        });
        assert!(!value.unwrap());
        let result: Result<(), Error> = ErrGroup::scope(|g| {
            g.go(catch(|_| Err::<(), Error>("an error".into())));
            Ok(())
        });
        assert_eq!(result.unwrap_err().to_string(), "an error");
    });
}
