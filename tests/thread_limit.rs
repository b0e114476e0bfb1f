//! Tasks at the thread limit: what is accepted starts, what cannot start says so, and nothing hangs.
//! Each test sets the limit of a process of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![expect(clippy::disallowed_methods, reason = "a program of the user's starts std's threads")]
#![expect(clippy::large_stack_arrays, reason = "the stack is what it is about")]

mod support;

use std::error::Error;
use std::hint::black_box;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use phalanx::{
    Context, Counter, ErrGroup, JoinUntilError, NoThread, Refusal, Refused, Settle, Stopped, Task,
    Until, WaitGroup, WhyStopped, WorkerPool, pipeline, set_max_threads, stats,
};
use support::alone::alone;
use support::{Count, chain, gate, panic_of, until};

/// That a task was refused because of the limit.
#[track_caller]
fn assert_names_limit<F>(refused: &Refused<F>, limit: usize) {
    let Refusal::Thread(NoThread::Limit(named)) = refused.kind() else { panic!("{refused}") };
    assert_eq!(*named, limit);
    assert_eq!(
        chain(refused),
        format!("there is no thread for the task: the thread limit of {limit} is reached")
    );
}

// --- Fork and join ----------------------------------------------------------------------------

fn nest(depth: u32) -> u64 {
    if depth == 0 {
        return 1;
    }
    let nested =
        ErrGroup::scope(|g| Ok::<_, Stopped>(g.go(move |_| Ok(nest(depth - 1))).join()? + 1));
    nested.unwrap()
}

fn tree(depth: u32) -> u64 {
    if depth == 0 {
        return 1;
    }
    let sum = ErrGroup::scope(|g| {
        let other = g.go(move |_| Ok(tree(depth - 1)));
        let own = tree(depth - 1);
        Ok::<_, Stopped>(other.join()? + own)
    });
    sum.unwrap()
}

/// Forks and joins, from a thread that is not the crate's.
fn forks_and_joins(limit: usize) {
    set_max_threads(limit);
    for _ in 0..20 {
        assert_eq!(nest(30), 31);
        assert_eq!(tree(8), 1 << 8);
    }
    assert_eq!(tree(11), 1 << 11);
}

#[test]
fn fork_and_join_ends_at_a_limit_of_one() {
    alone("fork_and_join_ends_at_a_limit_of_one", || forks_and_joins(1));
}

#[test]
fn fork_and_join_ends_at_a_limit_of_two() {
    alone("fork_and_join_ends_at_a_limit_of_two", || forks_and_joins(2));
}

#[test]
fn fork_and_join_ends_at_a_limit_of_three() {
    alone("fork_and_join_ends_at_a_limit_of_three", || forks_and_joins(3));
}

#[test]
fn fork_and_join_ends_at_a_limit_of_eight() {
    alone("fork_and_join_ends_at_a_limit_of_eight", || forks_and_joins(8));
}

#[test]
fn fork_and_join_from_several_threads_ends_at_a_limit_of_two() {
    alone("fork_and_join_from_several_threads_ends_at_a_limit_of_two", || {
        set_max_threads(2);
        let starters: Vec<_> = (0..4).map(|_| thread::spawn(|| tree(9))).collect();
        for starter in starters {
            assert_eq!(starter.join().unwrap(), 1 << 9);
        }
    });
}

/// Nests tasks, each of which uses 300 KiB of stack.
#[inline(never)]
fn nest_deep(depth: usize) -> Result<u64, Stopped> {
    let block = black_box([1u8; 300 << 10]);
    if depth == 0 {
        return Ok(u64::from(block[depth]));
    }
    ErrGroup::scope(|g| Ok(g.go(move |_| nest_deep(depth - 1)).join()? + u64::from(block[depth])))
}

#[test]
fn tasks_that_no_stack_and_no_thread_can_hold_end_with_an_error_that_names_the_limit() {
    let test = "tasks_that_no_stack_and_no_thread_can_hold_end_with_an_error_that_names_the_limit";
    alone(test, || {
        set_max_threads(2);
        let error = nest_deep(200).unwrap_err();
        assert!(chain(&error).contains("the thread limit of 2 is reached"), "{}", chain(&error));
        assert!(stats().refused > 0);
        // The threads are as good as before.
        assert_eq!(nest_deep(2).unwrap(), 3);
        assert_eq!(tree(8), 1 << 8);
    });
}

#[test]
fn a_task_of_a_wait_group_that_can_never_start_is_a_panic_of_the_wait() {
    alone("a_task_of_a_wait_group_that_can_never_start_is_a_panic_of_the_wait", || {
        set_max_threads(1);
        let outer = Arc::new(WaitGroup::new());
        let (said, texts) = mpsc::channel();
        outer.go(move || {
            // The waiting thread has too little stack left to run the task itself.
            let inner = Arc::new(WaitGroup::new());
            inner.go(|| ());
            said.send(panic_of(|| deep(|| inner.wait()))).unwrap();
        });
        outer.wait_until(phalanx::Until::FOREVER).unwrap();
        assert_eq!(
            texts.recv().unwrap(),
            "WaitGroup::wait: a task was refused: the thread limit of 1 is reached"
        );
    });
}

/// Calls `f` where less than 1 MiB of a worker's stack is left.
#[inline(never)]
fn deep<R>(f: impl FnOnce() -> R) -> R {
    // A worker's stack is 4 MiB, on 32-bit targets 2 MiB.
    const LESS: usize = if usize::BITS > 32 { 3 << 20 } else { 1 << 20 };
    let mut block = [1u8; LESS + (512 << 10)];
    black_box(&mut block);
    let result = f();
    black_box(&mut block);
    result
}

#[test]
fn all_that_one_thread_can_do_works_at_a_limit_of_one() {
    alone("all_that_one_thread_can_do_works_at_a_limit_of_one", || {
        set_max_threads(1);
        let squares = phalanx::par_map(0..100, |n, _| Ok::<_, Stopped>(n * n)).unwrap();
        assert_eq!(squares[99], 99 * 99);
        assert_eq!(phalanx::join!(|| 1, || 2, || 3), (1, 2, 3));
        let group = Arc::new(WaitGroup::new());
        let ran = Count::default();
        for _ in 0..1000 {
            let ran = ran.clone();
            group.go(move || ran.add());
        }
        until(|| ran.get() == 1000); // no thread waits for them
        group.wait();
        let sum = ErrGroup::builder().limit(2).scope(|g| {
            let tasks: Vec<_> = (0..50).map(|n| g.go(move |_| Ok(n))).collect();
            tasks.into_iter().map(Task::join).sum::<Result<u32, Stopped>>()
        });
        assert_eq!(sum.unwrap(), 49 * 50 / 2);
    });
}

#[test]
fn pools_work_at_a_limit_of_one_and_more() {
    alone("pools_work_at_a_limit_of_one_and_more", || {
        for limit in [1, 2, 3] {
            set_max_threads(limit);
            let pool = WorkerPool::new(2, |n: u32| n + 1);
            let jobs: Vec<_> = (0..20).map(|n| pool.submit(n).unwrap()).collect();
            let sum: u32 = jobs.into_iter().map(|job| job.join().unwrap()).sum();
            assert_eq!(sum, 20 * 21 / 2);
            pool.shutdown();
        }
    });
}

#[test]
fn a_task_starts_others_at_their_group_s_limit_at_a_thread_limit_of_one() {
    alone("a_task_starts_others_at_their_group_s_limit_at_a_thread_limit_of_one", || {
        set_max_threads(1);
        let (outer, ran) = (Arc::new(WaitGroup::new()), Count::default());
        let count = ran.clone();
        outer.go(move || {
            let inner = ErrGroup::builder().limit(1).scope(|g| {
                for _ in 0..3 {
                    let count = count.clone();
                    drop(g.go(move |_| {
                        count.add();
                        Ok(())
                    }));
                }
                Ok::<_, Stopped>(())
            });
            inner.unwrap();
        });
        // A wait that runs no task: the only thread does.
        outer.wait_until(Until::FOREVER).unwrap();
        assert_eq!(ran.get(), 3);
    });
}

#[test]
fn a_queue_that_never_empties_does_not_keep_others_from_the_only_thread() {
    alone("a_queue_that_never_empties_does_not_keep_others_from_the_only_thread", || {
        fn again(group: &Arc<WaitGroup>, stop: &Context) {
            if !stop.has_ended() {
                let (next, stop) = (Arc::clone(group), stop.clone());
                group.go(move || again(&next, &stop));
            }
        }
        set_max_threads(1);
        let (stop, canceller) = Context::background().with_cancel();
        let (endless, other) = (Arc::new(WaitGroup::new()), Arc::new(WaitGroup::new()));
        again(&endless, &stop);
        other.go(move || canceller.cancel());
        other.wait_until(Until::FOREVER).unwrap();
        endless.wait_until(Until::FOREVER).unwrap();
    });
}

#[test]
fn pipelines_work_at_a_small_limit() {
    alone("pipelines_work_at_a_small_limit", || {
        // A stage takes a thread, so two stages need two.
        for limit in [4, 3, 2] {
            set_max_threads(limit);
            let doubled = ErrGroup::scope(|g| {
                pipeline::source(g, 0..100u32).map(|n, _| Ok(2 * n)).collect::<Vec<_>>()
            });
            let doubled = doubled.unwrap_or_else(|error: Stopped| panic!("{}", chain(&error)));
            assert_eq!(doubled[99], 198);
        }
    });
}

#[test]
fn a_pipeline_works_on_the_threads_that_a_pool_has_left() {
    alone("a_pipeline_works_on_the_threads_that_a_pool_has_left", || {
        set_max_threads(3);
        for _ in 0..10 {
            let pool = WorkerPool::new(2, |n: u32| n + 1);
            let jobs: Vec<_> = (0..20).map(|n| pool.submit(n).unwrap()).collect();
            let sum: u32 = jobs.into_iter().map(|job| job.join().unwrap()).sum();
            assert_eq!(sum, 20 * 21 / 2);
            pool.shutdown();
            let doubled = ErrGroup::scope(|g| {
                pipeline::source(g, 0..100u32).map(|n, _| Ok(2 * n)).collect::<Vec<_>>()
            });
            let doubled = doubled.unwrap_or_else(|error: Stopped| panic!("{}", chain(&error)));
            assert_eq!(doubled[99], 198);
        }
    });
}

// --- Exact acceptance -------------------------------------------------------------------------

/// Of ten tasks that block, exactly as many are accepted as there may be threads, and all of these run.
/// `paced` says that each has begun before the next is started.
fn accepts_exactly(limit: usize, paced: bool) {
    let running = Arc::new(Counter::new(0));
    let most = i64::try_from(limit).unwrap();

    let group = ErrGroup::<Stopped>::new();
    let mut accepted = 0;
    for _ in 0..limit + 7 {
        let count = Arc::clone(&running);
        let started = group.try_go(move |ctx| {
            count.inc();
            ctx.wait();
            Ok(())
        });
        match started {
            Ok(_) => {
                accepted += 1;
                if paced {
                    running_is(&running, accepted);
                }
            }
            Err(refused) => assert_names_limit(&refused, limit),
        }
    }
    assert_eq!(accepted, limit);
    running.wait_for(|n| n == most);
    group.cancel();
    drop(group.wait());

    let (ctx, canceller) = Context::background().with_cancel();
    let tasks = Arc::new(WaitGroup::new());
    running.set(0);
    let mut accepted = 0;
    for _ in 0..limit + 7 {
        let (count, ctx) = (Arc::clone(&running), ctx.clone());
        let started = tasks.try_go(move || {
            count.inc();
            ctx.wait();
        });
        match started {
            Ok(()) => {
                accepted += 1;
                if paced {
                    running_is(&running, accepted);
                }
            }
            Err(refused) => assert_names_limit(&refused, limit),
        }
    }
    assert_eq!(accepted, limit);
    running.wait_for(|n| n == most);
    canceller.cancel();
    tasks.wait();
}

fn running_is(running: &Counter, tasks: usize) {
    running.wait_for(|n| n >= i64::try_from(tasks).unwrap());
}

#[test]
fn try_go_accepts_exactly_as_many_as_can_run_in_a_burst() {
    alone("try_go_accepts_exactly_as_many_as_can_run_in_a_burst", || {
        for limit in [1, 2, 3, 5] {
            set_max_threads(limit);
            for _ in 0..10 {
                accepts_exactly(limit, false);
            }
        }
    });
}

#[test]
fn try_go_accepts_exactly_as_many_as_can_run_at_leisure() {
    alone("try_go_accepts_exactly_as_many_as_can_run_at_leisure", || {
        for limit in [1, 3] {
            set_max_threads(limit);
            for _ in 0..10 {
                accepts_exactly(limit, true);
            }
        }
    });
}

#[test]
fn try_go_accepts_exactly_as_many_as_can_run_at_a_limit_that_is_not_small() {
    alone("try_go_accepts_exactly_as_many_as_can_run_at_a_limit_that_is_not_small", || {
        set_max_threads(200);
        for _ in 0..3 {
            accepts_exactly(200, false);
        }
    });
}

#[test]
fn from_several_threads_try_go_accepts_as_many_as_can_run() {
    alone("from_several_threads_try_go_accepts_as_many_as_can_run", || {
        set_max_threads(4);
        for _ in 0..20 {
            let (ctx, canceller) = Context::background().with_cancel();
            let (tasks, running) = (Arc::new(WaitGroup::new()), Arc::new(Counter::new(0)));
            let accepted = Count::default();
            thread::scope(|s| {
                for _ in 0..3 {
                    s.spawn(|| {
                        for _ in 0..5 {
                            let (running, ctx) = (Arc::clone(&running), ctx.clone());
                            let started = tasks.try_go(move || {
                                running.inc();
                                ctx.wait();
                            });
                            if started.is_ok() {
                                accepted.add();
                            }
                        }
                    });
                }
            });
            assert_eq!(accepted.get(), 4);
            running.wait_for(|n| n == 4);
            canceller.cancel();
            tasks.wait();
        }
    });
}

/// A task blocks; the next one is accepted, and runs; a third is not, unless that has ended.
#[test]
fn a_task_that_was_accepted_beside_a_blocked_one_starts() {
    alone("a_task_that_was_accepted_beside_a_blocked_one_starts", || {
        set_max_threads(2);
        for _ in 0..200 {
            let group = Arc::new(WaitGroup::new());
            let ((opener, gate), (begun, has_begun)) = (gate(), gate());
            group.go(move || {
                begun.open();
                gate.pass();
            });
            has_begun.pass();
            group.try_go(move || opener.open()).expect("one thread is free");
            drop(group.try_go(|| ()));
            group.wait_until(phalanx::Until::FOREVER).unwrap();
        }
    });
}

#[test]
fn a_refused_task_leaves_the_slot_of_its_group_free() {
    alone("a_refused_task_leaves_the_slot_of_its_group_free", || {
        set_max_threads(1);
        let (opener, gate) = gate();
        let blocker = Arc::new(WaitGroup::new());
        blocker.try_go(move || gate.pass()).unwrap();
        let group = ErrGroup::builder().limit(1).start::<Stopped>();
        for scope in [group.handle(), group.handle().named("named"), group.handle().own_thread()] {
            assert_names_limit(&scope.try_go(|_| Ok(())).unwrap_err(), 1);
            assert_eq!(scope.running(), 0);
        }
        opener.open();
        blocker.wait();
        assert_eq!(group.try_go(|_| Ok(1)).unwrap().join().unwrap(), 1);
        group.wait().unwrap();
    });
}

// --- Queueing ---------------------------------------------------------------------------------

#[test]
fn go_queues_at_the_limit_and_runs_nothing_on_its_caller() {
    alone("go_queues_at_the_limit_and_runs_nothing_on_its_caller", || {
        set_max_threads(1);
        let (opener, gate) = gate();
        let group = Arc::new(WaitGroup::new());
        let begun = Arc::new(Counter::new(0));
        let first = Arc::clone(&begun);
        group.go(move || {
            first.inc();
            gate.pass();
        });
        begun.wait_for(|n| n == 1);
        let caller = thread::current().id();
        for _ in 0..10 {
            let begun = Arc::clone(&begun);
            group.go(move || {
                assert_ne!(thread::current().id(), caller);
                begun.inc();
            });
        }
        assert_eq!((begun.get(), stats().held_up), (1, 10));
        opener.open();
        group.wait_until(phalanx::Until::FOREVER).unwrap();
        assert_eq!((begun.get(), stats().held_up), (11, 0));
    });
}

#[test]
fn tasks_that_the_limit_holds_up_start_when_it_is_raised() {
    alone("tasks_that_the_limit_holds_up_start_when_it_is_raised", || {
        set_max_threads(2);
        let met = Arc::new(WaitGroup::new());
        met.add(4);
        let group = Arc::new(WaitGroup::new());
        for _ in 0..4 {
            let met = Arc::clone(&met);
            group.go(move || {
                met.done();
                met.wait();
            });
        }
        until(|| met.running() == 2 && stats().held_up == 2);
        set_max_threads(4);
        group.wait_until(phalanx::Until::FOREVER).unwrap();
    });
}

/// Go's promise for five tasks that meet: all begin. Here the limit may be raised, so they stay queued.
#[test]
fn tasks_that_wait_for_each_other_stay_queued_and_the_group_s_end_says_why() {
    alone("tasks_that_wait_for_each_other_stay_queued_and_the_group_s_end_says_why", || {
        set_max_threads(4);
        let met = Counter::new(0);
        let result: Result<(), Box<dyn Error + Send + Sync>> = ErrGroup::scope(|g| {
            for _ in 0..8 {
                g.go(|ctx| {
                    met.inc();
                    met.wait_for_until(ctx, |n| n >= 8)?;
                    Ok(())
                });
            }
            met.wait_for(|n| n == 4);
            assert_eq!(stats().held_up, 4);
            g.cancel();
            Ok(())
        });
        assert_eq!(met.get(), 4);
        result.unwrap_err();
        // What was held up has gone; the threads are free again.
        until(|| stats().held_up == 0);
        assert_eq!(tree(8), 1 << 8);
    });
}

#[test]
fn a_bounded_wait_that_ends_while_the_limit_holds_tasks_up_names_the_limit() {
    alone("a_bounded_wait_that_ends_while_the_limit_holds_tasks_up_names_the_limit", || {
        set_max_threads(1);
        let (opener, gate) = gate();
        let blocker = Arc::new(WaitGroup::new());
        let begun = Count::default();
        let first = begun.clone();
        let task = move || {
            first.add();
            gate.pass();
        };
        blocker.try_go(task).unwrap();
        until(|| begun.get() == 1);
        let (group, tasks) = (ErrGroup::<Stopped>::new(), Arc::new(WaitGroup::new()));
        let settling = ErrGroup::builder().policy(Settle::new()).start();
        let task = group.go(|_| Ok(()));
        let named = group.handle().named("named").go(|_| Ok(()));
        settling.go(|_| Ok::<_, ()>(()));
        tasks.go(|| ());
        let (by_hand, expired) = (WaitGroup::new(), Context::background());
        by_hand.add(1);
        let expired = expired.with_timeout(Duration::ZERO);
        let bounds = [Until::from(Duration::ZERO), Until::from(&expired)];
        for bound in bounds {
            let errors = [
                chain(&task.wait_until(bound).unwrap_err()),
                chain(&named.wait_until(bound).unwrap_err()),
                chain(&group.wait_until(bound).unwrap_err()),
                chain(&settling.wait_until(bound).unwrap_err()),
                chain(&tasks.wait_until(bound).unwrap_err()),
            ];
            for error in errors {
                assert!(error.contains("the thread limit of 1"), "{error}");
            }
            // Those for tasks that are running, or that others run, have nothing to do with the limit.
            let others =
                [by_hand.wait_until(bound).unwrap_err(), blocker.wait_until(bound).unwrap_err()];
            for error in others.map(|why| chain(&why)) {
                assert!(!error.contains("the thread limit"), "{error}");
            }
        }
        let error = task.join_until(Duration::from_millis(1)).unwrap_err();
        let said =
            "gave up waiting for the task: timed out while the thread limit of 1 holds up tasks";
        assert_eq!(chain(&error), said);
        let JoinUntilError::Interrupted(_, why) = error else { panic!("{error}") };
        assert!(why.is_timeout());
        opener.open();
        blocker.wait();
        tasks.wait();
        group.wait().unwrap();
        drop(settling);
    });
}

// --- Statistics -------------------------------------------------------------------------------

/// How many tasks have started, or were refused, while `f` ran.
fn counts(f: impl FnOnce()) -> (usize, usize) {
    let before = stats();
    f();
    let now = stats();
    (now.started - before.started, now.refused - before.refused)
}

#[test]
fn a_task_is_counted_when_it_starts_on_whatever_thread() {
    alone("a_task_is_counted_when_it_starts_on_whatever_thread", || {
        for name in [None, Some("named")] {
            let before = stats().started;
            let counted = ErrGroup::scope(|g| {
                let task = |_: &Context| Ok::<_, Stopped>(stats().started - before);
                let g = name.map_or_else(|| g.clone(), |name| g.named(name));
                Ok([g.go(task).join()?, g.own_thread().go(task).join()?])
            });
            assert_eq!(counted.unwrap(), [1, 2]);
            assert_eq!(stats().started - before, 2);
        }
        // A sibling that the group's limit holds back, on the stack of its joiner, and one that waits
        // for the slot.
        for sibling in [false, true] {
            let started = counts(|| {
                let result = ErrGroup::builder().limit(1).scope(|g| {
                    let siblings = g.clone();
                    g.go(move |_| {
                        let task = siblings.go(|_| Ok(()));
                        if sibling { task.join() } else { Ok(()) }
                    });
                    Ok::<_, Stopped>(())
                });
                result.unwrap();
            });
            assert_eq!(started, (2, 0));
        }
    });
}

#[test]
fn a_task_that_is_skipped_or_held_up_is_not_counted_as_started() {
    alone("a_task_that_is_skipped_or_held_up_is_not_counted_as_started", || {
        // In a group that has stopped; and one that the group's limit holds back until it stops.
        let started = counts(|| {
            let result = ErrGroup::builder().limit(1).scope(|g| {
                let siblings = g.clone();
                g.go(move |_| {
                    siblings.go(|_| Ok(()));
                    siblings.named("named").go(|_| Ok(()));
                    siblings.cancel();
                    Ok(())
                })
                .join()?;
                g.go(|_| Ok(()));
                Ok::<_, Stopped>(())
            });
            assert!(matches!(result.unwrap_err().kind(), WhyStopped::Skipped(_)));
        });
        assert_eq!(started, (1, 0));
        // Queued at the thread limit.
        until(|| stats().running == 0);
        set_max_threads(1);
        let (opener, gate) = gate();
        let (blocker, queued) = (Arc::new(WaitGroup::new()), ErrGroup::<Stopped>::new());
        let before = stats();
        blocker.try_go(move || gate.pass()).unwrap();
        until(|| stats().started == before.started + 1);
        queued.go(|_| Ok(()));
        queued.handle().named("named").go(|_| Ok(()));
        assert_eq!((stats().started, stats().held_up), (before.started + 1, 2));
        blocker.try_go(|| ()).unwrap_err();
        queued.handle().own_thread().try_go(|_| Ok(())).unwrap_err();
        assert_eq!(stats().refused, before.refused + 2);
        queued.cancel();
        opener.open();
        blocker.wait();
        queued.wait().unwrap_err();
        assert_eq!(stats().started, before.started + 1);
    });
}

#[test]
fn a_task_that_is_refused_after_it_was_queued_is_counted_as_refused() {
    alone("a_task_that_is_refused_after_it_was_queued_is_counted_as_refused", || {
        set_max_threads(1);
        let elsewhere = || ErrGroup::builder().run_inline(false);
        let started = counts(|| {
            let result = elsewhere().scope(|g| {
                let parent = |_: &Context| {
                    elsewhere().scope(|inner| {
                        inner.go(|_| Ok(()));
                        Ok(())
                    })
                };
                g.go(parent);
                Ok(())
            });
            // Nobody has joined it: the group itself reports it.
            let stopped: Stopped = result.unwrap_err();
            assert!(matches!(stopped.kind(), WhyStopped::Refused(NoThread::Limit(1))), "{stopped}");
        });
        assert_eq!(started, (1, 1));
    });
}

#[test]
fn many_short_tasks_in_a_burst_all_run_at_the_default_limit() {
    alone("many_short_tasks_in_a_burst_all_run_at_the_default_limit", || {
        let (group, ran) = (Arc::new(WaitGroup::new()), Count::default());
        for _ in 0..100_000 {
            let ran = ran.clone();
            group.go(move || ran.add());
        }
        until(|| ran.get() == 100_000);
        group.wait();
    });
}

// --- Threads of special kinds -----------------------------------------------------------------

#[test]
fn idle_threads_of_another_kind_make_room() {
    alone("idle_threads_of_another_kind_make_room", || {
        set_max_threads(2);
        for _ in 0..20 {
            let named = ErrGroup::scope(|g| {
                let (a, b) = (g.named("a").go(|_| Ok(())), g.named("b").go(|_| Ok(())));
                a.join()?;
                b.join()
            });
            named.unwrap();
            let tasks = Arc::new(WaitGroup::new());
            let met = Arc::new(WaitGroup::new());
            met.add(2);
            for _ in 0..2 {
                let met = Arc::clone(&met);
                let task = move || {
                    met.done();
                    met.wait();
                };
                tasks.try_go(task).expect("nothing runs");
            }
            tasks.wait();
            // And the other way round.
            let group = ErrGroup::<Stopped>::new();
            let other = group.handle().named("c").try_go(|_| Ok(3)).expect("nothing runs");
            assert_eq!(other.join().unwrap(), 3);
            group.wait().unwrap();
        }
    });
}

#[test]
fn the_threads_of_a_pool_that_was_shut_down_make_room() {
    alone("the_threads_of_a_pool_that_was_shut_down_make_room", || {
        set_max_threads(2);
        for _ in 0..20 {
            let work = |(): &mut (), n: u32, _: &Context| n;
            let pool = WorkerPool::builder().workers(2).name("pool").start(|_| (), work);
            let jobs = [pool.submit(1).unwrap(), pool.submit(2).unwrap()];
            assert_eq!(jobs.map(|job| job.join().unwrap()), [1, 2]);
            pool.shutdown();
            let tasks = Arc::new(WaitGroup::new());
            tasks.try_go(|| ()).expect("nothing runs");
            tasks.wait();
        }
    });
}

#[test]
fn named_tasks_queue_at_the_limit_and_all_run() {
    alone("named_tasks_queue_at_the_limit_and_all_run", || {
        set_max_threads(2);
        let sum = ErrGroup::scope(|g| {
            let task = |n| g.named(&format!("task {n}")).go(move |_| Ok(n));
            let named: Vec<_> = (0..20).map(task).collect();
            let plain: Vec<_> = (0..20).map(|n| g.go(move |_| Ok(n))).collect();
            let own: Vec<_> = (0..20).map(|n| g.own_thread().go(move |_| Ok(n))).collect();
            let all = named.into_iter().chain(plain).chain(own);
            all.map(Task::join).sum::<Result<u32, Stopped>>()
        });
        assert_eq!(sum.unwrap(), 3 * 19 * 20 / 2);
    });
}

/// A starts B, which has a name, so it runs on another kind of thread, and joins A.
#[test]
fn a_named_task_that_joins_its_starter_gets_the_slot_and_the_thread_of_that() {
    alone("a_named_task_that_joins_its_starter_gets_the_slot_and_the_thread_of_that", || {
        set_max_threads(1);
        for _ in 0..50 {
            let (value, values) = mpsc::channel();
            let joined = ErrGroup::builder().limit(1).scope(|g| {
                let (tx, rx) = mpsc::channel::<Task<'_, u32>>();
                let (inner, value) = (g.clone(), value.clone());
                let a = g.go(move |_| {
                    drop(inner.named("b").go(move |_| {
                        value.send(rx.recv().unwrap().join()?).unwrap();
                        Ok(())
                    }));
                    Ok(7)
                });
                tx.send(a).unwrap();
                Ok::<_, Stopped>(())
            });
            joined.unwrap();
            assert_eq!(values.recv(), Ok(7));
        }
    });
}

// --- The operating system ---------------------------------------------------------------------

/// Of many tasks that block, where the system refuses threads sooner or later, each that was accepted
/// starts, or is refused late, which is told.
#[cfg(target_os = "linux")]
#[test]
fn where_the_system_refuses_threads_each_accepted_task_starts_or_is_refused() {
    let test = "where_the_system_refuses_threads_each_accepted_task_starts_or_is_refused";
    support::alone::alone_in(200_000, test, || {
        let group = Arc::new(WaitGroup::new());
        let running = Arc::new(Counter::new(0));
        let (ctx, canceller) = Context::background().with_cancel();
        let (mut accepted, mut refused) = (0, 0);
        for _ in 0..100 {
            let (running, ctx) = (Arc::clone(&running), ctx.clone());
            let started = group.try_go(move || {
                running.inc();
                ctx.wait();
            });
            match started {
                Ok(()) => accepted += 1,
                Err(error) => {
                    refused += 1;
                    assert!(
                        matches!(error.kind(), Refusal::Thread(NoThread::System(_))),
                        "{error}"
                    );
                    let why = error.source().unwrap().to_string();
                    assert_eq!(why, "the operating system refused to start a thread");
                }
            }
        }
        // A task that is refused late is counted out.
        let has_started = || usize::try_from(running.get()).unwrap() == group.running();
        until(has_started);
        let late = accepted - group.running();
        assert!(accepted > late && refused + late > 0, "{accepted}, of these {late}; {refused}");
        canceller.cancel();
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| group.wait()));
        assert_eq!(ended.is_err(), late > 0, "{late} were refused late");
        // Threads are idle now.
        group.try_go(|| ()).expect("there are threads");
        group.wait();
    });
}

#[test]
fn a_task_that_was_held_up_fails_if_the_system_refuses_its_thread() {
    alone("a_task_that_was_held_up_fails_if_the_system_refuses_its_thread", || {
        set_max_threads(1);
        let (opener, gate) = gate();
        let (blocker, before) = (Arc::new(WaitGroup::new()), stats());
        blocker.go(move || gate.pass());
        until(|| stats().started == before.started + 1);
        let builder = ErrGroup::builder().stack_size(support::NO_SUCH_STACK);
        let result = builder.scope(|g| {
            (0..3).for_each(|_| drop(g.go(|_| Ok(()))));
            opener.open();
            Ok::<_, Stopped>(())
        });
        let stopped = result.unwrap_err();
        let is_refused = matches!(stopped.kind(), WhyStopped::Refused(NoThread::System(_)));
        assert!(is_refused, "{stopped:?}");
        blocker.wait();
    });
}

#[test]
fn a_thread_that_the_system_refused_does_not_count() {
    alone("a_thread_that_the_system_refused_does_not_count", || {
        set_max_threads(1);
        // No system has such a stack.
        let builder = ErrGroup::builder().stack_size(isize::MAX as usize / 2);
        let result = builder.scope(|g| {
            let refused = g.try_go(|_| Ok(())).unwrap_err();
            assert!(matches!(refused.kind(), Refusal::Thread(NoThread::System(_))), "{refused:?}");
            Ok::<_, Stopped>(())
        });
        result.unwrap();
        let group = Arc::new(WaitGroup::new());
        group.try_go(|| ()).unwrap();
        group.wait();
    });
}
