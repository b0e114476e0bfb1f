//! Callbacks: when and where they run, in which order, and how a registration ends.

#![expect(clippy::disallowed_methods, reason = "tests use std's threads")]

mod support;

use std::sync::{Arc, mpsc};
use std::thread;

use parking_lot::Mutex;
use phalanx::{Canceller, Context, OnCancel};
use support::asleep::Sleeper;
use support::{Bomb, Count, Log, because, gate, panic_of, payload_of, told, watchdog};

fn root() -> (Context, Canceller) {
    Context::background().with_cancel()
}

// --- When and where ---------------------------------------------------------------------------

#[test]
fn a_callback_runs_once_when_the_context_is_cancelled() {
    let (ctx, canceller) = root();
    let runs = Count::default();
    let counted = runs.clone();
    let _registration = ctx.on_cancel(move || counted.add());
    assert_eq!(runs.get(), 0);
    canceller.cancel();
    assert_eq!(runs.get(), 1, "it has run when `cancel` returns");
    canceller.cancel();
    drop(canceller);
    assert_eq!(runs.get(), 1);
}

#[test]
fn a_callback_runs_on_the_thread_that_cancels() {
    watchdog(|| {
        let (parent, canceller) = root();
        let (ctx, _ctx_canceller) = parent.with_cancel();
        let (ran, has_run) = mpsc::channel();
        let _registration = ctx.on_cancel(move || ran.send(thread::current().id()).unwrap());
        let canceller = thread::spawn(move || {
            canceller.cancel();
            thread::current().id()
        });
        assert_eq!(canceller.join().unwrap(), has_run.recv().unwrap());
    });
}

#[test]
fn a_callback_on_an_ended_context_runs_at_once_on_this_thread() {
    let (ctx, canceller) = root();
    canceller.cancel();
    let (ran, has_run) = mpsc::channel();
    let _registration = ctx.on_cancel(move || ran.send(thread::current().id()).unwrap());
    assert_eq!(has_run.try_recv().unwrap(), thread::current().id());
}

#[test]
fn the_newest_callback_runs_first() {
    let (ctx, canceller) = root();
    let log = Log::default();
    let _registrations: Vec<_> = (0..5)
        .map(|n| {
            let log = log.clone();
            ctx.on_cancel(move || log.add(n.to_string()))
        })
        .collect();
    canceller.cancel();
    assert_eq!(log.events(), ["4", "3", "2", "1", "0"]);
}

#[test]
fn callbacks_run_after_the_whole_subtree_is_cancelled() {
    let (root, canceller) = root();
    let (child, _child_canceller) = root.with_cancel();
    let (grandchild, _grandchild_canceller) = child.with_cancel();
    let all = [root.clone(), child.clone(), grandchild.clone()];
    let seen = Log::default();
    let register = |ctx: &Context| {
        let (all, seen) = (all.clone(), seen.clone());
        ctx.on_cancel(move || seen.add(all.iter().filter_map(told).count().to_string()))
    };
    let _registrations = [&root, &child, &grandchild].map(register);
    canceller.cancel();
    assert_eq!(seen.events(), ["3", "3", "3"]);
}

#[test]
fn callbacks_run_after_the_waiting_threads_have_been_woken() {
    watchdog(|| {
        let (parent, canceller) = root();
        let (child, _child_canceller) = parent.with_cancel();
        let (woke, woken) = mpsc::channel();
        let waiter = thread::spawn(move || {
            child.wait();
            woke.send(()).unwrap();
        });
        // The callback would hang here if the waiter were woken after it.
        let _registration = parent.on_cancel(move || woken.recv().unwrap());
        canceller.cancel();
        waiter.join().unwrap();
    });
}

#[test]
fn a_callback_sees_the_cause() {
    let (ctx, canceller) = root();
    let (ran, has_run) = mpsc::channel();
    let inner = ctx.clone();
    let _registration = ctx.on_cancel(move || ran.send(told(&inner)).unwrap());
    canceller.cancel_because("look");
    assert_eq!(has_run.try_recv().unwrap(), because("look"));
}

#[test]
fn a_callback_may_use_the_context_in_every_way() {
    watchdog(|| {
        let (ctx, canceller) = root();
        let canceller = Arc::new(canceller);
        let runs = Count::default();
        let (inner, again, counted) = (ctx.clone(), Arc::clone(&canceller), runs.clone());
        let _registration = ctx.on_cancel(move || {
            again.cancel(); // nothing is left to do
            assert!(inner.has_ended() && inner.check().is_err());
            assert!(inner.done().recv().is_err());
            inner.wait();
            assert!(inner.with_cancel().0.has_ended());
            assert!(Context::merge(&[&inner]).has_ended());
            assert!(!format!("{inner:?} {again:?}").is_empty());
            let nested = counted.clone();
            inner.on_cancel(move || nested.add()).detach();
            counted.add();
        });
        canceller.cancel();
        assert_eq!(runs.get(), 2);
    });
}

#[test]
fn a_callback_may_cancel_another_context() {
    watchdog(|| {
        let (first, first_canceller) = root();
        let (second, second_canceller) = root();
        let (third, third_canceller) = root();
        first.on_cancel(move || second_canceller.cancel_because("the first")).detach();
        second.on_cancel(move || third_canceller.cancel_because("the second")).detach();
        first_canceller.cancel();
        assert_eq!(told(&second), because("the first"));
        assert_eq!(told(&third), because("the second"));
    });
}

#[test]
fn a_cancel_during_that_of_another_thread_does_not_wait() {
    watchdog(|| {
        let (ctx, canceller) = root();
        let (opener, gate) = gate();
        let (started, has_started) = mpsc::channel();
        let _registration = ctx.on_cancel(move || {
            started.send(()).unwrap();
            gate.pass();
        });
        thread::scope(|s| {
            s.spawn(|| canceller.cancel_because("the first"));
            has_started.recv().unwrap();
            canceller.cancel_because("the second"); // would hang if it waited
            assert_eq!(told(&ctx), because("the first"));
            opener.open();
        });
    });
}

#[test]
fn callbacks_on_a_merged_context_run_with_either_parent() {
    let (left, _left_canceller) = root();
    let (right, right_canceller) = root();
    let merged = Context::merge(&[&left, &right]);
    let runs = Count::default();
    let counted = runs.clone();
    let _registration = merged.on_cancel(move || counted.add());
    right_canceller.cancel();
    assert_eq!(runs.get(), 1);
}

// --- The registration -------------------------------------------------------------------------

#[test]
fn a_dropped_registration_takes_its_callback_along() {
    let (ctx, canceller) = root();
    let runs = Count::default();
    let drops = Count::default();
    let (counted, captured) = (runs.clone(), drops.on_drop());
    let registration = ctx.on_cancel(move || {
        let _captured = &captured;
        counted.add();
    });
    drop(registration);
    assert_eq!(drops.get(), 1, "the closure is dropped");
    canceller.cancel();
    assert_eq!((runs.get(), drops.get()), (0, 1));
}

#[test]
fn a_callback_is_dropped_once_after_it_has_run() {
    let (ctx, canceller) = root();
    let drops = Count::default();
    let captured = drops.on_drop();
    let registration = ctx.on_cancel(move || drop(captured));
    canceller.cancel();
    drop(registration);
    drop(ctx);
    assert_eq!(drops.get(), 1);
}

#[test]
fn stop_is_true_if_the_callback_never_runs() {
    let (ctx, canceller) = root();
    let runs = Count::default();
    let counted = runs.clone();
    assert!(ctx.on_cancel(move || counted.add()).stop());
    canceller.cancel();
    assert_eq!(runs.get(), 0);
    assert!(Context::background().on_cancel(|| ()).stop(), "nothing ends the background");
}

#[test]
fn stop_is_false_if_the_callback_has_run() {
    let (ctx, canceller) = root();
    let registration = ctx.on_cancel(|| ());
    canceller.cancel();
    assert!(!registration.stop());
    assert!(!ctx.on_cancel(|| ()).stop(), "it ran at once");
}

#[test]
fn stop_is_false_and_does_not_wait_if_the_callback_is_running() {
    watchdog(|| {
        let (ctx, canceller) = root();
        let (opener, gate) = gate();
        let (started, has_started) = mpsc::channel();
        let registration = ctx.on_cancel(move || {
            started.send(()).unwrap();
            gate.pass();
        });
        thread::scope(|s| {
            s.spawn(|| canceller.cancel());
            has_started.recv().unwrap();
            assert!(!registration.stop()); // would hang if it waited
            opener.open();
        });
    });
}

#[test]
fn a_stopped_callback_does_not_disturb_the_others() {
    let (ctx, canceller) = root();
    let log = Log::default();
    let register = |name: &'static str| {
        let log = log.clone();
        ctx.on_cancel(move || log.add(name))
    };
    let [_oldest, middle, _newest] = ["oldest", "middle", "newest"].map(register);
    assert!(middle.stop());
    canceller.cancel();
    assert_eq!(log.events(), ["newest", "oldest"]);
}

#[test]
fn a_detached_callback_stays_registered() {
    let (ctx, canceller) = root();
    let runs = Count::default();
    let counted = runs.clone();
    ctx.on_cancel(move || counted.add()).detach();
    drop(ctx);
    canceller.cancel();
    assert_eq!(runs.get(), 1);
}

#[test]
fn a_detached_callback_is_dropped_with_a_context_that_cannot_end_any_more() {
    let drops = Count::default();
    let captured = drops.on_drop();
    let (ctx, canceller) = root();
    ctx.on_cancel(move || drop(captured)).detach();
    canceller.disarm();
    drop(ctx);
    assert_eq!(drops.get(), 1);
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn dropping_a_registration_waits_for_a_callback_on_another_thread() {
    watchdog(|| {
        for _ in 0..20 {
            let (ctx, canceller) = root();
            let (opener, gate) = gate();
            let (started, has_started) = mpsc::channel();
            let log = Log::default();
            let dropper = Sleeper::default();
            let callback_log = log.clone();
            let registration = ctx.on_cancel(move || {
                started.send(()).unwrap();
                gate.pass();
                callback_log.add("the callback ends");
            });
            thread::scope(|s| {
                s.spawn(|| canceller.cancel());
                has_started.recv().unwrap();
                s.spawn(|| {
                    dropper.here();
                    drop(registration);
                    log.add("the registration is gone");
                });
                dropper.until_asleep();
                opener.open();
            });
            assert_eq!(log.events(), ["the callback ends", "the registration is gone"]);
        }
    });
}

/// A place for a registration that the callback itself empties.
type Slot = Arc<Mutex<Option<OnCancel>>>;

#[test]
fn a_callback_that_drops_its_own_registration_does_not_wait() {
    watchdog(|| {
        let (ctx, canceller) = root();
        let slot = Slot::default();
        let (ran, has_run) = mpsc::channel();
        let own = Arc::clone(&slot);
        let registration = ctx.on_cancel(move || {
            let registration = own.lock().take();
            drop(registration);
            ran.send(()).unwrap();
        });
        *slot.lock() = Some(registration);
        canceller.cancel();
        has_run.try_recv().unwrap();
    });
}

#[test]
fn a_callback_may_stop_itself() {
    watchdog(|| {
        let (ctx, canceller) = root();
        let slot = Slot::default();
        let (ran, has_run) = mpsc::channel();
        let own = Arc::clone(&slot);
        let registration = ctx.on_cancel(move || {
            let registration = own.lock().take().unwrap();
            ran.send(registration.stop()).unwrap();
        });
        *slot.lock() = Some(registration);
        canceller.cancel();
        assert_eq!(has_run.try_recv(), Ok(false));
    });
}

#[test]
fn a_callback_may_drop_the_registration_of_an_older_one() {
    watchdog(|| {
        let (ctx, canceller) = root();
        let runs = Count::default();
        let counted = runs.clone();
        let older = ctx.on_cancel(move || counted.add());
        let _newer = ctx.on_cancel(move || drop(older));
        canceller.cancel();
        assert_eq!(runs.get(), 0, "the newest runs first, and has taken the other back");
    });
}

// --- Panics -----------------------------------------------------------------------------------

#[test]
fn a_panicking_callback_lets_the_others_run_and_is_resumed_on_the_canceller() {
    let (ctx, canceller) = root();
    let (child, _child_canceller) = ctx.with_cancel();
    let log = Log::default();
    let older = log.clone();
    let newer = log.clone();
    let _older = ctx.on_cancel(move || older.add("older"));
    let _first_panic = ctx.on_cancel(|| panic!("second on purpose"));
    let _second_panic = ctx.on_cancel(|| std::panic::panic_any(vec![1, 2, 3]));
    let _newer = ctx.on_cancel(move || newer.add("newer"));

    let payload = payload_of(|| canceller.cancel());

    assert_eq!(payload.downcast_ref::<Vec<i32>>(), Some(&vec![1, 2, 3]), "the first, unchanged");
    assert_eq!(log.events(), ["newer", "older"]);
    assert!(ctx.has_ended() && child.has_ended());
    canceller.cancel(); // the panic is resumed once
}

#[test]
fn dropping_the_canceller_resumes_the_panic_of_a_callback() {
    let (ctx, canceller) = root();
    let _registration = ctx.on_cancel(|| panic!("on purpose"));
    assert_eq!(panic_of(|| drop(canceller)), "on purpose");
}

#[test]
fn dropping_the_canceller_while_panicking_does_not_abort() {
    let (ctx, canceller) = root();
    let log = Log::default();
    let older = log.clone();
    let _older = ctx.on_cancel(move || older.add("older"));
    let _newer = ctx.on_cancel(|| panic!("in the callback"));
    let text = panic_of(|| {
        let _canceller = canceller;
        panic!("in the body");
    });
    assert_eq!(text, "in the body");
    assert_eq!(log.events(), ["older"]);
}

#[test]
fn the_payload_of_a_second_panic_may_panic_when_it_is_dropped() {
    let (ctx, canceller) = root();
    let log = Log::default();
    let older = log.clone();
    let _older = ctx.on_cancel(move || older.add("older"));
    let _second = ctx.on_cancel(|| std::panic::panic_any(Bomb));
    let _first = ctx.on_cancel(|| panic!("the first"));
    assert_eq!(panic_of(|| canceller.cancel()), "the first");
    assert_eq!(log.events(), ["older"]);
}

#[test]
fn a_panicking_callback_counts_as_one_that_has_run() {
    watchdog(|| {
        let (ctx, canceller) = root();
        let stopped = ctx.on_cancel(|| panic!("on purpose"));
        payload_of(|| canceller.cancel());
        assert!(!stopped.stop());

        let (ctx, canceller) = root();
        let dropped = ctx.on_cancel(|| panic!("on purpose"));
        thread::scope(|s| drop(s.spawn(|| payload_of(|| canceller.cancel()))));
        drop(dropped); // would hang if the callback still counted as running
    });
}

#[test]
fn a_callback_that_panics_at_once_panics_in_on_cancel() {
    let (ctx, canceller) = root();
    canceller.cancel();
    assert_eq!(panic_of(|| ctx.on_cancel(|| panic!("at once"))), "at once");
}
