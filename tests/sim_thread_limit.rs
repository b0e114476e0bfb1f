//! Tasks at the thread limit, in the simulator. All tests of this file have the same limit, since it is
//! that of a process.

#![expect(clippy::format_push_string, reason = "a log in a test")]
#![cfg(feature = "sim")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![expect(clippy::disallowed_types, reason = "what a test counts with std's atomics is no step")]

mod support;

use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use phalanx::sim::{self, Builder};
use phalanx::{
    CauseKind, Context, Counter, ErrGroup, Interrupted, NoThread, Refusal, Stopped, WaitGroup,
    WhyStopped, set_max_threads,
};
use support::groups::{group_of, wait};
use support::schedules::{exhaust, pause, with_any_delay};
use support::{Crowd, text_of};

const LIMIT: usize = 2;

/// A task that does not start within so many steps never does.
fn builder() -> Builder {
    set_max_threads(LIMIT);
    Builder::new().max_steps(10_000, 10_000).iterations(150)
}

/// All schedules with so many preemptions, or unusual answers.
fn always(preemptions: u32, test: impl Fn() + Send + Sync + 'static) {
    exhaust(&builder(), preemptions, test);
}

/// Random schedules, with any delays and with parks that return for no reason too.
fn often(test: impl Fn() + Send + Sync + Clone + 'static) {
    builder().check(test.clone());
    with_any_delay(builder()).check(test);
}

/// Of three tasks that block, two are accepted, and both start.
fn accepts_two() {
    let (group, gate) = (Arc::new(WaitGroup::new()), group_of(1));
    let running = group_of(2);
    let mut accepted = 0;
    for _ in 0..3 {
        let (running, gate) = (Arc::clone(&running), Arc::clone(&gate));
        let started = group.try_go(move || {
            running.done();
            wait(&gate);
        });
        match started {
            Ok(()) => accepted += 1,
            Err(refused) => {
                assert!(matches!(refused.kind(), Refusal::Thread(NoThread::Limit(LIMIT))));
            }
        }
    }
    assert_eq!(accepted, 2);
    wait(&running);
    gate.done();
    wait(&group);
}

#[test]
fn try_go_accepts_as_many_as_can_run_and_all_of_these_start() {
    always(0, accepts_two);
    often(|| {
        accepts_two();
        accepts_two();
    });
}

#[test]
fn an_accepted_task_starts_before_those_that_are_only_queued() {
    let test = || {
        let (group, gate) = (Arc::new(WaitGroup::new()), group_of(1));
        let opens = Arc::clone(&gate);
        for _ in 0..3 {
            let gate = Arc::clone(&gate);
            group.go(move || wait(&gate));
        }
        // Accepted only if a thread is kept for it.
        match group.try_go(move || opens.done()) {
            Ok(()) => {}
            Err(refused) => refused.into_inner()(),
        }
        wait(&group);
    };
    always(0, test);
    often(test);
}

#[test]
fn who_learns_that_a_task_has_ended_finds_its_thread_free() {
    let test = || {
        let group = Arc::new(WaitGroup::new());
        for _ in 0..2 {
            for _ in 0..LIMIT {
                group.try_go(|| ()).expect("both threads are free");
            }
            wait(&group);
        }
        for _ in 0..2 {
            let value = ErrGroup::scope(|g| {
                let tasks = [(); LIMIT].map(|()| g.try_go(|_| Ok(1)).expect("both are free"));
                tasks.into_iter().map(phalanx::Task::join).sum::<Result<usize, Stopped>>()
            });
            assert_eq!(value.unwrap(), LIMIT);
        }
    };
    always(0, test);
    often(test);
}

#[test]
fn queued_tasks_all_run_and_on_no_more_threads_than_the_limit() {
    let test = || {
        let (group, ran) = (Arc::new(WaitGroup::new()), Arc::new(AtomicUsize::new(0)));
        let crowd = Arc::new(Crowd::default());
        for _ in 0..5 {
            let (ran, crowd) = (Arc::clone(&ran), Arc::clone(&crowd));
            group.go(move || {
                ran.fetch_add(1, SeqCst);
                crowd.visit(|| match sim::choose(2) {
                    0 => pause(Duration::from_millis(1)),
                    _ => sim::yield_now(),
                });
            });
        }
        wait(&group);
        assert_eq!(ran.load(SeqCst), 5);
        assert!(crowd.most() <= LIMIT, "{} at once", crowd.most());
    };
    often(test);
}

#[test]
fn a_thread_of_another_kind_makes_room_and_gets_it() {
    let test = || {
        let named = |name: &'static str| {
            ErrGroup::scope(|g| g.named(name).go(move |_| Ok::<_, Stopped>(name)).join())
        };
        for name in ["a", "b", "c"] {
            assert_eq!(named(name).unwrap(), name);
        }
        let group = Arc::new(WaitGroup::new());
        group.try_go(|| ()).expect("nothing runs");
        group.try_go(|| ()).expect("one runs at most");
        wait(&group);
        assert_eq!(named("d").unwrap(), "d");
    };
    often(test);
}

#[test]
fn plain_and_named_tasks_that_are_queued_together_all_run() {
    often(|| {
        let sum = ErrGroup::scope(|g| {
            let mut tasks = Vec::new();
            for _ in 0..2 {
                tasks.push(g.go(|_| Ok(1)));
                tasks.push(g.named("named").go(|_| Ok(1)));
                tasks.push(g.own_thread().go(|_| Ok(1)));
            }
            tasks.into_iter().map(phalanx::Task::join).sum::<Result<usize, Stopped>>()
        });
        assert_eq!(sum.unwrap(), 6);
    });
}

/// Tasks that join a child each, which may run on no stack of a waiting thread.
fn joins_children(parents: usize) -> Result<usize, Stopped> {
    ErrGroup::builder().run_inline(false).scope(|g| {
        let parent = |_: &Context| {
            ErrGroup::builder().run_inline(false).scope(|inner| inner.go(|_| Ok(1)).join())
        };
        let parents: Vec<_> = (0..parents).map(|_| g.go(parent)).collect();
        parents.into_iter().map(phalanx::Task::join).sum()
    })
}

#[test]
fn tasks_that_join_children_which_cannot_start_end_with_an_error_that_names_the_limit() {
    let test = || match joins_children(2) {
        Ok(sum) => assert_eq!(sum, 2),
        Err(stopped) => {
            let mut error: &dyn std::error::Error = &stopped;
            let mut texts = error.to_string();
            while let Some(source) = error.source() {
                error = source;
                texts += &format!(": {error}");
            }
            let is_echo = matches!(stopped.kind(), WhyStopped::Failed | WhyStopped::Skipped(_));
            assert!(is_echo || texts.contains("the thread limit of 2 is reached"), "{texts}");
        }
    };
    always(0, test);
    often(test);
    // The threads are as good as before.
    often(move || {
        test();
        accepts_two();
    });
}

#[test]
fn a_wait_for_a_task_that_can_never_start_panics_with_the_limit() {
    let test = || {
        let group = Arc::new(WaitGroup::new());
        let said = Arc::new(AtomicUsize::new(0));
        for _ in 0..LIMIT {
            let said = Arc::clone(&said);
            group.go(move || {
                // Nothing runs on a thread that unwinds, so the task needs a thread.
                struct Waits(Arc<WaitGroup>, Arc<AtomicUsize>);
                impl Drop for Waits {
                    fn drop(&mut self) {
                        self.0.wait();
                        self.1.fetch_add(1, SeqCst);
                    }
                }
                let inner = Arc::new(WaitGroup::new());
                let waits = Waits(Arc::clone(&inner), said);
                drop(panic::catch_unwind(AssertUnwindSafe(move || {
                    waits.0.go(|| ());
                    let _waits = waits;
                    panic!("on purpose");
                })));
                // It stays for the next wait.
                if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(|| inner.wait())) {
                    let text = text_of(&*payload);
                    assert!(text.ends_with("the thread limit of 2 is reached"), "{text}");
                }
            });
        }
        wait(&group);
        assert_eq!(said.load(SeqCst), LIMIT);
    };
    often(test);
}

/// Tasks that meet, of which the limit holds up some: the deadline of their group ends their waits.
#[test]
fn a_wait_of_a_task_that_a_deadline_ends_names_the_limit_if_that_holds_up_its_siblings() {
    let test = || {
        let met = Counter::new(0);
        let group = ErrGroup::builder().timeout(Duration::from_secs(3));
        let result: Result<(), Box<dyn Error + Send + Sync>> = group.scope(|g| {
            for _ in 0..5 {
                g.go(|ctx| {
                    met.inc();
                    met.wait_for_until(ctx, |n| n > 4)?;
                    Ok(())
                });
            }
            Ok(())
        });
        let why = result.unwrap_err().downcast::<Interrupted>().unwrap();
        let Interrupted::Cancelled(cause) = *why else { panic!("{why:?}") };
        assert_eq!(cause.kind(), CauseKind::DeadlineExceeded);
        let error = cause.error().expect("the limit is known");
        assert_eq!(error.to_string(), "the thread limit of 2 is reached");
    };
    always(0, test);
    builder().check(test);
}

// --- Callbacks --------------------------------------------------------------------------------

/// The tasks of the limit wait for what a callback does.
fn callback_frees_the_threads() {
    let (ctx, canceller) = Context::background().with_cancel();
    let gate = group_of(1);
    let opener = Arc::clone(&gate);
    let registration = ctx.on_cancel(move || opener.done());
    let tasks = Arc::new(WaitGroup::new());
    for _ in 0..=LIMIT {
        let gate = Arc::clone(&gate);
        tasks.go(move || gate.wait());
    }
    sim::wait_idle(); // all threads of the limit wait
    canceller.cancel();
    wait(&tasks);
    drop(registration);
}

#[test]
fn a_callback_runs_though_all_threads_of_the_limit_wait_for_it() {
    always(1, callback_frees_the_threads);
    often(callback_frees_the_threads);
}

/// A task of the limit cancels, and waits for the callbacks, while the others wait for them, too.
fn callbacks_at_the_limit() {
    let (ctx, canceller) = Context::background().with_cancel();
    let counted = group_of(3);
    let registrations: Vec<_> = (0..3)
        .map(|_| {
            let counted = Arc::clone(&counted);
            ctx.on_cancel(move || counted.done())
        })
        .collect();
    let tasks = Arc::new(WaitGroup::new());
    for _ in 0..LIMIT - 1 {
        let counted = Arc::clone(&counted);
        tasks.go(move || counted.wait());
    }
    tasks.go(move || {
        canceller.cancel();
        drop(registrations);
    });
    wait(&tasks);
    counted.wait_until(Duration::ZERO).unwrap();
}

#[test]
fn a_task_of_the_limit_may_wait_for_callbacks() {
    always(1, callbacks_at_the_limit);
    often(callbacks_at_the_limit);
}
