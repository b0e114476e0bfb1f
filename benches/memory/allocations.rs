//! How often things ask for memory, on all threads together.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use phalanx::{AfterFunc, Context, ErrGroup, Stopped, Timer, WaitGroup};

use crate::counting::allocations;

const HOUR: Duration = Duration::from_secs(3600);

/// Names, and the allocations of one each, as the mean of so many.
pub(crate) fn table(rounds: u32) -> Vec<(&'static str, f64)> {
    let group = Arc::new(WaitGroup::new());
    let (parent, _canceller) = Context::background().with_cancel();
    assert!(!parent.has_ended());
    let each = |operation: &mut dyn FnMut()| {
        operation();
        let before = allocations();
        (0..rounds).for_each(|_| operation());
        (allocations() - before) as f64 / f64::from(rounds)
    };

    let scope = each(&mut || scope_of(0));
    let tasks = |n: u32| (each(&mut || scope_of(n)) - scope) / f64::from(n);
    vec![
        ("`WaitGroup::go`, then `wait`", each(&mut || one_task(&group))),
        ("`ErrGroup::scope` without tasks", scope),
        ("its first task", tasks(1)),
        ("each of 100 tasks", tasks(100)),
        ("child of a `Context`", each(&mut || drop(black_box(parent.with_cancel())))),
        ("child with a timeout, looked at", each(&mut || look_at_timeout(&parent))),
        ("`Timer`", each(&mut || drop(black_box(Timer::new(HOUR))))),
        ("`Timer` with a channel", each(&mut || drop(Timer::new(HOUR).channel().clone()))),
        ("`AfterFunc`", each(&mut || drop(AfterFunc::new(HOUR, || ())))),
    ]
}

fn one_task(group: &Arc<WaitGroup>) {
    group.go(|| ());
    group.wait();
}

fn scope_of(tasks: u32) {
    let end = ErrGroup::scope(|g| {
        (0..tasks).for_each(|_| drop(g.go(|_ctx| Ok::<_, Stopped>(()))));
        Ok::<_, Stopped>(())
    });
    assert!(end.is_ok());
}

fn look_at_timeout(parent: &Context) {
    let child = parent.with_timeout(HOUR);
    assert!(!child.has_ended());
}
