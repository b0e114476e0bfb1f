//! Tasks that are all blocked at the same time: each has a thread.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use phalanx::{Context, WaitGroup};

use crate::curve::Curve;
use crate::timing::Timing;

/// The one with the most comes last: they leave as many idle threads.
pub(crate) const CURVES: [Curve; 2] = [
    Curve {
        name: "blocked_context",
        title: "Tasks are started, wait for one Context, and are released",
        size_of: "blocked tasks",
        per: "per task",
        sizes: &[1, 10, 100, 1000],
        of_all: true,
        measure: |size, timing| measure(size, timing, Gate::of_context),
    },
    Curve {
        name: "blocked_wait_group",
        title: "Tasks are started, wait for one WaitGroup, and are released",
        size_of: "blocked tasks",
        per: "per task",
        sizes: &[1, 10, 100, 1000, 10_000, 15_000, 20_000],
        of_all: true,
        measure: |size, timing| measure(size, timing, Gate::of_wait_group),
    },
];

fn measure(tasks: u32, timing: Timing, gate: fn() -> Gate) -> Result<f64, String> {
    have_room_for(tasks)?;
    block(tasks, gate)?; // the threads are there from now on
    let mut outcome = Ok(());
    let nanos = timing.of(|| {
        if outcome.is_ok() {
            outcome = block(tasks, gate);
        }
    });
    outcome.map(|()| nanos)
}

/// What tasks wait at, and how it is opened.
struct Gate {
    wait: Arc<dyn Fn() + Send + Sync>,
    open: Box<dyn FnOnce()>,
}

impl Gate {
    fn of_wait_group() -> Self {
        let group = Arc::new(WaitGroup::new());
        group.add(1);
        let opener = Arc::clone(&group);
        Gate { wait: Arc::new(move || group.wait()), open: Box::new(move || opener.done()) }
    }

    fn of_context() -> Self {
        let (ctx, canceller) = Context::background().with_cancel();
        let wait = move || drop(ctx.wait());
        Gate { wait: Arc::new(wait), open: Box::new(move || canceller.cancel()) }
    }
}

/// Starts so many tasks that wait at the gate; when all have started, opens it, and waits for them.
fn block(tasks: u32, gate: fn() -> Gate) -> Result<(), String> {
    const PATIENCE: Duration = Duration::from_secs(20);
    let (group, started) = (Arc::new(WaitGroup::new()), Arc::new(WaitGroup::new()));
    let gate = gate();
    let mut outcome = Ok(());
    for _ in 0..tasks {
        started.add(1);
        let (wait, start) = (Arc::clone(&gate.wait), Arc::clone(&started));
        let task = group.try_go(move || {
            start.done();
            wait();
        });
        if let Err(refused) = task {
            started.done();
            outcome = Err(refused.to_string());
            break;
        }
    }
    if started.wait_until(PATIENCE).is_err() {
        let missing = started.running();
        outcome = outcome.and(Err(format!("{missing} tasks have no thread after {PATIENCE:?}")));
    }
    (gate.open)();
    group.wait();
    outcome
}

/// Whether Linux has room for so many threads. A thread of std takes four mappings: its stack, the one
/// for signals, and a guard for each; std aborts the process where the latter are refused.
fn have_room_for(threads: u32) -> Result<(), String> {
    const FILE: &str = "/proc/sys/vm/max_map_count";
    const OTHERS: u32 = 1000;
    let most = fs::read_to_string(FILE).ok().and_then(|most| most.trim().parse::<u32>().ok());
    match most {
        Some(most) if threads * 4 + OTHERS > most => {
            Err(format!("a thread takes 4 mappings, and vm.max_map_count is {most}"))
        }
        _ => Ok(()),
    }
}
