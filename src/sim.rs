//! Use this to test threads deterministically: virtual time, controlled schedules, replay.
//!
//! [`check`] runs a test again and again, each time under another schedule. In a run, exactly one
//! thread goes on at a time, and at every step (each atomic operation, lock, wait, wake-up and
//! spawn of this crate) a strategy decides which. Threads that wait for time wait in virtual time:
//! when nobody can run, the clock leaps to the next deadline. So a timeout of a day costs nothing, a
//! race is found in milliseconds instead of months, and a failure is repeated by its token.
//!
//! ```
//! use phalanx::{Context, WaitGroup, sim};
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! sim::check(|| {
//!     let (ctx, canceller) = Context::background().with_cancel_timeout(Duration::from_secs(3600));
//!     let group = Arc::new(WaitGroup::new());
//!     group.add(1);
//!     let waiter = {
//!         let (ctx, group) = (ctx.clone(), Arc::clone(&group));
//!         sim::spawn("waiter", move || group.wait_until(&ctx).is_ok())
//!     };
//!
//!     sim::wait_idle(); // all others are blocked: no sleep, no hope
//!     sim::assert_blocked(&waiter, "WaitGroup::wait");
//!
//!     canceller.cancel();
//!     assert_eq!(waiter.join().unwrap(), false);
//!     assert_eq!(sim::elapsed(), Duration::ZERO);
//! });
//! ```
//!
//! It is behind the feature `sim`, meant for dev-dependencies; without it, there is no trace of it in
//! the crate: no field, no branch, no symbol.
//!
//! ```toml
//! [dev-dependencies]
//! phalanx = { version = "0.1", features = ["sim"] } # on Linux, "sim-std" sees more
//! ```
//!
//! # When a test fails
//!
//! The message of the panic is a report: what went wrong; what each thread was doing, since when, and
//! for whom it waits; the schedule in words, made as simple as it goes; and a token. The report ends
//! with the line that replays the very same run, and with the call that pins it as a regression
//! test.
//!
//! ```
//! use phalanx::sim::{self, Builder, sync::{Condvar, Mutex}};
//! use std::sync::Arc;
//!
//! let failure = Builder::new().try_check(|| {
//!     let gate = Arc::new((Mutex::new(false), Condvar::new()));
//!     let passing = Arc::clone(&gate);
//!     let waiter = sim::spawn("waiter", move || {
//!         let open = passing.0.lock();
//!         if !*open {
//!             drop(open); // the bug: here, the gate may open and tell nobody
//!             passing.1.wait(&mut passing.0.lock());
//!         }
//!     });
//!     *gate.0.lock() = true;
//!     gate.1.notify_one();
//!     waiter.join().unwrap();
//! });
//! let failure = failure.unwrap_err();
//! assert!(failure.to_string().contains("DEADLOCK"));
//! let token = failure.token().unwrap(); // as 1.i.d.3-1.09ad11c2
//! # assert!(token.starts_with("1.i."));
//! ```
//!
//! What is found: assertions and other panics (unless a thread that joins takes notice of them),
//! deadlocks, threads that are left behind, loops that never end, broken [`invariant`]s, calls that
//! block where the kit cannot see them, and tests that depend on something besides the schedule (the
//! first schedule is run more than once, and must be the same run).
//!
//! # What is seen
//!
//! | | `sim` | `sim-std` (Linux with glibc) |
//! |---|---|---|
//! | everything of this crate | each step | each step |
//! | [`channel::select!`](crate::channel::select), `send_until`, `recv_until`, `merge` | each step | each step |
//! | [`sim::sync`](sync), [`spawn`], [`scope`] | each step | each step |
//! | locks, condition variables, `park`, channels of std, `parking_lot`, crossbeam | no: a call that does not block just happens, between two steps; a thread that blocks in them for one that is not running is reported after ten seconds | where they block and wake |
//! | `thread::spawn`, `thread::scope` | no: their threads are outside | as [`spawn`] |
//! | `Instant::now`, `SystemTime::now`, `thread::sleep` | no: real time ([`now`], [`sleep`]) | virtual time |
//! | atomics of std | no: use [`sync::atomic`], or [`label`] between them | no |
//! | sockets, files, C libraries | [`external`] | [`external`] |
//!
//! `sim-std` is a feature of its own since it defines symbols of libc in the program that is linked:
//! a test binary should ask for that, and sanitizers, which define the same, must be able to do
//! without. On other platforms it does nothing, and says so once.
//!
//! What is not modelled is weak memory: between two steps everything is sequentially consistent.
//! Orderings are for `ThreadSanitizer` and Miri.
//!
//! # Schedules
//!
//! [`Strategy::Auto`] mixes random walks, PCT and POS, and is right for most tests: a thousand
//! schedules or one second, or as many as [`Builder::iterations`] says. For two or three threads and a few operations,
//! [`Builder::exhaustive`] tries all schedules with at most so many preemptions and says
//! [`exhausted`](Report::exhausted) when there are no others; [`outcomes`] collects what can come
//! out. For a race that you know, a [`Script`] drives the threads to it. Every choice is made by a
//! frozen generator from [`Builder::seed`]: the same program runs the same schedules everywhere.
//!
//! # Time
//!
//! In [`TimeMode::Idle`] time moves only when no thread can run, so that a timeout strikes only those
//! who wait in vain, and [`elapsed`] is exact. In [`TimeMode::Racing`] a deadline may pass at any
//! step, as on a machine under load: for code in which a timeout races with success. Deadlines for
//! the same instant are met in any order in both.
//!
//! Time stands still when the root thread has ended: a thread that is left waiting for time is reported,
//! as one that is left waiting for an event is. So stop tickers, and join threads, before the test returns.
//!
//! The virtual clock begins at the real instant at which the run begins, so an `Instant` that was
//! made before the run lies in its past. With `sim-std` `Instant::now` begins 100 000 seconds after its
//! own zero, and the date is 2000-01-01 00:00:00 UTC, as in Go's `synctest`: in each run the same.
//!
//! # What it costs
//!
//! `cargo bench --bench sim --features sim`, on two cores of a virtual machine (AMD EPYC, rustc 1.95,
//! 2026-11-21): a check of a thousand schedules takes 0.23 s with three threads and a [`WaitGroup`],
//! and 0.75 s with an [`ErrGroup`] of three tasks on the thread cache. Of steps there are 7 million a
//! second while no thread is switched, 3.8 million under PCT, and 0.2 million under the random walk,
//! in which nearly every second step is a hand-over through the kernel. A sleep of 25 hours takes
//! 50 µs, a day of a timeout each second 0.13 s.
//!
//! [`WaitGroup`]: crate::WaitGroup
//! [`ErrGroup`]: crate::ErrGroup
//!
//! # From the environment
//!
//! | variable | |
//! |---|---|
//! | `SIM_REPLAY` | the token of the one schedule to run |
//! | `SIM_SEED`, `SIM_ITERS`, `SIM_TIME_MS` | other schedules; more of them; for how long |
//! | `SIM_STRATEGY` | `auto`, `random`, `pct3`, `pos`, `walk`, `robin`, `dfs2` |
//! | `SIM_TRACE` | `1` prints every step |
//! | `SIM_NO_SHRINK` | `1` reports the first failure as it was found |
//!
//! # Rules
//!
//! - What a test shares is made inside of it: a static that one run leaves for the next makes them
//!   different. (The statics of this crate are each bubble's own.)
//! - Random numbers, the order of a `HashMap` and the real clock make a test depend on more than the
//!   schedule; [`choose`] and [`now`] do not. (`sim-std` takes care of the last two.)
//! - A loop that waits without blocking calls [`yield_now`].
//! - After a failure the threads of that run are left where they are, asleep: to unwind them could
//!   free what others borrow.
//! - Threads of the operating system are started anew for each run, so that thread-local values
//!   are, too.

mod builder;
mod check;
mod env;
mod failure;
mod libc;
pub mod lin;
pub(crate) mod machine;
mod marks;
mod outcomes;
mod rng;
mod scope;
mod shrink;
mod strategy;
pub mod sync;
mod threads;
mod time;
mod time_mode;
mod token;

pub use builder::{Builder, Leaks, Panics};
pub use check::Report;
pub use failure::Failure;
pub use machine::Path;
pub use marks::{
    atomically, choose, external, in_bubble, invariant, label, refuse_threads, refused_threads,
    yield_now,
};
pub use outcomes::Outcomes;
pub use scope::{Scope, ScopedJoinHandle, scope};
pub use strategy::{Script, Strategy, Turn};
pub use threads::{JoinHandle, ThreadInfo, ThreadState, assert_blocked, spawn, threads};
pub use time::{advance, elapsed, now, sleep, wait_idle};
pub use time_mode::TimeMode;

use std::fmt;

/// Runs `f` under many schedules, with the usual settings of a [`Builder`].
///
/// # Panics
///
/// If one of them fails; the message is the report.
#[track_caller]
pub fn check(f: impl Fn() + Send + Sync + 'static) -> Report {
    Builder::new().check(f)
}

/// Runs `f` once, in a bubble, and returns what it returns: [`Builder::run`] with the usual settings.
///
/// # Panics
///
/// If it fails; the message is the report.
///
/// # Compared with Go
///
/// `synctest.Test`.
#[track_caller]
pub fn run<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    Builder::new().run(f)
}

/// Runs `f` under the one schedule that `token`, from a report, stands for: a regression test.
///
/// # Panics
///
/// If it fails, or the token is none.
#[track_caller]
pub fn replay(token: &str, f: impl Fn() + Send + Sync + 'static) -> Report {
    Builder::new().replay(token, f)
}

/// Collects what `f` returns under all schedules with at most two preemptions.
///
/// # Panics
///
/// As [`check`].
#[track_caller]
pub fn outcomes<T: Ord + fmt::Debug + Send + 'static>(
    f: impl Fn() -> T + Send + Sync + 'static,
) -> Outcomes<T> {
    Builder::new().outcomes(f)
}
