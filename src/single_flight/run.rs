//! The doors through which functions are run, or waited for.

use std::convert::Infallible;
use std::hash::Hash;
use std::sync::Arc;

use super::call::Call;
use super::caller::Caller;
use super::execution::{Seat, follow, lead, run_away, run_here};
use super::table::Entry;
use super::{Flight, FlightError, PendingFlight, Role, SingleFlight};
use crate::context::Context;
use crate::sys;
use crate::threads::{self, Job, Spec, Start};
use crate::wait::Until;

impl<K: Hash + Eq, V: Clone, E> SingleFlight<K, V, E> {
    /// Runs `f`, or waits for what the function of another caller brings for the same key.
    ///
    /// A leader runs `f` on its own thread, since it waits for as long as that takes: so `f` may
    /// borrow. Its context never ends.
    ///
    /// # Blocking
    ///
    /// For as long as the function runs. A follower spins for some microseconds if that has paid, and parks.
    ///
    /// # Errors
    ///
    /// [`FlightError::Failed`] if the function failed.
    ///
    /// # Panics
    ///
    /// `SingleFlight::run: the function for a key asks for the same key`, with that function's
    /// call left as it was. If the function panics: the leader resumes that panic, a follower panics
    /// with `SingleFlight::run: the shared call panicked: ...`.
    ///
    /// # Compared with Go
    ///
    /// `Group.Do`.
    #[track_caller]
    pub fn run<F>(&self, key: K, f: F) -> Result<Flight<V>, FlightError<E>>
    where
        F: FnOnce(&Context) -> Result<V, E>,
    {
        const METHOD: &str = "SingleFlight::run";
        let table = self.table();
        let entry = Entry::here(table.hash(&key), key, Call::here());
        let seat = if table.enter_alone(&entry) {
            Seat::Leader(entry, ())
        } else {
            let Ok(seat) = lead(table, entry, METHOD, || Ok::<_, Infallible>(()));
            seat
        };
        match seat {
            Seat::Leader(entry, ()) => run_here(table, entry, METHOD, || f(&Context::background())),
            Seat::Follower(caller) => {
                drop(f);
                let _call = sys::blocking_call(METHOD);
                caller.wait(METHOD, Until::FOREVER)
            }
        }
    }

    /// [`run`](Self::run), and waits no longer than `until`.
    ///
    /// A leader's `f` runs as a task of its own, so that the leader can leave. Its context
    /// is cancelled when every caller has left, and when `f` has returned; it is not a child of any
    /// caller's. When it was cancelled since all have left, `f` may still be running when the next
    /// call for the key runs its own; what it returns then is dropped.
    ///
    /// # Blocking
    ///
    /// Spins for some microseconds if that has paid, and parks until the function has returned. If it returns in the instant in which the bound is
    /// reached, its outcome wins. No function is started for a bound that has passed already.
    ///
    /// # Errors
    ///
    /// [`FlightError::Failed`] if the function failed, [`FlightError::Interrupted`] if the bound was
    /// reached first, [`FlightError::NoThread`] if `f` could not be started. Other callers are left
    /// alone.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run), in the name of `SingleFlight::run_until`.
    ///
    /// # Compared with Go
    ///
    /// `Group.DoChan` and a `select`, but the function learns when nobody waits any more. To wait later,
    /// [`start`](Self::start).
    #[track_caller]
    pub fn run_until<'a, F>(
        &self,
        key: K,
        until: impl Into<Until<'a>>,
        f: F,
    ) -> Result<Flight<V>, FlightError<E>>
    where
        F: FnOnce(&Context) -> Result<V, E> + Send + 'static,
        K: Send + Sync + 'static,
        V: Send + Sync + 'static,
        E: Send + Sync + 'static,
    {
        self.run_on(&Spec::DEFAULT, key, until.into(), f)
    }

    /// Starts `f`, or joins what the function of another caller brings for the same key, to wait for it
    /// later.
    ///
    /// `f` runs as in [`run_until`](Self::run_until). Dropping the result is to leave: when every caller
    /// has left, the context of `f` is cancelled.
    ///
    /// # Errors
    ///
    /// [`FlightError::NoThread`] if `f` could not be started.
    ///
    /// # Panics
    ///
    /// `SingleFlight::start: the function for a key asks for the same key`, with that function's
    /// call left as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::SingleFlight;
    ///
    /// static PRICES: SingleFlight<&str, usize> = SingleFlight::new();
    ///
    /// let apple = PRICES.start("apple", |_ctx| Ok(5))?;
    /// let pear = PRICES.start("pear", |_ctx| Ok(4))?; // both run
    /// let sum = apple.join()?.into_value() + pear.join()?.into_value();
    /// assert_eq!(sum, 9);
    /// # Ok::<(), phalanx::FlightError<Box<dyn std::error::Error + Send + Sync>>>(())
    /// ```
    ///
    /// # Compared with Go
    ///
    /// `Group.DoChan`, but the function learns when nobody waits any more.
    #[track_caller]
    pub fn start<F>(&self, key: K, f: F) -> Result<PendingFlight<K, V, E>, FlightError<E>>
    where
        F: FnOnce(&Context) -> Result<V, E> + Send + 'static,
        K: Send + Sync + 'static,
        V: Send + Sync + 'static,
        E: Send + Sync + 'static,
    {
        self.begin(&Spec::DEFAULT, "SingleFlight::start", key, &Until::FOREVER, f)
            .map(PendingFlight::new)
    }

    #[track_caller]
    pub(super) fn run_on<F>(
        &self,
        spec: &Spec,
        key: K,
        until: Until<'_>,
        f: F,
    ) -> Result<Flight<V>, FlightError<E>>
    where
        F: FnOnce(&Context) -> Result<V, E> + Send + 'static,
        K: Send + Sync + 'static,
        V: Send + Sync + 'static,
        E: Send + Sync + 'static,
    {
        const METHOD: &str = "SingleFlight::run_until";
        until.enter().map_err(FlightError::Interrupted)?;
        let caller = self.begin(spec, METHOD, key, &until, f)?;
        let _call = sys::blocking_call(METHOD);
        caller.wait(METHOD, until)
    }

    /// Starts the function for a key as a task, or finds the call in which it runs; but starts none for a
    /// bound that has passed.
    #[track_caller]
    fn begin<F>(
        &self,
        spec: &Spec,
        method: &str,
        key: K,
        until: &Until<'_>,
        f: F,
    ) -> Result<Caller<K, V, E>, FlightError<E>>
    where
        F: FnOnce(&Context) -> Result<V, E> + Send + 'static,
        K: Send + Sync + 'static,
        V: Send + Sync + 'static,
        E: Send + Sync + 'static,
    {
        let table = self.table();
        let hash = table.hash(&key);
        if let Some(follower) = follow(table, table.find(hash, &key), method) {
            drop((key, f));
            return Ok(follower);
        }
        if until.has_passed() {
            return Err(FlightError::Interrupted(until.why()));
        }
        let (ctx, canceller) = Context::background().with_cancel();
        let call = Arc::new(Call::elsewhere(canceller));
        let entry = Entry::apart(hash, key, Arc::clone(&call));
        // The thread before the call: nobody follows one that cannot be started.
        let seat = lead(table, entry, method, || threads::place(spec, Start::Any))
            .map_err(FlightError::NoThread)?;
        match seat {
            Seat::Follower(follower) => {
                drop(f);
                Ok(follower)
            }
            Seat::Leader(entry, place) => {
                let leader = Caller::new(table, Arc::clone(&entry), Role::Leader);
                let table = Arc::clone(table);
                threads::go_placed(
                    place,
                    Job::once(move |_, release| {
                        run_away(table, entry, &call, move || f(&ctx), release);
                    }),
                );
                Ok(leader)
            }
        }
    }
}
