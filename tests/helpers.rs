//! The short forms: `join!`, `try_join!`, `race`, `run_all`, `par_map`.

mod support;

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;
use phalanx::{
    Context, ErrGroup, Outcome, Stopped, WhyStopped, join, par_map, par_map_all, race, run_all,
    try_join,
};
use support::{Count, Crowd, Log, panic_of, payload_of, watchdog};

const HOUR: Duration = Duration::from_secs(3600);

type Error = Box<dyn std::error::Error + Send + Sync>;

// --- join! ------------------------------------------------------------------------------------

#[test]
fn join_returns_values_of_different_types() {
    watchdog(|| {
        let text = String::from("abc");
        let (length, upper, unit) = join!(|| text.len(), || text.to_uppercase(), || ());
        assert_eq!((length, upper.as_str(), unit), (3, "ABC", ()));
        assert_eq!(join!(|| 1), (1,));
        assert_eq!(join!(|| 1, || 2,), (1, 2), "a trailing comma");
    });
}

#[test]
fn join_runs_its_closures_at_the_same_time_on_threads_of_their_own() {
    watchdog(|| {
        let meet = Barrier::new(3);
        let here = || {
            meet.wait();
            thread::current().id()
        };
        let (a, b, c) = join!(here, here, here);
        assert!(a != b && b != c && a != c);
    });
}

// That the closures may borrow mutably is shown in compile_pass/join_borrows_mutably.rs.
#[test]
fn join_moves_what_its_closures_take() {
    watchdog(|| {
        let (left, right) = (String::from("left"), String::from("right"));
        let joined = join!(move || left + " back", move || right + " back");
        assert_eq!(joined, ("left back".to_owned(), "right back".to_owned()));
    });
}

#[test]
fn join_nests() {
    watchdog(|| {
        let (a, (b, c)) = join!(|| 1, || join!(|| 2, || 3));
        assert_eq!((a, b, c), (1, 2, 3));
    });
}

#[test]
fn join_resumes_a_panic_when_all_have_ended() {
    watchdog(|| {
        let all_run = Barrier::new(3);
        let ended = Count::default();
        let slow = || {
            all_run.wait();
            thread::yield_now();
            ended.add();
        };
        let payload = payload_of(|| {
            join!(slow, slow, || {
                all_run.wait();
                std::panic::panic_any(42_u64)
            })
        });
        assert_eq!(payload.downcast_ref(), Some(&42_u64));
        assert_eq!(ended.get(), 2);
    });
}

// --- try_join! --------------------------------------------------------------------------------

#[test]
fn try_join_returns_all_values() {
    watchdog(|| {
        let text = String::from("42");
        let result = try_join!(
            |_ctx| Ok::<u32, Error>(text.parse()?),
            |ctx| Ok(ctx.has_ended()),
            |_ctx| Ok(text.len()),
        );
        assert_eq!(result.unwrap(), (42, false, 2));
        assert_eq!(try_join!(|_| Ok::<_, Error>(1)).unwrap(), (1,));
    });
}

#[test]
fn try_join_returns_the_first_error_which_cancels_the_others() {
    watchdog(|| {
        for _ in 0..100 {
            let both_run = Barrier::new(2);
            let result = try_join!(
                |ctx| -> Result<(), Error> {
                    both_run.wait();
                    Ok(ctx.sleep(HOUR)?) // an echo
                },
                |_| {
                    both_run.wait();
                    Err::<u8, Error>("cause".into())
                },
            );
            assert_eq!(result.unwrap_err().to_string(), "cause");
        }
    });
}

#[test]
fn try_join_lends_mutably() {
    watchdog(|| {
        let (mut left, mut right) = (vec![1], vec![2]);
        let push = |list: &mut Vec<u32>, n| {
            list.push(n);
            Ok::<_, Stopped>(())
        };
        try_join!(|_| push(&mut left, 3), |_| push(&mut right, 4)).unwrap();
        assert_eq!((left, right), (vec![1, 3], vec![2, 4]));
    });
}

#[test]
fn try_join_resumes_a_panic() {
    watchdog(|| {
        let text = panic_of(|| {
            try_join!(
                |ctx| {
                    ctx.wait();
                    Ok::<_, Stopped>(())
                },
                |_| -> Result<(), Stopped> { panic!("on purpose") },
            )
        });
        assert_eq!(text, "on purpose");
    });
}

// --- race -------------------------------------------------------------------------------------

#[test]
fn race_returns_the_first_success_and_the_others_have_ended() {
    watchdog(|| {
        let all_run = Barrier::new(3);
        let losers = Log::default();
        let runner = |n: u32| {
            let (all_run, losers) = (&all_run, &losers);
            move |ctx: &Context| {
                all_run.wait();
                if n == 1 {
                    return Ok(n);
                }
                ctx.sleep(HOUR).expect_err("the winner stops the others");
                losers.add("ended");
                Err("lost")
            }
        };
        assert_eq!(race((0..3).map(runner)).unwrap(), 1);
        assert_eq!(losers.events(), ["ended"; 2]);
    });
}

#[test]
fn race_goes_on_after_a_failure() {
    watchdog(|| {
        let fails = Count::default();
        let runner = |n: u32| {
            let fails = &fails;
            move |ctx: &Context| {
                if n < 2 {
                    fails.add();
                    return Err("lost");
                }
                support::until(|| fails.get() == 2);
                assert!(!ctx.has_ended());
                Ok(n)
            }
        };
        assert_eq!(race((0..3).map(runner)).unwrap(), 2);
    });
}

#[test]
fn race_returns_all_errors_if_nobody_succeeds() {
    watchdog(|| {
        let errors = race((0..5).map(|n| move |_: &Context| Err::<(), _>(n))).unwrap_err();
        assert_eq!(errors.into_vec(), [0, 1, 2, 3, 4]);
        assert!(race::<(), (), fn(&Context) -> _>([]).unwrap_err().is_empty());
    });
}

#[test]
fn race_resumes_a_panic() {
    watchdog(|| {
        let runner = |n| {
            move |ctx: &Context| {
                assert!(n != 1, "runner {n} fell");
                ctx.wait();
                Err::<(), _>(())
            }
        };
        assert_eq!(panic_of(|| race((0..3).map(runner))), "runner 1 fell");
    });
}

// --- run_all ----------------------------------------------------------------------------------

#[test]
fn run_all_returns_every_outcome_in_order() {
    watchdog(|| {
        let all_run = Barrier::new(4);
        let task = |n: u32| {
            let all_run = &all_run;
            move |ctx: &Context| {
                all_run.wait();
                if n % 2 == 1 {
                    return Err("odd");
                }
                assert!(!ctx.has_ended(), "failures stop nobody");
                Ok(n)
            }
        };
        let outcomes = run_all((0..4).map(task));
        assert!(matches!(
            outcomes[..],
            [Outcome::Ok(0), Outcome::Err("odd"), Outcome::Ok(2), Outcome::Err("odd")]
        ));
        assert!(run_all::<(), (), fn(&Context) -> _>([]).is_empty());
    });
}

#[test]
fn run_all_resumes_a_panic() {
    watchdog(|| {
        let task = |_: &Context| -> Result<(), ()> { panic!("on purpose") };
        assert_eq!(panic_of(|| run_all([task])), "on purpose");
    });
}

// --- par_map ----------------------------------------------------------------------------------

#[test]
fn par_map_keeps_the_order_of_the_items() {
    watchdog(|| {
        let offset = 1;
        let doubled = par_map(0..1000, |n, _| {
            thread::yield_now();
            Ok::<_, Stopped>(2 * n + offset)
        });
        assert!(doubled.unwrap().into_iter().eq((0..1000).map(|n| 2 * n + 1)));
        assert_eq!(par_map([0; 0], |n, _| Ok::<_, Stopped>(n)).unwrap(), []);
    });
}

#[test]
fn par_map_works_off_every_item_once_and_drops_it_once() {
    watchdog(|| {
        let drops = Count::default();
        let items: Vec<_> = (0..200).map(|_| drops.on_drop()).collect();
        let kept = par_map(items, |item, _| Ok::<_, Stopped>(item)).unwrap();
        assert_eq!((kept.len(), drops.get()), (200, 0));
        drop(kept);
        assert_eq!(drops.get(), 200);
    });
}

#[test]
fn par_map_runs_as_many_as_the_limit_and_no_more() {
    watchdog(|| {
        let crowd = Crowd::default();
        let meet = Barrier::new(4);
        ErrGroup::builder()
            .limit(4)
            .par_map(0..40, |_, _| {
                crowd.visit(|| meet.wait()); // needs four at once
                Ok::<_, Stopped>(())
            })
            .unwrap();
        assert_eq!(crowd.most(), 4);
    });
}

#[test]
fn par_map_with_a_limit_above_the_number_of_items_runs_them_all() {
    watchdog(|| {
        let meet = Barrier::new(3);
        let mapped = ErrGroup::builder().limit(100).par_map(0..3, |n, _| {
            meet.wait();
            Ok::<_, Stopped>(n)
        });
        assert_eq!(mapped.unwrap(), [0, 1, 2]);
    });
}

#[test]
fn par_map_with_a_limit_beyond_all_bounds_starts_no_more_than_it_needs() {
    watchdog(|| {
        let mapped =
            ErrGroup::builder().limit(usize::MAX).par_map(0..3, |n, _| Ok::<_, Stopped>(n));
        assert_eq!(mapped.unwrap(), [0, 1, 2]);
    });
}

#[test]
fn the_first_error_of_par_map_stops_the_rest() {
    watchdog(|| {
        let calls = Count::default();
        let drops = Count::default();
        let items: Vec<_> = (0..100).map(|n| (n, drops.on_drop())).collect();
        let result = ErrGroup::builder().limit(1).par_map(items, |(n, item), _| {
            calls.add();
            if n == 3 { Err("three".to_owned()) } else { Ok(item) }
        });
        assert_eq!(result.map(|items| items.len()), Err("three".to_owned()));
        assert_eq!(calls.get(), 4);
        assert_eq!(drops.get(), 100, "items and results are dropped, once each");
    });
}

#[test]
fn an_error_of_par_map_cancels_the_calls_that_run() {
    watchdog(|| {
        let meet = Barrier::new(2);
        let result = ErrGroup::builder().limit(2).par_map(0..2, |n, ctx| {
            meet.wait();
            if n == 1 {
                return Err("cause".to_owned());
            }
            ctx.sleep(HOUR).map_err(|_| "echo".to_owned())
        });
        assert_eq!(result, Err("cause".to_owned()));
    });
}

#[test]
fn par_map_all_maps_every_item_and_returns_every_error_with_its_index() {
    watchdog(|| {
        let mapped = Mutex::new(vec![0; 10]);
        let errors = ErrGroup::builder().limit(3).par_map_all(0..10, |n: usize, ctx| {
            mapped.lock()[n] += 1;
            assert!(!ctx.has_ended());
            if n % 3 == 0 { Err(format!("{n} is refused")) } else { Ok(n) }
        });
        let errors = errors.unwrap_err();
        assert_eq!(mapped.into_inner(), [1; 10]);
        assert_eq!((errors.len(), errors.skipped(), errors.panicked()), (4, 0, 0));
        for (index, error) in &errors {
            assert_eq!(*error, format!("{index} is refused"));
        }
        assert_eq!(par_map_all(0..100, |n, _| Ok::<_, ()>(2 * n)).unwrap()[99], 198);
        assert_eq!(par_map_all([0; 0], |n, _| Ok::<_, ()>(n)).unwrap(), []);
    });
}

#[test]
fn par_map_all_counts_what_it_skipped_when_its_context_ended() {
    watchdog(|| {
        let (parent, canceller) = Context::background().with_cancel();
        let result = ErrGroup::builder().context(&parent).limit(1).par_map_all(0..10, |n, _| {
            if n == 4 {
                canceller.cancel();
            }
            if n == 1 { Err("no") } else { Ok(n) }
        });
        let errors = result.unwrap_err();
        assert_eq!((errors.len(), errors.skipped()), (1, 5));
    });
}

#[test]
fn a_panic_of_par_map_all_is_resumed_and_stops_the_rest() {
    watchdog(|| {
        let mapped = Mutex::new(0);
        let payload = payload_of(|| {
            ErrGroup::builder().limit(1).par_map_all(0..10, |n, _| {
                *mapped.lock() += 1;
                assert!(n < 3, "out of cheese");
                Ok::<_, ()>(n)
            })
        });
        assert_eq!(payload.downcast_ref(), Some(&"out of cheese"));
        assert_eq!(mapped.into_inner(), 4);
    });
}

#[test]
fn par_map_ends_with_its_context() {
    watchdog(|| {
        let (parent, canceller) = Context::background().with_cancel();
        let calls = Count::default();
        let result = ErrGroup::builder().context(&parent).limit(1).par_map(0..100, |n, _| {
            calls.add();
            if n == 3 {
                canceller.cancel_because("enough");
            }
            Ok::<_, Stopped>(())
        });
        let stopped = result.unwrap_err();
        assert!(matches!(stopped.kind(), WhyStopped::Skipped(ended)
            if ended.cause().error().unwrap().to_string() == "enough"));
        assert_eq!(calls.get(), 4);
    });
}

#[test]
fn par_map_in_an_ended_context_calls_nothing() {
    watchdog(|| {
        let result = ErrGroup::builder()
            .timeout(Duration::ZERO)
            .par_map(0..3, |_, _| unreachable!("the context has ended") as Result<(), Stopped>);
        assert!(matches!(result.unwrap_err().kind(), WhyStopped::Skipped(_)));
    });
}

#[test]
fn par_map_resumes_a_panic_when_all_calls_have_ended() {
    watchdog(|| {
        let meet = Barrier::new(2);
        let ended = Count::default();
        let text = panic_of(|| {
            ErrGroup::builder().limit(2).par_map(0..10, |n, ctx| {
                if n < 2 {
                    meet.wait();
                }
                assert!(n != 1, "item {n} is bad");
                ctx.wait();
                ended.add();
                Ok::<_, Stopped>(())
            })
        });
        assert_eq!(text, "item 1 is bad");
        assert_eq!(ended.get(), 1);
    });
}

#[test]
fn par_map_uses_more_than_one_thread_by_default_where_there_is_more_than_one_core() {
    watchdog(|| {
        let cores = thread::available_parallelism().unwrap().get();
        let meet = Barrier::new(cores);
        let crowd = Crowd::default();
        par_map(0..10 * cores, |_, _| {
            crowd.visit(|| meet.wait());
            Ok::<_, Stopped>(())
        })
        .unwrap();
        assert_eq!(crowd.most(), cores);
    });
}
