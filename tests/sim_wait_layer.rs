//! What all blocking calls have in common, in the simulator: what ends a wait, when, and what is
//! left behind.

#![cfg(feature = "sim")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::panic;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use phalanx::sim::{self, Builder, Script, TimeMode};
use phalanx::{CauseKind, Context, ErrGroup, Interrupted, Stopped, Task, Until, WaitGroup};
use support::schedules::{always, pause, play};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const NANO: Duration = Duration::from_nanos(1);

/// How a wait ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum How {
    Granted,
    Cancelled,
    TimedOut,
}

use How::{Cancelled, Granted, TimedOut};

impl<T> From<Result<T, Interrupted>> for How {
    fn from(waited: Result<T, Interrupted>) -> Self {
        match waited {
            Ok(_) => Granted,
            Err(Interrupted::Cancelled(_)) => Cancelled,
            Err(_) => TimedOut,
        }
    }
}

/// Starts a thread of the bubble, and waits until it can go no further.
fn blocked<T: Send + 'static>(
    call: &str,
    f: impl FnOnce() -> T + Send + 'static,
) -> sim::JoinHandle<T> {
    let thread = sim::spawn("waiter", f);
    sim::wait_idle();
    sim::assert_blocked(&thread, call);
    thread
}

// --- The sleep and the wake-up ----------------------------------------------------------------

/// A wait, a grant and a cancellation, each on a thread.
fn granted_and_cancelled() -> How {
    let group = Arc::new(WaitGroup::new());
    group.add(1);
    let (ctx, canceller) = Context::background().with_cancel();
    let waiter = sim::spawn("waiter", {
        let group = Arc::clone(&group);
        move || How::from(group.wait_until(&ctx))
    });
    let granter = sim::spawn("granter", {
        let group = Arc::clone(&group);
        move || group.done()
    });
    let canceller = sim::spawn("canceller", move || canceller.cancel());
    granter.join().unwrap();
    canceller.join().unwrap();
    assert!(group.wait_until(Duration::ZERO).is_ok());
    waiter.join().unwrap()
}

fn all_are_there() -> Script {
    Script::new().run("root").to_block()
}

#[test]
fn a_cancel_between_the_look_on_entry_and_the_queue_is_seen() {
    let script = all_are_there().run("waiter").until("lock").run("canceller").to_end();
    assert_eq!(play(script.run("waiter").to_end(), granted_and_cancelled), Cancelled);
}

#[test]
fn a_cancel_between_the_queue_and_the_registration_is_seen_by_the_registration() {
    let script = all_are_there().run("waiter").until_nth("lock", 2).run("canceller").to_end();
    assert_eq!(play(script.run("waiter").to_end(), granted_and_cancelled), Cancelled);
}

#[test]
fn a_cancel_between_the_registration_and_the_sleep_leaves_a_wake_up_behind() {
    let script = all_are_there().run("waiter").until("park").run("canceller").to_end();
    assert_eq!(play(script.run("waiter").to_end(), granted_and_cancelled), Cancelled);
}

#[test]
fn a_grant_between_the_registration_and_the_sleep_leaves_a_wake_up_behind() {
    let script = all_are_there().run("waiter").until("park").run("granter").to_end();
    assert_eq!(play(script.run("waiter").to_end(), granted_and_cancelled), Granted);
}

#[test]
fn a_thread_that_is_granted_and_then_cancelled_has_been_granted() {
    let script = all_are_there()
        .run("waiter")
        .to_block()
        .run("granter")
        .until("unpark") // has decided, and woken nobody
        .run("canceller")
        .to_end()
        .run("waiter")
        .to_end();
    assert_eq!(play(script, granted_and_cancelled), Granted);
}

#[test]
fn a_thread_that_is_cancelled_looks_once_more_and_finds_what_it_waited_for() {
    let script = all_are_there()
        .run("waiter")
        .to_block()
        .run("canceller")
        .until("unpark")
        .run("granter")
        .to_end()
        .run("waiter")
        .to_end();
    assert_eq!(play(script, granted_and_cancelled), Granted);
}

#[test]
fn a_wait_is_ended_by_one_of_those_who_try_in_every_schedule_with_one_preemption() {
    Builder::new()
        .exhaustive(1)
        .outcomes(granted_and_cancelled)
        .exactly([Granted, Cancelled])
        .exhausted();
}

#[test]
fn a_wake_up_that_comes_late_does_not_end_the_next_wait() {
    // The waiter finds the grant when its time is up, and waits for something else by the time that
    // the granter wakes it.
    let script = Script::new()
        .run("waiter")
        .to_block()
        .run("root")
        .until("unpark")
        .run("waiter")
        .until_nth("park", 2)
        .run("root")
        .to_block();
    let test = || {
        let [one, other] = [(); 2].map(|()| {
            let group = Arc::new(WaitGroup::new());
            group.add(1);
            group
        });
        let waiter = sim::spawn("waiter", {
            let one = Arc::clone(&one);
            move || {
                let first = How::from(one.wait_until(SECOND));
                (first, How::from(other.wait_until(SECOND)), sim::elapsed())
            }
        });
        pause(SECOND);
        one.done();
        let (first, second, at) = waiter.join().unwrap();
        assert_eq!((second, at), (TimedOut, 2 * SECOND));
        first
    };
    assert_eq!(play(script, test), Granted);
    sim::outcomes(test).exactly([Granted, TimedOut]).exhausted();
}

#[test]
fn parks_that_return_for_no_reason_end_nothing() {
    Builder::new().iterations(200).spurious_wakeups(50).check(|| {
        let (ctx, canceller) = Context::background().with_cancel();
        let group = Arc::new(WaitGroup::new());
        group.add(1);
        let in_group = sim::spawn("in group", {
            let (ctx, group) = (ctx.clone(), Arc::clone(&group));
            move || How::from(group.wait_until((&ctx, HOUR)))
        });
        let in_context = sim::spawn("in context", {
            let ctx = ctx.clone();
            move || (How::from(ctx.wait_until(SECOND)), How::from(ctx.wait_until(HOUR)))
        });
        sim::sleep(2 * SECOND);
        assert!(!in_group.is_finished() && !in_context.is_finished());
        canceller.cancel();
        assert_eq!(in_group.join().unwrap(), Cancelled);
        assert_eq!(in_context.join().unwrap(), (TimedOut, Granted));
        assert_eq!(sim::elapsed(), 2 * SECOND);
    });
}

// --- Contexts ---------------------------------------------------------------------------------

#[test]
fn a_cancel_wakes_all_who_wait_for_it_in_every_schedule() {
    always(2, || {
        let (ctx, canceller) = Context::background().with_cancel();
        let waiters = ["a", "b"].map(|name| {
            let ctx = ctx.clone();
            sim::spawn(name, move || ctx.wait().kind())
        });
        canceller.cancel();
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap(), CauseKind::Cancelled);
        }
    });
}

#[test]
fn a_cancel_wakes_who_waits_for_a_descendant_in_every_schedule() {
    always(2, || {
        let (parent, canceller) = Context::background().with_cancel();
        let waiter = sim::spawn("waiter", {
            let parent = parent.clone();
            move || {
                let child = parent.with_timeout(HOUR);
                child.wait().kind()
            }
        });
        canceller.cancel();
        assert_eq!(waiter.join().unwrap(), CauseKind::Cancelled);
        assert_eq!(sim::elapsed(), Duration::ZERO);
    });
}

#[test]
fn a_wait_for_a_context_and_its_bound_end_at_once_and_the_context_wins_or_had_not_ended() {
    sim::outcomes(|| {
        let (ctx, canceller) = Context::background().with_cancel();
        let waiter = sim::spawn("waiter", {
            let ctx = ctx.clone();
            move || {
                let ended = How::from(ctx.wait_until(SECOND));
                (ended, sim::elapsed() == SECOND)
            }
        });
        pause(SECOND);
        canceller.cancel();
        waiter.join().unwrap()
    })
    .exactly([(Granted, true), (TimedOut, true)])
    .exhausted();
}

#[test]
fn a_wait_for_one_context_ends_with_that_of_the_other() {
    Builder::new()
        .outcomes(|| {
            let (ctx, canceller) = Context::background().with_cancel();
            let (bound, bound_canceller) = Context::background().with_cancel();
            let waiter = sim::spawn("waiter", {
                let ctx = ctx.clone();
                move || How::from(ctx.wait_until(&bound))
            });
            let other = sim::spawn("other", move || bound_canceller.cancel());
            canceller.cancel();
            other.join().unwrap();
            waiter.join().unwrap()
        })
        .exactly([Granted, Cancelled])
        .exhausted();
}

#[test]
fn a_waiter_that_gives_up_while_the_context_ends_holds_up_nobody() {
    always(1, || {
        let (ctx, canceller) = Context::background().with_cancel();
        let [impatient, patient] = [Until::from(SECOND), Until::FOREVER].map(|until| {
            let ctx = ctx.clone();
            sim::spawn("waiter", move || How::from(ctx.wait_until(until)))
        });
        pause(SECOND);
        canceller.cancel();
        assert_ne!(impatient.join().unwrap(), Cancelled);
        assert_eq!(patient.join().unwrap(), Granted);
    });
}

#[test]
fn a_deadline_ends_a_wait_whoever_finds_it_first() {
    // The timer thread, since the context is polled; or one of those who wait.
    always(1, || {
        let ctx = Context::background().with_timeout(SECOND);
        let waiter = sim::spawn("waiter", {
            let ctx = ctx.clone();
            move || (ctx.wait().kind(), sim::elapsed())
        });
        assert!(!ctx.has_ended());
        assert!(sim::threads().iter().any(|thread| thread.name == "phalanx-timer"));
        let ended = (CauseKind::DeadlineExceeded, SECOND);
        assert_eq!((ctx.wait().kind(), sim::elapsed()), ended);
        assert_eq!(waiter.join().unwrap(), ended);
        assert!(ctx.has_ended());
    });
}

// --- Tasks ------------------------------------------------------------------------------------

/// Runs `test` with a task that ends when time has come.
fn with_task<T: Send>(after: Duration, test: impl FnOnce(Task<'_, u32>) -> T + Send) -> T {
    let mut result = None;
    ErrGroup::scope(|g| {
        result = Some(test(g.go(move |_| {
            pause(after);
            Ok(7)
        })));
        Ok::<_, Stopped>(())
    })
    .unwrap();
    result.expect("the body has run")
}

#[test]
fn a_task_that_ends_in_the_instant_of_the_bound_is_waited_for_or_not_and_its_result_is_there() {
    Builder::new()
        .outcomes(|| {
            with_task(SECOND, |task| {
                let waited = How::from(task.wait_until(SECOND));
                assert_eq!(sim::elapsed(), SECOND);
                assert!(waited == TimedOut || task.is_done());
                assert_eq!(task.join().unwrap(), 7);
                waited
            })
        })
        .exactly([Granted, TimedOut])
        .exhausted();
}

#[test]
fn a_wait_for_a_task_that_is_cancelled_leaves_the_result_with_one_preemption() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            with_task(Duration::ZERO, |task| {
                let (ctx, canceller) = Context::background().with_cancel();
                sim::scope(|s| {
                    s.spawn("canceller", || canceller.cancel());
                    let waited = How::from(task.wait_until(&ctx));
                    assert_eq!(task.join().unwrap(), 7);
                    waited
                })
            })
        })
        .exactly([Granted, Cancelled])
        .exhausted();
}

#[test]
fn several_who_wait_for_a_task_are_all_woken() {
    always(1, || {
        with_task(SECOND, |task| {
            sim::scope(|s| {
                for name in ["a", "b"] {
                    s.spawn(name, || assert!(task.wait_until(Until::FOREVER).is_ok()));
                }
            });
            assert!(task.is_done());
        });
    });
}

// --- Instants ---------------------------------------------------------------------------------

/// `wait` waits in `call` for so long, and returns when it was over.
fn ends_at_its_instant(
    call: &'static str,
    wait: impl Fn(Duration) -> Duration + Clone + Send + Sync + 'static,
) {
    Builder::new().iterations(50).check(move || {
        for bound in [NANO, SECOND, 25 * HOUR] {
            let (began, wait) = (sim::elapsed(), wait.clone());
            let thread = blocked(call, move || wait(bound));
            sim::sleep(bound.saturating_sub(NANO));
            sim::assert_blocked(&thread, call);
            assert_eq!(thread.join().unwrap(), began + bound);
        }
    });
}

#[test]
fn a_wait_for_a_context_ends_at_its_instant_and_not_a_nanosecond_before() {
    ends_at_its_instant("Context::wait", |bound| {
        let ctx = Context::background().with_timeout(bound);
        assert_eq!(ctx.wait().kind(), CauseKind::DeadlineExceeded);
        sim::elapsed()
    });
    ends_at_its_instant("Context::wait", |bound| {
        let ctx = Context::background().with_timeout(2 * bound);
        assert_eq!(How::from(ctx.wait_until(bound)), TimedOut);
        sim::elapsed()
    });
}

#[test]
fn a_sleep_ends_at_its_instant_and_not_a_nanosecond_before() {
    ends_at_its_instant("Context::sleep", |bound| {
        let ctx = Context::background().with_timeout(2 * bound);
        assert!(ctx.sleep(bound).is_ok());
        sim::elapsed()
    });
    ends_at_its_instant("Context::sleep", |bound| {
        let ctx = Context::background().with_timeout(bound);
        assert!(ctx.sleep(2 * bound).is_err());
        sim::elapsed()
    });
}

#[test]
fn a_wait_for_a_task_ends_at_its_instant_and_not_a_nanosecond_before() {
    ends_at_its_instant("Task::join", |bound| {
        with_task(2 * bound, |task| {
            assert_eq!(How::from(task.wait_until(bound)), TimedOut);
            sim::elapsed()
        })
    });
}

#[test]
fn on_a_slow_machine_a_wait_may_end_late_but_never_early() {
    let racing = Builder::new().iterations(200).time(TimeMode::Racing { percent: 20 });
    racing.spurious_wakeups(20).check(|| {
        let ctx = Context::background().with_timeout(3 * SECOND);
        sim::scope(|s| {
            for seconds in 1..=4 {
                let ctx = &ctx;
                s.spawn("waiter", move || {
                    let bound = seconds * SECOND;
                    let (began, waited) = (sim::elapsed(), ctx.wait_until(bound));
                    let until = if waited.is_ok() { 3 * SECOND } else { began + bound };
                    assert!(sim::elapsed() >= until, "{waited:?} at {:?}", sim::elapsed());
                });
            }
        });
    });
}

// --- Unwinding --------------------------------------------------------------------------------

#[test]
fn a_thread_that_unwinds_may_wait_with_a_bound_and_be_cancelled() {
    struct Waits {
        group: Arc<WaitGroup>,
        ctx: Context,
        how: Arc<Mutex<Option<How>>>,
    }
    impl Drop for Waits {
        fn drop(&mut self) {
            let waited = How::from(self.group.wait_until((&self.ctx, SECOND)));
            *self.how.lock() = Some(waited);
        }
    }
    Builder::new()
        .outcomes(|| {
            let group = Arc::new(WaitGroup::new());
            group.add(1);
            let (ctx, canceller) = Context::background().with_cancel();
            let ended = Arc::new(Mutex::new(None));
            let waits = Waits { group: Arc::clone(&group), ctx, how: Arc::clone(&ended) };
            let unwinds = sim::spawn("unwinds", move || {
                let _waits = waits;
                panic!("on purpose");
            });
            pause(SECOND);
            let cancels = sim::spawn("cancels", move || canceller.cancel());
            group.done();
            cancels.join().unwrap();
            assert!(unwinds.join().is_err());
            let ended = ended.lock().take();
            ended.unwrap()
        })
        .exactly([Granted, Cancelled, TimedOut])
        .exhausted();
}

#[test]
fn a_wait_that_ends_its_context_has_not_the_panic_of_a_callback() {
    // The callback may be sooner than the wait.
    let outcomes = Builder::new().exhaustive(1).outcomes(|| {
        let group = Arc::new(WaitGroup::new());
        group.add(1);
        let ctx = Context::background().with_timeout(SECOND);
        let guard = ctx.on_cancel({
            let group = Arc::clone(&group);
            move || {
                group.done();
                panic::resume_unwind(Box::new("on purpose"));
            }
        });
        let waited = How::from(group.wait_until(&ctx));
        assert!(ctx.has_ended());
        drop(guard);
        assert!(group.wait_until(HOUR).is_ok());
        waited
    });
    // Either the callback or the wait is first: the wait looks once more when its context has ended.
    outcomes.exactly([Cancelled, Granted]).exhausted();
}
