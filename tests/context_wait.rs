//! What blocks on a context: `wait`, `wait_until`, `sleep`, and the channel of `done`.

#![expect(clippy::disallowed_methods, reason = "tests read the clock")]
#![expect(clippy::disallowed_types, reason = "tests use std's atomics")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{RecvError, TryRecvError, bounded, never, select};
use phalanx::{Canceller, Cause, CauseKind, Context, Interrupted, Until, WaitGroup};
use support::asleep::Sleeper;
use support::{because, told, watchdog};

const HOUR: Duration = Duration::from_secs(3600);
const SOON: Duration = Duration::from_millis(1);

fn root() -> (Context, Canceller) {
    Context::background().with_cancel()
}

fn ended(why: &'static str) -> Context {
    let (ctx, canceller) = root();
    canceller.cancel_because(why);
    ctx
}

fn text(cause: &Cause) -> String {
    cause.error().expect("every cancel here has one").to_string()
}

// --- wait -------------------------------------------------------------------------------------

#[test]
fn wait_on_an_ended_context_returns_its_cause() {
    watchdog(|| assert_eq!(text(&ended("over").wait()), "over"));
}

#[test]
fn wait_returns_when_the_context_or_an_ancestor_is_cancelled() {
    watchdog(|| {
        let (parent, canceller) = root();
        let (child, _child_canceller) = parent.with_value(1_u8).with_cancel();
        thread::scope(|s| {
            let waits = [&parent, &child].map(|ctx| s.spawn(|| text(&ctx.wait())));
            canceller.cancel_because("wake up");
            for wait in waits {
                assert_eq!(wait.join().unwrap(), "wake up");
            }
        });
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn wait_wakes_threads_that_are_asleep() {
    watchdog(|| {
        let (ctx, canceller) = root();
        let sleepers = [(); 4].map(|()| Sleeper::default());
        thread::scope(|s| {
            for sleeper in &sleepers {
                s.spawn(|| {
                    sleeper.here();
                    assert_eq!(text(&ctx.wait()), "wake up");
                });
            }
            sleepers.iter().for_each(Sleeper::until_asleep);
            canceller.cancel_because("wake up");
        });
    });
}

/// Ways to learn that a context has ended.
const LOOKS: [fn(&Context); 6] = [
    |ctx| drop(ctx.wait()),
    |ctx| support::until(|| ctx.has_ended()),
    |ctx| support::until(|| ctx.check().is_err()),
    |ctx| support::until(|| ctx.cause().is_some()),
    |ctx| assert!(ctx.sleep(HOUR).is_err()),
    |ctx| assert!(ctx.done().recv().is_err()),
];

#[test]
fn whoever_sees_the_end_sees_what_the_canceller_did_before() {
    watchdog(|| {
        for look in LOOKS {
            for _ in 0..200 {
                let (ctx, canceller) = root();
                let (child, _child_canceller) = ctx.with_cancel();
                let work = AtomicUsize::new(0);
                thread::scope(|s| {
                    for ctx in [&ctx, &child] {
                        let work = &work;
                        s.spawn(move || {
                            look(ctx);
                            assert_eq!(work.load(Relaxed), 42);
                        });
                    }
                    work.store(42, Relaxed);
                    canceller.cancel();
                });
            }
        }
    });
}

// --- wait_until -------------------------------------------------------------------------------

#[test]
fn wait_until_gives_up_when_the_time_is_up() {
    let (ctx, _canceller) = root();
    for interrupted in [
        ctx.wait_until(Duration::ZERO).unwrap_err(),
        ctx.wait_until(SOON).unwrap_err(),
        ctx.wait_until(Instant::now()).unwrap_err(),
        ctx.wait_until((&Context::background(), SOON)).unwrap_err(),
        Context::background().wait_until(SOON).unwrap_err(),
    ] {
        assert!(matches!(interrupted, Interrupted::TimedOut));
        assert!(interrupted.is_timeout());
    }
    assert!(!ctx.has_ended(), "a wait that is given up changes nothing");
}

#[test]
fn wait_until_gives_up_when_the_other_context_ends() {
    watchdog(|| {
        let (ctx, _canceller) = root();
        let (bound, bound_canceller) = root();
        thread::scope(|s| {
            let wait = s.spawn(|| ctx.wait_until(&bound));
            let both = s.spawn(|| ctx.wait_until((&bound, HOUR)));
            bound_canceller.cancel_because("no patience");
            for wait in [wait, both] {
                let interrupted = wait.join().unwrap().unwrap_err();
                assert!(!interrupted.is_timeout());
                assert!(matches!(&interrupted, Interrupted::Cancelled(cause)
                    if text(cause) == "no patience"));
            }
        });
        assert!(!ctx.has_ended());
    });
}

#[test]
fn wait_until_tells_the_deadline_of_the_other_context_as_a_timeout() {
    watchdog(|| {
        let (ctx, _canceller) = root();
        let bound = Context::background().with_timeout(SOON);
        let interrupted = ctx.wait_until(&bound).unwrap_err();
        assert!(interrupted.is_timeout());
        assert!(matches!(interrupted, Interrupted::Cancelled(cause)
            if cause.kind() == CauseKind::DeadlineExceeded));
    });
}

#[test]
fn wait_until_returns_the_cause_when_the_context_ends_first() {
    watchdog(|| {
        let (ctx, canceller) = root();
        let (bound, _bound_canceller) = root();
        thread::scope(|s| {
            let waits = [
                s.spawn(|| ctx.wait_until(&bound)),
                s.spawn(|| ctx.wait_until((&bound, HOUR))),
                s.spawn(|| ctx.wait_until(HOUR)),
                s.spawn(|| ctx.wait_until(Instant::now() + HOUR)),
                s.spawn(|| ctx.wait_until(Duration::MAX)),
                s.spawn(|| ctx.wait_until(Until::FOREVER)),
            ];
            canceller.cancel_because("the event");
            for wait in waits {
                assert_eq!(text(&wait.join().unwrap().unwrap()), "the event");
            }
        });
    });
}

#[test]
fn the_end_of_the_context_wins_over_a_bare_deadline_that_has_passed() {
    let ctx = ended("it has happened");
    assert_eq!(text(&ctx.wait_until(Duration::ZERO).unwrap()), "it has happened");
    assert_eq!(text(&ctx.wait_until(Instant::now()).unwrap()), "it has happened");
}

#[test]
fn a_context_with_a_passed_deadline_fails_a_wait_on_entry() {
    let bound = Context::background().with_timeout(Duration::ZERO);
    assert!(WaitGroup::new().wait_until(&bound).unwrap_err().is_timeout());
    let (ctx, _ctx_canceller) = root();
    assert!(ctx.wait_until(&bound).unwrap_err().is_timeout());
}

#[test]
fn a_wait_that_was_given_up_leaves_the_next_one_intact() {
    watchdog(|| {
        let (ctx, canceller) = root();
        for _ in 0..100 {
            assert!(ctx.wait_until(Duration::from_micros(1)).is_err());
        }
        thread::scope(|s| {
            let wait = s.spawn(|| text(&ctx.wait()));
            canceller.cancel_because("still there");
            assert_eq!(wait.join().unwrap(), "still there");
        });
    });
}

// --- sleep ------------------------------------------------------------------------------------

#[test]
fn sleep_lasts_as_long_as_asked() {
    let (ctx, _canceller) = root();
    for ctx in [ctx, Context::background()] {
        let wake_up = Instant::now() + SOON;
        assert!(ctx.sleep(SOON).is_ok());
        assert!(Instant::now() >= wake_up);
        assert!(ctx.sleep(Duration::ZERO).is_ok());
    }
}

#[test]
fn sleep_fails_at_once_if_the_context_has_ended() {
    watchdog(|| {
        let ctx = ended("no rest");
        assert_eq!(text(ctx.sleep(HOUR).unwrap_err().cause()), "no rest");
        assert_eq!(text(ctx.sleep(Duration::ZERO).unwrap_err().cause()), "no rest");
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_cancel_cuts_sleep_short() {
    watchdog(|| {
        for duration in [HOUR, Duration::MAX] {
            let (parent, canceller) = root();
            let (ctx, _ctx_canceller) = parent.with_cancel();
            let sleeper = Sleeper::default();
            thread::scope(|s| {
                let sleep = s.spawn(|| {
                    sleeper.here();
                    ctx.sleep(duration)
                });
                sleeper.until_asleep();
                canceller.cancel_because("get up");
                assert_eq!(text(sleep.join().unwrap().unwrap_err().cause()), "get up");
            });
        }
    });
}

#[test]
fn a_deadline_cuts_sleep_short() {
    watchdog(|| {
        let ctx = Context::background().with_timeout(SOON);
        let error = ctx.sleep(HOUR).unwrap_err();
        assert_eq!(error.cause().kind(), CauseKind::DeadlineExceeded);
    });
}

// --- done -------------------------------------------------------------------------------------

#[test]
fn the_channel_of_done_is_empty_while_the_context_lives_and_disconnected_after() {
    let (ctx, canceller) = root();
    let (child, _child_canceller) = ctx.with_cancel();
    let unused = child.clone();
    assert_eq!(ctx.done().try_recv(), Err(TryRecvError::Empty));
    assert_eq!(child.done().try_recv(), Err(TryRecvError::Empty));
    canceller.cancel();
    assert_eq!(ctx.done().try_recv(), Err(TryRecvError::Disconnected));
    assert_eq!(child.done().try_recv(), Err(TryRecvError::Disconnected));
    assert_eq!(unused.done().recv(), Err(RecvError));
}

#[test]
fn the_channel_of_done_is_disconnected_if_it_is_made_after_the_end() {
    assert_eq!(ended("before").done().try_recv(), Err(TryRecvError::Disconnected));
    let (late, _canceller) = ended("before").with_cancel();
    assert_eq!(late.done().try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn the_channel_of_a_context_that_never_ends_stays_empty() {
    let (parent, canceller) = root();
    let shielded = parent.shielded();
    for ctx in [Context::background(), shielded, Context::merge(&[])] {
        assert_eq!(ctx.done().try_recv(), Err(TryRecvError::Empty));
    }
    canceller.cancel();
    assert_eq!(parent.shielded().done().try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn done_takes_part_in_select() {
    watchdog(|| {
        let (ctx, canceller) = root();
        let (work, jobs) = bounded::<u32>(1);
        work.send(7).unwrap();
        select! {
            recv(jobs) -> job => assert_eq!(job, Ok(7)),
            recv(ctx.done()) -> _ => panic!("the context is live"),
        }
        thread::scope(|s| {
            let waits = s.spawn(|| {
                select! {
                    recv(never::<u32>()) -> _ => false,
                    recv(ctx.done()) -> end => end.is_err() && told(&ctx) == because("stop"),
                }
            });
            canceller.cancel_because("stop");
            assert!(waits.join().unwrap());
        });
    });
}

#[test]
fn select_on_the_background_takes_the_other_arm() {
    let ctx = Context::background();
    select! {
        recv(ctx.done()) -> _ => panic!("the background never ends"),
        default => {}
    }
}
