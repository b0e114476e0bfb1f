//! Unmodified code in bubbles: std, `parking_lot` and crossbeam.
#![cfg(all(
    feature = "sim-std",
    target_os = "linux",
    target_env = "gnu",
    target_pointer_width = "64",
    not(target_feature = "crt-static")
))]
#![expect(clippy::disallowed_methods, reason = "what others call is what is tested")]
#![expect(clippy::disallowed_types, reason = "what others use is what is tested")]

use std::cell::RefCell;
use std::collections::HashSet;
#[cfg(target_arch = "x86_64")]
use std::ffi::{c_int, c_long};
use std::io::Read;
use std::os::unix::net::UnixStream;
#[cfg(target_arch = "x86_64")]
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Condvar, Mutex, OnceLock, RwLock, mpsc};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crossbeam_channel::{after, bounded, select, tick};
use phalanx::sim::{self, Builder, Failure, Report, Script, Strategy, TimeMode};
use phalanx::{Context, ErrGroup};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// Two hundred schedules, however long that takes.
fn builder() -> Builder {
    Builder::new().iterations(200).budget(HOUR)
}

fn check(f: impl Fn() + Send + Sync + 'static) -> Report {
    builder().check(f)
}

fn failure(f: impl Fn() + Send + Sync + 'static) -> Failure {
    builder().try_check(f).expect_err("it fails under some schedule")
}

#[track_caller]
fn assert_says(failure: &Failure, what: &[&str]) {
    let report = failure.to_string();
    for what in what {
        assert!(report.contains(what), "no {what:?} in:\n{report}");
    }
}

// Locks.

#[test]
fn a_condvar_of_std_hands_over_in_every_schedule() {
    let report = check(|| {
        let shared = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let givers: Vec<_> = (0..3)
            .map(|n| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    shared.0.lock().unwrap().push(n);
                    shared.1.notify_one();
                })
            })
            .collect();
        let items = shared.1.wait_while(shared.0.lock().unwrap(), |items| items.len() < 3);
        assert_eq!(items.unwrap().iter().sum::<i32>(), 3);
        for giver in givers {
            giver.join().unwrap();
        }
    });
    assert!(report.distinct > 10, "{report:?}");
}

#[test]
fn all_orders_of_two_threads_at_a_mutex_are_found() {
    let order = || {
        let order = Arc::new(Mutex::new(String::new()));
        let write = |name: char| {
            let order = Arc::clone(&order);
            thread::spawn(move || order.lock().unwrap().push(name))
        };
        let (a, b) = (write('a'), write('b'));
        a.join().unwrap();
        b.join().unwrap();
        order.lock().unwrap().clone()
    };
    sim::outcomes(order).exactly(["ab".to_owned(), "ba".to_owned()]);
}

#[test]
fn two_mutexes_of_std_taken_in_both_orders_are_a_deadlock() {
    let failure = failure(|| {
        let locks = Arc::new((Mutex::new(()), Mutex::new(())));
        let other = {
            let locks = Arc::clone(&locks);
            let both = move || {
                let _second = locks.1.lock().unwrap();
                thread::sleep(SECOND);
                let _first = locks.0.lock().unwrap();
            };
            thread::Builder::new().name("other".to_owned()).spawn(both).unwrap()
        };
        let first = locks.0.lock().unwrap();
        thread::sleep(SECOND);
        let second = locks.1.lock().unwrap();
        drop((first, second));
        other.join().unwrap();
    });
    let (root, other) =
        ("\"root\"   is blocked in std::sync::", "\"other\"  is blocked in std::sync::");
    assert_says(&failure, &["DEADLOCK: 2 of 2 threads", root, other, "SIM_REPLAY="]);
    assert_says(&failure, &["Mutex::lock at tests/sim_std.rs:", "sleep at tests/sim_std.rs:"]);
}

#[test]
fn two_mutexes_of_parking_lot_taken_in_both_orders_are_a_deadlock() {
    let failure = failure(|| {
        let locks = Arc::new((parking_lot::Mutex::new(()), parking_lot::Mutex::new(())));
        let other = {
            let locks = Arc::clone(&locks);
            thread::spawn(move || {
                let _second = locks.1.lock();
                thread::yield_now();
                let _first = locks.0.lock();
            })
        };
        let first = locks.0.lock();
        thread::yield_now();
        let second = locks.1.lock();
        drop((first, second));
        other.join().unwrap();
    });
    assert_says(&failure, &["DEADLOCK: 2 of 2 threads"]);
}

#[test]
fn a_signal_that_comes_before_the_wait_is_lost() {
    let failure = failure(|| {
        let shared = Arc::new((Mutex::new(()), Condvar::new()));
        let signaller = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.1.notify_one())
        };
        let guard = shared.0.lock().unwrap();
        drop(shared.1.wait(guard).unwrap()); // without a look at what it waits for
        signaller.join().unwrap();
    });
    assert_says(&failure, &["DEADLOCK: 1 of 1 threads"]);
    let token = failure.token().expect("it can be replayed").to_owned();
    assert!(token.starts_with("1."), "{token}");
}

#[test]
fn a_wait_without_a_predicate_fails_when_it_returns_for_no_reason() {
    let builder = builder().spurious_wakeups(30);
    let failure = builder.try_check(|| {
        let shared = Arc::new((Mutex::new(false), Condvar::new()));
        let ready = shared.0.lock().unwrap();
        let signaller = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                *shared.0.lock().unwrap() = true;
                shared.1.notify_one();
            })
        };
        let ready = shared.1.wait(ready).unwrap();
        assert!(*ready, "woken too early");
        drop(ready);
        signaller.join().unwrap();
    });
    assert_says(&failure.unwrap_err(), &["woken too early"]);
}

/// Two readers and two writers; `read` and `write` take a lock while they call what they are given.
fn readers_and_writers(
    read: impl Fn(&dyn Fn()) + Copy + Send + Sync + 'static,
    write: impl Fn(&dyn Fn()) + Copy + Send + Sync + 'static,
) {
    let report = check(move || {
        let (readers, writers) = (AtomicU32::new(0), AtomicU32::new(0));
        let reading = || {
            readers.fetch_add(1, SeqCst);
            thread::sleep(SECOND);
            assert_eq!(writers.load(SeqCst), 0);
            readers.fetch_sub(1, SeqCst);
        };
        let writing = || {
            assert_eq!(writers.fetch_add(1, SeqCst), 0);
            thread::sleep(SECOND);
            assert_eq!(readers.load(SeqCst), 0);
            writers.fetch_sub(1, SeqCst);
        };
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| read(&reading));
                scope.spawn(|| write(&writing));
            }
        });
        let took = sim::elapsed();
        assert!(took == SECOND * 3 || took == SECOND * 4, "{took:?}");
    });
    assert!(report.distinct > 10, "{report:?}");
    assert!(report.virtual_time > SECOND * 3, "in some schedule the readers do not meet");
}

#[test]
fn a_rwlock_of_std_admits_readers_together_and_writers_alone() {
    static LOCK: RwLock<()> = RwLock::new(());
    readers_and_writers(
        |f| {
            let _guard = LOCK.read().unwrap();
            f();
        },
        |f| {
            let _guard = LOCK.write().unwrap();
            f();
        },
    );
}

#[test]
fn a_rwlock_of_parking_lot_admits_readers_together_and_writers_alone() {
    static LOCK: parking_lot::RwLock<()> = parking_lot::RwLock::new(());
    readers_and_writers(
        |f| {
            let _guard = LOCK.read();
            f();
        },
        |f| {
            let _guard = LOCK.write();
            f();
        },
    );
}

#[test]
fn parking_lot_is_the_same_in_every_run_however_late_it_is() {
    // Each run takes the lock to another time: if it were fair now and then, runs would differ.
    let trace = Arc::new(Mutex::new(Vec::new()));
    for hours in [1, 1000, 5, 100_000, 1] {
        let trace = Arc::clone(&trace);
        let report = builder().iterations(20).check(move || {
            let lock = Arc::new(parking_lot::Mutex::new(Vec::new()));
            thread::sleep(HOUR * hours);
            let threads: Vec<_> = (0..3)
                .map(|n| {
                    let lock = Arc::clone(&lock);
                    thread::spawn(move || {
                        for _ in 0..3 {
                            let mut order = lock.lock();
                            thread::sleep(Duration::from_micros(300));
                            order.push(n);
                        }
                    })
                })
                .collect();
            for thread in threads {
                thread.join().unwrap();
            }
            trace.lock().unwrap().push(lock.lock().clone());
        });
        assert!(report.schedules > 3);
    }
    let runs = trace.lock().unwrap().clone();
    // The same seed gives the same schedules, one after the other.
    let mut rounds = runs.chunks(23);
    let first = rounds.next().unwrap();
    assert_eq!(first.len(), 23);
    assert!(rounds.all(|round| round == first));
}

#[test]
fn a_barrier_holds_all_threads_until_the_last_has_come() {
    check(|| {
        let barrier = Arc::new(Barrier::new(3));
        let arrived = Arc::new(AtomicU32::new(0));
        let threads: Vec<_> = (0..3)
            .map(|n| {
                let (barrier, arrived) = (Arc::clone(&barrier), Arc::clone(&arrived));
                thread::spawn(move || {
                    thread::sleep(SECOND * n);
                    arrived.fetch_add(1, SeqCst);
                    let leads = barrier.wait().is_leader();
                    assert_eq!(arrived.load(SeqCst), 3);
                    leads
                })
            })
            .collect();
        let leaders = threads.into_iter().filter(|_| true).map(|t| t.join().unwrap());
        assert_eq!(leaders.filter(|leads| *leads).count(), 1);
        assert_eq!(sim::elapsed(), SECOND * 2);
    });
}

#[test]
fn a_once_lock_is_filled_once_while_the_others_wait() {
    check(|| {
        let cell = Arc::new(OnceLock::new());
        let calls = Arc::new(AtomicU32::new(0));
        let threads: Vec<_> = (0..3)
            .map(|n| {
                let (cell, calls) = (Arc::clone(&cell), Arc::clone(&calls));
                thread::spawn(move || {
                    *cell.get_or_init(|| {
                        calls.fetch_add(1, SeqCst);
                        thread::sleep(HOUR);
                        n
                    })
                })
            })
            .collect();
        let values: Vec<i32> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        assert!(values.iter().all(|value| *value == values[0]));
        assert_eq!(calls.load(SeqCst), 1);
        assert_eq!(sim::elapsed(), HOUR);
    });
}

// Channels.

#[test]
fn a_channel_of_std_keeps_the_order_of_each_sender() {
    for bound in [None, Some(0), Some(1)] {
        check(move || {
            let (sender, receiver) = match bound {
                None => {
                    let (sender, receiver) = mpsc::channel();
                    (Ok(sender), receiver)
                }
                Some(bound) => {
                    let (sender, receiver) = mpsc::sync_channel(bound);
                    (Err(sender), receiver)
                }
            };
            for who in 0..2 {
                let sender = sender.clone();
                thread::spawn(move || {
                    for n in 0..3 {
                        match &sender {
                            Ok(sender) => sender.send((who, n)).unwrap(),
                            Err(sender) => sender.send((who, n)).unwrap(),
                        }
                    }
                });
            }
            drop(sender);
            let all: Vec<(i32, i32)> = receiver.iter().collect();
            for who in 0..2 {
                let of_one = all.iter().filter(|(w, _)| *w == who).map(|(_, n)| *n);
                assert!(of_one.eq(0..3));
            }
        });
    }
}

#[test]
fn a_rendezvous_takes_both_sides() {
    check(|| {
        let (sender, receiver) = bounded(0);
        let giver = thread::spawn(move || {
            for n in 0..3 {
                sender.send(n).unwrap();
            }
        });
        for expected in 0..3 {
            thread::sleep(SECOND);
            assert_eq!(receiver.recv(), Ok(expected));
        }
        giver.join().unwrap();
        assert!(receiver.recv().is_err());
    });
}

#[test]
fn select_takes_what_comes_first_and_the_default_if_nothing_does() {
    let outcomes = sim::outcomes(|| {
        let (left, right) = (bounded(0), bounded(1));
        let (to_left, to_right) = (left.0.clone(), right.0.clone());
        let a = thread::spawn(move || to_left.send_timeout(1, SECOND * 3).is_ok());
        let b = thread::spawn(move || to_right.send(2).is_ok());
        let polled = select! {
            recv(left.1) -> n => n.unwrap(),
            recv(right.1) -> n => n.unwrap(),
            default => 0,
        };
        a.join().unwrap();
        b.join().unwrap();
        polled
    });
    outcomes.exactly([0, 1, 2]);
}

#[test]
fn select_waits_for_channels_and_for_time() {
    check(|| {
        let (sender, receiver) = bounded::<u32>(0);
        let giver = thread::spawn(move || {
            thread::sleep(SECOND * 5 / 2);
            sender.send(7).unwrap();
            thread::sleep(HOUR);
        });
        let ticks = tick(SECOND);
        let timeout = after(SECOND * 10);
        let mut log = Vec::new();
        loop {
            select! {
                recv(receiver) -> n => if let Ok(n) = n { log.push(n) },
                recv(ticks) -> _ => log.push(0),
                recv(timeout) -> _ => break,
            }
            if log.len() > 20 {
                break;
            }
        }
        assert_eq!(log[..4], [0, 0, 7, 0]);
        assert_eq!(sim::elapsed(), SECOND * 10);
        giver.join().unwrap();
    });
}

#[test]
fn select_on_a_context_ends_with_it() {
    check(|| {
        let (ctx, canceller) = Context::background().with_cancel();
        let (sender, receiver) = bounded::<u32>(0);
        let worker = {
            let ctx = ctx.clone();
            thread::spawn(move || {
                let mut seen = 0;
                loop {
                    select! {
                        recv(receiver) -> n => seen += n.unwrap(),
                        recv(ctx.done()) -> _ => return seen,
                    }
                }
            })
        };
        sender.send(1).unwrap();
        sender.send(2).unwrap();
        thread::sleep(HOUR);
        canceller.cancel();
        assert_eq!(worker.join().unwrap(), 3);
        drop(sender);
    });
}

#[test]
fn groups_of_this_crate_and_locks_of_std_go_together() {
    let report = check(|| {
        let log = Mutex::new(Vec::new());
        let (sender, receiver) = bounded::<u32>(0);
        let result: Result<(), String> = ErrGroup::scope(|g| {
            let log = &log;
            g.go(move |ctx| {
                select! {
                    recv(receiver) -> n => log.lock().unwrap().push(n.unwrap()),
                    recv(ctx.done()) -> _ => {}
                }
                Err::<(), _>("enough".to_owned())
            });
            g.go(move |ctx| {
                sender.send(1).unwrap();
                ctx.sleep(HOUR).map_err(|error| error.to_string())
            });
            Ok(())
        });
        assert_eq!(result, Err("enough".to_owned()));
        assert_eq!(*log.lock().unwrap(), [1]);
        assert!(sim::elapsed() < HOUR);
    });
    assert!(report.distinct > 10, "{report:?}");
}

// Time.

#[test]
fn twenty_five_hours_pass_as_if_nothing_were() {
    let report = check(|| {
        let start = (Instant::now(), SystemTime::now());
        thread::sleep(HOUR * 24);
        thread::park_timeout(HOUR);
        assert_eq!(start.0.elapsed(), HOUR * 25);
        assert_eq!(start.1.elapsed().unwrap(), HOUR * 25);
        assert_eq!(sim::now(), Instant::now());
    });
    assert_eq!(report.virtual_time, HOUR * 25);
}

#[test]
fn the_wall_clock_begins_with_the_year_2000() {
    sim::run(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        assert_eq!(since, Duration::from_secs(946_684_800));
    });
}

#[test]
fn waits_with_a_timeout_end_at_their_deadline() {
    check(|| {
        let (lock, condvar) = (Mutex::new(()), Condvar::new());
        let (_guard, timeout) = condvar.wait_timeout(lock.lock().unwrap(), SECOND).unwrap();
        assert!(timeout.timed_out());
        assert_eq!(sim::elapsed(), SECOND);

        let (lock, condvar) = (parking_lot::Mutex::new(()), parking_lot::Condvar::new());
        let until = Instant::now() + SECOND;
        assert!(condvar.wait_until(&mut lock.lock(), until).timed_out());
        assert_eq!(Instant::now(), until);

        let (_sender, receiver) = mpsc::channel::<()>();
        assert!(receiver.recv_timeout(SECOND).is_err());
        let (_sender, receiver) = bounded::<()>(0);
        assert!(receiver.recv_deadline(Instant::now() + SECOND).is_err());
        assert_eq!(sim::elapsed(), SECOND * 4);
    });
}

/// Whether a wait of a second times out, if what it waits for comes after `delay`.
fn times_out(delay: Duration) -> bool {
    let shared = Arc::new((Mutex::new(false), Condvar::new()));
    let setter = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            thread::sleep(delay);
            *shared.0.lock().expect("nobody panics") = true;
            shared.1.notify_one();
        })
    };
    let ready = shared.0.lock().expect("nobody panics");
    let waited =
        shared.1.wait_timeout_while(ready, SECOND, |ready| !*ready).expect("nobody panics");
    let timed_out = waited.1.timed_out();
    drop(waited);
    setter.join().expect("nobody panics");
    timed_out
}

#[test]
fn a_deadline_is_met_in_vain_unless_both_come_at_the_same_instant() {
    sim::outcomes(|| times_out(SECOND / 2)).exactly([false]);
    sim::outcomes(|| times_out(SECOND)).exactly([false, true]);
    sim::outcomes(|| times_out(SECOND * 2)).exactly([true]);
}

#[test]
fn a_deadline_can_pass_while_a_thread_could_run() {
    let racing = builder().strategy(Strategy::Random).time(TimeMode::Racing { percent: 30 });
    racing.outcomes(|| times_out(Duration::ZERO)).exactly([false, true]);
}

#[test]
fn threads_outside_of_the_bubble_keep_their_time() {
    let (start, slept) = (Instant::now(), Arc::new(AtomicU32::new(0)));
    let outside = {
        let slept = Arc::clone(&slept);
        thread::spawn(move || {
            while slept.load(SeqCst) < 20 {
                thread::park_timeout(Duration::from_micros(10));
            }
            Instant::now()
        })
    };
    let report = builder().iterations(20).check(move || {
        thread::sleep(HOUR * 1000);
        slept.fetch_add(1, SeqCst);
    });
    assert_eq!(report.virtual_time, HOUR * 1000);
    assert!(outside.join().unwrap() - start < HOUR);
}

// Threads.

#[test]
fn scoped_threads_of_std_borrow_and_are_joined() {
    check(|| {
        let sum = Mutex::new(0);
        thread::scope(|scope| {
            for n in 1..4 {
                let sum = &sum;
                scope.spawn(move || {
                    thread::sleep(SECOND * n);
                    *sum.lock().unwrap() += n;
                });
            }
        });
        assert_eq!(sum.into_inner().unwrap(), 6);
        assert_eq!(sim::elapsed(), SECOND * 3);
    });
}

#[test]
fn a_panic_reaches_whoever_joins() {
    check(|| {
        let thread = thread::spawn(|| panic!("on purpose"));
        let payload = thread.join().unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"on purpose"));
    });
}

#[test]
fn a_panic_that_nobody_joins_fails_the_test() {
    let failure = failure(|| {
        let (done, wait) = mpsc::channel::<()>();
        thread::spawn(move || {
            let _done = done;
            panic!("on purpose");
        });
        assert!(wait.recv().is_err());
    });
    assert_says(&failure, &["PANIC of T0.0 \"thread\" at tests/sim_std.rs", "on purpose"]);
}

#[test]
fn a_panic_that_is_caught_is_none() {
    check(|| {
        let (done, wait) = mpsc::channel();
        thread::spawn(move || {
            let caught = std::panic::catch_unwind(|| panic!("on purpose")).is_err();
            thread::yield_now();
            done.send(caught).unwrap();
        });
        assert_eq!(wait.recv(), Ok(true));
    });
}

#[test]
fn thread_locals_are_dropped_inside_of_the_bubble() {
    struct Late(Arc<Mutex<Vec<Instant>>>);
    impl Drop for Late {
        fn drop(&mut self) {
            thread::sleep(HOUR);
            self.0.lock().unwrap().push(Instant::now());
        }
    }
    thread_local! {
        static LATE: RefCell<Option<Late>> = const { RefCell::new(None) };
    }
    check(|| {
        let (drops, start) = (Arc::new(Mutex::new(Vec::new())), Instant::now());
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let late = Late(Arc::clone(&drops));
                thread::spawn(|| LATE.with(|place| *place.borrow_mut() = Some(late)))
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(*drops.lock().unwrap(), [start + HOUR; 2]);
    });
}

#[test]
fn a_thread_is_known_by_the_name_it_was_given() {
    sim::run(|| {
        let (done, wait) = mpsc::channel::<()>();
        let body = move || wait.recv().is_err();
        let worker = thread::Builder::new().name("worker".to_owned()).spawn(body).unwrap();
        sim::wait_idle();
        let threads = sim::threads();
        assert_eq!(threads[1].name, "worker");
        assert!(matches!(threads[1].state, sim::ThreadState::Blocked { .. }), "{threads:?}");
        drop(done);
        assert!(worker.join().unwrap());
    });
}

#[test]
fn a_script_directs_threads_of_std() {
    let orders = Arc::new(Mutex::new(Vec::new()));
    let body = {
        let orders = Arc::clone(&orders);
        move || {
            let order = Arc::new(Mutex::new(Vec::new()));
            let threads = [0, 1].map(|n| {
                let order = Arc::clone(&order);
                thread::spawn(move || {
                    sim::label("push");
                    order.lock().unwrap().push(n);
                })
            });
            for thread in threads {
                thread.join().unwrap();
            }
            orders.lock().unwrap().push(order.lock().unwrap().clone());
        }
    };
    let script = Script::new().run("T0").to_block().run("T0.0").until("push");
    let script = script.run("T0.1").to_end();
    builder().strategy(Strategy::Script(script)).check(body);
    assert_eq!(orders.lock().unwrap().last().unwrap()[..], [1, 0]);
}

#[test]
fn a_detached_thread_that_never_ends_is_a_leak() {
    let failure = failure(|| {
        let (done, wait) = mpsc::channel::<()>();
        std::mem::forget(done);
        thread::spawn(move || wait.recv().unwrap());
    });
    assert_says(&failure, &["LEAKED THREADS"]);
}

// What is random, or comes from outside.

#[test]
fn a_hash_set_has_the_same_order_whenever_a_schedule_is_replayed() {
    let keys = || (0..20).collect::<HashSet<i32>>().into_iter().collect::<Vec<_>>();
    let orders = Arc::new(Mutex::new(Vec::new()));
    let body = {
        let orders = Arc::clone(&orders);
        move || {
            let thread = thread::spawn(keys);
            let of_root = keys();
            orders.lock().unwrap().push((of_root, thread.join().unwrap()));
            panic!("for the sake of a token");
        }
    };
    let failure = builder().try_check(body.clone()).unwrap_err();
    let token = failure.token().unwrap().to_owned();
    for _ in 0..2 {
        let body = body.clone();
        let replay = || sim::replay(&token, body);
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(replay)).unwrap_err();
    }
    let orders = orders.lock().unwrap();
    assert!(orders.len() > 2);
    assert!(orders.iter().all(|order| *order == orders[0]), "{orders:?}");
    assert_ne!(orders[0].0, orders[0].1, "the keys of threads differ");
}

/// Four threads, two channels, three locks, ticks, and a log of what happened when.
fn medley() -> Vec<(u64, Duration)> {
    let (start, log) = (Instant::now(), Arc::new(parking_lot::Mutex::new(Vec::new())));
    let note = {
        let log = Arc::clone(&log);
        move |what: u64| log.lock().push((what, start.elapsed()))
    };
    let (direct, buffered) = (bounded(0), bounded(1));
    let std = Arc::new((Mutex::new(0), Condvar::new()));
    let lot = Arc::new((parking_lot::Mutex::new(0), parking_lot::Condvar::new()));
    let threads: Vec<_> = (0..4)
        .map(|n: u64| {
            let senders = [direct.0.clone(), buffered.0.clone()];
            let (std, lot, note) = (Arc::clone(&std), Arc::clone(&lot), note.clone());
            thread::spawn(move || {
                for turn in 0..3_u64 {
                    let sender = &senders[usize::from((n + turn) % 2 == 0)];
                    sender.send(10 * n + turn).expect("somebody receives");
                    *std.0.lock().expect("nobody panics") += 1;
                    std.1.notify_one();
                    let mut count = lot.0.lock();
                    thread::sleep(Duration::from_micros(100 * n + 70));
                    *count += 1;
                    lot.1.notify_all();
                    note(100 + n);
                }
                thread::park_timeout(HOUR);
            })
        })
        .collect();
    let ticks = tick(Duration::from_millis(1));
    let mut received = 0;
    while received < 12 {
        select! {
            recv(direct.1) -> what => note(what.expect("somebody sends")),
            recv(buffered.1) -> what => note(1000 + what.expect("somebody sends")),
            recv(ticks) -> _ => continue,
        }
        received += 1;
    }
    let count = std.0.lock().expect("nobody panics");
    drop(std.1.wait_while(count, |count| *count < 12).expect("nobody panics"));
    lot.1.wait_while(&mut lot.0.lock(), |count| *count < 12);
    for thread in threads {
        thread.join().expect("nobody panics");
    }
    drop(note);
    Arc::into_inner(log).expect("all threads have ended").into_inner()
}

#[test]
fn the_same_seeds_give_the_same_runs() {
    let logs = [(), ()].map(|()| {
        let logs = Arc::new(Mutex::new(Vec::new()));
        let result = Arc::clone(&logs);
        builder().iterations(150).check(move || logs.lock().unwrap().push(medley()));
        result.lock().unwrap().clone()
    });
    assert_eq!(logs[0], logs[1]);
    let distinct: HashSet<_> = logs[0].iter().collect();
    assert!(distinct.len() > 100, "{}", distinct.len());
}

#[test]
fn a_wake_up_from_outside_arrives() {
    let (to_outside, from_inside) = mpsc::channel::<mpsc::Sender<u32>>();
    let outside = thread::spawn(move || {
        for sender in from_inside {
            sender.send(7).unwrap();
        }
    });
    let to_outside = Mutex::new(to_outside);
    let report = builder().iterations(3).check(move || {
        let (sender, receiver) = mpsc::channel();
        to_outside.lock().unwrap().send(sender).unwrap();
        assert_eq!(receiver.recv(), Ok(7));
    });
    assert_eq!(report.schedules, 6);
    outside.join().unwrap();
}

#[test]
fn a_lock_that_is_shared_with_threads_outside_is_waited_for() {
    let (shared, turns) = (Arc::new(Mutex::new(0)), 300);
    let outside = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || (0..turns).for_each(|_| *shared.lock().unwrap() += 1))
    };
    let inside = Arc::clone(&shared);
    let report = builder().iterations(turns).check(move || *inside.lock().unwrap() += 1);
    outside.join().unwrap();
    assert_eq!(*shared.lock().unwrap(), report.schedules + turns);
}

#[test]
fn two_tests_at_once_do_not_meet() {
    let tests: Vec<_> = (0..2)
        .map(|_| {
            thread::spawn(|| {
                check(|| {
                    let (sender, receiver) = bounded(0);
                    let giver = thread::spawn(move || {
                        thread::sleep(HOUR);
                        sender.send(Instant::now()).unwrap();
                    });
                    assert_eq!(receiver.recv(), Ok(Instant::now()));
                    assert_eq!(sim::elapsed(), HOUR);
                    giver.join().unwrap();
                })
            })
        })
        .collect();
    for test in tests {
        assert_eq!(test.join().unwrap().virtual_time, HOUR);
    }
}

#[test]
fn what_blocks_in_an_atomic_section_is_refused() {
    let failure = failure(|| {
        let (sender, receiver) = mpsc::channel::<()>();
        sim::atomically(|| receiver.recv().unwrap());
        drop(sender);
    });
    assert_says(&failure, &["UNSUPPORTED", "sim::atomically"]);
}

#[test]
fn a_thread_that_waits_for_the_network_is_found_out() {
    let builder = builder().watchdog(Duration::from_millis(50));
    let failure = builder.try_check(|| {
        let (mut here, there) = UnixStream::pair().unwrap();
        drop(here.read(&mut [0]));
        drop(there);
    });
    assert_says(&failure.unwrap_err(), &["STUCK", "T0 \"root\" holds the turn and sleeps"]);
}

#[test]
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "std does not call it so")]
fn a_use_of_futex_for_which_there_is_no_model_is_refused() {
    unsafe extern "C" {
        fn syscall(number: c_long, ...) -> c_long;
    }
    const FUTEX: c_long = 202;
    const LOCK_PI: c_int = 6;
    let failure = failure(|| {
        let word = AtomicU32::new(0);
        // SAFETY: the word is there, and it has no timeout.
        let result = unsafe { syscall(FUTEX, word.as_ptr(), LOCK_PI, 0, ptr::null::<u8>()) };
        assert_eq!(result, 0);
    });
    assert_says(&failure, &["UNSUPPORTED", "futex operation 6"]);
}
