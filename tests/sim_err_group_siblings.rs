//! Tasks that a limit holds back, in the simulator: who runs them, where, and how often.

#![cfg(feature = "sim")]
#![expect(clippy::unit_arg, reason = "what a closure returns is of no interest")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;
use phalanx::sim::{self, Builder};
use phalanx::{ErrGroup, Scope, Stopped, Until, WaitGroup};
use support::Crowd;

const SECOND: Duration = Duration::from_secs(1);

fn limited<'env, R>(
    limit: usize,
    body: impl for<'s> FnOnce(&Scope<'s, 'env, Stopped>) -> Result<R, Stopped>,
) -> R {
    ErrGroup::builder().limit(limit).scope(body).unwrap()
}

/// All schedules with at most so many preemptions.
#[track_caller]
fn exhaustively(preemptions: u32, body: fn()) {
    assert!(Builder::new().exhaustive(preemptions).check(body).exhausted);
}

fn here() -> String {
    thread::current().name().expect("all threads of a bubble have names").to_owned()
}

#[test]
fn a_sibling_that_its_joiner_has_run_is_counted_out_once() {
    exhaustively(1, || {
        let has_ended = Arc::new(Mutex::new(false));
        let ends = Arc::clone(&has_ended);
        limited(2, |g| {
            g.go(move |_| {
                sim::sleep(SECOND);
                *ends.lock() = true;
                Ok(())
            });
            let inner = g.clone();
            g.go(move |_| inner.go(|_| Ok(())).join());
            Ok(())
        });
        assert!(*has_ended.lock(), "the group has waited for the other");
    });
}

#[test]
fn a_thread_without_a_slot_does_not_run_the_sibling_that_it_joins() {
    exhaustively(0, || {
        let crowd = Crowd::default();
        let [is_full, is_handed] = [(); 2].map(|()| WaitGroup::new());
        is_full.add(1);
        is_handed.add(1);
        limited(2, |g| {
            let (siblings, crowd) = (g.clone(), &crowd);
            let (is_full, is_handed) = (&is_full, &is_handed);
            let visit = move || crowd.visit(|| sim::sleep(SECOND));
            let handed = Arc::new(Mutex::new(None));
            let place = Arc::clone(&handed);
            g.go(move |_| {
                is_full.wait();
                crowd.visit(|| {
                    *place.lock() = Some(siblings.go(move |_| Ok(visit())));
                    is_handed.done();
                    sim::sleep(SECOND);
                });
                Ok(())
            });
            // It has the other slot, and may not have begun when the third task is joined.
            g.go(move |_| Ok(visit()));
            is_full.done();
            is_handed.wait();
            let sibling = handed.lock().take().unwrap();
            sibling.join()
        });
        assert_eq!(crowd.most(), 2);
    });
}

#[test]
fn the_slot_of_a_task_is_free_for_the_thread_that_learns_of_its_end() {
    exhaustively(1, || {
        limited(1, |g| {
            let task = g.go(|_| Ok(1));
            while !task.is_done() {
                sim::yield_now();
            }
            assert_eq!(g.try_go(|_| Ok(2)).expect("the slot is free").join()?, 2);
            Ok(())
        });
    });
}

/// A task that comes while its group ends is run before the end, or else it is dropped by its starter.
#[test]
fn an_owned_group_that_has_ended_hands_no_task_to_a_thread() {
    struct Dropped(Arc<Mutex<Vec<(bool, String)>>>, Arc<Mutex<bool>>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            let has_ended = *self.1.lock();
            self.0.lock().push((has_ended, here()));
        }
    }
    exhaustively(1, || {
        let group = ErrGroup::<Stopped>::new();
        let (drops, has_ended) = (Arc::default(), Arc::default());
        let dropped = Dropped(Arc::clone(&drops), Arc::clone(&has_ended));
        let handle = group.handle();
        let ends = Arc::clone(&has_ended);
        let waiter = sim::spawn("waiter", move || {
            drop(group.wait());
            *ends.lock() = true;
        });
        let task = handle.go(move |_| {
            let _captured = &dropped;
            Ok(())
        });
        task.wait_until(Until::FOREVER).unwrap();
        waiter.join().unwrap();
        for (has_ended, on) in drops.lock().iter() {
            assert!(!has_ended || on == "root", "dropped by {on} after the end");
        }
    });
}

#[test]
fn a_queued_sibling_with_a_name_does_not_go_on_where_another_has_ended() {
    exhaustively(1, || {
        let name = limited(1, |g| {
            let inner = g.clone();
            let starts = g.go(move |_| Ok(inner.named("special").go(|_| Ok(here()))));
            starts.join()?.join()
        });
        assert_eq!(name, "special");
    });
}

#[test]
fn a_queued_sibling_does_not_keep_the_thread_that_ran_another_for_its_own_sake() {
    exhaustively(1, || {
        let joined = Arc::new(WaitGroup::new());
        joined.add(1);
        let waits = Arc::clone(&joined);
        limited(1, |g| {
            let inner = g.clone();
            let starts = g.go(move |_| {
                inner.go(move |_| {
                    waits.wait_until(Until::FOREVER).unwrap();
                    Ok(())
                });
                Ok(())
            });
            starts.join()?;
            joined.done();
            Ok(())
        });
    });
}
