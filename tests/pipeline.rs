//! What pipelines do, in real time.

#![expect(clippy::disallowed_types, reason = "tests use std's atomics")]

mod support;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use phalanx::pipeline::{self, Flow, StageCount};
use phalanx::{Context, ErrGroup, Scope, Stopped, WhyStopped};
use support::failure::Failure::{self, Own};
use support::{Bomb, Count, Crowd, OnDrop, gate, panic_of, text_of, watchdog};

type Ends<T> = Result<T, Failure>;

/// Runs a pipeline on a group of its own.
fn on_group<R>(
    body: impl for<'s> FnOnce(&Scope<'s, 'static, Failure>) -> Ends<R> + Send + 'static,
) -> Ends<R> {
    ErrGroup::scope(body)
}

fn count(name: &'static str, tasks: usize, taken: usize, handed_on: usize) -> String {
    format!("{name}, {tasks} tasks: {taken} -> {handed_on}")
}

fn in_words(stages: &[StageCount]) -> Vec<String> {
    let word = |stage: &StageCount| count(stage.name, stage.tasks, stage.taken, stage.handed_on);
    stages.iter().map(word).collect()
}

fn next<T>(flow: &mut Flow<'_, '_, T, Failure>) -> Ends<Option<T>> {
    flow.next()
}

#[test]
fn each_item_passes_through_all_stages_in_order() {
    watchdog(|| {
        let all = on_group(|g| {
            pipeline::source(g, 0..1000)
                .map(|n, _| Ok(n * 2))
                .filter(|n| n % 3 == 0)
                .flat_map(|n, _| Ok([n, n + 1]))
                .collect::<Vec<_>>()
        });
        let expected = (0..1000).map(|n| n * 2).filter(|n| n % 3 == 0).flat_map(|n| [n, n + 1]);
        assert_eq!(all.unwrap(), expected.collect::<Vec<_>>());
    });
}

#[test]
fn the_counts_are_exact_when_the_group_has_ended() {
    watchdog(|| {
        let mut counts = None;
        let sum = ErrGroup::scope(|g| {
            let odd = pipeline::source(g, 0..100).filter(|n| n % 2 == 1);
            let flow = odd.fan_out(3, |n, _| Ok::<_, Stopped>(n)).batch(20);
            counts = Some(flow.counts());
            let mut sum = 0;
            flow.for_each(|batch| {
                sum += batch.iter().sum::<usize>();
                Ok(())
            })?;
            Ok(sum)
        });
        assert_eq!(sum.unwrap(), 2500);
        let expected = [
            count("source", 1, 0, 100),
            count("filter", 1, 100, 50),
            count("fan_out", 3, 50, 50),
            count("batch", 1, 50, 3),
        ];
        assert_eq!(in_words(&counts.unwrap().stages()), expected);
    });
}

#[test]
fn batches_are_full_but_for_the_last() {
    watchdog(|| {
        let sizes = |n: usize, items: usize| {
            let batches = on_group(move |g| {
                pipeline::source(g, 0..items).batch(n).collect::<Vec<Vec<usize>>>()
            });
            let batches = batches.unwrap();
            assert!(batches.iter().flatten().copied().eq(0..items));
            batches.iter().map(Vec::len).collect::<Vec<_>>()
        };
        assert_eq!(sizes(3, 8), [3, 3, 2]);
        assert_eq!(sizes(4, 8), [4, 4]);
        assert_eq!(sizes(usize::MAX, 2), [2]);
        assert_eq!(sizes(1, 0), []);
    });
}

#[test]
fn a_batch_that_cannot_wait_holds_at_least_one_item() {
    watchdog(|| {
        for patience in [Duration::ZERO, Duration::MAX] {
            let batches = on_group(move |g| {
                pipeline::source(g, 0..500).batch_within(7, patience).collect::<Vec<_>>()
            });
            let batches = batches.unwrap();
            assert!(batches.iter().all(|batch| (1..=7).contains(&batch.len())));
            assert!(batches.into_iter().flatten().eq(0..500));
        }
    });
}

#[test]
fn several_tasks_work_at_a_time_and_each_item_once() {
    watchdog(|| {
        let (start, crowd) = (std::sync::Barrier::new(3), Crowd::default());
        let seen = ErrGroup::scope(|g| {
            pipeline::source(g, 0..300)
                .fan_out(3, |n, _| {
                    crowd.visit(|| n < 3 && start.wait().is_leader());
                    Ok::<_, Stopped>(n)
                })
                .collect::<HashSet<_>>()
        });
        assert_eq!(seen.unwrap(), (0..300).collect());
        assert_eq!(crowd.most(), 3);
    });
}

#[test]
fn ordered_results_come_in_order_whoever_is_slow() {
    watchdog(|| {
        for (tasks, buffer) in [(1, 1), (3, 1), (3, 2), (4, 64), (2, usize::MAX)] {
            let all = on_group(move |g| {
                let slow = |n: u64, _: &Context| {
                    (0..(n % 3) * 20).for_each(|_| std::thread::yield_now());
                    Ok(n)
                };
                pipeline::source(g, 0..500).buffer(buffer).ordered(tasks, slow).collect::<Vec<_>>()
            });
            assert!(all.unwrap().into_iter().eq(0..500), "{tasks} tasks, buffer {buffer}");
        }
    });
}

#[test]
fn the_tasks_of_an_ordered_stage_are_not_ahead_by_more_than_the_buffer() {
    watchdog(|| {
        let (opener, gate) = gate();
        let most = AtomicUsize::new(0);
        let all = ErrGroup::scope(|g| {
            let flow = pipeline::source(g, 0..100).buffer(5).ordered(3, |n, _| {
                most.fetch_max(n, SeqCst);
                if n == 0 {
                    gate.pass();
                }
                Ok::<_, Stopped>(n)
            });
            // Two tasks go on to the edge of the window, and each one beyond it in its hands.
            support::until(|| most.load(SeqCst) == 6);
            (0..1000).for_each(|_| std::thread::yield_now());
            assert_eq!(most.load(SeqCst), 6);
            opener.open();
            flow.collect::<Vec<_>>()
        });
        assert!(all.unwrap().into_iter().eq(0..100));
    });
}

#[test]
fn flows_come_together_and_each_keeps_its_order() {
    watchdog(|| {
        let mut counts = Vec::new();
        let all = ErrGroup::scope(|g| {
            let flows = [0, 100, 200].map(|first| pipeline::source(g, first..first + 100));
            let merged = pipeline::merge(flows);
            let merged = merged.merge(pipeline::source(g, 300..400));
            counts.push(merged.counts());
            merged.collect::<Vec<_>>().map_err(|stopped: Stopped| stopped)
        });
        let all = all.unwrap();
        for first in [0, 100, 200, 300] {
            let of_one = all.iter().copied().filter(|n| n / 100 == first / 100);
            assert!(of_one.eq(first..first + 100));
        }
        let stages = counts[0].stages();
        let shape: Vec<_> = stages.iter().map(|stage| (stage.name, stage.tasks)).collect();
        let source = ("source", 1);
        assert_eq!(shape, [source, source, source, ("merge", 3), source, ("merge", 2)]);
    });
}

#[test]
fn a_source_may_fail_and_gets_the_context() {
    watchdog(|| {
        let mut left = 3;
        let all = on_group(move |g| {
            let countdown = move |_: &Context| {
                left -= 1;
                Ok((left >= 0).then_some(left))
            };
            pipeline::from_fn(g, countdown).collect::<Vec<_>>()
        });
        assert_eq!(all.unwrap(), [2, 1, 0]);
        let failed = on_group(|g| {
            pipeline::from_fn(g, |_| Err::<Option<u8>, _>(Own("no file"))).collect::<Vec<_>>()
        });
        assert_eq!(failed.unwrap_err().own(), "no file");
        let cancelled = on_group(|g| {
            let mut flow = pipeline::from_fn(g, |ctx| {
                ctx.wait();
                Ok(None::<u8>)
            });
            g.cancel();
            assert!(next(&mut flow).is_err(), "a source that was cut short has not ended");
            flow.collect::<Vec<_>>()
        });
        let cancelled = cancelled.unwrap_err().echo();
        assert!(matches!(cancelled.kind(), WhyStopped::CutShort(_) | WhyStopped::Skipped(_)));
    });
}

/// Adds a stage that fails at the item 50.
type AddFailing = for<'s> fn(Flow<'s, 'static, u32, Failure>) -> Flow<'s, 'static, u32, Failure>;

fn fail_at_50(n: u32, _: &Context) -> Ends<u32> {
    if n == 50 { Err(Own("at 50")) } else { Ok(n) }
}

const FAILING: [(&str, AddFailing); 5] = [
    ("map", |flow| flow.map(fail_at_50)),
    ("flat_map", |flow| flow.flat_map(|n, ctx| fail_at_50(n, ctx).map(Some))),
    ("fan_out", |flow| flow.fan_out(3, fail_at_50)),
    ("ordered", |flow| flow.ordered(3, fail_at_50)),
    ("merge", |flow| {
        let scope_mate = flow.map(fail_at_50);
        pipeline::merge([scope_mate])
    }),
];

#[test]
fn a_stage_that_fails_ends_the_sink_with_an_error_never_with_a_part() {
    watchdog(|| {
        for (name, add) in FAILING {
            for round in 0..20 {
                let mut sunk = None;
                let error = ErrGroup::scope(|g| {
                    let flow = add(pipeline::source(g, 0..60)).buffer(1 + round % 5);
                    let all = flow.map(|n, _| Ok(n)).batch(4).collect::<Vec<_>>();
                    sunk = Some(all.is_ok());
                    all.map(drop)
                });
                assert_eq!(error.unwrap_err().own(), "at 50", "{name}");
                assert_eq!(sunk, Some(false), "{name}");
            }
        }
    });
}

type Body = for<'s> fn(&Scope<'s, 'static, Failure>) -> Ends<()>;

#[test]
fn a_stage_that_panics_ends_the_pipeline_with_its_payload() {
    watchdog(|| {
        let panics: [Body; 4] = [
            |g| {
                let flow = pipeline::source(g, (0..).inspect(|n| assert!(*n < 9, "iterator")));
                flow.for_each(|_| Ok(()))
            },
            |g| {
                pipeline::source(g, 0..)
                    .map(|_, _| -> Ends<u8> { panic!("map") })
                    .for_each(|_| Ok(()))
            },
            |g| pipeline::source(g, 0..9).filter(|_| panic!("filter")).for_each(|_| Ok(())),
            |g| {
                let flow = pipeline::source(g, 0..);
                flow.ordered(2, |n, _| if n == 7 { panic!("ordered") } else { Ok(n) })
                    .for_each(|_| Ok(()))
            },
        ];
        for (body, text) in panics.into_iter().zip(["iterator", "map", "filter", "ordered"]) {
            assert_eq!(panic_of(|| on_group(body)), text);
        }
    });
}

/// An iterator whose drop panics.
struct PanicsAtTheEnd(std::ops::Range<u8>, Bomb);

impl Iterator for PanicsAtTheEnd {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        self.0.next()
    }
}

#[test]
fn an_iterator_whose_drop_panics_has_not_come_to_its_end() {
    watchdog(|| {
        let mut sunk = None;
        let text = panic_of(|| {
            ErrGroup::scope(|g| {
                let all = pipeline::source(g, PanicsAtTheEnd(0..3, Bomb)).collect::<Vec<_>>();
                sunk = Some(all.is_ok());
                all.map_err(|stopped: Stopped| stopped)
            })
        });
        assert_eq!((&*text, sunk), ("the bomb went off", Some(false)));
    });
}

#[test]
fn a_sink_that_fails_or_panics_stops_an_endless_source() {
    watchdog(|| {
        let failed = on_group(|g| {
            let flow = pipeline::source(g, 0..).fan_out(2, |n, _| Ok(n));
            flow.for_each(|n| if n < 100 { Ok(()) } else { Err(Own("enough")) })
        });
        assert_eq!(failed.unwrap_err().own(), "enough");
        let text = panic_of(|| {
            on_group(|g| {
                pipeline::source(g, 0..).for_each(|n| if n < 9 { Ok(()) } else { panic!("sink") })
            })
        });
        assert_eq!(text, "sink");
    });
}

/// Makes items that are counted when they are made, and when they are dropped.
fn counted(made: &Count, dropped: &Count) -> impl Iterator<Item = OnDrop> + Send + use<> {
    let (made, dropped) = (made.clone(), dropped.clone());
    std::iter::repeat_with(move || {
        made.add();
        dropped.on_drop()
    })
}

#[test]
fn a_sink_that_leaves_at_any_item_leaves_no_task_and_no_item_behind() {
    watchdog(|| {
        let shapes: [AddCounted; 4] = [
            |flow| flow,
            |flow| flow.map(|item, _| Ok(item)).filter(|_| true),
            |flow| flow.fan_out(2, |item, _| Ok(item)),
            |flow| flow.ordered(3, |item, _| Ok(item)).batch(3).flat_map(|batch, _| Ok(batch)),
        ];
        for add in shapes {
            for leaves_after in 0..12 {
                let (made, dropped) = (Count::default(), Count::default());
                let items = counted(&made, &dropped);
                ErrGroup::scope(|g| {
                    let mut flow = add(pipeline::with_buffer(g, 2).source(items));
                    for _ in 0..leaves_after {
                        assert!(flow.next()?.is_some());
                    }
                    Ok(())
                })
                .unwrap();
                assert!(made.get() >= leaves_after);
                assert_eq!(made.get(), dropped.get());
            }
        }
    });
}

type AddCounted =
    for<'s, 'env> fn(Flow<'s, 'env, OnDrop, Failure>) -> Flow<'s, 'env, OnDrop, Failure>;

#[test]
fn a_group_that_is_cancelled_or_out_of_time_cuts_the_pipeline_short() {
    watchdog(|| {
        let in_the_middle = on_group(|g| {
            let scope = g.clone();
            let flow = pipeline::source(g, 0..).map(|n: u64, _| Ok(n));
            flow.for_each(|n| {
                if n == 100 {
                    scope.cancel();
                }
                Ok(())
            })
        });
        let before = on_group(|g| {
            g.cancel();
            pipeline::source(g, 0..).map(|n: u64, _| Ok(n)).for_each(|_| Ok(()))
        });
        let late = ErrGroup::builder().timeout(Duration::from_millis(1)).scope(|g| {
            pipeline::source(g, 0..).map(|n: u64, _| Ok(n)).for_each(|_| Ok::<_, Failure>(()))
        });
        for (ended, cause) in [
            (in_the_middle, "context cancelled: the group was cancelled"),
            (before, "context cancelled: the group was cancelled"),
            (late, "context deadline exceeded"),
        ] {
            let stopped = ended.unwrap_err().echo();
            assert!(matches!(stopped.kind(), WhyStopped::CutShort(_)), "{stopped}");
            assert_eq!(
                String::from(stopped.clone()),
                format!("the pipeline was cut short: {cause}")
            );
            assert_eq!((stopped.name(), stopped.index()), (Some("pipeline"), Some(0)));
        }
    });
}

#[test]
fn a_pipeline_whose_building_panics_ends_and_gives_back_its_tasks() {
    watchdog(|| {
        let (made, dropped) = (Count::default(), Count::default());
        let items = counted(&made, &dropped);
        // The group lives on: the pipeline must end without its help.
        let refused = ErrGroup::builder().limit(3).scope(|g| {
            let refused = support::payload_of(|| {
                let flow = pipeline::source(g, items).map(|item, _| Ok::<_, Stopped>(item));
                drop(flow.fan_out(3, |item, _| Ok(item)));
            });
            support::until(|| g.running() == 0);
            Ok::<_, Stopped>(text_of(&*refused))
        });
        let text = "Flow::fan_out: the limit of the group leaves no room for a stage";
        assert_eq!(refused.unwrap(), text);
        assert_eq!(made.get(), dropped.get());
    });
}

#[test]
fn a_pipeline_may_be_finished_by_another_task_and_stand_on_an_owned_group() {
    watchdog(|| {
        let group = ErrGroup::<Stopped>::new();
        let flow = pipeline::source(&group.handle(), 0..100).ordered(2, |n, _| Ok(n + 1));
        let sum = group.go(move |_| Ok(flow.collect::<Vec<_>>()?.into_iter().sum::<u32>()));
        assert_eq!(sum.join().unwrap(), 5050);
        group.wait().unwrap();

        let (made, dropped) = (Count::default(), Count::default());
        let group = ErrGroup::<Stopped>::new();
        let mut flow = pipeline::source(&group.handle(), counted(&made, &dropped));
        assert!(flow.next().unwrap().is_some());
        drop(group); // cancels, and joins
        assert!(flow.next().is_err());
        drop(flow);
        assert_eq!(made.get(), dropped.get());
    });
}

#[test]
fn a_flow_can_be_asked_again_after_its_end() {
    watchdog(|| {
        let all = on_group(|g| {
            let mut flow = pipeline::source(g, 0..2);
            let items = [next(&mut flow)?, next(&mut flow)?, next(&mut flow)?, next(&mut flow)?];
            Ok(items)
        });
        assert_eq!(all.unwrap(), [Some(0), Some(1), None, None]);
    });
}

#[test]
fn the_parts_of_a_pipeline_can_go_to_other_threads() {
    fn send<T: Send>() {}
    send::<Flow<'static, 'static, u8, Stopped>>();
    send::<pipeline::Counts>();
    let counts = ErrGroup::scope(|g| {
        let flow = pipeline::source(g, [Arc::new(1)]);
        let counts = flow.counts();
        flow.for_each(|_| Ok(()))?;
        Ok::<_, Stopped>(counts)
    });
    let text = "[StageCount { name: \"source\", tasks: 1, taken: 0, handed_on: 1 }]";
    assert_eq!(format!("{:?}", counts.unwrap()), text);
}
