//! Owned groups: stored, sent, dropped, forgotten, and used through handles after their end.

mod support;

use std::panic::panic_any;
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::Duration;

use phalanx::{CauseKind, Context, ErrGroup, Refusal, Scope, Stopped, WhyStopped};
use support::{Bomb, Count, Log, because, gate, panic_of, payload_of, told, watchdog};

const HOUR: Duration = Duration::from_secs(3600);

type Group = ErrGroup<String>;

#[test]
fn wait_returns_when_all_tasks_have_ended() {
    watchdog(|| {
        for group in [Group::new(), Group::default()] {
            let ended = Count::default();
            for _ in 0..20 {
                let ended = ended.clone();
                group.go(move |_| {
                    thread::yield_now();
                    ended.add();
                    Ok(())
                });
            }
            assert_eq!(group.wait(), Ok(()));
            assert_eq!(ended.get(), 20);
        }
    });
}

#[test]
fn wait_on_an_empty_group_succeeds() {
    watchdog(|| assert_eq!(Group::new().wait(), Ok(())));
}

#[test]
fn wait_returns_the_first_error_and_no_echo() {
    watchdog(|| {
        for _ in 0..200 {
            let group = Group::new();
            for _ in 0..3 {
                group.go(|ctx| {
                    ctx.wait();
                    Err::<(), _>("an echo".into())
                });
            }
            group.go(|_| Err::<(), _>("the cause".into()));
            assert_eq!(group.wait(), Err("the cause".into()));
        }
    });
}

#[test]
fn values_are_joined_before_or_after_the_wait() {
    watchdog(|| {
        let group = Group::new();
        let before = group.go(|_| Ok(1));
        let after = group.go(|_| Ok(2));
        assert_eq!(before.join().unwrap(), 1);
        group.wait().unwrap();
        assert!(after.is_done());
        assert_eq!(after.join().unwrap(), 2);
    });
}

#[test]
fn a_group_is_stored_and_sent() {
    struct Server {
        tasks: Group,
    }
    watchdog(|| {
        let server = Server { tasks: Group::new() };
        let task = server.tasks.go(|_| Ok("served"));
        let waiter = thread::scope(|s| s.spawn(move || server.tasks.wait()).join().unwrap());
        assert_eq!(waiter, Ok(()));
        assert_eq!(task.join().unwrap(), "served");
    });
}

#[test]
fn the_builder_s_options_hold_for_owned_groups() {
    watchdog(|| {
        let (parent, canceller) = Context::background().with_cancel_timeout(HOUR);
        let group: Group = ErrGroup::builder().context(&parent).limit(1).name("owned").start();
        assert_eq!(group.context().deadline(), parent.deadline());
        let (opener, gate) = gate();
        let name = group.go(move |_| {
            gate.pass();
            Ok(thread::current().name().map(str::to_owned))
        });
        let refused = group.try_go(|_| Ok(())).unwrap_err();
        assert!(matches!(refused.kind(), Refusal::Limit));
        opener.open();
        assert_eq!(name.join().unwrap().as_deref(), Some("owned"));
        canceller.cancel_because("shutdown");
        assert_eq!(told(group.context()), because("shutdown"));
        group.go(|_| Ok(()));
        assert!(group.wait().unwrap_err().contains("shutdown"));
    });
}

#[test]
fn wait_until_leaves_the_group_as_it_is() {
    watchdog(|| {
        let group = Group::new();
        assert!(group.wait_until(Duration::ZERO).is_ok(), "no task is running");
        let (opener, gate) = gate();
        let task = group.go(move |_| {
            gate.pass();
            Ok(7)
        });
        assert!(group.wait_until(Duration::ZERO).unwrap_err().is_timeout());
        assert!(group.wait_until(Duration::from_millis(1)).unwrap_err().is_timeout());
        let (ctx, canceller) = Context::background().with_cancel();
        canceller.cancel();
        assert!(!group.wait_until(&ctx).unwrap_err().is_timeout());
        assert!(!group.context().has_ended(), "the tasks go on");
        opener.open();
        assert!(group.wait_until(HOUR).is_ok());
        let late = group.go(|_| Ok(8));
        assert_eq!((task.join().unwrap(), late.join().unwrap()), (7, 8));
        assert_eq!(group.wait(), Ok(()));
    });
}

#[test]
fn several_threads_may_wait_for_a_group() {
    watchdog(|| {
        let group = Group::new();
        let (opener, gate) = gate();
        let ended = Count::default();
        let counted = ended.clone();
        group.go(move |_| {
            gate.pass();
            counted.add();
            Ok(())
        });
        thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| {
                    assert!(group.wait_until(HOUR).is_ok());
                    assert_eq!(ended.get(), 1);
                });
            }
            opener.open();
        });
        assert_eq!(group.wait(), Ok(()));
    });
}

#[test]
fn wait_until_keeps_the_error_and_the_panic_for_wait() {
    watchdog(|| {
        let fails = Group::new();
        fails.go(|_| Err::<(), _>("kept".into()));
        assert!(fails.wait_until(HOUR).is_ok());
        assert_eq!(fails.wait(), Err("kept".into()));

        let panics = Group::new();
        panics.go(|_| -> Result<(), _> { panic!("kept") });
        assert!(panics.wait_until(HOUR).is_ok());
        assert_eq!(panic_of(|| panics.wait()), "kept");
    });
}

#[test]
fn the_context_of_a_group_ends_with_it() {
    watchdog(|| {
        let waited = Group::new();
        let dropped = Group::new();
        let contexts = [waited.context().clone(), dropped.context().clone()];
        assert!(contexts.iter().all(|ctx| !ctx.has_ended()));
        waited.wait().unwrap();
        drop(dropped);
        for ctx in contexts {
            assert_eq!(ctx.cause().unwrap().kind(), CauseKind::Cancelled);
        }
    });
}

#[test]
fn a_panic_is_resumed_by_wait_when_all_have_ended() {
    watchdog(|| {
        let group = Group::new();
        let both_run = Arc::new(Barrier::new(2));
        let ended = Count::default();
        let (other, counted) = (Arc::clone(&both_run), ended.clone());
        group.go(move |ctx| {
            other.wait();
            ctx.wait();
            thread::yield_now();
            counted.add();
            Err::<(), _>("outranked".into())
        });
        group.go(move |_| -> Result<(), _> {
            both_run.wait();
            panic_any(42_u64)
        });
        let payload = payload_of(|| group.wait());
        assert_eq!(payload.downcast_ref(), Some(&42_u64));
        assert_eq!(ended.get(), 1);
    });
}

// --- Dropped and forgotten --------------------------------------------------------------------

/// A group with one running task that ends when it is told to, and then logs it.
fn group_with_a_task(log: &Log) -> Group {
    let group = Group::new();
    let (started, has_started) = mpsc::channel();
    let log = log.clone();
    group.go(move |ctx| {
        started.send(()).expect("somebody listens");
        ctx.wait();
        thread::yield_now();
        log.add("the task ends");
        Ok(())
    });
    has_started.recv().expect("it starts");
    group
}

#[test]
fn dropping_a_group_cancels_and_joins_its_tasks() {
    watchdog(|| {
        let log = Log::default();
        drop(group_with_a_task(&log));
        log.add("dropped");
        assert_eq!(log.events(), ["the task ends", "dropped"]);
    });
}

#[test]
fn dropping_a_group_resumes_the_panic_of_a_task() {
    watchdog(|| {
        let group = Group::new();
        let panics = group.go(|_| -> Result<(), _> { panic!("on purpose") });
        panics.join().unwrap_err();
        assert_eq!(panic_of(|| drop(group)), "on purpose");
    });
}

#[test]
fn dropping_a_group_while_panicking_joins_and_does_not_abort() {
    watchdog(|| {
        let log = Log::default();
        let text = panic_of(|| {
            let group = group_with_a_task(&log);
            group.go(|_| -> Result<(), _> { panic!("in the task") }).join().unwrap_err();
            panic!("in the body");
        });
        assert_eq!(text, "in the body");
        assert_eq!(log.events(), ["the task ends"]);
    });
}

#[test]
fn dropping_a_group_while_panicking_survives_a_payload_whose_drop_panics() {
    watchdog(|| {
        let text = panic_of(|| {
            let group = Group::new();
            group.go(|_| -> Result<(), _> { panic_any(Bomb) }).join().unwrap_err();
            panic!("in the body");
        });
        assert_eq!(text, "in the body");
    });
}

#[test]
fn a_forgotten_group_does_no_harm() {
    watchdog(|| {
        let group = Group::new();
        let (opener, gate) = gate();
        let task = group.go(move |ctx| {
            gate.pass();
            Ok(ctx.has_ended())
        });
        std::mem::forget(group);
        opener.open();
        assert!(!task.join().unwrap(), "it goes on, and is not cancelled");
    });
}

#[test]
fn a_task_handle_may_be_forgotten() {
    watchdog(|| {
        let group = Group::new();
        let ended = Count::default();
        let counted = ended.clone();
        std::mem::forget(group.go(move |_| {
            counted.add();
            Ok(())
        }));
        group.wait().unwrap();
        assert_eq!(ended.get(), 1);
    });
}

// --- Handles ----------------------------------------------------------------------------------

#[test]
fn tasks_start_siblings_through_a_handle_and_wait_sees_them_all() {
    fn chain(g: Scope<'static, 'static, String>, links: Count, left: u32) {
        links.add();
        if left > 0 {
            g.clone().go(move |_| {
                chain(g, links, left - 1);
                Ok(())
            });
        }
    }
    watchdog(|| {
        for _ in 0..20 {
            let group = Group::new();
            let links = Count::default();
            chain(group.handle(), links.clone(), 50);
            group.wait().unwrap();
            assert_eq!(links.get(), 51);
        }
    });
}

#[test]
fn a_handle_starts_named_tasks() {
    watchdog(|| {
        let group = Group::new();
        let fails = group.handle().named("fetch").go(|_| Err::<(), _>("no".into()));
        assert_eq!(fails.join().unwrap_err().name(), Some("fetch"));
        assert_eq!(group.wait(), Err("no".into()));
    });
}

#[test]
fn a_handle_does_not_keep_the_group_open() {
    watchdog(|| {
        let waited = Group::new();
        let dropped = Group::new();
        let handles = [waited.handle(), dropped.handle()];
        waited.wait().unwrap();
        drop(dropped);
        for handle in handles {
            let drops = Count::default();
            let captured = drops.on_drop();
            let skipped = handle.go(move |_| {
                drop(captured);
                unreachable!("the group has ended") as Result<(), _>
            });
            assert_eq!(drops.get(), 1);
            let stopped: Stopped = skipped.join().unwrap_err();
            assert!(matches!(stopped.kind(), WhyStopped::Skipped(_)));
            let refused = handle.try_go(|_| Ok(9)).unwrap_err();
            assert!(matches!(refused.kind(), Refusal::Cancelled(_)));
            assert_eq!(refused.into_inner()(&Context::background()), Ok(9));
            assert!(handle.context().has_ended());
            assert_eq!(handle.running(), 0);
        }
    });
}

/// Starts a task through a handle while another thread waits for the group to end, many times.
/// `check` gets what the wait returned, and whether the task ran.
fn start_while_the_group_ends(check: impl Fn(Result<(), String>, bool)) {
    for _ in 0..2000 {
        let group = Group::new();
        let handle = group.handle();
        let ran = Count::default();
        let counted = ran.clone();
        let line = support::StartLine::new(2);
        thread::scope(|s| {
            let starts = s.spawn(|| {
                line.wait();
                handle.go(move |_| {
                    counted.add();
                    Ok(())
                })
            });
            line.wait();
            let result = group.wait();
            let ran_in_time = ran.get() == 1;
            let ran_at_last = starts.join().expect("no panic").join().is_ok();
            assert_eq!(ran_in_time, ran_at_last, "nothing runs after the wait");
            check(result, ran_at_last);
        });
    }
}

#[test]
fn a_start_that_races_the_end_of_the_group_runs_before_it_or_never() {
    watchdog(|| start_while_the_group_ends(|result, ran| assert!(result.is_ok() || !ran)));
}

#[test]
fn a_start_that_comes_too_late_does_not_make_the_group_fail() {
    watchdog(|| start_while_the_group_ends(|result, _| assert_eq!(result, Ok(()))));
}
