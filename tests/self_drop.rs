//! Groups and pools that one of their own tasks drops, or waits for: none waits for itself.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![expect(clippy::unit_arg, reason = "what a closure returns is of no interest")]
#![expect(clippy::disallowed_types, reason = "a program of the user's has std's locks")]

mod support;

use std::panic;
use std::sync::{Arc, Mutex, mpsc};

use phalanx::{ErrGroup, Stopped, WaitGroup, WorkerPool};
use support::alone::alone;
use support::asleep::Sleeper;
use support::{Count, gate, panic_of, until, watchdog};

/// The last handle of something, which a task takes.
type Place<T> = Arc<Mutex<Option<T>>>;

fn take_and_drop<T>(place: &Place<T>) {
    let last = place.lock().unwrap().take();
    assert!(last.is_some());
    drop(last);
}

/// Calls `f` in a task of a scope, on another thread.
fn inside(f: impl Fn() + Send + Sync) {
    let elsewhere = ErrGroup::builder().run_inline(false);
    let ended = elsewhere.scope(|g| {
        g.go(|_| Ok(f()));
        Ok::<_, Stopped>(())
    });
    ended.unwrap();
}

/// Calls `f` as deeply nested as `levels` says.
fn nested(levels: usize, f: &(impl Fn() + Send + Sync)) {
    if levels == 0 { f() } else { inside(|| nested(levels - 1, f)) }
}

#[test]
fn a_group_that_its_own_task_drops_ends_however_deeply_the_task_is_nested() {
    watchdog(|| {
        for levels in [0, 1, 2, 3] {
            for _ in 0..20 {
                let place: Place<ErrGroup<Stopped>> = Place::default();
                let group = ErrGroup::new();
                let (handle, theirs) = (group.handle(), Arc::clone(&place));
                *place.lock().unwrap() = Some(group);
                let dropped = handle.go(move |ctx| {
                    nested(levels, &|| take_and_drop(&theirs));
                    assert!(ctx.has_ended());
                    Ok(())
                });
                dropped.join().unwrap();
            }
        }
    });
}

#[test]
fn the_siblings_of_a_task_that_drops_their_group_go_on() {
    watchdog(|| {
        let place: Place<ErrGroup<Stopped>> = Place::default();
        let group = ErrGroup::new();
        let (handle, theirs) = (group.handle(), Arc::clone(&place));
        let ((opener, gate), (begun, has_begun)) = (gate(), gate());
        let sibling = handle.go(move |ctx| {
            begun.open();
            gate.pass();
            assert!(ctx.has_ended());
            Ok(5)
        });
        *place.lock().unwrap() = Some(group);
        has_begun.pass();
        handle.go(move |_| Ok(inside(|| take_and_drop(&theirs)))).join().unwrap();
        opener.open();
        assert_eq!(sibling.join().unwrap(), 5);
        assert!(handle.go(|_| Ok(())).join().is_err(), "it has ended");
    });
}

#[test]
fn a_pool_that_its_own_job_drops_ends_however_deeply_the_job_is_nested() {
    watchdog(|| {
        for levels in [0, 1, 2] {
            for _ in 0..20 {
                let place: Place<WorkerPool<(), ()>> = Place::default();
                let theirs = Arc::clone(&place);
                let ((opener, gate), done) = (gate(), mpsc::channel());
                let said = Mutex::new(done.0);
                let pool = WorkerPool::new(2, move |(): ()| {
                    gate.pass();
                    nested(levels, &|| take_and_drop(&theirs));
                    said.lock().unwrap().send(()).unwrap();
                });
                let job = pool.submit(()).unwrap();
                *place.lock().unwrap() = Some(pool);
                opener.open();
                drop(job.join());
                done.1.recv().unwrap();
            }
        }
    });
}

#[test]
fn a_wait_for_the_group_of_the_task_itself_is_refused() {
    watchdog(|| {
        let text = "WaitGroup::wait: called by a task of the group itself";
        for levels in [0, 1, 2] {
            let group = Arc::new(WaitGroup::new());
            let own = Arc::clone(&group);
            group.go(move || {
                nested(levels, &|| assert_eq!(panic_of(|| own.wait()), text));
            });
            group.wait();
        }
        let place: Place<ErrGroup<Stopped>> = Place::default();
        let group = ErrGroup::new();
        let (handle, theirs) = (group.handle(), Arc::clone(&place));
        *place.lock().unwrap() = Some(group);
        let said = handle.go(move |_| {
            let own = theirs.lock().unwrap().take().unwrap();
            Ok(panic_of(|| own.wait()))
        });
        assert_eq!(said.join().unwrap(), "ErrGroup::wait: called by a task of the group itself");
    });
}

/// The task that created the inner group has ended, so the outer one can end without the inner.
#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_task_of_a_group_that_another_task_has_left_behind_waits_for_the_group_of_that_task() {
    watchdog(|| {
        let outer = Arc::new(WaitGroup::new());
        let (opener, gate) = gate();
        let (left, found) = mpsc::channel();
        let sleeper = Sleeper::default();
        let (own, here) = (Arc::clone(&outer), sleeper.clone());
        outer.go(move || {
            let inner = Arc::new(WaitGroup::new());
            inner.go(move || {
                gate.pass();
                here.here();
                own.wait();
            });
            left.send(inner).unwrap();
        });
        let inner = found.recv().unwrap();
        outer.wait();
        outer.add(1);
        opener.open();
        sleeper.until_asleep();
        outer.done();
        inner.wait();
    });
}

#[test]
fn a_forgotten_handle_of_a_task_that_has_not_begun_leaves_the_task_to_its_group() {
    watchdog(|| {
        for _ in 0..100 {
            let ran = Count::default();
            ErrGroup::scope(|g| {
                for _ in 0..4 {
                    let ran = ran.clone();
                    std::mem::forget(g.go(move |_| Ok(ran.add())));
                }
                Ok::<_, Stopped>(())
            })
            .unwrap();
            assert_eq!(ran.get(), 4);
        }
    });
}

#[test]
fn a_task_that_is_the_last_owner_of_its_wait_group_drops_it_without_a_panic() {
    let test = "a_task_that_is_the_last_owner_of_its_wait_group_drops_it_without_a_panic";
    alone(test, || {
        let panics = Count::default();
        let seen = panics.clone();
        panic::set_hook(Box::new(move |_| seen.add()));
        let ran = Count::default();
        for round in 1..=200 {
            let ((opener, gate), group) = (gate(), Arc::new(WaitGroup::new()));
            let weak = Arc::downgrade(&group);
            let task_ran = ran.clone();
            group.go(move || {
                gate.pass();
                task_ran.add();
            });
            drop(group);
            opener.open();
            until(|| ran.get() == round && weak.strong_count() == 0);
        }
        // The thread is as good as before.
        let group = Arc::new(WaitGroup::new());
        group.go(|| ());
        group.wait_until(phalanx::Until::FOREVER).unwrap();
        assert_eq!(panics.get(), 0);
    });
}
