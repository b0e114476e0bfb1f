//! Statics that belong to the whole program: each simulation has its own.

#[cfg(feature = "sim")]
use crate::sim::machine::Instances;

use super::Mutex;

/// What something is before anybody has used it.
pub(crate) trait Empty {
    const EMPTY: Self;
}

/// What can be a static.
pub(crate) trait Static: Empty + Send + Sync + 'static {
    /// Makes a used one empty again.
    #[cfg(feature = "sim")]
    fn clear(&self);
}

impl<S: Empty> Empty for Mutex<S> {
    const EMPTY: Self = Mutex::new(S::EMPTY);
}

impl<S: Empty + Send + 'static> Static for Mutex<S> {
    #[cfg(feature = "sim")]
    fn clear(&self) {
        *self.lock() = S::EMPTY;
    }
}

/// A static.
pub(crate) struct Global<T: Static> {
    of_the_program: T,
    #[cfg(feature = "sim")]
    of_bubbles: Instances<T>,
}

impl<T: Static> Global<T> {
    pub(crate) const fn new() -> Self {
        Global {
            of_the_program: T::EMPTY,
            #[cfg(feature = "sim")]
            of_bubbles: Instances::new(),
        }
    }

    /// The one that the current thread is to use.
    #[inline]
    pub(crate) fn get(&'static self) -> &'static T {
        #[cfg(feature = "sim")]
        if let Some(instance) = self.of_bubbles.here(|| T::EMPTY, T::clear) {
            return instance;
        }
        &self.of_the_program
    }
}
