//! Who ends a wait, in the simulator: exactly one of those who try.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::{Verdict, Waiter};
use crate::Context;
use crate::sim::{self, Builder, Script, Strategy};
use crate::sys;
use crate::wait::Until;

const SECOND: Duration = Duration::from_secs(1);

/// Starts a thread that waits, and returns its waiter, and how it ended.
fn sleeper(until: Until<'static>) -> (Arc<Waiter>, sim::JoinHandle<Verdict>) {
    let place = Arc::new(Mutex::new(None));
    let thread = sim::spawn("sleeper", {
        let place = Arc::clone(&place);
        move || {
            let waiter = Waiter::new();
            *place.lock() = Some(Arc::clone(&waiter));
            sim::label("known");
            waiter.sleep(&until)
        }
    });
    loop {
        let known = place.lock().take();
        match known {
            Some(waiter) => return (waiter, thread),
            None => sim::yield_now(),
        }
    }
}

/// Lets time pass, and comes back together with whoever wakes in the same instant.
fn pause(duration: Duration) {
    Context::background().sleep(duration).unwrap();
}

#[test]
fn of_all_who_want_to_end_a_wait_one_does() {
    // Granted by the root, granted by the thread, given up.
    sim::outcomes(|| {
        let (waiter, thread) = sleeper(SECOND.into());
        let other = sim::spawn("other", {
            let waiter = Arc::clone(&waiter);
            move || {
                pause(SECOND);
                waiter.grant() && {
                    waiter.wake();
                    true
                }
            }
        });
        pause(SECOND);
        waiter.interrupt();
        let granted = other.join().unwrap();
        let verdict = thread.join().unwrap();
        assert!(waiter.is_decided() && !waiter.grant());
        assert_eq!(granted, verdict == Verdict::Granted);
        granted
    })
    .exactly([true, false])
    .exhausted();
}

#[test]
fn two_who_grant_do_not_both_succeed() {
    sim::outcomes(|| {
        let (waiter, thread) = sleeper(Until::FOREVER);
        let other = sim::spawn("other", {
            let waiter = Arc::clone(&waiter);
            move || waiter.grant()
        });
        let granted = (waiter.grant(), other.join().unwrap());
        waiter.wake();
        assert_eq!(thread.join().unwrap(), Verdict::Granted);
        granted
    })
    .exactly([(true, false), (false, true)])
    .exhausted();
}

/// What becomes of a wait that is granted at the instant of its bound.
fn granted_at_the_bound() -> Verdict {
    let (waiter, thread) = sleeper(SECOND.into());
    pause(SECOND);
    let granted = waiter.grant();
    waiter.wake();
    let verdict = thread.join().unwrap();
    assert_eq!(granted, verdict == Verdict::Granted);
    verdict
}

#[test]
fn the_grant_may_come_first() {
    let script = Script::new().run("sleeper").to_block().run("root").until("unpark");
    let script = script.run("sleeper").to_end();
    assert_eq!(play(script, granted_at_the_bound), Verdict::Granted);
}

#[test]
fn the_bound_may_come_first() {
    let script = Script::new().run("sleeper").to_block().run("sleeper").to_end();
    assert_eq!(play(script, granted_at_the_bound), Verdict::GivenUp);
}

fn play(script: Script, test: fn() -> Verdict) -> Verdict {
    let last = Arc::new(Mutex::new(None));
    let place = Arc::clone(&last);
    Builder::new().strategy(Strategy::Script(script)).check(move || {
        let verdict = test();
        *place.lock() = Some(verdict);
    });
    let verdict = last.lock().take();
    verdict.expect("a script that was played has a verdict")
}

#[test]
fn a_wake_up_before_the_sleep_is_kept() {
    let script = Script::new().run("sleeper").until("park").run("root").to_block();
    let verdict = play(script.run("sleeper").to_end(), || {
        let (waiter, thread) = sleeper(Until::FOREVER);
        assert!(waiter.grant());
        waiter.wake();
        thread.join().unwrap()
    });
    assert_eq!(verdict, Verdict::Granted);
}

/// A thread that finds the decision before it sleeps gets no token, which would end its next park.
#[test]
fn a_thread_that_does_not_sleep_is_not_unparked() {
    let script = Script::new().run("sleeper").until("known").run("root").to_block();
    let verdict = play(script, || {
        let place = Arc::new(Mutex::new(None));
        let thread = sim::spawn("sleeper", {
            let place = Arc::clone(&place);
            move || {
                let waiter = Waiter::new();
                *place.lock() = Some(Arc::clone(&waiter));
                sim::label("known");
                let verdict = waiter.sleep(&Until::FOREVER);
                waiter.thread.park_deadline(sys::now() + SECOND);
                assert_eq!(sim::elapsed(), SECOND, "nothing has ended the park");
                verdict
            }
        });
        while place.lock().is_none() {
            sim::yield_now();
        }
        let waiter = place.lock().take().expect("it is known");
        assert!(waiter.grant());
        waiter.wake();
        thread.join().unwrap()
    });
    assert_eq!(verdict, Verdict::Granted);
}

/// The mark comes before the decision or after it: in no schedule does the thread sleep on.
#[test]
fn a_decision_at_the_moment_of_the_sleep_is_never_missed() {
    for end in [Waiter::grant as fn(&Waiter) -> bool, Waiter::refuse] {
        let report = Builder::new().exhaustive(3).check(move || {
            let (waiter, thread) = sleeper(Until::FOREVER);
            assert!(end(&waiter));
            waiter.wake();
            assert_ne!(thread.join().unwrap(), Verdict::GivenUp);
        });
        assert!(report.exhausted, "{report}");
    }
}

#[test]
fn a_wake_up_that_comes_late_does_not_end_the_next_wait() {
    let report = Builder::new().exhaustive(2).check(|| {
        let [first, second] = [(); 2].map(|()| Arc::new(Mutex::new(None)));
        let thread = sim::spawn("sleeper", {
            let places = [Arc::clone(&first), Arc::clone(&second)];
            move || {
                places.map(|place| {
                    let waiter = Waiter::new();
                    *place.lock() = Some(Arc::clone(&waiter));
                    (waiter.sleep(&SECOND.into()), sim::elapsed())
                })
            }
        });
        sim::wait_idle();
        let waiter = first.lock().take().expect("it sleeps");
        assert!(waiter.grant());
        pause(SECOND); // the grant is found, and nobody was woken
        waiter.wake(); // in the sleep after it
        let verdicts = thread.join().unwrap();
        assert_eq!(verdicts, [(Verdict::Granted, SECOND), (Verdict::GivenUp, 2 * SECOND)]);
    });
    assert!(report.exhausted, "{report}");
}

#[test]
fn a_sleep_outside_of_any_queue_ends_with_either_bound() {
    sim::check(|| {
        let (ctx, canceller) = Context::background().with_cancel();
        let other = Context::background().with_timeout(3 * SECOND);
        Waiter::sleep_out(&SECOND.into(), &(&ctx).into());
        assert_eq!(sim::elapsed(), SECOND);
        Waiter::sleep_out(&(&other).into(), &(&ctx).into());
        assert_eq!(sim::elapsed(), 3 * SECOND);
        let sleeper = sim::spawn("sleeper", move || {
            Waiter::sleep_out(&SECOND.into(), &(&ctx).into());
            sim::elapsed()
        });
        sim::wait_idle();
        canceller.cancel();
        assert_eq!(sleeper.join().unwrap(), 3 * SECOND);
    });
}

#[test]
fn a_waiter_that_has_gone_is_unknown_to_its_context() {
    sim::check(|| {
        let (ctx, _canceller) = Context::background().with_cancel();
        let waiter = Waiter::new();
        assert_eq!(waiter.sleep(&(&ctx, SECOND).into()), Verdict::GivenUp);
        assert_eq!(Arc::strong_count(&waiter), 1);
    });
}
