//! Doing things once: who calls, who waits, what errors, panics and re-entry do.

#![expect(clippy::disallowed_types, reason = "tests use std's atomics")]

mod support;

use std::cell::Cell;
use std::marker::PhantomPinned;
use std::panic::{self, RefUnwindSafe, UnwindSafe};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use phalanx::{Context, Interrupted, Once, OnceValue, once_arc, once_fn, once_value};
use support::asleep::Sleeper;
use support::{Bomb, Count, StartLine, gate, panic_of, payload_of, text_of, watchdog};

const SOON: Duration = Duration::ZERO;

// --- Once -------------------------------------------------------------------------------------

#[test]
fn one_function_is_called_and_all_callers_see_its_work() {
    watchdog(|| {
        for _ in 0..200 {
            let (once, line) = (Once::new(), StartLine::new(4));
            let (calls, work) = (AtomicUsize::new(0), AtomicUsize::new(0));
            thread::scope(|s| {
                for _ in 0..4 {
                    s.spawn(|| {
                        line.wait();
                        once.call(|| {
                            calls.fetch_add(1, Relaxed);
                            work.store(7, Relaxed);
                        });
                        assert_eq!(work.load(Relaxed), 7);
                        assert!(once.is_done());
                    });
                }
            });
            assert_eq!(calls.into_inner(), 1);
        }
    });
}

#[test]
fn a_function_that_is_not_needed_is_dropped() {
    let (once, drops) = (Once::default(), Count::default());
    once.call(|| ());
    let captured = drops.on_drop();
    once.call(move || {
        let _captured = captured;
        panic!("not called");
    });
    assert_eq!(drops.get(), 1);
    once.call_until(SOON, || panic!("not called")).unwrap();
    once.wait();
    once.wait_until(SOON).unwrap();
}

#[test]
#[cfg(all(target_pointer_width = "64", not(feature = "sim")))]
fn their_sizes_on_64_bits() {
    assert_eq!(size_of::<Once>(), 32);
    assert_eq!(size_of::<OnceValue<usize>>(), size_of::<OnceLock<usize>>() + 24);
}

#[test]
fn a_panic_leaves_it_undone_and_the_next_caller_tries() {
    watchdog(|| {
        let once = Once::new();
        for _ in 0..3 {
            assert_eq!(panic_of(|| once.call(|| panic!("on purpose"))), "on purpose");
            assert!(!once.is_done());
            assert!(once.wait_until(SOON).is_err());
        }
        once.call(|| ());
        assert!(once.is_done());
    });
}

// --- OnceValue --------------------------------------------------------------------------------

#[test]
fn a_value_is_made_once() {
    let place = OnceValue::new();
    assert_eq!(place.get(), None);
    assert_eq!(place.get_or_init(|| 1), &1);
    assert_eq!(place.get_or_init(|| 2), &1);
    assert_eq!(place.get_or_init_until(SOON, || 3).unwrap(), &1);
    assert_eq!(place.get_or_try_init(|| Err("not called")), Ok(&1));
    assert_eq!(place.get_or_try_init_until(SOON, || Err("not called")).unwrap(), Ok(&1));
    assert_eq!((place.get(), place.wait()), (Some(&1), &1));
    assert_eq!(place.wait_until(SOON).unwrap(), &1);
    assert_eq!(place.into_inner(), Some(1));
}

#[test]
fn an_error_goes_to_its_caller_and_leaves_the_place_empty() {
    let place = OnceValue::new();
    assert_eq!(place.get_or_try_init(|| Err("first")), Err("first"));
    assert_eq!(place.get_or_try_init_until(SOON, || Err("second")).unwrap(), Err("second"));
    assert_eq!(place.get(), None);
    assert_eq!(place.get_or_try_init(|| Ok::<_, ()>(3)), Ok(&3));
}

#[test]
fn set_fills_an_empty_place_only() {
    let place = OnceValue::default();
    assert_eq!(place.set("first".to_owned()), Ok(()));
    assert_eq!(place.set("second".to_owned()), Err("second".to_owned()));
    assert_eq!(place.get_or_init(String::new), "first");
    assert_eq!(OnceValue::from(5).set(6), Err(6));
}

#[test]
fn a_place_can_be_used_again() {
    let mut place = OnceValue::from(1);
    *place.get_mut().unwrap() += 1;
    assert_eq!(place.take(), Some(2));
    assert_eq!((place.take(), place.get()), (None, None));
    assert_eq!(place.get_mut(), None);
    assert_eq!(place.get_or_init(|| 3), &3);
    assert_eq!(place.take(), Some(3));
    assert_eq!(place.set(4), Ok(()));
    assert_eq!(place.into_inner(), Some(4));
    assert_eq!(OnceValue::<u8>::new().into_inner(), None);
}

#[test]
fn places_are_cloned_and_compared_by_their_values() {
    let (empty, one) = (OnceValue::new(), OnceValue::from("one".to_owned()));
    let copy = one.clone();
    assert!(copy == one && empty == empty.clone());
    assert_ne!(one, empty);
    assert_ne!(empty, one);
    assert_eq!(empty.clone().set("two".to_owned()), Ok(()));
    assert_eq!((empty.get(), copy.into_inner()), (None, Some("one".to_owned())));
    empty.get_or_init(|| {
        assert!(empty.clone().get().is_none() && empty == OnceValue::new(), "it is being made");
        "one".to_owned()
    });
    assert_eq!(empty, one);
}

#[test]
fn the_value_is_dropped_once() {
    let drops = Count::default();
    let mut place = OnceValue::new();
    place.get_or_init(|| drops.on_drop());
    drop(place.take());
    assert_eq!(drops.get(), 1);
    place.get_or_init(|| drops.on_drop());
    drop(place);
    assert_eq!(drops.get(), 2);
}

#[test]
fn a_value_that_came_too_late_comes_back_and_is_dropped_by_its_owner() {
    let place = OnceValue::new();
    assert!(place.set(None).is_ok());
    let back = place.set(Some(Bomb)).unwrap_err();
    assert_eq!(panic_of(|| drop(back)), "the bomb went off");
    assert!(place.get().is_some());
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn while_a_value_is_made_others_wait_and_nobody_sets() {
    watchdog(|| {
        let (opener, gate) = gate();
        let (place, begun) = (Arc::new(OnceValue::new()), StartLine::new(2));
        thread::scope(|s| {
            s.spawn(|| {
                place.get_or_init(|| {
                    begun.wait();
                    gate.pass();
                    1
                })
            });
            begun.wait();
            assert_eq!(place.get(), None);
            assert_eq!(place.set(2), Err(2));
            let timed_out = place.get_or_init_until(SOON, || 3);
            assert!(matches!(timed_out, Err(Interrupted::TimedOut)));
            let nested = place.get_or_try_init_until(SOON, || Err::<i32, _>("not called"));
            assert!(matches!(nested, Err(Interrupted::TimedOut)));
            assert!(place.wait_until(SOON).is_err());

            let sleepers = [Sleeper::default(), Sleeper::default()];
            let [asks, waits] = sleepers.clone();
            let (asking, waiting) = (Arc::clone(&place), Arc::clone(&place));
            let asking = s.spawn(move || {
                asks.here();
                *asking.get_or_init(|| 4)
            });
            let waiting = s.spawn(move || {
                waits.here();
                *waiting.wait()
            });
            sleepers.iter().for_each(Sleeper::until_asleep);
            opener.open();
            assert_eq!((asking.join().unwrap(), waiting.join().unwrap()), (1, 1));
        });
    });
}

#[test]
fn a_context_that_has_ended_fails_at_once() {
    let (ctx, canceller) = Context::background().with_cancel();
    canceller.cancel();
    let (empty, full) = (OnceValue::new(), OnceValue::from(1));
    for place in [&empty, &full] {
        let is_cancelled = |why| matches!(why, Some(Interrupted::Cancelled(_)));
        assert!(is_cancelled(place.get_or_init_until(&ctx, || 2).err()));
        assert!(is_cancelled(place.get_or_try_init_until(&ctx, || Ok::<_, ()>(2)).err()));
        assert!(is_cancelled(place.wait_until(&ctx).err()));
    }
    assert!(Once::new().call_until(&ctx, || panic!("not called")).is_err());
    assert_eq!(empty.get(), None);
}

// --- What may cross threads -------------------------------------------------------------------

/// Where the answer is no. Its name begins with an underscore, for one of the two goes unused.
trait Otherwise {
    const _ANSWER: bool = false;
}

/// Whether a type implements a trait.
macro_rules! is {
    ($type:ty: $bound:path) => {{
        struct Ask<T: ?Sized>(std::marker::PhantomData<T>);
        impl<T: ?Sized> Otherwise for Ask<T> {}
        impl<T: ?Sized + $bound> Ask<T> {
            const _ANSWER: bool = true;
        }
        <Ask<$type>>::_ANSWER
    }};
}

#[test]
fn a_place_crosses_what_a_once_lock_crosses() {
    macro_rules! as_once_lock {
        ($($value:ty),+) => {
            $(as_once_lock!($value: Send, Sync, Unpin, UnwindSafe, RefUnwindSafe);)+
        };
        ($value:ty: $($bound:ident),+) => {
            $(assert_eq!(
                is!(OnceValue<$value>: $bound),
                is!(OnceLock<$value>: $bound),
                "{}: {}", stringify!($value), stringify!($bound)
            );)+
        };
    }
    as_once_lock!(u8, Cell<u8>, Rc<u8>, &'static Cell<u8>, &'static mut u8, PhantomPinned);
    as_once_lock!(std::sync::MutexGuard<'static, u8>, std::sync::mpsc::Sender<u8>);
    assert!(is!(Once: Send) && is!(Once: Sync) && is!(Once: UnwindSafe));
    assert!(is!(Once: RefUnwindSafe) && is!(Once: Unpin));
}

// --- Re-entry ---------------------------------------------------------------------------------

#[test]
fn a_function_that_waits_for_itself_panics() {
    type Again = fn(&OnceValue<u8>) -> u8;
    let cases: [(&str, Again); 6] = [
        ("OnceValue::get_or_init", |place| *place.get_or_init(|| 1)),
        ("OnceValue::get_or_init", |place| *place.get_or_init_until(SOON, || 1).unwrap()),
        ("OnceValue::get_or_try_init", |place| *place.get_or_try_init(|| Err(())).unwrap()),
        ("OnceValue::get_or_try_init", |place| {
            *place.get_or_try_init_until(SOON, || Err(())).unwrap().unwrap()
        }),
        ("OnceValue::wait", |place| *place.wait()),
        ("OnceValue::wait", |place| *place.wait_until(SOON).unwrap()),
    ];
    watchdog(move || {
        for (name, again) in cases {
            let place = OnceValue::new();
            let expected = format!("{name}: called inside of the function it waits for");
            assert_eq!(panic_of(|| place.get_or_init(|| again(&place))), expected);
            assert_eq!(place.get(), None, "it has failed");
            let caught = place.get_or_init(|| {
                assert_eq!(panic_of(|| again(&place)), expected);
                assert_eq!(place.set(2), Err(2), "it is being made");
                3
            });
            assert_eq!(caught, &3, "whoever catches the panic goes on");
        }
    });
}

#[test]
fn a_once_that_waits_for_itself_panics() {
    watchdog(|| {
        let once = Once::new();
        let message = "Once::call: called inside of the function it waits for";
        assert_eq!(panic_of(|| once.call(|| once.call(|| ()))), message);
        let message = "Once::wait: called inside of the function it waits for";
        assert_eq!(panic_of(|| once.call(|| once.wait())), message);
        once.call(|| assert!(!once.is_done()));
        assert!(once.is_done());
    });
}

#[test]
fn functions_of_two_places_may_be_nested() {
    let (outer, inner) = (OnceValue::new(), OnceValue::new());
    assert_eq!(outer.get_or_init(|| inner.get_or_init(|| 1) + 1), &2);
}

// --- Functions --------------------------------------------------------------------------------

#[test]
fn a_once_function_calls_once() {
    let calls = Cell::new(0);
    let f = once_fn(|| calls.set(calls.get() + 1));
    assert_eq!(calls.get(), 0);
    f();
    f();
    assert_eq!(calls.get(), 1);
    let value = once_value(|| {
        calls.set(calls.get() + 1);
        calls.get().to_string()
    });
    assert_eq!((value(), value()), ("2".to_owned(), "2".to_owned()));
}

#[test]
fn a_once_function_shares_a_value_that_cannot_be_cloned() {
    struct Unique(u8);
    let calls = Count::default();
    let value = once_arc(|| {
        calls.add();
        Unique(7)
    });
    let (first, second) = (value(), value());
    assert!(Arc::ptr_eq(&first, &second));
    assert_eq!((first.0, calls.get()), (7, 1));
    let panics = once_arc(|| -> Unique { panic!("on purpose") });
    assert_eq!(panic_of(|| drop(panics())), "on purpose");
    assert_eq!(panic_of(|| drop(panics())), "once_arc: the function has panicked: on purpose");
}

#[test]
fn a_once_function_is_shared() {
    watchdog(|| {
        for _ in 0..100 {
            let calls = Count::default();
            let counted = calls.clone();
            let value = once_value(move || {
                counted.add();
                Arc::new(7)
            });
            let line = StartLine::new(3);
            thread::scope(|s| {
                for _ in 0..3 {
                    s.spawn(|| {
                        line.wait();
                        assert_eq!(*value(), 7);
                    });
                }
            });
            assert_eq!(calls.get(), 1);
        }
    });
}

#[test]
fn what_the_function_captured_is_dropped_when_it_has_been_called() {
    let drops = Count::default();
    let captured = drops.on_drop();
    let f = once_fn(move || drop(captured));
    f();
    f();
    assert_eq!(drops.get(), 1);

    let captured = drops.on_drop();
    let panics = once_fn(move || {
        let _captured = captured;
        panic!("on purpose");
    });
    drop(payload_of(&panics));
    assert_eq!(drops.get(), 2);

    drop(once_fn({
        let captured = drops.on_drop();
        move || drop(captured)
    }));
    assert_eq!(drops.get(), 3, "with the function, if it is never called");
}

#[test]
fn a_panic_keeps_its_payload_once_and_its_text_for_ever() {
    let f = once_fn(|| panic!("on {}", "purpose"));
    assert_eq!(panic_of(&f), "on purpose");
    for _ in 0..2 {
        assert_eq!(panic_of(&f), "once_fn: the function has panicked: on purpose");
    }
    let value = once_value(|| -> u8 { panic::panic_any(7_u8) });
    assert_eq!(payload_of(&value).downcast_ref(), Some(&7_u8));
    let text = "once_value: the function has panicked: a payload that is no text";
    assert_eq!(text_of(&*payload_of(&value)), text);
}

#[test]
fn a_once_function_that_calls_itself_panics() {
    type Function = Box<dyn Fn() + Send + Sync>;
    static ITSELF: OnceLock<Function> = OnceLock::new();
    watchdog(|| {
        let f =
            ITSELF.get_or_init(|| Box::new(once_fn(|| ITSELF.get().expect("it has been set")())));
        let message = "once_fn: called inside of the function it waits for";
        assert_eq!(panic_of(f), message);
        assert_eq!(panic_of(f), format!("once_fn: the function has panicked: {message}"));
    });
}

// --- What is shown ----------------------------------------------------------------------------

#[test]
fn debug_shows_the_value() {
    let (once, place) = (Once::new(), OnceValue::new());
    assert_eq!(
        format!("{once:?} {place:?}"),
        "Once { done: false, .. } OnceValue { value: None, .. }"
    );
    once.call(|| place.set(1).unwrap());
    assert_eq!(
        format!("{once:?} {place:?}"),
        "Once { done: true, .. } OnceValue { value: Some(1), .. }"
    );
}
