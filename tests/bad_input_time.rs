//! Bad input for `Timer`, `Ticker` and `AfterFunc`: each is refused by name or has a meaning, and
//! nothing is changed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![expect(clippy::disallowed_methods, reason = "tests read the clock")]

mod support;

use std::sync::mpsc;
use std::time::{Duration, Instant};

use phalanx::{AfterFunc, Context, Ticker, Timer};
use support::{panic_of, watchdog};

const HOUR: Duration = Duration::from_secs(3600);
const NANO: Duration = Duration::from_nanos(1);
const NOW: Duration = Duration::ZERO;

/// What was asked for, what came of it, and the message that is expected.
type Row = (&'static str, fn() -> String, &'static str);

#[test]
fn each_is_refused_by_name_or_has_a_meaning() {
    watchdog(|| {
        for (name, ask, expected) in TIMERS.into_iter().chain(TICKERS).chain(CALLS) {
            assert_eq!(ask(), expected, "{name}");
        }
    });
}

fn cancelled() -> Context {
    let (ctx, canceller) = Context::background().with_cancel();
    canceller.cancel();
    ctx
}

fn past() -> Instant {
    Instant::now().checked_sub(NANO).expect("the clock has run for a while")
}

fn error<T: std::fmt::Debug, E: ToString>(result: Result<T, E>) -> String {
    result.expect_err("it is refused").to_string()
}

const TIMERS: [Row; 9] = [
    (
        "a timer of zero goes off at once",
        || {
            let timer = Timer::new(NOW);
            let value = timer.channel().try_recv();
            format!("{}, {:?}", value.is_ok(), timer.deadline())
        },
        "true, None",
    ),
    (
        "a timer of all time never goes off",
        || {
            let timer = Timer::new(Duration::MAX);
            let refused = error(timer.wait_until(NANO));
            format!("{refused}; {:?}, {}", timer.deadline(), timer.channel().len())
        },
        "timed out; None, 0",
    ),
    (
        "an instant that has passed is now",
        || {
            let due = past();
            (Timer::at(due).wait() == due).to_string()
        },
        "true",
    ),
    (
        "a reset to all time is a stop",
        || {
            let timer = Timer::new(HOUR);
            let results = [timer.reset(Duration::MAX), timer.stop()];
            format!("{results:?}, {:?}", timer.deadline())
        },
        "[true, false], None",
    ),
    (
        "a bound that has passed, and a timer that is set",
        || {
            let timer = Timer::new(HOUR);
            let refused = error(timer.wait_until(past()));
            format!("{refused}; still set: {}", timer.stop())
        },
        "timed out; still set: true",
    ),
    (
        "a bound that has passed, and a timer that has gone off",
        || Timer::new(NOW).wait_until(past()).is_ok().to_string(),
        "true",
    ),
    (
        "a context that has been cancelled, and a timer that has gone off",
        || {
            let timer = Timer::new(NOW);
            let refused = error(timer.wait_until(&cancelled()));
            format!("{refused}; still there: {}", timer.stop())
        },
        "context cancelled; still there: true",
    ),
    (
        "stop twice",
        || {
            let timer = Timer::new(HOUR);
            timer.channel();
            format!("{:?}", [timer.stop(), timer.stop()])
        },
        "[true, false]",
    ),
    (
        "a timer dropped while its channel is held",
        || {
            let channel = Timer::new(NOW).channel().clone();
            channel.recv().unwrap_err().to_string()
        },
        "receiving on an empty and disconnected channel",
    ),
];

const TICKERS: [Row; 8] = [
    ("no period", || panic_of(|| Ticker::new(NOW)), "Ticker::new: no time at all"),
    (
        "no period, but a beginning",
        || panic_of(|| Ticker::starting_at(Instant::now(), NOW)),
        "Ticker::starting_at: no time at all",
    ),
    (
        "a reset to no period leaves the grid",
        || {
            let ticker = Ticker::new(HOUR);
            let before = format!("{ticker:?}");
            let refused = panic_of(|| ticker.reset(NOW));
            assert_eq!(format!("{ticker:?}"), before);
            refused
        },
        "Ticker::reset: no time at all",
    ),
    (
        "a stopped one",
        || {
            let ticker = Ticker::new(NANO);
            ticker.stop();
            let refused = panic_of(|| ticker.reset(NOW));
            format!("{refused}; {:?}", ticker.next())
        },
        "Ticker::reset: no time at all; None",
    ),
    (
        "a period of all time",
        || {
            let ticker = Ticker::new(Duration::MAX);
            error(ticker.next_until(NANO))
        },
        "timed out",
    ),
    (
        "a beginning, and a period of all time",
        || {
            let first = past();
            let ticker = Ticker::starting_at(first, Duration::MAX);
            assert_eq!(ticker.channel().recv(), Ok(first));
            error(ticker.next_until(NANO))
        },
        "timed out",
    ),
    (
        "a context that has been cancelled, and a tick that was missed",
        || {
            let ticker = Ticker::starting_at(past(), HOUR);
            let refused = error(ticker.next_until(&cancelled()));
            format!("{refused}; still there: {}", ticker.next_until(NOW).is_ok())
        },
        "context cancelled; still there: true",
    ),
    (
        "a ticker dropped while its channel is held",
        || {
            let channel = Ticker::starting_at(past(), HOUR).channel().clone();
            channel.recv().unwrap_err().to_string()
        },
        "receiving on an empty and disconnected channel",
    ),
];

/// A function that is heard of, and what has been heard when nobody can call it any more.
fn heard_of(then: impl FnOnce(Box<dyn Fn() + Send + Sync>)) -> String {
    let (said, heard) = mpsc::channel();
    then(Box::new(move || said.send(()).unwrap()));
    heard.iter().count().to_string()
}

const CALLS: [Row; 5] = [
    ("never, detached", || heard_of(|f| AfterFunc::new(Duration::MAX, f).detach()), "0"),
    ("an instant that has passed", || heard_of(|f| AfterFunc::at(past(), f).detach()), "1"),
    (
        "a reset to all time is a stop",
        || {
            heard_of(|f| {
                let call = AfterFunc::new(HOUR, f);
                assert!(call.reset(Duration::MAX) && !call.stop());
            })
        },
        "0",
    ),
    (
        "stopped, and then detached",
        || {
            heard_of(|f| {
                let call = AfterFunc::new(HOUR, f);
                assert!(call.stop());
                call.detach();
            })
        },
        "0",
    ),
    ("detached in the middle", || heard_of(|f| AfterFunc::new(100 * NANO, f).detach()), "1"),
];
