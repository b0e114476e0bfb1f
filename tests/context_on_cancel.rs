//! Callbacks: when and where they run, in which order, and how a registration ends.

#![expect(clippy::disallowed_methods, reason = "tests use std's threads")]

mod support;

use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;
use phalanx::{AfterFunc, Canceller, Context, OnCancel, Semaphore, Timer};
use support::asleep::Sleeper;
use support::{Bomb, Count, Log, because, gate, panic_of, told, until, watchdog};

fn root() -> (Context, Canceller) {
    Context::background().with_cancel()
}

// --- When and where ---------------------------------------------------------------------------

#[test]
fn a_callback_runs_once_when_the_context_is_cancelled() {
    watchdog(|| {
        let (ctx, canceller) = root();
        let runs = Count::default();
        let counted = runs.clone();
        let registration = ctx.on_cancel(move || counted.add());
        assert_eq!(runs.get(), 0);
        canceller.cancel();
        canceller.cancel();
        drop(canceller);
        drop(registration);
        assert_eq!(runs.get(), 1, "the drop of the registration has waited for it");
    });
}

#[test]
fn a_callback_runs_neither_on_the_thread_that_cancels_nor_on_one_that_polls() {
    watchdog(|| {
        let (ran, has_run) = mpsc::channel();
        let register = |ctx: &Context| {
            let ran = ran.clone();
            ctx.on_cancel(move || ran.send(thread::current().id()).unwrap()).detach();
        };
        let (parent, canceller) = root();
        let (ctx, _ctx_canceller) = parent.with_cancel();
        register(&ctx);
        canceller.cancel();
        assert_ne!(has_run.recv().unwrap(), thread::current().id());

        let timed = root().0.with_timeout(Duration::from_millis(1));
        register(&timed);
        until(|| timed.has_ended());
        assert_ne!(has_run.recv().unwrap(), thread::current().id());

        register(&ctx); // which has ended
        assert_ne!(has_run.recv().unwrap(), thread::current().id());
    });
}

#[test]
fn a_callback_may_take_a_lock_that_its_canceller_and_its_registrar_hold() {
    watchdog(|| {
        let lock = Arc::new(Mutex::new(0));
        let (ctx, canceller) = root();
        let add = || {
            let lock = Arc::clone(&lock);
            move || *lock.lock() += 1
        };
        let mut sum = lock.lock();
        let before = ctx.on_cancel(add());
        canceller.cancel();
        let after = ctx.on_cancel(add());
        *sum += 1;
        drop(sum);
        drop((before, after));
        assert_eq!(*lock.lock(), 3);
    });
}

#[test]
fn callbacks_run_side_by_side() {
    watchdog(|| {
        let (ctx, canceller) = root();
        let all_there = Arc::new(Barrier::new(3));
        let registrations = [(); 3].map(|()| {
            let all_there = Arc::clone(&all_there);
            ctx.on_cancel(move || _ = all_there.wait())
        });
        canceller.cancel();
        drop(registrations); // would hang if they ran one after the other
    });
}

#[test]
fn callbacks_run_after_the_whole_subtree_is_cancelled() {
    watchdog(|| {
        let (root, canceller) = root();
        let (child, _child_canceller) = root.with_cancel();
        let (grandchild, _grandchild_canceller) = child.with_cancel();
        let all = [root.clone(), child.clone(), grandchild.clone()];
        let seen = Log::default();
        let register = |ctx: &Context| {
            let (all, seen) = (all.clone(), seen.clone());
            ctx.on_cancel(move || seen.add(all.iter().filter_map(told).count().to_string()))
        };
        let registrations = [&root, &child, &grandchild].map(register);
        canceller.cancel();
        drop(registrations);
        assert_eq!(seen.events(), ["3", "3", "3"]);
    });
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
    watchdog(|| {
        let (ctx, canceller) = root();
        let (ran, has_run) = mpsc::channel();
        let inner = ctx.clone();
        let _registration = ctx.on_cancel(move || ran.send(told(&inner)).unwrap());
        canceller.cancel_because("look");
        assert_eq!(has_run.recv().unwrap(), because("look"));
    });
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
        until(|| runs.get() == 2);
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
        third.wait();
        assert_eq!(told(&second), because("the first"));
        assert_eq!(told(&third), because("the second"));
    });
}

#[test]
fn a_cancel_does_not_wait_for_the_callbacks() {
    watchdog(|| {
        let (ctx, canceller) = root();
        let (opener, gate) = gate();
        let registration = ctx.on_cancel(move || gate.pass());
        canceller.cancel_because("the first"); // would hang if it waited
        canceller.cancel_because("the second");
        assert_eq!(told(&ctx), because("the first"));
        opener.open();
        drop(registration);
    });
}

#[test]
fn callbacks_on_a_merged_context_run_with_either_parent() {
    watchdog(|| {
        let (left, _left_canceller) = root();
        let (right, right_canceller) = root();
        let merged = Context::merge(&[&left, &right]);
        let runs = Count::default();
        let counted = runs.clone();
        let registration = merged.on_cancel(move || counted.add());
        right_canceller.cancel();
        drop(registration);
        assert_eq!(runs.get(), 1);
    });
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
    watchdog(|| {
        let (ctx, canceller) = root();
        let drops = Count::default();
        let captured = drops.on_drop();
        let registration = ctx.on_cancel(move || drop(captured));
        canceller.cancel();
        drop(registration);
        drop(ctx);
        assert_eq!(drops.get(), 1);
    });
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
fn stop_is_false_if_the_context_has_ended_and_the_callback_runs_all_the_same() {
    watchdog(|| {
        let (ctx, canceller) = root();
        let runs = Count::default();
        let counted = || {
            let runs = runs.clone();
            move || runs.add()
        };
        let registration = ctx.on_cancel(counted());
        canceller.cancel();
        assert!(!registration.stop());
        assert!(!ctx.on_cancel(counted()).stop());
        until(|| runs.get() == 2);
    });
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
    watchdog(|| {
        let (ctx, canceller) = root();
        let log = Log::default();
        let register = |name: &'static str| {
            let log = log.clone();
            ctx.on_cancel(move || log.add(name))
        };
        let [first, middle, last] = ["first", "middle", "last"].map(register);
        assert!(middle.stop());
        canceller.cancel();
        drop((first, last));
        let mut events = log.events();
        events.sort();
        assert_eq!(events, ["first", "last"]);
    });
}

#[test]
fn a_detached_callback_stays_registered() {
    let (ctx, canceller) = root();
    let runs = Count::default();
    let counted = runs.clone();
    ctx.on_cancel(move || counted.add()).detach();
    drop(ctx);
    canceller.cancel();
    watchdog(move || until(|| runs.get() == 1));
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
        has_run.recv().unwrap();
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
        assert_eq!(has_run.recv(), Ok(false));
    });
}

/// Registers two callbacks that drop each other's registration when both run; counts those that have
/// ended.
fn crossed(a: &Context, b: &Context) -> Count {
    let slots = [Slot::default(), Slot::default()];
    let (both, ended) = (Arc::new(Barrier::new(2)), Count::default());
    for (ctx, mine, other) in [(a, 0, 1), (b, 1, 0)] {
        let (other, both, ended) = (Arc::clone(&slots[other]), Arc::clone(&both), ended.clone());
        let registration = ctx.on_cancel(move || {
            both.wait();
            let other = other.lock().take();
            drop(other);
            ended.add();
        });
        *slots[mine].lock() = Some(registration);
    }
    ended
}

#[test]
fn callbacks_that_drop_each_other_s_registrations_do_not_wait_for_each_other() {
    watchdog(|| {
        let [(a, a_canceller), (b, b_canceller)] = [root(), root()];
        let ended = crossed(&a, &b);
        a_canceller.cancel();
        b_canceller.cancel();
        until(|| ended.get() == 2);
    });
}

#[test]
fn timers_go_on_beside_callbacks_that_drop_each_other_s_registrations() {
    watchdog(|| {
        let (a, a_canceller) = root();
        let b = Context::background().with_timeout(Duration::from_millis(1));
        let ended = crossed(&a, &b);
        a_canceller.cancel();
        until(|| ended.get() == 2);
        Timer::new(Duration::from_millis(1)).channel().recv().unwrap();
    });
}

#[test]
fn a_group_inside_a_callback_may_drop_its_registration() {
    watchdog(|| {
        let (ctx, canceller) = root();
        let slot = Slot::default();
        let (ran, has_run) = mpsc::channel();
        let own = Arc::clone(&slot);
        let registration = ctx.on_cancel(move || {
            let group = Arc::new(phalanx::WaitGroup::new());
            let own = Arc::clone(&own);
            group.go(move || {
                let registration = own.lock().take();
                drop(registration);
            });
            group.wait();
            ran.send(()).unwrap();
        });
        *slot.lock() = Some(registration);
        canceller.cancel();
        has_run.recv().unwrap();
    });
}

// --- Panics -----------------------------------------------------------------------------------

#[test]
fn the_panic_of_a_callback_is_in_nobody_s_way() {
    watchdog(|| {
        let (ctx, canceller) = root();
        let (child, _child_canceller) = ctx.with_cancel();
        let log = Log::default();
        let registrations = [
            ctx.on_cancel({
                let log = log.clone();
                move || log.add("ran")
            }),
            ctx.on_cancel(|| panic!("on purpose")),
            ctx.on_cancel(|| std::panic::panic_any(Bomb)),
            child.on_cancel({
                let log = log.clone();
                move || log.add("ran")
            }),
        ];
        canceller.cancel();
        drop(registrations); // would hang if one that has panicked still counted as running
        assert_eq!(log.events(), ["ran", "ran"]);
        assert!(ctx.has_ended() && child.has_ended());
        drop(ctx.on_cancel(|| panic!("at once")));
    });
}

#[test]
fn a_wait_that_finds_the_deadline_passed_does_not_get_the_panic_of_a_callback() {
    watchdog(|| {
        for _ in 0..20 {
            let ctx = Context::background().with_timeout(Duration::from_millis(1));
            let registration = ctx.on_cancel(|| panic!("of a library that only wants to be told"));
            let semaphore = Semaphore::new(1);
            let _permit = semaphore.acquire(1);
            assert!(semaphore.acquire_until(1, &ctx).is_err());
            drop(registration);
        }
    });
}

#[test]
fn dropping_the_canceller_while_panicking_does_not_abort() {
    watchdog(|| {
        let (ctx, canceller) = root();
        let registration = ctx.on_cancel(|| panic!("in the callback"));
        let text = panic_of(|| {
            let _canceller = canceller;
            panic!("in the body");
        });
        assert_eq!(text, "in the body");
        assert!(!registration.stop());
    });
}

// --- The timer thread -------------------------------------------------------------------------

#[test]
fn a_callback_that_blocks_delays_no_timer() {
    watchdog(|| {
        let ctx = Context::background().with_timeout(Duration::from_millis(1));
        let (opener, gate) = gate();
        let (begun, has_begun) = mpsc::channel();
        let registration = ctx.on_cancel(move || {
            begun.send(()).unwrap();
            gate.pass();
        });
        has_begun.recv().unwrap();
        Timer::new(Duration::from_millis(1)).channel().recv().unwrap();
        let (called, was_called) = mpsc::channel();
        AfterFunc::new(Duration::ZERO, move || called.send(()).unwrap()).detach();
        was_called.recv().unwrap();
        opener.open();
        drop(registration);
    });
}
