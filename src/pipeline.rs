//! Use this to have work pass through stages that run at the same time.
//!
//! Each stage is a task, or several, of the group on which the pipeline stands; between two stages is
//! a belt. A stage that comes to its end lets go of both of its belts: those behind it come to their
//! end, too, and those before it find that nobody takes any more.
//!
//! Invariant: a belt ends only when each task that puts items on it has come to its own end. One that
//! fails, panics or is dropped unrun leaves the belt open: then the group is cancelled, or nobody is
//! left who takes. So no stage, and no sink, ever takes a part of the items for all of them.

mod counts;
mod fan_out;
mod merge;
mod sink;
mod source;
mod stage;
mod stages;

use std::fmt;

use crate::belt::{Taker, belt};
use crate::context::Context;
use crate::group::{Scope, Stopped};
use crate::refused::Refusal;

pub use counts::{Counts, StageCount};
pub use merge::merge;
pub use source::{Start, from_fn, source, with_buffer};
use stage::{Input, Output};

/// The items that come out of the stages so far; a pipeline that is being built.
///
/// - A stage is added by [`map`](Self::map), [`filter`](Self::filter), [`batch`](Self::batch), by
///   [`fan_out`](Self::fan_out) and [`ordered`](Self::ordered), which work on several items at a time,
///   and by [`merge`](Self::merge). It starts at once.
/// - A sink ends it, and runs on the calling thread: [`for_each`](Self::for_each),
///   [`collect`](Self::collect), or [`next`](Self::next), one by one.
///
/// Between two stages only so many items wait, so a slow stage slows down those before it. In memory
/// are at most twice as many: a stage of one task takes all that wait at once, and works on them while
/// others come in.
///
/// # How it ends
///
/// - *The source has no more*: each stage finishes what is under way.
/// - *A stage fails or panics, or the group is cancelled*: all stages stop before their next item. The
///   error is the group's; what is under way is dropped.
/// - *The sink leaves*, since the `Flow` is dropped: the stages stop at the next item that they would
///   hand on, the source too. That is no error.
///
/// In each case no task is left behind when the scope of the group has ended. A task that blocks
/// elsewhere, as in the iterator of a source, is waited for; [`from_fn`] gives it the context.
///
/// # What it costs
///
/// On x86-64, an item costs some 275 instructions from one stage to the next, one lock, and no
/// allocation while nobody has to wait; memory grows to what has waited at once. A stage
/// costs what its tasks cost, and two small allocations.
///
/// # Panics
///
/// Each method that adds a stage panics if the group's [limit](crate::Builder::limit) leaves no room
/// for it just now: `Flow::map: the limit of the group leaves no room for a stage`. It does not wait
/// for room, since those that it would wait for may be the other stages, which wait for this one. And
/// `ErrGroup::go: ...` if the operating system refuses a thread. The stages before it stop.
///
/// # Compared with Go
///
/// The stages of the pipelines article, without a `select` with `done` in each, and without the
/// goroutine that is left behind where one was forgotten.
#[must_use = "a pipeline without a sink stops at once"]
pub struct Flow<'s, 'env, T, E> {
    taker: Taker<T>,
    start: Start<'s, 'env, E>,
}

impl<T, E> Flow<'_, '_, T, E> {
    /// How many items may wait behind each stage that is added from here on: at least one. It is also
    /// how far the tasks of an [`ordered`](Self::ordered) stage may be ahead of the oldest item. For
    /// the source, see [`with_buffer`].
    pub fn buffer(mut self, items: usize) -> Self {
        self.start = self.start.buffer(items);
        self
    }

    /// Returns what counts the items of each stage so far, for as long as one likes.
    pub fn counts(&self) -> Counts {
        self.start.counts.clone()
    }
}

impl<'s, 'env, T: Send + 's, E: Send + From<Stopped>> Flow<'s, 'env, T, E> {
    /// Adds a stage of so many tasks, which share the items; the flow of what comes out.
    #[track_caller]
    fn stage<U: Send + 's, F>(
        self,
        name: &'static str,
        tasks: usize,
        task: impl FnMut(Input<T>, Output<U>) -> F,
    ) -> Flow<'s, 'env, U, E>
    where
        F: FnOnce(&Context) -> Result<(), E> + Send + 's,
    {
        let mut takers: Vec<_> = (1..tasks).map(|_| self.taker.clone()).collect();
        takers.push(self.taker);
        self.start.stage(name, takers, task)
    }
}

impl<'s, 'env, E: Send> Start<'s, 'env, E> {
    /// Adds a stage of a task for each of the takers, at least one.
    #[track_caller]
    fn stage<T: Send + 's, U: Send + 's, F>(
        self,
        name: &'static str,
        takers: Vec<Taker<T>>,
        mut task: impl FnMut(Input<T>, Output<U>) -> F,
    ) -> Flow<'s, 'env, U, E>
    where
        F: FnOnce(&Context) -> Result<(), E> + Send + 's,
    {
        let (putter, taker) = belt(self.items, false);
        let count = self.counts.stage(name, takers.len());
        // All are there before the first task runs: it must not be taken for the only one.
        let mut putters: Vec<_> = (1..takers.len()).map(|_| putter.clone()).collect();
        putters.push(putter);
        let scope = self.scope.named(name);
        for (taker, putter) in takers.into_iter().zip(putters) {
            let input = Input::new(taker, count.clone());
            run(&scope, "Flow", name, task(input, Output::new(putter, count.clone())));
        }
        Flow { taker, start: self }
    }
}

/// Runs a task of a stage, if the group has room for it.
#[track_caller]
fn run<'s, E: Send>(
    scope: &Scope<'s, '_, E>,
    owner: &str,
    name: &str,
    f: impl FnOnce(&Context) -> Result<(), E> + Send + 's,
) {
    let Err(refused) = scope.try_go(f) else { return };
    if let Refusal::Limit = refused.kind() {
        panic!("{owner}::{name}: the limit of the group leaves no room for a stage");
    }
    // Where the group has stopped, the task is to be skipped; where a thread was refused, to panic.
    scope.go(refused.into_inner());
}

impl<T, E> fmt::Debug for Flow<'_, '_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flow")
            .field("buffer", &self.start.items)
            .field("counts", &self.start.counts)
            .finish_non_exhaustive()
    }
}
