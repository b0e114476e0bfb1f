//! Values that nobody takes, under all schedules: whose thread drops them, and what it holds then.

#![cfg(feature = "sim")]

mod support;

use std::panic::{self, AssertUnwindSafe, panic_any};
use std::sync::Arc;
use std::thread;

use phalanx::sim::{self, Builder};
use phalanx::{ErrGroup, Stopped, Until, WaitGroup};
use support::Crowd;

/// All schedules with at most so many preemptions; of a test whose handle goes before what comes next,
/// and of one whose handle goes after it.
#[track_caller]
fn early_and_late(preemptions: u32, body: fn(bool)) {
    for early in [true, false] {
        let report = Builder::new().exhaustive(preemptions).check(move || body(early));
        assert!(report.exhausted);
    }
}

/// Whether a value is dropped with its handle, and not by its task.
fn is_root() -> bool {
    thread::current().name() == Some("root")
}

/// A value that does something when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[test]
fn a_value_whose_drop_waits_for_a_task_of_others_keeps_no_task_from_starting() {
    early_and_late(1, |early| {
        let (others, met) = (Arc::new(WaitGroup::new()), Arc::new(WaitGroup::new()));
        met.add(1);
        let wait = || {
            if !is_root() {
                met.wait_until(Until::FOREVER).expect("there is no bound");
            }
        };
        let result = ErrGroup::scope(|g| {
            let mut task = Some(g.go(|_| Ok(OnDrop(wait))));
            drop(task.take_if(|_| early));
            let meets = Arc::clone(&met);
            others.go(move || meets.done());
            drop(task);
            Ok::<_, Stopped>(())
        });
        assert!(result.is_ok());
    });
}

#[test]
fn a_value_that_is_dropped_by_its_task_is_dropped_in_its_slot() {
    early_and_late(1, |early| {
        let crowd = Crowd::default();
        let visit = || crowd.visit(|| sim::label("inside"));
        let visit_in_task = || {
            if !is_root() {
                visit();
            }
        };
        let result = ErrGroup::builder().limit(1).scope(|g| {
            let mut task = Some(g.go(|_| Ok(OnDrop(visit_in_task))));
            drop(task.take_if(|_| early));
            g.go(|_| {
                visit();
                Ok(())
            });
            drop(task);
            Ok::<_, Stopped>(())
        });
        assert!(result.is_ok());
        assert!(crowd.most() <= 1, "two at once, in a group with a limit of one");
    });
}

#[test]
fn the_panic_of_a_value_s_drop_is_the_group_s_or_that_of_who_dropped_the_handle() {
    let outcomes = Builder::new().exhaustive(1).outcomes(|| {
        let mut on_root = false;
        let ended = panic::catch_unwind(AssertUnwindSafe(|| {
            ErrGroup::scope(|g| {
                let task = g.go(|_| Ok(OnDrop(|| panic_any("drop"))));
                let dropped = panic::catch_unwind(AssertUnwindSafe(|| drop(task)));
                on_root = dropped.is_err();
                Ok::<_, Stopped>(())
            })
        }));
        (on_root, ended.is_err())
    });
    outcomes.exactly([(true, false), (false, true)]).exhausted();
}
