//! `Ticker`: ticks on a grid, for a call or for a channel.

#![expect(clippy::disallowed_methods, reason = "tests read the clock, and use std's threads")]

mod support;

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::TryRecvError;
use phalanx::{Context, Interrupted, Ticker};
use support::asleep::Sleeper;
use support::watchdog;

const HOUR: Duration = Duration::from_secs(3600);
const MILLI: Duration = Duration::from_millis(1);

const fn all<T: Send + Sync + UnwindSafe + RefUnwindSafe + Unpin>() {}
const _: () = all::<Ticker>();

fn ago(duration: Duration) -> Instant {
    Instant::now().checked_sub(duration).expect("the clock has run for a while")
}

/// One that has a tick to be had, of a grid with ticks an hour apart, and the instant of that tick.
fn with_a_tick() -> (Ticker, Instant) {
    let first = ago(MILLI);
    (Ticker::starting_at(first, HOUR), first)
}

#[test]
fn ticks_are_on_the_grid_however_late_they_are_read() {
    watchdog(|| {
        let first = ago(MILLI);
        let period = Duration::from_nanos(100_003);
        let ticker = Ticker::starting_at(first, period);
        let mut before = None;
        for _ in 0..20 {
            let tick = ticker.next().unwrap();
            assert_eq!((tick - first).as_nanos() % period.as_nanos(), 0);
            assert!(before < Some(tick) && tick <= Instant::now());
            before = Some(tick);
        }
    });
}

#[test]
fn a_channel_has_the_ticks_too() {
    watchdog(|| {
        let first = Instant::now();
        let ticker = Ticker::starting_at(first, MILLI);
        let mut before = None;
        for tick in ticker.channel().iter().take(5) {
            assert_eq!((tick - first).as_nanos() % MILLI.as_nanos(), 0);
            assert!(before < Some(tick) && tick <= Instant::now());
            before = Some(tick);
        }
    });
}

#[test]
fn a_tick_goes_to_one_whether_it_waits_in_a_call_or_receives() {
    watchdog(|| {
        let (ticker, first) = with_a_tick();
        assert_eq!(ticker.channel().len(), 1, "a missed tick is there at once");
        assert_eq!(ticker.next(), Some(first));
        assert_eq!(ticker.channel().try_recv(), Err(TryRecvError::Empty));

        let (ticker, first) = with_a_tick();
        assert_eq!(ticker.channel().try_recv(), Ok(first));
        assert!(matches!(ticker.next_until(MILLI), Err(Interrupted::TimedOut)));
    });
}

#[test]
fn it_is_an_iterator_that_ends_when_it_is_stopped() {
    watchdog(|| {
        let ticker = Ticker::new(Duration::from_micros(50));
        let mut ticks = 0;
        for _ in &ticker {
            ticks += 1;
            if ticks == 3 {
                ticker.stop();
            }
        }
        assert_eq!(ticks, 3);
        assert!((&ticker).into_iter().next().is_none());
    });
}

#[test]
fn a_stopped_one_has_no_tick_not_even_a_missed_one() {
    let (ticker, _) = with_a_tick();
    ticker.stop();
    assert_eq!(ticker.next(), None);
    assert_eq!(ticker.channel().try_recv(), Err(TryRecvError::Empty));

    let (ticker, _) = with_a_tick();
    let channel = ticker.channel();
    ticker.stop();
    ticker.stop();
    assert_eq!(channel.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(ticker.next_until(HOUR).unwrap(), None);
    assert_eq!(format!("{ticker:?}"), "Ticker { period: 0ns, next: None, .. }");
    let channel = channel.clone();
    drop(ticker);
    assert_eq!(channel.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn a_tick_is_taken_without_a_wait_if_there_is_one() {
    let (ticker, first) = with_a_tick();
    assert_eq!(ticker.try_next(), Some(first));
    let later = Ticker::new(HOUR);
    assert_eq!(later.try_next(), None);
    assert_eq!(later.channel().try_recv(), Err(TryRecvError::Empty));
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn whoever_waits_learns_that_it_was_stopped_or_dropped() {
    watchdog(|| {
        let (ticker, waiter) = (Ticker::new(HOUR), Sleeper::default());
        thread::scope(|s| {
            let waiting = s.spawn(|| {
                waiter.here();
                ticker.next()
            });
            waiter.until_asleep();
            ticker.stop();
            assert_eq!(waiting.join().unwrap(), None);
        });

        let (ticker, waiter) = (Ticker::new(HOUR), Sleeper::default());
        let channel = ticker.channel().clone();
        thread::scope(|s| {
            let receiving = s.spawn(|| {
                waiter.here();
                channel.recv()
            });
            waiter.until_asleep();
            drop(ticker);
            assert!(receiving.join().unwrap().is_err());
        });
    });
}

#[test]
fn a_new_grid_forgets_the_ticks_of_the_old_one() {
    for with_channel in [false, true] {
        let (ticker, _) = with_a_tick();
        if with_channel {
            ticker.channel();
        }
        assert!(ticker.reset(HOUR));
        assert!(ticker.next_until(Duration::ZERO).is_err());
        assert_eq!(ticker.channel().try_recv(), Err(TryRecvError::Empty));
    }
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_thread_that_waits_and_one_that_receives_get_the_ticks_of_the_new_grid() {
    watchdog(|| {
        let (ticker, waiter) = (Ticker::new(HOUR), Sleeper::default());
        thread::scope(|s| {
            let waiting = s.spawn(|| {
                waiter.here();
                ticker.next()
            });
            waiter.until_asleep();
            assert!(ticker.reset(MILLI));
            assert!(waiting.join().unwrap().unwrap() <= Instant::now());
        });
        let (ticker, waiter) = (Ticker::new(HOUR), Sleeper::default());
        thread::scope(|s| {
            let receiving = s.spawn(|| {
                waiter.here();
                ticker.channel().recv()
            });
            waiter.until_asleep();
            assert!(ticker.reset(MILLI));
            assert!(receiving.join().unwrap().unwrap() <= Instant::now());
        });
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_cancelled_context_wakes_whoever_waits_and_no_tick_is_taken() {
    watchdog(|| {
        let (ticker, waiter) = (Ticker::new(HOUR), Sleeper::default());
        let (ctx, canceller) = Context::background().with_cancel();
        thread::scope(|s| {
            let waiting = s.spawn(|| {
                waiter.here();
                ticker.next_until(&ctx)
            });
            waiter.until_asleep();
            canceller.cancel();
            assert!(matches!(waiting.join().unwrap(), Err(Interrupted::Cancelled(_))));
        });
        let (ticker, first) = with_a_tick();
        assert!(ticker.next_until(&ctx).is_err(), "a cancelled context fails at once");
        assert_eq!(ticker.next(), Some(first), "the tick was left");
    });
}
