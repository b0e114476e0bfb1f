//! The same lock, which the machine knows of: it decides who gets it, and knows who has it.

use std::ops::{Deref, DerefMut};

use crate::sim::machine::{self, Id};

#[derive(Debug, Default)]
pub(crate) struct Mutex<T> {
    id: Id,
    lock: parking_lot::Mutex<T>,
}

pub(crate) struct MutexGuard<'a, T> {
    /// `None` only while it is dropped.
    guard: Option<parking_lot::MutexGuard<'a, T>>,
    /// The lock that the machine has given.
    id: Option<&'a Id>,
}

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        Mutex { id: Id::new(), lock: parking_lot::Mutex::new(value) }
    }

    #[track_caller]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        let id = machine::acquire(&self.id, false).then_some(&self.id);
        let guard = match self.lock.try_lock() {
            Some(guard) => guard,
            // It has been given, so who has it is not of this bubble.
            None if id.is_some() => machine::outlast(|time| self.lock.try_lock_for(time)),
            None => self.lock.lock(),
        };
        MutexGuard { guard: Some(guard), id }
    }

    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.lock.get_mut()
    }

    pub(crate) fn into_inner(self) -> T {
        self.lock.into_inner()
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.guard.as_ref().expect("it is locked until it is dropped")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.guard.as_mut().expect("it is locked until it is dropped")
    }
}

impl<T> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        machine::give_back(|| self.guard = None);
        if let Some(id) = self.id {
            machine::release(id);
        }
    }
}
