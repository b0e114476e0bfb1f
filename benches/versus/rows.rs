//! The operations that are compared, and how fast ours should be.

/// The rivals in Rust.
pub(crate) const PEERS: [&str; 4] = ["std", "crossbeam", "rayon", "tokio-util"];

/// An operation that phalanx and Go both have: a row of the table.
pub(crate) struct Row {
    pub(crate) operation: &'static str,
    pub(crate) threads: u32,
    /// The greatest ratio of our time to Go's that will do.
    pub(crate) goal: Option<f64>,
}

pub(crate) const ROWS: [Row; 15] = [
    Row::new("wait_group/add_done", 1).at_most(0.75),
    Row::new("wait_group/add_done", 2),
    Row::new("wait_group/spawn_1", 1).at_most(0.7),
    Row::new("wait_group/spawn_5", 1).at_most(0.6),
    Row::new("wait_group/spawn_1000", 1).at_most(0.3),
    Row::new("err_group/spawn_5", 1).at_most(0.6),
    Row::new("err_group/spawn_1000", 1),
    Row::new("err_group/work_2us_1000", 1).at_most(0.85),
    Row::new("err_group/sleep_10ms_1000", 1).at_most(1.3),
    Row::new("context/poll", 1).at_most(0.2),
    Row::new("context/child_cancel", 1).at_most(0.5),
    Row::new("context/child_poll_cancel", 1),
    Row::new("context/timeout_cancel", 1).at_most(0.35),
    Row::new("context/cancel_10000_children", 1).at_most(0.4),
    Row::new("context/wake", 1).at_most(1.5),
];

impl Row {
    const fn new(operation: &'static str, threads: u32) -> Self {
        Row { operation, threads, goal: None }
    }

    const fn at_most(mut self, goal: f64) -> Self {
        self.goal = Some(goal);
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
