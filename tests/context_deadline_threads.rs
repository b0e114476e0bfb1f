//! How many threads the deadlines of a process cost. Alone in its file: it counts the threads.

#![cfg(target_os = "linux")]

mod support;

use std::fs;
use std::sync::mpsc;
use std::time::Duration;

use phalanx::Context;

fn threads() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("Linux has /proc");
    let count = status.lines().find_map(|line| line.strip_prefix("Threads:"));
    count.and_then(|count| count.trim().parse().ok()).expect("a number of threads")
}

#[test]
fn a_thousand_deadlines_are_served_by_one_thread() {
    support::watchdog(|| {
        let before = threads();
        let (ran, has_run) = mpsc::channel();
        let mut contexts = Vec::new();
        for n in 0..1000 {
            let timeout = Duration::from_millis(20 + n % 30);
            let ctx = Context::background().with_timeout(timeout);
            assert!(ctx.done().try_recv().unwrap_err().is_empty() || ctx.has_ended());
            contexts.push(ctx);
        }
        assert!(threads() <= before + 1, "{} threads more", threads() - before);
        assert!(contexts.iter().all(|ctx| ctx.done().recv().is_err()));
        assert!(contexts.iter().all(Context::has_ended));
        assert!(threads() <= before + 1, "{} threads more", threads() - before);

        // Callbacks have the watcher and the reserve thread, and run as tasks.
        let ctx = Context::background().with_timeout(Duration::from_millis(20));
        let registrations: Vec<_> = (0..1000)
            .map(|n| {
                let ran = ran.clone();
                ctx.on_cancel(move || ran.send(n).unwrap())
            })
            .collect();
        assert!(threads() <= before + 3 || ctx.has_ended());
        let mut served: Vec<_> = has_run.iter().take(1000).collect();
        served.sort_unstable();
        assert!(served.iter().copied().eq(0..1000), "each is served once");
        drop(registrations);
    });
}
