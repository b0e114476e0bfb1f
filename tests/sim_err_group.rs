//! Groups under all schedules: one first error, nothing lost, nothing left running.

#![cfg(feature = "sim")]

mod support;

use std::panic::{self, AssertUnwindSafe, panic_any};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use phalanx::sim::{self, Builder, Strategy, TimeMode};
use phalanx::{Context, ErrGroup, Refusal, Scope, Stopped, Task, Until, WhyStopped};
use support::failure::Failure::{self, Echo, Own};
use support::{Count, Crowd, EXPIRED, Log, told};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const NANO: Duration = Duration::from_nanos(1);
const JUST_BEFORE: Duration = Duration::from_nanos(999_999_999);

type Group = ErrGroup<Failure>;

/// By seeds: as usual, with late threads, and with wake-ups for no reason.
#[track_caller]
fn by_seeds(body: fn()) {
    let usual = || Builder::new().iterations(100);
    usual().check(body);
    usual().time(TimeMode::Racing { percent: 20 }).check(body);
    usual().spurious_wakeups(20).check(body);
}

/// All schedules with at most so many preemptions.
#[track_caller]
fn exhaustively(preemptions: u32, body: fn()) {
    assert!(Builder::new().exhaustive(preemptions).check(body).exhausted);
}

/// What a group returned, in a word.
fn word<T: ToString>(result: Result<T, Failure>) -> String {
    match result {
        Ok(value) => format!("ok {}", value.to_string()),
        Err(Own(text)) => text.to_owned(),
        Err(Echo(stopped)) => format!("echo: {}", stopped_word(&stopped)),
    }
}

fn stopped_word(stopped: &Stopped) -> String {
    match stopped.kind() {
        WhyStopped::Failed => "failed".to_owned(),
        WhyStopped::Panicked => "panicked".to_owned(),
        WhyStopped::Skipped(_) => "skipped".to_owned(),
        why => unreachable!("{why:?}"),
    }
}

/// What the handle of a task returned, in a word.
fn joined<T: ToString>(task: Task<'_, T>) -> String {
    task.join().map_or_else(|stopped| stopped_word(&stopped), |value| value.to_string())
}

fn fail(text: &'static str) -> Result<(), Failure> {
    Err(Own(text))
}

/// Calls `f`, and returns the text of its panic, if it panics.
fn panic_text<R>(f: impl FnOnce() -> R) -> Result<R, &'static str> {
    panic::catch_unwind(AssertUnwindSafe(f))
        .map_err(|payload| *payload.downcast_ref::<&str>().expect("a payload of ours"))
}

fn words<const N: usize>(words: [&str; N]) -> [String; N] {
    words.map(str::to_owned)
}

/// A task that runs until it is told to stop, and then fails with an echo.
fn until_told(ctx: &Context) -> Result<(), Failure> {
    ctx.wait();
    fail("echo")
}

// --- The first error --------------------------------------------------------------------------

#[test]
fn of_two_errors_at_once_exactly_one_is_the_group_s() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            word(ErrGroup::scope(|g| {
                g.go(|_| fail("a"));
                g.go(|_| fail("b"));
                Ok("both are lost")
            }))
        })
        .exactly(words(["a", "b"]))
        .exhausted();
}

#[test]
fn the_error_is_there_before_anybody_can_answer_the_cancel() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            word(ErrGroup::scope(|g| {
                g.go(|_| fail("cause"));
                g.context().wait();
                Err::<&str, _>(Own("echo"))
            }))
        })
        .exactly(words(["cause"]))
        .exhausted();
    by_seeds(|| {
        let result = ErrGroup::scope(|g| {
            g.go(until_told);
            g.go(|_| fail("cause"));
            while !g.context().has_ended() {
                sim::yield_now();
            }
            Err::<&str, _>(Own("echo"))
        });
        assert_eq!(word(result), "cause");
    });
}

#[test]
fn an_echo_that_the_body_passes_on_is_never_the_group_s_error() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            word(ErrGroup::scope(|g| {
                let first = g.go(|ctx| ctx.sleep(HOUR).map_err(|_| Own("told to stop")));
                let second = g.go(|_| fail("cause"));
                first.join()?;
                second.join()?;
                Ok("lost")
            }))
        })
        .exactly(words(["cause"]))
        .exhausted();
}

#[test]
fn the_error_of_the_body_and_that_of_a_task_at_once_leave_one_of_both() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            word(ErrGroup::scope(|g| {
                g.go(|_| fail("task"));
                Err::<&str, _>(Own("body"))
            }))
        })
        .exactly(words(["body", "task"]))
        .exhausted();
}

#[test]
fn the_cause_of_the_cancel_names_the_task_that_failed() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let ctx = Arc::new(Mutex::new(Context::background()));
            let place = Arc::clone(&ctx);
            let result = ErrGroup::scope(|g| {
                *place.lock() = g.context().clone();
                g.named("fails").go(|_| fail("cause"));
                Ok("lost")
            });
            assert_eq!(word(result), "cause");
            let cause = ctx.lock().cause().unwrap();
            cause.error().unwrap().to_string()
        })
        .exactly(words(["task 0 (fails) failed"]))
        .exhausted();
}

#[test]
fn a_task_started_at_the_moment_of_a_failure_runs_or_is_skipped_and_is_dropped_once() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let (runs, drops) = (Count::default(), Count::default());
            let captured = drops.on_drop();
            let told = Mutex::new(String::new());
            let result = ErrGroup::scope(|g| {
                g.go(|_| fail("cause"));
                sim::label("the failure may come here");
                let second = g.go(|_| {
                    let _captured = captured;
                    runs.add();
                    Ok("ran")
                });
                *told.lock() = joined(second);
                Ok("lost")
            });
            assert_eq!(word(result), "cause");
            assert_eq!(drops.get(), 1);
            let told = told.into_inner();
            assert_eq!(runs.get(), usize::from(told == "ran"));
            told
        })
        .exactly(words(["ran", "skipped"]))
        .exhausted();
}

// --- Panics -----------------------------------------------------------------------------------

#[test]
fn a_panic_outranks_an_error_that_comes_at_the_same_moment() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            panic_text(|| {
                word(ErrGroup::scope(|g| {
                    g.go(|_| fail("error"));
                    g.go(|_| -> Result<(), _> { panic_any("panic") });
                    Ok("lost")
                }))
            })
            .map_err(str::to_owned)
        })
        // Or the second has been skipped.
        .exactly([Err("panic".to_owned()), Ok("error".to_owned())])
        .exhausted();
}

#[test]
fn of_two_panics_at_once_one_is_resumed_when_both_tasks_have_ended() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let ended = Count::default();
            let text = panic_text(|| {
                let result = ErrGroup::scope(|g| {
                    for text in ["a", "b"] {
                        let ended = ended.on_drop();
                        g.go(move |_| -> Result<(), Failure> {
                            let _ended = ended;
                            panic_any(text)
                        });
                    }
                    Ok(())
                });
                result.is_ok()
            });
            assert_eq!(ended.get(), 2);
            text.unwrap_err()
        })
        .exactly(["a", "b"])
        .exhausted();
}

#[test]
fn a_panic_wakes_the_siblings_and_is_resumed_when_they_have_ended() {
    by_seeds(|| {
        let ended = Count::default();
        let text = panic_text(|| {
            let result = ErrGroup::scope(|g| {
                let captured = ended.on_drop();
                g.go(move |ctx| {
                    let _captured = captured;
                    until_told(ctx)
                });
                g.go(|_| -> Result<(), _> { panic_any("panic") });
                Ok(())
            });
            result.is_ok()
        });
        assert_eq!(text, Err("panic"));
        assert_eq!(ended.get(), 1);
    });
}

#[test]
fn the_panic_of_the_body_cancels_the_tasks_and_waits_for_them() {
    exhaustively(1, || {
        let ended = Count::default();
        let text = panic_text(|| {
            ErrGroup::scope(|g| -> Result<(), Failure> {
                g.go(|ctx| {
                    let _ended = ended.on_drop();
                    until_told(ctx)
                });
                sim::wait_idle();
                panic_any("body")
            })
            .is_ok()
        });
        assert_eq!(text, Err("body"));
        assert_eq!(ended.get(), 1);
    });
}

#[test]
fn a_panic_in_a_callback_on_the_context_is_not_the_group_s() {
    exhaustively(1, || {
        let text = panic_text(|| {
            ErrGroup::scope(|g| {
                g.context().on_cancel(|| panic::resume_unwind(Box::new("callback"))).detach();
                g.go(|_| fail("error"));
                g.go(until_told);
                Ok(())
            })
            .is_ok()
        });
        assert_eq!(text, Ok(false));
    });
}

// --- The limit --------------------------------------------------------------------------------

fn limited<'env, R>(
    limit: usize,
    body: impl for<'s> FnOnce(&Scope<'s, 'env, Failure>) -> Result<R, Failure>,
) -> Result<R, Failure> {
    ErrGroup::builder().limit(limit).scope(body)
}

/// A task that stays inside for a while.
fn visit(crowd: &Crowd) {
    crowd.visit(|| sim::label("inside"));
}

/// Runs two tasks or more of a group of limit 1 or 2, and returns how many ran at once at most.
fn most_at_once(limit: usize, tasks: usize) -> usize {
    let (crowd, runs) = (Arc::new(Crowd::default()), Count::default());
    let watched = Arc::clone(&crowd);
    sim::invariant("the limit", move || assert!(watched.most() <= limit, "{}", watched.most()));
    let result = limited(limit, |g| {
        let (inner, crowd, runs) = (g.clone(), &crowd, &runs);
        g.go(move |_| {
            inner.go(|_| {
                visit(crowd);
                runs.add();
                Ok(())
            });
            visit(crowd);
            runs.add();
            Ok(())
        });
        for _ in 2..tasks {
            g.go(|_| {
                visit(crowd);
                runs.add();
                Ok(())
            });
        }
        Ok(runs)
    });
    assert!(result.is_ok());
    assert_eq!(runs.get(), tasks);
    crowd.most()
}

#[test]
fn with_one_preemption_never_more_tasks_run_than_the_limit_allows_and_as_many_can() {
    let explore = || Builder::new().exhaustive(1);
    explore().outcomes(|| most_at_once(1, 2)).exactly([1]).exhausted();
    explore().outcomes(|| most_at_once(2, 2)).exactly([1, 2]).exhausted();
    by_seeds(|| _ = most_at_once(1, 4));
    by_seeds(|| _ = most_at_once(2, 4));
}

#[test]
fn go_blocks_at_the_limit_until_a_slot_comes_free_or_the_group_fails() {
    type Way = fn(&Context) -> Result<(), Failure>;
    let ways: [Way; 2] = [
        |ctx| ctx.sleep(SECOND).map_err(|_| Own("told to stop")),
        |ctx| ctx.sleep(SECOND).map_err(|_| Own("told to stop")).and(fail("cause")),
    ];
    for (way, all) in ways.into_iter().zip([["ran", "ok done"], ["skipped", "cause"]]) {
        Builder::new().iterations(200).check(move || {
            let group: Group = ErrGroup::builder().limit(1).start();
            group.go(way);
            let handle = group.handle();
            let starts = sim::spawn("starts", move || joined(handle.go(|_| Ok("ran"))));
            sim::sleep(JUST_BEFORE);
            sim::assert_blocked(&starts, "ErrGroup::go, at the limit");
            sim::sleep(NANO);
            assert_eq!([starts.join().unwrap(), word(group.wait().map(|()| "done"))], words(all));
        });
    }
}

#[test]
fn slots_are_given_in_the_order_of_arrival() {
    Builder::new().iterations(100).check(|| {
        let log = Log::default();
        let group: Group = ErrGroup::builder().limit(1).start();
        group.go(|ctx| ctx.sleep(SECOND).map_err(|_| Own("told to stop")));
        let starters = ["first", "second", "third"].map(|name| {
            let (handle, log) = (group.handle(), log.clone());
            let starts = sim::spawn(name, move || {
                handle.go(move |_| {
                    log.add(name);
                    Ok(())
                });
            });
            sim::wait_idle();
            starts
        });
        for starts in &starters {
            sim::assert_blocked(starts, "ErrGroup::go, at the limit");
        }
        for starts in starters {
            starts.join().unwrap();
        }
        assert_eq!(word(group.wait().map(|()| "done")), "ok done");
        assert_eq!(log.events(), ["first", "second", "third"]);
    });
}

#[test]
fn the_end_of_the_group_ends_the_waits_of_all_who_want_a_slot_at_its_instant() {
    // By its deadline, and by its parent.
    for by_deadline in [true, false] {
        Builder::new().iterations(100).check(move || {
            let (parent, canceller) = Context::background().with_cancel();
            let builder = ErrGroup::builder().limit(1).context(&parent);
            let timeout = if by_deadline { SECOND } else { HOUR };
            let group: Group = builder.timeout(timeout).start();
            let drops = Count::default();
            let stubborn =
                |_: &Context| Context::background().sleep(2 * SECOND).map_err(|_| Own("ended"));
            group.go(stubborn);
            let starters = ["one", "other"].map(|name| {
                let (handle, captured) = (group.handle(), drops.on_drop());
                sim::spawn(name, move || {
                    joined(handle.go(move |_| {
                        drop(captured);
                        Ok("ran")
                    }))
                })
            });
            sim::sleep(JUST_BEFORE);
            for starts in &starters {
                sim::assert_blocked(starts, "ErrGroup::go, at the limit");
            }
            sim::sleep(NANO);
            if !by_deadline {
                canceller.cancel();
            }
            assert_eq!(starters.map(|starts| starts.join().unwrap()), ["skipped", "skipped"]);
            assert_eq!((sim::elapsed(), drops.get()), (SECOND, 2));
            assert_eq!(word(group.wait().map(|()| "done")), "echo: skipped");
            assert_eq!(sim::elapsed(), 2 * SECOND);
        });
    }
}

#[test]
fn a_bounded_wait_for_a_queued_sibling_runs_nothing_and_ends_in_time() {
    Builder::new().iterations(100).check(|| {
        let result = limited(1, |g| {
            let inner = g.clone();
            let outer = g.go(move |_| {
                let queued = inner.go(|_| Ok(7));
                assert!(queued.wait_until(SECOND).unwrap_err().is_timeout());
                assert!(!queued.is_done());
                assert_eq!(sim::elapsed(), SECOND);
                queued.join().map_err(Echo)
            });
            Ok(outer.join()?)
        });
        assert_eq!(word(result), "ok 7");
    });
}

#[test]
fn a_group_that_fails_while_go_waits_for_a_slot_skips_that_task_even_if_the_slot_is_granted() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let told = Mutex::new(String::new());
            let result = limited(1, |g| {
                g.go(|_| fail("cause"));
                *told.lock() = joined(g.go(|_| Ok("ran")));
                Ok("lost")
            });
            assert_eq!(word(result), "cause");
            told.into_inner()
        })
        .exactly(words(["skipped"]))
        .exhausted();
}

#[test]
fn with_one_preemption_a_parent_cancelled_at_the_moment_a_slot_comes_free_loses_no_slot() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let (patience, impatient) = Context::background().with_cancel();
            let builder = ErrGroup::builder().limit(1).context(&patience);
            let mut second = String::new();
            let result = builder.scope(|g| {
                let ends = g.go(|_| Ok(()));
                sim::scope(|s| {
                    s.spawn("cancel", || impatient.cancel());
                    second = joined(g.go(|_| Ok("ran")));
                });
                drop(ends.join());
                let refused = g.try_go(|_| Ok(())).unwrap_err();
                assert!(matches!(refused.kind(), Refusal::Cancelled(_)), "not the limit");
                Ok("done")
            });
            (second, word(result))
        })
        .exactly([
            ("ran".to_owned(), "ok done".to_owned()),
            ("skipped".to_owned(), "echo: skipped".to_owned()),
        ])
        .exhausted();
}

#[test]
fn the_slot_of_a_task_that_has_been_joined_is_free() {
    exhaustively(1, || {
        let result = limited(1, |g| {
            g.go(|_| Ok(())).join()?;
            g.try_go(|_| Ok(7)).map_err(|_| Own("refused"))?.join().map_err(Echo)
        });
        assert_eq!(word(result), "ok 7");
    });
}

#[test]
fn try_go_starts_a_task_or_is_refused_and_the_task_comes_back_whole() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let result = limited(1, |g| {
                g.go(|_| Ok(()));
                match g.try_go(|_| Ok("started")) {
                    Ok(task) => Ok(task.join()?),
                    Err(refused) => {
                        assert!(matches!(refused.kind(), Refusal::Limit));
                        refused.into_inner()(&Context::background()).map(|_| "refused")
                    }
                }
            });
            word(result)
        })
        .exactly(words(["ok started", "ok refused"]))
        .exhausted();
}

#[test]
fn a_task_at_the_limit_that_starts_and_joins_a_sibling_gets_its_value() {
    exhaustively(1, || {
        let result = limited(1, |g| {
            let inner = g.clone();
            let outer = g.go(move |_| {
                let sibling = inner.go(|_| Ok(1));
                sibling.join().map_err(Echo)
            });
            Ok(outer.join()? + g.go(|_| Ok(1)).join()?)
        });
        assert_eq!(word(result), "ok 2");
    });
}

#[test]
fn a_task_queued_while_another_gives_its_slot_back_is_run() {
    by_seeds(|| {
        let runs = Count::default();
        let result = limited(2, |g| {
            for _ in 0..2 {
                let (inner, runs) = (g.clone(), &runs);
                g.go(move |_| {
                    for _ in 0..2 {
                        inner.go(|_| {
                            runs.add();
                            Ok(())
                        });
                    }
                    Ok(())
                });
            }
            Ok("done")
        });
        assert_eq!(word(result), "ok done");
        assert_eq!(runs.get(), 4);
    });
}

#[test]
fn with_one_preemption_a_slot_that_comes_free_as_a_task_is_queued_goes_to_that_task() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let result = limited(2, |g| {
                g.go(|_| Ok(0));
                let inner = g.clone();
                let outer = g.go(move |_| {
                    let queued = inner.go(|_| Ok(7));
                    // Unlike a join, this runs nothing: another slot has to come free.
                    queued.wait_until(Until::FOREVER).map_err(|_| Own("given up"))?;
                    queued.join().map_err(Echo)
                });
                Ok(outer.join()?)
            });
            word(result)
        })
        .exactly(words(["ok 7"]))
        .exhausted();
}

#[test]
fn queued_siblings_of_a_group_that_fails_are_skipped_and_dropped_once() {
    by_seeds(|| {
        let (runs, drops) = (Count::default(), Count::default());
        let result = limited(2, |g| {
            let (inner, runs, drops) = (g.clone(), &runs, &drops);
            g.go(move |_| {
                for _ in 0..3 {
                    let captured = drops.on_drop();
                    inner.go(move |_| {
                        let _captured = captured;
                        runs.add();
                        Ok(())
                    });
                }
                Ok(())
            });
            g.go(|_| fail("cause"));
            Ok("lost")
        });
        assert_eq!(word(result), "cause");
        assert!(runs.get() <= drops.get());
        assert!(drops.get() == 3 || drops.get() == 0, "{}", drops.get());
    });
}

// --- Tasks and their handles ------------------------------------------------------------------

#[test]
fn no_join_misses_the_end_of_its_task() {
    exhaustively(1, || {
        let result = ErrGroup::scope(|g| {
            // On a thread of its own: nobody can run it for the joiner.
            let task = g.own_thread().go(|_| Ok(7));
            Ok::<_, Failure>(task.join()?)
        });
        assert_eq!(word(result), "ok 7");
    });
    by_seeds(|| {
        let result = ErrGroup::scope(|g| {
            let tasks = [1, 2, 3].map(|n| g.own_thread().go(move |_| Ok(n)));
            let mut sum = 0;
            for task in tasks {
                sum += task.join()?;
            }
            Ok::<_, Failure>(sum)
        });
        assert_eq!(word(result), "ok 6");
    });
}

#[test]
fn a_wait_for_a_task_at_the_instant_of_its_end_may_give_up_and_loses_nothing() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let mut in_time = false;
            let result = ErrGroup::scope(|g| {
                let task =
                    g.go(|ctx| ctx.sleep(SECOND).map(|()| "value").map_err(|_| Own("stopped")));
                assert!(task.wait_until(JUST_BEFORE).unwrap_err().is_timeout());
                assert!(!task.is_done());
                in_time = task.wait_until(NANO).is_ok();
                assert!(!in_time || task.is_done());
                Ok(task.join()?)
            });
            assert_eq!(word(result), "ok value");
            assert_eq!(sim::elapsed(), SECOND);
            in_time
        })
        .exactly([false, true])
        .exhausted();
}

#[test]
fn several_threads_may_wait_for_one_task() {
    by_seeds(|| {
        let (bound, canceller) = Context::background().with_cancel();
        let result = ErrGroup::scope(|g| {
            let task = g.go(|ctx| ctx.sleep(SECOND).map(|()| 7).map_err(|_| Own("stopped")));
            sim::scope(|s| {
                s.spawn("patient", || assert!(task.wait_until(Duration::MAX).is_ok()));
                s.spawn("bounded", || {
                    let given_up = task.wait_until(&bound).is_err();
                    assert!(given_up || task.is_done());
                });
                canceller.cancel();
            });
            assert!(task.is_done());
            Ok(task.join()?)
        });
        assert_eq!(word(result), "ok 7");
    });
}

#[test]
fn a_join_blocks_until_the_task_has_ended() {
    Builder::new().iterations(200).check(|| {
        let group = Group::new();
        let task = group.go(|ctx| ctx.sleep(SECOND).map_err(|_| Own("stopped")));
        let joins = sim::spawn("joins", move || task.join().is_ok());
        let waits = sim::spawn("waits", move || group.wait().is_ok());
        sim::sleep(JUST_BEFORE);
        // Whoever was first runs the task for both.
        let calls = sim::threads().into_iter().filter_map(|thread| match thread.state {
            sim::ThreadState::Blocked { call, .. } => Some(call),
            _ => None,
        });
        assert!(calls.filter(|call| call == "Context::sleep").count() <= 1);
        assert!(!joins.is_finished() && !waits.is_finished());
        sim::sleep(NANO);
        assert!(joins.join().unwrap() && waits.join().unwrap());
    });
}

#[test]
fn the_value_of_a_task_whose_handle_goes_as_it_ends_is_dropped_once() {
    exhaustively(1, || {
        let values = Count::default();
        let result = ErrGroup::scope(|g| {
            let task = g.own_thread().go(|_| Ok(values.on_drop()));
            sim::label("the task may end here");
            drop(task);
            Ok::<_, Failure>("done")
        });
        assert_eq!(word(result), "ok done");
        assert_eq!(values.get(), 1);
    });
}

#[test]
fn the_panic_in_the_drop_of_a_value_that_nobody_wants_is_never_lost_on_the_way() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic_any("bomb");
        }
    }
    exhaustively(1, || {
        let text = panic_text(|| {
            let result = ErrGroup::scope(|g| {
                let task = g.own_thread().go(|_| Ok(Bomb));
                sim::label("the task may end here");
                drop(task);
                Ok::<_, Failure>(())
            });
            result.is_ok()
        });
        assert_eq!(text, Err("bomb"));
    });
}

#[test]
fn what_a_task_did_is_seen_by_whoever_saw_it_end() {
    by_seeds(|| {
        let log = Log::default();
        let result = ErrGroup::scope(|g| {
            let task = g.go(|_| {
                sim::yield_now();
                log.add("done");
                Ok(())
            });
            while !task.is_done() {
                sim::yield_now();
            }
            assert_eq!(log.events(), ["done"]);
            Ok::<_, Failure>("ok")
        });
        assert_eq!(word(result), "ok ok");
    });
}

// --- Starting and ending ----------------------------------------------------------------------

#[test]
fn a_wait_does_not_end_before_the_siblings_that_a_task_is_still_starting() {
    exhaustively(1, || {
        let group = Group::new();
        let (handle, runs) = (group.handle(), Count::default());
        let counted = runs.clone();
        group.go(move |_| {
            handle.go(move |_| {
                counted.add();
                Ok(())
            });
            Ok(())
        });
        assert_eq!(word(group.wait().map(|()| runs.get())), "ok 1");
    });
}

#[test]
fn a_task_started_while_its_group_ends_runs_before_the_end_or_never() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let group = Group::new();
            let (handle, runs) = (group.handle(), Count::default());
            let counted = runs.clone();
            let starts = sim::spawn("starts", move || {
                joined(handle.go(move |_| {
                    counted.add();
                    Ok("ran")
                }))
            });
            assert_eq!(word(group.wait().map(|()| "done")), "ok done");
            let before = runs.get();
            let told = starts.join().unwrap();
            assert_eq!(before, usize::from(told == "ran"));
            assert_eq!(runs.get(), before);
            told
        })
        .exactly(words(["ran", "skipped"]))
        .exhausted();
}

#[test]
fn a_panic_of_a_task_started_while_its_group_ends_is_resumed() {
    exhaustively(1, || {
        let group = Group::new();
        let handle = group.handle();
        let starts = sim::spawn("starts", move || {
            joined(handle.go(|_| -> Result<&str, _> { panic_any("late") }))
        });
        let waited = panic_text(|| word(group.wait().map(|()| "done")));
        let told = starts.join().unwrap();
        let expected = if told == "panicked" { Err("late") } else { Ok("ok done".to_owned()) };
        assert_eq!(waited, expected);
    });
}

#[test]
fn a_dropped_group_cancels_and_joins_its_tasks() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let group = Group::new();
            let ctx = group.context().clone();
            let (begun, ended) = (Count::default(), Count::default());
            let (starts, ends) = (begun.clone(), ended.clone());
            let task = group.go(move |ctx| {
                starts.add();
                ctx.wait();
                sim::yield_now();
                ends.add();
                Ok(())
            });
            sim::label("the task may start here");
            drop(group);
            assert!(ctx.has_ended());
            assert_eq!(begun.get(), ended.get(), "nothing is left running");
            let told =
                task.join().map_or_else(|stopped| stopped_word(&stopped), |()| "ran".to_owned());
            assert_eq!(ended.get(), usize::from(told == "ran"));
            told
        })
        .exactly(words(["ran", "skipped"]))
        .exhausted();
}

#[test]
fn a_task_that_drops_its_own_group_does_not_wait_for_itself() {
    exhaustively(1, || {
        let group = Arc::new(Mutex::new(Some(Group::new())));
        let handle = group.lock().as_ref().map(Group::handle).unwrap();
        let own = Arc::clone(&group);
        let task = handle.go(move |ctx| {
            let group = own.lock().take();
            drop(group);
            Ok(ctx.has_ended())
        });
        assert!(task.join().unwrap());
    });
}

#[test]
fn several_threads_wait_for_a_group_until_its_last_task_has_ended() {
    by_seeds(|| {
        let group = Group::new();
        let ended = Count::default();
        for n in 1..=2 {
            let ended = ended.clone();
            group.go(move |ctx| {
                let slept = ctx.sleep(n * SECOND);
                ended.add();
                slept.map_err(|_| Own("stopped"))
            });
        }
        sim::scope(|s| {
            for _ in 0..2 {
                s.spawn("waits", || {
                    assert!(group.wait_until(Duration::MAX).is_ok());
                    assert_eq!(ended.get(), 2);
                });
            }
            assert!(group.wait_until(Duration::ZERO).is_err() || ended.get() == 2);
        });
        assert_eq!(word(group.wait().map(|()| "done")), "ok done");
    });
}

#[test]
fn groups_nest_and_an_inner_failure_stays_inside_if_it_is_caught() {
    by_seeds(|| {
        let result = ErrGroup::scope(|outer| {
            let inner = outer.go(|ctx| {
                let inner = ErrGroup::builder().context(ctx).scope(|g| {
                    g.go(until_told);
                    g.go(|_| fail("inner"));
                    Ok("lost")
                });
                Ok(word(inner))
            });
            let calm = outer.go(|ctx| Ok(told(ctx).is_none()));
            Ok::<_, Failure>((inner.join()?, calm.join()?))
        });
        assert!(matches!(result, Ok((inner, true)) if inner == "inner"));
    });
}

// --- Deadlines and parents --------------------------------------------------------------------

#[test]
fn a_task_that_succeeds_at_the_instant_of_the_group_s_deadline_has_succeeded() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let builder = ErrGroup::builder().timeout(SECOND);
            let result = builder.scope(|g| {
                let task = g.go(|ctx| {
                    Context::background().sleep(SECOND).unwrap();
                    sim::yield_now();
                    Ok(told(ctx).is_some())
                });
                Ok(task.join()?)
            });
            word(result)
        })
        .exactly(words(["ok true"]))
        .exhausted();
}

#[test]
fn a_task_started_at_the_instant_of_the_deadline_is_skipped_once_the_deadline_has_been_seen() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let result = ErrGroup::builder().timeout(SECOND).scope(|g| {
                // From the first poll on, it is the timer thread that ends the context.
                assert!(!g.context().has_ended());
                Context::background().sleep(SECOND).unwrap();
                let task = g.go(|_| Ok("ran"));
                Ok(task.join()?)
            });
            assert_eq!(sim::elapsed(), SECOND);
            word(result)
        })
        .exactly(words(["ok ran", "echo: skipped"]))
        .exhausted();
}

#[test]
fn the_deadline_tells_the_tasks_to_stop_at_its_instant_and_the_group_waits_for_them() {
    by_seeds(|| {
        let ended = Count::default();
        let result = ErrGroup::builder().timeout(SECOND).scope(|g| {
            for _ in 0..2 {
                g.go(|ctx| {
                    ctx.wait();
                    assert_eq!(told(ctx), EXPIRED);
                    assert!(sim::elapsed() >= SECOND);
                    sim::yield_now();
                    ended.add();
                    Ok(())
                });
            }
            sim::wait_idle();
            Ok::<_, Failure>("done")
        });
        assert!(ended.get() == 2 || word(result) == "echo: skipped");
    });
}

#[test]
fn with_one_preemption_a_parent_cancelled_while_a_task_succeeds_leaves_the_success_or_a_skip() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let (parent, canceller) = Context::background().with_cancel();
            sim::scope(|s| {
                s.spawn("cancel", || canceller.cancel());
                let result = ErrGroup::builder().context(&parent).scope(|g| {
                    let task = g.go(|_| Ok("value"));
                    Ok(task.join()?)
                });
                word(result)
            })
        })
        .exactly(words(["ok value", "echo: skipped"]))
        .exhausted();
}

#[test]
fn cancel_by_hand_skips_what_has_not_started_and_is_no_error_by_itself() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            word(ErrGroup::scope(|g| {
                let task = g.go(|_| Ok("ran"));
                g.cancel();
                Ok(joined(task))
            }))
        })
        .exactly(words(["ok ran", "echo: skipped"]))
        .exhausted();
}

// --- Everything at once -----------------------------------------------------------------------

#[test]
fn a_limited_group_under_fire_ends_with_its_first_error_and_nothing_running() {
    by_seeds(|| {
        let (parent, canceller) = Context::background().with_cancel_timeout(3 * SECOND);
        let crowd = Arc::new(Crowd::default());
        let result = ErrGroup::builder().context(&parent).limit(2).scope(|g| {
            let crowd = &crowd;
            for n in 1..=3_u32 {
                let inner = g.clone();
                g.go(move |ctx| {
                    crowd.visit(|| {
                        ctx.sleep(n * SECOND).map_err(|_| Own("told to stop"))?;
                        if n == 2 { fail("cause") } else { Ok(()) }
                    })?;
                    inner.go(|_| Ok(()));
                    Ok(())
                });
            }
            sim::scope(|s| {
                s.spawn("cancel", || {
                    Context::background().sleep(2 * SECOND).unwrap();
                    canceller.cancel();
                });
            });
            Ok("ok")
        });
        assert!(crowd.most() <= 2);
        let told = word(result);
        assert!(["cause", "told to stop", "echo: skipped"].contains(&&*told), "{told}");
    });
}

#[test]
fn a_task_queued_while_a_slot_comes_free_gets_that_slot() {
    by_seeds(|| {
        ErrGroup::builder()
            .limit(2)
            .scope(|g| {
                g.go(|_| Ok(()));
                let inner = g.clone();
                g.go(move |_| {
                    let (done, is_done) = sim::sync::channel::bounded::<()>(1);
                    inner.go(move |_| {
                        drop(done);
                        Ok(())
                    });
                    // Not by `join`, which would run it here: there is a slot for it.
                    assert!(is_done.recv().is_err());
                    Ok(())
                });
                Ok::<_, Stopped>(())
            })
            .unwrap();
    });
}

#[test]
fn the_error_of_a_group_and_the_cause_of_its_context_are_of_the_same_task() {
    let outcomes = Builder::new().exhaustive(1).outcomes(|| {
        let mut ctx = Context::background();
        let result: Result<(), Failure> = ErrGroup::scope(|g| {
            ctx = g.context().clone();
            drop(g.go(|_| fail("task 0")));
            drop(g.go(|_| fail("task 1")));
            Ok(())
        });
        let cause = ctx.cause().and_then(|cause| Some(cause.error()?.to_string()));
        (word(result.map(|()| "done")), cause.expect("a failure is a cause"))
    });
    let pair = |task: &str| (task.to_owned(), format!("{task} failed"));
    outcomes.exactly([pair("task 0"), pair("task 1")]).exhausted();
}

#[test]
fn the_error_of_a_task_that_a_handle_starts_at_the_last_moment_is_the_group_s() {
    let outcomes = Builder::new().iterations(1500).budget(HOUR).strategy(Strategy::Random);
    let outcomes = outcomes.outcomes(|| {
        let group = Group::new();
        let handle = group.handle();
        let late = sim::spawn("late", move || joined(handle.go(|_| fail("late").map(|()| ""))));
        let result = word(group.wait().map(|()| "done"));
        (result, late.join().unwrap())
    });
    let pair = |result: &str, task: &str| (result.to_owned(), task.to_owned());
    // Skipped, if the group had ended before.
    outcomes.exactly([pair("ok done", "skipped"), pair("late", "failed")]);
}
