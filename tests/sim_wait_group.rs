//! The races of `WaitGroup`, in the simulator: written by hand, all of them, and at random.

#![cfg(feature = "sim")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![expect(clippy::disallowed_types, reason = "what a test counts with std's atomics is no step")]

mod support;

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use phalanx::sim::lin::{History, Model};
use phalanx::sim::{self, Builder, Script, TimeMode};
use phalanx::{Context, Interrupted, Token, Until, WaitGroup};
use support::schedules::{always, often, pause, play};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const NANO: Duration = Duration::from_nanos(1);

fn group_of(tasks: usize) -> Arc<WaitGroup> {
    let group = Arc::new(WaitGroup::new());
    group.add(tasks);
    group
}

/// Waits, and runs no task here.
fn wait(group: &WaitGroup) {
    group.wait_until(Until::FOREVER).unwrap();
}

/// Calls `f`, which may panic, and returns the text.
fn panic_of(f: impl FnOnce()) -> Option<String> {
    let payload = panic::catch_unwind(AssertUnwindSafe(f)).err()?;
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned())
}

// --- No wake-up is lost -----------------------------------------------------------------------

/// A task and a wait for it, each on a thread; the script begins when both are there.
fn one_of_each() {
    let group = group_of(1);
    sim::scope(|s| {
        s.spawn("waiter", || wait(&group));
        s.spawn("worker", || group.done());
    });
    assert_eq!(group.running(), 0);
}

fn both_are_there() -> Script {
    Script::new().run("root").to_block()
}

#[test]
fn the_last_look_in_the_queue_sees_a_zero_that_came_after_the_first() {
    let script = both_are_there().run("waiter").until("lock");
    play(script.run("worker").to_end().run("waiter").to_end(), one_of_each);
}

#[test]
fn a_zero_between_the_last_look_and_the_mark_is_seen_by_the_mark() {
    let script = both_are_there().run("waiter").until("update");
    play(script.run("worker").to_end().run("waiter").to_end(), one_of_each);
}

#[test]
fn a_zero_between_the_mark_and_the_sleep_leaves_a_wake_up_behind() {
    let script = both_are_there().run("waiter").until("park");
    play(script.run("worker").to_end().run("waiter").to_end(), one_of_each);
}

#[test]
fn a_mark_between_the_look_and_the_step_of_the_last_task_is_seen_by_the_step() {
    let script = both_are_there().run("worker").until("update");
    play(script.run("waiter").to_block().run("worker").to_end(), one_of_each);
}

#[test]
fn a_waiter_that_enters_while_the_last_task_wants_the_lock_is_granted_too() {
    let script = Script::new()
        .run("root")
        .to_block()
        .run("first")
        .to_block() // in the queue
        .run("second")
        .until("update") // holds the lock
        .run("worker")
        .to_block() // wants the lock
        .run("second")
        .to_block()
        .run("worker")
        .to_end();
    play(script, || {
        let group = group_of(1);
        sim::scope(|s| {
            s.spawn("first", || wait(&group));
            s.spawn("second", || wait(&group));
            s.spawn("worker", || group.done());
        });
    });
}

#[test]
fn a_task_that_comes_before_the_last_one_has_the_lock_keeps_the_waiter() {
    let script = Script::new()
        .run("waiter")
        .to_block()
        .run("worker")
        .until("lock") // found the mark and one task
        .run("root")
        .to_block()
        .run("worker")
        .to_end();
    play(script, || {
        let group = group_of(1);
        let waiter = sim::spawn("waiter", {
            let group = Arc::clone(&group);
            move || wait(&group)
        });
        let worker = sim::spawn("worker", {
            let group = Arc::clone(&group);
            move || group.done()
        });
        group.add(1);
        worker.join().unwrap();
        sim::wait_idle();
        assert_eq!(group.running(), 1);
        sim::assert_blocked(&waiter, "WaitGroup::wait");
        group.done();
        waiter.join().unwrap();
    });
}

#[test]
fn no_schedule_of_one_task_and_one_wait_loses_the_wake_up() {
    always(3, one_of_each);
}

/// So many tasks and so many waits, each on a thread but for one task, which is the root's.
fn many_of_each(tasks: usize, waits: usize) {
    let group = group_of(tasks);
    let work = AtomicUsize::new(0);
    sim::scope(|s| {
        for n in 0..waits {
            s.spawn(format!("waiter {n}"), || {
                wait(&group);
                assert_eq!(work.load(SeqCst), tasks, "wait returned before the last task");
            });
        }
        for n in 1..tasks {
            s.spawn(format!("worker {n}"), || {
                work.fetch_add(1, SeqCst);
                group.done();
            });
        }
        work.fetch_add(1, SeqCst);
        group.done();
    });
}

#[test]
fn no_schedule_of_two_tasks_and_one_wait_loses_the_wake_up() {
    always(2, || many_of_each(2, 1));
}

#[test]
fn one_zero_releases_two_waiters_in_every_schedule() {
    always(2, || many_of_each(1, 2));
}

#[test]
fn one_zero_releases_three_waiters_in_every_schedule_with_one_preemption() {
    always(1, || many_of_each(1, 3));
}

#[test]
fn two_tasks_release_two_waiters_in_every_schedule_with_one_preemption() {
    always(1, || many_of_each(2, 2));
}

#[test]
fn many_tasks_release_many_waiters() {
    often(|| many_of_each(4, 4));
}

#[test]
fn a_wait_that_helps_no_task_takes_no_time_and_is_seen_to_block() {
    sim::check(|| {
        let group = group_of(2);
        let waits = [(); 3].map(|()| {
            let group = Arc::clone(&group);
            sim::spawn("waiter", move || group.wait())
        });
        sim::wait_idle();
        for wait in &waits {
            sim::assert_blocked(wait, "WaitGroup::wait");
        }
        group.done();
        sim::sleep(HOUR);
        for wait in &waits {
            sim::assert_blocked(wait, "WaitGroup::wait");
        }
        group.done();
        for wait in waits {
            wait.join().unwrap();
        }
        assert_eq!(sim::elapsed(), HOUR);
    });
}

// --- Use over and over ------------------------------------------------------------------------

/// A waiter is in the queue when a zero passes: nobody counts the new task out before it returns.
fn a_zero_passes() {
    let group = group_of(1);
    let waiter = sim::spawn("waiter", {
        let group = Arc::clone(&group);
        move || wait(&group)
    });
    sim::wait_idle();
    sim::assert_blocked(&waiter, "WaitGroup::wait");
    group.done();
    group.add(1);
    waiter.join().unwrap();
    assert_eq!(group.running(), 1);
}

#[test]
fn a_waiter_in_the_queue_sees_a_zero_that_passes_in_every_schedule() {
    always(3, a_zero_passes);
}

#[test]
fn waiters_that_leave_do_not_mind_who_adds_and_waits_again() {
    always(2, || {
        let group = group_of(1);
        let waiter = sim::spawn("waiter", {
            let group = Arc::clone(&group);
            move || {
                wait(&group);
                group.add(1);
                let waited = group.wait_until(Duration::ZERO); // for itself, and perhaps the other
                group.done();
                waited.is_err()
            }
        });
        sim::wait_idle();
        group.done();
        group.add(1);
        group.done();
        wait(&group);
        assert!(waiter.join().unwrap());
        assert_eq!(group.running(), 0);
    });
}

#[test]
fn a_zero_that_passes_before_the_waiter_comes_is_missed_and_after_is_not() {
    Builder::new()
        .outcomes(|| {
            let group = group_of(1);
            let waiter = sim::spawn("waiter", {
                let group = Arc::clone(&group);
                move || group.wait_until(SECOND).is_ok()
            });
            group.done();
            group.add(1);
            (waiter.join().unwrap(), group.running())
        })
        .exactly([(true, 1), (false, 1)])
        .exhausted();
}

#[test]
fn a_group_is_used_round_after_round() {
    often(|| {
        let group = Arc::new(WaitGroup::new());
        let (begun, ended) = (AtomicUsize::new(0), AtomicUsize::new(0));
        sim::scope(|s| {
            for round in 1..=3 {
                let tasks = 1 + sim::choose(3);
                group.add(tasks);
                begun.fetch_add(tasks, SeqCst);
                for n in 0..tasks {
                    s.spawn(format!("worker {round}.{n}"), || {
                        ended.fetch_add(1, SeqCst);
                        group.done();
                    });
                }
                s.spawn(format!("waiter {round}"), || {
                    let before = ended.load(SeqCst);
                    wait(&group);
                    assert!(ended.load(SeqCst) >= before, "the work is seen");
                });
                wait(&group);
                assert_eq!(ended.load(SeqCst), begun.load(SeqCst));
            }
        });
        assert_eq!(group.running(), 0);
    });
}

// --- Misuse, with waiters ---------------------------------------------------------------------

const NO_TASK: &str = "WaitGroup::done: no task is running";

#[test]
fn one_done_too_many_panics_where_it_was_called_and_changes_nothing() {
    Builder::new()
        .outcomes(|| {
            let group = group_of(1);
            let worker = sim::spawn("worker", {
                let group = Arc::clone(&group);
                move || panic_of(|| group.done())
            });
            let waiter = sim::spawn("waiter", {
                let group = Arc::clone(&group);
                move || wait(&group)
            });
            let here = panic_of(|| group.done());
            waiter.join().unwrap();
            assert_eq!(group.running(), 0);
            (here, worker.join().unwrap())
        })
        .exactly([(None, Some(NO_TASK.to_owned())), (Some(NO_TASK.to_owned()), None)])
        .exhausted();
}

#[test]
fn a_done_without_a_task_leaves_a_group_that_still_works() {
    always(2, || {
        let group = group_of(0);
        let misuse = sim::spawn("misuse", {
            let group = Arc::clone(&group);
            move || panic_of(|| group.done())
        });
        wait(&group);
        assert_eq!(misuse.join().unwrap().as_deref(), Some(NO_TASK));
        group.add(1);
        assert!(group.wait_until(Duration::ZERO).is_err());
        group.done();
        wait(&group);
    });
}

#[test]
fn a_refused_add_that_takes_the_last_step_to_zero_wakes_the_waiter() {
    // The task ends between the `add` and its taking back.
    let script = Script::new()
        .run("waiter")
        .to_block()
        .run("root")
        .until("load")
        .run("worker")
        .to_end()
        .run("root")
        .to_end();
    assert_eq!(play(script, add_too_many), (true, true));
}

#[test]
fn a_refused_add_never_costs_a_wake_up() {
    // Where it is not refused, the task had ended before, and the waiter may find the new ones.
    let refused_and_waited = [(true, true), (false, true), (false, false)];
    Builder::new().outcomes(add_too_many).exactly(refused_and_waited).exhausted();
}

/// Adds as many as a group can count while there is one already, which ends.
fn add_too_many() -> (bool, bool) {
    let group = group_of(1);
    let waiter = sim::spawn("waiter", {
        let group = Arc::clone(&group);
        move || group.wait_until(SECOND).is_ok()
    });
    let worker = sim::spawn("worker", {
        let group = Arc::clone(&group);
        move || group.done()
    });
    let refused = panic_of(|| group.add(WaitGroup::MAX));
    worker.join().unwrap();
    let in_time = waiter.join().unwrap();
    assert_eq!(group.running(), if refused.is_some() { 0 } else { WaitGroup::MAX });
    (refused.is_some(), in_time)
}

// --- Tokens, panics, unwinding ----------------------------------------------------------------

#[test]
fn a_token_dropped_by_a_panic_releases_the_waiter_in_every_schedule() {
    always(2, || {
        let group = Arc::new(WaitGroup::new());
        let token = Token::new(Arc::clone(&group));
        let task = sim::spawn("task", move || {
            let _token = token;
            panic!("on purpose");
        });
        wait(&group);
        assert_eq!(group.running(), 0);
        assert!(task.join().is_err());
    });
}

#[test]
fn a_clone_of_a_token_keeps_the_waiter_until_it_is_dropped_too() {
    always(2, || {
        let group = WaitGroup::new();
        let (token, dropped) = (group.token(), AtomicUsize::new(0));
        sim::scope(|s| {
            let clone = token.clone();
            s.spawn("clone", || {
                dropped.fetch_add(1, SeqCst);
                drop(clone);
            });
            s.spawn("token", || {
                dropped.fetch_add(1, SeqCst);
                drop(token);
            });
            wait(&group);
            assert_eq!(dropped.load(SeqCst), 2);
        });
    });
}

#[test]
fn a_thread_that_unwinds_may_wait() {
    struct Waits<'a>(&'a WaitGroup);
    impl Drop for Waits<'_> {
        fn drop(&mut self) {
            wait(self.0);
        }
    }
    always(2, || {
        let group = group_of(1);
        let unwinds = sim::spawn("unwinds", {
            let group = Arc::clone(&group);
            move || {
                let _waits = Waits(&group);
                panic!("on purpose");
            }
        });
        group.done();
        assert!(unwinds.join().is_err());
    });
}

#[test]
fn of_two_waiters_one_gets_the_panic_of_a_task_with_one_preemption() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let group = Arc::new(WaitGroup::new());
            group.go(|| panic!("on purpose"));
            let other = sim::spawn("other", {
                let group = Arc::clone(&group);
                move || panic_of(|| wait(&group)).is_some()
            });
            let here = panic_of(|| group.wait()).is_some();
            (here, other.join().unwrap())
        })
        .exactly([(true, false), (false, true)])
        .exhausted();
}

// --- Bounds -----------------------------------------------------------------------------------

#[test]
fn a_wait_gives_up_at_its_instant_and_not_a_nanosecond_before() {
    sim::check(|| {
        for bound in [NANO, SECOND, 1000 * HOUR] {
            let group = group_of(1);
            let began = sim::elapsed();
            let waiter = sim::spawn("waiter", {
                let group = Arc::clone(&group);
                move || (group.wait_until(bound), sim::elapsed())
            });
            sim::sleep(bound.saturating_sub(NANO));
            sim::assert_blocked(&waiter, "WaitGroup::wait");
            sim::sleep(NANO);
            assert!(waiter.is_finished());
            let (how, at) = waiter.join().unwrap();
            assert!(matches!(how, Err(Interrupted::TimedOut)));
            assert_eq!(at, began + bound);
            assert_eq!(group.running(), 1, "no task was stopped");
        }
    });
}

#[test]
fn the_earliest_of_all_bounds_ends_a_wait() {
    sim::check(|| {
        let group = group_of(1);
        let late = Context::background().with_timeout(3 * SECOND);
        let early = Context::background().with_timeout(SECOND);
        let gave_up = |until: Until<'_>| {
            let began = sim::now();
            let why = group.wait_until(until).unwrap_err();
            assert!(why.is_timeout());
            (sim::now().duration_since(began), matches!(why, Interrupted::Cancelled(_)))
        };
        assert_eq!(gave_up((&early, 2 * SECOND).into()), (SECOND, true));
        assert_eq!(gave_up((&late, SECOND).into()), (SECOND, false));
        assert_eq!(gave_up((sim::now() + SECOND / 2).into()), (SECOND / 2, false));
        assert_eq!(
            gave_up((sim::now().checked_sub(SECOND).unwrap()).into()),
            (Duration::ZERO, false)
        );
        assert_eq!(gave_up((&late, SECOND).into()), (SECOND / 2, true));
    });
}

/// What a bounded wait says to a zero in the instant of its bound; a patient one waits beside it.
fn zero_at_the_bound() -> bool {
    let group = group_of(1);
    let [bounded, patient] = [Until::from(SECOND), Until::FOREVER].map(|until| {
        let group = Arc::clone(&group);
        sim::spawn("waiter", move || group.wait_until(until).is_ok())
    });
    pause(SECOND);
    group.done();
    assert!(patient.join().unwrap(), "the other one gave up, not this");
    let in_time = bounded.join().unwrap();
    assert!(group.wait_until(Duration::ZERO).is_ok());
    in_time
}

#[test]
fn a_zero_in_the_instant_of_the_bound_is_seen_or_not_and_lost_for_nobody_with_one_preemption() {
    Builder::new().exhaustive(1).outcomes(zero_at_the_bound).exactly([true, false]).exhausted();
}

#[test]
fn a_zero_before_the_instant_of_the_bound_may_be_late_on_a_slow_machine() {
    let late = || {
        let group = group_of(1);
        let worker = sim::spawn("worker", {
            let group = Arc::clone(&group);
            move || group.done()
        });
        let in_time = group.wait_until(SECOND).is_ok();
        worker.join().unwrap();
        assert_eq!(group.running(), 0);
        in_time
    };
    sim::outcomes(late).exactly([true]).exhausted();
    let racing = Builder::new().time(TimeMode::Racing { percent: 20 });
    racing.outcomes(late).exactly([true, false]).exhausted();
}

#[test]
fn a_zero_that_came_before_a_cancel_is_returned_though_its_grant_comes_later() {
    let script = Script::new().run("root").to_block().run("waiter").to_block();
    // Between the step to zero and the one that grants.
    let script = script.run("done").until_nth("update", 2).run("canceller").to_end();
    let script = script.run("waiter").to_block().run("done").to_end().run("waiter").to_end();
    play(script, || {
        let (group, (ctx, canceller)) = (group_of(1), Context::background().with_cancel());
        sim::scope(|s| {
            s.spawn("waiter", || assert!(group.wait_until(&ctx).is_ok()));
            s.spawn("done", || group.done());
            s.spawn("canceller", || canceller.cancel());
        });
    });
}

#[test]
fn a_grant_beats_a_bound_that_passes_before_the_thread_wakes() {
    // The worker has granted, and not woken anybody, when time is up.
    let script = Script::new().run("root").until("unpark").run("waiter").to_end();
    let in_time = play(script, || {
        let group = group_of(1);
        let waiter = sim::spawn("waiter", {
            let group = Arc::clone(&group);
            move || group.wait_until(SECOND).is_ok()
        });
        pause(SECOND);
        group.done();
        waiter.join().unwrap()
    });
    assert!(in_time);
}

#[test]
fn a_waiter_that_has_given_up_is_not_granted() {
    // Time is up, and the waiter has decided so, before the worker looks into the queue.
    let script = Script::new()
        .run("waiter")
        .to_block() // asleep
        .run("waiter")
        .until("lock") // has given up, and wants to leave
        .run("root")
        .to_end();
    let in_time = play(script, || {
        let group = group_of(1);
        let waiter = sim::spawn("waiter", {
            let group = Arc::clone(&group);
            move || group.wait_until(SECOND).is_ok()
        });
        pause(SECOND);
        group.done();
        group.add(1); // the last look finds no zero
        let in_time = waiter.join().unwrap();
        group.done();
        in_time
    });
    assert!(!in_time);
}

/// How a wait ends: done, cancelled, or out of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum How {
    Zero,
    Cancelled,
    TimedOut,
}

impl<T> From<Result<T, Interrupted>> for How {
    fn from(waited: Result<T, Interrupted>) -> Self {
        match waited {
            Ok(_) => How::Zero,
            Err(Interrupted::Cancelled(_)) => How::Cancelled,
            Err(_) => How::TimedOut,
        }
    }
}

#[test]
fn a_cancel_and_the_last_done_at_once_are_one_or_the_other() {
    sim::outcomes(|| {
        let group = group_of(1);
        let (ctx, canceller) = Context::background().with_cancel();
        let waiter = sim::spawn("waiter", {
            let group = Arc::clone(&group);
            move || How::from(group.wait_until(&ctx))
        });
        let worker = sim::spawn("worker", {
            let group = Arc::clone(&group);
            move || group.done()
        });
        canceller.cancel();
        worker.join().unwrap();
        assert!(group.wait_until(Duration::ZERO).is_ok());
        waiter.join().unwrap()
    })
    .exactly([How::Zero, How::Cancelled])
    .exhausted();
}

#[test]
fn a_cancel_the_last_done_and_the_bound_at_once_are_one_of_the_three_with_one_preemption() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let group = group_of(1);
            let (ctx, canceller) = Context::background().with_cancel();
            let waiter = sim::spawn("waiter", {
                let group = Arc::clone(&group);
                move || How::from(group.wait_until((&ctx, SECOND)))
            });
            let worker = sim::spawn("worker", {
                let group = Arc::clone(&group);
                move || {
                    pause(SECOND);
                    group.done();
                }
            });
            pause(SECOND);
            canceller.cancel();
            worker.join().unwrap();
            waiter.join().unwrap()
        })
        .exactly([How::Zero, How::Cancelled, How::TimedOut])
        .exhausted();
}

#[test]
fn the_deadline_of_a_context_and_the_last_done_at_once_are_one_or_the_other() {
    Builder::new()
        .outcomes(|| {
            let group = group_of(1);
            let ctx = Context::background().with_timeout(SECOND);
            let waiter = sim::spawn("waiter", {
                let group = Arc::clone(&group);
                move || How::from(group.wait_until(&ctx))
            });
            pause(SECOND);
            group.done();
            assert_eq!(sim::elapsed(), SECOND);
            waiter.join().unwrap()
        })
        .exactly([How::Zero, How::Cancelled])
        .exhausted();
}

#[test]
fn waits_that_give_up_leave_the_zero_to_those_that_wait_on() {
    often(|| {
        let group = group_of(2);
        let (ctx, canceller) = Context::background().with_cancel_timeout(2 * SECOND);
        sim::scope(|s| {
            for bound in [Until::FOREVER, SECOND.into(), (&ctx).into(), (&ctx, SECOND).into()] {
                s.spawn("waiter", {
                    let group = &group;
                    move || drop(group.wait_until(bound))
                });
            }
            s.spawn("canceller", || canceller.cancel());
            s.spawn("late", || {
                pause(SECOND);
                group.done();
            });
            s.spawn("soon", || group.done());
        });
        assert_eq!(group.running(), 0);
        assert!(group.wait_until(Duration::ZERO).is_ok());
    });
}

// --- Between any two steps --------------------------------------------------------------------

#[test]
fn running_is_never_more_than_was_added_nor_less_than_is_left() {
    #[derive(Default)]
    struct Calls {
        adds_begun: AtomicUsize,
        adds_over: AtomicUsize,
        dones_begun: AtomicUsize,
        dones_over: AtomicUsize,
    }
    let test = || {
        let group = Arc::new(WaitGroup::new());
        let calls = Arc::new(Calls::default());
        sim::invariant("running", {
            let (group, calls) = (Arc::clone(&group), Arc::clone(&calls));
            move || {
                let running = group.running();
                let [adds, added, dones, done] =
                    [&calls.adds_begun, &calls.adds_over, &calls.dones_begun, &calls.dones_over]
                        .map(|calls| calls.load(SeqCst));
                assert!(running <= adds - done, "{running} are running, {adds} - {done} at most");
                assert!(running + dones >= added, "{running} are running, {added} - {dones}");
            }
        });
        sim::scope(|s| {
            let task = || {
                calls.adds_begun.fetch_add(1, SeqCst);
                group.add(1);
                calls.adds_over.fetch_add(1, SeqCst);
                calls.dones_begun.fetch_add(1, SeqCst);
                group.done();
                calls.dones_over.fetch_add(1, SeqCst);
            };
            s.spawn("a", task);
            s.spawn("b", task);
            wait(&group);
        });
    };
    always(1, test);
    often(test);
}

// --- One after the other ----------------------------------------------------------------------

/// A group as its documentation has it: a number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Count(usize);

#[derive(Clone, Copy, Debug)]
enum Op {
    Add(usize),
    Done,
    Running,
    Wait,
    /// A wait with a bound that has passed.
    Look,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ret {
    Ok,
    Refused,
    Number(usize),
}

impl Model for Count {
    type Op = Op;
    type Ret = Ret;

    fn step(&self, op: &Op, ret: Option<&Ret>) -> impl IntoIterator<Item = Self> {
        let &Count(n) = self;
        let (after, told) = match op {
            Op::Add(more) => (n + more, Ret::Ok),
            Op::Done if n == 0 => (0, Ret::Refused),
            Op::Done => (n - 1, Ret::Ok),
            Op::Running => (n, Ret::Number(n)),
            Op::Wait if n > 0 => return None,
            Op::Look if n > 0 => (n, Ret::Refused),
            Op::Wait | Op::Look => (n, Ret::Ok),
        };
        ret.is_none_or(|ret| *ret == told).then_some(Count(after))
    }
}

fn call(group: &WaitGroup, op: Op) -> Ret {
    let ok_if = |ok| if ok { Ret::Ok } else { Ret::Refused };
    match op {
        Op::Add(n) => group.add(n),
        Op::Done => return ok_if(panic_of(|| group.done()).is_none()),
        Op::Running => return Ret::Number(group.running()),
        Op::Wait => wait(group),
        Op::Look => return ok_if(group.wait_until(Duration::ZERO).is_ok()),
    }
    Ret::Ok
}

/// Each list of calls is made by a thread; in the end the root counts out what is left.
fn is_linearizable(tasks: usize, programs: &[&[Op]]) {
    let (group, history) = (group_of(tasks), History::new());
    sim::scope(|s| {
        for (n, program) in programs.iter().enumerate() {
            s.spawn(format!("thread {n}"), || {
                for op in *program {
                    history.call(*op, || call(&group, *op));
                }
            });
        }
        sim::wait_idle();
        while group.running() > 0 {
            history.call(Op::Done, || call(&group, Op::Done));
        }
    });
    history.assert_linearizable(Count(tasks));
}

#[test]
fn two_threads_of_two_calls_are_linearizable() {
    use Op::{Add, Done, Look, Running, Wait};
    let programs: [(usize, [&[Op]; 2]); 6] = [
        (1, [&[Done, Add(1)], &[Wait, Running]]),
        (1, [&[Done, Add(2)], &[Look, Look]]),
        (0, [&[Add(1), Done], &[Look, Running]]),
        (0, [&[Add(1), Done], &[Done, Wait]]),
        (1, [&[Wait, Add(1)], &[Done, Wait]]),
        (2, [&[Done, Wait], &[Done, Wait]]),
    ];
    for (tasks, [one, other]) in programs {
        always(2, move || is_linearizable(tasks, &[one, other]));
    }
}

#[test]
fn three_threads_of_one_call_are_linearizable() {
    use Op::{Add, Done, Look, Running, Wait};
    let programs: [(usize, [&[Op]; 3]); 5] = [
        (2, [&[Done], &[Done], &[Done]]),
        (1, [&[Done], &[Done], &[Look]]),
        (2, [&[Done], &[Done], &[Wait]]),
        (1, [&[Add(1)], &[Done], &[Wait]]),
        (1, [&[Done], &[Running], &[Look]]),
    ];
    for (tasks, [a, b, c]) in programs {
        always(1, move || is_linearizable(tasks, &[a, b, c]));
    }
}

#[test]
fn three_threads_of_four_calls_are_linearizable() {
    use Op::{Add, Done, Look, Running, Wait};
    often(|| {
        let a: &[Op] = &[Add(2), Done, Look, Done];
        let b: &[Op] = &[Wait, Add(1), Running, Done];
        let c: &[Op] = &[Done, Add(1), Wait, Look];
        is_linearizable(1, &[a, b, c]);
    });
}
