//! Callbacks under all schedules: run or stopped, never both, never neither, and never in the way.

#![cfg(feature = "sim")]

mod support;

use std::panic;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use phalanx::sim::{self, Builder, Script, Strategy, TimeMode};
use phalanx::{Cancelled, Canceller, Cond, Context, ErrGroup, OnCancel, WaitGroup};
use support::{Count, Log, because, told};

const SECOND: Duration = Duration::from_secs(1);

fn root() -> (Context, Canceller) {
    Context::background().with_cancel()
}

/// By seeds: as usual, with late threads, and with wake-ups for no reason.
#[track_caller]
fn by_seeds(body: fn()) {
    let usual = || Builder::new().iterations(120);
    usual().check(body);
    usual().time(TimeMode::Racing { percent: 20 }).check(body);
    usual().spurious_wakeups(20).check(body);
}

/// All schedules with at most one preemption: the callback's thread, and the one that starts it, take
/// part.
#[track_caller]
fn exhaustively(body: fn()) {
    assert!(Builder::new().exhaustive(1).check(body).exhausted);
}

/// A callback that counts how often it has run, and shows others whether it is running.
#[derive(Clone, Default)]
struct Probe {
    begun: Count,
    ended: Count,
    dropped: Count,
}

impl Probe {
    fn callback(&self) -> impl FnOnce() + Send + 'static {
        let (probe, captured) = (self.clone(), self.dropped.on_drop());
        move || {
            let _captured = captured;
            probe.begun.add();
            sim::label("inside the callback");
            probe.ended.add();
        }
    }

    fn is_running(&self) -> bool {
        self.begun.get() != self.ended.get()
    }

    /// How often it has run, if it does not now.
    fn runs(&self) -> usize {
        assert!(!self.is_running());
        assert_eq!(self.dropped.get(), 1, "what it captured is dropped once");
        self.ended.get()
    }
}

// --- Run or stopped ---------------------------------------------------------------------------

#[test]
fn stop_is_true_exactly_if_the_callback_does_not_run() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let (ctx, canceller) = root();
            let probe = Probe::default();
            let registration = ctx.on_cancel(probe.callback());
            let stopped = sim::scope(|s| {
                s.spawn("cancel", || canceller.cancel());
                s.spawn("stop", || registration.stop()).join().unwrap()
            });
            sim::wait_idle();
            (stopped, probe.runs())
        })
        .exactly([(true, 0), (false, 1)])
        .exhausted();
}

#[test]
fn stop_is_false_once_the_context_has_been_seen_to_have_ended() {
    exhaustively(|| {
        let (ctx, canceller) = root();
        let probe = Probe::default();
        let registration = ctx.on_cancel(probe.callback());
        sim::scope(|s| {
            s.spawn("cancel", || canceller.cancel());
            let has_ended = ctx.has_ended();
            assert!(!(has_ended && registration.stop()));
        });
    });
}

#[test]
fn stop_at_the_instant_of_the_deadline_is_true_exactly_if_the_callback_does_not_run() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let ctx = Context::background().with_timeout(SECOND);
            let probe = Probe::default();
            let registration = ctx.on_cancel(probe.callback());
            Context::background().sleep(SECOND).unwrap();
            let stopped = registration.stop();
            sim::wait_idle();
            (stopped, probe.runs())
        })
        .exactly([(true, 0), (false, 1)])
        .exhausted();
}

#[test]
fn stop_does_not_wait_for_a_callback_that_is_running() {
    Builder::new()
        .exhaustive(2)
        .outcomes(|| {
            let (ctx, canceller) = root();
            let probe = Probe::default();
            let registration = ctx.on_cancel(probe.callback());
            let seen = sim::scope(|s| {
                s.spawn("cancel", || canceller.cancel());
                (registration.stop(), probe.is_running())
            });
            sim::wait_idle();
            assert_eq!(probe.runs(), usize::from(!seen.0));
            seen
        })
        .exactly([(true, false), (false, true), (false, false)])
        .exhausted();
}

#[test]
fn after_the_drop_of_a_registration_its_callback_does_not_run() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let (ctx, canceller) = root();
            let probe = Probe::default();
            let registration = ctx.on_cancel(probe.callback());
            let runs = sim::scope(|s| {
                s.spawn("cancel", || canceller.cancel());
                drop(registration);
                probe.runs()
            });
            assert_eq!(probe.runs(), runs);
            runs
        })
        .exactly([0, 1])
        .exhausted();
}

#[test]
fn the_drop_of_a_registration_waits_for_a_callback_on_another_thread() {
    exhaustively(|| {
        let (ctx, canceller) = root();
        let log = Log::default();
        let (gate, opener) = root();
        let in_callback = log.clone();
        let registration = ctx.on_cancel(move || {
            gate.wait();
            in_callback.add("the callback ends");
        });
        canceller.cancel();
        let dropped = log.clone();
        let drops = sim::spawn("drop", move || {
            drop(registration);
            dropped.add("the registration is gone");
        });
        sim::wait_idle();
        sim::assert_blocked(&drops, "OnCancel::drop");
        assert!(log.events().is_empty());
        opener.cancel();
        drops.join().unwrap();
        assert_eq!(log.events(), ["the callback ends", "the registration is gone"]);
    });
}

#[test]
fn a_callback_that_ends_between_the_look_of_the_dropper_and_its_sleep_wakes_it() {
    let script = Script::new().run("root").until("join").run("cancel").to_end();
    let script = script.run("phalanx-watcher").to_block();
    let script = script.run("phalanx").until("inside the callback").run("drop").until("park");
    let script = script.run("phalanx").to_block().run("drop").to_end();
    Builder::new().strategy(Strategy::Script(script)).check(|| {
        let (ctx, canceller) = root();
        let probe = Probe::default();
        let registration = ctx.on_cancel(probe.callback());
        sim::scope(|s| {
            s.spawn("cancel", || canceller.cancel());
            s.spawn("drop", || drop(registration));
        });
        assert_eq!(probe.runs(), 1);
    });
}

#[test]
fn the_drop_of_a_registration_returns_after_its_callback_has_panicked() {
    exhaustively(|| {
        let (ctx, canceller) = root();
        let log = Log::default();
        let in_callback = log.clone();
        let registration = ctx.on_cancel(move || {
            sim::label("inside the callback");
            in_callback.add("panics");
            panic::resume_unwind(Box::new("on purpose"));
        });
        sim::scope(|s| {
            s.spawn("cancel", || canceller.cancel());
            drop(registration);
            let events = log.events();
            s.spawn("later", move || assert_eq!(log.events(), events)).join().unwrap();
        });
    });
}

#[test]
fn a_callback_registered_while_the_context_is_cancelled_runs_once_and_on_another_thread() {
    exhaustively(|| {
        let (ctx, canceller) = root();
        let probe = Probe::default();
        sim::scope(|s| {
            s.spawn("cancel", || canceller.cancel_because("the end"));
            let (inside, callback) = (ctx.clone(), probe.callback());
            let registrar = std::thread::current().id();
            ctx.on_cancel(move || {
                assert_eq!(told(&inside), because("the end"));
                assert_ne!(std::thread::current().id(), registrar);
                callback();
            })
            .detach();
        });
        sim::wait_idle();
        assert_eq!(probe.runs(), 1);
    });
}

#[test]
fn a_callback_on_a_child_nobody_has_seen_registered_while_the_parent_is_cancelled_runs_once() {
    exhaustively(|| {
        let (parent, canceller) = root();
        let (child, _child_canceller) = parent.with_cancel();
        let probe = Probe::default();
        sim::scope(|s| {
            s.spawn("cancel", || canceller.cancel());
            child.on_cancel(probe.callback()).detach();
        });
        sim::wait_idle();
        assert_eq!(probe.runs(), 1);
    });
}

#[test]
fn of_several_ends_at_once_one_runs_the_callback() {
    by_seeds(|| {
        let (parent, parent_canceller) = Context::background().with_cancel_timeout(SECOND);
        let (ctx, canceller) = parent.with_cancel();
        let probe = Probe::default();
        ctx.on_cancel(probe.callback()).detach();
        sim::scope(|s| {
            for canceller in [&parent_canceller, &canceller] {
                s.spawn("cancel", || {
                    Context::background().sleep(SECOND).unwrap();
                    canceller.cancel();
                });
            }
            s.spawn("wait", || drop(ctx.wait()));
        });
        sim::wait_idle(); // the timer thread may be at work
        assert_eq!(probe.runs(), 1);
    });
}

#[test]
fn a_detached_callback_outlives_every_handle_but_the_canceller() {
    exhaustively(|| {
        let (ctx, canceller) = root();
        let probe = Probe::default();
        ctx.on_cancel(probe.callback()).detach();
        sim::scope(|s| {
            s.spawn("drop", move || drop(ctx));
            canceller.cancel();
        });
        sim::wait_idle();
        assert_eq!(probe.runs(), 1);
    });
}

// --- What a callback finds ---------------------------------------------------------------------

#[test]
fn callbacks_find_the_whole_subtree_cancelled_and_the_waiting_threads_awake() {
    by_seeds(|| {
        let (parent, canceller) = root();
        let (child, _child_canceller) = parent.with_cancel();
        let (grandchild, _grandchild_canceller) = child.with_cancel();
        let all = [parent.clone(), child.clone(), grandchild.clone()];
        let awake = Arc::new(WaitGroup::new());
        awake.add(1);
        for ctx in [&parent, &grandchild] {
            let (all, awake) = (all.clone(), Arc::clone(&awake));
            ctx.on_cancel(move || {
                assert!(all.iter().all(|ctx| told(ctx) == because("the end")));
                awake.wait(); // for ever, if the waiter were woken after the callbacks
            })
            .detach();
        }
        sim::scope(|s| {
            s.spawn("wait", || {
                child.wait();
                awake.done();
            });
            canceller.cancel_because("the end");
        });
        sim::wait_idle();
    });
}

// --- From inside ------------------------------------------------------------------------------

/// A place for a registration that the callback itself empties.
type Slot = Arc<Mutex<Option<OnCancel>>>;

/// Takes what is in the slot, and lets go of the lock.
fn take(slot: &Slot) -> Option<OnCancel> {
    slot.lock().take()
}

#[test]
fn a_callback_that_drops_its_own_registration_does_not_wait_for_itself() {
    exhaustively(|| {
        let (ctx, canceller) = root();
        let slot = Slot::default();
        let probe = Probe::default();
        let (own, callback) = (Arc::clone(&slot), probe.callback());
        let registration = ctx.on_cancel(move || {
            drop(take(&own)); // if it is there yet
            callback();
        });
        sim::scope(|s| {
            s.spawn("cancel", || canceller.cancel());
            sim::label("before the registration is stored");
            *slot.lock() = Some(registration);
        });
        drop(take(&slot));
        sim::wait_idle();
        assert_eq!(probe.runs(), 1);
    });
}

#[test]
fn a_callback_that_stops_itself_is_told_that_it_runs() {
    exhaustively(|| {
        let (ctx, canceller) = root();
        let slot = Slot::default();
        let told = Arc::new(Mutex::new(None));
        let (own, place) = (Arc::clone(&slot), Arc::clone(&told));
        let registration = ctx.on_cancel(move || {
            let stopped = take(&own).map(OnCancel::stop);
            *place.lock() = Some(stopped);
        });
        *slot.lock() = Some(registration);
        sim::scope(|s| {
            s.spawn("cancel", || canceller.cancel());
        });
        sim::wait_idle();
        assert_eq!(*told.lock(), Some(Some(false)));
    });
}

#[test]
fn two_callbacks_that_drop_each_other_s_registrations_block_nobody() {
    let body = || {
        let [(a, a_canceller), (b, b_canceller)] = [root(), root()];
        let slots = [Slot::default(), Slot::default()];
        let both = Arc::new(WaitGroup::new());
        let probe = Count::default();
        both.add(2);
        for (ctx, mine, other) in [(&a, 0, 1), (&b, 1, 0)] {
            let (other, both, probe) =
                (Arc::clone(&slots[other]), Arc::clone(&both), probe.clone());
            let registration = ctx.on_cancel(move || {
                both.done();
                both.wait();
                drop(take(&other));
                probe.add();
            });
            *slots[mine].lock() = Some(registration);
        }
        sim::scope(|s| {
            s.spawn("cancel", || a_canceller.cancel());
            b_canceller.cancel();
        });
        sim::wait_idle();
        assert_eq!(probe.get(), 2);
    };
    assert!(Builder::new().exhaustive(0).check(body).exhausted);
    by_seeds(body);
}

#[test]
fn in_a_group_that_was_created_inside_a_callback_a_drop_does_not_wait_though_the_group_between_is_gone()
 {
    let body = || {
        let (ctx, canceller) = root();
        let slot = Slot::default();
        let probe = Count::default();
        let (own, count) = (Arc::clone(&slot), probe.clone());
        let registration = ctx.on_cancel(move || {
            // A group in a task of a group, which ends first.
            let outer = ErrGroup::<String>::new();
            let inner = outer.go(|_| Ok(ErrGroup::<String>::new())).join().unwrap();
            outer.wait().unwrap();
            let is_dropped = Arc::new(WaitGroup::new());
            is_dropped.add(1);
            let done = Arc::clone(&is_dropped);
            let task = inner.go(move |_| {
                drop(take(&own)); // that of the callback which waits for this task
                done.done();
                Ok(())
            });
            is_dropped.wait();
            task.join().unwrap();
            count.add();
        });
        *slot.lock() = Some(registration);
        canceller.cancel();
        sim::wait_idle();
        assert_eq!(probe.get(), 1);
    };
    by_seeds(body);
}

#[test]
fn if_the_operating_system_refuses_threads_the_reserve_thread_runs_the_callbacks() {
    let body = || {
        sim::refuse_threads(2..100);
        let (ctx, canceller) = root();
        let probe = Probe::default();
        ctx.on_cancel(probe.callback()).detach(); // watcher and reserve thread: 0 and 1
        canceller.cancel();
        sim::wait_idle();
        assert_eq!(probe.runs(), 1);
    };
    assert!(Builder::new().exhaustive(1).check(body).exhausted);
    by_seeds(body);
}

#[test]
fn a_callback_may_cancel_its_own_context_its_parent_and_others() {
    exhaustively(|| {
        let (parent, parent_canceller) = root();
        let (ctx, canceller) = parent.with_cancel();
        let (other, other_canceller) = root();
        let canceller = Arc::new(canceller);
        let own = Arc::clone(&canceller);
        let probe = Probe::default();
        let callback = probe.callback();
        ctx.on_cancel(move || {
            own.cancel_because("itself");
            parent_canceller.cancel_because("the parent");
            other_canceller.cancel_because("another");
            callback();
        })
        .detach();
        sim::scope(|s| {
            s.spawn("cancel", || canceller.cancel_because("the end"));
            other.wait();
        });
        sim::wait_idle();
        assert_eq!(told(&ctx), because("the end"));
        assert_eq!(told(&parent), because("the parent"));
        assert_eq!(told(&other), because("another"));
        assert_eq!(probe.runs(), 1);
    });
}

#[test]
fn callbacks_that_cancel_each_other_s_contexts_end_both_once() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let (left, left_canceller) = root();
            let (right, right_canceller) = root();
            let (left_canceller, right_canceller) =
                (Arc::new(left_canceller), Arc::new(right_canceller));
            let (to_left, to_right) = (Arc::clone(&left_canceller), Arc::clone(&right_canceller));
            let probes = [Probe::default(), Probe::default()];
            let [in_left, in_right] = [probes[0].callback(), probes[1].callback()];
            left.on_cancel(move || {
                to_right.cancel_because("left");
                in_left();
            })
            .detach();
            right
                .on_cancel(move || {
                    to_left.cancel_because("right");
                    in_right();
                })
                .detach();
            sim::scope(|s| {
                s.spawn("left", || left_canceller.cancel_because("by hand"));
                s.spawn("right", || right_canceller.cancel_because("by hand"));
            });
            sim::wait_idle();
            assert_eq!(probes.map(|probe| probe.runs()), [1, 1]);
            [left, right].map(|ctx| ctx.cause().unwrap().error().unwrap().to_string())
        })
        .exactly(
            [["by hand", "by hand"], ["by hand", "left"], ["right", "by hand"]]
                .map(|causes| causes.map(str::to_owned)),
        )
        .exhausted();
}

#[test]
fn a_callback_that_registers_others_has_them_run_or_left_registered() {
    by_seeds(|| {
        let (ctx, canceller) = root();
        let (live, live_canceller) = root();
        let (now, later) = (Probe::default(), Probe::default());
        let (own, other) = (ctx.clone(), live.clone());
        let (at_once, at_the_end) = (now.callback(), later.callback());
        ctx.on_cancel(move || {
            own.on_cancel(at_once).detach();
            let (child, child_canceller) = own.with_cancel();
            child_canceller.disarm();
            assert!(child.has_ended());
            other.on_cancel(at_the_end).detach();
        })
        .detach();
        sim::scope(|s| {
            s.spawn("cancel", || canceller.cancel());
            s.spawn("cancel the other", || live_canceller.cancel());
        });
        sim::wait_idle();
        assert_eq!([now.runs(), later.runs()], [1, 1]);
    });
}

#[test]
fn a_callback_may_let_go_of_the_last_handles() {
    exhaustively(|| {
        let (ctx, canceller) = root();
        let (child, child_canceller) = ctx.with_cancel();
        let probe = Probe::default();
        child.on_cancel(probe.callback()).detach();
        let last = (ctx.clone(), child, child_canceller);
        ctx.on_cancel(move || drop(last)).detach();
        drop(ctx);
        sim::scope(|s| {
            s.spawn("cancel", move || drop(canceller));
        });
        sim::wait_idle();
        assert_eq!(probe.runs(), 1);
    });
}

// --- With a lock ------------------------------------------------------------------------------

/// Waits for a condition that never comes, until the context ends.
fn wait_on_cond(ctx: &Context, met: &Arc<(phalanx::Mutex<bool>, Cond)>) -> Result<(), Cancelled> {
    let other = Arc::clone(met);
    let mut is_met = met.0.lock();
    let registration = ctx.on_cancel(move || {
        let _guard = other.0.lock();
        other.1.broadcast();
    });
    let mut waited = Ok(());
    while waited.is_ok() && !*is_met {
        met.1.wait(&mut is_met);
        waited = ctx.check();
    }
    registration.stop();
    waited
}

#[test]
fn a_callback_may_take_the_lock_under_which_the_waiter_polls() {
    let body = || {
        let met = Arc::new((phalanx::Mutex::new(false), Cond::new()));
        let waiters = [(); 2].map(|()| {
            let met = Arc::clone(&met);
            sim::spawn("waiter", move || {
                let ctx = Context::background().with_timeout(SECOND);
                wait_on_cond(&ctx, &met).unwrap_err().to_string()
            })
        });
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap(), "context deadline exceeded");
        }
    };
    assert!(Builder::new().exhaustive(0).check(body).exhausted);
    by_seeds(body);
}

// --- Panics -----------------------------------------------------------------------------------

#[test]
fn of_two_cancels_none_sees_the_panics_of_the_callbacks_and_all_of_them_run() {
    exhaustively(|| {
        let (ctx, canceller) = root();
        let probe = Probe::default();
        ctx.on_cancel(|| panic::resume_unwind(Box::new("on purpose"))).detach();
        ctx.on_cancel(probe.callback()).detach();
        sim::scope(|s| {
            s.spawn("cancel", || canceller.cancel());
            canceller.cancel();
        });
        sim::wait_idle();
        assert_eq!(probe.runs(), 1);
    });
}
