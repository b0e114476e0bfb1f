//! The ends of a pipeline, on the thread that calls them.

use super::Flow;
use crate::group::Stopped;
use crate::sys;
use crate::wait::{Cause, Interrupted};

impl<T, E: From<Stopped>> Flow<'_, '_, T, E> {
    /// Calls `f` with each item, as it comes; ends with its first error.
    ///
    /// # Errors
    ///
    /// `f`'s error, after which the stages stop; or one made from [`Stopped`] if the group has
    /// stopped. Pass it on: the group reports what came first.
    pub fn for_each(mut self, mut f: impl FnMut(T) -> Result<(), E>) -> Result<(), E> {
        while let Some(item) = self.next()? {
            f(item)?;
        }
        Ok(())
    }

    /// Collects all items.
    ///
    /// # Errors
    ///
    /// One made from [`Stopped`] if the group has stopped. Pass it on: the group reports what came
    /// first.
    pub fn collect<C: Default + Extend<T>>(self) -> Result<C, E> {
        let mut all = C::default();
        self.for_each(|item| {
            all.extend([item]);
            Ok(())
        })?;
        Ok(all)
    }

    /// Waits for the next item; `None` when there are no more.
    ///
    /// # Errors
    ///
    /// As [`collect`](Self::collect).
    #[cfg_attr(feature = "sim", track_caller)]
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator that fails would go on for ever"
    )]
    pub fn next(&mut self) -> Result<Option<T>, E> {
        let _call = sys::blocking_call("Flow::next");
        let ctx = self.start.scope.context();
        if let Some(cause) = ctx.ended() {
            return Err(Stopped::cut_short(cause).into());
        }
        let taken = self.taker.take(&ctx.into());
        Ok(taken.map_err(|why| Stopped::cut_short(cause(why)))?.map(|(_, item)| item))
    }
}

fn cause(why: Interrupted) -> Cause {
    match why {
        Interrupted::Cancelled(cause) => cause,
        Interrupted::TimedOut | Interrupted::HeldUp(_) => {
            unreachable!("only the context bounds it")
        }
    }
}
