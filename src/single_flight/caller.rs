//! A caller's seat in a call: taken when it comes, given up when it leaves, whatever happens.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use super::call::{Call, Landing, Left, Outcome};
use super::table::{Entry, Table};
use super::{Flight, FlightError, Role};
use crate::unwind::drop_quietly;
use crate::wait::Until;

/// A caller of a call that has not landed, as far as the caller knows.
pub(super) struct Caller<K, V, E> {
    table: Arc<Table<K, V, E>>,
    entry: Arc<Entry<K, V, E>>,
    role: Role,
    /// Whether it counts among those who wait.
    is_seated: bool,
}

impl<K, V, E> Caller<K, V, E> {
    /// For a caller who has been counted.
    pub(super) fn new(table: &Arc<Table<K, V, E>>, entry: Arc<Entry<K, V, E>>, role: Role) -> Self {
        Caller { table: Arc::clone(table), entry, role, is_seated: true }
    }

    pub(super) fn call(&self) -> &Call<V, E> {
        self.entry.call()
    }

    pub(super) fn role(&self) -> Role {
        self.role
    }

    /// Waits until the call lands, and takes what came out.
    #[cfg_attr(feature = "sim", track_caller)]
    pub(super) fn wait(
        mut self,
        method: &str,
        until: Until<'_>,
    ) -> Result<Flight<V>, FlightError<E>>
    where
        V: Clone,
    {
        match self.call().wait(until) {
            // What has landed before this caller has left is taken all the same.
            Err(interrupted) if !self.leave() => Err(FlightError::Interrupted(interrupted)),
            _ => self.take(method),
        }
    }

    /// Takes what came out of a call that has landed.
    pub(super) fn take(mut self, method: &str) -> Result<Flight<V>, FlightError<E>>
    where
        V: Clone,
    {
        self.is_seated = false;
        let share = self.call().take(self.role == Role::Leader).expect("the call has landed");
        let landing = Landing { outcome: Outcome::of(share.outcome), payload: share.payload };
        landing.of_caller(method, self.role, share.callers)
    }

    /// Leaves, unless the call has landed: then it returns `true`. The last one to leave ends it.
    fn leave(&mut self) -> bool {
        let left = self.call().leave(self.role == Role::Leader);
        self.is_seated = matches!(left, Left::Landed);
        if let Left::Last(canceller) = left {
            // Before the function learns of it: whoever comes now is to find no call that is ending.
            self.table.remove(&self.entry);
            if let Some(canceller) = canceller {
                canceller.cancel_because("every caller has left");
            }
        }
        self.is_seated
    }
}

impl<K, V, E> Drop for Caller<K, V, E> {
    /// A caller that unwinds while it waits: a callback of its context has panicked.
    fn drop(&mut self) {
        if self.is_seated {
            // AssertUnwindSafe: a callback that panics now, too, sees nothing of ours.
            let left = panic::catch_unwind(AssertUnwindSafe(|| self.leave()));
            match left {
                Ok(true) => drop_quietly(self.call().take(self.role == Role::Leader)),
                Ok(false) => {}
                Err(payload) => drop_quietly(payload),
            }
        }
    }
}

impl<V, E> Landing<V, E> {
    /// What one of so many callers gets.
    pub(super) fn of_caller(
        self,
        method: &str,
        role: Role,
        callers: usize,
    ) -> Result<Flight<V>, FlightError<E>> {
        if let Some(payload) = self.payload {
            panic::resume_unwind(payload);
        }
        match self.outcome {
            Outcome::Value(value) => Ok(Flight::new(value, role, callers)),
            Outcome::Failed(error) => Err(FlightError::Failed(error)),
            Outcome::Panicked(message) => panic!("{method}: the shared call panicked: {message}"),
        }
    }
}
