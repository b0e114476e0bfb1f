//! A group that has been stopped: its context, its deadline, and the tasks that never run.

mod support;

use std::error::Error;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use phalanx::{CauseKind, Context, ErrGroup, Scope, Stopped, Task, WhyStopped};
use support::failure::Failure::{self, Own};
use support::{Count, EXPIRED, because, told, watchdog};

const HOUR: Duration = Duration::from_secs(3600);
const SOON: Duration = Duration::from_millis(1);

type BoxError = Box<dyn Error + Send + Sync>;

/// The reason why a task was skipped, with the text of the cause.
fn skipped_because(stopped: &Stopped) -> String {
    match stopped.kind() {
        WhyStopped::Skipped(cancelled) => {
            cancelled.cause().error().map_or("plain".into(), ToString::to_string)
        }
        why => panic!("not skipped: {why:?}"),
    }
}

fn no_task<'s>(g: &Scope<'s, '_, Failure>) -> Task<'s, ()> {
    g.go(|_| unreachable!("the group has stopped"))
}

// --- Skipped tasks ----------------------------------------------------------------------------

#[test]
fn a_group_that_has_stopped_starts_nothing() {
    watchdog(|| {
        let drops = Count::default();
        let result = ErrGroup::scope(|g| {
            g.go(|_| Err::<(), _>(Own("first"))).join().unwrap_err();
            let captured = drops.on_drop();
            let skipped = g.go(move |_| {
                drop(captured);
                unreachable!("the group has stopped") as Result<(), _>
            });
            assert_eq!(drops.get(), 1, "dropped, once");
            assert!(skipped.is_done());
            let stopped = skipped.join().unwrap_err();
            assert!(matches!(stopped.kind(), WhyStopped::Skipped(_)));
            Ok(())
        });
        assert_eq!(result.unwrap_err().own(), "first");
        assert_eq!(drops.get(), 1);
    });
}

#[test]
fn tasks_skipped_since_the_parent_was_cancelled_make_the_error() {
    watchdog(|| {
        let (parent, canceller) = Context::background().with_cancel();
        canceller.cancel_because("shutdown");
        let result = ErrGroup::builder().context(&parent).scope(|g| {
            no_task(g);
            Ok(7)
        });
        assert_eq!(skipped_because(&result.unwrap_err().echo()), "shutdown");
    });
}

#[test]
fn tasks_skipped_since_the_deadline_passed_make_the_error() {
    watchdog(|| {
        let result = ErrGroup::builder().timeout(Duration::ZERO).scope(|g| {
            no_task(g).join()?;
            Ok(())
        });
        let stopped = result.unwrap_err().echo();
        assert!(matches!(stopped.kind(), WhyStopped::Skipped(cause)
            if cause.kind() == CauseKind::DeadlineExceeded));
    });
}

#[test]
fn a_failed_task_outranks_skipped_ones() {
    watchdog(|| {
        let (parent, canceller) = Context::background().with_cancel();
        let both_run = Barrier::new(2);
        let result = ErrGroup::builder().context(&parent).scope(|g| {
            g.go(|ctx| {
                both_run.wait();
                ctx.wait();
                Err::<(), _>(Own("gave up"))
            });
            both_run.wait();
            canceller.cancel();
            no_task(g);
            Ok(())
        });
        assert_eq!(result.unwrap_err().own(), "gave up");
    });
}

#[test]
fn a_cancelled_group_in_which_nothing_failed_or_was_skipped_succeeds() {
    watchdog(|| {
        let (parent, canceller) = Context::background().with_cancel();
        let both_run = Barrier::new(2);
        let result = ErrGroup::builder().context(&parent).scope(|g| {
            let task = g.go(|ctx| {
                both_run.wait();
                ctx.wait();
                Ok("finished all the same")
            });
            both_run.wait();
            canceller.cancel();
            Ok::<_, Failure>(task.join()?)
        });
        assert_eq!(result.unwrap(), "finished all the same");
    });
}

#[test]
fn boxed_errors_and_strings_can_be_made_of_a_skip() {
    watchdog(|| {
        let (parent, canceller) = Context::background().with_cancel();
        canceller.cancel_because("shutdown");
        let builder = ErrGroup::builder().context(&parent);
        let boxed: BoxError = builder
            .clone()
            .scope(|g| {
                g.go(|_| Ok(()));
                Ok(())
            })
            .unwrap_err();
        let text: String = builder
            .scope(|g| {
                g.go(|_| Ok(()));
                Ok(())
            })
            .unwrap_err();
        assert!(boxed.is::<Stopped>());
        assert_eq!(support::chain(&*boxed), text);
        assert!(text.contains("shutdown"), "{text}");
    });
}

// --- The context ------------------------------------------------------------------------------

#[test]
fn the_context_of_a_group_is_a_child_of_the_given_one() {
    watchdog(|| {
        let (parent, canceller) = Context::background().with_value("value").with_cancel();
        let both_run = Barrier::new(2);
        let result = ErrGroup::builder().context(&parent).scope(|g| {
            let task = g.go(|ctx| {
                assert_eq!(ctx.value(), Some(&"value"));
                both_run.wait();
                ctx.wait();
                assert_eq!(told(ctx), because("shutdown"));
                Ok(())
            });
            both_run.wait();
            canceller.cancel_because("shutdown");
            Ok::<_, Failure>(task.join()?)
        });
        assert!(result.is_ok());
    });
}

#[test]
fn a_failing_group_leaves_its_parent_alone() {
    watchdog(|| {
        let (parent, _canceller) = Context::background().with_cancel();
        let result: Result<(), _> =
            ErrGroup::builder().context(&parent).scope(|_| Err(Own("the group's affair")));
        assert!(result.is_err());
        assert!(!parent.has_ended());
    });
}

#[test]
fn the_context_of_a_group_ends_with_the_group() {
    watchdog(|| {
        let ctx = ErrGroup::scope(|g| {
            let kept = g.go(|ctx| Ok(ctx.clone())).join()?;
            assert!(!kept.has_ended());
            Ok::<_, Failure>(kept)
        });
        assert_eq!(ctx.unwrap().cause().unwrap().kind(), CauseKind::Cancelled);
    });
}

#[test]
fn the_deadline_tells_the_tasks_to_stop_and_abandons_none() {
    watchdog(|| {
        let (begun, ended) = (Count::default(), Count::default());
        let result = ErrGroup::builder().timeout(10 * SOON).scope(|g| {
            for _ in 0..3 {
                g.go(|ctx| {
                    begun.add();
                    ctx.wait();
                    assert_eq!(told(ctx), EXPIRED);
                    thread::yield_now();
                    ended.add();
                    Ok(())
                });
            }
            Ok::<_, Failure>(())
        });
        assert_eq!(ended.get(), begun.get());
        assert_eq!(result.is_ok(), begun.get() == 3, "unless the machine was slow");
    });
}

#[test]
fn the_earlier_deadline_counts_that_of_the_group_or_of_its_parent() {
    let parent = Context::background().with_timeout(HOUR);
    let deadline_under = |builder: phalanx::Builder| {
        builder.scope(|g| Ok::<_, Failure>(g.context().deadline())).unwrap()
    };
    let builder = ErrGroup::builder().context(&parent);
    assert_eq!(deadline_under(builder.clone()), parent.deadline());
    assert_eq!(deadline_under(builder.clone().timeout(2 * HOUR)), parent.deadline());
    assert_eq!(deadline_under(builder.clone().timeout(Duration::MAX)), parent.deadline());
    assert!(deadline_under(builder.clone().timeout(HOUR / 2)) < parent.deadline());
    let near = parent.deadline().unwrap().checked_sub(HOUR / 2).unwrap();
    assert_eq!(deadline_under(builder.deadline(near)), Some(near));
}

// --- The error as the cause -------------------------------------------------------------------

/// An error that is shared.
#[derive(Clone, Debug, PartialEq)]
enum Shared {
    Failed(u32),
    Stopped,
}

impl std::fmt::Display for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Error for Shared {}

impl From<Stopped> for Shared {
    fn from(_: Stopped) -> Self {
        Shared::Stopped
    }
}

fn shared_cause(ctx: &Context) -> Option<Shared> {
    ctx.wait().error().and_then(|error| error.downcast_ref::<Shared>()).cloned()
}

#[test]
fn a_shared_error_of_a_task_or_of_the_body_is_the_cause_of_the_context() {
    watchdog(|| {
        let result = ErrGroup::scope(|g| {
            g.share_errors();
            g.go(|_| Err::<(), _>(Shared::Failed(1)));
            assert_eq!(shared_cause(g.context()), Some(Shared::Failed(1)));
            Err::<(), _>(Shared::Failed(2)) // too late to be the cause
        });
        assert_eq!(result, Err(Shared::Failed(1)));
        let mut context = Context::background();
        let result = ErrGroup::scope(|g| {
            g.share_errors();
            context = g.context().clone();
            Err::<(), _>(Shared::Failed(3))
        });
        assert_eq!(
            (result, shared_cause(&context)),
            (Err(Shared::Failed(3)), Some(Shared::Failed(3)))
        );
    });
}

#[test]
fn an_owned_group_shares_its_error_too() {
    watchdog(|| {
        let group = ErrGroup::new();
        group.share_errors();
        group.go(|_| Err::<(), _>(Shared::Failed(4)));
        assert_eq!(shared_cause(group.context()), Some(Shared::Failed(4)));
        assert_eq!(group.wait(), Err(Shared::Failed(4)));
    });
}

#[test]
fn without_sharing_the_cause_names_the_task() {
    watchdog(|| {
        let result = ErrGroup::scope(|g| {
            g.go(|_| Err::<(), _>(Shared::Failed(5)));
            let cause = g.context().wait();
            assert_eq!(cause.error().unwrap().to_string(), "task 0 failed");
            Ok(())
        });
        assert_eq!(result, Err(Shared::Failed(5)));
    });
}

#[test]
fn of_two_errors_the_first_is_both_the_result_and_the_cause() {
    watchdog(|| {
        for _ in 0..100 {
            let (both, mut cause) = (Barrier::new(2), None);
            let result = ErrGroup::scope(|g| {
                g.share_errors();
                for n in 0..2 {
                    let both = &both;
                    g.go(move |_| {
                        both.wait();
                        Err::<(), _>(Shared::Failed(n))
                    });
                }
                cause = shared_cause(g.context());
                Ok(())
            });
            assert_eq!(result.err(), cause);
            assert!(matches!(cause, Some(Shared::Failed(0 | 1))));
        }
    });
}

#[test]
fn a_panic_in_the_making_of_the_cause_is_the_panic_of_the_group() {
    watchdog(|| {
        let text = support::panic_of(|| {
            ErrGroup::scope(|g| {
                g.cancel_with(|_: &Shared| panic!("on purpose"));
                g.go(|_| Err::<(), _>(Shared::Failed(6)));
                g.context().wait();
                Ok(())
            })
        });
        assert_eq!(text, "on purpose");
    });
}
