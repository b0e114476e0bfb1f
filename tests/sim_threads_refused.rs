//! Where the operating system refuses threads for tasks, at each place where one is asked for: a task
//! comes back or runs, once, and nothing waits for what never comes. In the simulator.

#![cfg(feature = "sim")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![expect(clippy::disallowed_types, reason = "what a test counts with std's atomics is no step")]

mod support;

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use phalanx::sim::{self, Builder};
use phalanx::{Context, ErrGroup, Refusal, Stopped, WaitGroup};
use support::groups::wait;
use support::schedules::{pause, with_any_delay};
use support::{Count, text_of};

/// How long a thread without work stays.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// A task that does not start within so many steps never does.
fn builder() -> Builder {
    Builder::new().max_steps(10_000, 10_000).iterations(50)
}

/// All schedules with one preemption.
fn all() -> Builder {
    builder().exhaustive(1)
}

/// Runs `test` with all threads refused, then with all but the first, and so on, until there is none to
/// refuse. Returns how many there were.
fn from_every_thread_on(builder: &Builder, test: fn()) -> usize {
    for number in 0.. {
        let refused = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&refused);
        builder.clone().check(move || {
            sim::refuse_threads(number..usize::MAX);
            test();
            count.fetch_add(sim::refused_threads(), SeqCst);
        });
        if refused.load(SeqCst) == 0 {
            return number;
        }
    }
    unreachable!("there is a last thread")
}

/// Starts a task, and if it comes back, once more.
fn start(group: &Arc<WaitGroup>, task: impl FnOnce() + Send + 'static) {
    if let Err(refused) = group.try_go(task) {
        assert!(matches!(refused.kind(), Refusal::Thread(_)), "{refused}");
        assert!(group.try_go(refused.into_inner()).is_ok(), "one alone is refused");
    }
}

/// Tasks that meet, of which each of several threads starts its share at the same time.
fn meet_from(starters: usize, each: usize) {
    let (group, met) = (Arc::new(WaitGroup::new()), Arc::new(WaitGroup::new()));
    let came = Arc::new(AtomicUsize::new(0));
    met.add(starters * each);
    let start_all = {
        let group = Arc::clone(&group);
        let came = Arc::clone(&came);
        move || {
            for _ in 0..each {
                let (met, came) = (Arc::clone(&met), Arc::clone(&came));
                start(&group, move || {
                    came.fetch_add(1, SeqCst);
                    met.done();
                    wait(&met);
                });
            }
        }
    };
    let other = |n| sim::spawn(format!("starter {n}"), start_all.clone());
    let others: Vec<_> = (1..starters).map(other).collect();
    start_all();
    for other in others {
        other.join().unwrap();
    }
    wait(&group);
    assert_eq!((group.running(), came.load(SeqCst)), (0, starters * each));
}

#[test]
fn tasks_meet_though_the_first_thread_is_refused() {
    for (builder, starters, each) in
        [(all(), 1, 1), (builder(), 2, 1), (builder(), 3, 2), (with_any_delay(builder()), 3, 2)]
    {
        builder.check(move || {
            sim::refuse_threads(0..1);
            meet_from(starters, each);
            assert_eq!(sim::refused_threads(), 1);
        });
    }
}

#[test]
fn tasks_of_a_scope_meet_though_the_first_thread_is_refused() {
    let test = || {
        sim::refuse_threads(0..1);
        let met = WaitGroup::new();
        met.add(2);
        let numbers = ErrGroup::scope(|g| {
            let task = |number: u32| {
                let met = &met;
                move |_: &Context| {
                    met.done();
                    wait(met);
                    Ok(number)
                }
            };
            let refused = g.try_go(task(1)).expect_err("it is the first");
            assert!(matches!(refused.kind(), Refusal::Thread(_)), "{refused}");
            assert_eq!((g.running(), g.context().has_ended()), (0, false));
            let (one, two) = (g.go(refused.into_inner()), g.go(task(2)));
            wait(&met);
            Ok::<_, Stopped>((one.join()?, two.join()?))
        });
        assert_eq!(numbers.unwrap(), (1, 2));
    };
    all().check(test);
    with_any_delay(builder()).check(test);
}

/// Tasks that need no other, on few threads or none. Each runs, or comes back, or is refused after it was
/// accepted, which the wait says.
fn run_or_come_back() {
    let (group, ran) = (Arc::new(WaitGroup::new()), Arc::new(AtomicUsize::new(0)));
    let (mut back, gone) = (0, Count::default());
    for number in 0..4 {
        let (count, gone) = (Arc::clone(&ran), gone.on_drop());
        let task = move || {
            count.fetch_add(1, SeqCst);
            if number % 2 == 1 {
                pause(Duration::from_millis(10));
            }
            drop(gone);
        };
        back += usize::from(group.try_go(task).is_err());
    }
    let refused = refused_late(&group);
    assert_eq!((group.running(), gone.get()), (0, 4));
    let unrun = 4 - ran.load(SeqCst) - back;
    assert_eq!(unrun > 0, refused, "{unrun} accepted tasks have not run");
}

/// Waits; returns whether tasks were refused after they had been accepted.
fn refused_late(group: &WaitGroup) -> bool {
    let Err(payload) = panic::catch_unwind(AssertUnwindSafe(|| wait(group))) else { return false };
    let text = text_of(&*payload);
    let start = "WaitGroup::wait: a task was refused: ";
    assert!(
        text.starts_with(&format!("{start}the operating system refused to start a thread: ")),
        "{text}"
    );
    true
}

#[test]
fn tasks_run_or_come_back_though_all_threads_are_refused_from_any_one_on() {
    for builder in [builder().exhaustive(0), builder().iterations(100)] {
        let threads = from_every_thread_on(&builder, run_or_come_back);
        assert!((2..=8).contains(&threads), "{threads} threads for four tasks");
    }
}

#[test]
fn tasks_run_or_come_back_while_threads_leave_that_nobody_can_replace() {
    let test = || {
        let (group, ran) = (Arc::new(WaitGroup::new()), Arc::new(AtomicUsize::new(0)));
        let mut accepted = 0;
        for _ in 0..3 {
            let ran = Arc::clone(&ran);
            let task = move || _ = ran.fetch_add(1, SeqCst);
            accepted += usize::from(group.try_go(task).is_ok());
            pause([Duration::ZERO, KEEP_ALIVE][sim::choose(2)]);
        }
        let refused = refused_late(&group);
        assert_eq!(ran.load(SeqCst) < accepted, refused);
    };
    assert!(from_every_thread_on(&builder().iterations(200), test) > 1);
}

/// What a refused task has captured may block when it is dropped: the threads are watched all the same.
#[test]
fn a_refused_task_may_wait_for_another_one_when_it_is_dropped() {
    struct Waits(Arc<WaitGroup>, Arc<WaitGroup>);
    impl Drop for Waits {
        fn drop(&mut self) {
            // The next thread is refused, and then no other.
            sim::refuse_threads(0..1);
            self.0.done();
            wait(&self.1);
        }
    }
    let refused = Arc::new(AtomicUsize::new(0));
    let late = Arc::clone(&refused);
    let test = move || {
        let [group, blocked, begun, gate] = [(); 4].map(|()| Arc::new(WaitGroup::new()));
        for one in [&blocked, &begun, &gate] {
            one.add(1);
        }
        let (runs, opened) = (Arc::clone(&blocked), Arc::clone(&gate));
        group.go(move || {
            runs.done();
            wait(&opened);
        });
        wait(&blocked);
        sim::wait_idle();
        sim::refuse_threads(0..usize::MAX);
        let waits = Waits(Arc::clone(&begun), Arc::clone(&gate));
        group.go(move || drop(waits));
        wait(&begun);
        let other = Arc::new(WaitGroup::new());
        let is_started = || {
            let gate = Arc::clone(&gate);
            let start = || other.go(move || gate.done());
            panic::catch_unwind(AssertUnwindSafe(start)).is_ok()
        };
        while !is_started() {}
        wait(&other);
        // Unless there was a second thread by then.
        if refused_late(&group) {
            late.fetch_add(1, SeqCst);
        }
        // The threads are as good as before.
        meet_from(1, 2);
    };
    builder().exhaustive(0).check(test.clone());
    builder().check(test);
    assert!(refused.load(SeqCst) > 0);
}

#[test]
fn a_task_with_a_name_comes_back_if_its_thread_is_refused() {
    fn test() {
        let ran = AtomicUsize::new(0);
        let back = ErrGroup::scope(|g| {
            let scopes = [g.named("special"), g.own_thread(), g.named("special")];
            let task = |_: &Context| Ok(ran.fetch_add(1, SeqCst));
            let back = scopes.iter().filter_map(|scope| scope.try_go(task).err());
            let back: Vec<_> = back.collect();
            assert!(back.iter().all(|refused| matches!(refused.kind(), Refusal::Thread(_))));
            Ok::<_, Stopped>(back.len())
        });
        let back = back.unwrap();
        assert_eq!((back, ran.load(SeqCst)), (sim::refused_threads(), 3 - back));
    }
    assert_eq!(from_every_thread_on(&all(), test), 4, "the watcher is the first");
}

/// Once the others can be had, a task that was queued behind the one refused must start.
#[test]
fn tasks_meet_though_any_one_thread_is_refused() {
    for number in 0..4 {
        let test = move || {
            sim::refuse_threads(number..number + 1);
            meet_from(1, 2);
        };
        builder().exhaustive(0).check(test);
        with_any_delay(builder()).check(test);
    }
}

/// Who starts a task may be held up for ten seconds between its claim and its push.
#[test]
fn a_task_is_not_left_behind_by_a_thread_that_leaves_where_no_other_can_be_had() {
    assert!(from_every_thread_on(&with_any_delay(builder()).iterations(100), run_or_come_back) > 1);
}
