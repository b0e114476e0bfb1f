//! What `Semaphore`, `Once`, `OnceValue`, the once functions and `SingleFlight` say to bad input, and
//! what is left of them then: a row for each.

#![expect(clippy::disallowed_methods, reason = "tests use std's threads, and read the clock")]

mod support;

use std::error::Error;
use std::fmt::{Debug, Display};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use phalanx::{Context, Once, OnceValue, Semaphore, SingleFlight, once_fn};
use support::{StartLine, gate, panic_of, watchdog};

/// What is done, how, and what comes of it: the message, and what is left.
type Row = (&'static str, fn() -> String, &'static str);

const NOW: Duration = Duration::ZERO;
const HOUR: Duration = Duration::from_secs(3600);

fn told(message: impl Display, left: impl Debug) -> String {
    format!("{message}; {left:?}")
}

/// What a call says that may fail.
fn said<T, E: Into<Box<dyn Error>>>(result: Result<T, E>) -> String {
    result.map_or_else(|error| support::chain(&*error.into()), |_| "done".to_owned())
}

/// An instant that has passed.
fn past() -> Instant {
    Instant::now().checked_sub(HOUR).unwrap_or_else(Instant::now)
}

/// A context that has been cancelled.
fn ended() -> Context {
    let (ctx, canceller) = Context::background().with_cancel();
    canceller.cancel_because("no more");
    ctx
}

fn check(rows: &'static [Row]) {
    watchdog(move || {
        for (name, call, expected) in rows {
            assert_eq!(call(), *expected, "{name}");
        }
    });
}

#[test]
fn a_semaphore_answers_bad_input() {
    check(SEMAPHORE);
}

#[test]
fn a_once_answers_bad_input() {
    check(ONCE);
}

#[test]
fn a_single_flight_answers_bad_input() {
    check(SINGLE_FLIGHT);
}

// --- Semaphore --------------------------------------------------------------------------------

fn counts(semaphore: &Semaphore) -> (usize, usize) {
    (semaphore.available(), semaphore.size())
}

/// What a semaphore of two answers, one of them free.
fn half(request: fn(&Arc<Semaphore>) -> String) -> String {
    let semaphore = Arc::new(Semaphore::new(2));
    let _held = semaphore.try_acquire(1);
    let answer = request(&semaphore);
    told(answer, counts(&semaphore))
}

/// What a semaphore of two answers that has been closed.
fn closed(request: fn(&Arc<Semaphore>) -> String) -> String {
    let semaphore = Arc::new(Semaphore::new(2));
    semaphore.close();
    told(request(&semaphore), counts(&semaphore))
}

/// What a request for both of two permits says, of which one is taken, when it waits, or is about to,
/// and this happens.
fn while_it_waits(happens: fn(&Semaphore)) -> String {
    let semaphore = Semaphore::new(2);
    let _held = semaphore.try_acquire(1);
    let answer = thread::scope(|s| {
        let waiter = s.spawn(|| said(semaphore.acquire(2)));
        happens(&semaphore);
        waiter.join().expect("it does not panic")
    });
    told(answer, counts(&semaphore))
}

const TOO_MANY: &str = "the semaphore has fewer permits in all; (1, 2)";
const TOO_FEW: &str = "too few permits are free; (1, 2)";
const LATE: &str = "gave up waiting for permits: timed out; (1, 2)";
const GONE: &str = "gave up waiting for permits: context cancelled: no more; (1, 2)";
const CLOSED: &str = "the semaphore is closed; (2, 2)";

const SEMAPHORE: &[Row] = &[
    (
        "new, one too many",
        || panic_of(|| Semaphore::new(Semaphore::MAX + 1)),
        "Semaphore::new: more than Semaphore::MAX permits",
    ),
    (
        "new, the maximum of the type",
        || panic_of(|| Semaphore::new(usize::MAX)),
        "Semaphore::new: more than Semaphore::MAX permits",
    ),
    (
        "open_ended, one too many",
        || panic_of(|| Semaphore::open_ended(Semaphore::MAX + 1)),
        "Semaphore::open_ended: more than Semaphore::MAX permits",
    ),
    (
        "open_ended(0), try_acquire",
        || said(Semaphore::open_ended(0).try_acquire(1)),
        "too few permits are free",
    ),
    (
        "new(0), acquire",
        || said(Semaphore::new(0).acquire(1)),
        "the semaphore has fewer permits in all",
    ),
    ("acquire(0)", || half(|s| said(s.acquire(0))), "done; (1, 2)"),
    ("acquire(0) of none", || said(Semaphore::new(0).acquire(0)), "done"),
    ("acquire, more than there are", || half(|s| said(s.acquire(3))), TOO_MANY),
    ("acquire, the maximum of the type", || half(|s| said(s.acquire(usize::MAX))), TOO_MANY),
    ("acquire_owned, more than there are", || half(|s| said(s.acquire_owned(3))), TOO_MANY),
    ("try_acquire, more than are free", || half(|s| said(s.try_acquire(2))), TOO_FEW),
    ("try_acquire, more than there are", || half(|s| said(s.try_acquire(usize::MAX))), TOO_MANY),
    ("try_acquire_owned", || half(|s| said(s.try_acquire_owned(2))), TOO_FEW),
    ("acquire_until, past, none free", || half(|s| said(s.acquire_until(2, past()))), LATE),
    (
        "acquire_until, past, one free",
        || half(|s| said(s.acquire_until(1, past()))),
        "done; (1, 2)",
    ),
    ("acquire_until, no time", || half(|s| said(s.acquire_until(2, NOW))), LATE),
    (
        "acquire_until, more time than there is",
        || half(|s| said(s.acquire_until(1, Duration::MAX))),
        "done; (1, 2)",
    ),
    ("acquire_until, cancelled", || half(|s| said(s.acquire_until(1, &ended()))), GONE),
    (
        "acquire_until, cancelled and past",
        || half(|s| said(s.acquire_until(1, (&ended(), NOW)))),
        GONE,
    ),
    ("acquire_owned_until, past", || half(|s| said(s.acquire_owned_until(2, past()))), LATE),
    ("acquire, closed", || closed(|s| said(s.acquire(1))), CLOSED),
    ("acquire(0), closed", || closed(|s| said(s.acquire(0))), CLOSED),
    ("acquire, too many, closed", || closed(|s| said(s.acquire(usize::MAX))), CLOSED),
    ("try_acquire, closed", || closed(|s| said(s.try_acquire(1))), CLOSED),
    ("acquire_until, past, closed", || closed(|s| said(s.acquire_until(1, past()))), CLOSED),
    ("acquire_owned, closed", || closed(|s| said(s.acquire_owned(1))), CLOSED),
    (
        "close, closed",
        || {
            closed(|s| {
                s.close();
                s.is_closed().to_string()
            })
        },
        "true; (2, 2)",
    ),
    (
        "closed while it waits",
        || while_it_waits(Semaphore::close),
        "the semaphore is closed; (1, 2)",
    ),
    (
        "shrunk while it waits",
        || while_it_waits(|s| assert_eq!(s.remove_permits(1), 1)),
        "the semaphore has fewer permits in all; (0, 1)",
    ),
    (
        "cancelled while it waits",
        || {
            half(|s| {
                let (ctx, canceller) = Context::background().with_cancel();
                thread::scope(|scope| {
                    let waiter = scope.spawn(|| said(s.acquire_until(2, &ctx)));
                    drop(canceller);
                    waiter.join().expect("it does not panic")
                })
            })
        },
        "gave up waiting for permits: context cancelled; (1, 2)",
    ),
    (
        "add_permits, too many",
        || half(|s| panic_of(|| s.add_permits(usize::MAX))),
        "Semaphore::add_permits: more than Semaphore::MAX permits; (1, 2)",
    ),
    (
        "add_permits, one too many",
        || half(|s| panic_of(|| s.add_permits(Semaphore::MAX - 1))),
        "Semaphore::add_permits: more than Semaphore::MAX permits; (1, 2)",
    ),
    (
        "remove_permits, more than there are",
        || half(|s| s.remove_permits(usize::MAX).to_string()),
        "2; (0, 0)",
    ),
    ("remove_permits(0)", || half(|s| s.remove_permits(0).to_string()), "0; (1, 2)"),
    (
        "split, more than it has",
        || half(|s| format!("{:?}", s.acquire(1).map(|mut permit| permit.split(2).is_none()))),
        "Ok(true); (1, 2)",
    ),
    (
        "merge, permits of two semaphores",
        || {
            half(|s| {
                let other = Semaphore::new(1);
                let (mine, strange) = (s.try_acquire(1), other.try_acquire(1));
                let (Ok(mut mine), Ok(strange)) = (mine, strange) else { unreachable!() };
                let message = panic_of(|| mine.merge(strange));
                assert_eq!((mine.count(), counts(&other)), (1, (1, 1)));
                message
            })
        },
        "Permit::merge: permits of two semaphores; (1, 2)",
    ),
    (
        "forget, more than a shrink has left",
        || {
            half(|s| {
                let permit = s.acquire(1).ok();
                let removed = s.remove_permits(2);
                permit.into_iter().for_each(phalanx::Permit::forget);
                removed.to_string()
            })
        },
        "2; (0, 0)",
    ),
    (
        "a permit that outlives all handles",
        || {
            let permit = Arc::new(Semaphore::new(1)).acquire_owned(1);
            permit.map_or_else(|e| e.to_string(), |permit| told("held", counts(permit.semaphore())))
        },
        "held; (0, 1)",
    ),
];

// --- Once, OnceValue, the once functions ------------------------------------------------------

type Place = OnceValue<u8>;

/// What an empty place answers.
fn empty(request: fn(&Place) -> String) -> String {
    let place = Place::new();
    told(request(&place), place.get())
}

/// What a place answers that holds 1.
fn full(request: fn(&Place) -> String) -> String {
    let place = Place::from(1);
    told(request(&place), place.get())
}

/// What a place answers to the function that is making its value; it fails then.
fn re_entered(request: fn(&Place) -> u8) -> String {
    let place = Place::new();
    let message = panic_of(|| place.get_or_init(|| request(&place)));
    told(message, place.get())
}

/// What a place answers while another thread makes its value.
fn being_made(request: fn(&Place) -> String) -> String {
    let (place, begun, (opener, gate)) = (Place::new(), StartLine::new(2), gate());
    let answer = thread::scope(|s| {
        s.spawn(|| {
            place.get_or_init(|| {
                begun.wait();
                gate.pass();
                7
            })
        });
        begun.wait();
        let answer = request(&place);
        assert_eq!(place.get(), None);
        opener.open();
        answer
    });
    told(answer, place.wait())
}

fn once(call: fn(&Once) -> String) -> String {
    let once = Once::new();
    told(call(&once), once.is_done())
}

fn not_called() -> u8 {
    unreachable!("it is not called")
}

const ONCE: &[Row] = &[
    (
        "Once::call in itself",
        || once(|once| panic_of(|| once.call(|| once.call(|| ())))),
        "Once::call: called inside of the function it waits for; false",
    ),
    (
        "Once::call_until in itself",
        || once(|once| panic_of(|| once.call(|| drop(once.call_until(NOW, || ()))))),
        "Once::call: called inside of the function it waits for; false",
    ),
    (
        "Once::wait in its function",
        || once(|once| panic_of(|| once.call(|| once.wait()))),
        "Once::wait: called inside of the function it waits for; false",
    ),
    (
        "Once::call, a panic",
        || once(|once| panic_of(|| once.call(|| panic!("on purpose")))),
        "on purpose; false",
    ),
    (
        "Once::call_until, cancelled",
        || once(|once| said(once.call_until(&ended(), || unreachable!("it is not called")))),
        "context cancelled: no more; false",
    ),
    ("Once::call_until, past", || once(|once| said(once.call_until(past(), || ()))), "done; true"),
    ("Once::wait_until, no time", || once(|once| said(once.wait_until(NOW))), "timed out; false"),
    (
        "get_or_init in itself",
        || re_entered(|place| *place.get_or_init(|| 2)),
        "OnceValue::get_or_init: called inside of the function it waits for; None",
    ),
    (
        "get_or_init_until in itself, past",
        || re_entered(|place| place.get_or_init_until(past(), || 2).map_or(0, |n| *n)),
        "OnceValue::get_or_init: called inside of the function it waits for; None",
    ),
    (
        "get_or_try_init in itself",
        || re_entered(|place| place.get_or_try_init(|| Err(())).map_or(0, |n| *n)),
        "OnceValue::get_or_try_init: called inside of the function it waits for; None",
    ),
    (
        "wait in its function",
        || re_entered(|place| *place.wait()),
        "OnceValue::wait: called inside of the function it waits for; None",
    ),
    ("set in its function", || re_entered(|place| panic!("{:?}", place.set(2))), "Err(2); None"),
    (
        "get_or_init, a panic",
        || empty(|p| panic_of(|| p.get_or_init(|| panic!("on purpose")))),
        "on purpose; None",
    ),
    (
        "get_or_try_init, an error",
        || empty(|p| said(p.get_or_try_init(|| Err("no value")))),
        "no value; None",
    ),
    (
        "get_or_init_until, cancelled",
        || empty(|p| said(p.get_or_init_until(&ended(), not_called))),
        "context cancelled: no more; None",
    ),
    (
        "get_or_init_until, cancelled, though it is there",
        || full(|p| said(p.get_or_init_until(&ended(), not_called))),
        "context cancelled: no more; Some(1)",
    ),
    (
        "get_or_init_until, past",
        || empty(|p| said(p.get_or_init_until(past(), || 2))),
        "done; Some(2)",
    ),
    (
        "get_or_init_until, past, while it is made",
        || being_made(|p| said(p.get_or_init_until(past(), not_called))),
        "timed out; 7",
    ),
    (
        "get_or_try_init_until, past, while it is made",
        || being_made(|p| said(p.get_or_try_init_until(past(), || Ok::<_, ()>(not_called())))),
        "timed out; 7",
    ),
    (
        "wait_until, past, while it is made",
        || being_made(|p| said(p.wait_until(past()))),
        "timed out; 7",
    ),
    ("wait_until, no time", || empty(|p| said(p.wait_until(NOW))), "timed out; None"),
    ("set, while it is made", || being_made(|p| format!("{:?}", p.set(2))), "Err(2); 7"),
    ("set, full", || full(|p| format!("{:?}", p.set(2))), "Err(2); Some(1)"),
    (
        "cancelled while it waits",
        || {
            being_made(|p| {
                let (ctx, canceller) = Context::background().with_cancel();
                thread::scope(|s| {
                    let waiter = s.spawn(|| said(p.get_or_init_until(&ctx, not_called)));
                    drop(canceller);
                    waiter.join().expect("it does not panic")
                })
            })
        },
        "context cancelled; 7",
    ),
    ("take, empty", || format!("{:?}", Place::new().take()), "None"),
    (
        "once_fn, after a panic",
        || {
            let f = once_fn(|| panic!("on purpose"));
            told(panic_of(&f), panic_of(&f))
        },
        "on purpose; \"once_fn: the function has panicked: on purpose\"",
    ),
    (
        "once_fn in itself",
        || {
            static ITSELF: OnceLock<Box<dyn Fn() + Send + Sync>> = OnceLock::new();
            let again = || ITSELF.get().expect("it has been set")();
            panic_of(ITSELF.get_or_init(|| Box::new(once_fn(again))))
        },
        "once_fn: called inside of the function it waits for",
    ),
];

// --- SingleFlight -----------------------------------------------------------------------------

type Flights = SingleFlight<u8, u8, String>;

/// What an idle one answers; afterwards nothing is in flight, and it works as before.
fn flights(call: fn(&Arc<Flights>) -> String) -> String {
    let flights = Arc::new(Flights::new());
    let answer = call(&flights);
    assert_eq!(flights.run(1, |_| Ok(7)).ok().map(phalanx::Flight::into_value), Some(7));
    assert_eq!(format!("{flights:?}"), "SingleFlight { in_flight: 0, .. }");
    answer
}

fn fails(_: &Context) -> Result<u8, String> {
    Err("not found".to_owned())
}

fn not_run(_: &Context) -> Result<u8, String> {
    unreachable!("it is not run")
}

const RE_ENTERED: &str = "SingleFlight::run: the function for a key asks for the same key";

const SINGLE_FLIGHT: &[Row] = &[
    (
        "run in itself",
        || {
            flights(|f| {
                panic_of(|| {
                    f.run(1, |_| Ok(*f.run(1, not_run).map_err(|e| e.to_string())?.value()))
                })
            })
        },
        RE_ENTERED,
    ),
    (
        "run in the function of run_until",
        || {
            flights(|f| {
                let inner = Arc::clone(f);
                let again =
                    move |_: &Context| inner.run(1, not_run).map(|_| 0).map_err(|e| e.to_string());
                panic_of(|| f.run_until(1, HOUR, again))
            })
        },
        RE_ENTERED,
    ),
    (
        "run_until in the function of run",
        || flights(|f| panic_of(|| f.run(1, |_| Err(said(f.run_until(1, HOUR, not_run)))))),
        "SingleFlight::run_until: the function for a key asks for the same key",
    ),
    ("run, an error", || flights(|f| said(f.run(1, fails))), "not found"),
    ("run_until, an error", || flights(|f| said(f.run_until(1, HOUR, fails))), "not found"),
    ("run, a panic", || flights(|f| panic_of(|| f.run(1, |_| panic!("on purpose")))), "on purpose"),
    (
        "run_until, a panic",
        || flights(|f| panic_of(|| f.run_until(1, HOUR, |_| panic!("on purpose")))),
        "on purpose",
    ),
    (
        "run_until, past",
        || flights(|f| said(f.run_until(1, past(), not_run))),
        "gave up waiting for the shared call: timed out",
    ),
    (
        "run_until, no time",
        || flights(|f| said(f.run_until(1, NOW, not_run))),
        "gave up waiting for the shared call: timed out",
    ),
    (
        "run_until, cancelled",
        || flights(|f| said(f.run_until(1, &ended(), not_run))),
        "gave up waiting for the shared call: context cancelled: no more",
    ),
    (
        "run_until, more time than there is",
        || flights(|f| said(f.run_until(1, Duration::MAX, |_| Ok(1)))),
        "done",
    ),
    (
        "run_until, cancelled while the function runs",
        || {
            flights(|f| {
                let (ctx, canceller) = Context::background().with_cancel();
                let waits_for_it = move |inner: &Context| {
                    canceller.cancel();
                    Err(inner.wait().to_string())
                };
                said(f.run_until(1, &ctx, waits_for_it))
            })
        },
        "gave up waiting for the shared call: context cancelled",
    ),
    ("forget, a key of nobody", || flights(|f| f.forget(&2).to_string()), "false"),
    (
        "forget, twice, in its function",
        || {
            flights(|f| {
                said(f.run(1, |_| Err::<u8, _>(format!("{} {}", f.forget(&1), f.forget(&1)))))
            })
        },
        "true false",
    ),
];
