//! In which order the end of a context is seen: by polls, by channels, and by threads that wait.
//!
//! The channels are looked at through clones that were made before, so that looking changes nothing.

#![cfg(feature = "sim")]

use std::convert::Infallible;

use crossbeam_channel::Receiver;
use phalanx::sim::{self, Builder, TimeMode};
use phalanx::{Canceller, Context};

/// A parent, its child, a grandchild, and a context that is merged of two of them.
struct Tree {
    all: [Context; 4],
    channels: [Receiver<Infallible>; 4],
    cancellers: Vec<Canceller>,
}

fn tree() -> Tree {
    let (parent, parent_canceller) = Context::background().with_cancel();
    let (child, child_canceller) = parent.with_cancel();
    let (grandchild, grandchild_canceller) = child.with_cancel();
    let merged = Context::merge(&[&parent, &grandchild]);
    let all = [parent, child, grandchild, merged];
    let channels = [0, 1, 2, 3].map(|n: usize| Receiver::clone(&all[n].done()));
    let cancellers = vec![parent_canceller, child_canceller, grandchild_canceller];
    Tree { all, channels, cancellers }
}

impl Tree {
    /// Whether the channel of that context is disconnected.
    fn is_done(&self, n: usize) -> bool {
        self.channels[n].try_recv().unwrap_err().is_disconnected()
    }

    fn has_ended(&self, n: usize) -> bool {
        self.all[n].has_ended()
    }
}

/// Cancels the parent, while another thread looks.
#[track_caller]
fn while_the_parent_is_cancelled(look: fn(&Tree)) {
    let body = move || {
        let tree = tree();
        sim::scope(|s| {
            s.spawn("cancel", || tree.cancellers[0].cancel_because("parent"));
            s.spawn("look", || look(&tree));
        });
        assert!((0..4).all(|n| tree.is_done(n) && tree.has_ended(n)));
    };
    assert!(Builder::new().exhaustive(2).check(body).exhausted);
    Builder::new().iterations(100).time(TimeMode::Racing { percent: 20 }).check(body);
}

#[test]
fn a_thread_that_sees_a_context_ended_finds_its_descendants_ended_and_all_channels_disconnected() {
    let looks: [fn(&Tree); 4] = [
        |tree| seen_ended(tree, 0),
        |tree| seen_ended(tree, 1),
        |tree| seen_ended(tree, 2),
        |tree| seen_ended(tree, 3),
    ];
    looks.into_iter().for_each(while_the_parent_is_cancelled);
}

fn seen_ended(tree: &Tree, n: usize) {
    if tree.has_ended(n) {
        for below in n..4 {
            assert!(tree.is_done(below), "{below} below {n}");
            assert!(tree.has_ended(below), "{below} below {n}");
        }
    }
}

#[test]
fn a_thread_that_sees_a_channel_disconnected_finds_the_context_and_its_descendants_ended() {
    let looks: [fn(&Tree); 4] = [
        |tree| seen_done(tree, 0),
        |tree| seen_done(tree, 1),
        |tree| seen_done(tree, 2),
        |tree| seen_done(tree, 3),
    ];
    looks.into_iter().for_each(while_the_parent_is_cancelled);
}

fn seen_done(tree: &Tree, n: usize) {
    if tree.is_done(n) {
        for below in (n..4).rev() {
            assert!(tree.has_ended(below), "{below} below {n}");
        }
    }
}

#[test]
fn a_thread_that_sees_a_descendant_ended_finds_the_parent_ended() {
    while_the_parent_is_cancelled(|tree| {
        if tree.has_ended(2) {
            assert!(tree.has_ended(1) && tree.has_ended(0));
        }
    });
    while_the_parent_is_cancelled(|tree| {
        if tree.has_ended(3) {
            assert!(tree.has_ended(0));
        }
    });
    while_the_parent_is_cancelled(|tree| {
        if tree.is_done(2) {
            assert!(tree.has_ended(0) && tree.is_done(0));
        }
    });
}

#[test]
fn a_child_that_is_made_meanwhile_has_ended_if_its_parent_has() {
    while_the_parent_is_cancelled(|tree| {
        let (newcomer, _canceller) = tree.all[1].with_cancel();
        if tree.has_ended(0) {
            assert!(
                newcomer.has_ended() && newcomer.done().try_recv().unwrap_err().is_disconnected()
            );
        }
        let (newcomer, _canceller) = tree.all[1].with_cancel();
        if newcomer.has_ended() {
            assert!(tree.has_ended(0) && tree.has_ended(3));
        }
    });
}

#[test]
fn a_thread_that_waits_for_a_context_finds_its_descendants_ended_and_all_channels_disconnected() {
    let body = || {
        let tree = tree();
        sim::scope(|s| {
            for n in [0, 1] {
                let tree = &tree;
                s.spawn("wait", move || {
                    assert_eq!(tree.all[n].wait().error().unwrap().to_string(), "parent");
                    for below in n..4 {
                        assert!(tree.is_done(below) && tree.has_ended(below), "{below} below {n}");
                    }
                });
            }
            tree.cancellers[0].cancel_because("parent");
        });
    };
    assert!(Builder::new().exhaustive(1).check(body).exhausted);
    Builder::new().iterations(200).check(body);
}

#[test]
fn each_of_two_cancels_at_once_returns_when_all_descendants_have_ended() {
    for second in 0..3 {
        let body = move || {
            let tree = tree();
            sim::scope(|s| {
                for n in [0, second] {
                    let tree = &tree;
                    s.spawn("cancel", move || {
                        tree.cancellers[n].cancel_because("the end");
                        for below in n..4 {
                            assert!(tree.is_done(below), "{below} below {n}");
                        }
                    });
                }
            });
        };
        assert!(Builder::new().exhaustive(2).check(body).exhausted);
    }
}

#[test]
fn cancels_of_contexts_that_share_descendants_complete_each_other_s() {
    let body = || {
        let [(a, a_canceller), (b, b_canceller)] =
            [(); 2].map(|()| Context::background().with_cancel());
        let merged = [(); 2].map(|()| Context::merge(&[&a, &b]));
        let (child, _child_canceller) = merged[1].with_cancel();
        let below = [Context::merge(&[&merged[0], &merged[1]]), child];
        let channels = below.clone().map(|ctx| Receiver::clone(&ctx.done()));
        sim::scope(|s| {
            for canceller in [&a_canceller, &b_canceller] {
                let channels = &channels;
                s.spawn("cancel", move || {
                    canceller.cancel();
                    for channel in channels {
                        assert!(channel.try_recv().unwrap_err().is_disconnected());
                    }
                });
            }
        });
        assert!(merged.iter().all(Context::has_ended));
    };
    assert!(Builder::new().exhaustive(1).check(body).exhausted);
    Builder::new().iterations(200).check(body);
}

#[test]
fn a_thread_that_makes_a_channel_and_sees_it_disconnected_finds_the_descendants_ended() {
    let body = || {
        let (parent, canceller) = Context::background().with_cancel();
        let (child, _child_canceller) = parent.with_cancel();
        let channel = Receiver::clone(&child.done());
        sim::scope(|s| {
            s.spawn("cancel", || canceller.cancel());
            s.spawn("look", || {
                if parent.done().try_recv().unwrap_err().is_disconnected() {
                    assert!(child.has_ended());
                    assert!(channel.try_recv().unwrap_err().is_disconnected());
                }
            });
        });
    };
    assert!(Builder::new().exhaustive(2).check(body).exhausted);
}

#[test]
fn a_thread_that_sees_a_context_ended_finds_the_channel_of_a_merged_parent_disconnected() {
    let body = || {
        let (parent, canceller) = Context::background().with_cancel();
        let (child, _child_canceller) = parent.with_cancel();
        let (grandchild, _grandchild_canceller) = child.with_cancel();
        // It is marked before its other parent.
        let merged = Context::merge(&[&parent, &grandchild]);
        let (below, _below_canceller) = merged.with_cancel();
        assert!(!below.has_ended()); // from now on its parent knows it
        let channel = Receiver::clone(&merged.done());
        sim::scope(|s| {
            s.spawn("cancel", || canceller.cancel());
            s.spawn("look", || {
                if grandchild.has_ended() {
                    assert!(channel.try_recv().unwrap_err().is_disconnected());
                }
            });
        });
    };
    assert!(Builder::new().exhaustive(2).check(body).exhausted);
}
