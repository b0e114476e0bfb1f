//! Who is answerable for a queued task, in the simulator: at each edge at which one could be forgotten,
//! whatever is guessed.
//!
//! A task that is forgotten is reported as a deadlock, or as a run that does not end. Small histories
//! are explored with one preemption, or one unusual answer of a guess; larger ones by seeds.

#![expect(clippy::unit_arg, reason = "what a closure returns is of no interest")]
#![expect(clippy::ref_option, reason = "a slot is passed as it is")]
#![cfg(feature = "sim")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![expect(clippy::disallowed_types, reason = "what a test counts with std's atomics is no step")]

mod support;

use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use phalanx::sim::{self, Builder};
use phalanx::{Context, ErrGroup, Stopped, Until, WaitGroup};
use support::groups::{group_of, wait};
use support::schedules::{exhaust, pause, with_any_delay};

/// A task that does not start within so many steps never does.
fn builder() -> Builder {
    Builder::new().max_steps(10_000, 10_000).iterations(60)
}

/// All schedules with one preemption, or one unusual answer.
fn always(test: impl Fn() + Send + Sync + 'static) {
    exhaust(&builder(), 1, test);
}

/// All schedules without a preemption, and with the usual answers.
fn without_preemption(test: impl Fn() + Send + Sync + 'static) {
    exhaust(&builder(), 0, test);
}

/// Random schedules, with any delays and with parks that return for no reason too.
fn often(test: impl Fn() + Send + Sync + Clone + 'static) {
    builder().check(test.clone());
    builder().spurious_wakeups(20).check(test.clone());
    with_any_delay(builder()).check(test);
}

// --- A group's limit --------------------------------------------------------------------------

/// Three tasks wait for a gate that the fifth opens, and the fourth ends.
fn a_limit_of_four() {
    let gate = group_of(1);
    let result = ErrGroup::builder().limit(4).scope(|g| {
        for _ in 0..3 {
            g.go(|_| {
                wait(&gate);
                Ok(())
            });
        }
        g.go(|_| Ok(()));
        g.go(|_| {
            gate.done();
            Ok(())
        });
        Ok::<_, Stopped>(())
    });
    result.unwrap();
}

#[test]
fn the_fifth_task_of_a_group_with_a_limit_of_four_starts_when_the_fourth_ends() {
    often(a_limit_of_four);
}

#[test]
fn a_starter_at_a_limit_gets_the_slot_of_a_task_that_ends_while_another_blocks() {
    let test = || {
        let gate = group_of(1);
        let result = ErrGroup::builder().limit(2).scope(|g| {
            g.go(|_| {
                wait(&gate);
                Ok(())
            });
            g.go(|_| Ok(()));
            g.go(|_| {
                gate.done();
                Ok(())
            });
            Ok::<_, Stopped>(())
        });
        result.unwrap();
    };
    without_preemption(test);
    often(test);
}

// --- Two queues -------------------------------------------------------------------------------

/// A, in one queue, waits for B, in another. B is pushed when the looking role may be promised, held or
/// free.
fn across_queues(other_starter: bool) {
    let [one, other] = [(); 2].map(|()| Arc::new(WaitGroup::new()));
    let gate = group_of(1);
    let (a, b) = (Arc::clone(&gate), Arc::clone(&gate));
    one.go(move || wait(&a));
    let starter = {
        let other = Arc::clone(&other);
        move || other.go(move || b.done())
    };
    if other_starter {
        sim::spawn("other", starter).join().unwrap();
    } else {
        starter();
    }
    wait(&one);
    wait(&other);
}

#[test]
fn a_task_that_waits_for_one_in_another_queue_does_not_keep_it_from_starting() {
    without_preemption(|| across_queues(false));
    without_preemption(|| across_queues(true));
    often(|| across_queues(false));
    often(|| across_queues(true));
}

#[test]
fn a_queue_that_is_left_alone_does_not_hide_the_one_behind_it() {
    let test = || {
        let gate = group_of(1);
        ErrGroup::scope(|g| {
            let waits = Arc::clone(&gate);
            // A queue that is being drained by this thread in a moment, and one for which none waits.
            g.go(move |_| Ok(wait(&waits)));
            g.go(|_| Ok(()));
            let behind = Arc::new(WaitGroup::new());
            let opens = Arc::clone(&gate);
            behind.go(move || opens.done());
            Ok::<_, Stopped>(())
        })
        .unwrap();
    };
    always(test);
    often(test);
}

#[test]
fn many_queues_whose_tasks_wait_for_each_other_all_get_threads() {
    often(|| {
        let queues: Vec<_> = (0..4).map(|_| Arc::new(WaitGroup::new())).collect();
        let met = group_of(8);
        for queue in queues.iter().chain(&queues) {
            let met = Arc::clone(&met);
            queue.go(move || {
                met.done();
                wait(&met);
            });
        }
        for queue in &queues {
            if sim::choose(2) == 0 {
                queue.wait();
            } else {
                wait(queue);
            }
        }
    });
}

// --- A sibling that blocks --------------------------------------------------------------------

/// A task behind a sibling that blocks inside this crate, and no thread waits for either.
#[test]
fn a_task_behind_a_sibling_that_blocks_in_this_crate_starts_without_a_waiter() {
    let test = || {
        let (group, gate) = (Arc::new(WaitGroup::new()), group_of(1));
        let (blocks, opens) = (Arc::clone(&gate), Arc::clone(&gate));
        group.go(move || wait(&blocks));
        group.go(move || opens.done());
        // Not for the group.
        wait(&gate);
        let ended = Arc::clone(&group);
        wait(&ended);
    };
    without_preemption(test);
    often(test);
}

/// The same behind one that blocks in a primitive that this crate does not see.
#[test]
fn a_task_behind_a_sibling_that_blocks_elsewhere_starts_without_a_waiter() {
    let test = || {
        let group = Arc::new(WaitGroup::new());
        let shared = Arc::new((sim::sync::Mutex::new(false), sim::sync::Condvar::new()));
        let (blocks, opens) = (Arc::clone(&shared), Arc::clone(&shared));
        group.go(move || {
            let mut is_open = blocks.0.lock();
            while !*is_open {
                blocks.1.wait(&mut is_open);
            }
        });
        group.go(move || {
            *opens.0.lock() = true;
            opens.1.notify_all();
        });
        let mut is_open = shared.0.lock();
        while !*is_open {
            shared.1.wait(&mut is_open);
        }
        drop(is_open);
    };
    always(test);
    often(test);
}

/// Tasks that were taken as one share, after a row of quick ones.
#[test]
fn a_task_in_a_share_behind_one_that_blocks_starts() {
    let test = || {
        let (group, gate) = (Arc::new(WaitGroup::new()), group_of(1));
        for _ in 0..4 {
            group.go(|| ());
        }
        for _ in 0..2 {
            let blocks = Arc::clone(&gate);
            group.go(move || wait(&blocks));
        }
        let opens = Arc::clone(&gate);
        group.go(move || opens.done());
        if sim::choose(2) == 0 {
            group.wait();
        }
        wait(&group);
    };
    often(test);
}

// --- A worker that detaches -------------------------------------------------------------------

#[test]
fn a_task_that_is_pushed_while_a_worker_detaches_from_its_queue_starts() {
    let test = || {
        let group = Arc::new(WaitGroup::new());
        group.go(|| ());
        // The worker has found the queue empty, or is about to.
        group.go(|| ());
        wait(&group);
    };
    always(test);
    often(|| {
        let group = Arc::new(WaitGroup::new());
        for _ in 0..4 {
            let inner = Arc::clone(&group);
            group.go(move || {
                if sim::choose(2) == 0 {
                    inner.go(|| ());
                }
            });
            if sim::choose(2) == 0 {
                sim::yield_now();
            }
        }
        wait(&group);
    });
}

#[test]
fn a_task_that_its_worker_s_task_pushes_and_waits_for_starts() {
    let test = || {
        let group = Arc::new(WaitGroup::new());
        let (inner, gate) = (Arc::clone(&group), group_of(1));
        group.go(|| ());
        group.go(move || {
            let opens = Arc::clone(&gate);
            // A sibling, in the queue to which this worker may be attached.
            inner.go(move || opens.done());
            wait(&gate);
        });
        wait(&group);
    };
    without_preemption(test);
    often(test);
}

// --- Guesses that were right until now --------------------------------------------------------

/// Groups of one kind of closure that are drained at once, and then one of the same kind whose tasks
/// block, and for which no thread waits.
#[test]
fn slow_tasks_right_after_quick_groups_of_the_same_closure_start() {
    fn start(group: &Arc<WaitGroup>, met: &Option<Arc<WaitGroup>>) {
        for _ in 0..2 {
            let met = met.clone();
            group.go(move || {
                if let Some(met) = met {
                    met.done();
                    wait(&met);
                }
            });
        }
    }
    often(|| {
        for _ in 0..3 {
            let quick = Arc::new(WaitGroup::new());
            start(&quick, &None);
            quick.wait();
        }
        let (slow, met) = (Arc::new(WaitGroup::new()), group_of(2));
        start(&slow, &Some(Arc::clone(&met)));
        wait(&met);
        wait(&slow);
    });
}

// --- Threads that are refused -----------------------------------------------------------------

/// Of two tasks that need a thread each, if the only other thread is refused, the second is: it is not
/// left in silence.
#[test]
fn if_the_only_possible_successor_is_refused_the_task_that_needs_it_is() {
    let test = || {
        // The watcher and one worker.
        sim::refuse_threads(2..usize::MAX);
        let (group, met) = (Arc::new(WaitGroup::new()), group_of(2));
        let ran = Arc::new(AtomicUsize::new(0));
        let (ctx, canceller) = Context::background().with_cancel();
        for _ in 0..2 {
            let (met, ran, ctx) = (Arc::clone(&met), Arc::clone(&ran), ctx.clone());
            let task = move || {
                ran.fetch_add(1, SeqCst);
                met.done();
                drop(met.wait_until(&ctx));
            };
            drop(group.try_go(task));
        }
        // One of them has come back, or is refused, or both run: never neither.
        let other = {
            let group = Arc::clone(&group);
            sim::spawn("waits", move || panic::catch_unwind(AssertUnwindSafe(|| wait(&group))))
        };
        sim::sleep(Duration::from_millis(50));
        canceller.cancel();
        drop(other.join());
        assert!(ran.load(SeqCst) >= 1);
        assert_eq!(group.running(), 0);
    };
    builder().iterations(50).check(test);
}

/// The successor that a looker wants is refused once; the watcher asks again.
#[test]
fn a_successor_that_is_refused_once_is_asked_for_again() {
    for number in 1..4 {
        let test = move || {
            sim::refuse_threads(number..number + 1);
            let (group, met) = (Arc::new(WaitGroup::new()), group_of(3));
            for _ in 0..3 {
                let met = Arc::clone(&met);
                group.go(move || {
                    met.done();
                    wait(&met);
                });
            }
            wait(&group);
        };
        without_preemption(test);
        often(test);
    }
}

// --- Waiters that stop draining ---------------------------------------------------------------

#[test]
fn what_a_waiter_leaves_behind_that_only_waited_for_a_while_starts() {
    let test = || {
        let (group, gate) = (Arc::new(WaitGroup::new()), group_of(1));
        let blocks = Arc::clone(&gate);
        group.go(move || wait(&blocks));
        group.go(|| ());
        // It gives up while the tasks may be queued.
        drop(group.wait_until(Duration::ZERO));
        let opens = Arc::clone(&gate);
        group.go(move || opens.done());
        wait(&group);
    };
    without_preemption(test);
    often(test);
}

#[test]
fn what_a_waiter_leaves_behind_when_a_task_on_its_stack_blocks_starts() {
    let test = || {
        let (group, met) = (Arc::new(WaitGroup::new()), group_of(2));
        for _ in 0..2 {
            let met = Arc::clone(&met);
            group.go(move || {
                met.done();
                wait(&met);
            });
        }
        group.wait();
    };
    always(test);
    often(test);
}

/// A destructor that waits while its thread unwinds runs no task: others have to.
#[test]
fn what_a_thread_that_unwinds_waits_for_is_run_by_others() {
    struct Waits(Arc<WaitGroup>);
    impl Drop for Waits {
        fn drop(&mut self) {
            self.0.wait();
        }
    }
    let test = || {
        let group = Arc::new(WaitGroup::new());
        let ran = Arc::new(AtomicUsize::new(0));
        let waits = Waits(Arc::clone(&group));
        let count = Arc::clone(&ran);
        let unwound = panic::catch_unwind(AssertUnwindSafe(move || {
            let waits = waits;
            for _ in 0..2 {
                let count = Arc::clone(&count);
                waits.0.go(move || {
                    assert!(!std::thread::panicking());
                    count.fetch_add(1, SeqCst);
                });
            }
            panic!("on purpose");
        }));
        assert!(unwound.is_err());
        assert_eq!(ran.load(SeqCst), 2);
    };
    always(test);
    often(test);
}

#[test]
fn a_group_that_does_not_run_inline_is_run_by_workers_and_its_waiter_parks() {
    let test = || {
        let sum = ErrGroup::builder().run_inline(false).scope(|g| {
            let here = || std::thread::current().name().unwrap().to_owned();
            let (a, b) = (g.go(move |_| Ok(here())), g.go(move |_| Ok(here())));
            Ok::<_, Stopped>([a.join()?, b.join()?])
        });
        assert_eq!(sum.unwrap(), ["phalanx", "phalanx"]);
    };
    always(test);
    often(test);
}

#[test]
fn a_waiter_whose_task_panics_on_its_stack_still_sees_to_the_rest() {
    let test = || {
        let (group, gate) = (Arc::new(WaitGroup::new()), group_of(1));
        let (blocks, opens) = (Arc::clone(&gate), Arc::clone(&gate));
        group.go(|| panic!("on purpose"));
        group.go(move || wait(&blocks));
        group.go(move || opens.done());
        assert!(panic::catch_unwind(AssertUnwindSafe(|| group.wait())).is_err());
        assert_eq!(group.running(), 0);
    };
    often(test);
}

// --- Handles ----------------------------------------------------------------------------------

#[test]
fn a_task_whose_handle_is_forgotten_runs_all_the_same() {
    let test = || {
        let ran = AtomicUsize::new(0);
        ErrGroup::scope(|g| {
            for _ in 0..2 {
                mem::forget(g.go(|_| Ok(ran.fetch_add(1, SeqCst))));
            }
            Ok::<_, Stopped>(())
        })
        .unwrap();
        assert_eq!(ran.load(SeqCst), 2);
    };
    without_preemption(test);
    often(test);
}

#[test]
fn of_a_joiner_and_a_worker_one_runs_the_task_and_the_other_gets_its_value() {
    always(|| {
        let ran = AtomicUsize::new(0);
        let value =
            ErrGroup::scope(|g| g.go(|_| Ok::<_, Stopped>(ran.fetch_add(1, SeqCst) + 1)).join());
        assert_eq!((value.unwrap(), ran.load(SeqCst)), (1, 1));
    });
}

#[test]
fn a_bounded_join_gives_the_handle_back_and_a_later_one_the_value() {
    let test = || {
        let gate = group_of(1);
        let value = ErrGroup::scope(|g| {
            let task = g.go(|_| {
                wait(&gate);
                Ok(7)
            });
            let again = match task.join_until(Duration::from_secs(1)) {
                Ok(_) => unreachable!("the gate is closed"),
                Err(error) => error.into_inner().unwrap(),
            };
            gate.done();
            Ok::<_, Stopped>(again.join_until(Until::FOREVER).ok().unwrap())
        });
        assert_eq!(value.unwrap(), 7);
    };
    always(test);
    often(test);
}

// --- Two waiters, and one that comes again ----------------------------------------------------

#[test]
fn two_threads_that_wait_for_one_group_both_return() {
    let test = || {
        let group = Arc::new(WaitGroup::new());
        for _ in 0..2 {
            group.go(|| ());
        }
        let other = {
            let group = Arc::clone(&group);
            sim::spawn("other", move || group.wait())
        };
        group.wait();
        other.join().unwrap();
        assert_eq!(group.running(), 0);
    };
    without_preemption(test);
    often(test);
}

#[test]
fn a_group_that_rises_again_while_a_thread_waits_for_it_loses_nothing() {
    often(|| {
        let (group, ran) = (Arc::new(WaitGroup::new()), Arc::new(AtomicUsize::new(0)));
        let starter = {
            let (group, ran) = (Arc::clone(&group), Arc::clone(&ran));
            sim::spawn("starter", move || {
                for _ in 0..4 {
                    let ran = Arc::clone(&ran);
                    group.go(move || _ = ran.fetch_add(1, SeqCst));
                    if sim::choose(3) == 0 {
                        pause(Duration::from_millis(1));
                    }
                }
            })
        };
        group.wait();
        starter.join().unwrap();
        group.wait();
        assert_eq!(ran.load(SeqCst), 4);
    });
}
