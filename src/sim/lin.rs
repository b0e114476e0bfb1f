//! Whether calls that overlapped can be explained one after the other: linearizability.
//!
//! A [`Model`] says what an object does when calls come one at a time. A [`History`] records calls
//! as they really came. It is *linearizable* if each call can be given one instant between its
//! start and its end at which it happens at once, so that the model allows what all of them
//! returned. What cannot be explained so is a [`Violation`], which shows itself as a table.
//!
//! In a bubble one thread runs at a time, so the recorded order is exact. Elsewhere a call may look
//! longer than it was: a violation is a violation there too, but some are missed.
//!
//! # Examples
//!
//! ```
//! use phalanx::sim::lin::{History, Model};
//! use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
//!
//! #[derive(Clone, Debug, PartialEq, Eq, Hash)]
//! struct Counter(u32);
//!
//! #[derive(Debug)]
//! enum Op {
//!     Add(u32),
//!     Load,
//! }
//!
//! impl Model for Counter {
//!     type Op = Op;
//!     type Ret = u32; // what the counter was before
//!
//!     fn step(&self, op: &Op, ret: Option<&u32>) -> impl IntoIterator<Item = Self> {
//!         let after = match op {
//!             Op::Add(n) => Counter(self.0 + n),
//!             Op::Load => self.clone(),
//!         };
//!         ret.is_none_or(|ret| *ret == self.0).then_some(after)
//!     }
//! }
//!
//! let (counter, history) = (AtomicU32::new(0), History::new());
//! std::thread::scope(|s| {
//!     for _ in 0..3 {
//!         s.spawn(|| {
//!             history.call(Op::Add(1), || counter.fetch_add(1, Relaxed));
//!             history.call(Op::Load, || counter.load(Relaxed))
//!         });
//!     }
//! });
//! history.assert_linearizable(Counter(0));
//!
//! let history = History::new();
//! history.begin(Op::Add(2)).by("producer").end(0);
//! history.begin(Op::Load).by("consumer").end(0); // a stale read: the call before it has ended
//! let violation = history.check(Counter(0)).unwrap_err();
//! assert_eq!(violation.to_string(), "\
//! the history is not linearizable
//!       thread    call    returned  interval
//!   #1  producer  Add(2)  0         [1..2]
//!   #2  consumer  Load    0         [3..4]
//! the longest linearizable prefix: #1; state: Counter(2)
//! cannot come next: #2 Load -> 0");
//! ```

mod history;
mod search;
#[cfg(test)]
mod tests;
mod violation;

use std::fmt::Debug;
use std::hash::Hash;

pub use history::{History, Pending};
pub use violation::Violation;

/// What an object does when calls come one at a time; a value of the type is a state of it.
///
/// # Examples
///
/// A semaphore. `acquire` is *partial*: while too few permits are free it has no next state, which
/// means that it cannot happen now, and may later. There is no need to look at what it returned.
///
/// ```
/// use phalanx::sim::lin::{History, Model};
///
/// #[derive(Clone, Debug, PartialEq, Eq, Hash)]
/// struct Free(u32);
///
/// #[derive(Debug)]
/// enum Op {
///     Acquire(u32),
///     Release(u32),
/// }
///
/// impl Model for Free {
///     type Op = Op;
///     type Ret = ();
///
///     fn step(&self, op: &Op, _: Option<&()>) -> impl IntoIterator<Item = Self> {
///         match op {
///             Op::Acquire(n) => self.0.checked_sub(*n).map(Free),
///             Op::Release(n) => Some(Free(self.0 + n)),
///         }
///     }
/// }
///
/// let history = History::new();
/// let blocked = history.begin(Op::Acquire(2));
/// history.call(Op::Release(1), || ());
/// blocked.end(());
/// history.assert_linearizable(Free(1));
/// assert!(history.check(Free(0)).is_err());
/// ```
pub trait Model: Clone + Eq + Hash + Debug {
    /// A call, with its arguments.
    type Op: Debug;
    /// What a call returned: as much of it as the model can judge.
    type Ret: Debug;

    /// The state after `op` has happened in this state and has returned `ret`, or nothing if that is
    /// not possible.
    ///
    /// `ret` is `None` for a call that has not returned: it may return whatever this state allows. A
    /// next state equal to this one can be left out then, because the checker also tries to do
    /// without the call.
    ///
    /// For most models the body yields an `Option<Self>`. Several states mean that the model leaves
    /// the choice open, or that it depends on what the call is going to return.
    fn step(&self, op: &Self::Op, ret: Option<&Self::Ret>) -> impl IntoIterator<Item = Self>;
}
