//! Contexts under fire: races with a cancel, and trees of a million.

#![expect(clippy::disallowed_types, reason = "tests use std's atomics")]

mod support;

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use phalanx::{Canceller, Context};
use support::{Count, StartLine, because, told, until, watchdog};

const ROUNDS: usize = 10_000;
const MILLION: usize = 1_000_000;

fn root() -> (Context, Canceller) {
    Context::background().with_cancel()
}

#[test]
fn of_many_cancels_at_once_exactly_one_wins_and_all_see_its_cause() {
    watchdog(|| {
        let threads = 4;
        let line = StartLine::new(threads);
        for _ in 0..500 {
            let (ctx, canceller) = root();
            let (child, _child_canceller) = ctx.with_cancel();
            let runs = Count::default();
            let counted = runs.clone();
            let registration = child.on_cancel(move || counted.add());
            let seen: Vec<_> = thread::scope(|s| {
                let spawn = |n| {
                    let (ctx, child, canceller, line) = (&ctx, &child, &canceller, &line);
                    s.spawn(move || {
                        line.wait();
                        canceller.cancel_because(format!("number {n}"));
                        child.wait();
                        [told(ctx), told(child)]
                    })
                };
                let racers: Vec<_> = (0..threads).map(spawn).collect();
                racers.into_iter().flat_map(|racer| racer.join().unwrap()).collect()
            });
            assert!((0..threads).any(|n| seen[0] == because(&format!("number {n}"))));
            assert!(seen.iter().all(|cause| *cause == seen[0]), "{seen:?}");
            drop(registration);
            assert_eq!(runs.get(), 1);
        }
    });
}

/// Cancels a context on one thread while `join_in` does something with it on another, and has
/// `check` look at the result when both are done. Many times.
fn race<T: Send>(join_in: impl Fn(&Context) -> T + Sync, check: impl Fn(T) + Sync) {
    let line = StartLine::new(2);
    let stage = parking_lot::Mutex::new(None);
    thread::scope(|s| {
        s.spawn(|| {
            for _ in 0..ROUNDS {
                let (ctx, canceller) = root();
                *stage.lock() = Some(ctx);
                line.wait();
                canceller.cancel_because("the race");
                line.wait();
            }
        });
        s.spawn(|| {
            for _ in 0..ROUNDS {
                line.wait();
                let ctx = stage.lock().take().expect("the other has put it there");
                let result = join_in(&ctx);
                line.wait();
                check(result);
            }
        });
    });
}

#[test]
fn a_child_registered_while_the_parent_cancels_is_never_missed() {
    watchdog(|| {
        race(Context::with_cancel, |(child, _canceller)| {
            assert_eq!(told(&child), because("the race"));
        });
    });
}

#[test]
fn a_polled_grandchild_registered_while_the_root_cancels_is_never_missed() {
    watchdog(|| {
        race(
            |ctx| {
                let (child, child_canceller) = ctx.with_cancel();
                let (grandchild, canceller) = child.with_value(1_u8).with_cancel();
                let early = grandchild.has_ended();
                assert!(!early || grandchild.has_ended(), "it stays ended");
                (grandchild, child_canceller, canceller)
            },
            |(grandchild, ..)| assert_eq!(told(&grandchild), because("the race")),
        );
    });
}

#[test]
fn a_context_merged_while_a_parent_cancels_is_never_missed() {
    watchdog(|| {
        let (other, _canceller) = root();
        race(
            |ctx| Context::merge(&[&other, ctx]),
            |merged| assert_eq!(told(&merged), because("the race")),
        );
    });
}

#[test]
fn a_callback_registered_while_the_context_is_cancelled_runs_exactly_once() {
    watchdog(|| {
        race(
            |ctx| {
                let runs = Count::default();
                let counted = runs.clone();
                ctx.on_cancel(move || counted.add()).detach();
                runs
            },
            |runs| until(|| runs.get() == 1),
        );
    });
}

#[test]
fn a_channel_made_while_the_context_is_cancelled_is_disconnected() {
    watchdog(|| {
        race(
            |ctx| {
                let (child, canceller) = ctx.with_cancel();
                child.done();
                (child, canceller)
            },
            |(child, _canceller)| assert!(child.done().try_recv().unwrap_err().is_disconnected()),
        );
    });
}

#[test]
fn a_wait_entered_while_the_context_is_cancelled_returns() {
    watchdog(|| race(|ctx| ctx.with_cancel().0.wait(), drop));
}

#[test]
fn stop_is_true_exactly_if_the_callback_did_not_run() {
    watchdog(|| {
        race(
            |ctx| {
                let runs = Count::default();
                let counted = runs.clone();
                (ctx.on_cancel(move || counted.add()).stop(), runs)
            },
            |(stopped, runs)| until(|| runs.get() == usize::from(!stopped)),
        );
    });
}

#[test]
fn after_the_drop_of_a_registration_its_callback_does_not_run() {
    watchdog(|| {
        race(
            |ctx| {
                let running = std::sync::Arc::new(AtomicBool::new(false));
                let inside = std::sync::Arc::clone(&running);
                let registration = ctx.on_cancel(move || {
                    inside.store(true, SeqCst);
                    thread::yield_now();
                    inside.store(false, SeqCst);
                });
                drop(registration);
                assert!(!running.load(SeqCst));
            },
            drop,
        );
    });
}

#[test]
fn a_child_cancelled_while_its_parent_is_ends_once_with_one_of_both_causes() {
    watchdog(|| {
        race(
            |ctx| {
                let runs = Count::default();
                let counted = runs.clone();
                let (child, canceller) = ctx.with_cancel();
                child.on_cancel(move || counted.add()).detach();
                canceller.cancel_because("by hand");
                (told(&child), child, canceller, runs)
            },
            |(cause, child, _canceller, runs)| {
                assert!(cause == because("by hand") || cause == because("the race"), "{cause:?}");
                assert_eq!(told(&child), cause);
                until(|| runs.get() == 1);
            },
        );
    });
}

#[test]
fn a_context_whose_two_parents_are_cancelled_at_once_ends_once() {
    watchdog(|| {
        race(
            |left| {
                let runs = Count::default();
                let counted = runs.clone();
                let (right, canceller) = root();
                let merged = Context::merge(&[left, &right]);
                merged.on_cancel(move || counted.add()).detach();
                canceller.cancel_because("by hand");
                (told(&merged), merged, runs)
            },
            |(cause, merged, runs)| {
                assert!(cause == because("by hand") || cause == because("the race"), "{cause:?}");
                assert_eq!(told(&merged), cause);
                until(|| runs.get() == 1);
            },
        );
    });
}

#[test]
fn two_first_looks_at_once_both_see_the_end() {
    watchdog(|| {
        let line = StartLine::new(2);
        let stage = parking_lot::Mutex::new(None);
        let look = || {
            line.wait();
            let child: Context = stage.lock().clone().expect("it is there");
            line.wait();
            assert!(child.has_ended());
            line.wait();
        };
        thread::scope(|s| {
            s.spawn(|| (0..ROUNDS).for_each(|_| look()));
            for _ in 0..ROUNDS {
                let (parent, canceller) = root();
                let (child, child_canceller) = parent.with_cancel();
                canceller.cancel(); // and nobody has looked at the child
                *stage.lock() = Some(child);
                look();
                drop(child_canceller);
            }
        });
    });
}

#[test]
fn a_child_dropped_while_the_parent_cancels_is_no_trouble() {
    watchdog(|| {
        race(
            |ctx| {
                let children: Vec<_> = (0..3).map(|_| ctx.with_cancel()).collect();
                children.iter().filter(|(child, _)| child.has_ended()).count()
            },
            |ended| assert!(ended <= 3),
        );
    });
}

// --- A million --------------------------------------------------------------------------------

/// A chain of a million contexts; each is known to its parent, since it has been polled.
fn chain(root: &Context) -> Vec<(Context, Canceller)> {
    let mut chain: Vec<(Context, Canceller)> = Vec::with_capacity(MILLION);
    for _ in 0..MILLION {
        let (ctx, canceller) = chain.last().map_or(root, |(ctx, _)| ctx).with_cancel();
        assert!(!ctx.has_ended());
        chain.push((ctx, canceller));
    }
    chain
}

#[test]
fn a_chain_of_a_million_contexts_is_cancelled_and_dropped() {
    watchdog(|| {
        let (root, canceller) = root();
        let chain = chain(&root);
        canceller.cancel_because("the root");
        assert!(chain.iter().all(|(ctx, _)| ctx.has_ended()));
        assert_eq!(told(&chain[MILLION - 1].0), because("the root"));
    });
}

#[test]
fn a_chain_of_a_million_contexts_is_dropped_from_either_end() {
    watchdog(|| {
        let (root, _canceller) = root();
        let mut links = chain(&root);
        links.reverse(); // the leaf goes first
        drop(links);

        let mut leaf = root.clone();
        for _ in 0..MILLION {
            let (child, canceller) = leaf.with_cancel();
            canceller.disarm();
            leaf = child;
        }
        assert!(!leaf.has_ended());
        drop(leaf); // the last owner of all the others
    });
}

#[test]
fn a_leaf_hears_the_root_through_a_million_that_nobody_has_polled() {
    watchdog(|| {
        let (root, canceller) = root();
        let mut leaf = root.clone();
        for _ in 0..MILLION {
            let (child, canceller) = leaf.with_cancel();
            canceller.disarm();
            leaf = child;
        }
        canceller.cancel_because("from afar");
        assert_eq!(told(&leaf), because("from afar"));
        drop(root);
        drop(leaf);
    });
}

#[test]
fn a_chain_of_merged_contexts_is_cancelled_and_dropped() {
    watchdog(|| {
        let (root, canceller) = root();
        let (other, _other_canceller) = root.with_cancel();
        for polled in [true, false] {
            let mut leaf = root.clone();
            for _ in 0..MILLION / 10 {
                leaf = Context::merge(&[&other, &leaf]);
                assert!(!polled || !leaf.has_ended());
            }
            assert!(!leaf.has_ended());
            drop(leaf);
        }
        let mut leaf = root.clone();
        for _ in 0..MILLION / 10 {
            leaf = Context::merge(&[&other, &leaf]);
        }
        canceller.cancel_because("the root");
        assert_eq!(told(&leaf), because("the root"));
    });
}

#[test]
fn a_chain_of_deadlines_is_cancelled_and_dropped() {
    watchdog(|| {
        let (root, canceller) = root();
        let mut chain: Vec<(Context, Canceller)> = Vec::new();
        for n in (0..MILLION as u64 / 10).rev() {
            let parent = chain.last().map_or(&root, |(ctx, _)| ctx);
            let (ctx, canceller) = parent.with_cancel_timeout(Duration::from_secs(3600 + n));
            assert!(!ctx.has_ended());
            chain.push((ctx, canceller));
        }
        canceller.cancel_because("the root");
        assert!(chain.iter().all(|(ctx, _)| told(ctx) == because("the root")));
    });
}

#[test]
fn a_million_children_register_and_leave() {
    watchdog(|| {
        let (root, _canceller) = root();
        for _ in 0..MILLION {
            let (child, canceller) = root.with_cancel();
            assert!(!child.has_ended());
            canceller.cancel();
        }
        assert!(!root.has_ended());
    });
}

#[test]
fn a_million_children_are_cancelled_at_once() {
    watchdog(|| {
        let (root, canceller) = root();
        let children: Vec<_> = (0..MILLION).map(|_| root.with_cancel()).collect();
        assert!(children.iter().all(|(child, _)| !child.has_ended()));
        canceller.cancel_because("all of you");
        assert!(children.iter().all(|(child, _)| told(child) == because("all of you")));
    });
}

#[test]
fn children_come_and_go_on_several_threads() {
    watchdog(|| {
        let (root, canceller) = root();
        let line = StartLine::new(4);
        let survivors = parking_lot::Mutex::new(Vec::new());
        thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| {
                    line.wait();
                    for n in 0..10_000 {
                        let child = root.with_cancel();
                        assert!(!child.0.has_ended());
                        if n % 100 == 0 {
                            survivors.lock().push(child);
                        }
                    }
                });
            }
        });
        canceller.cancel_because("the end");
        let survivors = survivors.into_inner();
        assert_eq!(survivors.len(), 400);
        assert!(survivors.iter().all(|(child, _)| told(child) == because("the end")));
    });
}
