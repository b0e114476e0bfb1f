//! `select!`: waiting for the first of several operations, with a bound.

use std::cell::RefCell;
use std::convert::Infallible;

use crossbeam_channel::{Receiver, RecvError, Select, SelectedOperation, SendError, Sender};

use super::select::{self, Operations, Order};
use crate::sys;
use crate::wait::Until;

/// Waits for the first of several operations on channels, and runs the code of that one.
///
/// An operation is one of
///
/// - `recv(receiver) -> message => code`, with a `Result<T, RecvError>`,
/// - `send(sender, message) -> sent => code`, with a `Result<(), SendError<T>>`,
/// - at most one `default => code`, which is run if no operation can go ahead at once, or
///   `default(until) => code`, which is run if none can before the bound is reached: a duration, an
///   instant, a context, or a context and a duration.
///
/// If several can go ahead, any of them is selected. An operation that can go ahead at the instant of the
/// bound wins over the bound. A message is evaluated when the selection begins, as in Go; if another
/// operation is selected, it is dropped.
///
/// # Blocking
///
/// Without `default` until an operation can go ahead. In a simulated run each wait is seen, with the feature
/// `sim` alone, and which of several operations is selected is a choice of the strategy. (crossbeam's
/// macro of that name needs `sim-std`.)
///
/// # Examples
///
/// ```
/// use phalanx::channel::{select, unbounded};
/// use phalanx::{Context, Timer};
/// use std::time::Duration;
///
/// let (ctx, canceller) = Context::background().with_cancel();
/// let (sender, jobs) = unbounded();
/// let idle = Timer::new(Duration::from_secs(3600));
/// sender.send("job").unwrap();
///
/// let mut done = Vec::new();
/// loop {
///     select! {
///         recv(jobs) -> job => {
///             done.push(job.unwrap());
///             canceller.cancel();
///         }
///         recv(idle.channel()) -> _ => unreachable!("not yet"),
///         default(&ctx) => break,
///     }
/// }
/// assert_eq!(done, ["job"]);
/// ```
///
/// # Compared with Go
///
/// `select`, with a bound in place of a `case <-ctx.Done()`.
#[doc(hidden)]
#[macro_export]
macro_rules! __select {
    // One arm after the other: first what it waits for ...
    (@arm $all:tt recv($receiver:expr) -> $result:pat => $($rest:tt)+) => {
        $crate::__select!(@body $all [recv(&$receiver); $result] $($rest)+)
    };
    (@arm $all:tt send($sender:expr, $message:expr $(,)?) -> $result:pat => $($rest:tt)+) => {
        $crate::__select!(@body $all [send(&$sender, $message); $result] $($rest)+)
    };
    (@arm $all:tt default($until:expr) => $($rest:tt)+) => {
        $crate::__select!(@body $all [default_until($until)] $($rest)+)
    };
    (@arm $all:tt default() => $($rest:tt)+) => {
        $crate::__select!(@body $all [default()] $($rest)+)
    };
    (@arm $all:tt default => $($rest:tt)+) => {
        $crate::__select!(@body $all [default()] $($rest)+)
    };
    (@arm [[$($operations:tt)+] [$($arms:tt)+] [$($default:tt)*]]) => {
        $crate::__select!(@all [$($operations)+] [$($arms)+] [$($default)*])
    };
    // ... and then its code.
    (@body $all:tt $head:tt $body:expr, $($rest:tt)*) => {
        $crate::__select!(@push $all $head ($body) $($rest)*)
    };
    (@body $all:tt $head:tt $body:expr) => {
        $crate::__select!(@push $all $head ($body))
    };
    (@body $all:tt $head:tt $body:block $($rest:tt)*) => {
        $crate::__select!(@push $all $head ($body) $($rest)*)
    };
    (@push [[$($operations:tt)*] [$($arms:tt)*] []] [default()] $body:tt $($rest:tt)*) => {
        $crate::__select!(@arm [[$($operations)*] [$($arms)*] [now $body]] $($rest)*)
    };
    (@push [[$($operations:tt)*] [$($arms:tt)*] []]
        [default_until($until:expr)] $body:tt $($rest:tt)*) => {
        $crate::__select!(@arm [[$($operations)*] [$($arms)*] [until($until) $body]] $($rest)*)
    };
    (@push [[$($operations:tt)*] [$($arms:tt)*] $default:tt]
        [$kind:ident($($arguments:expr),+); $result:pat] $body:tt $($rest:tt)*) => {
        $crate::__select!(
            @arm [[$($operations)* ($kind($($arguments),+))] [$($arms)* ($result => $body)] $default]
            $($rest)*
        )
    };
    (@all $operations:tt $arms:tt []) => {
        match $crate::channel::selecting::select($crate::__select!(@operations $operations)) {
            outcome => $crate::__select!(@outcome outcome $arms),
        }
    };
    (@all $operations:tt $arms:tt [now($default:expr)]) => {
        match $crate::channel::selecting::try_select($crate::__select!(@operations $operations)) {
            ::core::option::Option::Some(outcome) => $crate::__select!(@outcome outcome $arms),
            ::core::option::Option::None => $default,
        }
    };
    (@all $operations:tt $arms:tt [until($until:expr) ($default:expr)]) => {
        match $crate::channel::selecting::select_until(
            $crate::__select!(@operations $operations),
            &::core::convert::Into::into($until),
        ) {
            ::core::option::Option::Some(outcome) => $crate::__select!(@outcome outcome $arms),
            ::core::option::Option::None => $default,
        }
    };
    (@operations []) => { $crate::channel::selecting::Nothing };
    (@operations [($kind:ident($($arguments:expr),+)) $($rest:tt)*]) => {
        $crate::channel::selecting::Or(
            $crate::channel::selecting::$kind($($arguments),+),
            $crate::__select!(@operations [$($rest)*]),
        )
    };
    (@outcome $outcome:ident []) => { match $outcome {} };
    (@outcome $outcome:ident [($result:pat => ($body:expr)) $($rest:tt)*]) => {
        match $outcome {
            $crate::channel::selecting::Selected::This($result) => $body,
            $crate::channel::selecting::Selected::Other(outcome) => {
                $crate::__select!(@outcome outcome [$($rest)*])
            }
        }
    };
    () => { ::core::compile_error!("select! needs an operation") };
    ($($arms:tt)+) => { $crate::__select!(@arm [[] [] []] $($arms)+) };
}

/// What an operation of a `select!` came to.
#[derive(Debug)]
pub enum Selected<This, Other> {
    /// The first of the operations has been selected.
    This(This),
    /// Another one.
    Other(Other),
}

/// Operations of a `select!`.
pub trait Set<'a>: Operations<'a> {
    /// What they come to.
    type Outcome;

    /// Completes the one that has been selected.
    fn complete(&self, which: usize, selected: SelectedOperation<'_>) -> Self::Outcome;
}

/// No operation.
#[derive(Debug)]
pub struct Nothing;

/// An operation, or one of others.
#[derive(Debug)]
pub struct Or<A, B>(pub A, pub B);

/// Receives.
#[derive(Debug)]
pub struct Recv<'a, T>(&'a Receiver<T>);

/// Sends a message.
#[derive(Debug)]
pub struct Send<'a, T> {
    sender: &'a Sender<T>,
    message: RefCell<Option<T>>,
}

/// Receives.
pub fn recv<T>(receiver: &Receiver<T>) -> Recv<'_, T> {
    Recv(receiver)
}

/// Sends `message`.
pub fn send<T>(sender: &Sender<T>, message: T) -> Send<'_, T> {
    Send { sender, message: RefCell::new(Some(message)) }
}

/// Waits for one of `operations`.
#[cfg_attr(feature = "sim", track_caller)]
#[expect(clippy::needless_pass_by_value, reason = "the macro makes it here")]
pub fn select<'a, S: Set<'a>>(operations: S) -> S::Outcome {
    wait(&operations, &Until::FOREVER).expect("a wait without a bound ends with an operation")
}

/// Waits for one of `operations`, and no longer than `until`.
#[cfg_attr(feature = "sim", track_caller)]
#[expect(clippy::needless_pass_by_value, reason = "the macro makes it here")]
pub fn select_until<'a, S: Set<'a>>(operations: S, until: &'a Until<'_>) -> Option<S::Outcome> {
    wait(&operations, until)
}

/// Completes one of `operations`, if it can go ahead at once.
#[cfg_attr(feature = "sim", track_caller)]
#[expect(clippy::needless_pass_by_value, reason = "the macro makes it here")]
pub fn try_select<'a, S: Set<'a>>(operations: S) -> Option<S::Outcome> {
    select::try_select(Order::Any, &operations, |which, selected| {
        operations.complete(which, selected)
    })
}

#[cfg_attr(feature = "sim", track_caller)]
fn wait<'a, S: Set<'a>>(operations: &S, until: &'a Until<'_>) -> Option<S::Outcome> {
    let _call = sys::blocking_call("select!");
    // A context that has ended before is no operation: it wins.
    until.enter().ok()?;
    select::select_until(until, Order::Any, operations, |which, selected| {
        operations.complete(which, selected)
    })
}

impl<'a> Operations<'a> for Nothing {
    fn count(&self) -> usize {
        0
    }

    fn enter(&self, _which: usize, _select: &mut Select<'a>) {}

    fn is_meeting(&self, _which: usize) -> bool {
        false
    }
}

impl Set<'_> for Nothing {
    type Outcome = Infallible;

    fn complete(&self, _which: usize, _selected: SelectedOperation<'_>) -> Infallible {
        unreachable!("there is no operation that could be selected")
    }
}

impl<'a, T> Operations<'a> for Recv<'a, T> {
    fn count(&self) -> usize {
        1
    }

    fn enter(&self, _which: usize, select: &mut Select<'a>) {
        select.recv(self.0);
    }

    fn is_meeting(&self, _which: usize) -> bool {
        self.0.capacity() == Some(0)
    }
}

impl<'a, T> Set<'a> for Recv<'a, T> {
    type Outcome = Result<T, RecvError>;

    fn complete(&self, _which: usize, selected: SelectedOperation<'_>) -> Self::Outcome {
        selected.recv(self.0)
    }
}

impl<'a, T> Operations<'a> for Send<'a, T> {
    fn count(&self) -> usize {
        1
    }

    fn enter(&self, _which: usize, select: &mut Select<'a>) {
        select.send(self.sender);
    }

    fn is_meeting(&self, _which: usize) -> bool {
        self.sender.capacity() == Some(0)
    }
}

impl<'a, T> Set<'a> for Send<'a, T> {
    type Outcome = Result<(), SendError<T>>;

    fn complete(&self, _which: usize, selected: SelectedOperation<'_>) -> Self::Outcome {
        selected.send(self.sender, self.message.borrow_mut().take().expect("it is sent once"))
    }
}

impl<'a, A: Operations<'a>, B: Operations<'a>> Operations<'a> for Or<A, B> {
    fn count(&self) -> usize {
        self.0.count() + self.1.count()
    }

    fn enter(&self, which: usize, select: &mut Select<'a>) {
        match which.checked_sub(self.0.count()) {
            None => self.0.enter(which, select),
            Some(which) => self.1.enter(which, select),
        }
    }

    fn is_meeting(&self, which: usize) -> bool {
        match which.checked_sub(self.0.count()) {
            None => self.0.is_meeting(which),
            Some(which) => self.1.is_meeting(which),
        }
    }
}

impl<'a, A: Set<'a>, B: Set<'a>> Set<'a> for Or<A, B> {
    type Outcome = Selected<A::Outcome, B::Outcome>;

    fn complete(&self, which: usize, selected: SelectedOperation<'_>) -> Self::Outcome {
        match which.checked_sub(self.0.count()) {
            None => Selected::This(self.0.complete(which, selected)),
            Some(which) => Selected::Other(self.1.complete(which, selected)),
        }
    }
}
