//! Bad input: each family refuses it with a message that names the method, and nothing is lost.

#![expect(clippy::disallowed_methods, reason = "tests read the clock")]

mod support;

use std::mem;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use phalanx::{
    Builder, Context, End, ErrGroup, Flow, Outcome, Policy, Refusal, Stopped, Token, WaitGroup,
};
use support::{Count, NO_SUCH_STACK, gate, panic_of, until, watchdog};

const BELOW_ZERO: &str = "WaitGroup::done: no task is running";
const TOO_MANY: &str = if usize::BITS > 32 {
    "WaitGroup::add: more than 2147483647 tasks"
} else {
    "WaitGroup::add: more than 134217727 tasks"
};
const NUL: &str = "the name of a thread has no NUL byte";
const NO_ROOM: &str = "ErrGroup::limit: a group needs room for one task";

// --- WaitGroup --------------------------------------------------------------------------------

#[test]
fn done_below_zero_panics_and_leaves_the_count() {
    watchdog(|| {
        let group = WaitGroup::new();
        for _ in 0..3 {
            assert_eq!(panic_of(|| group.done()), BELOW_ZERO);
            assert_eq!(group.running(), 0);
        }
        group.add(1);
        assert_eq!(group.running(), 1, "the group works as before");
        group.done();
        group.wait();
    });
}

#[test]
fn dropping_a_token_that_was_counted_out_by_hand_panics() {
    let group = WaitGroup::new();
    let token = group.token();
    group.done();
    assert_eq!(panic_of(AssertUnwindSafe(|| drop(token))), BELOW_ZERO);
    assert_eq!(group.running(), 0);
}

#[test]
fn adding_too_many_panics_and_leaves_the_count() {
    let most = if usize::BITS > 32 { 2_147_483_647 } else { 134_217_727 };
    assert_eq!(WaitGroup::MAX, most);
    for (count, n) in [
        (0, WaitGroup::MAX + 1),
        #[cfg(target_pointer_width = "64")]
        (0, 1 << 32),
        (0, usize::MAX),
        (1, WaitGroup::MAX),
        (WaitGroup::MAX, 1),
        (WaitGroup::MAX, usize::MAX),
    ] {
        let group = WaitGroup::new();
        group.add(count);
        assert_eq!(panic_of(|| group.add(n)), TOO_MANY, "{count} + {n}");
        assert_eq!(group.running(), count, "{count} + {n}");
    }
}

#[test]
fn a_full_group_refuses_tokens_and_tasks_and_stays_full() {
    let group = Arc::new(WaitGroup::new());
    group.add(WaitGroup::MAX - 1);
    let last = group.token();
    let drops = Count::default();
    let captured = drops.on_drop();
    assert_eq!(panic_of(|| group.token()), TOO_MANY);
    assert_eq!(panic_of(|| Token::new(Arc::clone(&group))), TOO_MANY);
    assert_eq!(panic_of(|| last.clone()), TOO_MANY);
    assert_eq!(panic_of(|| group.go(move || drop(captured))), TOO_MANY);
    assert_eq!(panic_of(|| group.try_go(|| ())), TOO_MANY);
    assert_eq!(drops.get(), 1);
    assert_eq!(group.running(), WaitGroup::MAX);
    drop(last);
    assert_eq!(group.running(), WaitGroup::MAX - 1);
}

#[test]
fn a_full_group_with_a_waiter_still_refuses_and_still_wakes() {
    watchdog(|| {
        let group = WaitGroup::new();
        group.add(WaitGroup::MAX);
        assert!(group.wait_until(Duration::ZERO).is_err());
        assert_eq!(panic_of(|| group.add(1)), TOO_MANY);
        assert_eq!(group.running(), WaitGroup::MAX);
    });
}

// --- Limits and options -----------------------------------------------------------------------

#[test]
fn a_limit_of_zero_panics() {
    assert_eq!(panic_of(|| ErrGroup::builder().limit(0)), NO_ROOM);
}

#[test]
fn a_limit_beyond_all_bounds_is_none() {
    watchdog(|| {
        let meet = Barrier::new(20);
        ErrGroup::builder()
            .limit(usize::MAX)
            .scope(|g| {
                for _ in 0..20 {
                    g.go(|_| {
                        meet.wait();
                        Ok(())
                    });
                }
                Ok::<_, Stopped>(())
            })
            .unwrap();
    });
}

#[test]
fn odd_names_are_no_trouble() {
    watchdog(|| {
        let long = "n".repeat(1000);
        for name in ["", "naïve 名前", "a/b c", &long] {
            let result = ErrGroup::builder().name(name).scope(|g| {
                let one = g.go(|_| Ok(1));
                let other = g.named(name).own_thread().go(|_| Ok(2));
                Ok::<_, Stopped>(one.join()? + other.join()?)
            });
            assert_eq!(result.unwrap(), 3, "{name:?}");
        }
    });
}

#[test]
fn a_name_with_a_zero_byte_panics_and_leaves_everything_as_it_was() {
    watchdog(|| {
        assert_eq!(
            panic_of(|| ErrGroup::builder().name("zero\0")),
            format!("ErrGroup::name: {NUL}")
        );
        ErrGroup::builder()
            .limit(1)
            .scope(|g| {
                assert_eq!(panic_of(|| g.named("zero\0")), format!("Scope::named: {NUL}"));
                assert_eq!(g.running(), 0);
                g.go(|_| Ok(())).join()?;
                g.go(|_| Ok(())).join()
            })
            .unwrap();
    });
}

#[test]
fn a_small_stack_is_large_enough() {
    watchdog(|| {
        for bytes in [0, 1, 4096] {
            let result = ErrGroup::builder().stack_size(bytes).scope(|g| g.go(|_| Ok(7)).join());
            assert_eq!(result.unwrap(), 7, "{bytes} bytes");
        }
    });
}

#[test]
fn zero_past_and_huge_bounds_are_taken_as_they_are() {
    watchdog(|| {
        let now = Instant::now();
        let past = now.checked_sub(Duration::from_millis(1)).unwrap_or(now);
        let ended: [fn(Builder, Instant) -> Builder; 3] = [
            |builder, _| builder.timeout(Duration::ZERO),
            |builder, past| builder.deadline(past),
            |builder, _| builder.deadline(Instant::now()),
        ];
        for option in ended {
            let result: Result<(), Stopped> = option(ErrGroup::builder(), past).scope(|g| {
                assert!(g.context().has_ended());
                g.go(|_| -> Result<(), _> { unreachable!("the deadline has passed") });
                Ok(())
            });
            assert!(result.is_err());
        }
        let endless = ErrGroup::builder().timeout(Duration::MAX);
        let result = endless.scope(|g| Ok::<_, Stopped>(g.context().deadline()));
        assert_eq!(result.unwrap(), None);
    });
}

// --- Dropped while others wait ----------------------------------------------------------------

#[test]
fn a_canceller_dropped_while_others_wait_wakes_them() {
    watchdog(|| {
        let (ctx, canceller) = Context::background().with_cancel();
        let group = WaitGroup::new();
        group.add(1);
        std::thread::scope(|s| {
            let waits = s.spawn(|| ctx.wait());
            let bounded = s.spawn(|| group.wait_until(&ctx));
            drop(canceller);
            waits.join().unwrap();
            assert!(bounded.join().unwrap().is_err());
        });
    });
}

#[test]
fn a_token_forgotten_or_leaked_is_no_danger() {
    let group = Arc::new(WaitGroup::new());
    mem::forget(Token::new(Arc::clone(&group)));
    assert_eq!(group.running(), 1);
    assert!(group.wait_until(Duration::ZERO).unwrap_err().is_timeout());
}

#[test]
fn a_registration_may_be_forgotten() {
    let (ctx, canceller) = Context::background().with_cancel();
    let runs = Count::default();
    let counted = runs.clone();
    mem::forget(ctx.on_cancel(move || counted.add()));
    canceller.cancel();
    watchdog(move || until(|| runs.get() == 1));
}

#[test]
fn a_canceller_may_be_forgotten() {
    let (parent, canceller) = Context::background().with_cancel();
    let (child, child_canceller) = parent.with_cancel();
    mem::forget(child_canceller);
    assert!(!child.has_ended());
    canceller.cancel();
    assert!(child.has_ended());
}

// --- Use after the end ------------------------------------------------------------------------

#[test]
fn a_handle_after_the_end_skips_and_refuses() {
    watchdog(|| {
        let group = ErrGroup::<Stopped>::new();
        let handle = group.handle();
        group.wait().unwrap();
        for handle in [handle.clone(), handle.named("late"), handle.own_thread()] {
            assert!(handle.go(|_| Ok(1)).join().is_err());
            let refused = handle.try_go(|_| Ok(2)).unwrap_err();
            assert!(matches!(refused.kind(), Refusal::Cancelled(_)));
            assert_eq!(refused.into_inner()(handle.context()).unwrap(), 2);
            assert_eq!(handle.running(), 0);
        }
    });
}

#[test]
fn a_task_that_waits_for_its_own_group_panics() {
    watchdog(|| {
        let group = ErrGroup::<Stopped>::new();
        let handle = group.handle();
        let (sends, gets) = std::sync::mpsc::channel::<ErrGroup<Stopped>>();
        let text = group.go(move |_| Ok(panic_of(|| gets.recv().unwrap().wait())));
        sends.send(group).unwrap();
        assert_eq!(text.join().unwrap(), "ErrGroup::wait: called by a task of the group itself");
        assert!(handle.context().has_ended());
    });
}

#[test]
fn a_task_that_drops_its_own_group_cancels_it_and_does_not_wait() {
    watchdog(|| {
        let group = ErrGroup::<Stopped>::new();
        let handle = group.handle();
        let (sends, gets) = std::sync::mpsc::channel::<ErrGroup<Stopped>>();
        let (ended, has_ended) = std::sync::mpsc::channel();
        let sibling = group.go(move |ctx| {
            ctx.wait();
            ended.send(()).unwrap();
            Ok(())
        });
        let task = group.go(move |ctx| {
            drop(gets.recv().unwrap());
            Ok(ctx.has_ended())
        });
        sends.send(group).unwrap();
        // The task that dropped the group goes on, and the sibling is told to stop, or skipped.
        assert!(task.join().unwrap());
        assert!(has_ended.recv().is_ok() || sibling.join().is_err());
        assert!(handle.go(|_| Ok(())).join().is_err());
    });
}

// --- The operating system refuses a thread ----------------------------------------------------

fn no_threads() -> Builder {
    ErrGroup::builder().stack_size(NO_SUCH_STACK)
}

#[test]
fn try_go_gives_the_task_back_if_there_is_no_thread() {
    watchdog(|| {
        let drops = Count::default();
        let result = no_threads().scope(|g| {
            for scope in [g.clone(), g.named("named"), g.own_thread()] {
                let captured = drops.on_drop();
                let before = drops.get();
                let refused = scope.try_go(move |_| Ok(mem::size_of_val(&captured))).unwrap_err();
                assert!(matches!(refused.kind(), Refusal::Thread(_)), "{refused}");
                assert_eq!((drops.get(), g.running()), (before, 0));
                assert!(refused.into_inner()(g.context()).is_ok(), "it still works");
                assert_eq!(drops.get(), before + 1);
            }
            assert!(!g.context().has_ended(), "a refusal is no failure of the group");
            Ok::<_, Stopped>(7)
        });
        assert_eq!(result.unwrap(), 7);
    });
}

#[test]
fn go_panics_if_there_is_no_thread_and_the_task_is_dropped() {
    watchdog(|| {
        let drops = Count::default();
        let captured = drops.on_drop();
        let result = no_threads().scope(|g| {
            let text = panic_of(|| {
                g.go(move |_| {
                    drop(captured);
                    Ok(())
                })
            });
            assert!(text.starts_with("ErrGroup::go: "), "{text}");
            assert_eq!((drops.get(), g.running()), (1, 0));
            assert!(panic_of(|| g.own_thread().go(|_| Ok(()))).starts_with("ErrGroup::go: "));
            Ok::<_, Stopped>(7)
        });
        assert_eq!(result.unwrap(), 7, "the panic was caught, and nothing has changed");
    });
}

#[test]
fn a_refusal_that_the_body_does_not_catch_lets_the_running_tasks_finish() {
    watchdog(|| {
        let ended = Count::default();
        let text = panic_of(|| {
            ErrGroup::scope(|outer| {
                let both_run = Arc::new(Barrier::new(2));
                let (other, ended) = (Arc::clone(&both_run), &ended);
                outer.go(move |ctx| {
                    other.wait();
                    ctx.wait();
                    ended.add();
                    Ok(())
                });
                both_run.wait();
                no_threads().context(outer.context()).scope(|inner| {
                    inner.go(|_| Ok(()));
                    Ok::<_, Stopped>(())
                })
            })
        });
        assert!(text.starts_with("ErrGroup::go: "), "{text}");
        assert_eq!(ended.get(), 1);
    });
}

#[test]
fn a_refusal_frees_the_slot_of_the_limit() {
    watchdog(|| {
        no_threads()
            .limit(1)
            .scope(|g| {
                for _ in 0..10 {
                    let refused = g.try_go(|_| Ok(())).unwrap_err();
                    assert!(matches!(refused.kind(), Refusal::Thread(_)));
                }
                assert!(panic_of(|| g.go(|_| Ok(()))).starts_with("ErrGroup::go: "));
                assert!(panic_of(|| g.go(|_| Ok(()))).starts_with("ErrGroup::go: "));
                Ok::<_, Stopped>(())
            })
            .unwrap();
    });
}

#[test]
fn an_owned_group_survives_a_refusal() {
    watchdog(|| {
        let group: ErrGroup<Stopped> = no_threads().start();
        assert!(panic_of(|| group.go(|_| Ok(()))).starts_with("ErrGroup::go: "));
        assert!(matches!(group.try_go(|_| Ok(())).unwrap_err().kind(), Refusal::Thread(_)));
        assert!(group.wait().is_ok());
    });
}

/// Counts what it is told.
struct Told(usize);

impl Policy<(), ()> for Told {
    type Output = usize;

    fn on_done(&mut self, _index: usize, _outcome: Outcome<(), ()>) -> Flow {
        self.0 += 1;
        Flow::Continue
    }

    fn finish(self, _end: End) -> usize {
        self.0
    }
}

#[test]
fn a_policy_is_not_told_of_a_refusal() {
    watchdog(|| {
        let told = no_threads().policy(Told(0)).scope(|g| {
            let refused = g.try_go(|_| Ok(())).unwrap_err();
            assert!(matches!(refused.kind(), Refusal::Thread(_)));
            assert!(panic_of(|| g.go(|_| Ok(()))).starts_with("PolicyScope::go: "));
            assert!(!g.context().has_ended());
        });
        assert_eq!(told, 0);
    });
}

#[test]
fn par_map_without_threads_panics_and_loses_nothing() {
    watchdog(|| {
        let drops = Count::default();
        let items: Vec<_> = (0..10).map(|_| drops.on_drop()).collect();
        let text = panic_of(|| no_threads().limit(2).par_map(items, |_, _| Ok::<_, Stopped>(())));
        assert!(text.contains("ErrGroup::go: "), "{text}");
        assert_eq!(drops.get(), 10);
    });
}

#[test]
fn a_refused_task_of_a_full_group_can_be_started_later() {
    watchdog(|| {
        let result = ErrGroup::builder().limit(1).scope(|g| {
            let (opener, gate) = gate();
            g.go(move |_| {
                gate.pass();
                Ok(())
            });
            let refused = g.try_go(|_| Ok(7)).unwrap_err();
            opener.open();
            g.go(refused.into_inner()).join()
        });
        assert_eq!(result.unwrap(), 7);
    });
}
