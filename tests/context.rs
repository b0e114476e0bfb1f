//! The tree of contexts: who ends with whom, and with which cause.

mod support;

use std::error::Error;
use std::fmt;
use std::time::Duration;

use phalanx::{CauseKind, Context, Interrupted};
use support::{EXPIRED, PLAIN, because, told};

const HOUR: Duration = Duration::from_secs(3600);

fn root() -> (Context, phalanx::Canceller) {
    Context::background().with_cancel()
}

#[test]
fn the_background_never_ends() {
    for ctx in [Context::background(), Context::default()] {
        assert!(!ctx.has_ended());
        assert!(ctx.check().is_ok());
        assert!(ctx.cause().is_none());
        assert!(ctx.deadline().is_none());
        assert!(ctx.remaining().is_none());
    }
}

#[test]
fn the_background_is_a_constant() {
    static ROOT: Context = Context::background();
    assert!(!ROOT.has_ended());
}

#[test]
fn a_context_is_live_until_it_is_cancelled() {
    let (ctx, canceller) = root();
    assert!(!ctx.has_ended());
    assert!(ctx.check().is_ok());
    assert_eq!(told(&ctx), None);
    canceller.cancel();
    assert!(ctx.has_ended());
    assert!(ctx.check().is_err());
    assert_eq!(told(&ctx), PLAIN);
}

#[test]
fn clones_are_the_same_context() {
    let (ctx, canceller) = root();
    let clone = ctx.clone();
    drop(ctx);
    canceller.cancel();
    assert!(clone.has_ended());
}

#[test]
fn dropping_the_canceller_cancels() {
    let (ctx, canceller) = root();
    drop(canceller);
    assert_eq!(told(&ctx), PLAIN);
}

#[test]
fn a_disarmed_canceller_leaves_it_to_the_parent() {
    let (parent, canceller) = root();
    let (child, disarmed) = parent.with_cancel();
    disarmed.disarm();
    assert!(!child.has_ended());
    canceller.cancel_because("the parent");
    assert_eq!(told(&child), because("the parent"));
}

#[test]
fn a_disarmed_canceller_leaves_it_to_the_deadline() {
    support::watchdog(|| {
        let (ctx, disarmed) = Context::background().with_cancel_timeout(Duration::from_millis(1));
        disarmed.disarm();
        assert_eq!(ctx.wait().kind(), CauseKind::DeadlineExceeded);
    });
}

#[derive(Debug)]
struct HungUp(u32);

impl fmt::Display for HungUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "client {} hung up", self.0)
    }
}

impl Error for HungUp {}

#[test]
fn the_cause_keeps_the_error_itself() {
    let (ctx, canceller) = root();
    let (child, _child_canceller) = ctx.with_cancel();
    canceller.cancel_because(HungUp(7));
    for ctx in [ctx, child] {
        let cause = ctx.cause().unwrap();
        assert_eq!(cause.error().unwrap().downcast_ref::<HungUp>().unwrap().0, 7);
        let error = ctx.check().unwrap_err();
        assert_eq!(error.cause().error().unwrap().downcast_ref::<HungUp>().unwrap().0, 7);
        assert_eq!(support::chain(&error), "context cancelled: client 7 hung up");
    }
}

#[test]
fn a_cancelled_error_becomes_an_interruption() {
    let (ctx, canceller) = root();
    canceller.cancel_because("enough");
    let interrupted = Interrupted::from(ctx.check().unwrap_err());
    assert!(matches!(&interrupted, Interrupted::Cancelled(cause)
        if cause.error().unwrap().to_string() == "enough"));
    assert!(!interrupted.is_timeout());
}

// --- Which cause wins -------------------------------------------------------------------------

#[test]
fn the_first_cause_of_a_context_wins() {
    let (ctx, canceller) = root();
    canceller.cancel_because("first");
    canceller.cancel_because("second");
    canceller.cancel();
    drop(canceller);
    assert_eq!(told(&ctx), because("first"));
}

#[test]
fn a_plain_cancel_that_came_first_stays_plain() {
    let (ctx, canceller) = root();
    canceller.cancel();
    canceller.cancel_because("too late");
    assert_eq!(told(&ctx), PLAIN);
}

#[test]
fn parent_first_then_child_gives_both_the_cause_of_the_parent() {
    let (parent, parent_canceller) = root();
    let (child, child_canceller) = parent.with_cancel();
    parent_canceller.cancel_because("parent");
    child_canceller.cancel_because("child");
    assert_eq!(told(&parent), because("parent"));
    assert_eq!(told(&child), because("parent"));
}

#[test]
fn child_first_then_parent_leaves_each_its_own_cause() {
    let (parent, parent_canceller) = root();
    let (child, child_canceller) = parent.with_cancel();
    child_canceller.cancel_because("child");
    assert_eq!(told(&parent), None, "a child does not end its parent");
    parent_canceller.cancel_because("parent");
    assert_eq!(told(&parent), because("parent"));
    assert_eq!(told(&child), because("child"));
}

#[test]
fn a_plain_cancel_of_the_child_does_not_hide_the_cause_of_the_parent() {
    let (parent, parent_canceller) = root();
    let (child, child_canceller) = parent.with_cancel();
    parent_canceller.cancel_because("parent");
    child_canceller.cancel();
    assert_eq!(told(&child), because("parent"));
}

#[test]
fn a_child_that_was_cancelled_plainly_takes_no_cause_from_its_parent() {
    let (parent, parent_canceller) = root();
    let (child, child_canceller) = parent.with_cancel();
    child_canceller.cancel();
    parent_canceller.cancel_because("parent");
    assert_eq!(told(&child), PLAIN);
}

#[test]
fn a_plain_cancel_of_the_parent_beats_a_later_cause_of_the_child() {
    let (parent, parent_canceller) = root();
    let (child, child_canceller) = parent.with_cancel();
    parent_canceller.cancel();
    child_canceller.cancel_because("child");
    assert_eq!(told(&child), PLAIN);
}

#[test]
fn a_deadline_that_came_first_beats_a_later_cancel_of_the_parent() {
    let (parent, parent_canceller) = root();
    let child = parent.with_timeout(Duration::ZERO);
    assert_eq!(told(&child), EXPIRED);
    parent_canceller.cancel_because("parent");
    assert_eq!(told(&child), EXPIRED);
}

#[test]
fn a_cancel_of_the_parent_beats_a_later_deadline() {
    let (parent, parent_canceller) = root();
    let child = parent.with_timeout(HOUR);
    parent_canceller.cancel_because("parent");
    assert_eq!(told(&child), because("parent"));
}

#[test]
fn a_context_with_a_deadline_that_is_cancelled_early_was_cancelled() {
    let (plain, plain_canceller) = Context::background().with_cancel_timeout(HOUR);
    let (with_error, canceller) = Context::background().with_cancel_timeout(HOUR);
    plain_canceller.cancel();
    canceller.cancel_because("early");
    assert_eq!(told(&plain), PLAIN);
    assert_eq!(told(&with_error), because("early"));
}

#[test]
fn an_ended_parent_beats_a_deadline_that_has_passed() {
    let (parent, canceller) = root();
    canceller.cancel_because("parent");
    let child = parent.with_timeout(Duration::ZERO);
    assert_eq!(told(&child), because("parent"));
}

// --- The tree ---------------------------------------------------------------------------------

#[test]
fn a_child_of_an_ended_context_is_born_ended_with_its_cause() {
    let (parent, canceller) = root();
    canceller.cancel_because("before");
    let (child, _child_canceller) = parent.with_cancel();
    let timed = parent.with_timeout(HOUR);
    let (grandchild, _grandchild_canceller) = child.with_value(1_u8).with_cancel();
    for ctx in [child, timed, grandchild, parent.with_value(1_u8), Context::merge(&[&parent])] {
        assert_eq!(told(&ctx), because("before"));
    }
}

#[test]
fn a_child_of_an_expired_context_is_born_expired() {
    let parent = Context::background().with_timeout(Duration::ZERO);
    let (child, _child_canceller) = parent.with_cancel();
    assert_eq!(told(&child), EXPIRED);
}

#[test]
fn cancelling_reaches_all_descendants_and_nobody_else() {
    let (grandparent, _grandparent_canceller) = root();
    let (parent, canceller) = grandparent.with_cancel();
    let (sibling, _sibling_canceller) = grandparent.with_cancel();
    let children: Vec<_> = (0..10).map(|_| parent.with_cancel()).collect();
    let grandchildren: Vec<_> =
        children.iter().map(|(child, _)| child.with_cancel_timeout(HOUR)).collect();

    canceller.cancel_because("branch");

    for (ctx, _) in children.iter().chain(&grandchildren) {
        assert_eq!(told(ctx), because("branch"));
    }
    assert!(!grandparent.has_ended());
    assert!(!sibling.has_ended());
}

#[test]
fn a_child_outlives_the_handles_of_its_parent() {
    let (parent, canceller) = root();
    let (child, _child_canceller) = parent.with_cancel();
    drop(parent);
    assert!(!child.has_ended());
    canceller.cancel_because("still heard");
    assert_eq!(told(&child), because("still heard"));
}

#[test]
fn a_grandchild_hears_its_grandparent_through_a_dropped_parent() {
    let (grandparent, canceller) = root();
    let (parent, parent_canceller) = grandparent.with_cancel();
    let (child, _child_canceller) = parent.with_cancel();
    parent_canceller.disarm();
    drop(parent);
    canceller.cancel_because("from afar");
    assert_eq!(told(&child), because("from afar"));
}

#[test]
fn each_clone_of_a_canceller_can_cancel_and_the_drop_of_the_last_does() {
    let (ctx, canceller) = root();
    let clones = [canceller.clone(), canceller.clone()];
    drop(canceller);
    let [one, other] = clones;
    drop(one);
    assert!(!ctx.has_ended());
    drop(other);
    assert_eq!(told(&ctx), PLAIN);

    let (ctx, canceller) = root();
    let clone = canceller.clone();
    clone.cancel_because("the clone");
    drop((canceller, clone));
    assert_eq!(told(&ctx), because("the clone"));
}

#[test]
fn a_disarmed_clone_leaves_the_power_to_cancel_to_the_others() {
    let (ctx, canceller) = root();
    let clones = [canceller.clone(), canceller.clone()];
    canceller.disarm();
    let [one, other] = clones;
    drop(one);
    other.cancel_because("still");
    assert_eq!(told(&ctx), because("still"));
    for first in [true, false] {
        let (ctx, canceller) = root();
        let clone = canceller.clone();
        if first {
            clone.disarm();
            drop(canceller);
        } else {
            drop(canceller);
            clone.disarm();
        }
        assert!(!ctx.has_ended());
    }
}

#[test]
fn a_context_equals_its_clones_and_no_other() {
    let (parent, _canceller) = root();
    let (child, _child_canceller) = parent.with_cancel();
    let (sibling, _sibling_canceller) = parent.with_cancel();
    let valued = child.with_value(1);
    let timed = [parent.with_timeout(HOUR), parent.with_timeout(HOUR)];
    let merged = Context::merge(&[&parent, &sibling]);
    let all = [
        Context::background(),
        Context::background().with_value(1),
        parent,
        child.clone(),
        sibling,
        valued,
        child.with_value(1),
        timed[0].clone(),
        timed[1].clone(),
        merged,
    ];
    for (i, ctx) in all.iter().enumerate() {
        for (j, other) in all.iter().enumerate() {
            assert_eq!(ctx == &other.clone(), i == j, "{ctx:?} {other:?}");
        }
    }
    assert_eq!(Context::todo(), Context::background());
    assert_eq!(child.shielded(), Context::default());
}

#[test]
fn debug_output_tells_one_context_from_another() {
    struct Secret(#[expect(dead_code, reason = "nobody shall see it")] u64);

    let (parent, canceller) = root();
    let child = parent.with_timeout(HOUR).with_value(Secret(4711)).with_keyed_value("user", 7_u8);
    let grandchild = child.with_timeout(2 * HOUR);
    let merged = Context::merge(&[&grandchild, &parent]);
    let contexts = [&Context::todo(), &parent, &child, &grandchild, &merged];
    let texts = contexts.map(|ctx| format!("{ctx:?}"));
    let kinds = ["background", "child", "deadline", "child", "merged"];
    for (text, kind) in texts.iter().zip(kinds) {
        assert!(text.contains(&format!("kind: {kind}")), "{text}");
    }
    for (text, ancestors) in texts[1..].iter().zip(0..) {
        assert!(text.contains(&format!("ancestors: {ancestors}")), "{text}");
    }
    assert!(texts[0].contains("values: []"), "{}", texts[0]);
    assert!(texts[1].contains("cause: None, remaining: None"), "{}", texts[1]);
    assert!(texts[2].contains("remaining: Some("), "{}", texts[2]);
    assert!(texts[2].contains("values: [&str => u8, "), "{}", texts[2]);
    assert!(texts[2].contains("Secret]") && !texts[2].contains("4711"), "{}", texts[2]);
    let node = |text: &str| {
        let number =
            text.split("node: ").nth(1)?.split(|c: char| !c.is_ascii_alphanumeric()).next();
        number.map(str::to_owned)
    };
    assert!(node(&texts[1]).is_some_and(|number| number.len() > 4), "{}", texts[1]);
    assert_eq!(node(&texts[1]), node(&format!("{canceller:?}")));
    assert_ne!(node(&texts[1]), node(&texts[2]));
    canceller.cancel_because("why not");
    assert!(format!("{merged:?}").contains("why not"));
}

#[test]
fn debug_output_exists_and_shows_no_lock() {
    let (ctx, canceller) = root();
    let registration = ctx.on_cancel(|| ());
    assert!(format!("{ctx:?}").starts_with("Context"));
    assert!(format!("{canceller:?}").starts_with("Canceller"));
    assert!(format!("{registration:?}").starts_with("OnCancel"));
}

// --- Shielded ---------------------------------------------------------------------------------

#[test]
fn a_shielded_context_ignores_cancel_and_deadline() {
    let (plain, canceller) = root();
    let expired = Context::background().with_timeout(Duration::ZERO);
    let (timed, timed_canceller) = Context::background().with_cancel_timeout(HOUR);
    let shields = [plain.shielded(), expired.shielded(), timed.shielded()];
    canceller.cancel();
    timed_canceller.cancel();
    for ctx in shields.into_iter().chain([plain.shielded()]) {
        assert_eq!(told(&ctx), None);
        assert!(ctx.check().is_ok());
        assert!(ctx.deadline().is_none());
        assert!(ctx.remaining().is_none());
    }
}

#[test]
fn a_shielded_context_is_the_root_of_a_tree_of_its_own() {
    let (ctx, canceller) = root();
    let (cleanup, cleanup_canceller) = ctx.shielded().with_cancel_timeout(HOUR);
    canceller.cancel_because("outside");
    assert_eq!(told(&cleanup), None);
    assert!(cleanup.deadline().is_some());
    cleanup_canceller.cancel_because("inside");
    assert_eq!(told(&cleanup), because("inside"));
}

// --- Merged -----------------------------------------------------------------------------------

#[test]
fn a_merged_context_ends_with_each_of_its_parents() {
    for ends in 0..3 {
        let family: Vec<_> = (0..3).map(|_| root()).collect();
        let parents: Vec<_> = family.iter().map(|(ctx, _)| ctx).collect();
        let merged = Context::merge(&parents);
        assert_eq!(told(&merged), None);
        family[ends].1.cancel_because(format!("parent {ends}"));
        assert_eq!(told(&merged), because(&format!("parent {ends}")));
        let live = parents.iter().filter(|ctx| !ctx.has_ended()).count();
        assert_eq!(live, 2, "the other parents go on");
    }
}

#[test]
fn a_merged_context_keeps_the_cause_of_the_parent_that_ended_first() {
    let (first, first_canceller) = root();
    let (second, second_canceller) = root();
    let merged = Context::merge(&[&first, &second]);
    second_canceller.cancel_because("second");
    first_canceller.cancel_because("first");
    assert_eq!(told(&merged), because("second"));
}

#[test]
fn a_merged_context_with_an_ended_parent_is_born_ended() {
    let (live, _live_canceller) = root();
    let (ended, canceller) = root();
    canceller.cancel_because("long ago");
    assert_eq!(told(&Context::merge(&[&live, &ended])), because("long ago"));
    assert_eq!(told(&Context::merge(&[&ended, &live])), because("long ago"));
}

#[test]
fn a_merged_context_without_parents_is_the_background() {
    let merged = Context::merge(&[]);
    assert!(!merged.has_ended());
    assert!(merged.deadline().is_none());
    let backgrounds = Context::merge(&[&Context::background(), &Context::background()]);
    assert!(!backgrounds.has_ended());
}

#[test]
fn a_merged_context_hears_a_parent_beside_the_background() {
    let (ctx, canceller) = root();
    let merged = Context::merge(&[&Context::background(), &ctx]);
    canceller.cancel_because("heard");
    assert_eq!(told(&merged), because("heard"));
}

#[test]
fn a_merged_context_has_the_values_of_the_first_parent_only() {
    let first = Context::background().with_value(1_u8);
    let second = Context::background().with_value(2_u8).with_value("second");
    let merged = Context::merge(&[&first, &second]);
    assert_eq!(merged.value::<u8>(), Some(&1));
    assert_eq!(merged.value::<&str>(), None);
}

#[test]
fn a_merged_context_has_the_earliest_deadline() {
    let near = Context::background().with_timeout(HOUR);
    let far = Context::background().with_timeout(2 * HOUR);
    let (none, _none_canceller) = root();
    assert_eq!(Context::merge(&[&far, &near, &none]).deadline(), near.deadline());
}

#[test]
fn a_merged_context_expires_with_a_parent() {
    support::watchdog(|| {
        let (live, _live_canceller) = root();
        let soon = Context::background().with_timeout(Duration::from_millis(1));
        let merged = Context::merge(&[&live, &soon]);
        assert_eq!(merged.wait().kind(), CauseKind::DeadlineExceeded);
        assert!(!live.has_ended());
    });
}

#[test]
fn children_of_a_merged_context_end_with_either_parent() {
    let (left, _left_canceller) = root();
    let (right, right_canceller) = root();
    let merged = Context::merge(&[&left, &right, &left]);
    let (child, _child_canceller) = merged.with_cancel();
    drop(merged);
    right_canceller.cancel_because("right");
    assert_eq!(told(&child), because("right"));
}

#[test]
fn a_merged_context_may_be_dropped_before_its_parents_end() {
    let (left, left_canceller) = root();
    let (right, right_canceller) = root();
    drop(Context::merge(&[&left, &right]));
    left_canceller.cancel();
    right_canceller.cancel();
    assert!(left.has_ended() && right.has_ended());
}
