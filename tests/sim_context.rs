//! Contexts under all schedules: who ends with whom, with which cause, and that nobody misses it.

#![cfg(feature = "sim")]

mod support;

use std::sync::Arc;

use phalanx::sim::lin::{History, Model};
use phalanx::sim::{self, Builder, Script, Strategy, TimeMode};
use phalanx::{Canceller, Cause, CauseKind, Context, Interrupted, OnCancel};
use support::Count;

fn root() -> (Context, Canceller) {
    Context::background().with_cancel()
}

/// Why a context has ended, in a word.
fn why(ctx: &Context) -> String {
    let Some(cause) = ctx.cause() else { return "live".to_owned() };
    match (cause.kind(), cause.error()) {
        (_, Some(error)) => error.to_string(),
        (CauseKind::Cancelled, None) => "plain".to_owned(),
        (CauseKind::DeadlineExceeded, None) => "deadline".to_owned(),
    }
}

/// Has `name` cancel with its name as the cause, on a thread of that name.
fn cancel_on<'s>(s: &sim::Scope<'s, '_>, name: &'static str, canceller: &'s Canceller) {
    s.spawn(name, move || canceller.cancel_because(name));
}

/// By seeds: as usual, with late threads, and with wake-ups for no reason.
#[track_caller]
fn by_seeds(body: fn()) {
    let usual = || Builder::new().iterations(120);
    usual().check(body);
    usual().time(TimeMode::Racing { percent: 20 }).check(body);
    usual().spurious_wakeups(20).check(body);
}

/// By seeds, where little depends on the schedule.
#[track_caller]
fn check(body: impl Fn() + Send + Sync + 'static) {
    Builder::new().iterations(100).check(body);
}

/// Runs `body` under one schedule.
#[track_caller]
fn scripted(script: Script, body: fn()) {
    Builder::new().strategy(Strategy::Script(script)).check(body);
}

fn words<const N: usize>(words: [&str; N]) -> [String; N] {
    words.map(str::to_owned)
}

// --- One cause --------------------------------------------------------------------------------

#[test]
fn of_two_cancels_at_once_one_wins_and_the_whole_subtree_has_its_cause_for_ever() {
    sim::outcomes(|| {
        let (ctx, canceller) = root();
        let (child, _child_canceller) = ctx.with_cancel();
        let (grandchild, _grandchild_canceller) = child.with_cancel();
        assert!(!grandchild.has_ended());
        let canceller = &canceller;
        let ctx_of_both = &ctx;
        let seen = sim::scope(|s| {
            let cancels = ["a", "b"].map(|name| {
                s.spawn(name, move || {
                    canceller.cancel_because(name);
                    why(ctx_of_both)
                })
            });
            cancels.map(|cancel| cancel.join().unwrap())
        });
        let cause = why(&ctx);
        assert_eq!([&seen[0], &seen[1], &why(&child), &why(&grandchild)], [&cause; 4]);
        cause
    })
    .exactly(words(["a", "b"]))
    .exhausted();
}

#[test]
fn a_plain_cancel_and_one_with_an_error_at_once_end_a_bare_context_once() {
    sim::outcomes(|| {
        let (ctx, canceller) = root();
        let (ctx, canceller) = (&ctx, &canceller);
        let seen = sim::scope(|s| {
            let plain = s.spawn("plain", move || {
                canceller.cancel();
                why(ctx)
            });
            let error = s.spawn("error", move || {
                canceller.cancel_because("error");
                why(ctx)
            });
            [plain.join().unwrap(), error.join().unwrap()]
        });
        assert_eq!(seen[0], seen[1]);
        assert_eq!(seen[0], why(ctx));
        seen[0].clone()
    })
    .exactly(words(["plain", "error"]))
    .exhausted();
}

/// What becomes of parent, child and grandchild if parent and child are cancelled at once.
fn parent_and_child_at_once(known: bool) -> [String; 3] {
    let (parent, parent_canceller) = root();
    let (child, child_canceller) = parent.with_cancel();
    let (grandchild, _grandchild_canceller) = child.with_cancel();
    if known {
        assert!(!grandchild.has_ended());
    }
    sim::scope(|s| {
        cancel_on(s, "parent", &parent_canceller);
        cancel_on(s, "child", &child_canceller);
    });
    [why(&parent), why(&child), why(&grandchild)]
}

#[test]
fn a_child_cancelled_at_once_with_its_parent_ends_once_and_its_own_children_with_it() {
    for known in [true, false] {
        sim::outcomes(move || parent_and_child_at_once(known))
            .exactly([words(["parent"; 3]), words(["parent", "child", "child"])])
            .exhausted();
    }
}

#[test]
fn an_unseen_child_cancelled_at_once_with_its_parent_has_the_cause_that_came_first() {
    sim::outcomes(|| {
        let (parent, parent_canceller) = root();
        let (child, child_canceller) = parent.with_cancel();
        let parent_has_ended = Count::default();
        let (late, early) = sim::scope(|s| {
            s.spawn("parent", || {
                parent_canceller.cancel_because("parent");
                parent_has_ended.add();
            });
            let cancels = s.spawn("child", || {
                let late = parent_has_ended.get() == 1;
                child_canceller.cancel_because("child");
                (late, why(&child))
            });
            cancels.join().unwrap()
        });
        assert_eq!(why(&child), early);
        assert!(!late || early == "parent", "nobody had told it, but it was first");
        early
    })
    .exactly(words(["parent", "child"]))
    .exhausted();
}

#[test]
fn with_one_preemption_an_unseen_child_that_is_looked_at_and_cancelled_while_its_parent_is_keeps_one_cause()
 {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let (parent, parent_canceller) = root();
            let (child, child_canceller) = parent.with_cancel();
            let early = sim::scope(|s| {
                cancel_on(s, "parent", &parent_canceller);
                cancel_on(s, "child", &child_canceller);
                s.spawn("look", || why(&child)).join().unwrap()
            });
            assert!(early == "live" || early == why(&child), "{early}");
            why(&child)
        })
        .exactly(words(["parent", "child"]))
        .exhausted();
}

/// A context as it is told to be: nothing, and then for ever the first cause.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Told(String);

#[derive(Debug)]
enum Op {
    Cancel(&'static str),
    Look,
}

impl Model for Told {
    type Op = Op;
    type Ret = String;

    fn step(&self, op: &Op, ret: Option<&String>) -> impl IntoIterator<Item = Self> {
        match op {
            Op::Cancel(cause) if self.0 == "live" => Some(Told((*cause).to_owned())),
            Op::Cancel(_) => Some(self.clone()),
            Op::Look => ret.is_none_or(|ret| *ret == self.0).then(|| self.clone()),
        }
    }
}

/// Calls of several threads on one context, which must be explained one after the other.
fn history(calls: &'static [&'static [Op]]) {
    let history = History::new();
    let (ctx, canceller) = root();
    sim::scope(|s| {
        for (n, calls) in calls.iter().enumerate() {
            let (history, ctx, canceller) = (&history, &ctx, &canceller);
            s.spawn(format!("t{n}"), move || {
                for call in *calls {
                    match call {
                        Op::Look => drop(history.call(Op::Look, || why(ctx))),
                        Op::Cancel(cause) => {
                            let call = history.begin(Op::Cancel(cause));
                            canceller.cancel_because(*cause);
                            call.end(String::new());
                        }
                    }
                }
            });
        }
    });
    history.assert_linearizable(Told("live".to_owned()));
}

#[test]
fn cancels_and_looks_of_several_threads_can_be_explained_one_after_the_other() {
    use Op::{Cancel, Look};
    let report = Builder::new()
        .exhaustive(2)
        .check(|| history(&[&[Cancel("a"), Look], &[Look, Cancel("b")]]));
    assert!(report.exhausted);
    let report = Builder::new()
        .exhaustive(1)
        .check(|| history(&[&[Cancel("a")], &[Cancel("b")], &[Look, Look]]));
    assert!(report.exhausted);
    Builder::new().iterations(300).check(|| {
        history(&[
            &[Look, Cancel("a"), Look, Look],
            &[Look, Look, Cancel("b"), Look],
            &[Cancel("c"), Look, Look, Look],
        ]);
    });
}

// --- The first look ---------------------------------------------------------------------------

#[test]
fn a_child_that_is_first_looked_at_while_its_parent_is_cancelled_never_misses_it() {
    sim::outcomes(|| {
        let (parent, canceller) = root();
        let (child, _child_canceller) = parent.with_cancel();
        let early = sim::scope(|s| {
            cancel_on(s, "parent", &canceller);
            s.spawn("look", || why(&child)).join().unwrap()
        });
        assert_eq!(why(&child), "parent");
        early
    })
    .exactly(words(["live", "parent"]))
    .exhausted();
}

#[test]
fn a_child_about_to_join_a_parent_that_is_cancelled_meanwhile_is_born_ended() {
    // Between the mark that it is to join and the lock of the parent.
    scripted(
        Script::new().run("look").until("lock").run("parent").to_end().run("look").to_end(),
        || {
            let (parent, canceller) = root();
            let (child, _child_canceller) = parent.with_cancel();
            sim::scope(|s| {
                cancel_on(s, "parent", &canceller);
                let look = s.spawn("look", || child.has_ended());
                assert!(look.join().unwrap());
            });
        },
    );
}

#[test]
fn a_child_in_the_list_whose_mark_is_still_there_is_reached_by_the_cancel() {
    // The child has taken its place, and has not yet cleared the mark.
    let script = Script::new().run("look").until_nth("update", 3).run("parent").to_end();
    scripted(script.run("look").to_end(), || {
        let (parent, canceller) = root();
        let (child, _child_canceller) = parent.with_cancel();
        sim::scope(|s| {
            cancel_on(s, "parent", &canceller);
            let look = s.spawn("look", || child.has_ended());
            assert!(look.join().unwrap());
        });
        assert_eq!(why(&child), "parent");
    });
}

#[test]
fn two_first_looks_at_once_at_a_child_of_an_ended_parent_both_see_the_end() {
    sim::outcomes(|| {
        let (parent, canceller) = root();
        let (child, _child_canceller) = parent.with_cancel();
        canceller.cancel_because("before");
        sim::scope(|s| {
            ["a", "b"].map(|name| s.spawn(name, || why(&child))).map(|look| look.join().unwrap())
        })
    })
    .exactly([words(["before", "before"])])
    .exhausted();
}

#[test]
fn with_one_preemption_two_first_looks_while_the_parent_is_cancelled_leave_no_child_behind() {
    let report = Builder::new().exhaustive(1).check(|| {
        let (parent, canceller) = root();
        let (child, _child_canceller) = parent.with_cancel();
        sim::scope(|s| {
            cancel_on(s, "parent", &canceller);
            for name in ["a", "b"] {
                s.spawn(name, || {
                    let early = why(&child);
                    assert!(early == "live" || early == "parent", "{early}");
                });
            }
        });
        assert_eq!(why(&child), "parent");
    });
    assert!(report.exhausted);
}

#[test]
fn a_grandchild_that_is_made_while_the_root_is_cancelled_never_misses_it() {
    sim::outcomes(|| {
        let (ctx, canceller) = root();
        let (early, grandchild, _cancellers) = sim::scope(|s| {
            cancel_on(s, "root", &canceller);
            let made = s.spawn("make", || {
                let (child, child_canceller) = ctx.with_cancel();
                let (grandchild, canceller) = child.with_cancel();
                (why(&grandchild), grandchild, [child_canceller, canceller])
            });
            made.join().unwrap()
        });
        assert_eq!(why(&grandchild), "root");
        early
    })
    .exactly(words(["live", "root"]))
    .exhausted();
}

#[test]
fn a_context_merged_while_a_parent_is_cancelled_never_misses_it() {
    sim::outcomes(|| {
        let (left, _left_canceller) = root();
        let (right, canceller) = root();
        let (merged, early) = sim::scope(|s| {
            cancel_on(s, "right", &canceller);
            let merges = s.spawn("merge", || {
                let merged = Context::merge(&[&left, &right]);
                let early = why(&merged);
                (merged, early)
            });
            merges.join().unwrap()
        });
        assert_eq!(why(&merged), "right");
        assert_eq!(why(&left), "live");
        early
    })
    .exactly(words(["live", "right"]))
    .exhausted();
}

/// Whether the channel of `done` is disconnected.
fn is_done(ctx: &Context) -> bool {
    ctx.done().try_recv().unwrap_err().is_disconnected()
}

#[test]
fn a_channel_made_while_the_parent_is_cancelled_is_disconnected() {
    sim::outcomes(|| {
        let (parent, canceller) = root();
        let (child, _child_canceller) = parent.with_cancel();
        let early = sim::scope(|s| {
            cancel_on(s, "parent", &canceller);
            s.spawn("done", || is_done(&child)).join().unwrap()
        });
        assert!(is_done(&child) && is_done(&parent));
        early
    })
    .exactly([false, true])
    .exhausted();
}

#[test]
fn two_first_calls_of_done_at_once_give_the_same_channel() {
    let report = Builder::new().exhaustive(2).check(|| {
        let (ctx, canceller) = root();
        sim::scope(|s| {
            for name in ["a", "b"] {
                s.spawn(name, || assert!(!is_done(&ctx)));
            }
        });
        let clone = ctx.clone();
        assert!(ctx.done().same_channel(&clone.done()));
        canceller.cancel();
        assert!(is_done(&ctx));
    });
    assert!(report.exhausted);
}

// --- Leaving ----------------------------------------------------------------------------------

#[test]
fn a_child_dropped_while_its_parent_walks_its_list_runs_its_detached_callback_once() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let (parent, parent_canceller) = root();
            let (child, canceller) = parent.with_cancel();
            let (runs, drops) = (Count::default(), Count::default());
            let (counted, captured) = (runs.clone(), drops.on_drop());
            child
                .on_cancel(move || {
                    let _captured = captured;
                    counted.add();
                })
                .detach();
            canceller.disarm();
            sim::scope(|s| {
                cancel_on(s, "parent", &parent_canceller);
                s.spawn("drop", move || drop(child));
            });
            sim::wait_idle();
            assert_eq!(drops.get(), 1, "what the callback captured is dropped once");
            runs.get()
        })
        .exactly([1])
        .exhausted();
}

#[test]
fn a_child_cancelled_by_its_guard_while_its_parent_walks_its_list_runs_its_callback_once() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let (parent, parent_canceller) = root();
            let (child, canceller) = parent.with_cancel();
            let told = Arc::new(parking_lot::Mutex::new(Vec::new()));
            let (saw, inside) = (Arc::clone(&told), child.clone());
            child.on_cancel(move || saw.lock().push(why(&inside))).detach();
            sim::scope(|s| {
                cancel_on(s, "parent", &parent_canceller);
                s.spawn("drop", move || drop((child, canceller)));
            });
            sim::wait_idle();
            let told = told.lock().clone();
            assert_eq!(told.len(), 1, "{told:?}");
            told[0].clone()
        })
        .exactly(words(["parent", "plain"]))
        .exhausted();
}

#[test]
fn children_that_come_and_go_while_the_parent_is_cancelled_are_no_trouble() {
    by_seeds(|| {
        let (parent, canceller) = root();
        let (stays, _stays_canceller) = parent.with_cancel();
        assert!(!stays.has_ended());
        sim::scope(|s| {
            for name in ["a", "b"] {
                s.spawn(name, || {
                    for _ in 0..2 {
                        let (child, _child_canceller) = parent.with_cancel();
                        let early = why(&child);
                        assert!(early == "live" || early == "parent", "{early}");
                    }
                });
            }
            cancel_on(s, "parent", &canceller);
        });
        assert_eq!(why(&stays), "parent");
    });
}

#[test]
fn a_chain_dropped_from_both_ends_at_once_drops_what_hangs_on_it_once() {
    let report = Builder::new().exhaustive(1).check(|| {
        let drops = Count::default();
        let mut chain: Vec<(Context, OnCancel)> = Vec::new();
        for _ in 0..3 {
            let root = Context::background();
            let (ctx, canceller) = chain.last().map_or(&root, |(ctx, _)| ctx).with_cancel();
            canceller.disarm();
            let captured = drops.on_drop();
            let registration = ctx.on_cancel(move || drop(captured));
            chain.push((ctx, registration));
        }
        let (leaf, middle) = (chain.pop(), chain.pop());
        sim::scope(|s| {
            s.spawn("leaf", move || drop(leaf));
            s.spawn("root", move || drop(chain));
            drop(middle);
        });
        assert_eq!(drops.get(), 3);
    });
    assert!(report.exhausted);
}

#[test]
fn a_leaf_hears_the_root_through_a_chain_and_nobody_above_a_cancelled_link_does() {
    by_seeds(|| {
        let (top, top_canceller) = root();
        let (middle, middle_canceller) = top.with_cancel();
        let (inner, _inner_canceller) = middle.with_cancel();
        let (leaf, _leaf_canceller) = inner.with_cancel();
        sim::scope(|s| {
            cancel_on(s, "middle", &middle_canceller);
            s.spawn("looks", || {
                let early = why(&leaf);
                assert!(early == "live" || early == "middle", "{early}");
            });
            assert_eq!(leaf.wait().error().unwrap().to_string(), "middle");
        });
        assert_eq!(
            [&top, &middle, &inner, &leaf].map(why),
            words(["live", "middle", "middle", "middle"])
        );
        top_canceller.cancel_because("top");
        assert_eq!([&top, &middle, &leaf].map(why), words(["top", "middle", "middle"]));
    });
}

#[test]
fn the_last_of_two_cancellers_that_are_dropped_at_once_ends_the_context() {
    sim::outcomes(|| {
        let (ctx, canceller) = root();
        let runs = Count::default();
        let counted = runs.clone();
        ctx.on_cancel(move || counted.add()).detach();
        let (first, second) = (canceller.clone(), canceller.clone());
        drop(canceller);
        assert_eq!(why(&ctx), "live");
        sim::scope(|s| {
            s.spawn("first", move || drop(first));
            s.spawn("second", move || drop(second));
        });
        sim::wait_idle();
        (runs.get(), why(&ctx))
    })
    .exactly([(1, "plain".to_owned())])
    .exhausted();
}

#[test]
fn cancellers_dropped_and_disarmed_at_once_leave_the_context_live() {
    sim::outcomes(|| {
        let (ctx, canceller) = root();
        let (first, second) = (canceller.clone(), canceller);
        sim::scope(|s| {
            s.spawn("first", move || drop(first));
            s.spawn("second", move || second.disarm());
        });
        why(&ctx)
    })
    .exactly(["live".to_owned()])
    .exhausted();
}

// --- Merged -----------------------------------------------------------------------------------

#[test]
fn of_two_parents_cancelled_at_once_one_ends_the_merged_context_and_its_children() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let (left, left_canceller) = root();
            let (right, right_canceller) = root();
            let merged = Context::merge(&[&left, &right]);
            let (child, _child_canceller) = merged.with_cancel();
            let runs = Count::default();
            let counted = runs.clone();
            child.on_cancel(move || counted.add()).detach();
            sim::scope(|s| {
                cancel_on(s, "left", &left_canceller);
                cancel_on(s, "right", &right_canceller);
            });
            sim::wait_idle();
            assert_eq!(runs.get(), 1);
            assert_eq!([why(&left), why(&right)], words(["left", "right"]));
            assert_eq!(why(&child), why(&merged));
            why(&merged)
        })
        .exactly(words(["left", "right"]))
        .exhausted();
}

#[test]
fn a_merged_context_that_nobody_looks_at_has_the_cause_of_the_parent_that_ended_first() {
    sim::outcomes(|| {
        let (left, left_canceller) = root();
        let (right, right_canceller) = root();
        let merged = Context::merge(&[&left, &right]);
        let right_has_ended = Count::default();
        let late = sim::scope(|s| {
            s.spawn("right", || {
                right_canceller.cancel_because("right");
                right_has_ended.add();
            });
            let late = right_has_ended.get() == 1;
            left_canceller.cancel_because("left");
            late
        });
        assert!(!late || why(&merged) == "right");
        why(&merged)
    })
    .exactly(words(["left", "right"]))
    .exhausted();
}

#[test]
fn a_context_merged_of_an_ancestor_and_its_descendant_ends_once() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let (top, top_canceller) = root();
            let (below, below_canceller) = top.with_cancel();
            let merged = Context::merge(&[&below, &top]);
            let runs = Count::default();
            let counted = runs.clone();
            merged.on_cancel(move || counted.add()).detach();
            sim::scope(|s| {
                cancel_on(s, "top", &top_canceller);
                cancel_on(s, "below", &below_canceller);
            });
            sim::wait_idle();
            assert_eq!(runs.get(), 1);
            [why(&below), why(&merged)]
        })
        .exactly([words(["top", "top"]), words(["below", "below"]), words(["below", "top"])])
        .exhausted();
}

#[test]
fn a_merged_context_dropped_while_both_parents_are_cancelled_is_no_trouble() {
    by_seeds(|| {
        let (left, left_canceller) = root();
        let (right, right_canceller) = root();
        let drops = Count::default();
        let merged = Context::merge(&[&left, &right]);
        let captured = drops.on_drop();
        merged.on_cancel(move || drop(captured)).detach();
        sim::scope(|s| {
            cancel_on(s, "left", &left_canceller);
            cancel_on(s, "right", &right_canceller);
            s.spawn("drop", move || drop(merged));
        });
        sim::wait_idle();
        assert_eq!(drops.get(), 1);
    });
}

// --- Waiting ----------------------------------------------------------------------------------

#[test]
fn with_one_preemption_and_by_seeds_no_wait_misses_a_cancel() {
    let body = || {
        let (parent, canceller) = root();
        let (child, _child_canceller) = parent.with_cancel();
        sim::scope(|s| {
            s.spawn("parent waits", || {
                assert_eq!(parent.wait().to_string(), "context cancelled: parent");
            });
            s.spawn("child waits", || {
                assert_eq!(child.wait().to_string(), "context cancelled: parent");
            });
            cancel_on(s, "parent", &canceller);
        });
    };
    assert!(Builder::new().exhaustive(1).check(body).exhausted);
    by_seeds(body);
}

#[test]
fn no_wait_of_one_thread_misses_a_cancel_that_comes_at_any_of_its_steps() {
    for spurious in [0, 50] {
        let report = Builder::new().exhaustive(2).spurious_wakeups(spurious).check(|| {
            let (ctx, canceller) = root();
            sim::scope(|s| {
                s.spawn("waits", || drop(ctx.wait()));
                canceller.cancel();
            });
        });
        assert!(report.exhausted);
    }
}

#[test]
fn a_cancel_between_the_last_look_of_a_waiter_and_its_sleep_is_not_lost() {
    let script = Script::new().run("waits").until("park").run("parent").to_end();
    scripted(script.run("waits").to_end(), || {
        let (ctx, canceller) = root();
        sim::scope(|s| {
            s.spawn("waits", || drop(ctx.wait()));
            cancel_on(s, "parent", &canceller);
        });
    });
}

#[test]
fn a_wait_blocks_until_the_context_ends_and_no_longer() {
    check(|| {
        let (parent, canceller) = root();
        let (child, _child_canceller) = parent.with_cancel();
        let waits = [parent.clone(), child].map(|ctx| sim::spawn("waits", move || ctx.wait()));
        sim::wait_idle();
        for wait in &waits {
            sim::assert_blocked(wait, "Context::wait");
        }
        canceller.cancel();
        for wait in waits {
            wait.join().unwrap();
        }
    });
}

#[test]
fn with_one_preemption_and_by_seeds_whoever_is_woken_finds_the_whole_subtree_cancelled() {
    let body = || {
        let (parent, canceller) = root();
        let (child, _child_canceller) = parent.with_cancel();
        let (grandchild, _grandchild_canceller) = child.with_cancel();
        assert!(!grandchild.has_ended());
        sim::scope(|s| {
            for ctx in [&parent, &child] {
                s.spawn("waits", || {
                    ctx.wait();
                    // Known to their parents, so these are loads of what the canceller has done.
                    assert_eq!([why(&child), why(&grandchild)], words(["parent", "parent"]));
                });
            }
            sim::wait_idle(); // both are asleep
            canceller.cancel_because("parent");
        });
    };
    assert!(Builder::new().exhaustive(1).check(body).exhausted);
    by_seeds(body);
}

#[test]
fn a_cancel_that_has_returned_has_ended_every_descendant() {
    by_seeds(|| {
        let (parent, canceller) = root();
        let children: Vec<_> = (0..3).map(|_| parent.with_cancel()).collect();
        let leaves: Vec<_> = children.iter().map(|(child, _)| child.with_cancel()).collect();
        sim::scope(|s| {
            for (leaf, _) in &leaves {
                s.spawn("look", || drop(why(leaf)));
            }
            canceller.cancel_because("parent");
            for (ctx, _) in children.iter().chain(&leaves) {
                assert_eq!(why(ctx), "parent");
            }
        });
    });
}

/// What `wait_until` says, in a word.
fn outcome(waited: Result<Cause, Interrupted>) -> String {
    match waited {
        Ok(cause) => {
            format!("ok {}", cause.error().map_or("plain".to_owned(), ToString::to_string))
        }
        Err(Interrupted::Cancelled(cause)) => cause.error().expect("it has one").to_string(),
        Err(_) => "timed out".to_owned(),
    }
}

#[test]
fn with_one_preemption_a_wait_whose_context_and_bound_end_at_once_reports_one_of_both() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let (ctx, canceller) = root();
            let (bound, bound_canceller) = root();
            sim::scope(|s| {
                let waits = s.spawn("waits", || outcome(ctx.wait_until(&bound)));
                cancel_on(s, "event", &canceller);
                cancel_on(s, "bound", &bound_canceller);
                waits.join().unwrap()
            })
        })
        .exactly(words(["ok event", "bound"]))
        .exhausted();
}

#[test]
fn the_end_of_the_context_wins_over_that_of_the_bound_if_both_come_while_it_waits() {
    let report = Builder::new().exhaustive(2).check(|| {
        let (ctx, canceller) = root();
        let (bound, bound_canceller) = root();
        sim::scope(|s| {
            let waits = s.spawn("waits", || outcome(ctx.wait_until(&bound)));
            sim::wait_idle();
            sim::atomically(|| {
                bound_canceller.cancel_because("bound");
                canceller.cancel_because("event");
            });
            assert_eq!(waits.join().unwrap(), "ok event");
        });
    });
    assert!(report.exhausted);
}

#[test]
fn a_wait_that_was_given_up_leaves_the_next_one_intact() {
    by_seeds(|| {
        let (ctx, canceller) = root();
        let (bound, bound_canceller) = root();
        sim::scope(|s| {
            s.spawn("waits", || {
                let first = outcome(ctx.wait_until(&bound));
                assert!(first == "bound" || first == "ok event", "{first}");
                assert_eq!(outcome(ctx.wait_until(phalanx::Until::FOREVER)), "ok event");
                assert_eq!(ctx.wait().error().unwrap().to_string(), "event");
            });
            cancel_on(s, "bound", &bound_canceller);
            cancel_on(s, "event", &canceller);
        });
    });
}

// --- Shields and values -----------------------------------------------------------------------

#[test]
fn a_shielded_context_is_reached_by_nobody_and_keeps_its_values() {
    check(|| {
        let (parent, canceller) = Context::background().with_value("value").with_cancel();
        let (shielded, shielded_canceller) = parent.shielded().with_cancel();
        let waits = sim::spawn("waits", move || {
            let cause = shielded.wait();
            (cause.error().unwrap().to_string(), *shielded.value::<&str>().unwrap())
        });
        canceller.cancel_because("outside");
        sim::wait_idle();
        sim::assert_blocked(&waits, "Context::wait");
        shielded_canceller.cancel_because("inside");
        assert_eq!(waits.join().unwrap(), ("inside".to_owned(), "value"));
    });
}

#[test]
fn a_value_is_dropped_once_by_whichever_thread_lets_go_last() {
    by_seeds(|| {
        let drops = Count::default();
        let (ctx, canceller) = Context::background().with_value(drops.on_drop()).with_cancel();
        sim::scope(|s| {
            for n in 0..3_u32 {
                let mine = ctx.with_value(n);
                let drops = &drops;
                s.spawn("reads", move || {
                    assert_eq!(mine.value(), Some(&n));
                    sim::yield_now();
                    assert_eq!(drops.get(), 0, "it is still there");
                    mine.wait();
                });
            }
            sim::wait_idle();
            drop(ctx);
            canceller.cancel();
        });
        drop(canceller);
        assert_eq!(drops.get(), 1);
    });
}

// --- Everything at once -----------------------------------------------------------------------

#[test]
fn a_tree_under_fire_ends_with_causes_that_come_from_above() {
    by_seeds(|| {
        let (top, top_canceller) = root();
        let (left, left_canceller) = top.with_cancel();
        let (right, right_canceller) = top.with_cancel();
        let both = Context::merge(&[&left, &right]);
        let (leaf, _leaf_canceller) = both.with_cancel();
        sim::scope(|s| {
            cancel_on(s, "top", &top_canceller);
            cancel_on(s, "left", &left_canceller);
            s.spawn("right", move || drop(right_canceller));
            s.spawn("waits", || drop(leaf.wait()));
            s.spawn("looks", || {
                let early = why(&both);
                assert!(early == "live" || early == why(&both), "{early}");
            });
        });
        assert_eq!(why(&top), "top");
        assert!(["top", "left"].contains(&&*why(&left)));
        assert!(["top", "plain"].contains(&&*why(&right)));
        assert_eq!(why(&leaf), why(&both));
        assert!([&left, &right].map(why).contains(&why(&both)), "{}", why(&both));
    });
}
