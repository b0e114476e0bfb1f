//! Go's concurrency toolbox for synchronous Rust: tasks on OS threads that borrow from the stack,
//! stop together when one fails, and give up when told to. No async, no runtime.
//!
//! ```
//! use phalanx::{Context, ErrGroup};
//! use std::time::Duration;
//!
//! type Error = Box<dyn std::error::Error + Send + Sync>;
//!
//! fn fetch(ctx: &Context, service: &str) -> Result<String, Error> {
//!     ctx.sleep(Duration::from_millis(5))?; // stands for a slow call; cancelling wakes it
//!     Ok(format!("{service}: fine"))
//! }
//!
//! fn live_room(request: &Context, room: &str) -> Result<(String, String), Error> {
//!     ErrGroup::builder().context(request).timeout(Duration::from_secs(30)).scope(|g| {
//!         let user = g.go(|ctx| fetch(ctx, &format!("user of {room}"))); // borrows `room`
//!         let equity = g.go(|ctx| fetch(ctx, &format!("equity of {room}")));
//!         Ok((user.join()?, equity.join()?)) // the first error has cancelled the other
//!     })
//! }
//!
//! let (user, equity) = live_room(&Context::background(), "42")?;
//! assert_eq!(user, "user of 42: fine");
//! # assert_eq!(equity, "equity of 42: fine");
//! # Ok::<(), Error>(())
//! ```
//!
//! # What there is
//!
//! - [`WaitGroup`] waits until a set of tasks has finished;
//! - [`ErrGroup`] runs tasks that may fail, scoped or owned, with a limit, a deadline, names; a
//!   [`Policy`] decides when it stops: [`FirstError`], [`KeepGoing`], [`Settle`], [`AllErrors`],
//!   [`FirstOk`], [`Tolerate`], [`Quorum`], or your own;
//! - [`join!`], [`try_join!`], [`race`], [`par_map`], [`par_map_all`], [`run_all`] and [`catch`] are the short forms;
//! - [`Context`] carries cancellation with a cause, deadlines and values down a tree of calls;
//!   [`Canceller`] ends one, [`OnCancel`] is a callback for that end;
//! - [`Once`] and [`OnceValue`] do something once, however many ask, and try again when it fails;
//!   [`once_fn`], [`once_value`] and [`once_arc`] make functions of it;
//! - [`Cond`] waits for a change of what a mutex guards; [`Mutex`] and [`RwLock`] have the methods of
//!   `parking_lot`'s and, by the traits in [`lock`], waits that can be given up;
//! - [`Counter`] is one exact number, [`ShardedCounter`] a sum with a part for each thread, [`Gauge`]
//!   what is in flight, and the most that ever was;
//! - [`Semaphore`] hands out permits, weighted and in order; a [`Permit`] gives itself back;
//! - [`Limiter`] lets things happen at a [`Rate`], and [`KeyedLimiter`] has one for each key;
//!   [`Sometimes`] does something now and then;
//! - [`Timer`] and [`Ticker`] go off in a wait or in a `select!`, [`AfterFunc`] calls a function later;
//! - [`channel`] has `crossbeam_channel`'s channels, with sends and receives that can be given up;
//! - [`pipeline`] has work pass through stages, [`WorkerPool`] has workers do jobs that come in;
//! - [`Context::interrupting`] ends a blocked read, or what else can be [interrupted](Interrupt);
//! - [`AtomicValue`] is replaced as a whole while others read it; a [`Reader`] has the newest at hand;
//! - [`SingleFlight`] has calls for the same key share one execution;
//! - [`set_max_threads`] limits the threads of the crate; [`stats`] says what they are doing, and
//!   [`start_helper`] starts the helper thread that starts them;
//! - [`Until`] bounds every blocking call of the crate; [`Interrupted`] says why a call gave up;
//! - [`is_cancelled`], [`is_timeout`] and [`gave_up`] ask that of any error, and [`cause_of`] for the cause.
//!
//! # From Go
//!
//! | Go | phalanx | std and others |
//! |---|---|---|
//! | `sync.WaitGroup`: `Add`, `Done`, `Wait` | [`WaitGroup`]: `add`, `done`, [`wait`](WaitGroup::wait) | `thread::scope`; crossbeam's `WaitGroup` |
//! | `wg.Go(f)` | [`WaitGroup::go`] | `thread::spawn` |
//! | `defer wg.Done()` | [`WaitGroup::token`] | – |
//! | wait with a timeout (declined) | [`WaitGroup::wait_until`] | – |
//! | `errgroup.WithContext`, `g.Go`, `g.Wait` | [`ErrGroup::scope`], [`ErrGroup::new`] | `thread::scope`, without errors |
//! | `g.SetLimit`, `g.TryGo` | [`Builder::limit`], [`Scope::try_go`] | – |
//! | `results[i] = ...` | [`Task::join`] gives the value | `ScopedJoinHandle::join` |
//! | the zero `errgroup.Group`: no cancellation, the first error | [`KeepGoing`] | – |
//! | collecting all errors (declined) | [`AllErrors`], [`Settle`] | – |
//! | `context.Background()`, `TODO()` | [`Context::background`], [`Context::todo`] | – |
//! | `context.WithCancel`, `WithCancelCause` | [`Context::with_cancel`], [`Canceller::cancel_because`] | tokio-util's `CancellationToken` |
//! | `context.WithTimeout`, `WithDeadline` | [`Context::with_timeout`], [`Context::with_deadline`]; with a canceller [`Context::with_cancel_timeout`] | – |
//! | `context.WithTimeoutCause`, `WithDeadlineCause` | [`Context::with_timeout_cause`], [`Context::with_deadline_cause`] | – |
//! | `context.WithValue`, `ctx.Value` | [`Context::with_keyed_value`], [`Context::keyed_value`]; by type [`Context::with_value`] | – |
//! | `context.WithoutCancel` | [`Context::shielded`] | – |
//! | `context.AfterFunc` | [`Context::on_cancel`] | – |
//! | `ctx.Err()`, `context.Cause(ctx)` | [`Context::check`], [`Context::cause`] | – |
//! | `errors.Is(err, context.Canceled)`, `context.DeadlineExceeded` | [`is_cancelled`], [`is_timeout`] | – |
//! | `<-ctx.Done()`, in a `select` too | [`Context::wait`], [`Context::done`] | crossbeam's `select!` |
//! | `select { case <-ctx.Done(): case <-time.After(d): }` | [`Context::sleep`] | `thread::sleep`, for ever |
//! | merging contexts (declined) | [`Context::merge`] | – |
//! | `sync.Once` | [`Once`] | `std::sync::Once` |
//! | trying again when it failed (declined) | [`OnceValue::get_or_try_init`] | unstable in std |
//! | `sync.OnceFunc`, `sync.OnceValue` | [`once_fn`], [`once_value`] | `LazyLock` |
//! | `sync.Mutex`, `sync.RWMutex` | [`Mutex`], [`RwLock`] | those of `parking_lot` |
//! | locking with a context (a channel in Go) | [`lock_until`](lock::MutexUntil::lock_until), [`read_until`](lock::RwLockUntil::read_until) | `try_lock_until` of `parking_lot`, no cancelling |
//! | `sync.Cond`: `Wait`, `Signal`, `Broadcast` | [`Cond`]: [`wait`](Cond::wait), [`wait_while`](Cond::wait_while), `signal`, `broadcast` | `Condvar`, with spurious wake-ups |
//! | a condition with a timeout or a context (declined) | [`Cond::wait_until`], [`Cond::wait_while_until`] | `wait_timeout`, no cancelling |
//! | `atomic.Int64` | [`Counter`] | `AtomicI64` |
//! | a sharded counter (declined) | [`ShardedCounter`] | – |
//! | `defer inFlight.Add(-1)` | [`Gauge::track`] | – |
//! | `atomic.Value`, `atomic.Pointer` | [`AtomicValue`]: [`load`](AtomicValue::load), [`reader`](AtomicValue::reader) | arc-swap |
//! | `semaphore.NewWeighted(n)`: `Acquire`, `TryAcquire`, `Release` | [`Semaphore`]: `acquire`, `try_acquire`, drop of a [`Permit`] | tokio's `Semaphore` |
//! | resizing a semaphore (declined) | [`Semaphore::add_permits`], [`Semaphore::remove_permits`] | – |
//! | `rate.NewLimiter`: `Allow`, `Wait`, `Reserve` | [`Limiter`]: [`allow`](Limiter::allow), [`wait`](Limiter::wait), [`reserve`](Limiter::reserve) | governor |
//! | a limiter for each key (declined) | [`KeyedLimiter`] | governor |
//! | `rate.Sometimes` | [`Sometimes`] | – |
//! | `time.NewTimer`: `C`, `Stop`, `Reset` | [`Timer`]: [`channel`](Timer::channel), [`stop`](Timer::stop), [`reset`](Timer::reset) | crossbeam's `after`, without a stop |
//! | `time.AfterFunc` | [`AfterFunc`] | – |
//! | `time.NewTicker` | [`Ticker`] | crossbeam's `tick`, without a stop |
//! | `ch <- v`, `<-ch` with `case <-ctx.Done()` | [`SendUntil`](channel::SendUntil), [`RecvUntil`](channel::RecvUntil) | `select!` |
//! | `merge` of the pipelines article | [`channel::merge`], [`Flow::merge`](pipeline::Flow::merge) | – |
//! | a pipeline of goroutines | [`pipeline::source`] | – |
//! | goroutines that range over a channel of jobs | [`WorkerPool`] | rayon's pool, for work that does not block |
//! | `context.AfterFunc` with `SetReadDeadline` | [`Context::interrupting`] | – |
//! | `singleflight.Group`: `Do`, `Forget` | [`SingleFlight`]: [`run`](SingleFlight::run), [`forget`](SingleFlight::forget) | – |
//! | `DoChan`, alone or with a context of its own | [`SingleFlight::start`], [`SingleFlight::run_until`] | – |
//!
//! # What holds everywhere
//!
//! - **Everything that blocks can be given up.** Each `x()` that blocks has an `x_until(bound)`;
//!   the bound is a `Duration`, an `Instant`, a `&Context`, or `(&Context, Duration)`. Cancelling
//!   wakes the thread, it does not wait for it to look.
//! - **A blocking call takes no token of [`std::thread::park`]**: an `unpark` that comes while it waits is
//!   still there when it returns. Only the blocking calls of [`channel`] may take one, since their waits
//!   are crossbeam's, which parks with that token.
//! - **A grant beats a give-up.** `Err(Interrupted)` means that nothing was taken or changed.
//! - **All errors follow one scheme**: see the table at [`gave_up`].
//! - **Every task starts soon, whatever the others do**, and has a thread to itself: it may block,
//!   wait for another task, call C. Threads are kept for ten seconds and used again. A thread that
//!   waits for a task or a group runs what has not started of it, and nobody else's work.
//! - **Nothing is lost.** A task that cannot be started comes back to its caller; panics keep their
//!   payload; a first error is the cause, never an echo of the cancellation that followed it.
//! - **Misuse panics with the method's name**, and leaves everything as it was. Outcomes that a
//!   correct program must expect are `Result`s.
//! - **No user code runs under a lock of the crate**, neither a closure nor a `drop`.
//!
//! # When not to use it
//!
//! - A task that is blocked costs a thread: on x86-64 Linux some 37 KiB, of which 10 are its own and
//!   the rest the kernel's (`cargo bench --bench memory`). For more than some ten thousand connections
//!   or tasks that are blocked at the same time, use an async runtime.
//! - For data parallelism over slices and iterators, use rayon: it divides work that is even, and
//!   borrows idle cores. [`par_map`] is for items that block, fail, or must be cancelled.
//! - On a single core a hand-over between threads is a switch of the kernel, 1 to 2 µs.
//! - Thread-local values outlive a task on a reused thread; see [`Scope::own_thread`].
//!
//! What to know about `panic = "abort"`, `fork`, idle threads and the like is on a page of its own:
//! [`production`].

#[cfg(all(feature = "sim", not(target_has_atomic = "64")))]
compile_error!("the feature `sim` needs 64-bit atomics, which this target does not have");

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
compile_error!("phalanx needs threads and a clock, which this target does not have");

mod atomic_value;
mod belt;
pub mod channel;
mod cond;
mod context;
mod convert;
mod counter;
mod gave_up;
mod group;
mod limiter;
pub mod lock;
mod once;
pub mod pipeline;
mod refused;
mod semaphore;
#[cfg(feature = "sim")]
pub mod sim;
mod single_flight;
mod sys;
mod threads;
mod time;
mod unwind;
mod wait;
mod wait_group;
mod worker_pool;

pub use atomic_value::{AtomicValue, Outdated, Reader};
pub use cond::Cond;
pub use context::{Canceller, Context, Done, Interrupt, OnCancel};
pub use counter::{Counter, Gauge, InFlight, ShardedCounter};
pub use gave_up::{cause_of, gave_up, is_cancelled, is_timeout};
#[doc(hidden)]
pub use group::infallible as __infallible;
pub use group::{
    AllErrors, Builder, End, ErrGroup, Errors, FirstError, FirstOk, Flow, JoinUntilError,
    KeepGoing, Outcome, Panicked, Policy, PolicyBuilder, PolicyGroup, PolicyScope, Quorum, Scope,
    Settle, Stopped, Task, TaskError, Tolerate, WhyStopped, catch, par_map, par_map_all, race,
    run_all,
};
pub use limiter::{
    KeyedLimiter, LimitError, Limiter, ParseRateError, Rate, Reservation, Sometimes,
};
pub use lock::{Mutex, RwLock};
pub use once::{Once, OnceValue, once_arc, once_fn, once_value};
pub use refused::{Refusal, Refused};
pub use semaphore::{AcquireError, Permit, Semaphore, TryAcquireError};
pub use single_flight::{Flight, FlightError, PendingFlight, Role, SingleFlight};
pub use threads::{NoThread, Stats, max_threads, set_max_threads, start_helper, stats};
pub use time::{AfterFunc, Ticker, Timer};
pub use wait::{Cancelled, Cause, CauseKind, Interrupted, Until};
pub use wait_group::{Token, WaitGroup};
pub use worker_pool::{Job, Lost, PoolBuilder, SubmitError, TrySubmitError, WorkerPool};

#[cfg(any(doc, doctest))]
#[doc = include_str!("production.md")]
pub mod production {}

/// The examples of the README, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// What must not compile, with its twins that must, as tests.
#[cfg(doctest)]
#[doc = include_str!("../tests/compile.md")]
struct Compile;
