//! What is there in great numbers: each function makes so many of a thing, and returns what keeps them.
#![expect(clippy::disallowed_methods, reason = "the threads of `std` are a rival of ours")]

use std::any::Any;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use phalanx::{
    AfterFunc, Builder, Canceller, Context, ErrGroup, KeyedLimiter, Rate, Stopped, Timer, WaitGroup,
};

use crate::process;

/// A name, in words, and how to make so many.
pub(crate) type Thing = (&'static str, fn(usize) -> Kept);

/// What must not be dropped.
pub(crate) type Kept = Box<dyn Any>;

pub(crate) const THINGS: &[Thing] = &[
    ("thread of `std`, parked", std_threads),
    ("the same, which waits for a `WaitGroup`", std_waiters),
    ("blocked task of a `WaitGroup`", wait_group_tasks),
    ("blocked task of an `ErrGroup`", |n| err_group_tasks(n, None)),
    ("the same with a stack of 64 KiB", |n| err_group_tasks(n, Some(64 << 10))),
    ("idle thread of the cache", idle_threads),
    ("child of a `Context`", |n| children(n, Context::with_cancel, false)),
    ("the same, looked at", |n| children(n, Context::with_cancel, true)),
    ("child with a timeout, looked at", |n| children(n, |ctx| ctx.with_cancel_timeout(HOUR), true)),
    ("pending `Timer`", |n| timers(n, false)),
    ("the same with a channel", |n| timers(n, true)),
    ("pending `AfterFunc`", after_funcs),
    ("key of a `KeyedLimiter<u64>`", keys),
];

const HOUR: Duration = Duration::from_secs(3600);

/// A count of one that nobody takes back until it is asked to.
fn gate() -> Arc<WaitGroup> {
    let gate = Arc::new(WaitGroup::new());
    gate.add(1);
    gate
}

fn std_threads(n: usize) -> Kept {
    let park = || {
        loop {
            thread::park();
        }
    };
    (0..n).for_each(|_| drop(thread::spawn(park)));
    process::until_others_sleep(n);
    Box::new(())
}

fn std_waiters(n: usize) -> Kept {
    let gate = gate();
    for _ in 0..n {
        let gate = Arc::clone(&gate);
        thread::spawn(move || gate.wait());
    }
    process::until_others_sleep(n);
    Box::new(gate)
}

fn wait_group_tasks(n: usize) -> Kept {
    Box::new(blocked_at_a_gate(n))
}

/// Tasks on a thread each: the gate, and their group.
fn blocked_at_a_gate(n: usize) -> [Arc<WaitGroup>; 2] {
    let (gate, group) = (gate(), Arc::new(WaitGroup::new()));
    for _ in 0..n {
        let gate = Arc::clone(&gate);
        group.go(move || gate.wait());
    }
    process::until_others_sleep(n);
    [gate, group]
}

fn idle_threads(n: usize) -> Kept {
    let [gate, group] = blocked_at_a_gate(n);
    gate.done();
    group.wait();
    process::until_others_sleep(n);
    Box::new(())
}

fn err_group_tasks(n: usize, stack_size: Option<usize>) -> Kept {
    let builder = ErrGroup::builder();
    let builder = stack_size.into_iter().fold(builder, Builder::stack_size);
    let group = builder.start::<Stopped>();
    for _ in 0..n {
        group.go(|ctx| {
            ctx.wait();
            Ok(())
        });
    }
    process::until_others_sleep(n);
    Box::new(group)
}

fn children(n: usize, make: fn(&Context) -> (Context, Canceller), looked_at: bool) -> Kept {
    let (parent, canceller) = Context::background().with_cancel();
    let mut all = Vec::with_capacity(n);
    all.extend((0..n).map(|_| make(&parent)));
    assert!(!looked_at || !all.iter().any(|(child, _)| child.has_ended()));
    Box::new((all, canceller))
}

fn timers(n: usize, with_channel: bool) -> Kept {
    let mut all = Vec::with_capacity(n);
    all.extend((0..n).map(|_| Timer::new(HOUR)));
    assert!(!with_channel || all.iter().all(|timer| timer.channel().is_empty()));
    Box::new(all)
}

fn after_funcs(n: usize) -> Kept {
    let mut all = Vec::with_capacity(n);
    all.extend((0..n).map(|_| AfterFunc::new(HOUR, || ())));
    Box::new(all)
}

/// Each key is in use: a full bucket would be forgotten.
fn keys(n: usize) -> Kept {
    let limiters = KeyedLimiter::<u64>::new(Rate::per_hour(1), 1);
    assert!((0..n).all(|key| limiters.of(&(key as u64)).allow()));
    Box::new(limiters)
}
