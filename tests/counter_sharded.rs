//! The sharded counter, in real time.

#![expect(clippy::disallowed_methods, reason = "tests use std's threads")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::cell::RefCell;
use std::sync::Arc;
use std::thread;

use phalanx::{ShardedCounter, WaitGroup};
use support::{gate, panic_of, watchdog};

/// Runs `f` on a new thread, and returns when the thread is gone.
fn on_a_thread<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    thread::spawn(f).join().unwrap()
}

fn cells(counter: &ShardedCounter) -> usize {
    let text = format!("{counter:?}");
    let digits = text.split("cells: ").nth(1).unwrap().split(',').next().unwrap();
    digits.parse().unwrap()
}

#[test]
fn a_counter_that_nobody_has_used_is_zero() {
    let counter = ShardedCounter::new();
    assert_eq!(counter.sum(), 0);
    assert_eq!(format!("{counter:?}"), "ShardedCounter { sum: 0, cells: 0, .. }");
    assert_eq!(ShardedCounter::default().sum(), 0);
}

#[test]
fn the_sum_is_exact_once_the_writers_are_joined() {
    watchdog(|| {
        static COUNTER: ShardedCounter = ShardedCounter::new();
        for round in 1..=20 {
            thread::scope(|s| {
                for thread in 0..4 {
                    s.spawn(move || (0..1000).for_each(|n| COUNTER.add(n % 3 - thread)));
                }
            });
            assert_eq!(COUNTER.sum(), round * (4 * 999 - 6 * 1000));
        }
    });
}

#[test]
fn the_sum_has_what_tasks_have_added_that_were_waited_for() {
    watchdog(|| {
        let counter = Arc::new(ShardedCounter::new());
        let group = Arc::new(WaitGroup::new());
        for round in 1..=50 {
            for _ in 0..4 {
                let counter = Arc::clone(&counter);
                group.go(move || (0..100).for_each(|_| counter.inc()));
            }
            group.wait();
            assert_eq!(counter.sum(), round * 400, "no thread need have ended");
        }
    });
}

#[test]
fn a_thread_sees_its_own_additions_at_once() {
    let counter = ShardedCounter::new();
    for n in 1..=10 {
        counter.inc();
        assert_eq!(counter.sum(), n);
    }
    counter.add(-20);
    assert_eq!(counter.sum(), -10);
}

#[test]
fn a_cell_of_a_thread_that_has_ended_keeps_its_count_and_goes_to_the_next() {
    watchdog(|| {
        let counter = Arc::new(ShardedCounter::new());
        for n in 1..=10 {
            let mine = Arc::clone(&counter);
            on_a_thread(move || mine.add(7));
            assert_eq!(counter.sum(), 7 * n);
            assert_eq!(cells(&counter), 1, "one at a time");
        }
    });
}

#[test]
fn threads_that_live_at_once_have_a_cell_each() {
    watchdog(|| {
        let counter = ShardedCounter::new();
        let (opener, gate) = gate();
        let group = WaitGroup::new();
        thread::scope(|s| {
            for _ in 0..5 {
                let (token, gate, counter) = (group.token(), gate.clone(), &counter);
                s.spawn(move || {
                    counter.inc();
                    drop(token);
                    gate.pass();
                });
            }
            group.wait();
            assert_eq!((counter.sum(), cells(&counter)), (5, 5));
            opener.open();
        });
        assert_eq!(counter.sum(), 5);
    });
}

#[test]
fn counters_do_not_mix_on_a_thread_that_uses_many() {
    let counters: Vec<_> = (0..100).map(|_| ShardedCounter::new()).collect();
    for round in 1..=3 {
        for (n, counter) in (0..).zip(&counters) {
            counter.add(n);
            assert_eq!(counter.sum(), n * round);
        }
    }
}

#[test]
fn a_counter_that_takes_the_place_of_a_dropped_one_begins_at_zero() {
    watchdog(|| {
        let long_lived = ShardedCounter::new();
        for n in 1..=100 {
            let counter = ShardedCounter::new();
            counter.add(n);
            long_lived.inc();
            assert_eq!(counter.sum(), n);
            drop(counter);
        }
        assert_eq!(long_lived.sum(), 100);
    });
}

#[test]
fn a_counter_may_be_dropped_before_the_threads_that_have_used_it_end() {
    watchdog(|| {
        let counter = Arc::new(ShardedCounter::new());
        let (opener, gate) = gate();
        let group = Arc::new(WaitGroup::new());
        let thread = {
            let (counter, token) = (Arc::clone(&counter), phalanx::Token::new(Arc::clone(&group)));
            thread::spawn(move || {
                counter.inc();
                drop(counter);
                drop(token);
                gate.pass();
                let next = ShardedCounter::new();
                next.add(3);
                next.sum()
            })
        };
        group.wait();
        assert_eq!(counter.sum(), 1);
        drop(counter);
        opener.open();
        assert_eq!(thread.join().unwrap(), 3);
    });
}

#[test]
fn what_is_added_while_a_thread_ends_is_counted() {
    watchdog(|| {
        struct AddsAtTheEnd(Arc<ShardedCounter>);
        impl Drop for AddsAtTheEnd {
            fn drop(&mut self) {
                self.0.add(10);
            }
        }
        thread_local! {
            static LAST: RefCell<Option<AddsAtTheEnd>> = const { RefCell::new(None) };
        }
        let counter = Arc::new(ShardedCounter::new());
        for before in [true, false] {
            let mine = Arc::clone(&counter);
            on_a_thread(move || {
                // Thread-local values are dropped in some order: this covers both.
                if before {
                    mine.add(1);
                }
                LAST.with(|last| *last.borrow_mut() = Some(AddsAtTheEnd(Arc::clone(&mine))));
                mine.add(1);
            });
        }
        assert_eq!(counter.sum(), 23);
        on_a_thread({
            let counter = Arc::clone(&counter);
            move || counter.add(2)
        });
        assert_eq!(counter.sum(), 25);
    });
}

#[test]
fn overflow_panics_with_the_name_of_the_method_and_adds_nothing() {
    watchdog(|| {
        let counter = Arc::new(ShardedCounter::new());
        counter.add(i64::MAX);
        assert_eq!(panic_of(|| counter.inc()), "ShardedCounter::add: overflow");
        assert_eq!(panic_of(|| counter.add(i64::MAX)), "ShardedCounter::add: overflow");
        assert_eq!(counter.sum(), i64::MAX);

        // The sum of several may be more than each of them.
        let other = Arc::clone(&counter);
        on_a_thread(move || other.add(5));
        assert_eq!(panic_of(|| counter.sum()), "ShardedCounter::sum: overflow");
        assert_eq!(
            format!("{counter:?}"),
            "ShardedCounter { sum: 9223372036854775812, cells: 2, .. }"
        );
        counter.add(-6);
        assert_eq!(counter.sum(), i64::MAX - 1);

        let low = ShardedCounter::new();
        low.add(i64::MIN);
        assert_eq!(panic_of(|| low.add(-1)), "ShardedCounter::add: overflow");
        assert_eq!(low.sum(), i64::MIN);
    });
}
