//! Children of one context.

use phalanx::Context;

use crate::curve::Curve;

pub(crate) const CURVES: [Curve; 1] = [Curve {
    name: "contexts",
    title: "Children made of one context, looked at, cancelled with it, and dropped",
    size_of: "children",
    per: "per child",
    sizes: &[1, 10, 100, 1000, 10_000, 100_000, 1_000_000],
    of_all: true,
    measure: |size, timing| Ok(timing.of(|| family(size))),
}];

fn family(size: u32) {
    let (parent, canceller) = Context::background().with_cancel();
    let children: Vec<_> = (0..size).map(|_| parent.with_cancel()).collect();
    assert!(!children.iter().any(|(child, _)| child.has_ended()));
    canceller.cancel();
    assert!(children.last().is_none_or(|(child, _)| child.has_ended()));
}
