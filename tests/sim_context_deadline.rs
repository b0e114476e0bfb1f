//! Deadlines under all schedules: to the nanosecond, on the virtual clock, and in every race.

#![cfg(feature = "sim")]

mod support;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use phalanx::sim::{self, Builder, JoinHandle, Script, Strategy, ThreadState, TimeMode};
use phalanx::{Canceller, CauseKind, Context, Interrupted};
use support::{Count, Log, OnDrop};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const NANO: Duration = Duration::from_nanos(1);
const MICRO: Duration = Duration::from_micros(1);
const RACING: TimeMode = TimeMode::Racing { percent: 20 };

fn timeout(timeout: Duration) -> Context {
    Context::background().with_timeout(timeout)
}

fn cancel_timeout(timeout: Duration) -> (Context, Canceller) {
    Context::background().with_cancel_timeout(timeout)
}

/// Why a context has ended, in a word.
fn why(ctx: &Context) -> String {
    let Some(cause) = ctx.cause() else { return "live".to_owned() };
    match (cause.kind(), cause.error()) {
        (_, Some(error)) => error.to_string(),
        (CauseKind::Cancelled, None) => "plain".to_owned(),
        (CauseKind::DeadlineExceeded, None) => "deadline".to_owned(),
    }
}

/// Lets `duration` pass, and no more: others may run before this thread or after it at that instant.
fn nap(duration: Duration) {
    Context::background().sleep(duration).expect("nothing ends the background");
}

/// A nanosecond before `duration` is over.
fn just_before(duration: Duration) -> Duration {
    duration.saturating_sub(NANO)
}

/// By seeds: as usual, with late threads, and with wake-ups for no reason.
#[track_caller]
fn by_seeds(body: fn()) {
    let usual = || Builder::new().iterations(120);
    usual().check(body);
    usual().time(RACING).check(body);
    usual().spurious_wakeups(20).check(body);
}

/// By seeds, where little depends on the schedule.
#[track_caller]
fn check(body: impl Fn() + Send + Sync + 'static) {
    Builder::new().iterations(100).check(body);
}

/// By seeds, where the tests count nanoseconds: no thread is late.
#[track_caller]
fn to_the_nanosecond(body: fn()) {
    Builder::new().iterations(120).check(body);
    Builder::new().iterations(120).spurious_wakeups(20).check(body);
}

fn words<const N: usize>(words: [&str; N]) -> [String; N] {
    words.map(str::to_owned)
}

// --- To the nanosecond ------------------------------------------------------------------------

/// Checks that each of the threads is blocked in `call` until `after` has passed, and no longer.
#[track_caller]
fn blocked_for<T>(threads: &[JoinHandle<T>], call: &str, after: Duration) {
    sim::sleep(just_before(after));
    for thread in threads {
        sim::assert_blocked(thread, call);
    }
    sim::sleep(NANO);
    assert!(threads.iter().all(JoinHandle::is_finished), "{:?}", sim::threads());
}

#[test]
fn wait_returns_at_the_deadline_of_the_context_or_of_its_ancestor() {
    to_the_nanosecond(|| {
        let parent = timeout(5 * SECOND);
        let (child, _child_canceller) = parent.with_cancel();
        let later = child.with_timeout(HOUR);
        let other = Context::background().with_cancel();
        let merged = Context::merge(&[&other.0, &later]);
        let waits = [parent, child, later, merged]
            .map(|ctx| sim::spawn("waits", move || ctx.wait().kind()));
        blocked_for(&waits, "Context::wait", 5 * SECOND);
        for wait in waits {
            assert_eq!(wait.join().unwrap(), CauseKind::DeadlineExceeded);
        }
    });
}

#[test]
fn wait_until_returns_at_the_deadline_of_the_context_if_its_bound_is_later() {
    to_the_nanosecond(|| {
        let ctx = timeout(SECOND);
        let bound = timeout(HOUR);
        let waits: [fn(&Context, &Context) -> bool; 3] = [
            |ctx, _| ctx.wait_until(HOUR).is_ok(),
            |ctx, bound| ctx.wait_until(bound).is_ok(),
            |ctx, _| ctx.wait_until(Duration::MAX).is_ok(),
        ];
        let waits = waits.map(|wait| {
            let (ctx, bound) = (ctx.clone(), bound.clone());
            sim::spawn("waits", move || wait(&ctx, &bound))
        });
        blocked_for(&waits, "Context::wait", SECOND);
        assert_eq!(waits.map(|wait| wait.join().unwrap()), [true; 3]);
    });
}

#[test]
fn wait_until_gives_up_at_each_kind_of_bound() {
    to_the_nanosecond(|| {
        let (ctx, _canceller) = Context::background().with_cancel();
        let bound = timeout(SECOND);
        let at = sim::now() + SECOND;
        let waits: [fn(&Context, &Context, std::time::Instant) -> Interrupted; 5] = [
            |ctx, _, _| ctx.wait_until(SECOND).unwrap_err(),
            |ctx, _, at| ctx.wait_until(at).unwrap_err(),
            |ctx, bound, _| ctx.wait_until(bound).unwrap_err(),
            |ctx, bound, _| ctx.wait_until((bound, HOUR)).unwrap_err(),
            |ctx, bound, at| ctx.wait_until((bound, at)).unwrap_err(),
        ];
        let waits = waits.map(|wait| {
            let (ctx, bound) = (ctx.clone(), bound.clone());
            sim::spawn("waits", move || wait(&ctx, &bound, at))
        });
        blocked_for(&waits, "Context::wait", SECOND);
        for wait in waits {
            assert!(wait.join().unwrap().is_timeout());
        }
        assert!(!ctx.has_ended());
    });
}

#[test]
fn sleep_lasts_to_the_nanosecond_and_a_deadline_cuts_it_short_to_the_nanosecond() {
    to_the_nanosecond(|| {
        let long = timeout(HOUR);
        let short = timeout(SECOND);
        let sleeps = [(Context::background(), SECOND), (long, SECOND), (short, HOUR)]
            .map(|(ctx, duration)| sim::spawn("sleeps", move || ctx.sleep(duration).is_ok()));
        blocked_for(&sleeps, "Context::sleep", SECOND);
        assert_eq!(sleeps.map(|sleep| sleep.join().unwrap()), [true, true, false]);
    });
}

#[test]
fn polling_with_yields_sees_the_deadline_when_it_comes_and_not_before() {
    to_the_nanosecond(|| {
        let parent = timeout(5 * SECOND);
        let (child, _child_canceller) = parent.with_cancel();
        while !child.has_ended() {
            assert!(sim::elapsed() < 5 * SECOND + MICRO, "it should have been seen");
            sim::yield_now();
        }
        assert!(sim::elapsed() >= 5 * SECOND);
        assert_eq!([&parent, &child].map(why), words(["deadline"; 2]));
    });
}

#[test]
fn a_callback_and_the_channel_of_done_have_their_moment_at_the_deadline() {
    to_the_nanosecond(|| {
        let parent = timeout(5 * SECOND);
        let (child, _child_canceller) = parent.with_cancel();
        let ran_at = Arc::new(Mutex::new(Vec::new()));
        let _registrations = [&parent, &child].map(|ctx| {
            let (ran_at, ctx_of_it) = (Arc::clone(&ran_at), ctx.clone());
            ctx.on_cancel(move || {
                // Two callbacks run side by side: no step of the run under a lock that it does not see.
                let seen = (sim::elapsed(), why(&ctx_of_it));
                ran_at.lock().push(seen);
            })
        });
        assert!(child.done().try_recv().unwrap_err().is_empty());
        sim::sleep(just_before(5 * SECOND));
        assert!(ran_at.lock().is_empty());
        assert!(child.done().try_recv().unwrap_err().is_empty());
        assert!(!child.has_ended());
        sim::sleep(NANO);
        sim::wait_idle();
        let now = (5 * SECOND, "deadline".to_owned());
        assert_eq!(*ran_at.lock(), [now.clone(), now]);
        assert!(child.done().try_recv().unwrap_err().is_disconnected());
    });
}

#[test]
fn remaining_runs_down_to_zero_and_stays_there() {
    sim::run(|| {
        let parent = timeout(5 * SECOND);
        let child = parent.with_timeout(HOUR);
        assert_eq!(child.remaining(), Some(5 * SECOND));
        sim::sleep(2 * SECOND);
        assert_eq!(child.remaining(), Some(3 * SECOND));
        sim::sleep(just_before(3 * SECOND));
        assert_eq!(child.remaining(), Some(NANO));
        assert_eq!(why(&child), "live");
        sim::sleep(HOUR);
        assert_eq!(child.remaining(), Some(Duration::ZERO));
        assert_eq!(why(&child), "deadline");
    });
}

#[test]
fn twenty_five_hours_pass_in_no_time() {
    let report = Builder::new().iterations(50).check(|| {
        let ctx = timeout(25 * HOUR);
        let polled = ctx.clone();
        assert!(!polled.has_ended());
        let wait = sim::spawn("waits", move || ctx.wait().kind());
        for _ in 0..24 {
            sim::sleep(HOUR);
            sim::assert_blocked(&wait, "Context::wait");
            assert!(!polled.has_ended());
        }
        assert_eq!(wait.join().unwrap(), CauseKind::DeadlineExceeded);
        assert_eq!(sim::elapsed(), 25 * HOUR);
    });
    assert_eq!(report.virtual_time, 25 * HOUR);
}

#[test]
fn what_is_due_already_ends_at_once() {
    check(|| {
        sim::sleep(HOUR);
        let (parent, _parent_canceller) = Context::background().with_cancel();
        let now = sim::now();
        let born = [
            parent.with_timeout(Duration::ZERO),
            parent.with_deadline(now),
            parent.with_deadline(now.checked_sub(NANO).unwrap()),
            parent.with_deadline(now.checked_sub(2 * HOUR).unwrap()), // before the bubble
        ];
        for ctx in &born {
            let runs = Count::default();
            let counted = runs.clone();
            drop(ctx.on_cancel(move || counted.add()));
            assert_eq!(runs.get(), 1);
            assert!(ctx.has_ended() && ctx.sleep(HOUR).is_err());
            assert_eq!(ctx.wait().kind(), CauseKind::DeadlineExceeded);
            assert!(ctx.done().try_recv().unwrap_err().is_disconnected());
            assert_eq!(ctx.remaining(), Some(Duration::ZERO));
        }
        assert_eq!(why(&parent), "live");
        assert_eq!(sim::elapsed(), HOUR);
    });
}

#[test]
fn a_timeout_beyond_all_clocks_is_none() {
    check(|| {
        let (ctx, canceller) = cancel_timeout(Duration::MAX);
        assert_eq!(ctx.deadline(), None);
        let wait = sim::spawn("waits", move || why(&ctx) + &ctx.wait().to_string());
        sim::sleep(25 * HOUR);
        sim::assert_blocked(&wait, "Context::wait");
        canceller.cancel();
        assert_eq!(wait.join().unwrap(), "livecontext cancelled");
    });
}

#[test]
fn a_shielded_context_outlives_the_deadline_and_may_have_one_of_its_own() {
    check(|| {
        let ctx = timeout(SECOND);
        let cleanup = ctx.shielded().with_timeout(3 * SECOND);
        assert_eq!(ctx.wait().kind(), CauseKind::DeadlineExceeded);
        assert_eq!((why(&cleanup), sim::elapsed()), ("live".to_owned(), SECOND));
        cleanup.wait();
        assert_eq!((why(&cleanup), sim::elapsed()), ("deadline".to_owned(), 3 * SECOND));
    });
}

// --- A cancel and a deadline at one instant ---------------------------------------------------

/// How a context with a deadline is watched while it is cancelled from above.
#[derive(Clone, Copy, Debug)]
enum Watch {
    Timer,
    Waiter,
    Poll,
}

/// What becomes of a context and its child if an ancestor is cancelled at the instant of its deadline.
fn cancel_from_above(watch: Watch) -> [String; 2] {
    let (top, top_canceller) = Context::background().with_cancel();
    let timed = top.with_timeout(SECOND);
    let (child, _child_canceller) = timed.with_cancel();
    let early = sim::scope(|s| {
        s.spawn("top", || {
            nap(SECOND);
            top_canceller.cancel_because("top");
        });
        let looks = s.spawn("looks", || match watch {
            Watch::Timer => {
                drop(child.done());
                "live".to_owned()
            }
            Watch::Waiter => {
                child.wait();
                why(&child)
            }
            Watch::Poll => {
                nap(SECOND);
                why(&child)
            }
        });
        looks.join().expect("no panic")
    });
    sim::wait_idle(); // the timer thread may be at work
    let told = [why(&timed), why(&child)];
    assert!(early == "live" || early == told[1], "{early} {told:?}");
    assert_eq!(why(&top), "top");
    told
}

#[test]
fn with_one_preemption_a_cancel_from_above_at_the_instant_of_the_deadline_leaves_one_cause_for_the_whole_subtree()
 {
    for watch in [Watch::Timer, Watch::Waiter, Watch::Poll] {
        Builder::new()
            .exhaustive(1)
            .outcomes(move || cancel_from_above(watch))
            .exactly([words(["deadline"; 2])])
            .exhausted();
    }
}

#[test]
fn a_cancel_by_hand_loses_against_a_deadline_that_has_come_and_wins_a_nanosecond_before() {
    for (early, cause) in [(Duration::ZERO, "deadline"), (NANO, "by hand")] {
        Builder::new()
            .exhaustive(1)
            .outcomes(move || {
                let (ctx, canceller) = cancel_timeout(SECOND);
                let (child, _child_canceller) = ctx.with_cancel();
                child.on_cancel(|| ()).detach();
                nap(SECOND.saturating_sub(early));
                canceller.cancel_because("by hand");
                let early = why(&ctx);
                sim::wait_idle(); // the timer thread may be on its way from the one to the other
                assert_eq!([&ctx, &child].map(why), [early.clone(), early.clone()]);
                early
            })
            .exactly([cause.to_owned()])
            .exhausted();
    }
}

#[test]
fn a_cancel_by_hand_and_a_deadline_that_overtakes_it_leave_one_cause_for_ever() {
    let racing = Builder::new().exhaustive(2).time(RACING);
    racing
        .outcomes(|| {
            let (ctx, canceller) = cancel_timeout(SECOND);
            let (child, _child_canceller) = ctx.with_cancel();
            child.has_ended(); // the timer thread is asked
            canceller.cancel_because("by hand");
            let early = why(&ctx);
            sim::sleep(SECOND);
            sim::wait_idle();
            assert_eq!([why(&ctx), why(&child)], [early.clone(), early.clone()]);
            early
        })
        .exactly(words(["by hand", "deadline"]))
        .exhausted();
}

#[test]
fn with_one_preemption_and_by_seeds_everybody_who_looks_at_the_deadline_sees_the_same_cause_as_its_owner()
 {
    // The deadline is the top's; whoever sees it through a descendant ends the top.
    let body = || {
        let top = timeout(SECOND);
        let (middle, _middle_canceller) = top.with_cancel();
        let leaf = middle.with_timeout(HOUR);
        sim::scope(|s| {
            s.spawn("waits", || {
                leaf.wait();
                assert_eq!([&leaf, &top].map(why), words(["deadline"; 2]));
            });
            s.spawn("polls", || {
                nap(SECOND);
                assert!(middle.has_ended());
                assert_eq!([&middle, &top].map(why), words(["deadline"; 2]));
            });
        });
        assert_eq!([&top, &middle, &leaf].map(why), words(["deadline"; 3]));
    };
    assert!(Builder::new().exhaustive(1).check(body).exhausted);
    by_seeds(body);
}

#[test]
fn a_deadline_that_nobody_has_looked_at_beats_a_later_cancel_by_hand_of_a_descendant() {
    check(|| {
        let top = timeout(SECOND);
        let (child, canceller) = top.with_cancel();
        sim::sleep(2 * SECOND);
        canceller.cancel_because("too late");
        assert_eq!([&top, &child].map(why), words(["deadline"; 2]));
    });
}

#[test]
fn a_deadline_that_nobody_has_looked_at_beats_a_later_cancel_of_an_ancestor_to_the_nanosecond() {
    for (early, cause) in [(Duration::ZERO, "deadline"), (NANO, "top")] {
        to_the_nanosecond_of(early, cause);
    }
}

fn to_the_nanosecond_of(early: Duration, cause: &'static str) {
    let report = Builder::new().exhaustive(1).check(move || {
        let (top, canceller) = Context::background().with_cancel();
        let (middle, _middle_canceller) = top.with_cancel();
        let timed = middle.with_timeout(SECOND);
        let below = timed.with_timeout(HOUR);
        let (leaf, leaf_canceller) = middle.with_cancel_timeout(SECOND);
        let other = top.with_timeout(HOUR);
        let merged = Context::merge(&[&other, &timed]);
        nap(SECOND.saturating_sub(early));
        sim::scope(|s| {
            s.spawn("cancel", || canceller.cancel_because("top"));
            s.spawn("look", || {
                let seen = why(&middle);
                assert!(seen == "live" || why(&timed) == cause);
            });
        });
        leaf_canceller.cancel_because("too late");
        assert_eq!([&timed, &below, &merged, &leaf].map(why), words([cause; 4]));
        assert_eq!([&top, &middle, &other].map(why), words(["top"; 3]));
    });
    assert!(report.exhausted);
}

#[test]
fn the_deadline_of_one_parent_beats_the_later_cancel_of_another_in_a_merged_context() {
    Builder::new()
        .exhaustive(2)
        .outcomes(|| {
            let timed = timeout(SECOND);
            let (other, canceller) = Context::background().with_cancel();
            let merged = Context::merge(&[&timed, &other]);
            assert!(!merged.has_ended());
            nap(SECOND);
            canceller.cancel_because("other");
            sim::wait_idle();
            assert_eq!([&timed, &other].map(why), words(["deadline", "other"]));
            why(&merged)
        })
        .exactly(words(["deadline"]))
        .exhausted();
}

#[test]
fn a_context_that_ends_by_the_deadline_of_a_parent_finds_the_parent_ended() {
    by_seeds(|| {
        let timed = timeout(SECOND);
        timed.has_ended(); // from now on only the timer thread looks at the clock
        let (below, below_canceller) = timed.with_cancel();
        let (other, canceller) = Context::background().with_cancel();
        let _later = other.with_timeout(HOUR); // so `other` keeps the time of its end
        let merged = [
            Context::merge(&[&timed, &other]),
            Context::merge(&[&other, &below]),
            Context::merge(&[&other, &other, &below]),
        ];
        let channel = phalanx::channel::Receiver::clone(&below.done());
        nap(SECOND);
        canceller.cancel_because("other");
        for merged in merged {
            assert!(merged.has_ended() && timed.has_ended() && below.has_ended());
            assert_eq!(why(&merged), "deadline");
        }
        assert!(channel.try_recv().unwrap_err().is_disconnected());
        assert_eq!([&timed, &below].map(why), words(["deadline"; 2]));
        drop(below_canceller);
    });
}

#[test]
fn a_context_that_is_merged_after_the_deadline_of_a_parent_ends_that_parent() {
    by_seeds(|| {
        for order in 0..4 {
            let timed = timeout(SECOND);
            timed.has_ended(); // from now on only the timer thread looks at the clock
            let (below, _below_canceller) = timed.with_cancel();
            let (other, canceller) = Context::background().with_cancel();
            let _later = other.with_timeout(HOUR); // so `other` keeps the time of its end
            nap(SECOND);
            canceller.cancel_because("other");
            let parents = match order {
                0 => [&timed, &other],
                1 => [&other, &timed],
                2 => [&below, &other],
                _ => [&other, &below],
            };
            let merged = Context::merge(&parents);
            assert_eq!(why(&merged), "deadline");
            assert!(timed.has_ended() && below.has_ended());
            assert_eq!([&timed, &below].map(why), words(["deadline"; 2]));
        }
    });
}

#[test]
fn a_merged_context_has_the_cause_of_one_of_its_parents_though_a_deadline_passes() {
    let body = || {
        let timed = timeout(SECOND);
        let (below, below_canceller) = timed.with_cancel();
        let (other, canceller) = Context::background().with_cancel();
        let merged = Context::merge(&[&other, &below]);
        sim::scope(|s| {
            s.spawn("cancel below", || {
                nap(just_before(SECOND));
                below_canceller.cancel_because("below");
            });
            s.spawn("cancel the other", || {
                nap(SECOND);
                canceller.cancel_because("other");
            });
        });
        assert_eq!(why(&merged), why(&below));
    };
    Builder::new().iterations(1000).time(RACING).check(body);
}

#[test]
fn children_with_one_deadline_have_one_cause_though_it_passes_while_their_parent_is_cancelled() {
    let body = || {
        let (parent, canceller) = Context::background().with_cancel();
        let children = [(); 3].map(|()| parent.with_timeout(SECOND));
        // The parent knows the children, and nothing looks at the clock for them.
        let _below = children.each_ref().map(Context::with_cancel);
        sim::scope(|s| {
            s.spawn("cancel", || {
                nap(just_before(SECOND));
                canceller.cancel_because("parent");
            });
            s.spawn("look", || {
                nap(SECOND);
                parent.has_ended();
            });
        });
        let causes = children.each_ref().map(why);
        assert!(causes.iter().all(|cause| *cause == causes[0]), "{causes:?}");
    };
    Builder::new().iterations(1000).time(RACING).check(body);
}

#[test]
fn a_context_merged_of_two_deadlines_ends_at_the_earlier_one() {
    to_the_nanosecond(|| {
        let early = timeout(SECOND);
        let late = timeout(2 * SECOND);
        let merged = Context::merge(&[&late, &early]);
        let wait = sim::spawn("waits", move || merged.wait().kind());
        blocked_for(&[wait], "Context::wait", SECOND);
        assert_eq!([&early, &late].map(why), words(["deadline", "live"]));
    });
}

/// What a sleep, or a bounded wait, says at the instant of both ends, while a thread cancels.
fn at_one_instant(call: fn(&Context) -> bool) -> bool {
    let (ctx, canceller) = Context::background().with_cancel();
    sim::scope(|s| {
        let call = s.spawn("calls", || call(&ctx));
        nap(SECOND);
        canceller.cancel();
        call.join().expect("no panic")
    })
}

#[test]
fn a_cancel_at_the_instant_at_which_the_time_is_up_comes_first_or_last() {
    let calls: [fn(&Context) -> bool; 2] =
        [|ctx| ctx.sleep(SECOND).is_ok(), |ctx| ctx.wait_until(SECOND).is_ok()];
    for call in calls {
        sim::outcomes(move || at_one_instant(call)).exactly([false, true]).exhausted();
    }
}

#[test]
fn the_event_wins_over_the_bound_at_one_instant() {
    // The deadline of the context is what is waited for; the bounds end at the same instant.
    to_the_nanosecond(|| {
        let ctx = timeout(SECOND);
        let bound = timeout(SECOND);
        sim::scope(|s| {
            s.spawn("bare", || assert!(ctx.wait_until(SECOND).is_ok()));
            s.spawn("context", || assert!(ctx.wait_until(&bound).is_ok()));
            s.spawn("both", || assert!(ctx.wait_until((&bound, SECOND)).is_ok()));
            s.spawn("sleep", || assert!(ctx.sleep(SECOND).is_err()));
        });
        assert_eq!(sim::elapsed(), SECOND);
    });
}

// --- The timer thread -------------------------------------------------------------------------

/// Logs `name` when the deadline has come.
fn log_deadline(ctx: &Context, log: &Log, name: &'static str) {
    let log = log.clone();
    ctx.on_cancel(move || log.add(format!("{name} at {:?}", sim::elapsed()))).detach();
}

#[test]
fn an_earlier_deadline_wakes_the_timer_thread_and_a_later_one_does_not_delay_it() {
    to_the_nanosecond(|| {
        let log = Log::default();
        let far = timeout(HOUR);
        log_deadline(&far, &log, "far");
        sim::wait_idle(); // the timer thread sleeps, for an hour
        let near = timeout(SECOND);
        let middle = timeout(2 * SECOND);
        sim::scope(|s| {
            s.spawn("near", || log_deadline(&near, &log, "near"));
            s.spawn("middle", || log_deadline(&middle, &log, "middle"));
        });
        sim::sleep(2 * HOUR);
        sim::wait_idle();
        assert_eq!(log.events(), ["near at 1s", "middle at 2s", "far at 3600s"]);
    });
}

#[test]
fn a_deadline_set_while_the_timer_thread_falls_asleep_is_served_in_time() {
    let script = Script::new().run("phalanx-timer").until("park").run("near").to_end();
    Builder::new().strategy(Strategy::Script(script.run("phalanx-timer").to_block())).check(|| {
        let log = Log::default();
        let far = timeout(HOUR);
        let near = timeout(SECOND);
        log_deadline(&far, &log, "far");
        sim::scope(|s| {
            s.spawn("near", || log_deadline(&near, &log, "near"));
        });
        sim::sleep(HOUR);
        sim::wait_idle();
        assert_eq!(log.events(), ["near at 1s", "far at 3600s"]);
    });
}

#[test]
fn with_one_preemption_two_threads_that_set_the_first_deadlines_at_once_are_both_served() {
    let report = Builder::new().exhaustive(1).check(|| {
        let log = Log::default();
        let near = timeout(SECOND);
        let far = timeout(2 * SECOND);
        sim::scope(|s| {
            s.spawn("far", || log_deadline(&far, &log, "far"));
            s.spawn("near", || log_deadline(&near, &log, "near"));
        });
        let timers = sim::threads().into_iter().filter(|thread| thread.name == "phalanx-timer");
        assert_eq!(timers.count(), 1);
        sim::sleep(2 * SECOND);
        sim::wait_idle();
        assert_eq!(log.events(), ["near at 1s", "far at 2s"]);
    });
    assert!(report.exhausted);
}

#[test]
fn deadlines_of_one_instant_go_off_in_any_order() {
    let names = ["a", "b", "c"];
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    Builder::new()
        .exhaustive(0)
        .outcomes(move || {
            let log = Log::default();
            let contexts = names.map(|_| timeout(SECOND));
            for (name, ctx) in names.into_iter().zip(&contexts) {
                log_deadline(ctx, &log, name);
            }
            sim::sleep(SECOND);
            sim::wait_idle();
            log.events()
        })
        .exactly(orders.map(|order| order.map(|n| format!("{} at 1s", names[n])).to_vec()))
        .exhausted();
}

#[test]
fn a_deadline_dropped_or_cancelled_while_it_goes_off_runs_its_callback_once() {
    let ways: [fn(Context, Canceller); 3] = [
        |ctx, canceller| {
            canceller.disarm();
            drop(ctx); // perhaps while the timer thread holds it
        },
        |ctx, canceller| drop((ctx, canceller)),
        |ctx, canceller| {
            canceller.cancel_because("by hand");
            assert_eq!(why(&ctx), "deadline", "that was first");
        },
    ];
    for way in ways {
        Builder::new()
            .exhaustive(1)
            .outcomes(move || {
                let (runs, drops) = (Count::default(), Count::default());
                let (counted, captured) = (runs.clone(), drops.on_drop());
                let (ctx, canceller) = cancel_timeout(SECOND);
                ctx.on_cancel(move || {
                    let _captured = captured;
                    counted.add();
                })
                .detach();
                nap(SECOND);
                way(ctx, canceller);
                sim::wait_idle();
                assert_eq!(drops.get(), 1);
                runs.get()
            })
            .exactly([1])
            .exhausted();
    }
}

/// Until when the timer thread sleeps.
fn next_alarm() -> Option<Duration> {
    sim::wait_idle();
    let timer = sim::threads().into_iter().find(|thread| thread.name == "phalanx-timer");
    match timer.expect("there is one").state {
        ThreadState::Blocked { deadline, .. } => deadline,
        state => panic!("it should sleep: {state:?}"),
    }
}

/// Has the timer thread look again now.
fn rouse_timer() {
    let ctx = timeout(NANO);
    assert!(!ctx.has_ended());
    sim::sleep(NANO);
    assert!(ctx.has_ended());
}

#[test]
fn a_deadline_that_nobody_needs_any_more_is_forgotten() {
    check(|| {
        let kept = timeout(3 * HOUR);
        let (by_hand, canceller) = cancel_timeout(HOUR);
        let dropped = timeout(2 * HOUR);
        let of_parent = by_hand.with_timeout(HOUR / 2);
        for ctx in [&kept, &by_hand, &dropped, &of_parent] {
            assert!(!ctx.has_ended());
        }
        rouse_timer();
        assert_eq!(next_alarm(), Some(HOUR / 2));
        canceller.cancel();
        drop(dropped);
        rouse_timer();
        assert_eq!(next_alarm(), Some(3 * HOUR));
        drop(kept);
        rouse_timer();
        assert_eq!(next_alarm(), None);
    });
}

#[test]
fn a_done_channel_outlives_its_context_and_is_disconnected_at_the_deadline() {
    check(|| {
        let first = timeout(2 * SECOND).done();
        let done = first.clone();
        drop(first);
        let of_parent = timeout(3 * SECOND).with_timeout(HOUR).done();
        sim::sleep(SECOND);
        assert!(done.try_recv().unwrap_err().is_empty());
        sim::sleep(SECOND);
        sim::wait_idle();
        assert!(done.try_recv().unwrap_err().is_disconnected());
        assert!(of_parent.try_recv().unwrap_err().is_empty());
        sim::sleep(SECOND);
        sim::wait_idle();
        assert!(of_parent.try_recv().unwrap_err().is_disconnected());
    });
}

#[test]
fn a_detached_callback_outlives_its_context_and_runs_at_the_deadline() {
    check(|| {
        let log = Log::default();
        log_deadline(&timeout(SECOND), &log, "own");
        log_deadline(&timeout(2 * SECOND).with_timeout(HOUR), &log, "parent's");
        let (other, _canceller) = Context::background().with_cancel();
        log_deadline(&Context::merge(&[&other, &timeout(3 * SECOND)]), &log, "merged");
        sim::sleep(HOUR);
        let expected = ["own at 1s", "parent's at 2s", "merged at 3s"];
        assert_eq!(log.events(), expected);
        assert_eq!(next_alarm(), None);
    });
}

#[test]
fn what_a_detached_callback_captured_is_dropped_after_its_context_has_ended() {
    check(|| {
        let captured = Arc::new(());
        let (parent, canceller) = Context::background().with_cancel();
        for ctx in [parent.with_timeout(SECOND), parent.with_timeout(HOUR), parent.clone()] {
            let held = Arc::clone(&captured);
            ctx.on_cancel(move || drop(held)).detach();
        }
        drop(parent);
        assert_eq!(Arc::strong_count(&captured), 4);
        sim::sleep(2 * SECOND);
        assert_eq!(Arc::strong_count(&captured), 3);
        canceller.cancel();
        sim::sleep(NANO); // the callbacks end
        assert_eq!(Arc::strong_count(&captured), 1);
    });
}

#[test]
fn a_deadline_armed_while_its_context_is_cancelled_is_forgotten() {
    let report = Builder::new().exhaustive(2).check(|| {
        let (ctx, canceller) = cancel_timeout(HOUR);
        sim::scope(|s| {
            s.spawn("polls", || ctx.has_ended());
            canceller.cancel();
        });
        rouse_timer();
        assert_eq!(next_alarm(), None);
        assert_eq!(why(&ctx), "plain");
    });
    assert!(report.exhausted);
}

#[test]
fn with_one_preemption_two_first_polls_at_once_arm_the_deadline_once() {
    let report = Builder::new().exhaustive(1).check(|| {
        let (ctx, canceller) = cancel_timeout(HOUR);
        let (child, _child_canceller) = ctx.with_cancel();
        sim::scope(|s| {
            s.spawn("ctx", || assert!(!ctx.has_ended()));
            s.spawn("child", || assert!(!child.has_ended()));
        });
        assert_eq!(next_alarm(), Some(HOUR));
        canceller.cancel();
        rouse_timer();
        assert_eq!(next_alarm(), None, "there was no second one");
    });
    assert!(report.exhausted);
}

#[test]
fn a_callback_that_panics_at_a_deadline_is_in_nobody_s_way() {
    to_the_nanosecond(|| {
        let log = Log::default();
        let first = timeout(SECOND);
        let second = timeout(2 * SECOND);
        let (older, later) = (log.clone(), log.clone());
        first.on_cancel(move || older.add("older")).detach();
        first.on_cancel(|| std::panic::resume_unwind(Box::new("on purpose"))).detach();
        second.on_cancel(move || later.add("later")).detach();
        sim::sleep(3 * SECOND);
        sim::wait_idle();
        assert_eq!(log.events(), ["older", "later"]);
        let third = timeout(SECOND);
        assert!(!third.has_ended());
        sim::sleep(SECOND);
        assert!(third.has_ended());
    });
}

#[test]
fn a_callback_at_a_deadline_may_set_deadlines_and_let_contexts_go() {
    by_seeds(|| {
        let log = Log::default();
        let (first, first_canceller) = cancel_timeout(SECOND);
        let (doomed, doomed_canceller) = cancel_timeout(SECOND);
        let doomed_log = log.clone();
        let doomed_registration = doomed.on_cancel(move || doomed_log.add("doomed"));
        let chained = Arc::new(Mutex::new(None));
        let (place, ran) = (Arc::clone(&chained), log.clone());
        first
            .on_cancel(move || {
                let (next, canceller) = cancel_timeout(SECOND);
                next.on_cancel(move || ran.add("chained")).detach();
                let old = place.lock().replace((next, canceller));
                drop((old, doomed_canceller));
            })
            .detach();
        sim::sleep(2 * SECOND);
        drop((first_canceller, doomed_registration));
        sim::sleep(2 * SECOND);
        let mut events = log.events();
        events.sort();
        assert_eq!(events, ["chained", "doomed"]);
        let chained = chained.lock().take();
        assert_eq!(why(&chained.expect("the callback has run").0), "deadline");
    });
}

// --- Everything at once -----------------------------------------------------------------------

#[test]
fn a_tree_of_deadlines_under_fire_ends_in_time_with_causes_that_last() {
    by_seeds(|| {
        let (top, top_canceller) = cancel_timeout(3 * SECOND);
        let (left, left_canceller) = top.with_cancel_timeout(SECOND);
        let right = top.with_timeout(2 * SECOND);
        let both = Context::merge(&[&right, &left]);
        sim::scope(|s| {
            s.spawn("waits", || {
                let kind = both.wait().kind();
                assert_eq!(both.cause().unwrap().kind(), kind);
            });
            s.spawn("polls", || {
                while !right.has_ended() {
                    sim::yield_now();
                }
            });
            s.spawn("cancels", || {
                nap(SECOND);
                left_canceller.cancel_because("left");
                nap(SECOND);
                top_canceller.cancel_because("top");
            });
        });
        let told = [&top, &left, &right, &both].map(why);
        assert!(["top", "deadline"].contains(&&*told[0]), "{told:?}");
        assert_eq!(told[1], "deadline", "the cancel by hand came too late");
        assert!(["top", "deadline"].contains(&&*told[2]), "{told:?}");
        sim::sleep(HOUR);
        assert_eq!([&top, &left, &right, &both].map(why), told);
    });
}

#[test]
fn a_whole_subtree_has_one_cause_though_its_deadline_passes_while_a_part_of_it_is_cancelled() {
    let builder = Builder::new().iterations(1000).budget(HOUR);
    let builder = builder.strategy(Strategy::Pct { depth: 3 });
    builder.time(TimeMode::Racing { percent: 10 }).check(|| {
        let parent = timeout(SECOND);
        let (child, canceller) = parent.with_cancel();
        let (grandchild, _grandchild_canceller) = child.with_cancel();
        let waiters =
            [parent, grandchild.clone()].map(|ctx| sim::spawn("waiter", move || ctx.wait()));
        let cancelling = sim::spawn("canceller", move || canceller.cancel_because("child"));
        cancelling.join().unwrap();
        for waiter in waiters {
            drop(waiter.join().unwrap());
        }
        assert_eq!(why(&child), why(&grandchild));
    });
}

#[test]
fn several_threads_that_poll_for_a_deadline_all_see_it() {
    Builder::new().iterations(300).budget(HOUR).check(|| {
        let ctx = timeout(SECOND * 5);
        let pollers = ["a", "b"].map(|name| {
            let ctx = ctx.clone();
            sim::spawn(name, move || {
                while !ctx.has_ended() {
                    sim::yield_now();
                }
            })
        });
        for poller in pollers {
            poller.join().unwrap();
        }
        assert_eq!(sim::elapsed(), SECOND * 5);
    });
}

// --- The cause of a deadline --------------------------------------------------------------------

/// A context that ends after so long, because of an error with this text.
fn late(timeout: Duration, error: &'static str) -> Context {
    Context::background().with_timeout_cause(timeout, error)
}

fn is_late(ctx: &Context, error: &str) {
    let cause = ctx.cause().expect("it has ended");
    assert_eq!(cause.kind(), CauseKind::DeadlineExceeded);
    assert_eq!(why(ctx), error);
}

#[test]
fn a_deadline_ends_a_context_and_its_descendants_with_the_error_it_was_given() {
    let looks: [fn(&Context); 5] = [
        |ctx| assert_eq!(ctx.wait().to_string(), "context deadline exceeded: slow"),
        |ctx| assert!(ctx.sleep(HOUR).is_err()),
        |ctx| {
            assert!(!ctx.has_ended()); // and the timer thread ends it
            nap(SECOND);
            sim::wait_idle();
            assert!(ctx.has_ended());
        },
        |ctx| {
            nap(SECOND);
            assert!(ctx.has_ended());
        },
        |ctx| {
            let (other, _canceller) = Context::background().with_cancel();
            let merged = Context::merge(&[&other, ctx]);
            nap(SECOND);
            assert!(merged.check().is_err());
            is_late(&merged, "slow");
        },
    ];
    for look in looks {
        check(move || {
            let ctx = late(SECOND, "slow");
            let (middle, _canceller) = ctx.with_cancel();
            let leaf = middle.with_timeout_cause(HOUR, "never");
            look(&leaf);
            for ctx in [&ctx, &middle, &leaf] {
                assert!(ctx.has_ended());
                is_late(ctx, "slow");
            }
        });
    }
}

#[test]
fn the_error_of_the_earliest_deadline_is_the_one_that_is_reported() {
    check(|| {
        let early = late(HOUR, "parent").with_timeout_cause(SECOND, "child");
        early.wait();
        is_late(&early, "child");
        let overdue = late(SECOND, "parent");
        nap(SECOND);
        is_late(&overdue.with_deadline_cause(sim::now(), "child"), "parent");
        is_late(&late(Duration::ZERO, "at once"), "at once");
        is_late(&Context::background().with_deadline_cause(sim::now(), "now"), "now");
        let plain = late(HOUR, "parent").with_timeout(SECOND);
        assert_eq!(plain.wait().to_string(), "context deadline exceeded");
        is_late(&late(Duration::ZERO, "parent").with_timeout(HOUR), "parent");
    });
}

/// An error whose drop is counted, and may panic.
struct Counted {
    _drop: OnDrop,
    panics: bool,
}

impl fmt::Debug for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Counted")
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("counted")
    }
}

impl std::error::Error for Counted {}

impl Drop for Counted {
    fn drop(&mut self) {
        if self.panics {
            std::panic::resume_unwind(Box::new("on purpose"));
        }
    }
}

#[test]
fn a_cancellation_before_the_deadline_has_its_own_cause_and_drops_the_error() {
    check(|| {
        let drops = Count::default();
        let error = |panics| Counted { _drop: drops.on_drop(), panics };
        let (parent, canceller) = Context::background().with_cancel();
        let timed = parent.with_timeout_cause(SECOND, error(true));
        let (other, waits) = (timed.clone(), timed.clone());
        let waiter = sim::spawn("waiter", move || waits.wait().to_string());
        assert!(!other.has_ended());
        sim::wait_idle();
        canceller.cancel_because("by hand");
        assert_eq!(waiter.join().unwrap(), "context cancelled: by hand");
        assert_eq!(why(&timed), "by hand");
        assert_eq!(drops.get(), 1);
        let unheard = late(HOUR, "parent").with_timeout_cause(2 * HOUR, error(false));
        assert_eq!((drops.get(), why(&unheard).as_str()), (2, "live"));
        drop(Context::background().with_timeout_cause(SECOND, error(true)));
        assert_eq!(drops.get(), 3);
    });
}
