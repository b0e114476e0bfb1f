//! A blocking queue with a bug that shows up once in a blue moon. The test kit finds it, makes the
//! schedule simple, replays it, and finds nothing in the mended queue.
//!
//! `cargo run --example find_the_bug --features sim`

#![expect(clippy::print_stdout, reason = "it is for reading")]

use std::collections::VecDeque;
use std::sync::Arc;

use phalanx::sim::sync::{Condvar, Mutex}; // outside of tests: parking_lot's, with the same API
use phalanx::sim::{self, Builder};

/// A queue that blocks: when it is full, who pushes; when it is empty, who pops.
struct Queue {
    items: Mutex<VecDeque<u32>>,
    changed: Condvar,
    capacity: usize,
    /// Whether one thread is woken after a change, or all.
    wake: fn(&Condvar),
}

impl Queue {
    fn push(&self, item: u32) {
        let mut items = self.items.lock();
        while items.len() == self.capacity {
            self.changed.wait(&mut items);
        }
        items.push_back(item);
        (self.wake)(&self.changed);
    }

    fn pop(&self) -> u32 {
        let mut items = self.items.lock();
        while items.is_empty() {
            self.changed.wait(&mut items);
        }
        (self.wake)(&self.changed);
        items.pop_front().expect("it is not empty")
    }
}

/// Two threads push, and two pop.
fn test(wake: fn(&Condvar)) {
    let changed = Condvar::new();
    let queue = Arc::new(Queue { items: Mutex::default(), changed, capacity: 1, wake });
    let producers = [1, 2].map(|item| {
        let queue = Arc::clone(&queue);
        sim::spawn(format!("producer {item}"), move || queue.push(item))
    });
    let consumers = ["a", "b"].map(|name| {
        let queue = Arc::clone(&queue);
        sim::spawn(format!("consumer {name}"), move || queue.pop())
    });
    for producer in producers {
        producer.join().expect("a producer does not panic");
    }
    let popped = consumers.map(|thread| thread.join().expect("a consumer does not panic"));
    assert_eq!(popped.iter().sum::<u32>(), 3, "each item is popped once");
}

fn main() {
    // The bug: a producer may wake the other producer, and the consumers sleep on.
    let buggy = || test(|changed| _ = changed.notify_one());
    let mended = || test(|changed| _ = changed.notify_all());

    let failure = Builder::new().try_check(buggy).expect_err("the bug is found");
    println!("found:\n{failure}");

    let token = failure.token().expect("nothing came from outside");
    let again = Builder::new().try_replay(token, buggy).expect_err("the bug is still there");
    assert_eq!(again.token(), Some(token));
    println!("replayed: the same run, step by step");

    let report = sim::check(mended);
    println!("mended:   {report}");
}
