//! The policies at hand: when each stops its group, and what it returns.

mod support;

use std::sync::Barrier;
use std::time::Duration;

use phalanx::{
    AllErrors, Context, ErrGroup, Errors, FirstError, FirstOk, KeepGoing, Outcome, PolicyBuilder,
    Quorum, Settle, Stopped, Tolerate, WhyStopped,
};
use support::{Log, gate, watchdog};

const HOUR: Duration = Duration::from_secs(3600);

fn under<P>(policy: P) -> PolicyBuilder<P> {
    ErrGroup::builder().policy(policy)
}

/// The same in a group that has stopped before it starts: all its tasks are skipped.
fn stopped<P>(policy: P) -> PolicyBuilder<P> {
    let (parent, canceller) = Context::background().with_cancel();
    canceller.cancel_because("shutdown");
    ErrGroup::builder().context(&parent).policy(policy)
}

/// Makes a task for each result; they end in the reverse order.
fn reversed<R: Send>(results: impl IntoIterator<Item = R>) -> Vec<impl FnOnce(&Context) -> R> {
    let (opener, mut current) = gate();
    opener.open();
    let results: Vec<_> = results.into_iter().collect();
    let mut tasks = Vec::new();
    for result in results.into_iter().rev() {
        let (opener, next) = gate();
        let mine = std::mem::replace(&mut current, next);
        tasks.push(move |_: &Context| {
            mine.pass();
            opener.open();
            result
        });
    }
    tasks.reverse();
    tasks
}

/// A task that runs until it is told to stop.
fn until_told<T>(ctx: &Context) -> Result<T, &'static str> {
    ctx.sleep(HOUR).expect_err("it is told");
    Err("echo")
}

fn listed<E: Copy>(errors: &Errors<E>) -> Vec<(usize, E)> {
    assert_eq!(errors.iter().len(), errors.len());
    errors.iter().map(|(index, error)| (index, *error)).collect()
}

// --- FirstError -------------------------------------------------------------------------------

#[test]
fn first_error_returns_all_values_in_the_order_of_starting() {
    watchdog(|| {
        let squares = under(FirstError::new()).scope(|g| {
            for task in reversed((0..20_u32).map(|n| Ok::<_, String>(n * n))) {
                g.go(task);
            }
        });
        assert_eq!(squares.unwrap(), (0..20).map(|n| n * n).collect::<Vec<u32>>());
    });
}

#[test]
fn first_error_stops_at_the_first_error() {
    watchdog(|| {
        let all_run = Barrier::new(3);
        let result = under(FirstError::<(), _>::new()).scope(|g| {
            for _ in 0..2 {
                g.go(|ctx| {
                    all_run.wait();
                    until_told(ctx).map_err(str::to_owned)
                });
            }
            g.go(|_| {
                all_run.wait();
                Err("cause".to_owned())
            });
        });
        assert_eq!(result, Err("cause".to_owned()));
    });
}

#[test]
fn first_error_makes_its_error_of_a_skip_if_nothing_failed() {
    watchdog(|| {
        let result = stopped(FirstError::<(), Stopped>::default()).scope(|g| {
            g.go(|_| Ok(()));
            g.go(|_| Ok(()));
        });
        let error = result.unwrap_err();
        assert_eq!(error.index(), Some(0));
        assert!(matches!(error.kind(), WhyStopped::Skipped(ended)
            if ended.cause().error().unwrap().to_string() == "shutdown"));
    });
}

#[test]
fn first_error_makes_its_error_of_a_caught_panic() {
    watchdog(|| {
        let result = under(FirstError::<(), Stopped>::new()).catch_panics().scope(|g| {
            g.go(|_| Ok(()));
            g.go(|_| panic!("on purpose"));
        });
        let error = result.unwrap_err();
        assert_eq!(error.index(), Some(1));
        assert!(matches!(error.kind(), WhyStopped::Panicked));
    });
}

#[test]
fn first_error_succeeds_without_tasks() {
    assert_eq!(under(FirstError::<(), String>::new()).scope(|_| ()), Ok(vec![]));
}

// --- KeepGoing --------------------------------------------------------------------------------

/// One task at a time, so that the order in which they end is known.
fn one_by_one<P>(policy: P) -> PolicyBuilder<P> {
    ErrGroup::builder().limit(1).policy(policy)
}

#[test]
fn keep_going_lets_every_task_end_and_returns_the_error_that_came_first() {
    let mixed = [Ok(1), Err("first".to_owned()), Ok(3), Err("second".to_owned()), Ok(5)];
    watchdog(move || {
        let log = Log::default();
        let result = one_by_one(KeepGoing::new()).scope(|g| {
            for result in mixed.clone() {
                let log = &log;
                g.go(move |ctx| {
                    log.add(format!("told to stop: {}", ctx.has_ended()));
                    result
                });
            }
        });
        assert_eq!(result, Err("first".to_owned()));
        assert_eq!(log.events(), ["told to stop: false"; 5]);

        let group = one_by_one(KeepGoing::default()).start();
        for result in mixed {
            let log = log.clone();
            group.go(move |ctx| {
                log.add(format!("told to stop: {}", ctx.has_ended()));
                result
            });
        }
        assert_eq!(group.wait(), Err("first".to_owned()));
        assert_eq!(log.events(), ["told to stop: false"; 10]);
    });
}

#[test]
fn keep_going_returns_all_values_in_the_order_of_starting() {
    watchdog(|| {
        let result = under(KeepGoing::<_, String>::new()).scope(|g| {
            for task in reversed((0..20_u32).map(Ok)) {
                g.go(task);
            }
        });
        assert_eq!(result, Ok((0..20).collect::<Vec<u32>>()));
    });
}

#[test]
fn keep_going_makes_its_error_of_what_was_skipped_or_panicked() {
    watchdog(|| {
        let result = stopped(KeepGoing::<(), Stopped>::new()).scope(|g| {
            g.go(|_| Ok(()));
        });
        assert!(matches!(result.unwrap_err().kind(), WhyStopped::Skipped(_)));
        let log = Log::default();
        let result = one_by_one(KeepGoing::<(), Stopped>::new()).catch_panics().scope(|g| {
            g.go(|_| panic!("on purpose"));
            g.go(|_| {
                log.add("goes on");
                Ok(())
            });
        });
        assert!(matches!(result.unwrap_err().kind(), WhyStopped::Panicked));
        assert_eq!(log.events(), ["goes on"]);
    });
}

// --- AllErrors --------------------------------------------------------------------------------

#[test]
fn all_errors_lets_every_task_end_and_returns_every_error() {
    watchdog(|| {
        let log = Log::default();
        let result = under(AllErrors::new()).scope(|g| {
            for task in reversed([Err("first"), Ok(2), Err("third"), Ok(4)]) {
                let log = &log;
                g.go(move |ctx| {
                    let result = task(ctx);
                    log.add("ended by itself");
                    assert!(!ctx.has_ended());
                    result
                });
            }
        });
        let errors = result.unwrap_err();
        assert_eq!(log.events().len(), 4);
        assert_eq!(listed(&errors), [(0, "first"), (2, "third")]);
        assert_eq!((errors.len(), errors.is_empty()), (2, false));
        assert_eq!((errors.panicked(), errors.skipped()), (0, 0));
        let text = errors.to_string();
        assert!(text.contains("first") && text.contains("third"), "{text}");
        assert_eq!(errors.into_vec(), ["first", "third"]);
    });
}

#[test]
fn all_errors_returns_all_values_in_the_order_of_starting() {
    watchdog(|| {
        let result = under(AllErrors::default()).scope(|g| {
            for task in reversed((0..20).map(Ok::<u32, &str>)) {
                g.go(task);
            }
        });
        assert_eq!(result.unwrap(), (0..20).collect::<Vec<u32>>());
    });
}

#[test]
fn all_errors_counts_what_was_skipped() {
    watchdog(|| {
        let result = stopped(AllErrors::<(), &str>::new()).scope(|g| {
            g.go(|_| Ok(()));
            g.go(|_| Err("never"));
        });
        let errors = result.unwrap_err();
        assert_eq!((errors.len(), errors.panicked(), errors.skipped()), (0, 0, 2));
        assert!(errors.is_empty());
    });
}

#[test]
fn all_errors_counts_caught_panics() {
    watchdog(|| {
        let result = under(AllErrors::<(), &str>::new()).catch_panics().scope(|g| {
            g.go(|_| Ok(()));
            g.go(|_| panic!("on purpose"));
            g.go(|_| Err("an error"));
        });
        let errors = result.unwrap_err();
        assert_eq!(listed(&errors), [(2, "an error")]);
        assert_eq!((errors.panicked(), errors.skipped()), (1, 0));
    });
}

// --- FirstOk ----------------------------------------------------------------------------------

#[test]
fn first_ok_returns_the_first_success_and_cancels_the_others() {
    watchdog(|| {
        let all_run = Barrier::new(4);
        let told = Log::default();
        let result = under(FirstOk::new()).scope(|g| {
            for _ in 0..2 {
                g.go(|ctx| {
                    all_run.wait();
                    let result = until_told(ctx);
                    told.add("told");
                    result
                });
            }
            g.go(|_| {
                all_run.wait();
                Err("a failure stops nothing")
            });
            g.go(|_| {
                all_run.wait();
                Ok("winner")
            });
        });
        assert_eq!(result.unwrap(), "winner");
        assert_eq!(told.events(), ["told"; 2], "they have ended");
    });
}

#[test]
fn first_ok_keeps_the_first_of_two_successes() {
    watchdog(|| {
        let both_run = Barrier::new(2);
        let result = under(FirstOk::<_, ()>::default()).scope(|g| {
            g.go(|ctx| {
                both_run.wait();
                ctx.wait();
                Ok("second")
            });
            g.go(|_| {
                both_run.wait();
                Ok("first")
            });
        });
        assert_eq!(result.unwrap(), "first");
    });
}

#[test]
fn first_ok_returns_all_errors_if_nothing_succeeds() {
    watchdog(|| {
        let result = under(FirstOk::<(), _>::new()).scope(|g| {
            for task in reversed(["a", "b", "c"].map(Err)) {
                g.go(task);
            }
        });
        assert_eq!(listed(&result.unwrap_err()), [(0, "a"), (1, "b"), (2, "c")]);
    });
}

#[test]
fn first_ok_fails_without_tasks_or_with_skipped_ones() {
    let none = under(FirstOk::<(), ()>::new()).scope(|_| ()).unwrap_err();
    assert_eq!((none.len(), none.skipped()), (0, 0));
    let skipped = stopped(FirstOk::<(), ()>::new()).scope(|g| {
        g.go(|_| Ok(()));
    });
    assert_eq!(skipped.unwrap_err().skipped(), 1);
}

// --- Quorum -----------------------------------------------------------------------------------

#[test]
fn quorum_stops_when_enough_have_succeeded() {
    watchdog(|| {
        let all_run = Barrier::new(4);
        let result = under(Quorum::new(2)).scope(|g| {
            g.go(|ctx| {
                all_run.wait();
                until_told(ctx)
            });
            for answer in [Ok("a"), Err("down"), Ok("b")] {
                let all_run = &all_run;
                g.go(move |_| {
                    all_run.wait();
                    answer
                });
            }
        });
        assert_eq!(result.unwrap(), ["a", "b"]);
    });
}

#[test]
fn quorum_returns_a_success_that_was_on_its_way() {
    watchdog(|| {
        let all_run = Barrier::new(3);
        let result = under(Quorum::<_, ()>::new(2)).scope(|g| {
            g.go(|ctx| {
                all_run.wait();
                ctx.wait(); // the two others are enough
                Ok(0)
            });
            for n in 1..=2 {
                let all_run = &all_run;
                g.go(move |_| {
                    all_run.wait();
                    Ok(n)
                });
            }
        });
        assert_eq!(result.unwrap(), [0, 1, 2], "in the order of starting");
    });
}

#[test]
fn quorum_returns_all_errors_if_it_is_missed() {
    watchdog(|| {
        let result = under(Quorum::new(2)).scope(|g| {
            for task in reversed([Err("x"), Ok(()), Err("y")]) {
                g.go(task);
            }
        });
        assert_eq!(listed(&result.unwrap_err()), [(0, "x"), (2, "y")]);
        let skipped = stopped(Quorum::<(), ()>::new(1)).scope(|g| {
            g.go(|_| Ok(()));
        });
        assert_eq!(skipped.unwrap_err().skipped(), 1);
    });
}

#[test]
fn a_quorum_of_zero_is_always_reached() {
    watchdog(|| {
        assert_eq!(under(Quorum::<(), ()>::new(0)).scope(|_| ()).unwrap(), []);
        let result = under(Quorum::<u8, &str>::new(0)).scope(|g| {
            g.go(|_| Err("lost"));
        });
        assert_eq!(result.unwrap(), []);
        let skipped = stopped(Quorum::<u8, &str>::new(0)).scope(|g| {
            g.go(|_| Ok(1));
        });
        assert_eq!(skipped.unwrap(), []);
    });
}

// --- Tolerate ---------------------------------------------------------------------------------

#[test]
fn tolerate_returns_values_and_errors_if_few_enough_failed() {
    watchdog(|| {
        let result = under(Tolerate::new(2)).scope(|g| {
            for task in reversed([Ok(1), Err("a"), Ok(3), Err("b")]) {
                g.go(task);
            }
        });
        let (values, errors) = result.unwrap();
        assert_eq!(values, [1, 3]);
        assert_eq!(listed(&errors), [(1, "a"), (3, "b")]);
    });
}

#[test]
fn tolerate_stops_at_one_failure_too_many_and_returns_all_errors() {
    watchdog(|| {
        let all_run = Barrier::new(4);
        let result = under(Tolerate::<(), _>::new(1)).scope(|g| {
            g.go(|_| {
                all_run.wait();
                Ok(())
            });
            g.go(|ctx| {
                all_run.wait();
                until_told(ctx)
            });
            for error in ["a", "b"] {
                let all_run = &all_run;
                g.go(move |_| {
                    all_run.wait();
                    Err(error)
                });
            }
        });
        let errors = result.unwrap_err();
        assert_eq!(listed(&errors), [(1, "echo"), (2, "a"), (3, "b")]);
    });
}

#[test]
fn tolerate_counts_caught_panics_and_skipped_tasks_as_failures() {
    watchdog(|| {
        let panicked = under(Tolerate::<(), ()>::new(1)).catch_panics().scope(|g| {
            g.go(|_| panic!("on purpose"));
        });
        let (_, errors) = panicked.unwrap();
        assert_eq!((errors.len(), errors.panicked()), (0, 1));

        let skip_two = |n| {
            stopped(Tolerate::<(), ()>::new(n)).scope(|g| {
                g.go(|_| Ok(()));
                g.go(|_| Ok(()));
            })
        };
        assert_eq!(skip_two(1).unwrap_err().skipped(), 2);
        assert_eq!(skip_two(2).unwrap().1.skipped(), 2);
    });
}

#[test]
fn tolerate_nothing_stops_at_the_first_failure() {
    watchdog(|| {
        let both_run = Barrier::new(2);
        let result = under(Tolerate::<(), _>::new(0)).scope(|g| {
            g.go(|ctx| {
                both_run.wait();
                until_told(ctx)
            });
            g.go(|_| {
                both_run.wait();
                Err("cause")
            });
        });
        assert_eq!(listed(&result.unwrap_err()), [(0, "echo"), (1, "cause")]);
    });
}

// --- Settle -----------------------------------------------------------------------------------

#[test]
fn settle_returns_every_outcome_in_the_order_of_starting() {
    watchdog(|| {
        let outcomes = under(Settle::new()).catch_panics().scope(|g| {
            for task in reversed([Ok(0), Err("one"), Ok(2)]) {
                g.go(task);
            }
            g.go(|_| panic!("three"));
        });
        assert!(matches!(&outcomes[..], [
            Outcome::Ok(0),
            Outcome::Err("one"),
            Outcome::Ok(2),
            Outcome::Panicked(panicked),
        ] if panicked.message() == "three"));
    });
}

#[test]
fn settle_stops_nothing() {
    watchdog(|| {
        let both_run = Barrier::new(2);
        let outcomes = under(Settle::default()).scope(|g| {
            g.go(|_| {
                both_run.wait();
                Err("failed")
            });
            g.go(|ctx| {
                both_run.wait();
                ctx.sleep(Duration::from_millis(1)).map_err(|_| "cancelled")
            });
        });
        assert!(matches!(outcomes[..], [Outcome::Err("failed"), Outcome::Ok(())]));
    });
}

#[test]
fn settle_tells_what_was_skipped() {
    watchdog(|| {
        let outcomes = stopped(Settle::<(), ()>::new()).scope(|g| {
            g.go(|_| Ok(()));
            g.go(|_| Err(()));
        });
        assert!(matches!(outcomes[..], [Outcome::Skipped, Outcome::Skipped]));
    });
}
