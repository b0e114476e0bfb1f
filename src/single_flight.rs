//! Use this to have calls for the same key at the same time share one execution.
//!
//! `table` knows the calls in flight by their keys; a `call` is one execution with those who wait for
//! it, all of it under the lock of their queue; a `caller` has a seat there, and gives it up;
//! `execution` finds a caller its seat, and runs the function for the doors in `run`. A call that nobody
//! else has found when it leaves the table is the leader's alone, and needs no lock.

mod call;
mod caller;
mod execution;
mod flight;
mod pending;
mod run;
mod table;

use std::borrow::Borrow;
use std::error::Error;
use std::fmt;
use std::hash::Hash;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

pub use flight::{Flight, FlightError, Role};
pub use pending::PendingFlight;
use table::Table;

use crate::sys::Lazy;

/// Runs one call per key at a time; whoever asks in the meantime shares what comes out.
///
/// The first to ask for a key is its *leader*: its function runs. Those who come while it runs are
/// *followers*: they drop their functions, and wait for the same value or error. Nothing is kept:
/// when the function has returned, the next call for the key runs its own. Calls for different keys
/// never wait for one another.
///
/// - **A caller may leave** when its own bound is reached ([`run_until`](Self::run_until)), the
///   leader too: the function goes on for the others. When *every* caller has left, its context is
///   cancelled, and the next call for the key starts afresh.
/// - **A panic** of the function reaches all callers: the leader gets the payload, the followers panic
///   with its message. The next call for the key starts afresh.
/// - **Re-entry**, a function that asks for its own key, panics instead of waiting for itself. It is
///   found if the function asks on its own thread; by way of another thread, it waits for itself.
/// - **No lock is held** while anything of the user's runs: the function, `Hash` and `Eq` of keys,
///   `Clone` of values, the drop of any of them.
///
/// Values are cloned for those who share; one that nobody shares is not. The error is shared as an
/// [`Arc`] and may be any type. It works in a `static`, and takes 16 bytes on 64-bit targets; the calls in
/// flight are on the heap, and a [`run`](Self::run) that nobody shares allocates once.
///
/// # Memory ordering
///
/// The return of the function *synchronizes with* the return of each call that shares its outcome.
///
/// # Examples
///
/// ```
/// use phalanx::SingleFlight;
/// use std::num::ParseIntError;
///
/// static PRICES: SingleFlight<String, u64, ParseIntError> = SingleFlight::new();
///
/// fn price(item: &str) -> Result<u64, Box<dyn std::error::Error>> {
///     let flight = PRICES.run(item.to_owned(), |_| item.len().to_string().parse())?;
///     Ok(flight.into_value())
/// }
///
/// assert_eq!(price("apple")?, 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// With a bound for each caller:
///
/// ```
/// use phalanx::{Context, Role, SingleFlight};
/// use std::time::Duration;
///
/// let lookups = SingleFlight::<&str, String>::new(); // errors are `Box<dyn Error + Send + Sync>`
/// let request = Context::background().with_timeout(Duration::from_secs(30));
/// let flight = lookups.run_until("host", &request, |ctx| {
///     ctx.check()?; // cancelled when nobody wants the answer any more
///     Ok("address".to_owned())
/// })?;
/// assert_eq!((flight.role(), flight.shared()), (Role::Leader, false));
/// assert_eq!(flight.into_value(), "address");
/// # Ok::<(), phalanx::FlightError<Box<dyn std::error::Error + Send + Sync>>>(())
/// ```
///
/// # Compared with Go
///
/// `singleflight.Group` with types. Its usual trouble is gone: the context of the caller that came
/// first does not decide over the others, who can leave by themselves; a panic is never turned into
/// the end of the process; a call that asks for its own key is told so.
pub struct SingleFlight<K, V, E = Box<dyn Error + Send + Sync>> {
    /// Made by the first call. On the heap, since a function that everybody has left may outlive us.
    table: Lazy<Arc<Table<K, V, E>>>,
}

#[cfg(not(feature = "sim"))]
const _: () = assert!(size_of::<SingleFlight<u8, u8>>() <= 16);

impl<K, V, E> SingleFlight<K, V, E> {
    /// Makes one with nothing in flight.
    pub const fn new() -> Self {
        SingleFlight { table: Lazy::new() }
    }

    fn table(&self) -> &Arc<Table<K, V, E>> {
        self.table.get_or_init(|| Arc::new(Table::new()))
    }
}

impl<K: Hash + Eq, V, E> SingleFlight<K, V, E> {
    /// Has the next call for the key run its own function, whether or not one is in flight.
    ///
    /// Those who wait for the one in flight go on waiting for it. Returns `false` if none was.
    ///
    /// # Compared with Go
    ///
    /// `Group.Forget`.
    pub fn forget<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let Some(table) = self.table.get() else { return false };
        table.find(table.hash(key), key).is_some_and(|call| table.remove(&call))
    }
}

impl<K, V, E> Default for SingleFlight<K, V, E> {
    fn default() -> Self {
        SingleFlight::new()
    }
}

// No lock is held while user code runs, so no panic leaves what it guards half-changed.
impl<K, V, E> UnwindSafe for SingleFlight<K, V, E> {}
impl<K, V, E> RefUnwindSafe for SingleFlight<K, V, E> {}

impl<K, V, E> fmt::Debug for SingleFlight<K, V, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let in_flight = self.table.get().map_or(0, |table| table.len());
        f.debug_struct("SingleFlight").field("in_flight", &in_flight).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
