//! Use this to test code that has locks, condition variables, channels and atomic words of its own.
//!
//! | here | has the interface of |
//! |---|---|
//! | [`Mutex`], [`RwLock`], [`Condvar`] | [`parking_lot`]'s |
//! | [`channel`] | `crossbeam_channel`'s, without `select!` |
//! | [`atomic`] | [`std::sync::atomic`]'s |
//!
//! In a bubble every operation on them is a step: the schedule says who comes first, waiting takes no
//! real time, and the report says who waits for what. Outside of a bubble they do what the originals
//! do, at about the same speed, so that one build serves all tests. Code under test takes them in
//! place of the originals:
//!
//! ```
//! #[cfg(not(test))]
//! use parking_lot::Mutex;
//! #[cfg(test)]
//! use phalanx::sim::sync::Mutex;
//!
//! #[derive(Default)]
//! struct Account(Mutex<u64>);
//!
//! impl Account {
//!     fn withdraw(&self, amount: u64) -> bool {
//!         let enough = *self.0.lock() >= amount;
//!         if enough {
//!             *self.0.lock() -= amount; // between the two, others may have withdrawn
//!         }
//!         enough
//!     }
//! }
//! ```
//!
//! Then a test finds what is wrong:
//!
//! ```
//! use phalanx::sim;
//! use phalanx::sim::sync::Mutex;
//! # #[derive(Default)]
//! # struct Account(Mutex<u64>);
//! # impl Account {
//! #     fn withdraw(&self, amount: u64) -> bool {
//! #         let enough = *self.0.lock() >= amount;
//! #         if enough {
//! #             *self.0.lock() -= amount;
//! #         }
//! #         enough
//! #     }
//! # }
//!
//! let failure = sim::Builder::new().try_check(|| {
//!     let account = Account(Mutex::new(1));
//!     sim::scope(|s| {
//!         s.spawn("a", || account.withdraw(1));
//!         s.spawn("b", || account.withdraw(1));
//!     });
//! });
//! let report = failure.expect_err("both find it to be enough").to_string();
//! assert!(report.contains("attempt to subtract with overflow"), "{report}");
//! ```
//!
//! # When not to use it
//!
//! - What phalanx itself offers needs nothing from here: all of it knows bubbles.
//! - Code that cannot be changed needs the feature `sim-std`, which sees the originals.
//! - There is no `Once`, `Barrier` or `ReentrantMutex` here; threads are [`spawn`](super::spawn) and
//!   [`scope`](super::scope), time is [`now`](super::now) and [`sleep`](super::sleep).
//! - What two bubbles use at the same time, such as a static in two tests that run in parallel, works
//!   in each as if the other were not there, as long as nothing depends on what it holds. A lock that
//!   a thread of the other has, or one of no bubble, is waited for in real time, of which the schedule
//!   knows nothing. An attempt waits for it, too, but fails after a quarter of a second; after as
//!   long, the other threads of a bubble that waits go on, and its run cannot be replayed.
//! - What threads of different bubbles tell each other, by what a static holds, a condition or a
//!   channel, is in no schedule: such tests are not deterministic. Run them one by one.
//! - A test that has failed keeps the locks that its threads had, and who wants one of them, if it is
//!   a static, is reported as stuck.

pub mod atomic;
pub mod channel;
mod condvar;
mod door;
mod mutex;
mod rwlock;

pub use condvar::{Condvar, WaitTimeoutResult};
pub use mutex::{MappedMutexGuard, Mutex, MutexGuard, RawMutex, const_mutex};
pub use rwlock::{
    MappedRwLockReadGuard, MappedRwLockWriteGuard, RawRwLock, RwLock, RwLockReadGuard,
    RwLockUpgradableReadGuard, RwLockWriteGuard, const_rwlock,
};
