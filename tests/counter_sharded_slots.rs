//! Which counters share a slot of a thread's table: alone in its program, which numbers them all.

use std::thread;

use phalanx::ShardedCounter;

#[test]
fn counters_that_come_late_or_after_others_count_as_well() {
    // More than there are fast slots, and then as many again, which get what the first have left.
    for _ in 0..2 {
        let counters: Vec<_> = (0..40).map(|_| ShardedCounter::new()).collect();
        thread::scope(|s| {
            for _ in 0..3 {
                s.spawn(|| counters.iter().for_each(ShardedCounter::inc));
            }
        });
        counters.iter().for_each(ShardedCounter::inc);
        assert!(counters.iter().all(|counter| counter.sum() == 4));
    }
}
