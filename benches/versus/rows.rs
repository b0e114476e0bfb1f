//! The operations that are compared, and how fast ours should be.

/// The rivals in Rust.
pub(crate) const PEERS: [&str; 11] = [
    "std",
    "crossbeam",
    "crossbeam-select",
    "parking_lot",
    "rayon",
    "tokio",
    "tokio-util",
    "arc-swap",
    "arc-swap-cache",
    "governor",
    "governor-quanta",
];

/// An operation that phalanx and Go both have: a row of the table.
pub(crate) struct Row {
    pub(crate) operation: &'static str,
    pub(crate) threads: u32,
    pub(crate) goal: Option<Goal>,
}

/// How long our time may be.
#[derive(Clone, Copy)]
pub(crate) struct Goal {
    /// The greatest ratio of our time to the rival's that will do.
    pub(crate) ratio: f64,
    pub(crate) rival: &'static str,
}

pub(crate) const ROWS: [Row; 93] = [
    Row::new("wait_group/add_done", 1).at_most(0.75),
    Row::new("wait_group/add_done", 2),
    Row::new("wait_group/token", 1),
    Row::new("wait_group/wait_until_ready", 1),
    Row::new("wait_group/spawn_1", 1).at_most(0.5),
    Row::new("wait_group/spawn_5", 1).at_most(0.4),
    Row::new("wait_group/spawn_1000", 1).at_most(0.2),
    Row::new("wait_group/nobody_waits_1000", 1).at_most(1.0),
    Row::new("wait_group/work_10us_1000", 1),
    Row::new("once/done", 1).at_most_of("std", 1.05),
    Row::new("once/value", 1),
    Row::new("once/try_value", 1),
    Row::new("once/function", 1),
    Row::new("once/once_fn", 1),
    Row::new("cond/turns", 2).at_most(1.0),
    Row::new("cond/turns_locked", 2),
    Row::new("cond/turns_until", 2),
    Row::new("cond/wait_while_ready", 1),
    Row::new("cond/wait_while_until_ready", 1),
    Row::new("cond/signal_nobody", 1),
    Row::new("cond/broadcast", 5),
    Row::new("lock/mutex", 1),
    Row::new("lock/read", 1),
    Row::new("lock/write", 1),
    Row::new("counter/add", 1),
    Row::new("counter/add", 2),
    Row::new("counter/sharded_add", 1),
    Row::new("counter/sharded_add", 2).at_most(0.06),
    Row::new("counter/track", 1),
    Row::new("counter/track", 2),
    Row::new("semaphore/acquire_release", 1).at_most(0.5),
    Row::new("semaphore/acquire_release", 2),
    Row::new("semaphore/try_acquire", 1),
    Row::new("semaphore/one_permit", 2),
    Row::new("limiter/allow", 1).at_most_of("governor", 1.1),
    Row::new("limiter/allow", 2),
    Row::new("limiter/wait", 1),
    Row::new("limiter/reserve", 1),
    Row::new("limiter/refuse", 1),
    Row::new("limiter/refuse", 2),
    Row::new("limiter/sometimes", 1),
    Row::new("atomic_value/read", 1).at_most(0.5),
    Row::new("atomic_value/read", 2).at_most(0.5),
    Row::new("atomic_value/load", 1),
    Row::new("atomic_value/store", 1),
    Row::new("timer/start_stop", 1).at_most(0.6),
    Row::new("timer/channel_start_stop", 1).at_most(0.6),
    Row::new("timer/reset", 1),
    Row::new("timer/missed_tick", 1),
    Row::new("channel/recv_until_ready", 1),
    Row::new("channel/send_until_ready", 1),
    Row::new("channel/merge_ready", 1),
    Row::new("pipeline/two_stages", 4).at_most(0.6),
    Row::new("pipeline/merge", 5),
    Row::new("worker_pool/submit_join", 3),
    Row::new("interrupting/call", 1),
    Row::new("interrupting/cancel_read", 2),
    Row::new("single_flight/run", 1),
    Row::new("single_flight/run", 2),
    Row::new("single_flight/until", 1),
    Row::new("single_flight/forget", 1),
    Row::new("err_group/spawn_1", 1),
    Row::new("err_group/spawn_5", 1).at_most(0.5),
    Row::new("err_group/spawn_1000", 1).at_most(0.4),
    Row::new("err_group/owned_5", 1).at_most(0.8),
    Row::new("err_group/join_5", 1).at_most(0.8),
    Row::new("err_group/try_go_5", 1).at_most(0.8),
    Row::new("err_group/limited_5", 1).at_most(0.8),
    Row::new("err_group/limited_1000", 1).at_most(1.8),
    Row::new("err_group/caller_runs_1000", 1).at_most(0.35),
    Row::new("err_group/limited_1000_work_10us", 1).at_most(1.1),
    Row::new("err_group/all_errors_5", 1).at_most(0.8),
    Row::new("err_group/settle_5", 1).at_most(0.8),
    Row::new("err_group/fork_join_50us", 1).at_most(1.0),
    Row::new("err_group/work_2us_1000", 1).at_most(0.8),
    Row::new("err_group/nested_tree", 1),
    Row::new("err_group/sleep_10ms_1000", 1).at_most(1.25),
    Row::new("context/poll", 1).at_most(0.2),
    Row::new("context/check", 1),
    Row::new("context/cause", 1),
    Row::new("context/done", 1),
    Row::new("context/with_value", 1),
    Row::new("context/value", 1),
    Row::new("context/shielded", 1),
    Row::new("context/merge_poll", 1),
    Row::new("context/on_cancel", 1),
    Row::new("context/child_cancel", 1).at_most(0.5),
    Row::new("context/child_poll_cancel", 1),
    Row::new("context/cancel_because", 1),
    Row::new("context/timeout_cancel", 1).at_most(0.35),
    Row::new("context/deadline_cancel", 1),
    Row::new("context/cancel_10000_children", 1).at_most(0.4),
    Row::new("context/wake", 1).at_most(1.5),
];

impl Row {
    const fn new(operation: &'static str, threads: u32) -> Self {
        Row { operation, threads, goal: None }
    }

    /// No more than this ratio to Go's time.
    const fn at_most(self, ratio: f64) -> Self {
        self.at_most_of("go", ratio)
    }

    const fn at_most_of(mut self, rival: &'static str, ratio: f64) -> Self {
        self.goal = Some(Goal { ratio, rival });
        self
    }

    /// The id of this row's figure for `rival`.
    pub(crate) fn id(&self, rival: &str) -> String {
        format!("{}/{rival}/{}", self.operation, self.threads)
    }

    /// The operation and the number of threads.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.operation, self.threads)
    }

    /// Whether any of this row's ids contains `filter`.
    pub(crate) fn matches(&self, filter: &str) -> bool {
        let mut rivals = PEERS.iter().chain(&["phalanx", "go"]);
        rivals.any(|rival| self.id(rival).contains(filter))
    }
}
