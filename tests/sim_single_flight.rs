//! The races of `SingleFlight`, in the simulator: all of them for two and three callers, and at random.

#![cfg(feature = "sim")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![expect(clippy::disallowed_types, reason = "what a test counts with std's atomics is no step")]

mod support;

use std::convert::Infallible;
use std::hash::{Hash, Hasher};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread::{self, ThreadId};
use std::time::Duration;

use phalanx::sim::{self, Builder, JoinHandle, Script, Strategy, TimeMode};
use phalanx::{Context, Flight, FlightError, Role, SingleFlight, Token, WaitGroup};
use support::schedules::{always, pause};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const NANO: Duration = Duration::from_nanos(1);

/// What a caller got: its role and the number of those who shared; or why it got nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Got {
    Led(usize),
    Followed(usize),
    /// The function that was shared had been cancelled.
    Cancelled,
    GaveUp,
    Panicked(String),
}

/// Numbers, made by functions that count how many of them run.
#[derive(Clone, Default)]
struct Numbers(Arc<Inside>);

#[derive(Default)]
struct Inside {
    flights: SingleFlight<u8, usize, &'static str>,
    runs: AtomicUsize,
    running: AtomicUsize,
    cancelled: AtomicUsize,
}

impl Numbers {
    /// A function that takes so long, and fails if it is cancelled.
    fn function(
        &self,
        takes: Duration,
    ) -> impl FnOnce(&Context) -> Result<usize, &'static str> + use<> {
        let inside = Arc::clone(&self.0);
        move |ctx| {
            let run = inside.runs.fetch_add(1, SeqCst);
            inside.running.fetch_add(1, SeqCst);
            sim::label("inside");
            let slept = if takes.is_zero() { Ok(()) } else { ctx.sleep(takes) };
            inside.running.fetch_sub(1, SeqCst);
            if slept.is_err() {
                inside.cancelled.fetch_add(1, SeqCst);
            }
            slept.map(|()| run).map_err(|_| "cancelled")
        }
    }

    fn run(&self, takes: Duration) -> Got {
        got(|| self.0.flights.run(1, self.function(takes)))
    }

    fn run_until(&self, bound: Duration, takes: Duration) -> Got {
        got(|| self.0.flights.run_until(1, bound, self.function(takes)))
    }

    fn caller(&self, name: &'static str, takes: Duration) -> JoinHandle<Got> {
        let numbers = self.clone();
        sim::spawn(name, move || numbers.run(takes))
    }

    fn bounded(&self, name: &'static str, bound: Duration, takes: Duration) -> JoinHandle<Got> {
        let numbers = self.clone();
        sim::spawn(name, move || numbers.run_until(bound, takes))
    }

    fn runs(&self) -> usize {
        self.0.runs.load(SeqCst)
    }

    fn cancelled(&self) -> usize {
        self.0.cancelled.load(SeqCst)
    }

    /// That nothing is in flight, and the key is free.
    fn are_at_rest(&self) {
        assert_eq!(format!("{:?}", self.0.flights), "SingleFlight { in_flight: 0, .. }");
        assert_eq!(self.0.running.load(SeqCst), 0);
        assert_eq!(self.run(Duration::ZERO), Got::Led(1));
    }
}

fn got<V>(call: impl FnOnce() -> Result<Flight<V>, FlightError<&'static str>>) -> Got {
    match panic::catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(flight)) => match flight.role() {
            Role::Leader => Got::Led(flight.callers()),
            Role::Follower => Got::Followed(flight.callers()),
        },
        Ok(Err(error)) if error.gave_up() => Got::GaveUp,
        Ok(Err(_)) => Got::Cancelled,
        Err(payload) => {
            let text = payload.downcast_ref::<&str>().map(ToString::to_string);
            Got::Panicked(text.or_else(|| payload.downcast_ref().cloned()).unwrap())
        }
    }
}

/// What two callers got, and how many functions ran; all with so many preemptions.
fn two_callers(preemptions: u32, bounded: bool) {
    use Got::{Followed, Led};
    Builder::new()
        .exhaustive(preemptions)
        .outcomes(move || {
            let numbers = Numbers::default();
            let call = |name| {
                if bounded {
                    numbers.bounded(name, HOUR, Duration::ZERO)
                } else {
                    numbers.caller(name, Duration::ZERO)
                }
            };
            let (a, b) = (call("a"), call("b"));
            let mut both = [a.join().unwrap(), b.join().unwrap()];
            both.sort();
            let runs = numbers.runs();
            numbers.are_at_rest();
            (both, runs)
        })
        .exactly([([Led(1), Led(1)], 2), ([Led(2), Followed(2)], 1)])
        .exhausted();
}

#[test]
fn two_callers_share_or_run_one_after_the_other() {
    two_callers(1, false);
}

#[test]
fn two_callers_with_bounds_share_or_run_one_after_the_other() {
    two_callers(0, true);
}

#[test]
fn of_two_callers_that_claim_a_thread_the_second_gives_it_back_before_it_waits() {
    let script = Script::new()
        .run("root")
        .to_block()
        .run("a")
        .until_nth("lock", 4) // it has claimed a thread, and wants to enter its call
        .run("b")
        .to_block()
        .run("a")
        .to_block();
    Builder::new().strategy(Strategy::Script(script)).check(|| {
        let numbers = Numbers::default();
        let callers = ["a", "b"].map(|name| numbers.bounded(name, HOUR, Duration::ZERO));
        let got = callers.map(|caller| caller.join().unwrap());
        assert_eq!(got, [Got::Followed(2), Got::Led(2)]);
        assert_eq!(sim::elapsed(), Duration::ZERO);
        numbers.are_at_rest();
    });
}

#[test]
fn whoever_knows_that_a_function_has_returned_finds_its_thread_free() {
    always(0, || {
        let flights = SingleFlight::<u8, ThreadId, Infallible>::new();
        let mut threads: Vec<_> = (1..=4)
            .map(|key| {
                let flight = flights.run_until(key, HOUR, |_| Ok(thread::current().id()));
                flight.unwrap().into_value()
            })
            .collect();
        threads.dedup();
        assert!(threads.len() < 4, "no thread was used again");
    });
}

/// Keys that all have one hash, and whose comparison and drop wait for a task of the cache.
struct Slow(u8, Arc<SlowInside>);

#[derive(Default)]
struct SlowInside {
    flights: SingleFlight<u8, u8, Infallible>,
    drops: AtomicUsize,
}

impl Slow {
    fn wait(&self) {
        let answer = self.1.flights.run_until(9, HOUR, |_| Ok(9)).map(Flight::into_value);
        assert_eq!(answer.ok(), Some(9), "in time");
    }
}

impl Hash for Slow {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u8(0);
    }
}

impl PartialEq for Slow {
    fn eq(&self, other: &Self) -> bool {
        self.wait();
        self.0 == other.0
    }
}

impl Eq for Slow {}

impl Drop for Slow {
    fn drop(&mut self) {
        self.wait();
        self.1.drops.fetch_add(1, SeqCst);
    }
}

#[test]
fn keys_are_compared_and_dropped_while_nobody_counts_on_the_thread() {
    let test = || {
        let flights = Arc::new(SingleFlight::<Slow, u8, Infallible>::new());
        let inner = Arc::new(SlowInside::default());
        let callers = [(0, HOUR), (1, SECOND), (1, SECOND)].map(|(n, bound)| {
            let (flights, inner) = (Arc::clone(&flights), Arc::clone(&inner));
            sim::spawn(format!("caller {n}"), move || {
                let sleeps = move |ctx: &Context| {
                    ctx.sleep(2 * SECOND).ok();
                    Ok(n)
                };
                flights.run_until(Slow(n, inner), bound, sleeps).ok().map(Flight::into_value)
            })
        });
        let [long, leader, follower] = callers;
        assert_eq!((leader.join().unwrap(), follower.join().unwrap()), (None, None));
        sim::wait_idle();
        // At once, and not only when the other function's thread has time for it.
        assert_eq!((sim::elapsed(), inner.drops.load(SeqCst)), (SECOND, 2));
        assert_eq!(long.join().unwrap(), Some(0));
        sim::wait_idle();
        // The watcher may have looked in between.
        assert!(sim::elapsed() < 2 * SECOND + Duration::from_millis(10));
        assert_eq!(inner.drops.load(SeqCst), 3);
        assert_eq!(format!("{flights:?}"), "SingleFlight { in_flight: 0, .. }");
    };
    Builder::new().iterations(200).check(test);
}

#[test]
fn a_follower_drops_its_function_before_it_waits() {
    always(1, || {
        let numbers = Numbers::default();
        let group = Arc::new(WaitGroup::new());
        let token = Token::new(Arc::clone(&group));
        let leader = sim::spawn("leader", {
            let numbers = numbers.clone();
            move || {
                got(|| {
                    numbers.0.flights.run(1, |_| {
                        group.wait(); // for what the follower's function holds
                        Ok(0)
                    })
                })
            }
        });
        sim::wait_idle();
        let follower = got(|| {
            numbers.0.flights.run(1, move |_| {
                drop(token);
                Ok(0)
            })
        });
        assert_eq!((leader.join().unwrap(), follower), (Got::Led(2), Got::Followed(2)));
        numbers.are_at_rest();
    });
}

#[test]
fn functions_for_one_key_never_run_at_the_same_time() {
    always(1, || {
        let numbers = Numbers::default();
        let inside = Arc::new(AtomicUsize::new(0));
        sim::scope(|s| {
            for name in ["a", "b", "c"] {
                let (numbers, inside) = (&numbers, Arc::clone(&inside));
                s.spawn(name, move || {
                    let flight = numbers.0.flights.run(1, |_| {
                        assert_eq!(inside.fetch_add(1, SeqCst), 0, "two at once");
                        sim::label("inside");
                        Ok(inside.fetch_sub(1, SeqCst))
                    });
                    assert_eq!(flight.unwrap().into_value(), 1);
                });
            }
        });
        numbers.are_at_rest();
    });
}

#[test]
fn a_follower_waits_and_all_get_what_was_made_at_its_time() {
    sim::check(|| {
        let numbers = Numbers::default();
        let leader = numbers.bounded("leader", HOUR, SECOND);
        sim::sleep(NANO);
        let followers = [numbers.caller("a", HOUR), numbers.bounded("b", HOUR, HOUR)];
        sim::sleep(SECOND.saturating_sub(2 * NANO));
        sim::assert_blocked(&leader, "SingleFlight::run_until");
        sim::assert_blocked(&followers[0], "SingleFlight::run");
        sim::sleep(NANO);
        assert_eq!(leader.join().unwrap(), Got::Led(3));
        for follower in followers {
            assert_eq!(follower.join().unwrap(), Got::Followed(3));
        }
        assert_eq!((sim::elapsed(), numbers.runs()), (SECOND, 1));
        numbers.are_at_rest();
    });
}

/// A value that counts its clones.
struct Cloned(Arc<AtomicUsize>);

impl Clone for Cloned {
    fn clone(&self) -> Self {
        self.0.fetch_add(1, SeqCst);
        Cloned(Arc::clone(&self.0))
    }
}

/// A clone is one step here; two at the same time would be two clones.
#[test]
fn a_value_is_cloned_once_less_than_it_is_shared() {
    always(1, || {
        let flights = Arc::new(SingleFlight::<u8, Cloned, Infallible>::new());
        let value = Cloned(Arc::default());
        let call = {
            let (flights, clones) = (Arc::clone(&flights), Arc::clone(&value.0));
            move || flights.run(1, |_| Ok(Cloned(clones))).expect("it does not fail")
        };
        let other = sim::spawn("other", call.clone());
        let (mine, theirs) = (call(), other.join().expect("it does not panic"));
        let callers = mine.callers().max(theirs.callers());
        assert_eq!(value.0.load(SeqCst), callers - 1);
    });
}

/// Two callers of functions that panic; all with so many preemptions.
fn two_that_panic(preemptions: u32, bounded: bool) {
    always(preemptions, move || {
        let numbers = Numbers::default();
        let callers = ["a", "b"].map(|name| {
            let numbers = numbers.clone();
            sim::spawn(name, move || {
                let leads = Arc::new(AtomicUsize::new(0));
                let led = Arc::clone(&leads);
                let boom = move |_: &Context| -> Result<usize, &'static str> {
                    leads.fetch_add(1, SeqCst);
                    sim::label("inside");
                    panic!("boom")
                };
                let flights = &numbers.0.flights;
                let got = if bounded {
                    got(|| flights.run_until(1, HOUR, boom))
                } else {
                    got(|| flights.run(1, boom))
                };
                let Got::Panicked(text) = got else { panic!("{got:?}") };
                if led.load(SeqCst) == 1 {
                    assert_eq!(text, "boom");
                } else {
                    assert!(text.ends_with(": the shared call panicked: boom"), "{text}");
                }
            })
        });
        for caller in callers {
            caller.join().unwrap();
        }
        numbers.are_at_rest();
    });
}

#[test]
fn a_panic_reaches_whoever_shares_it_in_every_schedule() {
    two_that_panic(1, false);
    two_that_panic(0, true);
}

#[test]
fn an_outcome_in_the_instant_of_the_bound_is_taken_or_the_function_was_cancelled() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let numbers = Numbers::default();
            let got = numbers.run_until(SECOND, SECOND);
            sim::wait_idle();
            let cancelled = numbers.cancelled();
            numbers.are_at_rest();
            assert_eq!(sim::elapsed(), SECOND);
            (got, cancelled)
        })
        .exactly([(Got::Led(1), 0), (Got::GaveUp, 0), (Got::GaveUp, 1)])
        .exhausted();
}

#[test]
fn a_bound_that_has_passed_starts_no_function() {
    always(1, || {
        let numbers = Numbers::default();
        let (ctx, canceller) = Context::background().with_cancel();
        canceller.cancel();
        assert_eq!(numbers.run_until(Duration::ZERO, HOUR), Got::GaveUp);
        let ended = got(|| numbers.0.flights.run_until(1, &ctx, numbers.function(HOUR)));
        assert_eq!(ended, Got::GaveUp);
        sim::wait_idle();
        assert_eq!(numbers.runs(), 0);
        numbers.are_at_rest();
    });
}

#[test]
fn when_all_have_left_the_function_is_cancelled_at_once() {
    sim::check(|| {
        let numbers = Numbers::default();
        let leader = numbers.bounded("leader", SECOND, HOUR);
        sim::sleep(NANO);
        let follower = numbers.bounded("follower", 2 * SECOND, HOUR);
        assert_eq!(leader.join().unwrap(), Got::GaveUp);
        sim::wait_idle();
        assert_eq!((sim::elapsed(), numbers.cancelled()), (SECOND, 0));
        assert_eq!(follower.join().unwrap(), Got::GaveUp);
        sim::wait_idle();
        assert_eq!((sim::elapsed(), numbers.cancelled()), (2 * SECOND + NANO, 1));
        numbers.are_at_rest();
    });
}

#[test]
fn a_leader_that_leaves_does_not_end_what_a_follower_waits_for() {
    sim::check(|| {
        let numbers = Numbers::default();
        let leader = numbers.bounded("leader", SECOND, 2 * SECOND);
        sim::sleep(NANO);
        let follower = numbers.caller("follower", HOUR);
        assert_eq!(leader.join().unwrap(), Got::GaveUp);
        assert_eq!(follower.join().unwrap(), Got::Followed(1));
        assert_eq!((sim::elapsed(), numbers.runs(), numbers.cancelled()), (2 * SECOND, 1, 0));
        numbers.are_at_rest();
    });
}

/// The last caller leaves in the instant in which another one comes.
fn one_leaves_and_one_comes() {
    let numbers = Numbers::default();
    let leader = numbers.bounded("leader", SECOND, 2 * SECOND);
    pause(SECOND);
    let comer = numbers.run(SECOND);
    assert_eq!(leader.join().unwrap(), Got::GaveUp);
    match comer {
        // It came in time, and kept the function going; or it came too late, and ran its own.
        Got::Followed(1) => assert_eq!((numbers.runs(), numbers.cancelled()), (1, 0)),
        Got::Led(1) => assert_eq!(numbers.runs(), 2),
        other => panic!("{other:?}"),
    }
    sim::wait_idle();
    numbers.are_at_rest();
}

#[test]
fn nobody_is_caught_by_a_function_that_was_abandoned_in_any_schedule() {
    always(1, one_leaves_and_one_comes);
}

#[test]
fn one_who_comes_as_the_last_one_leaves_follows_or_starts_afresh() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let numbers = Numbers::default();
            let leader = numbers.bounded("leader", SECOND, 2 * SECOND);
            pause(SECOND);
            let comer = numbers.run(SECOND);
            assert_eq!(leader.join().unwrap(), Got::GaveUp);
            sim::wait_idle();
            comer
        })
        .exactly([Got::Followed(1), Got::Led(1)])
        .exhausted();
}

#[test]
fn one_who_comes_as_the_function_returns_follows_or_starts_afresh() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let numbers = Numbers::default();
            let leader = numbers.bounded("leader", HOUR, SECOND);
            pause(SECOND);
            let comer = numbers.run(Duration::ZERO);
            let leader = leader.join().unwrap();
            let runs = numbers.runs();
            numbers.are_at_rest();
            (leader, comer, runs)
        })
        .exactly([(Got::Led(2), Got::Followed(2), 1), (Got::Led(1), Got::Led(1), 2)])
        .exhausted();
}

#[test]
fn a_follower_leaves_in_the_instant_in_which_the_function_returns() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let numbers = Numbers::default();
            let leader = numbers.bounded("leader", HOUR, SECOND);
            sim::wait_idle();
            let follower = numbers.run_until(SECOND, HOUR);
            let leader = leader.join().unwrap();
            numbers.are_at_rest();
            (leader, follower)
        })
        .exactly([(Got::Led(2), Got::Followed(2)), (Got::Led(1), Got::GaveUp)])
        .exhausted();
}

#[test]
fn a_call_that_was_forgotten_never_takes_the_newer_one_with_it() {
    always(1, || {
        let numbers = Numbers::default();
        let old = numbers.caller("old", SECOND);
        sim::wait_idle();
        assert!(numbers.0.flights.forget(&1));
        let new = numbers.caller("new", 2 * SECOND);
        sim::sleep(SECOND);
        assert_eq!(old.join().unwrap(), Got::Led(1));
        sim::wait_idle();
        let follower = numbers.caller("follower", HOUR);
        assert_eq!(new.join().unwrap(), Got::Led(2));
        assert_eq!(follower.join().unwrap(), Got::Followed(2));
        numbers.are_at_rest();
    });
}

#[test]
fn forgetting_races_with_the_return_of_the_function() {
    Builder::new()
        .exhaustive(2)
        .outcomes(|| {
            let numbers = Numbers::default();
            let caller = numbers.caller("caller", Duration::ZERO);
            let forgotten = numbers.0.flights.forget(&1);
            assert_eq!(caller.join().unwrap(), Got::Led(1));
            numbers.are_at_rest();
            forgotten
        })
        .exactly([false, true])
        .exhausted();
}

#[test]
fn other_keys_do_not_wait_for_a_function_that_takes_an_hour() {
    sim::check(|| {
        let numbers = Numbers::default();
        let slow = numbers.caller("slow", HOUR);
        sim::wait_idle();
        assert_eq!(numbers.0.flights.run(2, |_| Ok(2)).unwrap().into_value(), 2);
        assert_eq!(numbers.0.flights.run_until(3, HOUR, |_| Ok(3)).unwrap().into_value(), 3);
        assert_eq!(sim::elapsed(), Duration::ZERO);
        assert_eq!(slow.join().unwrap(), Got::Led(1));
    });
}

#[test]
fn re_entry_is_reported_in_every_schedule_of_two_callers() {
    always(1, || {
        let numbers = Numbers::default();
        let again = |_: &Context| Ok(numbers.0.flights.run(1, |_| Ok(1)).unwrap().into_value());
        let message = "SingleFlight::run: the function for a key asks for the same key";
        sim::scope(|s| {
            s.spawn("reenters", || match got(|| numbers.0.flights.run(1, again)) {
                Got::Panicked(text) => assert_eq!(text, message),
                Got::Followed(_) => {}
                other => panic!("{other:?}"),
            });
            s.spawn("other", || match numbers.run(Duration::ZERO) {
                Got::Led(_) => {}
                Got::Panicked(text) => assert!(text.ends_with(message)),
                other => panic!("{other:?}"),
            });
        });
        numbers.are_at_rest();
    });
}

#[test]
fn a_function_that_waits_for_its_own_key_by_another_thread_is_a_deadlock_that_is_reported() {
    let failure = Builder::new().try_check(|| {
        let numbers = Numbers::default();
        let inner = numbers.clone();
        let ask =
            move |_: &Context| Ok(inner.caller("inner", Duration::ZERO).join().map_or(0, |_| 1));
        drop(numbers.0.flights.run(1, ask));
    });
    let report = failure.unwrap_err().to_string();
    assert!(report.contains("DEADLOCK") && report.contains("SingleFlight::run"), "{report}");
}

#[test]
fn a_storm_of_callers_that_come_leave_forget_and_panic_ends_in_peace() {
    let test = || {
        let numbers = Numbers::default();
        sim::scope(|s| {
            for n in 0..4 {
                let numbers = numbers.clone();
                s.spawn(format!("caller {n}"), move || {
                    for _ in 0..3 {
                        let takes = [Duration::ZERO, SECOND][sim::choose(2)];
                        let got = match sim::choose(5) {
                            0 => numbers.run(takes),
                            1 => numbers.run_until(SECOND, takes),
                            2 => numbers.run_until(HOUR, takes),
                            3 => {
                                numbers.0.flights.forget(&1);
                                continue;
                            }
                            _ => got(|| {
                                numbers
                                    .0
                                    .flights
                                    .run_until(1, HOUR, |_| -> Result<usize, _> { panic!("boom") })
                            }),
                        };
                        assert_ne!(got, Got::Cancelled, "caught by an abandoned call");
                    }
                });
            }
        });
        sim::wait_idle();
        numbers.are_at_rest();
    };
    let racing = TimeMode::Racing { percent: 20 };
    let usual = Builder::new().iterations(300);
    usual.clone().check(test);
    usual.clone().time(racing).check(test);
    usual.time(racing).spurious_wakeups(20).check(test);
}

#[test]
fn of_two_who_have_started_a_call_one_may_leave() {
    Builder::new().iterations(200).check(|| {
        let flights = Arc::new(SingleFlight::<u8, u8, &'static str>::new());
        let started = || flights.start(1, |_| Ok(7)).unwrap();
        let (first, second) = (started(), started());
        let leaver = sim::spawn("leaver", move || drop(first));
        let flight = second.join().unwrap();
        leaver.join().unwrap();
        assert_eq!(format!("{flights:?}"), "SingleFlight { in_flight: 0, .. }");
        // The function may have returned before the second came.
        assert!(matches!(
            (flight.role(), flight.callers()),
            (Role::Follower, 1 | 2) | (Role::Leader, 1)
        ));
    });
}

#[test]
fn a_lone_call_and_one_that_finds_it_in_its_last_moment_agree() {
    // Whether anybody has found it is decided when it has left the table.
    sim::outcomes(|| {
        let flights = Arc::new(SingleFlight::<u8, u8, &'static str>::new());
        let other = sim::spawn("other", {
            let flights = Arc::clone(&flights);
            move || flights.run(1, |_| Ok(1)).unwrap().callers()
        });
        let mine = flights.run(1, |_| Ok(2)).unwrap().callers();
        let callers = (mine, other.join().unwrap());
        assert_eq!(callers.0, callers.1, "both share it, or neither");
        callers.0
    })
    .exactly([1, 2])
    .exhausted();
}
