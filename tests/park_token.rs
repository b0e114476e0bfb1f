//! A blocking call takes no park token: a user's `unpark` that comes while it waits is still there when
//! it returns.

#![expect(clippy::disallowed_methods, reason = "the test is about std's parking")]

mod support;

use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use phalanx::{
    AtomicValue, Cond, Context, Counter, Limiter, Mutex, OnceValue, Rate, Semaphore, SingleFlight,
    Timer, WaitGroup, WorkerPool,
};
use support::asleep::Sleeper;
use support::watchdog;

const HOUR: Duration = Duration::from_secs(3600);

/// Unparks a thread while it waits in `call`, and has `release` end that wait; then the thread parks.
fn keeps_its_token(name: &str, call: impl FnOnce() + Send, release: impl FnOnce()) {
    let (sleeper, (sender, parked)) = (Sleeper::default(), mpsc::channel());
    thread::scope(|s| {
        let waiter = s.spawn({
            let sleeper = sleeper.clone();
            move || {
                sleeper.here();
                call();
                thread::park();
                sender.send(()).expect("the test waits for it");
            }
        });
        sleeper.until_asleep();
        waiter.thread().unpark();
        sleeper.until_asleep();
        release();
        let kept = parked.recv_timeout(Duration::from_secs(20));
        waiter.thread().unpark(); // lets a test that fails end
        assert!(kept.is_ok(), "{name} has taken the token");
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn no_blocking_call_takes_a_token_that_is_the_users() {
    watchdog(|| {
        let semaphore = Semaphore::new(1);
        let permit = semaphore.acquire(1).unwrap();
        keeps_its_token("Semaphore::acquire", || drop(semaphore.acquire(1)), || drop(permit));

        let group = WaitGroup::new();
        group.add(1);
        keeps_its_token("WaitGroup::wait", || group.wait(), || group.done());

        let (open, opened) = (Mutex::new(false), Cond::new());
        let wait = || opened.wait_while(&mut open.lock(), |open| !*open);
        keeps_its_token("Cond::wait", wait, || {
            *open.lock() = true;
            opened.signal();
        });

        let (ctx, canceller) = Context::background().with_cancel();
        keeps_its_token("Context::wait", || drop(ctx.wait()), || drop(canceller));

        let (ctx, canceller) = Context::background().with_cancel();
        keeps_its_token("Context::sleep", || drop(ctx.sleep(HOUR)), || drop(canceller));

        let locked = Mutex::new(());
        let guard = locked.lock();
        keeps_its_token("Mutex::lock", || drop(locked.lock()), || drop(guard));

        let value = AtomicValue::new(1);
        let mut reader = value.reader();
        keeps_its_token("Reader::changed", || _ = reader.changed(), || value.store(2));

        let counter = Counter::new(0);
        keeps_its_token(
            "Counter::wait_for",
            || _ = counter.wait_for(|n| n == 1),
            || _ = counter.add(1),
        );

        let (once, (sender, gate)) = (OnceValue::new(), crossbeam_channel::bounded::<()>(0));
        let (begun, has_begun) = crossbeam_channel::bounded(0);
        thread::scope(|s| {
            s.spawn(|| {
                once.get_or_init(|| {
                    begun.send(()).unwrap();
                    _ = gate.recv();
                })
            });
            has_begun.recv().unwrap();
            keeps_its_token(
                "OnceValue::get_or_init",
                || () = *once.get_or_init(|| ()),
                || drop(sender),
            );
        });
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn no_call_that_waits_for_a_task_or_a_bound_takes_a_token() {
    watchdog(|| {
        let (sender, gate) = mpsc::channel::<()>();
        let flights = Arc::new(SingleFlight::<u8, (), String>::new());
        let shared = Arc::clone(&flights);
        let run = move || drop(shared.run_until(1, HOUR, move |_| Ok(_ = gate.recv())));
        keeps_its_token("SingleFlight::run_until", run, || drop(sender));

        let (sender, gate) = crossbeam_channel::bounded::<()>(0);
        let pool = WorkerPool::new(1, move |()| _ = gate.recv());
        let job = pool.submit(()).unwrap();
        keeps_its_token("Job::join", || drop(job.join()), || drop(sender));

        let timer = Timer::new(HOUR);
        keeps_its_token("Timer::wait", || _ = timer.wait(), || _ = timer.reset(Duration::ZERO));

        let limiter = Limiter::new(Rate::every(HOUR), 1);
        assert!(limiter.allow());
        let fast = || limiter.set_rate(Rate::per_second(1_000_000));
        keeps_its_token("Limiter::wait", || drop(limiter.wait()), fast);
    });
}
