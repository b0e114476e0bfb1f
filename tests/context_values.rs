//! The values of a context: looked up by type, inherited, hidden, and dropped once.

mod support;

use phalanx::Context;
use support::Count;

#[derive(Debug, PartialEq)]
struct User(&'static str);

#[derive(Debug, PartialEq)]
struct Tenant(&'static str);

#[test]
fn a_context_without_values_has_none() {
    assert_eq!(Context::background().value::<User>(), None);
}

#[test]
fn a_value_is_found_by_its_type() {
    let ctx = Context::background().with_value(User("ada")).with_value(Tenant("acme"));
    assert_eq!(ctx.value(), Some(&User("ada")));
    assert_eq!(ctx.value(), Some(&Tenant("acme")));
    assert_eq!(ctx.value::<&str>(), None, "the wrapped type is another type");
}

#[test]
fn a_later_value_hides_an_earlier_one_of_its_type() {
    let outer = Context::background().with_value(User("ada")).with_value(Tenant("acme"));
    let inner = outer.with_value(User("bob"));
    assert_eq!(inner.value(), Some(&User("bob")));
    assert_eq!(inner.value(), Some(&Tenant("acme")));
    assert_eq!(outer.value(), Some(&User("ada")), "the outer context is left unchanged");
}

#[test]
fn an_absent_option_hides_a_present_one() {
    let ctx = Context::background().with_value(Some(1_u8)).with_value(None::<u8>);
    assert_eq!(ctx.value::<Option<u8>>(), Some(&None));
}

#[test]
fn children_inherit_values_and_do_not_give_theirs_to_others() {
    let (parent, _canceller) = Context::background().with_value(User("ada")).with_cancel();
    let (child, _child_canceller) = parent.with_cancel();
    let child = child.with_value(Tenant("acme"));
    let (grandchild, _grandchild_canceller) = child.with_cancel();
    assert_eq!(grandchild.value(), Some(&User("ada")));
    assert_eq!(grandchild.value(), Some(&Tenant("acme")));
    assert_eq!(parent.value::<Tenant>(), None);
}

#[test]
fn a_shielded_context_keeps_the_values() {
    let (ctx, canceller) = Context::background().with_value(User("ada")).with_cancel();
    canceller.cancel();
    let cleanup = ctx.shielded().with_value(Tenant("acme"));
    assert_eq!(cleanup.value(), Some(&User("ada")));
    assert_eq!(cleanup.value(), Some(&Tenant("acme")));
}

#[test]
fn a_context_with_a_value_ends_exactly_when_the_one_without_does() {
    let (ctx, canceller) = Context::background().with_cancel();
    let with_value = ctx.with_value(User("ada"));
    assert!(!with_value.has_ended());
    canceller.cancel_because("both");
    assert!(with_value.has_ended());
    assert_eq!(support::told(&with_value), support::told(&ctx));
}

#[test]
fn a_value_stays_readable_after_the_end() {
    let (ctx, canceller) = Context::background().with_value(User("ada")).with_cancel();
    canceller.cancel();
    assert_eq!(ctx.value(), Some(&User("ada")));
}

#[test]
fn a_value_is_dropped_once_with_the_last_context_that_has_it() {
    let drops = Count::default();
    let ctx = Context::background().with_value(drops.on_drop());
    let (child, canceller) = ctx.with_value(User("ada")).with_cancel();
    drop(ctx);
    drop(canceller);
    assert_eq!(drops.get(), 0, "the child still has it");
    drop(child);
    assert_eq!(drops.get(), 1);
}

#[test]
fn a_value_is_shared_with_another_thread() {
    let ctx = Context::background().with_value(User("ada"));
    std::thread::scope(|s| {
        s.spawn(|| assert_eq!(ctx.value(), Some(&User("ada"))));
    });
}

#[test]
fn a_million_values_are_looked_through_and_dropped() {
    let mut ctx = Context::background().with_value(User("the first"));
    for n in 0..1_000_000_u32 {
        ctx = ctx.with_value(n);
    }
    assert_eq!(ctx.value::<u32>(), Some(&999_999));
    assert_eq!(ctx.value(), Some(&User("the first")));
    drop(ctx);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    User,
    Tenant,
}

#[test]
fn a_value_is_found_by_its_key() {
    let ctx = Context::background()
        .with_keyed_value(Name::User, 1_u8)
        .with_keyed_value(Name::Tenant, 2_u8)
        .with_keyed_value("user", 3_u8);
    assert_eq!(ctx.keyed_value(&Name::User), Some(&1_u8));
    assert_eq!(ctx.keyed_value(&Name::Tenant), Some(&2_u8));
    assert_eq!(ctx.keyed_value(&"user"), Some(&3_u8), "keys of another type are other keys");
    assert_eq!(ctx.keyed_value::<u8>(&"tenant"), None);
    assert_eq!(ctx.keyed_value::<u8>(&String::from("user")), None);
}

#[test]
fn a_later_value_hides_an_earlier_one_of_its_key_whatever_their_types() {
    let outer = Context::background().with_keyed_value(Name::User, 1_u8);
    let inner = outer.with_keyed_value(Name::User, "ada");
    assert_eq!(inner.keyed_value(&Name::User), Some(&"ada"));
    assert_eq!(inner.keyed_value::<u8>(&Name::User), None);
    assert_eq!(outer.keyed_value(&Name::User), Some(&1_u8), "the outer context is left unchanged");
}

#[test]
fn values_with_a_key_and_values_by_type_do_not_hide_each_other() {
    let ctx = Context::background()
        .with_value(User("by type"))
        .with_keyed_value(Name::User, User("by key"))
        .with_value(Name::User);
    assert_eq!(ctx.value(), Some(&User("by type")));
    assert_eq!(ctx.keyed_value(&Name::User), Some(&User("by key")));
    assert_eq!(ctx.value(), Some(&Name::User));
    assert_eq!(ctx.keyed_value::<Name>(&Name::User), None);
}

#[test]
fn children_inherit_values_with_keys() {
    let (child, canceller) = Context::background().with_keyed_value(1, User("ada")).with_cancel();
    canceller.cancel();
    assert_eq!(child.shielded().keyed_value(&1), Some(&User("ada")));
    assert_eq!(child.with_keyed_value(2, ()).keyed_value(&1), Some(&User("ada")));
}
