//! What a user reaches for first: one call instead of a scope.

mod join;

use std::iter;
use std::panic::{self, AssertUnwindSafe};

use super::members::Members;
use super::policies::{Errors, FirstOk, Settle, Tally};
use super::policy::{End, Outcome, Panicked};
use super::scope::scope;
use super::stopped::{Stopped, WhyStopped};
use super::{Builder, Policy};
use crate::context::Context;
use crate::sys::Mutex;
use crate::sys::atomic::{AtomicUsize, Relaxed};
use crate::wait::Cancelled;

pub use join::infallible;

/// Runs the tasks concurrently and returns the first success; the others are cancelled, and have
/// ended when this returns. If none succeeds, returns all errors.
///
/// # Errors
///
/// [`Errors`], if no task succeeded.
///
/// # Panics
///
/// Resumes the first panic of a task.
///
/// # Examples
///
/// ```
/// use phalanx::{Cancelled, Context, race};
/// use std::time::Duration;
///
/// let mirror = |delay, name| {
///     move |ctx: &Context| ctx.sleep(Duration::from_secs(delay)).map(|()| name)
/// };
/// assert_eq!(race([mirror(3600, "far"), mirror(0, "near")]).unwrap(), "near");
/// ```
pub fn race<T, E, F>(tasks: impl IntoIterator<Item = F>) -> Result<T, Errors<E>>
where
    F: FnOnce(&Context) -> Result<T, E> + Send,
    T: Send,
    E: Send,
{
    all(Builder::new(), FirstOk::new(), tasks)
}

/// Runs the tasks concurrently, lets each of them end by itself, and returns what became of each,
/// in order.
///
/// # Panics
///
/// Resumes the first panic of a task.
///
/// # Examples
///
/// ```
/// use phalanx::{Context, Outcome, run_all};
///
/// let half = |n: u32| move |_: &Context| if n % 2 == 0 { Ok(n / 2) } else { Err("odd") };
/// let outcomes = run_all([half(8), half(3)]);
/// assert!(matches!(outcomes[..], [Outcome::Ok(4), Outcome::Err("odd")]));
/// ```
#[must_use = "the outcomes contain the errors"]
pub fn run_all<T, E, F>(tasks: impl IntoIterator<Item = F>) -> Vec<Outcome<T, E>>
where
    F: FnOnce(&Context) -> Result<T, E> + Send,
    T: Send,
    E: Send,
{
    all(Builder::new(), Settle::new(), tasks)
}

pub(super) fn all<P, T, E, F>(
    builder: Builder,
    policy: P,
    tasks: impl IntoIterator<Item = F>,
) -> P::Output
where
    P: Policy<T, E> + Send,
    F: FnOnce(&Context) -> Result<T, E> + Send,
    T: Send,
    E: Send,
{
    // Before the scope, since the iterator is the user's code and may borrow anything.
    let tasks: Vec<F> = tasks.into_iter().collect();
    builder.policy(policy).scope(|g| {
        for task in tasks {
            g.go(task);
        }
    })
}

/// Applies `f` to every item, concurrently on as many threads as there are cores, and returns the
/// results in the order of the items. The first error stops the rest; see [`par_map_all`] for all errors.
///
/// [`Builder::par_map`] sets the number of threads, a context, a deadline.
///
/// # Errors
///
/// The first error of `f`.
///
/// # Panics
///
/// Resumes the first panic of `f`.
///
/// # Examples
///
/// ```
/// use phalanx::{ErrGroup, Stopped, par_map};
///
/// let lengths = par_map(["one", "three"], |word, _ctx| Ok::<_, Stopped>(word.len()))?;
/// assert_eq!(lengths, [3, 5]);
///
/// let parsed = ErrGroup::builder().limit(8).par_map(["1", "x"], |text, _ctx| {
///     text.parse::<u32>().map_err(|error| error.to_string())
/// });
/// assert!(parsed.is_err());
/// # Ok::<(), Stopped>(())
/// ```
pub fn par_map<I, T, R, E>(
    items: I,
    f: impl Fn(T, &Context) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E>
where
    I: IntoIterator<Item = T>,
    T: Send,
    R: Send,
    E: Send + From<Stopped>,
{
    Builder::new().par_map(items, f)
}

/// Applies `f` to every item as [`par_map`] does, but stops at no error: returns all results in the order
/// of the items, or every error with the index of its item.
///
/// [`Builder::par_map_all`] sets the number of threads, a context, a deadline.
///
/// # Errors
///
/// [`Errors`], if `f` failed for an item, or an item was skipped.
///
/// # Panics
///
/// Resumes the first panic of `f`, which does stop the rest.
///
/// # Examples
///
/// ```
/// use phalanx::par_map_all;
///
/// let errors = par_map_all(["1", "x", "3", "y"], |text, _ctx| text.parse::<u32>()).unwrap_err();
/// assert_eq!(errors.iter().map(|(index, _)| index).collect::<Vec<_>>(), [1, 3]);
/// ```
pub fn par_map_all<I, T, R, E>(
    items: I,
    f: impl Fn(T, &Context) -> Result<R, E> + Sync,
) -> Result<Vec<R>, Errors<E>>
where
    I: IntoIterator<Item = T>,
    T: Send,
    R: Send,
    E: Send,
{
    Builder::new().par_map_all(items, f)
}

/// Maps with `width` tasks, each of which takes the next item until there is none.
pub(super) fn par_map_with<I, T, R, E>(
    members: Members,
    width: usize,
    items: I,
    f: impl Fn(T, &Context) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E>
where
    I: IntoIterator<Item = T>,
    T: Send,
    R: Send,
    E: Send + From<Stopped>,
{
    let (results, ended) = map_each(members, width, items, f);
    ended?;
    Ok(results.map(|result| result.expect("without an error every item has a result")).collect())
}

/// The same without a stop at an error.
pub(super) fn par_map_all_with<I, T, R, E>(
    members: Members,
    width: usize,
    items: I,
    f: impl Fn(T, &Context) -> Result<R, E> + Sync,
) -> Result<Vec<R>, Errors<E>>
where
    I: IntoIterator<Item = T>,
    T: Send,
    R: Send,
    E: Send,
{
    let kept = |item, ctx: &Context| Ok::<_, Stopped>(f(item, ctx));
    let (results, ended) = map_each(members, width, items, kept);
    let cause = ended.err().and_then(|stopped| stopped.cause().cloned());
    let end = cause.map_or(End::AllDone, End::Cancelled);
    let mut tally = Tally::default();
    for (index, result) in results.enumerate() {
        tally.enter(
            index,
            match result {
                Some(Ok(value)) => Outcome::Ok(value),
                Some(Err(error)) => Outcome::Err(error),
                None => Outcome::Skipped,
            },
        );
    }
    tally.all(end)
}

/// Applies `f` to the items until the first error: the results, by item, and how it ended.
fn map_each<I, T, R, E>(
    members: Members,
    width: usize,
    items: I,
    f: impl Fn(T, &Context) -> Result<R, E> + Sync,
) -> (impl Iterator<Item = Option<R>>, Result<(), E>)
where
    I: IntoIterator<Item = T>,
    T: Send,
    R: Send,
    E: Send + From<Stopped>,
{
    let items: Vec<_> = items.into_iter().map(|item| Mutex::new(Some(item))).collect();
    let results: Vec<_> = iter::repeat_with(|| Mutex::new(None)).take(items.len()).collect();
    let next = AtomicUsize::new(0);
    let work = |ctx: &Context| -> Result<(), E> {
        loop {
            // Relaxed: the number alone; the item is behind its lock.
            let index = next.fetch_add(1, Relaxed);
            let Some(item) = items.get(index).and_then(|item| item.lock().take()) else {
                return Ok(());
            };
            if let Some(cause) = ctx.ended() {
                return Err(Stopped::new(index, WhyStopped::Skipped(Cancelled::new(cause))).into());
            }
            let result = f(item, ctx)?;
            *results[index].lock() = Some(result);
        }
    };
    let ended = scope(members, |g| {
        for _ in 0..width.min(items.len()) {
            g.go(work);
        }
        Ok(())
    });
    (results.into_iter().map(Mutex::into_inner), ended)
}

/// Turns the panic of a task into an error.
///
/// # Examples
///
/// ```
/// use phalanx::{ErrGroup, catch};
///
/// type Error = Box<dyn std::error::Error + Send + Sync>;
///
/// let result = ErrGroup::scope(|g| {
///     g.go(catch(|_ctx| -> Result<(), Error> { panic!("out of cheese") }));
///     Ok::<_, Error>(())
/// });
/// assert_eq!(result.unwrap_err().to_string(), "the task panicked: out of cheese");
/// ```
pub fn catch<T, E, F>(f: F) -> impl FnOnce(&Context) -> Result<T, E>
where
    F: FnOnce(&Context) -> Result<T, E>,
    E: From<Panicked>,
{
    // AssertUnwindSafe: as for any task that panics.
    |ctx| {
        panic::catch_unwind(AssertUnwindSafe(|| f(ctx)))
            .unwrap_or_else(|payload| Err(Panicked::new(payload).into()))
    }
}
