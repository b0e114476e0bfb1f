//! Stages of a pipeline.

use std::hint::black_box;
use std::time::{Duration, Instant};

use phalanx::{ErrGroup, Stopped, pipeline};

use crate::curve::Curve;

pub(crate) const CURVES: [Curve; 1] = [Curve {
    name: "pipeline",
    title: "An item passes through the stages of a pipeline",
    size_of: "stages",
    per: "per item and stage",
    sizes: &[1, 2, 4, 8, 16],
    of_all: true,
    measure: |stages, timing| Ok(timing.of_many(|n| pass(n, stages))),
}];

/// So many items wait between two stages.
const BUFFER: usize = 64;

/// A source, stages that add one, and a sink that adds up.
fn pass(items: u32, stages: u32) -> Duration {
    let start = Instant::now();
    let mut sum = 0;
    let ended = ErrGroup::scope(|g| {
        let mut flow = pipeline::with_buffer(g, BUFFER).source(0..u64::from(items));
        for _ in 0..stages {
            flow = flow.map(|item, _| Ok::<_, Stopped>(item + 1));
        }
        flow.for_each(|item| {
            sum += item;
            Ok(())
        })
    });
    ended.expect("nothing fails");
    let took = start.elapsed();
    assert_eq!(black_box(sum), (0..u64::from(items)).map(|item| item + u64::from(stages)).sum());
    took
}
