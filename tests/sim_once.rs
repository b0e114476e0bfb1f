//! The races of `Once`, `OnceValue` and the once functions, in the simulator: written by hand, all of
//! them, and at random.

#![cfg(feature = "sim")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![expect(clippy::disallowed_types, reason = "what a test counts with std's atomics is no step")]

mod support;

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use phalanx::sim::lin::{History, Model};
use phalanx::sim::{self, Builder, JoinHandle, Script};
use phalanx::{Context, Interrupted, Once, OnceValue, Until, once_fn, once_value};
use support::schedules::{always, often, pause, play};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const NANO: Duration = Duration::from_nanos(1);

type Place = Arc<OnceValue<u32>>;

fn place() -> Place {
    Arc::new(OnceValue::new())
}

/// Calls `f`, which may panic, and returns the text.
fn panic_of(f: impl FnOnce()) -> Option<String> {
    let payload = panic::catch_unwind(AssertUnwindSafe(f)).err()?;
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned())
}

/// Starts a thread that makes the value in an hour, or fails to; it is at it when this returns.
fn maker(place: &Place, made: Result<u32, ()>) -> JoinHandle<Result<u32, ()>> {
    let place = Arc::clone(place);
    let thread = sim::spawn("maker", move || {
        let late = || {
            pause(HOUR);
            made
        };
        place.get_or_try_init(late).copied()
    });
    sim::wait_idle();
    thread
}

/// Starts a thread that asks for the value, or makes this one; it waits when this returns.
fn asker(place: &Place, name: &str, value: u32) -> JoinHandle<u32> {
    let place = Arc::clone(place);
    let thread = sim::spawn(name, move || *place.get_or_init(|| value));
    sim::wait_idle();
    sim::assert_blocked(&thread, "OnceValue::get_or_init");
    thread
}

// --- One is called, and all see its work ------------------------------------------------------

/// So many callers, of which one is called.
fn callers(how_many: usize) {
    let (once, calls) = (Once::new(), AtomicUsize::new(0));
    sim::scope(|s| {
        for n in 0..how_many {
            let (once, calls) = (&once, &calls);
            s.spawn(format!("caller {n}"), move || {
                once.call(|| {
                    let before = calls.load(SeqCst);
                    sim::yield_now();
                    calls.store(before + 1, SeqCst);
                });
                assert!(once.is_done());
                assert_eq!(calls.load(SeqCst), 1);
            });
        }
    });
}

#[test]
fn of_two_callers_one_is_called_in_every_schedule() {
    always(3, || callers(2));
}

#[test]
fn of_three_callers_one_is_called_in_every_schedule() {
    always(2, || callers(3));
}

#[test]
fn of_many_callers_one_is_called() {
    often(|| callers(6));
}

#[test]
fn all_who_wait_get_the_value_of_the_one_who_makes_it() {
    always(1, || {
        let place = place();
        let maker = maker(&place, Ok(1));
        let asker = asker(&place, "asker", 2);
        let waiter = sim::spawn("waiter", {
            let place = Arc::clone(&place);
            move || *place.wait()
        });
        sim::wait_idle();
        sim::assert_blocked(&waiter, "OnceValue::wait");
        assert_eq!(place.get(), None);
        assert_eq!(place.set(3), Err(3));
        assert_eq!(maker.join().unwrap(), Ok(1));
        assert_eq!((asker.join().unwrap(), waiter.join().unwrap()), (1, 1));
        assert_eq!(sim::elapsed(), HOUR);
    });
}

/// A caller that makes the value, and another one; the script begins when both are there.
fn one_of_each() -> u32 {
    let place = place();
    sim::scope(|s| {
        s.spawn("maker", || *place.get_or_init(|| 1));
        s.spawn("waiter", || *place.wait());
    });
    *place.wait()
}

#[test]
fn a_value_that_is_made_between_any_two_steps_of_a_waiter_is_seen() {
    for step in ["lock", "park"] {
        let script = Script::new().run("root").to_block().run("waiter").until(step);
        assert_eq!(play(script.run("maker").to_end().run("waiter").to_end(), one_of_each), 1);
    }
}

#[test]
fn no_schedule_of_one_maker_and_one_waiter_loses_the_wake_up() {
    always(3, || assert_eq!(one_of_each(), 1));
}

#[test]
fn a_set_and_an_initialiser_at_once_are_one_or_the_other() {
    sim::outcomes(|| {
        let place = place();
        let setter = sim::spawn("setter", {
            let place = Arc::clone(&place);
            move || place.set(1).is_ok()
        });
        let made = *place.get_or_init(|| 2);
        (setter.join().unwrap(), made, *place.wait())
    })
    .exactly([(true, 1, 1), (false, 2, 2)])
    .exhausted();
}

#[test]
fn of_two_setters_one_succeeds_and_both_values_are_kept() {
    sim::outcomes(|| {
        let place = place();
        let setter = sim::spawn("setter", {
            let place = Arc::clone(&place);
            move || place.set(1)
        });
        (place.set(2), setter.join().unwrap(), place.get().copied())
    })
    .exactly([(Ok(()), Err(1), Some(2)), (Err(2), Ok(()), Some(1))])
    .exhausted();
}

#[test]
fn a_set_wakes_who_waits() {
    always(2, || {
        let place = place();
        let waiter = sim::spawn("waiter", {
            let place = Arc::clone(&place);
            move || *place.wait()
        });
        assert_eq!(place.set(1), Ok(()));
        assert_eq!(waiter.join().unwrap(), 1);
    });
}

// --- Whoever fails passes the turn on ---------------------------------------------------------

#[test]
fn an_error_wakes_exactly_one_caller_the_one_that_came_first() {
    always(1, || {
        let place = place();
        let maker = maker(&place, Err(()));
        let waiter = sim::spawn("waiter", {
            let place = Arc::clone(&place);
            move || *place.wait()
        });
        sim::wait_idle();
        let next = sim::spawn("next", {
            let place = Arc::clone(&place);
            move || {
                let late = || {
                    pause(HOUR);
                    2
                };
                *place.get_or_init(late)
            }
        });
        sim::wait_idle();
        let last = asker(&place, "last", 3);
        assert_eq!(maker.join().unwrap(), Err(()));
        sim::wait_idle();
        assert_eq!(sim::elapsed(), HOUR, "the next one makes it");
        sim::assert_blocked(&waiter, "OnceValue::wait");
        sim::assert_blocked(&last, "OnceValue::get_or_init");
        assert_eq!((next.join().unwrap(), last.join().unwrap(), waiter.join().unwrap()), (2, 2, 2));
        assert_eq!(sim::elapsed(), 2 * HOUR);
    });
}

#[test]
fn an_error_with_nobody_behind_leaves_the_place_empty() {
    always(2, || {
        let place = place();
        assert_eq!(maker(&place, Err(())).join().unwrap(), Err(()));
        assert_eq!(place.get(), None);
        assert_eq!(place.set(1), Ok(()));
    });
}

/// Two callers whose functions fail, one whose function does not; so many were called.
fn failures(panics: bool) -> usize {
    let (once, calls) = (Arc::new(Once::new()), Arc::new(AtomicUsize::new(0)));
    let fails = |name: &str| {
        let (once, calls) = (Arc::clone(&once), Arc::clone(&calls));
        sim::spawn(name, move || {
            panic_of(|| {
                once.call(|| {
                    calls.fetch_add(1, SeqCst);
                    assert!(!panics, "on purpose");
                });
            })
            .is_some()
        })
    };
    let callers = [fails("a"), fails("b")];
    once.call(|| {
        calls.fetch_add(1, SeqCst);
    });
    let failed = callers.map(|caller| usize::from(caller.join().unwrap())).iter().sum::<usize>();
    assert!(once.is_done());
    assert_eq!(calls.load(SeqCst), failed + 1, "whoever was called has failed, or was the last");
    failed
}

#[test]
fn callers_that_panic_are_followed_by_others_until_one_succeeds() {
    let failed = Builder::new().exhaustive(2).outcomes(|| failures(true));
    failed.exactly([0, 1, 2]).exhausted();
    sim::outcomes(|| failures(false)).exactly([0]).exhausted();
}

#[test]
fn errors_go_each_to_its_own_caller() {
    often(|| {
        let (place, calls) = (place(), Arc::new(AtomicUsize::new(0)));
        let failures: usize = ["a", "b", "c", "d"]
            .map(|name| {
                let (place, calls) = (Arc::clone(&place), Arc::clone(&calls));
                sim::spawn(name, move || {
                    let third = || match calls.fetch_add(1, SeqCst) {
                        2 => Ok(7),
                        n => Err(n),
                    };
                    place.get_or_try_init(third).copied()
                })
            })
            .into_iter()
            .map(|thread| usize::from(thread.join().unwrap().is_err()))
            .sum();
        assert_eq!((failures, calls.load(SeqCst), place.get()), (2, 3, Some(&7)));
    });
}

// --- Bounds -----------------------------------------------------------------------------------

#[test]
fn a_wait_gives_up_at_its_instant_and_not_a_nanosecond_before() {
    sim::check(|| {
        for bound in [NANO, SECOND, HOUR / 2] {
            let place = place();
            let maker = maker(&place, Ok(1));
            let began = sim::elapsed();
            let threads =
                ["OnceValue::get_or_init", "OnceValue::get_or_try_init", "OnceValue::wait"].map(
                    |call| {
                        let place = Arc::clone(&place);
                        let thread = sim::spawn(call, move || {
                            let given_up = match call {
                                "OnceValue::wait" => place.wait_until(bound).err(),
                                "OnceValue::get_or_init" => {
                                    place.get_or_init_until(bound, || 2).err()
                                }
                                _ => place.get_or_try_init_until(bound, || Err(())).err(),
                            };
                            (matches!(given_up, Some(Interrupted::TimedOut)), sim::elapsed())
                        });
                        (thread, call)
                    },
                );
            sim::sleep(bound.saturating_sub(NANO));
            for (thread, call) in &threads {
                sim::assert_blocked(thread, call);
            }
            for (thread, _) in threads {
                assert_eq!(thread.join().unwrap(), (true, began + bound));
            }
            assert_eq!(maker.join().unwrap(), Ok(1), "it goes on");
        }
    });
}

/// What a bounded caller says when the one before it fails in the instant of its bound: whether it was
/// called, and whether the patient one behind it was.
fn failure_at_the_bound() -> (bool, bool) {
    let place = place();
    let maker = maker(&place, Err(()));
    let bounded = sim::spawn("bounded", {
        let place = Arc::clone(&place);
        // The value may also be the patient one's, made between the bound and the last look.
        move || place.get_or_init_until(HOUR, || 1).is_ok_and(|value| *value == 1)
    });
    sim::wait_idle();
    let patient = asker(&place, "patient", 2);
    assert_eq!(maker.join().unwrap(), Err(()));
    let value = patient.join().unwrap();
    (bounded.join().unwrap(), value == 2)
}

#[test]
fn a_turn_in_the_instant_of_the_bound_is_taken_or_left_to_the_next() {
    Builder::new()
        .exhaustive(1)
        .outcomes(failure_at_the_bound)
        .exactly([(true, false), (false, true)])
        .exhausted();
}

#[test]
fn a_turn_that_was_granted_beats_the_bound() {
    let script = Script::new()
        .run("maker")
        .to_block()
        .run("bounded")
        .to_block()
        .run("patient")
        .to_block()
        .run("maker")
        .until("unpark")
        .run("bounded")
        .to_end();
    assert_eq!(play(script, failure_at_the_bound), (true, false));
}

#[test]
fn a_value_made_before_a_cancel_is_returned_though_its_grant_comes_later() {
    let script = Script::new().run("root").to_block().run("maker").until("making");
    let script = script.run("waiter").to_block().run("caller").to_block();
    let script = script.run("maker").until("lock").run("canceller").to_end(); // before the grants
    let script = script.run("waiter").to_end().run("caller").to_end().run("maker").to_end();
    play(script, || {
        let (place, (ctx, canceller)) = (OnceValue::new(), Context::background().with_cancel());
        sim::scope(|s| {
            s.spawn("maker", || {
                _ = place.get_or_init(|| {
                    sim::label("making");
                    1
                });
            });
            s.spawn("waiter", || assert_eq!(*place.wait_until(&ctx).unwrap(), 1));
            s.spawn("caller", || assert_eq!(*place.get_or_init_until(&ctx, || 2).unwrap(), 1));
            s.spawn("canceller", || canceller.cancel());
        });
        assert!(place.wait_until(&ctx).is_err(), "the context had ended before the call");
    });
}

#[test]
fn a_cancelled_caller_leaves_the_turn_to_the_next() {
    sim::outcomes(|| {
        let place = place();
        let (ctx, canceller) = Context::background().with_cancel();
        let maker = sim::spawn("maker", {
            let place = Arc::clone(&place);
            move || place.get_or_try_init(|| Err(())).copied()
        });
        let first = sim::spawn("first", {
            let place = Arc::clone(&place);
            move || place.get_or_init_until(&ctx, || 1).is_ok()
        });
        canceller.cancel();
        let value = *place.get_or_init(|| 2);
        let (first, made) = (first.join().unwrap(), maker.join().unwrap());
        assert!(first || value == 2);
        assert!(made.is_err() || made == Ok(value));
        value
    })
    .exactly([1, 2])
    .exhausted();
}

#[test]
fn callers_of_all_kinds_come_and_go() {
    often(|| {
        let place = place();
        let (ctx, canceller) = Context::background().with_cancel_timeout(2 * SECOND);
        let late = |made: Result<u32, ()>| {
            pause(SECOND);
            made
        };
        sim::scope(|s| {
            for n in 1..5 {
                let (place, ctx) = (&place, &ctx);
                s.spawn(format!("caller {n}"), move || {
                    let until: Until<'_> = match sim::choose(3) {
                        0 => SECOND.into(),
                        1 => ctx.into(),
                        _ => Until::FOREVER,
                    };
                    let made = if sim::choose(2) == 0 { Ok(n) } else { Err(()) };
                    drop(place.get_or_try_init_until(until, || late(made)));
                });
            }
            s.spawn("watcher", || drop(place.wait_until(3 * SECOND)));
            pause(SECOND);
            canceller.cancel();
        });
        let value = place.get().copied();
        assert_eq!(*place.get_or_init(|| 9), value.unwrap_or(9), "nobody has kept the turn");
    });
}

// --- Re-entry ---------------------------------------------------------------------------------

#[test]
fn a_function_that_waits_for_itself_fails_and_the_next_caller_is_called() {
    sim::outcomes(|| {
        let place = place();
        let itself = sim::spawn("itself", {
            let place = Arc::clone(&place);
            move || {
                panic_of(|| {
                    place.get_or_init(|| *place.get_or_init(|| 1));
                })
            }
        });
        let value = *place.get_or_init(|| 2);
        assert_eq!(value, 2);
        itself.join().unwrap()
    })
    .exactly([
        Some("OnceValue::get_or_init: called inside of the function it waits for".to_owned()),
        None,
    ])
    .exhausted();
}

#[test]
fn two_places_that_wait_for_each_other_are_a_deadlock_that_is_reported() {
    let failure = Builder::new().try_check(|| {
        let (one, other) = (place(), place());
        let crosswise = sim::spawn("crosswise", {
            let (one, other) = (Arc::clone(&one), Arc::clone(&other));
            move || *one.get_or_init(|| *other.get_or_init(|| 1))
        });
        other.get_or_init(|| *one.get_or_init(|| 2));
        crosswise.join().unwrap();
    });
    let report = failure.unwrap_err().to_string();
    assert!(report.contains("DEADLOCK"), "{report}");
    assert!(report.contains("OnceValue::get_or_init"), "{report}");
}

// --- Functions --------------------------------------------------------------------------------

#[test]
fn a_once_function_is_called_once_in_every_schedule() {
    always(2, || {
        let calls = Arc::new(AtomicUsize::new(0));
        let value = Arc::new(once_value({
            let calls = Arc::clone(&calls);
            move || {
                sim::yield_now();
                calls.fetch_add(1, SeqCst) + 7
            }
        }));
        let other = sim::spawn("other", {
            let value = Arc::clone(&value);
            move || value()
        });
        assert_eq!((value(), other.join().unwrap(), calls.load(SeqCst)), (7, 7, 1));
    });
}

#[test]
fn one_caller_gets_the_panic_and_the_others_its_text() {
    let text = "once_fn: the function has panicked: on purpose";
    sim::outcomes(|| {
        let f = Arc::new(once_fn(|| panic!("on purpose")));
        let other = sim::spawn("other", {
            let f = Arc::clone(&f);
            move || panic_of(|| f()).unwrap()
        });
        (panic_of(|| f()).unwrap(), other.join().unwrap())
    })
    .exactly([
        ("on purpose".to_owned(), text.to_owned()),
        (text.to_owned(), "on purpose".to_owned()),
    ])
    .exhausted();
}

// --- One after the other ----------------------------------------------------------------------

/// A place as its documentation has it, when calls come one at a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Slot(Option<u32>);

#[derive(Clone, Copy, Debug)]
enum Op {
    Get,
    /// Never fails for a value that is being made: no initialiser blocks here, so none is seen at it
    /// by whom it does not overlap.
    Set(u32),
    Init(u32),
    Fail,
    Wait,
}

impl Model for Slot {
    type Op = Op;
    type Ret = Option<u32>;

    fn step(&self, op: &Op, ret: Option<&Option<u32>>) -> impl IntoIterator<Item = Self> {
        let &Slot(slot) = self;
        let (after, told) = match *op {
            // Refused, though it is empty: another call is about to make one.
            Op::Set(_) if slot.is_none() && ret == Some(&None) => (slot, None),
            Op::Set(n) if slot.is_none() => (Some(n), Some(n)),
            Op::Set(_) => (slot, None),
            Op::Init(n) => (slot.or(Some(n)), slot.or(Some(n))),
            Op::Wait if slot.is_none() => return None,
            Op::Get | Op::Fail | Op::Wait => (slot, slot),
        };
        ret.is_none_or(|ret| *ret == told).then_some(Slot(after))
    }
}

fn call(place: &OnceValue<u32>, op: Op) -> Option<u32> {
    match op {
        Op::Get => place.get().copied(),
        Op::Set(n) => place.set(n).is_ok().then_some(n),
        Op::Init(n) => Some(*place.get_or_init(|| n)),
        Op::Fail => place.get_or_try_init(|| Err(())).ok().copied(),
        Op::Wait => Some(*place.wait()),
    }
}

/// Each list of calls is made by a thread.
fn is_linearizable(programs: &[&[Op]]) {
    let (place, history) = (OnceValue::new(), History::new());
    sim::scope(|s| {
        for (n, program) in programs.iter().enumerate() {
            s.spawn(format!("thread {n}"), || {
                for op in *program {
                    history.call(*op, || call(&place, *op));
                }
            });
        }
    });
    history.assert_linearizable(Slot(None));
}

#[test]
fn two_threads_of_two_calls_are_linearizable() {
    use Op::{Fail, Get, Init, Set, Wait};
    let programs: [[&[Op]; 2]; 5] = [
        [&[Init(1), Get], &[Init(2), Get]],
        [&[Fail, Init(1)], &[Wait, Get]],
        [&[Set(1), Get], &[Set(2), Fail]],
        [&[Fail, Set(1)], &[Fail, Init(2)]],
        [&[Get, Init(1)], &[Wait, Set(2)]],
    ];
    for [one, other] in programs {
        always(2, move || is_linearizable(&[one, other]));
    }
}

#[test]
fn three_threads_of_one_call_are_linearizable() {
    use Op::{Fail, Get, Init, Set, Wait};
    let programs: [[&[Op]; 3]; 4] = [
        [&[Init(1)], &[Init(2)], &[Wait]],
        [&[Fail], &[Init(1)], &[Wait]],
        [&[Fail], &[Init(1)], &[Init(2)]],
        [&[Set(1)], &[Init(2)], &[Get]],
    ];
    for [a, b, c] in programs {
        always(1, move || is_linearizable(&[a, b, c]));
    }
}

#[test]
fn four_threads_of_three_calls_are_linearizable() {
    use Op::{Fail, Get, Init, Set, Wait};
    often(|| {
        let a: &[Op] = &[Fail, Get, Init(1)];
        let b: &[Op] = &[Get, Fail, Init(2)];
        let c: &[Op] = &[Wait, Set(3), Get];
        let d: &[Op] = &[Fail, Set(4), Wait];
        is_linearizable(&[a, b, c, d]);
    });
}
