//! Stages that work on one item after the other.

use std::time::Duration;

use super::Flow;
use super::stage::{Halt, Output, each, look, outcome};
use crate::context::Context;
use crate::group::Stopped;
use crate::sys;
use crate::wait::Interrupted;

impl<'s, 'env, T: Send + 's, E: Send + From<Stopped>> Flow<'s, 'env, T, E> {
    /// Adds a stage that makes something else of each item, or fails.
    #[track_caller]
    pub fn map<U: Send + 's>(
        self,
        mut f: impl FnMut(T, &Context) -> Result<U, E> + Send + 's,
    ) -> Flow<'s, 'env, U, E> {
        self.one("map", move |item, ctx, output| {
            let made = f(item, ctx).map_err(Halt::Failed)?;
            output.put(made, ctx)
        })
    }

    /// Adds a stage that lets through those items for which `f` says `true`.
    #[track_caller]
    pub fn filter(self, mut f: impl FnMut(&T) -> bool + Send + 's) -> Self {
        self.one(
            "filter",
            move |item, ctx, output| {
                if f(&item) { output.put(item, ctx) } else { Ok(()) }
            },
        )
    }

    /// Adds a stage that makes any number of items of each, or fails.
    #[track_caller]
    pub fn flat_map<I: IntoIterator<Item: Send + 's>>(
        self,
        mut f: impl FnMut(T, &Context) -> Result<I, E> + Send + 's,
    ) -> Flow<'s, 'env, I::Item, E> {
        self.one("flat_map", move |item, ctx, output| {
            let made = f(item, ctx).map_err(Halt::Failed)?;
            made.into_iter().try_for_each(|item| {
                look(ctx)?;
                output.put(item, ctx)
            })
        })
    }

    /// Adds a stage that puts each `n` items together; at the end there may be fewer.
    ///
    /// # Panics
    ///
    /// `Flow::batch: of no items`.
    #[track_caller]
    pub fn batch(self, n: usize) -> Flow<'s, 'env, Vec<T>, E> {
        assert!(n > 0, "Flow::batch: of no items");
        self.batches("batch", n, None)
    }

    /// Adds a stage that puts `n` items together, or fewer when `patience` has passed since the first
    /// of them came.
    ///
    /// # Panics
    ///
    /// `Flow::batch_within: of no items`.
    #[track_caller]
    pub fn batch_within(self, n: usize, patience: Duration) -> Flow<'s, 'env, Vec<T>, E> {
        assert!(n > 0, "Flow::batch_within: of no items");
        self.batches("batch_within", n, Some(patience))
    }

    #[track_caller]
    fn batches(
        self,
        name: &'static str,
        n: usize,
        patience: Option<Duration>,
    ) -> Flow<'s, 'env, Vec<T>, E> {
        self.stage(name, 1, |mut input, mut output| {
            move |ctx| {
                let mut all = || {
                    while let Some((_, first)) = input.next(ctx, None)? {
                        let mut batch = vec![first];
                        let deadline =
                            patience.and_then(|patience| sys::now().checked_add(patience));
                        while batch.len() < n {
                            match input.next(ctx, deadline) {
                                Ok(Some((_, item))) => batch.push(item),
                                Ok(None) | Err(Interrupted::TimedOut) => break,
                                Err(cancelled) => return Err(cancelled.into()),
                            }
                        }
                        output.put(batch, ctx)?;
                    }
                    Ok(())
                };
                let ended = all();
                outcome(ended, output)
            }
        })
    }

    /// Adds a stage of one task that does the same with each item.
    #[track_caller]
    fn one<U: Send + 's>(
        self,
        name: &'static str,
        step: impl FnMut(T, &Context, &mut Output<U>) -> Result<(), Halt<E>> + Send + 's,
    ) -> Flow<'s, 'env, U, E> {
        let mut step = Some(step);
        self.stage(name, 1, |input, output| {
            let mut step = step.take().expect("it is a stage of one task");
            move |ctx| each(input, output, ctx, |(_, item), output| step(item, ctx, output))
        })
    }
}
