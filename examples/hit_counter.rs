//! Shows five workers counting a thousand hits each: none is lost where a hit is one atomic step, on
//! one number or on a part for each worker, and many are where it is a load and then a store.

#![expect(clippy::print_stdout, reason = "it is there to be read")]

use std::sync::Arc;
use std::thread;

use phalanx::{Counter, Gauge, ShardedCounter, WaitGroup};

const WORKERS: i64 = 5;
const HITS: i64 = 1000;

fn main() {
    let hits = Arc::new(Counter::new(0));
    let at_once = count(&hits, |hits| _ = hits.inc());
    println!("{at_once} workers at once, {HITS} hits each");
    assert_eq!(i64::from(at_once), WORKERS);
    println!("in one step:              {} hits counted", hits.get());
    assert_eq!(hits.get(), WORKERS * HITS);

    let hits = Arc::new(ShardedCounter::new());
    count(&hits, |hits| hits.inc());
    println!("a part for each worker:   {} hits counted", hits.sum());
    assert_eq!(hits.sum(), WORKERS * HITS);

    let hits = Arc::new(Counter::new(0));
    count(&hits, |hits| {
        let seen = hits.get();
        thread::yield_now(); // another worker may count here, and its hit is then overwritten
        hits.set(seen + 1);
    });
    let counted = hits.get();
    println!("a load, then a store:     {counted} hits counted, {} lost", WORKERS * HITS - counted);
    assert!((HITS..=WORKERS * HITS).contains(&counted));
}

/// Has every worker hit a thousand times; returns how many of them were at it at the same time.
fn count<C: Send + Sync + 'static>(hits: &Arc<C>, hit: fn(&C)) -> u32 {
    let group = Arc::new(WaitGroup::new());
    let shared = Arc::new((Counter::new(0), Gauge::new()));
    for _ in 0..WORKERS {
        let (hits, shared) = (Arc::clone(hits), Arc::clone(&shared));
        group.go(move || {
            let (at_the_line, at_work) = &*shared;
            let _worker = at_work.track(); // until the task ends, however it ends
            at_the_line.inc();
            at_the_line.wait_for(|n| n == WORKERS);
            (0..HITS).for_each(|_| hit(&hits));
        });
    }
    group.wait(); // what the workers did is visible from here on
    assert_eq!(shared.1.current(), 0);
    shared.1.peak()
}
