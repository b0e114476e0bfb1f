//! What it costs to have jobs done by a fixed number of workers.
#![expect(clippy::disallowed_methods, reason = "a benchmark starts threads itself")]
#![expect(clippy::disallowed_types, reason = "a rival is made of std's parts")]

use std::hint::black_box;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use criterion::{BenchmarkId, Criterion};
use phalanx::{Job, WorkerPool};

/// A function that measures some rows, with the beginning of their ids.
pub(crate) type Part = (&'static str, fn(&mut Criterion));

pub(crate) const PARTS: [Part; 1] = [("worker_pool/submit_join", submit_join)];

const WORKERS: usize = 3;

/// So many jobs at a time; all fit into the queue.
const JOBS: usize = 1000;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (_, part) in PARTS {
        part(&mut criterion);
    }
}

/// A thousand empty jobs, and their results.
fn submit_join(c: &mut Criterion) {
    let mut group = c.benchmark_group("worker_pool/submit_join");
    let id = |rival| BenchmarkId::new(rival, WORKERS);

    let builder = WorkerPool::builder().workers(WORKERS).queue(JOBS);
    let ours = builder.start(|_| (), |(), job: usize, _| black_box(job));
    let mut jobs = Vec::with_capacity(JOBS);
    group.bench_function(id("phalanx"), |b| {
        b.iter(|| {
            jobs.extend((0..JOBS).map(|job| ours.submit(job).expect("it is open")));
            jobs.drain(..).filter_map(|job: Job<usize>| job.join().ok()).sum::<usize>()
        });
    });
    group.bench_function(id("phalanx-unordered"), |b| {
        b.iter(|| {
            let mut sum = 0;
            ours.run_unordered(0..JOBS, |_, result| sum += result.unwrap_or(0));
            sum
        });
    });

    let builder = rayon::ThreadPoolBuilder::new().num_threads(WORKERS);
    let rayon = builder.build().expect("there are threads");
    let mut results = vec![0; JOBS];
    group.bench_function(id("rayon"), |b| {
        b.iter(|| {
            rayon.in_place_scope(|s| {
                for (job, result) in results.iter_mut().enumerate() {
                    s.spawn(move |_| *result = black_box(job));
                }
            });
            results.iter().sum::<usize>()
        });
    });

    let std = ByHand::start();
    group.bench_function(id("std"), |b| {
        b.iter(|| {
            let jobs = std.jobs.as_ref().expect("it is open");
            (0..JOBS).for_each(|job| jobs.send(job).expect("there are workers"));
            std.results.iter().take(JOBS).sum::<usize>()
        });
    });
}

/// Threads that share the end of a channel.
struct ByHand {
    jobs: Option<SyncSender<usize>>,
    results: Receiver<usize>,
    workers: Vec<JoinHandle<()>>,
}

impl ByHand {
    fn start() -> Self {
        let (jobs, queue) = mpsc::sync_channel(JOBS);
        let (done, results) = mpsc::channel();
        let queue = Arc::new(Mutex::new(queue));
        let worker = || {
            let (queue, done) = (Arc::clone(&queue), done.clone());
            thread::spawn(move || {
                let next = || queue.lock().expect("nobody panics").recv();
                while next().is_ok_and(|job| done.send(black_box(job)).is_ok()) {}
            })
        };
        let workers = (0..WORKERS).map(|_| worker()).collect();
        ByHand { jobs: Some(jobs), results, workers }
    }
}

impl Drop for ByHand {
    fn drop(&mut self) {
        drop(self.jobs.take());
        self.workers.drain(..).for_each(|worker| worker.join().expect("it does not panic"));
    }
}
