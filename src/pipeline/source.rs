//! Where a pipeline begins.

use std::fmt;

use super::counts::Counts;
use super::stage::{Halt, Output, look, outcome};
use super::{Flow, run};
use crate::belt::belt;
use crate::context::Context;
use crate::group::{Scope, Stopped};

/// So many items wait between two stages, unless something else is said.
const BUFFER: usize = 64;

/// Makes the first stage of a pipeline: a task of the group `g`, which takes the items from `items`,
/// one after the other.
///
/// # Panics
///
/// As [`Flow`] says of each stage.
///
/// # Examples
///
/// The squares of some numbers, made by three tasks, in order:
///
/// ```
/// use phalanx::{ErrGroup, Stopped, pipeline};
///
/// let squares = ErrGroup::scope(|g| {
///     pipeline::source(g, 1..=5).ordered(3, |n, _ctx| Ok::<_, Stopped>(n * n)).collect::<Vec<_>>()
/// })?;
/// assert_eq!(squares, [1, 4, 9, 16, 25]);
/// # Ok::<(), Stopped>(())
/// ```
///
/// # Compared with Go
///
/// `gen` of the pipelines article.
#[track_caller]
pub fn source<'s, 'env, T, E, I>(g: &Scope<'s, 'env, E>, items: I) -> Flow<'s, 'env, T, E>
where
    T: Send + 's,
    E: Send + From<Stopped>,
    I: IntoIterator<Item = T> + Send + 's,
{
    with_buffer(g, BUFFER).source(items)
}

/// Makes the first stage of a pipeline: a task of the group `g`, which calls `f` for one item after
/// the other, until there are no more, or it fails. `f` gets the context of the group: for a source
/// that blocks.
///
/// # Panics
///
/// As [`Flow`] says of each stage.
///
/// # Examples
///
/// What comes through a channel, for as long as the group lives:
///
/// ```
/// use phalanx::{ErrGroup, Stopped, channel, pipeline};
/// use phalanx::channel::RecvUntil;
///
/// let (sender, receiver) = channel::bounded(10);
/// (1..=3).for_each(|n| sender.send(n).unwrap());
/// drop(sender);
/// let sum = ErrGroup::scope(|g| {
///     let mut sum = 0;
///     pipeline::from_fn(g, |ctx| Ok(receiver.recv_until(ctx).ok())).for_each(|n: i32| {
///         sum += n;
///         Ok::<_, Stopped>(())
///     })?;
///     Ok(sum)
/// })?;
/// assert_eq!(sum, 6);
/// # Ok::<(), Stopped>(())
/// ```
#[track_caller]
pub fn from_fn<'s, 'env, T, E>(
    g: &Scope<'s, 'env, E>,
    f: impl FnMut(&Context) -> Result<Option<T>, E> + Send + 's,
) -> Flow<'s, 'env, T, E>
where
    T: Send + 's,
    E: Send + From<Stopped>,
{
    with_buffer(g, BUFFER).from_fn(f)
}

/// Says how many items may wait behind the source of a pipeline and behind each of its stages: at
/// least one.
pub fn with_buffer<'s, 'env, E>(g: &Scope<'s, 'env, E>, items: usize) -> Start<'s, 'env, E> {
    Start { scope: g.clone(), items: items.max(1), counts: Counts::new() }
}

/// A pipeline that has no source yet; made by [`with_buffer`].
#[must_use = "a pipeline begins with a source"]
pub struct Start<'s, 'env, E> {
    pub(super) scope: Scope<'s, 'env, E>,
    /// How many items wait behind the next stage.
    pub(super) items: usize,
    pub(super) counts: Counts,
}

impl<E> Start<'_, '_, E> {
    pub(super) fn buffer(self, items: usize) -> Self {
        Start { items: items.max(1), ..self }
    }
}

impl<'s, 'env, E: Send + From<Stopped>> Start<'s, 'env, E> {
    /// Adds the source; see [`source`].
    ///
    /// # Panics
    ///
    /// As [`Flow`] says of each stage.
    #[track_caller]
    pub fn source<T, I>(self, items: I) -> Flow<'s, 'env, T, E>
    where
        T: Send + 's,
        I: IntoIterator<Item = T> + Send + 's,
    {
        self.begin("source", move |ctx, output: &mut Output<T>| {
            items.into_iter().try_for_each(|item| {
                look(ctx)?;
                output.put(item, ctx)
            })
        })
    }

    /// Adds the source; see [`from_fn`].
    ///
    /// # Panics
    ///
    /// As [`Flow`] says of each stage.
    #[track_caller]
    pub fn from_fn<T: Send + 's>(
        self,
        mut f: impl FnMut(&Context) -> Result<Option<T>, E> + Send + 's,
    ) -> Flow<'s, 'env, T, E> {
        self.begin("from_fn", move |ctx, output: &mut Output<T>| {
            loop {
                // What has been cancelled meanwhile is not to be taken for the end.
                let next = f(ctx).map_err(Halt::Failed)?;
                look(ctx)?;
                let Some(item) = next else { return Ok(()) };
                output.put(item, ctx)?;
            }
        })
    }

    #[track_caller]
    fn begin<T: Send + 's>(
        self,
        name: &'static str,
        all: impl FnOnce(&Context, &mut Output<T>) -> Result<(), Halt<E>> + Send + 's,
    ) -> Flow<'s, 'env, T, E> {
        let (putter, taker) = belt(self.items, false);
        let mut output = Output::new(putter, self.counts.stage(name, 1));
        run(&self.scope.named(name), "pipeline", name, move |ctx| {
            let ended = all(ctx, &mut output);
            outcome(ended, output)
        });
        Flow { taker, start: self }
    }
}

impl<E> fmt::Debug for Start<'_, '_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start").field("buffer", &self.items).finish_non_exhaustive()
    }
}
