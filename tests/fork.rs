//! Contexts in a forked child, which has no timer thread.

#![cfg(target_os = "linux")]
#![expect(unsafe_code, reason = "a test that forks")]
#![expect(clippy::disallowed_types, reason = "tests use std's atomics")]

mod support;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use phalanx::{CauseKind, Context, Timer};

/// Calls `body` in a forked child, and tells whether it has returned `true` before the child was killed.
fn in_child(body: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child calls nothing but what follows: it polls, yields, cancels, and exits.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "a process can be started");
    if child == 0 {
        // SAFETY: it has no preconditions. A child that hangs is killed.
        unsafe { libc::alarm(30) };
        let code = i32::from(!body());
        // SAFETY: it has no preconditions.
        unsafe { libc::_exit(code) };
    }
    let mut status = -1;
    // SAFETY: the pointer is to a local.
    let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
    waited == child && status == 0
}

#[test]
fn a_forked_child_that_polls_sees_a_deadline_pass() {
    support::watchdog(|| {
        // The parent has looked, so that its timer thread serves the deadline from then on.
        let ctx = Context::background().with_timeout(Duration::from_millis(100));
        let (below, _below_canceller) = ctx.with_cancel();
        let (unseen, _unseen_canceller) = below.with_cancel();
        let is_early = !ctx.has_ended() && !below.has_ended();
        let sees_it = in_child(|| {
            while below.check().is_ok() {
                thread::yield_now();
            }
            let all = [&ctx, &below, &unseen];
            let has_passed = |ctx: &&Context| {
                ctx.has_ended()
                    && ctx.cause().map(|c| c.kind()) == Some(CauseKind::DeadlineExceeded)
            };
            // One that is made there, too.
            let own = Context::background().with_timeout(Duration::from_millis(1));
            while !own.has_ended() {
                thread::yield_now();
            }
            all.iter().all(has_passed)
        });
        assert!(sees_it, "it was forked early: {is_early}");
    });
}

#[test]
fn a_forked_child_that_cancels_does_not_wait_for_callbacks() {
    support::watchdog(|| {
        let (ctx, canceller) = Context::background().with_cancel();
        let registration = ctx.on_cancel(|| ());
        let mut registration = Some(registration);
        let returns = in_child(|| {
            canceller.cancel();
            drop(registration.take());
            ctx.has_ended()
        });
        assert!(returns);
    });
}

#[test]
fn a_forked_child_ends_contexts_though_another_thread_was_setting_deadlines() {
    const HOUR: Duration = Duration::from_secs(3600);
    support::watchdog(|| {
        let is_over = AtomicBool::new(false);
        thread::scope(|s| {
            s.spawn(|| {
                while !is_over.load(Relaxed) {
                    Context::background().with_timeout(HOUR).has_ended();
                }
            });
            let return_each = (0..100).all(|_| {
                let (ctx, canceller) = Context::background().with_cancel_timeout(HOUR);
                ctx.has_ended();
                in_child(|| {
                    canceller.cancel();
                    ctx.has_ended()
                })
            });
            is_over.store(true, Relaxed);
            assert!(return_each);
        });
    });
}

#[test]
fn a_forked_child_lets_timers_go_though_another_thread_was_setting_deadlines() {
    const HOUR: Duration = Duration::from_secs(3600);
    support::watchdog(|| {
        let is_over = AtomicBool::new(false);
        thread::scope(|s| {
            s.spawn(|| {
                while !is_over.load(Relaxed) {
                    Context::background().with_timeout(HOUR).has_ended();
                }
            });
            let return_each = (0..100).all(|_| {
                let timer = Timer::new(HOUR);
                timer.channel();
                let (ctx, _canceller) = Context::background().with_cancel_timeout(HOUR);
                let mut both = Some((timer, ctx));
                in_child(|| {
                    let channel = both.as_ref().map(|(_, ctx)| ctx.done());
                    drop((channel, both.take()));
                    true
                })
            });
            is_over.store(true, Relaxed);
            assert!(return_each);
        });
    });
}
