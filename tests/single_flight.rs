//! `SingleFlight`, in real time: who shares what, who may leave, and what a panic does.

#![expect(clippy::disallowed_methods, reason = "tests use std's threads, and read the clock")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::convert::Infallible;
use std::error::Error;
use std::hash::{Hash, Hasher};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;
use phalanx::{Context, Flight, FlightError, Interrupted, Role, SingleFlight};
use support::asleep::Sleeper;
use support::{Bomb, Count, gate, panic_of, payload_of, text_of, watchdog};

const HOUR: Duration = Duration::from_secs(3600);

/// Text for numbers, and errors that are texts.
type Texts = SingleFlight<u32, String, String>;

#[expect(clippy::unnecessary_wraps, reason = "a function that can fail")]
fn seven(_: &Context) -> Result<String, String> {
    Ok("seven".to_owned())
}

fn shares<V: Clone>(flight: &Flight<V>) -> (Role, usize) {
    (flight.role(), flight.callers())
}

#[test]
fn a_lone_caller_runs_its_own_function_and_nothing_is_kept() {
    let texts = Texts::new();
    let runs = Count::default();
    for n in 1..=3 {
        let flight = texts.run(7, |ctx| {
            runs.add();
            seven(ctx)
        });
        let flight = flight.unwrap();
        assert_eq!(shares(&flight), (Role::Leader, 1));
        assert!(!flight.shared());
        assert_eq!((flight.value().as_str(), runs.get()), ("seven", n));
        assert_eq!(flight.into_value(), "seven");
    }
    let flight = texts.run_until(7, HOUR, seven).unwrap();
    assert_eq!(shares(&flight), (Role::Leader, 1));
    assert_eq!(format!("{texts:?}"), "SingleFlight { in_flight: 0, .. }");
}

/// One leader and `followers` who wait for it, each with the door that its number says; what they
/// got, the leader first.
fn together<V, E>(
    flights: &SingleFlight<u32, V, E>,
    followers: usize,
    bounded: bool,
    f: impl Fn(&Context) -> Result<V, E> + Send + Sync + Clone + 'static,
) -> Vec<thread::Result<Result<Flight<V>, FlightError<E>>>>
where
    V: Clone + Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    let (opener, gate) = gate();
    let (begins, begun) = crossbeam_channel::bounded(1);
    let gated = {
        let f = f.clone();
        move |ctx: &Context| {
            begins.send(()).unwrap();
            gate.pass();
            f(ctx)
        }
    };
    thread::scope(|s| {
        let leader = s.spawn(|| {
            if bounded { flights.run_until(7, HOUR, gated) } else { flights.run(7, gated) }
        });
        begun.recv().unwrap();
        let mut callers = vec![leader];
        for n in 0..followers {
            let (sleeper, f) = (Sleeper::default(), f.clone());
            let asleep = sleeper.clone();
            callers.push(s.spawn(move || {
                sleeper.here();
                if n % 2 == 0 { flights.run(7, f) } else { flights.run_until(7, HOUR, f) }
            }));
            asleep.until_asleep();
        }
        opener.open();
        callers.into_iter().map(thread::ScopedJoinHandle::join).collect()
    })
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn those_who_come_while_the_function_runs_share_its_value() {
    for bounded in [false, true] {
        watchdog(move || {
            let runs = Count::default();
            let counted = runs.clone();
            let all = together(&Texts::new(), 3, bounded, move |ctx| {
                counted.add();
                seven(ctx)
            });
            assert_eq!(runs.get(), 1);
            for (n, flight) in all.into_iter().enumerate() {
                let flight = flight.unwrap().unwrap();
                let role = if n == 0 { Role::Leader } else { Role::Follower };
                assert_eq!(shares(&flight), (role, 4));
                assert!(flight.shared());
                assert_eq!(flight.into_value(), "seven");
            }
        });
    }
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn those_who_share_get_the_same_error_and_it_is_not_remembered() {
    for bounded in [false, true] {
        watchdog(move || {
            let texts = Texts::new();
            let all = together(&texts, 2, bounded, |_| Err("no such text".to_owned()));
            let errors: Vec<_> = all
                .into_iter()
                .map(|flight| match flight.unwrap().unwrap_err() {
                    FlightError::Failed(error) => error,
                    other => panic!("{other}"),
                })
                .collect();
            assert!(errors.iter().all(|error| Arc::ptr_eq(error, &errors[0])));
            assert_eq!(*errors[0], "no such text");
            assert_eq!(texts.run(7, seven).unwrap().into_value(), "seven");
        });
    }
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_panic_reaches_the_leader_with_its_payload_and_followers_with_its_message() {
    for bounded in [false, true] {
        watchdog(move || {
            let texts = Texts::new();
            let all = together(&texts, 2, bounded, |_| -> Result<String, String> {
                std::panic::panic_any("boom".to_owned())
            });
            let payloads: Vec<_> = all.into_iter().map(Result::unwrap_err).collect();
            let texts_of: Vec<_> = payloads.iter().map(|payload| text_of(&**payload)).collect();
            assert_eq!(
                texts_of,
                [
                    "boom",
                    "SingleFlight::run: the shared call panicked: boom",
                    "SingleFlight::run_until: the shared call panicked: boom"
                ]
            );
            assert_eq!(texts.run(7, seven).unwrap().into_value(), "seven");
        });
    }
}

#[test]
fn a_payload_of_any_type_comes_back_to_the_leader() {
    let flights = SingleFlight::<u8, (), Infallible>::new();
    let payload = payload_of(|| flights.run(1, |_| std::panic::panic_any(42_u64)));
    assert_eq!(*payload.downcast::<u64>().unwrap(), 42);
    let payload = payload_of(|| flights.run_until(1, HOUR, |_| std::panic::panic_any(43_u64)));
    assert_eq!(*payload.downcast::<u64>().unwrap(), 43);
}

/// A value that counts its clones.
struct Cloned(Count);

impl Clone for Cloned {
    fn clone(&self) -> Self {
        self.0.add();
        Cloned(self.0.clone())
    }
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_value_is_cloned_for_those_who_share_it_only() {
    watchdog(|| {
        for (followers, clones) in [(0, 0), (2, 3)] {
            let count = Count::default();
            let value = Cloned(count.clone());
            let all = together(&SingleFlight::<_, Cloned, Infallible>::new(), followers, true, {
                move |_| Ok(Cloned(value.0.clone()))
            });
            assert!(all.into_iter().all(|flight| flight.unwrap().is_ok()));
            assert!(count.get() <= clones, "{} clones", count.get());
        }
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_clone_that_panics_is_the_panic_of_the_caller_that_cloned() {
    struct Unclonable;
    impl Clone for Unclonable {
        fn clone(&self) -> Self {
            panic!("no clones");
        }
    }
    watchdog(|| {
        let flights = SingleFlight::<u32, Unclonable, Infallible>::new();
        for bounded in [false, true] {
            let all = together(&flights, 2, bounded, |_| Ok(Unclonable));
            for panicked in all.into_iter().filter_map(Result::err) {
                assert_eq!(text_of(&*panicked), "no clones");
            }
            assert_eq!(format!("{flights:?}"), "SingleFlight { in_flight: 0, .. }");
        }
    });
}

#[test]
fn it_crosses_threads_and_panics_whatever_the_error() {
    const fn all<T: Send + Sync + UnwindSafe + RefUnwindSafe>() {}
    const {
        all::<SingleFlight<u8, u8>>();
        all::<SingleFlight<u8, u8, std::io::Error>>();
    }
}

#[test]
fn calls_for_other_keys_do_not_wait() {
    watchdog(|| {
        let texts = Texts::new();
        let flight = texts.run(1, |_| {
            thread::scope(|s| {
                let other = s.spawn(|| texts.run(2, seven).unwrap().into_value());
                let bounded = s.spawn(|| texts.run_until(3, HOUR, seven).unwrap().into_value());
                Ok(other.join().unwrap() + &bounded.join().unwrap())
            })
        });
        assert_eq!(flight.unwrap().value(), "sevenseven");
    });
}

/// Keys that all have one hash, and are compared by asking for another key.
#[derive(Clone)]
struct Clumsy(u8, Arc<SingleFlight<u8, u8, Infallible>>);

impl Hash for Clumsy {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u8(0);
    }
}

impl PartialEq for Clumsy {
    fn eq(&self, other: &Self) -> bool {
        self.1.run(9, |_| Ok(self.0)).unwrap().into_value() == other.0
    }
}

impl Eq for Clumsy {}

#[test]
fn keys_with_one_hash_are_told_apart_and_compared_without_a_lock() {
    watchdog(|| {
        let inner = Arc::new(SingleFlight::new());
        let flights = SingleFlight::<Clumsy, u8, Infallible>::new();
        let key = |n| Clumsy(n, Arc::clone(&inner));
        let flight = flights.run(key(1), |_| {
            thread::scope(|s| {
                let other = s.spawn(|| flights.run(key(2), |_| Ok(2)).unwrap().into_value());
                Ok(other.join().unwrap() + 1)
            })
        });
        assert_eq!(flight.unwrap().into_value(), 3);
        assert!(!flights.forget(&key(1)));
        assert_eq!(format!("{flights:?}"), "SingleFlight { in_flight: 0, .. }");
    });
}

/// A function on a thread of the cache that tells when it has begun, and returns `value` after the
/// gate or when its context has ended.
fn slow(
    begins: crossbeam_channel::Sender<Context>,
    gate: support::Gate,
    value: &str,
) -> impl FnOnce(&Context) -> Result<String, String> + Send + 'static {
    let value = value.to_owned();
    move |ctx| {
        begins.send(ctx.clone()).unwrap();
        gate.pass();
        Ok(value)
    }
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_leader_that_leaves_takes_nothing_from_its_followers() {
    watchdog(|| {
        let sleeper = Sleeper::default();
        let texts = Texts::new();
        let (begins, begun) = bounded(1);
        let (opener, gate) = gate();
        let (request, canceller) = Context::background().with_cancel();
        thread::scope(|s| {
            let leader = s.spawn(|| texts.run_until(7, &request, slow(begins, gate, "slow")));
            let ctx = begun.recv().unwrap();
            let follower = s.spawn(|| {
                sleeper.here();
                texts.run(7, seven)
            });
            sleeper.until_asleep();
            canceller.cancel_because("hung up");
            let error = leader.join().unwrap().unwrap_err();
            assert_eq!(
                support::chain(&error),
                "gave up waiting for the shared call: context cancelled: hung up"
            );
            assert!(!ctx.has_ended());
            opener.open();
            let flight = follower.join().unwrap().unwrap();
            assert_eq!(shares(&flight), (Role::Follower, 1));
            assert_eq!(flight.into_value(), "slow");
            ctx.wait();
        });
    });
}

#[test]
fn when_every_caller_has_left_the_function_is_cancelled_and_the_next_call_starts_afresh() {
    watchdog(|| {
        let texts = Texts::new();
        let (begins, begun) = bounded(1);
        let (opener, gate) = gate();
        let (request, canceller) = Context::background().with_cancel();
        thread::scope(|s| {
            let leader = s.spawn(|| texts.run_until(7, &request, slow(begins, gate, "late")));
            let ctx = begun.recv().unwrap();
            let follower = texts.run_until(7, Duration::from_millis(1), seven);
            assert!(matches!(follower, Err(FlightError::Interrupted(Interrupted::TimedOut))));
            assert!(!ctx.has_ended(), "the leader waits");
            canceller.cancel();
            assert!(leader.join().unwrap().unwrap_err().gave_up());
            let cause = ctx.cause().unwrap();
            assert_eq!(cause.error().unwrap().to_string(), "every caller has left");
            // The function still runs, and so does the next call's.
            assert_eq!(format!("{texts:?}"), "SingleFlight { in_flight: 0, .. }");
            assert_eq!(texts.run(7, seven).unwrap().into_value(), "seven");
            opener.open();
        });
    });
}

#[test]
fn what_nobody_wants_is_dropped_quietly() {
    watchdog(|| {
        /// A value that counts as sent, and whose drop panics.
        #[derive(Clone)]
        struct Loud(#[expect(dead_code, reason = "it is for its drop")] Arc<Bomb>);

        let flights = SingleFlight::<u8, Loud, Infallible>::new();
        for panics in [false, true] {
            let (begins, begun) = bounded(1);
            let (opener, gate) = gate();
            let (request, canceller) = Context::background().with_cancel();
            let ended = Count::default();
            let end = ended.on_drop();
            thread::scope(|s| {
                let leader = s.spawn(|| {
                    flights.run_until(1, &request, move |_| {
                        begins.send(()).unwrap();
                        gate.pass();
                        drop(end);
                        if panics { std::panic::panic_any(Bomb) } else { Ok(Loud(Arc::new(Bomb))) }
                    })
                });
                begun.recv().unwrap();
                canceller.cancel();
                assert!(leader.join().unwrap().is_err());
                opener.open();
            });
            support::until(|| ended.get() == 1);
        }
        let texts = Texts::new();
        assert_eq!(texts.run_until(1, HOUR, seven).unwrap().into_value(), "seven");
    });
}

#[test]
fn a_bound_that_has_passed_starts_nothing() {
    let texts = Texts::new();
    let (ended, canceller) = Context::background().with_cancel();
    canceller.cancel();
    let runs = Count::default();
    let counted = || {
        let runs = runs.clone();
        move |ctx: &Context| {
            runs.add();
            seven(ctx)
        }
    };
    let errors = [
        texts.run_until(7, Duration::ZERO, counted()).unwrap_err(),
        texts.run_until(7, Instant::now(), counted()).unwrap_err(),
        texts.run_until(7, &ended, counted()).unwrap_err(),
        texts.run_until(7, (&ended, HOUR), counted()).unwrap_err(),
    ];
    assert!(errors.iter().all(FlightError::gave_up));
    assert!(errors[0].is_timeout() && errors[0].failed().is_none());
    assert_eq!(runs.get(), 0);
    assert_eq!(texts.run_until(7, Duration::MAX, seven).unwrap().into_value(), "seven");
}

const ASKS_ITSELF: [&str; 2] = [
    "SingleFlight::run: the function for a key asks for the same key",
    "SingleFlight::run_until: the function for a key asks for the same key",
];

#[test]
fn a_started_call_runs_while_its_caller_does_something_else() {
    watchdog(|| {
        let flights = SingleFlight::<u8, u8, String>::new();
        let (opener, gate) = gate();
        let first = flights.start(1, move |_| {
            gate.pass();
            Ok(7)
        });
        let first = first.unwrap();
        let second = flights.start(1, |_| unreachable!("the first one runs")).unwrap();
        let other = flights.start(2, |_| Err("no".to_owned())).unwrap();
        let roles = (first.role(), second.role(), other.role());
        assert_eq!(roles, (Role::Leader, Role::Follower, Role::Leader));
        assert!(!first.is_done() && !second.is_done());
        assert!(first.wait_until(Duration::ZERO).is_err(), "and it still waits");
        assert_eq!(other.join().unwrap_err().failed(), Some(&"no".to_owned()));
        opener.open();
        second.wait_until(HOUR).unwrap();
        assert!(first.is_done() && second.is_done());
        let (first, second) = (first.join().unwrap(), second.join().unwrap());
        assert_eq!((*first.value(), *second.value()), (7, 7));
        assert_eq!((first.callers(), second.callers()), (2, 2));
        assert_eq!(flights.run(1, |_| Ok(8)).unwrap().into_value(), 8, "nothing is kept");
    });
}

#[test]
fn dropping_all_handles_of_a_started_call_ends_its_context() {
    watchdog(|| {
        let flights = SingleFlight::<u8, u8, String>::new();
        let (sender, cancelled) = mpsc::channel();
        let first = flights.start(1, move |ctx| {
            let cause = ctx.wait();
            sender.send(cause.to_string()).unwrap();
            Ok(7)
        });
        let (first, second) = (first.unwrap(), flights.start(1, |_| Ok(8)).unwrap());
        drop(first);
        assert!(cancelled.try_recv().is_err() && !second.is_done());
        drop(second);
        assert!(cancelled.recv().unwrap().contains("every caller has left"));
        assert_eq!(flights.start(1, |_| Ok(9)).unwrap().join().unwrap().into_value(), 9);
    });
}

#[test]
fn the_panic_of_a_started_call_comes_out_of_join() {
    watchdog(|| {
        let flights = SingleFlight::<u8, u8, String>::new();
        let (opener, gate) = gate();
        let first = flights.start(1, move |_| {
            gate.pass();
            panic!("out of cheese")
        });
        let (first, second) = (first.unwrap(), flights.start(1, |_| Ok(8)).unwrap());
        opener.open();
        assert_eq!(payload_of(|| first.join()).downcast_ref(), Some(&"out of cheese"));
        assert_eq!(
            panic_of(|| second.join()),
            "PendingFlight::join: the shared call panicked: out of cheese"
        );
    });
}

#[test]
fn a_function_that_starts_its_own_key_is_told_so() {
    watchdog(|| {
        let flights = Arc::new(SingleFlight::<u8, u8, String>::new());
        let inner = Arc::clone(&flights);
        let outer = flights.start(1, move |_| {
            let again = panic_of(|| inner.start(1, |_| Ok(2)));
            assert_eq!(again, "SingleFlight::start: the function for a key asks for the same key");
            Ok(3)
        });
        assert_eq!(outer.unwrap().join().unwrap().into_value(), 3);
    });
}

/// Those beyond 64 at a time do not stay in the table, nor do keys that have one hash.
#[test]
fn many_calls_at_a_time_come_and_go() {
    watchdog(|| {
        let flights = SingleFlight::<u32, u32, String>::new();
        for _ in 0..3 {
            let (opener, gate) = gate();
            let started = |n| {
                let gate = gate.clone();
                flights.start(n, move |_| {
                    gate.pass();
                    Ok(n)
                })
            };
            let pending: Vec<_> = (0..300).map(|n| started(n).unwrap()).collect();
            assert_eq!(format!("{flights:?}"), "SingleFlight { in_flight: 300, .. }");
            opener.open();
            for (n, pending) in (0..).zip(pending) {
                assert_eq!(pending.join().unwrap().into_value(), n);
            }
            assert_eq!(format!("{flights:?}"), "SingleFlight { in_flight: 0, .. }");
        }
    });
}

#[test]
fn a_function_that_asks_for_its_own_key_is_told_so() {
    watchdog(|| {
        let texts = Arc::new(Texts::new());
        for (n, message) in ASKS_ITSELF.into_iter().enumerate() {
            let inner = Arc::clone(&texts);
            let ask = move |_: &Context| {
                let asked =
                    if n == 0 { inner.run(7, seven) } else { inner.run_until(7, HOUR, seven) };
                Ok(asked.unwrap().into_value())
            };
            assert_eq!(panic_of(|| texts.run(7, ask.clone())), message);
            assert_eq!(panic_of(|| texts.run_until(7, HOUR, ask)), message);
        }
        let around = || {
            texts.run(7, |_| {
                Ok(texts
                    .run(8, |_| {
                        texts.run(7, seven).map(Flight::into_value).map_err(|e| e.to_string())
                    })
                    .unwrap()
                    .into_value())
            })
        };
        assert_eq!(panic_of(around), ASKS_ITSELF[0]);
        assert_eq!(texts.run(7, seven).unwrap().into_value(), "seven");
    });
}

#[test]
fn a_function_that_catches_its_re_entry_goes_on() {
    let texts = Texts::new();
    let flight = texts.run(7, |_| Ok(panic_of(|| texts.run(7, seven)))).unwrap();
    assert_eq!(flight.value(), ASKS_ITSELF[0]);
    assert_eq!(shares(&flight), (Role::Leader, 1));
}

#[test]
fn a_function_may_forget_its_key_and_ask_again() {
    let texts = Texts::new();
    let flight = texts.run(7, |_| {
        assert!(texts.forget(&7));
        assert!(!texts.forget(&7));
        let inner = texts.run(7, seven).unwrap();
        assert_eq!(shares(&inner), (Role::Leader, 1));
        Ok(inner.into_value() + "!")
    });
    assert_eq!(flight.unwrap().value(), "seven!");
    assert!(!texts.forget(&7));
    assert!(!Texts::default().forget(&7));
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_call_that_was_forgotten_serves_those_who_wait_and_leaves_the_newer_one_alone() {
    watchdog(|| {
        let sleeper = Sleeper::default();
        let texts = Texts::new();
        let (begins, begun) = bounded(2);
        let ((old_opener, old_gate), (new_opener, new_gate)) = (gate(), gate());
        thread::scope(|s| {
            let old = s.spawn({
                let begins = begins.clone();
                || texts.run(7, slow(begins, old_gate, "old"))
            });
            begun.recv().unwrap();
            assert!(texts.forget(&7));
            let new = s.spawn(|| texts.run(7, slow(begins, new_gate, "new")));
            begun.recv().unwrap();
            old_opener.open();
            assert_eq!(old.join().unwrap().unwrap().into_value(), "old");
            assert_eq!(format!("{texts:?}"), "SingleFlight { in_flight: 1, .. }");
            let follower = s.spawn(|| {
                sleeper.here();
                texts.run(7, seven)
            });
            sleeper.until_asleep();
            new_opener.open();
            assert_eq!(new.join().unwrap().unwrap().into_value(), "new");
            assert_eq!(follower.join().unwrap().unwrap().into_value(), "new");
        });
    });
}

#[test]
fn the_flights_may_be_gone_before_a_function_that_was_left() {
    watchdog(|| {
        let texts = Texts::new();
        let (begins, begun) = bounded(1);
        let (opener, gate) = gate();
        let (request, canceller) = Context::background().with_cancel();
        let ctx = thread::scope(|s| {
            let left = s.spawn(|| texts.run_until(7, &request, slow(begins, gate, "late")));
            let ctx = begun.recv().unwrap();
            canceller.cancel();
            assert!(left.join().unwrap().unwrap_err().gave_up());
            ctx
        });
        drop(texts);
        assert!(ctx.has_ended());
        opener.open();
    });
}

#[test]
fn a_function_on_the_leaders_thread_may_borrow_and_has_a_context_that_never_ends() {
    let flights = SingleFlight::<String, usize, Infallible>::new();
    let text = String::from("borrowed");
    let flight = flights.run(text.clone(), |ctx| {
        assert!(!ctx.has_ended());
        assert!(flights.forget("borrowed"), "a key is found by what it borrows as");
        Ok(text.len())
    });
    assert_eq!(flight.unwrap().into_value(), 8);
}

#[test]
fn errors_convert_into_boxed_ones_and_keep_their_text() {
    fn boxed() -> Result<u8, Box<dyn Error>> {
        let flights = SingleFlight::<u8, u8>::new();
        Ok(flights.run(1, |_| Err("not found".into()))?.into_value())
    }
    assert_eq!(boxed().unwrap_err().to_string(), "not found");
    let error = Texts::new().run(1, |_| Err("gone".to_owned())).unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.clone().failed()),
        ("gone", Some(&"gone".to_owned()))
    );
    assert!(!error.gave_up());
}

#[test]
fn a_storm_of_callers_gets_values_of_their_own_keys() {
    watchdog(|| {
        let flights = Arc::new(SingleFlight::<usize, usize, Infallible>::new());
        let inside = Arc::new([(); 3].map(|()| support::Crowd::default()));
        thread::scope(|s| {
            for thread in 0..4 {
                let (flights, inside) = (Arc::clone(&flights), Arc::clone(&inside));
                s.spawn(move || {
                    for n in 0..1000 {
                        let key = (n + thread) % 3;
                        let inside = Arc::clone(&inside);
                        let f = move |_: &Context| {
                            Ok(inside[key].visit(|| {
                                thread::yield_now();
                                key * 10
                            }))
                        };
                        let flight = if thread % 2 == 0 {
                            flights.run(key, f)
                        } else {
                            flights.run_until(key, HOUR, f)
                        };
                        assert_eq!(flight.unwrap().into_value(), key * 10);
                    }
                });
            }
        });
        assert!(inside.iter().all(|crowd| crowd.most() == 1), "one at a time for each key");
    });
}
