//! Policies and the short forms under all schedules: told serially and once, and nothing forgotten.

#![cfg(feature = "sim")]

mod support;

use std::panic::{self, AssertUnwindSafe, panic_any};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;
use phalanx::sim::{self, Builder, TimeMode};
use phalanx::{
    AllErrors, Context, End, ErrGroup, Errors, FirstError, FirstOk, Flow, Outcome, Policy,
    PolicyBuilder, Quorum, Refusal, Settle, Tolerate, join, par_map, race, run_all, try_join,
};
use support::{Count, Crowd};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

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

fn under<P>(policy: P) -> PolicyBuilder<P> {
    ErrGroup::builder().policy(policy)
}

/// Calls `f`, and returns the text of its panic, if it panics.
fn panic_text<R>(f: impl FnOnce() -> R) -> Result<R, &'static str> {
    panic::catch_unwind(AssertUnwindSafe(f))
        .map_err(|payload| *payload.downcast_ref::<&str>().expect("a payload of ours"))
}

/// A task that runs until it is told to stop.
fn until_told<T>(ctx: &Context) -> Result<T, &'static str> {
    ctx.wait();
    Err("echo")
}

fn listed<E: Copy>(errors: &Errors<E>) -> Vec<(usize, E)> {
    errors.iter().map(|(index, error)| (index, *error)).collect()
}

// --- What every policy is promised ------------------------------------------------------------

type Text = &'static str;

/// Writes down what it is told, takes its time, and stops after so many.
#[derive(Default)]
struct Recorder {
    crowd: Arc<Crowd>,
    told: Vec<(usize, String)>,
    stop_after: usize,
}

impl Policy<Text, Text> for Recorder {
    type Output = (Vec<(usize, String)>, Text);

    fn on_done(&mut self, index: usize, outcome: Outcome<Text, Text>) -> Flow {
        let text = match outcome {
            Outcome::Ok(text) | Outcome::Err(text) => text.to_owned(),
            Outcome::Panicked(panicked) => panicked.message().to_owned(),
            Outcome::Skipped => "skipped".to_owned(),
        };
        self.crowd.visit(|| sim::label("in on_done"));
        self.told.push((index, text));
        if self.told.len() == self.stop_after { Flow::Stop } else { Flow::Continue }
    }

    fn finish(self, end: End) -> Self::Output {
        assert!(self.crowd.most() <= 1, "two threads at once");
        let end = match end {
            End::AllDone => "all done",
            End::Stopped => "stopped",
            End::Cancelled(_) => "cancelled",
            end => unreachable!("{end:?}"),
        };
        (self.told, end)
    }
}

/// What was told, by index: each task must have been told once.
fn by_index(mut told: Vec<(usize, String)>) -> Vec<String> {
    told.sort();
    assert!(told.iter().map(|(index, _)| *index).eq(0..told.len()), "{told:?}");
    told.into_iter().map(|(_, text)| text).collect()
}

#[test]
fn a_policy_is_told_once_about_each_task_and_never_by_two_threads_at_once() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let (told, end) = under(Recorder::default()).scope(|g| {
                g.go(|_| Ok("a"));
                g.go(|_| Err("b"));
            });
            assert_eq!(end, "all done");
            let order: Vec<_> = told.iter().map(|(index, _)| *index).collect();
            assert_eq!(by_index(told), ["a", "b"]);
            order
        })
        .exactly([vec![0, 1], vec![1, 0]])
        .exhausted();
}

#[test]
fn outcomes_that_come_while_the_policy_is_called_are_told_after_it() {
    by_seeds(|| {
        let (told, end) = under(Recorder::default()).scope(|g| {
            for text in ["a", "b", "c", "d"] {
                g.go(move |_| Ok(text));
            }
        });
        assert_eq!(
            (by_index(told), end),
            (["a", "b", "c", "d"].map(str::to_owned).to_vec(), "all done")
        );
    });
}

#[test]
fn a_policy_that_stops_has_the_rest_skipped_or_told_to_stop_and_hears_of_each() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let policy = Recorder { stop_after: 1, ..Recorder::default() };
            let (told, end) = under(policy).scope(|g| {
                g.go(|_| Ok("a"));
                g.go(until_told);
            });
            assert_eq!(end, "stopped");
            by_index(told)
        })
        .exactly([["a", "echo"], ["a", "skipped"]].map(|told| told.map(str::to_owned).to_vec()))
        .exhausted();
}

#[test]
fn with_one_preemption_the_end_of_a_group_is_one_of_what_ended_it() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let (parent, canceller) = Context::background().with_cancel();
            let policy = Recorder { stop_after: 1, ..Recorder::default() };
            let builder = ErrGroup::builder().context(&parent).policy(policy);
            let (told, end) = sim::scope(|s| {
                s.spawn("cancel", || canceller.cancel());
                builder.scope(|g| {
                    g.go(|_| Ok("a"));
                })
            });
            (by_index(told).remove(0), end)
        })
        // It says stop after what it is told, be that a skip.
        .exactly([("a".to_owned(), "stopped"), ("skipped".to_owned(), "stopped")])
        .exhausted();
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let builder = ErrGroup::builder().timeout(SECOND).policy(Recorder::default());
            let (told, end) = builder.scope(|g| {
                g.go(|_| {
                    Context::background().sleep(SECOND).unwrap();
                    Ok("a")
                });
                g.context().on_cancel(|| ()).detach(); // has the timer thread end it
            });
            assert_eq!(by_index(told), ["a"]);
            end
        })
        .exactly(["all done", "cancelled"])
        .exhausted();
}

#[test]
fn a_task_that_is_refused_is_not_told() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let mut refused = false;
            let (told, end) = ErrGroup::builder().limit(1).policy(Recorder::default()).scope(|g| {
                g.go(|_| Ok("a"));
                if let Err(task) = g.try_go(|_| Ok("b")) {
                    assert!(matches!(task.kind(), Refusal::Limit));
                    refused = true;
                }
            });
            assert_eq!(end, "all done");
            assert_eq!(by_index(told).len(), 2 - usize::from(refused));
            refused
        })
        .exactly([false, true])
        .exhausted();
}

#[test]
fn queued_tasks_of_a_policy_that_stops_are_told_as_skipped_once_each() {
    by_seeds(|| {
        let policy = Recorder { stop_after: 1, ..Recorder::default() };
        let (told, end) = ErrGroup::builder().limit(1).policy(policy).scope(|g| {
            let inner = g.clone();
            g.go(move |_| {
                for _ in 0..2 {
                    inner.go(|_| Ok("never"));
                }
                Ok("stops")
            });
        });
        assert_eq!(
            (by_index(told), end),
            (["stops", "skipped", "skipped"].map(str::to_owned).to_vec(), "stopped")
        );
    });
}

/// Panics when it is told for the first time; what it has not been told is dropped.
struct Faulty(Count);

impl Policy<support::OnDrop, ()> for Faulty {
    type Output = ();

    fn on_done(&mut self, _index: usize, _outcome: Outcome<support::OnDrop, ()>) -> Flow {
        self.0.add();
        sim::label("before the panic of the policy");
        panic_any("the policy")
    }

    fn finish(self, _end: End) {
        unreachable!("a policy that has panicked is not called again")
    }
}

#[test]
fn with_one_preemption_a_policy_that_panics_is_not_called_again_and_the_panic_is_resumed() {
    exhaustively(1, || {
        let (calls, drops) = (Count::default(), Count::default());
        let text = panic_text(|| {
            under(Faulty(calls.clone())).scope(|g| {
                for _ in 0..2 {
                    let value = drops.on_drop();
                    g.go(move |_| Ok(value));
                }
            });
        });
        assert_eq!(text, Err("the policy"));
        assert_eq!((calls.get(), drops.get()), (1, 2));
    });
}

#[test]
fn with_one_preemption_a_panic_while_another_task_is_told_is_resumed_or_told_if_it_is_to_be_caught()
{
    exhaustively(1, || {
        let text = panic_text(|| {
            under(Recorder::default()).scope(|g| {
                g.go(|_| Ok("a"));
                g.go(|_| panic_any("b"));
            })
        });
        assert_eq!(text, Err("b"));
    });
    exhaustively(1, || {
        let (told, end) = under(Recorder::default()).catch_panics().scope(|g| {
            g.go(|_| Ok("a"));
            g.go(|_| panic_any("b"));
        });
        assert_eq!((by_index(told), end), (vec!["a".to_owned(), "b".to_owned()], "all done"));
    });
}

#[test]
fn with_one_preemption_finish_is_called_by_the_opener_when_every_task_has_been_told() {
    struct Opener(thread::ThreadId, usize);
    impl Policy<(), ()> for Opener {
        type Output = bool;

        fn on_done(&mut self, _index: usize, _outcome: Outcome<(), ()>) -> Flow {
            self.1 += 1;
            Flow::Continue
        }

        fn finish(self, _end: End) -> bool {
            self.0 == thread::current().id() && self.1 == 2
        }
    }
    exhaustively(1, || {
        assert!(under(Opener(thread::current().id(), 0)).scope(|g| {
            g.go(|_| Ok(()));
            g.go(|_| Err(()));
        }));
    });
}

// --- The policies at hand ---------------------------------------------------------------------

#[test]
fn with_one_preemption_first_error_returns_one_of_two_errors_or_all_values_in_their_order() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            under(FirstError::<(), String>::new()).scope(|g| {
                g.go(|_| Err("a".to_owned()));
                g.go(|_| Err("b".to_owned()));
            })
        })
        .exactly([Err("a".to_owned()), Err("b".to_owned())])
        .exhausted();
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            under(FirstError::<_, String>::new()).scope(|g| {
                g.go(|_| Ok(0));
                g.go(|_| Ok(1));
            })
        })
        .exactly([Ok(vec![0, 1])])
        .exhausted();
}

#[test]
fn first_error_never_returns_an_echo() {
    by_seeds(|| {
        let result = under(FirstError::<(), String>::new()).scope(|g| {
            for _ in 0..2 {
                g.go(|ctx| until_told(ctx).map_err(str::to_owned));
            }
            g.go(|_| Err("cause".to_owned()));
        });
        assert_eq!(result, Err("cause".to_owned()));
    });
}

#[test]
fn with_one_preemption_all_errors_returns_every_error_in_the_order_of_starting() {
    exhaustively(1, || {
        let errors = under(AllErrors::<(), _>::new()).scope(|g| {
            g.go(|_| Err("a"));
            g.go(|_| Err("b"));
        });
        assert_eq!(listed(&errors.unwrap_err()), [(0, "a"), (1, "b")]);
    });
}

#[test]
fn with_one_preemption_settle_returns_every_outcome_in_the_order_of_starting() {
    exhaustively(1, || {
        let outcomes = under(Settle::new()).scope(|g| {
            g.go(|_| Ok("a"));
            g.go(|_| Err("b"));
        });
        assert!(matches!(outcomes[..], [Outcome::Ok("a"), Outcome::Err("b")]));
    });
}

#[test]
fn with_one_preemption_first_ok_returns_one_of_two_successes_and_the_success_rather_than_the_error()
{
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let first = under(FirstOk::<_, ()>::new()).scope(|g| {
                g.go(|_| Ok(0));
                g.go(|_| Ok(1));
            });
            first.unwrap()
        })
        .exactly([0, 1])
        .exhausted();
    exhaustively(1, || {
        let first = under(FirstOk::new()).scope(|g| {
            g.go(|_| Err("a"));
            g.go(|_| Ok(1));
        });
        assert_eq!(first.unwrap(), 1);
    });
}

#[test]
fn a_quorum_that_can_be_reached_is_and_what_was_on_its_way_comes_along() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let values = under(Quorum::<_, ()>::new(1)).scope(|g| {
                g.go(|_| Ok(0));
                g.go(|_| Ok(1));
            });
            values.unwrap()
        })
        .exactly([vec![0], vec![1], vec![0, 1]])
        .exhausted();
    by_seeds(|| {
        let values = under(Quorum::new(2)).scope(|g| {
            g.go(|_| Ok(0));
            g.go(|_| Err("down"));
            g.go(|_| Ok(2));
        });
        assert_eq!(values.unwrap(), [0, 2]);
    });
}

#[test]
fn with_one_preemption_a_quorum_that_is_missed_has_all_errors() {
    exhaustively(1, || {
        let errors = under(Quorum::new(2)).scope(|g| {
            g.go(|_| Ok(0));
            g.go(|_| Err("down"));
        });
        assert_eq!(listed(&errors.unwrap_err()), [(1, "down")]);
    });
}

#[test]
fn with_one_preemption_tolerate_stops_at_one_failure_too_many() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let result = under(Tolerate::<(), _>::new(0)).scope(|g| {
                g.go(|_| Err("a"));
                g.go(|_| Err("b"));
            });
            let errors = result.unwrap_err();
            assert_eq!(errors.len() + errors.skipped(), 2);
            listed(&errors)
        })
        .exactly([vec![(0, "a")], vec![(1, "b")], vec![(0, "a"), (1, "b")]])
        .exhausted();
    by_seeds(|| {
        let result = under(Tolerate::new(1)).scope(|g| {
            g.go(|_| Ok(0));
            g.go(|_| Err("lost"));
            g.go(|_| Ok(2));
        });
        let (values, errors) = result.unwrap();
        assert_eq!((values, listed(&errors)), (vec![0, 2], vec![(1, "lost")]));
    });
}

// --- The short forms --------------------------------------------------------------------------

#[test]
fn with_one_preemption_race_returns_one_of_two_winners_and_the_loser_has_ended() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let ended = Count::default();
            let runner = |name| {
                let ended = ended.on_drop();
                move |_: &Context| {
                    let _ended = ended;
                    Ok::<_, ()>(name)
                }
            };
            let winner = race([runner("a"), runner("b")]).unwrap();
            assert_eq!(ended.get(), 2);
            winner
        })
        .exactly(["a", "b"])
        .exhausted();
}

#[test]
fn race_is_won_by_the_earlier_and_wakes_the_later_at_once() {
    Builder::new().iterations(200).check(|| {
        let runner = |after, name| move |ctx: &Context| ctx.sleep(after).map(|()| name);
        assert_eq!(race([runner(HOUR, "late"), runner(SECOND, "early")]).unwrap(), "early");
        assert_eq!(sim::elapsed(), SECOND);
    });
}

#[test]
fn with_one_preemption_run_all_returns_every_outcome_in_order() {
    exhaustively(1, || {
        let half = |n: u32| move |_: &Context| if n % 2 == 0 { Ok(n / 2) } else { Err("odd") };
        let outcomes = run_all([half(8), half(3)]);
        assert!(matches!(outcomes[..], [Outcome::Ok(4), Outcome::Err("odd")]));
    });
}

#[test]
fn with_one_preemption_par_map_calls_its_function_once_for_each_item_and_keeps_their_order() {
    exhaustively(1, || {
        let calls = Mutex::new(Vec::new());
        let doubled = ErrGroup::builder().limit(2).par_map([1, 2, 3], |n, _| {
            calls.lock().push(n);
            Ok::<_, String>(2 * n)
        });
        assert_eq!(doubled.unwrap(), [2, 4, 6]);
        let mut calls = calls.into_inner();
        calls.sort_unstable();
        assert_eq!(calls, [1, 2, 3]);
    });
}

#[test]
fn the_first_error_of_par_map_stops_the_rest_and_every_item_is_dropped_once() {
    by_seeds(|| {
        let (drops, calls) = (Count::default(), Count::default());
        let items = (0..4).map(|n| (n, drops.on_drop()));
        let result = par_map(items, |(n, item), ctx| {
            let _item = item;
            calls.add();
            match n {
                0 => Err("cause".to_owned()),
                _ => until_told::<()>(ctx).map_err(str::to_owned),
            }
        });
        assert_eq!(result, Err("cause".to_owned()));
        assert!((1..=2).contains(&calls.get()), "{}", calls.get());
        assert_eq!(drops.get(), 4);
    });
}

#[test]
fn par_map_ends_at_the_instant_of_its_deadline() {
    Builder::new().iterations(200).check(|| {
        let builder = ErrGroup::builder().limit(2).timeout(3 * SECOND);
        let result = builder.par_map(0..10, |n, ctx| {
            ctx.sleep(2 * SECOND).map_err(|_| "told to stop".to_owned())?;
            Ok(n)
        });
        assert_eq!(result, Err("told to stop".to_owned()));
        assert_eq!(sim::elapsed(), 3 * SECOND);
    });
}

#[test]
fn with_one_preemption_try_join_returns_both_values_or_one_of_two_errors() {
    exhaustively(1, || {
        let both = try_join!(|_ctx| Ok::<_, String>(1), |_ctx| Ok("two"));
        assert_eq!(both, Ok((1, "two")));
    });
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            try_join!(|_ctx| Err::<(), _>("a".to_owned()), |_ctx| Err::<(), _>("b".to_owned()))
        })
        .exactly([Err("a".to_owned()), Err("b".to_owned())])
        .exhausted();
}

#[test]
fn try_join_returns_the_cause_and_no_echo() {
    exhaustively(1, || {
        let result =
            try_join!(|ctx| until_told::<()>(ctx).map_err(str::to_owned), |_ctx| Err::<(), _>(
                "cause".to_owned()
            ),);
        assert_eq!(result, Err("cause".to_owned()));
    });
}

#[test]
fn join_returns_both_values_and_resumes_one_of_two_panics() {
    exhaustively(1, || assert_eq!(join!(|| 1, || "two"), (1, "two")));
    Builder::new()
        .exhaustive(1)
        .outcomes(|| panic_text(|| join!(|| panic_any("a"), || panic_any("b"))))
        .exactly([Err("a"), Err("b")])
        .exhausted();
}
