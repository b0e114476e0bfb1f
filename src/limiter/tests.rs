//! A waiting thread that is held up: it is in the line, and does not run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Limiter, Rate};
use crate::sim::{self, Builder, JoinHandle};
use crate::wait::{Until, Waiter};

const SECOND: Duration = Duration::from_secs(1);

/// A limiter that has been used up: a token a second.
fn used_up() -> Arc<Limiter> {
    let limiter = Arc::new(Limiter::new(Rate::per_second(1), 9));
    assert!(limiter.allow_n(9));
    limiter
}

/// Puts a thread in the line that then does nothing.
fn held_up(limiter: &Limiter, n: u64) -> Arc<Waiter> {
    let waiter = Waiter::new();
    let place = limiter.settle().join(n, &waiter, &Until::FOREVER);
    assert!(place.is_ok_and(|place| place.is_some()));
    waiter
}

/// Starts a thread that waits for a token, and returns when it got it.
fn asker(limiter: &Arc<Limiter>) -> JoinHandle<Duration> {
    let limiter = Arc::clone(limiter);
    let asker = sim::spawn("asker", move || {
        assert!(limiter.wait().is_ok());
        sim::elapsed()
    });
    sim::wait_idle();
    asker
}

#[track_caller]
fn granted_at<const N: usize>(askers: [JoinHandle<Duration>; N], seconds: [u32; N]) {
    let granted = askers.map(|asker| asker.join().expect("it does not panic"));
    assert_eq!(granted, seconds.map(|seconds| seconds * SECOND));
}

#[track_caller]
fn always(test: impl Fn() + Send + Sync + 'static) {
    let report = Builder::new().exhaustive(1).check(test);
    assert!(report.exhausted, "{report}");
}

#[test]
fn threads_behind_one_that_is_held_up_get_their_tokens_in_time() {
    always(|| {
        let limiter = used_up();
        let _held_up = held_up(&limiter, 1);
        let askers = [(); 3].map(|()| asker(&limiter));
        granted_at(askers, [2, 3, 4]);
    });
}

#[test]
fn a_new_rate_reaches_threads_behind_many_that_are_held_up() {
    always(|| {
        let limiter = used_up();
        let _held_up = [(); 5].map(|()| held_up(&limiter, 2));
        let askers = [(); 2].map(|()| asker(&limiter)); // at 11 and 12
        sim::sleep(SECOND);
        limiter.set_rate(Rate::per_second(10)); // what is missing comes in a tenth of the time
        let granted = askers.map(|asker| asker.join().expect("it does not panic"));
        assert_eq!(granted, [10, 11].map(|tenths| SECOND + tenths * SECOND / 10));
    });
}

#[test]
fn threads_behind_a_place_that_is_left_move_up_though_the_first_is_held_up() {
    always(|| {
        let limiter = used_up();
        let _held_up = [(); 3].map(|()| held_up(&limiter, 1));
        let reserved = limiter.reserve_owned(5).expect("it fits");
        let askers = [(); 2].map(|()| asker(&limiter)); // at 9 and 10
        reserved.cancel();
        granted_at(askers, [4, 5]);
    });
}

#[test]
fn a_thread_is_told_only_of_turns_that_come_earlier_than_it_looks() {
    sim::run(|| {
        let limiter = used_up();
        let mut line = limiter.settle();
        let waiters = [(); 3].map(|()| Waiter::new());
        for waiter in &waiters {
            assert!(line.join(2, waiter, &Until::FOREVER).is_ok());
        }
        line.tell(usize::MAX);
        assert!(line.woken.0.is_empty(), "each knows its turn");
        assert!(line.leave(1));
        assert_eq!(line.woken.0.len(), 1, "the one behind it looks too late");
        assert!(Arc::ptr_eq(&line.woken.0[0], &waiters[2]));
        line.tell(usize::MAX);
        assert_eq!(line.woken.0.len(), 1, "it is told once");
        let turn: Option<Instant> = line.next_look(2, &waiters[2]);
        assert_eq!(turn.map(|turn| turn - line.now), Some(4 * SECOND));
        assert!(line.woken.0.is_empty(), "it is awake");
        line.state.bucket.set_rate(Rate::new(1, 2 * SECOND));
        line.tell(usize::MAX);
        assert!(line.woken.0.is_empty(), "a turn that comes later is found by looking");
    });
}
