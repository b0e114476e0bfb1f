//! What a stage takes and hands on, and how it ends.

use std::time::Instant;

use super::counts::Count;
use crate::belt::{NotPut, Putter, Taker};
use crate::context::Context;
use crate::sys;
use crate::wait::{Interrupted, Until};

/// What a stage that is blocked is doing, for the reports of the test kit.
const TAKING: &str = "a pipeline's stage, waiting for an item";
const HANDING_ON: &str = "a pipeline's stage, waiting for room";

/// Why a stage ends before its time.
pub(super) enum Halt<E> {
    /// Nobody takes what it makes, or the group has ended: whoever ended it knows why.
    Unwanted,
    /// The user's function has failed.
    Failed(E),
}

impl<E> From<Interrupted> for Halt<E> {
    fn from(_: Interrupted) -> Self {
        Halt::Unwanted
    }
}

/// Whether the group goes on.
#[inline]
pub(super) fn look<E>(ctx: &Context) -> Result<(), Halt<E>> {
    if ctx.ended().is_some() { Err(Halt::Unwanted) } else { Ok(()) }
}

/// The body of a task: takes one item after the other, and does `step` with it and its number.
pub(super) fn each<T, U, E>(
    mut input: Input<T>,
    mut output: Output<U>,
    ctx: &Context,
    mut step: impl FnMut((u64, T), &mut Output<U>) -> Result<(), Halt<E>>,
) -> Result<(), E> {
    let mut all = || {
        while let Some(item) = input.next(ctx, None)? {
            step(item, &mut output)?;
        }
        Ok(())
    };
    let ended = all();
    outcome(ended, output)
}

/// What becomes of a task. Only one that has come to its end lets those behind it come to theirs: if
/// it fails, they must not take what there is for everything before they hear of the failure.
pub(super) fn outcome<U, E>(ended: Result<(), Halt<E>>, output: Output<U>) -> Result<(), E> {
    match ended {
        Ok(()) => output.end(),
        Err(Halt::Unwanted) => {}
        Err(Halt::Failed(error)) => return Err(error),
    }
    Ok(())
}

/// What a task of a stage takes from.
pub(super) struct Input<T> {
    taker: Taker<T>,
    /// How many it has taken since it last counted.
    taken: usize,
    count: Count,
}

impl<T> Input<T> {
    pub(super) fn new(taker: Taker<T>, count: Count) -> Self {
        Input { taker, taken: 0, count }
    }

    /// Takes the next item, and its number among all of the stage; until the group ends, or that
    /// instant has come and there is none.
    #[inline]
    pub(super) fn next(
        &mut self,
        ctx: &Context,
        deadline: Option<Instant>,
    ) -> Result<Option<(u64, T)>, Interrupted> {
        if let Some(cause) = ctx.ended() {
            return Err(Interrupted::Cancelled(cause));
        }
        if self.taker.is_about_to_look() {
            self.count();
        }
        let _call = sys::blocking_call(TAKING);
        let until = Until::from(ctx);
        let item = self.taker.take(&deadline.map_or(until, |at| until.and_deadline(at)))?;
        self.taken += usize::from(item.is_some());
        Ok(item)
    }

    fn count(&mut self) {
        self.count.add_taken(self.taken);
        self.taken = 0;
    }
}

impl<T> Drop for Input<T> {
    fn drop(&mut self) {
        self.count();
    }
}

/// Where a task of a stage hands on what it makes.
pub(super) struct Output<U> {
    putter: Putter<U>,
    handed_on: Tally,
}

/// So many items are handed on between two counts.
const MANY: usize = 64;

/// A count that is brought up to date now and then.
struct Tally {
    items: usize,
    count: Count,
}

impl<U> Output<U> {
    pub(super) fn new(putter: Putter<U>, count: Count) -> Self {
        Output { putter, handed_on: Tally { items: 0, count } }
    }

    /// Hands an item on, behind all others. Looks at the context only if it has to wait: the stage has
    /// looked when it took what the item is made of.
    #[inline]
    pub(super) fn put<E>(&mut self, item: U, ctx: &Context) -> Result<(), Halt<E>> {
        let _call = sys::blocking_call(HANDING_ON);
        let put = self.putter.put(item, &ctx.into());
        self.handed(put)
    }

    /// Hands an item on at its place among all.
    pub(super) fn put_at<E>(&mut self, number: u64, item: U, ctx: &Context) -> Result<(), Halt<E>> {
        let _call = sys::blocking_call(HANDING_ON);
        let put = self.putter.put_at(number, item, &ctx.into());
        self.handed(put)
    }

    fn handed<E>(&mut self, put: Result<(), NotPut<U>>) -> Result<(), Halt<E>> {
        // What nobody wants is dropped here, by the task.
        put.map_err(|_unwanted| Halt::Unwanted)?;
        self.handed_on.items += 1;
        if self.handed_on.items == MANY {
            self.handed_on.settle();
        }
        Ok(())
    }

    /// Nothing more comes from here.
    fn end(self) {
        drop(self.handed_on); // counted before those behind see the end
        self.putter.end();
    }
}

impl Tally {
    fn settle(&mut self) {
        self.count.add_handed_on(self.items);
        self.items = 0;
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        self.settle();
    }
}
