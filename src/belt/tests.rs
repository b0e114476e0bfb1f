//! The belt in the simulator: every schedule of two or three threads with a few preemptions.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::context::Context;
use crate::sim::{self, Builder, JoinHandle};
use crate::sys::Mutex;
use crate::wait::Until;

const FOREVER: Until<'static> = Until::FOREVER;

fn always(preemptions: u32, test: impl Fn() + Send + Sync + 'static) {
    let report = Builder::new().exhaustive(preemptions).check(test);
    assert!(report.exhausted, "{report}");
}

/// An item whose drop is counted.
#[derive(Clone)]
struct Item(u64, Arc<Mutex<Vec<u64>>>);

impl Drop for Item {
    fn drop(&mut self) {
        self.1.lock().push(self.0);
    }
}

fn put(putter: &Putter<u64>, item: u64) {
    assert!(putter.put(item, &FOREVER).is_ok());
}

/// Starts a thread that puts an item, and gives the putter back; `None` if it was refused.
fn putting(name: &str, putter: Arc<Putter<u64>>, item: u64) -> JoinHandle<bool> {
    sim::spawn(name, move || putter.put(item, &FOREVER).is_ok())
}

fn take(taker: &mut Taker<u64>) -> Option<u64> {
    let next = taker.take(&FOREVER).unwrap_or_else(|why| panic!("{why}"));
    next.map(|(_, item)| item)
}

fn all_of(taker: &mut Taker<u64>) -> Vec<u64> {
    std::iter::from_fn(|| take(taker)).collect()
}

fn sorted(mut items: Vec<u64>) -> Vec<u64> {
    items.sort_unstable();
    items
}

#[test]
fn what_one_puts_the_other_takes_in_order_till_the_end() {
    for capacity in [1, 2, 4] {
        always(2, move || {
            let (putter, mut taker) = belt(capacity, false);
            let putting = sim::spawn("putter", move || {
                (0..3).for_each(|item| put(&putter, item));
                putter.end();
            });
            assert_eq!(all_of(&mut taker), [0, 1, 2]);
            putting.join().unwrap();
        });
    }
}

#[test]
fn the_belt_ends_when_the_last_putter_has_ended() {
    always(2, || {
        let (putter, mut taker) = belt(1, false);
        let threads = [(putter.clone(), 1), (putter, 2)].map(|(putter, item)| {
            sim::spawn(format!("putter {item}"), move || {
                put(&putter, item);
                putter.end();
            })
        });
        assert_eq!(sorted(all_of(&mut taker)), [1, 2]);
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

#[test]
fn each_item_goes_to_one_of_two_takers() {
    always(2, || {
        let (putter, taker) = belt(2, false);
        let takers = [("one", taker.clone()), ("other", taker)];
        let threads = takers.map(|(name, mut taker)| sim::spawn(name, move || all_of(&mut taker)));
        (0..2).for_each(|item| put(&putter, item));
        putter.end();
        let all = threads.map(|thread| thread.join().unwrap()).concat();
        assert_eq!(sorted(all), [0, 1]);
    });
}

#[test]
fn items_at_places_of_their_own_come_out_in_order() {
    for capacity in [1, 2] {
        always(2, move || {
            let (putter, mut taker) = belt(capacity, false);
            let threads = [(putter.clone(), [0, 3]), (putter, [1, 2])].map(|(putter, items)| {
                sim::spawn(format!("{items:?}"), move || {
                    for item in items {
                        assert!(putter.put_at(item, item, &FOREVER).is_ok());
                    }
                    putter.end();
                })
            });
            assert_eq!(all_of(&mut taker), [0, 1, 2, 3]);
            for thread in threads {
                thread.join().unwrap();
            }
        });
    }
}

#[test]
fn a_belt_that_is_closed_gives_back_what_is_refused_and_keeps_what_is_not() {
    always(2, || {
        let (putter, mut taker) = belt(1, true);
        let putter = Arc::new(putter);
        put(&putter, 0);
        let threads = [1, 2].map(|n| putting("putter", Arc::clone(&putter), n));
        putter.close();
        let accepted = threads.map(|thread| thread.join().unwrap());
        assert_eq!(accepted, [false; 2], "there was no room");
        assert_eq!(all_of(&mut taker), [0]);
    });
}

#[test]
fn an_item_is_taken_or_taken_back() {
    always(3, || {
        let (putter, mut taker) = belt(2, true);
        (0..2).for_each(|item| put(&putter, item));
        let taking = sim::spawn("taker", move || all_of(&mut taker));
        putter.close();
        let back: Vec<_> = putter.take_back().collect();
        let mut all = taking.join().unwrap();
        all.extend(back);
        assert_eq!(all, [0, 1]);
    });
}

#[test]
fn who_waits_for_room_hears_that_nobody_takes_any_more_and_each_item_is_dropped_once() {
    always(2, || {
        let dropped = Arc::new(Mutex::new(Vec::new()));
        let (putter, mut taker) = belt(1, false);
        let of_putter = Arc::clone(&dropped);
        let putting = sim::spawn("putter", move || {
            let mut items = (0..4).map(|number| Item(number, Arc::clone(&of_putter)));
            items.any(|item| putter.put(item, &FOREVER).is_err())
        });
        drop(taker.take(&FOREVER));
        drop(taker);
        putting.join().unwrap();
        let dropped = sorted(dropped.lock().clone());
        assert!(dropped.iter().copied().eq(0..dropped.len() as u64), "{dropped:?}");
        assert!(dropped.len() >= 2);
    });
}

#[test]
fn who_gives_up_leaves_its_room_to_the_next() {
    always(2, || {
        let (putter, mut taker) = belt(1, true);
        let putter = Arc::new(putter);
        put(&putter, 0);
        let (ctx, canceller) = Context::background().with_cancel();
        let of_first = Arc::clone(&putter);
        let first = sim::spawn("first", move || of_first.put(1, &(&ctx).into()).is_ok());
        sim::wait_idle();
        let second = putting("second", Arc::clone(&putter), 2);
        sim::wait_idle();
        let cancelling = sim::spawn("canceller", move || canceller.cancel());
        assert_eq!(take(&mut taker), Some(0));
        cancelling.join().unwrap();
        let mut expected = vec![2];
        let next = take(&mut taker);
        assert!(next == Some(1) || next == Some(2));
        if next == Some(1) {
            assert_eq!(take(&mut taker), Some(2));
            expected.insert(0, 1);
        }
        assert_eq!(first.join().unwrap(), expected.contains(&1), "it was put, or came back");
        assert!(second.join().unwrap());
        putter.close();
        assert_eq!(take(&mut taker), None);
    });
}

#[test]
fn a_taker_that_gives_up_leaves_its_item_to_the_next() {
    always(2, || {
        let (putter, mut taker) = belt(1, true);
        let (ctx, canceller) = Context::background().with_cancel();
        let mut first = taker.clone();
        let first = sim::spawn("first", move || matches!(first.take(&(&ctx).into()), Ok(Some(_))));
        sim::wait_idle();
        let second = sim::spawn("second", move || take(&mut taker));
        sim::wait_idle();
        let cancelling = sim::spawn("canceller", move || canceller.cancel());
        put(&putter, 7);
        cancelling.join().unwrap();
        let got = first.join().unwrap();
        putter.close();
        assert_eq!(second.join().unwrap(), if got { None } else { Some(7) });
    });
}

#[test]
fn room_is_kept_for_those_who_were_called() {
    always(2, || {
        let (putter, mut taker) = belt(1, true);
        let putter = Arc::new(putter);
        put(&putter, 0);
        let waits = putting("waits", Arc::clone(&putter), 1);
        sim::wait_idle();
        let newcomer = Arc::clone(&putter);
        let newcomer = sim::spawn("newcomer", move || newcomer.try_put(9).is_ok());
        assert_eq!(take(&mut taker), Some(0));
        assert!(!newcomer.join().unwrap(), "the room was another's, all the time");
        assert!(waits.join().unwrap());
        assert_eq!(take(&mut taker), Some(1));
    });
}

/// How many takers, and putters, have been called and have not looked yet.
fn called<T>(putter: &Putter<T>) -> (usize, usize) {
    putter.called()
}

#[test]
fn nobody_is_called_for_nothing() {
    always(1, || {
        let (putter, taker) = belt(4, true);
        let putter = Arc::new(putter);
        let takers = [(); 3].map(|()| {
            let mut taker = taker.clone();
            sim::spawn("taker", move || take(&mut taker))
        });
        sim::wait_idle();
        sim::atomically(|| {
            put(&putter, 0);
            assert_eq!(called(&putter), (1, 0));
            put(&putter, 1);
            assert_eq!(called(&putter), (2, 0), "one for each item");
        });
        sim::wait_idle();
        assert_eq!(called(&putter), (0, 0), "each has looked");
        putter.close();
        let items = takers.map(|taker| taker.join().unwrap());
        assert_eq!(items.iter().flatten().count(), 2);
        drop(taker);
    });
}

#[test]
fn a_single_putter_is_called_when_half_is_free_and_one_of_several_at_once() {
    for (single, calls) in [(true, [0, 1]), (false, [1, 0])] {
        sim::run(move || {
            let (putter, mut taker) = belt(4, false);
            let other = (!single).then(|| putter.clone());
            let second_taker = taker.clone(); // so that each takes one item at a time
            let putter = Arc::new(putter);
            (0..4).for_each(|item| put(&putter, item));
            let waits = putting("waits", Arc::clone(&putter), 4);
            sim::wait_idle();
            for (n, calls) in (0..).zip(calls) {
                sim::atomically(|| {
                    assert_eq!(take(&mut taker), Some(n));
                    assert_eq!(called(&putter).1, calls);
                });
                sim::wait_idle();
            }
            assert!(waits.join().unwrap());
            drop((second_taker, other));
        });
    }
}

#[test]
fn a_bound_that_passes_leaves_the_item_with_its_owner() {
    sim::run(|| {
        let (putter, taker) = belt(1, false);
        put(&putter, 0);
        let second = Duration::from_secs(1);
        let refused = putter.put(1, &second.into());
        assert!(matches!(refused, Err(NotPut::Interrupted(1, crate::Interrupted::TimedOut))));
        assert_eq!((sim::elapsed(), putter.waiting()), (second, 1));
        drop(taker);
        assert!(matches!(putter.try_put(2), Err(TryPut::Refused(2))));
        assert_eq!(putter.force(3), Err(3));
    });
}

#[test]
fn all_items_are_dropped_though_their_drops_panic() {
    struct Bomb(Arc<Mutex<Vec<u64>>>);
    impl Drop for Bomb {
        fn drop(&mut self) {
            self.0.lock().push(0);
            panic!("the bomb went off");
        }
    }
    let dropped = Arc::new(Mutex::new(Vec::new()));
    let (putter, mut taker) = belt(4, false);
    let bomb = || Bomb(Arc::clone(&dropped));
    (0..3).for_each(|_| assert!(putter.force(bomb()).is_ok()));
    let first = taker.try_take();
    (0..2).for_each(|_| assert!(putter.force(bomb()).is_ok()));
    std::mem::forget(first);
    assert!(catch_unwind(AssertUnwindSafe(|| drop(taker))).is_err(), "the panic goes on");
    assert_eq!(dropped.lock().len(), 4);
}
