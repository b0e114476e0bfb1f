//! Flows that come together.

use std::ptr;

use super::Flow;
use super::stage::each;
use crate::group::Stopped;

/// Adds a stage into which several flows of one group come together, in no particular order: a task
/// for each of them.
///
/// # Panics
///
/// `pipeline::merge: no flows`; `pipeline::merge: flows of two groups`, neither of which would hear of
/// a failure in the other. And as [`Flow`] says of each stage.
///
/// # Examples
///
/// ```
/// use phalanx::{ErrGroup, Stopped, pipeline};
///
/// let mut all = ErrGroup::<Stopped>::scope(|g| {
///     let shards = [0..10, 10..20, 20..30].map(|shard| pipeline::source(g, shard));
///     pipeline::merge(shards).collect::<Vec<_>>()
/// })?;
/// all.sort_unstable();
/// assert!(all.into_iter().eq(0..30));
/// # Ok::<(), Stopped>(())
/// ```
///
/// # Compared with Go
///
/// `merge` of the pipelines article.
#[track_caller]
pub fn merge<'s, 'env, T, E>(
    flows: impl IntoIterator<Item = Flow<'s, 'env, T, E>>,
) -> Flow<'s, 'env, T, E>
where
    T: Send + 's,
    E: Send + From<Stopped>,
{
    let mut flows = flows.into_iter();
    let Some(Flow { taker, start }) = flows.next() else { panic!("pipeline::merge: no flows") };
    let mut takers = vec![taker];
    for Flow { taker, start: other } in flows {
        let is_ours = ptr::eq(start.scope.context(), other.scope.context());
        assert!(is_ours, "pipeline::merge: flows of two groups");
        start.counts.extend(&other.counts);
        takers.push(taker);
    }
    start.stage("merge", takers, |input, output| {
        |ctx| each(input, output, ctx, |(_, item), output| output.put(item, ctx))
    })
}

impl<'s, T: Send + 's, E: Send + From<Stopped>> Flow<'s, '_, T, E> {
    /// Adds a stage into which this flow and another come together; see [`merge`], which is for any
    /// number of them.
    ///
    /// # Panics
    ///
    /// As [`merge`].
    #[track_caller]
    pub fn merge(self, other: Self) -> Self {
        merge([self, other])
    }
}
