//! The threads that run tasks, in the simulator: every task starts, whatever the others do.

#![cfg(feature = "sim")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![expect(clippy::disallowed_types, reason = "what a test counts with std's atomics is no step")]

mod support;

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;
use phalanx::sim::{self, Builder, ThreadState};
use phalanx::{Context, ErrGroup, Stopped, Until, WaitGroup};
use support::groups::{group_of, wait};
use support::schedules::{exhaust, pause, with_any_delay};

const SECOND: Duration = Duration::from_secs(1);
const NANO: Duration = Duration::from_nanos(1);
/// How long a thread without work stays.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// How many threads may be started beyond those that are needed.
const SPARE: usize = 2;

/// The settings of all tests. A task that does not start within so many steps never does.
fn builder() -> Builder {
    Builder::new().max_steps(5000, 5000).iterations(100)
}

/// Runs `test` under all schedules with so many preemptions.
fn always(preemptions: u32, test: impl Fn() + Send + Sync + 'static) {
    exhaust(&builder(), preemptions, test);
}

/// Runs `test` under random schedules, with parks that return for no reason too.
fn often(test: impl Fn() + Send + Sync + Clone + 'static) {
    builder().check(test.clone());
    with_any_delay(builder()).check(test);
}

/// The name of the current thread: `root`, or `phalanx` if it is one of the cache's.
fn here() -> String {
    thread::current().name().expect("all threads of a bubble have names").to_owned()
}

/// How many threads of that name there are, and how many there have been.
fn threads(name: &str) -> (usize, usize) {
    let threads: Vec<_> = sim::threads().into_iter().filter(|t| t.name == name).collect();
    (threads.iter().filter(|t| t.state != ThreadState::Finished).count(), threads.len())
}

/// Things that happen.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, event: impl Into<String>) {
        self.0.lock().push(event.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock())
    }
}

// --- Every task starts ------------------------------------------------------------------------

/// Tasks each of which waits for all the others, and a root that runs some of them or none.
fn meet(tasks: usize, help: bool) {
    let (group, met) = (Arc::new(WaitGroup::new()), group_of(tasks));
    for _ in 0..tasks {
        let met = Arc::clone(&met);
        group.go(move || {
            met.done();
            wait(&met);
        });
    }
    if help {
        group.wait();
    } else {
        wait(&group);
    }
    assert_eq!((group.running(), met.running()), (0, 0));
}

#[test]
fn two_tasks_that_wait_for_each_other_both_start_in_every_schedule_with_one_preemption() {
    always(1, || meet(2, false));
}

#[test]
fn two_tasks_that_wait_for_each_other_both_start_if_the_waiter_runs_one_in_every_schedule() {
    always(1, || meet(2, true));
}

#[test]
fn three_tasks_that_wait_for_each_other_all_start() {
    always(0, || meet(3, false));
    often(|| meet(3, false));
}

#[test]
fn five_tasks_that_wait_for_each_other_all_start() {
    often(|| meet(5, false));
    often(|| meet(5, true));
}

#[test]
fn tasks_that_wait_for_each_other_start_though_other_threads_are_idle_and_others_at_work() {
    often(|| {
        let others = Arc::new(WaitGroup::new());
        meet(1 + sim::choose(3), false); // leaves idle threads
        for _ in 0..sim::choose(3) {
            others.go(|| pause(SECOND));
        }
        meet(2 + sim::choose(3), sim::choose(2) == 0);
        others.wait();
    });
}

#[test]
fn a_task_that_waits_for_one_that_is_started_last_does_not_keep_it_from_starting() {
    let test = || {
        let group = Arc::new(WaitGroup::new());
        let (ctx, canceller) = Context::background().with_cancel();
        for _ in 0..2 {
            let ctx = ctx.clone();
            group.go(move || drop(ctx.wait()));
        }
        group.go(move || canceller.cancel());
        wait(&group);
    };
    always(0, test);
    often(test);
}

#[test]
fn a_chain_of_tasks_each_waiting_for_the_next_ends() {
    often(|| {
        ErrGroup::scope(|g| {
            let (mut ctx, first) = Context::background().with_cancel();
            for _ in 0..4 {
                let (next, canceller) = Context::background().with_cancel();
                let before = std::mem::replace(&mut ctx, next);
                g.go(move |_| {
                    before.wait();
                    canceller.cancel();
                    Ok(())
                });
            }
            first.cancel();
            ctx.wait();
            Ok::<_, Stopped>(())
        })
        .unwrap();
    });
}

#[test]
fn two_threads_start_a_task_each_and_none_is_lost() {
    let test = || {
        let (group, ran) = (Arc::new(WaitGroup::new()), Arc::new(AtomicUsize::new(0)));
        let start = |n| {
            let (group, ran) = (Arc::clone(&group), Arc::clone(&ran));
            move || {
                group.go(move || {
                    ran.fetch_add(n, SeqCst);
                });
            }
        };
        let other = sim::spawn("other", start(1));
        start(10)();
        other.join().unwrap();
        wait(&group);
        assert_eq!(ran.load(SeqCst), 11);
    };
    always(0, test);
    often(test);
}

#[test]
fn two_tasks_run_once_each_in_every_schedule_with_one_preemption() {
    always(1, || {
        let (group, log) = (Arc::new(WaitGroup::new()), Log::default());
        for name in ["a", "b"] {
            let log = log.clone();
            group.go(move || log.add(name));
        }
        wait(&group);
        let mut ran = log.take();
        ran.sort();
        assert_eq!(ran, ["a", "b"]);
    });
}

#[test]
fn tasks_that_start_tasks_are_all_run_once() {
    fn branch(group: &Arc<WaitGroup>, ran: &Arc<AtomicUsize>, depth: usize) {
        for _ in 0..2 {
            let (inner, ran) = (Arc::clone(group), Arc::clone(ran));
            group.go(move || {
                ran.fetch_add(1, SeqCst);
                if depth > 1 {
                    branch(&inner, &ran, depth - 1);
                }
                if sim::choose(2) == 0 {
                    pause(SECOND);
                }
            });
        }
    }
    often(|| {
        let (group, ran) = (Arc::new(WaitGroup::new()), Arc::new(AtomicUsize::new(0)));
        branch(&group, &ran, 3);
        if sim::choose(2) == 0 {
            group.wait();
        }
        wait(&group);
        assert_eq!(ran.load(SeqCst), 14);
    });
}

#[test]
fn a_task_that_starts_one_and_waits_for_it_ends_in_every_schedule_with_one_preemption() {
    for helps in [true, false] {
        always(1, move || {
            let outer = Arc::new(WaitGroup::new());
            outer.go(move || {
                let inner = Arc::new(WaitGroup::new());
                inner.go(|| ());
                if helps {
                    inner.wait();
                } else {
                    wait(&inner);
                }
            });
            outer.wait();
        });
    }
}

// --- The looking role -------------------------------------------------------------------------

#[test]
fn tasks_that_wait_for_each_other_start_behind_a_short_one() {
    let test = || {
        let (group, met) = (Arc::new(WaitGroup::new()), group_of(3));
        group.go(sim::yield_now);
        for _ in 0..3 {
            let met = Arc::clone(&met);
            group.go(move || {
                met.done();
                wait(&met);
            });
        }
        wait(&group);
    };
    always(0, test);
    often(test);
}

#[test]
fn short_tasks_come_again_and_again_and_none_is_lost() {
    let test = || {
        let group = Arc::new(WaitGroup::new());
        for _ in 0..2 {
            group.go(sim::yield_now);
            group.go(|| ());
            wait(&group);
        }
    };
    always(0, test);
    often(test);
}

/// Two tasks, the second of which is started while the thread of the first looks for more: how many threads there have been.
fn one_after_the_other() -> usize {
    let group = Arc::new(WaitGroup::new());
    let work = || sim::label("work");
    group.go(work);
    sim::label("the second");
    group.go(work);
    wait(&group);
    threads("phalanx").1
}

#[test]
fn no_schedule_loses_a_task_that_comes_while_the_looker_goes_idle() {
    always(1, || assert!(one_after_the_other() <= 1 + SPARE));
}

#[test]
fn a_task_that_starts_after_the_end_of_another_needs_no_thread_for_each_with_one_preemption() {
    always(1, || {
        let group = Arc::new(WaitGroup::new());
        for _ in 0..2 {
            group.go(|| ());
            wait(&group);
        }
        assert!(threads("phalanx").1 <= 1 + SPARE);
    });
}

#[test]
fn a_burst_of_short_tasks_does_not_start_a_thread_for_each() {
    let threads = sim::run(|| {
        let group = Arc::new(WaitGroup::new());
        for _ in 0..20 {
            group.go(|| ());
        }
        wait(&group);
        threads("phalanx").1
    });
    assert!(threads <= 1 + SPARE, "{threads} threads for tasks that are over at once");
}

#[test]
fn a_task_panics_and_the_thread_goes_on_in_every_schedule_with_one_preemption() {
    always(1, || {
        let (group, ran) = (Arc::new(WaitGroup::new()), Arc::new(AtomicUsize::new(0)));
        group.go(|| panic!("on purpose"));
        let count = Arc::clone(&ran);
        group.go(move || {
            count.fetch_add(1, SeqCst);
        });
        let wait = || panic::catch_unwind(AssertUnwindSafe(|| wait(&group)));
        assert!(wait().is_err());
        assert!(wait().is_ok(), "a panic is resumed once");
        assert_eq!(ran.load(SeqCst), 1);
        let before = threads("phalanx").1;
        group.go(|| ());
        assert!(wait().is_ok());
        assert_eq!(threads("phalanx").1, before, "no thread has died");
    });
}

// --- Threads that wait, and help --------------------------------------------------------------

#[test]
fn a_thread_that_waits_for_a_group_runs_its_task_or_another_one_does() {
    for (helps, on) in [(true, &["phalanx", "root"][..]), (false, &["phalanx"][..])] {
        let outcomes = builder().exhaustive(1).outcomes(move || {
            let (group, log) = (Arc::new(WaitGroup::new()), Log::default());
            let ran = log.clone();
            group.go(move || ran.add(here()));
            if helps {
                group.wait();
            } else {
                wait(&group);
            }
            log.take().concat()
        });
        outcomes.exactly(on.iter().map(ToString::to_string)).exhausted();
    }
}

#[test]
fn a_thread_that_joins_a_task_runs_it_or_another_one_does() {
    let outcomes = builder().exhaustive(1).outcomes(|| {
        let joined = ErrGroup::scope(|g| {
            g.go(|_| Ok(()));
            g.go(|_| Ok(here())).join()
        });
        joined.unwrap()
    });
    outcomes.exactly(["phalanx".to_owned(), "root".to_owned()]).exhausted();
}

#[test]
fn a_thread_that_joins_a_task_runs_no_older_sibling() {
    always(0, || {
        let older: Result<String, Stopped> = ErrGroup::scope(|g| {
            let (older, joined) = (g.go(|_| Ok(here())), g.go(|_| Ok(())));
            joined.join()?;
            older.wait_until(Until::FOREVER).unwrap();
            older.join()
        });
        assert_eq!(older.unwrap(), "phalanx");
    });
}

#[test]
fn a_thread_that_waits_runs_its_own_task_first_and_never_those_of_others_with_one_preemption() {
    let outcomes = builder().exhaustive(1).outcomes(|| {
        let [own, other] = [(); 2].map(|()| Arc::new(WaitGroup::new()));
        let log = Log::default();
        for (group, whose) in [(&other, "another"), (&own, "its own"), (&other, "another")] {
            let log = log.clone();
            group.go(move || log.add(format!("{whose} on {}", here())));
        }
        own.wait();
        wait(&other);
        let mut events = log.take();
        assert!(!events.iter().any(|event| event == "another on root"));
        events.swap_remove(0)
    });
    let first = ["another on phalanx", "its own on root"];
    outcomes.exactly(first.map(str::to_owned)).exhausted();
}

#[test]
fn a_thread_that_waits_runs_no_tasks_that_come_after_it_began() {
    let test = || {
        let (group, log) = (Arc::new(WaitGroup::new()), Log::default());
        let [first, second] = [log.clone(), log.clone()];
        let inner = Arc::clone(&group);
        group.go(move || {
            first.add(here());
            inner.go(move || second.add(here()));
        });
        group.wait();
        assert_ne!(log.take(), ["root", "root"], "it might never come to its wait");
    };
    always(1, test);
    often(test);
}

// --- Threads that leave -----------------------------------------------------------------------

#[test]
fn a_thread_leaves_after_ten_seconds_without_work_and_not_a_nanosecond_before() {
    always(1, || {
        let group = Arc::new(WaitGroup::new());
        group.go(|| ());
        wait(&group);
        sim::wait_idle();
        let (idle, _) = threads("phalanx");
        sim::sleep(KEEP_ALIVE.saturating_sub(NANO));
        assert_eq!(threads("phalanx").0, idle);
        group.go(|| ()); // and the ten seconds begin again, for the one that runs it
        wait(&group);
        sim::sleep(KEEP_ALIVE.saturating_sub(NANO));
        assert!((1..=1 + SPARE).contains(&threads("phalanx").0));
        sim::sleep(NANO);
        assert_eq!(threads("phalanx").0, 0);
    });
}

#[test]
fn the_thread_used_last_is_used_again_and_the_surplus_leaves() {
    builder().check(|| {
        meet(3, false);
        sim::wait_idle();
        assert!(threads("phalanx").0 >= 3);
        let group = Arc::new(WaitGroup::new());
        for _ in 0..4 {
            sim::sleep(KEEP_ALIVE / 4);
            group.go(|| ());
            wait(&group);
        }
        sim::sleep(SECOND);
        assert!(threads("phalanx").0 <= 2);
    });
}

#[test]
fn a_thread_that_is_woken_in_the_instant_in_which_it_leaves_stays_or_is_replaced() {
    always(1, || {
        let group = Arc::new(WaitGroup::new());
        group.go(|| ());
        wait(&group);
        sim::wait_idle();
        pause(KEEP_ALIVE);
        group.go(|| ());
        wait(&group);
        assert!((1..=2 + SPARE).contains(&threads("phalanx").1));
    });
}

#[test]
fn threads_come_and_go_and_no_task_is_lost() {
    often(|| {
        let (group, ran) = (Arc::new(WaitGroup::new()), Arc::new(AtomicUsize::new(0)));
        let starters = ["a", "b"].map(|name| {
            let (group, ran) = (Arc::clone(&group), Arc::clone(&ran));
            sim::spawn(name, move || {
                for _ in 0..4 {
                    let ran = Arc::clone(&ran);
                    pause(KEEP_ALIVE / 2 * u32::try_from(sim::choose(4)).unwrap());
                    group.go(move || {
                        ran.fetch_add(1, SeqCst);
                    });
                }
            })
        });
        for starter in starters {
            starter.join().unwrap();
        }
        wait(&group);
        assert_eq!(ran.load(SeqCst), 8);
        sim::wait_idle();
        sim::sleep(KEEP_ALIVE);
        assert_eq!(threads("phalanx").0, 0);
    });
}

// --- Threads of a special kind ----------------------------------------------------------------

/// Runs a task on a thread with a name, and returns the thread's.
fn named(name: &str) -> String {
    ErrGroup::scope(|g| g.named(name).go(|_| Ok(here())).join()).unwrap()
}

#[test]
fn a_named_thread_is_used_again_in_every_schedule_with_one_preemption_and_leaves_after_ten_seconds()
{
    always(1, || {
        for _ in 0..2 {
            assert_eq!(named("special"), "special");
        }
        assert_eq!(threads("special"), (1, 1));
        sim::sleep(KEEP_ALIVE.saturating_sub(NANO));
        assert_eq!(threads("special"), (1, 1));
        sim::sleep(2 * NANO);
        assert_eq!(threads("special"), (0, 1));
        assert_eq!(threads("phalanx").1, 0);
    });
}

#[test]
fn a_named_thread_that_is_claimed_in_the_instant_in_which_it_leaves_stays_or_is_replaced() {
    let outcomes = builder().exhaustive(1).outcomes(|| {
        named("special");
        sim::wait_idle();
        pause(KEEP_ALIVE);
        assert_eq!(named("special"), "special");
        threads("special").1
    });
    outcomes.exactly([1, 2]).exhausted();
}

#[test]
fn named_tasks_that_wait_for_each_other_have_a_thread_each_in_every_schedule_with_one_preemption() {
    always(1, || {
        let met = group_of(2);
        ErrGroup::scope(|g| {
            for _ in 0..2 {
                g.named("special").go(|_| {
                    met.done();
                    wait(&met);
                    Ok(())
                });
            }
            Ok::<_, Stopped>(())
        })
        .unwrap();
        assert_eq!(threads("special"), (2, 2));
    });
}

#[test]
fn a_thread_of_its_own_ends_with_its_task_in_every_schedule_with_one_preemption() {
    always(1, || {
        ErrGroup::scope(|g| {
            let own = g.named("own").own_thread();
            for _ in 0..2 {
                own.go(|_| Ok(())).join()?;
            }
            Ok::<_, Stopped>(())
        })
        .unwrap();
        sim::wait_idle();
        assert_eq!(threads("own"), (0, 2));
    });
}

#[test]
fn no_more_than_32_named_threads_are_kept() {
    builder().iterations(3).check(|| {
        for n in 0..34 {
            named(&format!("special {n}"));
        }
        sim::wait_idle();
        let alive = sim::threads().into_iter().filter(|t| t.state != ThreadState::Finished);
        assert_eq!(alive.count(), 2 + 32, "the root and the watcher, too");
        assert_eq!(named("special 0"), "special 0");
        assert_eq!(threads("special 0"), (1, 1), "it was there");
    });
}
