//! A semaphore on a queue: permits are given out or kept, and none is lost on the way.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::is_deserted;
use crate::sim::lin::{History, Model};
use crate::sim::{self, Builder, Script, Strategy, TimeMode};
use crate::wait::{Interrupted, Until, WaitQueue};
use crate::{Context, WaitGroup};

const SECOND: Duration = Duration::from_secs(1);

/// How many permits are free.
struct Permits(WaitQueue<u32>);

impl Permits {
    fn new(free: u32) -> Arc<Self> {
        Arc::new(Permits(WaitQueue::new(free)))
    }

    fn take(&self, until: Until<'_>) -> Result<(), Interrupted> {
        self.0.wait_parked(until, |free| {
            let any = *free > 0;
            *free -= u32::from(any);
            any
        })
    }

    fn give(&self) {
        let mut free = self.0.lock();
        if !free.grant_one() {
            *free += 1;
        }
    }

    /// How many are left when all is over.
    fn left(&self) -> u32 {
        assert!(is_deserted(&self.0), "whoever has gone has left the queue");
        *self.0.lock()
    }
}

/// Starts a thread that takes a permit, and tells whether it got it.
fn taker(permits: &Arc<Permits>, name: &str, until: Until<'static>) -> sim::JoinHandle<bool> {
    let permits = Arc::clone(permits);
    sim::spawn(name, move || permits.take(until).is_ok())
}

/// Lets time pass, and comes back together with whoever wakes in the same instant.
fn pause(duration: Duration) {
    Context::background().sleep(duration).unwrap();
}

/// Runs `test` under the schedule of the script, and returns what it returned.
fn play<T: Send + 'static>(script: Script, test: impl Fn() -> T + Send + Sync + 'static) -> T {
    let last = Arc::new(Mutex::new(None));
    let place = Arc::clone(&last);
    Builder::new().strategy(Strategy::Script(script)).check(move || {
        let outcome = test();
        *place.lock() = Some(outcome);
    });
    let outcome = last.lock().take();
    outcome.expect("a script that was played has an outcome")
}

/// A permit comes in the instant in which the first waiter gives up; another waits on.
fn first_waiter_gives_up() -> (bool, bool) {
    let permits = Permits::new(0);
    let first = taker(&permits, "first", SECOND.into());
    sim::wait_idle();
    let second = taker(&permits, "second", (2 * SECOND).into());
    pause(SECOND);
    permits.give();
    let got = (first.join().unwrap(), second.join().unwrap());
    assert_eq!(permits.left(), 0);
    got
}

#[test]
fn a_permit_goes_to_the_first_or_to_the_next_but_to_nobody_twice() {
    let outcomes = sim::outcomes(first_waiter_gives_up);
    outcomes.exactly([(true, false), (false, true)]).exhausted();
}

#[test]
fn a_waiter_that_has_given_up_and_is_still_in_the_queue_is_passed_over() {
    let script = Script::new()
        .run("first")
        .to_block()
        .run("second")
        .to_block()
        .run("first")
        .until("lock") // on its way out
        .run("root")
        .to_block()
        .run("first")
        .to_end();
    assert_eq!(play(script, first_waiter_gives_up), (false, true));
}

#[test]
fn a_waiter_whose_time_is_up_while_it_is_granted_keeps_the_permit() {
    let script = Script::new()
        .run("first")
        .to_block()
        .run("second")
        .to_block()
        .run("root")
        .until("unpark") // it has been granted
        .run("first")
        .to_end();
    assert_eq!(play(script, first_waiter_gives_up), (true, false));
}

#[test]
fn a_waiter_that_is_cancelled_while_it_is_granted_keeps_the_permit_or_leaves_it() {
    sim::outcomes(|| {
        let permits = Permits::new(0);
        let (ctx, canceller) = Context::background().with_cancel();
        let taker = sim::spawn("taker", {
            let permits = Arc::clone(&permits);
            move || permits.take((&ctx).into()).is_ok()
        });
        let giver = sim::spawn("giver", {
            let permits = Arc::clone(&permits);
            move || permits.give()
        });
        canceller.cancel();
        giver.join().unwrap();
        let got = taker.join().unwrap();
        assert_eq!(permits.left(), u32::from(!got));
        got
    })
    .exactly([true, false])
    .exhausted();
}

#[test]
fn two_givers_never_grant_the_same_waiter() {
    let report = Builder::new().exhaustive(2).check(|| {
        let permits = Permits::new(0);
        let giver = sim::spawn("giver", {
            let permits = Arc::clone(&permits);
            move || permits.give()
        });
        let taker = taker(&permits, "taker", Until::FOREVER);
        permits.give();
        giver.join().unwrap();
        assert!(taker.join().unwrap());
        assert_eq!(permits.left(), 1);
    });
    assert!(report.exhausted, "{report}");
}

#[test]
fn who_enters_first_is_served_first() {
    let report = Builder::new().exhaustive(2).check(|| {
        let queue = Arc::new(WaitQueue::new(Vec::new()));
        let enter = |name: &'static str| {
            let queue = Arc::clone(&queue);
            sim::spawn(name, move || {
                queue.wait_parked(Until::FOREVER, |entered| {
                    entered.push(name);
                    false
                })
            })
        };
        let (a, b) = (enter("a"), enter("b"));
        sim::wait_idle();
        queue.lock().grant_one();
        sim::wait_idle();
        let first = queue.lock()[0];
        assert_eq!((a.is_finished(), b.is_finished()), (first == "a", first == "b"));
        queue.lock().grant_one();
        a.join().unwrap().unwrap();
        b.join().unwrap().unwrap();
    });
    assert!(report.exhausted, "{report}");
}

#[test]
fn the_lock_is_free_when_the_granted_are_woken() {
    let script = Script::new()
        .run("taker")
        .to_block()
        .run("root")
        .until("unpark")
        .run("other")
        .to_end()
        .run("root")
        .to_end();
    let events = play(script, || {
        let (permits, events) = (Permits::new(0), Arc::new(Mutex::new(Vec::new())));
        let taker = taker(&permits, "taker", Until::FOREVER);
        let other = sim::spawn("other", {
            let (permits, events) = (Arc::clone(&permits), Arc::clone(&events));
            move || {
                permits.give();
                events.lock().push("given by the other");
            }
        });
        permits.give();
        events.lock().push("given");
        other.join().unwrap();
        assert!(taker.join().unwrap());
        Arc::into_inner(events).unwrap().into_inner()
    });
    assert_eq!(events, ["given by the other", "given"]);
}

#[test]
fn one_last_look_decides_between_the_queue_and_the_permit() {
    // Whoever finds a permit under the lock does not wait; the other one is in the queue by then.
    let report = Builder::new().exhaustive(2).check(|| {
        let permits = Permits::new(1);
        let takers = ["a", "b"].map(|name| taker(&permits, name, Until::FOREVER));
        permits.give();
        for taker in takers {
            assert!(taker.join().unwrap());
        }
        assert_eq!(permits.left(), 0);
    });
    assert!(report.exhausted, "{report}");
}

#[test]
fn permits_are_conserved_whoever_gives_up() {
    let test = || {
        let permits = Permits::new(1);
        let (ctx, canceller) = Context::background().with_cancel_timeout(2 * SECOND);
        let takers: Vec<_> = (0..5)
            .map(|n| {
                let (permits, ctx) = (Arc::clone(&permits), ctx.clone());
                sim::spawn(format!("taker {n}"), move || {
                    let until: Until<'_> = match sim::choose(3) {
                        0 => SECOND.into(),
                        1 => (&ctx).into(),
                        _ => (&ctx, SECOND).into(),
                    };
                    permits.take(until).is_ok()
                })
            })
            .collect();
        let givers = Arc::new(WaitGroup::new());
        for n in 0..3 {
            let (permits, token) = (Arc::clone(&permits), crate::Token::new(Arc::clone(&givers)));
            drop(sim::spawn(format!("giver {n}"), move || {
                pause(n * SECOND);
                permits.give();
                drop(token);
            }));
        }
        pause(SECOND);
        canceller.cancel();
        givers.wait();
        let taken = takers.into_iter().map(|taker| u32::from(taker.join().unwrap())).sum::<u32>();
        assert_eq!(permits.left() + taken, 4);
    };
    Builder::new().iterations(200).check(test);
    let racing = Builder::new().iterations(200).time(TimeMode::Racing { percent: 20 });
    racing.spurious_wakeups(20).check(test);
}

#[test]
fn a_thread_that_unwinds_out_of_its_wait_leaves_the_queue() {
    sim::check(|| {
        let permits = Permits::new(0);
        let unwound = panic::catch_unwind(AssertUnwindSafe(|| {
            // It may not block in there, and so it panics where it would.
            sim::atomically(|| permits.take(Until::FOREVER))
        }));
        assert!(unwound.is_err());
        let taker = taker(&permits, "taker", Until::FOREVER);
        sim::wait_idle();
        permits.give();
        assert!(taker.join().unwrap(), "it is not lost on one that is not there");
        assert_eq!(permits.left(), 0);
    });
}

// --- One after the other ----------------------------------------------------------------------

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Free(u32);

#[derive(Clone, Copy, Debug)]
enum Op {
    Take,
    /// With a bound that has passed.
    TryTake,
    Give,
}

impl Model for Free {
    type Op = Op;
    type Ret = bool;

    fn step(&self, op: &Op, ret: Option<&bool>) -> impl IntoIterator<Item = Self> {
        let Free(free) = *self;
        let (after, told) = match op {
            Op::Take if free == 0 => return None,
            Op::TryTake if free == 0 => (0, false),
            Op::Take | Op::TryTake => (free - 1, true),
            Op::Give => (free + 1, true),
        };
        ret.is_none_or(|ret| *ret == told).then_some(Free(after))
    }
}

fn is_linearizable(free: u32, preemptions: u32, programs: &'static [&'static [Op]]) {
    let report = Builder::new().exhaustive(preemptions).check(move || {
        let (permits, history) = (Permits::new(free), History::new());
        sim::scope(|s| {
            for (n, program) in programs.iter().enumerate() {
                s.spawn(format!("thread {n}"), || {
                    for op in *program {
                        history.call(*op, || match op {
                            Op::Take => permits.take(Until::FOREVER).is_ok(),
                            Op::TryTake => permits.take(Duration::ZERO.into()).is_ok(),
                            Op::Give => {
                                permits.give();
                                true
                            }
                        });
                    }
                });
            }
        });
        permits.left();
        history.assert_linearizable(Free(free));
    });
    assert!(report.exhausted, "{report}");
}

#[test]
fn two_threads_of_two_calls_are_linearizable() {
    use Op::{Give, Take, TryTake};
    is_linearizable(1, 2, &[&[Take, Give], &[Take, Give]]);
    is_linearizable(0, 2, &[&[Give, TryTake], &[Give, Take]]);
    is_linearizable(0, 2, &[&[TryTake, TryTake], &[Give, TryTake]]);
}

#[test]
fn three_threads_of_one_call_are_linearizable() {
    use Op::{Give, Take, TryTake};
    is_linearizable(1, 1, &[&[Take], &[Give], &[TryTake]]);
    is_linearizable(1, 1, &[&[TryTake], &[TryTake], &[TryTake]]);
    is_linearizable(0, 1, &[&[Give], &[Take], &[Give]]);
}
