//! Deadlines: which one counts, when a context is over, and what is told.

#![expect(clippy::disallowed_methods, reason = "tests read the clock")]

mod support;

use std::collections::BTreeSet;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use phalanx::{CauseKind, Context};
use support::{EXPIRED, because, gate, told, until, watchdog};

const HOUR: Duration = Duration::from_secs(3600);
const SOON: Duration = Duration::from_millis(1);

fn soon() -> Context {
    Context::background().with_timeout(SOON)
}

fn past() -> Instant {
    Instant::now().checked_sub(SOON).unwrap_or_else(Instant::now)
}

/// Returns once the clock is at the deadline of `ctx`, without a look at the context's state.
fn until_due(ctx: &Context) {
    let deadline = ctx.deadline().expect("it has one");
    until(|| Instant::now() >= deadline);
}

#[test]
fn a_context_with_a_timeout_is_ended_by_its_deadline_or_its_parent_alone() {
    let (parent, canceller) = Context::background().with_cancel();
    let child = parent.with_timeout(HOUR);
    let copies = [child.clone(), child.with_deadline(Instant::now() + 2 * HOUR)];
    drop(child);
    assert!(copies.iter().all(|ctx| ctx.check().is_ok()));
    canceller.cancel_because("parent");
    for ctx in &copies {
        assert_eq!(told(ctx), because("parent"));
    }
    let child = Context::background().with_timeout(SOON);
    let copy = child.clone();
    drop(child);
    assert_eq!(copy.wait().kind(), CauseKind::DeadlineExceeded);
}

#[test]
fn a_timeout_with_a_canceller_ends_at_either() {
    let (ctx, canceller) = Context::background().with_cancel_timeout(HOUR);
    assert!(ctx.remaining().is_some_and(|left| left <= HOUR));
    assert!(!ctx.has_ended());
    canceller.cancel_because("by hand");
    assert_eq!(told(&ctx), because("by hand"));
    let (ctx, _canceller) = Context::background().with_cancel_deadline(Instant::now() + SOON);
    assert_eq!(ctx.wait().kind(), CauseKind::DeadlineExceeded);
    let (ctx, canceller) = Context::background().with_cancel_deadline(Instant::now() + HOUR);
    drop(canceller);
    assert_eq!(ctx.wait().kind(), CauseKind::Cancelled);
}

#[test]
fn a_timeout_of_zero_is_over_at_once() {
    let ctx = Context::background().with_timeout(Duration::ZERO);
    assert!(ctx.has_ended());
    assert_eq!(told(&ctx), EXPIRED);
    assert_eq!(ctx.remaining(), Some(Duration::ZERO));
    assert_eq!(ctx.check().unwrap_err().cause().kind(), CauseKind::DeadlineExceeded);
}

#[test]
fn a_deadline_in_the_past_is_over_at_once() {
    let deadline = past();
    let ctx = Context::background().with_deadline(deadline);
    assert_eq!(told(&ctx), EXPIRED);
    assert_eq!(ctx.deadline(), Some(deadline));
    assert_eq!(ctx.remaining(), Some(Duration::ZERO));
}

#[test]
fn a_timeout_too_large_for_the_clock_is_none() {
    let (ctx, canceller) = Context::background().with_cancel_timeout(Duration::MAX);
    assert!(!ctx.has_ended());
    assert_eq!(ctx.deadline(), None);
    assert_eq!(ctx.remaining(), None);
    canceller.cancel_because("by hand");
    assert_eq!(told(&ctx), because("by hand"));
}

#[test]
fn a_timeout_too_large_for_the_clock_leaves_that_of_the_parent() {
    let parent = Context::background().with_timeout(HOUR);
    let child = parent.with_timeout(Duration::MAX);
    assert_eq!(child.deadline(), parent.deadline());
}

#[test]
fn a_deadline_ahead_leaves_the_context_live() {
    let ctx = Context::background().with_timeout(HOUR);
    assert!(!ctx.has_ended());
    assert!(ctx.remaining().unwrap() <= HOUR);
    assert!(ctx.remaining().unwrap() > Duration::ZERO);
}

#[test]
fn a_deadline_is_reported_as_it_was_given() {
    let deadline = Instant::now() + HOUR;
    let ctx = Context::background().with_deadline(deadline);
    assert_eq!(ctx.deadline(), Some(deadline));
}

#[test]
fn the_earlier_deadline_wins_whoever_has_it() {
    let (near, far) = (Instant::now() + HOUR, Instant::now() + 2 * HOUR);
    let parent = Context::background().with_deadline(near);
    let child = parent.with_deadline(far);
    assert_eq!(child.deadline(), Some(near));

    let parent = Context::background().with_deadline(far);
    let child = parent.with_deadline(near);
    assert_eq!(child.deadline(), Some(near));
    assert_eq!(parent.deadline(), Some(far));
}

#[test]
fn a_plain_child_inherits_the_deadline() {
    let parent = Context::background().with_timeout(HOUR);
    let (child, _child_canceller) = parent.with_value(1_u8).with_cancel();
    assert_eq!(child.deadline(), parent.deadline());
}

#[test]
fn the_deadline_of_the_parent_ends_its_descendants() {
    watchdog(|| {
        let parent = soon();
        let child = parent.with_timeout(HOUR);
        let (grandchild, _grandchild_canceller) = child.with_cancel();
        assert_eq!(grandchild.wait().kind(), CauseKind::DeadlineExceeded);
        assert_eq!(told(&parent), EXPIRED);
        assert_eq!(told(&child), EXPIRED);
    });
}

#[test]
fn the_deadline_of_a_child_leaves_its_parent_alone() {
    watchdog(|| {
        let parent = Context::background().with_timeout(HOUR);
        let child = parent.with_timeout(SOON);
        child.wait();
        assert_eq!(told(&parent), None);
    });
}

#[test]
fn the_first_look_after_the_deadline_sees_the_end() {
    let looks: [fn(&Context) -> bool; 4] = [
        Context::has_ended,
        |ctx| ctx.check().is_err(),
        |ctx| ctx.cause().is_some(),
        |ctx| ctx.sleep(Duration::ZERO).is_err(),
    ];
    for look in looks {
        let ctx = soon();
        until_due(&ctx);
        assert!(look(&ctx));
        assert_eq!(told(&ctx), EXPIRED);
    }
}

#[test]
fn a_child_made_after_the_deadline_is_born_expired() {
    let parent = soon();
    until_due(&parent);
    let (child, child_canceller) = parent.with_cancel();
    child_canceller.cancel_because("too late");
    assert_eq!(told(&child), EXPIRED);
}

#[test]
fn a_cancel_after_the_deadline_changes_nothing() {
    let (ctx, canceller) = Context::background().with_cancel_timeout(SOON);
    until_due(&ctx);
    canceller.cancel_because("too late");
    assert_eq!(told(&ctx), EXPIRED);
}

#[test]
fn a_cancel_of_the_parent_after_the_end_of_the_child_changes_nothing() {
    watchdog(|| {
        let (parent, canceller) = Context::background().with_cancel();
        let child = parent.with_timeout(SOON);
        until(|| child.has_ended());
        canceller.cancel_because("too late");
        assert_eq!(told(&child), EXPIRED);
    });
}

#[test]
fn a_deadline_that_nobody_looked_at_beats_a_later_cancel_of_an_ancestor() {
    let (parent, canceller) = Context::background().with_cancel();
    let child = parent.with_timeout(SOON);
    let (grandchild, _grandchild_canceller) = child.with_cancel();
    let merged = Context::merge(&[&parent, &child]);
    let later = parent.with_timeout(HOUR);
    let leaf = parent.with_deadline(child.deadline().unwrap());
    until_due(&child);
    canceller.cancel_because("before the first look");
    assert_eq!([&child, &grandchild, &merged, &leaf].map(told), [EXPIRED; 4]);
    assert_eq!([&parent, &later].map(told), [(); 2].map(|()| because("before the first look")));
}

#[test]
fn a_deadline_after_the_cancel_changes_nothing() {
    let (ctx, canceller) = Context::background().with_cancel_timeout(SOON);
    let (parent, parent_canceller) = Context::background().with_cancel();
    let child = parent.with_timeout(SOON);
    canceller.cancel_because("in time");
    parent_canceller.cancel_because("in time");
    let in_time = told(&ctx); // the machine may have been slow
    until_due(&ctx);
    until_due(&child);
    assert_eq!(told(&ctx), in_time);
    assert!(child.has_ended());
}

#[test]
fn polling_ends() {
    watchdog(|| {
        let ctx = soon();
        until(|| ctx.has_ended());
        assert_eq!(told(&ctx), EXPIRED);
    });
}

#[test]
fn polling_a_child_ends_with_the_deadline_of_its_parent() {
    watchdog(|| {
        let parent = soon();
        let (child, _child_canceller) = parent.with_cancel();
        until(|| child.check().is_err());
        assert_eq!(told(&child), EXPIRED);
    });
}

#[test]
fn the_done_channel_is_disconnected_at_the_deadline() {
    watchdog(|| {
        let parent = soon();
        let (child, _child_canceller) = parent.with_cancel();
        assert!(child.done().recv().is_err());
        assert_eq!(told(&child), EXPIRED);
    });
}

#[test]
fn a_callback_runs_at_the_deadline() {
    watchdog(|| {
        let parent = soon();
        let (child, _child_canceller) = parent.with_cancel();
        let (ran, has_run) = mpsc::channel();
        let inner = child.clone();
        let _registration = child.on_cancel(move || ran.send(told(&inner)).unwrap());
        assert_eq!(has_run.recv().unwrap(), EXPIRED);
    });
}

#[test]
fn a_near_deadline_is_served_though_a_far_one_came_first() {
    watchdog(|| {
        let far = Context::background().with_timeout(HOUR);
        let far_done = far.done();
        for _ in 0..20 {
            let near = soon();
            assert!(near.done().recv().is_err());
        }
        assert!(far_done.try_recv().unwrap_err().is_empty());
    });
}

#[test]
fn deadlines_are_served_in_their_order() {
    watchdog(|| {
        let start = Instant::now() + SOON;
        let (ran, has_run) = mpsc::channel();
        let mut contexts = Vec::new();
        for n in (0..10_u32).rev() {
            let deadline = start + n * Duration::from_micros(300);
            let (ctx, canceller) = Context::background().with_cancel_deadline(deadline);
            contexts.push((deadline, ctx, canceller));
        }
        let registrations: Vec<_> = contexts
            .iter()
            .map(|(deadline, ctx, _)| {
                let (deadline, ran) = (*deadline, ran.clone());
                ctx.on_cancel(move || ran.send((deadline, Instant::now())).unwrap())
            })
            .collect();
        for (deadline, served) in has_run.iter().take(10) {
            assert!(served >= deadline, "not before its time");
        }
        drop(registrations);
    });
}

#[test]
fn a_context_is_not_over_before_its_deadline() {
    watchdog(|| {
        for _ in 0..50 {
            let ctx = soon();
            let deadline = ctx.deadline().unwrap();
            ctx.wait();
            assert!(Instant::now() >= deadline);
        }
    });
}

#[test]
fn a_panicking_callback_does_not_stop_the_service_of_deadlines() {
    watchdog(|| {
        let first = soon();
        let second = Context::background().with_timeout(2 * SOON);
        let (ran, has_run) = mpsc::channel();
        let ran_first = ran.clone();
        let _older = first.on_cancel(move || ran_first.send("older").unwrap());
        let _newer = first.on_cancel(|| panic!("on purpose"));
        let _later = second.on_cancel(move || ran.send("later").unwrap());
        assert_eq!(has_run.iter().take(2).collect::<BTreeSet<_>>(), ["later", "older"].into());
        assert!(soon().done().recv().is_err());
    });
}

#[test]
fn cancelling_and_expiring_at_once_end_a_context_once() {
    watchdog(|| {
        for n in 0..500_u32 {
            let timeout = Duration::from_micros(u64::from(n % 100));
            let (ctx, canceller) = Context::background().with_cancel_timeout(timeout);
            let runs = support::Count::default();
            let counted = runs.clone();
            let registration = ctx.on_cancel(move || counted.add());
            canceller.cancel_because("by hand");
            let cause = told(&ctx);
            assert!(cause == EXPIRED || cause == because("by hand"));
            registration.stop();
            until(|| runs.get() == 1); // on the timer thread perhaps
            assert_eq!(told(&ctx), cause);
        }
    });
}

#[test]
fn waits_of_many_threads_end_at_one_deadline() {
    watchdog(|| {
        let ctx = Context::background().with_timeout(5 * SOON);
        let (opener, gate) = gate();
        std::thread::scope(|s| {
            for _ in 0..8 {
                let gate = gate.clone();
                let ctx = &ctx;
                s.spawn(move || {
                    gate.pass();
                    assert_eq!(ctx.wait().kind(), CauseKind::DeadlineExceeded);
                });
            }
            opener.open();
        });
    });
}
