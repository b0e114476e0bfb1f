//! The races of pipelines, in the simulator: all of them where they are few, and at random.

#![cfg(feature = "sim")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![expect(clippy::disallowed_types, reason = "what a test counts with std's atomics is no step")]

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use phalanx::pipeline::{self, Flow};
use phalanx::sim::{self, Builder, TimeMode};
use phalanx::{Context, ErrGroup, Scope, Stopped, WhyStopped};
use support::schedules::{always, pause};

const SECOND: Duration = Duration::from_secs(1);

/// Runs `test` under random schedules: as it is, with time that races, with parks that return for
/// no reason.
fn often(test: impl Fn() + Send + Sync + Clone + 'static) {
    let racing = TimeMode::Racing { percent: 20 };
    let usual = Builder::new().iterations(60);
    usual.clone().check(test.clone());
    usual.clone().time(racing).check(test.clone());
    usual.time(racing).spurious_wakeups(20).check(test);
}

/// How many items are left of those that have been made.
#[derive(Clone, Default)]
struct Stock(Arc<AtomicUsize>);

struct Item(u32, Stock);

impl Stock {
    fn items(&self, numbers: std::ops::Range<u32>) -> impl Iterator<Item = Item> + Send + use<> {
        let stock = self.clone();
        numbers.map(move |number| {
            stock.0.fetch_add(1, SeqCst);
            Item(number, stock.clone())
        })
    }

    fn is_sold_out(&self) {
        assert_eq!(self.0.load(SeqCst), 0, "each item was dropped once");
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        self.1.0.fetch_sub(1, SeqCst);
    }
}

type Items<'s, 'env> = Flow<'s, 'env, Item, Stopped>;

/// Adds the stages of one kind of pipeline.
type Shape = for<'s, 'env> fn(Items<'s, 'env>) -> Items<'s, 'env>;

#[expect(clippy::unnecessary_wraps, reason = "a stage may fail")]
fn pass(item: Item, _: &Context) -> Result<Item, Stopped> {
    Ok(item)
}

const SHAPES: [Shape; 5] = [
    |flow| flow.map(pass),
    |flow| flow.fan_out(2, pass),
    |flow| flow.ordered(2, pass),
    |flow| flow.batch(2).flat_map(|batch, _| Ok(batch)),
    |flow| pipeline::merge([flow.filter(|item| item.0 != 1)]).buffer(2).ordered(2, pass),
];

#[test]
fn all_items_come_out_in_every_schedule_with_one_preemption() {
    always(1, || {
        let stock = Stock::default();
        let items = stock.items(0..3);
        let all = ErrGroup::scope(|g| {
            let flow: Items<'_, '_> = pipeline::with_buffer(g, 1).source(items);
            flow.collect::<Vec<_>>()
        });
        assert!(all.unwrap().iter().map(|item| item.0).eq(0..3));
        stock.is_sold_out();
    });
}

#[test]
fn all_items_come_out_of_every_shape() {
    for (n, shape) in SHAPES.into_iter().enumerate() {
        often(move || {
            let stock = Stock::default();
            let items = stock.items(0..6);
            let all = ErrGroup::scope(|g| {
                shape(pipeline::with_buffer(g, 1).source(items)).collect::<Vec<_>>()
            });
            let all = all.unwrap();
            let mut numbers: Vec<_> = all.iter().map(|item| item.0).collect();
            if n == 1 {
                numbers.sort_unstable();
            }
            let expected = (0..6).filter(|number| n != 4 || *number != 1);
            assert!(numbers.into_iter().eq(expected));
            drop(all);
            stock.is_sold_out();
        });
    }
}

/// Takes so many items of an endless pipeline, and leaves.
fn leave_after(shape: Shape, n: usize) {
    let stock = Stock::default();
    let items = stock.items(0..u32::MAX);
    let left = ErrGroup::scope(|g| {
        let mut flow = shape(pipeline::with_buffer(g, 1).source(items));
        for _ in 0..n {
            assert!(flow.next()?.is_some());
        }
        Ok(())
    });
    left.unwrap();
    stock.is_sold_out();
}

#[test]
fn a_sink_that_leaves_at_any_point_ends_every_thread() {
    always(1, || leave_after(|flow| flow, 0));
    always(1, || leave_after(|flow| flow, 1));
    for shape in SHAPES {
        for n in 0..4 {
            Builder::new().iterations(60).check(move || leave_after(shape, n));
        }
    }
}

/// Cancels the group at any point; the sink has all, or an error.
fn cancelled(shape: Shape) {
    let stock = Stock::default();
    let items = stock.items(0..3);
    let mut sunk = None;
    let (ctx, canceller) = Context::background().with_cancel();
    let cancelling = sim::spawn("canceller", move || canceller.cancel());
    let ended = ErrGroup::builder().context(&ctx).scope(|g| {
        let all = shape(pipeline::with_buffer(g, 1).source(items)).collect::<Vec<_>>();
        sunk = Some(all.as_ref().map(Vec::len).map_err(|stopped| stopped.kind().clone()));
        all.map(drop)
    });
    cancelling.join().unwrap();
    match sunk.unwrap() {
        Ok(n) => assert_eq!(n, 3, "a part is not all"),
        Err(why) => {
            assert!(matches!(why, WhyStopped::CutShort(_)));
            assert!(ended.is_err());
        }
    }
    stock.is_sold_out();
}

#[test]
fn a_pipeline_that_is_cancelled_at_any_point_ends_every_thread() {
    always(1, || cancelled(|flow| flow));
    for shape in &SHAPES[..4] {
        Builder::new().iterations(150).check({
            let shape = *shape;
            move || cancelled(shape)
        });
    }
}

/// A function that fails, or panics, with one item.
fn fails(at: u32, panics: bool) -> impl Fn(Item, &Context) -> Result<Item, String> + Send + Sync {
    move |item, _| match panics {
        _ if item.0 != at => Ok(item),
        true => resume_unwind(Box::new("on purpose")),
        false => Err("on purpose".to_owned()),
    }
}

/// Runs a pipeline with a stage that fails; the sink must not take a part of the items for all.
fn failing(
    items: u32,
    add: impl for<'s, 'env> FnOnce(Flow<'s, 'env, Item, String>) -> Flow<'s, 'env, Item, String>,
) {
    let stock = Stock::default();
    let items = stock.items(0..items);
    let mut sunk = None;
    let ended = catch_unwind(AssertUnwindSafe(|| {
        ErrGroup::scope(|g: &Scope<'_, '_, String>| {
            let flow = add(pipeline::with_buffer(g, 1).source(items));
            let all = flow.batch(2).collect::<Vec<_>>();
            sunk = Some(all.is_err());
            all.map(drop)
        })
    }));
    match ended {
        Ok(result) => assert_eq!(result, Err("on purpose".to_owned())),
        Err(payload) => assert_eq!(payload.downcast_ref(), Some(&"on purpose")),
    }
    assert_eq!(sunk, Some(true));
    stock.is_sold_out();
}

#[test]
fn a_stage_that_fails_at_any_item_is_never_taken_for_the_end() {
    for at in 0..3 {
        for panics in [false, true] {
            let seeds = || Builder::new().iterations(60);
            seeds().check(move || failing(3, |flow| flow.map(fails(at, panics))));
            seeds().check(move || failing(3, |flow| flow.fan_out(2, fails(at, panics))));
            seeds().check(move || failing(3, |flow| flow.ordered(2, fails(at, panics))));
        }
    }
}

#[test]
fn a_slow_stage_slows_down_those_before_it() {
    sim::run(|| {
        let made = AtomicUsize::new(0);
        let dropped = ErrGroup::scope(|g| {
            let items = (0..100).inspect(|_| _ = made.fetch_add(1, SeqCst));
            let flow = pipeline::with_buffer(g, 4).source(items).map(|n, _| {
                pause(SECOND);
                Ok::<_, Stopped>(n)
            });
            sim::sleep(SECOND / 2);
            // In the hand of the slow stage, behind it on the belt, and in the hand of the source.
            assert!(made.load(SeqCst) <= 4 + 4 + 1, "{made:?}");
            sim::sleep(2 * SECOND);
            assert!(made.load(SeqCst) <= 2 + 4 + 4 + 1, "{made:?}");
            drop(flow);
            Ok(())
        });
        dropped.unwrap();
        assert!(sim::elapsed() <= 4 * SECOND, "the source was not drained");
    });
}

#[test]
fn ordered_results_come_as_soon_as_they_may() {
    sim::check(|| {
        let came = ErrGroup::scope(|g| {
            // The first takes three seconds, the others one each.
            let flow = pipeline::source(g, 0..4).ordered(2, |n, ctx| {
                drop(ctx.sleep(if n == 0 { 3 * SECOND } else { SECOND }));
                Ok::<_, Stopped>(n)
            });
            let mut came = Vec::new();
            flow.for_each(|n| {
                came.push((n, sim::elapsed()));
                Ok(())
            })?;
            Ok(came)
        });
        assert_eq!(came.unwrap(), [0, 1, 2, 3].map(|n| (n, 3 * SECOND)));
    });
}

#[test]
fn a_batch_is_handed_on_when_its_patience_is_over_to_the_nanosecond() {
    sim::check(|| {
        let batches = ErrGroup::scope(|g| {
            // At 0 s, 1 s, 2 s, ...: three fit into a batch, or what comes within 1.5 s.
            let mut next = 0;
            let flow = pipeline::from_fn(g, move |ctx| {
                next += 1;
                if next > 1 {
                    drop(ctx.sleep(SECOND));
                }
                Ok((next <= 5).then_some(next))
            });
            let mut batches = Vec::new();
            flow.batch_within(3, 3 * SECOND / 2).for_each(|batch| {
                batches.push((batch, sim::elapsed()));
                Ok::<_, Stopped>(())
            })?;
            Ok(batches)
        });
        let expected = [
            (vec![1, 2], 3 * SECOND / 2),
            (vec![3, 4], 2 * SECOND + 3 * SECOND / 2),
            (vec![5], 5 * SECOND),
        ];
        assert_eq!(batches.unwrap(), expected);
    });
}

#[test]
fn the_deadline_of_the_group_ends_a_pipeline_that_waits_in_its_instant() {
    sim::check(|| {
        let ended = ErrGroup::builder().timeout(SECOND).scope(|g| {
            let flow = pipeline::from_fn(g, |ctx| {
                drop(ctx.wait());
                Ok(None::<u32>)
            });
            let waits = flow.ordered(2, |n, _| Ok::<_, Stopped>(n)).collect::<Vec<_>>();
            assert_eq!(sim::elapsed(), SECOND);
            waits
        });
        assert!(matches!(ended.unwrap_err().kind(), WhyStopped::CutShort(_)));
    });
}

#[test]
fn a_source_that_stops_since_the_group_has_ended_has_not_come_to_its_end() {
    always(1, || {
        let (ctx, canceller) = Context::background().with_cancel();
        let cancelling = sim::spawn("canceller", move || canceller.cancel());
        let ended = ErrGroup::builder().context(&ctx).scope(|g| {
            let flow = pipeline::from_fn(g, |ctx| {
                drop(ctx.wait());
                Ok::<_, Stopped>(None::<u32>)
            });
            assert!(flow.collect::<Vec<_>>().is_err());
            Ok(())
        });
        drop(ended);
        cancelling.join().unwrap();
    });
}

#[test]
fn a_stage_with_items_in_its_hand_stops_before_the_next_one() {
    sim::check(|| {
        let worked_on = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&worked_on);
        let ended = ErrGroup::builder().timeout(3 * SECOND / 2).scope(|g| {
            // It hands nothing on, so nobody tells it that nobody takes any more.
            let flow = pipeline::source(g, 0..20).filter(move |_| {
                count.fetch_add(1, SeqCst);
                pause(SECOND);
                false
            });
            flow.for_each(|_| Ok::<_, Stopped>(()))
        });
        assert!(ended.is_err());
        assert_eq!((worked_on.load(SeqCst), sim::elapsed()), (2, 2 * SECOND));
    });
}

#[test]
fn a_sink_that_waits_is_known_by_name() {
    sim::run(|| {
        let (ctx, canceller) = Context::background().with_cancel();
        let sink = sim::spawn("sink", move || {
            let ended = ErrGroup::builder().context(&ctx).scope(|g| {
                let flow = pipeline::from_fn(g, |ctx| {
                    drop(ctx.wait());
                    Ok(None::<u32>)
                });
                flow.map(|n, _| Ok::<_, Stopped>(n)).for_each(|_| Ok(()))
            });
            ended.is_err()
        });
        sim::wait_idle();
        sim::assert_blocked(&sink, "Flow::next");
        canceller.cancel();
        assert!(sink.join().unwrap());
    });
}
