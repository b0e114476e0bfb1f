//! Tasks that meet: each waits for all the others, so none may be held back by another, whatever state
//! the threads are in; and not many more threads are started than there are tasks. In the simulator.

#![cfg(feature = "sim")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![expect(clippy::disallowed_types, reason = "what a test counts with std's atomics is no step")]

mod support;

use std::any::Any;
use std::panic::{self, AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use phalanx::sim::{self, Builder, ThreadState};
use phalanx::{ErrGroup, Flow, Outcome, Policy, Stopped, WaitGroup};
use support::groups::wait;
use support::schedules::{exhaust, pause, with_any_delay};

/// How long a thread without work stays.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
const NANO: Duration = Duration::from_nanos(1);

/// How many threads may be started for so many tasks, when every schedule and every guess is possible.
///
/// Not as many as there are tasks: a thread is asked for when a task is queued for which none seems to
/// come, and one that has come and not looked yet, or is about to sleep, is not seen. The first push asks
/// for one, the watcher for another, and each thread that takes a task of unknown length for two at most,
/// if tasks are left. Schedules exist in which eight tasks get thirteen threads, and two get five.
fn most(tasks: usize) -> usize {
    2 * tasks + 2
}

/// A task that does not start within so many steps never does.
fn builder() -> Builder {
    Builder::new().max_steps(10_000, 10_000).iterations(100)
}

/// Runs `test` under all schedules with so many preemptions.
fn always(preemptions: u32, test: impl Fn() + Send + Sync + 'static) {
    exhaust(&builder(), preemptions, test);
}

/// Runs `test` under random schedules, in which idle threads leave only when time passes.
fn often(test: impl Fn() + Send + Sync + Clone + 'static) {
    builder().check(test.clone());
    builder().spurious_wakeups(20).check(test);
}

/// The same, and under such in which any time may pass at any step: idle threads leave when they like.
fn often_with_any_delay(test: impl Fn() + Send + Sync + Clone + 'static) {
    often(test.clone());
    with_any_delay(builder()).check(test);
}

/// How many threads there are for tasks, and how many there have been.
fn threads() -> (usize, usize) {
    let threads: Vec<_> = sim::threads().into_iter().filter(|t| t.name == "phalanx").collect();
    (threads.iter().filter(|t| t.state != ThreadState::Finished).count(), threads.len())
}

/// A place where so many tasks meet.
#[derive(Clone)]
struct Meeting {
    group: Arc<WaitGroup>,
    absent: Arc<WaitGroup>,
    came: Arc<Vec<AtomicUsize>>,
}

impl Meeting {
    fn of(tasks: usize) -> Self {
        let absent = Arc::new(WaitGroup::new());
        absent.add(tasks);
        let came = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
        Meeting { group: Arc::new(WaitGroup::new()), absent, came: Arc::new(came) }
    }

    /// What the task with this number does.
    fn task(&self, number: usize) -> impl FnOnce() + Send + use<> {
        let (absent, came) = (Arc::clone(&self.absent), Arc::clone(&self.came));
        move || {
            came[number].fetch_add(1, SeqCst);
            absent.done();
            wait(&absent);
        }
    }

    fn start(&self, numbers: impl IntoIterator<Item = usize>) {
        for number in numbers {
            self.group.go(self.task(number));
        }
    }

    /// All have come, once each, and gone.
    fn end(&self) {
        wait(&self.group);
        assert_eq!((self.group.running(), self.absent.running()), (0, 0));
        assert!(self.came.iter().all(|times| times.load(SeqCst) == 1), "{:?}", self.came);
    }
}

/// So many tasks meet, on threads of which hardly any is started without need.
fn meet(tasks: usize) {
    let before = threads();
    let meeting = Meeting::of(tasks);
    meeting.start(0..tasks);
    meeting.end();
    let started = threads().1 - before.1;
    assert!(started <= most(tasks), "{started} threads for {tasks} tasks");
}

/// The same for tasks that are started in one go.
fn meet_at_once(tasks: usize) {
    let before = threads();
    let meeting = Meeting::of(tasks);
    meeting.group.go_many((0..tasks).map(|number| meeting.task(number)));
    meeting.end();
    let started = threads().1 - before.1;
    assert!(started <= most(tasks), "{started} threads for {tasks} tasks");
}

// --- In one go --------------------------------------------------------------------------------

#[test]
fn two_tasks_that_are_started_in_one_go_meet_in_every_schedule_with_one_preemption() {
    always(1, || meet_at_once(2));
}

#[test]
fn tasks_that_are_started_in_one_go_meet_on_new_threads_and_on_those_that_are_left() {
    often_with_any_delay(|| {
        meet_at_once(3);
        meet_at_once(5);
    });
}

// --- Cold -------------------------------------------------------------------------------------

#[test]
fn two_tasks_meet_on_two_new_threads_in_every_schedule_with_one_preemption() {
    always(1, || {
        meet(2);
        assert!(threads().1 >= 2);
    });
}

#[test]
fn three_tasks_meet_on_three_new_threads() {
    let test = || {
        meet(3);
        assert!(threads().1 >= 3);
    };
    always(0, test);
    often(test);
}

#[test]
fn eight_tasks_meet_on_eight_new_threads() {
    often_with_any_delay(|| {
        meet(8);
        assert!(threads().1 >= 8);
    });
}

#[test]
fn tasks_of_a_scope_meet_and_its_body_with_them_on_no_more_threads_than_tasks() {
    let test = |tasks: usize| {
        move || {
            let met = WaitGroup::new();
            met.add(tasks + 1);
            let numbers = ErrGroup::scope(|g| {
                let met = &met;
                let come = move || {
                    met.done();
                    wait(met);
                };
                let tasks: Vec<_> = (0..tasks)
                    .map(|number| {
                        g.go(move |_ctx| {
                            come();
                            Ok(number)
                        })
                    })
                    .collect();
                come();
                tasks.into_iter().map(phalanx::Task::join).collect::<Result<Vec<_>, _>>()
            });
            assert_eq!(numbers.unwrap(), (0..tasks).collect::<Vec<_>>());
            assert!(threads().1 <= most(tasks));
        }
    };
    always(0, test(2));
    often_with_any_delay(test(5));
}

// --- Warm -------------------------------------------------------------------------------------

#[test]
fn two_tasks_meet_on_the_two_threads_that_are_idle() {
    let test = || {
        meet(2);
        sim::wait_idle();
        meet(2);
        assert!(threads().1 <= most(2));
    };
    always(0, test);
    often(test);
}

/// Some may be on their way to help with the queue, so that others are started beside them.
#[test]
fn tasks_meet_on_the_threads_that_are_idle_and_on_new_ones() {
    often_with_any_delay(|| {
        let (idle, tasks) = (1 + sim::choose(4), 1 + sim::choose(6));
        meet(idle);
        sim::wait_idle();
        meet(tasks);
    });
}

// --- Half asleep ------------------------------------------------------------------------------

#[test]
fn two_tasks_meet_in_the_instant_in_which_both_threads_leave() {
    let test = || {
        meet(2);
        sim::wait_idle();
        pause(KEEP_ALIVE);
        meet(2);
    };
    always(0, test);
    often_with_any_delay(test);
}

#[test]
fn tasks_meet_while_some_of_the_threads_leave() {
    often_with_any_delay(|| {
        let idle = 2 + sim::choose(3);
        meet(idle);
        for _ in 0..3 {
            sim::wait_idle();
            // Not yet, now, or just gone; with those that are used in between, some of each.
            pause([KEEP_ALIVE / 2, KEEP_ALIVE.saturating_sub(NANO), KEEP_ALIVE][sim::choose(3)]);
            let (tasks, before) = (1 + sim::choose(4), threads());
            meet(tasks);
            assert!(threads().1 <= before.1 + most(tasks));
        }
        sim::wait_idle();
        sim::sleep(KEEP_ALIVE + NANO);
        assert_eq!(threads().0, 0);
    });
}

// --- Several that start tasks -----------------------------------------------------------------

/// Tasks that meet, of which each of several threads starts its share at the same time.
fn meet_from(starters: usize, each: usize) {
    let before = threads().1;
    let meeting = Meeting::of(starters * each);
    let others: Vec<_> = (1..starters)
        .map(|starter| {
            let meeting = meeting.clone();
            let share = starter * each..(starter + 1) * each;
            sim::spawn(format!("starter {starter}"), move || meeting.start(share))
        })
        .collect();
    meeting.start(0..each);
    for other in others {
        other.join().unwrap();
    }
    meeting.end();
    assert!(threads().1 - before <= most(starters * each));
}

#[test]
fn tasks_that_two_threads_start_meet() {
    always(0, || meet_from(2, 1));
    often(|| meet_from(2, 1));
}

#[test]
fn tasks_that_two_threads_start_meet_on_an_idle_thread_and_a_new_one() {
    let test = || {
        meet(1);
        sim::wait_idle();
        meet_from(2, 1);
        assert!(threads().1 <= most(2));
    };
    always(0, test);
    often(test);
}

#[test]
fn tasks_that_four_threads_start_meet() {
    often_with_any_delay(|| {
        if sim::choose(2) == 0 {
            meet(1 + sim::choose(4));
            pause([NANO, KEEP_ALIVE][sim::choose(2)]);
        }
        meet_from(2 + sim::choose(3), 1 + sim::choose(2));
    });
}

// --- One after the other ----------------------------------------------------------------------

#[test]
fn five_tasks_one_after_the_other_do_not_use_a_thread_each() {
    let test = || {
        let group = Arc::new(WaitGroup::new());
        for _ in 0..5 {
            group.go(|| ());
            wait(&group);
        }
        assert!(threads().1 < 5);
    };
    always(0, test);
    often(test);
}

#[test]
fn five_scopes_one_after_the_other_do_not_use_a_thread_each() {
    let test = || {
        for number in 0..5 {
            let joined = ErrGroup::scope(|g| g.go(|_| Ok::<_, Stopped>(number)).join());
            assert_eq!(joined.unwrap(), number);
        }
        assert!(threads().1 < 5);
    };
    always(1, test);
    often(test);
}

// --- Panics -----------------------------------------------------------------------------------

/// After a panic the threads are as good as before: tasks meet, and on no more of them than need be.
fn meets_after(panics: impl Fn() -> Box<dyn Any + Send> + Send + Sync + Clone + 'static) {
    let test = move || {
        let payload = panics();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"on purpose"));
        sim::wait_idle();
        let before = threads();
        assert_eq!(before.0, before.1, "no thread has died");
        meet(2);
        assert!(threads().1 <= before.1 + most(2));
    };
    always(0, test.clone());
    often(test);
}

/// The payload of the panic of `f`.
fn payload_of<R>(f: impl FnOnce() -> R) -> Box<dyn Any + Send> {
    panic::catch_unwind(AssertUnwindSafe(f)).err().expect("it panics")
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("on purpose");
    }
}

#[test]
fn tasks_meet_after_the_panic_of_a_task() {
    meets_after(|| {
        let group = Arc::new(WaitGroup::new());
        group.go(|| panic!("on purpose"));
        payload_of(|| wait(&group))
    });
    meets_after(|| {
        payload_of(|| {
            ErrGroup::scope(|g| g.go(|_| -> Result<(), Stopped> { panic!("on purpose") }).join())
        })
    });
}

#[test]
fn tasks_meet_after_the_panic_of_what_a_task_has_captured() {
    meets_after(|| {
        let (group, bomb) = (Arc::new(WaitGroup::new()), Bomb);
        group.go(move || drop(bomb));
        payload_of(|| wait(&group))
    });
    meets_after(|| {
        payload_of(|| {
            ErrGroup::scope(|g| {
                let bomb = Bomb;
                g.go(move |_| {
                    let _captured = &bomb;
                    Ok::<_, Stopped>(())
                })
                .join()
            })
        })
    });
}

#[test]
fn tasks_meet_after_the_panic_of_a_callback_that_a_task_s_error_has_called() {
    meets_after(|| {
        let ended = ErrGroup::scope(|g| {
            g.context().on_cancel(|| resume_unwind(Box::new("on purpose"))).detach();
            Ok::<_, String>(g.go(|_| Err::<(), _>("an error".to_owned())).join()?)
        });
        assert!(ended.is_err());
        Box::new("on purpose")
    });
}

/// Panics when it is told of a task.
struct Panics;

impl Policy<(), ()> for Panics {
    type Output = ();

    fn on_done(&mut self, _index: usize, _outcome: Outcome<(), ()>) -> Flow {
        panic!("on purpose");
    }

    fn finish(self, _end: phalanx::End) {}
}

#[test]
fn tasks_meet_after_the_panic_of_a_policy() {
    meets_after(|| {
        payload_of(|| {
            ErrGroup::builder().policy(Panics).scope(|g| {
                g.go(|_| Ok(()));
            });
        })
    });
}
