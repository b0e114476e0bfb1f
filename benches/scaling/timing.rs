//! The timing loop: batches of operations, and the median of the batches, as on the Go side.

use std::time::{Duration, Instant};

use crate::median::median;

#[derive(Clone, Copy)]
pub(crate) struct Timing {
    batches: usize,
    /// How long a batch is meant to take.
    batch: Duration,
    /// No further batch begins after this time, but a few are always run.
    longest: Duration,
}

impl Timing {
    const FEW: usize = 3;

    pub(crate) const FULL: Timing = Timing {
        batches: 31,
        batch: Duration::from_millis(10),
        longest: Duration::from_millis(500),
    };

    /// Just to see that it works.
    pub(crate) const ONCE: Timing =
        Timing { batches: 1, batch: Duration::ZERO, longest: Duration::ZERO };

    /// The nanoseconds that an operation takes.
    pub(crate) fn of(self, mut operation: impl FnMut()) -> f64 {
        self.of_many(|n| {
            let start = Instant::now();
            (0..n).for_each(|_| operation());
            start.elapsed()
        })
    }

    /// The same where `run` does so many operations and says how long that took.
    pub(crate) fn of_many(self, mut run: impl FnMut(u32) -> Duration) -> f64 {
        let n = self.calibrate(&mut run);
        let start = Instant::now();
        let mut times = Vec::new();
        while times.len() < self.batches {
            if times.len() >= Self::FEW && start.elapsed() > self.longest {
                break;
            }
            times.push(run(n).as_secs_f64() * 1e9 / f64::from(n));
        }
        median(times)
    }

    /// How many operations make a batch: at least one. Warms up, too.
    fn calibrate(self, run: &mut impl FnMut(u32) -> Duration) -> u32 {
        let mut n = 1;
        loop {
            let took = run(n);
            if took >= self.batch / 2 {
                let fit = f64::from(n) * self.batch.as_secs_f64() / took.as_secs_f64();
                #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
                #[expect(clippy::cast_sign_loss, reason = "times are positive")]
                return (fit as u32).max(1);
            }
            n *= 2;
        }
    }
}
