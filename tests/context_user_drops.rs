//! What users' values do to a context when their drop panics.

mod support;

use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use phalanx::{Context, OnCancel};
use support::{Bomb, StartLine, watchdog};

/// A live context nobody cancels, whose callback will never run, and explodes when it is dropped.
fn mined() -> Context {
    let (ctx, canceller) = Context::background().with_cancel();
    canceller.disarm();
    let bomb = Bomb;
    ctx.on_cancel(move || std::mem::forget(bomb)).detach();
    ctx
}

#[test]
fn the_timer_thread_survives_being_the_last_owner_of_a_callback_whose_drop_panics() {
    watchdog(|| {
        let me = thread::current().id();
        // If the time is up before the callback is there, it runs here, and there is more time for the next.
        for n in 0.. {
            let parent = mined();
            let (child, canceller) = parent.with_cancel_timeout(Duration::from_millis(1 << n));
            canceller.disarm();
            let (inside, is_inside) = mpsc::channel();
            let (leave, may_leave) = mpsc::channel::<()>();
            let callback = move || {
                let is_late = thread::current().id() == me;
                inside.send(is_late).unwrap();
                if !is_late {
                    may_leave.recv().unwrap_err();
                }
            };
            child.on_cancel(callback).detach();
            let is_late = is_inside.recv().unwrap();
            drop((parent, child)); // the timer thread, inside the callback, is the last owner
            drop(leave);
            if !is_late {
                break;
            }
        }

        let next = Context::background().with_timeout(Duration::from_millis(1));
        let (ended, has_ended) = mpsc::channel();
        let _served: OnCancel = next.on_cancel(move || ended.send(()).unwrap());
        has_ended.recv().unwrap();
    });
}

#[test]
fn dropping_the_last_handle_does_not_pass_on_the_panic_of_a_drop() {
    drop(mined());
}

#[test]
fn a_cancellation_reaches_everybody_though_a_drop_on_its_way_panics() {
    watchdog(|| {
        for _ in 0..300 {
            let (ctx, canceller) = Context::background().with_cancel();
            let merged: Vec<_> = (0..8).map(|_| Context::merge(&[&ctx, &mined()])).collect();
            let (last, _last_canceller) = ctx.with_cancel();
            assert!(!last.has_ended());
            let start = StartLine::new(2);
            std::thread::scope(|s| {
                s.spawn(|| {
                    start.wait();
                    drop(merged);
                });
                start.wait();
                panic::catch_unwind(AssertUnwindSafe(|| canceller.cancel())).unwrap();
            });
            assert!(last.has_ended());
        }
    });
}
