//! `AfterFunc`: a function that is called later, once, on a thread of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![expect(clippy::disallowed_methods, reason = "tests read the clock, and use std's threads")]

mod support;

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::{Arc, OnceLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use phalanx::{AfterFunc, Context, ErrGroup, Stopped, Timer};
use support::{Bomb, Count, gate, until, watchdog};

const HOUR: Duration = Duration::from_secs(3600);
const MILLI: Duration = Duration::from_millis(1);
const NOW: Duration = Duration::ZERO;

const fn all<T: Send + Sync + UnwindSafe + RefUnwindSafe + Unpin>() {}
const _: () = all::<AfterFunc>();

/// A function that says that it is called, and where that is heard.
fn heard() -> (impl Fn() + Send + Sync + 'static, mpsc::Receiver<()>) {
    let (said, heard) = mpsc::channel();
    (move || said.send(()).unwrap(), heard)
}

/// The name of the thread that drops it.
struct SaysWhere(mpsc::Sender<Option<String>>);

impl Drop for SaysWhere {
    fn drop(&mut self) {
        self.0.send(thread::current().name().map(str::to_owned)).unwrap();
    }
}

#[test]
fn it_is_called_once_each_time_it_is_set() {
    watchdog(|| {
        let (f, heard) = heard();
        let call = AfterFunc::new(MILLI, f);
        heard.recv().unwrap();
        assert_eq!((call.stop(), call.deadline()), (false, None));
        assert!(!call.reset(NOW));
        heard.recv().unwrap();
        assert!(!call.reset_at(Instant::now()));
        heard.recv().unwrap();
        drop(call);
        assert!(heard.recv().is_err(), "and no more");
    });
}

#[test]
fn it_is_called_at_an_instant_and_not_before() {
    watchdog(|| {
        let (called, at) = mpsc::channel();
        let due = Instant::now() + MILLI;
        let call = AfterFunc::at(due, move || called.send(Instant::now()).unwrap());
        assert!(at.recv().unwrap() >= due);
        drop(call);
    });
}

#[test]
fn stop_and_reset_say_whether_they_kept_it_from_being_called() {
    let (f, heard) = heard();
    let call = AfterFunc::new(HOUR, f);
    assert!(call.deadline().unwrap() > Instant::now());
    assert!(call.reset(2 * HOUR));
    assert!(call.reset_at(Instant::now() + HOUR));
    assert!(call.stop());
    assert_eq!(format!("{call:?}"), "AfterFunc { deadline: None, .. }");
    assert!(!call.stop());
    assert!(!call.reset(Duration::MAX), "never");
    assert!(!call.stop(), "it was not set");
    drop(call);
    assert!(heard.recv().is_err(), "it was not called");
}

#[test]
fn one_that_is_dropped_is_not_called_and_one_that_is_detached_is() {
    watchdog(|| {
        let (f, dropped) = heard();
        drop(AfterFunc::new(HOUR, f));
        assert!(dropped.recv().is_err());
        let (f, detached) = heard();
        AfterFunc::new(MILLI, f).detach();
        detached.recv().unwrap();
        assert!(detached.recv().is_err(), "once, and the function is dropped then");
        let (f, never) = heard();
        AfterFunc::new(Duration::MAX, f).detach();
        assert!(never.recv().is_err(), "nothing is kept for a call that never comes");
    });
}

#[test]
fn one_that_is_set_anew_while_it_runs_and_then_detached_is_called_again() {
    watchdog(|| {
        let (opener, gate) = gate();
        let (said, heard) = mpsc::channel();
        let call = AfterFunc::new(NOW, move || {
            said.send(()).unwrap();
            gate.pass();
        });
        heard.recv().unwrap();
        assert!(!call.reset(20 * MILLI));
        call.detach();
        opener.open(); // the first run ends before the second begins
        heard.recv().unwrap();
        assert!(heard.recv().is_err());
    });
}

#[test]
fn runs_do_not_wait_for_each_other_and_a_slow_one_delays_nobody() {
    watchdog(|| {
        let (opener, gate) = gate();
        let (said, heard) = mpsc::channel();
        let call = AfterFunc::new(NOW, move || {
            said.send(()).unwrap();
            gate.pass();
        });
        heard.recv().unwrap();
        assert!(!call.stop(), "stop does not wait for a run");
        assert!(!call.reset(NOW));
        heard.recv().unwrap(); // the first run is still there
        Timer::new(MILLI).channel().recv().unwrap(); // and the timer thread is free
        let ctx = Context::background().with_timeout(MILLI);
        ctx.done().recv().unwrap_err();
        opener.open();
        drop(call);
        assert!(heard.recv().is_err());
    });
}

#[test]
fn a_panic_ends_the_run_and_nothing_else() {
    watchdog(|| {
        let (said, heard) = mpsc::channel();
        let call = AfterFunc::new(NOW, move || {
            said.send(()).unwrap();
            std::panic::resume_unwind(Box::new(Bomb)); // without a message; its drop panics
        });
        for _ in 0..3 {
            heard.recv().unwrap();
            call.reset(NOW);
        }
        heard.recv().unwrap();
        let payloads = Count::default();
        let payload = payloads.clone();
        AfterFunc::new(NOW, move || std::panic::resume_unwind(Box::new(payload.on_drop())))
            .detach();
        until(|| payloads.get() == 1); // it is dropped, and not kept for anybody
        let sum = ErrGroup::scope(|g| Ok::<_, Stopped>(g.go(|_| Ok(1)).join()? + 1));
        assert_eq!(sum.unwrap(), 2, "the threads of the cache are whole");
    });
}

#[test]
fn its_function_may_stop_it_set_it_anew_and_drop_it() {
    watchdog(|| {
        let (said, heard) = mpsc::channel();
        let runs = Count::default();
        let own = Arc::new(Mutex::new(None::<AfterFunc>));
        let call = AfterFunc::new(HOUR, {
            let (own, runs) = (Arc::clone(&own), runs.clone());
            move || {
                let mut own = own.lock();
                let Some(call) = own.as_ref() else { return };
                runs.add();
                assert!(!call.stop(), "it runs, and is not set");
                assert!(!call.reset(NOW));
                if runs.get() == 3 {
                    let dropped = own.take();
                    drop(dropped); // what runs is what is dropped
                    said.send(()).unwrap();
                }
            }
        });
        *own.lock() = Some(call);
        own.lock().as_ref().unwrap().reset(NOW);
        heard.recv().unwrap();
        drop(own);
        assert!(heard.recv().is_err(), "the function was dropped at the end of its run");
    });
}

#[test]
fn what_it_captured_is_dropped_by_the_owner_or_at_the_end_of_a_run() {
    watchdog(|| {
        let (drops, dropped) = mpsc::channel();
        let here = SaysWhere(drops.clone());
        let call = AfterFunc::new(HOUR, move || _ = &here);
        drop(call);
        assert_eq!(dropped.recv().unwrap().as_deref(), thread::current().name());

        let (opener, gate) = gate();
        let (f, heard) = heard();
        let there = SaysWhere(drops.clone());
        let call = AfterFunc::new(NOW, move || {
            _ = &there;
            f();
            gate.pass();
        });
        heard.recv().unwrap();
        drop(call);
        assert!(dropped.try_recv().is_err(), "it runs");
        opener.open();
        assert_eq!(dropped.recv().unwrap().as_deref(), Some("phalanx"));

        let detached = SaysWhere(drops);
        AfterFunc::new(NOW, move || _ = &detached).detach();
        assert_eq!(dropped.recv().unwrap().as_deref(), Some("phalanx"));
    });
}

#[test]
fn a_drop_that_panics_harms_nobody() {
    watchdog(|| {
        struct Loud(mpsc::Sender<()>);
        impl Drop for Loud {
            fn drop(&mut self) {
                self.0.send(()).unwrap();
                std::panic::resume_unwind(Box::new(1));
            }
        }
        let (said, heard) = mpsc::channel();
        for _ in 0..10 {
            let loud = Loud(said.clone());
            AfterFunc::new(NOW, move || _ = &loud).detach();
            heard.recv().unwrap();
        }
        Timer::new(MILLI).channel().recv().unwrap();
    });
}

#[test]
fn it_can_be_kept_where_its_function_finds_it() {
    watchdog(|| {
        let own = Arc::new(OnceLock::<AfterFunc>::new());
        let (said, heard) = mpsc::channel();
        let weak = Arc::downgrade(&own);
        let call = AfterFunc::new(HOUR, move || {
            if let Some(own) = weak.upgrade() {
                own.get().unwrap().reset(NOW); // again and again
                said.send(()).unwrap();
            }
        });
        own.set(call).unwrap();
        own.get().unwrap().reset(NOW);
        for _ in 0..10 {
            heard.recv().unwrap();
        }
        drop(own);
        while heard.recv().is_ok() {} // the runs that were under way
    });
}
