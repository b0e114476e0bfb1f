//! The threads that run tasks, where the operating system refuses another, in the simulator.

#![cfg(all(feature = "sim", target_os = "linux"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::sync::Arc;

use phalanx::sim::{self, Builder, Script, Strategy};
use phalanx::{Until, WaitGroup};
use support::refused::{all_the_room, is_child, with_few_threads};

fn wait(group: &WaitGroup) {
    group.wait_until(Until::FOREVER).unwrap();
}

/// Two threads start a task each, when there is no room for a thread that could run it: how many are
/// told so. A task that was not refused is waited for.
fn refused() -> usize {
    let (group, both) = (Arc::new(WaitGroup::new()), Arc::new(WaitGroup::new()));
    both.add(2);
    let start = || {
        let (group, both) = (Arc::clone(&group), Arc::clone(&both));
        move || {
            let is_refused = group.try_go(|| ()).is_err();
            both.done();
            wait(&both); // its own thread would leave room for another
            usize::from(is_refused)
        }
    };
    let other = sim::spawn("other", start());
    let _room = all_the_room();
    sim::label("no room");
    let refused = start()() + other.join().unwrap();
    wait(&group);
    refused
}

#[test]
fn a_thread_that_is_refused_is_not_relied_upon_by_another_task() {
    if !is_child() {
        return with_few_threads("a_thread_that_is_refused_is_not_relied_upon_by_another_task");
    }
    let script = Script::new()
        .run("root")
        .until("no room")
        .run("other")
        .until("spawn") // it has asked for a thread, and has not told anybody what became of it
        .run("root")
        .to_block()
        .run("other")
        .to_block();
    let played = Builder::new().strategy(Strategy::Script(script)).iterations(1).shrink(false);
    played.check(|| assert_eq!(refused(), 2));
}
