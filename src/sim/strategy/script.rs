//! Use this to write one schedule by hand.

mod play;

use crate::sim::machine::Path;

pub(crate) use play::Play;

/// A schedule written by hand: which thread runs, and how far.
///
/// `Script::new().run("A").until("lock").run("B").to_block().run("A").to_end()` lets thread A run
/// up to where it would take a lock, then B until it can go no further, then A to its end. When
/// the script is over, threads run in the usual way: each until it blocks, then the next.
///
/// A thread goes by its name or by its path, such as `T0.1`. If several have the name, the first by
/// path that can run is meant, so better name them apart.
///
/// A thread that is named before it exists, or while it is blocked, is waited for: the others run
/// in the usual way until it can run. The test fails if the schedule ends before the script, and
/// says what was never reached.
#[derive(Clone, Debug, Default)]
pub struct Script {
    moves: Vec<Move>,
}

/// A thread that is to run; the method says how far.
#[derive(Clone, Debug)]
#[must_use = "say how far the thread runs"]
pub struct Turn {
    script: Script,
    thread: String,
}

#[derive(Clone, Debug)]
struct Move {
    thread: String,
    /// The thread again, if it was named by its path.
    path: Option<Path>,
    goal: Goal,
}

#[derive(Clone, Debug)]
enum Goal {
    /// The so many-th time that it is about to do this.
    Before {
        op: String,
        times: u32,
    },
    Steps(u32),
    Block,
    End,
}

impl Script {
    /// Makes an empty script: the usual schedule.
    pub const fn new() -> Self {
        Script { moves: Vec::new() }
    }

    /// Names the thread that runs next; the method that follows says how far.
    pub fn run(self, thread: &str) -> Turn {
        Turn { script: self, thread: thread.to_owned() }
    }
}

impl Turn {
    /// Runs it until its next step is this one: a label of the code under test, or a kind of step
    /// such as `lock` or `store`. If it already is, nothing runs.
    ///
    /// The thread goes on even if it yields. A step that cannot be taken yet, such as a lock that
    /// another holds, is not reached until it can be; see [`Self::to_block`].
    #[must_use]
    pub fn until(self, op: &str) -> Script {
        self.until_nth(op, 1)
    }

    /// Runs it until its next step is this one for the `n`th time, counted from here; if it is there
    /// now, that is the first time. Zero counts as one.
    #[must_use]
    pub fn until_nth(self, op: &str, n: u32) -> Script {
        self.goal(Goal::Before { op: op.to_owned(), times: n.max(1) })
    }

    /// Runs it for so many steps, even if it yields. If it blocks between them, the others run in
    /// the usual way until it can go on.
    #[must_use]
    pub fn steps(self, n: u32) -> Script {
        self.goal(Goal::Steps(n))
    }

    /// Runs it until it can go no further: it has blocked, yielded or ended.
    #[must_use]
    pub fn to_block(self) -> Script {
        self.goal(Goal::Block)
    }

    /// Runs it to its end. While it is blocked or has yielded, the others run in the usual way.
    #[must_use]
    pub fn to_end(self) -> Script {
        self.goal(Goal::End)
    }

    fn goal(self, goal: Goal) -> Script {
        let Turn { mut script, thread } = self;
        script.moves.push(Move { path: thread.parse().ok(), thread, goal });
        script
    }
}

impl Move {
    /// What is wrong if it was not done.
    fn complaint(&self) -> String {
        let thread = &self.thread;
        match &self.goal {
            Goal::Before { op, times: 1 } => format!("script: '{thread}' never came to \"{op}\""),
            Goal::Before { op, times } => {
                format!("script: '{thread}' did not come to \"{op}\" {times} times")
            }
            Goal::Steps(n) => format!("script: '{thread}' did not take {n} steps"),
            Goal::Block => format!("script: '{thread}' never ran"),
            Goal::End => format!("script: '{thread}' never came to its end"),
        }
    }
}
