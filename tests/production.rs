//! What the page "What to know in production" says.

#![expect(clippy::disallowed_methods, reason = "tests use std's threads")]

mod support;

use std::cell::RefCell;
use std::env;
use std::process::Command;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use phalanx::channel::RecvUntil;
use phalanx::{AfterFunc, Context, ErrGroup, ShardedCounter, Stopped, Ticker, Timer, WaitGroup};
use support::{Bomb, watchdog};

const CHILD: &str = "PHALANX_PRODUCTION";
const NANO: Duration = Duration::from_nanos(1);
const MILLI: Duration = Duration::from_millis(1);

#[test]
fn a_destructor_of_a_thread_local_value_that_panics_aborts_the_process() {
    thread_local! {
        static BOMB: RefCell<Option<Bomb>> = const { RefCell::new(None) };
    }
    let test = "a_destructor_of_a_thread_local_value_that_panics_aborts_the_process";
    if env::var_os(CHILD).is_some() {
        let task = ErrGroup::scope(|g| {
            let task = g.own_thread().go(|_| {
                BOMB.set(Some(Bomb));
                Ok::<_, Stopped>(7)
            });
            task.join()
        });
        assert_eq!(task.ok(), Some(7), "the task itself has not failed");
        loop {
            thread::park(); // until the process is gone
        }
    }
    let mut child = Command::new(env::current_exe().expect("this file"));
    child.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(CHILD, "1");
    watchdog(move || {
        let output = child.output().expect("the test runs once more");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("panicked on drop"), "{output:?}");
    });
}

#[test]
fn a_late_destructor_can_run_tasks_and_wait_for_them() {
    struct Late(mpsc::Sender<(i64, usize)>);
    impl Drop for Late {
        fn drop(&mut self) {
            static SUM: ShardedCounter = ShardedCounter::new();
            let squares = ErrGroup::scope(|g| {
                let tasks: Vec<_> =
                    (1..=3).map(|n| g.go(move |_| Ok::<_, Stopped>(n * n))).collect();
                tasks.into_iter().map(phalanx::Task::join).sum::<Result<usize, _>>()
            });
            let group = Arc::new(WaitGroup::new());
            for _ in 0..3 {
                group.go(|| SUM.inc());
            }
            SUM.add(4);
            group.wait();
            let (ctx, canceller) = Context::background().with_cancel();
            canceller.cancel();
            assert!(ctx.has_ended());
            self.0.send((SUM.sum(), squares.unwrap_or(0))).unwrap_or(());
        }
    }
    thread_local! {
        static LATE: RefCell<Option<Late>> = const { RefCell::new(None) };
    }
    watchdog(|| {
        let (says, said) = mpsc::channel();
        let ends = thread::spawn(|| {
            // It is there before the crate's own, so it goes after them.
            LATE.set(Some(Late(says)));
            ShardedCounter::new().inc();
            ErrGroup::scope(|g| g.go(|_| Ok::<_, Stopped>(())).join()).unwrap_or(());
        });
        assert_eq!(said.recv(), Ok((7, 14)));
        assert!(ends.join().is_ok());
    });
}

#[test]
fn a_ticker_of_a_nanosecond_holds_up_no_other_timer() {
    watchdog(|| {
        let ticker = Ticker::new(NANO);
        let ticks = ticker.channel().clone();
        assert!(ticks.recv().is_ok());
        // What comes next comes from the thread that is busy with the ticks.
        let timers: Vec<_> = (1..=20).map(|n| Timer::new(n * MILLI)).collect();
        for timer in &timers {
            assert!(timer.channel().recv().is_ok());
        }
        let (says, said) = mpsc::channel();
        let _call = AfterFunc::once(MILLI, move || says.send(()).unwrap_or(()));
        assert_eq!(said.recv(), Ok(()));
        let ctx = Context::background().with_timeout(MILLI);
        while !ctx.has_ended() {
            thread::yield_now();
        }
        let (first, second) = (ticker.next(), ticker.next());
        assert!(first.is_some() && first < second);
        ticker.stop();
        assert!(ticks.recv_until(Duration::ZERO).is_err(), "nothing comes any longer");
    });
}
