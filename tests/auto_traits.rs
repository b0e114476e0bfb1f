//! What may cross threads and `catch_unwind`: asserted at compile time for each public type.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use phalanx::channel::{RecvUntilError, SendUntilError};
use phalanx::{
    AcquireError, AllErrors, AtomicValue, Builder, Cancelled, Canceller, Cause, CauseKind, Cond,
    Context, Counter, End, ErrGroup, Errors, FirstError, FirstOk, Flight, FlightError, Flow, Gauge,
    InFlight, Interrupted, JoinUntilError, KeepGoing, LimitError, Lost, NoThread, OnCancel, Once,
    OnceValue, Outcome, Outdated, Panicked, PendingFlight, Permit, PolicyBuilder, PolicyScope,
    Quorum, Reader, Refusal, Refused, Role, Scope, Semaphore, Settle, ShardedCounter, SingleFlight,
    Stopped, SubmitError, Task, TaskError, Token, Tolerate, TryAcquireError, TrySubmitError, Until,
    WaitGroup, WhyStopped, once_fn, once_value,
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
all!(Counter, ShardedCounter, Gauge, InFlight<&'static Gauge>, InFlight<Arc<Gauge>>);
all!(AtomicValue<String>, Reader<&'static AtomicValue<String>>, Reader<Arc<AtomicValue<String>>>);
all!(Outdated<String>, Cond, Once, OnceValue<String>);
all!(Semaphore, Permit<&'static Semaphore>, Permit<Arc<Semaphore>>);
all!(SingleFlight<String, String, String>, PendingFlight<String, String, String>);
all!(Flight<String>, Role, KeepGoing<u8, String>);
all!(Task<'static, String>, Builder, Flow);
all!(FirstError<u8, String>, AllErrors<u8, String>, FirstOk<u8, String>);
all!(Quorum<u8, String>, Tolerate<u8, String>, PolicyBuilder<Quorum<u8, String>>);

all!(TryAcquireError, TrySubmitError<String>);

all_but_unwind_safe!(Cause, Cancelled, Interrupted, AcquireError, FlightError<String>);
all_but_unwind_safe!(Errors<String>, TaskError, LimitError, NoThread, SubmitError<String>);
all_but_unwind_safe!(RecvUntilError, SendUntilError<String>, JoinUntilError<String>, Lost);
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

/// What is shared must be `Sync`, and no more unwind safe than a reference to it.
const _: () = {
    send_sync::<AtomicValue<parking_lot::Mutex<u8>>>();
    send_sync::<Reader<Arc<AtomicValue<parking_lot::Mutex<u8>>>>>();
    send_sync::<OnceValue<parking_lot::Mutex<u8>>>();
    send::<OnceValue<SendOnly>>();
};

/// Once functions are what their closures are.
const _: fn() = || {
    const fn callable<F: Fn() -> u8 + Send + Sync + UnwindSafe + RefUnwindSafe>(_: &F) {}
    const fn runnable<F: Fn() + Send + Sync + UnwindSafe + RefUnwindSafe>(_: &F) {}
    callable(&once_value(|| 1));
    runnable(&once_fn(|| ()));
};

/// Errors fit into a box.
const _: () = {
    is_error::<Cancelled>();
    is_error::<Interrupted>();
    is_error::<Stopped>();
    is_error::<Panicked>();
    is_error::<Errors<String>>();
    is_error::<Refused<fn()>>();
    is_error::<Outdated<String>>();
    is_error::<AcquireError>();
    is_error::<TryAcquireError>();
    is_error::<LimitError>();
    is_error::<RecvUntilError>();
    is_error::<SendUntilError<String>>();
    is_error::<SubmitError<String>>();
    is_error::<TrySubmitError<String>>();
    is_error::<JoinUntilError<String>>();
    is_error::<TaskError>();
    is_error::<NoThread>();
    is_error::<Lost>();
    is_error::<FlightError<String>>();
    is_error::<FlightError<Box<dyn std::error::Error + Send + Sync>>>();
};

#[test]
fn the_assertions_of_this_file_compile() {}
