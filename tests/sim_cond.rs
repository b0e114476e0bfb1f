//! The races of `Cond`, in the simulator: by hand, all of them, at random, and against a model.

#![cfg(feature = "sim")]

mod support;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use phalanx::sim::{self, Builder, JoinHandle, Script, TimeMode};
use phalanx::{Canceller, Cond, Context, Mutex, RwLock, Until};
use support::schedules::{always, pause, play};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const NANO: Duration = Duration::from_nanos(1);

/// Runs `test` under random schedules: as it is, with time that races, with parks that return for
/// no reason.
fn often(test: impl Fn() + Send + Sync + Clone + 'static) {
    let racing = TimeMode::Racing { percent: 20 };
    let usual = Builder::new().iterations(300);
    usual.clone().check(test.clone());
    usual.clone().time(racing).check(test.clone());
    usual.time(racing).spurious_wakeups(20).check(test);
}

/// Where threads wait, each for one signal, and who has been woken.
struct Hall {
    woken: Mutex<BTreeSet<&'static str>>,
    changed: Cond,
    ctx: Context,
    canceller: Canceller,
}

/// What a test does in a hall in which all who are to come are there.
type Scene = fn(&Arc<Hall>);

/// Has threads of these names come one after the other, each to wait, and then plays the `scene` in
/// another thread. Who is in the hall is the same in all schedules; how far they are is not.
fn hall(names: &'static [&'static str], scene: Scene) {
    let (ctx, canceller) = Context::background().with_cancel();
    let (woken, changed) = (Mutex::default(), Cond::new());
    let first = Arc::new(Hall { woken, changed, ctx, canceller }).come(names, scene);
    // Time passes for as long as the root is there.
    first.join().expect("it does not panic");
}

impl Hall {
    fn come(self: &Arc<Self>, names: &'static [&'static str], scene: Scene) -> JoinHandle<()> {
        let hall = Arc::clone(self);
        match names.split_first() {
            None => sim::spawn("scene", move || {
                drop(hall.woken.lock()); // whoever had it waits now
                scene(&hall);
            }),
            Some((name, others)) => sim::spawn(*name, move || {
                let mut woken = hall.woken.lock();
                let next = hall.come(others, scene); // they come for the mutex, behind this one
                if hall.changed.wait_until(&mut woken, hall.bound(name)).is_ok() {
                    woken.insert(name);
                }
                drop(woken);
                next.join().expect("it does not panic");
            }),
        }
    }

    /// For how long the thread of this name waits.
    fn bound(&self, name: &str) -> Until<'_> {
        match name {
            "bounded" => SECOND.into(),
            "cancelled" => (&self.ctx).into(),
            _ => Until::FOREVER,
        }
    }

    /// Who has been woken, when nothing more happens by itself.
    fn woken<const N: usize>(&self) -> [&'static str; N] {
        sim::wait_idle();
        let woken: Vec<_> = self.woken.lock().iter().copied().collect();
        woken.clone().try_into().unwrap_or_else(|_| panic!("woken: {woken:?}, not {N}"))
    }
}

// --- No signal is lost ------------------------------------------------------------------------

/// One waits for a flag, another sets it and signals after unlocking, or before.
fn a_flag(locked: bool) {
    let (flag, changed) = (Mutex::new(false), Cond::new());
    sim::scope(|s| {
        s.spawn("waiter", || changed.wait_while(&mut flag.lock(), |flag| !*flag));
        s.spawn("setter", || {
            let mut guard = flag.lock();
            *guard = true;
            if !locked {
                drop(guard);
            }
            changed.signal();
        });
    });
}

#[test]
fn no_schedule_of_one_wait_and_one_signal_loses_it() {
    always(3, || a_flag(false));
    always(3, || a_flag(true));
}

/// Lets the waiter get so far, then the setter to its end.
fn interrupted_at(step: &'static str, nth: u32) -> Script {
    let script = Script::new().run("waiter").until("label").run("waiter").until_nth(step, nth);
    script.run("setter").to_end().run("waiter").to_end()
}

#[test]
fn a_signal_finds_the_waiter_wherever_it_is() {
    // After the ticket: the first look; the lock of the list; the mark; the end of the list; asleep.
    for (step, nth) in [("load", 1), ("lock", 1), ("update", 2), ("update", 3), ("park", 1)] {
        play(interrupted_at(step, nth), || {
            let (flag, changed) = (Mutex::new(false), Cond::new());
            sim::scope(|s| {
                s.spawn("waiter", || {
                    let mut guard = flag.lock();
                    sim::label("label");
                    changed.wait_while(&mut guard, |flag| !*flag);
                });
                s.spawn("setter", || {
                    *flag.lock() = true;
                    changed.signal();
                });
            });
        });
    }
}

#[test]
fn as_many_are_woken_as_there_are_signals() {
    always(1, || {
        hall(&["a", "b"], |hall| {
            sim::scope(|s| {
                s.spawn("one", || hall.changed.signal());
                s.spawn("other", || hall.changed.signal());
            });
            assert_eq!(hall.woken(), ["a", "b"]);
        });
    });
}

#[test]
fn two_that_take_turns_get_through_in_every_schedule() {
    for locked in [false, true] {
        always(2, move || {
            let (turn, changed) = (Mutex::new(0), Cond::new());
            sim::scope(|s| {
                for (me, name) in ["even", "odd"].into_iter().enumerate() {
                    let (turn, changed) = (&turn, &changed);
                    s.spawn(name, move || {
                        for _ in 0..2 {
                            let mut now = turn.lock();
                            changed.wait_while(&mut now, |now| *now % 2 != me);
                            *now += 1;
                            if !locked {
                                drop(now);
                            }
                            changed.signal();
                        }
                    });
                }
            });
            assert_eq!(*turn.lock(), 4);
        });
    }
}

#[test]
fn a_change_that_nobody_signals_is_reported_as_a_deadlock() {
    let failure = Builder::new().try_check(|| {
        let (flag, changed) = (Arc::new(Mutex::new(false)), Arc::new(Cond::new()));
        let waiter = sim::spawn("waiter", {
            let (flag, changed) = (Arc::clone(&flag), Arc::clone(&changed));
            move || changed.wait_while(&mut flag.lock(), |flag| !*flag)
        });
        changed.signal(); // the bug: too early
        *flag.lock() = true;
        waiter.join().unwrap();
    });
    let report = failure.unwrap_err().to_string();
    assert!(report.contains("DEADLOCK") && report.contains("Cond::wait"), "{report}");
}

// --- Nobody is woken for whom there was no signal ----------------------------------------------

#[test]
fn the_oldest_are_woken_in_every_schedule() {
    always(1, || {
        hall(&["a", "b", "c"], |hall| {
            hall.changed.signal();
            hall.changed.signal();
            assert_eq!(hall.woken(), ["a", "b"]);
            hall.changed.signal();
        });
    });
}

#[test]
fn two_waiters_are_woken_in_the_order_of_their_arrival() {
    always(2, || {
        hall(&["a", "b"], |hall| {
            hall.changed.signal();
            assert_eq!(hall.woken(), ["a"]);
            hall.changed.signal();
        });
    });
}

#[test]
fn one_who_comes_after_a_signal_does_not_take_it() {
    always(2, || {
        hall(&["early"], |hall| {
            hall.changed.signal();
            let late = hall.come(&["late"], |_| ());
            assert_eq!(hall.woken(), ["early"]);
            sim::assert_blocked(&late, "Cond::wait");
            hall.changed.signal();
        });
    });
}

#[test]
fn a_broadcast_is_for_all_who_are_there_and_for_nobody_else() {
    always(1, || {
        hall(&["a", "b"], |hall| {
            hall.changed.broadcast();
            let late = hall.come(&["late"], |_| ());
            assert_eq!(hall.woken(), ["a", "b"]);
            sim::assert_blocked(&late, "Cond::wait");
            hall.changed.broadcast();
        });
    });
}

#[test]
fn a_signal_before_the_wait_is_lost_and_after_it_is_not() {
    let one_signal_and_one_wait = || {
        let (mutex, changed) = (Arc::new(Mutex::new(())), Arc::new(Cond::new()));
        let waiter = sim::spawn("waiter", {
            let changed = Arc::clone(&changed);
            move || changed.wait_until(&mut mutex.lock(), SECOND).is_ok()
        });
        changed.signal();
        waiter.join().unwrap()
    };
    Builder::new().outcomes(one_signal_and_one_wait).exactly([true, false]).exhausted();
}

#[test]
fn a_thread_that_lists_itself_keeps_the_place_of_one_that_came_before() {
    // "b" is in the list and asleep, before "a" has looked twice.
    for (step, nth) in [("load", 1), ("lock", 2)] {
        let script = Script::new().run("a").until_nth(step, nth).run("b").to_block();
        play(script.run("scene").to_block().run("a").to_block(), || {
            hall(&["a", "b"], |hall| {
                hall.changed.signal();
                assert_eq!(hall.woken(), ["a"]);
                hall.changed.signal();
            });
        });
    }
}

// --- Giving up --------------------------------------------------------------------------------

#[test]
fn a_wait_gives_up_at_its_bound_and_not_before() {
    sim::check(|| {
        let (mutex, changed) = (Arc::new(Mutex::new(())), Arc::new(Cond::new()));
        let waiter = sim::spawn("waiter", {
            let changed = Arc::clone(&changed);
            move || changed.wait_until(&mut mutex.lock(), HOUR).is_err()
        });
        sim::sleep(HOUR.saturating_sub(NANO));
        sim::assert_blocked(&waiter, "Cond::wait");
        sim::sleep(NANO);
        assert!(waiter.join().unwrap());
        assert_eq!(sim::elapsed(), HOUR);
    });
}

#[test]
fn a_signal_in_the_instant_of_the_bound_is_taken_or_lost() {
    let at_the_bound = || {
        let (mutex, changed) = (Arc::new(Mutex::new(())), Arc::new(Cond::new()));
        let waiter = sim::spawn("waiter", {
            let changed = Arc::clone(&changed);
            move || changed.wait_until(&mut mutex.lock(), SECOND).is_ok()
        });
        pause(SECOND);
        changed.signal();
        waiter.join().unwrap()
    };
    Builder::new().outcomes(at_the_bound).exactly([true, false]).exhausted();
}

/// One waits until the instant of the one signal, the other for as long as it takes.
fn one_gives_up(in_order: &'static [&'static str; 2]) {
    hall(in_order, |hall| {
        pause(SECOND);
        hall.changed.signal();
        if hall.woken() == ["bounded"] {
            hall.changed.signal();
        }
    });
}

#[test]
fn a_signal_that_one_does_not_take_goes_to_the_next_in_every_schedule() {
    always(2, || one_gives_up(&["bounded", "patient"]));
    always(2, || one_gives_up(&["patient", "bounded"]));
}

#[test]
fn a_signal_that_one_does_not_take_goes_to_the_next_while_time_races() {
    often(|| one_gives_up(&["bounded", "patient"]));
    often(|| one_gives_up(&["patient", "bounded"]));
}

#[test]
fn a_cancelled_wait_takes_no_signal_with_it() {
    always(1, || {
        hall(&["cancelled", "patient"], |hall| {
            sim::scope(|s| {
                s.spawn("canceller", || hall.canceller.cancel());
                s.spawn("signaller", || hall.changed.signal());
            });
            if hall.woken() == ["cancelled"] {
                hall.changed.signal();
            }
        });
    });
}

#[test]
fn a_broadcast_is_for_all_behind_one_who_gives_up() {
    always(1, || {
        hall(&["cancelled", "a", "b"], |hall| {
            hall.canceller.cancel();
            hall.changed.broadcast();
        });
    });
}

#[test]
fn the_condition_is_asked_once_more_when_the_time_is_up() {
    sim::check(|| {
        let (flag, changed) = (Arc::new(Mutex::new(false)), Arc::new(Cond::new()));
        let waiter = sim::spawn("waiter", {
            let (flag, changed) = (Arc::clone(&flag), Arc::clone(&changed));
            move || changed.wait_while_until(&mut flag.lock(), SECOND, |flag| !*flag)
        });
        sim::sleep(SECOND.saturating_sub(NANO));
        *flag.lock() = true; // and nobody signals
        waiter.join().unwrap().unwrap();
        assert_eq!(sim::elapsed(), SECOND);
    });
}

#[test]
fn a_bound_lasts_for_all_waits_of_one_call() {
    sim::check(|| {
        let (mutex, changed) = (Arc::new(Mutex::new(())), Arc::new(Cond::new()));
        let waiter = sim::spawn("waiter", {
            let changed = Arc::clone(&changed);
            move || changed.wait_while_until(&mut mutex.lock(), SECOND, |()| true).is_err()
        });
        for _ in 0..3 {
            sim::sleep(SECOND / 4);
            changed.signal();
        }
        assert!(waiter.join().unwrap());
        assert_eq!(sim::elapsed(), SECOND);
    });
}

// --- Locks ------------------------------------------------------------------------------------

#[test]
fn the_mutex_is_held_when_a_wait_returns_and_free_while_it_lasts() {
    always(2, || {
        let (inside, changed) = (Mutex::new(0), Cond::new());
        sim::scope(|s| {
            for name in ["a", "b"] {
                s.spawn(name, || {
                    let mut guard = inside.lock();
                    let waited = changed.wait_until(&mut guard, SECOND);
                    assert!(waited.is_ok() || sim::elapsed() == SECOND);
                    *guard += 1;
                    sim::label("inside");
                    assert_eq!(*guard, 1, "two at once");
                    *guard -= 1;
                });
            }
            changed.signal();
        });
    });
}

#[test]
fn a_wait_with_a_context_that_has_ended_does_not_unlock_the_mutex() {
    always(2, || {
        let (value, changed) = (Mutex::new(0), Cond::new());
        let (ended, canceller) = Context::background().with_cancel();
        canceller.cancel();
        sim::scope(|s| {
            let mut guard = value.lock();
            s.spawn("other", || *value.lock() += 1);
            assert!(changed.wait_until(&mut guard, &ended).is_err());
            assert!(changed.wait_while_until(&mut guard, &ended, |_| true).is_err());
            assert_eq!(*guard, 0);
            *guard += 1;
        });
        assert_eq!(value.into_inner(), 2);
    });
}

#[test]
fn a_lock_that_is_held_across_a_blocking_call_is_seen_by_the_bubble() {
    sim::check(|| {
        let (config, held) = (Arc::new(RwLock::new(1)), Arc::new(Mutex::new(())));
        let holder = sim::spawn("holder", {
            let (config, held) = (Arc::clone(&config), Arc::clone(&held));
            move || {
                let (_held, mut config) = (held.lock(), config.write());
                sim::sleep(SECOND);
                *config = 2;
            }
        });
        sim::sleep(SECOND / 4);
        let other = sim::spawn("other", {
            let held = Arc::clone(&held);
            move || drop(held.lock())
        });
        sim::sleep(SECOND / 4);
        sim::assert_blocked(&other, "Mutex::lock");
        assert_eq!(*config.read(), 2);
        holder.join().unwrap();
        other.join().unwrap();
        assert_eq!(sim::elapsed(), SECOND);
    });
}

// --- Against a model --------------------------------------------------------------------------

/// What has happened, in the order of the mutex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// Thread `0` begins to wait, up to an instant.
    Wait(usize, Option<Duration>),
    Signal(Duration),
    Broadcast(Duration),
    Woken(usize),
    GaveUp(usize),
}

#[derive(Clone, Copy, Debug)]
enum Call {
    Wait,
    WaitUntil(Duration),
    Signal,
    Broadcast,
    Sleep(Duration),
}

/// Makes the calls of each thread, logs what happens, and wakes who is left.
fn run(programs: &[Vec<Call>]) {
    let events = Mutex::new(Vec::new());
    let changed = Cond::new();
    sim::scope(|s| {
        for (thread, program) in programs.iter().enumerate() {
            let (events, changed) = (&events, &changed);
            s.spawn(format!("thread {thread}"), move || {
                for call in program {
                    make(*call, thread, events, changed);
                }
            });
        }
        sim::sleep(HOUR);
        for _ in 0..programs.iter().map(Vec::len).sum() {
            make(Call::Broadcast, 0, &events, &changed);
            sim::sleep(HOUR);
        }
    });
    check(&events.into_inner());
}

fn make(call: Call, thread: usize, events: &Mutex<Vec<Event>>, changed: &Cond) {
    if let Call::Sleep(duration) = call {
        return sim::sleep(duration);
    }
    let mut log = events.lock();
    match call {
        Call::Wait => {
            log.push(Event::Wait(thread, None));
            changed.wait(&mut log);
            log.push(Event::Woken(thread));
        }
        Call::WaitUntil(bound) => {
            log.push(Event::Wait(thread, Some(sim::elapsed() + bound)));
            let waited = changed.wait_until(&mut log, bound);
            log.push(if waited.is_ok() { Event::Woken(thread) } else { Event::GaveUp(thread) });
        }
        Call::Signal => {
            log.push(Event::Signal(sim::elapsed()));
            changed.signal();
        }
        Call::Broadcast => {
            log.push(Event::Broadcast(sim::elapsed()));
            changed.broadcast();
        }
        Call::Sleep(_) => {}
    }
}

/// Each signal must have gone to the oldest that had not given up: who gives up in the end is taken
/// to have done so as early as its bound allows.
fn check(events: &[Event]) {
    let mut waiting: VecDeque<(usize, bool, Option<Duration>)> = VecDeque::new();
    let mut granted = BTreeSet::new();
    for (n, event) in events.iter().enumerate() {
        match *event {
            Event::Wait(thread, bound) => {
                let ends = |event: &&Event| match **event {
                    Event::Woken(who) | Event::GaveUp(who) => who == thread,
                    _ => false,
                };
                let end = events[n..].iter().find(ends).expect("each wait ends");
                waiting.push_back((thread, *end == Event::Woken(thread), bound));
            }
            Event::Signal(now) | Event::Broadcast(now) => {
                let all = matches!(event, Event::Broadcast(_));
                let mut rest = VecDeque::new();
                let mut signals = if all { usize::MAX } else { 1 };
                for waiter in waiting.drain(..) {
                    let (thread, is_woken, bound) = waiter;
                    if signals == 0 {
                        rest.push_back(waiter);
                    } else if is_woken {
                        granted.insert(thread);
                        signals -= 1;
                    } else {
                        let bound = bound.expect("only a bounded wait gives up");
                        assert!(now >= bound, "{thread} passed over at {now:?}: {events:?}");
                        rest.push_back(waiter);
                    }
                }
                waiting = rest;
            }
            Event::Woken(thread) => {
                assert!(granted.remove(&thread), "{thread} woken without a signal: {events:?}");
            }
            Event::GaveUp(thread) => waiting.retain(|(who, ..)| *who != thread),
        }
    }
    assert!(granted.is_empty() && waiting.is_empty(), "{granted:?}, {waiting:?}: {events:?}");
}

#[test]
fn two_and_three_threads_do_as_the_model_in_every_schedule() {
    use Call::{Broadcast, Signal, Wait, WaitUntil};
    let programs: [(u32, Vec<Vec<Call>>); 6] = [
        (2, vec![vec![Wait, Wait], vec![Signal, Signal]]),
        (2, vec![vec![Wait, Signal], vec![Signal, Wait]]),
        (2, vec![vec![WaitUntil(SECOND)], vec![Call::Sleep(SECOND), Signal]]),
        (1, vec![vec![Wait], vec![Wait], vec![Signal, Signal]]),
        (1, vec![vec![Wait], vec![WaitUntil(SECOND)], vec![Call::Sleep(SECOND), Signal]]),
        (1, vec![vec![Wait], vec![Signal, Wait], vec![Broadcast]]),
    ];
    for (preemptions, programs) in programs {
        always(preemptions, move || run(&programs));
    }
}

#[test]
fn four_threads_of_random_calls_do_as_the_model() {
    let test = || {
        let call = |_| match sim::choose(7) {
            0 | 1 => Call::Wait,
            2 => Call::WaitUntil(SECOND),
            3 | 4 => Call::Signal,
            5 => Call::Broadcast,
            _ => Call::Sleep(SECOND),
        };
        let programs: Vec<Vec<_>> = (0..4).map(|_| (0..4).map(call).collect()).collect();
        run(&programs);
    };
    let usual = Builder::new().iterations(1000);
    usual.clone().check(test);
    usual.spurious_wakeups(20).check(test);
}
