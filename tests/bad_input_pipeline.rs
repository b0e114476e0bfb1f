//! What pipelines say to bad input; and nothing is changed by it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::time::Duration;

use phalanx::pipeline::{self, Flow};
use phalanx::{Context, ErrGroup, Stopped};
use support::{panic_of, watchdog};

type Numbers<'s> = Flow<'s, 'static, u8, Stopped>;

/// The panic of a method on a pipeline of three items; the group lives on, and no task is left.
fn panic_on(method: impl for<'s> FnOnce(Numbers<'s>)) -> String {
    let text = ErrGroup::scope(|g| {
        let text = panic_of(|| method(pipeline::source(g, 0..3)));
        support::until(|| g.running() == 0);
        assert!(!g.context().has_ended());
        Ok::<_, Stopped>(text)
    });
    text.unwrap()
}

/// What comes of a pipeline of three items with such a buffer.
fn with_buffer(items: usize) -> String {
    let all = ErrGroup::scope(|g| {
        let flow = pipeline::with_buffer(g, items).source(0..3).ordered(2, |n, _| Ok(n));
        flow.buffer(items).fan_out(1, |n, _| Ok::<_, Stopped>(n)).collect::<Vec<_>>()
    });
    format!("{:?}", all.unwrap())
}

/// The panic of a stage for which the limit of the group leaves no room; the stages before it end, and
/// so does the group.
fn at_limit(limit: usize, build: impl for<'s> FnOnce(Numbers<'s>)) -> String {
    let endless = (0..=u8::MAX).cycle();
    panic_of(|| {
        let builder = ErrGroup::builder().limit(limit);
        builder.scope(|g| {
            build(pipeline::source(g, endless));
            Ok::<_, Stopped>(())
        })
    })
}

#[expect(clippy::unnecessary_wraps, reason = "a stage may fail")]
fn echo(n: u8, _: &Context) -> Result<u8, Stopped> {
    Ok(n)
}

type Row = (&'static str, fn() -> String, &'static str);

const ROWS: [Row; 14] = [
    (
        "fan_out of none",
        || panic_on(|flow| drop(flow.fan_out(0, echo))),
        "Flow::fan_out: without a task",
    ),
    (
        "ordered of none",
        || panic_on(|flow| drop(flow.ordered(0, echo))),
        "Flow::ordered: without a task",
    ),
    ("batch of none", || panic_on(|flow| drop(flow.batch(0))), "Flow::batch: of no items"),
    (
        "batch_within of none",
        || panic_on(|flow| drop(flow.batch_within(0, Duration::MAX))),
        "Flow::batch_within: of no items",
    ),
    ("no room at all", || with_buffer(0), "[0, 1, 2]"),
    ("room without a bound", || with_buffer(usize::MAX), "[0, 1, 2]"),
    (
        "merge of none",
        || panic_of(|| drop(pipeline::merge([] as [Numbers<'static>; 0]))),
        "pipeline::merge: no flows",
    ),
    (
        "merge of two groups",
        || {
            let groups = [(); 2].map(|()| ErrGroup::<Stopped>::new());
            let flows = [0, 1].map(|n| pipeline::source(&groups[n].handle(), 0..3));
            let text = panic_of(|| drop(pipeline::merge(flows)));
            for group in groups {
                group.wait().unwrap();
            }
            text
        },
        "pipeline::merge: flows of two groups",
    ),
    (
        "a source at the limit",
        || {
            let text = ErrGroup::builder().limit(1).scope(|g| {
                let first = pipeline::source(g, (0..3).cycle());
                let text = panic_of(|| drop(pipeline::source(g, 0..3)));
                drop(first);
                Ok::<_, Stopped>(text)
            });
            text.unwrap()
        },
        "pipeline::source: the limit of the group leaves no room for a stage",
    ),
    (
        "map at the limit",
        || at_limit(1, |flow| drop(flow.map(echo))),
        "Flow::map: the limit of the group leaves no room for a stage",
    ),
    (
        "fan_out over the limit",
        || at_limit(3, |flow| drop(flow.fan_out(3, echo))),
        "Flow::fan_out: the limit of the group leaves no room for a stage",
    ),
    (
        "batch at the limit",
        || at_limit(1, |flow| drop(flow.batch(2))),
        "Flow::batch: the limit of the group leaves no room for a stage",
    ),
    (
        "merge at the limit",
        || at_limit(1, |flow| drop(pipeline::merge([flow]))),
        "Flow::merge: the limit of the group leaves no room for a stage",
    ),
    (
        "within the limit",
        || {
            let all = ErrGroup::builder()
                .limit(2)
                .scope(|g| pipeline::source(g, 0..3).map(echo).collect::<Vec<_>>());
            format!("{:?}", all.unwrap())
        },
        "[0, 1, 2]",
    ),
];

#[test]
fn bad_input_is_told_and_changes_nothing() {
    watchdog(|| {
        for (name, call, expected) in ROWS {
            assert_eq!(call(), expected, "{name}");
        }
    });
}
