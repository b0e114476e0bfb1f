//! In which situations a task is started.
#![expect(clippy::disallowed_types, reason = "a benchmark is outside of the walls")]

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use std::{hint, thread};

pub(crate) struct Situation {
    pub(crate) name: &'static str,
    /// How many processes start tasks, one process after another.
    pub(crate) processes: u32,
    /// The tasks that each of them starts, one after another.
    pub(crate) tasks: u32,
    /// The sleep before each task.
    pub(crate) pause: Duration,
    /// Whether all processors are busy with other threads.
    pub(crate) is_busy: bool,
}

pub(crate) const SITUATIONS: [Situation; 4] = [
    Situation {
        name: "the process has just started",
        processes: 1000,
        tasks: 1,
        pause: Duration::ZERO,
        is_busy: false,
    },
    Situation {
        name: "all threads sleep",
        processes: 4,
        tasks: 500,
        pause: Duration::from_millis(5),
        is_busy: false,
    },
    Situation {
        name: "one thread is awake",
        processes: 4,
        tasks: 10_000,
        pause: Duration::ZERO,
        is_busy: false,
    },
    Situation {
        name: "all cores are busy",
        processes: 4,
        tasks: 500,
        pause: Duration::from_millis(1),
        is_busy: true,
    },
];

impl Situation {
    /// Runs `f`; if all cores are to be busy, while this process has a thread for each that spins.
    pub(crate) fn during<R>(&self, f: impl FnOnce() -> R) -> R {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let spinning = if self.is_busy { cores } else { 0 };
        let is_over = AtomicBool::new(false);
        thread::scope(|s| {
            for _ in 0..spinning {
                s.spawn(|| {
                    while !is_over.load(Relaxed) {
                        hint::spin_loop();
                    }
                });
            }
            let result = f();
            is_over.store(true, Relaxed);
            result
        })
    }
}
