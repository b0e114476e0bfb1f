//! What worker pools say to bad input; and nothing is changed by it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::error::Error;
use std::time::Duration;

use phalanx::{Context, SubmitError, TrySubmitError, WorkerPool};
use support::{gate, panic_of, watchdog};

type Echo = WorkerPool<u8, u8>;

fn echo(workers: usize, queue: usize) -> Echo {
    WorkerPool::builder().workers(workers).queue(queue).start(|_| (), |(), n, _| n)
}

/// What a pool says to a job; it goes on, unless it had ended before.
fn told<E: Error>(
    pool: &Echo,
    submit: impl Fn(&Echo, u8) -> Result<phalanx::Job<u8>, E>,
    into_inner: fn(E) -> u8,
) -> String {
    let was_closed = pool.is_closed();
    let error = submit(pool, 7).unwrap_err();
    assert_eq!(pool.is_closed(), was_closed);
    if !was_closed {
        assert_eq!(pool.submit(1).unwrap().join(), Ok(1));
    }
    let text = format!("{error:?}: {error}");
    assert_eq!(into_inner(error), 7, "the job comes back");
    text
}

fn cancelled() -> Context {
    let (ctx, canceller) = Context::background().with_cancel();
    canceller.cancel_because("on purpose");
    ctx
}

type Row = (&'static str, fn() -> String, &'static str);

const CLOSED: &str = "Closed(..): the pool accepts no more jobs";

const ROWS: [Row; 12] = [
    ("no workers", || panic_of(|| echo(0, 1)), "WorkerPool::start: no workers"),
    (
        "new without workers",
        || panic_of(|| WorkerPool::new(0, |n: u8| n)),
        "WorkerPool::start: no workers",
    ),
    ("no room", || panic_of(|| echo(1, 0)), "WorkerPool::start: no room for a job"),
    (
        "room without a bound",
        || format!("{:?}", echo(1, usize::MAX).run_all([1, 2])),
        "[Ok(1), Ok(2)]",
    ),
    (
        "a name with NUL",
        || panic_of(|| WorkerPool::builder().name("a\0b")),
        "ErrGroup::name: the name of a thread has no NUL byte",
    ),
    (
        "a bound that has passed",
        || {
            let pool = echo(1, 1);
            format!("{:?}", pool.submit_until(7, Duration::ZERO).unwrap().join())
        },
        "Ok(7)",
    ),
    (
        "a full queue",
        || {
            let (opener, gate) = gate();
            let pool = WorkerPool::builder()
                .workers(1)
                .queue(1)
                .start(|_| (), move |(), _: u8, _| gate.pass());
            let first = pool.submit(0).unwrap();
            support::until(|| pool.queued() == 0);
            let second = pool.submit(0).unwrap();
            let full = pool.try_submit(7).unwrap_err();
            assert_eq!(pool.queued(), 1);
            opener.open();
            assert_eq!([first.join(), second.join()], [Ok(()), Ok(())]);
            format!("{full:?}: {full}")
        },
        "Full(..): the queue of the pool is full",
    ),
    (
        "a context that has ended",
        || told(&echo(1, 1), |pool, n| pool.submit_until(n, &cancelled()), SubmitError::into_inner),
        "Interrupted(.., Cancelled(Cause { kind: Cancelled, error: Some(\"on purpose\") })): gave up waiting for room in the queue of the pool",
    ),
    (
        "a closed pool",
        || {
            let pool = echo(1, 1);
            pool.close();
            pool.close();
            told(&pool, WorkerPool::submit, SubmitError::into_inner)
        },
        CLOSED,
    ),
    (
        "a cancelled pool",
        || {
            let pool = echo(1, 1);
            drop(pool.cancel());
            told(&pool, WorkerPool::try_submit, TrySubmitError::into_inner)
        },
        CLOSED,
    ),
    (
        "a pool that was shut down",
        || {
            let pool = echo(1, 1);
            pool.shutdown_until(Duration::MAX).unwrap();
            told(&pool, |pool, n| pool.submit_until(n, Duration::MAX), SubmitError::into_inner)
        },
        CLOSED,
    ),
    (
        "a pool on a context that has ended",
        || {
            let pool =
                WorkerPool::builder().workers(1).context(&cancelled()).start(|_| (), |(), n, _| n);
            assert_eq!(pool.run_all([1]), [Err(phalanx::Lost::NotDone)]);
            let mut lost = Vec::new();
            pool.run_unordered([1, 2], |number, result| lost.push((number, result)));
            assert_eq!(lost, [(0, Err(phalanx::Lost::NotDone)), (1, Err(phalanx::Lost::NotDone))]);
            told(&pool, WorkerPool::submit, SubmitError::into_inner)
        },
        CLOSED,
    ),
];

#[test]
fn bad_input_is_told_and_changes_nothing() {
    watchdog(|| {
        for (name, call, expected) in ROWS {
            assert_eq!(call(), expected, "{name}");
        }
    });
}
