//! Bugs of the classic kinds, planted on purpose: the automatic mix finds each of them, and says
//! something that helps. Beside each stands the same code without the bug, in which it finds none.

#![cfg(feature = "sim")]

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use phalanx::sim::sync::atomic::{AtomicBool, AtomicUsize};
use phalanx::sim::sync::{Condvar, Mutex};
use phalanx::sim::{self, Builder};

/// Whether a piece of code has its bug in it.
#[derive(Clone, Copy, PartialEq)]
enum Code {
    Planted,
    Mended,
}
use Code::{Mended, Planted};

/// The automatic mix finds the bug, as a new user would run it but without the limit of time, and
/// the report has all of `words` in it; the mended code passes.
#[track_caller]
fn found(test: fn(Code), words: &[&str]) {
    let builder = || Builder::new().budget(Duration::MAX);
    let failure = builder().try_check(move || test(Planted)).expect_err("there is a bug");
    let report = failure.to_string();
    for word in words {
        assert!(report.contains(word), "{word:?} is not in the report:\n{report}");
    }
    let token = failure.token().expect("it can be replayed").to_owned();
    let replayed = builder().try_replay(&token, move || test(Planted)).expect_err("still there");
    assert_eq!(replayed.token(), Some(&*token), "the same run");
    builder().check(move || test(Mended));
}

/// Runs two threads, and waits for both.
fn both(a: impl FnOnce() + Send + 'static, b: impl FnOnce() + Send + 'static) {
    let (a, b) = (sim::spawn("a", a), sim::spawn("b", b));
    a.join().expect("it does not panic");
    b.join().expect("it does not panic");
}

/// An event that is set once. The setter must hold the lock between setting and notifying, or a
/// thread that has just looked goes to sleep and is never woken.
fn lost_wake_up(code: Code) {
    #[derive(Default)]
    struct Event {
        set: AtomicBool,
        lock: Mutex<()>,
        changed: Condvar,
    }
    let event = Arc::new(Event::default());
    let setter = Arc::clone(&event);
    both(
        move || {
            let mut guard = event.lock.lock();
            while !event.set.load(SeqCst) {
                event.changed.wait(&mut guard);
            }
        },
        move || {
            let guard = (code == Mended).then(|| setter.lock.lock());
            setter.set.store(true, SeqCst);
            setter.changed.notify_all();
            drop(guard);
        },
    );
}

#[test]
fn a_lost_wake_up_is_found() {
    found(lost_wake_up, &["DEADLOCK", "Condvar::wait", "T0.0", "replay: SIM_REPLAY="]);
}

/// A semaphore with one permit, whose holder gives it to a waiter that gives up in the same moment.
/// One step must decide whether it has been granted or given up.
fn cancel_against_grant(code: Code) {
    const WAITING: usize = 0;
    const GRANTED: usize = 1;
    const GIVEN_UP: usize = 2;
    let waiter = Arc::new(AtomicUsize::new(WAITING));
    let permits = Arc::new(AtomicUsize::new(0));
    let (state, free, left) = (Arc::clone(&waiter), Arc::clone(&permits), Arc::clone(&permits));
    both(
        // Releases: grants the permit to whoever waits, or puts it back.
        move || {
            if code == Mended {
                if waiter.compare_exchange(WAITING, GRANTED, SeqCst, SeqCst).is_err() {
                    permits.fetch_add(1, SeqCst);
                }
            } else if waiter.load(SeqCst) == WAITING {
                waiter.store(GRANTED, SeqCst);
            } else {
                permits.fetch_add(1, SeqCst);
            }
        },
        // Gives up: if the permit has been granted, gives it back.
        move || {
            if state.swap(GIVEN_UP, SeqCst) == GRANTED {
                free.fetch_add(1, SeqCst);
            }
        },
    );
    assert_eq!(left.load(SeqCst), 1, "the permit is lost");
}

#[test]
fn a_cancel_that_races_with_a_grant_is_found() {
    found(cancel_against_grant, &["PANIC", "the permit is lost", "tests/sim_planted_bugs.rs"]);
}

/// A fair semaphore in which a large request waits before a small one. When the large one gives up,
/// the small one is to be served: whoever leaves the front must look at who is there now.
fn front_waiter_leaves(code: Code) {
    #[derive(Default)]
    struct Fair {
        state: Mutex<(usize, VecDeque<usize>)>,
        changed: Condvar,
    }
    let fair = Arc::new(Fair::default());
    fair.state.lock().0 = 1;
    let large = Arc::clone(&fair);
    let small = Arc::clone(&fair);
    both(
        move || {
            let mut state = large.state.lock();
            state.1.push_back(2);
            let timed_out = large.changed.wait_for(&mut state, Duration::from_secs(1)).timed_out();
            assert!(timed_out, "there are never two");
            state.1.retain(|wanted| *wanted != 2);
            drop(state);
            if code == Mended {
                large.changed.notify_all();
            }
        },
        move || {
            let mut state = small.state.lock();
            state.1.push_back(1);
            while state.1.front() != Some(&1) {
                small.changed.wait(&mut state);
            }
            state.1.pop_front();
            state.0 -= 1;
        },
    );
}

#[test]
fn a_front_waiter_that_leaves_without_a_word_is_found() {
    found(front_waiter_leaves, &["DEADLOCK", "Condvar::wait", "at 1s of virtual time"]);
}

/// A parent that cancels its children, and a child that registers: the look at the flag and the
/// entry into the list must be one step.
fn child_registers_while_the_parent_cancels(code: Code) {
    #[derive(Default)]
    struct Parent {
        cancelled: AtomicBool,
        children: Mutex<Vec<Arc<AtomicBool>>>,
    }
    let parent = Arc::new(Parent::default());
    let child = Arc::new(AtomicBool::new(false));
    let (ours, registered) = (Arc::clone(&parent), Arc::clone(&child));
    both(
        move || {
            let mut children = (code == Mended).then(|| ours.children.lock());
            if ours.cancelled.load(SeqCst) {
                registered.store(true, SeqCst);
            } else {
                let child = Arc::clone(&registered);
                match &mut children {
                    Some(children) => children.push(child),
                    None => ours.children.lock().push(child),
                }
            }
        },
        move || {
            parent.cancelled.store(true, SeqCst);
            for child in parent.children.lock().drain(..) {
                child.store(true, SeqCst);
            }
        },
    );
    assert!(child.load(SeqCst), "the child has been missed");
}

#[test]
fn a_child_that_registers_while_the_parent_cancels_is_found() {
    found(child_registers_while_the_parent_cancels, &["PANIC", "the child has been missed"]);
}

/// A timer: `stop` says whether it has prevented the callback, and must not lie.
fn timer_stopped_while_firing(code: Code) {
    let stopped = Arc::new(AtomicBool::new(false));
    let ran = Arc::new(AtomicBool::new(false));
    let (timer, fired) = (Arc::clone(&stopped), Arc::clone(&ran));
    let firing = sim::spawn("timer", move || {
        sim::sleep(Duration::from_secs(1));
        let mine = if code == Mended { !timer.swap(true, SeqCst) } else { !timer.load(SeqCst) };
        if mine {
            fired.store(true, SeqCst);
        }
    });
    sim::sleep(Duration::from_secs(1));
    let prevented = if code == Mended {
        !stopped.swap(true, SeqCst)
    } else {
        stopped.store(true, SeqCst);
        !ran.load(SeqCst)
    };
    firing.join().expect("it does not panic");
    assert_ne!(prevented, ran.load(SeqCst), "either stopped or fired");
}

#[test]
fn a_timer_stopped_while_it_fires_is_found() {
    found(timer_stopped_while_firing, &["PANIC", "either stopped or fired"]);
}

/// A value that is to be made once, by whoever comes first.
fn double_init(code: Code) {
    #[derive(Default)]
    struct Lazy {
        ready: AtomicBool,
        made: AtomicUsize,
        lock: Mutex<()>,
    }
    impl Lazy {
        fn get(&self, code: Code) {
            if !self.ready.load(SeqCst) {
                let _guard = self.lock.lock();
                if code == Mended && self.ready.load(SeqCst) {
                    return;
                }
                self.made.fetch_add(1, SeqCst);
                self.ready.store(true, SeqCst);
            }
        }
    }
    let lazy = Arc::new(Lazy::default());
    let (a, b) = (Arc::clone(&lazy), Arc::clone(&lazy));
    both(move || a.get(code), move || b.get(code));
    assert_eq!(lazy.made.load(SeqCst), 1, "it has been made twice");
}

#[test]
fn a_double_initialisation_is_found() {
    found(double_init, &["PANIC", "it has been made twice", "interrupted before"]);
}

/// Two accounts, and two transfers that lock them in opposite orders.
fn lock_order_cycle(code: Code) {
    let ours = Arc::new(Mutex::new(10));
    let theirs = Arc::new(Mutex::new(10));
    let (one, other) = (Arc::clone(&ours), Arc::clone(&theirs));
    both(
        move || {
            let mut from = ours.lock();
            let mut to = theirs.lock();
            (*from, *to) = (*from - 1, *to + 1);
        },
        move || {
            let (first, second) = if code == Mended { (&one, &other) } else { (&other, &one) };
            let mut a = first.lock();
            let mut b = second.lock();
            (*a, *b) = (*a - 1, *b + 1);
        },
    );
}

#[test]
fn a_lock_order_cycle_is_found_and_named() {
    found(lock_order_cycle, &["DEADLOCK", "cycle: T0.0 -> T0.1 -> T0.0", "waits for T0.1"]);
}

/// A gate that opens for everybody who waits.
fn forgotten_broadcast(code: Code) {
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    let pass = |gate: &Arc<(Mutex<bool>, Condvar)>| {
        let gate = Arc::clone(gate);
        move || {
            let mut open = gate.0.lock();
            while !*open {
                gate.1.wait(&mut open);
            }
        }
    };
    let (a, b) = (sim::spawn("a", pass(&gate)), sim::spawn("b", pass(&gate)));
    *gate.0.lock() = true;
    if code == Mended {
        gate.1.notify_all();
    } else {
        gate.1.notify_one();
    }
    a.join().expect("it does not panic");
    b.join().expect("it does not panic");
}

#[test]
fn a_forgotten_broadcast_is_found() {
    found(forgotten_broadcast, &["DEADLOCK", "Condvar::wait", "JoinHandle::join"]);
}

/// A counter that is read and written in two steps.
fn lost_update(code: Code) {
    let count = Arc::new(AtomicUsize::new(0));
    let add = |count: &Arc<AtomicUsize>| {
        let count = Arc::clone(count);
        move || {
            if code == Mended {
                count.fetch_add(1, SeqCst);
            } else {
                count.store(count.load(SeqCst) + 1, SeqCst);
            }
        }
    };
    both(add(&count), add(&count));
    assert_eq!(count.load(SeqCst), 2, "an update is lost");
}

#[test]
fn a_lost_update_is_found() {
    found(lost_update, &["PANIC", "an update is lost"]);
}

/// A queue of one place, with one condition for "not full" and "not empty" alike: waking one waiter
/// may wake one of the wrong kind.
fn wrong_waiter_woken(code: Code) {
    struct Queue {
        place: Mutex<Option<u32>>,
        changed: Condvar,
        code: Code,
    }
    impl Queue {
        fn tell(&self) {
            if self.code == Mended {
                self.changed.notify_all();
            } else {
                self.changed.notify_one();
            }
        }

        fn push(&self, item: u32) {
            let mut place = self.place.lock();
            while place.is_some() {
                self.changed.wait(&mut place);
            }
            *place = Some(item);
            self.tell();
        }

        fn pop(&self) -> u32 {
            let mut place = self.place.lock();
            loop {
                if let Some(item) = place.take() {
                    self.tell();
                    return item;
                }
                self.changed.wait(&mut place);
            }
        }
    }
    let queue = Arc::new(Queue { place: Mutex::new(None), changed: Condvar::new(), code });
    let threads: Vec<_> = (0..2)
        .flat_map(|n| {
            let (to, from) = (Arc::clone(&queue), Arc::clone(&queue));
            [
                sim::spawn(format!("producer {n}"), move || to.push(n)),
                sim::spawn(format!("consumer {n}"), move || assert!(from.pop() < 2)),
            ]
        })
        .collect();
    for thread in threads {
        thread.join().expect("it does not panic");
    }
}

#[test]
fn a_wake_up_of_the_wrong_waiter_is_found() {
    found(wrong_waiter_woken, &["DEADLOCK", "producer", "consumer", "Condvar::wait"]);
}
