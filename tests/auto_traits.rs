//! What may cross threads and `catch_unwind`: asserted at compile time for each public type.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use phalanx::{
    AllErrors, Builder, Cancelled, Canceller, Cause, CauseKind, Context, End, ErrGroup, Errors,
    FirstError, FirstOk, Flow, Interrupted, OnCancel, Outcome, Panicked, PolicyBuilder,
    PolicyScope, Quorum, Refusal, Refused, Scope, Settle, Stopped, Task, Token, Tolerate, Until,
    WaitGroup, WhyStopped,
};

/// An error that may be sent and no more.
type SendOnly = std::cell::Cell<u8>;

const fn send<T: Send>() {}
const fn send_sync<T: Send + Sync + Unpin>() {}
const fn unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}
const fn ref_unwind_safe<T: RefUnwindSafe>() {}
const fn is_error<T: std::error::Error + Send + Sync + 'static>() {}

/// `Send`, `Sync`, `UnwindSafe`, `RefUnwindSafe`, `Unpin`.
macro_rules! all {
    ($($type:ty),+ $(,)?) => {
        const _: () = { $(send_sync::<$type>(); unwind_safe::<$type>();)+ };
    };
}

/// `Send`, `Sync`, `Unpin`: what holds an error or a payload of the user's is no more unwind safe than
/// a `Box<dyn Error>` or `io::Error` is.
macro_rules! all_but_unwind_safe {
    ($($type:ty),+ $(,)?) => {
        const _: () = { $(send_sync::<$type>();)+ };
    };
}

all!(Context, Canceller, OnCancel, CauseKind, Until<'static>);
all!(WaitGroup, Token<&'static WaitGroup>, Token<Arc<WaitGroup>>);
all!(Task<'static, String>, Builder, Flow, Errors<String>);
all!(FirstError<u8, String>, AllErrors<u8, String>, FirstOk<u8, String>);
all!(Quorum<u8, String>, Tolerate<u8, String>, PolicyBuilder<Quorum<u8, String>>);

all_but_unwind_safe!(Cause, Cancelled, Interrupted);
all_but_unwind_safe!(Stopped, WhyStopped, Refused<fn()>, Refusal, End);
all_but_unwind_safe!(Outcome<u8, String>, Panicked, Settle<u8, String>);

/// Whoever lends a group to a closure can catch the closure's panics, as with `thread::Scope`.
const _: () = {
    ref_unwind_safe::<ErrGroup<String>>();
    ref_unwind_safe::<Scope<'static, 'static, String>>();
    ref_unwind_safe::<PolicyScope<'static, 'static, Quorum<u8, String>, u8, String>>();
};

/// What a group shares with its tasks asks no more of the user's types than `Send`.
const _: () = {
    send_sync::<ErrGroup<SendOnly>>();
    send_sync::<Scope<'static, 'static, SendOnly>>();
    send_sync::<Task<'static, SendOnly>>();
    send_sync::<PolicyScope<'static, 'static, Settle<SendOnly, SendOnly>, SendOnly, SendOnly>>();
    send::<Refused<SendOnly>>();
};

/// Errors fit into a box.
const _: () = {
    is_error::<Cancelled>();
    is_error::<Interrupted>();
    is_error::<Stopped>();
    is_error::<Panicked>();
    is_error::<Errors<String>>();
    is_error::<Refused<fn()>>();
};

#[test]
fn the_assertions_of_this_file_compile() {}
