//! Tasks of a group that end at once.

use std::sync::Arc;

use phalanx::{ErrGroup, Stopped, WaitGroup};

use crate::curve::Curve;

const SIZES: &[u32] = &[1, 10, 100, 1000, 10_000, 100_000];

pub(crate) const CURVES: [Curve; 2] = [
    Curve {
        name: "wait_group_tasks",
        title: "WaitGroup: empty tasks are started and waited for",
        size_of: "tasks",
        per: "per task",
        sizes: SIZES,
        of_all: true,
        measure: |size, timing| Ok(timing.of(|| wait_group(size))),
    },
    Curve {
        name: "err_group_tasks",
        title: "ErrGroup: tasks that succeed at once are started and waited for",
        size_of: "tasks",
        per: "per task",
        sizes: SIZES,
        of_all: true,
        measure: |size, timing| Ok(timing.of(|| err_group(size))),
    },
];

fn wait_group(tasks: u32) {
    let group = Arc::new(WaitGroup::new());
    for _ in 0..tasks {
        group.go(|| ());
    }
    group.wait();
}

fn err_group(tasks: u32) {
    let ended = ErrGroup::scope(|g| {
        for _ in 0..tasks {
            g.go(|_ctx| Ok::<_, Stopped>(()));
        }
        Ok(())
    });
    ended.expect("nothing fails");
}
