//! `Ticker` under all schedules: the grid to the nanosecond, and every race with the timer thread.

#![cfg(feature = "sim")]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use phalanx::sim::{self, Builder};
use phalanx::{Context, Ticker};
use support::Count;
use support::schedules::{always, by_seeds, just_before, pause};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
const NANO: Duration = Duration::from_nanos(1);

fn unread(channel: &Receiver<Instant>) -> Option<Instant> {
    channel.try_recv().ok()
}

// --- The grid ---------------------------------------------------------------------------------

#[test]
fn ticks_come_at_their_instants_and_not_a_nanosecond_before() {
    Builder::new().iterations(50).check(|| {
        let (zero, period) = (sim::now(), Duration::from_nanos(1_000_003));
        let ticker = Ticker::new(period);
        for n in 1..50 {
            assert_eq!(ticker.next(), Some(zero + n * period));
            assert_eq!(sim::elapsed(), n * period);
            let bound = sim::now() + just_before(period);
            assert!(ticker.next_until(bound).unwrap_err().is_timeout());
            assert_eq!(sim::now(), bound);
        }
    });
}

#[test]
fn a_slow_reader_gets_the_latest_tick_that_it_missed() {
    for with_channel in [false, true] {
        Builder::new().iterations(50).check(move || {
            let zero = sim::now();
            let ticker = Ticker::new(5 * SECOND);
            let channel = with_channel.then(|| ticker.channel());
            let read = || channel.map_or_else(|| ticker.next(), unread);
            let tick = |n| Some(zero + n * SECOND);
            sim::sleep(5 * SECOND);
            assert_eq!(read(), tick(5));
            sim::advance(52 * SECOND);
            assert_eq!(read(), tick(55));
            sim::sleep(3 * SECOND);
            assert_eq!(read(), tick(60));
        });
    }
}

#[test]
fn one_may_start_at_once_or_in_the_past() {
    sim::run(|| {
        let zero = sim::now();
        sim::sleep(HOUR);
        let now = sim::now();
        assert_eq!(Ticker::starting_at(now, SECOND).next(), Some(now));
        let ticker = Ticker::starting_at(zero, 7 * SECOND);
        assert_eq!(ticker.next(), Some(zero + 514 * 7 * SECOND));
        assert_eq!(ticker.next(), Some(zero + 515 * 7 * SECOND));
        assert_eq!(Ticker::starting_at(now + SECOND, HOUR).next(), Some(zero + HOUR + SECOND));
    });
}

#[test]
fn a_year_that_nobody_reads_costs_nothing_and_ends_on_the_nanosecond() {
    let report = Builder::new().iterations(20).check(|| {
        let zero = sim::now();
        let period = Duration::from_nanos(999_983);
        let ticker = Ticker::new(period);
        sim::sleep(YEAR);
        let tick = ticker.next().unwrap();
        let late = u32::try_from((sim::now() - tick).as_nanos()).unwrap();
        assert_eq!(((tick - zero).as_nanos() % 999_983, late < 999_983), (0, true));
        assert_eq!(ticker.next(), Some(tick + period));
    });
    assert!(report.max_steps < 100, "{report}");
}

#[test]
fn a_year_of_hours_is_read_one_by_one() {
    let report = Builder::new().iterations(3).max_steps(1_000_000, 16).check(|| {
        let zero = sim::now();
        let ticker = Ticker::new(HOUR);
        let hours = (&ticker).into_iter().take(365 * 24).last();
        assert_eq!((hours, sim::elapsed()), (Some(zero + YEAR), YEAR));
    });
    assert_eq!(report.virtual_time, YEAR);
}

#[test]
fn a_tick_wins_over_a_bound_at_the_same_instant() {
    always(1, || {
        let due = sim::now() + SECOND;
        let ticker = Ticker::new(SECOND);
        let ctx = Context::background().with_deadline(due);
        assert_eq!(ticker.next_until((&ctx, SECOND)).unwrap(), Some(due));
        assert!(ticker.next_until(&ctx).unwrap_err().is_timeout());
        assert!(ticker.next_until(sim::now()).unwrap_err().is_timeout());
        assert_eq!(ticker.next_until(SECOND).unwrap(), Some(due + SECOND));
    });
}

// --- For a call and for a channel -------------------------------------------------------------

#[test]
fn each_tick_goes_to_one_of_those_who_wait_and_receive() {
    let race = || {
        let ticker = Arc::new(Ticker::new(SECOND));
        let channel = ticker.channel().clone();
        let had = Count::default();
        let waits = ["a", "b"].map(|name| {
            let (ticker, had) = (Arc::clone(&ticker), had.clone());
            sim::spawn(name, move || {
                if ticker.next_until(3 * SECOND / 2).is_ok() {
                    had.add();
                }
            })
        });
        pause(SECOND);
        if unread(&channel).is_some() {
            had.add();
        }
        for wait in waits {
            wait.join().unwrap();
        }
        assert_eq!(had.get(), 1, "of the tick after a second");
        sim::sleep(SECOND / 2);
        assert!(unread(&channel).is_some());
    };
    always(1, race);
    Builder::new().iterations(200).check(race);
}

#[test]
fn a_call_gets_the_latest_tick_though_an_older_one_is_in_the_channel() {
    let race = || {
        let zero = sim::now();
        let ticker = Ticker::new(SECOND);
        ticker.channel();
        sim::sleep(SECOND); // this tick is in the channel
        pause(SECOND); // the next may be or not
        assert_eq!(ticker.next(), Some(zero + 2 * SECOND));
        assert_eq!(unread(ticker.channel()), None, "the older one is gone");
        assert_eq!(ticker.next(), Some(zero + 3 * SECOND));
    };
    always(2, race);
}

#[test]
fn ticks_for_a_channel_stay_on_the_grid_when_threads_are_late() {
    by_seeds(|| {
        let zero = sim::now();
        let ticker = Ticker::new(MINUTE);
        let mut before = zero;
        for _ in 0..5 {
            pause(MINUTE);
            if let Some(tick) = unread(ticker.channel()) {
                assert_eq!((tick - zero).as_nanos() % MINUTE.as_nanos(), 0);
                assert!(before < tick && tick <= sim::now());
                before = tick;
            }
        }
    });
}

#[test]
fn a_channel_asked_for_late_has_the_latest_missed_tick_at_once() {
    always(1, || {
        let zero = sim::now();
        let ticker = Ticker::new(SECOND);
        sim::sleep(9 * SECOND / 2);
        assert_eq!(unread(ticker.channel()), Some(zero + 4 * SECOND));
        sim::sleep(SECOND / 2);
        assert_eq!(unread(ticker.channel()), Some(zero + 5 * SECOND));
    });
}

// --- Stop and reset ---------------------------------------------------------------------------

#[test]
fn no_tick_comes_after_stop_in_every_schedule() {
    for with_channel in [false, true] {
        always(if with_channel { 1 } else { 2 }, move || {
            let ticker = Arc::new(Ticker::new(SECOND));
            let channel = with_channel.then(|| ticker.channel().clone());
            let waiting = {
                let ticker = Arc::clone(&ticker);
                sim::spawn("waits", move || {
                    while ticker.next().is_some() {}
                    sim::elapsed()
                })
            };
            pause(SECOND);
            ticker.stop();
            let is_silent =
                || channel.as_ref().is_none_or(|c| c.try_recv().unwrap_err().is_empty());
            assert!(is_silent());
            assert_eq!(waiting.join().unwrap(), SECOND);
            sim::sleep(HOUR);
            assert!(is_silent());
            assert_eq!((ticker.next(), ticker.try_next()), (None, None));
        });
    }
}

#[test]
fn a_stopped_ticker_that_is_reset_ticks_again_in_every_schedule() {
    for with_channel in [false, true] {
        always(1, move || {
            let ticker = Ticker::new(SECOND);
            let channel = with_channel.then(|| ticker.channel());
            pause(SECOND); // a tick is missed, at this instant
            ticker.stop();
            assert!(!ticker.reset(MINUTE));
            let now = sim::now();
            assert_eq!(ticker.try_next(), None);
            sim::sleep(just_before(MINUTE));
            assert_eq!(channel.and_then(unread), None);
            sim::sleep(NANO);
            let tick = channel.map_or_else(|| ticker.next(), |_| unread(ticker.channel()));
            assert_eq!(tick, Some(now + MINUTE));
            assert!(ticker.reset(SECOND));
            assert_eq!(ticker.next(), Some(now + MINUTE + SECOND));
        });
    }
}

#[test]
fn the_channel_of_a_ticker_has_the_tick_that_has_come_on_every_call() {
    always(2, || {
        let ticker = Ticker::new(SECOND);
        let zero = sim::now();
        for n in 1..3 {
            assert_eq!(unread(ticker.channel()), None);
            pause(SECOND); // the timer thread may not have run yet
            assert_eq!(unread(ticker.channel()), Some(zero + n * SECOND));
        }
    });
}

#[test]
fn no_tick_of_the_old_grid_comes_after_a_reset_in_every_schedule() {
    always(2, || {
        let ticker = Ticker::new(SECOND);
        let channel = ticker.channel();
        pause(SECOND);
        let new = sim::now();
        assert!(ticker.reset(MINUTE));
        assert_eq!(unread(channel), None);
        sim::sleep(just_before(MINUTE));
        assert_eq!(unread(channel), None);
        sim::sleep(NANO);
        assert_eq!(unread(channel), Some(new + MINUTE));
        assert!(ticker.reset(SECOND));
        sim::sleep(SECOND);
        assert_eq!(unread(channel), Some(new + MINUTE + SECOND));
    });
}

#[test]
fn a_reset_reaches_a_thread_that_is_about_to_wait_in_every_schedule() {
    always(2, || {
        let ticker = Arc::new(Ticker::new(HOUR));
        let waiting = {
            let ticker = Arc::clone(&ticker);
            sim::spawn("waits", move || (ticker.next(), sim::elapsed()))
        };
        let due = sim::now() + SECOND;
        assert!(ticker.reset(SECOND));
        assert_eq!(waiting.join().unwrap(), (Some(due), SECOND));
    });
}

#[test]
fn a_thread_that_waits_sees_a_stop_that_a_reset_follows_at_once() {
    always(2, || {
        let ticker = Arc::new(Ticker::new(HOUR));
        let waiting = {
            let ticker = Arc::clone(&ticker);
            sim::spawn("waits", move || ticker.next())
        };
        sim::sleep(SECOND);
        sim::assert_blocked(&waiting, "Ticker::next");
        ticker.stop();
        assert!(!ticker.reset(SECOND));
        assert_eq!(waiting.join().unwrap(), None);
        assert!(ticker.next().is_some());
    });
}

#[test]
fn one_that_is_dropped_while_it_ticks_disconnects_its_channel() {
    always(2, || {
        let ticker = Ticker::new(SECOND);
        let channel = ticker.channel().clone();
        pause(SECOND);
        drop(ticker);
        assert!(channel.try_recv().unwrap_err().is_disconnected());
        sim::sleep(HOUR);
        assert!(channel.try_recv().unwrap_err().is_disconnected());
    });
}

#[test]
fn threads_that_set_read_and_stop_at_random_end() {
    by_seeds(|| {
        let ticker = Arc::new(Ticker::new(SECOND));
        let channel = ticker.channel().clone();
        sim::scope(|s| {
            for name in ["a", "b"] {
                let ticker = Arc::clone(&ticker);
                s.spawn(name, move || {
                    let mut before = None;
                    while let Some(tick) = ticker.next() {
                        assert!(before < Some(tick) && tick <= sim::now());
                        before = Some(tick);
                    }
                });
            }
            s.spawn("sets", || {
                for n in 1..4 {
                    pause(SECOND);
                    assert!(ticker.reset(SECOND / n));
                    let _any = unread(&channel);
                }
                ticker.stop();
            });
        });
        assert!(channel.try_recv().unwrap_err().is_empty());
        drop(ticker);
        assert!(channel.try_recv().unwrap_err().is_disconnected());
    });
}
