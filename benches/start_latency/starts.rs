//! How long it takes from the call that starts a task to its first instruction.
#![expect(clippy::disallowed_methods, reason = "a benchmark starts threads and reads the clock")]

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use phalanx::WaitGroup;

use crate::alone;
use crate::go::Go;

/// What starts a task.
#[derive(Clone, Copy)]
pub(crate) enum Rival {
    Phalanx,
    Std,
    Go,
}

impl Rival {
    pub(crate) const ALL: [Rival; 3] = [Rival::Phalanx, Rival::Std, Rival::Go];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Rival::Phalanx => "phalanx",
            Rival::Std => "std",
            Rival::Go => "Go",
        }
    }

    /// The latencies in nanoseconds, in a process of its own.
    pub(crate) fn alone(self, tasks: u32, pause: Duration, go: Option<&Go>) -> Vec<f64> {
        let (tasks, pause) = (tasks.to_string(), pause.as_micros().to_string());
        let output = match self {
            Rival::Phalanx | Rival::Std => alone::output(&[self.name(), &tasks, &pause]),
            Rival::Go => go.expect("it is installed").output(&["latency", &tasks, &pause]),
        };
        output.lines().map(|line| line.parse().expect("a number")).collect()
    }

    /// The latencies in nanoseconds of tasks that this process starts, with a pause before each. The
    /// caller receives from a channel of `std`, so the crate does not know that it waits.
    pub(crate) fn latencies(self, tasks: u32, pause: Duration) -> Vec<u128> {
        let group = Arc::new(WaitGroup::new());
        let (sender, begun) = mpsc::channel();
        let latency = |_| {
            let sender = sender.clone();
            let task = move || sender.send(Instant::now()).expect("it is waited for");
            thread::sleep(pause);
            let start = Instant::now();
            match self {
                Rival::Phalanx => group.go(task),
                Rival::Std => drop(thread::spawn(task)),
                Rival::Go => unreachable!("it is another program"),
            }
            let begun: Instant = begun.recv().expect("the task sends");
            begun.duration_since(start).as_nanos()
        };
        (0..tasks).map(latency).collect()
    }
}
