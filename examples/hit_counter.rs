//! Shows five workers counting a thousand hits each: none is lost where a hit is one atomic step,
//! and many are where it is a load and then a store.

#![expect(clippy::print_stdout, reason = "it is there to be read")]
#![expect(clippy::disallowed_types, reason = "an example counts with an atomic of std")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;

use phalanx::WaitGroup;

const WORKERS: u32 = 5;
const HITS: u32 = 1000;

fn main() {
    let exact = count(|hits| {
        hits.fetch_add(1, Relaxed);
    });
    println!("in one step:        {exact} hits counted");
    assert_eq!(exact, WORKERS * HITS);

    let torn = count(|hits| {
        let seen = hits.load(Relaxed);
        thread::yield_now(); // another worker may count here, and its hit is then overwritten
        hits.store(seen + 1, Relaxed);
    });
    println!("load, then store:   {torn} hits counted, {} lost", WORKERS * HITS - torn);
}

/// Has every worker hit a thousand times, and returns what has been counted.
fn count(hit: fn(&AtomicU32)) -> u32 {
    let hits = Arc::new(AtomicU32::new(0));
    let group = Arc::new(WaitGroup::new());
    for _ in 0..WORKERS {
        let hits = Arc::clone(&hits);
        group.go(move || (0..HITS).for_each(|_| hit(&hits)));
    }
    group.wait(); // what the workers did is visible from here on
    hits.load(Relaxed)
}
