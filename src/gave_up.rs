//! Whether an error, however deeply wrapped, began with a cancellation or a timeout.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::mpsc;

use crate::atomic_value::Outdated;
use crate::channel::{RecvUntilError, SendUntilError};
use crate::limiter::LimitError;
use crate::refused::Refused;
use crate::semaphore::{AcquireError, TryAcquireError};
use crate::threads::NoThread;
use crate::wait::{Cancelled, Cause, HasReason, Interrupted, Reason};
use crate::worker_pool::{SubmitError, TrySubmitError};

/// Returns `true` if the error began with a cancellation or a timeout: with one of this crate's waits
/// that was given up, or with a context that had ended.
///
/// This is [`is_cancelled`] or [`is_timeout`]. All three take any error, and search the chain of its
/// [`source`](Error::source)s; they see through `Box`, `Arc`, and `io::Error`, whose own `source` leaves
/// out the error that it holds. A boxed error is passed as `&*error`, one of `anyhow` too. (An
/// `anyhow::Error` that was made into a box hides its outermost error, so ask before.)
///
/// The outermost error of this crate decides. What the program itself supplied as the cause of a
/// cancellation is not searched: a context that was cancelled because of a timeout elsewhere was
/// cancelled. [`cause_of`] returns that cause.
///
/// # The errors of this crate
///
/// Each of them has the methods `is_timeout`, `is_cancelled`, `gave_up`, `is_closed`, and `cause`, which do
/// not ask for `'static` as these functions do. Each converts into [`io::Error`], which then holds it, and
/// into [`Stopped`](crate::Stopped), `String` and `&'static str`, so that `?` works in a function or a task
/// with one of these as its error; a message, job, task, handle or value inside is dropped. The exceptions:
/// [`TaskError`](crate::TaskError) does not convert into `&'static str`, which could not name a task;
/// [`ParseRateError`](crate::ParseRateError) has neither the methods nor the conversions, as it is not the
/// error of a call that waits. No kind is one after which std or other libraries call again, but for
/// `WouldBlock`, which only calls that do not wait report: as the error of a task, that is `Other`.
///
/// A [`TaskError`](crate::TaskError) answers as the task's own error does. If that is a
/// [`SendUntilError`](crate::channel::SendUntilError), [`SubmitError`](crate::SubmitError),
/// [`TrySubmitError`](crate::TrySubmitError) or [`Refused`](crate::Refused) that still holds its message, job
/// or task, only whether it gave up is known; `without_inner` drops that first.
///
/// | what happened                                        | errors                                     | method         | kind of the `io::Error` |
/// |------------------------------------------------------|--------------------------------------------|----------------|-------------------------|
/// | the bound of a call, or a deadline, has passed       | [`Interrupted`], [`Cancelled`], `Interrupted` of the others | `is_timeout` | `TimedOut` |
/// | the turn would come too late                         | [`LimitError::TooLate`](crate::LimitError::TooLate) | `is_timeout` | `TimedOut` |
/// | a context was cancelled                              | [`Interrupted`], [`Cancelled`], `Interrupted` of the others | `is_cancelled` | `Other` |
/// | a task was skipped, a pipeline cut short             | [`Stopped`](crate::Stopped), [`Refused`](crate::Refused), [`Errors`](crate::Errors) without an error | by the cause | by the cause |
/// | closed, or the other side is gone                    | [`AcquireError`](crate::AcquireError), [`SubmitError`](crate::SubmitError), [`RecvUntilError`](crate::channel::RecvUntilError), [`SendUntilError`](crate::channel::SendUntilError) | `is_closed` | `BrokenPipe` |
/// | the call would have had to wait                      | [`TryAcquireError`](crate::TryAcquireError), [`TrySubmitError`](crate::TrySubmitError), [`Refused`](crate::Refused) | –  | `WouldBlock` |
/// | more than there can be                               | [`AcquireError`](crate::AcquireError), [`LimitError`](crate::LimitError) | – | `InvalidInput` |
/// | no thread                                            | [`NoThread`](crate::NoThread), and those that hold it | – | `ResourceBusy` |
/// | the value is another one by now                      | [`Outdated`](crate::Outdated)              | –              | `Other` |
/// | a task or job failed, panicked, or was lost          | [`Stopped`](crate::Stopped), [`Panicked`](crate::Panicked), [`Lost`](crate::Lost), [`FlightError`](crate::FlightError) | – | `Other` |
///
/// An error that began with a cancellation or a timeout has an [`Interrupted`] or a [`Cancelled`] among
/// its sources, or is one. A text stands in `Display` or in the source, never in both, so a logger should
/// print the whole chain, as `anyhow`'s `{:#}` does. `anyhow`'s `downcast_ref` sees the error that was
/// converted, and none of its sources: use these functions, or go through `chain()`.
///
/// # Examples
///
/// A handler's error becomes a status:
///
/// ```
/// use phalanx::{Context, Semaphore, cause_of, is_cancelled, is_timeout};
/// use std::time::Duration;
///
/// type BoxError = Box<dyn std::error::Error + Send + Sync>;
///
/// /// What a server cancels its requests with when it shuts down.
/// #[derive(Debug)]
/// struct ShuttingDown;
///
/// impl std::fmt::Display for ShuttingDown {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         f.write_str("shutting down")
///     }
/// }
///
/// impl std::error::Error for ShuttingDown {}
///
/// fn status(result: Result<(), BoxError>) -> u16 {
///     let Err(error) = result else { return 200 };
///     let cause = cause_of(&*error).and_then(|cause| cause.error());
///     match cause {
///         Some(cause) if cause.is::<ShuttingDown>() => 503,
///         _ if is_cancelled(&*error) => 499, // the client has hung up
///         _ if is_timeout(&*error) => 504,
///         _ => 500,
///     }
/// }
///
/// fn handler(ctx: &Context, database: &Semaphore) -> Result<(), BoxError> {
///     let _connection = database.acquire_until(1, ctx)?;
///     "x".parse::<u32>()?;
///     Ok(())
/// }
///
/// let busy = Semaphore::new(1);
/// let permit = busy.acquire(1)?;
/// let hurried = Context::background().with_timeout(Duration::ZERO);
/// assert_eq!(status(handler(&hurried, &busy)), 504);
///
/// let (ctx, canceller) = Context::background().with_cancel();
/// canceller.cancel();
/// assert_eq!(status(handler(&ctx, &busy)), 499);
///
/// let (ctx, canceller) = Context::background().with_cancel();
/// canceller.cancel_because(ShuttingDown);
/// assert_eq!(status(handler(&ctx, &busy)), 503);
///
/// drop(permit);
/// assert_eq!(status(handler(&Context::background(), &busy)), 500);
/// # Ok::<(), phalanx::AcquireError>(())
/// ```
///
/// # Compared with Go
///
/// `errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)`.
pub fn gave_up(error: &(dyn Error + 'static)) -> bool {
    reason_of(error).gave_up()
}

/// Returns `true` if the error began with a context that was cancelled, and did not end by its deadline.
///
/// See [`gave_up`] for what is searched, and for how this differs from the methods of this name.
///
/// # Examples
///
/// ```
/// use phalanx::{Context, is_cancelled, is_timeout};
/// use std::io;
///
/// let (ctx, canceller) = Context::background().with_cancel();
/// canceller.cancel();
/// let error = io::Error::from(ctx.check().unwrap_err());
/// assert!(is_cancelled(&error) && !is_timeout(&error));
/// ```
///
/// # Compared with Go
///
/// `errors.Is(err, context.Canceled)`, which asks the cause too if it was made with `%w`.
pub fn is_cancelled(error: &(dyn Error + 'static)) -> bool {
    reason_of(error).is_cancelled()
}

/// Returns `true` if the error began with time that ran out: the bound of a call, the deadline of a
/// context, a limiter whose turn would come too late; or, if no error of this crate is in the chain, an
/// `io::Error` of the kind `TimedOut` or a channel's timeout.
///
/// See [`gave_up`] for what is searched, and for how this differs from the methods of this name.
///
/// # Compared with Go
///
/// `errors.Is(err, context.DeadlineExceeded)`, or `Timeout()` of `net.Error`.
pub fn is_timeout(error: &(dyn Error + 'static)) -> bool {
    reason_of(error).is_timeout()
}

/// Returns why the context ended with whose end the error began, if it did: with
/// [`Cause::error`], which can be downcast, a client that hung up is told from a server that shuts down.
///
/// See [`gave_up`] for what is searched, and for an example.
///
/// # Compared with Go
///
/// `context.Cause`, which needs the context.
pub fn cause_of<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Cause> {
    reason_of(error).cause()
}

/// The answer of the outermost error of the crate, or else of what others call a timeout.
pub(crate) fn reason_of<'a>(error: &'a (dyn Error + 'static)) -> Reason<'a> {
    let mut foreign = Reason::Other;
    let mut next: Option<&'a (dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(reason) = of_this_crate(error) {
            return reason;
        }
        if is_foreign_timeout(error) {
            foreign = Reason::TimedOut;
        }
        next = inner(error);
    }
    foreign
}

/// The answer of an error of the crate in which a chain may end; of the others, that of their source.
fn of_this_crate<'a>(error: &'a (dyn Error + 'static)) -> Option<Reason<'a>> {
    fn ask<'a, T: Error + HasReason + 'static>(
        error: &'a (dyn Error + 'static),
    ) -> Option<Reason<'a>> {
        peel::<T>(error).map(HasReason::reason)
    }
    ask::<Interrupted>(error)
        .or_else(|| ask::<Cancelled>(error))
        .or_else(|| ask::<AcquireError>(error))
        .or_else(|| ask::<TryAcquireError>(error))
        .or_else(|| ask::<LimitError>(error))
        .or_else(|| ask::<RecvUntilError>(error))
        .or_else(|| ask::<SendUntilError<()>>(error))
        .or_else(|| ask::<SubmitError<()>>(error))
        .or_else(|| ask::<TrySubmitError<()>>(error))
        .or_else(|| ask::<Refused<()>>(error))
        .or_else(|| ask::<Outdated<()>>(error))
        .or_else(|| ask::<NoThread>(error))
}

/// The next error in a chain.
fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    if let Some(error) = peel::<io::Error>(error) {
        // Its `source` is that of the error that it holds.
        return error.get_ref().map(|held| held as &(dyn Error + 'static));
    }
    // The `source` of a pointer to an error is that of the error.
    if let Some(shared) = error.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
        return Some(&**shared);
    }
    if let Some(shared) = error.downcast_ref::<Arc<dyn Error>>() {
        return Some(&**shared);
    }
    error.source()
}

/// The error itself, or what it points to.
fn peel<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    error
        .downcast_ref()
        .or_else(|| error.downcast_ref::<Box<T>>().map(|boxed| &**boxed))
        .or_else(|| error.downcast_ref::<Arc<T>>().map(|shared| &**shared))
}

fn is_foreign_timeout(error: &(dyn Error + 'static)) -> bool {
    if let Some(error) = peel::<io::Error>(error) {
        return error.kind() == io::ErrorKind::TimedOut;
    }
    peel(error) == Some(&mpsc::RecvTimeoutError::Timeout)
        || peel(error) == Some(&crossbeam_channel::RecvTimeoutError::Timeout)
        || peel::<crossbeam_channel::SelectTimeoutError>(error).is_some()
}
