//! `join!` and `try_join!`: a fixed number of tasks of different types.

use crate::context::Context;
use crate::group::Stopped;

/// A task that cannot fail, for `join!`.
#[doc(hidden)]
pub fn infallible<T>(f: impl FnOnce() -> T) -> impl FnOnce(&Context) -> Result<T, Stopped> {
    |_ctx| Ok(f())
}

/// Runs closures concurrently and returns their values as a tuple.
///
/// They may borrow. Each is called with no argument; a panic is resumed when all have ended. For
/// closures that fail, use [`try_join!`](crate::try_join).
///
/// With a context, as in `join!(&ctx; f, g)`, a closure that has not begun when the context ends is
/// skipped, and the result is a `Result` with [`Stopped`](crate::Stopped) as its error.
///
/// **A closure may run on the calling thread**, which waits for all of them.
///
/// # Panics
///
/// Resumes the first panic. `join!: ...` if there is no thread for a closure.
///
/// # Examples
///
/// ```
/// let text = String::from("abc");
/// let (length, upper) = phalanx::join!(|| text.len(), || text.to_uppercase());
/// assert_eq!((length, upper.as_str()), (3, "ABC"));
/// ```
#[macro_export]
macro_rules! join {
    ($ctx:expr; $($f:expr),+ $(,)?) => {
        $crate::try_join!($ctx; $($crate::__infallible($f)),+)
    };
    ($($f:expr),+ $(,)?) => {
        match $crate::try_join!($($crate::__infallible($f)),+) {
            ::core::result::Result::Ok(values) => values,
            ::core::result::Result::Err(stopped) => {
                ::core::panic!("join!: {}", ::std::string::String::from(stopped))
            }
        }
    };
}

/// Runs closures that may fail concurrently; returns their values as a tuple, or the first error,
/// which cancels the others.
///
/// They may borrow, and return values of different types. Each gets the group's
/// [`Context`](crate::Context). This is [`ErrGroup::scope`](crate::ErrGroup::scope) with one task
/// for each closure. With a context, as in `try_join!(&ctx; f, g)`, the group is a child of it.
///
/// **A closure may run on the calling thread**, which waits for all of them.
///
/// # Examples
///
/// ```
/// type Error = Box<dyn std::error::Error + Send + Sync>;
///
/// let (number, word) = phalanx::try_join!(
///     |_ctx| Ok::<u32, Error>("42".parse()?),
///     |_ctx| Ok(String::from("answer")),
/// )?;
/// assert_eq!((number, word.as_str()), (42, "answer"));
///
/// let (ctx, canceller) = phalanx::Context::background().with_cancel();
/// canceller.cancel();
/// let skipped = phalanx::try_join!(&ctx; |_ctx| Ok::<_, Error>(1), |_ctx| Ok(2));
/// assert!(skipped.is_err());
/// # Ok::<(), Error>(())
/// ```
#[macro_export]
macro_rules! try_join {
    ($ctx:expr; $($f:expr),+ $(,)?) => {
        $crate::ErrGroup::builder().context($ctx).scope(|g| $crate::try_join!(@go g [] $($f),+))
    };
    ($($f:expr),+ $(,)?) => {
        $crate::ErrGroup::scope(|g| $crate::try_join!(@go g [] $($f),+))
    };
    // One task after the other is started and gets a name, each from an expansion of its own.
    (@go $g:ident [$($task:ident)*] $f:expr $(, $rest:expr)*) => {{
        let task = $g.go($f);
        $crate::try_join!(@go $g [$($task)* task] $($rest),*)
    }};
    (@go $g:ident [$($task:ident)*]) => {
        ::core::result::Result::Ok(($($task.join()?,)*))
    };
}
