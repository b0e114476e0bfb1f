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
//! - Code that cannot be changed, and `select!`, need the feature `sim-std`, which sees the originals.
//! - There is no `Once`, `Barrier` or `ReentrantMutex` here; threads are [`spawn`](super::spawn) and
//!   [`scope`](super::scope), time is [`now`](super::now) and [`sleep`](super::sleep).
//! - What two bubbles use at the same time, such as a static in two tests that run in parallel, they
//!   still use one after the other; but neither knows what the other does, and both may fail. Run
//!   such tests one by one.

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
